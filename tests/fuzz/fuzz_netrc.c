/*
 * netrc_next() on any bytes: words lie within the text.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "netrc.h"

static void
check(const unsigned char *text, size_t size, struct slice s)
{
	if (s.p == NULL)
		return;
	require(s.p >= text && s.len <= size);
	require((size_t)(s.p - text) <= size - s.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct netrc_entry entry;
	struct err e = { 0 };
	struct netrc n;
	unsigned char *text = malloc(size + 1);
	int rv = 0;

	require(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	netrc_start(&n, text, size);
	while ((rv = netrc_next(&n, &entry, &e)) == 1) {
		require(entry.is_default == (entry.machine.p == NULL));
		require(entry.line >= 1);
		check(text, size, entry.machine);
		check(text, size, entry.login);
		check(text, size, entry.password);
		check(text, size, entry.account);
		check(text, size, entry.port);
	}
	require(rv == 0 || e.kind == ERR_USAGE);
	free(text);
	return 0;
}
