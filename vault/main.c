#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit.h"
#include "cmd.h"
#include "io.h"
#include "sandbox.h"

#define PROGRAM "pawl-vault"
/* Enough for most commands; it grows if need be. */
#define ARENA 65536

struct command {
	const char *name;
	int (*run)(struct session *s, int argc, char **argv, struct err *e);
	const char *usage;
	const char *help;
};

static const struct command commands[] = {
	{ "init", cmd_init,
	    "[--key-file FILE] [--passphrase | --passphrase-fd N] "
	    "[--kdf-ops N] [--kdf-kib N]",
	    "make a vault, and a key file if there is none" },
	{ "set", cmd_set,
	    "[-s] NAME [ATTR=VALUE ...] | --match PATTERN ATTR=VALUE ...",
	    "make or change an entry" },
	{ "get", cmd_get, "[-n] [--field ATTR] NAME",
	    "print the secret of an entry, or an attribute" },
	{ "show", cmd_show, "[--json] NAME",
	    "print what is known of an entry but its secret" },
	{ "list", cmd_list, "[-l] [--json] [PATTERN]",
	    "print the names of entries" },
	{ "remove", cmd_remove, "[-y] NAME", "remove an entry" },
	{ "generate", cmd_generate,
	    "[--policy POLICY | --length N [--alphabet SET]] [--print] NAME",
	    "give an entry a random secret" },
	{ "import", cmd_import,
	    "dataset|sshpass|netrc|csv|jsonl|pass [--name NAME] [--dataset DSN] "
	    "[--encoding ENCODING] [--format FORMAT] [--replace | --skip] "
	    "[--dry-run] FILE [ATTR=VALUE ...]",
	    "take over passwords that were kept elsewhere" },
	{ "export", cmd_export,
	    "jsonl|csv --reveal [--force] [PATTERN ...] | vault "
	    "--recipient RECIPIENT|--key-file KEYFILE ... FILE [PATTERN ...]",
	    "print entries with their secrets, or make a vault of them" },
	{ "slot", cmd_slot,
	    "list [--json] | add --key-file FILE | "
	    "add --passphrase | add --passphrase-fd N | "
	    "add --recipient RECIPIENT | add --recovery | remove [-y] N",
	    "manage what opens the vault" },
	{ "passwd", cmd_passwd, "[--slot N] [--passphrase-fd N]",
	    "replace a passphrase" },
	{ "rekey", cmd_rekey, "[--key-file FILE | --recipient RECIPIENT] ...",
	    "replace the master key, and with it all other keys" },
	{ "unlock", cmd_unlock, "[--timeout TIME]",
	    "let the kernel keep the vault unlocked for a while" },
	{ "lock", cmd_lock, "", "end that" },
	{ "verify", cmd_verify, "[--json]", "check every byte of the vault" },
	{ "status", cmd_status, "[--json]",
	    "print what a monitor should know of the vault" },
	{ "otp", cmd_otp, "NAME", "print a one-time code" },
	{ "run", cmd_run, "NAME -- COMMAND [ARGUMENT ...]",
	    "run ssh, sftp, scp or a job that logs in with an entry" },
	{ "backup", cmd_backup, "[--json] FILE", "copy the vault" },
	{ "restore", cmd_restore, "[--json] [--force] FILE",
	    "put a copy in the vault's place" },
	{ "edit", cmd_edit, "[--reveal] NAME", "change an entry in an editor" },
	{ "rename", cmd_rename, "NAME NEWNAME", "give an entry another name" },
	{ "copy", cmd_copy, "[--replace] NAME NEWNAME",
	    "make an entry like another" },
	{ "find", cmd_find, "[--json] PATTERN [ATTR=PATTERN ...]",
	    "print the names of entries with these attributes" },
	{ "history", cmd_history, "[--reveal | --json | --restore N] NAME",
	    "print when an entry had which secret before, or go back" },
};

/* What users of pass(1) and of the shell type. */
static const struct {
	const char *alias;
	const char *name;
} aliases[] = {
	{ "ls", "list" },
	{ "rm", "remove" },
	{ "mv", "rename" },
	{ "cp", "copy" },
	{ "insert", "set" },
};

#define NCOMMANDS (sizeof(commands) / sizeof(commands[0]))

static const struct command *
find_command(const char *name)
{
	size_t i = 0;

	for (i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		if (strcmp(name, aliases[i].alias) == 0)
			name = aliases[i].name;
	}
	for (i = 0; i < NCOMMANDS; i++) {
		if (strcmp(name, commands[i].name) == 0)
			return &commands[i];
	}
	return NULL;
}

