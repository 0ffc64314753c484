#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "status.h"

/* Of the public attributes only: nothing here is a secret. */
static int
fill(struct status_row *row, const struct entry *entry, uint64_t now,
    struct err *e)
{
	const struct rotation *r = &entry->rotation;
	struct plan plan;

	memset(row, 0, sizeof(*row));
	if (slice_text(entry->name, row->name, sizeof(row->name)) == -1)
		return err_set(e, ERR_DAMAGED, "an entry's name is too long");
	row->state = r->state;
	row->outstanding = r->outstanding;
	row->exposures = r->exposures;
	row->rotated = r->rotated;
	row->attempted = r->attempted;
	row->current_from = entry->current_from;
	row->age = now > entry->current_from ? now - entry->current_from : 0;
	(void)text_show(row->note, sizeof(row->note), r->note);
	if (plan_read(&plan, entry, e) == -1) {
		row->broken = true;
		(void)snprintf(row->note, sizeof(row->note), "%.*s",
		    (int)sizeof(row->note) - 1, e->msg);
		return 0;
	}
	memcpy(row->host, plan.host, sizeof(row->host));
	memcpy(row->user, plan.user, sizeof(row->user));
	memcpy(row->pair, plan.pair, sizeof(row->pair));
	row->every = plan.every;
	row->min_age = plan.min_age;
	row->windows = plan.windows;
	row->due = due_find(&plan, entry, now);
	return 0;
}

static int
visit(const struct entry *entry, void *arg, struct err *e)
{
	struct status_list *list = arg;
	struct status_row *more;
	size_t cap;

	if (!plan_wanted(entry))
		return 0;
	if (list->n == list->cap) {
		cap = list->cap == 0 ? 64 : list->cap * 2;
		more = reallocarray(list->rows, cap, sizeof(*more));
		if (more == NULL)
			return err_sys(e, ERR_IO, "list of entries");
		list->rows = more;
		list->cap = cap;
	}
	if (fill(&list->rows[list->n], entry, list->now, e) == -1)
		return -1;
	list->n++;
	return 0;
}

