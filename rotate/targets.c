#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plan.h"
#include "status.h"
#include "targets.h"

/* What visit() works on. */
struct search {
	struct targets *t;
	const struct targets_wish *s;
	/* Or NULL for any. */
	const char *pattern;
	uint64_t now;
	/* Some matched, whether they were taken or not. */
	bool found;
};

static int
no_memory(struct err *e)
{
	return err_sys(e, ERR_IO, "memory for a list of entries");
}

static void
free_target(struct target *target)
{
	free(target->name);
	free(target->host);
	free(target->user);
}

static int
grow(struct targets *t, struct err *e)
{
	size_t cap = t->cap == 0 ? 64 : t->cap * 2;
	struct target *more = reallocarray(t->list, cap, sizeof(*more));

	if (more == NULL)
		return no_memory(e);
	t->list = more;
	t->cap = cap;
	return 0;
}

/* Takes the texts of fresh, whatever happens. */
static int
append(struct targets *t, struct target *fresh, struct err *e)
{
	int rv = -1;

	if (fresh->name == NULL || fresh->host == NULL || fresh->user == NULL)
		(void)no_memory(e);
	else
		rv = t->n < t->cap ? 0 : grow(t, e);
	if (rv == 0)
		t->list[t->n++] = *fresh;
	else
		free_target(fresh);
	return rv;
}

static char *
text_of(struct slice s)
{
	return strndup(s.p == NULL ? "" : (const char *)s.p, s.len);
}

/* Without a plan, as what is wrong with it is found out later, and said. */
static int
add_entry(struct targets *t, const struct entry *entry, const struct plan *plan,
    struct err *e)
{
	struct target fresh = { .name = text_of(entry->name),
		.host = strdup(plan == NULL ? "" : plan->host),
		.user = strdup(plan == NULL ? "" : plan->user),
		.per_host = plan == NULL ? 0 : plan->per_host };

	memcpy(fresh.id, entry->id, sizeof(fresh.id));
	return append(t, &fresh, e);
}

static bool
unfinished(const struct rotation *r)
{
	return r->state != ROTATION_IDLE || r->outstanding > 0;
}

static bool
is_young(const struct entry *entry, const struct plan *plan, uint64_t now)
{
	uint64_t rotated = entry->rotation.rotated;

	return rotated != 0 && now < rotated + plan->min_age;
}

static int
visit(const struct entry *entry, void *arg, struct err *e)
{
	struct search *search = arg;
	char name[RECORD_NAME_MAX + 1];
	struct plan plan;
	bool readable;

	if (!plan_wanted(entry))
		return 0;
	if (slice_text(entry->name, name, sizeof(name)) == -1)
		return err_set(e, ERR_DAMAGED, "an entry's name is too long");
	if (search->pattern != NULL && fnmatch(search->pattern, name, 0) != 0)
		return 0;
	search->found = true;
	readable = plan_read(&plan, entry, e) == 0;
	if (unfinished(&entry->rotation))
		return add_entry(search->t, entry, readable ? &plan : NULL, e);
	if (search->s->kind == TARGETS_UNFINISHED)
		return 0;
	if (!readable)
		return add_entry(search->t, entry, NULL, e);
	if (search->s->skip_young && is_young(entry, &plan, search->now)) {
		search->t->young++;
		return 0;
	}
	return add_entry(search->t, entry, &plan, e);
}

