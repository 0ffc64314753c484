/* keyring: a key of the kernel's user keyring, by its description. */
#include "keyring.h"
#include "module.h"

void
mod_keyring_ready(struct module_context *c, struct module_ready *r)
{
	(void)c;
	if ((r->held = secret_new(MODULE_ANSWER_MAX + 1, &r->why)) == NULL)
		return;
	if (keyring_read(r->line->args[0], r->held, &r->why) == 0)
		return;
	secret_free(r->held);
	r->held = NULL;
}

enum stack_result
mod_keyring(struct module_context *c, const struct stack_line *line,
    struct err *e)
{
	const struct module_ready *r = module_find_ready(c, line);

	if (r->held == NULL) {
		*e = r->why;
		return module_result(e);
	}
	return module_answer_bound(c, line, secret_slice(r->held), e);
}
