#include <inttypes.h>
#include <time.h>

#include "task.h"

bool
task_ended_badly(enum tx_end end)
{
	return end != TX_END_NONE && end != TX_END_ROTATED &&
	    end != TX_END_NOTHING && end != TX_END_EARLY;
}

/* So much of what the server said leaves room for what to do about it. */
#define SAID 220

/* What is to be run again, with the name. */
static const char *
command(const struct task *t)
{
	if (t->o->event == TX_CHECK)
		return "pawl-rotate check";
	if (t->o->event == TX_RECOVER)
		return "pawl-rotate recover";
	if (t->o->event == TX_RECOVER_AGAIN)
		return "pawl-rotate recover --again";
	return "pawl-rotate";
}

static int
conclude_early(const struct task *t, struct err *e)
{
	const struct rotation *rotation = &t->tx.rotation;

	return err_set(e, ERR_BUSY,
	    "%s: a change that was sent may still come, so nothing is tried "
	    "and no job is given the password; in %" PRIu64
	    " s run: pawl-rotate recover%s %s",
	    t->target->name, tx_wait(rotation, (uint64_t)time(NULL)),
	    rotation->state == ROTATION_ATTN ? " --again" : "",
	    t->target->name);
}

/* What may be behind a proof that failed: "", or words after "kept". */
static const char *
doubt(const struct task *t)
{
	switch (t->tx.rotation.reply) {
	case ROTATION_REPLY_YES:
		return plan_doubt(&t->plan);
	case ROTATION_REPLY_NO:
		return " (the server refused the change and then the old "
		       "password: it made the change all the same, or a "
		       "person or another machine made one)";
	case ROTATION_REPLY_NONE:
		break;
	}
	return "";
}

int
task_conclude(const struct task *t, struct err *e)
{
	const char *name = t->target->name, *reply = t->report.reply;

	switch (t->tx.end) {
	case TX_END_NONE:
	case TX_END_ROTATED:
	case TX_END_NOTHING:
		return 0;
	case TX_END_REFUSED:
		return err_set(e, ERR_REFUSED,
		    "%s: the server did not change it, the old password "
		    "holds; it said: %.*s; where its rules are not those of "
		    "rotate.policy, set that, then run: pawl-rotate %s",
		    name, SAID, reply, name);
	case TX_END_LOST:
		return err_set(e, ERR_UNREACHABLE,
		    "%s: the change was lost, the old password holds; no job "
		    "is given it until this is run, in %u s: "
		    "pawl-rotate recover %s",
		    name, TX_QUARANTINE + 1, name);
	case TX_END_UNREACHABLE:
		return err_set(e, ERR_UNREACHABLE,
		    "%s: nothing was changed: %.*s; when that is over, run: "
		    "%s %s",
		    name, SAID, reply, command(t), name);
	case TX_END_HELD:
		return err_set(e, ERR_BUSY,
		    "%s: a job was given the password and has not logged in; "
		    "run pawl-rotate %s again later",
		    name, name);
	case TX_END_UNPROVED:
		return err_set(e, ERR_ATTENTION,
		    "%s: the change was sent and cannot be proved yet, both "
		    "passwords are kept; run: pawl-rotate recover %s",
		    name, name);
	case TX_END_STRANGER:
		return err_set(e, ERR_ATTENTION,
		    "%s: the server refuses the current password though "
		    "nothing was sent: a person or another machine has changed "
		    "it; find out, then run: pawl-vault set %s",
		    name, name);
	case TX_END_ATTENTION:
		return err_set(e, ERR_ATTENTION,
		    "%s: no password could be proved, all are kept%s; have "
		    "the account looked at, then run: pawl-rotate recover "
		    "--again %s, and if that does not end it: pawl-vault set "
		    "%s",
		    name, doubt(t), name, name);
	case TX_END_EXPIRED:
		return err_set(e, ERR_REFUSED,
		    "%s: the server says that the current password is right "
		    "and has expired; run: pawl-rotate %s, and if that ends in "
		    "attention: pawl-rotate recover --again %s",
		    name, name, name);
	case TX_END_LATE:
		return err_set(e, ERR_ATTENTION,
		    "%s: the server said yes and has not done it, the old "
		    "password holds for now; no job is given it until this is "
		    "run, in %" PRIu64 " s: pawl-rotate recover %s",
		    name, tx_wait(&t->tx.rotation, (uint64_t)time(NULL)), name);
	case TX_END_EARLY:
		return conclude_early(t, e);
	}
	return err_set(e, ERR_ATTENTION, "%s: no such end", name);
}
