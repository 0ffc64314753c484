/*
 * A file that is new, and whole from the moment that it has its name: a crash
 * leaves no half of one.  Where the file system can (O_TMPFILE), it gets the
 * name when all of it is synced; elsewhere (NFS, FAT) it is made under its
 * name, and only what fails is removed, not what a power failure cuts off.
 *
 * What replaces a file that is there belongs to store.h.
 */
#ifndef NEWFILE_H
#define NEWFILE_H

#include <stdbool.h>

#include "err.h"

/* The caller writes to fd, and keeps path until the end. */
struct newfile {
	int fd;
	const char *path;
	/* It has its name already. */
	bool named;
};

/*
 * Mode 0600, whatever the umask.  0, or -1 with errno: EEXIST if there is
 * something of that name, be it a link that leads nowhere.  Ends with one of
 * the other two.
 */
int newfile_begin(struct newfile *n, const char *path) MUST_CHECK;

/*
 * Syncs it, names it, and syncs its directory.  0, or -1 with errno, when
 * nothing is left of it.
 */
int newfile_commit(struct newfile *n) MUST_CHECK;

/* Nothing is left of it. */
void newfile_abort(struct newfile *n);

#endif