int
cmd_usage(const char *command, struct err *e)
{
	const struct command *c = find_command(command);

	return err_set(e, ERR_USAGE, "usage: " PROGRAM " %s %s", command,
	    c == NULL ? "" : c->usage);
}

static void
print_help(void)
{
	size_t i = 0;

	printf("usage: " PROGRAM " [-f VAULT] [-k KEYFILE | --passphrase | "
	       "--recovery]\n"
	       "                  [--accept-older] [--wait SECONDS] COMMAND "
	       "...\n\n");
	for (i = 0; i < NCOMMANDS; i++)
		printf("  %-10s%s\n", commands[i].name, commands[i].help);
	printf("\n\"" PROGRAM " help COMMAND\" prints the arguments of one; "
	       "the rest is in " PROGRAM "(1)\n");
}

static int
help(int argc, char **argv, struct err *e)
{
	const struct command *c = NULL;
	char shown[64];

	if (argc < 2) {
		print_help();
		return 0;
	}
	if ((c = find_command(argv[1])) == NULL)
		return err_set(e, ERR_USAGE,
		    "no command %s: \"" PROGRAM " help\" lists them",
		    text_show(shown, sizeof(shown), slice_of(argv[1])));
	printf("usage: " PROGRAM " %s %s\n       %s\n", c->name, c->usage,
	    c->help);
	return 0;
}

enum {
	OPTION_OLDER = CMD_LONG,
	OPTION_PASSPHRASE,
	OPTION_DESCRIPTOR,
	OPTION_KEY_FD,
	OPTION_RECOVERY,
	OPTION_RECOVERY_FD,
	OPTION_WAIT
};

enum early {
	EARLY_NONE,
	EARLY_HELP,
	EARLY_VERSION
};

/* An option that says which key, and not from a key file. */
static int
parse_key_option(struct session *s, int c, struct err *e)
{
	switch (c) {
	case OPTION_PASSPHRASE:
		s->passphrase = true;
		return 0;
	case OPTION_DESCRIPTOR:
		s->passphrase = true;
		return cmd_descriptor(optarg, &s->passphrase_fd, e);
	case OPTION_RECOVERY:
		s->recovery = true;
		return 0;
	case OPTION_RECOVERY_FD:
		s->recovery = true;
		return cmd_descriptor_of("--recovery-fd", optarg,
		    &s->recovery_fd, e);
	case OPTION_KEY_FD:
		return cmd_descriptor_of("--key-fd", optarg, &s->key_fd, e);
	default:
		return -1;
	}
}

/* As lock-wait in pawl.conf, and with its limit. */
static int
parse_wait(struct session *s, const char *text, struct err *e)
{
	uint64_t seconds = 0;

	if (parse_duration(text, &seconds, e) == -1)
		return err_in(e, "--wait");
	if (seconds > CONFIG_WAIT_MAX)
		return err_set(e, ERR_USAGE, "--wait: at most 1d, please");
	s->wait_ms = (int)seconds * 1000;
	return 0;
}

/* One key opens a vault; "-k -" is a descriptor too. */
static int
check_key_options(struct session *s, struct err *e)
{
	int n = (s->key_option != NULL) + s->passphrase + s->recovery +
	    (s->key_fd >= 0);

	if (n > 1)
		return err_set(e, ERR_USAGE,
		    "a key (-k, --key-fd), a passphrase and a recovery code: "
		    "give one of them");
	if (s->key_option != NULL && strcmp(s->key_option, "-") == 0) {
		s->key_option = NULL;
		s->key_fd = STDIN_FILENO;
	}
	return 0;
}

