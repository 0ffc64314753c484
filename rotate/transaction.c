#include <stdlib.h>

#include "transaction.h"

static void
enter(struct tx *t, enum rotation_state state, const struct tx_limits *limits)
{
	if (t->rotation.state != state)
		t->rotation.since = limits->now;
	t->rotation.state = state;
}

static void
stop(struct tx *t, enum tx_end end)
{
	t->phase = TX_PHASE_NONE;
	t->action = TX_STOP;
	t->end = end;
}

static void
need_person(struct tx *t, enum tx_end end, const struct tx_limits *limits)
{
	enter(t, ROTATION_ATTN, limits);
	stop(t, end);
}

/* One of the budget, before an attempt; false when there is none left. */
static bool
spend(struct tx *t, const struct tx_limits *limits)
{
	if (t->rotation.exposures >= limits->revoke_after - 1) {
		need_person(t, TX_END_ATTENTION, limits);
		return false;
	}
	t->rotation.exposures++;
	return true;
}

static void
give_back(struct tx *t)
{
	if (t->rotation.exposures > 0)
		t->rotation.exposures--;
}

/* The server has just counted from zero, but for requests on their way. */
static void
succeeded(struct tx *t)
{
	t->rotation.exposures = t->rotation.outstanding;
}

uint64_t
tx_wait(const struct rotation *r, uint64_t now)
{
	const uint64_t over = r->since + TX_QUARANTINE + 1;

	return now < over ? over - now : 0;
}

/* Requests that cannot be on their way any more. */
static void
forget(struct tx *t)
{
	t->rotation.outstanding = 0;
	t->rotation.sends = 0;
}

static void
try_current(struct tx *t, enum tx_phase phase, const struct tx_limits *limits)
{
	if (!spend(t, limits))
		return;
	t->before = t->rotation.tried;
	t->rotation.tried = ROTATION_TRIED_CURRENT;
	t->phase = phase;
	t->action = TX_LOGIN_CURRENT;
}

static void
try_pending(struct tx *t, const struct tx_limits *limits)
{
	if (!spend(t, limits))
		return;
	t->before = t->rotation.tried;
	t->rotation.tried = ROTATION_TRIED_PENDING;
	t->phase = TX_PHASE_PROVE;
	t->action = TX_LOGIN_PENDING;
}

/*
 * Which of the two holds?  What was refused in this run is not tried again;
 * else the server's word says where to begin; else runs take turns, for the
 * one tried last was not it, or nobody knows.
 */
static bool
current_first(const struct tx *t)
{
	if (t->pending_bad || t->current_bad)
		return t->pending_bad;
	switch (t->rotation.reply) {
	case ROTATION_REPLY_YES:
		return false;
	case ROTATION_REPLY_NO:
		return true;
	case ROTATION_REPLY_NONE:
		break;
	}
	return t->rotation.tried == ROTATION_TRIED_PENDING;
}

static void
prove(struct tx *t, const struct tx_limits *limits)
{
	if (current_first(t))
		try_current(t, TX_PHASE_PROVE, limits);
	else
		try_pending(t, limits);
}

/* Back to IDLE with pending kept, for a request for it may still come. */
static void
rest(struct tx *t, enum tx_end end, const struct tx_limits *limits)
{
	t->rotation.tried = ROTATION_TRIED_NONE;
	t->rotation.reply = ROTATION_REPLY_NONE;
	enter(t, ROTATION_IDLE, limits);
	stop(t, end);
}

static void
promote(struct tx *t, const struct tx_limits *limits)
{
	/* Its proof is the fate of one request. */
	if (t->rotation.sends > 0)
		t->rotation.outstanding--;
	succeeded(t);
	t->rotation.rotated = limits->now;
	t->rotation.sends = 0;
	t->pending = TX_PENDING_PROMOTED;
	t->has_pending = false;
	rest(t, TX_END_ROTATED, limits);
}

/*
 * The server said yes, refuses pending, and takes current: it is slow.  From
 * here on current is tried first, by this run or another, for as long as it
 * holds that is no bad login.
 */
static void
settle(struct tx *t)
{
	t->rotation.reply = ROTATION_REPLY_NONE;
	t->rotation.tried = ROTATION_TRIED_PENDING;
	t->phase = TX_PHASE_SETTLE;
	t->action = TX_SETTLE;
}

