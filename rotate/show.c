#include <stdio.h>
#include <string.h>

#include "show.h"

/* "[", "] " and "  26d of   30d  " beside the bar, and what is said then. */
#define AROUND 19
#define WORDS 28
#define BAR_MIN 10
#define BAR_MAX 60

static size_t
at_most(size_t n, size_t most)
{
	return n < most ? n : most;
}

static size_t
name_width(const struct status_list *list, size_t width)
{
	size_t i, n, widest = 8;

	for (i = 0; i < list->n; i++) {
		n = text_columns(list->rows[i].name);
		if (n > widest)
			widest = n;
	}
	return at_most(widest, width < 60 ? 20 : width / 3);
}

static size_t
bar_width(size_t width, size_t name)
{
	size_t taken = name + 1 + AROUND + WORDS;

	if (width < taken + BAR_MIN)
		return BAR_MIN;
	return at_most(width - taken, BAR_MAX);
}

static const char *
color_of(enum status_word word)
{
	switch (word) {
	case STATUS_ATTENTION:
	case STATUS_MISCONFIGURED:
	case STATUS_OVERDUE:
		return "\033[31m";
	case STATUS_SENT:
	case STATUS_PENDING:
	case STATUS_UNSETTLED:
	case STATUS_DUE:
		return "\033[33m";
	case STATUS_OK:
		break;
	}
	return "\033[32m";
}

static void
put_bar(struct text *t, const struct status_row *row, size_t width)
{
	uint64_t age = row->age < row->every ? row->age : row->every;
	size_t i, full = width;

	/* No product of the two can overflow: of a hundred years. */
	if (row->every > 0)
		full = (size_t)(age * width / row->every);
	text_add(t, "[");
	for (i = 0; i < width; i++)
		text_add(t, i < full ? "#" : ".");
	text_add(t, "] ");
}

/* What is said of it, behind the bar. */
static void
describe(struct text *t, const struct status_row *row, uint64_t now)
{
	enum status_word word = status_word(row, now);
	char when[48];

	status_when(when, sizeof(when), row->due.next, now);
	text_add(t, status_name(word));
	if (status_failed(row))
		text_add(t, ", last try failed");
	if (word != STATUS_MISCONFIGURED && word != STATUS_ATTENTION)
		text_format(t, ", due %s", when);
	if (row->note[0] != '\0')
		text_format(t, ": %s", row->note);
	text_bytes(t, "", 1);
}

static void
put_row(struct text *t, const struct status_row *row, uint64_t now,
    const struct show_style *style, size_t name)
{
	size_t bar = bar_width(style->width, name), room;
	struct text said = { NULL, 0, 0, false };
	char age[32], every[32];

	status_length(age, sizeof(age), row->age);
	status_length(every, sizeof(every), row->every);
	describe(&said, row, now);
	room = text_columns(row->name);
	text_padded(t, row->name, style->cut || room < name ? name : room);
	text_add(t, " ");
	if (style->color)
		text_add(t, color_of(status_word(row, now)));
	put_bar(t, row, bar);
	text_format(t, "%5s of %5s  ", age, every);
	room = said.failed ? 0 : text_columns(said.p);
	if (style->cut)
		room = at_most(room,
		    style->width > name + bar + AROUND + 1 ?
			style->width - name - bar - AROUND - 1 :
			0);
	if (said.failed)
		t->failed = true;
	else
		text_padded(t, said.p, room);
	text_free(&said);
	if (style->color)
		text_add(t, "\033[0m");
	text_add(t, "\n");
}

void
show_list(struct text *t, const struct status_list *list,
    const struct show_style *style)
{
	size_t i, name = name_width(list, style->width);

	for (i = 0; i < list->n; i++)
		put_row(t, &list->rows[i], list->now, style, name);
}
