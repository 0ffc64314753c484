/*
 * commit ROUNDS NAME: changes the secret of one entry of the vault that the
 * environment names, and by turns replaces another file with as many bytes as
 * the vault has: written, synced, renamed, its directory synced.  Prints
 * "WHAT NANOSECONDS" for each.
 *
 * A commit is all of what a program does for it once it has its key: opens
 * and locks the vault, finds the entry, puts it, commits, closes.
 */
#include <sys/types.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "io.h"
#include "key.h"
#include "path.h"
#include "secret.h"
#include "vault.h"

#define PROGRAM "commit"

#define ROUNDS_MAX 1000
#define WARM_UP 2
#define ARENA 65536

struct job {
	char path[PATH_MAX];
	struct path_trust trust;
	struct key key;
	const char *name;
	/* The vault's directory, and its bytes. */
	int dir;
	unsigned char *bytes;
	size_t len;
};

static uint64_t
now_ns(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* What nobody who replaces a file can do without. */
static int
replace(const struct job *j, struct err *e)
{
	int fd, rv = -1;

	fd = openat(j->dir, "plain.new",
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1)
		return err_sys(e, ERR_IO, "plain.new");
	if (write_all(fd, j->bytes, j->len) == 0 && fsync(fd) == 0 &&
	    renameat(j->dir, "plain.new", j->dir, "plain") == 0 &&
	    fsync(j->dir) == 0)
		rv = 0;
	else
		(void)err_sys(e, ERR_IO, "replace plain");
	(void)close(fd);
	return rv;
}

static int
change(struct job *j, unsigned int round, struct err *e)
{
	struct vault_options o = { .path = j->path,
		.key = &j->key.slot,
		.trust = &j->trust,
		.write = true };
	struct secret *plain = NULL;
	struct vault *v = NULL;
	struct entry entry;
	char secret[32];
	int rv = -1;

	(void)snprintf(secret, sizeof(secret), "CHANGE%06u", round);
	if ((v = vault_open(&o, e)) == NULL ||
	    vault_find(v, TABLE_NAME, slice_of(j->name), &entry, &plain, e) ==
		-1)
		goto out;
	entry.current = slice_of(secret);
	if (vault_put(v, &entry, e) == -1 || vault_commit(v, e) == -1)
		goto out;
	rv = 0;
out:
	secret_free(plain);
	vault_close(v);
	return rv;
}

/* By turns, which goes first too: neither shall profit from the other. */
static int
measure(struct job *j, unsigned int rounds, struct err *e)
{
	uint64_t begin, took[2];
	unsigned int i, turn, which;
	int rv;

	for (i = 0; i < rounds + WARM_UP; i++) {
		for (turn = 0; turn < 2; turn++) {
			which = (i + turn) % 2;
			begin = now_ns();
			rv = which == 0 ? replace(j, e) : change(j, i, e);
			took[which] = now_ns() - begin;
			if (rv == -1)
				return -1;
		}
		if (i < WARM_UP)
			continue;
		(void)printf("replace %llu\ncommit %llu\n",
		    (unsigned long long)took[0], (unsigned long long)took[1]);
	}
	return 0;
}

static int
read_vault(struct job *j, struct err *e)
{
	struct stat st;
	ssize_t n = -1;
	int fd, rv = -1;

	if ((fd = open(j->path, O_RDONLY | O_CLOEXEC)) == -1)
		return err_sys(e, ERR_IO, "%s", j->path);
	if (fstat(fd, &st) == 0 &&
	    (j->bytes = malloc((size_t)st.st_size)) != NULL)
		n = read_full(fd, j->bytes, (size_t)st.st_size);
	if (n > 0 && n == st.st_size) {
		j->len = (size_t)n;
		rv = 0;
	} else {
		(void)err_sys(e, ERR_IO, "read %s", j->path);
	}
	(void)close(fd);
	return rv;
}

/* Everything that is not measured. */
static int
prepare(struct job *j, struct err *e)
{
	char dir[PATH_MAX];

	if (secret_init(NULL, ARENA, e) == -1 ||
	    path_vault(j->path, sizeof(j->path), e) == -1 ||
	    key_find(&j->key, NULL, false, &j->trust, e) == -1 ||
	    read_vault(j, e) == -1)
		return -1;
	memcpy(dir, j->path, sizeof(dir));
	/* The path is absolute. */
	*strrchr(dir, '/') = '\0';
	j->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return j->dir == -1 ? err_sys(e, ERR_IO, "%s", dir) : 0;
}

int
main(int argc, char **argv)
{
	static struct job j = { .dir = -1 };
	struct err e = { ERR_NONE, "" };
	uint64_t rounds = 0;
	int rv = -1;

	if (argc != 3)
		(void)err_set(&e, ERR_USAGE, "usage: commit ROUNDS NAME");
	else if (parse_number(argv[1], 1, ROUNDS_MAX, &rounds, &e) == 0 &&
	    prepare(&j, &e) == 0) {
		j.name = argv[2];
		rv = measure(&j, (unsigned int)rounds, &e);
	}
	key_free(&j.key);
	free(j.bytes);
	if (j.dir != -1)
		(void)close(j.dir);
	return rv == 0 ? 0 : err_print(PROGRAM, &e);
}
