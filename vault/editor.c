#include <sys/types.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/magic.h>

#include "editor.h"
#include "io.h"
#include "sandbox.h"

#define FILE_NAME "entry"

/*
 * For sh(1): runs an editor, $1 being the file and $2 its program.  vim(1) and
 * nvim(1) are told to keep what they show out of swap, undo, backup and history
 * files, some of which would be on a disk.
 */
#define SCRIPT \
	"editor=$(readlink -f \"$(command -v \"$2\")\")\n" \
	"case ${editor##*/} in\n" \
	"vim* | nvim*)\n" \
	"exec %s -n -i NONE " \
	"-c 'set noundofile nobackup nowritebackup' \"$1\"\n" \
	";;\n" \
	"esac\n" \
	"exec %s \"$1\"\n"

/* How long an editor may take to end when it is told to. */
#define GRACE 2

/* What would end the program, beside what nobody can wait for. */
static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGALRM,
	SIGPIPE, SIGUSR1, SIGUSR2 };

/* What the caller ignores stays ignored. */
static int
block_signals(struct editor *ed, struct err *e)
{
	struct sigaction old;
	size_t i = 0;

	(void)sigemptyset(&ed->signals);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		if (sigaction(signals[i], NULL, &old) == 0 &&
		    old.sa_handler != SIG_IGN)
			(void)sigaddset(&ed->signals, signals[i]);
	}
	/* Ignored, it would not tell that the editor has ended. */
	(void)signal(SIGCHLD, SIG_DFL);
	(void)sigaddset(&ed->signals, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &ed->signals, &ed->mask) == -1)
		return err_sys(e, ERR_IO, "signals");
	return 0;
}

/* A directory of ours alone, in memory: looked at when it is there. */
static int
open_private(const char *dir)
{
	struct statfs fs;
	struct stat st;
	int fd = -1;

	fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	    (st.st_mode & 07777) == 0700 && fstatfs(fd, &fs) == 0 &&
	    (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC))
		return fd;
	(void)close(fd);
	return -1;
}

static bool
make_private(struct editor *ed, const char *parent)
{
	int n = 0;

	if (parent == NULL || parent[0] != '/')
		return false;
	n = snprintf(ed->dir, sizeof(ed->dir), "%s/pawl-edit.XXXXXX", parent);
	if (n < 0 || (size_t)n >= sizeof(ed->dir) || mkdtemp(ed->dir) == NULL)
		return false;
	if ((ed->dirfd = open_private(ed->dir)) != -1)
		return true;
	(void)rmdir(ed->dir);
	return false;
}

int
editor_begin(struct editor *ed, struct err *e)
{
	*ed = (struct editor){ .dirfd = -1, .fd = -1 };
	if (block_signals(ed, e) == -1)
		return -1;
	if (make_private(ed, getenv("XDG_RUNTIME_DIR")) ||
	    make_private(ed, "/dev/shm"))
		return 0;
	(void)sigprocmask(SIG_SETMASK, &ed->mask, NULL);
	return err_set(e, ERR_DENIED,
	    "no private place in memory: neither XDG_RUNTIME_DIR nor /dev/shm "
	    "is a tmpfs that we may use; \"pawl-vault set\" needs none");
}

/* Zeros over all of an open file; its pages go when it is closed. */
static int
wipe(int fd)
{
	static const unsigned char zeros[4096];
	struct stat st;
	size_t n = 0;
	off_t at = 0;

	if (fstat(fd, &st) == -1)
		return -1;
	if (!S_ISREG(st.st_mode))
		return 0;
	if (lseek(fd, 0, SEEK_SET) == -1)
		return -1;
	for (at = 0; at < st.st_size; at += (off_t)n) {
		n = sizeof(zeros);
		if (st.st_size - at < (off_t)n)
			n = (size_t)(st.st_size - at);
		if (write_all(fd, zeros, n) == -1)
			return -1;
	}
	return 0;
}

/* The same for a file, which then goes. */
static int
wipe_name(const struct editor *ed, const char *name)
{
	int fd = -1, rv = 0;

	fd = openat(ed->dirfd, name,
	    O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd != -1) {
		rv = wipe(fd);
		(void)close(fd);
	}
	if (unlinkat(ed->dirfd, name, 0) == -1 &&
	    (errno != EISDIR || unlinkat(ed->dirfd, name, AT_REMOVEDIR) == -1))
		return -1;
	return rv;
}

/* The file and what an editor leaves: backups, swap files. */
static int
wipe_all(struct editor *ed)
{
	const struct dirent *d = NULL;
	DIR *dir = NULL;
	int fd = -1, rv = 0;

	if (ed->fd != -1) {
		rv = wipe(ed->fd);
		(void)close(ed->fd);
		ed->fd = -1;
	}
	fd = fcntl(ed->dirfd, F_DUPFD_CLOEXEC, 0);
	if (fd == -1 || (dir = fdopendir(fd)) == NULL) {
		if (fd != -1)
			(void)close(fd);
		/* Whether there is anything else, rmdir(2) tells. */
		return wipe_name(ed, FILE_NAME) == -1 && errno != ENOENT ? -1 :
									   rv;
	}
	/* The copy shares the place where the last reading ended. */
	rewinddir(dir);
	while ((d = readdir(dir)) != NULL) {
		if (strcmp(d->d_name, ".") != 0 &&
		    strcmp(d->d_name, "..") != 0 &&
		    wipe_name(ed, d->d_name) == -1)
			rv = -1;
	}
	(void)closedir(dir);
	return rv;
}

