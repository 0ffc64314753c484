#include <stdio.h>

#include "cmd.h"
#include "json.h"

/* Where the values start. */
#define WIDTH 14

static void
label(const char *name)
{
	printf("%-*s", WIDTH, name);
}

static void
show_time(const char *name, uint64_t t)
{
	char buf[CMD_TIME];

	label(name);
	printf("%s\n", cmd_time(buf, t));
}

static void
show_attrs(const struct entry *entry)
{
	const struct record_attr *a = NULL;
	char indent[WIDTH + 1];
	char key[RECORD_KEY_MAX + 1];
	size_t i = 0;

	(void)snprintf(indent, sizeof(indent), "%*s", WIDTH, "");
	for (i = 0; i < entry->nattrs; i++) {
		a = &entry->attrs[i];
		if (slice_text(a->key, key, sizeof(key)) == -1)
			continue;
		/* A key that is wider still stands apart from its value. */
		printf("%-*s ", WIDTH - 1, key);
		cmd_print(a->value, indent);
		printf("\n");
	}
}

static void
show_rotation(const struct rotation *r)
{
	label("rotation");
	printf("%s\n", cmd_rotation_name(r->state));
	if (r->since != 0)
		show_time("  since", r->since);
	if (r->attempted != 0)
		show_time("  last tried", r->attempted);
	if (r->rotated != 0)
		show_time("  last done", r->rotated);
	if (r->exposures != 0 || r->outstanding != 0) {
		label("  at risk");
		printf("%u bad logins, %u changes sent and not proved\n",
		    r->exposures, r->outstanding);
	}
	if (r->note.len > 0) {
		label("  note");
		cmd_print(r->note, NULL);
		printf("\n");
	}
}

static void
show_text(const struct entry *entry)
{
	label("name");
	cmd_print(entry->name, NULL);
	printf("\n");
	show_attrs(entry);
	if (entry->current.p != NULL)
		show_time("secret", entry->current_from);
	if (entry->pending.p != NULL)
		show_time("pending", entry->pending_from);
	label("history");
	printf("%zu previous\n", entry->nhistory);
	show_rotation(&entry->rotation);
	show_time("created", entry->created);
	show_time("modified", entry->modified);
}

static void
json_time(struct json *j, const char *key, uint64_t t)
{
	json_key(j, key);
	if (t == 0)
		json_null(j);
	else
		json_number(j, t);
}

/* Arrays even of single values, so that a program finds one shape only. */
static void
json_attrs(struct json *j, const struct entry *entry)
{
	struct slice value = { NULL, 0 };
	char key[RECORD_KEY_MAX + 1];
	size_t i = 0, at = 0;

	json_key(j, "attributes");
	json_open(j, '{');
	for (i = 0; i < entry->nattrs; i++) {
		at = 0;
		if (slice_text(entry->attrs[i].key, key, sizeof(key)) == -1 ||
		    !record_attr(entry, key, &at, &value) || at != i + 1)
			continue;
		json_key(j, key);
		json_open(j, '[');
		do {
			json_string(j, value);
		} while (record_attr(entry, key, &at, &value));
		json_close(j, ']');
	}
	json_close(j, '}');
}

static void
json_rotation(struct json *j, const struct rotation *r)
{
	json_key(j, "rotation");
	json_open(j, '{');
	json_member_text(j, "state", cmd_rotation_name(r->state));
	json_time(j, "since", r->since);
	json_time(j, "attempted", r->attempted);
	json_time(j, "rotated", r->rotated);
	json_member_number(j, "exposures", r->exposures);
	json_member_number(j, "outstanding", r->outstanding);
	json_key(j, "note");
	json_string(j, r->note);
	json_close(j, '}');
}

static int
show_json(const struct entry *entry, struct err *e)
{
	struct json j = { 0 };

	json_open(&j, '{');
	json_key(&j, "name");
	json_string(&j, entry->name);
	json_attrs(&j, entry);
	json_time(&j, "created", entry->created);
	json_time(&j, "modified", entry->modified);
	json_member_number(&j, "version", entry->version);
	json_member_bool(&j, "secret", entry->current.p != NULL);
	json_time(&j, "secret_since", entry->current_from);
	json_member_bool(&j, "pending", entry->pending.p != NULL);
	json_member_number(&j, "history", entry->nhistory);
	json_rotation(&j, &entry->rotation);
	json_close(&j, '}');
	return cmd_json_print(&j, e);
}

int
cmd_show(struct session *s, int argc, char **argv, struct err *e)
{
	struct secret *plain = NULL;
	struct entry entry = { 0 };
	bool json = false;
	int rv = 0;

	if (cmd_flag(argc, argv, "json", 0, &json, e) == -1)
		return -1;
	if (argc - optind != 1)
		return cmd_usage("show", e);
	if (session_open(s, false, e) == -1 ||
	    session_find(s, argv[optind], &entry, &plain, e) == -1)
		return -1;
	if (json)
		rv = show_json(&entry, e);
	else
		show_text(&entry);
	secret_free(plain);
	return rv;
}
