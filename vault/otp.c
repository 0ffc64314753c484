#include <string.h>

#include <sodium.h>

#include "io.h"
#include "otp.h"

#define DIGITS_MIN 6

static const struct {
	const char *name;
	enum crypt_hmac hash;
} algorithms[] = {
	{ "sha1", CRYPT_HMAC_SHA1 },
	{ "sha256", CRYPT_HMAC_SHA256 },
	{ "sha512", CRYPT_HMAC_SHA512 },
};

bool
otp_is(const struct entry *entry)
{
	return record_attr_is(entry, "service", "otp");
}

/* --- Parameters ------------------------------------------------------------*/

static int
read_number(unsigned int *np, struct slice value, unsigned int min,
    unsigned int max, struct err *e)
{
	char text[16];
	uint64_t n = 0;

	/* Not shown: it may be a part of the secret. */
	if (slice_text(value, text, sizeof(text)) == -1 ||
	    parse_number(text, min, max, &n, e) == -1)
		return err_set(e, ERR_USAGE, "must be from %u to %u", min, max);
	*np = (unsigned int)n;
	return 0;
}

static int
read_digits(struct otp *o, struct slice value, struct err *e)
{
	return read_number(&o->digits, value, DIGITS_MIN, OTP_DIGITS_MAX, e);
}

static int
read_period(struct otp *o, struct slice value, struct err *e)
{
	return read_number(&o->period, value, OTP_PERIOD_MIN, OTP_PERIOD_MAX,
	    e);
}

static int
read_algorithm(struct otp *o, struct slice value, struct err *e)
{
	size_t i;

	for (i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		if (!slice_equal_fold(value, slice_of(algorithms[i].name)))
			continue;
		o->hash = algorithms[i].hash;
		return 0;
	}
	return err_set(e, ERR_USAGE, "must be sha1, sha256 or sha512");
}

/* By the name that it has in a URI. */
static const struct parameter {
	const char *name;
	const char *attr;
	int (*read)(struct otp *o, struct slice value, struct err *e);
} parameters[] = {
	{ "digits", "otp.digits", read_digits },
	{ "period", "otp.period", read_period },
	{ "algorithm", "otp.algorithm", read_algorithm },
};

#define NPARAMETERS (sizeof(parameters) / sizeof(parameters[0]))

int
otp_check_digits(const char *value, struct err *e)
{
	struct otp o;

	return read_digits(&o, slice_of(value), e);
}

int
otp_check_period(const char *value, struct err *e)
{
	struct otp o;

	return read_period(&o, slice_of(value), e);
}

int
otp_check_algorithm(const char *value, struct err *e)
{
	struct otp o;

	return read_algorithm(&o, slice_of(value), e);
}

/* --- The seed --------------------------------------------------------------*/

/* The value of a digit of base32 (RFC 4648), or -1. */
static int
base32_value(unsigned char c)
{
	if (c >= 0x41 && c <= 0x5a)
		return c - 0x41;
	if (c >= 0x61 && c <= 0x7a)
		return c - 0x61;
	if (c >= 0x32 && c <= 0x37)
		return c - 0x32 + 26;
	return -1;
}

/* Sites show it in groups, and with or without "=" behind it. */
static int
read_seed(struct otp *o, struct slice text, struct err *e)
{
	unsigned char byte;
	uint32_t bits = 0;
	unsigned int n = 0;
	int value, rv = 0;
	size_t i;

	/* In a URI "=" may be %3D. */
	while (text.len >= 3 &&
	    memcmp(text.p + text.len - 3, "\x25\x33\x44", 3) == 0)
		text.len -= 3;
	while (text.len > 0 && text.p[text.len - 1] == 0x3d)
		text.len--;
	for (i = 0; i < text.len && rv == 0; i++) {
		if (text.p[i] == 0x20 || text.p[i] == 0x2d)
			continue;
		if ((value = base32_value(text.p[i])) == -1)
			return err_set(e, ERR_USAGE,
			    "the seed is not base32 (A to Z, 2 to 7)");
		bits = bits << 5 | (uint32_t)value;
		if ((n += 5) < 8)
			continue;
		n -= 8;
		byte = (unsigned char)(bits >> n);
		bits &= (1u << n) - 1;
		rv = secret_append(o->key, &byte, 1, e);
	}
	if (rv == -1 || o->key->len < OTP_KEY_MIN)
		return err_set(e, ERR_USAGE,
		    "the seed must be from %d to %d bytes, in base32",
		    OTP_KEY_MIN, OTP_KEY_MAX);
	return 0;
}

