/*
 * pawl-rotate in a world where things go wrong: a server that counts bad
 * logins, answers late, falsely or not at all and applies what comes late; a
 * rotator that dies anywhere; jobs that hold the password; a person.
 *
 * What may go wrong, and how often, is given with -D; FREE is without limit.
 * Passwords are numbers, and the lowest that nobody has in mind is the next
 * new one, so that the world is finite however many runs there are.
 */
#include "transaction.pml"

#define FREE 255
#define NONE 15

#ifndef RUNS
#define RUNS FREE
#endif
/* The rotator dies; a request or its reply is lost or late. */
#ifndef CRASHES
#define CRASHES 0
#endif
#ifndef LOSSES
#define LOSSES 0
#endif
/* A change is made after its run gave it up. */
#ifndef DELAYS
#define DELAYS 0
#endif
/* With 1, not while another run is under way; with 2, not right after a proof
 * that failed. */
#ifndef BETWEEN
#define BETWEEN 0
#endif
/* A login is served after its run gave it up. */
#ifndef LATE_LOGINS
#define LATE_LOGINS 0
#endif
/* The server's rules forbid a change; a reply to one says the opposite; a
 * change is made after its reply, whatever that said; a good login is
 * refused. */
#ifndef RULES
#define RULES 0
#endif
#ifndef LIES
#define LIES 0
#endif
#ifndef AFTERWARDS
#define AFTERWARDS 0
#endif
/* A change that the server said yes to is made later, or never. */
#ifndef LATE_YES
#define LATE_YES 0
#endif
#ifndef MOODS
#define MOODS 0
#endif
/* The answer to a change comes late, and not for a change by hand. */
#ifndef SLOWS
#define SLOWS 0
#endif
/* The password expires; nobody knows whether a login with it counts. */
#ifndef EXPIRIES
#define EXPIRIES 0
#endif
/* Jobs that get the password and log in once, some time later. */
#ifndef JOBS
#define JOBS 0
#endif
/*
 * A person has the account looked at and recovers with --again; changes the
 * password on the server, and may tell the vault.
 *
 * By hand, or by another machine from a copy of the vault, it is changed at
 * any time, but for what pawl-rotate(1) warns of: while a request is late, for
 * that and both proofs are bad logins; and between current's login and the
 * change.  With WINDOW it is changed there, too.  Then, revoked after three, no
 * answer is lost there and a yes that is not true is a slow one; revoked after
 * two, every answer is.
 */
#ifndef LOOKS
#define LOOKS 0
#endif
#ifndef HANDS
#define HANDS 0
#endif
#ifndef WINDOW
#define WINDOW 0
#endif
#ifndef ROTATORS
#define ROTATORS 1
#endif
/* What goes wrong is so little that no person may be needed. */
#ifndef QUIET
#define QUIET 0
#endif

/* Steps of the longest run: start, drain, login, send, both proofs; waits for
 * what was promised, each with current's login, and the last proof. */
#define WAITS 2
#define STEPS (6 + (LATE_YES + LIES + AFTERWARDS > 0 -> 2 * WAITS + 1 : 0))

/* Properties, for the line that says which one broke. */
mtype = { never_lost, never_locked, one_bad_login, run_ends, converges,
	proof_first, sent_once, counted,
	jobs_log_in, no_alarm, in_order };

/* Prints nothing while it is checked; when its trail is replayed, the name. */
inline must(property, holds)
{
	if
	:: holds
	:: else -> printf("broken: %e\n", property); assert(false)
	fi
}

/* The vault. */
byte v_current = 0, v_pending = NONE, v_history = 0;
mtype d_state = idle, d_tried = none, d_reply = none;
byte d_exposures = 0, d_outstanding = 0, d_sends = 0;
bool d_aged = false;
bool locked = false;

/* The server, and requests that come late: a login has nothing new. */
byte s_password = 0, s_bad = 0;
bool s_expired = false;
byte late_old[2] = NONE, late_new[2] = NONE;
byte holders = 0;

byte runs = RUNS, crashes = CRASHES, losses = LOSSES, rules = RULES;
byte lies = LIES, afterwards = AFTERWARDS, moods = MOODS, jobs = JOBS;
byte late_logins = LATE_LOGINS, looks = LOOKS, hands = HANDS;
byte late_yes = LATE_YES;
byte delays = DELAYS, slows = SLOWS, expiries = EXPIRIES;
bool by_hand = false, landed = false;
/* A change will be sent as soon as the rotator gets to it; it was changed by
 * hand before that. */
