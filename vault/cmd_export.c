#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "export.h"

enum {
	OPTION_REVEAL = CMD_LONG,
	OPTION_FORCE,
	OPTION_RECIPIENT
};

/* One run of the command. */
struct job {
	struct export x;
	const char *format;
	bool reveal;
	bool force;
	/* The new vault, and what opens it. */
	const char *file;
	struct cmd_keys *keys;
};

/* Without patterns it is all of them. */
static bool
is_wanted(const struct export *x, const char *name)
{
	size_t i = 0;

	for (i = 0; i < x->npatterns; i++) {
		if (fnmatch(x->patterns[i], name, 0) == 0)
			return true;
	}
	return x->npatterns == 0;
}

static int
select_entry(const struct entry *entry, void *arg, struct err *e)
{
	struct export *x = arg;
	char name[RECORD_NAME_MAX + 1];

	if (slice_text(entry->name, name, sizeof(name)) == -1)
		return err_set(e, ERR_DAMAGED, "an entry's name is too long");
	if (!is_wanted(x, name))
		return 0;
	if (x->visit(entry, x->arg, e) == -1)
		return -1;
	if (asprintf(&x->names[x->n], "%s", name) == -1)
		return err_sys(e, ERR_IO, "memory for names");
	x->n++;
	return 0;
}

static int
compare(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* A pattern that nothing matches is a slip. */
static int
check_pattern(const struct export *x, const char *pattern, struct err *e)
{
	char shown[96];
	size_t i = 0;

	for (i = 0; i < x->n; i++) {
		if (fnmatch(pattern, x->names[i], 0) == 0)
			return 0;
	}
	return err_set(e, ERR_NOENTRY, "no entry matches %s",
	    text_show(shown, sizeof(shown), slice_of(pattern)));
}

int
export_select(struct session *s, struct export *x,
    int (*visit)(const struct entry *entry, void *arg, struct err *e),
    void *arg, struct err *e)
{
	size_t i = 0, all = vault_geometry(s->vault)->records;

	x->visit = visit;
	x->arg = arg;
	if ((x->names = calloc(all + 1, sizeof(*x->names))) == NULL)
		return err_sys(e, ERR_IO, "memory for names");
	if (vault_each(s->vault, select_entry, x, e) != 0)
		return -1;
	for (i = 0; i < x->npatterns; i++) {
		if (check_pattern(x, x->patterns[i], e) == -1)
			return -1;
	}
	if (x->n > 1)
		qsort(x->names, x->n, sizeof(*x->names), compare);
	return 0;
}

static bool
is_vault(const struct job *job)
{
	return strcmp(job->format, "vault") == 0;
}

static int
parse_options(struct job *job, int argc, char **argv, struct err *e)
{
	static const struct option longs[] = {
		{ "reveal", no_argument, NULL, OPTION_REVEAL },
		{ "force", no_argument, NULL, OPTION_FORCE },
		{ "recipient", required_argument, NULL, OPTION_RECIPIENT },
		{ "key-file", required_argument, NULL, 'k' },
		{ NULL, 0, NULL, 0 },
	};
	int c = 0, rv = 0;

	while (rv == 0 && (c = cmd_getopt(argc, argv, ":k:", longs, e)) != -1) {
		switch (c) {
		case OPTION_REVEAL:
			job->reveal = true;
			break;
		case OPTION_FORCE:
			job->force = true;
			break;
		case OPTION_RECIPIENT:
		case 'k':
			rv = cmd_keys_want(job->keys, c == OPTION_RECIPIENT,
			    optarg, TABLE_SLOTS, e);
			break;
		default:
			rv = -1;
		}
	}
	return rv;
}

static int
check_text(const struct job *job, struct err *e)
{
	if (job->keys->n > 0)
		return err_set(e, ERR_USAGE,
		    "--recipient and --key-file are for \"export vault\"");
	if (!job->reveal)
		return err_set(e, ERR_USAGE,
		    "this prints secrets: say --reveal if they are to be "
		    "seen");
	if (isatty(STDOUT_FILENO) == 1 && !job->force)
		return err_set(e, ERR_USAGE,
		    "standard output is a terminal, which shows and keeps "
		    "what it is given: send it to a file or a pipe, or say "
		    "--force");
	return 0;
}

static int
check_vault(const struct job *job, struct err *e)
{
	if (job->reveal || job->force)
		return err_set(e, ERR_USAGE,
		    "--reveal and --force are for \"export jsonl\" and "
		    "\"export csv\"");
	if (job->keys->n == 0)
		return err_set(e, ERR_USAGE,
		    "what is to open the new vault? say --recipient RECIPIENT "
		    "or --key-file FILE");
	return 0;
}

static void
tell_vault(const struct job *job, const struct export_report *r)
{
	size_t i = 0;

	cmd_print(slice_of(job->file), NULL);
	printf(": a new vault of %zu entries\n", job->x.n);
	for (i = 0; i < job->keys->n; i++)
		printf("slot %zu: %s%s\n", i, job->keys->keys[i].from,
		    job->keys->made[i] ? " (new)" : "");
	if (r->methods > 0)
		cmd_warn("%zu of them are rotated here, and are without "
			 "rotate.method there: two vaults that change one "
			 "password lock its account",
		    r->methods);
}

static int export(struct session *s, struct job *job, struct err *e)
{
	struct export_report r = { 0 };
	struct export *x = &job->x;
	size_t i = 0;
	int rv = -1;

	if (session_open(s, false, e) == -1)
		return -1;
	if (!is_vault(job))
		rv = export_text(s, x, strcmp(job->format, "csv") == 0, e);
	else if ((rv = export_vault(s, x, job->file, job->keys, &r, e)) == 0)
		tell_vault(job, &r);
	for (i = 0; i < x->n; i++)
		free(x->names[i]);
	free(x->names);
	return rv;
}

static int
prepare(struct job *job, int argc, char **argv, struct err *e)
{
	bool vault = is_vault(job);

	if (parse_options(job, argc, argv, e) == -1)
		return -1;
	argv += optind;
	argc -= optind;
	if (vault && argc == 0)
		return cmd_usage("export", e);
	if (vault)
		job->file = argv[0];
	job->x.patterns = argv + vault;
	job->x.npatterns = (size_t)(argc - vault);
	return vault ? check_vault(job, e) : check_text(job, e);
}

int
cmd_export(struct session *s, int argc, char **argv, struct err *e)
{
	struct job job = { 0 };
	char shown[64];
	int rv = -1;

	if (argc < 2)
		return cmd_usage("export", e);
	job.format = argv[1];
	if (!is_vault(&job) && strcmp(argv[1], "jsonl") != 0 &&
	    strcmp(argv[1], "csv") != 0)
		return err_set(e, ERR_USAGE,
		    "export %s: the format is missing or unknown; there are "
		    "jsonl, csv and vault",
		    text_show(shown, sizeof(shown), slice_of(argv[1])));
	if ((job.keys = calloc(1, sizeof(*job.keys))) == NULL)
		return err_sys(e, ERR_IO, "memory for keys");
	if (prepare(&job, argc - 1, argv + 1, e) == 0)
		rv = export(s, &job, e);
	cmd_keys_free(job.keys);
	return rv;
}
