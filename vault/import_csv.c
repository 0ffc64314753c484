/*
 * CSV of password managers, each known by its headings, and pawl's own: name,
 * secret, and a column for each attribute.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import.h"

#define FIELDS_MAX 1024

/* What a column becomes. */
enum role {
	ROLE_NONE = 0,
	ROLE_NAME,
	ROLE_GROUP,
	ROLE_USER,
	ROLE_SECRET,
	ROLE_URL,
	ROLE_NOTES,
	/* Bitwarden's: login, note ... */
	ROLE_TYPE,
	/* The attribute of the heading's name. */
	ROLE_ATTR,
	/* Has no place in a vault: it is said where it is not empty. */
	ROLE_LOST
};

struct heading {
	const char *name;
	enum role role;
	/* Without it the file is not that manager's. */
	bool needed;
};

static const struct heading keepassxc[] = {
	{ "Group", ROLE_GROUP, true },
	{ "Title", ROLE_NAME, true },
	{ "Username", ROLE_USER, true },
	{ "Password", ROLE_SECRET, true },
	{ "URL", ROLE_URL, false },
	{ "Notes", ROLE_NOTES, false },
	{ "Icon", ROLE_NONE, false },
	{ "Last Modified", ROLE_NONE, false },
	{ "Created", ROLE_NONE, false },
	{ NULL, ROLE_LOST, false },
};

static const struct heading bitwarden[] = {
	{ "name", ROLE_NAME, true },
	{ "login_username", ROLE_USER, true },
	{ "login_password", ROLE_SECRET, true },
	{ "folder", ROLE_GROUP, false },
	{ "collections", ROLE_GROUP, false },
	{ "login_uri", ROLE_URL, false },
	{ "notes", ROLE_NOTES, false },
	{ "type", ROLE_TYPE, false },
	{ "favorite", ROLE_NONE, false },
	{ "reprompt", ROLE_NONE, false },
	{ "archivedDate", ROLE_NONE, false },
	{ NULL, ROLE_LOST, false },
};

static const struct heading lastpass[] = {
	{ "name", ROLE_NAME, true },
	{ "username", ROLE_USER, true },
	{ "password", ROLE_SECRET, true },
	{ "url", ROLE_URL, true },
	{ "extra", ROLE_NOTES, true },
	{ "grouping", ROLE_GROUP, true },
	{ "fav", ROLE_NONE, false },
	{ NULL, ROLE_LOST, false },
};

static const struct heading onepassword[] = {
	{ "Title", ROLE_NAME, true },
	{ "Username", ROLE_USER, true },
	{ "Password", ROLE_SECRET, true },
	{ "Url", ROLE_URL, false },
	{ "Website", ROLE_URL, false },
	{ "Notes", ROLE_NOTES, false },
	{ "Favorite", ROLE_NONE, false },
	{ "Archived", ROLE_NONE, false },
	{ "Tags", ROLE_NONE, false },
	{ NULL, ROLE_LOST, false },
};

static const struct heading pawl[] = {
	{ "name", ROLE_NAME, true },
	{ "secret", ROLE_SECRET, true },
	{ NULL, ROLE_ATTR, false },
};

/* The first whose needed headings are all there. */
static const struct heading *const managers[] = { keepassxc, bitwarden,
	lastpass, onepassword, pawl };

struct csv_map {
	struct slice heads[FIELDS_MAX];
	enum role roles[FIELDS_MAX];
	size_t n;
	struct slice fields[FIELDS_MAX];
};

static bool
has_heading(const struct csv_map *map, const char *name)
{
	size_t i = 0;

	for (i = 0; i < map->n; i++) {
		if (slice_equal_fold(map->heads[i], slice_of(name)))
			return true;
	}
	return false;
}

static bool
is_of(const struct csv_map *map, const struct heading *h)
{
	for (; h->name != NULL; h++) {
		if (h->needed && !has_heading(map, h->name))
			return false;
	}
	return true;
}

static const struct heading *
find_manager(const struct csv_map *map)
{
	size_t i = 0;

	for (i = 0; i < sizeof(managers) / sizeof(managers[0]); i++) {
		if (is_of(map, managers[i]))
			return managers[i];
	}
	return NULL;
}

static void
set_roles(struct csv_map *map, const struct heading *manager)
{
	const struct heading *h = NULL;
	size_t i = 0;

	for (i = 0; i < map->n; i++) {
		h = manager;
		while (h->name != NULL &&
		    !slice_equal_fold(map->heads[i], slice_of(h->name)))
			h++;
		map->roles[i] = h->role;
	}
}

static int
read_headings(struct import *im, struct err *e)
{
	const struct heading *manager = NULL;
	struct csv_map *map = im->map;
	int rv = csv_next(&im->csv, map->heads, FIELDS_MAX, &map->n, e);

	if (rv == -1)
		return -1;
	if (rv == 0 || (manager = find_manager(map)) == NULL)
		return err_set(e, ERR_USAGE,
		    "its headings are not those of KeePassXC, Bitwarden, "
		    "1Password or LastPass, nor name, secret and attributes");
	set_roles(map, manager);
	return 0;
}

