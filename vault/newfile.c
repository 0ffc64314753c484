#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "newfile.h"

/* Through it a file that has no name yet gets one. */
#define SELF_FD "/proc/self/fd"

/* The directory of path, into dir of PATH_MAX bytes. */
static int
parent(const char *path, char *dir)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 1 : (size_t)(slash - path);

	if (len >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	/* The root's own slash stays. */
	if (slash == path)
		len = 1;
	memcpy(dir, slash == NULL ? "." : path, len);
	dir[len] = '\0';
	return 0;
}

static int
open_nameless(const char *path)
{
	char dir[PATH_MAX];

	if (parent(path, dir) == -1)
		return -1;
#ifdef O_TMPFILE
	if (access(SELF_FD, X_OK) == 0)
		return openat(AT_FDCWD, dir, O_TMPFILE | O_WRONLY | O_CLOEXEC,
		    0600);
#endif
	errno = EOPNOTSUPP;
	return -1;
}

/* What open(2) says where the kernel or the file system knows no O_TMPFILE. */
static bool
cannot_be_nameless(int error)
{
	return error == EOPNOTSUPP || error == EISDIR || error == EINVAL;
}

int
newfile_begin(struct newfile *n, const char *path)
{
	struct stat st;

	n->path = path;
	n->named = false;
	n->fd = -1;
	if (lstat(path, &st) == 0) {
		errno = EEXIST;
		return -1;
	}
	n->fd = open_nameless(path);
	if (n->fd == -1 && cannot_be_nameless(errno)) {
		n->fd = openat(AT_FDCWD, path,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC |
			O_NOCTTY,
		    0600);
		n->named = n->fd != -1;
	}
	if (n->fd == -1)
		return -1;
	/* A umask can take away more than 0600 does. */
	if (fchmod(n->fd, 0600) == 0)
		return 0;
	newfile_abort(n);
	return -1;
}

/* Never over a file that exists. */
static int
give_name(struct newfile *n)
{
	char self[sizeof(SELF_FD) + 16];
	struct stat st;
	int error = 0;

	(void)snprintf(self, sizeof(self), SELF_FD "/%d", n->fd);
	if (linkat(AT_FDCWD, self, AT_FDCWD, n->path, AT_SYMLINK_FOLLOW) ==
	    -1) {
		error = errno;
		/* The answer may be lost, and the name given all the same. */
		if (fstat(n->fd, &st) == -1 || st.st_nlink == 0) {
			errno = error;
			return -1;
		}
	}
	n->named = true;
	return 0;
}

static int
sync_parent(const char *path)
{
	char dir[PATH_MAX];
	int fd = -1, rv = -1;

	if (parent(path, dir) == -1 ||
	    (fd = openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) ==
		-1)
		return -1;
	rv = fsync(fd);
	(void)close(fd);
	return rv;
}

int
newfile_commit(struct newfile *n)
{
	if (fsync(n->fd) == -1 || (!n->named && give_name(n) == -1) ||
	    sync_parent(n->path) == -1) {
		newfile_abort(n);
		return -1;
	}
	/* It is synced: an error says nothing new. */
	(void)close(n->fd);
	n->fd = -1;
	return 0;
}

void
newfile_abort(struct newfile *n)
{
	int saved = errno;

	if (n->fd != -1)
		(void)close(n->fd);
	if (n->named)
		while (unlinkat(AT_FDCWD, n->path, 0) == -1 && errno == EINTR)
			continue;
	n->fd = -1;
	n->named = false;
	errno = saved;
}
