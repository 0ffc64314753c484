#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "io.h"
#include "json.h"
#include "plan.h"
#include "status.h"
#include "transaction.h"

#define BAR 20

/* Of the public attributes only: nothing here is a secret. */
static int
fill(struct status_row *row, const struct entry *entry, struct err *e)
{
	const uint64_t now = (uint64_t)time(NULL);
	const struct rotation *r = &entry->rotation;
	struct plan plan;

	memset(row, 0, sizeof(*row));
	if (slice_text(entry->name, row->name, sizeof(row->name)) == -1)
		return err_set(e, ERR_DAMAGED, "an entry's name is too long");
	row->state = r->state;
	row->outstanding = r->outstanding;
	row->rotated = r->rotated;
	row->age = now > entry->current_from ? now - entry->current_from : 0;
	(void)text_show(row->note, sizeof(row->note), r->note);
	if (plan_read(&plan, entry, e) == 0) {
		row->every = plan.every;
		return 0;
	}
	row->broken = true;
	(void)snprintf(row->note, sizeof(row->note), "%.*s",
	    (int)sizeof(row->note) - 1, e->msg);
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
	if (fill(&list->rows[list->n], entry, e) == -1)
		return -1;
	list->n++;
	return 0;
}

/* What a person has to see first; then what is due soonest; then by name. */
static int
compare(const void *a, const void *b)
{
	const struct status_row *x = a, *y = b;
	uint64_t left_x = x->every > x->age ? x->every - x->age : 0;
	uint64_t left_y = y->every > y->age ? y->every - y->age : 0;

	if (x->state != y->state)
		return x->state > y->state ? -1 : 1;
	if (left_x != left_y)
		return left_x < left_y ? -1 : 1;
	return strcmp(x->name, y->name);
}

int
status_collect(struct status_list *list, struct vault *v, struct err *e)
{
	if (vault_each(v, visit, list, e) != 0)
		return -1;
	if (list->n > 1)
		qsort(list->rows, list->n, sizeof(list->rows[0]), compare);
	return 0;
}

void
status_free(struct status_list *list)
{
	free(list->rows);
	memset(list, 0, sizeof(*list));
}

static void
draw(char *bar, const struct status_row *row)
{
	uint64_t full = row->every == 0 ? BAR : row->age * BAR / row->every;
	size_t i;

	for (i = 0; i < BAR; i++)
		bar[i] = i < full ? '#' : '.';
	bar[BAR] = '\0';
}

static const char *
state_word(const struct status_row *row)
{
	if (row->broken)
		return "misconfigured";
	if (row->state != ROTATION_IDLE)
		return tx_state_name(row->state);
	if (row->outstanding > 0)
		return "unsettled";
	return row->age >= row->every ? "due" : "ok";
}

int
status_print(const struct status_list *list, struct err *e)
{
	char bar[BAR + 1], line[768];
	size_t i;
	int len;

	for (i = 0; i < list->n; i++) {
		draw(bar, &list->rows[i]);
		len = snprintf(line, sizeof(line),
		    "%-24s [%s] %4" PRIu64 "d of %3" PRIu64 "d  %s%s%s\n",
		    list->rows[i].name, bar, list->rows[i].age / 86400,
		    list->rows[i].every / 86400, state_word(&list->rows[i]),
		    list->rows[i].note[0] == '\0' ? "" : ": ",
		    list->rows[i].note);
		if (len < 0 || (size_t)len >= sizeof(line))
			return err_set(e, ERR_IO, "a status line is too long");
		if (write_all(STDOUT_FILENO, line, (size_t)len) == -1)
			return err_sys(e, ERR_IO, "write the status");
	}
	return 0;
}

int
status_print_json(const struct status_list *list, struct err *e)
{
	struct json j = { NULL, 0, 0, false };
	size_t i;
	int rv = -1;

	json_open(&j, '[');
	for (i = 0; i < list->n; i++) {
		json_open(&j, '{');
		json_key(&j, "name");
		json_text(&j, list->rows[i].name);
		json_key(&j, "status");
		json_text(&j, state_word(&list->rows[i]));
		json_key(&j, "age");
		json_number(&j, list->rows[i].age);
		json_key(&j, "every");
		json_number(&j, list->rows[i].every);
		json_key(&j, "rotated");
		json_number(&j, list->rows[i].rotated);
		json_key(&j, "note");
		json_text(&j, list->rows[i].note);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	if (json_finish(&j, e) == -1)
		goto out;
	if (write_all(STDOUT_FILENO, j.text, j.len) == -1) {
		(void)err_sys(e, ERR_IO, "write the status");
		goto out;
	}
	rv = 0;
out:
	json_free(&j);
	return rv;
}
