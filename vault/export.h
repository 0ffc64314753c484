/*
 * pawl-vault export: which entries (cmd_export.c), and where they go: as text
 * to standard output, or into a new vault.
 */
#ifndef EXPORT_H
#define EXPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "cmd.h"
#include "err.h"

struct export
{
	/* Of names, each of which must match one; without any it is all. */
	char *const *patterns;
	size_t npatterns;
	/* Of export_select(). */
	int (*visit)(const struct entry *entry, void *arg, struct err *e);
	void *arg;
	/* What matches, in order, once selected. */
	char **names;
	size_t n;
};

/*
 * Fills in the names, from the vault that is open, and calls visit for each of
 * these entries, in no order.  Fails as visit does; ERR_NOENTRY: nothing
 * matches a pattern.
 */
int export_select(struct session *s, struct export *x,
    int (*visit)(const struct entry *entry, void *arg, struct err *e),
    void *arg, struct err *e) MUST_CHECK;

/* Selects, and prints as CSV or JSON Lines. */
int export_text(struct session *s, struct export *from, bool csv,
    struct err *e) MUST_CHECK;

/* What became of an export into a vault. */
struct export_report {
	/* Entries that lost their rotate.method. */
	size_t methods;
};

/*
 * Selects, and writes the entries to a new vault of that path, which the keys
 * open: all of it or nothing.  The keys are made when all else is in order.
 * ERR_ATTENTION names an entry whose rotation is unfinished; ERR_DENIED: there
 * is such a file.
 */
int export_vault(struct session *s, struct export *x, const char *path,
    struct cmd_keys *keys, struct export_report *r, struct err *e) MUST_CHECK;

#endif
