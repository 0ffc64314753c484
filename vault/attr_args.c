#include <string.h>

#include "attr.h"
#include "cmd.h"

static int
check_attr(char *const *args, int i, struct err *e)
{
	struct slice key = { NULL, 0 }, value = { NULL, 0 };
	uint64_t number = 0;
	char shown[80];

	/* It may be a password: it is not shown. */
	if (attr_split(args[i], &key, &value) == -1)
		return err_set(e, ERR_USAGE,
		    "attribute %d is not ATTR=VALUE, as in "
		    "host=ftp.example.com; a secret is never an argument",
		    i + 1);
	(void)text_show(shown, sizeof(shown), key);
	if (!attr_known(key))
		return err_set(e, ERR_USAGE,
		    "no attribute %s: see ATTRIBUTES in pawl-vault(1); a name "
		    "of your own begins with x-",
		    shown);
	if (!attr_repeatable(key) && attr_among(args, i, key))
		return err_set(e, ERR_USAGE, "%s= can be given only once",
		    shown);
	if (value.len == 0)
		return 0;
	if (record_attr_check(key, value, e) == -1)
		return -1;
	if (attr_read(key, (const char *)value.p, &number, e) == -1)
		return err_in(e, "%s", shown);
	return 0;
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
