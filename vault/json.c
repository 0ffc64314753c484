#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

static void
put(struct json *j, const char *text, size_t len)
{
	char *more = NULL;
	size_t cap = j->cap;

	if (j->failed)
		return;
	while (cap - j->len < len) {
		if (cap > SIZE_MAX / 2) {
			j->failed = true;
			return;
		}
		cap = cap == 0 ? 256 : cap * 2;
	}
	if (cap != j->cap) {
		if ((more = realloc(j->text, cap)) == NULL) {
			j->failed = true;
			return;
		}
		j->text = more;
		j->cap = cap;
	}
	if (len > 0)
		memcpy(j->text + j->len, text, len);
	j->len += len;
}

static void
put_text(struct json *j, const char *text)
{
	put(j, text, strlen(text));
}

/*
 * A comma, if a value stands before this one.  The last byte tells: every
 * value ends in a byte that cannot open anything.
 */
static void
separate(struct json *j)
{
	if (j->len > 0 && strchr("{[:", j->text[j->len - 1]) == NULL)
		put(j, ",", 1);
}

static bool
is_tail(unsigned char c)
{
	return c >= 0x80 && c <= 0xbf;
}

size_t
json_utf8(struct slice s)
{
	unsigned char a = 0, b = 0;

	if (s.len == 0)
		return 0;
	a = s.p[0];
	if (a < 0x80)
		return 1;
	if (s.len < 2)
		return 0;
	b = s.p[1];
	if (a >= 0xc2 && a <= 0xdf)
		return is_tail(b) ? 2 : 0;
	if (s.len < 3 || !is_tail(b) || !is_tail(s.p[2]))
		return 0;
	if (a == 0xe0)
		return b >= 0xa0 ? 3 : 0;
	if (a == 0xed)
		return b <= 0x9f ? 3 : 0;
	if (a >= 0xe1 && a <= 0xef)
		return 3;
	if (s.len < 4 || !is_tail(s.p[3]))
		return 0;
	if (a == 0xf0)
		return b >= 0x90 ? 4 : 0;
	if (a == 0xf4)
		return b <= 0x8f ? 4 : 0;
	return a >= 0xf1 && a <= 0xf3 ? 4 : 0;
}

void
json_open(struct json *j, char bracket)
{
	separate(j);
	put(j, &bracket, 1);
}

void
json_close(struct json *j, char bracket)
{
	put(j, &bracket, 1);
}

void
json_key(struct json *j, const char *key)
{
	json_text(j, key);
	put(j, ":", 1);
}

void
json_string(struct json *j, struct slice value)
{
	char escape[8];
	size_t n = 0;

	separate(j);
	put(j, "\"", 1);
	while (value.len > 0) {
		n = json_utf8(value);
		if (n == 0) {
			put_text(j, "\\ufffd");
			n = 1;
		} else if (*value.p == '"' || *value.p == '\\') {
			escape[0] = '\\';
			escape[1] = (char)*value.p;
			put(j, escape, 2);
		} else if (*value.p < 0x20 || *value.p == 0x7f) {
			(void)snprintf(escape, sizeof(escape), "\\u%04x",
			    *value.p);
			put_text(j, escape);
		} else {
			put(j, (const char *)value.p, n);
		}
		value.p += n;
		value.len -= n;
	}
	put(j, "\"", 1);
}

void
json_text(struct json *j, const char *value)
{
	json_string(j, slice_of(value));
}

void
json_number(struct json *j, uint64_t value)
{
	char digits[24];

	separate(j);
	(void)snprintf(digits, sizeof(digits), "%llu",
	    (unsigned long long)value);
	put_text(j, digits);
}

void
json_bool(struct json *j, bool value)
{
	separate(j);
	put_text(j, value ? "true" : "false");
}

void
json_null(struct json *j)
{
	separate(j);
	put_text(j, "null");
}

void
json_member_text(struct json *j, const char *key, const char *value)
{
	json_key(j, key);
	json_text(j, value);
}

void
json_member_number(struct json *j, const char *key, uint64_t value)
{
	json_key(j, key);
	json_number(j, value);
}

void
json_member_bool(struct json *j, const char *key, bool value)
{
	json_key(j, key);
	json_bool(j, value);
}

int
json_finish(struct json *j, struct err *e)
{
	put(j, "\n", 1);
	if (j->failed)
		return err_set(e, ERR_IO, "no memory for the JSON text");
	return 0;
}

void
json_free(struct json *j)
{
	free(j->text);
	*j = (struct json){ 0 };
}
