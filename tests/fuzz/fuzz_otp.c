/*
 * otp_read() on any secret: a seed within its bounds, or a refusal.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "otp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool good)
{
	if (!good)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool started;
	static struct entry entry;
	static struct secret *code;
	unsigned char *text = malloc(size + 1);
	struct err e = { 0 };
	struct otp o;

	require(text != NULL);
	if (!started)
		require(secret_init(NULL, 65536, &e) == 0 &&
		    (code = secret_new(OTP_DIGITS_MAX, &e)) != NULL);
	started = true;
	if (size > 0)
		memcpy(text, data, size);
	entry.current = (struct slice){ text, size };
	if (otp_read(&o, &entry, &e) == 0) {
		require(o.digits >= 6 && o.digits <= OTP_DIGITS_MAX);
		require(o.period >= OTP_PERIOD_MIN &&
		    o.period <= OTP_PERIOD_MAX);
		require(o.key->len >= OTP_KEY_MIN && o.key->len <= OTP_KEY_MAX);
		otp_code(&o, size, code);
		require(code->len == o.digits);
		otp_free(&o);
	} else {
		require(e.kind == ERR_USAGE && o.key == NULL);
	}
	free(text);
	return 0;
}
