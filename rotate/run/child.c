#include <sys/types.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "io.h"
#include "sandbox.h"

/* PATH, three of who the user is, and some more. */
#define ENV_MAX 8

/* Both ends of what a child gets as 0, 1 and 2, and how its exec went. */
struct ends {
	int in[2];
	int out[2];
	int err[2];
	int report[2];
};

int64_t
child_now(void)
{
	struct timespec t = { 0 };

	/* Cannot fail for this clock. */
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
on_child(int signal)
{
	(void)signal;
}

void
child_prepare(void)
{
	struct sigaction act = { .sa_handler = on_child };
	sigset_t child;

	/* None of these can fail.  Only child_wait() lets it in. */
	(void)sigemptyset(&act.sa_mask);
	(void)sigaction(SIGCHLD, &act, NULL);
	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &child, NULL);
}

void
child_close(int *fdp)
{
	if (*fdp != -1)
		(void)close(*fdp);
	*fdp = -1;
}

/* --- In the child --------------------------------------------------------- */

static void
add(char **env, size_t *np, const char *name, const char *value)
{
	static char text[3][512];
	int len;

	if (*np > 3)
		return;
	len = snprintf(text[*np - 1], sizeof(text[0]), "%s=%s", name, value);
	if (len > 0 && (size_t)len < sizeof(text[0])) {
		env[*np] = text[*np - 1];
		(*np)++;
	}
}

/* Of this machine only who and where the user is. */
static void
fill_environment(char **env, char *const more[])
{
	static char path[] = "PATH=/usr/bin:/bin";
	const struct passwd *who = getpwuid(geteuid());
	size_t i, n = 0;

	env[n++] = path;
	if (who != NULL) {
		add(env, &n, "HOME", who->pw_dir);
		add(env, &n, "USER", who->pw_name);
		add(env, &n, "LOGNAME", who->pw_name);
	}
	for (i = 0; more[i] != NULL && n < ENV_MAX; i++)
		env[n++] = more[i];
	env[n] = NULL;
}

static void
reset_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE,
		SIGCHLD };
	sigset_t none;
	size_t i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		(void)signal(signals[i], SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* An exec that fails is told through report. */
static _Noreturn void
become(char *const argv[], char *const more[], const struct ends *ends)
{
	char *env[ENV_MAX + 1];
	int saved, report = ends->report[1];

	sandbox_follow_parent(SIGKILL);
	/* A group of its own, so that what it starts ends with it. */
	if (setpgid(0, 0) == 0 && dup2(ends->in[0], STDIN_FILENO) != -1 &&
	    dup2(ends->out[1], STDOUT_FILENO) != -1 &&
	    dup2(ends->err[1], STDERR_FILENO) != -1) {
		sandbox_close_fds(&report, 1);
		fill_environment(env, more);
		reset_signals();
		(void)execve(argv[0], argv, env);
	}
	saved = errno;
	_exit(write_all(report, &saved, sizeof(saved)) == -1 ? 127 : 126);
}

/* --- In the parent -------------------------------------------------------- */

static int
make_ends(struct ends *ends, bool talk)
{
	memset(ends, 0xff, sizeof(*ends));
	if ((talk ? socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
			ends->in) :
		    pipe2(ends->in, O_CLOEXEC)) == -1 ||
	    pipe2(ends->out, O_CLOEXEC) == -1 ||
	    pipe2(ends->err, O_CLOEXEC) == -1 ||
	    pipe2(ends->report, O_CLOEXEC) == -1)
		return -1;
	return 0;
}

static void
close_ends(struct ends *ends)
{
	size_t i;

	for (i = 0; i < 2; i++) {
		child_close(&ends->in[i]);
		child_close(&ends->out[i]);
		child_close(&ends->err[i]);
		child_close(&ends->report[i]);
	}
}

static void
take_end(int *to, int *from)
{
	*to = *from;
	*from = -1;
}

int
child_start(struct child *c, char *const argv[], char *const more[], bool talk,
    struct err *e)
{
	struct ends ends;
	int failure = 0, rv = -1;

	c->in = c->out = c->err = -1;
	c->ended = false;
	c->status = 0;
	if (make_ends(&ends, talk) == -1 || (c->pid = fork()) == -1) {
		(void)err_sys(e, ERR_IO, "start %s", argv[0]);
		goto out;
	}
	if (c->pid == 0)
		become(argv, more, &ends);
	/* Here as well, so that it is in it whoever is first. */
	(void)setpgid(c->pid, c->pid);
	child_close(&ends.report[1]);
	take_end(&c->in, &ends.in[1]);
	take_end(&c->out, &ends.out[0]);
	take_end(&c->err, &ends.err[0]);
	if (read_full(ends.report[0], &failure, sizeof(failure)) != 0) {
		errno = failure;
		(void)err_sys(e, ERR_CONFIG, "run %s", argv[0]);
		child_end(c);
		goto out;
	}
	rv = 0;
out:
	close_ends(&ends);
	return rv;
}

/* Its process remains until it is waited for, and keeps the group's number. */
static void
look_for_end(struct child *c)
{
	siginfo_t info = { 0 };

	if (c->ended ||
	    waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) ==
		-1 ||
	    info.si_pid == 0)
		return;
	(void)kill(-c->pid, SIGKILL);
	c->ended = true;
}

static struct timespec
time_left(const struct child *c)
{
	int64_t left = c->ended ? 0 : c->until - child_now();
	struct timespec t = { 0 };

	if (left > 0) {
		t.tv_sec = (time_t)(left / 1000);
		t.tv_nsec = (long)(left % 1000) * 1000000;
	}
	return t;
}

enum child_event
child_wait(struct child *c)
{
	sigset_t open;

	(void)sigemptyset(&open);
	for (;;) {
		struct pollfd p[] = { { c->in, POLLIN, 0 },
			{ c->out, POLLIN, 0 }, { c->err, POLLIN, 0 },
			{ c->parent, 0, 0 } };
		struct timespec left;
		int i, n;

		look_for_end(c);
		left = time_left(c);
		n = ppoll(p, 4, &left, &open);
		if (n == -1 && errno == EINTR)
			continue;
		if (p[3].revents != 0)
			return CHILD_ABANDONED;
		/* Whoever writes without end is late all the same. */
		if (!c->ended && child_now() >= c->until)
			return CHILD_LATE;
		for (i = 0; n > 0 && i < 3; i++)
			if (p[i].revents != 0)
				return (enum child_event)i;
		if (n == -1)
			return CHILD_LATE;
		if (c->ended)
			return CHILD_ENDED;
	}
}

void
child_end(struct child *c)
{
	if (!c->ended)
		(void)kill(-c->pid, SIGKILL);
	while (waitpid(c->pid, &c->status, 0) == -1 && errno == EINTR)
		continue;
	c->ended = true;
	child_close(&c->in);
	child_close(&c->out);
	child_close(&c->err);
}
