#include "cmd.h"

static int
get(struct session *s, const char *name, bool newline, struct err *e)
{
	struct secret *plain = NULL;
	struct entry entry = { 0 };
	int rv = -1;

	if (session_open(s, false, e) == -1 ||
	    session_find(s, name, &entry, &plain, e) == -1)
		return -1;
	if (entry.current.p == NULL) {
		(void)err_set(e, ERR_NOENTRY,
		    "%s has no secret: give it one with \"pawl-vault set "
		    "%s\"",
		    name, name);
		goto out;
	}
	if (entry.rotation.state != ROTATION_IDLE)
		cmd_warn("%s: its rotation is unfinished (%s): this may no "
			 "longer be the password; finish it with "
			 "\"pawl-rotate recover %s\"",
		    name, cmd_rotation_name(entry.rotation.state), name);
	rv = cmd_hand_out(s, &entry, newline, e);
out:
	secret_free(plain);
	return rv;
}

int
cmd_get(struct session *s, int argc, char **argv, struct err *e)
{
	static const struct option longs[] = {
		{ "no-newline", no_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 },
	};
	bool newline = true;
	int c = 0;

	while ((c = cmd_getopt(argc, argv, ":n", longs, e)) != -1) {
		if (c != 'n')
			return -1;
		newline = false;
	}
	if (argc - optind != 1)
		return cmd_usage("get", e);
	return get(s, argv[optind], newline, e);
}
