/*
 * The names of the entries that patterns select, for commands about many.
 */
#ifndef SELECT_H
#define SELECT_H

#include <stddef.h>

#include "cmd.h"
#include "err.h"

struct selection {
	/* Of names, each of which must match one; without any it is all. */
	char *const *patterns;
	size_t npatterns;
	/* Of select_names(). */
	int (*visit)(const struct entry *entry, void *arg, struct err *e);
	void *arg;
	/* What matches, in order, once selected. */
	char **names;
	size_t n;
};

/*
 * Fills in the names, from the vault that is open, and calls visit for each of
 * these entries, in no order.  Fails as visit does; ERR_NOENTRY: nothing
 * matches a pattern.  select_free() in any case.
 */
int select_names(struct session *s, struct selection *x,
    int (*visit)(const struct entry *entry, void *arg, struct err *e),
    void *arg, struct err *e) MUST_CHECK;

void select_free(struct selection *x);

#endif
