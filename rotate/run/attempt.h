/*
 * One attempt by way of a program: what is asked for, and what becomes of it.
 */
#ifndef ATTEMPT_H
#define ATTEMPT_H

#include <stdbool.h>

#include "message.h"
#include "net/method.h"

struct attempt {
	const struct message_request *request;
	/* The socket to pawl-rotate. */
	int parent;
	/* Whether the byte that lets the password go is still to come. */
	bool go_due;
	/* What must not be shown. */
	struct secret *hidden[METHOD_HIDDEN];
};

/* ERR_USAGE if the request cannot be carried out as it is; ERR_IO. */
int attempt_begin(struct attempt *a, const struct message_request *r,
    struct err *e) MUST_CHECK;

/* Wipes and frees. */
void attempt_end(struct attempt *a);

/* Waits until the password may go.  False if it must not. */
bool attempt_may_go(struct attempt *a);

/* text without the passwords, printable; to holds size bytes. */
void attempt_mask(const struct attempt *a, char *to, size_t size,
    struct slice text);

/*
 * Fills in the result.  reason is of NOT_SENT only; the text is masked, and
 * cut where it is too long.
 */
void attempt_result(const struct attempt *a, struct message_result *result,
    enum message_outcome outcome, enum message_reason reason, const char *text);

/* Each makes the attempt.  The parts are exec.c and ssh.c. */
void exec_run(struct attempt *a, struct message_result *result);
void ssh_run(struct attempt *a, struct message_result *result);

#endif
