/*
 * The transaction as a model: what rotate/transaction.c does, said again.
 * table.pml prints all of it, line by line, to be compared with what table.c
 * prints of the program's; rotate.pml puts it into a world where things go
 * wrong.
 *
 * A run is a variable t of type Run.  Words that two of its parts share, such
 * as none, are one constant.  Times are one bit: aged, when the state is
 * older than TX_QUARANTINE; slow, when the answer to the change comes later than
 * TX_FRESH after current's login.
 */

/* States, and which password was tried last; what the server said. */
mtype = { idle, pending, sent, attention, none, current, yes, no };
/* Events. */
mtype = { start, recover, recover_again, check, login_ok, login_bad,
	login_unknown, login_not_sent, login_expired, change_accepted, change_refused,
	change_unknown, change_not_sent, drained, not_drained, waited,
	wait_over };
/* Actions; phases, with none and check; what becomes of pending. */
mtype = { login_current, login_pending, drain, send, settle, stop };
mtype = { change, prove, recheck, retry };
mtype = { stays, needed, promoted, refused };
/* Ends, with none, refused and attention; and no step at all. */
mtype = { rotated, nothing, lost, unreachable, held, unproved, stranger,
	expired, early, late, fault };

/* Bad logins in a row that revoke the account, and the budget. */
#ifndef REVOKE_AFTER
#define REVOKE_AFTER 3
#endif
#define BUDGET (REVOKE_AFTER - 1)

typedef Run {
	/* Durable. */
	mtype state;
	mtype tried;
	mtype reply;
	byte exposures;
	byte outstanding;
	byte sends;
	bool aged;
	/* There is a pending password, and what becomes of it. */
	bool has_pending;
	mtype fate;
	/* Of the run. */
	mtype phase;
	mtype action;
	mtype end;
	mtype before;
	bool current_bad;
	bool pending_bad;
	/* No request is on its way any more, but one may have come. */
	bool settled;
	bool slow
}

inline halt(how)
{
	t.phase = none;
	t.action = stop;
	t.end = how
}

inline enter(where)
{
	t.aged = (t.state == where -> t.aged : false);
	t.state = where
}

inline need_person(how)
{
	enter(attention);
	halt(how)
}

inline rest(how)
{
	t.tried = none;
	t.reply = none;
	enter(idle);
	halt(how)
}

inline give_back()
{
	t.exposures = (t.exposures > 0 -> t.exposures - 1 : 0)
}

/* Spend one of the budget, and then try. */
inline attempt(which, how, why)
{
	if
	:: t.exposures >= BUDGET ->
		need_person(attention)
	:: else ->
		t.exposures++;
		t.before = t.tried;
		t.tried = which;
		t.action = how;
		t.phase = why
	fi
}

inline find_out()
{
	if
	:: t.pending_bad || (!t.current_bad && (t.reply == no ||
	   (t.reply == none && t.tried == pending))) ->
		attempt(current, login_current, prove)
	:: else ->
		attempt(pending, login_pending, prove)
	fi
}

/* Current is refused: an older request did it, or nobody knows who. */
inline was_applied()
{
	t.outstanding--;
	t.sends = (t.sends > 0 -> t.sends - 1 : 0);
	t.current_bad = true;
	t.pending_bad = false;
	give_back();
	enter(sent);
	find_out()
}

inline forget()
{
	t.outstanding = 0;
	t.sends = 0
}

/* Current is right: what can come no more is forgotten. */
inline none_came()
{
	if
	:: t.settled -> forget()
	:: else
	fi
}

/* The wait for the jobs comes before current's login, and after its price. */
inline begin_rotation()
{
	t.tried = none;
	t.fate = needed;
	t.has_pending = true;
	enter(pending);
	attempt(current, login_current, drain);
	t.action = (t.phase == drain -> drain : t.action)
}

inline begin_again()
{
	none_came();
	t.exposures = 0;
	t.reply = none;
	if
	:: t.has_pending ->
		enter(sent);
		find_out()
	:: else ->
		attempt(current, login_current, recheck)
	fi
}

inline begin_in_time(event)
{
	if
	:: event == recover_again && t.state == attention ->
		begin_again()
	:: event == start && t.state == idle ->
		begin_rotation()
	:: t.state == sent ->
		none_came();
		find_out()
	:: event != recover_again && t.state == attention ->
		halt(attention)
	:: t.state == pending ->
		rest(nothing);
		if
		:: t.outstanding > 0 ->
			t.end = none;
			attempt(current, login_current, recheck)
		:: else
		fi
	:: event != start && t.state == idle ->
		if
		:: t.outstanding > 0 || event == check ->
			t.end = none;
			attempt(current, login_current, recheck)
		:: else ->
			halt(nothing)
		fi
	fi
}

inline begin(event)
{
	t.settled = (t.state != pending && t.aged);
	if
	:: ((event == recover_again && t.state == attention &&
	   t.reply != yes) || (event == start && t.state == idle)) &&
	   t.outstanding > 0 && !t.settled ->
		halt(early)
	:: else ->
		begin_in_time(event)
	fi
}

/* Somebody may have changed it since current logged in, and the change may be a
 * bad login; reckoned with where so many logins are left. */
inline charge(logins)
{
	if
	:: t.exposures == 0 && BUDGET > logins -> t.exposures = 1
	:: else
	fi
}

inline send_now()
{
	t.tried = none;
	t.reply = none;
	t.sends++;
	t.outstanding++;
	t.slow = false;
	charge(2);
	enter(sent);
	t.phase = change;
	t.action = send
}

