#include <sys/types.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io.h"
#include "net/method.h"
#include "netproc.h"

static const char net_half[] = "pawl-rotate-net";
static const char run_half[] = "pawl-rotate-run";

#ifndef LIBEXECDIR
#define LIBEXECDIR "/usr/local/libexec/pawl"
#endif

/* The directory of this program, or "" where that cannot be known. */
static void
own_directory(char *dir, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", dir, size - 1);
	char *slash;

	dir[n > 0 ? n : 0] = '\0';
	if ((slash = strrchr(dir, '/')) != NULL)
		*slash = '\0';
}

/*
 * Beside this program, as in a build directory; where it is installed under
 * the same prefix; or where it was meant to be installed.
 */
static int
find_program(const char *program, char *path, size_t size, struct err *e)
{
	char dir[PATH_MAX];
	const struct {
		const char *dir;
		const char *below;
	} places[] = { { dir, "" }, { dir, "/../libexec/pawl" },
		{ LIBEXECDIR, "" } };
	size_t i;
	int len;

	own_directory(dir, sizeof(dir));
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		len = snprintf(path, size, "%s%s/%s", places[i].dir,
		    places[i].below, program);
		if (len > 0 && (size_t)len < size && access(path, X_OK) == 0)
			return 0;
	}
	return err_sys(e, ERR_CONFIG,
	    "%s: not installed where it belongs (make install)", path);
}

/* In the child.  An exec that fails is told through report. */
static _Noreturn void
become(const char *path, const char *program, const int fds[2], bool many)
{
	static char word[] = NETPROC_MANY;
	char name[sizeof(net_half) + sizeof(run_half)];
	char *const argv[] = { name, many ? word : NULL, NULL };
	/* libcurl brings GnuTLS along, which nobody here uses. */
	static char quiet[] = "GNUTLS_NO_IMPLICIT_INIT=1";
	static char *const envp[] = { quiet, NULL };
	int saved;

	(void)snprintf(name, sizeof(name), "%s", program);
	/* Whoever stops a run stops this program, which then ends the attempts
	 * that have begun; they get no signal of their own. */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	if (dup2(fds[0], STDIN_FILENO) != -1)
		(void)execve(path, argv, envp);
	saved = errno;
	if (write_all(fds[1], &saved, sizeof(saved)) == -1)
		_exit(127);
	_exit(126);
}

static int
start(struct netproc *n, const char *program, bool many, struct err *e)
{
	const int type = many ? SOCK_SEQPACKET : SOCK_STREAM;
	int pair[2] = { -1, -1 }, report[2] = { -1, -1 };
	char path[PATH_MAX];
	int failure = 0, rv = -1;

	if (n->fd != -1)
		return 0;
	n->pid = 0;
	n->used = false;
	n->offered = false;
	n->program = program;
	if (find_program(program, path, sizeof(path), e) == -1)
		return -1;
	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair) == -1 ||
	    pipe2(report, O_CLOEXEC) == -1) {
		(void)err_sys(e, ERR_IO, "socket pair for %s", program);
		goto out;
	}
	if ((n->pid = fork()) == -1) {
		n->pid = 0;
		(void)err_sys(e, ERR_IO, "start %s", program);
		goto out;
	}
	if (n->pid == 0)
		become(path, program, (const int[2]){ pair[1], report[1] },
		    many);
	(void)close(report[1]);
	report[1] = -1;
	if (read_full(report[0], &failure, sizeof(failure)) != 0) {
		errno = failure;
		(void)err_sys(e, ERR_CONFIG, "run %s", path);
		goto out;
	}
	n->fd = pair[0];
	pair[0] = -1;
	rv = 0;
out:
	if (report[0] != -1)
		(void)close(report[0]);
	if (report[1] != -1)
		(void)close(report[1]);
	if (pair[0] != -1)
		(void)close(pair[0]);
	if (pair[1] != -1)
		(void)close(pair[1]);
	if (rv == -1)
		netproc_stop(n);
	return rv;
}

int
netproc_start(struct netproc *n, struct err *e)
{
	return start(n, net_half, false, e);
}

static const char *
program_of(const struct plan *p)
{
	return method_of(p->method)->runs ? run_half : net_half;
}

/* What is loaded for this plan. */
static void
note_files(struct netproc *n, const struct plan *p)
{
	memcpy(n->ca_file, p->ca_file, sizeof(n->ca_file));
	memcpy(n->cert, p->cert, sizeof(n->cert));
	memcpy(n->cert_key, p->cert_key, sizeof(n->cert_key));
}

bool
netproc_serves(const struct netproc *n, const struct plan *p)
{
	return n->program == program_of(p) &&
	    strcmp(n->ca_file, p->ca_file) == 0 &&
	    strcmp(n->cert, p->cert) == 0 &&
	    strcmp(n->cert_key, p->cert_key) == 0;
}

int
netproc_breeder(struct netproc *breeder, const struct plan *p, struct err *e)
{
	if (start(breeder, net_half, true, e) == -1)
		return -1;
	note_files(breeder, p);
	return 0;
}

