/*
 * One entry's rotation, from its lock to its end, in steps that never wait:
 * drive.c has many of them under way and says when each may go on.
 */
#ifndef TASK_H
#define TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "drive.h"
#include "plan.h"
#include "pool.h"
#include "targets.h"
#include "transaction.h"
#include "vault.h"

/* What it needs to go on. */
enum task_step {
	/* The entry's lock; looked at again at wake. */
	TASK_LOCK,
	/* To be read from the vault. */
	TASK_READ,
	/* A state, which is to be made durable before it is acted upon. */
	TASK_STATE,
	/* The result of an attempt. */
	TASK_ASKED,
	/* That no job holds the password; looked at again at wake. */
	TASK_DRAIN,
	/* Time for a server that is slow; looked at again at wake. */
	TASK_SETTLE,
	TASK_OVER
};

struct task {
	const struct drive_options *o;
	const struct target *target;
	/* Its number in the schedule. */
	size_t item;
	enum task_step step;
	/* Milliseconds of task_clock(): when to look again, and since when what
	 * is waited for was. */
	int64_t wake;
	int64_t since;
	/* For a slow server: 0 or when the wait is over, and the next pause. */
	int64_t settle_end;
	int64_t settle_pause;
	struct plan plan;
	int lock;
	struct tx tx;
	/* The transaction before its last step, and the Unix time of that. */
	struct tx before;
	uint64_t now;
	/* The change was sent in this run. */
	bool sent;
	/* An attempt is with the network half, and may not go yet. */
	bool offered;
	/* The state is in the vault, but not committed. */
	bool staged;
	struct worker *worker;
	/* Copies, for no vault is open while the network is used. */
	struct secret *current;
	struct secret *pending;
	struct drive_report report;
	/* How it ended; ERR_NONE when all is well. */
	struct err e;
};

/* Milliseconds of a clock that only goes on. */
int64_t task_clock(void);

/* A run of o->event that is to be locked.  NULL with ERR_IO.  Ends with
 * task_free(), which unlocks. */
struct task *task_new(const struct drive_options *o,
    const struct target *target, size_t item, struct err *e) MUST_CHECK;
void task_free(struct task *t);

/* In TASK_LOCK: takes the lock, or waits for it, up to o->lock_wait_ms. */
void task_lock(struct task *t);

/* In TASK_READ: reads the entry, and makes the first step. */
void task_read(struct task *t, struct vault *v);

/* In TASK_DRAIN: looks, and goes on if no job holds the password any more, or
 * has for too long.  hurry: do not wait. */
void task_drain(struct task *t, struct vault *v, bool hurry);

/* In TASK_SETTLE: goes on, with another login or, when it was waited long
 * enough, with the end.  hurry: do not wait. */
void task_settle(struct task *t, bool hurry);

/* In TASK_STATE: whether the vault is to have it, and putting it there. */
bool task_must_put(const struct task *t);
void task_put(struct task *t, struct vault *v);

/* In TASK_STATE, which is durable: acts upon it. */
void task_act(struct task *t);

/* In TASK_ASKED: takes the result, which is there, and makes the next step. */
void task_result(struct task *t);

/* Ends it with that error: what was not let go is withdrawn. */
void task_fail(struct task *t, const struct err *e);

/* The same where the state could not be written. */
void task_stop(struct task *t, const struct err *why);

/* task_net.c */

/* Hands the attempt that the state asks for to the network half. */
int task_offer(struct task *t, struct err *e) MUST_CHECK;
bool task_is_attempt(enum tx_action action);
/* What became of the attempt, and the event that it is. */
enum tx_event task_event(struct task *t, const struct message_result *result);

/* task_end.c */

/* The exit status of each end, and what a person should do about it. */
int task_conclude(const struct task *t, struct err *e) MUST_CHECK;
/* Whether something is to be said of it in the entry's note. */
bool task_ended_badly(enum tx_end end);

#endif
