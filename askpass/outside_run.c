#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io.h"
#include "outside.h"
#include "program.h"

#define SECONDS 10

/* A program that runs, and until when it may. */
struct child {
	pid_t pid;
	int in;
	int out;
	uint64_t end_ms;
};

static int
left_ms(const struct child *c)
{
	uint64_t now = program_clock();

	return now >= c->end_ms ? 0 : (int)(c->end_ms - now);
}

static _Noreturn void
become(const struct stack_line *line, size_t first, int in, int out)
{
	char *argv[STACK_ARGS_MAX + 2], words[STACK_TEXT_MAX], get[] = "get";
	size_t i, n = 0, used = 0, len;

	for (i = first; i < line->nargs; i++) {
		len = strlen(line->args[i]) + 1;
		memcpy(words + used, line->args[i], len);
		argv[n++] = words + used;
		used += len;
	}
	argv[n++] = get;
	argv[n] = NULL;
	if (dup2(in, STDIN_FILENO) == -1 || dup2(out, STDOUT_FILENO) == -1 ||
	    program_begin() == -1)
		_exit(126);
	(void)execve(argv[0], argv, program_environment());
	_exit(127);
}

static int
start(struct child *c, const struct stack_line *line, size_t first,
    struct err *e)
{
	int in[2], out[2];

	if (pipe(in) == -1)
		return err_sys(e, ERR_IO, "pipe");
	if (pipe(out) == -1) {
		(void)err_sys(e, ERR_IO, "pipe");
		(void)close(in[0]);
		(void)close(in[1]);
		return -1;
	}
	if ((c->pid = fork()) == 0)
		become(line, first, in[0], out[1]);
	(void)close(in[0]);
	(void)close(out[1]);
	c->in = in[1];
	c->out = out[0];
	if (c->pid != -1) {
		/* Here as well, so that it is in it whoever is first. */
		(void)setpgid(c->pid, c->pid);
		return 0;
	}
	(void)err_sys(e, ERR_IO, "start a process");
	(void)close(c->in);
	(void)close(c->out);
	return -1;
}

/* Reads to the end.  1, 0 if the time is over, -1 if it is too much. */
static int
collect(const struct child *c, struct secret *answer)
{
	struct pollfd p = { .fd = c->out, .events = POLLIN };
	unsigned char more;
	ssize_t n;
	int rv;

	for (;;) {
		rv = poll(&p, 1, left_ms(c));
		if (rv == -1 && errno == EINTR)
			continue;
		if (rv <= 0)
			return 0;
		if (answer->len == answer->cap)
			return read(c->out, &more, 1) == 0 ? 1 : -1;
		n = read(c->out, answer->data + answer->len,
		    answer->cap - answer->len);
		if (n == 0)
			return 1;
		if (n > 0)
			answer->len += (size_t)n;
		else if (errno != EINTR)
			return 0;
	}
}

static enum stack_result
failed(const struct stack_line *line, size_t first, int collected, int status,
    struct err *e)
{
	const char *path = line->args[first];

	if (collected == -1) {
		(void)err_set(e, ERR_DAMAGED, "%s answers more than %d bytes",
		    path, OUTSIDE_ANSWER_MAX);
		return STACK_CORRUPT;
	}
	if (collected == 0 || status == -1)
		(void)err_set(e, ERR_IO, "%s did not answer in time", path);
	else if (WIFSIGNALED(status))
		(void)err_set(e, ERR_IO, "%s was ended by signal %d", path,
		    WTERMSIG(status));
	else
		(void)err_set(e, ERR_IO, "%s ended with status %d", path,
		    WEXITSTATUS(status));
	return STACK_UNAVAILABLE;
}

enum stack_result
outside_run(const struct stack_line *line, const char *input,
    struct secret *answer, struct err *e)
{
	size_t at = 0, first = 0;
	const char *limit = stack_arg(line, "timeout", &at);
	struct child c = { .pid = -1, .in = -1, .out = -1 };
	sigset_t child;
	int collected, status = -1;

	if (limit != NULL && line->args[0] + strlen("timeout=") == limit)
		first = 1;
	if (program_check(line->args[first], e) == -1)
		return e->kind == ERR_NOENTRY ? STACK_UNAVAILABLE :
						STACK_DENIED;
	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &child, NULL);
	c.end_ms = program_clock() +
	    1000 * (first == 1 ? strtoul(limit, NULL, 10) : SECONDS);
	if (start(&c, line, first, e) == -1)
		return STACK_UNAVAILABLE;
	/* It fits in a pipe; one that does not want it may still answer. */
	if (write_all(c.in, input, strlen(input)) == -1)
		errno = 0;
	(void)close(c.in);
	collected = collect(&c, answer);
	(void)close(c.out);
	if (collected == 1)
		status = program_wait(c.pid, c.end_ms);
	else
		program_kill(c.pid);
	if (collected == 1 && status == 0)
		return STACK_SUCCESS;
	return failed(line, first, collected, status, e);
}
