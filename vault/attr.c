#include <string.h>

#include "cmd.h"
#include "io.h"
#include "otp.h"
#include "policy.h"
#include "window.h"

/* An attribute that means something, and what its values may be. */
struct known {
	const char *key;
	int (*check)(const char *value, struct err *e);
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
check_host(const char *value, struct err *e)
{
	if (strpbrk(value, "@/") != NULL)
		return err_set(e, ERR_USAGE,
		    "must be a host name or address alone (the user is "
		    "user=)");
	return check_word(value, e);
}

static int
check_port(const char *value, struct err *e)
{
	uint64_t n = 0;

	return parse_number(value, 1, 65535, &n, e);
}

static int
check_dataset(const char *value, struct err *e)
{
	char name[DATASET_NAME_MAX];

	return dataset_name(name, sizeof(name), slice_of(value), e);
}

/* words ends with NULL. */
static int
check_one_of(const char *value, const char *const *words, const char *what,
    struct err *e)
{
	for (; *words != NULL; words++)
		if (strcmp(*words, value) == 0)
			return 0;
	return err_set(e, ERR_USAGE, "%s", what);
}

static int
check_method(const char *value, struct err *e)
{
	static const char *const methods[] = { "zos-pass", "site-pswd", "cpwd",
		"site-cpwd", "wsftp-expired", "chpwd", "exec", "ssh-pam",
		NULL };

	return check_one_of(value, methods,
	    "must be zos-pass, site-pswd, cpwd, site-cpwd, wsftp-expired, "
	    "chpwd, exec or ssh-pam",
	    e);
}

static int
check_tls(const char *value, struct err *e)
{
	static const char *const modes[] = { "explicit", "implicit",
		"zos-implicit", NULL };

	return check_one_of(value, modes,
	    "must be explicit, implicit or zos-implicit", e);
}

static int
check_policy(const char *value, struct err *e)
{
	struct policy p;

	return policy_named(&p, value, e);
}

static int
check_duration(const char *value, struct err *e)
{
	uint64_t seconds = 0;

	return parse_duration(value, &seconds, e);
}

static int
check_window(const char *value, struct err *e)
{
	struct windows w;

	return window_parse(&w, value, e);
}

static int
check_timeout(const char *value, struct err *e)
{
	uint64_t seconds = 0;

	if (parse_duration(value, &seconds, e) == -1)
		return -1;
	if (seconds < 1 || seconds > 3600)
		return err_set(e, ERR_USAGE, "must be from 1s to 1h");
	return 0;
}

static int
check_revoke_after(const char *value, struct err *e)
{
	uint64_t n = 0;

	return parse_number(value, 2, 100, &n, e);
}

static int
check_path(const char *value, struct err *e)
{
	if (value[0] == '/')
		return 0;
	return err_set(e, ERR_USAGE, "must be an absolute path");
}

static int
check_pin(const char *value, struct err *e)
{
	if (strncmp(value, "sha256//", 8) == 0 && value[8] != '\0')
		return 0;
	return err_set(e, ERR_USAGE, "must be sha256// and base64");
}

static int
check_name(const char *value, struct err *e)
{
	return record_name_check(slice_of(value), e);
}

static const struct known known[] = {
	{ "user", check_word, false },
	{ "host", check_host, true },
	{ "port", check_port, false },
	{ "service", check_word, false },
	{ "scheme", check_word, false },
	{ "path", check_any, true },
	{ "dataset", check_dataset, false },
	{ "notes", check_any, false },
	{ "otp", check_name, false },
	{ "otp.digits", otp_check_digits, false },
	{ "otp.period", otp_check_period, false },
	{ "otp.algorithm", otp_check_algorithm, false },
	{ "rotate.method", check_method, false },
	{ "rotate.host", check_host, false },
	{ "rotate.port", check_port, false },
	{ "rotate.tls", check_tls, false },
	{ "rotate.policy", check_policy, false },
	{ "rotate.every", check_duration, false },
	{ "rotate.min-age", check_duration, false },
	{ "rotate.jitter", check_duration, false },
	{ "rotate.window", check_window, false },
	{ "rotate.pair", check_name, false },
	{ "rotate.hook", check_path, false },
	{ "rotate.revoke-after", check_revoke_after, false },
	{ "rotate.drain", check_duration, false },
	{ "rotate.timeout", check_timeout, false },
	{ "rotate.ca-file", check_path, false },
	{ "rotate.pin", check_pin, false },
	{ "rotate.cert", check_path, false },
	{ "rotate.cert-key", check_path, false },
	{ "rotate.exec", check_path, false },
};

/* A site's own attributes, of which pawl knows nothing. */
static const struct known own = { "x-", check_any, true };

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

static int
check_attr(char *const *args, int i, struct err *e)
{
	struct slice key = { NULL, 0 }, value = { NULL, 0 };
	const struct known *k = NULL;
	char shown[80];

	/* It may be a password: it is not shown. */
	if (attr_split(args[i], &key, &value) == -1)
		return err_set(e, ERR_USAGE,
		    "attribute %d is not ATTR=VALUE, as in "
		    "host=ftp.example.com; a secret is never an argument",
		    i + 1);
	(void)text_show(shown, sizeof(shown), key);
	if ((k = find_known(key)) == NULL)
		return err_set(e, ERR_USAGE,
		    "no attribute %s: see ATTRIBUTES in pawl-vault(1); a name "
		    "of your own begins with x-",
		    shown);
	if (!k->repeatable && attr_among(args, i, key))
		return err_set(e, ERR_USAGE, "%s= can be given only once",
		    shown);
	if (value.len == 0)
		return 0;
	if (record_attr_check(key, value, e) == -1)
		return -1;
	if (k->check((const char *)value.p, e) == -1)
		return err_in(e, "%s", shown);
	return 0;
}

bool
attr_known(struct slice key)
{
	return find_known(key) != NULL;
}

int
attr_split(const char *arg, struct slice *key, struct slice *value)
{
	const char *equals = strchr(arg, '=');

	if (equals == NULL)
		return -1;
	key->p = (const unsigned char *)arg;
	key->len = (size_t)(equals - arg);
	*value = slice_of(equals + 1);
	return 0;
}

bool
attr_among(char *const *args, int n, struct slice key)
{
	struct slice other, value;
	int i = 0;

	for (i = 0; i < n; i++) {
		if (attr_split(args[i], &other, &value) == 0 &&
		    slice_equal(key, other))
			return true;
	}
	return false;
}

int
attr_check(char *const *args, int n, struct err *e)
{
	int i = 0;

	for (i = 0; i < n; i++) {
		if (check_attr(args, i, e) == -1)
			return -1;
	}
	return 0;
}
