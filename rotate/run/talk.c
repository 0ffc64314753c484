#include <string.h>

#include "talk.h"

/* As Linux-PAM has them now, and had them before 1.4; and sssd.  NULL ends. */
static const char *const login[] = { "Password:", NULL };
static const char *const current[] = { "Current password:",
	"(current) UNIX password:", NULL };
static const char *const fresh[] = { "New password:",
	"Enter new UNIX password:", NULL };
static const char *const again[] = { "Retype new password:",
	"Retype new UNIX password:", "Reenter new password:", NULL };

static bool
is_one_of(struct slice text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (slice_equal_fold(text, slice_of(*words)))
			return true;
	return false;
}

/* Takes word off the beginning of *text, in any case of letters. */
static bool
take_word(struct slice *text, const char *word)
{
	struct slice head = { text->p, strlen(word) };

	if (text->len < head.len || !slice_equal_fold(head, slice_of(word)))
		return false;
	text->p += head.len;
	text->len -= head.len;
	return true;
}

/* What ssh puts before what a server says: then it is not ssh that asks. */
static bool
take_prefix(struct slice *text, const struct message_request *r)
{
	return take_word(text, "(") && take_word(text, r->user) &&
	    take_word(text, "@") && take_word(text, r->host) &&
	    take_word(text, ") ");
}

/* The question is the last line; what is before it goes to *said. */
static struct slice
cut_question(struct slice text, struct slice *said)
{
	struct slice question = text;
	size_t i;

	for (i = 0; i < text.len; i++)
		if (text.p[i] == '\n') {
			question.p = text.p + i + 1;
			question.len = text.len - i - 1;
		}
	said->p = text.p;
	said->len = text.len - question.len;
	while (question.len > 0 && question.p[question.len - 1] == ' ')
		question.len--;
	return question;
}

static const struct secret *
step(struct talk *t, enum talk_stage stage, const struct secret *answer)
{
	t->stage = stage;
	return answer;
}

const struct secret *
talk_answer(struct talk *t, struct slice prompt,
    const struct message_request *r)
{
	struct slice question;

	/* What was said before is gone with the prompt it came with. */
	t->said = (struct slice){ NULL, 0 };
	if (!take_prefix(&prompt, r)) {
		t->strange = true;
		return NULL;
	}
	question = cut_question(prompt, &t->said);
	if (t->stage == TALK_START && is_one_of(question, login))
		return step(t, TALK_LOGIN, r->current);
	if (t->stage == TALK_LOGIN && is_one_of(question, current)) {
		if (r->what == MESSAGE_CHANGE)
			return step(t, TALK_CURRENT, r->current);
		t->expired = true;
		return NULL;
	}
	if (t->stage == TALK_CURRENT && is_one_of(question, fresh))
		return step(t, TALK_NEW, r->fresh);
	if (t->stage == TALK_NEW && is_one_of(question, again))
		return step(t, TALK_AGAIN, r->fresh);
	if (t->stage >= TALK_NEW && is_one_of(question, fresh))
		t->refused = true;
	else
		t->strange = true;
	return NULL;
}

enum message_outcome
talk_outcome(const struct talk *t, enum message_what what, bool in, bool denied)
{
	/* Without a password, whoever was let in proves nothing. */
	if (t->stage == TALK_START)
		return MESSAGE_NOT_SENT;
	if (t->expired)
		return MESSAGE_EXPIRED;
	if (t->refused || denied)
		return MESSAGE_REFUSED;
	if (what == MESSAGE_LOGIN)
		return in ? MESSAGE_ACCEPTED : MESSAGE_UNKNOWN;
	/* The new password never left. */
	if (t->stage < TALK_NEW)
		return MESSAGE_NOT_SENT;
	return in && t->stage == TALK_AGAIN ? MESSAGE_ACCEPTED :
					      MESSAGE_UNKNOWN;
}
