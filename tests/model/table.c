/*
 * table [REVOKE_AFTER]: the program's transition table, from its own pure
 * functions: every abstract state with every event, a line each,
 *
 *	phase state tried reply exposures outstanding sends aged
 *	has-pending current-bad pending-bad settled slow before action : event ->
 *	the same, fate end
 *
 * in the order and the words of table.pml, which prints the model's.  An
 * event that cannot come aborts the program; here that is the word fault.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "transaction.h"

#define OUTSTANDING_MAX 2u
#define EVENTS 17
#define LONG_AGO 1000u

/* The words of the model: no '-' in a name. */
static const char *const phases[] = { "none", "check", "drain", "change",
	"prove", "recheck", "settle", "retry" };
static const char *const tries[] = { "none", "current", "pending" };
static const char *const replies[] = { "none", "yes", "no" };
static const char *const actions[] = { "login_current", "login_pending",
	"drain", "send", "settle", "stop" };
static const char *const fates[] = { "stays", "needed", "promoted", "refused" };

static sigjmp_buf aborted;

static void
on_abort(int number)
{
	(void)number;
	siglongjmp(aborted, 1);
}

static bool
is_aged(const struct rotation *r, const struct tx_limits *limits)
{
	return limits->now > r->since + TX_QUARANTINE;
}

static bool
is_slow(const struct tx *t, const struct tx_limits *limits)
{
	return t->phase == TX_PHASE_CHANGE &&
	    limits->now > t->checked + TX_FRESH;
}

static void
print_state(const struct tx *t, const struct tx_limits *limits)
{
	const struct rotation *r = &t->rotation;

	printf("%s %s %s %s %u %u %u %d %d %d %d %d %d %s %s", phases[t->phase],
	    tx_state_name(r->state), tries[r->tried], replies[r->reply],
	    (unsigned int)r->exposures, (unsigned int)r->outstanding,
	    (unsigned int)r->sends, is_aged(r, limits), t->has_pending,
	    t->current_bad, t->pending_bad, t->settled, is_slow(t, limits),
	    tries[t->before], actions[t->action]);
}

static void
print_event(enum tx_event event)
{
	const char *p;

	for (p = tx_event_name(event); *p != '\0'; p++)
		putchar(*p == '-' ? '_' : *p);
}

static void
print_entry(const struct tx *t, enum tx_event event,
    const struct tx_limits *limits)
{
	struct tx next;

	print_state(t, limits);
	printf(" : ");
	print_event(event);
	printf(" -> ");
	if (sigsetjmp(aborted, 1) != 0) {
		printf("fault\n");
		return;
	}
	next = tx_next(t, event, limits);
	print_state(&next, limits);
	printf(" %s %s\n", fates[next.pending], tx_end_name(next.end));
}

static void
print_events(const struct tx *t, const struct tx_limits *limits)
{
	int event;

	for (event = 0; event < EVENTS; event++)
		print_entry(t, (enum tx_event)event, limits);
}

/* Only a run that proves has anything of these to remember, and one that waits
 * what it has proved. */
static void
each_proof(struct tx t, const struct tx_limits *limits)
{
	unsigned int n;

	for (n = 0; n < 2 * 2 * 3 * 2; n++) {
		t.current_bad = n / 12 != 0;
		t.pending_bad = n / 6 % 2 != 0;
		t.before = (enum rotation_tried)(n / 2 % 3);
		t.action = n % 2 == 0 ? TX_LOGIN_CURRENT : TX_LOGIN_PENDING;
		print_events(&t, limits);
	}
}

/* A run that has not begun has its age, one that has what it made of it, and
 * one that waits for the answer to a change the time since; what was sent, or
 * is to be, is pending. */
static void
each_age(struct tx t, struct tx_limits limits)
{
	bool new = t.phase == TX_PHASE_NONE;
	bool free = new || t.phase == TX_PHASE_RECHECK;
	bool asked = t.phase == TX_PHASE_CHANGE;
	bool proving = t.phase == TX_PHASE_PROVE;
	bool young = proving || t.phase > TX_PHASE_RECHECK;
	unsigned int n;

	t.rotation.since = LONG_AGO;
	for (n = 0; n < 4; n++) {
		if ((n / 2 == 0 && !free) || (n % 2 == 1 && young))
			continue;
		t.has_pending = n / 2 != 0;
		t.settled = n % 2 != 0 && !new && !asked;
		limits.now = LONG_AGO + TX_QUARANTINE + (n % 2 != 0 && new);
		t.checked = limits.now - TX_FRESH - (n % 2 != 0);
		if (proving) {
			each_proof(t, &limits);
			continue;
		}
		print_events(&t, &limits);
		if (!young)
			continue;
		t.pending_bad = true;
		print_events(&t, &limits);
		t.pending_bad = false;
	}
}

/* Of requests on their way, as many as all are for pending. */
static void
each_count(struct tx t, struct tx_limits limits)
{
	uint32_t *outstanding = &t.rotation.outstanding;
	uint32_t *sends = &t.rotation.sends;

	for (*outstanding = 0; *outstanding <= OUTSTANDING_MAX; ++*outstanding)
		for (*sends = 0; *sends <= *outstanding; ++*sends)
			if (*sends > 0 ||
			    (t.phase != TX_PHASE_CHANGE &&
				t.phase <= TX_PHASE_RECHECK))
				each_age(t, limits);
}

static void
each_memory(struct tx t, struct tx_limits limits)
{
	struct rotation *r = &t.rotation;
	unsigned int n;

	for (n = 0; n < 3 * 3; n++) {
		r->tried = (enum rotation_tried)(n / 3);
		r->reply = (enum rotation_reply)(n % 3);
		for (r->exposures = 0; r->exposures < limits.revoke_after;
		     r->exposures++)
			each_count(t, limits);
	}
}

int
main(int argc, char *argv[])
{
	/* What a run waits for in each phase, and where it then is. */
	static const enum rotation_state states[] = { ROTATION_IDLE,
		ROTATION_PEND, ROTATION_PEND, ROTATION_SENT, ROTATION_SENT,
		ROTATION_IDLE, ROTATION_SENT, ROTATION_SENT };
	static const enum tx_action waits[] = { TX_STOP, TX_LOGIN_CURRENT,
		TX_DRAIN, TX_SEND, TX_LOGIN_CURRENT, TX_LOGIN_CURRENT,
		TX_SETTLE, TX_LOGIN_CURRENT };
	struct tx_limits limits = { .revoke_after = 3 };
	struct tx t;
	int phase, state;

	if (argc == 2)
		limits.revoke_after = (uint32_t)strtoul(argv[1], NULL, 10);
	(void)signal(SIGABRT, on_abort);
	for (phase = 0; phase < 8; phase++)
		for (state = 0; state < 4; state++) {
			if (phase != 0 && state != (int)states[phase] &&
			    (phase != 5 || state != ROTATION_ATTN))
				continue;
			memset(&t, 0, sizeof(t));
			t.phase = (enum tx_phase)phase;
			t.rotation.state = (enum rotation_state)state;
			t.action = waits[phase];
			each_memory(t, limits);
		}
	return fflush(stdout) == 0 ? 0 : 1;
}
