/*
 * rotating VAULT KEYFILE NAME STATE: puts an entry into a rotation state, with
 * the pending secret from standard input, as a pawl-rotate that was killed
 * would leave it, long ago; with STATE "old" it is only made long ago that it
 * was left, and standard input is not read.  With STATE "lock" it holds the entry's lock, says so, and
 * waits for the end of standard input.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vault.h"

static const struct {
	const char *name;
	enum rotation_state state;
} states[] = {
	{ "pend", ROTATION_PEND },
	{ "sent", ROTATION_SENT },
	{ "attn", ROTATION_ATTN },
	{ "lost", ROTATION_IDLE },
};

static int
hold(const char *path, const struct entry *entry, struct err *e)
{
	char c = 0;
	int fd = -1;

	if (vault_lock_entry(path, entry->id, 0, &fd, e) == -1)
		return -1;
	(void)printf("locked\n");
	(void)fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) == 1)
		;
	(void)close(fd);
	return 0;
}

static int
put(struct vault *v, struct entry *entry, const char *state, struct err *e)
{
	struct secret *pending = NULL;
	size_t i = 0;
	int rv = -1;

	entry->rotation.since = 1;
	if (strcmp(state, "old") == 0)
		return vault_put(v, entry, e) == -1 ? -1 : vault_commit(v, e);
	if ((pending = secret_new(RECORD_SECRET_MAX, e)) == NULL ||
	    secret_read_line(STDIN_FILENO, pending, e) == -1)
		goto out;
	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (strcmp(states[i].name, state) == 0)
			entry->rotation.state = states[i].state;
	}
	entry->rotation.exposures = 1;
	entry->rotation.outstanding = strcmp(state, "lost") == 0;
	entry->pending = secret_slice(pending);
	entry->pending_from = 1;
	if (vault_put(v, entry, e) == -1 || vault_commit(v, e) == -1)
		goto out;
	rv = 0;
out:
	secret_free(pending);
	return rv;
}

static int
run(char **argv, struct err *e)
{
	struct path_trust trust = { 0 };
	struct vault_options o = { 0 };
	struct secret *plain = NULL;
	struct vault *v = NULL;
	struct entry entry;
	struct key k = { 0 };
	int rv = -1;

	if (secret_init(NULL, 65536, e) == -1 ||
	    key_read_file(&k, argv[2], &trust, e) == -1)
		goto out;
	o.path = argv[1];
	o.key = &k.slot;
	o.trust = &trust;
	o.write = strcmp(argv[4], "lock") != 0;
	if ((v = vault_open(&o, e)) == NULL ||
	    vault_find(v, TABLE_NAME, slice_of(argv[3]), &entry, &plain, e) ==
		-1)
		goto out;
	rv = o.write ? put(v, &entry, argv[4], e) : hold(argv[1], &entry, e);
out:
	secret_free(plain);
	vault_close(v);
	key_free(&k);
	return rv;
}

int
main(int argc, char **argv)
{
	struct err e = { 0 };

	if (argc != 5)
		return 64;
	return run(argv, &e) == 0 ? 0 : err_print("rotating", &e);
}
