#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gpg.h"
#include "import.h"
#include "sandbox.h"
#include "tty.h"

/* What gpg says is looked at so far. */
#define WORDS 4096

/* With GPG_TTY, from the environment or in front of it. */
#define TTY "GPG_TTY="

/* What it, its agent and pinentry may see of the environment. */
static const char *const variables[] = { "GNUPGHOME=", "HOME=", "PATH=", TTY,
	"TERM=", "LANG=", "LC_ALL=", "LC_CTYPE=", "USER=", "LOGNAME=",
	"DISPLAY=", "WAYLAND_DISPLAY=", "XAUTHORITY=", "XDG_RUNTIME_DIR=",
	"DBUS_SESSION_BUS_ADDRESS=", "PINENTRY_USER_DATA=" };

#define VARIABLES (sizeof(variables) / sizeof(variables[0]))

/* A gpg that runs. */
struct gpg {
	pid_t pid;
	/* Its output, and what it says. */
	int out[2];
	int words[2];
	char *env[VARIABLES + 2];
	char tty[sizeof(TTY) + 64];
	bool ask;
};

static char *
variable(const char *name)
{
	size_t i = 0, len = strlen(name);

	for (i = 0; environ[i] != NULL; i++) {
		if (strncmp(environ[i], name, len) == 0)
			return environ[i];
	}
	return NULL;
}

/* The terminal's own name, for /dev/tty is another one to its agent. */
static bool
name_terminal(struct gpg *g)
{
	const size_t at = sizeof(TTY) - 1;
	int fd = 0;

	memcpy(g->tty, TTY, sizeof(TTY));
	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (ttyname_r(fd, g->tty + at, sizeof(g->tty) - at) == 0)
			return true;
	}
	return false;
}

static void
prepare(struct gpg *g)
{
	size_t i = 0, n = 0;

	for (i = 0; i < VARIABLES; i++) {
		if ((g->env[n] = variable(variables[i])) != NULL)
			n++;
	}
	if (variable(TTY) == NULL && name_terminal(g))
		g->env[n++] = g->tty;
	g->env[n] = NULL;
	g->ask = tty_there();
}

static void
become_gpg(struct gpg *g, int fd)
{
	if (dup2(fd, STDIN_FILENO) == -1 ||
	    dup2(g->out[1], STDOUT_FILENO) == -1 ||
	    dup2(g->words[1], STDERR_FILENO) == -1)
		_exit(126);
	sandbox_close_fds(NULL, 0);
	environ = g->env;
	(void)execlp("gpg", "gpg", "--batch", "--quiet", "--pinentry-mode",
	    g->ask ? "default" : "error", "--decrypt", (char *)NULL);
	_exit(127);
}

static void
close_pair(int pair[2])
{
	size_t i = 0;

	for (i = 0; i < 2; i++) {
		if (pair[i] != -1)
			(void)close(pair[i]);
		pair[i] = -1;
	}
}

static int
start(struct gpg *g, int fd, struct err *e)
{
	prepare(g);
	/* Ignored, there would be no status to wait for. */
	(void)signal(SIGCHLD, SIG_DFL);
	/*
	 * It never waits for us to read its words, nor we for it to say them,
	 * and what is more than a pipe holds is lost.
	 */
	if (pipe2(g->out, O_CLOEXEC) == -1 ||
	    pipe2(g->words, O_CLOEXEC | O_NONBLOCK) == -1)
		return err_sys(e, ERR_IO, "a pipe for gpg");
	if ((g->pid = fork()) == -1)
		return err_sys(e, ERR_IO, "a process for gpg");
	if (g->pid == 0)
		become_gpg(g, fd);
	(void)close(g->out[1]);
	(void)close(g->words[1]);
	g->out[1] = -1;
	g->words[1] = -1;
	return 0;
}

/* The last line that it said, for a message. */
static void
last_words(const struct gpg *g, char *shown, size_t size)
{
	unsigned char text[WORDS];
	struct slice line = { text, 0 };
	ssize_t n = read(g->words[0], text, sizeof(text));
	size_t i = 0;

	line.len = n < 0 ? 0 : (size_t)n;
	while (line.len > 0 && text[line.len - 1] == '\n')
		line.len--;
	for (i = line.len; i > 0 && text[i - 1] != '\n'; i--)
		;
	line.p = text + i;
	line.len -= i;
	(void)text_show(shown, size, line);
}

static int
check(const struct gpg *g, int status, struct err *e)
{
	char shown[160];

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return err_set(e, ERR_CONFIG,
		    "gpg cannot be run: install GnuPG, or put it in PATH");
	last_words(g, shown, sizeof(shown));
	return err_set(e, ERR_DENIED,
	    "gpg does not decrypt it (%s): see that \"gpg --decrypt\" does "
	    "first%s",
	    shown[0] == '\0' ? "without a word" : shown,
	    g->ask ? "" : "; without a terminal it cannot ask");
}

struct secret *
gpg_decrypt(int fd, size_t max, struct err *e)
{
	struct gpg g = { .pid = -1, .out = { -1, -1 }, .words = { -1, -1 } };
	struct secret *text = NULL;
	pid_t ended = 0;
	int status = 0;

	if (start(&g, fd, e) == -1)
		goto out;
	/* One that is not listened to any more is to end as well. */
	if ((text = import_read_fd(g.out[0], max, e)) == NULL) {
		close_pair(g.out);
		(void)kill(g.pid, SIGTERM);
	}
	do {
		ended = waitpid(g.pid, &status, 0);
	} while (ended == -1 && errno == EINTR);
	if (text == NULL || (ended == g.pid && check(&g, status, e) == 0))
		goto out;
	if (ended == -1)
		(void)err_sys(e, ERR_IO, "wait for gpg");
	secret_free(text);
	text = NULL;
out:
	close_pair(g.out);
	close_pair(g.words);
	return text;
}
