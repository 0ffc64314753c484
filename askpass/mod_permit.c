/* permit: always yes. */
#include "module.h"

enum stack_result
mod_permit(struct module_context *c, const struct stack_line *line,
    struct err *e)
{
	(void)c;
	(void)line;
	(void)e;
	return STACK_SUCCESS;
}
