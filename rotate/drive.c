#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "drive.h"
#include "net/method.h"
#include "policy.h"
#include "vault.h"

/* A run: what was read under the entry's lock, and where it has come to. */
struct run {
	const struct drive_options *o;
	const char *name;
	struct plan plan;
	unsigned char id[RECORD_ID];
	int lock;
	/* The change was sent in this run. */
	bool sent;
	struct tx tx;
	/* Copies, for no vault is open while the network is used. */
	struct secret *current;
	struct secret *pending;
	struct drive_report *report;
};

/* ERR_CONFIG's line names the entry; so does every other. */
static void
say(const struct run *r, const char *line)
{
	if (r->o->say != NULL)
		r->o->say(r->name, line);
}

static struct vault *
open_vault(const struct run *r, bool write, struct err *e)
{
	struct vault_options o = { .path = r->o->vault,
		.key = r->o->key,
		.write = write,
		.lock_wait_ms = r->o->lock_wait_ms };

	return vault_open(&o, e);
}

static int
copy_secret(struct secret **to, struct slice from, struct err *e)
{
	secret_free(*to);
	*to = NULL;
	if (from.p == NULL)
		return 0;
	if ((*to = secret_new(RECORD_SECRET_MAX, e)) == NULL)
		return -1;
	return secret_set(*to, from.p, from.len, e);
}

/* What the run needs of an entry, copied out. */
static int
take_entry(struct run *r, const struct entry *entry, struct err *e)
{
	if (entry->current.p == NULL)
		return err_set(e, ERR_CONFIG,
		    "it has no secret; run: pawl-vault set %s", r->name);
	memcpy(r->id, entry->id, sizeof(r->id));
	r->tx = tx_begin(&entry->rotation, entry->pending.p != NULL);
	/* The note is the vault's text; the transaction has no use for it. */
	r->tx.rotation.note = (struct slice){ NULL, 0 };
	if (plan_read(&r->plan, entry, e) == -1 ||
	    copy_secret(&r->current, entry->current, e) == -1)
		return -1;
	return copy_secret(&r->pending, entry->pending, e);
}

static int
read_entry(struct run *r, struct err *e)
{
	struct secret *plain = NULL;
	struct vault *v = NULL;
	struct entry entry;
	int rv = -1;

	if ((v = open_vault(r, false, e)) == NULL)
		goto out;
	if (vault_find(v, TABLE_NAME, slice_of(r->name), &entry, &plain, e) ==
	    -1)
		goto out;
	rv = take_entry(r, &entry, e);
out:
	secret_free(plain);
	vault_close(v);
	return rv;
}

/* Read, lock, and read again: only what stands under the lock counts. */
static int
begin(struct run *r, struct err *e)
{
	if (read_entry(r, e) == -1 ||
	    vault_lock_entry(r->o->vault, r->id, r->o->lock_wait_ms, &r->lock,
		e) == -1)
		return -1;
	return read_entry(r, e);
}

/* Somebody may have edited the entry, but not under the run's feet. */
static int
still_ours(const struct run *r, const struct entry *entry, struct err *e)
{
	if (memcmp(entry->id, r->id, sizeof(r->id)) != 0 ||
	    !secret_equal(entry->current, secret_slice(r->current)))
		return err_set(e, ERR_BUSY,
		    "its password was changed in the vault meanwhile; "
		    "run: pawl-rotate recover %s",
		    r->name);
	return 0;
}

/*
 * What the method cannot carry is not stored.  One that was left, and never
 * sent, may be from before rotate.policy or rotate.method was changed.
 */
static int
need_pending(struct run *r, struct err *e)
{
	const struct method *m = method_of(r->plan.method);
	struct slice user = slice_of(r->plan.user);
	bool sent = r->tx.rotation.sends > 0 || r->tx.rotation.outstanding > 0;

	if (r->pending != NULL &&
	    (sent ||
		method_check(m, r->plan.user, r->current, r->pending, e) == 0))
		return 0;
	secret_free(r->pending);
	if ((r->pending = secret_new(RECORD_SECRET_MAX, e)) == NULL ||
	    policy_generate(&r->plan.policy, user, secret_slice(r->current),
		r->pending, e) == -1)
		return -1;
	if (method_check(m, r->plan.user, r->current, r->pending, e) == -1) {
		e->kind = ERR_CONFIG;
		return -1;
	}
	return 0;
}

