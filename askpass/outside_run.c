#include <sys/types.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "io.h"
#include "outside.h"
#include "path.h"
#include "sandbox.h"

#define SECONDS 10

/* A program that runs, and until when it may. */
struct child {
	pid_t pid;
	int in;
	int out;
	uint64_t end_ms;
};

static uint64_t
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int
left_ms(const struct child *c)
{
	uint64_t now = now_ms();

	return now >= c->end_ms ? 0 : (int)(c->end_ms - now);
}

/*
 * Whoever can change the program can have what it is asked for, and answer
 * what they like.
 */
static int
check_program(const char *path, struct err *e)
{
	struct stat st;

	if (lstat(path, &st) == -1)
		return err_sys(e, ERR_NOENTRY, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_DENIED,
		    "%s is not a regular file; name the program itself", path);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return err_set(e, ERR_DENIED,
		    "%s is owned by uid %lu; run: chown %lu %s", path,
		    (unsigned long)st.st_uid, (unsigned long)geteuid(), path);
	if ((st.st_mode & 022) != 0)
		return err_set(e, ERR_DENIED,
		    "%s is writable by others; run: chmod go-w %s", path, path);
	return path_check_parent(path, "program", e);
}

/* Of the job's environment only who and where the user is. */
static char **
scrubbed(void)
{
	static const char *const kept[] = { "HOME", "USER", "LOGNAME" };
	static char text[3][512], path[] = "PATH=/usr/bin:/bin";
	static char *env[5];
	size_t i, n = 0;

	env[n++] = path;
	for (i = 0; i < 3; i++) {
		const char *value = getenv(kept[i]);
		int len;

		if (value == NULL)
			continue;
		len =
		    snprintf(text[i], sizeof(text[i]), "%s=%s", kept[i], value);
		if (len > 0 && (size_t)len < sizeof(text[i]))
			env[n++] = text[i];
	}
	env[n] = NULL;
	return env;
}

static _Noreturn void
become(const struct stack_line *line, size_t first, int in, int out)
{
	char *argv[STACK_ARGS_MAX + 2], words[STACK_TEXT_MAX], get[] = "get";
	size_t i, n = 0, used = 0, len;
	sigset_t none;

	for (i = first; i < line->nargs; i++) {
		len = strlen(line->args[i]) + 1;
		memcpy(words + used, line->args[i], len);
		argv[n++] = words + used;
		used += len;
	}
	argv[n++] = get;
	argv[n] = NULL;
	/* A group of its own, so that what it starts ends with it. */
	if (setpgid(0, 0) == -1 || dup2(in, STDIN_FILENO) == -1 ||
	    dup2(out, STDOUT_FILENO) == -1)
		_exit(126);
	sandbox_close_fds(NULL, 0);
	sandbox_follow_parent(SIGTERM);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execve(argv[0], argv, scrubbed());
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

/* Its status, or -1 if it does not end in time. */
static int
wait_for(const struct child *c)
{
	sigset_t child;
	int status;

	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	for (;;) {
		struct timespec left = { 0, 0 };
		int ms = left_ms(c);

		if (waitpid(c->pid, &status, WNOHANG) == c->pid)
			return status;
		if (ms == 0)
			return -1;
		left.tv_sec = ms / 1000;
		left.tv_nsec = (long)(ms % 1000) * 1000000;
		(void)sigtimedwait(&child, NULL, &left);
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
	if (check_program(line->args[first], e) == -1)
		return e->kind == ERR_NOENTRY ? STACK_UNAVAILABLE :
						STACK_DENIED;
	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &child, NULL);
	c.end_ms =
	    now_ms() + 1000 * (first == 1 ? strtoul(limit, NULL, 10) : SECONDS);
	if (start(&c, line, first, e) == -1)
		return STACK_UNAVAILABLE;
	/* It fits in a pipe; one that does not want it may still answer. */
	if (write_all(c.in, input, strlen(input)) == -1)
		errno = 0;
	(void)close(c.in);
	collected = collect(&c, answer);
	(void)close(c.out);
	if (collected == 1)
		status = wait_for(&c);
	if (status == -1) {
		(void)kill(-c.pid, SIGKILL);
		(void)waitpid(c.pid, NULL, 0);
	}
	if (collected == 1 && status == 0)
		return STACK_SUCCESS;
	return failed(line, first, collected, status, e);
}