static int
compare_names(const void *a, const void *b)
{
	const struct target *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* Everything that visit() takes, by name. */
static int
walk(struct search *search, struct vault *v, struct err *e)
{
	size_t before = search->t->n;

	if (vault_each(v, visit, search, e) != 0)
		return -1;
	if (search->t->n - before > 1)
		qsort(search->t->list + before, search->t->n - before,
		    sizeof(*search->t->list), compare_names);
	return 0;
}

/* An entry by its name; or else a name that is none, to be told later. */
static int
add_named(struct targets *t, struct vault *v, const char *name, struct err *e)
{
	struct target none = { .name = NULL };
	struct secret *plain = NULL;
	struct entry entry;
	struct plan plan;
	struct err why;
	int rv;

	if (vault_find(v, TABLE_NAME, slice_of(name), &entry, &plain, e) ==
	    -1) {
		if (e->kind != ERR_NOENTRY)
			return -1;
		none.name = strdup(name);
		none.host = strdup("");
		none.user = strdup("");
		return append(t, &none, e);
	}
	rv = add_entry(t, &entry,
	    plan_read(&plan, &entry, &why) == 0 ? &plan : NULL, e);
	secret_free(plain);
	return rv;
}

static bool
is_entry(struct vault *v, const char *name)
{
	struct secret *plain = NULL;
	struct entry entry;
	struct err e;
	int rv = vault_find(v, TABLE_NAME, slice_of(name), &entry, &plain, &e);

	secret_free(plain);
	return rv == 0;
}

static int
add_each(struct targets *t, struct search *search, struct vault *v,
    struct err *e)
{
	const struct targets_wish *s = search->s;
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (strpbrk(s->names[i], "*?[") == NULL ||
		    is_entry(v, s->names[i])) {
			if (add_named(t, v, s->names[i], e) == -1)
				return -1;
			continue;
		}
		search->pattern = s->names[i];
		search->found = false;
		if (walk(search, v, e) == -1)
			return -1;
		if (!search->found)
			return err_set(e, ERR_NOENTRY,
			    "no entry with a rotate.method matches %s",
			    s->names[i]);
	}
	return 0;
}

static int
compare_places(const void *a, const void *b)
{
	const struct target *x = *(const struct target *const *)a;
	const struct target *y = *(const struct target *const *)b;
	int rv = strcmp(x->name, y->name);

	return rv != 0 ? rv : (x > y) - (x < y);
}

/* Leaves the first of each name. */
static int
drop_repeated(struct targets *t, struct err *e)
{
	const struct target **sorted = NULL;
	bool *again = NULL;
	size_t i, n = 0;
	int rv = -1;

	if (t->n < 2)
		return 0;
	sorted = reallocarray(NULL, t->n, sizeof(struct target *));
	again = calloc(t->n, sizeof(*again));
	if (sorted == NULL || again == NULL) {
		(void)no_memory(e);
		goto out;
	}
	for (i = 0; i < t->n; i++)
		sorted[i] = &t->list[i];
	qsort(sorted, t->n, sizeof(struct target *), compare_places);
	for (i = 1; i < t->n; i++)
		again[sorted[i] - t->list] =
		    strcmp(sorted[i - 1]->name, sorted[i]->name) == 0;
	for (i = 0; i < t->n; i++) {
		if (again[i])
			free_target(&t->list[i]);
		else
			t->list[n++] = t->list[i];
	}
	t->n = n;
	rv = 0;
out:
	free(sorted);
	free(again);
	return rv;
}

/* What is due has to do with more than one entry: see due.h. */
static int
add_due(struct targets *t, struct vault *v, uint64_t now, struct err *e)
{
	struct status_list list = { .rows = NULL };
	size_t i;
	int rv = -1;

	if (status_collect(&list, v, now, e) == -1)
		goto out;
	for (i = 0; i < list.n; i++)
		if (status_is_due(&list.rows[i]) &&
		    add_named(t, v, list.rows[i].name, e) == -1)
			goto out;
	rv = 0;
out:
	status_free(&list);
	return rv;
}

int
targets_choose(struct targets *t, struct vault *v, const struct targets_wish *s,
    struct err *e)
{
	struct search search = { .t = t, .s = s, .now = (uint64_t)time(NULL) };

	memset(t, 0, sizeof(*t));
	if (s->kind == TARGETS_NAMED) {
		if (add_each(t, &search, v, e) == -1)
			return -1;
	} else if (s->kind == TARGETS_DUE) {
		if (add_due(t, v, search.now, e) == -1)
			return -1;
	} else if (walk(&search, v, e) == -1) {
		return -1;
	}
	return drop_repeated(t, e);
}

unsigned int *
targets_per_host(const struct targets *t, struct err *e)
{
	unsigned int *each = calloc(t->n + 1, sizeof(*each));
	size_t i;

	if (each == NULL) {
		(void)no_memory(e);
		return NULL;
	}
	for (i = 0; i < t->n; i++)
		each[i] = t->list[i].per_host;
	return each;
}

void
targets_free(struct targets *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		free_target(&t->list[i]);
	free(t->list);
	memset(t, 0, sizeof(*t));
}