static bool
failed(enum tx_end end)
{
	return end != TX_END_NONE && end != TX_END_ROTATED &&
	    end != TX_END_NOTHING;
}

/* The entry as the new state wants it. */
static int
apply(struct run *r, struct entry *entry, uint64_t now, struct err *e)
{
	entry->rotation = r->tx.rotation;
	if (failed(r->tx.end))
		entry->rotation.note = slice_of(r->report->reply);
	switch (r->tx.pending) {
	case TX_PENDING_STAYS:
		return 0;
	case TX_PENDING_NEEDED:
		if (need_pending(r, e) == -1)
			return -1;
		entry->pending = secret_slice(r->pending);
		entry->pending_from = now;
		return 0;
	case TX_PENDING_PROMOTED:
		if (record_replace(entry, secret_slice(r->pending), now, e) ==
		    -1)
			return -1;
		break;
	case TX_PENDING_REFUSED:
		if (record_keep_candidate(entry, now, e) == -1)
			return -1;
		break;
	}
	entry->pending = (struct slice){ NULL, 0 };
	entry->pending_from = 0;
	return 0;
}

/* Makes the transaction's state durable. */
static int
persist(struct run *r, uint64_t now, struct err *e)
{
	struct secret *plain = NULL;
	struct vault *v = NULL;
	struct entry entry;
	int rv = -1;

	if ((v = open_vault(r, true, e)) == NULL)
		goto out;
	if (vault_find(v, TABLE_NAME, slice_of(r->name), &entry, &plain, e) ==
		-1 ||
	    still_ours(r, &entry, e) == -1 || apply(r, &entry, now, e) == -1 ||
	    vault_put(v, &entry, e) == -1 || vault_commit(v, e) == -1)
		goto out;
	rv = 0;
out:
	secret_free(plain);
	vault_close(v);
	return rv;
}

static int
fill_request(const struct run *r, enum tx_action action,
    struct message_request *m, struct err *e)
{
	plan_request(&r->plan,
	    action == TX_SEND ? MESSAGE_CHANGE : MESSAGE_LOGIN, m);
	m->current = action == TX_LOGIN_PENDING ? r->pending : r->current;
	if (action == TX_SEND)
		m->fresh = r->pending;
	if (m->current == NULL || (action == TX_SEND && m->fresh == NULL))
		return err_set(e, ERR_DAMAGED,
		    "there is no pending password though one was sent");
	return 0;
}

static enum tx_event
login_event(enum message_outcome outcome)
{
	switch (outcome) {
	case MESSAGE_ACCEPTED:
		return TX_LOGIN_OK;
	case MESSAGE_REFUSED:
		return TX_LOGIN_BAD;
	case MESSAGE_NOT_SENT:
		return TX_LOGIN_NOT_SENT;
	case MESSAGE_EXPIRED:
		return TX_LOGIN_EXPIRED;
	case MESSAGE_UNKNOWN:
	case MESSAGE_SEEN:
		break;
	}
	return TX_LOGIN_UNKNOWN;
}

static enum tx_event
change_event(enum message_outcome outcome)
{
	switch (outcome) {
	case MESSAGE_ACCEPTED:
		return TX_CHANGE_ACCEPTED;
	case MESSAGE_REFUSED:
		return TX_CHANGE_REFUSED;
	case MESSAGE_NOT_SENT:
		return TX_CHANGE_NOT_SENT;
	case MESSAGE_UNKNOWN:
	case MESSAGE_EXPIRED:
	case MESSAGE_SEEN:
		break;
	}
	return TX_CHANGE_UNKNOWN;
}