bool checked = false, touched = false;
/* The login that was to prove one of the two did not. */
bool failed = false;
/* 1 when nothing fails any more, and more after each run since. */
byte calm = 0;

byte fresh = 0;

#define MAY(what) (what > 0)
#define NOTHING_LATE (late_old[0] == NONE && late_old[1] == NONE)
#define IN_HISTORY(n) ((v_history >> n) & 1)
#define IN_MIND(n) (n == v_current || n == v_pending || n == s_password || \
	n == late_old[0] || n == late_new[0] || n == late_old[1] || \
	n == late_new[1] || IN_HISTORY(n))
/* Worlds in which a password may come back from the history. */
#define HISTORY (AFTERWARDS > 0 || HANDS > 0)
/* Worlds in which bad logins are made that no rotator is to blame for. */
#define STRANGE (JOBS > 0 || HANDS > 0 || LATE_LOGINS > 0 || \
	AFTERWARDS > 0 || LOOKS > 0)

inline use(what)
{
	what = (what == FREE -> FREE : what - 1)
}

inline invent(password)
{
	fresh = 0;
	do
	:: IN_MIND(fresh) -> fresh++
	:: else -> break
	od;
	assert(fresh < 8);
	password = fresh;
	fresh = 0
}

/* What must hold whenever the server or the vault has changed. */
inline inspect()
{
	must(never_lost, by_hand || s_password == v_current ||
	    s_password == v_pending || IN_HISTORY(s_password));
	must(never_locked, s_bad < REVOKE_AFTER);
	must(counted, STRANGE || s_bad <= d_exposures);
	must(counted, d_exposures <= BUDGET && d_sends <= d_outstanding);
	must(sent_once, d_outstanding <= 1)
}

/* --- The server ---------------------------------------------------------- */

/* One that has expired is refused, and may be counted or not. */
inline serve_login(password, ok)
{
	ok = (s_password == password && !s_expired);
	if
	:: s_password == password && s_expired
	:: !ok -> s_bad++
	:: ok -> s_bad = 0
	fi;
	inspect()
}

inline serve_change(old, new, ok)
{
	ok = (s_password == old);
	s_password = (ok -> new : s_password);
	s_expired = (ok -> false : s_expired);
	s_bad = (ok -> 0 : s_bad + 1);
	inspect()
}

/* A place for a request that comes late. */
inline delay(old, new)
{
	if
	:: late_old[0] == NONE -> late_old[0] = old; late_new[0] = new
	:: else -> late_old[1] = old; late_new[1] = new
	fi
}

inline forget_late(i)
{
	printf("not late: %d, %d\n", late_old[i], late_new[i]);
	late_old[i] = NONE;
	late_new[i] = NONE
}

inline serve_late(i)
{
	landed = (locked -> true : landed);
	printf("late: %d, %d\n", late_old[i], late_new[i]);
	if
	:: late_new[i] == NONE -> serve_login(late_old[i], made)
	:: else -> serve_change(late_old[i], late_new[i], made)
	fi;
	forget_late(i)
}

#define LANDS (BETWEEN == 0 || (BETWEEN == 1 && !locked) || \
	(BETWEEN == 2 && !failed))
#define ROOM (late_old[0] == NONE || late_old[1] == NONE)

/* What is late comes in any order, or never; what is old comes no more. */
active proctype Late()
{
	bool made = false;

end:	do
	:: atomic { late_old[0] != NONE && LANDS -> serve_late(0); made = false }
	:: atomic { late_old[1] != NONE && LANDS -> serve_late(1); made = false }
	:: atomic { late_old[0] != NONE -> forget_late(0) }
	:: atomic { late_old[1] != NONE -> forget_late(1) }
	:: atomic { !locked && d_state != pending && NOTHING_LATE && !d_aged ->
		d_aged = true }
	od
}

/* --- The rotator --------------------------------------------------------- */

inline load()
{
	t.state = d_state;
	t.tried = d_tried;
	t.reply = d_reply;
	t.exposures = d_exposures;
	t.outstanding = d_outstanding;
	t.sends = d_sends;
	t.aged = d_aged;
	t.has_pending = (v_pending != NONE);
	t.phase = none;
	t.end = none;
	t.before = none
}

inline promote()
{
	must(proof_first, proved == v_pending);
	v_history = (HISTORY -> v_history | (1 << v_current) : 0);
	v_current = v_pending;
	v_pending = NONE
}

inline keep_candidate()
{
	must(proof_first, proved == v_current);
	v_history = (HISTORY -> v_history | (1 << v_pending) : 0);
	v_pending = NONE
}

