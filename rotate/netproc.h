/*
 * The network half, or what stands in for it where a program makes the
 * attempts, as a process: started once, asked as often as needed, one attempt
 * after the other.  Where many are to be made at once there is a process for
 * each: a breeder, which has loaded the libraries and the authorities and never
 * sees a password, forks them.
 */
#ifndef NETPROC_H
#define NETPROC_H

#include <sys/types.h>

#include <stdbool.h>

#include "err.h"
#include "message.h"
#include "plan.h"

/* What a breeder is called with. */
#define NETPROC_MANY "many"

/* Start with { .fd = -1 }. */
struct netproc {
	pid_t pid;
	int fd;
	/* Which of the two programs it is. */
	const char *program;
	/* What it has loaded once used; its sandbox lets it read no other. */
	char ca_file[MESSAGE_PATH_MAX + 1];
	char cert[MESSAGE_PATH_MAX + 1];
	char cert_key[MESSAGE_PATH_MAX + 1];
	bool used;
	/* An attempt was handed over. */
	bool offered;
};

/*
 * Starts pawl-rotate-net (netproc_use() starts pawl-rotate-run instead where
 * the method wants that), from the directory of this program or else from
 * LIBEXECDIR, with an empty environment and a socket pair as its standard
 * input, unless it runs already.  ERR_CONFIG if it cannot be run.  Called
 * early it loads its libraries while the vault is being opened.
 */
int netproc_start(struct netproc *n, struct err *e) MUST_CHECK;

/* Sees to it that one runs which serves the method and the certificates of
 * this plan. */
int netproc_use(struct netproc *n, const struct plan *p,
    struct err *e) MUST_CHECK;

/*
 * Hands over one attempt.  The network half connects, and waits before the
 * password leaves.  A failure is told by netproc_ask().
 */
void netproc_offer(struct netproc *n, const struct message_request *request);

/*
 * Lets the password of what was offered go.  False, with *result filled in, if
 * the network half has died before that: nothing was sent.
 */
bool netproc_go(struct netproc *n, struct message_result *result);

/*
 * Takes the result of what was let go, waiting for it.  Always fills in
 * *result: if the network half has died the outcome is MESSAGE_UNKNOWN, for
 * nobody knows how far it came.
 */
void netproc_collect(struct netproc *n, struct message_result *result);

/* Both. */
void netproc_ask(struct netproc *n, struct message_result *result);

/* What was offered shall not be sent: ends the network half. */
void netproc_withdraw(struct netproc *n);

/* Tells it that there is no more to ask; netproc_stop() waits for its end. */
void netproc_dismiss(struct netproc *n);

/* Closes the socket and waits for its end; fine if none runs. */
void netproc_stop(struct netproc *n);

/* Whether what it has loaded are the certificates of this plan. */
bool netproc_serves(const struct netproc *n, const struct plan *p);

/* Starts a breeder for the certificates of a plan, as netproc_start() does. */
int netproc_breeder(struct netproc *breeder, const struct plan *p,
    struct err *e) MUST_CHECK;

/*
 * A child of the breeder, ready to be offered attempts for such plans.  It is nobody's to
 * wait for here: that is the breeder's, which netproc_stop() waits for.  It
 * is not waited for in the middle of a result either: one that comes in parts
 * counts as none.  ERR_IO if the breeder has died.
 */
int netproc_breed(const struct netproc *breeder, const struct plan *p,
    struct netproc *n, struct err *e) MUST_CHECK;

#endif
