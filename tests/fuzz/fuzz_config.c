/*
 * config_parse() on any bytes, and on settings made of them: what is taken is
 * within its bounds and reads the same when it is written out; what is not is
 * said with a line that is there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "fuzz.h"

/* What files are made of: bytes alone would rarely make a setting. */
static const char *const words[] = { "audit-file", "require-mlock",
	"require-sandbox", "wait", "lock-wait", " = ", "=", "yes", "no", "0",
	"10", "86400", "1d", "5m", "s", "h", "w", "/var/log/pawl", "/", "#",
	"\n", "\n", "\t ", "\r\n", "99999999999999999999" };

#define WORDS (sizeof(words) / sizeof(words[0]))
#define TEXT_MAX 4096
#define FORM \
	"audit-file = %s\nrequire-mlock = %s\nrequire-sandbox = %s\n" \
	"wait = %u\nlock-wait = %u\n"

static void
in_bounds(const struct config *c)
{
	size_t len = strnlen(c->audit_file, sizeof(c->audit_file)), i = 0;

	require(len < sizeof(c->audit_file));
	require(len == 0 || c->audit_file[0] == '/');
	for (i = 0; i < len; i++)
		require((unsigned char)c->audit_file[i] >= 0x20 ||
		    c->audit_file[i] == '\t');
	require(c->wait_ms % 1000 == 0 && c->lock_wait_ms % 1000 == 0);
	require(c->wait_ms / 1000 <= CONFIG_WAIT_MAX);
	require(c->lock_wait_ms / 1000 <= CONFIG_WAIT_MAX);
}

static bool
same(const struct config *a, const struct config *b)
{
	return strcmp(a->audit_file, b->audit_file) == 0 &&
	    a->require_mlock == b->require_mlock &&
	    a->require_sandbox == b->require_sandbox &&
	    a->wait_ms == b->wait_ms && a->lock_wait_ms == b->lock_wait_ms;
}

/* What was read, written out, reads the same. */
static void
round_trip(const struct config *c)
{
	char text[PATH_MAX + sizeof(FORM) + 64];
	struct config again;
	struct err e = { 0 };
	int n = 0;

	n = snprintf(text, sizeof(text), FORM, c->audit_file,
	    c->require_mlock ? "yes" : "no", c->require_sandbox ? "yes" : "no",
	    c->wait_ms / 1000, c->lock_wait_ms / 1000);
	require(n > 0 && (size_t)n < sizeof(text));
	require(config_parse(&again, "again", slice_of(text), &e) == 0);
	require(same(c, &again));
}

/* One line, which names a line that is there. */
static void
names_a_line(const struct err *e, struct slice text)
{
	unsigned long line = 0, lines = 1;
	size_t i = 0;

	require(e->kind == ERR_CONFIG);
	require(strncmp(e->msg, "name:", 5) == 0);
	line = strtoul(e->msg + 5, NULL, 10);
	for (i = 0; i < text.len; i++)
		lines += text.p[i] == '\n';
	require(line >= 1 && line <= lines);
	for (i = 0; e->msg[i] != '\0'; i++)
		require((unsigned char)e->msg[i] >= 0x20 &&
		    (unsigned char)e->msg[i] < 0x7f);
}

/* A copy of just its size, so that a read behind it is found. */
static void
parse(const unsigned char *data, size_t size)
{
	unsigned char *copy = malloc(size > 0 ? size : 1);
	struct slice text = { copy, size };
	struct config c, twice;
	struct err e = { 0 };

	require(copy != NULL);
	if (size > 0)
		memcpy(copy, data, size);
	memset(&c, 0xa5, sizeof(c));
	if (config_parse(&c, "name", text, &e) == 0) {
		in_bounds(&c);
		round_trip(&c);
		require(config_parse(&twice, "name", text, &e) == 0);
		require(same(&c, &twice));
	} else {
		names_a_line(&e, text);
	}
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char text[TEXT_MAX];
	const char *word = NULL;
	size_t len = 0, i = 0;

	parse(data, size);
	for (i = 0; i < size; i++) {
		word = words[data[i] % WORDS];
		if (len + strlen(word) > sizeof(text))
			break;
		memcpy(text + len, word, strlen(word));
		len += strlen(word);
	}
	parse(text, len);
	return 0;
}