int
status_compare(const void *a, const void *b)
{
	const struct status_row *x = a, *y = b;
	bool first_x = x->broken || x->state == ROTATION_ATTN;
	bool first_y = y->broken || y->state == ROTATION_ATTN;
	uint64_t at_x = status_unfinished(x) ? 0 : x->due.at;
	uint64_t at_y = status_unfinished(y) ? 0 : y->due.at;

	if (first_x != first_y)
		return first_x ? -1 : 1;
	if (first_x && x->state != y->state)
		return x->state > y->state ? -1 : 1;
	if (at_x != at_y)
		return at_x < at_y ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int
compare_names(const void *a, const void *b)
{
	const struct status_row *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int
compare_key(const void *name, const void *row)
{
	return strcmp(name, ((const struct status_row *)row)->name);
}

static struct due_turn
turn_of(const struct status_row *row, bool due)
{
	return (struct due_turn){ .name = row->name,
		.current_from = row->current_from,
		.rotated = row->rotated,
		.unfinished = status_unfinished(row),
		.due = due,
		.min_age = row->min_age,
		.windows = &row->windows };
}

/* A pair is two that name each other; what else there is cannot take turns. */
static void
pair(struct status_row *row, const struct status_row *partner, bool partner_due,
    uint64_t now)
{
	struct due_turn me, other;

	if (partner == NULL || partner == row ||
	    strcmp(partner->pair, row->name) != 0) {
		row->broken = true;
		(void)snprintf(row->note, sizeof(row->note),
		    "rotate.pair: %.120s is no other entry that has a "
		    "rotate.method and names this one",
		    row->pair);
		return;
	}
	me = turn_of(row, row->due.now);
	other = turn_of(partner, partner_due);
	due_pair(&row->due, &me, &other, now);
}

/* rows are by name.  Whether a partner was due, before its own turn came, is
 * what counts for both. */
static int
pair_all(struct status_list *list, struct err *e)
{
	bool *due = NULL;
	struct status_row *row, *partner;
	size_t i;

	if (list->n == 0)
		return 0;
	if ((due = calloc(list->n, sizeof(*due))) == NULL)
		return err_sys(e, ERR_IO, "list of entries");
	for (i = 0; i < list->n; i++)
		due[i] = list->rows[i].due.now;
	for (i = 0; i < list->n; i++) {
		row = &list->rows[i];
		if (row->broken || row->pair[0] == '\0')
			continue;
		partner = bsearch(row->pair, list->rows, list->n, sizeof(*row),
		    compare_key);
		pair(row, partner, partner != NULL && due[partner - list->rows],
		    list->now);
	}
	free(due);
	return 0;
}

int
status_collect(struct status_list *list, struct vault *v, uint64_t now,
    struct err *e)
{
	memset(list, 0, sizeof(*list));
	list->now = now;
	if (vault_each(v, visit, list, e) != 0)
		return -1;
	if (list->n > 1)
		qsort(list->rows, list->n, sizeof(list->rows[0]),
		    compare_names);
	if (pair_all(list, e) == -1)
		return -1;
	if (list->n > 1)
		qsort(list->rows, list->n, sizeof(list->rows[0]),
		    status_compare);
	return 0;
}

void
status_free(struct status_list *list)
{
	free(list->rows);
	memset(list, 0, sizeof(*list));
}

bool
status_unfinished(const struct status_row *row)
{
	return row->state != ROTATION_IDLE || row->outstanding > 0;
}

bool
status_is_due(const struct status_row *row)
{
	return row->broken || row->due.now;
}

bool
status_failed(const struct status_row *row)
{
	return !row->broken && !status_unfinished(row) &&
	    row->attempted > row->rotated && row->note[0] != '\0';
}

enum status_word
status_word(const struct status_row *row, uint64_t now)
{
	if (row->state == ROTATION_ATTN)
		return STATUS_ATTENTION;
	if (row->broken)
		return STATUS_MISCONFIGURED;
	if (row->state == ROTATION_SENT)
		return STATUS_SENT;
	if (row->state == ROTATION_PEND)
		return STATUS_PENDING;
	if (row->outstanding > 0)
		return STATUS_UNSETTLED;
	if (now >= row->due.limit)
		return STATUS_OVERDUE;
	return now >= row->due.at ? STATUS_DUE : STATUS_OK;
}

const char *
status_name(enum status_word word)
{
	static const char *const names[] = {
		[STATUS_ATTENTION] = "attention",
		[STATUS_MISCONFIGURED] = "misconfigured",
		[STATUS_OVERDUE] = "overdue",
		[STATUS_SENT] = "sent",
		[STATUS_PENDING] = "pending",
		[STATUS_UNSETTLED] = "unsettled",
		[STATUS_DUE] = "due",
		[STATUS_OK] = "ok",
	};

	return names[word];
}

void
status_length(char *to, size_t size, uint64_t seconds)
{
	if (seconds >= (uint64_t)2 * 86400)
		(void)snprintf(to, size, "%" PRIu64 "d", seconds / 86400);
	else if (seconds >= (uint64_t)2 * 3600)
		(void)snprintf(to, size, "%" PRIu64 "h", seconds / 3600);
	else if (seconds >= (uint64_t)2 * 60)
		(void)snprintf(to, size, "%" PRIu64 "m", seconds / 60);
	else
		(void)snprintf(to, size, "%" PRIu64 "s", seconds);
}

void
status_when(char *to, size_t size, uint64_t time, uint64_t now)
{
	char length[32];

	if (time == UINT64_MAX)
		(void)snprintf(to, size, "not by itself");
	else if (time == now)
		(void)snprintf(to, size, "now");
	else if (time > now) {
		status_length(length, sizeof(length), time - now);
		(void)snprintf(to, size, "in %s", length);
	} else {
		status_length(length, sizeof(length), now - time);
		(void)snprintf(to, size, "since %s", length);
	}
}

static void
put_row(struct json *j, const struct status_row *row, uint64_t now)
{
	json_open(j, '{');
	json_key(j, "name");
	json_text(j, row->name);
	json_key(j, "status");
	json_text(j, status_name(status_word(row, now)));
	json_key(j, "host");
	json_text(j, row->host);
	json_key(j, "user");
	json_text(j, row->user);
	json_key(j, "age");
	json_number(j, row->age);
	json_key(j, "every");
	json_number(j, row->every);
	json_key(j, "limit");
	json_number(j, row->due.limit);
	json_key(j, "due");
	json_number(j, row->due.at);
	json_key(j, "next");
	if (row->broken || row->due.next == UINT64_MAX)
		json_null(j);
	else
		json_number(j, row->due.next);
	json_key(j, "rotated");
	json_number(j, row->rotated);
	json_key(j, "attempted");
	json_number(j, row->attempted);
	json_key(j, "failed");
	json_bool(j, status_failed(row));
	json_key(j, "pair");
	json_text(j, row->pair);
	json_key(j, "note");
	json_text(j, row->note);
	json_close(j, '}');
}

int
status_json(struct text *t, const struct status_list *list, struct err *e)
{
	struct json j = { NULL, 0, 0, false };
	size_t i;
	int rv;

	json_open(&j, '[');
	for (i = 0; i < list->n; i++)
		put_row(&j, &list->rows[i], list->now);
	json_close(&j, ']');
	rv = json_finish(&j, e);
	if (rv == 0)
		text_bytes(t, j.text, j.len);
	json_free(&j);
	return rv;
}
