/*
 * edit_parse() on any bytes: what it accepts, edit_print() writes so that it
 * reads the same again.  And a mark that is put anywhere goes without trace.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "edit_text.h"
#include "fuzz.h"

#define MARK "# >>> fuzz"

static void
require_same(const struct edit *a, const struct edit *b)
{
	size_t i = 0;

	require(a->nattrs == b->nattrs);
	for (i = 0; i < a->nattrs; i++) {
		require(slice_equal(a->attrs[i].key, b->attrs[i].key));
		require(slice_equal(a->attrs[i].value, b->attrs[i].value));
	}
	require((a->secret.p == NULL) == (b->secret.p == NULL));
	require(slice_equal(a->secret, b->secret));
}

static void
fuzz_parse(struct slice text)
{
	struct edit once, twice;
	struct entry entry = { 0 };
	struct secret *again = NULL;
	struct err e = { 0 };
	size_t line = 0;

	if (edit_parse(&once, text, &line, &e) == -1) {
		require(e.kind == ERR_USAGE && line > 0);
		require(line <= text.len + 1);
		return;
	}
	entry.name = slice_of("x");
	memcpy(entry.attrs, once.attrs, sizeof(entry.attrs));
	entry.nattrs = once.nattrs;
	entry.current = once.secret;
	require((again = edit_print(&entry, true, &e)) != NULL);
	require(edit_parse(&twice, secret_slice(again), &line, &e) == 0);
	require_same(&once, &twice);
	secret_free(again);
}

static void
fuzz_mark(struct slice text, size_t line)
{
	struct secret *marked = NULL, *back = NULL;
	struct err e = { 0 };

	if (memmem(text.p, text.len, MARK, strlen(MARK)) != NULL)
		return;
	require((marked = edit_mark(text, line, MARK, &e)) != NULL);
	require((back = edit_unmark(secret_slice(marked), MARK, &e)) != NULL);
	require(slice_equal(text, secret_slice(back)));
	secret_free(marked);
	secret_free(back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	struct err e = { 0 };

	if (!ready)
		require(secret_init(NULL, 65536, &e) == 0);
	ready = true;
	if (size == 0)
		return 0;
	fuzz_mark((struct slice){ data + 1, size - 1 }, data[0]);
	fuzz_parse((struct slice){ data + 1, size - 1 });
	return 0;
}
