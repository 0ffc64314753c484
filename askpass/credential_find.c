#include <string.h>

#include "credential_find.h"
#include "io.h"

/* Room for one line of the list: a URL and a user, and both escaped. */
#define URL_MAX ((size_t)4 * RECORD_VALUE_MAX)
#define ROW_MAX ((size_t)8 * URL_MAX)

struct search {
	const char *service;
	struct request *q;
	/* The best so far, and how many are as good. */
	char name[RECORD_NAME_MAX + 1];
	bool with_path;
	size_t n;
};

static bool
fits(const struct entry *entry, const char *service, struct request *q)
{
	struct err why;

	return record_attr_is(entry, "service", service) &&
	    record_has(entry, "user") && service_check(entry, q, &why) == 0;
}

static int
consider(const struct entry *entry, void *arg, struct err *e)
{
	struct search *s = arg;
	const bool with_path = record_has(entry, "path");

	(void)e;
	if (!fits(entry, s->service, s->q) || (s->with_path && !with_path))
		return 0;
	if (with_path && !s->with_path)
		s->n = 0;
	s->with_path = with_path;
	s->n++;
	/* Names are no longer, and without NUL. */
	return slice_text(entry->name, s->name, sizeof(s->name));
}

static int
search_all(struct vault *v, const char *service, struct request *q,
    struct entry *entry, struct secret **plainp, struct err *e)
{
	struct search s = { .service = service, .q = q };
	char shown[96];

	if (vault_each(v, consider, &s, e) != 0)
		return -1;
	if (s.n == 0)
		return err_set(e, ERR_NOENTRY, "no entry fits");
	if (s.n > 1)
		return err_set(e, ERR_CONFIG,
		    "%zu entries fit, %s is one of them; name the user in the "
		    "URL, or one entry with PAWL_ENTRY",
		    s.n, text_show(shown, sizeof(shown), slice_of(s.name)));
	return vault_find(v, TABLE_NAME, slice_of(s.name), entry, plainp, e);
}

/* One probe of the index, since the user is known.  1: another was found. */
static int
look_up(struct vault *v, const char *service, struct request *q,
    struct entry *entry, struct secret **plainp, struct err *e)
{
	const struct text user = q->prompt.user, host = q->prompt.host;
	char buf[1024];
	struct slice login = { (const unsigned char *)buf, 0 };

	/* The index has no %25. */
	if (user.len + host.len + 1 > sizeof(buf) ||
	    memchr(user.p, '%', user.len) != NULL)
		return 1;
	memcpy(buf, user.p, user.len);
	buf[user.len] = '@';
	memcpy(buf + user.len + 1, host.p, host.len);
	login.len = user.len + 1 + host.len;
	if (vault_find(v, TABLE_LOGIN, login, entry, plainp, e) == -1)
		return e->kind == ERR_CONFIG ? 1 : -1;
	if (fits(entry, service, q))
		return 0;
	secret_free(*plainp);
	*plainp = NULL;
	return err_set(e, ERR_NOENTRY, "no entry fits");
}

int
credential_find(struct vault *v, const char *service, struct request *q,
    struct entry *entry, struct secret **plainp, struct err *e)
{
	int rv;

	if (q->entry != NULL) {
		if (vault_find(v, TABLE_NAME, slice_of(q->entry), entry, plainp,
			e) == -1) {
			/* A wrong name is not what nobody has to be told. */
			if (e->kind == ERR_NOENTRY)
				e->kind = ERR_CONFIG;
			return err_in(e, "PAWL_ENTRY");
		}
		if (fits(entry, service, q))
			return 0;
		secret_free(*plainp);
		*plainp = NULL;
	}
	if (q->prompt.user.len > 0 &&
	    (rv = look_up(v, service, q, entry, plainp, e)) != 1)
		return rv;
	return search_all(v, service, q, entry, plainp, e);
}

/* --- docker's list ---------------------------------------------------------*/

struct listing {
	struct secret *url;
	struct secret *line;
	int fd;
	size_t n;
};

/* Appends before, the first value of key, and behind; nothing without one. */
static int
append(struct secret *to, const struct entry *entry, const char *before,
    const char *key, const char *behind, struct err *e)
{
	struct slice value;
	size_t at = 0;

	if (!record_attr(entry, key, &at, &value))
		return 0;
	if (strcmp(key, "path") == 0 && value.len > 0 && value.p[0] == '/')
		before = "";
	if (secret_append(to, before, strlen(before), e) == -1 ||
	    secret_append(to, value.p, value.len, e) == -1)
		return -1;
	return secret_append(to, behind, strlen(behind), e);
}

/* A line for one of the entry's hosts. */
static int
list_host(struct listing *l, const struct entry *entry, struct slice host,
    struct err *e)
{
	struct slice user = { NULL, 0 };
	size_t at = 0;

	(void)record_attr(entry, "user", &at, &user);
	l->url->len = l->line->len = 0;
	if (append(l->url, entry, "", "scheme", "://", e) == -1 ||
	    secret_append(l->url, host.p, host.len, e) == -1 ||
	    append(l->url, entry, ":", "port", "", e) == -1 ||
	    append(l->url, entry, "/", "path", "", e) == -1 ||
	    secret_append(l->line, l->n++ == 0 ? "{" : ",", 1, e) == -1 ||
	    credential_quote(l->line, secret_slice(l->url), e) == -1 ||
	    secret_append(l->line, ":", 1, e) == -1 ||
	    credential_quote(l->line, user, e) == -1)
		return -1;
	if (write_all(l->fd, l->line->data, l->line->len) == -1)
		return err_sys(e, ERR_IO, "write the list");
	return 0;
}

static int
list_entry(const struct entry *entry, void *arg, struct err *e)
{
	struct slice host;
	size_t at = 0;

	if (!record_attr_is(entry, "service", "docker") ||
	    !record_has(entry, "user"))
		return 0;
	while (record_attr(entry, "host", &at, &host))
		if (list_host(arg, entry, host, e) == -1)
			return -1;
	return 0;
}

int
credential_list(struct vault *v, int fd, struct err *e)
{
	struct listing l = { .fd = fd };
	const char *end;
	int rv = -1;

	if ((l.url = secret_new(URL_MAX, e)) == NULL ||
	    (l.line = secret_new(ROW_MAX, e)) == NULL ||
	    vault_each(v, list_entry, &l, e) != 0)
		goto out;
	end = l.n == 0 ? "{}\n" : "}\n";
	rv = write_all(fd, end, strlen(end));
	if (rv == -1)
		(void)err_sys(e, ERR_IO, "write the list");
out:
	secret_free(l.url);
	secret_free(l.line);
	return rv;
}
