#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"

#define ASKPASS "pawl-askpass"

#ifndef BINDIR
#define BINDIR "/usr/local/bin"
#endif

/*
 * Before the user's own, for ssh takes the first value of each.  A server that
 * offers both ways gets one try all the same: pawl-askpass answers one prompt
 * of each ssh.  Public keys are left out, since those that the server refuses
 * count as bad logins with some.
 */
static const char *const ssh_options[] = { "-o", "NumberOfPasswordPrompts=1",
	"-o", "PreferredAuthentications=password,keyboard-interactive", "-o",
	"BatchMode=no" };

/* Not before an option of the user's about the same. */
static const char *const strict_options[] = { "-o",
	"StrictHostKeyChecking=yes" };

#define SSH_OPTIONS (sizeof(ssh_options) / sizeof(ssh_options[0]))
#define STRICT_OPTIONS (sizeof(strict_options) / sizeof(strict_options[0]))

/* Sent on to the command, which is in a session of its own. */
static const int forwarded[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };

static bool
is_ssh(const char *command)
{
	const char *slash = strrchr(command, '/');
	const char *base = slash == NULL ? command : slash + 1;

	return strcmp(base, "ssh") == 0 || strcmp(base, "sftp") == 0 ||
	    strcmp(base, "scp") == 0;
}

/*
 * Whether an option is about StrictHostKeyChecking: "-o" or letters that end
 * in o, and the rest in the same argument or the next.  To be wrong is safe:
 * pawl-askpass says no to every question about a host key.
 */
static bool
says_strict(char *const *argv)
{
	static const char name[] = "StrictHostKeyChecking";
	const char *value = NULL;

	for (; *argv != NULL; argv++) {
		if (argv[0][0] != '-' || argv[0][1] == '-' ||
		    (value = strchr(argv[0], 'o')) == NULL)
			continue;
		value++;
		if (*value == '\0' && argv[1] != NULL)
			value = argv[1];
		value += strspn(value, " \t");
		if (strncasecmp(value, name, sizeof(name) - 1) == 0)
			return true;
	}
	return false;
}

/* The command's arguments, with ssh's options where it is one; free it. */
static char **
arguments(int argc, char **argv, struct err *e)
{
	char **out = NULL;
	size_t n = 0;

	out = reallocarray(NULL,
	    (size_t)argc + SSH_OPTIONS + STRICT_OPTIONS + 1, sizeof(*out));
	if (out == NULL) {
		(void)err_sys(e, ERR_IO, "memory for a command line");
		return NULL;
	}
	out[n++] = argv[0];
	if (is_ssh(argv[0])) {
		memcpy(out + n, ssh_options, sizeof(ssh_options));
		n += SSH_OPTIONS;
		if (!says_strict(argv + 1)) {
			memcpy(out + n, strict_options, sizeof(strict_options));
			n += STRICT_OPTIONS;
		}
	}
	/* With its NULL. */
	memcpy(out + n, argv + 1, (size_t)argc * sizeof(*argv));
	return out;
}

/* Beside this program, as in a build directory, or where it is installed. */
static int
find_askpass(char *path, size_t size, struct err *e)
{
	ssize_t n = readlink("/proc/self/exe", path, size - 1);
	char *slash = NULL;
	size_t room = 0;

	if (n > 0) {
		path[n] = '\0';
		if ((slash = strrchr(path, '/')) != NULL) {
			room = size - (size_t)(slash + 1 - path);
			if ((size_t)snprintf(slash + 1, room, "%s", ASKPASS) <
				room &&
			    access(path, X_OK) == 0)
				return 0;
		}
	}
	(void)snprintf(path, size, "%s/%s", BINDIR, ASKPASS);
	if (access(path, X_OK) == 0)
		return 0;
	return err_sys(e, ERR_CONFIG,
	    "%s: not installed where it belongs (make install)", path);
}

static int
set_variable(const char *name, const char *value, struct err *e)
{
	if (setenv(name, value, 1) == -1)
		return err_sys(e, ERR_IO, "memory for the environment");
	return 0;
}

/* The command may change its directory before it asks. */
static int
set_path(const char *name, const char *path, struct err *e)
{
	char here[PATH_MAX], whole[2 * PATH_MAX];

	if (path == NULL)
		return 0;
	if (path[0] == '/')
		return set_variable(name, path, e);
	if (getcwd(here, sizeof(here)) == NULL)
		return err_sys(e, ERR_IO,
		    "cannot tell the directory we are in");
	if ((size_t)snprintf(whole, sizeof(whole), "%s/%s", here, path) >=
	    sizeof(whole))
		return err_set(e, ERR_USAGE, "-f or -k: the path is too long");
	return set_variable(name, whole, e);
}

static int
set_environment(const struct session *s, const char *name, struct err *e)
{
	const char *display = getenv("DISPLAY");
	char askpass[PATH_MAX];

	if (find_askpass(askpass, sizeof(askpass), e) == -1 ||
	    set_variable("SSH_ASKPASS", askpass, e) == -1 ||
	    set_variable("SSH_ASKPASS_REQUIRE", "force", e) == -1 ||
	    set_variable("PAWL_ENTRY", name, e) == -1 ||
	    set_path("PAWL_VAULT", s->vault_option, e) == -1 ||
	    set_path("PAWL_KEY_FILE", s->key_option, e) == -1)
		return -1;
	/* Before OpenSSH 8.4 there is no askpass without one, whatever it is.
	 */
	if ((display == NULL || display[0] == '\0') &&
	    set_variable("DISPLAY", "none", e) == -1)
		return -1;
	/* A stale one would make a confirmation of every prompt. */
	(void)unsetenv("SSH_ASKPASS_PROMPT");
	return 0;
}