static int
parse_options(struct session *s, enum early *early, int argc, char **argv,
    struct err *e)
{
	static const struct option longs[] = {
		{ "vault", required_argument, NULL, 'f' },
		{ "key-file", required_argument, NULL, 'k' },
		{ "accept-older", no_argument, NULL, OPTION_OLDER },
		{ "passphrase", no_argument, NULL, OPTION_PASSPHRASE },
		{ "passphrase-fd", required_argument, NULL, OPTION_DESCRIPTOR },
		{ "key-fd", required_argument, NULL, OPTION_KEY_FD },
		{ "recovery", no_argument, NULL, OPTION_RECOVERY },
		{ "recovery-fd", required_argument, NULL, OPTION_RECOVERY_FD },
		{ "wait", required_argument, NULL, OPTION_WAIT },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int c = 0;

	optind = 0;
	while ((c = cmd_getopt(argc, argv, "+:f:k:hV", longs, e)) != -1) {
		switch (c) {
		case 'f':
			s->vault_option = optarg;
			break;
		case 'k':
			s->key_option = optarg;
			break;
		case OPTION_OLDER:
			s->accept_older = true;
			break;
		case OPTION_WAIT:
			if (parse_wait(s, optarg, e) == -1)
				return -1;
			break;
		case 'h':
			*early = EARLY_HELP;
			break;
		case 'V':
			*early = EARLY_VERSION;
			break;
		default:
			if (parse_key_option(s, c, e) == -1)
				return -1;
		}
	}
	return check_key_options(s, e);
}

/*
 * Once a run: at its start, or at its end if all of it was locked but what the
 * command needed more.
 */
static void
warn_unlocked(void)
{
	static bool said;

	if (said || secret_locked())
		return;
	said = true;
	cmd_warn("memory cannot be locked: secrets may reach the swap space "
		 "(ulimit -l, LimitMEMLOCK=)");
}

/* What must be in order before a secret comes into memory. */
static int
prepare(struct session *s, struct err *e)
{
	if (config_load(&s->config, e) == -1)
		return -1;
	if (s->config.require_mlock && secret_require_locked(e) == -1)
		return -1;
	if (s->wait_ms >= 0)
		s->config.lock_wait_ms = (unsigned int)s->wait_ms;
	warn_unlocked();
	return audit_open(PROGRAM,
	    s->config.audit_file[0] == '\0' ? NULL : s->config.audit_file, e);
}

static void
report(const struct session *s, const char *command, enum err_kind status)
{
	struct audit a;

	audit_begin(&a, command);
	if (s->subject[0] != '\0')
		audit_text(&a, "entry", s->subject);
	audit_number(&a, "uid", getuid());
	audit_number(&a, "parent", (unsigned long long)getppid());
	audit_number(&a, "status", status);
	audit_send(&a);
}

static int
run(struct session *s, int argc, char **argv, struct err *e)
{
	const struct command *c = NULL;
	char shown[64];
	int rv = -1;

	if (argc == 0)
		return err_set(e, ERR_USAGE,
		    "what shall I do? \"" PROGRAM " help\" lists the commands");
	if (strcmp(argv[0], "help") == 0)
		return help(argc, argv, e);
	if ((c = find_command(argv[0])) == NULL)
		return err_set(e, ERR_USAGE,
		    "no command %s: \"" PROGRAM " help\" lists them",
		    text_show(shown, sizeof(shown), slice_of(argv[0])));
	if (prepare(s, e) == -1)
		return -1;
	optind = 0;
	rv = c->run(s, argc, argv, e);
	warn_unlocked();
	report(s, c->name, rv == 0 ? ERR_NONE : e->kind);
	return rv;
}

static int
start(struct session *s, int argc, char **argv, struct err *e)
{
	enum early early = EARLY_NONE;

	if (sandbox_std_fds(e) == -1 || secret_init(NULL, ARENA, e) == -1)
		return -1;
	secret_wipe_on_signals();
	if (parse_options(s, &early, argc, argv, e) == -1)
		return -1;
	switch (early) {
	case EARLY_HELP:
		print_help();
		return 0;
	case EARLY_VERSION:
		printf(PROGRAM " " VERSION "\n");
		return 0;
	case EARLY_NONE:
		break;
	}
	return run(s, argc - optind, argv + optind, e);
}

int
main(int argc, char **argv)
{
	static struct session s = { .passphrase_fd = -1,
		.recovery_fd = -1,
		.key_fd = -1,
		.wait_ms = -1,
		.subject = "" };
	struct err e = { 0 };
	int rv = -1;

	sandbox_harden();
	rv = start(&s, argc, argv, &e);
	session_end(&s);
	/* What was lost before the last of it is told by the stream alone. */
	if (fflush(stdout) == EOF && rv == 0)
		rv = err_sys(&e, ERR_IO, "write to standard output");
	if (ferror(stdout) && rv == 0)
		rv = err_set(&e, ERR_IO,
		    "write to standard output: not all of it could be written");
	secret_wipe_all();
	return rv == 0 ? s.status : err_print(PROGRAM, &e);
}
