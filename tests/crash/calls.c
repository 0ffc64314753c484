#include <sys/types.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fault.h"

/* What a call that may be short is to be given of len. */
static size_t
part(enum fate fate, size_t len)
{
	return fate == FATE_SHORT && len > 0 ? 1 : len;
}

/* --- Opening, closing, looking -------------------------------------------- */

static int
open_at(int dir, const char *path, int flags, mode_t mode)
{
	enum fate fate = fault_call("openat");
	long fd = -1;

	if (fate == FATE_FAIL)
		return -1;
	fd = fault_sys(SYS_openat, dir, path, flags, mode);
	trace_open(dir, path, flags, fd);
	return (int)fault_leave(fate, fd);
}

static mode_t
mode_of(int flags, va_list ap)
{
	return (flags & (O_CREAT | __O_TMPFILE)) == 0 ? 0 : va_arg(ap, mode_t);
}

int
openat(int dir, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode = 0;

	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	return open_at(dir, path, flags, mode);
}

int
open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode = 0;

	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	return open_at(AT_FDCWD, path, flags, mode);
}

/* Closed it is in any case, as on Linux. */
int
close(int fd)
{
	enum fate fate = fault_call("close");
	long result = fault_sys(SYS_close, fd);

	return (int)(fate == FATE_PASS ? result : fault_leave(FATE_AFTER, 0));
}

static int
look(const char *name, int dir, const char *path, struct stat *st, int flags)
{
	if (fault_call(name) == FATE_FAIL)
		return -1;
	return (int)fault_sys(SYS_newfstatat, dir, path, st, flags);
}

int
fstat(int fd, struct stat *st)
{
	return look("fstat", fd, "", st, AT_EMPTY_PATH);
}

int
stat(const char *path, struct stat *st)
{
	return look("stat", AT_FDCWD, path, st, 0);
}

int
lstat(const char *path, struct stat *st)
{
	return look("lstat", AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW);
}

int
fstatat(int dir, const char *path, struct stat *st, int flags)
{
	return look("fstatat", dir, path, st, flags);
}

int
access(const char *path, int mode)
{
	if (fault_call("access") == FATE_FAIL)
		return -1;
	return (int)fault_sys(SYS_faccessat, AT_FDCWD, path, mode);
}

off_t
lseek(int fd, off_t at, int whence)
{
	if (fault_call("lseek") == FATE_FAIL)
		return -1;
	return fault_sys(SYS_lseek, fd, at, whence);
}

int
fcntl(int fd, int command, ...)
{
	bool lock = command == F_OFD_SETLK || command == F_SETLK ||
	    command == F_OFD_SETLKW || command == F_SETLKW;
	va_list ap;
	long arg = 0;

	va_start(ap, command);
	arg = va_arg(ap, long);
	va_end(ap);
	if (fault_call(lock ? "lock" : "fcntl") == FATE_FAIL)
		return -1;
	return (int)fault_sys(SYS_fcntl, fd, command, arg);
}

/* --- Reading and writing -------------------------------------------------- */

ssize_t
read(int fd, void *to, size_t len)
{
	enum fate fate = fault_call("read");

	if (fate == FATE_FAIL)
		return -1;
	return fault_sys(SYS_read, fd, to, part(fate, len));
}

ssize_t
pread(int fd, void *to, size_t len, off_t at)
{
	enum fate fate = fault_call("pread");

	if (fate == FATE_FAIL)
		return -1;
	return fault_sys(SYS_pread64, fd, to, part(fate, len), at);
}

/* Nobody could say that standard error does not work. */
ssize_t
write(int fd, const void *from, size_t len)
{
	enum fate fate = fd == STDERR_FILENO ? FATE_PASS : fault_call("write");
	off_t at = 0;
	long n = -1;

	if (fate == FATE_FAIL)
		return -1;
	at = trace_at(fd);
	n = fault_sys(SYS_write, fd, from, part(fate, len));
	trace_write(fd, from, at, n);
	return n;
}

ssize_t
pwrite(int fd, const void *from, size_t len, off_t at)
{
	enum fate fate = fault_call("pwrite");
	long n = -1;

	if (fate == FATE_FAIL)
		return -1;
	n = fault_sys(SYS_pwrite64, fd, from, part(fate, len), at);
	trace_write(fd, from, at, n);
	return n;
}

ssize_t
copy_file_range(int in, off_t *in_at, int out, off_t *out_at, size_t len,
    unsigned int flags)
{
	enum fate fate = fault_call("copy_file_range");
	off_t at = in_at == NULL ? trace_at(in) : *in_at;
	long n = -1;

	if (fate == FATE_FAIL)
		return -1;
	n = fault_sys(SYS_copy_file_range, in, in_at, out, out_at,
	    part(fate, len), flags);
	trace_copy(in, at, out, n);
	return n;
}

/* It may be interrupted; libsodium aborts when it fails otherwise. */
ssize_t
getrandom(void *to, size_t len, unsigned int flags)
{
	if (fault_call("getrandom") == FATE_FAIL && errno == EINTR)
		return -1;
	return fault_sys(SYS_getrandom, to, len, flags);
}

/* --- What is to last ------------------------------------------------------ */

static int
sync_file(const char *name, long number, int fd)
{
	enum fate fate = fault_call(name);
	long result = -1;

	if (fate == FATE_FAIL) {
		trace_sync(fd, -1);
		return -1;
	}
	result = fault_sys(number, fd);
	trace_sync(fd, fate == FATE_AFTER ? -1 : result);
	return (int)fault_leave(fate, result);
}

