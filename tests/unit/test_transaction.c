/*
 * The transaction against a small world of its own: a server that counts and
 * revokes, requests that are lost or late, replies that lie, and a rotator
 * that dies anywhere.  Every reachable state is visited.
 *
 * The same properties are those of reliability: the server's password is
 * always in the vault, the account is never revoked, one bad login a run at
 * the most, every run ends, and what jobs are given logs in.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "transaction.h"

Suite *transaction_suite(void);

#define REVOKE 3
#define NOBODY 0xffu
#define FLIGHTS 2
#define PASSWORDS 8
/* Times that a run waits for a slow server. */
#define WAITS 2
/* Unix times: of everything, but for what was left and then no more came. */
#define LONG_AGO 1
#define NOW (LONG_AGO + TX_QUARANTINE + 1)

/* Everything of the world; no padding matters, for it starts as zeros. */
struct world {
	struct tx tx;
	struct rotation durable;
	/* Passwords are numbers; 0 is the first, NOBODY none. */
	unsigned char current;
	unsigned char pending;
	unsigned char fresh;
	/* Bit n: number n is in the vault's history. */
	unsigned char history;
	unsigned char server;
	unsigned char bad;
	/* The server's password has expired: 1, and a login with it counts as
	 * a bad one; 2, and it does not. */
	unsigned char expired;
	unsigned char flights;
	unsigned char flight_old[FLIGHTS];
	unsigned char flight_new[FLIGHTS];
	/* Of the run: alive, its event, its bad logins. */
	unsigned char alive;
	unsigned char event;
	unsigned char run_bad;
	/* A late request was served during the run: the password tried
	 * before it and the one tried after it may both be wrong. */
	unsigned char landed;
	unsigned char waits;
	/* A person changed it; and did between current's login and the change. */
	unsigned char by_hand;
	unsigned char touched;
	/* What may still go wrong, and how often it may be tried. */
	unsigned char crashes;
	unsigned char losses;
	unsigned char lies;
	unsigned char rules;
	unsigned char late_yes;
	unsigned char hands;
	unsigned char runs;
};

/* Visited worlds, open addressing. */
struct set {
	struct world *slots;
	unsigned char *full;
	size_t size;
	size_t n;
};

struct stack {
	struct world *items;
	size_t n;
	size_t cap;
};

struct search {
	struct set seen;
	struct stack todo;
	size_t rotated;
	size_t attention;
	size_t lost;
	size_t late;
};

static struct search search;

static size_t
hash(const struct world *w)
{
	const unsigned char *p = (const unsigned char *)w;
	size_t i, h = 1469598103934665603u;

	for (i = 0; i < sizeof(*w); i++)
		h = (h ^ p[i]) * 1099511628211u;
	return h;
}

static bool
add(struct set *s, const struct world *w)
{
	size_t at = hash(w) & (s->size - 1);

	while (s->full[at]) {
		if (memcmp(&s->slots[at], w, sizeof(*w)) == 0)
			return false;
		at = (at + 1) & (s->size - 1);
	}
	s->full[at] = 1;
	memcpy(&s->slots[at], w, sizeof(*w));
	s->n++;
	ck_assert_uint_lt(s->n, s->size / 2);
	return true;
}

/* What must hold in every world. */
static void
invariants(const struct world *w)
{
	bool kept = w->server == w->current || w->server == w->pending ||
	    (w->history >> w->server & 1) != 0;
	bool unsettled = w->durable.outstanding > 0 && w->pending != NOBODY;

	if (w->by_hand) {
		ck_assert_msg(w->bad < REVOKE,
		    "revoked after a change by hand");
		return;
	}
	if (w->durable.state == ROTATION_IDLE && !unsettled)
		ck_assert_msg(w->server == w->current,
		    "a job would be refused");
	ck_assert_msg(kept, "password %u of the server is not in the vault",
	    w->server);
	ck_assert_msg(w->bad < REVOKE, "the account is revoked");
	ck_assert_msg(w->run_bad <= 1 + w->landed, "two bad logins in one run");
	ck_assert_uint_le(w->durable.exposures, REVOKE - 1);
}

static void
push(struct world w)
{
	invariants(&w);
	if (!add(&search.seen, &w))
		return;
	if (search.todo.n == search.todo.cap) {
		search.todo.cap = search.todo.cap * 2 + 1024;
		search.todo.items =
		    reallocarray(search.todo.items, search.todo.cap, sizeof(w));
		ck_assert_ptr_nonnull(search.todo.items);
	}
	memcpy(&search.todo.items[search.todo.n++], &w, sizeof(w));
}

static void
count_bad(struct world *w, bool of_run)
{
	w->bad++;
	if (of_run)
		w->run_bad++;
}

/* The server gets one request to change old to fresh. */
static bool
serve_change(struct world *w, unsigned char old, unsigned char fresh,
    bool of_run)
{
	if (w->server != old) {
		count_bad(w, of_run);
		return false;
	}
	w->server = fresh;
	w->bad = 0;
	w->expired = 0;
	return true;
}

static void
die(struct world w)
{
	w.alive = 0;
	w.crashes--;
	memset(&w.tx, 0, sizeof(w.tx));
	w.event = 0;
	push(w);
}

