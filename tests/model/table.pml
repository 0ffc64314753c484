/*
 * The model's transition table: every abstract state with every event, a line
 * each, in the order and the words of table.c.
 */
#include "transaction.pml"

#define OUTSTANDING_MAX 2
#define FLAG(i) (i == 1)

mtype states[4], tries[3], replies[3], phases[8], events[17];

inline name_all()
{
	states[0] = idle; states[1] = pending; states[2] = sent;
	states[3] = attention;
	tries[0] = none; tries[1] = current; tries[2] = pending;
	replies[0] = none; replies[1] = yes; replies[2] = no;
	phases[0] = none; phases[1] = check; phases[2] = drain;
	phases[3] = change; phases[4] = prove; phases[5] = recheck;
	phases[6] = settle; phases[7] = retry;
	events[0] = start; events[1] = recover; events[2] = recover_again;
	events[3] = check; events[4] = login_ok; events[5] = login_bad;
	events[6] = login_unknown; events[7] = login_not_sent;
	events[8] = login_expired;
	events[9] = change_accepted; events[10] = change_refused;
	events[11] = change_unknown; events[12] = change_not_sent;
	events[13] = drained; events[14] = not_drained;
	events[15] = waited; events[16] = wait_over
}

/* What a run can be waiting for, in each phase. */
inline set_action(second)
{
	if
	:: t.phase == none -> t.action = stop
	:: t.phase == drain -> t.action = drain
	:: t.phase == change -> t.action = send
	:: t.phase == settle -> t.action = settle
	:: t.phase == prove && second -> t.action = login_pending
	:: else -> t.action = login_current
	fi
}

/* In a checker, %e is a number. */
inline print_word(word)
{
	printm(word);
	printf(" ")
}

inline print_state()
{
	print_word(t.phase);
	print_word(t.state);
	print_word(t.tried);
	print_word(t.reply);
	printf("%d %d %d %d %d ", t.exposures, t.outstanding, t.sends,
	    t.aged, t.has_pending);
	printf("%d %d %d %d ", t.current_bad, t.pending_bad, t.settled,
	    t.phase == change && t.slow);
	print_word(t.before);
	print_word(t.action)
}

#define IN_PLACE (p == 0 || (p == 1 && s == 1) || (p == 2 && s == 1) || \
	(p == 3 && s == 2) || (p == 4 && s == 2) || \
	(p == 5 && (s == 0 || s == 3)) || (p >= 6 && s == 2))
/* Only a run that proves has anything of these to remember, and one that waits
 * what it has proved. */
#define REMEMBERED (p == 4 || (cb == 0 && b == 0 && w == 0 && \
	(pb == 0 || p >= 6)))
/* A run that has not begun has its age, one that has what it made of it, and
 * one that waits for the answer to a change the time since; what was sent, or
 * is to be, is pending. */
#define KNOWN ((h == 1 || p == 0 || p == 5) && \
	(a == 0 || (p != 4 && p < 6)))
#define SENT_IF_ASKED ((p != 3 && p < 6) || g > 0)
#define ALLOWED (IN_PLACE && REMEMBERED && KNOWN && SENT_IF_ASKED)

active proctype Table()
{
	Run t;
	byte p, s, i, j, x, o, g, h, a, cb, pb, b, w, e;

	d_step {
	name_all();
	for (p : 0 .. 7) { for (s : 0 .. 3) { for (i : 0 .. 2) {
	for (j : 0 .. 2) { for (x : 0 .. BUDGET) {
	for (o : 0 .. OUTSTANDING_MAX) { for (g : 0 .. o) {
	for (h : 0 .. 1) { for (a : 0 .. 1) { for (cb : 0 .. 1) { for (pb : 0 .. 1) {
	for (b : 0 .. 2) { for (w : 0 .. 1) { for (e : 0 .. 16) {
		if
		:: ALLOWED ->
			t.phase = phases[p];
			t.state = states[s];
			t.tried = tries[i];
			t.reply = replies[j];
			t.exposures = x;
			t.outstanding = o;
			t.sends = g;
			t.aged = (FLAG(a) && p == 0);
			t.settled = (FLAG(a) && p != 0 && p != 3);
			t.slow = (FLAG(a) && p == 3);
			t.has_pending = FLAG(h);
			t.current_bad = FLAG(cb);
			t.pending_bad = FLAG(pb);
			t.before = tries[b];
			t.end = none;
			set_action(w == 1);
			print_state();
			printf(": ");
			print_word(events[e]);
			printf("-> ");
			next(events[e]);
			if
			:: t.action == fault -> printf("fault\n")
			:: else ->
				print_state();
				print_word(t.fate);
				printm(t.end);
				printf("\n")
			fi
		:: else
		fi
	} } } } } } } } } } } } } } }
}
