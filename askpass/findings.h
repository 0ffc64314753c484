/*
 * --check: whether what a job would need is there and right, one finding a
 * line, each with what to do.  Never a secret.
 */
#ifndef FINDINGS_H
#define FINDINGS_H

#include "client.h"
#include "job.h"

/*
 * Looks at ssh and its environment, at files, at configuration, key and vault,
 * and opens the vault if nobody has to be asked.  args[0..n), up to
 * CHECK_ARGS_MAX, are those that ssh is to get, options and "[user@]host": with
 * them it also looks at ssh's configuration for that host, at its host key, and
 * at which entry would answer.  Writes to standard output.  Returns the exit
 * status: 0, or that of ERR_CONFIG if anything failed.
 */
#define CHECK_ARGS_MAX 64
int check(struct job *j, char *const *args, size_t n);

/* --- For the parts of it -------------------------------------------------- */

enum check_level {
	CHECK_OK,
	/* It works, but there is something to know. */
	CHECK_WARN,
	CHECK_FAIL
};

struct check {
	struct job *job;
	char *const *args;
	size_t nargs;
	unsigned int failures;
	/* What "ssh -G" said; text[0..len), len 0 where it cannot. */
	struct client_output config;
	/* Who it logs in as, and the name that it knows the host by; "" if
	 * that could not be learned. */
	char user[256];
	char name[256];
};

/* One line: "ok: what: text"; what is not printable ASCII becomes '?'. */
void check_say(struct check *c, enum check_level level, const char *what,
    const char *fmt, ...) PRINTF(4, 5);

/* client_option() of ssh's configuration; and whether its first is this. */
struct slice check_option(const struct check *c, const char *keyword, size_t n);
bool check_is(const struct check *c, const char *keyword, const char *value);

/* Version, wiring and configuration of ssh; fills in the rest of *c. */
void check_ssh(struct check *c);

/* SSH_ASKPASS, and whether an ssh of this version calls it. */
void check_wiring(struct check *c, unsigned int version);

/* Whether ssh knows the host's key, and what it does if not. */
void check_host_key(struct check *c);

/* ~/.ssh and what is in it. */
void check_ssh_files(struct check *c);

#endif