static void
arrive(struct world w, enum tx_event event)
{
	w.event = (unsigned char)event;
	if (w.crashes > 0)
		die(w);
	push(w);
}

static void
do_login(struct world w, unsigned char password)
{
	bool good = w.server == password;

	if (w.losses > 0) {
		w.losses--;
		arrive(w, TX_LOGIN_NOT_SENT);
		w.losses++;
	}
	if (!good)
		count_bad(&w, true);
	else if (w.expired == 0)
		w.bad = 0;
	else if (w.expired == 1)
		w.bad++;
	if (good && w.expired != 0)
		arrive(w, TX_LOGIN_EXPIRED);
	else
		arrive(w, good ? TX_LOGIN_OK : TX_LOGIN_BAD);
	if (w.losses > 0) {
		w.losses--;
		arrive(w, TX_LOGIN_UNKNOWN);
	}
}

/* Lost or late: nobody answers. */
static void
lose_change(struct world w)
{
	w.losses--;
	arrive(w, TX_CHANGE_NOT_SENT);
	arrive(w, TX_CHANGE_UNKNOWN);
	if (w.flights == FLIGHTS)
		return;
	w.flight_old[w.flights] = w.current;
	w.flight_new[w.flights] = w.pending;
	w.flights++;
	arrive(w, TX_CHANGE_UNKNOWN);
}

/* The server says yes, and does it later, or never. */
static void
promise_change(struct world w)
{
	w.late_yes--;
	arrive(w, TX_CHANGE_ACCEPTED);
	if (w.flights == FLIGHTS)
		return;
	w.flight_old[w.flights] = w.current;
	w.flight_new[w.flights] = w.pending;
	w.flights++;
	arrive(w, TX_CHANGE_ACCEPTED);
}

static void
do_change(struct world w)
{
	struct world refused = w;
	bool done;

	if (w.touched) {
		w.touched = 0;
		done = serve_change(&w, w.current, w.pending, true);
		arrive(w, done ? TX_CHANGE_ACCEPTED : TX_CHANGE_REFUSED);
		return;
	}
	if (w.late_yes > 0 && w.server == w.current)
		promise_change(w);
	if (w.losses > 0)
		lose_change(w);
	/* The rules of the server may forbid it. */
	if (w.rules > 0) {
		refused.rules--;
		arrive(refused, TX_CHANGE_REFUSED);
	}
	if (w.rules > 0 && w.lies > 0) {
		refused.lies--;
		arrive(refused, TX_CHANGE_ACCEPTED);
	}
	done = serve_change(&w, w.current, w.pending, true);
	arrive(w, done ? TX_CHANGE_ACCEPTED : TX_CHANGE_REFUSED);
	if (w.losses > 0) {
		w.losses--;
		arrive(w, TX_CHANGE_UNKNOWN);
		w.losses++;
	}
	if (w.lies > 0) {
		w.lies--;
		arrive(w, done ? TX_CHANGE_REFUSED : TX_CHANGE_ACCEPTED);
	}
}

static void
perform(struct world w)
{
	switch (w.tx.action) {
	case TX_LOGIN_CURRENT:
		do_login(w, w.current);
		return;
	case TX_LOGIN_PENDING:
		do_login(w, w.pending);
		return;
	case TX_DRAIN:
		arrive(w, TX_DRAINED);
		arrive(w, TX_NOT_DRAINED);
		return;
	case TX_SETTLE:
		arrive(w, TX_WAIT_OVER);
		if (w.waits < WAITS) {
			w.waits++;
			arrive(w, TX_WAITED);
		}
		return;
	case TX_SEND:
		do_change(w);
		return;
	case TX_STOP:
		search.rotated += w.tx.end == TX_END_ROTATED;
		search.attention += w.tx.end == TX_END_ATTENTION;
		search.lost += w.tx.end == TX_END_LOST;
		search.late += w.tx.end == TX_END_LATE;
		ck_assert_int_ne(w.tx.end, TX_END_NONE);
		w.alive = 0;
		memset(&w.tx, 0, sizeof(w.tx));
		push(w);
		return;
	}
	ck_abort_msg("no such action");
}

/* What the driver makes durable in one commit. */
static void
persist(struct world *w)
{
	memcpy(&w->durable, &w->tx.rotation, sizeof(w->durable));
	switch (w->tx.pending) {
	case TX_PENDING_STAYS:
		return;
	case TX_PENDING_NEEDED:
		if (w->pending == NOBODY)
			w->pending = w->fresh++;
		ck_assert_uint_le(w->fresh, PASSWORDS);
		return;
	case TX_PENDING_PROMOTED:
		w->history |= (unsigned char)(1u << w->current);
		w->current = w->pending;
		break;
	case TX_PENDING_REFUSED:
		w->history |= (unsigned char)(1u << w->pending);
		break;
	}
	w->pending = NOBODY;
}

