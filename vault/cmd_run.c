#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run.h"

/* Sent on to the command, which is in a session of its own. */
static const int forwarded[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };

/* Said here, and not by pawl-askpass once a connection is open. */
static int
check_rotation(const struct session *s, const struct entry *entry,
    const char *name, struct err *e)
{
	struct err ignored = { 0 };
	int lock = -1;

	if (record_unsettled(entry))
		return err_set(e, ERR_BUSY,
		    "%s: a change of its password was sent and may still "
		    "come: run \"pawl-rotate recover %s\" first",
		    name, name);
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

/* What is kept of the entry while the command runs; no secret. */
struct job {
	const char *name;
	unsigned char vault[TABLE_ID];
	unsigned char entry[RECORD_ID];
	enum run_login by;
	/* state_now() before the command, and its process. */
	uint64_t since;
	pid_t pid;
};

static enum run_login
login_by(const struct entry *entry)
{
	if (record_attr_is(entry, "service", "key") ||
	    record_attr_is(entry, "service", "pin"))
		return RUN_BY_KEY;
	return record_has(entry, "otp") ? RUN_BY_CODE : RUN_BY_PASSWORD;
}

static int
check_entry(struct session *s, struct job *j, struct err *e)
{
	const char *name = j->name;
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
	memcpy(j->vault, vault_header(s->vault)->id, TABLE_ID);
	memcpy(j->entry, entry.id, RECORD_ID);
	j->by = login_by(&entry);
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

/*
 * With the signal mask of the caller, in a session without a terminal; its
 * standard error is to, unless that is -1.
 */
static int
spawn(char **argv, const sigset_t *mask, int to, pid_t *pidp)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int error = 0;

	if ((error = posix_spawnattr_init(&attr)) != 0)
		return error;
	if ((error = posix_spawn_file_actions_init(&files)) != 0) {
		(void)posix_spawnattr_destroy(&attr);
		return error;
	}
	if (to != -1)
		error =
		    posix_spawn_file_actions_adddup2(&files, to, STDERR_FILENO);
	if (error == 0 &&
	    (error = posix_spawnattr_setsigmask(&attr, mask)) == 0 &&
	    (error = posix_spawnattr_setflags(&attr,
		 POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK)) == 0)
		error =
		    posix_spawnp(pidp, argv[0], &files, &attr, argv, environ);
	(void)posix_spawn_file_actions_destroy(&files);
	(void)posix_spawnattr_destroy(&attr);
	return error;
}

/*
 * Whether its standard error is read along.  git shows its progress on a
 * terminal only: there it keeps it.
 */
static bool
is_watched(const char *command)
{
	static const char *const programs[] = { "ssh", "sftp", "scp", "rsync" };
	size_t i;

	for (i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (run_is(command, programs[i]))
			return true;
	return run_is(command, "git") && isatty(STDERR_FILENO) == 0;
}

/* What pawl-askpass did meanwhile, for the entry and to the command. */
static void
look_back(const struct job *j, struct run_end *end)
{
	static struct state state;
	struct err ignored;

	state.fd = -1;
	if (state_open(&state, j->vault, NULL, NULL, &ignored) == -1)
		return;
	end->answered =
	    state_answered_since(&state, j->entry, j->since, &end->again);
	end->refused = state_refused_since(&state, j->pid, j->since);
	state_close(&state);
}

/* Says why the command failed, if that can be told. */
static int
explain(const struct job *j, struct run_end *end, struct err *e)
{
	look_back(j, end);
	if (run_was_deaf(end))
		cmd_warn("%s: nothing was sent: pawl-askpass refused, said "
			 "why, and killed ssh, which did not listen to SIGTERM "
			 "(the job ignores it)",
		    j->name);
	switch ((int)run_reason(end)) {
	case ERR_REFUSED:
		return err_set(e, ERR_REFUSED,
		    "%s: the server refused the secret: look into it before "
		    "the next run, for more tries may lock the account",
		    j->name);
	case ERR_HOST_UNKNOWN:
		return err_set(e, ERR_HOST_UNKNOWN,
		    "%s: nothing was sent: the host key is not known; check "
		    "it, and add it to known_hosts",
		    j->name);
	case ERR_HOST_CHANGED:
		return err_set(e, ERR_HOST_CHANGED,
		    "%s: nothing was sent: the host key is another than in "
		    "known_hosts; ask the server's owner why",
		    j->name);
	case ERR_UNREACHABLE:
		return err_set(e, ERR_UNREACHABLE,
		    "%s: nothing was sent: the server cannot be reached",
		    j->name);
	default:
		return 0;
	}
}

static int
execute(struct session *s, struct job *j, char **argv, struct err *e)
{
	struct run_end end = { .ssh = run_is(argv[0], "ssh") };
	struct run_watch watch = { .to = -1 };
	const bool watched = is_watched(argv[0]);
	sigset_t signals, old;
	char shown[96];
	size_t i = 0;
	int error = 0, rv = -1;

	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGCHLD);
	for (i = 0; i < sizeof(forwarded) / sizeof(forwarded[0]); i++)
		(void)sigaddset(&signals, forwarded[i]);
	/* Ignored, there would be no status to wait for. */
	if (signal(SIGCHLD, SIG_DFL) == SIG_ERR ||
	    sigprocmask(SIG_BLOCK, &signals, &old) == -1)
		return err_sys(e, ERR_IO, "cannot hold back signals");
	if (watched && run_watch_start(&watch, e) == -1)
		return -1;
	j->since = state_now();
	error = spawn(argv, &old, watch.to, &j->pid);
	if (error == 0) {
		rv = await(j->pid, &signals, &s->status, e);
	} else {
		errno = error;
		(void)err_sys(e, ERR_USAGE, "%s: cannot be run",
		    text_show(shown, sizeof(shown), slice_of(argv[0])));
	}
	if (watched)
		run_watch_end(&watch, &end.seen);
	end.status = s->status;
	if (watched && rv == 0)
		rv = explain(j, &end, e);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	return rv;
}

int
cmd_run(struct session *s, int argc, char **argv, struct err *e)
{
	static const struct option longs[] = { { NULL, 0, NULL, 0 } };
	struct job j = { 0 };
	char **command = NULL;
	int rv = -1;

	if (cmd_getopt(argc, argv, "+:", longs, e) != -1)
		return -1;
	if (argc - optind < 3 || strcmp(argv[optind + 1], "--") != 0)
		return cmd_usage("run", e);
	j.name = argv[optind];
	if (check_entry(s, &j, e) == -1 ||
	    run_environment(s, j.name, j.by, e) == -1)
		return -1;
	command = run_arguments(argc - optind - 2, argv + optind + 2, j.by, e);
	if (command == NULL)
		return -1;
	/* Nothing that runs for as long as a job shall hold a key. */
	session_end(s);
	secret_wipe_all();
	rv = execute(s, &j, command, e);
	free(command);
	return rv;
}
