#include <stdio.h>
#include <string.h>

#include "cmd.h"

static int
rename_entry(struct session *s, const char *name, const char *to, struct err *e)
{
	struct change c;
	int rv = -1;

	change_new(&c);
	if (change_open_existing(s, name, &c, e) == -1)
		goto out;
	/* Same id, other name: vault_put() refuses one that is taken. */
	c.entry.name = slice_of(to);
	if (change_save(s, &c, e) == -1)
		goto out;
	printf("%s: renamed to %s (generation %llu)\n", name, to,
	    (unsigned long long)vault_header(s->vault)->generation);
	rv = 0;
out:
	change_close(s, &c);
	return rv;
}

int
cmd_rename(struct session *s, int argc, char **argv, struct err *e)
{
	static const struct option longs[] = { { NULL, 0, NULL, 0 } };

	if (cmd_getopt(argc, argv, ":", longs, e) != -1)
		return -1;
	if (argc - optind != 2)
		return cmd_usage("rename", e);
	s->subject = argv[optind];
	if (strcmp(argv[optind], argv[optind + 1]) == 0)
		return err_set(e, ERR_USAGE,
		    "the old name and the new one are the same");
	if (record_name_check(slice_of(argv[optind + 1]), e) == -1)
		return -1;
	return rename_entry(s, argv[optind], argv[optind + 1], e);
}