static void
step(struct world w)
{
	const struct tx_limits limits = { .revoke_after = REVOKE, .now = NOW };
	struct tx next;

	next = tx_next(&w.tx, (enum tx_event)w.event, &limits);
	memset(&w.tx, 0, sizeof(w.tx));
	w.tx.rotation = next.rotation;
	w.tx.pending = next.pending;
	w.tx.phase = next.phase;
	w.tx.action = next.action;
	w.tx.end = next.end;
	w.tx.current_bad = next.current_bad;
	w.tx.pending_bad = next.pending_bad;
	w.tx.checked = next.checked;
	w.tx.before = next.before;
	w.tx.has_pending = next.has_pending;
	w.tx.settled = next.settled;
	if (w.crashes > 0)
		die(w);
	persist(&w);
	invariants(&w);
	if (w.crashes > 0)
		die(w);
	perform(w);
}

static void
begin(struct world w, enum tx_event event)
{
	w.runs--;
	w.alive = 1;
	w.run_bad = 0;
	w.landed = 0;
	w.waits = 0;
	w.touched = 0;
	memset(&w.tx, 0, sizeof(w.tx));
	memcpy(&w.tx.rotation, &w.durable, sizeof(w.tx.rotation));
	w.tx.has_pending = w.pending != NOBODY;
	w.event = (unsigned char)event;
	push(w);
}

/* Whether a change is about to be sent, for current has logged in. */
static bool
about_to_send(const struct world *w)
{
	return w->alive && w->tx.phase == TX_PHASE_CHECK &&
	    (w->event == TX_LOGIN_OK || w->event == TX_LOGIN_EXPIRED);
}

/* A person, or another machine from a copy of the vault, changes it. */
static void
change_by_hand(struct world w)
{
	w.hands--;
	w.by_hand = 1;
	w.touched =
	    about_to_send(&w) || (w.alive && w.tx.phase == TX_PHASE_CHANGE);
	w.server = w.fresh++;
	w.bad = 0;
	push(w);
}

static void
visit(struct world w)
{
	struct world later = w;

	if (w.hands > 0 && w.flights == 0)
		change_by_hand(w);

	if (w.flights > 0) {
		later.flights--;
		later.landed |= later.alive;
		(void)serve_change(&later, later.flight_old[later.flights],
		    later.flight_new[later.flights], false);
		push(later);
	} else if (!w.alive && w.durable.outstanding > 0) {
		later.durable.since = LONG_AGO;
		push(later);
	}
	if (w.alive) {
		step(w);
	} else if (w.runs > 0) {
		begin(w, TX_START);
		begin(w, TX_RECOVER);
	}
}

/* What explore() starts with, in place of 0. */
static unsigned char expired, late_yes, hands;

static void
explore(unsigned char crashes, unsigned char losses, unsigned char lies,
    unsigned char rules)
{
	struct world w;

	memset(&search, 0, sizeof(search));
	search.seen.size = (size_t)1 << 21;
	search.seen.slots = calloc(search.seen.size, sizeof(w));
	search.seen.full = calloc(search.seen.size, 1);
	ck_assert_ptr_nonnull(search.seen.slots);
	ck_assert_ptr_nonnull(search.seen.full);
	memset(&w, 0, sizeof(w));
	w.pending = NOBODY;
	w.fresh = 1;
	w.runs = 5;
	w.expired = expired;
	w.crashes = crashes;
	w.losses = losses;
	w.lies = lies;
	w.rules = rules;
	w.late_yes = late_yes;
	w.hands = hands;
	push(w);
	while (search.todo.n > 0) {
		memcpy(&w, &search.todo.items[--search.todo.n], sizeof(w));
		visit(w);
	}
	free(search.seen.slots);
	free(search.seen.full);
	free(search.todo.items);
}

START_TEST(every_crash_is_survived)
{
	explore(3, 0, 0, 2);
	ck_assert_uint_gt(search.rotated, 0);
	ck_assert_uint_gt(search.seen.n, 100);
}
END_TEST

START_TEST(one_crash_needs_no_person)
{
	explore(1, 0, 0, 0);
	ck_assert_uint_gt(search.rotated, 0);
	ck_assert_uint_eq(search.attention, 0);
}
END_TEST

START_TEST(every_loss_and_delay_is_survived)
{
	explore(0, 6, 0, 1);
	ck_assert_uint_gt(search.rotated, 0);
	ck_assert_uint_gt(search.lost, 0);
}
END_TEST

START_TEST(lying_replies_decide_nothing)
{
	explore(0, 0, 2, 3);
	ck_assert_uint_gt(search.rotated, 0);
}
END_TEST

START_TEST(honest_refusals_need_no_person)
{
	explore(0, 0, 0, 3);
	ck_assert_uint_gt(search.rotated, 0);
	ck_assert_uint_eq(search.attention, 0);
}
END_TEST

/* With crashes and losses as well. */
START_TEST(a_yes_may_come_true_later_or_never)
{
	late_yes = 2;
	explore(1, 2, 0, 1);
	ck_assert_uint_gt(search.rotated, 0);
	ck_assert_uint_gt(search.late, 0);
}
END_TEST

START_TEST(a_person_may_change_it_at_any_time)
{
	hands = 1;
	explore(0, 2, 0, 1);
	ck_assert_uint_gt(search.rotated, 0);
	ck_assert_uint_gt(search.attention, 0);
}
END_TEST

