/*
 * credential_read() and credential_read_url() on any bytes: what is found lies
 * within the text, is one line, and can be asked for.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "credential.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool good)
{
	if (!good)
		abort();
}

static void
check(const unsigned char *text, size_t size, struct slice s)
{
	if (s.len == 0)
		return;
	require(memchr(s.p, '\r', s.len) == NULL &&
	    memchr(s.p, '\0', s.len) == NULL);
	if (s.len == 5 && memcmp(s.p, "https", 5) == 0)
		return;
	require(s.p >= text && s.len <= size);
	require((size_t)(s.p - text) <= size - s.len);
}

static void
check_all(const unsigned char *text, size_t size, const struct credential *c)
{
	static char buf[CREDENTIAL_INPUT];
	struct err e = { 0 };
	struct prompt p;

	check(text, size, c->protocol);
	check(text, size, c->host);
	check(text, size, c->path);
	check(text, size, c->username);
	check(text, size, c->password);
	require(c->protocol.len > 0 && c->host.len > 0);
	if (credential_prompt(c, buf, sizeof(buf), &p, &e) == -1)
		return;
	require(p.host.len + p.port.len <= 3 * c->host.len);
	require(p.user.len >= c->username.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char *text = malloc(size + 1);
	struct slice all = { text, size };
	struct err e = { 0 };
	struct credential c;

	require(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	if (credential_read(&c, all, &e) == 0)
		check_all(text, size, &c);
	else
		require(e.kind == ERR_USAGE || e.kind == ERR_NOENTRY);
	if (credential_read_url(&c, all, &e) == 0)
		check_all(text, size, &c);
	else
		require(e.kind == ERR_USAGE);
	free(text);
	return 0;
}
