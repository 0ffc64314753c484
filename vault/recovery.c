#include <string.h>

#include "recovery.h"

/* Characters of a group that carry data; one more checks them. */
#define DATA 4
#define GROUP (DATA + 1)
#define CODE ((size_t)RECOVERY_GROUPS * GROUP)
/* Characters by number: codes are the same under an EBCDIC compiler. */
#define CH_TAB 0x09
#define CH_BLANK 0x20
#define CH_DASH 0x2d

_Static_assert(RECOVERY_BYTES * 8 == RECOVERY_GROUPS * DATA * 5,
    "the groups hold the bytes");

/* Each character stands for its place here. */
static const char digits[] = u8"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* By 2 in the field of 32 elements, modulo x^5 + x^2 + 1. */
static unsigned int
twice(unsigned int a)
{
	return (a << 1 ^ ((a & 16) != 0 ? 0x25u : 0)) & 31;
}

/*
 * Sum of 2^(4-i) * value i, and the group's number.  In a field, no change of
 * one character, swap of two, or group in another's place goes unseen.
 */
static unsigned int
check(const unsigned char *values, unsigned int group)
{
	unsigned int i = 0, sum = 0;

	for (i = 0; i < DATA; i++)
		sum = twice(sum ^ values[i]);
	return sum ^ group;
}

/* What a character stands for, or -1; all are looked at, for it is secret. */
static int
value_of(unsigned char c)
{
	int i = 0, value = -1;

	if (c >= 0x61 && c <= 0x7a)
		c ^= 0x20;
	if (c == 0x4f)
		c = 0x30;
	if (c == 0x49 || c == 0x4c)
		c = 0x31;
	for (i = 0; i < 32; i++) {
		if ((unsigned char)digits[i] == c)
			value = i;
	}
	return value;
}

static int
wrong_group(size_t group, struct err *e)
{
	return err_set(e, ERR_USAGE,
	    "recovery code: group %zu of %d is wrong; compare its %d "
	    "characters with what you wrote down",
	    group + 1, RECOVERY_GROUPS, GROUP);
}

void
recovery_put(unsigned char text[static RECOVERY_TEXT],
    const unsigned char bytes[static RECOVERY_BYTES])
{
	unsigned char values[DATA];
	unsigned int group = 0, i = 0, bit = 0;
	unsigned int two = 0;

	for (group = 0; group < RECOVERY_GROUPS; group++) {
		for (i = 0; i < DATA; i++) {
			two = (unsigned int)bytes[bit / 8] << 8;
			if (bit / 8 + 1 < RECOVERY_BYTES)
				two |= bytes[bit / 8 + 1];
			values[i] = two >> (11 - bit % 8) & 31;
			*text++ = (unsigned char)digits[values[i]];
			bit += 5;
		}
		*text++ = (unsigned char)digits[check(values, group)];
		if (group + 1 < RECOVERY_GROUPS)
			*text++ = CH_DASH;
	}
	explicit_bzero(values, sizeof(values));
}

/* Checks a whole group, and adds its 20 bits to the bytes. */
static int
take_group(unsigned char *bytes, const unsigned char *values, size_t group,
    struct err *e)
{
	size_t bit = group * DATA * 5, i = 0;
	unsigned int j = 0;

	if (check(values, (unsigned int)group) != values[DATA])
		return wrong_group(group, e);
	for (i = 0; i < DATA; i++) {
		for (j = 0; j < 5; j++, bit++) {
			if ((values[i] >> (4 - j) & 1) != 0)
				bytes[bit / 8] |=
				    (unsigned char)(0x80 >> bit % 8);
		}
	}
	return 0;
}

int
recovery_get(unsigned char bytes[static RECOVERY_BYTES], struct slice text,
    struct err *e)
{
	unsigned char values[GROUP];
	size_t i = 0, n = 0;
	int value = 0, rv = -1;

	memset(bytes, 0, RECOVERY_BYTES);
	for (i = 0; i < text.len; i++) {
		if (text.p[i] == CH_BLANK || text.p[i] == CH_TAB ||
		    text.p[i] == CH_DASH)
			continue;
		if (n == CODE) {
			(void)err_set(e, ERR_USAGE,
			    "recovery code: it has more than %d groups of %d "
			    "characters",
			    RECOVERY_GROUPS, GROUP);
			goto out;
		}
		if ((value = value_of(text.p[i])) == -1) {
			(void)wrong_group(n / GROUP, e);
			goto out;
		}
		values[n % GROUP] = (unsigned char)value;
		if (++n % GROUP == 0 &&
		    take_group(bytes, values, n / GROUP - 1, e) == -1)
			goto out;
	}
	if (n == CODE)
		rv = 0;
	else
		(void)err_set(e, ERR_USAGE,
		    "recovery code: it ends in group %zu of %d", n / GROUP + 1,
		    RECOVERY_GROUPS);
out:
	explicit_bzero(values, sizeof(values));
	if (rv == -1)
		explicit_bzero(bytes, RECOVERY_BYTES);
	return rv;
}