inline after_check(event)
{
	if
	:: event == login_ok ->
		none_came();
		t.exposures = t.outstanding;
		send_now()
	:: event == login_expired ->
		none_came();
		send_now()
	:: event == login_bad ->
		if
		:: t.outstanding == 0 -> need_person(stranger)
		:: else -> was_applied()
		fi
	:: event == login_not_sent ->
		give_back();
		rest(unreachable)
	:: event == login_unknown ->
		rest(unreachable)
	fi
}

inline after_drain(event)
{
	if
	:: event == not_drained ->
		give_back();
		rest(held)
	:: event == drained ->
		t.phase = check;
		t.action = login_current
	fi
}

inline after_change(event)
{
	if
	:: event == change_accepted ->
		t.reply = yes;
		if
		:: t.slow -> charge(0)
		:: else
		fi;
		find_out()
	:: event == change_refused ->
		t.outstanding--;
		t.sends--;
		t.reply = no;
		charge((t.slow -> 0 : 1));
		find_out()
	:: event == change_unknown ->
		find_out()
	:: event == change_not_sent ->
		t.outstanding--;
		t.sends--;
		rest(unreachable)
	fi
}

/* The server is slow to do what it said; from now on current is first. */
inline wait()
{
	t.reply = none;
	t.tried = pending;
	t.phase = settle;
	t.action = settle
}

/* Current holds after a change was sent. */
inline not_applied()
{
	if
	:: t.outstanding > 0 && t.reply == yes ->
		wait()
	:: t.outstanding > 0 && t.reply != yes ->
		rest(lost)
	:: else ->
		t.sends = 0;
		t.fate = refused;
		t.has_pending = false;
		rest(refused)
	fi
}

inline after_proof(event)
{
	if
	:: event == login_ok && t.action == login_pending ->
		t.outstanding = t.outstanding - (t.sends > 0 -> 1 : 0);
		t.exposures = t.outstanding;
		t.sends = 0;
		t.fate = promoted;
		t.has_pending = false;
		rest(rotated)
	:: event == login_ok && t.action == login_current ->
		t.exposures = t.outstanding;
		not_applied()
	:: event == login_expired && t.action == login_current ->
		not_applied()
	:: event == login_expired && t.action == login_pending ->
		halt(unproved)
	:: event == login_bad ->
		t.current_bad = (t.current_bad || t.action == login_current);
		t.pending_bad = (t.pending_bad || t.action == login_pending);
		if
		:: t.current_bad && t.pending_bad -> need_person(attention)
		:: else -> find_out()
		fi
	:: event == login_not_sent ->
		give_back();
		t.tried = t.before;
		halt(unproved)
	:: event == login_unknown ->
		halt(unproved)
	fi
}

inline after_wait(event)
{
	if
	:: event == waited ->
		attempt(current, login_current, retry);
		t.tried = pending
	:: event == wait_over ->
		rest(late)
	fi
}

inline after_retry(event)
{
	if
	:: event == login_ok ->
		t.exposures = t.outstanding;
		wait()
	:: event == login_not_sent ->
		give_back();
		wait()
	:: event == login_bad ->
		was_applied()
	:: event == login_unknown || event == login_expired ->
		rest(late)
	fi
}

/* It holds after the quarantine: what was sent for is only a candidate. */
inline never_applied()
{
	if
	:: t.settled && t.outstanding > 0 && t.has_pending ->
		t.fate = refused;
		t.has_pending = false
	:: else
	fi;
	none_came()
}

/* What needed a person still does. */
inline not_rechecked()
{
	if
	:: t.state == attention -> halt(unreachable)
	:: else -> rest(unreachable)
	fi
}

inline after_recheck(event)
{
	if
	:: event == login_ok ->
		never_applied();
		t.exposures = t.outstanding;
		if
		:: t.outstanding > 0 -> rest(early)
		:: else -> rest(nothing)
		fi
	:: event == login_expired ->
		never_applied();
		rest(expired)
	:: event == login_bad ->
		if
		:: t.outstanding == 0 || !t.has_pending -> need_person(stranger)
		:: else -> was_applied()
		fi
	:: event == login_not_sent ->
		give_back();
		not_rechecked()
	:: event == login_unknown ->
		not_rechecked()
	fi
}

#define TO_BEGIN(e) (e == start || e == recover || e == recover_again || \
	e == check)
#define OF_LOGIN(e) (e == login_ok || e == login_bad || e == login_unknown || \
	e == login_not_sent || e == login_expired)
#define OF_CHANGE(e) (e == change_accepted || e == change_refused || \
	e == change_unknown || e == change_not_sent)
#define OF_WAIT(e) (e == waited || e == wait_over)
#define OF_DRAIN(e) (e == drained || e == not_drained)

/* One step; an event that cannot come is a fault. */
inline next(event)
{
	t.fate = stays;
	if
	:: t.phase == none && TO_BEGIN(event) -> begin(event)
	:: t.phase == check && OF_LOGIN(event) -> after_check(event)
	:: t.phase == drain && OF_DRAIN(event) -> after_drain(event)
	:: t.phase == change && OF_CHANGE(event) -> after_change(event)
	:: t.phase == prove && OF_LOGIN(event) -> after_proof(event)
	:: t.phase == recheck && OF_LOGIN(event) -> after_recheck(event)
	:: t.phase == settle && OF_WAIT(event) -> after_wait(event)
	:: t.phase == retry && OF_LOGIN(event) -> after_retry(event)
	:: else -> t.action = fault
	fi
}