/* On one line: it becomes the entry's note, and part of a message. */
static void
take_reply(struct drive_report *report, const struct message_result *result)
{
	size_t i;

	memcpy(report->reply, result->reply, sizeof(report->reply));
	for (i = 0; report->reply[i] != '\0'; i++)
		if (report->reply[i] == '\n')
			report->reply[i] = ' ';
}

static bool
is_attempt(enum tx_action action)
{
	return action == TX_LOGIN_CURRENT || action == TX_LOGIN_PENDING ||
	    action == TX_SEND;
}

/*
 * One attempt through the network half.  It is offered while the state that
 * counts it is being written, and let go when that is done.
 */
static int
offer(struct run *r, enum tx_action action, struct err *e)
{
	static const char *const lines[] = {
		[TX_LOGIN_CURRENT] = "log in with the current password",
		[TX_LOGIN_PENDING] = "log in with the new password",
		[TX_SEND] = "send the change",
	};
	struct message_request request;

	if (netproc_use(r->o->net, &r->plan, e) == -1 ||
	    fill_request(r, action, &request, e) == -1)
		return -1;
	say(r, lines[action]);
	netproc_offer(r->o->net, &request);
	return 0;
}

static enum tx_event
attempt(struct run *r, enum tx_action action)
{
	struct message_result result;

	netproc_ask(r->o->net, &result);
	/* What was said of the change is not covered by a later login. */
	if (!r->sent)
		take_reply(r->report, &result);
	r->sent = r->sent || action == TX_SEND;
	if (result.outcome != MESSAGE_NOT_SENT)
		r->report->attempts++;
	if (result.outcome == MESSAGE_REFUSED)
		r->report->bad++;
	return action == TX_SEND ? change_event(result.outcome) :
				   login_event(result.outcome);
}

/*
 * Whether the last hand-out of the current password, to a process that is
 * still alive, is older than rotate.drain; waits for as long as that.
 */
static int
drain(struct run *r, enum tx_event *eventp, struct err *e)
{
	const struct timespec pause = { 0, 100L * 1000 * 1000 };
	struct vault *v = NULL;
	uint64_t age, waited = 0, limit = r->plan.drain * 1000;

	for (;; waited += 100) {
		if ((v = open_vault(r, false, e)) == NULL)
			return -1;
		age = vault_state(v) == NULL ?
		    UINT64_MAX :
		    state_last_answer(vault_state(v), r->id);
		vault_close(v);
		if (age >= limit) {
			*eventp = TX_DRAINED;
			return 0;
		}
		if (waited >= limit) {
			*eventp = TX_NOT_DRAINED;
			return 0;
		}
		if (waited == 0)
			say(r, "wait for a job that holds the password");
		(void)nanosleep(&pause, NULL);
	}
}

static bool
rotation_equal(const struct rotation *a, const struct rotation *b)
{
	return a->state == b->state && a->tried == b->tried &&
	    a->exposures == b->exposures && a->outstanding == b->outstanding &&
	    a->sends == b->sends && a->reply == b->reply &&
	    a->since == b->since && a->rotated == b->rotated &&
	    a->attempted == b->attempted;
}

/* Drain waits in PEND, which is durable already: nothing to write. */
static bool
must_persist(const struct run *r, const struct tx *before)
{
	if (r->tx.pending != TX_PENDING_STAYS)
		return true;
	if (failed(r->tx.end))
		return true;
	return r->tx.action != TX_DRAIN &&
	    !rotation_equal(&before->rotation, &r->tx.rotation);
}

/* One step: what is next is offered, made durable, and then done. */
static int
step(struct run *r, const struct tx *before, uint64_t now, enum tx_event *event,
    struct err *e)
{
	enum tx_action action = r->tx.action;
	bool offered = is_attempt(action);

