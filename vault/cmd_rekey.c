#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd.h"

enum {
	OPTION_RECIPIENT = CMD_LONG
};

/* The keys besides the one in use. */
struct more {
	struct key keys[TABLE_SLOTS - 1];
	size_t n;
};

static int
add(struct session *s, struct more *m, int option, struct err *e)
{
	struct key *k = &m->keys[m->n];
	bool made = false;

	if (m->n == TABLE_SLOTS - 1)
		return err_set(e, ERR_USAGE, "a vault has %d key slots",
		    TABLE_SLOTS);
	if (option == OPTION_RECIPIENT) {
		if (key_recipient(k, optarg, e) == -1)
			return -1;
	} else if (cmd_key_file(s, optarg, k, &made, e) == -1) {
		return -1;
	}
	m->n++;
	return 0;
}

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
rekey(struct session *s, const struct more *m, struct err *e)
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
	for (i = 0; i < m->n; i++)
		keys[i + 1] = m->keys[i].slot;
	info.kdf_ops = vault_header(s->vault)->kdf_ops;
	info.kdf_kib = vault_header(s->vault)->kdf_kib;
	info.created = (uint64_t)time(NULL);
	if (vault_rekey(s->vault, keys, m->n + 1, &info, e) == -1)
		return -1;
	printf("slot 0: %s\n", s->key.from);
	for (i = 0; i < m->n; i++)
		printf("slot %zu: %s\n", i + 1, m->keys[i].from);
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
	struct more *m = NULL;
	size_t i = 0;
	int c = 0, rv = 0;

	while ((c = cmd_getopt(argc, argv, ":k:", longs, e)) != -1) {
		if (c == '?')
			return -1;
	}
	if (argc != optind)
		return cmd_usage("rekey", e);
	/* The old key first, as for slot add. */
	if (session_open(s, false, e) == -1)
		return -1;
	session_close(s);
	if ((m = calloc(1, sizeof(*m))) == NULL)
		return err_sys(e, ERR_IO, "memory for keys");
	optind = 0;
	while (rv == 0 && (c = cmd_getopt(argc, argv, ":k:", longs, e)) != -1)
		rv = c == '?' ? -1 : add(s, m, c, e);
	if (rv == 0)
		rv = rekey(s, m, e);
	for (i = 0; i < m->n; i++)
		key_free(&m->keys[i]);
	free(m);
	return rv;
}
