#include <stddef.h>
#include <string.h>

#include "pass.h"

/* What people call it, in any case of letters. */
static const struct {
	const char *name;
	enum pass_kind kind;
} keys[] = {
	{ "login", PASS_USER },
	{ "user", PASS_USER },
	{ "username", PASS_USER },
	{ "url", PASS_URL },
	{ "host", PASS_URL },
	{ "totp", PASS_OTP },
	{ "hotp", PASS_OTP },
	{ "otpauth", PASS_OTP },
};

static bool
has_otpauth(struct slice s)
{
	static const char scheme[] = "otpauth://";
	const size_t n = sizeof(scheme) - 1;

	for (; s.len >= n; s.p++, s.len--) {
		if (slice_equal_fold((struct slice){ s.p, n },
			slice_of(scheme)))
			return true;
	}
	return false;
}

/* In YAML: a part of another value, or one in quotes or of several lines. */
static bool
is_beyond(struct slice text, struct slice value)
{
	static const char signs[] = "\"'|>[{&*!#%@`";

	if (text.p[0] == ' ' || text.p[0] == '\t')
		return true;
	return value.len > 0 && value.p[0] != '\0' &&
	    strchr(signs, value.p[0]) != NULL;
}

static enum pass_kind
kind_of(struct slice text, bool yaml, struct slice *value)
{
	const unsigned char *colon = NULL;
	struct slice key = text;
	size_t i = 0;

	if (has_otpauth(text))
		return PASS_OTP;
	if (text.len == 0 || (colon = memchr(text.p, ':', text.len)) == NULL)
		return PASS_NOTE;
	key.len = (size_t)(colon - text.p);
	value->p = colon + 1;
	value->len = text.len - key.len - 1;
	*value = slice_trim(*value);
	key = slice_trim(key);
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!slice_equal_fold(key, slice_of(keys[i].name)))
			continue;
		if (keys[i].kind != PASS_OTP && yaml && is_beyond(text, *value))
			return PASS_NOTE;
		return keys[i].kind;
	}
	return PASS_NOTE;
}

void
pass_start(struct pass *p, struct slice text, struct slice *secret)
{
	struct slice line = { NULL, 0 }, rest = { NULL, 0 };

	p->rest = text;
	p->yaml = false;
	(void)slice_next_line(&p->rest, secret);
	rest = p->rest;
	(void)slice_next_line(&rest, &line);
	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	if (slice_is(line, "---")) {
		p->yaml = true;
		p->rest = rest;
	}
}

bool
pass_next(struct pass *p, struct pass_line *line)
{
	while (slice_next_line(&p->rest, &line->text)) {
		line->value = (struct slice){ NULL, 0 };
		if (line->text.len > 0 &&
		    line->text.p[line->text.len - 1] == '\r')
			line->text.len--;
		line->kind = kind_of(line->text, p->yaml, &line->value);
		if ((line->kind != PASS_USER && line->kind != PASS_URL) ||
		    line->value.len > 0)
			return true;
	}
	return false;
}