/* Current holds after a change was sent. */
static void
not_applied(struct tx *t, const struct tx_limits *limits)
{
	if (t->rotation.outstanding > 0 &&
	    t->rotation.reply == ROTATION_REPLY_YES) {
		settle(t);
		return;
	}
	if (t->rotation.outstanding > 0) {
		rest(t, TX_END_LOST, limits);
		return;
	}
	t->rotation.sends = 0;
	t->pending = TX_PENDING_REFUSED;
	t->has_pending = false;
	rest(t, TX_END_REFUSED, limits);
}

/*
 * The jobs first, and then current's login, which is paid for already: between
 * that and the change there is no wait in which somebody could change it.
 */
static void
start(struct tx *t, const struct tx_limits *limits)
{
	if (t->rotation.outstanding > 0 && !t->settled) {
		stop(t, TX_END_EARLY);
		return;
	}
	t->rotation.attempted = limits->now;
	t->rotation.tried = ROTATION_TRIED_NONE;
	t->pending = TX_PENDING_NEEDED;
	t->has_pending = true;
	enter(t, ROTATION_PEND, limits);
	try_current(t, TX_PHASE_DRAIN, limits);
	if (t->phase == TX_PHASE_DRAIN)
		t->action = TX_DRAIN;
}

static void
recover(struct tx *t, bool check, const struct tx_limits *limits)
{
	switch (t->rotation.state) {
	case ROTATION_SENT:
		if (t->settled)
			forget(t);
		prove(t, limits);
		return;
	case ROTATION_ATTN:
		stop(t, TX_END_ATTENTION);
		return;
	case ROTATION_PEND:
		/* It went no further than a login with current. */
		rest(t, TX_END_NOTHING, limits);
		if (t->rotation.outstanding == 0)
			return;
		break;
	case ROTATION_IDLE:
		if (t->rotation.outstanding == 0 && !check) {
			stop(t, TX_END_NOTHING);
			return;
		}
		break;
	}
	t->end = TX_END_NONE;
	try_current(t, TX_PHASE_RECHECK, limits);
}

/*
 * A person has looked: the budget starts again, and the password tried last
 * is not the first.  What the server said yes to is no login when it is done,
 * so that is not waited for.  With no pending there is only current to be proved, and
 * no job gets it before that.
 */
static void
recover_again(struct tx *t, const struct tx_limits *limits)
{
	if (t->rotation.outstanding > 0 && !t->settled &&
	    t->rotation.reply != ROTATION_REPLY_YES) {
		stop(t, TX_END_EARLY);
		return;
	}
	if (t->settled)
		forget(t);
	t->rotation.exposures = 0;
	t->rotation.reply = ROTATION_REPLY_NONE;
	if (t->has_pending) {
		enter(t, ROTATION_SENT, limits);
		prove(t, limits);
	} else {
		try_current(t, TX_PHASE_RECHECK, limits);
	}
}

static void
begin(struct tx *t, enum tx_event event, const struct tx_limits *limits)
{
	enum rotation_state state = t->rotation.state;

	t->settled =
	    state != ROTATION_PEND && tx_wait(&t->rotation, limits->now) == 0;
	if (event == TX_RECOVER_AGAIN && state == ROTATION_ATTN)
		recover_again(t, limits);
	else if (event == TX_START && state == ROTATION_IDLE)
		start(t, limits);
	else
		recover(t, event == TX_CHECK, limits);
}

/*
 * Current is right before anything was sent in this run.  Requests that cannot
 * be on their way any more did not get through: they are forgotten now, and
 * not before, for one of them may have.
 */
static void
current_holds(struct tx *t)
{
	if (t->settled)
		forget(t);
}

/*
 * Somebody may have changed the password between current's login and the
 * change, which set the server's count to zero: then the change was the first
 * bad login after that, whatever the answer.  It is reckoned with where so many
 * logins are left all the same.
 */
static void
charge(struct tx *t, uint32_t logins, const struct tx_limits *limits)
{
	if (t->rotation.exposures == 0 && limits->revoke_after - 1 > logins)
		t->rotation.exposures = 1;
}

static void
send_change(struct tx *t, const struct tx_limits *limits)
{
	t->rotation.tried = ROTATION_TRIED_NONE;
	t->rotation.reply = ROTATION_REPLY_NONE;
	t->rotation.sends++;
	t->rotation.outstanding++;
	t->checked = limits->now;
	charge(t, 2, limits);
	enter(t, ROTATION_SENT, limits);
	t->phase = TX_PHASE_CHANGE;
	t->action = TX_SEND;
}

