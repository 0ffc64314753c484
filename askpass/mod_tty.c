/* tty: a person at the terminal types the secret. */
#include <string.h>

#include "module.h"

enum stack_result
mod_tty(struct module_context *c, const struct stack_line *line, struct err *e)
{
	struct outside_request q = { .what = OUTSIDE_SECRET };
	enum stack_result result;
	struct secret *s;

	if (c->outside == NULL)
		return STACK_SUCCESS;
	(void)text_show(q.text, sizeof(q.text), slice_of(c->prompt));
	if ((s = secret_new(OUTSIDE_ANSWER_MAX, e)) == NULL)
		return module_result(e);
	result = outside_ask(c->outside, &q, s, e);
	if (result == STACK_SUCCESS)
		result = module_answer(c, line, secret_slice(s), e);
	secret_free(s);
	return result;
}
