/*
 * What a site's program is asked, and what it answers: pawl-rotate-exec(5).
 * Pure.
 */
#ifndef PROTOCOL_H
#define PROTOCOL_H

#include "message.h"

/* Lines of a request: room for both passwords, user and host. */
#define PROTOCOL_REQUEST_MAX 4096
/* A program that writes more has written garbage. */
#define PROTOCOL_ANSWER_MAX 4096

struct protocol_answer {
	enum message_outcome outcome;
	/* Borrowed; empty where there is none. */
	struct slice message;
};

/* The lines for r, added to `to`, which has room for PROTOCOL_REQUEST_MAX. */
int protocol_request(struct secret *to, const struct message_request *r,
    struct err *e) MUST_CHECK;

/* ERR_DAMAGED says what is wrong with text, and never cites it. */
int protocol_answer(struct protocol_answer *a, struct slice text,
    enum message_what what, struct err *e) MUST_CHECK;

#endif