/*
 * Current is refused, so a request got through, whatever was refused before
 * that: it is no longer on its way, and what was set aside for it can be spent.
 */
static void
was_applied(struct tx *t, const struct tx_limits *limits)
{
	t->current_bad = true;
	t->pending_bad = false;
	t->rotation.outstanding--;
	if (t->rotation.sends > 0)
		t->rotation.sends--;
	give_back(t);
	enter(t, ROTATION_SENT, limits);
	prove(t, limits);
}

static void
after_check(struct tx *t, enum tx_event event, const struct tx_limits *limits)
{
	switch ((int)event) {
	case TX_LOGIN_OK:
		current_holds(t);
		succeeded(t);
		send_change(t, limits);
		return;
	case TX_LOGIN_EXPIRED:
		/* As right as a login, but nobody knows whether it counts. */
		current_holds(t);
		send_change(t, limits);
		return;
	case TX_LOGIN_BAD:
		if (t->rotation.outstanding == 0) {
			need_person(t, TX_END_STRANGER, limits);
			return;
		}
		was_applied(t, limits);
		return;
	case TX_LOGIN_NOT_SENT:
		give_back(t);
		rest(t, TX_END_UNREACHABLE, limits);
		return;
	case TX_LOGIN_UNKNOWN:
		rest(t, TX_END_UNREACHABLE, limits);
		return;
	}
	abort();
}

static void
after_drain(struct tx *t, enum tx_event event, const struct tx_limits *limits)
{
	switch ((int)event) {
	case TX_NOT_DRAINED:
		give_back(t);
		rest(t, TX_END_HELD, limits);
		return;
	case TX_DRAINED:
		t->phase = TX_PHASE_CHECK;
		t->action = TX_LOGIN_CURRENT;
		return;
	}
	abort();
}

/* Whether the answer to the change comes long after current's login. */
static bool
is_slow(const struct tx *t, const struct tx_limits *limits)
{
	return limits->now > t->checked + TX_FRESH;
}

static void
after_change(struct tx *t, enum tx_event event, const struct tx_limits *limits)
{
	switch ((int)event) {
	case TX_CHANGE_ACCEPTED:
		/* It may be made later than it was promised. */
		t->rotation.reply = ROTATION_REPLY_YES;
		if (is_slow(t, limits))
			charge(t, 0, limits);
		prove(t, limits);
		return;
	case TX_CHANGE_REFUSED:
		t->rotation.outstanding--;
		t->rotation.sends--;
		t->rotation.reply = ROTATION_REPLY_NO;
		charge(t, is_slow(t, limits) ? 0 : 1, limits);
		prove(t, limits);
		return;
	case TX_CHANGE_UNKNOWN:
		prove(t, limits);
		return;
	case TX_CHANGE_NOT_SENT:
		/* What it was charged is forgotten at the next login: of an
		 * expired password it may be that login's. */
		t->rotation.outstanding--;
		t->rotation.sends--;
		rest(t, TX_END_UNREACHABLE, limits);
		return;
	}
	abort();
}

static void
after_proof(struct tx *t, enum tx_event event, const struct tx_limits *limits)
{
	bool current = t->action == TX_LOGIN_CURRENT;

	switch ((int)event) {
	case TX_LOGIN_OK:
		if (current) {
			succeeded(t);
			not_applied(t, limits);
		} else {
			promote(t, limits);
		}
		return;
	case TX_LOGIN_EXPIRED:
		if (current)
			not_applied(t, limits);
		else
			stop(t, TX_END_UNPROVED);
		return;
	case TX_LOGIN_BAD:
		if (current)
			t->current_bad = true;
		else
			t->pending_bad = true;
		if (t->current_bad && t->pending_bad)
			need_person(t, TX_END_ATTENTION, limits);
		else
			prove(t, limits);
		return;
	case TX_LOGIN_NOT_SENT:
		give_back(t);
		t->rotation.tried = t->before;
		stop(t, TX_END_UNPROVED);
		return;
	case TX_LOGIN_UNKNOWN:
		stop(t, TX_END_UNPROVED);
		return;
	}
	abort();
}

