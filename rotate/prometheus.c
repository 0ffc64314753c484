#include <inttypes.h>
#include <string.h>

#include "prometheus.h"

/* A metric of each entry; false where it has none. */
struct metric {
	const char *name;
	const char *help;
	bool (*value)(const struct status_row *row, uint64_t now, int64_t *to);
};

static bool
age(const struct status_row *row, uint64_t now, int64_t *to)
{
	(void)now;
	*to = (int64_t)row->age;
	return true;
}

static bool
limit(const struct status_row *row, uint64_t now, int64_t *to)
{
	(void)now;
	*to = (int64_t)row->every;
	return !row->broken;
}

static bool
due(const struct status_row *row, uint64_t now, int64_t *to)
{
	*to = (int64_t)row->due.at - (int64_t)now;
	return !row->broken;
}

static bool
succeeded(const struct status_row *row, uint64_t now, int64_t *to)
{
	(void)now;
	*to = (int64_t)row->rotated;
	return row->rotated != 0;
}

static bool
attempted(const struct status_row *row, uint64_t now, int64_t *to)
{
	(void)now;
	*to = (int64_t)row->attempted;
	return row->attempted != 0;
}

static bool
failed(const struct status_row *row, uint64_t now, int64_t *to)
{
	(void)now;
	*to = (int64_t)row->attempted;
	return row->attempted > row->rotated;
}

static bool
exposures(const struct status_row *row, uint64_t now, int64_t *to)
{
	(void)now;
	*to = (int64_t)row->exposures;
	return true;
}

static const struct metric metrics[] = {
	{ "pawl_secret_age_seconds", "How old the current password is.", age },
	{ "pawl_secret_limit_seconds",
	    "How old it may get, rotate.every; none if misconfigured.", limit },
	{ "pawl_rotation_due_seconds",
	    "How long until its rotation is due; negative since then.", due },
	{ "pawl_rotation_last_success_timestamp_seconds",
	    "When it was last rotated; none if never.", succeeded },
	{ "pawl_rotation_last_attempt_timestamp_seconds",
	    "When a rotation was last begun; none if never.", attempted },
	{ "pawl_rotation_last_failure_timestamp_seconds",
	    "When the last rotation was begun, if it has not succeeded.",
	    failed },
	{ "pawl_rotation_bad_logins",
	    "Attempts since the last good login that may have been bad ones.",
	    exposures },
};

static void
put_labels(struct text *t, const struct status_row *row)
{
	text_add(t, "{entry=\"");
	text_label(t, row->name);
	text_add(t, "\",host=\"");
	text_label(t, row->host);
	text_add(t, "\",user=\"");
	text_label(t, row->user);
	text_add(t, "\"");
}

static void
put_head(struct text *t, const char *name, const char *help)
{
	text_format(t, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

static void
put_metric(struct text *t, const struct metric *m,
    const struct status_list *list)
{
	int64_t value = 0;
	size_t i;

	put_head(t, m->name, m->help);
	for (i = 0; i < list->n; i++) {
		if (!m->value(&list->rows[i], list->now, &value))
			continue;
		text_add(t, m->name);
		put_labels(t, &list->rows[i]);
		text_format(t, "} %" PRId64 "\n", value);
	}
}

/* One of them is 1 for each entry. */
static void
put_states(struct text *t, const struct status_list *list)
{
	enum status_word word;
	size_t i;

	put_head(t, "pawl_rotation_state",
	    "1 for the state that an entry is in.");
	for (i = 0; i < list->n; i++)
		for (word = STATUS_ATTENTION; word <= STATUS_OK; word++) {
			text_add(t, "pawl_rotation_state");
			put_labels(t, &list->rows[i]);
			text_format(t, ",state=\"%s\"} %d\n", status_name(word),
			    status_word(&list->rows[i], list->now) == word);
		}
}

void
prometheus_list(struct text *t, const struct status_list *list)
{
	size_t i;

	put_head(t, "pawl_status_timestamp_seconds",
	    "When these figures were made.");
	text_format(t, "pawl_status_timestamp_seconds %" PRIu64 "\n",
	    list->now);
	put_head(t, "pawl_rotation_entries", "Entries that are rotated.");
	text_format(t, "pawl_rotation_entries %zu\n", list->n);
	for (i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++)
		put_metric(t, &metrics[i], list);
	put_states(t, list);
}
