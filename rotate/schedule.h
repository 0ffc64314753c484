/*
 * Which of many entries comes next.  Pure.
 *
 * Hosts take turns, and in a host's queue the entries come as they were added.
 * One starts when fewer than jobs are running, fewer of them against its host
 * than may be at a time, and none of them with its account: two at once would spend
 * one account's tries twice.  The brake ends it for the others: when so many
 * have failed, the fault may be one that they all would meet.
 */
#ifndef SCHEDULE_H
#define SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

/* A share of failures says nothing before there are so many. */
#define SCHEDULE_BRAKE_LEAST 5

struct schedule_limits {
	/* Both at least 1. */
	unsigned int jobs;
	unsigned int per_host;
	/* What each item says about its host instead, as they are added; 0 where
	 * it says nothing, and of several the smallest counts.  NULL for none;
	 * borrowed until schedule_begin() has ended. */
	const unsigned int *each;
	/* So many failures, or so many of 100 that have ended, are too many;
	 * 0: any number is fine. */
	unsigned int brake_count;
	unsigned int brake_share;
};

enum schedule_end {
	SCHEDULE_GOOD,
	/* Counts for the brake. */
	SCHEDULE_FAILED,
	/* Nothing that another entry would meet as well. */
	SCHEDULE_PASSED_OVER
};

struct schedule;

/* NULL with ERR_IO; the caller frees it. */
struct schedule *schedule_new(const struct schedule_limits *limits,
    struct err *e) MUST_CHECK;
void schedule_free(struct schedule *s);

/*
 * Adds an item, numbered from 0: host and user, in any case of letters, are
 * borrowed for as long as s lives.  Empty ones share nothing with others.
 */
int schedule_add(struct schedule *s, const char *host, const char *user,
    struct err *e) MUST_CHECK;

/* After the last schedule_add() and before all that follows. */
int schedule_begin(struct schedule *s, struct err *e) MUST_CHECK;

/* The item that starts now; false if none may. */
bool schedule_next(struct schedule *s, size_t *itemp);

/* An item that was started has ended. */
void schedule_done(struct schedule *s, size_t item, enum schedule_end end);

/* Nothing is started any more. */
void schedule_stop(struct schedule *s);

/* Whether the brake has stopped it. */
bool schedule_braked(const struct schedule *s);

/* Items that wait, and may still be started; that run. */
size_t schedule_waiting(const struct schedule *s);
size_t schedule_running(const struct schedule *s);

#endif