static void
after_wait(struct tx *t, enum tx_event event, const struct tx_limits *limits)
{
	switch ((int)event) {
	case TX_WAITED:
		try_current(t, TX_PHASE_RETRY, limits);
		/* The one that was refused last: it is still current's turn. */
		t->rotation.tried = ROTATION_TRIED_PENDING;
		return;
	case TX_WAIT_OVER:
		rest(t, TX_END_LATE, limits);
		return;
	}
	abort();
}

static void
after_retry(struct tx *t, enum tx_event event, const struct tx_limits *limits)
{
	switch ((int)event) {
	case TX_LOGIN_OK:
		succeeded(t);
		settle(t);
		return;
	case TX_LOGIN_NOT_SENT:
		give_back(t);
		settle(t);
		return;
	case TX_LOGIN_BAD:
		was_applied(t, limits);
		return;
	case TX_LOGIN_UNKNOWN:
	case TX_LOGIN_EXPIRED:
		/* One more of these, and there is nothing left for a proof. */
		rest(t, TX_END_LATE, limits);
		return;
	}
	abort();
}

/* Nothing was learnt of current: what needed a person still does. */
static void
not_rechecked(struct tx *t, const struct tx_limits *limits)
{
	if (t->rotation.state == ROTATION_ATTN)
		stop(t, TX_END_UNREACHABLE);
	else
		rest(t, TX_END_UNREACHABLE, limits);
}

/* It holds after the quarantine: what was sent for is only a candidate. */
static void
never_applied(struct tx *t)
{
	if (t->settled && t->rotation.outstanding > 0 && t->has_pending) {
		t->pending = TX_PENDING_REFUSED;
		t->has_pending = false;
	}
	current_holds(t);
}

static void
after_recheck(struct tx *t, enum tx_event event, const struct tx_limits *limits)
{
	switch ((int)event) {
	case TX_LOGIN_OK:
		never_applied(t);
		succeeded(t);
		rest(t,
		    t->rotation.outstanding > 0 ? TX_END_EARLY : TX_END_NOTHING,
		    limits);
		return;
	case TX_LOGIN_EXPIRED:
		never_applied(t);
		rest(t, TX_END_EXPIRED, limits);
		return;
	case TX_LOGIN_BAD:
		if (t->rotation.outstanding == 0 || !t->has_pending) {
			need_person(t, TX_END_STRANGER, limits);
			return;
		}
		was_applied(t, limits);
		return;
	case TX_LOGIN_NOT_SENT:
		give_back(t);
		not_rechecked(t, limits);
		return;
	case TX_LOGIN_UNKNOWN:
		not_rechecked(t, limits);
		return;
	}
	abort();
}

struct tx
tx_begin(const struct rotation *r, bool has_pending)
{
	struct tx t = { .rotation = *r, .has_pending = has_pending };

	return t;
}

struct tx
tx_next(const struct tx *t, enum tx_event event, const struct tx_limits *limits)
{
	struct tx next = *t;

	next.pending = TX_PENDING_STAYS;
	switch (t->phase) {
	case TX_PHASE_NONE:
		if (event > TX_CHECK)
			abort();
		begin(&next, event, limits);
		break;
	case TX_PHASE_CHECK:
		after_check(&next, event, limits);
		break;
	case TX_PHASE_DRAIN:
		after_drain(&next, event, limits);
		break;
	case TX_PHASE_CHANGE:
		after_change(&next, event, limits);
		break;
	case TX_PHASE_PROVE:
		after_proof(&next, event, limits);
		break;
	case TX_PHASE_RECHECK:
		after_recheck(&next, event, limits);
		break;
	case TX_PHASE_SETTLE:
		after_wait(&next, event, limits);
		break;
	case TX_PHASE_RETRY:
		after_retry(&next, event, limits);
		break;
	}
	return next;
}

const char *
tx_state_name(enum rotation_state state)
{
	static const char *const names[] = { "idle", "pending", "sent",
		"attention" };

	return names[state];
}

const char *
tx_event_name(enum tx_event event)
{
	static const char *const names[] = { "start", "recover",
		"recover-again", "check", "login-ok", "login-bad",
		"login-unknown", "login-not-sent", "login-expired",
		"change-accepted", "change-refused", "change-unknown",
		"change-not-sent", "drained", "not-drained", "waited",
		"wait-over" };

	return names[event];
}

const char *
tx_end_name(enum tx_end end)
{
	static const char *const names[] = { "none", "rotated", "nothing",
		"refused", "lost", "unreachable", "held", "unproved",
		"stranger", "attention", "expired", "early", "late" };

	return names[end];
}
