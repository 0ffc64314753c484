/*
 * The conversation of an sshd with PAM about a password that has expired: which
 * prompt gets which answer, and what is known when it ends.  Each is answered
 * once at most, and in this order only:
 *
 *	Password:		current
 *	Current password:	current
 *	New password:		new
 *	Retype new password:	new
 *
 * Anything else is not answered, and ends it.  Pure.
 */
#ifndef TALK_H
#define TALK_H

#include <stdbool.h>

#include "message.h"

/* The longest prompt that is looked at. */
#define TALK_PROMPT_MAX 4096

enum talk_stage {
	/* Nothing was answered. */
	TALK_START,
	/* Answered, in this order. */
	TALK_LOGIN,
	TALK_CURRENT,
	TALK_NEW,
	TALK_AGAIN
};

struct talk {
	enum talk_stage stage;
	/* A mere login was asked for more: the password is right and has
	 * expired. */
	bool expired;
	/* The new password was asked for once more: it was refused. */
	bool refused;
	/* Another prompt than was to come. */
	bool strange;
	/* What the server said before the last prompt; borrowed. */
	struct slice said;
};

/*
 * The answer to a prompt as ssh shows it, "(user@host) " first; a secret of r,
 * or NULL: then there is no answer, and the connection must be ended.
 */
const struct secret *talk_answer(struct talk *t, struct slice prompt,
    const struct message_request *r);

/*
 * What is known when it has ended.  in: the login was accepted; denied: ssh
 * was told so.
 */
enum message_outcome talk_outcome(const struct talk *t, enum message_what what,
    bool in, bool denied);

#endif
