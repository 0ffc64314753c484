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
#include "select.h"

/* Selects, and prints as CSV or JSON Lines. */
int export_text(struct session *s, struct selection *from, bool csv,
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
int export_vault(struct session *s, struct selection *x, const char *path,
    struct cmd_keys *keys, struct export_report *r, struct err *e) MUST_CHECK;

#endif
