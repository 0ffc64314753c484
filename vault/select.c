#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "select.h"

/* Without patterns it is all of them. */
static bool
is_wanted(const struct selection *x, const char *name)
{
	size_t i = 0;

	for (i = 0; i < x->npatterns; i++) {
		if (fnmatch(x->patterns[i], name, 0) == 0)
			return true;
	}
	return x->npatterns == 0;
}

static int
select_entry(const struct entry *entry, void *arg, struct err *e)
{
	struct selection *x = arg;
	char name[RECORD_NAME_MAX + 1];

	if (slice_text(entry->name, name, sizeof(name)) == -1)
		return err_set(e, ERR_DAMAGED, "an entry's name is too long");
	if (!is_wanted(x, name))
		return 0;
	if (x->visit(entry, x->arg, e) == -1)
		return -1;
	if (asprintf(&x->names[x->n], "%s", name) == -1)
		return err_sys(e, ERR_IO, "memory for names");
	x->n++;
	return 0;
}

static int
compare(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* A pattern that nothing matches is a slip. */
static int
check_pattern(const struct selection *x, const char *pattern, struct err *e)
{
	char shown[96];
	size_t i = 0;

	for (i = 0; i < x->n; i++) {
		if (fnmatch(pattern, x->names[i], 0) == 0)
			return 0;
	}
	return err_set(e, ERR_NOENTRY, "no entry matches %s",
	    text_show(shown, sizeof(shown), slice_of(pattern)));
}

int
select_names(struct session *s, struct selection *x,
    int (*visit)(const struct entry *entry, void *arg, struct err *e),
    void *arg, struct err *e)
{
	size_t i = 0, all = vault_geometry(s->vault)->records;

	x->visit = visit;
	x->arg = arg;
	if ((x->names = calloc(all + 1, sizeof(*x->names))) == NULL)
		return err_sys(e, ERR_IO, "memory for names");
	if (vault_each(s->vault, select_entry, x, e) != 0)
		return -1;
	for (i = 0; i < x->npatterns; i++) {
		if (check_pattern(x, x->patterns[i], e) == -1)
			return -1;
	}
	if (x->n > 1)
		qsort(x->names, x->n, sizeof(*x->names), compare);
	return 0;
}

void
select_free(struct selection *x)
{
	size_t i = 0;

	for (i = 0; i < x->n; i++)
		free(x->names[i]);
	free(x->names);
	x->names = NULL;
	x->n = 0;
}
