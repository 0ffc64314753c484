/*
 * Any bytes a server may send, against a model of when libcurl sends PASS: it
 * may never have done so where reply.c says that it was not sent, and a yes
 * or no must be libcurl's last reply too.  The first byte is the length of a
 * secret that follows it; the rest is the server's.
 */
#include <stdlib.h>
#include <string.h>

#include "reply.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static const struct reply_rules rules = { .auth = true };

/* What libcurl waits for: lib/ftp.c, ftp_statemachine(). */
enum wait {
	WAIT_220,
	WAIT_AUTH,
	WAIT_USER,
	WAIT_PASS,
	WAIT_NOTHING
};

struct library {
	enum wait wait;
	unsigned int code;
	bool pass_sent;
};

static void
must(bool true_now)
{
	if (!true_now)
		abort();
}

static bool
is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

/* A line, with its LF, that libcurl has got to see. */
static void
library_line(struct library *l, const unsigned char *p, size_t len)
{
	if (len < 4 || !is_digit(p[0]) || !is_digit(p[1]) || !is_digit(p[2]) ||
	    p[3] != ' ')
		return;
	l->code = (unsigned int)(p[0] - '0') * 100 +
	    (unsigned int)(p[1] - '0') * 10 + (unsigned int)(p[2] - '0');
	switch (l->wait) {
	case WAIT_220:
		l->wait =
		    l->code == 220 || l->code == 230 ? WAIT_AUTH : WAIT_NOTHING;
		break;
	case WAIT_AUTH:
		if (l->code == 234 || l->code == 334)
			l->wait = WAIT_USER;
		break;
	case WAIT_USER:
		l->pass_sent = l->code == 331;
		l->wait = l->code == 331 ? WAIT_PASS : WAIT_NOTHING;
		break;
	case WAIT_PASS:
	case WAIT_NOTHING:
		l->wait = WAIT_NOTHING;
		break;
	}
}

static void
check(const struct reply *r, const struct library *l)
{
	must(!l->pass_sent || r->outcome != MESSAGE_NOT_SENT);
	must(l->pass_sent || r->outcome == MESSAGE_NOT_SENT);
	must(r->outcome != MESSAGE_ACCEPTED || r->code == 230);
	must(r->outcome != MESSAGE_REFUSED ||
	    (r->code >= 400 && r->code <= 599 && r->code != 421));
	must(r->line_len <= sizeof(r->line) && r->text_len <= sizeof(r->text));
}

/* As in login.c: the library sees a line if reply_feed() lets it. */
static void
converse(struct reply *r, const unsigned char *p, size_t len)
{
	struct library l = { WAIT_220, 0, false };
	const unsigned char *end = NULL;
	size_t line;
	bool known = false;

	while (!known && (end = memchr(p, '\n', len)) != NULL) {
		line = (size_t)(end - p) + 1;
		if (!reply_feed(r, (struct slice){ p, line })) {
			must(r->stage == REPLY_DONE);
			must(r->outcome != MESSAGE_ACCEPTED);
			/* It is not acted on, but it was the last one. */
			if (r->outcome == MESSAGE_REFUSED)
				library_line(&l, p, line);
			known = true;
		} else
			library_line(&l, p, line);
		check(r, &l);
		if (r->stage == REPLY_DONE) {
			must(r->code == 0 || known || r->code == l.code);
			return;
		}
		p += line;
		len -= line;
	}
	(void)reply_feed(r, (struct slice){ p, len });
	check(r, &l);
}

static void
same(const struct reply *a, const struct reply *b)
{
	must(a->stage == b->stage && a->outcome == b->outcome);
	must(a->code == b->code && a->open == b->open);
	must(a->text_len == b->text_len);
	must(memcmp(a->text, b->text, a->text_len) == 0);
}

static void
mask(const struct reply *r, struct slice secret)
{
	char out[MESSAGE_REPLY_MAX + 1];
	struct slice text = { r->text, r->text_len }, part;
	size_t i, len;

	reply_mask(out, sizeof(out), text, &secret, 1);
	len = strlen(out);
	for (i = 0; i < len; i++)
		must(out[i] == '\n' || (out[i] >= ' ' && out[i] <= '~'));
	/* What masking itself writes may well look like a secret. */
	for (i = 0; i < secret.len; i++)
		if (secret.p[i] < '!' || secret.p[i] > '~' ||
		    secret.p[i] == '*' || secret.p[i] == '?')
			return;
	for (i = 0; secret.len > 0 && i + secret.len <= len; i++) {
		part.p = (const unsigned char *)out + i;
		part.len = secret.len;
		must(!slice_equal_fold(part, secret));
	}
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct reply whole, lines, bytes;
	struct slice secret;
	size_t i, n;

	if (size == 0)
		return 0;
	n = data[0] < size ? data[0] : size - 1;
	secret.p = ++data;
	secret.len = n;
	data += n;
	size -= n + 1;

	reply_init(&lines, &rules);
	converse(&lines, data, size);
	reply_init(&whole, &rules);
	(void)reply_feed(&whole, (struct slice){ data, size });
	same(&whole, &lines);
	reply_init(&bytes, &rules);
	for (i = 0; i < size; i++)
		(void)reply_feed(&bytes, (struct slice){ data + i, 1 });
	same(&whole, &bytes);
	mask(&whole, secret);
	return 0;
}
