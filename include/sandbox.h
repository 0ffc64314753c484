/*
 * Hardening and sandboxes, after pledge(2): one promise a program, entered
 * as soon as what it needs is open.  The only file with code per platform.
 *
 *	SANDBOX_ASKPASS	read, write and close what is open, send on a connected
 *			socket, tell the time, read links (who the parent is),
 *			wait with poll, exit, SIGTERM and SIGKILL to the
 *			parent.  No open, no socket, no exec, no more memory: by
 *			seccomp these fail (and by Landlock only where it is
 *			missing).
 *	SANDBOX_CREDENTIAL
 *			the same, and more memory, for a look at every entry;
 *			but no signal.
 *	SANDBOX_NET	connect to the world, resolve names, start threads, read
 *			files below /etc, /usr, /lib and the CA file.  No write,
 *			no other process, no listening, no signal to others:
 *			Landlock, and seccomp that fails what a library may try
 *			and kills what none has a reason for.
 *
 * A kernel without seccomp or Landlock leaves a layer out; sandbox_enter()
 * tells which, and a site may insist (require-sandbox in pawl.conf).  seccomp
 * is for x86-64 and little-endian AArch64.  With -DPAWL_POSIX, or off Linux,
 * both layers are missing.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <sys/types.h>

#include <stdbool.h>

#include "err.h"

/*
 * First thing in main(), before a byte is read: not dumpable (no core file,
 * no ptrace by others of the same user), no new privileges: two system calls.
 * Says so and exits with ERR_DENIED's status if the program runs set-id or
 * with file capabilities.  The umask stays: whatever makes a file gives it
 * its mode.
 */
void sandbox_harden(void);

/* Nor does what it starts leave a core file: their size is limited to 0. */
void sandbox_no_core(void);

/* Opens 0, 1 and 2 on /dev/null where the caller left them closed. */
int sandbox_std_fds(struct err *e) MUST_CHECK;

/* Closes every descriptor above 2 but those in keep[0..n), ascending. */
void sandbox_close_fds(const int *keep, size_t n);

/*
 * This process gets the signal when its parent ends; first thing after the
 * fork(2).  On other systems than Linux it does not.
 */
void sandbox_follow_parent(int signal);

enum sandbox_promise {
	SANDBOX_ASKPASS,
	SANDBOX_CREDENTIAL,
	SANDBOX_NET
};

struct sandbox {
	enum sandbox_promise promise;
	/* ASKPASS: the only process that may be ended.  Else 0. */
	pid_t parent;
	/* NET: one more file or directory that may be read, or NULL. */
	const char *readable;
};

/* Bits of *missingp. */
#define SANDBOX_NO_SECCOMP 1u
#define SANDBOX_NO_LANDLOCK 2u

/*
 * Enters it, for good; after sandbox_harden(), before a thread is started.  A
 * layer the kernel lacks is named in *missingp and is no error; one that it
 * has and refuses is (ERR_DENIED).  ERR_CONFIG: readable cannot be opened.
 */
int sandbox_enter(const struct sandbox *s, unsigned int *missingp,
    struct err *e) MUST_CHECK;

#endif
