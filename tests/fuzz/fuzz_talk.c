/*
 * Any prompts that a server may show, in any order, by way of ssh: no password
 * is given twice to one question, the new one never before the current one or
 * in a mere login, and what is said to be known at the end is so.  Each prompt
 * is a byte that picks one of those there are, or the length of what follows
 * and is taken as it is; its upper bits leave out what ssh puts before it.
 */
#include <string.h>

#include "fuzz.h"
#include "talk.h"

static const char *const prompts[] = { "Password: ", "Current password: ",
	"(current) UNIX password: ", "New password: ",
	"Enter new UNIX password: ", "Retype new password: ",
	"Retype new UNIX password: ", "Reenter new password: ",
	"Expired.\nCurrent password: ", "BAD PASSWORD: short\nNew password: ",
	"password:", "Verification code: " };
#define PROMPTS (sizeof(prompts) / sizeof(prompts[0]))

static struct secret current, fresh;

static struct message_request
request(bool change)
{
	struct message_request r = { .what = MESSAGE_LOGIN,
		.host = "h.example",
		.user = "user",
		.current = &current };

	if (change) {
		r.what = MESSAGE_CHANGE;
		r.fresh = &fresh;
	}
	return r;
}

/* One prompt, as ssh shows it, to `to`; how many bytes of data it was. */
static size_t
take_prompt(unsigned char *to, size_t *lenp, const uint8_t *data, size_t size)
{
	static const char prefix[] = "(user@h.example) ";
	const void *from = data + 1;
	size_t len = data[0] & 0x3f, used = 1;

	*lenp = 0;
	if ((data[0] & 0xc0) != 0xc0) {
		memcpy(to, prefix, sizeof(prefix) - 1);
		*lenp = sizeof(prefix) - 1;
	}
	if (len < PROMPTS) {
		from = prompts[len];
		len = strlen(prompts[len]);
	} else {
		len = len < size - 1 ? len : size - 1;
		used += len;
	}
	memcpy(to + *lenp, from, len);
	*lenp += len;
	return used;
}

/* What is known of passwords that were given: those of the wanted order. */
static void
check_answer(const struct talk *t, const struct secret *s, unsigned int given,
    bool change)
{
	static const struct secret *const order[] = { &current, &current,
		&fresh, &fresh };

	require(given < (change ? 4 : 1));
	require(s == order[given]);
	require(t->stage == (enum talk_stage)(given + 1));
	require(!t->expired && !t->refused && !t->strange);
}

/* For each way in which it can end. */
static void
check_end(const struct talk *t, unsigned int given, bool change)
{
	enum message_what what = change ? MESSAGE_CHANGE : MESSAGE_LOGIN;
	enum message_outcome outcome;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		bool in = (i & 1) != 0, denied = (i & 2) != 0;

		outcome = talk_outcome(t, what, in, denied);
		/* Nothing was sent if, and only if, nothing could count. */
		require(outcome != MESSAGE_NOT_SENT || given == 0 ||
		    (change && given < 3 && !denied));
		require(outcome == MESSAGE_NOT_SENT || given > 0);
		if (outcome == MESSAGE_ACCEPTED)
			require(in && !denied && given == (change ? 4 : 1));
		require(outcome != MESSAGE_REFUSED || denied || given >= 3);
		require(outcome != MESSAGE_EXPIRED || (!change && t->expired));
		if (given >= 3 && !denied && !t->refused)
			require(outcome == MESSAGE_UNKNOWN || given == 4);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct message_request r =
	    request(size > 0 && (data[0] & 1) != 0);
	const bool change = r.fresh != NULL;
	const struct secret *s = NULL;
	struct talk t = { 0 };
	unsigned char text[256];
	unsigned int given = 0;
	size_t i, len;

	check_end(&t, 0, change);
	for (i = 1; i < size;) {
		i += take_prompt(text, &len, data + i, size - i);
		s = talk_answer(&t, (struct slice){ text, len }, &r);
		if (t.said.len > 0)
			require(t.said.p >= text &&
			    t.said.p + t.said.len <= text + len);
		if (s == NULL) {
			require(t.expired || t.refused || t.strange);
			check_end(&t, given, change);
			break;
		}
		check_answer(&t, s, given++, change);
		check_end(&t, given, change);
	}
	return 0;
}
