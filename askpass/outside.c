#include <sys/types.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "io.h"
#include "outside.h"
#include "sandbox.h"
#include "stacks.h"
#include "tty.h"

/* What comes back; len bytes of answer follow. */
struct reply {
	uint32_t result;
	uint32_t kind;
	uint32_t len;
	char why[sizeof(((struct err *)0)->msg)];
};

/* As write_all(), but a reader that is gone is no signal. */
static int
send_all(int fd, const void *from, size_t len)
{
	const unsigned char *p = from;
	ssize_t n;

	while (len > 0) {
		n = send(fd, p, len, MSG_NOSIGNAL);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* --- The process itself --------------------------------------------------- */

/* A person who does not answer has declined; without one there is no answer. */
static enum stack_result
asked(int rv, struct err *e)
{
	if (rv == 0)
		return STACK_SUCCESS;
	if (e->kind == ERR_NOENTRY) {
		e->kind = ERR_DENIED;
		return STACK_DENIED;
	}
	if (e->kind != ERR_IO)
		(void)err_set(e, ERR_IO,
		    "there is no terminal to ask on, or the answer is too "
		    "long");
	return STACK_UNAVAILABLE;
}

static enum stack_result
confirm(const char *text, struct err *e)
{
	bool yes = false;
	enum stack_result result = asked(tty_confirm(text, &yes, e), e);

	if (result == STACK_SUCCESS && !yes) {
		(void)err_set(e, ERR_DENIED,
		    "a person at the terminal said no");
		return STACK_DENIED;
	}
	return result;
}

static enum stack_result
serve(const struct outside_request *q, struct secret *answer, struct err *e)
{
	const struct stack *s;

	switch (q->what) {
	case OUTSIDE_SECRET:
		return asked(tty_secret(q->text, answer, e), e);
	case OUTSIDE_CONFIRM:
		return confirm(q->text, e);
	case OUTSIDE_RUN:
		s = stacks_at(q->stack);
		if (s != NULL && q->line < s->n &&
		    s->lines[q->line].module == STACK_EXEC)
			return outside_run(&s->lines[q->line], q->text, answer,
			    e);
		break;
	default:
		break;
	}
	(void)err_set(e, ERR_DENIED, "there is nothing of this kind to do");
	return STACK_DENIED;
}

/* Nothing of the job's is left open but standard error, for messages. */
static int
let_go(int fd, bool lock)
{
	const struct rlimit none = { 0, 0 };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null == -1 || dup2(null, STDIN_FILENO) == -1 ||
	    dup2(null, STDOUT_FILENO) == -1)
		return -1;
	sandbox_close_fds(&fd, 1);
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)signal(SIGPIPE, SIG_IGN);
	/* A job under nohup(1) ignores it. */
	(void)signal(SIGHUP, SIG_DFL);
	sandbox_follow_parent(SIGHUP);
	/* Locks are not inherited. */
	return mlockall(MCL_CURRENT | MCL_FUTURE) == -1 && lock ? -1 : 0;
}

static _Noreturn void
serve_all(int fd, bool lock)
{
	struct outside_request q;
	struct secret *answer;
	struct reply r;
	struct err e;

	if (let_go(fd, lock) == -1)
		_exit(ERR_IO);
	while (read_full(fd, &q, sizeof(q)) == sizeof(q)) {
		memset(&r, 0, sizeof(r));
		q.text[sizeof(q.text) - 1] = '\0';
		if ((answer = secret_new(OUTSIDE_ANSWER_MAX, &e)) == NULL)
			break;
		e.kind = ERR_NONE;
		e.msg[0] = '\0';
		r.result = (uint32_t)serve(&q, answer, &e);
		r.kind = (uint32_t)e.kind;
		r.len = r.result == STACK_SUCCESS ? (uint32_t)answer->len : 0;
		memcpy(r.why, e.msg, sizeof(r.why));
		if (send_all(fd, &r, sizeof(r)) == -1 ||
		    send_all(fd, answer->data, r.len) == -1)
			break;
		secret_free(answer);
	}
	secret_wipe_all();
	_exit(0);
}

/* --- For the process in the sandbox --------------------------------------- */

int
outside_start(struct outside *o, bool lock, struct err *e)
{
	int fds[2];
	pid_t pid;

	o->fd = -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1)
		return err_sys(e, ERR_IO, "socketpair");
	if (fds[0] <= STDERR_FILENO || fds[1] <= STDERR_FILENO)
		return err_set(e, ERR_USAGE,
		    "standard input, output or error is closed");
	if ((pid = fork()) == -1)
		return err_sys(e, ERR_IO, "start a process");
	if (pid == 0)
		serve_all(fds[1], lock);
	(void)close(fds[1]);
	o->fd = fds[0];
	return 0;
}

static enum stack_result
unavailable(struct err *e)
{
	(void)err_set(e, ERR_IO, "the process outside of the sandbox ended");
	return STACK_UNAVAILABLE;
}

enum stack_result
outside_ask(struct outside *o, const struct outside_request *q,
    struct secret *answer, struct err *e)
{
	struct reply r;

	if (send_all(o->fd, q, sizeof(*q)) == -1 ||
	    read_full(o->fd, &r, sizeof(r)) != sizeof(r) ||
	    r.result > STACK_CORRUPT)
		return unavailable(e);
	if (r.len > 0 &&
	    (answer == NULL || r.len > answer->cap - answer->len ||
		read_full(o->fd, answer->data + answer->len, r.len) !=
		    (ssize_t)r.len))
		return unavailable(e);
	if (answer != NULL)
		answer->len += r.len;
	r.why[sizeof(r.why) - 1] = '\0';
	e->kind = (enum err_kind)r.kind;
	memcpy(e->msg, r.why, sizeof(e->msg));
	return (enum stack_result)r.result;
}
