#include <stdio.h>
#include <time.h>

#include "cmd.h"
#include "io.h"

enum {
	OPTION_SLOT = CMD_LONG,
	OPTION_DESCRIPTOR
};

/* No slot was named. */
#define UNNAMED TABLE_SLOTS

static int
is_passphrase(struct session *s, unsigned int number, bool *yesp, struct err *e)
{
	struct slot_info info = { 0 };

	if (vault_slot_info(s->vault, number, &info, e) == -1)
		return -1;
	*yesp = info.kind == SLOT_PASSPHRASE;
	return 0;
}

/* The slot that is meant: the one named, the one in use, or the only one. */
static int
choose(struct session *s, unsigned int *numberp, struct err *e)
{
	unsigned int i = 0, found = UNNAMED, n = 0;
	bool yes = false;

	if (*numberp != UNNAMED) {
		if (is_passphrase(s, *numberp, &yes, e) == -1)
			return -1;
		return yes ? 0 :
			     err_set(e, ERR_USAGE,
				 "slot %u holds no passphrase: \"pawl-vault "
				 "slot list\" shows which do",
				 *numberp);
	}
	for (i = 0; i < TABLE_SLOTS; i++) {
		if (is_passphrase(s, i, &yes, e) == -1)
			return -1;
		if (!yes)
			continue;
		n++;
		found = i;
		if (i == vault_slot_used(s->vault))
			break;
	}
	if (n == 0)
		return err_set(e, ERR_NOENTRY,
		    "the vault has no passphrase: add one with \"pawl-vault "
		    "slot add --passphrase\"");
	if (n > 1 && found != vault_slot_used(s->vault))
		return err_set(e, ERR_USAGE,
		    "the vault has %u passphrases: say which with --slot N", n);
	*numberp = found;
	return 0;
}

static int
replace(struct session *s, unsigned int number, const struct key *k,
    struct err *e)
{
	struct slot_info info = { 0 };
	bool yes = false;

	if (session_open(s, true, e) == -1 ||
	    is_passphrase(s, number, &yes, e) == -1)
		return -1;
	if (!yes)
		return err_set(e, ERR_BUSY,
		    "slot %u was changed meanwhile; try again", number);
	info.kind = SLOT_PASSPHRASE;
	info.kdf_ops = vault_header(s->vault)->kdf_ops;
	info.kdf_kib = vault_header(s->vault)->kdf_kib;
	info.created = (uint64_t)time(NULL);
	if (vault_slot_replace(s->vault, number, &k->slot, &info, e) == -1 ||
	    vault_commit(s->vault, e) == -1)
		return -1;
	printf("slot %u: new passphrase (generation %llu); copies of older "
	       "generations still open with the old one\n",
	    number, (unsigned long long)vault_header(s->vault)->generation);
	return 0;
}

int
cmd_passwd(struct session *s, int argc, char **argv, struct err *e)
{
	static const struct option longs[] = {
		{ "slot", required_argument, NULL, OPTION_SLOT },
		{ "passphrase-fd", required_argument, NULL, OPTION_DESCRIPTOR },
		{ NULL, 0, NULL, 0 },
	};
	struct key k = { 0 };
	uint64_t n = UNNAMED;
	unsigned int number = UNNAMED;
	int c = 0, fd = -1, rv = 0;

	while (rv == 0 && (c = cmd_getopt(argc, argv, ":", longs, e)) != -1) {
		if (c == OPTION_DESCRIPTOR)
			rv = cmd_descriptor(optarg, &fd, e);
		else if (c == OPTION_SLOT)
			rv = parse_number(optarg, 0, TABLE_SLOTS - 1, &n, e);
		else
			rv = -1;
	}
	if (rv == -1)
		return -1;
	if (argc != optind)
		return cmd_usage("passwd", e);
	number = (unsigned int)n;
	/* The old key first, as for slot add. */
	if (session_open(s, false, e) == -1 || choose(s, &number, e) == -1)
		return -1;
	session_close(s);
	if (key_new_passphrase(&k, fd, e) == -1)
		return -1;
	rv = replace(s, number, &k, e);
	key_free(&k);
	return rv;
}
