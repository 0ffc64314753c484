/* exec: a program that speaks the protocol of git-credential(1). */
#include <stdio.h>
#include <string.h>

#include "module.h"

/* One line of the answer; STACK_IGNORE: go on. */
static enum stack_result
read_line(struct slice line, struct slice user, struct slice host,
    struct slice *passwordp)
{
	const unsigned char *sign =
	    line.len == 0 ? NULL : memchr(line.p, '=', line.len);
	struct slice key = line, value = line;

	if (sign == NULL || sign == line.p ||
	    memchr(line.p, '\0', line.len) != NULL)
		return STACK_CORRUPT;
	key.len = (size_t)(sign - line.p);
	value.p = sign + 1;
	value.len = line.len - key.len - 1;
	if (slice_is(key, "password")) {
		if (passwordp->p != NULL)
			return STACK_CORRUPT;
		*passwordp = value;
	} else if (slice_is(key, "username")) {
		if (!slice_equal(value, user))
			return STACK_DENIED;
	} else if (slice_is(key, "host")) {
		if (!slice_equal_fold(value, host))
			return STACK_DENIED;
	} else if (slice_is(key, "quit") &&
	    (slice_is(value, "1") || slice_is(value, "true"))) {
		return STACK_DENIED;
	}
	return STACK_IGNORE;
}

enum stack_result
mod_exec_answer(struct slice text, struct slice user, struct slice host,
    struct slice *passwordp)
{
	enum stack_result result;
	struct slice line;

	passwordp->p = NULL;
	passwordp->len = 0;
	while (slice_next_line(&text, &line)) {
		/* An empty line ends the answer. */
		if (line.len == 0)
			break;
		result = read_line(line, user, host, passwordp);
		if (result != STACK_IGNORE)
			return result;
	}
	if (text.len > 0)
		return STACK_CORRUPT;
	return passwordp->p == NULL || passwordp->len == 0 ? STACK_UNAVAILABLE :
							     STACK_SUCCESS;
}

static enum stack_result
judge(struct module_context *c, const struct stack_line *line,
    struct slice text, struct err *e)
{
	const struct prompt *p = &c->request->prompt;
	struct slice user = { (const unsigned char *)p->user.p, p->user.len };
	struct slice host = { (const unsigned char *)p->host.p, p->host.len };
	struct slice password;
	enum stack_result result = mod_exec_answer(text, user, host, &password);

	switch (result) {
	case STACK_SUCCESS:
		return module_answer(c, line, password, e);
	case STACK_UNAVAILABLE:
		(void)err_set(e, ERR_NOENTRY, "the program gave no password");
		break;
	case STACK_DENIED:
		(void)err_set(e, ERR_DENIED,
		    "the program refused, or its answer is for somebody else");
		break;
	case STACK_CORRUPT:
	case STACK_IGNORE:
		(void)err_set(e, ERR_DAMAGED,
		    "the program's answer is not git-credential's");
		break;
	}
	return result;
}

/* Where the line is, for the process that runs its program. */
static void
say_which(const struct stack_line *line, struct outside_request *q)
{
	const struct stack *s;
	uint32_t i;

	for (i = 0; (s = stacks_at(i)) != NULL; i++)
		if (line >= s->lines && line < s->lines + s->n) {
			q->stack = i;
			q->line = (uint32_t)(line - s->lines);
		}
}

enum stack_result
mod_exec(struct module_context *c, const struct stack_line *line, struct err *e)
{
	const struct prompt *p = &c->request->prompt;
	struct outside_request q = { .what = OUTSIDE_RUN };
	enum stack_result result;
	struct secret *s;
	int len;

	/* Text that a server may have written names nobody to a program. */
	if (choose_destination(c->request, e) == -1)
		return module_result(e);
	if (c->outside == NULL)
		return STACK_SUCCESS;
	len = snprintf(q.text, sizeof(q.text),
	    "protocol=%s\nhost=%.*s\nusername=%.*s\n\n",
	    service_name(c->service), (int)p->host.len, p->host.p,
	    (int)p->user.len, p->user.p);
	if (len < 0 || (size_t)len >= sizeof(q.text)) {
		(void)err_set(e, ERR_DENIED, "user and host are too long");
		return STACK_DENIED;
	}
	say_which(line, &q);
	if ((s = secret_new(OUTSIDE_ANSWER_MAX, e)) == NULL)
		return module_result(e);
	result = outside_ask(c->outside, &q, s, e);
	if (result == STACK_SUCCESS)
		result = judge(c, line, secret_slice(s), e);
	secret_free(s);
	return result;
}
