#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "net/method.h"
#include "pair.h"
#include "policy.h"
#include "task.h"

/* How often what cannot be waited for is looked at, in milliseconds. */
#define LOCK_PAUSE 50
#define DRAIN_PAUSE 100

/* Between the logins while a server is slow: the first pause is at most
 * SETTLE_FIRST and at most that part of rotate.settle, each of the others twice
 * the one before, at most SETTLE_MAX. */
#define SETTLE_FIRST 2000
#define SETTLE_PART 16
#define SETTLE_MAX 30000

int64_t
task_clock(void)
{
	struct timespec ts = { 0 };

	/* Cannot fail for this clock. */
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void
say(const struct task *t, const char *line)
{
	if (t->o->say != NULL)
		t->o->say(t->o->arg, t->target->name, line);
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
take_entry(struct task *t, const struct entry *entry, struct err *e)
{
	if (entry->current.p == NULL)
		return err_set(e, ERR_CONFIG,
		    "it has no secret; run: pawl-vault set %s",
		    t->target->name);
	t->tx = tx_begin(&entry->rotation, entry->pending.p != NULL);
	/* The note is the vault's text; the transaction has no use for it. */
	t->tx.rotation.note = (struct slice){ NULL, 0 };
	if (plan_read(&t->plan, entry, e) == -1)
		return -1;
	hook_target(&t->report.target, &t->plan);
	if (copy_secret(&t->current, entry->current, e) == -1)
		return -1;
	return copy_secret(&t->pending, entry->pending, e);
}

/* A rotation that is not due must not meet the server's MINCHANGE. */
static int
check_age(const struct task *t, struct err *e)
{
	uint64_t now = (uint64_t)time(NULL);
	uint64_t last = t->tx.rotation.rotated;

	if (t->o->force || last == 0 || t->tx.rotation.state != ROTATION_IDLE ||
	    now >= last + t->plan.min_age)
		return 0;
	return err_set(e, ERR_BUSY,
	    "%s: rotated %" PRIu64 " s ago, rotate.min-age is %" PRIu64
	    " s; --force does it all the same",
	    t->target->name, now - last, t->plan.min_age);
}

/*
 * The next step.  An attempt is handed to the network half at once: it
 * connects while the state is being written.
 */
static void
next(struct task *t, enum tx_event event)
{
	struct tx_limits limits = { .revoke_after = t->plan.revoke_after,
		.now = (uint64_t)time(NULL) };
	struct err e;

	t->before = t->tx;
	t->now = limits.now;
	t->tx = tx_next(&t->before, event, &limits);
	t->step = TASK_STATE;
	if (task_is_attempt(t->tx.action) && task_offer(t, &e) == -1) {
		(void)err_in(&e, "%s", t->target->name);
		task_fail(t, &e);
	}
}

struct task *
task_new(const struct drive_options *o, const struct target *target,
    size_t item, struct err *e)
{
	struct task *t = calloc(1, sizeof(*t));

	if (t == NULL) {
		(void)err_sys(e, ERR_IO, "memory for a rotation");
		return NULL;
	}
	t->o = o;
	t->target = target;
	t->item = item;
	t->lock = -1;
	t->since = t->wake = task_clock();
	return t;
}

void
task_free(struct task *t)
{
	if (t == NULL)
		return;
	secret_free(t->current);
	secret_free(t->pending);
	if (t->lock != -1)
		(void)close(t->lock);
	free(t);
}

void
task_fail(struct task *t, const struct err *e)
{
	if (t->offered)
		netproc_withdraw(&t->worker->net);
	t->offered = false;
	t->staged = false;
	t->e = *e;
	t->step = TASK_OVER;
}

/* There is no entry of that name, or none any more. */
static void
fail_missing(struct task *t)
{
	struct err e;

	(void)err_set(&e, ERR_NOENTRY,
	    "no entry %s: \"pawl-vault list\" shows the names",
	    t->target->name);
	task_fail(t, &e);
}

void
task_lock(struct task *t)
{
	struct err e;

	if (is_zero(t->target->id, RECORD_ID)) {
		fail_missing(t);
		return;
	}
	if (vault_lock_entry(t->o->vault, t->target->id, 0, &t->lock, &e) ==
	    0) {
		t->step = TASK_READ;
		return;
	}
	t->lock = -1;
	t->wake = task_clock() + LOCK_PAUSE;
	if (e.kind == ERR_BUSY &&
	    t->wake - t->since < (int64_t)t->o->lock_wait_ms)
		return;
	(void)err_in(&e, "%s", t->target->name);
	task_fail(t, &e);
}

/* The entry as it is in the vault now; *plainp is the caller's. */
static int
find(const struct task *t, struct vault *v, struct entry *entry,
    struct secret **plainp, struct err *e)
{
	return vault_find(v, TABLE_NAME, slice_of(t->target->name), entry,
	    plainp, e);
}

/* Only what stands under the lock counts. */
void
task_read(struct task *t, struct vault *v)
{
	struct secret *plain = NULL;
	struct entry entry;
	struct err e;
	int rv = find(t, v, &entry, &plain, &e);

	if (rv == 0 && memcmp(entry.id, t->target->id, RECORD_ID) != 0)
		rv = err_set(&e, ERR_BUSY,
		    "another entry has got that name; try again");
	if (rv == 0)
		rv = take_entry(t, &entry, &e);
	secret_free(plain);
	if (rv == 0 && t->o->event == TX_START)
		rv = check_age(t, &e);
	if (rv == 0) {
		next(t, t->o->event);
	} else if (e.kind == ERR_NOENTRY) {
		fail_missing(t);
	} else {
		(void)err_in(&e, "%s", t->target->name);
		task_fail(t, &e);
	}
}

/*
 * Whether the last hand-out of the current password, to a process that is
 * still alive, is older than rotate.drain; waits for as long as that.
 */
void
task_drain(struct task *t, struct vault *v, bool hurry)
{
	int64_t now = task_clock();
	uint64_t age, limit = t->plan.drain * 1000;

	age = vault_state(v) == NULL ?
	    UINT64_MAX :
	    state_drain(vault_state(v), vault_header(v)->generation,
		t->target->id);
	if (age >= limit) {
		next(t, TX_DRAINED);
		return;
	}
	if (hurry || (uint64_t)(now - t->since) >= limit) {
		next(t, TX_NOT_DRAINED);
		return;
	}
	if (t->wake == t->since)
		say(t, "wait for a job that holds the password");
	t->wake = now + DRAIN_PAUSE;
}

static int64_t
smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The last login is at the end of the wait. */
static void
begin_pause(struct task *t)
{
	const int64_t now = task_clock();
	const int64_t limit = (int64_t)t->plan.settle * 1000;

	if (t->settle_end == 0) {
		t->settle_end = now + limit;
		t->settle_pause = smaller(SETTLE_FIRST, limit / SETTLE_PART);
		if (limit > 0)
			say(t, "the server said yes and has not done it: wait");
	}
	t->step = TASK_SETTLE;
	t->since = now;
	t->wake = smaller(now + t->settle_pause, t->settle_end);
	t->settle_pause = smaller(t->settle_pause * 2, SETTLE_MAX);
}

void
task_settle(struct task *t, bool hurry)
{
	bool over = t->since >= t->settle_end;

	next(t, hurry || over ? TX_WAIT_OVER : TX_WAITED);
}

/* Somebody may have edited the entry, but not under the run's feet. */
static int
still_ours(const struct task *t, const struct entry *entry, struct err *e)
{
	if (memcmp(entry->id, t->target->id, RECORD_ID) != 0 ||
	    !secret_equal(entry->current, secret_slice(t->current)))
		return err_set(e, ERR_BUSY,
		    "its password was changed in the vault meanwhile; "
		    "run: pawl-rotate recover %s",
		    t->target->name);
	return 0;
}

/*
 * What the method cannot carry is not stored.  One that was left, and never
 * sent, may be from before rotate.policy or rotate.method was changed.
 */
static int
need_pending(struct task *t, struct err *e)
{
	const struct method *m = method_of(t->plan.method);
	struct slice user = slice_of(t->plan.user);
	bool sent = t->tx.rotation.sends > 0 || t->tx.rotation.outstanding > 0;

	if (t->pending != NULL &&
	    (sent ||
		method_check(m, t->plan.user, t->current, t->pending, e) == 0))
		return 0;
	secret_free(t->pending);
	if ((t->pending = secret_new(RECORD_SECRET_MAX, e)) == NULL ||
	    policy_generate(&t->plan.policy, user, secret_slice(t->current),
		t->pending, e) == -1)
		return -1;
	if (method_check(m, t->plan.user, t->current, t->pending, e) == -1) {
		e->kind = ERR_CONFIG;
		return -1;
	}
	return 0;
}

/* The entry as the new state wants it. */
static int
apply(struct task *t, struct entry *entry, uint64_t now, struct err *e)
{
	entry->rotation = t->tx.rotation;
	if (task_ended_badly(t->tx.end))
		entry->rotation.note = slice_of(t->report.reply);
	switch (t->tx.pending) {
	case TX_PENDING_STAYS:
		return 0;
	case TX_PENDING_NEEDED:
		if (need_pending(t, e) == -1)
			return -1;
		entry->pending = secret_slice(t->pending);
		entry->pending_from = now;
		return 0;
	case TX_PENDING_PROMOTED:
		if (record_replace(entry, secret_slice(t->pending), now, e) ==
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

static bool
rotation_equal(const struct rotation *a, const struct rotation *b)
{
	return a->state == b->state && a->tried == b->tried &&
	    a->exposures == b->exposures && a->outstanding == b->outstanding &&
	    a->sends == b->sends && a->reply == b->reply &&
	    a->since == b->since && a->rotated == b->rotated &&
	    a->attempted == b->attempted;
}

bool
task_must_put(const struct task *t)
{
	return t->tx.pending != TX_PENDING_STAYS ||
	    task_ended_badly(t->tx.end) ||
	    !rotation_equal(&t->before.rotation, &t->tx.rotation);
}

static int
put(struct task *t, struct vault *v, struct err *e)
{
	struct secret *plain = NULL;
	struct entry entry;
	int rv = -1;

	if (find(t, v, &entry, &plain, e) == -1) {
		if (e->kind == ERR_NOENTRY)
			(void)err_set(e, ERR_BUSY,
			    "it was removed or renamed in the vault meanwhile; "
			    "\"pawl-rotate status\" shows what is unfinished");
		goto out;
	}
	if (still_ours(t, &entry, e) == -1 ||
	    (t->tx.pending == TX_PENDING_NEEDED &&
		pair_check(v, &entry, &t->plan, t->o->force, t->now, e) ==
		    -1) ||
	    apply(t, &entry, t->now, e) == -1)
		goto out;
	rv = vault_put(v, &entry, e);
out:
	secret_free(plain);
	return rv;
}

void
task_stop(struct task *t, const struct err *why)
{
	struct err e = *why;

	(void)err_in(&e, "%s: rotation stopped while %s", t->target->name,
	    tx_state_name(t->before.rotation.state));
	task_fail(t, &e);
}

void
task_put(struct task *t, struct vault *v)
{
	struct err e;

	if (put(t, v, &e) == 0) {
		t->staged = true;
		return;
	}
	task_stop(t, &e);
}

static void
advance(struct task *t, const struct message_result *result)
{
	next(t, task_event(t, result));
}

void
task_act(struct task *t)
{
	struct message_result result;

	t->staged = false;
	if (t->tx.action == TX_STOP) {
		t->report.end = t->tx.end;
		if (task_conclude(t, &t->e) == 0)
			t->e.kind = ERR_NONE;
		t->step = TASK_OVER;
		return;
	}
	if (t->tx.action == TX_DRAIN) {
		t->step = TASK_DRAIN;
		t->since = t->wake = task_clock();
		return;
	}
	if (t->tx.action == TX_SETTLE) {
		begin_pause(t);
		return;
	}
	t->offered = false;
	if (netproc_go(&t->worker->net, &result))
		t->step = TASK_ASKED;
	else
		advance(t, &result);
}

void
task_result(struct task *t)
{
	struct message_result result;

	netproc_collect(&t->worker->net, &result);
	advance(t, &result);
}