START_TEST(all_of_them_together)
{
	explore(2, 4, 1, 1);
	ck_assert_uint_gt(search.rotated, 0);
}
END_TEST

/* Whether or not the server counts a login with it. */
START_TEST(an_expired_password_is_changed)
{
	expired = (unsigned char)_i;
	explore(0, 0, 0, 0);
	ck_assert_uint_gt(search.rotated, 0);
}
END_TEST

START_TEST(an_expired_password_survives_all_of_them)
{
	expired = (unsigned char)_i;
	explore(1, 2, 1, 1);
	ck_assert_uint_gt(search.rotated, 0);
}
END_TEST

/* A run that waits for current's login, no job in its way. */
static struct tx
drained(const struct rotation *r, const struct tx_limits *limits)
{
	struct tx t = tx_begin(r, false);

	t = tx_next(&t, TX_START, limits);
	ck_assert_int_eq(t.action, TX_DRAIN);
	return tx_next(&t, TX_DRAINED, limits);
}

/* The run of a plain rotation, step by step. */
START_TEST(a_plain_rotation)
{
	const struct tx_limits limits = { .revoke_after = 3, .now = 1000 };
	struct rotation r = { .state = ROTATION_IDLE };
	struct tx t = tx_begin(&r, r.state != ROTATION_IDLE);

	t = tx_next(&t, TX_START, &limits);
	ck_assert_int_eq(t.rotation.state, ROTATION_PEND);
	ck_assert_int_eq(t.pending, TX_PENDING_NEEDED);
	ck_assert_int_eq(t.action, TX_DRAIN);
	ck_assert_uint_eq(t.rotation.exposures, 1);
	t = tx_next(&t, TX_DRAINED, &limits);
	ck_assert_int_eq(t.action, TX_LOGIN_CURRENT);
	ck_assert_int_eq(t.rotation.tried, ROTATION_TRIED_CURRENT);
	t = tx_next(&t, TX_LOGIN_OK, &limits);
	ck_assert_uint_eq(t.rotation.exposures, 0);
	ck_assert_int_eq(t.rotation.state, ROTATION_SENT);
	ck_assert_int_eq(t.action, TX_SEND);
	ck_assert_uint_eq(t.rotation.outstanding, 1);
	t = tx_next(&t, TX_CHANGE_ACCEPTED, &limits);
	ck_assert_int_eq(t.action, TX_LOGIN_PENDING);
	ck_assert_int_eq(t.rotation.tried, ROTATION_TRIED_PENDING);
	t = tx_next(&t, TX_LOGIN_OK, &limits);
	ck_assert_int_eq(t.pending, TX_PENDING_PROMOTED);
	ck_assert_int_eq(t.rotation.state, ROTATION_IDLE);
	ck_assert_int_eq(t.end, TX_END_ROTATED);
	ck_assert_uint_eq(t.rotation.rotated, 1000);
	ck_assert_uint_eq(t.rotation.exposures, 0);
}
END_TEST

START_TEST(an_expired_password_needs_no_login_before_the_change)
{
	const struct tx_limits limits = { .revoke_after = 3, .now = 1000 };
	struct rotation r = { .state = ROTATION_IDLE };
	struct tx t = tx_begin(&r, false);

	t = drained(&r, &limits);
	t = tx_next(&t, TX_LOGIN_EXPIRED, &limits);
	ck_assert_int_eq(t.action, TX_SEND);
	ck_assert_uint_eq(t.rotation.exposures, 1);
	t = tx_next(&t, TX_CHANGE_REFUSED, &limits);
	ck_assert_int_eq(t.action, TX_LOGIN_CURRENT);
	t = tx_next(&t, TX_LOGIN_EXPIRED, &limits);
	ck_assert_int_eq(t.end, TX_END_REFUSED);
	ck_assert_int_eq(t.pending, TX_PENDING_REFUSED);
	ck_assert_uint_eq(t.rotation.exposures, 2);
}
END_TEST

/* Nothing is called good, and nothing given back. */
START_TEST(a_check_of_an_expired_password_says_so)
{
	const struct tx_limits limits = { .revoke_after = 3, .now = 1000 };
	struct rotation r = { .state = ROTATION_IDLE };
	struct tx t = tx_begin(&r, false);

	t = tx_next(&t, TX_CHECK, &limits);
	t = tx_next(&t, TX_LOGIN_EXPIRED, &limits);
	ck_assert_int_eq(t.end, TX_END_EXPIRED);
	ck_assert_int_eq(t.rotation.state, ROTATION_IDLE);
	ck_assert_uint_eq(t.rotation.exposures, 1);
}
END_TEST

/* A new password that is called expired is proved by nothing. */
START_TEST(a_pending_password_that_expired_is_not_promoted)
{
	const struct tx_limits limits = { .revoke_after = 3, .now = 1000 };
	struct rotation r = { .state = ROTATION_SENT, .outstanding = 1 };
	struct tx t = tx_begin(&r, true);

	t = tx_next(&t, TX_RECOVER, &limits);
	ck_assert_int_eq(t.action, TX_LOGIN_PENDING);
	t = tx_next(&t, TX_LOGIN_EXPIRED, &limits);
	ck_assert_int_eq(t.end, TX_END_UNPROVED);
	ck_assert_int_eq(t.pending, TX_PENDING_STAYS);
	ck_assert_int_eq(t.rotation.state, ROTATION_SENT);
}
END_TEST

