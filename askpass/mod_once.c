/* once: one answer for each process that asks. */
#include "module.h"

enum stack_result
mod_once(struct module_context *c, const struct stack_line *line, struct err *e)
{
	(void)line;
	return choose_again(c->request, NULL) ? module_answered(c, e) :
						STACK_SUCCESS;
}
