#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd.h"

enum {
	OPTION_RECIPIENT = CMD_LONG
};

/* What the first slot is made for: the key that opened the vault. */
static int
first_key(struct session *s, struct slot_key *key, struct err *e)
{
	struct slot_info info = { 0 };

	if (vault_slot_info(s->vault, vault_slot_used(s->vault), &info, e) ==
	    -1)
		return -1;
	*key = s->key.slot;
	if (key->kind != SLOT_X25519)
		return 0;
	/* Of several identities the one that fitted. */
	key->secret = NULL;
	memcpy(key->recipient, info.recipient, sizeof(key->recipient));
	return 0;
}

static int
rekey(struct session *s, const struct cmd_keys *more, struct err *e)
{
	struct slot_key keys[TABLE_SLOTS] = { 0 };
	struct slot_info info = { 0 };
	size_t i = 0;

	if (session_open(s, true, e) == -1 || first_key(s, keys, e) == -1)
		return -1;
	/* pawl-rotate must be able to note what became of the password. */
	if (vault_busy(s->vault) > 0)
		return err_set(e, ERR_ATTENTION,
		    "unfinished rotations: %u, which may lose their key: run "
		    "\"pawl-rotate recover\" first",
		    vault_busy(s->vault));
	for (i = 0; i < more->n; i++)
		keys[i + 1] = more->keys[i].slot;
	info.kdf_ops = vault_header(s->vault)->kdf_ops;
	info.kdf_kib = vault_header(s->vault)->kdf_kib;
	info.created = (uint64_t)time(NULL);
	if (vault_rekey(s->vault, keys, more->n + 1, &info, e) == -1)
		return -1;
	printf("slot 0: %s\n", s->key.from);
	for (i = 0; i < more->n; i++)
		printf("slot %zu: %s\n", i + 1, more->keys[i].from);
	printf("%s: new master key (generation %llu); %s.prev and other copies "
	       "still open with the old keys: destroy them\n",
	    s->path, (unsigned long long)vault_header(s->vault)->generation,
	    s->path);
	return 0;
}

int
cmd_rekey(struct session *s, int argc, char **argv, struct err *e)
{
	static const struct option longs[] = {
		{ "key-file", required_argument, NULL, 'k' },
		{ "recipient", required_argument, NULL, OPTION_RECIPIENT },
		{ NULL, 0, NULL, 0 },
	};
	struct cmd_keys *more = NULL;
	int c = 0, rv = 0;

	if ((more = calloc(1, sizeof(*more))) == NULL)
		return err_sys(e, ERR_IO, "memory for keys");
	while (rv == 0 && (c = cmd_getopt(argc, argv, ":k:", longs, e)) != -1)
		rv = c == '?' ? -1 :
				cmd_keys_want(more, c == OPTION_RECIPIENT,
				    optarg, TABLE_SLOTS - 1, e);
	if (rv == 0 && argc != optind)
		rv = cmd_usage("rekey", e);
	/* The old key first, as for slot add. */
	if (rv == 0)
		rv = session_open(s, false, e);
	session_close(s);
	if (rv == 0 && (rv = cmd_keys_make(s, more, e)) == 0)
		rv = rekey(s, more, e);
	cmd_keys_free(more);
	return rv;
}
