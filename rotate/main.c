/*
 * pawl-rotate: options, then the command for the entries that are meant.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audit.h"
#include "config.h"
#include "fleet.h"
#include "hook.h"
#include "io.h"
#include "key.h"
#include "pair.h"
#include "path.h"
#include "pin.h"
#include "sandbox.h"
#include "secret.h"
#include "vault.h"
#include "view.h"

#define PROGRAM "pawl-rotate"
#define ARENA_SIZE ((size_t)256 * 1024)

struct session {
	struct config config;
	struct key key;
	char path[PATH_MAX];
	const char *vault;
	const char *key_file;
	bool accept_older;
	bool force;
	bool again;
	bool all;
	bool due;
	/* 0: as the configuration has it. */
	unsigned int jobs;
	bool quiet;
	/* Of status, and of report. */
	enum view_form form;
	const char *output;
	struct hooks hooks;
};

static const char *const usage_text =
    "usage: pawl-rotate [options] NAME ... | --all | --due\n"
    "       pawl-rotate [options] check NAME ... | --all | --due\n"
    "       pawl-rotate [options] pin NAME ...\n"
    "       pawl-rotate [options] recover [--again] [NAME ...]\n"
    "       pawl-rotate [options] status [--json | --prometheus]\n"
    "                   [--output FILE]\n"
    "       pawl-rotate [options] report --html FILE\n"
    "       pawl-rotate [options] active NAME\n"
    "\n"
    "  -f, --vault FILE     the vault (PAWL_VAULT)\n"
    "  -k, --key FILE       the key file (PAWL_KEY_FILE)\n"
    "      --all            every entry that has a rotate.method\n"
    "      --due            of these, those that are due now\n"
    "  -j, --jobs N         so many at a time (rotate-jobs, 8)\n"
    "      --force          rotate before rotate.min-age is over\n"
    "      --accept-older   take a vault that was restored from a backup\n"
    "  -q, --quiet          no line for each step\n"
    "  -h, --help; --version\n"
    "\n"
    "See pawl-rotate(1).\n";

enum long_option {
	OPTION_FORCE = 256,
	OPTION_ACCEPT_OLDER,
	OPTION_AGAIN,
	OPTION_JSON,
	OPTION_PROMETHEUS,
	OPTION_OUTPUT,
	OPTION_HTML,
	OPTION_ALL,
	OPTION_DUE,
	OPTION_VERSION
};

static const struct option long_options[] = {
	{ "vault", required_argument, NULL, 'f' },
	{ "key", required_argument, NULL, 'k' },
	{ "force", no_argument, NULL, OPTION_FORCE },
	{ "accept-older", no_argument, NULL, OPTION_ACCEPT_OLDER },
	{ "again", no_argument, NULL, OPTION_AGAIN },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "prometheus", no_argument, NULL, OPTION_PROMETHEUS },
	{ "output", required_argument, NULL, OPTION_OUTPUT },
	{ "html", required_argument, NULL, OPTION_HTML },
	{ "all", no_argument, NULL, OPTION_ALL },
	{ "due", no_argument, NULL, OPTION_DUE },
	{ "jobs", required_argument, NULL, 'j' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ NULL, 0, NULL, 0 },
};

static int
print(int fd, const char *text)
{
	return write_all(fd, text, strlen(text));
}

static void
warn_unlocked(void)
{
	if (print(STDERR_FILENO,
		PROGRAM ": memory cannot be locked (ulimit -l); secrets may "
			"reach the swap\n") == -1)
		return;
}

static struct vault *
open_vault(const struct session *s, struct err *e)
{
	const struct vault_options o = { .path = s->path,
		.key = &s->key.slot,
		.accept_older = s->accept_older };

	return vault_open(&o, e);
}

/* The plan of an entry; no secret is copied. */
static int
read_plan(const struct session *s, const char *name, struct plan *p,
    struct err *e)
{
	struct secret *plain = NULL;
	struct vault *v = NULL;
	struct entry entry;
	int rv = -1;

	if ((v = open_vault(s, e)) != NULL &&
	    vault_find(v, TABLE_NAME, slice_of(name), &entry, &plain, e) == 0)
		rv = plan_read(p, &entry, e);
	secret_free(plain);
	vault_close(v);
	return rv == -1 ? err_in(e, "%s", name) : 0;
}

