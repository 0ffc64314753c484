/*
 * fill COUNT: puts COUNT entries into the empty vault that the environment
 * names, in one commit; which, sample.h says.
 */
#include "io.h"
#include "key.h"
#include "path.h"
#include "sample.h"
#include "secret.h"
#include "vault.h"

#define PROGRAM "fill"

#define ARENA 65536

static int
put(struct vault *v, unsigned int number, struct err *e)
{
	struct entry entry = { .nattrs = 0 };
	struct sample s;

	sample(&s, number);
	entry.name = slice_of(s.name);
	entry.current = slice_of(s.secret);
	if (record_attr_add(&entry, slice_of("user"), slice_of(s.user), e) ==
		-1 ||
	    record_attr_add(&entry, slice_of("host"), slice_of(s.host), e) ==
		-1)
		return -1;
	return vault_put(v, &entry, e);
}

static int
fill(struct vault *v, uint64_t count, struct err *e)
{
	uint64_t i;

	for (i = 1; i <= count; i++)
		if (put(v, (unsigned int)i, e) == -1)
			return -1;
	return vault_commit(v, e);
}

static int
run(const char *count, struct err *e)
{
	struct path_trust trust = { 0 };
	struct vault_options o = { .trust = &trust, .write = true };
	struct key key = { 0 };
	struct vault *v = NULL;
	char path[PATH_MAX];
	uint64_t n = 0;
	int rv = -1;

	if (parse_number(count, 1, SAMPLE_MAX, &n, e) == -1 ||
	    secret_init(NULL, ARENA, e) == -1 ||
	    path_vault(path, sizeof(path), e) == -1 ||
	    key_find(&key, NULL, false, &trust, e) == -1)
		goto out;
	o.path = path;
	o.key = &key.slot;
	if ((v = vault_open(&o, e)) == NULL)
		goto out;
	rv = fill(v, n, e);
out:
	vault_close(v);
	key_free(&key);
	return rv;
}

int
main(int argc, char **argv)
{
	struct err e = { ERR_NONE, "" };

	if (argc != 2) {
		(void)err_set(&e, ERR_USAGE, "usage: fill COUNT");
		return err_print(PROGRAM, &e);
	}
	return run(argv[1], &e) == 0 ? 0 : err_print(PROGRAM, &e);
}
