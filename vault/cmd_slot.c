#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "io.h"
#include "json.h"
#include "tty.h"

enum {
	OPTION_PASSPHRASE = CMD_LONG,
	OPTION_DESCRIPTOR,
	OPTION_RECIPIENT,
	OPTION_RECOVERY
};

/* What slot add shall add. */
struct wanted {
	const char *file;
	const char *recipient;
	bool passphrase;
	bool recovery;
	/* Where the passphrase comes from; -1 is the terminal. */
	int fd;
};

const char *
cmd_slot_name(enum slot_kind kind)
{
	switch (kind) {
	case SLOT_EMPTY:
		return "empty";
	case SLOT_RAW:
		return "key-file";
	case SLOT_PASSPHRASE:
		return "passphrase";
	case SLOT_X25519:
		return "x25519";
	}
	return "unknown";
}

static void
json_slot(struct json *j, unsigned int number, const struct slot_info *info,
    bool used)
{
	char recipient[KEY_RECIPIENT];

	json_open(j, '{');
	json_member_number(j, "slot", number);
	json_member_text(j, "kind", cmd_slot_name(info->kind));
	json_member_number(j, "created", info->created);
	json_member_bool(j, "used_now", used);
	if (info->kind == SLOT_PASSPHRASE) {
		json_member_number(j, "kdf_ops", info->kdf_ops);
		json_member_number(j, "kdf_kib", info->kdf_kib);
	}
	if (info->kind == SLOT_X25519)
		json_member_text(j, "recipient",
		    key_recipient_text(recipient, info->recipient));
	json_close(j, '}');
}

static void
print_slot(unsigned int number, const struct slot_info *info, bool used)
{
	char when[CMD_TIME], recipient[KEY_RECIPIENT];

	printf("%2u  %-10s  %s", number, cmd_slot_name(info->kind),
	    cmd_time(when, info->created));
	if (info->kind == SLOT_PASSPHRASE)
		printf("  %u passes over %u KiB", info->kdf_ops, info->kdf_kib);
	if (info->kind == SLOT_X25519)
		printf("  %s", key_recipient_text(recipient, info->recipient));
	printf("%s\n", used ? "  (used now)" : "");
}

static int
list(struct session *s, bool json, struct err *e)
{
	struct slot_info info = { 0 };
	struct json j = { 0 };
	unsigned int i = 0, used = 0;
	int rv = -1;

	if (session_open(s, false, e) == -1)
		return -1;
	used = vault_slot_used(s->vault);
	json_open(&j, '[');
	for (i = 0; i < TABLE_SLOTS; i++) {
		if (vault_slot_info(s->vault, i, &info, e) == -1)
			goto out;
		if (info.kind == SLOT_EMPTY)
			continue;
		if (json)
			json_slot(&j, i, &info, i == used);
		else
			print_slot(i, &info, i == used);
	}
	json_close(&j, ']');
	if (json_finish(&j, e) == -1)
		goto out;
	if (json)
		(void)fwrite(j.text, 1, j.len, stdout);
	rv = 0;
out:
	json_free(&j);
	return rv;
}

static int
slot_list(struct session *s, int argc, char **argv, struct err *e)
{
	bool json = false;

	if (cmd_flag(argc, argv, "json", 0, &json, e) == -1)
		return -1;
	if (argc != optind)
		return cmd_usage("slot", e);
	return list(s, json, e);
}

static int
add(struct session *s, const struct key *k, struct err *e)
{
	struct slot_info info = { 0 };
	unsigned int number = 0;

	if (session_open(s, true, e) == -1)
		return -1;
	info.kind = k->slot.kind;
	info.kdf_ops = vault_header(s->vault)->kdf_ops;
	info.kdf_kib = vault_header(s->vault)->kdf_kib;
	info.created = (uint64_t)time(NULL);
	if (vault_slot_add(s->vault, &k->slot, &info, &number, e) == -1 ||
	    vault_commit(s->vault, e) == -1)
		return -1;
	printf("slot %u: added, %s (generation %llu)\n", number, k->from,
	    (unsigned long long)vault_header(s->vault)->generation);
	return 0;
}

/* The only time that it is shown: past stdio, which would keep it. */
static int
show_recovery(const struct secret *code, struct err *e)
{
	struct secret *line = NULL;
	int rv = -1;

	printf("Write this recovery code down and keep it apart from the "
	       "vault; it is not shown again:\n");
	if ((line = secret_new(code->len + 1, e)) == NULL)
		return -1;
	if (secret_set(line, code->data, code->len, e) == 0 &&
	    secret_append(line, "\n", 1, e) == 0) {
		if (fflush(stdout) == EOF ||
		    write_all(STDOUT_FILENO, line->data, line->len) == -1)
			(void)err_sys(e, ERR_IO,
			    "the slot was added, but its code could not be "
			    "shown: remove the slot; standard output");
		else
			rv = 0;
	}
	secret_free(line);
	return rv;
}