static int
pin_each(const struct session *s, int argc, char **argv)
{
	struct netproc net = { .fd = -1 };
	struct plan plan;
	struct err e;
	int i, status = 0;

	for (i = 0; i < argc; i++)
		if (read_plan(s, argv[i], &plan, &e) == -1 ||
		    pin_show(argv[i], &plan, &net, &e) == -1)
			status = fleet_worse(status, err_print(PROGRAM, &e));
	netproc_stop(&net);
	return status;
}

static int
show_status(const struct session *s, enum view_form form, struct err *e)
{
	struct vault *v = NULL;
	int rv = -1;

	if ((v = open_vault(s, e)) != NULL)
		rv = view_show(v, s->path, form, s->output, e);
	vault_close(v);
	return rv;
}

/* Which entry of a pair jobs are to use now. */
static int
show_active(const struct session *s, const char *name, struct err *e)
{
	char line[RECORD_NAME_MAX + 2];
	struct vault *v = NULL;
	int rv = -1;

	if ((v = open_vault(s, e)) != NULL &&
	    pair_active(v, name, line, sizeof(line) - 1, e) == 0) {
		memcpy(line + strlen(line), "\n", 2);
		rv = print(STDOUT_FILENO, line);
		if (rv == -1)
			(void)err_sys(e, ERR_IO, "write the name");
	}
	vault_close(v);
	return rv;
}

static int
usage_error(const char *what, struct err *e)
{
	return err_set(e, ERR_USAGE, "%s; see pawl-rotate --help", what);
}

/* Who is meant by what is left of the arguments. */
static int
choose(const struct session *s, struct fleet *f, int argc, char **argv,
    struct err *e)
{
	struct targets_wish *chosen = &f->selection;

	chosen->names = argv;
	chosen->n = (size_t)argc;
	if (argc > 0 && (s->all || s->due))
		return usage_error("names beside --all or --due", e);
	if (s->all && s->due)
		return usage_error("both --all and --due", e);
	if (s->all)
		chosen->kind = TARGETS_ALL;
	else if (s->due)
		chosen->kind = TARGETS_DUE;
	else if (argc == 0 && f->event != TX_START && f->event != TX_CHECK)
		chosen->kind = TARGETS_UNFINISHED;
	else if (argc == 0 && f->event == TX_CHECK)
		return usage_error("which entry is to be checked?", e);
	else if (argc == 0)
		return usage_error("which entry is to be rotated?", e);
	chosen->skip_young = f->event == TX_START && !s->force;
	return 0;
}

static int
run(struct session *s, enum tx_event event, int argc, char **argv,
    struct err *e)
{
	struct fleet f = { .program = PROGRAM,
		.config = &s->config,
		.key = &s->key.slot,
		.vault = s->path,
		.event = event,
		.jobs = s->jobs,
		.force = s->force,
		.quiet = s->quiet,
		.hooks = &s->hooks };

	if (choose(s, &f, argc, argv, e) == -1)
		return -1;
	return fleet_run(&f, e);
}

/* What only shows something; 1 if it is another command. */
static int
show(const struct session *s, int argc, char **argv, struct err *e)
{
	if (strcmp(argv[0], "status") == 0) {
		if (argc > 1)
			return usage_error("status takes no name", e);
		if (s->form == VIEW_HTML)
			return usage_error("--html is of report", e);
		return show_status(s, s->form, e);
	}
	if (strcmp(argv[0], "report") == 0) {
		if (argc > 1 || s->form != VIEW_HTML)
			return usage_error("report takes --html FILE", e);
		return show_status(s, s->form, e);
	}
	if (strcmp(argv[0], "active") == 0) {
		if (argc != 2)
			return usage_error("active takes one name", e);
		return show_active(s, argv[1], e);
	}
	return 1;
}

static int
dispatch(struct session *s, int argc, char **argv, struct err *e)
{
	enum tx_event recovery = s->again ? TX_RECOVER_AGAIN : TX_RECOVER;
	struct vault *v;
	int rv;

	if (s->accept_older) {
		if ((v = open_vault(s, e)) == NULL)
			return -1;
		vault_close(v);
	}
	if (argc == 0)
		return run(s, TX_START, argc, argv, e);
	if ((rv = show(s, argc, argv, e)) != 1)
		return rv;
	if (strcmp(argv[0], "recover") == 0)
		return run(s, recovery, argc - 1, argv + 1, e);
	if (strcmp(argv[0], "check") == 0)
		return run(s, TX_CHECK, argc - 1, argv + 1, e);
	if (strcmp(argv[0], "pin") == 0) {
		if (argc == 1)
			return usage_error("whose server?", e);
		return pin_each(s, argc - 1, argv + 1);
	}
	return run(s, TX_START, argc, argv, e);
}

