/*
 * pawl-rotate-net: the half of pawl-rotate that talks to the network.
 *
 * Standard input is one end of a socket pair.  Requests come in on it, one
 * after the other, and for each of them one result goes out; the end of file
 * ends the program.  With "many" for an argument it forks processes that do
 * so (breed.h).  It never sees the vault or its key, and it knows a
 * password for as long as a login takes.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "breed.h"
#include "login.h"
#include "message.h"
#include "sandbox.h"
#include "trust.h"
#include "wipe.h"

#define PROGRAM "pawl-rotate-net"

/* A message, a request's passwords, and what is made of them to be sent. */
#define ARENA ((size_t)64 * 1024)

static bool
is_socket(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

/*
 * Whether the parent wants no more, or is gone.  Where an attempt ended before
 * it was let go, the byte for it comes first.
 */
static bool
at_end(struct login_world *w)
{
	struct err e;
	char c;

	if (w->go_due && message_wait_go(w->parent, &e) == -1)
		return true;
	w->go_due = false;
	return recv(w->parent, &c, 1, MSG_PEEK) == 0;
}

/*
 * What a server could use of us must not be a person's terminal or file: from
 * now on only the parent is told anything.
 */
static int
fall_silent(struct err *e)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC), rv = 0;

	if (fd == -1 || dup2(fd, STDOUT_FILENO) == -1 ||
	    dup2(fd, STDERR_FILENO) == -1)
		rv = err_sys(e, ERR_IO, "/dev/null");
	if (fd != -1)
		(void)close(fd);
	return rv;
}

/*
 * What has to be read before the doors close: the certificates that the first
 * request names.
 */
static int
settle(struct login_world *w, const struct message_request *r, struct err *e)
{
	struct sandbox s = { .promise = SANDBOX_NET };
	unsigned int missing = 0;

	if (w->trust != NULL && w->settled) {
		if (trust_is(w->trust, r))
			return 0;
		return err_set(e, ERR_CONFIG,
		    "one " PROGRAM " serves one CA "
		    "file and one certificate only");
	}
	if (w->trust == NULL && trust_load(&w->trust, r, e) == -1)
		return -1;
	if (r->ca_file[0] != '\0')
		s.readable = r->ca_file;
	if (fall_silent(e) == -1 || sandbox_enter(&s, &missing, e) == -1) {
		trust_free(w->trust);
		w->trust = NULL;
		return -1;
	}
	w->settled = true;
	return 0;
}

/* A result for what failed before anything was sent. */
static void
not_sent(struct message_result *result, const struct err *e)
{
	memset(result, 0, sizeof(*result));
	result->outcome = MESSAGE_NOT_SENT;
	result->reason = MESSAGE_REASON_INTERNAL;
	if (e->kind == ERR_USAGE || e->kind == ERR_CONFIG)
		result->reason = MESSAGE_REASON_REQUEST;
	(void)text_show(result->reply, sizeof(result->reply), slice_of(e->msg));
}

static int
answer(int fd, struct secret *m, const struct message_result *result,
    struct err *e)
{
	if (message_put_result(m, result, e) == -1)
		return -1;
	return message_send(fd, m, e);
}

/* One request.  The result is out before the server is taken leave from. */
static int
serve(struct login_world *w, struct secret *m, struct err *e)
{
	struct message_request r;
	struct message_result result;
	struct login *l = NULL;
	struct err why;
	int rv;

	if (message_receive(w->parent, m, e) == -1 ||
	    message_get_request(&r, secret_slice(m), e) == -1)
		return -1;
	w->go_due = true;
	if (settle(w, &r, &why) == -1 || login_new(&l, w, &r, &why) == -1)
		not_sent(&result, &why);
	else
		login_run(l, &result);
	rv = answer(w->parent, m, &result, e);
	login_free(l);
	message_free_request(&r);
	return rv;
}

static int
run(struct trust **tp, struct err *e)
{
	struct login_world w = { .parent = STDIN_FILENO, .trust = *tp };
	struct secret *m = NULL;
	int served = 0, rv = -1;

	if ((m = secret_new(MESSAGE_MAX, e)) == NULL)
		goto out;
	if (login_world_open(&w, e) == -1)
		goto out;
	while (served == 0 && !at_end(&w)) {
		served = serve(&w, m, e);
		wipe_stack();
	}
	rv = served;
out:
	secret_free(m);
	login_world_close(&w);
	*tp = w.trust;
	return rv;
}

/* One after the other for whoever is at standard input; or many at once, each
 * by a child that serves somebody else. */
static int
start(bool many, struct err *e)
{
	struct trust *trust = NULL;
	bool child = false;
	int rv = 1;

	if (wipe_start(e) == -1)
		return -1;
	if (many) {
		rv = breed(&trust, e);
		child = rv == 1;
	}
	/* The memory that a child inherits is neither empty nor locked. */
	if (rv == 1 && (rv = secret_init(NULL, ARENA, e)) == 0)
		rv = run(&trust, e);
	trust_free(trust);
	/* What both libraries have set up is from before any password, and a
	 * child that took it down would first have to copy it. */
	if (child) {
		secret_wipe_all();
		_exit(rv == -1 ? err_print(PROGRAM, e) : 0);
	}
	wipe_stop();
	return rv;
}

int
main(int argc, char **argv)
{
	bool many = argc == 2 && strcmp(argv[1], BREED_WORD) == 0;
	struct err e = { ERR_NONE, "" };
	int rv = 0;

	sandbox_harden();
	/* Neither library shall find a proxy, a key log or a configuration. */
	if (clearenv() != 0 || sandbox_std_fds(&e) == -1)
		return err_print(PROGRAM, &e);
	sandbox_close_fds(NULL, 0);
	if (!is_socket(STDIN_FILENO)) {
		(void)err_set(&e, ERR_USAGE,
		    "is started by pawl-rotate, which "
		    "talks to it on standard input; see pawl-rotate(1)");
		return err_print(PROGRAM, &e);
	}
	/* A peer that is gone is an error where it is written to. */
	(void)signal(SIGPIPE, SIG_IGN);
	if (start(many, &e) == -1)
		rv = err_print(PROGRAM, &e);
	secret_wipe_all();
	return rv;
}
