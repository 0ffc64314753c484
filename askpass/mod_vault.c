/*
 * vault: the entry that PAWL_ENTRY, PASSWD_DSN or the caller's destination
 * names, if its user and host are the prompt's.
 */
#include "module.h"

enum stack_result
mod_vault(struct module_context *c, const struct stack_line *line,
    struct err *e)
{
	if (module_entry(c, e) == -1)
		return module_result(e);
	if (choose_again(c->request, &c->entry))
		return module_answered(c, e);
	if (choose_check(&c->entry, c->request, e) == -1)
		return module_result(e);
	return module_answer(c, line, choose_answer(&c->entry, c->request), e);
}
