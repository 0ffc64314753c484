/*
 * jsonl_next() on any bytes: strings lie within the text and are UTF-8.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "json.h"
#include "jsonl.h"

static void
check(const unsigned char *text, size_t size, struct slice s)
{
	size_t n = 0;

	require(s.p >= text && s.len <= size);
	require((size_t)(s.p - text) <= size - s.len);
	while (s.len > 0) {
		require((n = json_utf8(s)) > 0);
		s.p += n;
		s.len -= n;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct jsonl_member members[8];
	struct err e = { 0 };
	struct jsonl j;
	unsigned char *text = malloc(size + 1);
	size_t i = 0, n = 0;
	int rv = 0;

	require(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	jsonl_start(&j, text, size);
	while ((rv = jsonl_next(&j, members, 8, &n, &e)) == 1) {
		require(n <= 8);
		for (i = 0; i < n; i++) {
			check(text, size, members[i].key);
			check(text, size, members[i].value);
		}
	}
	require(rv == 0 || e.kind == ERR_USAGE);
	free(text);
	return 0;
}
