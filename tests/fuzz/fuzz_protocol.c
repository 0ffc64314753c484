/*
 * Any bytes that a site's program may answer, against a second reading of
 * pawl-rotate-exec(5).  The first byte says whether it was asked for a change;
 * further ones pick lines that a program might write, or are what it wrote.
 */
#include <string.h>

#include "fuzz.h"
#include "protocol.h"

/* A byte above this many is the length of what is taken as it is. */
#define MOST PROTOCOL_ANSWER_MAX

static const char *const lines[] = { "result=ok\n", "result=bad\n",
	"result=expired\n", "result=not-sent\n", "result=unknown\n",
	"result=changed\n", "result=refused\n", "message=why\n", "message=\n",
	"\n", "result=", "message=", "result=ok", "result=\n" };
#define LINES (sizeof(lines) / sizeof(lines[0]))

static size_t
write_answer(unsigned char *to, const uint8_t *data, size_t size)
{
	size_t i, len = 0, n;

	for (i = 0; i < size; i += n) {
		const void *from = data + i + 1;
		size_t more;

		n = 1;
		if (data[i] < LINES) {
			from = lines[data[i]];
			more = strlen(lines[data[i]]);
		} else {
			more = data[i] < size - i - 1 ? data[i] : size - i - 1;
			n += more;
		}
		if (more > MOST - len)
			break;
		memcpy(to + len, from, more);
		len += more;
	}
	return len;
}

/* What the words mean; 0 if it is none of them. */
static enum message_outcome
meaning(const unsigned char *p, size_t len, bool change)
{
	struct slice word = { p, len };

	if (slice_is(word, "not-sent"))
		return MESSAGE_NOT_SENT;
	if (slice_is(word, "unknown"))
		return MESSAGE_UNKNOWN;
	if (slice_is(word, change ? "changed" : "ok"))
		return MESSAGE_ACCEPTED;
	if (slice_is(word, change ? "refused" : "bad"))
		return MESSAGE_REFUSED;
	return !change && slice_is(word, "expired") ? MESSAGE_EXPIRED : 0;
}

/* Read from its end: an answer is a few whole lines, and an empty one at most
 * behind them.  0 where it is none. */
static enum message_outcome
read_again(const unsigned char *p, size_t len, bool change)
{
	enum message_outcome found = 0;
	size_t messages = 0, begin;

	if (len == 0 || p[len - 1] != '\n' || memchr(p, '\0', len) != NULL)
		return 0;
	if (len == 1 || p[len - 2] == '\n')
		len--;
	for (; len > 0; len = begin) {
		/* The line, without its newline, is from begin to len - 1. */
		for (begin = len - 1; begin > 0 && p[begin - 1] != '\n';
		     begin--)
			;
		if (len - begin > 7 && memcmp(p + begin, "result=", 7) == 0) {
			if (found != 0)
				return 0;
			found =
			    meaning(p + begin + 7, len - 1 - begin - 7, change);
			if (found == 0)
				return 0;
		} else if (len - begin <= 8 ||
		    memcmp(p + begin, "message=", 8) != 0 || messages++ > 0)
			return 0;
	}
	return found;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char text[MOST];
	struct protocol_answer a;
	struct slice answer = { text, 0 };
	struct err e;
	bool change;

	if (size == 0)
		return 0;
	change = (data[0] & 1) != 0;
	answer.len = write_answer(text, data + 1, size - 1);
	if (protocol_answer(&a, answer, change ? MESSAGE_CHANGE : MESSAGE_LOGIN,
		&e) == -1) {
		require(read_again(text, answer.len, change) == 0);
		return 0;
	}
	require(a.outcome == read_again(text, answer.len, change));
	require(a.outcome != 0);
	if (a.message.p == NULL)
		return 0;
	require(a.message.p >= text + 8 &&
	    a.message.p + a.message.len < text + answer.len);
	require(memcmp(a.message.p - 8, "message=", 8) == 0);
	require(a.message.p[a.message.len] == '\n');
	require(memchr(a.message.p, '\n', a.message.len) == NULL);
	return 0;
}