/* The next "name=value" of a query; false at its end. */
static bool
next_pair(struct slice *query, struct slice *name, struct slice *value)
{
	const unsigned char *end, *equals;

	if (query->len == 0)
		return false;
	end = memchr(query->p, 0x26, query->len);
	name->p = query->p;
	name->len = end == NULL ? query->len : (size_t)(end - query->p);
	query->p += name->len;
	query->len -= name->len;
	if (end != NULL) {
		query->p++;
		query->len--;
	}
	*value = (struct slice){ NULL, 0 };
	if ((equals = memchr(name->p, 0x3d, name->len)) == NULL)
		return true;
	value->p = equals + 1;
	value->len = name->len - (size_t)(equals - name->p) - 1;
	name->len = (size_t)(equals - name->p);
	return true;
}

static int
read_query(struct otp *o, struct slice query, struct err *e)
{
	struct slice name, value, seed = { NULL, 0 };
	size_t i;

	while (next_pair(&query, &name, &value)) {
		if (slice_is(name, "secret"))
			seed = value;
		for (i = 0; i < NPARAMETERS; i++)
			if (slice_is(name, parameters[i].name) &&
			    parameters[i].read(o, value, e) == -1)
				return err_in(e, "%s of the otpauth:// URI",
				    parameters[i].name);
	}
	if (seed.p == NULL)
		return err_set(e, ERR_USAGE,
		    "the otpauth:// URI has no secret");
	return read_seed(o, seed, e);
}

static int
read_secret(struct otp *o, struct slice text, struct err *e)
{
	static const char scheme[] = "otpauth://", kind[] = "otpauth://totp/";
	struct slice start = { text.p, sizeof(scheme) - 1 };
	const unsigned char *query;

	if (text.len < start.len || !slice_equal_fold(start, slice_of(scheme)))
		return read_seed(o, text, e);
	start.len = sizeof(kind) - 1;
	if (text.len < start.len || !slice_equal_fold(start, slice_of(kind)))
		return err_set(e, ERR_USAGE,
		    "the otpauth:// URI is not for TOTP (totp/)");
	if ((query = memchr(text.p, 0x3f, text.len)) == NULL)
		return err_set(e, ERR_USAGE,
		    "the otpauth:// URI has no secret");
	query++;
	text.len -= (size_t)(query - text.p);
	text.p = query;
	return read_query(o, text, e);
}

int
otp_read(struct otp *o, const struct entry *entry, struct err *e)
{
	struct slice value;
	size_t at, i;

	*o = (struct otp){ .hash = CRYPT_HMAC_SHA1,
		.digits = DIGITS_MIN,
		.period = 30 };
	if (entry->current.p == NULL)
		return err_set(e, ERR_NOENTRY, "the entry has no secret");
	for (i = 0; i < NPARAMETERS; i++) {
		at = 0;
		if (record_attr(entry, parameters[i].attr, &at, &value) &&
		    parameters[i].read(o, value, e) == -1)
			return err_in(e, "%s", parameters[i].attr);
	}
	if ((o->key = secret_new(OTP_KEY_MAX, e)) == NULL)
		return -1;
	if (read_secret(o, entry->current, e) == 0)
		return 0;
	otp_free(o);
	return -1;
}

void
otp_free(struct otp *o)
{
	secret_free(o->key);
	o->key = NULL;
}

/* --- The code --------------------------------------------------------------*/

uint64_t
otp_counter(const struct otp *o, uint64_t seconds)
{
	return seconds / o->period;
}

/* RFC 4226, 5.3. */
void
otp_code(const struct otp *o, uint64_t counter, struct secret *code)
{
	unsigned char mac[CRYPT_HMAC_MAX], text[8];
	struct slice data = { text, sizeof(text) };
	const unsigned char *p;
	uint32_t number;
	size_t len, i;

	for (i = 0; i < sizeof(text); i++)
		text[i] = (unsigned char)(counter >> (56 - 8 * i));
	len = crypt_hmac(mac, o->hash, data, secret_slice(o->key));
	p = mac + (mac[len - 1] & 0xf);
	number = (uint32_t)(p[0] & 0x7f) << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
	for (i = o->digits; i > 0; i--, number /= 10)
		code->data[i - 1] = (unsigned char)('0' + number % 10);
	code->len = o->digits;
	sodium_memzero(mac, sizeof(mac));
}