static int
start(struct import *im, struct err *e)
{
	char shown[96];

	if ((im->raw = import_read(im->file, IMPORT_FILE_MAX, e)) == NULL)
		return -1;
	if ((im->map = calloc(1, sizeof(*im->map))) == NULL)
		return err_sys(e, ERR_IO, "memory for headings");
	csv_start(&im->csv, im->raw->data, im->raw->len);
	if (read_headings(im, e) == -1)
		return err_in(e, "%s",
		    text_show(shown, sizeof(shown), slice_of(im->file)));
	return 0;
}

/* The first not empty field of this role. */
static struct slice
field_of(const struct csv_map *map, enum role role)
{
	size_t i = 0;

	for (i = 0; i < map->n; i++) {
		if (map->roles[i] == role && map->fields[i].len > 0)
			return map->fields[i];
	}
	return (struct slice){ NULL, 0 };
}

/* Bitwarden joins more than one with commas. */
static int
add_urls(struct import_item *item, struct slice urls, struct err *e)
{
	while (urls.len > 0) {
		if (import_item_url(item, import_cut(&urls, ","), e) == -1)
			return -1;
	}
	return 0;
}

static int
set_name(const struct csv_map *map, struct import_item *item, struct err *e)
{
	struct slice group = field_of(map, ROLE_GROUP);
	struct slice name = field_of(map, ROLE_NAME);
	unsigned char full[2 * RECORD_NAME_MAX + 1];
	size_t n = 0;

	if (name.p == NULL)
		return err_set(e, ERR_USAGE, "no name");
	if (group.len == 0)
		return import_item_name(item, name, e);
	if (group.len > RECORD_NAME_MAX || name.len > RECORD_NAME_MAX)
		return err_set(e, ERR_USAGE,
		    "group and name are longer than %d bytes", RECORD_NAME_MAX);
	memcpy(full, group.p, group.len);
	n = group.len;
	full[n++] = '/';
	memcpy(full + n, name.p, name.len);
	n += name.len;
	return import_item_name(item, (struct slice){ full, n }, e);
}

static void
skip(struct import_item *item, const char *why)
{
	item->skipped = true;
	(void)snprintf(item->note, sizeof(item->note), "%s", why);
}

/* Nothing is left out in silence. */
static void
note_lost(const struct csv_map *map, struct import_item *item)
{
	char shown[40];
	size_t i = 0, n = 0;

	for (i = 0; i < map->n && n < sizeof(item->note); i++) {
		if (map->roles[i] != ROLE_LOST || map->fields[i].len == 0)
			continue;
		n += (size_t)snprintf(item->note + n, sizeof(item->note) - n,
		    "%s%s", n == 0 ? "left out: " : ", ",
		    text_show(shown, sizeof(shown), map->heads[i]));
	}
}

static int
add_attrs(const struct csv_map *map, struct import_item *item, struct err *e)
{
	size_t i = 0;

	if (import_item_user(item, field_of(map, ROLE_USER), e) == -1 ||
	    add_urls(item, field_of(map, ROLE_URL), e) == -1 ||
	    import_item_attr(item, slice_of("notes"), field_of(map, ROLE_NOTES),
		e) == -1)
		return -1;
	for (i = 0; i < map->n; i++) {
		if (map->roles[i] == ROLE_ATTR &&
		    import_item_attr(item, map->heads[i], map->fields[i], e) ==
			-1)
			return -1;
	}
	return 0;
}

static int
fill(const struct csv_map *map, struct import_item *item, struct err *e)
{
	struct slice type = field_of(map, ROLE_TYPE);
	struct slice url = field_of(map, ROLE_URL);

	if (set_name(map, item, e) == -1)
		return -1;
	item->secret = field_of(map, ROLE_SECRET);
	if ((type.p != NULL && !slice_is(type, "login")) ||
	    slice_is(url, "http://sn")) {
		skip(item, "is no login");
		return 0;
	}
	if (item->secret.p == NULL && !has_heading(map, "secret")) {
		skip(item, "has no password");
		return 0;
	}
	note_lost(map, item);
	return add_attrs(map, item, e);
}

static int
next(struct import *im, struct import_item *item, struct err *e)
{
	struct csv_map *map = im->map;
	size_t n = 0;
	int rv = csv_next(&im->csv, map->fields, FIELDS_MAX, &n, e);

	if (rv != 1)
		return rv;
	item->line = im->csv.record_line;
	if (n != map->n)
		return err_set(e, ERR_USAGE,
		    "line %zu: %zu fields under %zu headings", item->line, n,
		    map->n);
	return fill(map, item, e) == -1 ? err_in(e, "line %zu", item->line) : 1;
}

const struct import_format import_csv = { "csv", false, start, next };