/* A line of the trail. */
inline tell()
{
	printf("%e: %e, %e; bad %d, exposures %d, outstanding %d, sends %d\n",
	    event, t.state, t.action, s_bad, t.exposures, t.outstanding,
	    t.sends)
}

/* One commit of the vault. */
inline persist()
{
	d_state = t.state;
	d_tried = t.tried;
	d_reply = t.reply;
	d_exposures = t.exposures;
	d_outstanding = t.outstanding;
	d_sends = t.sends;
	d_aged = t.aged;
	touched = (asked -> false : touched);
	if
	:: t.fate == needed && v_pending == NONE -> invent(v_pending)
	:: t.fate == promoted -> promote()
	:: t.fate == refused -> keep_candidate()
	:: else
	fi;
	inspect()
}

inline log_in(password)
{
	must(in_order, password != NONE);
	if
	:: MAY(losses) -> use(losses); event = login_not_sent
	:: MAY(losses) -> use(losses); event = login_unknown
	:: MAY(late_logins) && ROOM ->
		use(late_logins);
		delay(password, NONE);
		event = login_unknown
	:: MAY(moods) -> use(moods); event = login_bad
	:: true ->
		serve_login(password, made);
		bad = bad + (s_password == password -> 0 : 1);
		proved = (made -> password : proved);
		event = (made -> login_ok : login_bad);
		event = (s_expired && s_password == password -> login_expired :
		    event);
		proved = (event == login_expired -> password : proved);
		if
		:: MAY(losses) -> use(losses); event = login_unknown
		:: true
		fi
	fi
}

/* The server is reached: what it does, and what it says of it. */
inline ask_for_change()
{
	if
	:: MAY(rules) && s_password == v_current ->
		use(rules);
		made = false
	:: true ->
		serve_change(v_current, v_pending, made);
		bad = bad + (made -> 0 : 1)
	fi;
	event = (made -> change_accepted : change_refused);
	if
	:: MAY(losses) && (!touched || REVOKE_AFTER > 3) ->
		use(losses);
		event = change_unknown
	:: MAY(lies) && (!touched || REVOKE_AFTER > 3 || t.slow) ->
		use(lies);
		event = (made -> change_refused : change_accepted)
	:: true
	fi
}

inline send_change()
{
	must(in_order, v_pending != NONE && d_state == sent);
	/* Only what was just proved is asked to be changed, once a run. */
	must(sent_once, !asked && proved == v_current);
	asked = true;
	checked = false;
	if
	:: touched -> t.slow = true
	:: !touched && MAY(slows) -> use(slows); t.slow = true
	:: !touched || REVOKE_AFTER > 2
	fi;
	proved = NONE;
	if
	:: MAY(losses) -> use(losses); event = change_not_sent
	:: MAY(losses) -> use(losses); event = change_unknown
	:: MAY(late_yes) && NOTHING_LATE && s_password == v_current ->
		use(late_yes);
		delay(v_current, v_pending);
		event = change_accepted
	:: MAY(delays) && ROOM && !touched ->
		use(delays);
		delay(v_current, v_pending);
		event = change_unknown
	:: MAY(afterwards) && ROOM ->
		use(afterwards);
		delay(v_current, v_pending);
		if
		:: event = change_accepted
		:: event = change_refused
		fi
	:: true -> ask_for_change()
	fi
}

/* The driver waits for as long as it likes. */
inline wait_awhile()
{
	if
	:: waits < WAITS -> waits++; event = waited
	:: event = wait_over
	fi
}

inline act()
{
	if
	:: t.action == login_current ->
		log_in(v_current);
		checked = (t.phase == check &&
		    (event == login_ok || event == login_expired));
		touched = false
	:: t.action == login_pending -> log_in(v_pending)
	:: t.action == drain -> event = (holders == 0 -> drained : not_drained)
	:: t.action == settle -> wait_awhile()
	:: t.action == send -> send_change()
	fi;
	failed = (t.phase == prove && event == login_bad);
	must(one_bad_login, bad <= 1 || landed || by_hand || HISTORY)
}

/* What a person or a timer wants. */
inline choose()
{
	if
	:: calm == 0 -> event = start
	:: calm == 0 -> event = check
	:: calm < 2 -> event = recover
	:: d_state == attention && (calm >= 2 || MAY(looks)) ->
		use(looks);
		s_bad = 0;
		event = recover_again
	fi
}

