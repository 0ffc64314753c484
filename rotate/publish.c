#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bytes.h"
#include "io.h"
#include "publish.h"

/* DIR/.NAME.PID: hidden, and with no suffix that a collector looks for. */
static int
name_beside(const char *path, char *name, size_t size)
{
	const char *slash = strrchr(path, '/');
	int dir = slash == NULL ? 0 : (int)(slash - path) + 1;
	int len = snprintf(name, size, "%.*s.%s.%ld", dir, path, path + dir,
	    (long)getpid());

	if (len > 0 && (size_t)len < size && path[dir] != '\0')
		return 0;
	errno = path[dir] == '\0' ? EISDIR : ENAMETOOLONG;
	return -1;
}

static int
create(const char *name)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = open(name, flags, 0666);

	/* Of a process that had this number, and died. */
	if (fd == -1 && errno == EEXIST && unlink(name) == 0)
		fd = open(name, flags, 0666);
	return fd;
}

static int
fill(int fd, const char *path, const struct text *t)
{
	struct stat old;

	if (lstat(path, &old) == 0 && S_ISREG(old.st_mode) &&
	    fchmod(fd, old.st_mode & 0777) == -1)
		return -1;
	if (write_all(fd, t->p, t->len) == -1)
		return -1;
	return fsync(fd);
}

int
publish(const char *path, const struct text *t, struct err *e)
{
	char name[PATH_MAX], shown[200];
	int fd = -1, saved;

	(void)text_show(shown, sizeof(shown), slice_of(path));
	if (name_beside(path, name, sizeof(name)) == -1 ||
	    (fd = create(name)) == -1)
		return err_sys(e, ERR_IO, "%s", shown);
	if (fill(fd, path, t) == 0 && rename(name, path) == 0) {
		(void)close(fd);
		return 0;
	}
	saved = errno;
	(void)close(fd);
	(void)unlink(name);
	errno = saved;
	return err_sys(e, ERR_IO, "%s", shown);
}
