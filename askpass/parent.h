/*
 * The process that asks: which program it is, and which destination its
 * command line names.
 *
 * None of this proves where a password goes (HostKeyAlias, ProxyCommand and
 * LD_PRELOAD are the caller's own); it keeps text that a server wrote from
 * choosing a secret, and tells whether a refusal has to end the caller.
 */
#ifndef PARENT_H
#define PARENT_H

#include <sys/types.h>

#include <stdbool.h>

#include "bytes.h"
#include "err.h"

/* ssh's own limit on a destination is far below; a longer line is cut. */
#define PARENT_CMDLINE_MAX 8192

struct parent {
	pid_t pid;
	/* The base name of its executable, "" where that cannot be known. */
	char program[64];
	bool looked;
	/*
	 * Its program is an ssh that puts "(user@host) " before whatever a
	 * server asks (8.5 and later): a prompt without is ssh's own.
	 */
	bool prefixes;
	/* Its arguments, each terminated, as /proc/PID/cmdline has them. */
	char cmdline[PARENT_CMDLINE_MAX];
	size_t cmdline_len;
};

/*
 * Notes who the parent process is; with arguments, reads its command line
 * too.  Without /proc that stays empty.
 */
void parent_look(struct parent *p, bool arguments);

/*
 * The name of its program, read when it is first asked for: one readlink(2),
 * which the sandbox allows, and most answers do not need it.
 */
const char *parent_program(struct parent *p);

/*
 * Learns its program for a question that only some programs may ask, before
 * the sandbox: of one that root's rights hide (sudo) the name that the kernel
 * shows.  With inside, reads the program of an ssh, for prefixes.
 */
void parent_look_closer(struct parent *p, bool inside);

/* Makes it a program with this command line, n words of it: for a rehearsal. */
void parent_pretend(struct parent *p, char *const *command, size_t n);

/* Whether it is OpenSSH's client, whichever name sftp or scp gave it. */
bool parent_is_ssh(struct parent *p);

/*
 * The destination in ssh's arguments, as its own getopt(3) loop reads them
 * (ssh.c): the host of "[user@]host" or "ssh://[user@]host[:port]", and the
 * user of that, of -l or of -o User, else an empty slice.  Pure.  -1 if there
 * is no destination, or an option that this ssh cannot have.
 */
int parent_destination(struct slice cmdline, struct slice *user,
    struct slice *host);

/* The library in the arguments of "ssh-add -s".  Pure.  -1 if there is none. */
int parent_provider(struct slice cmdline, struct slice *provider);

/*
 * Ends the process that reads standard output, a pipe, so that it sends
 * nothing: with SIGTERM; with SIGKILL if it still reads after a second, for
 * ssh inherits from its job that it ignores SIGTERM or holds it back.  Until
 * then it waits for the answer.  Allowed in the sandbox.
 */
void parent_end(const struct parent *p);

#endif
