/*
 * What "pawl-vault run" prepares for a command and learns from it: run_env.c
 * and run_watch.c, for cmd_run.c.
 */
#ifndef RUN_H
#define RUN_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

#include "cmd.h"

/* --- run_env.c ------------------------------------------------------------ */

/* What the entry is for: a password; a key or a token; one and a code. */
enum run_login {
	RUN_BY_PASSWORD,
	RUN_BY_KEY,
	RUN_BY_CODE
};

/*
 * The command's arguments, with ssh's options where it is ssh, sftp or scp;
 * free it.
 */
char **run_arguments(int argc, char **argv, enum run_login by, struct err *e);

/*
 * Sets the variables by which ssh, git, rsync and Ansible find pawl-askpass,
 * and it the entry called name.
 */
int run_environment(const struct session *s, const char *name,
    enum run_login by, struct err *e) MUST_CHECK;

/* Whether it is this program, by its base name. */
bool run_is(const char *command, const char *program);

/* --- run_watch.c ---------------------------------------------------------- */

/* What ssh and git said on standard error. */
struct run_seen {
	/* The host key is another than known_hosts has, or revoked. */
	bool changed;
	/* Host key verification failed. */
	bool unknown;
	bool unreachable;
	/* The login was refused. */
	bool denied;
};

/* Notes what one line of theirs, of len bytes, says.  Pure. */
void run_read_line(struct run_seen *seen, const char *line, size_t len);

/* A process that passes standard error on and reads along. */
struct run_watch {
	/* The command's standard error; -1 before run_watch_start(). */
	int to;
	/* Closed to ask it what it saw; and where it tells. */
	int ask;
	int told;
};

/*
 * Starts it.  It passes every byte on at once, and lives until nobody has its
 * end of the pipe, which may be after the command.  Signals that are blocked
 * now stay so in it.
 */
int run_watch_start(struct run_watch *w, struct err *e) MUST_CHECK;

/* What it saw until now, once the command has ended. */
void run_watch_end(struct run_watch *w, struct run_seen *seen);

/* What is known of a command that ended. */
struct run_end {
	struct run_seen seen;
	/* Of the program itself, or 128 and a signal. */
	int status;
	/* It is ssh, whose status is the remote command's but for 255. */
	bool ssh;
	/* The entry's secret was handed out, and then asked for again. */
	bool answered;
	bool again;
	/* pawl-askpass refused the command itself an answer, and ended it. */
	bool refused;
};

/*
 * Why it failed, ERR_NONE where that is not known: ERR_REFUSED,
 * ERR_HOST_UNKNOWN, ERR_HOST_CHANGED or ERR_UNREACHABLE.  Pure.  The host key
 * is checked before a password is asked for, so after an answer only ERR_REFUSED
 * is possible, whatever a server writes.
 */
enum err_kind run_reason(const struct run_end *end);

/*
 * Whether it was ended by pawl-askpass with a signal that looks like another's:
 * SIGKILL, for it was started deaf to SIGTERM.  Pure.
 */
bool run_was_deaf(const struct run_end *end);

#endif
