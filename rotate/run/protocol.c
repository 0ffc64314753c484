#include <stdio.h>
#include <string.h>

#include "protocol.h"

static int
put_line(struct secret *to, const char *key, struct slice value, struct err *e)
{
	if (secret_append(to, key, strlen(key), e) == -1 ||
	    secret_append(to, "=", 1, e) == -1 ||
	    secret_append(to, value.p, value.len, e) == -1)
		return -1;
	return secret_append(to, "\n", 1, e);
}

static int
put_number(struct secret *to, const char *key, unsigned int n, struct err *e)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%u", n);
	return put_line(to, key, slice_of(text), e);
}

int
protocol_request(struct secret *to, const struct message_request *r,
    struct err *e)
{
	const char *action = r->what == MESSAGE_CHANGE ? "change" : "login";

	if (put_number(to, "version", 1, e) == -1 ||
	    put_line(to, "action", slice_of(action), e) == -1 ||
	    put_line(to, "host", slice_of(r->host), e) == -1 ||
	    (r->port != 0 && put_number(to, "port", r->port, e) == -1) ||
	    put_line(to, "user", slice_of(r->user), e) == -1 ||
	    put_number(to, "timeout", r->reply_timeout, e) == -1 ||
	    put_line(to, "password", secret_slice(r->current), e) == -1)
		return -1;
	if (r->what == MESSAGE_CHANGE &&
	    put_line(to, "new", secret_slice(r->fresh), e) == -1)
		return -1;
	return secret_append(to, "\n", 1, e);
}

static int
read_result(struct protocol_answer *a, struct slice value,
    enum message_what what, struct err *e)
{
	static const struct {
		const char *word;
		enum message_what what;
		enum message_outcome outcome;
	} words[] = {
		{ "ok", MESSAGE_LOGIN, MESSAGE_ACCEPTED },
		{ "bad", MESSAGE_LOGIN, MESSAGE_REFUSED },
		{ "expired", MESSAGE_LOGIN, MESSAGE_EXPIRED },
		{ "not-sent", MESSAGE_LOGIN, MESSAGE_NOT_SENT },
		{ "unknown", MESSAGE_LOGIN, MESSAGE_UNKNOWN },
		{ "changed", MESSAGE_CHANGE, MESSAGE_ACCEPTED },
		{ "refused", MESSAGE_CHANGE, MESSAGE_REFUSED },
		{ "not-sent", MESSAGE_CHANGE, MESSAGE_NOT_SENT },
		{ "unknown", MESSAGE_CHANGE, MESSAGE_UNKNOWN },
	};
	size_t i;

	if (a->outcome != 0)
		return err_set(e, ERR_DAMAGED, "result= twice");
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].what == what && slice_is(value, words[i].word)) {
			a->outcome = words[i].outcome;
			return 0;
		}
	return err_set(e, ERR_DAMAGED, "no result= that fits action=%s",
	    what == MESSAGE_CHANGE ? "change" : "login");
}

static int
read_line(struct protocol_answer *a, struct slice line, enum message_what what,
    struct err *e)
{
	static const char result[] = "result=", message[] = "message=";
	const size_t r = sizeof(result) - 1, m = sizeof(message) - 1;

	if (memchr(line.p, '\0', line.len) != NULL)
		return err_set(e, ERR_DAMAGED, "a NUL");
	if (line.len >= r && memcmp(line.p, result, r) == 0)
		return read_result(a,
		    (struct slice){ line.p + r, line.len - r }, what, e);
	if (line.len < m || memcmp(line.p, message, m) != 0)
		return err_set(e, ERR_DAMAGED,
		    "a line that is neither result= nor message=");
	if (a->message.p != NULL)
		return err_set(e, ERR_DAMAGED, "message= twice");
	a->message.p = line.p + m;
	a->message.len = line.len - m;
	return 0;
}

int
protocol_answer(struct protocol_answer *a, struct slice text,
    enum message_what what, struct err *e)
{
	struct slice line;

	memset(a, 0, sizeof(*a));
	while (text.len > 0) {
		const unsigned char *end = memchr(text.p, '\n', text.len);

		/* Half a line may be half a word. */
		if (end == NULL)
			return err_set(e, ERR_DAMAGED, "half a line");
		line.p = text.p;
		line.len = (size_t)(end - text.p);
		text.p += line.len + 1;
		text.len -= line.len + 1;
		if (line.len == 0)
			break;
		if (read_line(a, line, what, e) == -1)
			return -1;
	}
	if (text.len > 0)
		return err_set(e, ERR_DAMAGED, "more behind the empty line");
	if (a->outcome == 0)
		return err_set(e, ERR_DAMAGED, "no result=");
	return 0;
}
