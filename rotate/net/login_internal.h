/*
 * What an attempt is made of, for login.c and the files that share its work:
 * login_command.c (a change by a command of its own) and login_why.c (what a
 * person gets to read).
 */
#ifndef LOGIN_INTERNAL_H
#define LOGIN_INTERNAL_H

#include <stdint.h>

#include "login.h"
#include "relay.h"
#include "reply.h"
#include "secret.h"

/* A host rarely has more addresses, and they are tried in turn. */
#define LOGIN_SOCKETS 8

struct login {
	struct login_world *world;
	const struct message_request *request;
	CURL *easy;
	struct reply reply;
	/* The command that makes the change after PASS, or NULL. */
	struct secret *command;
	/* What must not be shown. */
	struct secret *hidden[METHOD_HIDDEN];
	/* Between libcurl and a server that greets in clear. */
	struct relay relay;
	/* What libcurl has opened, one after the other; -1 for none. */
	int sockets[LOGIN_SOCKETS];
	/* Milliseconds of the monotonic clock. */
	int64_t started;
	int64_t sent;
	bool late;
	bool ended;
	/* The connection ended before a relay could be put in it. */
	bool gone;
	/* Of LOOK: the handshake has been made. */
	bool seen;
	/* Once ended. */
	CURLcode code;
	char words[CURL_ERROR_SIZE];
};

/* Milliseconds of the monotonic clock. */
int64_t login_now(void);

/* Whether the TCP connection was made. */
bool login_is_connected(const struct login *l);

/* Whether nobody would count what is sent now. */
bool login_parent_is_gone(const struct login *l);

/*
 * In stage REPLY_IN, when libcurl has done all it does of its own accord:
 * sends the command, once, and reads the answer.
 */
void login_command(struct login *l);

/* Takes leave on a connection that login_command() used. */
void login_command_quit(struct login *l, int64_t until);

/* Why nothing was sent, where it was not a reply. */
enum message_reason login_reason(const struct login *l);

/*
 * Puts together what a person gets to read: the lines that decided; or what
 * there was of them when the connection ended, and why it did.  to holds
 * size bytes.
 */
void login_report(const struct login *l, enum message_reason reason, char *to,
    size_t size);

#endif
