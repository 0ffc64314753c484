/* deny: always no. */
#include "module.h"

enum stack_result
mod_deny(struct module_context *c, const struct stack_line *line, struct err *e)
{
	(void)c;
	(void)line;
	(void)err_set(e, ERR_DENIED, "the stack says deny");
	return STACK_DENIED;
}
