/*
 * The transaction: a pure function from where a rotation is and what has just
 * happened to where it is then and what to do next.  The driver (drive.h)
 * makes the new state durable before it does it.
 *
 *	IDLE -> PEND	a successor is stored; wait until no job holds current
 *	PEND -> SENT	current still logs in: send at once, and once only
 *	SENT -> IDLE	a fresh login proved which of the two holds
 *	any  -> ATTN	neither can be proved within the budget
 *
 * A reply decides nothing but which password is tried first: a 230 can come
 * before a change that does not last, a 530 after one that was made.  Nothing
 * is sent twice in a run, nothing rolled back on the server, and the pending
 * password stays the same while a request for it may still be applied.
 *
 * The budget is one less than the bad logins that revoke the account.  It is
 * spent before each attempt, in the durable state, and given back when the
 * password did not leave or the attempt succeeded.  Current has just logged in
 * before the change, so that is no bad login unless somebody else changed the
 * password in that moment, which set the server's count to zero.  So the change
 * costs one where the budget then still proves what such an answer usually
 * means: with one login after a no, with two after a yes or no answer.  Revoked
 * after three, a change whose answer is lost costs nothing: with one login no
 * order could tell lost, made, and made by somebody else apart.  Where the
 * moment was a long one, as the answer shows, it always costs one.
 *
 * A server that says yes may make the change later.  While it has not, current
 * is tried again and again: each time it holds, the count is zero, and when it
 * does not, pending does.  A yes is on its way until then, as what was lost is.
 * A no that comes true later is not waited for: refusals are common, and each
 * would keep jobs from a password that holds.
 *
 * One request may be on its way at any time.  While it is, current may cease
 * to hold at any moment, so nobody but the transaction is to use it.
 *
 * A password that has expired cannot log in, and is changed all the same: the
 * server that calls it expired has found it right, and waits for the change.
 * Whether it counts such a login as a bad one is not known, so it stays spent.
 */
#ifndef TRANSACTION_H
#define TRANSACTION_H

#include <stdbool.h>
#include <stdint.h>

#include "record.h"

/* After this long a request whose fate is unknown is no longer on its way:
 * a TCP connection with no peer does not last. */
#define TX_QUARANTINE 900

/* Seconds from current's login to the answer of the change, within which
 * nobody else is thought to have changed the password. */
#define TX_FRESH 10

enum tx_event {
	/* A rotation is wanted. */
	TX_START,
	/* Finish what an earlier run left. */
	TX_RECOVER,
	/* The same by a person who has looked, and for as long as a request can
	 * be on its way: the budget starts again. */
	TX_RECOVER_AGAIN,
	/* Whether current logs in; from IDLE. */
	TX_CHECK,
	/* Of the login that was asked for. */
	TX_LOGIN_OK,
	TX_LOGIN_BAD,
	TX_LOGIN_UNKNOWN,
	TX_LOGIN_NOT_SENT,
	/* Refused, and the server says: right, but expired. */
	TX_LOGIN_EXPIRED,
	/* Of the change that was asked for. */
	TX_CHANGE_ACCEPTED,
	TX_CHANGE_REFUSED,
	TX_CHANGE_UNKNOWN,
	TX_CHANGE_NOT_SENT,
	/* No job holds the current password any more, or still one does. */
	TX_DRAINED,
	TX_NOT_DRAINED,
	/* For a while, and for as long as it is worth while. */
	TX_WAITED,
	TX_WAIT_OVER
};

enum tx_action {
	/* Log in with current, or with pending, on a new connection. */
	TX_LOGIN_CURRENT,
	TX_LOGIN_PENDING,
	/* Wait for the jobs that hold current. */
	TX_DRAIN,
	/* Send the change, once. */
	TX_SEND,
	/* Wait for a change that the server has said yes to. */
	TX_SETTLE,
	/* The run is over; see end. */
	TX_STOP
};

/* What becomes of the pending password with the new state. */
enum tx_pending {
	/* Nothing: it stays, or there is none. */
	TX_PENDING_STAYS,
	/* There must be one: generated unless one was left. */
	TX_PENDING_NEEDED,
	/* It becomes current, and current previous. */
	TX_PENDING_PROMOTED,
	/* It was refused: kept in the history as a candidate. */
	TX_PENDING_REFUSED
};

/* How a run ended. */
enum tx_end {
	TX_END_NONE,
	/* Pending is current now. */
	TX_END_ROTATED,
	/* Nothing had to be changed: current holds, or nothing was sent. */
	TX_END_NOTHING,
	/* The old password holds: the server refused, */
	TX_END_REFUSED,
	/* or the connection was lost, and a later request may still come. */
	TX_END_LOST,
	/* The server could not be reached; nothing was sent. */
	TX_END_UNREACHABLE,
	/* A job holds the password. */
	TX_END_HELD,
	/* Sent, and not proved either way yet: recover later. */
	TX_END_UNPROVED,
	/* Current is refused though nothing was sent: somebody changed it. */
	TX_END_STRANGER,
	/* The budget is used up, or both were refused. */
	TX_END_ATTENTION,
	/* Of a check: current is right, says the server, and has expired. */
	TX_END_EXPIRED,
	/* A request may still be on its way, for tx_wait() seconds. */
	TX_END_EARLY,
	/* The server said yes and has not done it: the old password holds, and
	 * may cease to at any moment. */
	TX_END_LATE
};

/* What a run is waiting for; never durable. */
enum tx_phase {
	TX_PHASE_NONE,
	/* Current's login before the change; paid for before the wait. */
	TX_PHASE_CHECK,
	TX_PHASE_DRAIN,
	TX_PHASE_CHANGE,
	/* The login that proves one of the two. */
	TX_PHASE_PROVE,
	/* Current's login in a check, or in a recovery with nothing sent. */
	TX_PHASE_RECHECK,
	/* The server to do what it said, and current's login meanwhile. */
	TX_PHASE_SETTLE,
	TX_PHASE_RETRY
};

struct tx {
	/* Durable: written before the action is done. */
	struct rotation rotation;
	enum tx_pending pending;
	/* The entry has a pending password, after what becomes of it. */
	bool has_pending;
	/* Of this run only. */
	enum tx_phase phase;
	enum tx_action action;
	enum tx_end end;
	/* Tried in this run, and refused. */
	bool current_bad;
	bool pending_bad;
	/* The run began after the quarantine: what was sent before it has got
	 * through by now, or never will. */
	bool settled;
	/* When current logged in before the change. */
	uint64_t checked;
	/* rotation.tried before the attempt, if the password does not leave. */
	enum rotation_tried before;
};

struct tx_limits {
	/* Bad logins in a row that revoke the account, at least 2. */
	uint32_t revoke_after;
	/* Unix time. */
	uint64_t now;
};

/* A run that begins at the durable state r of an entry with or without a
 * pending password. */
struct tx tx_begin(const struct rotation *r, bool has_pending);

/*
 * The next step.  An event that cannot come in t's phase is a fault of the
 * program and aborts.
 */
struct tx tx_next(const struct tx *t, enum tx_event event,
    const struct tx_limits *limits);

/* How many seconds a request of r's, if there is one, may still be on its way:
 * from when the state was entered, which is not before it was sent. */
uint64_t tx_wait(const struct rotation *r, uint64_t now);

/* Names, for messages, logs and the tests' table. */
const char *tx_state_name(enum rotation_state state);
const char *tx_event_name(enum tx_event event);
const char *tx_end_name(enum tx_end end);

#endif
