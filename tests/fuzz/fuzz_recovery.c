/*
 * recovery_get() and recovery_put() on any text and any bytes: there and back,
 * and each slip is known by its group.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "recovery.h"

static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* A code as it is printed, from one as it may be typed. */
static size_t
normal(unsigned char *to, struct slice text)
{
	size_t i = 0, n = 0;
	int c = 0;

	for (i = 0; i < text.len; i++) {
		c = toupper(text.p[i]);
		if (c == ' ' || c == '\t' || c == '-')
			continue;
		if (n > 0 && n % 6 == 5)
			to[n++] = '-';
		if (c == 'O')
			c = '0';
		if (c == 'I' || c == 'L')
			c = '1';
		require(n < RECOVERY_TEXT);
		to[n++] = (unsigned char)c;
	}
	return n;
}

/* What is taken is a code in some spelling; of the rest nothing is left. */
static void
any_text(struct slice text)
{
	unsigned char bytes[RECOVERY_BYTES], out[RECOVERY_TEXT];
	unsigned char wanted[RECOVERY_TEXT];
	struct err e = { 0 };

	memset(bytes, 0xa5, sizeof(bytes));
	if (recovery_get(bytes, text, &e) == -1) {
		require(e.kind == ERR_USAGE);
		require(strncmp(e.msg, "recovery code: ", 15) == 0);
		require(is_zero(bytes, sizeof(bytes)));
		return;
	}
	recovery_put(out, bytes);
	require(normal(wanted, text) == RECOVERY_TEXT);
	require(memcmp(out, wanted, RECOVERY_TEXT) == 0);
}

/* A group that is wrong is the one that is named. */
static void
refused(const unsigned char *text, size_t at)
{
	unsigned char bytes[RECOVERY_BYTES];
	struct slice all = { text, RECOVERY_TEXT };
	struct err e = { 0 };
	char group[32];

	(void)snprintf(group, sizeof(group), "group %zu of", at / 6 + 1);
	require(recovery_get(bytes, all, &e) == -1);
	require(strstr(e.msg, group) != NULL);
}

/* One character changed, or changed places with the next of its group. */
static void
slips(const unsigned char *text, size_t at, unsigned char digit)
{
	unsigned char wrong[RECOVERY_TEXT];

	at %= RECOVERY_TEXT;
	if (text[at] == '-')
		return;
	memcpy(wrong, text, sizeof(wrong));
	wrong[at] = (unsigned char)digits[digit % 32];
	if (wrong[at] != text[at])
		refused(wrong, at);
	if (at % 6 == 4 || text[at] == text[at + 1])
		return;
	memcpy(wrong, text, sizeof(wrong));
	wrong[at] = text[at + 1];
	wrong[at + 1] = text[at];
	refused(wrong, at);
}

/* Two groups that are not the same, in each other's place. */
static void
exchanged(const unsigned char *text, size_t a, size_t b)
{
	unsigned char wrong[RECOVERY_TEXT];

	a = a % RECOVERY_GROUPS * 6;
	b = b % RECOVERY_GROUPS * 6;
	if (a == b)
		return;
	memcpy(wrong, text, sizeof(wrong));
	memcpy(wrong + a, text + b, 5);
	memcpy(wrong + b, text + a, 5);
	refused(wrong, a < b ? a : b);
}

/* 20 bytes come back from what is printed, and from how it may be typed. */
static void
any_bytes(const uint8_t *data, size_t size)
{
	unsigned char from[RECOVERY_BYTES + 4] = { 0 }, to[RECOVERY_BYTES];
	unsigned char text[RECOVERY_TEXT], typed[RECOVERY_TEXT];
	struct slice all = { text, RECOVERY_TEXT };
	struct err e = { 0 };
	size_t i = 0;

	memcpy(from, data, size < sizeof(from) ? size : sizeof(from));
	recovery_put(text, from);
	require(recovery_get(to, all, &e) == 0);
	require(memcmp(to, from, RECOVERY_BYTES) == 0);
	for (i = 0; i < RECOVERY_TEXT; i++) {
		typed[i] = (unsigned char)tolower(text[i]);
		if (text[i] == '-')
			typed[i] = ' ';
		if (text[i] == '0')
			typed[i] = 'o';
		if (text[i] == '1')
			typed[i] = i % 2 == 0 ? 'l' : 'I';
	}
	all.p = typed;
	require(recovery_get(to, all, &e) == 0);
	require(memcmp(to, from, RECOVERY_BYTES) == 0);
	slips(text, from[RECOVERY_BYTES], from[RECOVERY_BYTES + 1]);
	exchanged(text, from[RECOVERY_BYTES + 2], from[RECOVERY_BYTES + 3]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char *copy = malloc(size > 0 ? size : 1);

	require(copy != NULL);
	if (size > 0)
		memcpy(copy, data, size);
	any_text((struct slice){ copy, size });
	any_bytes(data, size);
	free(copy);
	return 0;
}
