#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "schedule.h"

#define NONE SIZE_MAX

struct item {
	const char *host;
	const char *user;
	size_t host_at;
	size_t account_at;
	/* The next one in its host's queue. */
	size_t next;
};

struct host {
	size_t first;
	size_t last;
	unsigned int running;
	/* At a time. */
	unsigned int most;
};

struct schedule {
	struct schedule_limits limits;
	struct item *items;
	size_t n;
	size_t cap;
	struct host *hosts;
	size_t nhosts;
	/* By account: one of its entries is running. */
	bool *busy;
	/* The hosts that have something waiting, by turns. */
	size_t *ring;
	size_t nring;
	size_t turn;
	size_t waiting;
	size_t running;
	size_t ended;
	size_t failed;
	bool stopped;
	bool braked;
};

struct schedule *
schedule_new(const struct schedule_limits *limits, struct err *e)
{
	struct schedule *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		(void)err_sys(e, ERR_IO, "memory for a schedule");
		return NULL;
	}
	s->limits = *limits;
	return s;
}

void
schedule_free(struct schedule *s)
{
	if (s == NULL)
		return;
	free(s->items);
	free(s->hosts);
	free(s->busy);
	free(s->ring);
	free(s);
}

int
schedule_add(struct schedule *s, const char *host, const char *user,
    struct err *e)
{
	const struct item item = { .host = host, .user = user, .next = NONE };
	size_t cap = s->cap == 0 ? 64 : s->cap * 2;
	struct item *more = NULL;

	if (s->n == s->cap) {
		more = reallocarray(s->items, cap, sizeof(*more));
		if (more == NULL)
			return err_sys(e, ERR_IO, "memory for a schedule");
		s->items = more;
		s->cap = cap;
	}
	s->items[s->n++] = item;
	return 0;
}

/* Nobody knows whether two that are empty are the same. */
static int
compare_text(const char *a, const char *b)
{
	if (*a == '\0' && *b == '\0')
		return -1;
	return strcasecmp(a, b);
}

static int
compare(const void *a, const void *b)
{
	const struct item *x = *(const struct item *const *)a;
	const struct item *y = *(const struct item *const *)b;
	int rv = strcasecmp(x->host, y->host);

	if (rv == 0)
		rv = strcasecmp(x->user, y->user);
	return rv != 0 ? rv : (x > y) - (x < y);
}

/* Numbers hosts and accounts, by way of the items in order of both. */
static void
number(struct schedule *s, struct item **sorted)
{
	size_t i, accounts = 0;

	for (i = 0; i < s->n; i++) {
		const struct item *before = i == 0 ? NULL : sorted[i - 1];
		bool other = before == NULL ||
		    compare_text(before->host, sorted[i]->host) != 0;

		if (other)
			s->nhosts++;
		if (other || compare_text(before->user, sorted[i]->user) != 0)
			accounts++;
		sorted[i]->host_at = s->nhosts - 1;
		sorted[i]->account_at = accounts - 1;
	}
}

/* Puts each item behind the others of its host. */
static void
queue(struct schedule *s)
{
	struct host *h = NULL;
	size_t i;

	for (i = 0; i < s->n; i++) {
		h = &s->hosts[s->items[i].host_at];
		if (h->first == NONE) {
			s->ring[s->nring++] = s->items[i].host_at;
			h->first = i;
		} else {
			s->items[h->last].next = i;
		}
		h->last = i;
	}
}

/* What is said about a host by its items counts, else what counts for any. */
static void
limit_hosts(struct schedule *s)
{
	const unsigned int *each = s->limits.each;
	size_t i;

	for (i = 0; each != NULL && i < s->n; i++) {
		struct host *h = &s->hosts[s->items[i].host_at];

		if (each[i] > 0 && (h->most == 0 || each[i] < h->most))
			h->most = each[i];
	}
	for (i = 0; i < s->nhosts; i++)
		if (s->hosts[i].most == 0)
			s->hosts[i].most = s->limits.per_host;
	s->limits.each = NULL;
}

