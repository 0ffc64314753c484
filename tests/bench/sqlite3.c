/*
 * sqlite3 FILE fill COUNT: makes a database of the entries of sample.h.
 * sqlite3 FILE get NAME: prints the secret of one.
 * sqlite3 FILE set NAME SECRET: changes it; it is on the disk when it ends, by
 * SQLite's own defaults (a rollback journal, synchronous FULL).
 *
 * The table is the one to be found in fastest.  Nothing is encrypted.
 */
#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#include "err.h"
#include "io.h"
#include "sample.h"

#define PROGRAM "sqlite3"

#define SCHEMA \
	"CREATE TABLE entry (name TEXT PRIMARY KEY, user TEXT NOT NULL, " \
	"host TEXT NOT NULL, secret TEXT NOT NULL) WITHOUT ROWID"

static int
failed(sqlite3 *db, const char *what, struct err *e)
{
	return err_set(e, ERR_IO, "%s: %s", what, sqlite3_errmsg(db));
}

static int
add(sqlite3_stmt *insert, unsigned int number)
{
	struct sample s;
	const char *values[] = { s.name, s.user, s.host, s.secret };
	int i, rv = SQLITE_OK;

	sample(&s, number);
	for (i = 0; i < 4 && rv == SQLITE_OK; i++)
		rv = sqlite3_bind_text(insert, i + 1, values[i], -1,
		    SQLITE_TRANSIENT);
	if (rv == SQLITE_OK && sqlite3_step(insert) == SQLITE_DONE)
		return sqlite3_reset(insert);
	return rv == SQLITE_OK ? SQLITE_ERROR : rv;
}

static int
fill(sqlite3 *db, const char *count, struct err *e)
{
	sqlite3_stmt *insert = NULL;
	uint64_t i, n = 0;
	int rv;

	if (parse_number(count, 1, SAMPLE_MAX, &n, e) == -1)
		return -1;
	if (sqlite3_exec(db, SCHEMA "; BEGIN", NULL, NULL, NULL) != SQLITE_OK)
		return failed(db, "create", e);
	rv = sqlite3_prepare_v2(db, "INSERT INTO entry VALUES (?, ?, ?, ?)", -1,
	    &insert, NULL);
	for (i = 1; i <= n && rv == SQLITE_OK; i++)
		rv = add(insert, (unsigned int)i);
	(void)sqlite3_finalize(insert);
	if (rv != SQLITE_OK ||
	    sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		return failed(db, "insert", e);
	return 0;
}

static int
get(sqlite3 *db, const char *name, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int rv = -1;

	if (sqlite3_prepare_v2(db, "SELECT secret FROM entry WHERE name = ?",
		-1, &s, NULL) == SQLITE_OK &&
	    sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW) {
		(void)printf("%s\n", (const char *)sqlite3_column_text(s, 0));
		rv = 0;
	} else {
		(void)failed(db, "select", e);
	}
	(void)sqlite3_finalize(s);
	return rv;
}

static int
set(sqlite3 *db, const char *name, const char *secret, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int rv = -1;

	if (sqlite3_prepare_v2(db, "UPDATE entry SET secret = ? WHERE name = ?",
		-1, &s, NULL) == SQLITE_OK &&
	    sqlite3_bind_text(s, 1, secret, -1, SQLITE_STATIC) == SQLITE_OK &&
	    sqlite3_bind_text(s, 2, name, -1, SQLITE_STATIC) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_DONE && sqlite3_changes(db) == 1)
		rv = 0;
	else
		(void)failed(db, "update", e);
	(void)sqlite3_finalize(s);
	return rv;
}

int
main(int argc, char **argv)
{
	const char *command = argc > 3 ? argv[2] : "";
	struct err e = { ERR_NONE, "" };
	sqlite3 *db = NULL;
	int rv = -1;

	if (argc > 3 && sqlite3_open(argv[1], &db) != SQLITE_OK)
		(void)failed(db, argv[1], &e);
	else if (argc == 4 && strcmp(command, "fill") == 0)
		rv = fill(db, argv[3], &e);
	else if (argc == 4 && strcmp(command, "get") == 0)
		rv = get(db, argv[3], &e);
	else if (argc == 5 && strcmp(command, "set") == 0)
		rv = set(db, argv[3], argv[4], &e);
	else
		(void)err_set(&e, ERR_USAGE,
		    "usage: sqlite3 FILE fill COUNT | get NAME | "
		    "set NAME SECRET");
	(void)sqlite3_close(db);
	return rv == 0 ? 0 : err_print(PROGRAM, &e);
}
