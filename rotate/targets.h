/*
 * Who is meant: the entries that names, patterns, --all or --due stand for.
 */
#ifndef TARGETS_H
#define TARGETS_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "record.h"
#include "vault.h"

/* One entry; texts are "" where it has none, or is none. */
struct target {
	/* Zeros for a name that no entry has. */
	unsigned char id[RECORD_ID];
	char *name;
	char *host;
	char *user;
	/* Its rotate.per-host; 0 where it has none. */
	unsigned int per_host;
};

struct targets {
	struct target *list;
	size_t n;
	size_t cap;
	/* That would have been meant, but were rotated a moment ago. */
	size_t young;
};

enum targets_kind {
	/* By names, and by patterns: those that have a rotate.method. */
	TARGETS_NAMED,
	/* All that have a rotate.method. */
	TARGETS_ALL,
	/* Of these those that are due now; see due.h. */
	TARGETS_DUE,
	/* Of these those that an earlier run left. */
	TARGETS_UNFINISHED
};

struct targets_wish {
	enum targets_kind kind;
	/* The names; a pattern is one with '*', '?' or '[' that is no entry's
	 * name, and is matched as by "pawl-vault list" (fnmatch(3)). */
	char **names;
	size_t n;
	/* Leave out what is younger than rotate.min-age, unless it was named
	 * itself, or is unfinished. */
	bool skip_young;
};

/*
 * Fills *t, each entry once; in the order of the names, and by name for the
 * rest.  ERR_NOENTRY: a pattern matches none.  The caller calls targets_free()
 * whatever happens.
 */
int targets_choose(struct targets *t, struct vault *v,
    const struct targets_wish *s, struct err *e) MUST_CHECK;
void targets_free(struct targets *t);

/* The per_host of each, for schedule_limits; the caller frees it.  ERR_IO. */
unsigned int *targets_per_host(const struct targets *t,
    struct err *e) MUST_CHECK;

#endif