START_TEST(a_refused_password_is_a_candidate_and_not_used_again)
{
	const struct tx_limits limits = { .revoke_after = 3, .now = 1000 };
	struct rotation r = { .state = ROTATION_IDLE };
	struct tx t = drained(&r, &limits);

	t = tx_next(&t, TX_LOGIN_OK, &limits);
	ck_assert_int_eq(t.pending, TX_PENDING_STAYS);
	t = tx_next(&t, TX_CHANGE_REFUSED, &limits);
	ck_assert_int_eq(t.action, TX_LOGIN_CURRENT);
	t = tx_next(&t, TX_LOGIN_OK, &limits);
	ck_assert_int_eq(t.pending, TX_PENDING_REFUSED);
	ck_assert_int_eq(t.end, TX_END_REFUSED);
	ck_assert_uint_eq(t.rotation.outstanding, 0);
}
END_TEST

/* A hundred crashes right after an attempt: the budget holds. */
START_TEST(a_crash_loop_spends_no_more_than_the_budget)
{
	const struct tx_limits limits = { .revoke_after = 3, .now = 1000 };
	struct rotation r = { .state = ROTATION_SENT, .outstanding = 1 };
	unsigned int i, attempts = 0;
	struct tx t;

	for (i = 0; i < 100; i++) {
		t = tx_begin(&r, r.state != ROTATION_IDLE);
		t = tx_next(&t, TX_RECOVER, &limits);
		r = t.rotation;
		if (t.action != TX_STOP)
			attempts++;
	}
	ck_assert_uint_eq(attempts, 2);
	ck_assert_int_eq(r.state, ROTATION_ATTN);
	ck_assert_int_eq(t.end, TX_END_ATTENTION);
	t = tx_begin(&r, r.state != ROTATION_IDLE);
	t = tx_next(&t, TX_RECOVER_AGAIN, &limits);
	ck_assert_int_eq(t.action, TX_LOGIN_PENDING);
}
END_TEST

START_TEST(current_refused_before_anything_was_sent_needs_a_person)
{
	const struct tx_limits limits = { .revoke_after = 3, .now = 1000 };
	struct rotation r = { .state = ROTATION_IDLE };
	struct tx t = drained(&r, &limits);

	t = tx_next(&t, TX_LOGIN_BAD, &limits);
	ck_assert_int_eq(t.end, TX_END_STRANGER);
	ck_assert_int_eq(t.rotation.state, ROTATION_ATTN);
}
END_TEST

START_TEST(an_unreachable_server_costs_nothing)
{
	const struct tx_limits limits = { .revoke_after = 3, .now = 1000 };
	struct rotation r = { .state = ROTATION_IDLE };
	struct tx t;
	unsigned int i;

	for (i = 0; i < 10; i++) {
		t = drained(&r, &limits);
		ck_assert_int_eq(t.action, TX_LOGIN_CURRENT);
		t = tx_next(&t, TX_LOGIN_NOT_SENT, &limits);
		ck_assert_int_eq(t.end, TX_END_UNREACHABLE);
		r = t.rotation;
		ck_assert_int_eq(r.state, ROTATION_IDLE);
		ck_assert_uint_eq(r.exposures, 0);
	}
}
END_TEST

/* A request was lost, and the quarantine after it is over. */
static struct tx
recovered_late(struct tx_limits *limits)
{
	const struct rotation r = { .state = ROTATION_IDLE,
		.exposures = 1,
		.outstanding = 1,
		.sends = 1,
		.since = 1000 };
	struct tx t = tx_begin(&r, true);

	limits->revoke_after = 3;
	limits->now = 1000 + TX_QUARANTINE + 1;
	return tx_next(&t, TX_RECOVER, limits);
}

START_TEST(a_late_request_is_forgotten_when_current_holds_after_it)
{
	struct tx_limits limits;
	struct tx t = recovered_late(&limits);

	ck_assert_int_eq(t.action, TX_LOGIN_CURRENT);
	ck_assert_uint_eq(t.rotation.outstanding, 1);
	t = tx_next(&t, TX_LOGIN_OK, &limits);
	ck_assert_int_eq(t.end, TX_END_NOTHING);
	ck_assert_uint_eq(t.rotation.outstanding, 0);
	ck_assert_uint_eq(t.rotation.sends, 0);
	ck_assert_uint_eq(t.rotation.exposures, 0);
}
END_TEST

START_TEST(a_request_that_came_in_the_quarantine_is_found)
{
	struct tx_limits limits;
	struct tx t = recovered_late(&limits);

	t = tx_next(&t, TX_LOGIN_BAD, &limits);
	ck_assert_int_eq(t.action, TX_LOGIN_PENDING);
	t = tx_next(&t, TX_LOGIN_OK, &limits);
	ck_assert_int_eq(t.end, TX_END_ROTATED);
}
END_TEST

