#include <string.h>

#include "bytes.h"

struct slice
slice_of(const char *text)
{
	struct slice a = { (const unsigned char *)text, strlen(text) };

	return a;
}

bool
slice_equal(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

/* By number: tolower(3) asks the locale, and isn't ASCII everywhere. */
static unsigned char
fold(unsigned char c)
{
	return c >= 0x41 && c <= 0x5a ? (unsigned char)(c + 0x20) : c;
}

bool
slice_equal_fold(struct slice a, struct slice b)
{
	size_t i;

	if (a.len != b.len)
		return false;
	for (i = 0; i < a.len; i++)
		if (fold(a.p[i]) != fold(b.p[i]))
			return false;
	return true;
}

bool
slice_is(struct slice a, const char *text)
{
	return slice_equal(a, slice_of(text));
}

int
slice_text(struct slice a, char *buf, size_t size)
{
	if (a.len >= size)
		return -1;
	if (a.len > 0) {
		if (memchr(a.p, '\0', a.len) != NULL)
			return -1;
		memcpy(buf, a.p, a.len);
	}
	buf[a.len] = '\0';
	return 0;
}

static bool
is_blank(unsigned char c)
{
	return c == ' ' || c == '\t';
}

struct slice
slice_trim(struct slice a)
{
	while (a.len > 0 && is_blank(a.p[0])) {
		a.p++;
		a.len--;
	}
	while (a.len > 0 && is_blank(a.p[a.len - 1]))
		a.len--;
	return a;
}

bool
slice_is_line(struct slice a)
{
	size_t i;

	for (i = 0; i < a.len; i++)
		if (a.p[i] == '\0' || a.p[i] == '\r' || a.p[i] == '\n')
			return false;
	return true;
}

bool
slice_next_line(struct slice *text, struct slice *line)
{
	const unsigned char *end;

	*line = *text;
	if (text->len == 0)
		return false;
	end = memchr(text->p, '\n', text->len);
	if (end != NULL)
		line->len = (size_t)(end - text->p);
	text->p += line->len + (end != NULL);
	text->len -= line->len + (end != NULL);
	return true;
}

void
put_u16(unsigned char *p, uint16_t v)
{
	p[0] = (unsigned char)v;
	p[1] = (unsigned char)(v >> 8);
}

void
put_u32(unsigned char *p, uint32_t v)
{
	put_u16(p, (uint16_t)v);
	put_u16(p + 2, (uint16_t)(v >> 16));
}

void
put_u64(unsigned char *p, uint64_t v)
{
	put_u32(p, (uint32_t)v);
	put_u32(p + 4, (uint32_t)(v >> 32));
}

uint16_t
get_u16(const unsigned char *p)
{
	return (uint16_t)(p[0] | (unsigned int)p[1] << 8);
}

uint32_t
get_u32(const unsigned char *p)
{
	return get_u16(p) | (uint32_t)get_u16(p + 2) << 16;
}

uint64_t
get_u64(const unsigned char *p)
{
	return get_u32(p) | (uint64_t)get_u32(p + 4) << 32;
}

bool
is_zero(const unsigned char *p, size_t len)
{
	/* Equal to itself shifted by one: as fast as memcmp(3) is. */
	return len == 0 || (p[0] == 0 && memcmp(p, p + 1, len - 1) == 0);
}

int
take_slice(struct cursor *c, struct slice *to, size_t len)
{
	if (len > c->left)
		return -1;
	to->p = c->p;
	to->len = len;
	if (len > 0)
		c->p += len;
	c->left -= len;
	return 0;
}

int
take(struct cursor *c, void *to, size_t len)
{
	struct slice s;

	if (take_slice(c, &s, len) == -1)
		return -1;
	if (len > 0)
		memcpy(to, s.p, len);
	return 0;
}

int
take_u32(struct cursor *c, uint32_t *to)
{
	unsigned char raw[4];

	if (take(c, raw, sizeof(raw)) == -1)
		return -1;
	*to = get_u32(raw);
	return 0;
}

int
take_u64(struct cursor *c, uint64_t *to)
{
	unsigned char raw[8];

	if (take(c, raw, sizeof(raw)) == -1)
		return -1;
	*to = get_u64(raw);
	return 0;
}

char *
text_show(char *out, size_t size, struct slice text)
{
	static const char hex[] = "0123456789abcdef";
	size_t i, n = 0, cut = 0, width;

	for (i = 0; i < text.len; i++) {
		unsigned char c = text.p[i];
		bool plain = c >= 0x20 && c < 0x7f && c != '\\';

		/* The last place from where the dots still fit. */
		if (size - n >= sizeof("..."))
			cut = n;
		width = plain ? 1 : 4;
		if (size - n <= width) {
			memcpy(out + cut, "...", sizeof("..."));
			return out;
		}
		if (plain) {
			out[n++] = (char)c;
			continue;
		}
		out[n++] = '\\';
		out[n++] = 'x';
		out[n++] = hex[c >> 4];
		out[n++] = hex[c & 15];
	}
	out[n] = '\0';
	return out;
}
