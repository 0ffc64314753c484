/* prompt_classify() on any bytes; the first one chooses the hint. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "prompt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const hints[] = { NULL, "confirm", "none", "x" };
	static const char tail[] = "'s password: ";
	const char *in = (const char *)data + 1, *end = in + size - 1;
	const char *rest;
	struct prompt p;

	if (size == 0)
		return 0;
	prompt_classify(in, size - 1, hints[data[0] & 3], &p);
	const struct text parts[] = { p.user, p.host, p.path, p.scheme, p.port,
		p.server_text };
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i].len > 0 &&
		    (parts[i].p < in || parts[i].p + parts[i].len > end))
			abort();
	if (p.kind != PROMPT_PASSWORD)
		return 0;
	/* user@host, after "(" where there is a prefix, and ssh's own words. */
	rest = p.host.p + p.host.len;
	if ((data[0] & 3) != 0 || p.user.len == 0 || p.host.len == 0 ||
	    p.user.p != in + (p.prefixed ? 1 : 0) || p.host.p[-1] != '@' ||
	    p.host.p != p.user.p + p.user.len + 1 ||
	    (p.prefixed ? p.server_text.p != rest + 2 :
			  (size_t)(end - rest) != strlen(tail) ||
			memcmp(rest, tail, strlen(tail)) != 0))
		abort();
	return 0;
}
