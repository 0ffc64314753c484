#include <stdio.h>
#include <string.h>

#include "credential.h"
#include "io.h"
#include "json.h"

/* --- Reading ---------------------------------------------------------------*/

int
credential_read(struct credential *c, struct slice text, struct err *e)
{
	struct slice line, value;
	const unsigned char *equals;
	size_t i;
	struct {
		const char *key;
		struct slice *value;
	} wanted[] = { { "protocol", &c->protocol }, { "host", &c->host },
		{ "path", &c->path }, { "username", &c->username },
		{ "password", &c->password } };

	memset(c, 0, sizeof(*c));
	while (slice_next_line(&text, &line) && line.len > 0) {
		if ((equals = memchr(line.p, 0x3d, line.len)) == NULL)
			return err_set(e, ERR_USAGE,
			    "a line of the request is not key=value");
		value.p = equals + 1;
		value.len = line.len - (size_t)(value.p - line.p);
		line.len = (size_t)(equals - line.p);
		if (!slice_is_line(value))
			return err_set(e, ERR_USAGE,
			    "the request has a NUL or CR in it");
		for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
			if (slice_is(line, wanted[i].key))
				*wanted[i].value = value;
	}
	if (c->protocol.len > 0 && c->host.len > 0)
		return 0;
	return err_set(e, ERR_NOENTRY, "the request names no host");
}

/* Cuts s at the first of these bytes; what is behind it goes to *rest. */
static bool
cut(struct slice *s, const char *at, struct slice *rest)
{
	const unsigned char *p = memmem(s->p, s->len, at, strlen(at));

	if (p == NULL)
		return false;
	rest->p = p + strlen(at);
	rest->len = s->len - (size_t)(rest->p - s->p);
	s->len = (size_t)(p - s->p);
	return true;
}

static bool
is_blank(unsigned char c)
{
	return c == 0x20 || (c >= 0x09 && c <= 0x0d);
}

int
credential_read_url(struct credential *c, struct slice text, struct err *e)
{
	struct slice rest;

	memset(c, 0, sizeof(*c));
	while (text.len > 0 && is_blank(text.p[0])) {
		text.p++;
		text.len--;
	}
	while (text.len > 0 && is_blank(text.p[text.len - 1]))
		text.len--;
	if (!slice_is_line(text))
		return err_set(e, ERR_USAGE, "the request is not one line");
	c->url = text;
	c->protocol = slice_of("https");
	if (cut(&text, "://", &rest)) {
		c->protocol = text;
		text = rest;
	}
	c->host = text;
	(void)cut(&c->host, "/", &c->path);
	if (c->protocol.len > 0 && c->host.len > 0)
		return 0;
	/* docker's own words. */
	return err_set(e, ERR_USAGE, "no credentials server URL");
}

/* --- Matching --------------------------------------------------------------*/

/* Appends s to buf with each % as %25. */
static int
escape(struct text *t, char *buf, size_t size, size_t *used, struct slice s)
{
	size_t i, n;

	t->p = buf + *used;
	for (i = 0; i < s.len; i++) {
		n = s.p[i] == 0x25 ? 3 : 1;
		if (size - *used < n)
			return -1;
		memcpy(buf + *used, n == 3 ? "%25" : (const char *)&s.p[i], n);
		*used += n;
	}
	t->len = (size_t)(buf + *used - t->p);
	return 0;
}

/* Whether all of it, and at least one, is a digit. */
static bool
is_number(struct slice s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.p[i] < 0x30 || s.p[i] > 0x39)
			return false;
	return s.len > 0;
}

/* Takes a port off; "[::1]" has colons that are none. */
static struct slice
take_port(struct slice *host)
{
	struct slice port = { NULL, 0 };
	size_t i;

	for (i = host->len; i > 0 && host->p[i - 1] != 0x5d; i--) {
		if (host->p[i - 1] != 0x3a)
			continue;
		port.p = host->p + i;
		port.len = host->len - i;
		if (!is_number(port))
			break;
		host->len = i - 1;
		return port;
	}
	return (struct slice){ NULL, 0 };
}

