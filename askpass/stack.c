#include <assert.h>
#include <string.h>

#include "stack.h"

static const struct {
	const char *name;
	bool provider;
} modules[STACK_MODULES] = {
	[STACK_BIND] = { "bind", false },
	[STACK_ONCE] = { "once", false },
	[STACK_CALLER] = { "caller", false },
	[STACK_TIME] = { "time", false },
	[STACK_CONFIRM_TTY] = { "confirm-tty", false },
	[STACK_DENY] = { "deny", false },
	[STACK_PERMIT] = { "permit", false },
	[STACK_VAULT] = { "vault", true },
	[STACK_CREDENTIAL] = { "credential", true },
	[STACK_TTY] = { "tty", true },
	[STACK_DATASET] = { "dataset", true },
	[STACK_KEYRING] = { "keyring", true },
	[STACK_EXEC] = { "exec", true },
};

const char *
stack_module_name(enum stack_module module)
{
	return modules[module].name;
}

bool
stack_module_find(const char *name, enum stack_module *modulep)
{
	size_t i;

	for (i = 0; i < STACK_MODULES; i++) {
		if (strcmp(name, modules[i].name) == 0) {
			*modulep = (enum stack_module)i;
			return true;
		}
	}
	return false;
}

bool
stack_is_provider(enum stack_module module)
{
	return modules[module].provider;
}

const char *
stack_result_name(enum stack_result result)
{
	static const char *const names[] = { "success", "ignore", "unavailable",
		"denied", "corrupt" };

	return names[result];
}

void
stack_begin(struct stack_run *r, const struct stack *s)
{
	memset(r, 0, sizeof(*r));
	r->stack = s;
}

const struct stack_line *
stack_next(struct stack_run *r)
{
	const struct stack_line *line;

	for (; r->at < r->stack->n; r->at++) {
		line = &r->stack->lines[r->at];
		if (!r->secret || !stack_is_provider(line->module))
			return line;
	}
	return NULL;
}

/* True for the first that fails. */
static bool
fail(struct stack_run *r)
{
	bool first = !r->failed;

	r->failed = true;
	return first;
}

bool
stack_take(struct stack_run *r, enum stack_result result)
{
	const struct stack_line *line = &r->stack->lines[r->at];

	assert(r->at < r->stack->n);
	if (result == STACK_DENIED || result == STACK_CORRUPT) {
		r->at = r->stack->n;
		return fail(r);
	}
	if (result == STACK_SUCCESS && stack_is_provider(line->module))
		r->secret = true;
	r->at++;
	switch (line->on[result]) {
	case STACK_PASS:
		break;
	case STACK_OK:
		r->counted = true;
		break;
	case STACK_DONE:
		r->counted = true;
		if (!r->failed)
			r->at = line->end;
		break;
	case STACK_BAD:
		return fail(r);
	case STACK_DIE:
		r->at = line->end;
		return fail(r);
	case STACK_JUMP:
		r->at = line->to[result];
		break;
	}
	return false;
}

bool
stack_verdict(const struct stack_run *r)
{
	return r->counted && !r->failed && r->secret;
}
