/*
 * A private file in memory, and the editor in which a person changes it.
 *
 * The file is in a directory of its own, mode 0700, in $XDG_RUNTIME_DIR or
 * /dev/shm, whichever is a tmpfs.  From editor_begin() to editor_end() signals
 * that would end the program wait, so that none leaves the file behind.
 */
#ifndef EDITOR_H
#define EDITOR_H

#include <limits.h>
#include <signal.h>

#include "bytes.h"
#include "err.h"
#include "secret.h"

struct editor {
	char dir[PATH_MAX];
	int dirfd;
	/* The file as written last, which the editor may have replaced. */
	int fd;
	/* What is waited for, and the mask from before. */
	sigset_t signals;
	sigset_t mask;
	/* What ended it, to be raised when all is gone; 0 for nothing. */
	int signal;
};

/* ERR_DENIED if there is no directory in memory. */
int editor_begin(struct editor *ed, struct err *e) MUST_CHECK;

/* Writes the file anew; the old one is wiped. */
int editor_write(struct editor *ed, struct slice text,
    struct err *e) MUST_CHECK;

/*
 * Runs $VISUAL, $EDITOR or vi on the file.  ERR_NOENTRY if it does not end
 * with status 0.
 */
int editor_run(struct editor *ed, struct err *e) MUST_CHECK;

/*
 * The file as it is now, in a new secret.  ERR_USAGE if it is longer than max;
 * ERR_NOENTRY if it is gone.
 */
struct secret *editor_read(const struct editor *ed, size_t max,
    struct err *e) MUST_CHECK;

/*
 * Overwrites and removes the file and whatever the editor left beside it, and
 * lets signals act again: it may not return.  ERR_IO if something stays.
 */
int editor_end(struct editor *ed, struct err *e) MUST_CHECK;

#endif