/* Sends m to the breeder, and a descriptor with it. */
static int
hand_over(const struct netproc *breeder, const struct secret *m, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .room = { 0 } };
	struct iovec part = { m->data, m->len };
	struct msghdr message = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);
	ssize_t n;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	do {
		n = sendmsg(breeder->fd, &message, MSG_NOSIGNAL);
	} while (n == -1 && errno == EINTR);
	return n == -1 ? -1 : 0;
}

/* The request says which files to load, and has no password. */
static int
ask_for_child(const struct netproc *breeder, const struct plan *p, int fd,
    struct err *e)
{
	struct message_request request;
	struct secret *m = NULL;
	int rv = -1;

	plan_request(p, MESSAGE_LOOK, &request);
	if ((m = secret_new(MESSAGE_MAX, e)) == NULL ||
	    message_put_request(m, &request, e) == -1)
		goto out;
	if ((rv = hand_over(breeder, m, fd)) == -1)
		(void)err_sys(e, ERR_IO, "start one more %s", net_half);
out:
	secret_free(m);
	return rv;
}

int
netproc_breed(const struct netproc *breeder, const struct plan *p,
    struct netproc *n, struct err *e)
{
	int pair[2] = { -1, -1 };

	memset(n, 0, sizeof(*n));
	n->fd = -1;
	/* Only this end must not wait; the other is a description of its own. */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1 ||
	    fcntl(pair[0], F_SETFL, O_NONBLOCK) == -1) {
		(void)err_sys(e, ERR_IO, "socket pair for %s", net_half);
	} else if (ask_for_child(breeder, p, pair[1], e) == 0) {
		n->fd = pair[0];
		n->program = net_half;
		n->used = true;
		note_files(n, p);
	}
	if (pair[0] != -1 && n->fd == -1)
		(void)close(pair[0]);
	if (pair[1] != -1)
		(void)close(pair[1]);
	return n->fd == -1 ? -1 : 0;
}

int
netproc_use(struct netproc *n, const struct plan *p, struct err *e)
{
	const char *program = program_of(p);

	if (n->fd != -1 && n->used && netproc_serves(n, p))
		return 0;
	if (n->used || (n->fd != -1 && n->program != program))
		netproc_stop(n);
	if (start(n, program, false, e) == -1)
		return -1;
	n->used = true;
	note_files(n, p);
	return 0;
}

void
netproc_offer(struct netproc *n, const struct message_request *request)
{
	struct secret *m = NULL;
	struct err e;

	n->offered = (m = secret_new(MESSAGE_MAX, &e)) != NULL &&
	    message_put_request(m, request, &e) == 0 &&
	    message_send(n->fd, m, &e) == 0;
	secret_free(m);
}

static int
receive(const struct netproc *n, struct message_result *result, struct err *e)
{
	struct secret *m = NULL;
	int rv = -1;

	if ((m = secret_new(MESSAGE_MAX, e)) == NULL ||
	    message_receive(n->fd, m, e) == -1 ||
	    message_get_result(result, secret_slice(m), e) == -1)
		goto out;
	rv = 0;
out:
	secret_free(m);
	return rv;
}

/* What is true if the network half is not there to tell. */
static void
fill_in(struct netproc *n, struct message_result *result,
    enum message_outcome outcome, const struct err *e)
{
	memset(result, 0, sizeof(*result));
	result->outcome = outcome;
	if (outcome == MESSAGE_NOT_SENT)
		result->reason = MESSAGE_REASON_INTERNAL;
	(void)snprintf(result->reply, sizeof(result->reply), "%s: %s",
	    n->program, e->msg);
	netproc_withdraw(n);
}

bool
netproc_go(struct netproc *n, struct message_result *result)
{
	struct err e = { ERR_IO, "it has ended" };

	if (n->offered && message_send_go(n->fd, &e) == 0)
		return true;
	fill_in(n, result, MESSAGE_NOT_SENT, &e);
	return false;
}

void
netproc_collect(struct netproc *n, struct message_result *result)
{
	struct err e;

	if (receive(n, result, &e) == -1)
		fill_in(n, result, MESSAGE_UNKNOWN, &e);
}

void
netproc_ask(struct netproc *n, struct message_result *result)
{
	if (netproc_go(n, result))
		netproc_collect(n, result);
}

/* Killed, since it may be waiting for a server; nobody waits for that. */
void
netproc_withdraw(struct netproc *n)
{
	if (n->pid > 0)
		(void)kill(n->pid, SIGKILL);
	netproc_stop(n);
}

void
netproc_dismiss(struct netproc *n)
{
	if (n->fd != -1)
		(void)close(n->fd);
	n->fd = -1;
}

void
netproc_stop(struct netproc *n)
{
	netproc_dismiss(n);
	if (n->pid > 0)
		while (waitpid(n->pid, NULL, 0) == -1 && errno == EINTR)
			continue;
	n->pid = 0;
	n->used = false;
}
