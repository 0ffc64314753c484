/*
 * What people and programs get to see of the status: as lines, JSON, for
 * Prometheus, or as a page; on standard output or in a file.
 */
#ifndef VIEW_H
#define VIEW_H

#include "err.h"
#include "vault.h"

enum view_form {
	VIEW_LINES,
	VIEW_JSON,
	VIEW_PROMETHEUS,
	VIEW_HTML
};

/* path is the vault's, for a page.  output is a file that is replaced, or
 * NULL or "-" for standard output. */
int view_show(struct vault *v, const char *path, enum view_form form,
    const char *output, struct err *e) MUST_CHECK;

#endif
