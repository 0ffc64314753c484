#include <string.h>

#include "attr.h"
#include "config.h"
#include "dataset.h"
#include "io.h"
#include "otp.h"
#include "policy.h"
#include "record.h"
#include "window.h"

/* An attribute that means something, and what its values may be: by check, or
 * by read, which also says what number one is. */
struct known {
	const char *key;
	int (*check)(const char *value, struct err *e);
	int (*read)(const char *value, uint64_t *numberp, struct err *e);
	bool repeatable;
};

static int
check_any(const char *value, struct err *e)
{
	(void)value;
	(void)e;
	return 0;
}

static int
check_word(const char *value, struct err *e)
{
	const unsigned char *p = (const unsigned char *)value;

	for (; *p != '\0'; p++) {
		if (*p <= 0x20 || *p == 0x7f)
			return err_set(e, ERR_USAGE,
			    "must not have blanks or control characters");
	}
	return 0;
}

static int
check_length(const char *value, size_t max, struct err *e)
{
	if (strlen(value) <= max)
		return 0;
	return err_set(e, ERR_USAGE, "must have at most %zu characters", max);
}

static int
check_host(const char *value, struct err *e)
{
	if (check_length(value, ATTR_HOST_MAX, e) == -1)
		return -1;
	if (strpbrk(value, "@/") != NULL)
		return err_set(e, ERR_USAGE,
		    "must be a host name or address alone (the user is "
		    "user=)");
	return check_word(value, e);
}

static int
read_port(const char *value, uint64_t *numberp, struct err *e)
{
	return parse_number(value, 1, 65535, numberp, e);
}

static int
check_dataset(const char *value, struct err *e)
{
	char name[DATASET_NAME_MAX];

	return dataset_name(name, sizeof(name), slice_of(value), e);
}

/* Its place among words, from 1; these end with NULL. */
static int
read_one_of(const char *value, const char *const *words, const char *what,
    uint64_t *numberp, struct err *e)
{
	uint64_t n;

	for (n = 1; words[n - 1] != NULL; n++) {
		*numberp = n;
		if (strcmp(words[n - 1], value) == 0)
			return 0;
	}
	return err_set(e, ERR_USAGE, "%s", what);
}

static int
read_method(const char *value, uint64_t *numberp, struct err *e)
{
	static const char *const methods[] = { "zos-pass", "site-pswd", "cpwd",
		"site-cpwd", "wsftp-expired", "chpwd", "exec", "ssh-pam",
		NULL };

	return read_one_of(value, methods,
	    "must be zos-pass, site-pswd, cpwd, site-cpwd, wsftp-expired, "
	    "chpwd, exec or ssh-pam",
	    numberp, e);
}

static int
read_tls(const char *value, uint64_t *numberp, struct err *e)
{
	static const char *const modes[] = { "explicit", "implicit",
		"zos-implicit", NULL };

	return read_one_of(value, modes,
	    "must be explicit, implicit or zos-implicit", numberp, e);
}

static int
check_policy(const char *value, struct err *e)
{
	struct policy p;

	return policy_named(&p, value, e);
}

static int
check_window(const char *value, struct err *e)
{
	struct windows w;

	return window_parse(&w, value, e);
}

static int
read_settle(const char *value, uint64_t *numberp, struct err *e)
{
	if (parse_duration(value, numberp, e) == -1)
		return -1;
	if (*numberp > 3600)
		return err_set(e, ERR_USAGE, "must be from 0s to 1h");
	return 0;
}

static int
read_timeout(const char *value, uint64_t *numberp, struct err *e)
{
	if (parse_duration(value, numberp, e) == -1)
		return -1;
	if (*numberp < 1 || *numberp > 3600)
		return err_set(e, ERR_USAGE, "must be from 1s to 1h");
	return 0;
}

static int
read_per_host(const char *value, uint64_t *numberp, struct err *e)
{
	return parse_number(value, 1, CONFIG_JOBS_MAX, numberp, e);
}

/* With 1 the first bad login would revoke: no proof is possible. */
static int
read_revoke_after(const char *value, uint64_t *numberp, struct err *e)
{
	return parse_number(value, 2, 100, numberp, e);
}

static int
check_path(const char *value, struct err *e)
{
	if (value[0] != '/')
		return err_set(e, ERR_USAGE, "must be an absolute path");
	return check_length(value, ATTR_PATH_MAX, e);
}

static int
check_pin(const char *value, struct err *e)
{
	if (strncmp(value, "sha256//", 8) != 0 || value[8] == '\0')
		return err_set(e, ERR_USAGE, "must be sha256// and base64");
	return check_length(value, ATTR_PIN_MAX, e);
}

static int
check_name(const char *value, struct err *e)
{
	return record_name_check(slice_of(value), e);
}

static const struct known known[] = {
	{ "user", .check = check_word },
	{ "host", .check = check_host, .repeatable = true },
	{ "port", .read = read_port },
	{ "service", .check = check_word },
	{ "scheme", .check = check_word },
	{ "path", .check = check_any, .repeatable = true },
	{ "dataset", .check = check_dataset },
	{ "notes", .check = check_any },
	{ "otp", .check = check_name },
	{ "otp.digits", .check = otp_check_digits },
	{ "otp.period", .check = otp_check_period },
	{ "otp.algorithm", .check = otp_check_algorithm },
	{ "rotate.method", .read = read_method },
	{ "rotate.host", .check = check_host },
	{ "rotate.port", .read = read_port },
	{ "rotate.tls", .read = read_tls },
	{ "rotate.policy", .check = check_policy },
	{ "rotate.every", .read = parse_duration },
	{ "rotate.min-age", .read = parse_duration },
	{ "rotate.jitter", .read = parse_duration },
	{ "rotate.window", .check = check_window },
	{ "rotate.pair", .check = check_name },
	{ "rotate.hook", .check = check_path },
	{ "rotate.revoke-after", .read = read_revoke_after },
	{ "rotate.drain", .read = parse_duration },
	{ "rotate.per-host", .read = read_per_host },
	{ "rotate.settle", .read = read_settle },
	{ "rotate.timeout", .read = read_timeout },
	{ "rotate.ca-file", .check = check_path },
	{ "rotate.pin", .check = check_pin },
	{ "rotate.cert", .check = check_path },
	{ "rotate.cert-key", .check = check_path },
	{ "rotate.exec", .check = check_path },
};

/* A site's own attributes, of which pawl knows nothing. */
static const struct known own = { "x-", .check = check_any,
	.repeatable = true };

static const struct known *
find_known(struct slice key)
{
	size_t i = 0;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (slice_is(key, known[i].key))
			return &known[i];
	}
	if (key.len > 2 && key.p[0] == 'x' && key.p[1] == '-')
		return &own;
	return NULL;
}

bool
attr_known(struct slice key)
{
	return find_known(key) != NULL;
}

bool
attr_repeatable(struct slice key)
{
	const struct known *k = find_known(key);

	return k != NULL && k->repeatable;
}

int
attr_read(struct slice key, const char *value, uint64_t *numberp, struct err *e)
{
	const struct known *k = find_known(key);

	*numberp = 0;
	if (k == NULL)
		return err_set(e, ERR_USAGE, "no such attribute");
	if (*value == '\0')
		return err_set(e, ERR_USAGE, "must not be empty");
	return k->read != NULL ? k->read(value, numberp, e) :
				 k->check(value, e);
}

const char *
attr_key(size_t i)
{
	return i < sizeof(known) / sizeof(known[0]) ? known[i].key : NULL;
}