START_TEST(a_late_request_is_not_forgotten_before_its_time)
{
	const struct tx_limits limits = { .revoke_after = 3,
		.now = 1000 + TX_QUARANTINE };
	const struct rotation r = { .state = ROTATION_IDLE,
		.outstanding = 1,
		.sends = 1,
		.since = 1000 };
	struct tx t = tx_begin(&r, true);

	t = tx_next(&t, TX_RECOVER, &limits);
	t = tx_next(&t, TX_LOGIN_OK, &limits);
	ck_assert_uint_eq(t.rotation.outstanding, 1);
	ck_assert_int_eq(t.end, TX_END_EARLY);
	/* And none is sent beside it. */
	t = tx_begin(&r, true);
	t = tx_next(&t, TX_START, &limits);
	ck_assert_int_eq(t.action, TX_STOP);
	ck_assert_int_eq(t.end, TX_END_EARLY);
	ck_assert_uint_eq(tx_wait(&t.rotation, limits.now), 1);
}
END_TEST

/* Two checks with no answer used the budget up; there is no pending. */
START_TEST(again_without_a_pending_password_proves_current)
{
	const struct tx_limits limits = { .revoke_after = 3, .now = 1000 };
	const struct rotation r = { .state = ROTATION_ATTN, .exposures = 2 };
	struct tx t = tx_begin(&r, false), unknown;

	t = tx_next(&t, TX_RECOVER_AGAIN, &limits);
	ck_assert_int_eq(t.action, TX_LOGIN_CURRENT);
	/* No job is answered before it is proved. */
	ck_assert_int_eq(t.rotation.state, ROTATION_ATTN);
	unknown = tx_next(&t, TX_LOGIN_UNKNOWN, &limits);
	ck_assert_int_eq(unknown.end, TX_END_UNREACHABLE);
	ck_assert_int_eq(unknown.rotation.state, ROTATION_ATTN);
	t = tx_next(&t, TX_LOGIN_OK, &limits);
	ck_assert_int_eq(t.end, TX_END_NOTHING);
	ck_assert_int_eq(t.rotation.state, ROTATION_IDLE);
	ck_assert_uint_eq(t.rotation.exposures, 0);
}
END_TEST

START_TEST(again_waits_for_what_may_be_on_its_way)
{
	struct tx_limits limits = { .revoke_after = 3, .now = 1900 };
	const struct rotation r = { .state = ROTATION_ATTN,
		.exposures = 2,
		.outstanding = 1,
		.sends = 1,
		.since = 1000 };
	struct tx t = tx_begin(&r, true);

	ck_assert_uint_eq(tx_wait(&r, limits.now), 1);
	t = tx_next(&t, TX_RECOVER_AGAIN, &limits);
	ck_assert_int_eq(t.end, TX_END_EARLY);
	ck_assert_int_eq(t.action, TX_STOP);
	ck_assert_uint_eq(t.rotation.exposures, 2);
	limits.now++;
	ck_assert_uint_eq(tx_wait(&r, limits.now), 0);
	t = tx_begin(&r, true);
	t = tx_next(&t, TX_RECOVER_AGAIN, &limits);
	ck_assert_int_eq(t.action, TX_LOGIN_PENDING);
	ck_assert_uint_eq(t.rotation.outstanding, 0);
}
END_TEST

/* It was sent, and an hour later current holds: it comes no more. */
START_TEST(what_was_not_made_in_an_hour_was_refused)
{
	const struct tx_limits limits = { .revoke_after = 3, .now = 4600 };
	const struct rotation r = { .state = ROTATION_SENT,
		.outstanding = 1,
		.sends = 1,
		.since = 1000 };
	struct tx t = tx_begin(&r, true);

	t = tx_next(&t, TX_RECOVER, &limits);
	t = tx_next(&t, TX_LOGIN_BAD, &limits);
	t = tx_next(&t, TX_LOGIN_OK, &limits);
	ck_assert_int_eq(t.end, TX_END_REFUSED);
	ck_assert_uint_eq(t.rotation.outstanding, 0);
}
END_TEST

/* Changed by a person before the change came: two bad logins, not three. */
START_TEST(an_answer_that_took_long_may_be_of_a_bad_login)
{
	struct tx_limits limits = { .revoke_after = 3, .now = 1000 };
	const struct rotation r = { .state = ROTATION_IDLE };
	enum tx_event answer = _i == 0 ? TX_CHANGE_REFUSED : TX_CHANGE_ACCEPTED;
	struct tx t, quick;

	t = drained(&r, &limits);
	t = tx_next(&t, TX_LOGIN_OK, &limits);
	limits.now += TX_FRESH;
	quick = tx_next(&t, answer, &limits);
	ck_assert_uint_eq(quick.rotation.exposures, _i == 0 ? 2 : 1);
	limits.now++;
	t = tx_next(&t, answer, &limits);
	ck_assert_uint_eq(t.rotation.exposures, 2);
	t = tx_next(&t, TX_LOGIN_BAD, &limits);
	ck_assert_int_eq(t.end, TX_END_ATTENTION);
	ck_assert_int_eq(t.action, TX_STOP);
}
END_TEST

