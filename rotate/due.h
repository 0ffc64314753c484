/*
 * When an entry is due: its age, its limits, its windows, and its partner.
 * Pure, but for the time zone.
 */
#ifndef DUE_H
#define DUE_H

#include <stdbool.h>
#include <stdint.h>

#include "plan.h"
#include "record.h"

/* A rotation that failed is not begun again by itself for so long, lest every
 * run of a timer spends a login on it. */
#define DUE_RETRY 3600

/* Unix time, all of it. */
struct due {
	/* When current is as old as it may get. */
	uint64_t limit;
	/* When it is to be changed: at the limit, less its share of
	 * rotate.jitter; or in the last window that begins before the limit, so
	 * that it does not get older; its share into the window then. */
	uint64_t at;
	/* When a run with --due takes it, now or later; UINT64_MAX where only a
	 * person can help. */
	uint64_t next;
	/* That is now. */
	bool now;
};

/*
 * A change that was sent is to be proved at once; any other unfinished rotation
 * waits for a window only, and one that needs a person is not due.  Nothing is
 * begun before rotate.min-age and DUE_RETRY are over.
 */
struct due due_find(const struct plan *p, const struct entry *entry,
    uint64_t now);

/* An entry that takes turns with another. */
struct due_turn {
	/* Settles which goes first where all else is the same. */
	const char *name;
	uint64_t current_from;
	uint64_t rotated;
	/* Its rotation is not idle, or a request is on its way. */
	bool unfinished;
	/* It is due now, had it no partner. */
	bool due;
	/* Of its plan; only due_pair() needs them. */
	uint64_t min_age;
	const struct windows *windows;
};

/* Whether a is to be used by jobs, rather than its partner b: the one that is
 * not being changed, and of two such the one that was changed last. */
bool due_is_active(const struct due_turn *a, const struct due_turn *b);

/*
 * Puts *due off until it is the turn of the entry me: not while its partner is
 * unfinished or was rotated less than me->min_age ago, and not before the
 * partner, if that is due as well and is the one that jobs do not use.
 */
void due_pair(struct due *due, const struct due_turn *me,
    const struct due_turn *partner, uint64_t now);

#endif
