/*
 * The ssh that a job would run: which version it is, how it is configured, and
 * whether it would call an askpass program at all.  What is run here is run
 * before key or vault are opened, and gets nothing from them.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>

#include "bytes.h"
#include "err.h"

/* What a program printed, on both descriptors; more is cut. */
struct client_output {
	char text[32768];
	size_t len;
	/* Exit status; 128 and more for a signal. */
	int status;
};

/*
 * Runs argv[0], found in PATH and without a shell, on an empty standard input,
 * and waits for 10 seconds at most.  ERR_NOENTRY: there is no such program;
 * ERR_IO; ERR_BUSY: it took too long, and was killed.
 */
int client_run(char *const *argv, struct client_output *out,
    struct err *e) MUST_CHECK;

/* 100 * major + minor of "OpenSSH_9.2p1 ...", or 0 for another ssh.  Pure. */
unsigned int client_version(struct slice text);

/*
 * The value of a keyword in what "ssh -G" prints: lines "keyword value", the
 * keyword in lower case.  n counts its lines, from 0.  An empty slice, p NULL,
 * where there is none.  Pure.
 */
struct slice client_option(struct slice config, const char *keyword, size_t n);

/* The word of text behind *at, which moves on; p is NULL at the end.  Pure. */
struct slice client_word(struct slice text, size_t *at);

/* What OpenSSH's readpass.c looks at. */
struct client_environment {
	/* client_version()'s; 0 is taken for an old one. */
	unsigned int version;
	/* The variables; NULL if not set. */
	const char *require;
	const char *display;
	const char *wayland;
	/* /dev/tty can be opened. */
	bool terminal;
};

/* Whether an ssh calls its askpass program for a password. */
enum client_calls {
	CLIENT_CALLS,
	/* SSH_ASKPASS_REQUIRE=never */
	CLIENT_NEVER,
	/* It has neither a DISPLAY nor SSH_ASKPASS_REQUIRE=force. */
	CLIENT_NO_DISPLAY,
	/* It would, but asks at the terminal that there is here. */
	CLIENT_TERMINAL
};

/*
 * As readpass.c decides, for a password: before 8.4 SSH_ASKPASS_REQUIRE means
 * nothing, before 9.8 WAYLAND_DISPLAY does.  Pure.
 */
enum client_calls client_calls(const struct client_environment *env);

/* Whether this version knows SSH_ASKPASS_REQUIRE. */
bool client_knows_require(unsigned int version);

#endif