/* A refusal may be that of a wrong password; a server where it is not takes
 * current, and the count starts again. */
START_TEST(a_refusal_is_reckoned_with_where_one_login_is_left)
{
	const uint32_t budget = (uint32_t)_i - 1;
	const struct tx_limits limits = { .revoke_after = (uint32_t)_i,
		.now = 1000 };
	const struct rotation r = { .state = ROTATION_IDLE };
	struct tx t = drained(&r, &limits), held;

	t = tx_next(&t, TX_LOGIN_OK, &limits);
	ck_assert_uint_eq(t.rotation.exposures, budget > 2 ? 1 : 0);
	t = tx_next(&t, TX_CHANGE_REFUSED, &limits);
	ck_assert_int_eq(t.action, TX_LOGIN_CURRENT);
	ck_assert_uint_eq(t.rotation.exposures, budget > 1 ? 2 : 1);
	held = tx_next(&t, TX_LOGIN_OK, &limits);
	ck_assert_int_eq(held.end, TX_END_REFUSED);
	ck_assert_uint_eq(held.rotation.exposures, 0);
	t = tx_next(&t, TX_LOGIN_BAD, &limits);
	if (budget > 2)
		ck_assert_int_eq(t.action, TX_LOGIN_PENDING);
	else
		ck_assert_int_eq(t.end, TX_END_ATTENTION);
}
END_TEST

/* A run that waits for the server, which takes current still. */
static struct tx
waiting(const struct tx_limits *limits)
{
	const struct rotation r = { .state = ROTATION_IDLE };
	struct tx t = drained(&r, limits);

	t = tx_next(&t, TX_LOGIN_OK, limits);
	t = tx_next(&t, TX_CHANGE_ACCEPTED, limits);
	ck_assert_uint_eq(t.rotation.outstanding, 1);
	t = tx_next(&t, TX_LOGIN_BAD, limits);
	t = tx_next(&t, TX_LOGIN_OK, limits);
	ck_assert_int_eq(t.action, TX_SETTLE);
	ck_assert_int_eq(t.rotation.state, ROTATION_SENT);
	return t;
}

START_TEST(a_yes_that_comes_true_is_found_by_current)
{
	const struct tx_limits limits = { .revoke_after = 3, .now = 1000 };
	struct tx t = waiting(&limits);
	unsigned int i;

	for (i = 0; i < 10; i++) {
		t = tx_next(&t, TX_WAITED, &limits);
		ck_assert_int_eq(t.action, TX_LOGIN_CURRENT);
		t = tx_next(&t, i == 5 ? TX_LOGIN_NOT_SENT : TX_LOGIN_OK,
		    &limits);
		ck_assert_int_eq(t.action, TX_SETTLE);
		ck_assert_uint_eq(t.rotation.exposures, 1);
	}
	t = tx_next(&t, TX_WAITED, &limits);
	t = tx_next(&t, TX_LOGIN_BAD, &limits);
	ck_assert_int_eq(t.action, TX_LOGIN_PENDING);
	t = tx_next(&t, TX_LOGIN_OK, &limits);
	ck_assert_int_eq(t.end, TX_END_ROTATED);
	ck_assert_uint_eq(t.rotation.outstanding, 0);
}
END_TEST

/* No job is given current before the quarantine is over, and recover ran. */
START_TEST(a_yes_that_does_not_come_true_stays_unsettled)
{
	struct tx_limits limits = { .revoke_after = 3, .now = 1000 };
	struct tx t = waiting(&limits);

	t = tx_next(&t, TX_WAIT_OVER, &limits);
	ck_assert_int_eq(t.end, TX_END_LATE);
	ck_assert_int_eq(t.rotation.state, ROTATION_IDLE);
	ck_assert_uint_eq(t.rotation.outstanding, 1);
	ck_assert(t.has_pending);
	t = tx_begin(&t.rotation, true);
	t = tx_next(&t, TX_START, &limits);
	ck_assert_int_eq(t.end, TX_END_EARLY);
	limits.now += TX_QUARANTINE + 1;
	t = tx_begin(&t.rotation, true);
	t = tx_next(&t, TX_RECOVER, &limits);
	t = tx_next(&t, TX_LOGIN_OK, &limits);
	ck_assert_int_eq(t.end, TX_END_NOTHING);
	ck_assert_int_eq(t.pending, TX_PENDING_REFUSED);
	ck_assert_uint_eq(t.rotation.outstanding, 0);
}
END_TEST

START_TEST(a_wait_in_vain_costs_nothing)
{
	const struct tx_limits limits = { .revoke_after = 3, .now = 1000 };
	const struct rotation r = { .state = ROTATION_IDLE };
	struct tx t = tx_begin(&r, false);

	t = tx_next(&t, TX_START, &limits);
	t = tx_next(&t, TX_NOT_DRAINED, &limits);
	ck_assert_int_eq(t.end, TX_END_HELD);
	ck_assert_int_eq(t.rotation.state, ROTATION_IDLE);
	ck_assert_uint_eq(t.rotation.exposures, 0);
}
END_TEST