/* A run is over; in calm it may take three, if a person is needed. */
inline conclude()
{
	must(no_alarm, !QUIET || d_state != attention);
	must(run_ends, t.end != none);
	must(run_ends, t.state == idle || t.state == attention ||
	    t.end == unproved);
	if
	:: calm > 0 ->
		calm++;
		must(converges, !t.settled || d_state != idle ||
		    d_outstanding == 0);
		must(converges, d_state == idle || by_hand || HISTORY ||
		    (d_state == attention && calm < 4));
		must(converges, d_state == attention || by_hand || HISTORY ||
		    s_password == v_current)
	:: else
	fi
}

inline clear()
{
	load();
	t.state = none;
	t.tried = none;
	t.reply = none;
	t.exposures = 0;
	t.outstanding = 0;
	t.sends = 0;
	t.aged = false;
	t.has_pending = false;
	t.fate = none;
	t.action = none;
	t.current_bad = false;
	t.pending_bad = false;
	t.settled = false;
	t.slow = false;
	event = none;
	proved = NONE;
	asked = false;
	made = false;
	bad = 0;
	waits = 0;
	steps = 0
}

inline leave()
{
	clear();
	landed = false;
	checked = false;
	touched = false;
	failed = false;
	locked = false
}

proctype Rotator()
{
	Run t;
	mtype event = none;
	byte proved = NONE, bad = 0, steps = 0, waits = 0;
	bool asked = false, made = false;

	atomic { clear() };
end:	do
	:: atomic { !locked && MAY(runs) &&
	    (calm < 2 || (calm < 4 && d_state == attention &&
	    (d_aged || d_outstanding == 0))) ->
		locked = true;
		use(runs);
		choose();
		load()
	   }
step:	   atomic {
		d_step { next(event); tell() };
		must(in_order, t.action != fault);
		steps++;
		must(run_ends, steps <= STEPS);
		if
		:: MAY(crashes) && (!touched || REVOKE_AFTER > 3) ->
			use(crashes);
			goto died
		:: true -> persist()
		fi;
		if
		:: MAY(crashes) -> use(crashes); goto died
		:: t.action == stop -> conclude()
		:: t.action != stop -> act(); goto step
		fi
	   };
	   if
	   :: d_state == idle || d_state == attention ->
progress:	atomic { leave() }
	   :: else ->
died:		atomic { leave() }
	   fi
	/* From now on everything works, and somebody recovers. */
	:: atomic { !locked && calm == 0 && NOTHING_LATE && holders == 0 ->
		calm = 1;
		runs = FREE;
		crashes = 0;
		losses = 0;
		delays = 0;
		slows = 0;
		expiries = 0;
		late_logins = 0;
		rules = 0;
		lies = 0;
		afterwards = 0;
		late_yes = 0;
		moods = 0;
		jobs = 0;
		looks = FREE;
		hands = 0
	   }
	od
}

/* --- Others -------------------------------------------------------------- */

/* pawl-askpass answers in IDLE, unless a change may still come; it lives a
 * millisecond, and notes the job. */
#define UNSETTLED (d_outstanding > 0 && v_pending != NONE)

active proctype Job()
{
	byte password = NONE;
	bool made = false;

end:	do
	:: atomic { MAY(jobs) && d_state == idle && !UNSETTLED ->
		use(jobs);
		holders++;
		password = v_current
	   };
	   atomic {
		serve_login(password, made);
		must(jobs_log_in, made);
		holders--;
		made = false;
		password = NONE
	   }
	od
}

/* Somebody changes it on the server, and pawl-vault set follows. */
active proctype Hand()
{
end:	do
	:: atomic { MAY(hands) && NOTHING_LATE && (WINDOW || !checked) ->
		use(hands);
		by_hand = true;
		touched = checked;
		invent(s_password);
		s_bad = 0
	   }
	:: atomic { by_hand && !locked && d_state == attention ->
		v_history = v_history | (1 << v_current);
		v_history = (v_pending == NONE -> v_history :
		    v_history | (1 << v_pending));
		v_current = s_password;
		by_hand = false;
		v_pending = NONE;
		d_state = idle;
		d_tried = none;
		d_reply = none;
		d_exposures = 0;
		d_outstanding = 0;
		d_sends = 0;
		d_aged = false
	   }
	od
}

/* Time passes, and nobody rotates. */
active proctype Calendar()
{
end:	do
	:: atomic { MAY(expiries) && !s_expired && d_state == idle &&
	    s_password == v_current ->
		use(expiries);
		s_expired = true
	   }
	od
}

init {
	byte i;

	atomic {
		for (i : 1 .. ROTATORS) {
			run Rotator()
		}
	}
}
