/* time: one of its windows is open, in local time. */
#include <string.h>

#include "module.h"

enum stack_result
mod_time(struct module_context *c, const struct stack_line *line, struct err *e)
{
	bool inside = false;
	size_t i;

	for (i = 0; i < line->nargs; i++)
		if (strcmp(line->args[i], "test") != 0 &&
		    stack_window(line->args[i], c->now, &inside) && inside)
			return STACK_SUCCESS;
	return module_shut(line, "not at this time of the week", e);
}
