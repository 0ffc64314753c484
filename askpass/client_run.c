#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <time.h>
#include <unistd.h>

#include "client.h"

#define MILLISECONDS 10000

static uint64_t
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* posix_spawnp(3): no shell, and no copy of this process. */
static int
spawn(char *const *argv, int out, pid_t *pidp)
{
	posix_spawn_file_actions_t actions;
	int error = posix_spawn_file_actions_init(&actions);

	if (error != 0)
		return error;
	if ((error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO,
		 "/dev/null", O_RDONLY, 0)) == 0 &&
	    (error = posix_spawn_file_actions_adddup2(&actions, out,
		 STDOUT_FILENO)) == 0 &&
	    (error = posix_spawn_file_actions_adddup2(&actions, out,
		 STDERR_FILENO)) == 0)
		error =
		    posix_spawnp(pidp, argv[0], &actions, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	return error;
}

/* 0 at the end of the output, -1 where the time is over. */
static int
collect(int fd, struct client_output *out)
{
	const uint64_t end = now_ms() + MILLISECONDS;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char rest[512];
	uint64_t now = 0;
	ssize_t n = 0;
	bool full = false;

	while ((now = now_ms()) < end) {
		if (poll(&p, 1, (int)(end - now)) != 1)
			continue;
		full = out->len == sizeof(out->text);
		n = full ? read(fd, rest, sizeof(rest)) :
			   read(fd, out->text + out->len,
			       sizeof(out->text) - out->len);
		if (n == 0)
			return 0;
		if (n > 0 && !full)
			out->len += (size_t)n;
	}
	return -1;
}

int
client_run(char *const *argv, struct client_output *out, struct err *e)
{
	int pipes[2], error = 0, status = 0, rv = 0;
	pid_t pid = 0;

	out->len = 0;
	out->status = 0;
	if (pipe2(pipes, O_CLOEXEC) == -1)
		return err_sys(e, ERR_IO, "make a pipe");
	error = spawn(argv, pipes[1], &pid);
	(void)close(pipes[1]);
	if (error != 0) {
		(void)close(pipes[0]);
		errno = error;
		return err_sys(e, error == ENOENT ? ERR_NOENTRY : ERR_IO,
		    "run %s", argv[0]);
	}
	if ((rv = collect(pipes[0], out)) == -1)
		(void)kill(pid, SIGKILL);
	(void)close(pipes[0]);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	if (rv == -1)
		return err_set(e, ERR_BUSY, "%s took more than %d seconds",
		    argv[0], MILLISECONDS / 1000);
	out->status =
	    WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return 0;
}