int
credential_prompt(const struct credential *c, char *buf, size_t size,
    struct prompt *p, struct err *e)
{
	struct slice host = c->host, port, path = c->path;
	size_t used = 0;

	memset(p, 0, sizeof(*p));
	p->kind = PROMPT_GIT_PASSWORD;
	p->rule = "credential";
	port = take_port(&host);
	while (path.len > 0 && path.p[0] == 0x2f) {
		path.p++;
		path.len--;
	}
	if (escape(&p->scheme, buf, size, &used, c->protocol) == -1 ||
	    escape(&p->host, buf, size, &used, host) == -1 ||
	    escape(&p->port, buf, size, &used, port) == -1 ||
	    escape(&p->path, buf, size, &used, path) == -1 ||
	    escape(&p->user, buf, size, &used, c->username) == -1)
		return err_set(e, ERR_USAGE, "the request is too long");
	return 0;
}

uint64_t
credential_expiry(const struct entry *entry, uint64_t now)
{
	uint64_t seconds, since = entry->rotation.rotated;
	struct slice every;
	struct err ignored;
	char text[32];
	size_t at = 0;

	if (since < entry->current_from)
		since = entry->current_from;
	if (!record_attr(entry, "rotate.every", &at, &every) ||
	    slice_text(every, text, sizeof(text)) == -1 ||
	    parse_duration(text, &seconds, &ignored) == -1)
		return 0;
	return since + seconds > now ? since + seconds : 0;
}

/* --- Writing ---------------------------------------------------------------*/

static int
append(struct secret *to, const char *text, struct err *e)
{
	return secret_append(to, text, strlen(text), e);
}

static int
append_line(struct secret *to, const char *key, struct slice value,
    struct err *e)
{
	if (append(to, key, e) == -1 ||
	    secret_append(to, value.p, value.len, e) == -1)
		return -1;
	return append(to, "\n", e);
}

int
credential_write_git(struct secret *to, struct slice user,
    struct slice password, uint64_t expiry, struct err *e)
{
	char text[32];

	if (!slice_is_line(password) || !slice_is_line(user))
		return err_set(e, ERR_USAGE,
		    "the secret is not one line, and git takes no other");
	if (append_line(to, "username=", user, e) == -1 ||
	    append_line(to, "password=", password, e) == -1)
		return -1;
	if (expiry == 0)
		return 0;
	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)expiry);
	return append_line(to, "password_expiry_utc=", slice_of(text), e);
}

int
credential_quote(struct secret *to, struct slice text, struct err *e)
{
	char escaped[8];
	size_t n;

	if (append(to, "\"", e) == -1)
		return -1;
	for (; text.len > 0; text.p += n, text.len -= n) {
		if ((n = json_utf8(text)) == 0)
			return err_set(e, ERR_USAGE,
			    "a text is not UTF-8, and JSON takes no other");
		if (text.p[0] >= 0x20 && text.p[0] != 0x22 &&
		    text.p[0] != 0x5c) {
			if (secret_append(to, text.p, n, e) == -1)
				return -1;
			continue;
		}
		(void)snprintf(escaped, sizeof(escaped), "\\u%04x", text.p[0]);
		if (append(to, escaped, e) == -1)
			return -1;
	}
	return append(to, "\"", e);
}

int
credential_write_docker(struct secret *to, struct slice server,
    struct slice user, struct slice password, struct err *e)
{
	if (append(to, "{\"ServerURL\":", e) == -1 ||
	    credential_quote(to, server, e) == -1 ||
	    append(to, ",\"Username\":", e) == -1 ||
	    credential_quote(to, user, e) == -1 ||
	    append(to, ",\"Secret\":", e) == -1 ||
	    credential_quote(to, password, e) == -1)
		return -1;
	return append(to, "}\n", e);
}
