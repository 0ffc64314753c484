#include <stdio.h>
#include <string.h>

#include "task.h"

static int
fill_request(const struct task *t, enum tx_action action,
    struct message_request *m, struct err *e)
{
	plan_request(&t->plan,
	    action == TX_SEND ? MESSAGE_CHANGE : MESSAGE_LOGIN, m);
	m->current = action == TX_LOGIN_PENDING ? t->pending : t->current;
	if (action == TX_SEND)
		m->fresh = t->pending;
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

bool
task_is_attempt(enum tx_action action)
{
	return action == TX_LOGIN_CURRENT || action == TX_LOGIN_PENDING ||
	    action == TX_SEND;
}

/*
 * One attempt through the network half.  It is offered while the state that
 * counts it is being written, and let go when that is done.
 */
int
task_offer(struct task *t, struct err *e)
{
	static const char *const lines[] = {
		[TX_LOGIN_CURRENT] = "log in with the current password",
		[TX_LOGIN_PENDING] = "log in with the new password",
		[TX_SEND] = "send the change",
	};
	struct message_request request;

	if (t->worker != NULL && t->worker->net.fd == -1) {
		pool_give(t->o->pool, t->worker, false);
		t->worker = NULL;
	}
	if (t->worker == NULL &&
	    (t->worker = pool_take(t->o->pool, &t->plan, e)) == NULL)
		return -1;
	if (fill_request(t, t->tx.action, &request, e) == -1)
		return -1;
	if (t->o->say != NULL)
		t->o->say(t->o->arg, t->target->name, lines[t->tx.action]);
	netproc_offer(&t->worker->net, &request);
	t->offered = true;
	return 0;
}

enum tx_event
task_event(struct task *t, const struct message_result *result)
{
	enum tx_action action = t->tx.action;

	/* What was said of the change is not covered by a later login. */
	if (!t->sent)
		take_reply(&t->report, result);
	t->sent = t->sent || action == TX_SEND;
	if (result->outcome != MESSAGE_NOT_SENT)
		t->report.attempts++;
	if (result->outcome == MESSAGE_REFUSED)
		t->report.bad++;
	return action == TX_SEND ? change_event(result->outcome) :
				   login_event(result->outcome);
}
