#include <string.h>

#include "bytes.h"
#include "due.h"

#define NEVER UINT64_MAX

static uint64_t
later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t
plus(uint64_t time, uint64_t seconds)
{
	return time > NEVER - seconds ? NEVER : time + seconds;
}

/* The entry's share of up to most seconds: ids are random, and stay. */
static uint64_t
share(const struct entry *entry, uint64_t most)
{
	return get_u64(entry->id) % (most + 1);
}

/* In the last window before the limit, or the first after it. */
static uint64_t
in_window(const struct plan *p, const struct entry *entry, uint64_t limit)
{
	struct span span = window_last(&p->windows, limit);
	bool late = span.begin <= entry->current_from;
	uint64_t most, at;

	if (late)
		span = window_next(&p->windows, limit);
	most = (span.end - span.begin) / 2;
	at = span.begin + share(entry, p->jitter < most ? p->jitter : most);
	return late ? later(at, limit) : at;
}

static void
settle(struct due *due, const struct windows *windows, uint64_t from,
    uint64_t now)
{
	due->next = later(from, now);
	if (windows->n > 0)
		due->next =
		    later(due->next, window_next(windows, due->next).begin);
	due->now = due->next <= now;
}

struct due
due_find(const struct plan *p, const struct entry *entry, uint64_t now)
{
	const struct rotation *r = &entry->rotation;
	struct due due = { .limit = plus(entry->current_from, p->every) };
	uint64_t from;

	due.at = p->windows.n > 0 ? in_window(p, entry, due.limit) :
				    due.limit - share(entry, p->jitter);
	if (r->state == ROTATION_ATTN) {
		due.next = NEVER;
		return due;
	}
	if (r->state == ROTATION_SENT) {
		due.next = now;
		due.now = true;
		return due;
	}
	from = r->state == ROTATION_PEND || r->outstanding > 0 ? now : due.at;
	if (r->rotated != 0)
		from = later(from, plus(r->rotated, p->min_age));
	if (r->attempted > r->rotated)
		from = later(from, plus(r->attempted, DUE_RETRY));
	settle(&due, &p->windows, from, now);
	return due;
}

bool
due_is_active(const struct due_turn *a, const struct due_turn *b)
{
	if (a->unfinished != b->unfinished)
		return b->unfinished;
	if (a->current_from != b->current_from)
		return a->current_from > b->current_from;
	if (a->rotated != b->rotated)
		return a->rotated > b->rotated;
	return strcmp(a->name, b->name) > 0;
}

void
due_pair(struct due *due, const struct due_turn *me,
    const struct due_turn *partner, uint64_t now)
{
	bool waits = partner->due && due_is_active(me, partner);
	uint64_t from = due->next;

	if (me->unfinished || due->next == NEVER)
		return;
	if (partner->unfinished) {
		due->next = NEVER;
		due->now = false;
		return;
	}
	if (partner->rotated != 0)
		from = later(from, plus(partner->rotated, me->min_age));
	if (waits)
		from = later(from, plus(now, me->min_age));
	if (from != due->next)
		settle(due, me->windows, from, now);
	/* Without a min_age that is now, but the partner goes first. */
	if (waits)
		due->now = false;
}
