/*
 * stack_parse() on any bytes, which may include themselves; then whatever
 * results: no stack answers without a secret, or past a "denied".
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "stack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
find(void *arg, const struct stack_source *from, const char *name,
    struct stack_source *found, struct err *e)
{
	const struct slice *text = arg;

	(void)e;
	found->file = "fuzz";
	found->text = *text;
	found->service = name;
	return from == NULL || stack_has(*text, name);
}

static void
evaluate(const struct stack *s, const uint8_t *results, size_t n)
{
	const struct stack_line *line, *last = NULL;
	bool secret = false, denied = false;
	enum stack_result result;
	struct stack_run run;
	size_t i = 0;

	stack_begin(&run, s);
	while ((line = stack_next(&run)) != NULL) {
		/* Only ever further down. */
		if (denied || (last != NULL && line <= last))
			abort();
		last = line;
		result = (enum stack_result)(n == 0 ? 0 : results[i++ % n] % 5);
		if (result == STACK_DENIED || result == STACK_CORRUPT)
			denied = true;
		else if (result == STACK_SUCCESS &&
		    stack_is_provider(line->module))
			secret = true;
		(void)stack_take(&run, result);
	}
	if (stack_verdict(&run) && (!secret || denied))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct stack stack;
	struct slice text;
	struct err e;
	size_t n;

	if (size == 0)
		return 0;
	n = data[0] % 32;
	if (n > size - 1)
		n = size - 1;
	text.p = data + 1 + n;
	text.len = size - 1 - n;
	if (stack_parse(&stack, "ssh", find, &text, &e) == 0)
		evaluate(&stack, data + 1, n);
	return 0;
}
