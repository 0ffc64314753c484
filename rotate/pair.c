#include <inttypes.h>
#include <string.h>

#include "due.h"
#include "pair.h"

/* The turn of an entry; name is terminated, and borrowed. */
static struct due_turn
turn_of(const struct entry *entry, const char *name)
{
	const struct rotation *r = &entry->rotation;

	return (struct due_turn){ .unfinished = r->state != ROTATION_IDLE ||
		    r->outstanding > 0,
		.rotated = r->rotated,
		.current_from = entry->current_from,
		.name = name };
}

/* The partner that p names, of the entry name. */
static int
find_partner(struct vault *v, const struct plan *p, struct slice name,
    struct due_turn *partner, struct err *e)
{
	struct secret *plain = NULL;
	struct slice back = { NULL, 0 };
	struct entry entry;
	size_t at = 0;
	int rv = -1;

	if (vault_find(v, TABLE_NAME, slice_of(p->pair), &entry, &plain, e) ==
	    -1) {
		if (e->kind == ERR_NOENTRY)
			(void)err_set(e, ERR_CONFIG,
			    "its rotate.pair, %s, is no entry", p->pair);
		return -1;
	}
	if (slice_is(name, p->pair) ||
	    !record_attr(&entry, "rotate.pair", &at, &back) ||
	    !slice_equal(back, name))
		(void)err_set(e, ERR_CONFIG,
		    "the rotate.pair of %s does not name it back", p->pair);
	else
		rv = 0;
	*partner = turn_of(&entry, p->pair);
	secret_free(plain);
	return rv;
}

int
pair_check(struct vault *v, const struct entry *entry, const struct plan *p,
    bool force, uint64_t now, struct err *e)
{
	struct due_turn partner;

	if (p->pair[0] == '\0' || entry->rotation.state != ROTATION_IDLE)
		return 0;
	if (find_partner(v, p, entry->name, &partner, e) == -1)
		return -1;
	if (partner.unfinished)
		return err_set(e, ERR_BUSY,
		    "its partner %s is being changed; run: pawl-rotate recover "
		    "%s",
		    p->pair, p->pair);
	if (!force && partner.rotated != 0 && partner.rotated <= now &&
	    now - partner.rotated < p->min_age)
		return err_set(e, ERR_BUSY,
		    "its partner %s was rotated %" PRIu64
		    " s ago, rotate.min-age is %" PRIu64
		    " s; --force does it all the same",
		    p->pair, now - partner.rotated, p->min_age);
	return 0;
}

/* The pair of an entry that was read. */
static int
choose(struct vault *v, const struct entry *entry, const char *name,
    char *active, size_t size, struct err *e)
{
	struct due_turn me = turn_of(entry, name), partner;
	const char *chosen = name;
	struct plan plan;

	if (plan_read(&plan, entry, e) == -1)
		return -1;
	if (plan.pair[0] != '\0') {
		if (find_partner(v, &plan, entry->name, &partner, e) == -1)
			return -1;
		if (!due_is_active(&me, &partner))
			chosen = plan.pair;
	}
	if (slice_text(slice_of(chosen), active, size) == -1)
		return err_set(e, ERR_USAGE, "the name is too long");
	return 0;
}

int
pair_active(struct vault *v, const char *name, char *active, size_t size,
    struct err *e)
{
	struct secret *plain = NULL;
	struct entry entry;
	int rv = -1;

	if (vault_find(v, TABLE_NAME, slice_of(name), &entry, &plain, e) == 0)
		rv = choose(v, &entry, name, active, size, e);
	secret_free(plain);
	return rv == -1 ? err_in(e, "%s", name) : 0;
}