int
editor_write(struct editor *ed, struct slice text, struct err *e)
{
	if (wipe_all(ed) == -1)
		return err_sys(e, ERR_IO, "wipe %s", ed->dir);
	ed->fd = openat(ed->dirfd, FILE_NAME,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (ed->fd == -1)
		return err_sys(e, ERR_IO, "create %s/" FILE_NAME, ed->dir);
	if (write_all(ed->fd, text.p, text.len) == -1)
		return err_sys(e, ERR_IO, "write %s/" FILE_NAME, ed->dir);
	return 0;
}

static const char *
editor_name(void)
{
	static const char *const names[] = { "VISUAL", "EDITOR" };
	const char *value = NULL;
	size_t i = 0;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		value = getenv(names[i]);
		if (value != NULL && value[0] != '\0')
			return value;
	}
	return "vi";
}

/* Tells it to end, and sees that it does. */
static void
stop(pid_t pid, int signal)
{
	const struct timespec grace = { GRACE, 0 };
	sigset_t child;

	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	(void)kill(pid, signal);
	(void)kill(pid, SIGCONT);
	while (waitpid(pid, NULL, WNOHANG) == 0) {
		if (sigtimedwait(&child, NULL, &grace) == -1 &&
		    errno == EAGAIN) {
			(void)kill(pid, SIGKILL);
			(void)waitpid(pid, NULL, 0);
			return;
		}
	}
}

/* Until the editor ends.  What a person types is for the editor, not us. */
static int
wait_for(struct editor *ed, pid_t pid, int *statusp, struct err *e)
{
	pid_t got = 0;
	int n = 0;

	while ((got = waitpid(pid, statusp, WNOHANG)) == 0) {
		n = sigwaitinfo(&ed->signals, NULL);
		if (n == -1 || n == SIGCHLD || n == SIGINT || n == SIGQUIT)
			continue;
		ed->signal = n;
		stop(pid, n);
		return err_set(e, ERR_NOENTRY, "signal %d ended the editing",
		    n);
	}
	if (got == -1)
		return err_sys(e, ERR_IO, "wait for the editor");
	return 0;
}

static void
become_editor(const struct editor *ed, const char *command, const char *file,
    const char *program)
{
	(void)sigprocmask(SIG_SETMASK, &ed->mask, NULL);
	sandbox_close_fds(NULL, 0);
	(void)execl("/bin/sh", "sh", "-c", command, "sh", file, program,
	    (char *)NULL);
	_exit(127);
}

static int
run(struct editor *ed, const char *name, const char *command, int *statusp,
    struct err *e)
{
	char program[PATH_MAX];
	char file[PATH_MAX + sizeof("/" FILE_NAME)];
	pid_t pid = -1;

	(void)snprintf(file, sizeof(file), "%s/" FILE_NAME, ed->dir);
	(void)snprintf(program, sizeof(program), "%.*s",
	    (int)strcspn(name, " \t"), name);
	if ((pid = fork()) == -1)
		return err_sys(e, ERR_IO, "fork");
	if (pid == 0)
		become_editor(ed, command, file, program);
	return wait_for(ed, pid, statusp, e);
}

int
editor_run(struct editor *ed, struct err *e)
{
	const char *name = editor_name();
	char *command = NULL, shown[96];
	int status = 0, rv = -1;

	(void)text_show(shown, sizeof(shown), slice_of(name));
	/* Its own words, as with others who run $EDITOR; the file is one. */
	if (asprintf(&command, SCRIPT, name, name) == -1)
		return err_sys(e, ERR_IO, "memory for a command");
	rv = run(ed, name, command, &status, e);
	free(command);
	if (rv == -1)
		return -1;
	if (WIFSIGNALED(status))
		return err_set(e, ERR_NOENTRY,
		    "signal %d ended the editor (%s)", WTERMSIG(status), shown);
	if (WEXITSTATUS(status) != 0)
		return err_set(e, ERR_NOENTRY,
		    "the editor (%s) ended with status %d", shown,
		    WEXITSTATUS(status));
	return 0;
}

struct secret *
editor_read(const struct editor *ed, size_t max, struct err *e)
{
	struct secret *text = NULL;
	struct stat st;
	int fd = -1;

	fd = openat(ed->dirfd, FILE_NAME,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1 || fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		(void)err_set(e, ERR_NOENTRY,
		    "the editor left no file to read");
		goto out;
	}
	if (st.st_size < 0 || (uintmax_t)st.st_size > max) {
		(void)err_set(e, ERR_USAGE, "the text is longer than %zu bytes",
		    max);
		goto out;
	}
	if ((text = secret_new((size_t)st.st_size, e)) != NULL &&
	    secret_read_all(fd, text, e) == -1) {
		secret_free(text);
		text = NULL;
	}
out:
	if (fd != -1)
		(void)close(fd);
	return text;
}

int
editor_end(struct editor *ed, struct err *e)
{
	int rv = 0;

	if (ed->dirfd == -1)
		return 0;
	if (wipe_all(ed) == -1)
		rv = -1;
	(void)close(ed->dirfd);
	ed->dirfd = -1;
	if (rmdir(ed->dir) == -1)
		rv = -1;
	if (rv == -1)
		(void)err_sys(e, ERR_IO,
		    "%s: what was edited could not all be removed: do it by "
		    "hand",
		    ed->dir);
	/* Whatever waits acts now. */
	if (ed->signal != 0)
		(void)raise(ed->signal);
	(void)sigprocmask(SIG_SETMASK, &ed->mask, NULL);
	return rv;
}
