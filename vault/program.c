#include <sys/stat.h>
#include <sys/wait.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "path.h"
#include "program.h"
#include "sandbox.h"

int
program_check(const char *path, struct err *e)
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

char **
program_environment(void)
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

int
program_begin(void)
{
	sigset_t none;

	if (setpgid(0, 0) == -1)
		return -1;
	sandbox_close_fds(NULL, 0);
	sandbox_follow_parent(SIGTERM);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL);
}

uint64_t
program_clock(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

int
program_wait(pid_t pid, uint64_t end)
{
	sigset_t child;
	int status;

	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	for (;;) {
		struct timespec left = { 0, 0 };
		uint64_t now = program_clock();

		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		if (now >= end) {
			program_kill(pid);
			return -1;
		}
		left.tv_sec = (time_t)((end - now) / 1000);
		left.tv_nsec = (long)((end - now) % 1000) * 1000000;
		(void)sigtimedwait(&child, NULL, &left);
	}
}

void
program_kill(pid_t pid)
{
	(void)kill(-pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}
