#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "json.h"

/* An entry's name, and what is printed for it. */
struct row {
	char *name;
	char *line;
	size_t len;
};

struct listing {
	const char *pattern;
	/* Or who is wanted, if not NULL. */
	const struct filter *filter;
	bool logins;
	bool json;
	struct row *rows;
	size_t n;
	size_t cap;
};

static struct slice
attr_or_empty(const struct entry *entry, const char *key)
{
	struct slice value = { NULL, 0 };
	size_t at = 0;

	(void)record_attr(entry, key, &at, &value);
	return value;
}

static void
json_attr(struct json *j, const struct entry *entry, const char *key)
{
	struct slice value = attr_or_empty(entry, key);

	json_key(j, key);
	if (value.p == NULL)
		json_null(j);
	else
		json_string(j, value);
}

static void
json_row(struct json *j, const struct entry *entry)
{
	struct slice value = { NULL, 0 };
	size_t at = 0;

	json_open(j, '{');
	json_key(j, "name");
	json_string(j, entry->name);
	json_attr(j, entry, "user");
	json_key(j, "hosts");
	json_open(j, '[');
	while (record_attr(entry, "host", &at, &value))
		json_string(j, value);
	json_close(j, ']');
	json_attr(j, entry, "service");
	json_attr(j, entry, "dataset");
	json_member_bool(j, "secret", entry->current.p != NULL);
	json_member_text(j, "rotation",
	    cmd_rotation_name(entry->rotation.state));
	json_member_number(j, "modified", entry->modified);
	json_close(j, '}');
}

/* The name, or with logins name, tab and user@host,host; on memory *line. */
static int
text_row(FILE *f, const struct entry *entry, bool logins)
{
	struct slice user = attr_or_empty(entry, "user");
	struct slice host = { NULL, 0 };
	const char *before = "@";
	char shown[4 * 256 + 8];
	size_t at = 0;

	(void)fwrite(entry->name.p, 1, entry->name.len, f);
	if (logins) {
		(void)fputc('\t', f);
		(void)fputs(text_show(shown, sizeof(shown), user), f);
		while (record_attr(entry, "host", &at, &host)) {
			(void)fputs(before, f);
			(void)fputs(text_show(shown, sizeof(shown), host), f);
			before = ",";
		}
	}
	(void)fputc('\n', f);
	return ferror(f) != 0 ? -1 : 0;
}

static void
free_row(struct row *row)
{
	free(row->name);
	free(row->line);
}

static int
fill_row(struct row *row, const struct listing *l, const struct entry *entry,
    struct err *e)
{
	struct json j = { 0 };
	FILE *f = NULL;
	int rv = 0;

	row->name = strndup((const char *)entry->name.p, entry->name.len);
	if (row->name == NULL)
		return err_sys(e, ERR_IO, "memory for the list");
	if (l->json) {
		json_row(&j, entry);
		row->line = j.text;
		row->len = j.len;
		return j.failed ? err_set(e, ERR_IO, "no memory for the list") :
				  0;
	}
	if ((f = open_memstream(&row->line, &row->len)) == NULL)
		return err_sys(e, ERR_IO, "memory for the list");
	rv = text_row(f, entry, l->logins);
	/* glibc's fclose(3) does not say that it lost the line. */
	if (fclose(f) == EOF || rv == -1 || row->line == NULL)
		return err_sys(e, ERR_IO, "memory for the list");
	return 0;
}

static int
visit(const struct entry *entry, void *arg, struct err *e)
{
	struct listing *l = arg;
	struct row row = { NULL, NULL, 0 }, *more = NULL;
	char name[RECORD_NAME_MAX + 1];
	size_t cap = 0;

	if (slice_text(entry->name, name, sizeof(name)) == -1)
		return err_set(e, ERR_DAMAGED, "an entry's name is too long");
	if (l->pattern != NULL && fnmatch(l->pattern, name, 0) != 0)
		return 0;
	if (l->filter != NULL && !l->filter->wanted(entry, l->filter->arg))
		return 0;
	if (l->n == l->cap) {
		cap = l->cap == 0 ? 64 : l->cap * 2;
		more = reallocarray(l->rows, cap, sizeof(*more));
		if (more == NULL)
			return err_sys(e, ERR_IO, "memory for the list");
		l->rows = more;
		l->cap = cap;
	}
	if (fill_row(&row, l, entry, e) == -1) {
		free_row(&row);
		return -1;
	}
	l->rows[l->n++] = row;
	return 0;
}

static int
compare(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void
print(struct listing *l)
{
	size_t i = 0;

	if (l->n > 1)
		qsort(l->rows, l->n, sizeof(*l->rows), compare);
	if (l->json)
		printf("[");
	for (i = 0; i < l->n; i++) {
		if (l->json && i > 0)
			printf(",\n");
		(void)fwrite(l->rows[i].line, 1, l->rows[i].len, stdout);
	}
	if (l->json)
		printf("]\n");
}

static int
list(struct session *s, struct listing *l, struct err *e)
{
	const char *what = l->pattern;
	char shown[96];
	size_t i = 0;
	int rv = -1;

	if (session_open(s, false, e) == -1 ||
	    vault_each(s->vault, visit, l, e) != 0)
		goto out;
	print(l);
	if (l->filter != NULL)
		what = l->filter->what;
	if (what != NULL && l->n == 0) {
		(void)err_set(e, ERR_NOENTRY, "no entry matches %s",
		    text_show(shown, sizeof(shown), slice_of(what)));
		goto out;
	}
	rv = 0;
out:
	for (i = 0; i < l->n; i++)
		free_row(&l->rows[i]);
	free(l->rows);
	return rv;
}

int
cmd_list_wanted(struct session *s, const struct filter *f, bool json,
    struct err *e)
{
	struct listing l = { .filter = f, .json = json };

	return list(s, &l, e);
}

int
cmd_list(struct session *s, int argc, char **argv, struct err *e)
{
	static const struct option longs[] = {
		{ "logins", no_argument, NULL, 'l' },
		{ "json", no_argument, NULL, CMD_LONG },
		{ NULL, 0, NULL, 0 },
	};
	struct listing l = { 0 };
	int c = 0;

	while ((c = cmd_getopt(argc, argv, ":l", longs, e)) != -1) {
		switch (c) {
		case 'l':
			l.logins = true;
			break;
		case CMD_LONG:
			l.json = true;
			break;
		default:
			return -1;
		}
	}
	if (argc - optind > 1)
		return cmd_usage("list", e);
	l.pattern = argv[optind];
	return list(s, &l, e);
}
