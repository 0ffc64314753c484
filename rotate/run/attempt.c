#include <string.h>

#include "attempt.h"
#include "net/reply.h"

int
attempt_begin(struct attempt *a, const struct message_request *r, struct err *e)
{
	const struct method *m = method_of(r->method);
	size_t i;

	a->request = r;
	if (!m->runs)
		return err_set(e, ERR_USAGE, "%s is not for pawl-rotate-run",
		    m->name);
	if (r->what == MESSAGE_LOOK)
		return err_set(e, ERR_USAGE,
		    "rotate.method=%s has no certificate to look at", m->name);
	if (method_check(m, r->user, r->current, r->fresh, e) == -1)
		return -1;
	for (i = 0; i < METHOD_HIDDEN; i++)
		if ((a->hidden[i] = method_hidden(r, i, e)) == NULL)
			return -1;
	return 0;
}

void
attempt_end(struct attempt *a)
{
	size_t i;

	for (i = 0; i < METHOD_HIDDEN; i++) {
		secret_free(a->hidden[i]);
		a->hidden[i] = NULL;
	}
}

bool
attempt_may_go(struct attempt *a)
{
	struct err e;

	if (a->go_due && message_wait_go(a->parent, &e) == -1)
		return false;
	a->go_due = false;
	return true;
}

void
attempt_mask(const struct attempt *a, char *to, size_t size, struct slice text)
{
	struct slice secrets[METHOD_HIDDEN];
	size_t i, n = 0;

	for (i = 0; i < METHOD_HIDDEN; i++)
		if (a->hidden[i] != NULL && a->hidden[i]->len > 0)
			secrets[n++] = secret_slice(a->hidden[i]);
	reply_mask(to, size, text, secrets, n);
}

void
attempt_result(const struct attempt *a, struct message_result *result,
    enum message_outcome outcome, enum message_reason reason, const char *text)
{
	memset(result, 0, sizeof(*result));
	result->outcome = outcome;
	if (outcome == MESSAGE_NOT_SENT)
		result->reason = reason;
	if (outcome == MESSAGE_ACCEPTED)
		result->code = MESSAGE_YES;
	if (outcome == MESSAGE_REFUSED || outcome == MESSAGE_EXPIRED)
		result->code = MESSAGE_NO;
	attempt_mask(a, result->reply, sizeof(result->reply), slice_of(text));
}
