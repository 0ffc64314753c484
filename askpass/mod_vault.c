/*
 * vault: the entry that PAWL_ENTRY, PASSWD_DSN or the caller's destination
 * names, if its user and host are the prompt's.  Where a code is asked for, it
 * is made of the seed.
 */
#include <string.h>

#include "code.h"
#include "module.h"

static enum stack_result
give_code(struct module_context *c, const struct stack_line *line,
    struct err *e)
{
	struct state_mark m = { .pid = (uint32_t)c->request->parent.pid,
		.event = STATE_ANSWERED,
		.question = (uint32_t)c->request->prompt.kind };

	if (c->dry)
		return module_answer(c, line, slice_of("a code"), e);
	memcpy(m.entry, c->entry.id, sizeof(m.entry));
	if (code_line(vault_state(c->vault), &m, &c->entry, &c->answer, e) ==
	    -1)
		return module_result(e);
	c->from = line;
	c->noted = true;
	return STACK_SUCCESS;
}

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
	if (c->request->prompt.kind == PROMPT_OTP)
		return give_code(c, line, e);
	return module_answer(c, line, choose_answer(&c->entry, c->request), e);
}
