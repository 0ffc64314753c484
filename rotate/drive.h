/*
 * The driver: does what the transaction says for one entry, and makes each
 * state durable before it acts on it.
 */
#ifndef DRIVE_H
#define DRIVE_H

#include "err.h"
#include "message.h"
#include "netproc.h"
#include "plan.h"
#include "slot.h"
#include "transaction.h"

struct drive_options {
	const char *vault;
	const struct slot_key *key;
	/* Started when the first attempt needs it; shared between runs. */
	struct netproc *net;
	unsigned int lock_wait_ms;
	/* No entry after this one: the network half may go while the last state
	 * is being written. */
	bool last;
	/* Rotate although current is younger than rotate.min-age. */
	bool force;
	/* What happens, for a person, one line a step; may be NULL. */
	void (*say)(const char *name, const char *line);
};

struct drive_report {
	enum tx_end end;
	/* What the server said last, printable, on one line. */
	char reply[MESSAGE_REPLY_MAX + 1];
	/* Attempts in which a password reached the server, and bad ones. */
	unsigned int attempts;
	unsigned int bad;
};

/*
 * Runs the transaction for the entry name from event (START, RECOVER,
 * RECOVER_AGAIN, CHECK) to its end.  0 when it ended with ROTATED or NOTHING;
 * else -1 with the exit status of the end and a line that says what to do.
 * Nobody else rotates the entry meanwhile (ERR_BUSY).
 */
int drive_run(const struct drive_options *o, const char *name,
    enum tx_event event, struct drive_report *report, struct err *e) MUST_CHECK;

#endif
