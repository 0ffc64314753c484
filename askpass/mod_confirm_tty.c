/* confirm-tty: a person at the terminal says yes. */
#include <stdio.h>

#include "module.h"

enum stack_result
mod_confirm_tty(struct module_context *c, const struct stack_line *line,
    struct err *e)
{
	struct outside_request q = { .what = OUTSIDE_CONFIRM };
	char shown[512];

	(void)line;
	if (c->outside == NULL)
		return STACK_SUCCESS;
	(void)snprintf(q.text, sizeof(q.text),
	    "pawl-askpass: process %ld (%s) asks \"%s\"; answer it? [y/N] ",
	    (long)c->request->parent.pid, parent_program(&c->request->parent),
	    text_show(shown, sizeof(shown), slice_of(c->prompt)));
	return outside_ask(c->outside, &q, NULL, e);
}
