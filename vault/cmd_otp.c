#include <time.h>

#include "cmd.h"
#include "otp.h"

/* The entry with the seed: the one that a login's otp= names, or itself. */
static int
find_seed(struct session *s, const char *name, struct entry *entry,
    struct secret **plainp, struct err *e)
{
	char other[RECORD_NAME_MAX + 1];
	struct slice value;
	size_t at = 0;
	int rv;

	if (session_find(s, name, entry, plainp, e) == -1)
		return -1;
	if (otp_is(entry))
		return 0;
	if (record_attr(entry, "otp", &at, &value) &&
	    slice_text(value, other, sizeof(other)) == 0) {
		secret_free(*plainp);
		*plainp = NULL;
		rv = session_find(s, other, entry, plainp, e);
		s->subject = name;
		if (rv == -1)
			return err_in(e, "%s: otp", name);
		if (otp_is(entry))
			return 0;
	}
	return err_set(e, ERR_USAGE,
	    "%s is not for codes: \"pawl-vault set %s service=otp\" takes a "
	    "seed, and a login names that entry with otp=",
	    name, name);
}

static int
print_code(struct session *s, const struct entry *seed, const struct otp *o,
    struct err *e)
{
	/* The same entry, with the code in the place of the seed. */
	static struct entry entry;
	struct secret *code = NULL;
	int rv;

	if ((code = secret_new(OTP_DIGITS_MAX + 1, e)) == NULL)
		return -1;
	otp_code(o, otp_counter(o, (uint64_t)time(NULL)), code);
	entry = *seed;
	entry.current = secret_slice(code);
	rv = cmd_hand_out(s, &entry, true, e);
	secret_free(code);
	return rv;
}

int
cmd_otp(struct session *s, int argc, char **argv, struct err *e)
{
	static const struct option longs[] = { { NULL, 0, NULL, 0 } };
	struct secret *plain = NULL;
	struct entry entry = { 0 };
	struct otp o = { .key = NULL };
	int rv;

	if (cmd_getopt(argc, argv, ":", longs, e) != -1)
		return -1;
	if (argc - optind != 1)
		return cmd_usage("otp", e);
	if (session_open(s, false, e) == -1 ||
	    find_seed(s, argv[optind], &entry, &plain, e) == -1) {
		secret_free(plain);
		return -1;
	}
	rv = otp_read(&o, &entry, e);
	if (rv == -1)
		(void)err_in(e, "%s", argv[optind]);
	else
		rv = print_code(s, &entry, &o, e);
	otp_free(&o);
	secret_free(plain);
	return rv;
}
