/*
 * What a person sees of a run: a line for what happens, on a terminal a last
 * line that is always current, and in the end what came of it.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "transaction.h"

/* Zero it, and fill in total, event, quiet and terminal. */
struct progress {
	size_t total;
	enum tx_event event;
	bool quiet;
	/* Standard error is one. */
	bool terminal;
	/* Milliseconds of the monotonic clock. */
	int64_t started;
	int64_t shown;
	/* Something is on the line. */
	bool line;
	/* How they ended. */
	size_t changed;
	size_t nothing;
	size_t refused;
	size_t unreachable;
	size_t later;
	size_t faulty;
	size_t attention;
	size_t failed;
};

/* Counts one that has ended. */
void progress_count(struct progress *p, enum tx_end end, const struct err *e);

/* A line of text, above the current one; without a newline. */
void progress_say(struct progress *p, int fd, const char *text);

/* Shows the current line, at most five times a second. */
void progress_show(struct progress *p, size_t running);

/* Takes it away. */
void progress_clear(struct progress *p);

/*
 * The line, for now: done, failed, remaining, rate and time left.  Pure.
 * elapsed is in milliseconds.
 */
void progress_line(const struct progress *p, size_t running, int64_t elapsed,
    char *to, size_t size);

/* What came of it, in one line.  Pure. */
void progress_summary(const struct progress *p, size_t left, char *to,
    size_t size);

#endif
