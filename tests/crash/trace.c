#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"

/* What a copy may move at once here. */
#define COPY_MOST 1048576

static char root[PATH_MAX];

/* The file of which an fsync(2) failed. */
static struct {
	bool failed;
	dev_t dev;
	ino_t ino;
} unsynced;

void
trace_start(const char *dir)
{
	if (dir != NULL)
		(void)snprintf(root, sizeof(root), "%s/", dir);
}

static bool
look(int fd, struct stat *st)
{
	return fault_sys(SYS_newfstatat, fd, "", st, AT_EMPTY_PATH) == 0;
}

/* Where a descriptor leads to, into buf of PATH_MAX bytes. */
static bool
path_of(int fd, char *buf)
{
	char name[40];
	long n = 0;

	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	n = fault_sys(SYS_readlinkat, AT_FDCWD, name, buf, PATH_MAX - 1);
	buf[n < 0 ? 0 : n] = '\0';
	return n > 0;
}

/* The root itself counts. */
static bool
is_below(const char *path)
{
	size_t len = strlen(root) - 1;

	return strncmp(path, root, len) == 0 &&
	    (path[len] == '/' || path[len] == '\0');
}

/* The whole path of a name, and whether it is below the root. */
static bool
inside(char *buf, int dir, const char *path)
{
	char above[PATH_MAX] = "";

	if (root[0] == '\0')
		return false;
	if (path[0] != '/') {
		if (dir != AT_FDCWD && !path_of(dir, above))
			return false;
		if (dir == AT_FDCWD &&
		    fault_sys(SYS_getcwd, above, sizeof(above)) < 0)
			return false;
	}
	if (snprintf(buf, PATH_MAX, "%s%s%s", above, path[0] == '/' ? "" : "/",
		path) >= PATH_MAX)
		return false;
	return is_below(buf);
}

/* The same of an open file, whatever its name is by now. */
static bool
is_inside(int fd)
{
	char path[PATH_MAX];

	return root[0] != '\0' && path_of(fd, path) && is_below(path);
}

static unsigned long
node(int fd)
{
	struct stat st;

	return look(fd, &st) ? (unsigned long)st.st_ino : 0;
}

void
trace_open(int dir, const char *path, int flags, long result)
{
	char whole[PATH_MAX];
	int saved = errno;

	if (result < 0 || !inside(whole, dir, path))
		;
	else if ((flags & __O_TMPFILE) != 0)
		fault_log("effect temp %lu", node((int)result));
	else if ((flags & (O_CREAT | O_TRUNC | O_WRONLY | O_RDWR)) != 0)
		fault_log("effect %s %lu %s",
		    (flags & O_TRUNC) != 0 ? "empty" : "open",
		    node((int)result), whole);
	errno = saved;
}

off_t
trace_at(int fd)
{
	int saved = errno;
	long at = root[0] == '\0' ? 0 : fault_sys(SYS_lseek, fd, 0, SEEK_CUR);

	errno = saved;
	return at < 0 ? 0 : at;
}

void
trace_write(int fd, const void *data, off_t at, long result)
{
	char head[80];
	int saved = errno;

	if (result > 0 && is_inside(fd)) {
		(void)snprintf(head, sizeof(head), "effect write %lu %lld ",
		    node(fd), (long long)at);
		fault_log_data(head, data, (size_t)result);
	}
	errno = saved;
}

void
trace_copy(int in, off_t in_at, int out, long result)
{
	static unsigned char copied[COPY_MOST];
	int saved = errno;

	if (result > 0 && is_inside(out) && result <= COPY_MOST &&
	    fault_sys(SYS_pread64, in, copied, result, in_at) == result)
		trace_write(out, copied, trace_at(out) - result, result);
	errno = saved;
}

/* After a failure the kernel has forgotten what it could not write. */
void
trace_sync(int fd, long result)
{
	struct stat st;
	int saved = errno;

	if (look(fd, &st)) {
		if (unsynced.failed && st.st_dev == unsynced.dev &&
		    st.st_ino == unsynced.ino)
			fault_log("bug fsync again after it failed");
		if (result == -1) {
			unsynced.failed = true;
			unsynced.dev = st.st_dev;
			unsynced.ino = st.st_ino;
		} else if (is_inside(fd)) {
			char path[PATH_MAX] = "";

			if (S_ISDIR(st.st_mode))
				(void)path_of(fd, path);
			fault_log("effect sync %lu %s",
			    (unsigned long)st.st_ino, path);
		}
	}
	errno = saved;
}

void
trace_size(int fd, off_t size, long result)
{
	int saved = errno;

	if (result == 0 && is_inside(fd))
		fault_log("effect size %lu %lld", node(fd), (long long)size);
	errno = saved;
}

void
trace_name(const char *what, int dir, const char *path, long result)
{
	char whole[PATH_MAX];
	int saved = errno;

	if (result == 0 && inside(whole, dir, path))
		fault_log("effect %s %s", what, whole);
	errno = saved;
}

void
trace_names(const char *what, const int dirs[2], const char *const paths[2],
    long result)
{
	char from[PATH_MAX], to[PATH_MAX];
	int fd = -1, saved = errno;

	if (result != 0 || !inside(to, dirs[1], paths[1]))
		;
	/* A file without a name gets one. */
	else if (sscanf(paths[0], "/proc/self/fd/%d", &fd) == 1)
		fault_log("effect name %lu %s", node(fd), to);
	else if (inside(from, dirs[0], paths[0]))
		fault_log("effect %s %s\t%s", what, from, to);
	errno = saved;
}