static int
add_wanted(struct session *s, const struct wanted *w, struct err *e)
{
	struct secret *code = NULL;
	struct key k = { 0 };
	bool made = false;
	int rv = -1;

	if (w->recipient != NULL)
		rv = key_recipient(&k, w->recipient, e);
	else if (w->recovery)
		rv = key_new_recovery(&k, &code, e);
	else if (w->passphrase)
		rv = key_new_passphrase(&k, w->fd, e);
	else
		rv = cmd_key_file(s, w->file, &k, &made, e);
	if (rv == 0)
		rv = add(s, &k, e);
	if (rv == 0 && code != NULL)
		rv = show_recovery(code, e);
	secret_free(code);
	key_free(&k);
	return rv;
}

static int
slot_add(struct session *s, int argc, char **argv, struct err *e)
{
	static const struct option longs[] = {
		{ "key-file", required_argument, NULL, 'k' },
		{ "passphrase", no_argument, NULL, OPTION_PASSPHRASE },
		{ "passphrase-fd", required_argument, NULL, OPTION_DESCRIPTOR },
		{ "recipient", required_argument, NULL, OPTION_RECIPIENT },
		{ "recovery", no_argument, NULL, OPTION_RECOVERY },
		{ NULL, 0, NULL, 0 },
	};
	struct wanted w = { .fd = -1 };
	int c = 0, rv = 0;

	while (rv == 0 && (c = cmd_getopt(argc, argv, ":k:", longs, e)) != -1) {
		switch (c) {
		case 'k':
			w.file = optarg;
			break;
		case OPTION_DESCRIPTOR:
			rv = cmd_descriptor(optarg, &w.fd, e);
			w.passphrase = true;
			break;
		case OPTION_PASSPHRASE:
			w.passphrase = true;
			break;
		case OPTION_RECIPIENT:
			w.recipient = optarg;
			break;
		case OPTION_RECOVERY:
			w.recovery = true;
			break;
		default:
			rv = -1;
		}
	}
	if (rv == -1)
		return -1;
	if (argc != optind ||
	    (w.file != NULL) + (w.recipient != NULL) + w.passphrase +
		    w.recovery !=
		1)
		return cmd_usage("slot", e);
	/* The old key first: who cannot open it need not invent a new one. */
	if (session_open(s, false, e) == -1)
		return -1;
	session_close(s);
	return add_wanted(s, &w, e);
}

/* A person who removes the key in hand should hold another one. */
static int
confirm(struct session *s, unsigned int number, struct err *e)
{
	unsigned int used = 0;
	bool yes = false;

	if (session_open(s, false, e) == -1)
		return -1;
	used = vault_slot_used(s->vault);
	session_close(s);
	if (used != number)
		return 0;
	if (!isatty(STDIN_FILENO))
		return err_set(e, ERR_USAGE,
		    "slot %u is the one that opened the vault just now: say "
		    "--yes if another key is at hand",
		    number);
	if (tty_confirm("This slot opened the vault just now. Is another key "
			"at hand, and this one to go? ",
		&yes, e) == -1)
		return -1;
	if (!yes)
		return err_set(e, ERR_NOENTRY, "slot %u: not removed", number);
	return 0;
}

static int
slot_remove(struct session *s, int argc, char **argv, struct err *e)
{
	uint64_t number = 0;
	bool yes = false;

	if (cmd_flag(argc, argv, "yes", 'y', &yes, e) == -1)
		return -1;
	if (argc - optind != 1)
		return cmd_usage("slot", e);
	if (parse_number(argv[optind], 0, TABLE_SLOTS - 1, &number, e) == -1)
		return err_in(e, "slot");
	if (!yes && confirm(s, (unsigned int)number, e) == -1)
		return -1;
	if (session_open(s, true, e) == -1 ||
	    vault_slot_remove(s->vault, (unsigned int)number, e) == -1 ||
	    vault_commit(s->vault, e) == -1)
		return -1;
	printf("slot %u: removed (generation %llu); copies of older "
	       "generations still open with it\n",
	    (unsigned int)number,
	    (unsigned long long)vault_header(s->vault)->generation);
	return 0;
}

int
cmd_slot(struct session *s, int argc, char **argv, struct err *e)
{
	if (argc < 2)
		return cmd_usage("slot", e);
	if (strcmp(argv[1], "list") == 0)
		return slot_list(s, argc - 1, argv + 1, e);
	if (strcmp(argv[1], "add") == 0)
		return slot_add(s, argc - 1, argv + 1, e);
	if (strcmp(argv[1], "remove") == 0)
		return slot_remove(s, argc - 1, argv + 1, e);
	return cmd_usage("slot", e);
}
