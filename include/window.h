/*
 * Times of the week at which something may be done, such as "Sun 02:00-05:00",
 * and when they are next.  Pure, but for the time zone (tzset(3)).
 *
 * Each is HH:MM-HH:MM in local time, with a day (Sun) or a run of days
 * (Mon-Fri) before it, else for every day; several have commas between them.
 * An end that is not after its beginning is one of the next day; 24:00 is the
 * end of the day.
 *
 * Where the clock is put forward, a bound that does not exist is the moment of
 * the change, and a window that would vanish begins there and is as long as
 * always.  Where it is put back, a bound that comes twice means the first.
 */
#ifndef WINDOW_H
#define WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

#define WINDOW_MAX 8

struct window {
	/* Bit 0 is Sunday: the days on which it begins. */
	unsigned int days;
	/* Minutes of the day. */
	unsigned int from;
	unsigned int to;
};

/* None: any time will do. */
struct windows {
	struct window list[WINDOW_MAX];
	size_t n;
};

/* Unix time; end is not part of it. */
struct span {
	uint64_t begin;
	uint64_t end;
};

/* ERR_USAGE: what is wrong with text, and an example. */
int window_parse(struct windows *w, const char *text, struct err *e) MUST_CHECK;

/* The window that is open at now, or else the next.  w is not empty. */
struct span window_next(const struct windows *w, uint64_t now);

/* The last that began at now or before. */
struct span window_last(const struct windows *w, uint64_t now);

#endif