START_TEST(check_of_a_refused_password_needs_a_person)
{
	const struct tx_limits limits = { .revoke_after = 3, .now = 1000 };
	const struct rotation r = { .state = ROTATION_IDLE };
	struct tx t = tx_begin(&r, false);

	t = tx_next(&t, TX_CHECK, &limits);
	t = tx_next(&t, TX_LOGIN_BAD, &limits);
	ck_assert_int_eq(t.end, TX_END_STRANGER);
	ck_assert_int_eq(t.rotation.state, ROTATION_ATTN);
}
END_TEST

START_TEST(what_was_never_there_is_not_tried)
{
	const struct tx_limits limits = { .revoke_after = 3, .now = 1000 };
	const struct rotation r = { .state = ROTATION_IDLE,
		.exposures = 1,
		.outstanding = 1 };
	struct tx t = tx_begin(&r, false);

	t = tx_next(&t, TX_RECOVER, &limits);
	t = tx_next(&t, TX_LOGIN_BAD, &limits);
	ck_assert_int_eq(t.action, TX_STOP);
	ck_assert_int_eq(t.end, TX_END_STRANGER);
}
END_TEST

/* With a budget of one, the second --again tries the other of the two. */
START_TEST(again_takes_turns)
{
	const struct tx_limits limits = { .revoke_after = 2, .now = 1000 };
	const struct rotation r = { .state = ROTATION_ATTN, .exposures = 1 };
	struct tx t = tx_begin(&r, true);

	t = tx_next(&t, TX_RECOVER_AGAIN, &limits);
	ck_assert_int_eq(t.action, TX_LOGIN_PENDING);
	t = tx_next(&t, TX_LOGIN_BAD, &limits);
	ck_assert_int_eq(t.end, TX_END_ATTENTION);
	t = tx_begin(&t.rotation, true);
	t = tx_next(&t, TX_RECOVER_AGAIN, &limits);
	ck_assert_int_eq(t.action, TX_LOGIN_CURRENT);
}
END_TEST

START_TEST(an_event_out_of_place_is_fatal)
{
	const struct tx_limits limits = { .revoke_after = 3, .now = 1000 };
	struct rotation r = { .state = ROTATION_IDLE };
	struct tx t = tx_begin(&r, r.state != ROTATION_IDLE);

	t = tx_next(&t, TX_CHANGE_ACCEPTED, &limits);
}
END_TEST

Suite *
transaction_suite(void)
{
	Suite *s = suite_create("transaction");
	TCase *t = tcase_create("steps"), *model = tcase_create("worlds");

	tcase_add_test(t, a_plain_rotation);
	tcase_add_test(t, an_expired_password_needs_no_login_before_the_change);
	tcase_add_test(t, a_check_of_an_expired_password_says_so);
	tcase_add_test(t, a_pending_password_that_expired_is_not_promoted);
	tcase_add_test(t, a_refused_password_is_a_candidate_and_not_used_again);
	tcase_add_test(t, a_crash_loop_spends_no_more_than_the_budget);
	tcase_add_test(t,
	    current_refused_before_anything_was_sent_needs_a_person);
	tcase_add_test(t, an_unreachable_server_costs_nothing);
	tcase_add_test(t,
	    a_late_request_is_forgotten_when_current_holds_after_it);
	tcase_add_test(t, a_request_that_came_in_the_quarantine_is_found);
	tcase_add_test(t, a_late_request_is_not_forgotten_before_its_time);
	tcase_add_test(t, again_without_a_pending_password_proves_current);
	tcase_add_test(t, again_waits_for_what_may_be_on_its_way);
	tcase_add_test(t, what_was_not_made_in_an_hour_was_refused);
	tcase_add_loop_test(t, an_answer_that_took_long_may_be_of_a_bad_login,
	    0, 2);
	tcase_add_loop_test(t,
	    a_refusal_is_reckoned_with_where_one_login_is_left, 2, 5);
	tcase_add_test(t, a_yes_that_comes_true_is_found_by_current);
	tcase_add_test(t, a_yes_that_does_not_come_true_stays_unsettled);
	tcase_add_test(t, a_wait_in_vain_costs_nothing);
	tcase_add_test(t, check_of_a_refused_password_needs_a_person);
	tcase_add_test(t, what_was_never_there_is_not_tried);
	tcase_add_test(t, again_takes_turns);
	tcase_add_test_raise_signal(t, an_event_out_of_place_is_fatal, 6);
	suite_add_tcase(s, t);
	tcase_set_timeout(model, 60);
	tcase_add_test(model, every_crash_is_survived);
	tcase_add_test(model, one_crash_needs_no_person);
	tcase_add_test(model, every_loss_and_delay_is_survived);
	tcase_add_test(model, lying_replies_decide_nothing);
	tcase_add_test(model, honest_refusals_need_no_person);
	tcase_add_test(model, a_yes_may_come_true_later_or_never);
	tcase_add_test(model, a_person_may_change_it_at_any_time);
	tcase_add_test(model, all_of_them_together);
	tcase_add_loop_test(model, an_expired_password_is_changed, 1, 3);
	tcase_add_loop_test(model, an_expired_password_survives_all_of_them, 1,
	    3);
	suite_add_tcase(s, model);
	return s;
}