int
fsync(int fd)
{
	return sync_file("fsync", SYS_fsync, fd);
}

int
fdatasync(int fd)
{
	return sync_file("fdatasync", SYS_fdatasync, fd);
}

int
ftruncate(int fd, off_t size)
{
	long result = -1;

	if (fault_call("ftruncate") == FATE_FAIL)
		return -1;
	result = fault_sys(SYS_ftruncate, fd, size);
	trace_size(fd, size, result);
	return (int)result;
}

int
fchmod(int fd, mode_t mode)
{
	if (fault_call("fchmod") == FATE_FAIL)
		return -1;
	return (int)fault_sys(SYS_fchmod, fd, mode);
}

int
fchown(int fd, uid_t uid, gid_t gid)
{
	if (fault_call("fchown") == FATE_FAIL)
		return -1;
	return (int)fault_sys(SYS_fchown, fd, uid, gid);
}

/* --- Names ---------------------------------------------------------------- */

int
renameat2(int dir, const char *from, int dir2, const char *to,
    unsigned int flags)
{
	const int dirs[2] = { dir, dir2 };
	const char *const paths[2] = { from, to };
	enum fate fate = fault_call("rename");
	long result = -1;

	if (fate == FATE_FAIL)
		return -1;
	result = fault_sys(SYS_renameat2, dir, from, dir2, to, flags);
	trace_names("rename", dirs, paths, result);
	return (int)fault_leave(fate, result);
}

int
renameat(int dir, const char *from, int dir2, const char *to)
{
	return renameat2(dir, from, dir2, to, 0);
}

int
rename(const char *from, const char *to)
{
	return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int
linkat(int dir, const char *from, int dir2, const char *to, int flags)
{
	const int dirs[2] = { dir, dir2 };
	const char *const paths[2] = { from, to };
	enum fate fate = fault_call("link");
	long result = -1;

	if (fate == FATE_FAIL)
		return -1;
	result = fault_sys(SYS_linkat, dir, from, dir2, to, flags);
	trace_names("link", dirs, paths, result);
	return (int)fault_leave(fate, result);
}

int
link(const char *from, const char *to)
{
	return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int
unlinkat(int dir, const char *path, int flags)
{
	enum fate fate = fault_call("unlink");
	long result = -1;

	if (fate == FATE_FAIL)
		return -1;
	result = fault_sys(SYS_unlinkat, dir, path, flags);
	trace_name("unlink", dir, path, result);
	return (int)fault_leave(fate, result);
}

int
unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

int
rmdir(const char *path)
{
	return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int
mkdirat(int dir, const char *path, mode_t mode)
{
	long result = -1;

	if (fault_call("mkdir") == FATE_FAIL)
		return -1;
	result = fault_sys(SYS_mkdirat, dir, path, mode);
	trace_name("mkdir", dir, path, result);
	return (int)result;
}

int
mkdir(const char *path, mode_t mode)
{
	return mkdirat(AT_FDCWD, path, mode);
}

char *
mkdtemp(char *template)
{
	char *(*real)(char *template) = NULL;

	if (fault_call("mkdtemp") == FATE_FAIL)
		return NULL;
	*(void **)&real = dlsym(RTLD_NEXT, "mkdtemp");
	return real(template);
}

/* --- Directories, processes, keys ----------------------------------------- */

DIR *
fdopendir(int fd)
{
	DIR *(*real)(int fd) = NULL;

	if (fault_call("opendir") == FATE_FAIL)
		return NULL;
	*(void **)&real = dlsym(RTLD_NEXT, "fdopendir");
	return real(fd);
}

struct dirent *
readdir(DIR *dir)
{
	struct dirent *(*real)(DIR * dir) = NULL;

	if (fault_call("readdir") == FATE_FAIL)
		return NULL;
	*(void **)&real = dlsym(RTLD_NEXT, "readdir");
	return real(dir);
}

int
scandir(const char *dir, struct dirent ***list,
    int (*filter)(const struct dirent *),
    int (*compare)(const struct dirent **, const struct dirent **))
{
	int (*real)(const char *dir, struct dirent ***list,
	    int (*filter)(const struct dirent *),
	    int (*compare)(const struct dirent **, const struct dirent **)) =
	    NULL;

	if (fault_call("scandir") == FATE_FAIL)
		return -1;
	*(void **)&real = dlsym(RTLD_NEXT, "scandir");
	return real(dir, list, filter, compare);
}

pid_t
fork(void)
{
	pid_t (*real)(void) = NULL;

	if (fault_call("fork") == FATE_FAIL)
		return -1;
	*(void **)&real = dlsym(RTLD_NEXT, "fork");
	return real();
}

int
posix_spawnp(pid_t *pidp, const char *file,
    const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attr,
    char *const argv[], char *const envp[])
{
	int (*real)(pid_t * pidp, const char *file,
	    const posix_spawn_file_actions_t *actions,
	    const posix_spawnattr_t *attr, char *const argv[],
	    char *const envp[]) = NULL;

	if (fault_call("fork") == FATE_FAIL)
		return errno;
	*(void **)&real = dlsym(RTLD_NEXT, "posix_spawnp");
	return real(pidp, file, actions, attr, argv, envp);
}

/* The calls without a function of their own: those of the keyring. */
long
syscall(long number, ...)
{
	long a[6];
	va_list ap;

	va_start(ap, number);
	for (size_t i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (fault_call("syscall") == FATE_FAIL)
		return -1;
	return fault_sys(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
