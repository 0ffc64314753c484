/*
 * One attempt to log in, or to change a password: a new connection, TLS that
 * is verified, USER, PASS.  What becomes of it is read from the server's
 * lines (reply.h), never from what libcurl makes of them.
 */
#ifndef LOGIN_H
#define LOGIN_H

#include <stdbool.h>

#include <curl/curl.h>

#include "err.h"
#include "message.h"
#include "trust.h"

/* What the attempts of one process share. */
struct login_world {
	CURLM *multi;
	/* The TLS sessions of the servers that were logged in to. */
	CURLSH *share;
	struct trust *trust;
	/* The process is in its sandbox, and trust is what it is to be. */
	bool settled;
	/* A socket whose other end the parent holds: once that is gone nothing
	 * is sent any more, since nobody would count it. */
	int parent;
	/* Whether the byte that lets the password go is still to come. */
	bool go_due;
};

struct login;

/* Makes multi and share, which are the caller's to close, even if it fails.
 * ERR_IO if libcurl has no memory. */
int login_world_open(struct login_world *w, struct err *e) MUST_CHECK;

/* Frees these two once no attempt uses them.  They may be NULL. */
void login_world_close(struct login_world *w);

/*
 * Prepares an attempt; nothing is sent.  w and r must outlive it.  ERR_USAGE
 * if the request must not be sent as it is, ERR_IO if libcurl fails.
 */
int login_new(struct login **lp, struct login_world *w,
    const struct message_request *r, struct err *e) MUST_CHECK;

/*
 * Makes it, and returns as soon as the outcome is known.  Before PASS it waits
 * for the parent to let the password go.
 */
void login_run(struct login *l, struct message_result *result);

/*
 * Takes leave from the server (QUIT, where the login was accepted; some
 * seconds at most), closes, wipes and frees.  NULL is fine.
 */
void login_free(struct login *l);

#endif