int
schedule_begin(struct schedule *s, struct err *e)
{
	struct item **sorted = NULL;
	size_t i;

	s->waiting = s->n;
	if (s->n == 0)
		return 0;
	if ((sorted = reallocarray(NULL, s->n, sizeof(struct item *))) == NULL)
		return err_sys(e, ERR_IO, "memory for a schedule");
	for (i = 0; i < s->n; i++)
		sorted[i] = &s->items[i];
	qsort(sorted, s->n, sizeof(struct item *), compare);
	number(s, sorted);
	free(sorted);
	s->hosts = calloc(s->nhosts, sizeof(*s->hosts));
	s->ring = calloc(s->nhosts, sizeof(*s->ring));
	s->busy = calloc(s->n, sizeof(*s->busy));
	if (s->hosts == NULL || s->ring == NULL || s->busy == NULL)
		return err_sys(e, ERR_IO, "memory for a schedule");
	for (i = 0; i < s->nhosts; i++)
		s->hosts[i].first = NONE;
	limit_hosts(s);
	queue(s);
	return 0;
}

/* Takes the first whose account is free out of the queue, or NONE. */
static size_t
take(struct schedule *s, struct host *h)
{
	size_t i, before = NONE;

	for (i = h->first; i != NONE; before = i, i = s->items[i].next) {
		if (s->busy[s->items[i].account_at])
			continue;
		if (before == NONE)
			h->first = s->items[i].next;
		else
			s->items[before].next = s->items[i].next;
		if (h->last == i)
			h->last = before;
		return i;
	}
	return NONE;
}

/* A host with nothing left takes no more turns. */
static void
leave(struct schedule *s, size_t at)
{
	s->nring--;
	memmove(&s->ring[at], &s->ring[at + 1],
	    (s->nring - at) * sizeof(*s->ring));
}

bool
schedule_next(struct schedule *s, size_t *itemp)
{
	struct host *h = NULL;
	size_t i, at, item;

	if (s->stopped || s->running >= s->limits.jobs)
		return false;
	for (i = 0; i < s->nring; i++) {
		at = (s->turn + i) % s->nring;
		h = &s->hosts[s->ring[at]];
		if (h->running >= h->most || (item = take(s, h)) == NONE)
			continue;
		if (h->first == NONE)
			leave(s, at);
		else
			at++;
		s->turn = s->nring == 0 ? 0 : at % s->nring;
		s->busy[s->items[item].account_at] = true;
		h->running++;
		s->running++;
		s->waiting--;
		*itemp = item;
		return true;
	}
	return false;
}

static bool
too_many(const struct schedule *s)
{
	if (s->limits.brake_count > 0 && s->failed >= s->limits.brake_count)
		return true;
	return s->limits.brake_share > 0 && s->failed >= SCHEDULE_BRAKE_LEAST &&
	    s->failed * 100 >= s->ended * s->limits.brake_share;
}

void
schedule_done(struct schedule *s, size_t item, enum schedule_end end)
{
	s->busy[s->items[item].account_at] = false;
	s->hosts[s->items[item].host_at].running--;
	s->running--;
	if (end == SCHEDULE_PASSED_OVER)
		return;
	s->ended++;
	if (end == SCHEDULE_FAILED)
		s->failed++;
	if (end == SCHEDULE_FAILED && !s->stopped && s->waiting > 0 &&
	    too_many(s)) {
		s->braked = true;
		s->stopped = true;
	}
}

void
schedule_stop(struct schedule *s)
{
	s->stopped = true;
}

bool
schedule_braked(const struct schedule *s)
{
	return s->braked;
}

size_t
schedule_waiting(const struct schedule *s)
{
	return s->waiting;
}

size_t
schedule_running(const struct schedule *s)
{
	return s->running;
}
