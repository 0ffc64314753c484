/*
 * pawl-rotate-run: what stands in for pawl-rotate-net where a program makes the
 * attempts: a site's own, or ssh.
 *
 * Standard input is one end of a socket pair.  Requests come in on it, one
 * after the other, and for each of them one result goes out; the end of file
 * ends the program.  It never sees the vault or its key.  It starts programs,
 * so it has no sandbox, and opens no connection of its own.
 *
 * With an argument it is the askpass of the ssh that it has started.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "answerer.h"
#include "attempt.h"
#include "child.h"
#include "sandbox.h"

#define PROGRAM "pawl-rotate-run"

/* A message, a request's passwords, what is hidden, a question, an answer. */
#define ARENA ((size_t)96 * 1024)

static bool
is_socket(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

static bool
at_end(struct attempt *a)
{
	char c;

	/* An attempt that ended early: the byte for it comes first. */
	if (!attempt_may_go(a))
		return true;
	return recv(a->parent, &c, 1, MSG_PEEK) == 0;
}

static void
attempt(struct attempt *a, const struct message_request *r,
    struct message_result *result)
{
	struct err e;

	if (attempt_begin(a, r, &e) == -1)
		attempt_result(a, result, MESSAGE_NOT_SENT,
		    MESSAGE_REASON_REQUEST, e.msg);
	else if (r->method == MESSAGE_EXEC)
		exec_run(a, result);
	else
		ssh_run(a, result);
	attempt_end(a);
}

static int
serve(struct attempt *a, struct secret *m, struct err *e)
{
	struct message_request r;
	struct message_result result;
	int rv = -1;

	if (message_receive(a->parent, m, e) == -1 ||
	    message_get_request(&r, secret_slice(m), e) == -1)
		return -1;
	a->go_due = true;
	attempt(a, &r, &result);
	if (message_put_result(m, &result, e) == 0)
		rv = message_send(a->parent, m, e);
	message_free_request(&r);
	return rv;
}

static int
run(int fd, struct err *e)
{
	struct attempt a = { .parent = fd };
	struct secret *m = NULL;
	int served = 0;

	child_prepare();
	if ((m = secret_new(MESSAGE_MAX, e)) == NULL)
		return -1;
	while (served == 0 && !at_end(&a))
		served = serve(&a, m, e);
	secret_free(m);
	return served;
}

int
main(int argc, char **argv)
{
	struct err e = { ERR_NONE, "" };
	int rv = 0;

	sandbox_harden();
	sandbox_no_core();
	if (sandbox_std_fds(&e) == -1 || secret_init(NULL, ARENA, &e) == -1)
		return err_print(PROGRAM, &e);
	sandbox_close_fds(NULL, 0);
	if (argc > 2 || !is_socket(STDIN_FILENO)) {
		(void)err_set(&e, ERR_USAGE,
		    "is started by pawl-rotate, which "
		    "talks to it on standard input; see pawl-rotate(1)");
		return err_print(PROGRAM, &e);
	}
	/* A peer that is gone is an error where it is written to. */
	(void)signal(SIGPIPE, SIG_IGN);
	if ((argc == 2 ? answerer_run(argv[1], &e) : run(STDIN_FILENO, &e)) ==
	    -1)
		rv = err_print(PROGRAM, &e);
	secret_wipe_all();
	return rv;
}
