/*
 * The network half as a process: started once, asked as often as needed.
 */
#ifndef NETPROC_H
#define NETPROC_H

#include <sys/types.h>

#include <stdbool.h>

#include "err.h"
#include "message.h"
#include "plan.h"

/* Start with { .fd = -1 }. */
struct netproc {
	pid_t pid;
	int fd;
	/* What it has loaded once used; its sandbox lets it read no other. */
	char ca_file[MESSAGE_PATH_MAX + 1];
	char cert[MESSAGE_PATH_MAX + 1];
	char cert_key[MESSAGE_PATH_MAX + 1];
	bool used;
	/* An attempt was handed over. */
	bool offered;
};

/*
 * Starts pawl-rotate-net, from the directory of this program or else from
 * LIBEXECDIR, with an empty environment and a socket pair as its standard
 * input, unless it runs already.  ERR_CONFIG if it cannot be run.  Called
 * early it loads its libraries while the vault is being opened.
 */
int netproc_start(struct netproc *n, struct err *e) MUST_CHECK;

/* Sees to it that one runs which serves the certificates of this plan. */
int netproc_use(struct netproc *n, const struct plan *p,
    struct err *e) MUST_CHECK;

/*
 * Hands over one attempt.  The network half connects, and waits before the
 * password leaves.  A failure is told by netproc_ask().
 */
void netproc_offer(struct netproc *n, const struct message_request *request);

/*
 * Lets the password of what was offered go.  Always fills in *result: if the
 * network half dies before that nothing was sent; if after, the outcome is
 * MESSAGE_UNKNOWN, for nobody knows how far it came.
 */
void netproc_ask(struct netproc *n, struct message_result *result);

/* What was offered shall not be sent: ends the network half. */
void netproc_withdraw(struct netproc *n);

/* Tells it that there is no more to ask; netproc_stop() waits for its end. */
void netproc_dismiss(struct netproc *n);

/* Closes the socket and waits for its end; fine if none runs. */
void netproc_stop(struct netproc *n);

#endif
