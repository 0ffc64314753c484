#include <string.h>

#include "reply.h"

/* The network's bytes are ASCII whatever this file is compiled in. */
#define BLANK 0x20
#define CR 0x0d
#define DASH 0x2d
#define LF 0x0a
#define QUESTION 0x3f
#define STAR 0x2a

/* A shorter beginning of a secret at the end of a line is chance. */
#define MASK_MIN 4

void
reply_init(struct reply *r, const struct reply_rules *rules)
{
	memset(r, 0, sizeof(*r));
	r->rules = *rules;
	r->stage = REPLY_GREETING;
	r->outcome = MESSAGE_NOT_SENT;
}

/* Decided: by r->outcome as it is now. */
static bool
decide(struct reply *r)
{
	r->decided = r->stage;
	r->stage = REPLY_DONE;
	return r->outcome == MESSAGE_ACCEPTED;
}

static bool
expect(struct reply *r, uint16_t code, uint16_t expected, enum reply_stage next)
{
	if (code != expected)
		return decide(r);
	r->stage = next;
	r->text_len = 0;
	return true;
}

static bool
is_no(uint16_t code)
{
	return code >= 400 && code <= 599 && code != 421;
}

/* Whether the reply is what this server says of an expired password only. */
static bool
is_expired(const struct reply *r, uint16_t code)
{
	const struct method_expiry *x = r->rules.expiry;
	size_t i;

	if (x == NULL || x->code != code)
		return false;
	for (i = 0; i < METHOD_LIST && x->words[i] != NULL; i++)
		if (memmem(r->text, r->text_len, x->words[i],
			strlen(x->words[i])) != NULL)
			return true;
	return false;
}

static bool
answer_to_pass(struct reply *r, uint16_t code)
{
	if (code == 230 && r->rules.yes != NULL)
		return expect(r, code, 230, REPLY_IN);
	/* Before a command anything but a no means that it is not sent. */
	if (r->rules.yes == NULL || is_no(code))
		r->code = code;
	if (is_expired(r, code))
		r->outcome = MESSAGE_EXPIRED;
	else if (is_no(code))
		r->outcome = MESSAGE_REFUSED;
	else if (code == 230)
		r->outcome = MESSAGE_ACCEPTED;
	return decide(r);
}

static bool
answer_to_command(struct reply *r, uint16_t code)
{
	size_t i;

	r->code = code;
	for (i = 0; i < METHOD_LIST && r->rules.yes[i] != 0; i++)
		if (r->rules.yes[i] == code)
			r->outcome = MESSAGE_ACCEPTED;
	if (is_no(code))
		r->outcome = MESSAGE_REFUSED;
	return decide(r);
}

/* A reply is complete. */
static bool
complete(struct reply *r, uint16_t code)
{
	switch (r->stage) {
	case REPLY_GREETING:
		return expect(r, code, 220,
		    r->rules.auth ? REPLY_AUTH : REPLY_USER);
	case REPLY_AUTH:
		return expect(r, code, 234, REPLY_USER);
	case REPLY_USER:
		if (!expect(r, code, 331, REPLY_PASS))
			return false;
		if (r->rules.yes == NULL)
			r->outcome = MESSAGE_UNKNOWN;
		return true;
	case REPLY_PASS:
		return answer_to_pass(r, code);
	case REPLY_COMMAND:
		return answer_to_command(r, code);
	case REPLY_IN:
	case REPLY_DONE:
		break;
	}
	return decide(r);
}

static bool
is_digit(unsigned char c)
{
	return c >= 0x30 && c <= 0x39;
}

/* The code at the start of a line that has a byte after it, or 0. */
static uint16_t
code_of(const unsigned char *p, size_t len)
{
	if (len < 4 || !is_digit(p[0]) || !is_digit(p[1]) || !is_digit(p[2]))
		return 0;
	return (uint16_t)((p[0] - 0x30) * 100 + (p[1] - 0x30) * 10 +
	    (p[2] - 0x30));
}

