#include <stdio.h>
#include <unistd.h>

#include "cmd.h"
#include "select.h"
#include "tty.h"

enum {
	OPTION_MATCH = CMD_LONG
};

/* From a person, twice; or the first line of what is piped in. */
static struct secret *
read_secret(const char *name, struct err *e)
{
	struct secret *secret = NULL;
	char prompt[RECORD_NAME_MAX + 32], shown[RECORD_NAME_MAX];

	if ((secret = secret_new(RECORD_SECRET_MAX, e)) == NULL)
		return NULL;
	if (isatty(STDIN_FILENO)) {
		(void)snprintf(prompt, sizeof(prompt), "New secret of %s: ",
		    text_show(shown, sizeof(shown), slice_of(name)));
		if (tty_secret_twice(prompt, secret, e) == 0)
			return secret;
	} else if (secret_read_line(STDIN_FILENO, secret, e) == 0) {
		return secret;
	}
	(void)err_in(e, "%s: the secret, on standard input", name);
	secret_free(secret);
	return NULL;
}

static int
set(struct session *s, const char *name, char *const *attrs, int nattrs,
    const struct secret *secret, struct err *e)
{
	struct change c;
	int rv = -1;

	change_new(&c);
	if (change_open(s, name, &c, e) == -1)
		goto out;
	if (c.is_new && secret == NULL) {
		(void)err_set(e, ERR_BUSY,
		    "%s: somebody removed it just now; try again", name);
		goto out;
	}
	if (change_attrs(&c, attrs, nattrs, e) == -1)
		goto out;
	if (secret != NULL && change_secret(&c, secret_slice(secret), e) == -1)
		goto out;
	if (change_save(s, &c, e) == -1)
		goto out;
	change_tell(s, &c, stdout);
	rv = 0;
out:
	change_close(s, &c);
	return rv;
}

static int
visit(const struct entry *entry, void *arg, struct err *e)
{
	(void)entry;
	(void)arg;
	(void)e;
	return 0;
}

/* Puts one of many; they are committed together. */
static int
put(struct session *s, const char *name, char *const *attrs, int nattrs,
    struct err *e)
{
	struct change c;
	int rv = -1;

	change_new(&c);
	s->subject = name;
	if (change_find(s, name, &c, e) == 0 &&
	    change_attrs(&c, attrs, nattrs, e) == 0 &&
	    change_put(s, &c, e) == 0)
		rv = 0;
	change_drop(&c);
	return rv;
}

/* The attributes of all entries that match, in one commit. */
static int
set_matching(struct session *s, char *const *pattern, char *const *attrs,
    int nattrs, struct err *e)
{
	struct selection x = { .patterns = pattern, .npatterns = 1 };
	size_t i = 0;
	int rv = -1;

	if (nattrs == 0)
		return cmd_usage("set", e);
	if (attr_check(attrs, nattrs, e) == -1 ||
	    session_open(s, true, e) == -1)
		return -1;
	if (select_names(s, &x, visit, NULL, e) == 0)
		rv = 0;
	for (i = 0; rv == 0 && i < x.n; i++)
		rv = put(s, x.names[i], attrs, nattrs, e);
	s->subject = "";
	if (rv == 0 && (rv = vault_commit(s->vault, e)) == 0)
		printf("entries stored: %zu (generation %llu)\n", x.n,
		    (unsigned long long)vault_header(s->vault)->generation);
	session_close(s);
	select_free(&x);
	return rv;
}

int
cmd_set(struct session *s, int argc, char **argv, struct err *e)
{
	static const struct option longs[] = {
		{ "secret", no_argument, NULL, 's' },
		{ "match", required_argument, NULL, OPTION_MATCH },
		{ NULL, 0, NULL, 0 },
	};
	struct secret *secret = NULL;
	const char *name = NULL;
	char *pattern = NULL;
	bool ask = false, is_new = false;
	int c = 0, nattrs = 0, rv = -1;

	while ((c = cmd_getopt(argc, argv, ":s", longs, e)) != -1) {
		if (c == '?')
			return -1;
		if (c == OPTION_MATCH)
			pattern = optarg;
		else
			ask = true;
	}
	if (pattern != NULL && !ask)
		return set_matching(s, &pattern, argv + optind, argc - optind,
		    e);
	if (pattern != NULL)
		return err_set(e, ERR_USAGE,
		    "--match sets attributes: many entries have not one "
		    "secret");
	if (optind == argc)
		return cmd_usage("set", e);
	name = argv[optind++];
	nattrs = argc - optind;
	s->subject = name;
	/* All that can be wrong is found before somebody types a password. */
	if (record_name_check(slice_of(name), e) == -1 ||
	    attr_check(argv + optind, nattrs, e) == -1 ||
	    change_look(s, name, &is_new, e) == -1)
		return -1;
	if ((ask || is_new || nattrs == 0) &&
	    (secret = read_secret(name, e)) == NULL)
		return -1;
	rv = set(s, name, argv + optind, nattrs, secret, e);
	secret_free(secret);
	return rv;
}
