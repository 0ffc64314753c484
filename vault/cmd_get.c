#include <unistd.h>

#include "attr.h"
#include "cmd.h"
#include "io.h"

/* An attribute as it is, each value a line. */
static int
get_field(struct session *s, const char *name, const char *key, bool newline,
    struct err *e)
{
	struct slice value = { NULL, 0 }, next = { NULL, 0 };
	struct secret *plain = NULL;
	struct entry entry = { 0 };
	size_t at = 0;
	bool more = false;
	int rv = -1;

	if (session_open(s, false, e) == -1 ||
	    session_find(s, name, &entry, &plain, e) == -1)
		return -1;
	if (!record_attr(&entry, key, &at, &value)) {
		(void)err_set(e, ERR_NOENTRY, "%s has no %s", name, key);
		goto out;
	}
	do {
		more = record_attr(&entry, key, &at, &next);
		if (write_all(STDOUT_FILENO, value.p, value.len) == -1 ||
		    ((newline || more) &&
			write_all(STDOUT_FILENO, "\n", 1) == -1)) {
			(void)err_sys(e, ERR_IO, "write to standard output");
			goto out;
		}
		value = next;
	} while (more);
	rv = 0;
out:
	secret_free(plain);
	return rv;
}

static int
get(struct session *s, const char *name, bool newline, struct err *e)
{
	struct secret *plain = NULL;
	struct entry entry = { 0 };
	int rv = -1;

	s->hand_out = true;
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
	else if (record_unsettled(&entry))
		cmd_warn("%s: a change of it was sent and may still come: this "
			 "may cease to be the password; see \"pawl-rotate "
			 "recover %s\"",
		    name, name);
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
		{ "field", required_argument, NULL, CMD_LONG },
		{ NULL, 0, NULL, 0 },
	};
	const char *field = NULL;
	bool newline = true;
	int c = 0;

	while ((c = cmd_getopt(argc, argv, ":n", longs, e)) != -1) {
		if (c == 'n')
			newline = false;
		else if (c == CMD_LONG)
			field = optarg;
		else
			return -1;
	}
	if (argc - optind != 1)
		return cmd_usage("get", e);
	if (field != NULL && !attr_known(slice_of(field)))
		return err_set(e, ERR_USAGE,
		    "--field: no such attribute: see ATTRIBUTES in "
		    "pawl-vault(1)");
	if (field != NULL)
		return get_field(s, argv[optind], field, newline, e);
	return get(s, argv[optind], newline, e);
}