/* Adds the line to the text, and drops the first lines to make room. */
static void
keep(struct reply *r, size_t len)
{
	const unsigned char *end = NULL;
	size_t first;

	while (sizeof(r->text) - r->text_len < len + 1) {
		end = memchr(r->text, LF, r->text_len);
		first = end == NULL ? r->text_len : (size_t)(end + 1 - r->text);
		r->text_len -= first;
		memmove(r->text, r->text + first, r->text_len);
	}
	memcpy(r->text + r->text_len, r->line, len);
	r->text_len += len;
	r->text[r->text_len++] = LF;
}

static bool
line_done(struct reply *r)
{
	size_t len = r->line_len;
	uint16_t code = code_of(r->line, len);
	bool is_final;

	r->line_len = 0;
	is_final = len >= 4 && r->line[3] == BLANK && is_digit(r->line[0]) &&
	    is_digit(r->line[1]) && is_digit(r->line[2]);
	if (len > 0 && r->line[len - 1] == CR)
		len--;
	keep(r, len);
	if (r->open != 0) {
		if (!is_final)
			return true;
		if (code != r->open)
			return decide(r);
		r->open = 0;
		return complete(r, code);
	}
	/* Codes below 100 do not exist. */
	if (code < 100)
		return decide(r);
	if (is_final)
		return complete(r, code);
	if (r->line[3] != DASH)
		return decide(r);
	r->open = code;
	return true;
}

/* Whether what comes is looked at. */
static bool
is_due(const struct reply *r)
{
	return r->stage != REPLY_IN && r->stage != REPLY_DONE;
}

bool
reply_feed(struct reply *r, struct slice bytes)
{
	size_t i;

	for (i = 0; i < bytes.len && is_due(r); i++) {
		if (bytes.p[i] == LF) {
			if (!line_done(r))
				return false;
		} else if (r->line_len < sizeof(r->line)) {
			r->line[r->line_len++] = bytes.p[i];
		}
	}
	return r->stage != REPLY_DONE || r->outcome == MESSAGE_ACCEPTED;
}

void
reply_expect_command(struct reply *r)
{
	r->stage = REPLY_COMMAND;
	r->outcome = MESSAGE_UNKNOWN;
	r->line_len = 0;
	r->text_len = 0;
}

/* By number, as the bytes are the network's. */
static unsigned char
fold(unsigned char c)
{
	return c >= 0x41 && c <= 0x5a ? (unsigned char)(c + 0x20) : c;
}

/* How many bytes at the start of text are to be masked for this secret. */
static size_t
masked(struct slice text, struct slice secret)
{
	size_t n = 0;

	while (n < text.len && n < secret.len &&
	    fold(text.p[n]) == fold(secret.p[n]))
		n++;
	if (n == secret.len)
		return n;
	if (n >= MASK_MIN && (n == text.len || text.p[n] == LF))
		return n;
	return 0;
}

static unsigned char
printable(unsigned char c)
{
	return c == LF || (c >= 0x20 && c <= 0x7e) ? c : QUESTION;
}

void
reply_mask(char *out, size_t size, struct slice text,
    const struct slice *secrets, size_t n)
{
	static const char stars[3] = { STAR, STAR, STAR };
	size_t i, k, m, len = 0, until = 0;
	bool hidden = false;

	for (i = 0; i < text.len; i++) {
		struct slice rest = { text.p + i, text.len - i };

		for (k = 0; k < n; k++) {
			m = masked(rest, secrets[k]);
			if (until < i + m)
				until = i + m;
		}
		m = i < until ? (hidden ? 0 : sizeof(stars)) : 1;
		if (m > size - 1 - len)
			break;
		if (i >= until)
			out[len] = (char)printable(text.p[i]);
		else if (m > 0)
			memcpy(out + len, stars, m);
		len += m;
		hidden = i < until;
	}
	out[len] = '\0';
}
