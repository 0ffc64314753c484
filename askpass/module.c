#include <sys/types.h>

#include <string.h>
#include <time.h>

#include "module.h"

static const struct {
	module_runner *run;
	/* NULL for one that needs nothing. */
	module_make_ready *ready;
} modules[STACK_MODULES] = {
	[STACK_BIND] = { mod_bind, NULL },
	[STACK_ONCE] = { mod_once, NULL },
	[STACK_CALLER] = { mod_caller, NULL },
	[STACK_TIME] = { mod_time, NULL },
	[STACK_CONFIRM_TTY] = { mod_confirm_tty, NULL },
	[STACK_DENY] = { mod_deny, NULL },
	[STACK_PERMIT] = { mod_permit, NULL },
	[STACK_VAULT] = { mod_vault, NULL },
	[STACK_CREDENTIAL] = { mod_credential, mod_credential_ready },
	[STACK_TTY] = { mod_tty, NULL },
	[STACK_DATASET] = { mod_dataset, mod_dataset_ready },
	[STACK_KEYRING] = { mod_keyring, mod_keyring_ready },
	[STACK_EXEC] = { mod_exec, NULL },
};

/* Local time: what it is read from cannot be opened later. */
static void
look_at_clock(struct module_context *c)
{
	time_t now = time(NULL);
	struct tm tm;

	if (localtime_r(&now, &tm) == NULL)
		return;
	c->now.day = (unsigned int)tm.tm_wday;
	c->now.minute = (unsigned int)(tm.tm_hour * 60 + tm.tm_min);
}

int
module_prepare(struct module_context *c, struct err *e)
{
	const struct stack *s;
	struct module_ready *r;
	size_t i, k;

	c->nready = 0;
	for (i = 0; (s = stacks_at(i)) != NULL; i++) {
		for (k = 0; k < s->n; k++) {
			if (modules[s->lines[k].module].ready == NULL)
				continue;
			if (c->nready == MODULE_READY_MAX)
				return err_set(e, ERR_CONFIG,
				    "more than %d lines with a credential, "
				    "dataset or keyring",
				    MODULE_READY_MAX);
			r = &c->ready[c->nready++];
			r->line = &s->lines[k];
			r->fd = -1;
			modules[r->line->module].ready(c, r);
		}
	}
	if (stacks_use(STACK_TIME))
		look_at_clock(c);
	return 0;
}

struct module_ready *
module_find_ready(struct module_context *c, const struct stack_line *line)
{
	size_t i = 0;

	while (c->ready[i].line != line)
		i++;
	return &c->ready[i];
}

/*
 * Busy means that the entry's password is being changed: another line would
 * give the old one, so that it ends the stack as a refusal does.
 */
enum stack_result
module_result(const struct err *e)
{
	switch (e->kind) {
	case ERR_NONE:
		return STACK_SUCCESS;
	case ERR_NOENTRY:
	case ERR_NOVAULT:
	case ERR_IO:
	case ERR_UNREACHABLE:
		return STACK_UNAVAILABLE;
	case ERR_DAMAGED:
		return STACK_CORRUPT;
	case ERR_ATTENTION:
	case ERR_USAGE:
	case ERR_UNSYNCED:
	case ERR_BUSY:
	case ERR_REFUSED:
	case ERR_DENIED:
	case ERR_CONFIG:
	case ERR_HOST_UNKNOWN:
	case ERR_HOST_CHANGED:
		break;
	}
	return STACK_DENIED;
}

enum stack_result
module_answered(struct module_context *c, struct err *e)
{
	(void)err_set(e, ERR_DENIED, "%s",
	    parent_is_ssh(&c->request->parent) ?
		"this ssh was answered before, so the server refused the "
		"password or asks for another; nothing more is sent" :
		"this process was answered before, so the answer was not "
		"right; it gets no other");
	return STACK_DENIED;
}

enum stack_result
module_shut(const struct stack_line *line, const char *why, struct err *e)
{
	(void)err_set(e, ERR_DENIED, "%s", why);
	return stack_has_arg(line, "test") ? STACK_UNAVAILABLE : STACK_DENIED;
}

int
module_entry(struct module_context *c, struct err *e)
{
	struct err *why = &c->found_why;

	if (!c->looked) {
		c->looked = true;
		if (c->vault == NULL)
			*why = c->vault_why;
		else if (vault_unlock(c->vault, c->key, why) == 0 &&
		    choose_entry(c->vault, c->request, &c->entry, &c->plain,
			why) == 0)
			why->kind = ERR_NONE;
	}
	if (why->kind == ERR_NONE)
		return 0;
	*e = *why;
	return -1;
}

enum stack_result
module_answer(struct module_context *c, const struct stack_line *line,
    struct slice secret, struct err *e)
{
	size_t len = secret.len, i;

	if (len > MODULE_ANSWER_MAX || memchr(secret.p, '\n', len) != NULL ||
	    memchr(secret.p, '\r', len) != NULL ||
	    memchr(secret.p, '\0', len) != NULL) {
		(void)err_set(e, ERR_DENIED,
		    "the secret is longer than ssh reads, or not one line");
		return STACK_DENIED;
	}
	if (codepage_check(c->page, secret, e) == -1)
		return STACK_DENIED;
	if ((c->answer = secret_new(len + 1, e)) == NULL ||
	    secret_append(c->answer, secret.p, len, e) == -1 ||
	    secret_append(c->answer, "\n", 1, e) == -1) {
		secret_free(c->answer);
		c->answer = NULL;
		return module_result(e);
	}
	for (i = 0; c->page != CODEPAGE_ASCII && i <= len; i++)
		c->answer->data[i] =
		    codepage_encode(c->page, c->answer->data[i]);
	c->from = line;
	return STACK_SUCCESS;
}

/* As if the vault had an entry for what the line says. */
static int
make_entry(struct module_context *c, const struct stack_line *line,
    struct slice secret, struct entry *entry, struct err *e)
{
	static const char *const keys[] = { "user", "host" };
	struct slice service = slice_of(service_name(c->service));
	const char *value;
	size_t i, at;

	memset(entry, 0, sizeof(*entry));
	entry->current = secret;
	for (i = 0; i < 2; i++) {
		at = 1;
		while ((value = stack_arg(line, keys[i], &at)) != NULL)
			if (record_attr_add(entry, slice_of(keys[i]),
				slice_of(value), e) == -1)
				return -1;
	}
	return record_attr_add(entry, slice_of("service"), service, e);
}

enum stack_result
module_answer_bound(struct module_context *c, const struct stack_line *line,
    struct slice secret, struct err *e)
{
	struct entry entry;

	if (make_entry(c, line, secret, &entry, e) == -1)
		return STACK_DENIED;
	/* Refused by the line is left to the next line. */
	if (choose_check(&entry, c->request, e) == -1)
		return STACK_IGNORE;
	/* A prompt without a name was compared with the command line there. */
	if (c->request->prompt.kind != PROMPT_PASSWORD_RAW &&
	    choose_destination(c->request, e) == -1)
		return STACK_DENIED;
	return module_answer(c, line, secret, e);
}

enum stack_result
module_run(struct module_context *c, const struct stack_line *line,
    struct err *e)
{
	/* Answers from elsewhere are noted without an entry. */
	static const struct entry nobody;

	e->kind = ERR_NONE;
	/* Whether or not the stack says so; the vault knows more. */
	if (stack_is_provider(line->module) && line->module != STACK_VAULT &&
	    choose_again(c->request, &nobody))
		return module_answered(c, e);
	return modules[line->module].run(c, line, e);
}
