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
	struct selection x;
	const char *format;
	bool reveal;
	bool force;
	/* The new vault, and what opens it. */
	const char *file;
	struct cmd_keys *keys;
};

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
	struct selection *x = &job->x;
	int rv = -1;

	if (session_open(s, false, e) == -1)
		return -1;
	if (!is_vault(job))
		rv = export_text(s, x, strcmp(job->format, "csv") == 0, e);
	else if ((rv = export_vault(s, x, job->file, job->keys, &r, e)) == 0)
		tell_vault(job, &r);
	select_free(x);
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