/* Said here, and not by pawl-askpass once a connection is open. */
static int
check_rotation(const struct session *s, const struct entry *entry,
    const char *name, struct err *e)
{
	struct err ignored = { 0 };
	int lock = -1;

	if (entry->rotation.state == ROTATION_IDLE)
		return 0;
	if (entry->rotation.state == ROTATION_ATTN)
		return err_set(e, ERR_ATTENTION,
		    "%s: which password the server takes is not known: see "
		    "\"pawl-rotate status\"",
		    name);
	if (vault_lock_entry(s->path, entry->id, 0, &lock, &ignored) == -1)
		return err_set(e, ERR_BUSY,
		    "%s: is being rotated now; try again", name);
	(void)close(lock);
	return err_set(e, ERR_ATTENTION,
	    "%s: its rotation is unfinished (%s): finish it with "
	    "\"pawl-rotate recover %s\" first",
	    name, cmd_rotation_name(entry->rotation.state), name);
}

static int
check_entry(struct session *s, const char *name, struct err *e)
{
	struct secret *plain = NULL;
	struct entry entry = { 0 };
	int rv = -1;

	if (session_open(s, false, e) == -1)
		return -1;
	if (s->key.slot.kind == SLOT_PASSPHRASE)
		return err_set(e, ERR_NOVAULT,
		    "pawl-askpass can ask nobody for a passphrase: give the "
		    "job a key file (\"pawl-vault slot add --key-file\")");
	if (session_find(s, name, &entry, &plain, e) == -1)
		return -1;
	if (entry.current.p == NULL)
		(void)err_set(e, ERR_NOENTRY, "%s: has no secret", name);
	else
		rv = check_rotation(s, &entry, name, e);
	secret_free(plain);
	return rv;
}

/* Passes signals on until the command has ended. */
static int
await(pid_t pid, const sigset_t *signals, int *statusp, struct err *e)
{
	int signal_number = 0, status = 0;
	pid_t ended = 0;

	for (;;) {
		if ((ended = waitpid(pid, &status, WNOHANG)) == pid)
			break;
		if (ended == -1 && errno != EINTR)
			return err_sys(e, ERR_IO, "cannot wait for a command");
		signal_number = sigwaitinfo(signals, NULL);
		if (signal_number > 0 && signal_number != SIGCHLD)
			(void)kill(pid, signal_number);
	}
	*statusp =
	    WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return 0;
}

/* With the signal mask of the caller, in a session without a terminal. */
static int
spawn(char **argv, const sigset_t *mask, pid_t *pidp)
{
	posix_spawnattr_t attr;
	int error = 0;

	if ((error = posix_spawnattr_init(&attr)) != 0)
		return error;
	if ((error = posix_spawnattr_setsigmask(&attr, mask)) == 0 &&
	    (error = posix_spawnattr_setflags(&attr,
		 POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK)) == 0)
		error = posix_spawnp(pidp, argv[0], NULL, &attr, argv, environ);
	(void)posix_spawnattr_destroy(&attr);
	return error;
}

static int
execute(struct session *s, char **argv, struct err *e)
{
	sigset_t signals, old;
	char shown[96];
	size_t i = 0;
	pid_t pid = 0;
	int error = 0, rv = -1;

	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGCHLD);
	for (i = 0; i < sizeof(forwarded) / sizeof(forwarded[0]); i++)
		(void)sigaddset(&signals, forwarded[i]);
	/* Ignored, there would be no status to wait for. */
	if (signal(SIGCHLD, SIG_DFL) == SIG_ERR ||
	    sigprocmask(SIG_BLOCK, &signals, &old) == -1)
		return err_sys(e, ERR_IO, "cannot hold back signals");
	error = spawn(argv, &old, &pid);
	if (error == 0) {
		rv = await(pid, &signals, &s->status, e);
	} else {
		errno = error;
		(void)err_sys(e, ERR_USAGE, "%s: cannot be run",
		    text_show(shown, sizeof(shown), slice_of(argv[0])));
	}
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	return rv;
}

int
cmd_run(struct session *s, int argc, char **argv, struct err *e)
{
	static const struct option longs[] = { { NULL, 0, NULL, 0 } };
	char **command = NULL;
	int rv = -1;

	if (cmd_getopt(argc, argv, "+:", longs, e) != -1)
		return -1;
	if (argc - optind < 3 || strcmp(argv[optind + 1], "--") != 0)
		return cmd_usage("run", e);
	if (check_entry(s, argv[optind], e) == -1 ||
	    set_environment(s, argv[optind], e) == -1)
		return -1;
	command = arguments(argc - optind - 2, argv + optind + 2, e);
	if (command == NULL)
		return -1;
	/* Nothing that runs for as long as a job shall hold a key. */
	session_end(s);
	secret_wipe_all();
	rv = execute(s, command, e);
	free(command);
	return rv;
}
