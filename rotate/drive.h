/*
 * The driver: does what the transaction says, for many entries at once, and
 * makes each state durable before it acts on it.  States that are to be
 * written at about the same time are written by one commit.  The vault is open
 * for as long as that takes, so that people can change other entries meanwhile.
 */
#ifndef DRIVE_H
#define DRIVE_H

#include "err.h"
#include "hook.h"
#include "message.h"
#include "pool.h"
#include "schedule.h"
#include "slot.h"
#include "targets.h"
#include "transaction.h"

struct drive_report {
	enum tx_end end;
	/* What the server said last, printable, on one line. */
	char reply[MESSAGE_REPLY_MAX + 1];
	/* Attempts in which a password reached the server, and bad ones. */
	unsigned int attempts;
	unsigned int bad;
	/* Zeros where the plan could not be read. */
	struct hook_target target;
};

struct drive_options {
	const char *vault;
	const struct slot_key *key;
	struct pool *pool;
	unsigned int lock_wait_ms;
	/* What is wanted: START, RECOVER, RECOVER_AGAIN, CHECK. */
	enum tx_event event;
	struct schedule_limits limits;
	/* Rotate although current is younger than rotate.min-age. */
	bool force;
	/* Readable when nothing more shall be started; or -1. */
	int stop_fd;
	/* What happens to an entry, for a person; may be NULL. */
	void (*say)(void *arg, const char *name, const char *line);
	/* An entry's run has ended, e->kind says how. */
	void (*done)(void *arg, const char *name,
	    const struct drive_report *report, const struct err *e);
	/* Called after each event, and every 200 ms; may be NULL. */
	void (*tick)(void *arg, size_t running);
	void *arg;
};

/* How a run over many ended, besides what done() was told. */
struct drive_totals {
	/* Entries that were not started, and why. */
	size_t left;
	bool braked;
	bool stopped;
	/* Commits that were made. */
	size_t commits;
};

/*
 * Runs the transaction for each of the targets, from o->event to its end.
 * Nobody else rotates an entry meanwhile (ERR_BUSY).  -1 only if it could not
 * be begun.
 */
int drive_run(const struct drive_options *o, const struct targets *targets,
    struct drive_totals *totals, struct err *e) MUST_CHECK;

#endif
