/*
 * bind: the answer goes where something other than the prompt says.  That is
 * the entry's own user and host, and its name in the environment or ssh's
 * command line; without such an entry the command line alone.  Every provider
 * checks this by itself: as a line it comes before a person is asked.
 */
#include "module.h"

enum stack_result
mod_bind(struct module_context *c, const struct stack_line *line, struct err *e)
{
	const struct request *q = c->request;

	(void)line;
	if (module_entry(c, e) == 0) {
		if (choose_check(&c->entry, c->request, e) == -1)
			return module_result(e);
		return STACK_SUCCESS;
	}
	if (q->entry != NULL || q->dataset != NULL ||
	    module_result(e) != STACK_UNAVAILABLE)
		return module_result(e);
	if (choose_destination(c->request, e) == -1)
		return module_result(e);
	return STACK_SUCCESS;
}
