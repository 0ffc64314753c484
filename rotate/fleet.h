/*
 * A command that is carried out for one entry or for many: chooses them, has
 * them driven, tells a person and the audit log, and sums up.
 */
#ifndef FLEET_H
#define FLEET_H

#include <stdbool.h>

#include "config.h"
#include "err.h"
#include "hook.h"
#include "slot.h"
#include "targets.h"
#include "transaction.h"

struct fleet {
	/* For messages. */
	const char *program;
	const struct config *config;
	const struct slot_key *key;
	const char *vault;
	enum tx_event event;
	struct targets_wish selection;
	/* At a time; 0 for what the configuration has. */
	unsigned int jobs;
	bool force;
	bool quiet;
	/* Gets the results. */
	struct hooks *hooks;
};

/* Of two exit statuses the one that a person has to care about more. */
int fleet_worse(int a, int b);

/*
 * Does it.  The exit status: the worst of all, ERR_BUSY at least if some were
 * not started; or -1 if it could not be begun.
 */
int fleet_run(const struct fleet *f, struct err *e) MUST_CHECK;

#endif
