/*
 * pass_next() on any bytes: lines lie within the text, in their order, and
 * values within their lines.
 */
#include <stdint.h>
#include <stdlib.h>

#include "fuzz.h"
#include "pass.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice secret = { NULL, 0 };
	struct pass_line line;
	struct pass p;
	const unsigned char *at = data;

	pass_start(&p, (struct slice){ data, size }, &secret);
	require(secret.p == data && secret.len <= size);
	at += secret.len;
	while (pass_next(&p, &line)) {
		require(line.text.p > at &&
		    line.text.len <= size - (size_t)(line.text.p - data));
		at = line.text.p + line.text.len;
		if (line.kind == PASS_USER || line.kind == PASS_URL)
			require(line.value.len > 0);
		require(line.value.p == NULL ||
		    (line.value.p > line.text.p &&
			line.value.p + line.value.len <= at));
	}
	require(p.rest.len == 0);
	return 0;
}
