/*
 * lmdb FILE fill COUNT: makes a database of the entries of sample.h.
 * lmdb FILE get NAME: prints the secret of one.
 * lmdb FILE set NAME SECRET: changes it; it is on the disk when it ends, by
 * LMDB's own defaults.
 *
 * A value is secret, user and host, each ended by a zero.  Nothing is
 * encrypted.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <lmdb.h>

#include "err.h"
#include "io.h"
#include "sample.h"

#define PROGRAM "lmdb"

#define MAP_SIZE ((size_t)1 << 30)
#define VALUE_MAX 128

/* One transaction on the one table. */
struct work {
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi table;
};

static int
start(struct work *w, const char *file, unsigned int flags)
{
	int rv;

	if ((rv = mdb_env_create(&w->env)) != 0 ||
	    (rv = mdb_env_set_mapsize(w->env, MAP_SIZE)) != 0 ||
	    (rv = mdb_env_open(w->env, file, MDB_NOSUBDIR | flags, 0600)) !=
		0 ||
	    (rv = mdb_txn_begin(w->env, NULL, flags, &w->txn)) != 0)
		return rv;
	return mdb_dbi_open(w->txn, NULL, 0, &w->table);
}

static int
finish(struct work *w, int rv)
{
	if (w->txn != NULL && rv == 0)
		rv = mdb_txn_commit(w->txn);
	else if (w->txn != NULL)
		mdb_txn_abort(w->txn);
	if (w->env != NULL)
		mdb_env_close(w->env);
	return rv;
}

static MDB_val
value_of(const char *text, size_t len)
{
	MDB_val v = { .mv_size = len };

	/* LMDB does not write to what it is given. */
	memcpy(&v.mv_data, &text, sizeof(text));
	return v;
}

static int
fill(struct work *w, unsigned int count)
{
	char text[VALUE_MAX];
	MDB_val key, value;
	struct sample s;
	unsigned int i;
	int len, rv = 0;

	for (i = 1; i <= count && rv == 0; i++) {
		sample(&s, i);
		len = snprintf(text, sizeof(text), "%s%c%s%c%s", s.secret, '\0',
		    s.user, '\0', s.host);
		key = value_of(s.name, strlen(s.name));
		value = value_of(text, (size_t)len + 1);
		rv = mdb_put(w->txn, w->table, &key, &value, 0);
	}
	return rv;
}

static int
get(struct work *w, const char *name)
{
	MDB_val value, key = value_of(name, strlen(name));
	int rv = mdb_get(w->txn, w->table, &key, &value);

	if (rv == 0)
		(void)printf("%s\n", (const char *)value.mv_data);
	return rv;
}

static int
set(struct work *w, const char *name, const char *secret)
{
	MDB_val value, key = value_of(name, strlen(name));
	char text[VALUE_MAX];
	size_t len = strlen(secret) + 1, old = 0, rest = 0;
	int rv = mdb_get(w->txn, w->table, &key, &value);

	if (rv != 0)
		return rv;
	old = strlen(value.mv_data) + 1;
	rest = value.mv_size - old;
	if (len + rest > sizeof(text))
		return MDB_BAD_VALSIZE;
	memcpy(text, secret, len);
	memcpy(text + len, (const char *)value.mv_data + old, rest);
	value = value_of(text, len + rest);
	return mdb_put(w->txn, w->table, &key, &value, 0);
}

static int
run(int argc, char **argv, struct err *e)
{
	const char *command = argc > 3 ? argv[2] : "";
	struct work w = { .env = NULL };
	bool getting = strcmp(command, "get") == 0;
	bool filling = strcmp(command, "fill") == 0;
	uint64_t count = 0;
	int rv;

	if (argc != 5 - (getting || filling) ||
	    (argc == 5 && strcmp(command, "set") != 0))
		return err_set(e, ERR_USAGE,
		    "usage: lmdb FILE fill COUNT | get NAME | set NAME SECRET");
	if (filling && parse_number(argv[3], 1, SAMPLE_MAX, &count, e) == -1)
		return -1;
	rv = start(&w, argv[1], getting ? MDB_RDONLY : 0);
	if (rv == 0 && filling)
		rv = fill(&w, (unsigned int)count);
	else if (rv == 0 && getting)
		rv = get(&w, argv[3]);
	else if (rv == 0)
		rv = set(&w, argv[3], argv[4]);
	if ((rv = finish(&w, rv)) != 0)
		return err_set(e, ERR_IO, "%s: %s", argv[1], mdb_strerror(rv));
	return 0;
}

int
main(int argc, char **argv)
{
	struct err e = { ERR_NONE, "" };

	return run(argc, argv, &e) == 0 ? 0 : err_print(PROGRAM, &e);
}
