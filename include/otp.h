/*
 * One-time codes: HOTP (RFC 4226) over the time, TOTP (RFC 6238).  Pure but
 * for the memory of the key.
 *
 * An entry with service=otp has the seed as its secret, in base32 as sites
 * show it, or the URI "otpauth://totp/LABEL?secret=BASE32&..." of their QR
 * code.  otp.digits, otp.period and otp.algorithm say what is not usual; what
 * the URI says comes first.
 */
#ifndef OTP_H
#define OTP_H

#include <stdint.h>

#include "crypt.h"
#include "err.h"
#include "record.h"
#include "secret.h"

#define OTP_DIGITS_MAX 8
#define OTP_PERIOD_MIN 5
#define OTP_PERIOD_MAX 300
/* Seeds in bytes: 80 bits, the least that sites give, and one block. */
#define OTP_KEY_MIN 10
#define OTP_KEY_MAX 128

struct otp {
	enum crypt_hmac hash;
	/* 6 to 8, usually 6. */
	unsigned int digits;
	/* Seconds that a code is for, usually 30. */
	unsigned int period;
	/* The seed as bytes; freed by otp_free(). */
	struct secret *key;
};

/* Whether the entry is for codes (service=otp). */
bool otp_is(const struct entry *entry);

/*
 * Reads an entry's secret and attributes.  ERR_USAGE says what is no seed, no
 * URI for TOTP, or out of bounds; never with a part of the secret.
 */
int otp_read(struct otp *o, const struct entry *entry,
    struct err *e) MUST_CHECK;

/* Wipes the seed. */
void otp_free(struct otp *o);

/* The number of the period that a time in Unix seconds is in. */
uint64_t otp_counter(const struct otp *o, uint64_t seconds);

/* Makes code, which has room for OTP_DIGITS_MAX bytes, the one for a counter. */
void otp_code(const struct otp *o, uint64_t counter, struct secret *code);

/* Values of the attributes.  ERR_USAGE names what they may be. */
int otp_check_digits(const char *value, struct err *e) MUST_CHECK;
int otp_check_period(const char *value, struct err *e) MUST_CHECK;
int otp_check_algorithm(const char *value, struct err *e) MUST_CHECK;

#endif
