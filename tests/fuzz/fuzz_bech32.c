/*
 * bech32_check(), bech32_decode() and bech32_encode() on any text, on any bytes,
 * and on strings whose checksum is made good here.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "bech32.h"
#include "fuzz.h"

static const char letters[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

#define CHECKSUM 6
/* The most bytes that a string with the shortest part before "1" holds. */
#define BYTES_MAX 52

/*
 * A string that is taken lies within its bounds and, where it stands for whole
 * bytes, is the only one that does, but for the case of letters.
 */
static void
any_text(struct slice text)
{
	unsigned char bytes[BYTES_MAX];
	char hrp[BECH32_MAX + 1], lower[BECH32_MAX + 1], out[BECH32_MAX + 1];
	struct slice part = { NULL, 0 };
	size_t i = 0, n = 0;

	if (bech32_check(text, &part) == -1)
		return;
	require(text.len <= BECH32_MAX && part.p == text.p && part.len > 0);
	require(part.len + 1 + CHECKSUM <= text.len);
	require(text.p[part.len] == '1');
	require(slice_text(part, hrp, sizeof(hrp)) == 0);
	for (i = 0; hrp[i] != '\0'; i++)
		hrp[i] = (char)tolower((unsigned char)hrp[i]);
	n = (text.len - part.len - 1 - CHECKSUM) * 5 / 8;
	if (n > sizeof(bytes) || bech32_decode(text, hrp, bytes, n) == -1)
		return;
	require(bech32_encode(out, sizeof(out), hrp,
		    (struct slice){ bytes, n }) == 0);
	for (i = 0; i < text.len; i++)
		lower[i] = (char)tolower(text.p[i]);
	lower[text.len] = '\0';
	require(strcmp(out, lower) == 0);
}

/* One letter changed, anywhere behind the "1", and it is refused. */
static void
slip(const char *text, size_t at, size_t letter, size_t len)
{
	unsigned char bytes[BYTES_MAX];
	char wrong[BECH32_MAX + 1];

	memcpy(wrong, text, strlen(text) + 1);
	at = 4 + at % (strlen(text) - 4);
	wrong[at] = letters[letter % 32];
	require((bech32_decode(slice_of(wrong), "age", bytes, len) == 0) ==
	    (wrong[at] == text[at]));
}

/* Bytes come back, from capital letters too, and in no other length. */
static void
any_bytes(struct slice from)
{
	unsigned char bytes[BYTES_MAX];
	char text[BECH32_MAX + 1], upper[BECH32_MAX + 1];
	size_t i = 0;

	if (from.len > 48)
		from.len = 48;
	require(bech32_encode(text, sizeof(text), "age", from) == 0);
	for (i = 0; i <= strlen(text); i++)
		upper[i] = (char)toupper((unsigned char)text[i]);
	require(bech32_decode(slice_of(text), "age", bytes, from.len) == 0);
	require(slice_equal((struct slice){ bytes, from.len }, from));
	require(bech32_decode(slice_of(upper), "age", bytes, from.len) == 0);
	require(slice_equal((struct slice){ bytes, from.len }, from));
	require(bech32_decode(slice_of(text), "agf", bytes, from.len) == -1);
	require(bech32_decode(slice_of(text), "age", bytes, from.len + 1) ==
	    -1);
	if (from.len > 0) {
		require(bech32_decode(slice_of(text), "age", bytes,
			    from.len - 1) == -1);
		slip(text, from.p[0], from.p[from.len - 1], from.len);
	}
}

/* The checksum as BIP-173 has it, for strings that no mutation would find. */
static uint32_t
polymod(uint32_t sum, unsigned int value)
{
	static const uint32_t generator[] = { 0x3b6a57b2, 0x26508e6d,
		0x1ea119fa, 0x3d4233dd, 0x2a1462b3 };
	uint32_t top = sum >> 25;
	size_t i = 0;

	sum = (sum & 0x1ffffff) << 5 ^ value;
	for (i = 0; i < 5; i++)
		sum ^= (top >> i & 1) != 0 ? generator[i] : 0;
	return sum;
}

/* Writes hrp, "1", n values and their checksum, in capitals if so wanted. */
static void
compose(char *text, const char *hrp, const unsigned char *values, size_t n,
    bool capitals)
{
	uint32_t sum = 1;
	size_t i = 0, len = strlen(hrp);

	for (i = 0; i < len; i++)
		sum = polymod(sum, (unsigned int)tolower(hrp[i]) >> 5);
	sum = polymod(sum, 0);
	for (i = 0; i < len; i++)
		sum = polymod(sum, (unsigned int)tolower(hrp[i]) & 31);
	memcpy(text, hrp, len);
	text[len++] = '1';
	for (i = 0; i < n; i++) {
		sum = polymod(sum, values[i] & 31);
		text[len++] = letters[values[i] & 31];
	}
	for (i = 0; i < CHECKSUM; i++)
		sum = polymod(sum, 0);
	for (i = 0; i < CHECKSUM; i++)
		text[len++] = letters[(sum ^ 1) >> 5 * (5 - i) & 31];
	text[len] = '\0';
	for (i = 0; capitals && i < len; i++)
		text[i] = (char)toupper(text[i]);
}

/*
 * Good but, perhaps, for an empty part before the "1", letters in both cases,
 * or bits behind the last byte: those are refused, and nothing else.
 */
static void
made_good(struct slice from)
{
	char hrp[8] = "", text[BECH32_MAX + 1];
	unsigned char bytes[BYTES_MAX];
	struct slice part = { NULL, 0 };
	size_t i = 0, n = 0, len = 0, upper = 0, small = 0;
	bool spare = false;

	if (from.len < sizeof(hrp))
		return;
	for (i = 0; i < from.p[0] % sizeof(hrp); i++)
		hrp[i] = (char)(33 + from.p[1 + i] % 94);
	n = from.len - sizeof(hrp) > 64 ? 64 : from.len - sizeof(hrp);
	compose(text, hrp, from.p + sizeof(hrp), n, (from.p[0] & 128) != 0);
	for (i = 0; text[i] != '\0'; i++) {
		upper += isupper((unsigned char)text[i]) != 0;
		small += islower((unsigned char)text[i]) != 0;
	}
	require((bech32_check(slice_of(text), &part) == 0) ==
	    (hrp[0] != '\0' && (upper == 0 || small == 0)));
	any_text(slice_of(text));
	len = n * 5 / 8;
	if (hrp[0] == '\0' || (upper > 0 && small > 0) || n * 5 % 8 >= 5)
		return;
	for (i = 0; i < n * 5 % 8; i++)
		spare = spare || (from.p[sizeof(hrp) + n - 1] >> i & 1) != 0;
	require((bech32_decode(slice_of(text), hrp, bytes, len) == 0) ==
	    !spare);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char *copy = malloc(size > 0 ? size : 1);

	require(copy != NULL);
	if (size > 0)
		memcpy(copy, data, size);
	any_text((struct slice){ copy, size });
	any_bytes((struct slice){ copy, size });
	made_good((struct slice){ copy, size });
	free(copy);
	return 0;
}
