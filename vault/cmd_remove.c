#include <stdio.h>
#include <unistd.h>

#include "cmd.h"
#include "tty.h"

/* Finds it first, so that nobody confirms the removal of nothing. */
static int
confirm(struct session *s, const char *name, struct err *e)
{
	char question[RECORD_NAME_MAX + 64], shown[RECORD_NAME_MAX];
	bool yes = false, is_new = false;

	if (change_look(s, name, &is_new, e) == -1)
		return -1;
	if (is_new)
		return cmd_no_entry(name, e);
	if (!isatty(STDIN_FILENO))
		return err_set(e, ERR_USAGE,
		    "%s: its secret and its history would be gone: say --yes "
		    "if that is meant",
		    name);
	(void)snprintf(question, sizeof(question),
	    "Remove %s with its secret and its history? ",
	    text_show(shown, sizeof(shown), slice_of(name)));
	if (tty_confirm(question, &yes, e) == -1)
		return -1;
	if (!yes)
		return err_set(e, ERR_NOENTRY, "%s: not removed", name);
	return 0;
}

/* Opened like a change, which tells whether a rotation is in the way. */
static int
remove_entry(struct session *s, const char *name, struct err *e)
{
	struct change c;
	int rv = -1;

	change_new(&c);
	if (change_open_existing(s, name, &c, e) == -1)
		goto out;
	if (vault_remove(s->vault, slice_of(name), e) == -1 ||
	    vault_commit(s->vault, e) == -1)
		goto out;
	printf("%s: removed (generation %llu)\n", name,
	    (unsigned long long)vault_header(s->vault)->generation);
	rv = 0;
out:
	change_close(s, &c);
	return rv;
}

int
cmd_remove(struct session *s, int argc, char **argv, struct err *e)
{
	bool yes = false;

	if (cmd_flag(argc, argv, "yes", 'y', &yes, e) == -1)
		return -1;
	if (argc - optind != 1)
		return cmd_usage("remove", e);
	s->subject = argv[optind];
	if (!yes && confirm(s, argv[optind], e) == -1)
		return -1;
	return remove_entry(s, argv[optind], e);
}