	if (action == TX_STOP && r->o->last)
		netproc_dismiss(r->o->net);
	if (offered && offer(r, action, e) == -1)
		return err_in(e, "%s", r->name);
	if (must_persist(r, before) && persist(r, now, e) == -1) {
		if (offered)
			netproc_withdraw(r->o->net);
		return err_in(e, "%s: rotation stopped while %s", r->name,
		    tx_state_name(before->rotation.state));
	}
	if (offered)
		*event = attempt(r, action);
	else if (action == TX_DRAIN && drain(r, event, e) == -1)
		return err_in(e, "%s", r->name);
	return 0;
}

static int
loop(struct run *r, enum tx_event event, struct err *e)
{
	struct tx_limits limits = { .revoke_after = r->plan.revoke_after };
	struct tx before;

	do {
		before = r->tx;
		limits.now = (uint64_t)time(NULL);
		r->tx = tx_next(&before, event, &limits);
		if (step(r, &before, limits.now, &event, e) == -1)
			return -1;
	} while (r->tx.action != TX_STOP);
	return 0;
}

/* The exit status of each end, and what a person should do about it. */
static int
conclude(const struct run *r, struct err *e)
{
	const char *name = r->name, *reply = r->report->reply;

	switch (r->tx.end) {
	case TX_END_NONE:
	case TX_END_ROTATED:
	case TX_END_NOTHING:
		return 0;
	case TX_END_REFUSED:
		return err_set(e, ERR_REFUSED,
		    "%s: the server did not change it, the old password "
		    "holds; it said: %s",
		    name, reply);
	case TX_END_LOST:
		return err_set(e, ERR_UNREACHABLE,
		    "%s: the change was lost, the old password holds; "
		    "run pawl-rotate %s again later",
		    name, name);
	case TX_END_UNREACHABLE:
		return err_set(e, ERR_UNREACHABLE,
		    "%s: nothing was changed: %s", name, reply);
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
		    "nothing was sent; find out why, then run: pawl-vault "
		    "set %s",
		    name, name);
	case TX_END_ATTENTION:
		return err_set(e, ERR_ATTENTION,
		    "%s: no password could be proved, all are kept; have the "
		    "account looked at, then run: pawl-rotate recover --again "
		    "%s",
		    name, name);
	case TX_END_EXPIRED:
		return err_set(e, ERR_REFUSED,
		    "%s: the server says that the current password is right "
		    "and has expired; run: pawl-rotate %s, and if that ends in "
		    "attention: pawl-rotate recover --again %s",
		    name, name, name);
	}
	return err_set(e, ERR_ATTENTION, "%s: no such end", name);
}

/* A rotation that is not due must not meet the server's MINCHANGE. */
static int
check_age(const struct run *r, struct err *e)
{
	uint64_t now = (uint64_t)time(NULL);
	uint64_t last = r->tx.rotation.rotated;

	if (r->o->force || last == 0 || r->tx.rotation.state != ROTATION_IDLE ||
	    now >= last + r->plan.min_age)
		return 0;
	return err_set(e, ERR_BUSY,
	    "%s: rotated %" PRIu64 " s ago, rotate.min-age is %" PRIu64
	    " s; --force does it all the same",
	    r->name, now - last, r->plan.min_age);
}

int
drive_run(const struct drive_options *o, const char *name, enum tx_event event,
    struct drive_report *report, struct err *e)
{
	struct run r = { .o = o, .name = name, .lock = -1, .report = report };
	int rv = -1;

	memset(report, 0, sizeof(*report));
	if (begin(&r, e) == -1) {
		if (e->kind == ERR_NOENTRY)
			(void)err_set(e, ERR_NOENTRY,
			    "no entry %s: \"pawl-vault list\" shows the "
			    "names",
			    name);
		else
			(void)err_in(e, "%s", name);
		goto out;
	}
	if (event == TX_START && check_age(&r, e) == -1)
		goto out;
	if (loop(&r, event, e) == -1)
		goto out;
	report->end = r.tx.end;
	rv = conclude(&r, e);
out:
	secret_free(r.current);
	secret_free(r.pending);
	if (r.lock != -1)
		(void)close(r.lock);
	return rv;
}
