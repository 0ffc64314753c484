#include <stdio.h>
#include <string.h>

#include "cmd.h"

/* What is copied must be known to be the password. */
static int
check_source(const struct entry *from, const char *name, struct err *e)
{
	if (change_idle(from, name, e) == -1)
		return -1;
	if (from->current.p == NULL)
		return err_set(e, ERR_NOENTRY, "%s has no secret to copy",
		    name);
	return 0;
}

/* Secret and attributes; the history and the rotation stay c's own. */
static int
take_over(struct change *c, const struct entry *from, struct err *e)
{
	memcpy(c->entry.attrs, from->attrs, sizeof(c->entry.attrs));
	c->entry.nattrs = from->nattrs;
	if (change_secret(c, from->current, e) == -1)
		return -1;
	/* It is as old as it was: rotate.every counts from there. */
	c->entry.current_from = from->current_from;
	return 0;
}

static int
copy_entry(struct session *s, const char *name, const char *to, bool replace,
    struct err *e)
{
	struct secret *plain = NULL;
	struct entry from = { 0 };
	struct change c;
	int rv = -1;

	change_new(&c);
	if (change_open(s, to, &c, e) == -1 ||
	    session_find(s, name, &from, &plain, e) == -1 ||
	    check_source(&from, name, e) == -1)
		goto out;
	s->subject = to;
	if (!c.is_new && !replace) {
		(void)err_set(e, ERR_DENIED,
		    "%s is there already: --replace makes it a copy, and its "
		    "secret history",
		    to);
		goto out;
	}
	if (take_over(&c, &from, e) == -1 || change_save(s, &c, e) == -1)
		goto out;
	if (record_has(&from, "rotate.method"))
		cmd_warn("%s: its rotation would not tell %s of the new "
			 "password: give it another user, or remove its "
			 "rotate.method",
		    to, name);
	change_tell(s, &c, stdout);
	rv = 0;
out:
	secret_free(plain);
	change_close(s, &c);
	return rv;
}

int
cmd_copy(struct session *s, int argc, char **argv, struct err *e)
{
	bool replace = false;

	if (cmd_flag(argc, argv, "replace", 0, &replace, e) == -1)
		return -1;
	if (argc - optind != 2)
		return cmd_usage("copy", e);
	if (strcmp(argv[optind], argv[optind + 1]) == 0)
		return err_set(e, ERR_USAGE,
		    "an entry cannot be a copy of itself");
	return copy_entry(s, argv[optind], argv[optind + 1], replace, e);
}
