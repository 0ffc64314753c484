#include <fnmatch.h>

#include "attr.h"
#include "cmd.h"

struct wish {
	const char *pattern;
	/* ATTR=PATTERN, each of which must hold. */
	char *const *args;
	int nargs;
};

static bool
matches(const char *pattern, struct slice text)
{
	char value[RECORD_VALUE_MAX + 1];

	return slice_text(text, value, sizeof(value)) == 0 &&
	    fnmatch(pattern, value, FNM_CASEFOLD) == 0;
}

/* With key.p NULL any attribute's value will do. */
static bool
has_attr(const struct entry *entry, struct slice key, const char *pattern)
{
	size_t i = 0;

	for (i = 0; i < entry->nattrs; i++) {
		if ((key.p == NULL || slice_equal(entry->attrs[i].key, key)) &&
		    matches(pattern, entry->attrs[i].value))
			return true;
	}
	return false;
}

static bool
wanted(const struct entry *entry, const void *arg)
{
	const struct wish *w = arg;
	struct slice key = { NULL, 0 }, value = { NULL, 0 };
	int i = 0;

	if (!matches(w->pattern, entry->name) &&
	    !has_attr(entry, key, w->pattern))
		return false;
	for (i = 0; i < w->nargs; i++) {
		if (attr_split(w->args[i], &key, &value) == -1 ||
		    !has_attr(entry, key, (const char *)value.p))
			return false;
	}
	return true;
}

/* A name that nothing has would find nothing, and look like an answer. */
static int
check(const struct wish *w, struct err *e)
{
	struct slice key = { NULL, 0 }, value = { NULL, 0 };
	char shown[80];
	int i = 0;

	for (i = 0; i < w->nargs; i++) {
		if (attr_split(w->args[i], &key, &value) == -1)
			return err_set(e, ERR_USAGE,
			    "argument %d is not ATTR=PATTERN, as in "
			    "host=*.example.com",
			    i + 2);
		if (!attr_known(key))
			return err_set(e, ERR_USAGE,
			    "no attribute %s: see ATTRIBUTES in pawl-vault(1)",
			    text_show(shown, sizeof(shown), key));
	}
	return 0;
}

int
cmd_find(struct session *s, int argc, char **argv, struct err *e)
{
	struct filter f = { 0 };
	struct wish w = { 0 };
	bool json = false;

	if (cmd_flag(argc, argv, "json", 0, &json, e) == -1)
		return -1;
	if (optind == argc)
		return cmd_usage("find", e);
	w.pattern = argv[optind++];
	w.args = argv + optind;
	w.nargs = argc - optind;
	if (check(&w, e) == -1)
		return -1;
	f.wanted = wanted;
	f.arg = &w;
	f.what = w.nargs == 0 ? w.pattern : "all of that";
	return cmd_list_wanted(s, &f, json, e);
}
