#include <stdint.h>
#include <string.h>

#include "bech32.h"

#define CHECKSUM 6
#define CH_FIRST 0x21
#define CH_LAST 0x7e
#define CH_ONE 0x31
#define CH_CASE 0x20

/* Each letter stands for its place here. */
static const char letters[] = u8"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

static uint32_t
step(uint32_t sum, unsigned int value)
{
	static const uint32_t generator[] = { 0x3b6a57b2, 0x26508e6d,
		0x1ea119fa, 0x3d4233dd, 0x2a1462b3 };
	uint32_t top = sum >> 25;
	size_t i = 0;

	sum = (sum & 0x1ffffff) << 5 ^ value;
	for (i = 0; i < sizeof(generator) / sizeof(generator[0]); i++) {
		if ((top >> i & 1) != 0)
			sum ^= generator[i];
	}
	return sum;
}

static unsigned char
lower(unsigned char c)
{
	return c >= 0x41 && c <= 0x5a ? c | CH_CASE : c;
}

/* What a letter stands for, or -1; all are looked at, for it may be secret. */
static int
value_of(unsigned char c)
{
	int i = 0, value = -1;

	for (i = 0; i < 32; i++) {
		if ((unsigned char)letters[i] == lower(c))
			value = i;
	}
	return value;
}

static uint32_t
begin(struct slice hrp)
{
	uint32_t sum = 1;
	size_t i = 0;

	for (i = 0; i < hrp.len; i++)
		sum = step(sum, lower(hrp.p[i]) >> 5);
	sum = step(sum, 0);
	for (i = 0; i < hrp.len; i++)
		sum = step(sum, lower(hrp.p[i]) & 31u);
	return sum;
}

/* Printable, and not in both cases of letters. */
static int
check_letters(struct slice text)
{
	unsigned int upper = 0, small = 0;
	size_t i = 0;

	for (i = 0; i < text.len; i++) {
		if (text.p[i] < CH_FIRST || text.p[i] > CH_LAST)
			return -1;
		upper += text.p[i] >= 0x41 && text.p[i] <= 0x5a;
		small += text.p[i] >= 0x61 && text.p[i] <= 0x7a;
	}
	return upper > 0 && small > 0 ? -1 : 0;
}

int
bech32_check(struct slice text, struct slice *hrp)
{
	uint32_t sum = 0;
	size_t i = 0, one = text.len;
	int value = 0;

	if (text.len > BECH32_MAX || check_letters(text) == -1)
		return -1;
	while (one > 0 && text.p[one - 1] != CH_ONE)
		one--;
	/* one counts the separator; there is something before it. */
	if (one < 2 || text.len - one < CHECKSUM)
		return -1;
	*hrp = (struct slice){ text.p, one - 1 };
	sum = begin(*hrp);
	for (i = one; i < text.len; i++) {
		if ((value = value_of(text.p[i])) == -1)
			return -1;
		sum = step(sum, (unsigned int)value);
	}
	return sum == 1 ? 0 : -1;
}

int
bech32_decode(struct slice text, const char *hrp, unsigned char *to, size_t len)
{
	struct slice found = { NULL, 0 };
	uint32_t word = 0;
	unsigned int bits = 0;
	size_t i = 0, n = 0, values = (len * 8 + 4) / 5;

	if (bech32_check(text, &found) == -1 ||
	    !slice_equal_fold(found, slice_of(hrp)) ||
	    text.len != found.len + 1 + values + CHECKSUM)
		return -1;
	for (i = found.len + 1; n < len; i++) {
		word = (word << 5 | (uint32_t)value_of(text.p[i])) & 0xfff;
		bits += 5;
		if (bits < 8)
			continue;
		bits -= 8;
		to[n++] = (unsigned char)(word >> bits);
	}
	/* What fills up the last letter is zero. */
	return (word & ((1u << bits) - 1)) == 0 ? 0 : -1;
}

/* Adds a letter at *buf and steps on. */
static uint32_t
put(char **buf, uint32_t sum, unsigned int value)
{
	*(*buf)++ = letters[value & 31];
	return step(sum, value & 31);
}

int
bech32_encode(char *buf, size_t size, const char *hrp, struct slice bytes)
{
	struct slice head = slice_of(hrp);
	size_t i = 0, n = 0;
	uint32_t sum = begin(head), word = 0;
	unsigned int bits = 0;

	if (bytes.len > BECH32_MAX || head.len > BECH32_MAX)
		return -1;
	n = head.len + 1 + (bytes.len * 8 + 4) / 5 + CHECKSUM;
	if (n > BECH32_MAX || n >= size)
		return -1;
	memcpy(buf, hrp, head.len);
	buf += head.len;
	*buf++ = CH_ONE;
	for (i = 0; i < bytes.len; i++) {
		word = (word << 8 | bytes.p[i]) & 0xfff;
		for (bits += 8; bits >= 5; bits -= 5)
			sum = put(&buf, sum, word >> (bits - 5));
	}
	if (bits > 0)
		sum = put(&buf, sum, word << (5 - bits));
	for (i = 0; i < CHECKSUM; i++)
		sum = step(sum, 0);
	sum ^= 1;
	for (i = 0; i < CHECKSUM; i++)
		*buf++ = letters[sum >> 5 * (CHECKSUM - 1 - i) & 31];
	*buf = '\0';
	return 0;
}