static int
set_jobs(struct session *s, const char *text, struct err *e)
{
	uint64_t n = 0;

	if (parse_number(text, 1, CONFIG_JOBS_MAX, &n, e) == -1)
		return err_in(e, "--jobs");
	s->jobs = (unsigned int)n;
	return 0;
}

/* Of the commands that only show something; -1 if c is none of theirs. */
static int
view_option(struct session *s, int c)
{
	switch (c) {
	case OPTION_JSON:
		s->form = VIEW_JSON;
		return 0;
	case OPTION_PROMETHEUS:
		s->form = VIEW_PROMETHEUS;
		return 0;
	case OPTION_HTML:
		s->form = VIEW_HTML;
		s->output = optarg;
		return 0;
	case OPTION_OUTPUT:
		s->output = optarg;
		return 0;
	default:
		return -1;
	}
}

/* Options may stand anywhere; an abbreviation of a long one may not. */
static int
options(struct session *s, int argc, char **argv, struct err *e)
{
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "f:k:j:qh", long_options, NULL)) !=
	    -1) {
		switch (c) {
		case 'f':
			s->vault = optarg;
			break;
		case 'k':
			s->key_file = optarg;
			break;
		case 'q':
			s->quiet = true;
			break;
		case 'j':
			if (set_jobs(s, optarg, e) == -1)
				return -1;
			break;
		case OPTION_ALL:
			s->all = true;
			break;
		case OPTION_DUE:
			s->due = true;
			break;
		case OPTION_FORCE:
			s->force = true;
			break;
		case OPTION_ACCEPT_OLDER:
			s->accept_older = true;
			break;
		case OPTION_AGAIN:
			s->again = true;
			break;
		case 'h':
		case OPTION_VERSION:
			return c;
		default:
			if (view_option(s, c) == 0)
				break;
			return usage_error("unknown option, or one without "
					   "its argument",
			    e);
		}
	}
	return 0;
}

static int
prepare(struct session *s, struct err *e)
{
	struct path_trust trust = { { { 0 } } };
	const char *audit;
	size_t len;

	if (config_load(&s->config, e) == -1)
		return -1;
	s->hooks.site = s->config.rotate_hook;
	s->hooks.timeout_ms = s->config.rotate_hook_ms;
	audit = s->config.audit_file[0] == '\0' ? NULL : s->config.audit_file;
	if (audit_open(PROGRAM, audit, e) == -1)
		return -1;
	if (s->config.require_mlock && secret_require_locked(e) == -1)
		return -1;
	if (!secret_locked() && !s->quiet)
		warn_unlocked();
	if (s->vault == NULL) {
		if (path_vault(s->path, sizeof(s->path), e) == -1)
			return -1;
	} else if ((len = strlen(s->vault)) >= sizeof(s->path)) {
		return err_set(e, ERR_USAGE, "-f: the path is too long");
	} else {
		memcpy(s->path, s->vault, len + 1);
	}
	return key_find(&s->key, s->key_file, true, &trust, e);
}

static void
warn(const struct err *e)
{
	(void)err_print(PROGRAM, e);
}

static int
finish(struct session *s, int status)
{
	key_free(&s->key);
	secret_wipe_all();
	hook_run(&s->hooks, warn);
	return status;
}

int
main(int argc, char **argv)
{
	static struct session s;
	struct err e = { ERR_NONE, "" };
	int status;

	sandbox_harden();
	sandbox_no_core();
	tzset();
	if (sandbox_std_fds(&e) == -1 ||
	    secret_init(NULL, ARENA_SIZE, &e) == -1)
		return err_print(PROGRAM, &e);
	secret_wipe_on_signals();
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return ERR_IO;
	if ((status = options(&s, argc, argv, &e)) == -1)
		return err_print(PROGRAM, &e);
	if (status == 'h')
		return print(STDOUT_FILENO, usage_text) == -1 ? ERR_IO : 0;
	if (status == OPTION_VERSION)
		return print(STDOUT_FILENO, PROGRAM " " VERSION "\n") == -1 ?
		    ERR_IO :
		    0;
	if (prepare(&s, &e) == -1)
		return finish(&s, err_print(PROGRAM, &e));
	if ((status = dispatch(&s, argc - optind, argv + optind, &e)) == -1)
		status = err_print(PROGRAM, &e);
	return finish(&s, status);
}
