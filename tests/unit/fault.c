#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include "fault.h"

/* The names are the linker's (--wrap), not ours to choose. */
#define DECLARE(type, name, ...) \
	type __real_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__)

DECLARE(int, openat, int dir, const char *path, int flags, ...);
DECLARE(int, close, int fd);
DECLARE(ssize_t, write, int fd, const void *from, size_t len);
DECLARE(ssize_t, pwrite, int fd, const void *from, size_t len, off_t at);
DECLARE(ssize_t, pread, int fd, void *to, size_t len, off_t at);
DECLARE(int, fsync, int fd);
DECLARE(int, fstat, int fd, struct stat *st);
DECLARE(int, fstatat, int dir, const char *path, struct stat *st, int flags);
DECLARE(int, fchown, int fd, uid_t uid, gid_t gid);
DECLARE(int, fchmod, int fd, mode_t mode);
DECLARE(int, ftruncate, int fd, off_t size);
DECLARE(int, linkat, int dir, const char *from, int dir2, const char *to,
    int flags);
DECLARE(int, renameat, int dir, const char *from, int dir2, const char *to);
DECLARE(int, unlinkat, int dir, const char *path, int flags);
DECLARE(ssize_t, copy_file_range, int in, off_t *in_at, int out, off_t *out_at,
    size_t len, unsigned int flags);

#define NAME(name) #name,
static const char *const names[] = { FAULT_CALLS(NAME) "none" };
#undef NAME

static struct fault armed;
static unsigned int target, seen;
static enum fault_call hit = FAULT_CALL_COUNT;
static void (*watcher)(const struct fault_event *ev);

/* What this call shall meet, before it is done. */
static enum fault_kind
meet(enum fault_call call)
{
	if (armed.kind == FAULT_NONE)
		return FAULT_NONE;
	if (armed.only != FAULT_CALL_COUNT && armed.only != call)
		return FAULT_NONE;
	seen++;
	if (armed.kind == FAULT_SHORT && armed.error != 0 && seen == target + 1)
		return FAULT_ERROR;
	if (seen < target || (seen > target && !armed.onward))
		return FAULT_NONE;
	if (seen == target)
		hit = call;
	if (armed.kind == FAULT_KILL)
		(void)raise(SIGKILL);
	return armed.kind;
}

/* What it meets after it was done, or would have been. */
static long
leave(enum fault_kind kind, const struct fault_event *ev)
{
	int error = errno;

	if (kind == FAULT_ERROR) {
		errno = armed.error;
		return -1;
	}
	if (kind == FAULT_KILL_AFTER)
		(void)raise(SIGKILL);
	if (ev->result != -1 && watcher != NULL)
		watcher(ev);
	errno = error;
	if (kind == FAULT_ERROR_AFTER) {
		errno = armed.error;
		return -1;
	}
	return ev->result;
}

/* The half of a write that is to be short. */
static size_t
part(enum fault_kind kind, size_t len)
{
	return kind == FAULT_SHORT ? (len + 1) / 2 : len;
}

void
fault_arm(unsigned int nth, struct fault f)
{
	target = nth;
	seen = 0;
	hit = FAULT_CALL_COUNT;
	armed = f;
}

unsigned int
fault_disarm(void)
{
	armed.kind = FAULT_NONE;
	return seen;
}

const char *
fault_where(void)
{
	return names[hit];
}

void
fault_watch(void (*watch)(const struct fault_event *ev))
{
	watcher = watch;
}

int
__wrap_openat(int dir, const char *path, int flags, ...)
{
	enum fault_kind kind = meet(FAULT_openat);
	struct fault_event ev = { .call = FAULT_openat,
		.fd = dir,
		.name = path,
		.flags = flags };
	mode_t mode = 0;
	va_list ap;

	if ((flags & O_CREAT) != 0) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	if (kind != FAULT_ERROR)
		ev.result = __real_openat(dir, path, flags, mode);
	if (kind == FAULT_ERROR_AFTER && ev.result != -1)
		/* Nobody will ever close it. */
		(void)__real_close((int)ev.result);
	return (int)leave(kind, &ev);
}

int
__wrap_close(int fd)
{
	enum fault_kind kind = meet(FAULT_close);
	struct fault_event ev = { .call = FAULT_close, .fd = fd };

	/* Linux closes it, whatever it then says. */
	ev.result = __real_close(fd);
	return (int)leave(kind == FAULT_ERROR ? FAULT_ERROR_AFTER : kind, &ev);
}

ssize_t
__wrap_write(int fd, const void *from, size_t len)
{
	enum fault_kind kind = meet(FAULT_write);
	struct fault_event ev = { .call = FAULT_write, .fd = fd, .data = from };

	if (kind != FAULT_ERROR)
		ev.result = __real_write(fd, from, part(kind, len));
	return leave(kind, &ev);
}

ssize_t
__wrap_pwrite(int fd, const void *from, size_t len, off_t at)
{
	enum fault_kind kind = meet(FAULT_pwrite);
	struct fault_event ev = { .call = FAULT_pwrite,
		.fd = fd,
		.at = at,
		.data = from };

	if (kind != FAULT_ERROR)
		ev.result = __real_pwrite(fd, from, part(kind, len), at);
	return leave(kind, &ev);
}

ssize_t
__wrap_pread(int fd, void *to, size_t len, off_t at)
{
	enum fault_kind kind = meet(FAULT_pread);
	struct fault_event ev = { .call = FAULT_pread, .fd = fd, .at = at };

	if (kind != FAULT_ERROR)
		ev.result = __real_pread(fd, to, part(kind, len), at);
	return leave(kind, &ev);
}

int
__wrap_fsync(int fd)
{
	enum fault_kind kind = meet(FAULT_fsync);
	struct fault_event ev = { .call = FAULT_fsync, .fd = fd };

	if (kind != FAULT_ERROR)
		ev.result = __real_fsync(fd);
	return (int)leave(kind, &ev);
}

int
__wrap_fstat(int fd, struct stat *st)
{
	enum fault_kind kind = meet(FAULT_fstat);
	struct fault_event ev = { .call = FAULT_fstat, .fd = fd };

	if (kind != FAULT_ERROR)
		ev.result = __real_fstat(fd, st);
	return (int)leave(kind, &ev);
}

int
__wrap_fstatat(int dir, const char *path, struct stat *st, int flags)
{
	enum fault_kind kind = meet(FAULT_fstatat);
	struct fault_event ev = { .call = FAULT_fstatat,
		.fd = dir,
		.name = path };

	if (kind != FAULT_ERROR)
		ev.result = __real_fstatat(dir, path, st, flags);
	return (int)leave(kind, &ev);
}

int
__wrap_fchown(int fd, uid_t uid, gid_t gid)
{
	enum fault_kind kind = meet(FAULT_fchown);
	struct fault_event ev = { .call = FAULT_fchown, .fd = fd };

	if (kind != FAULT_ERROR)
		ev.result = __real_fchown(fd, uid, gid);
	return (int)leave(kind, &ev);
}

int
__wrap_fchmod(int fd, mode_t mode)
{
	enum fault_kind kind = meet(FAULT_fchmod);
	struct fault_event ev = { .call = FAULT_fchmod, .fd = fd };

	if (kind != FAULT_ERROR)
		ev.result = __real_fchmod(fd, mode);
	return (int)leave(kind, &ev);
}

int
__wrap_ftruncate(int fd, off_t size)
{
	enum fault_kind kind = meet(FAULT_ftruncate);
	struct fault_event ev = { .call = FAULT_ftruncate,
		.fd = fd,
		.at = size };

	if (kind != FAULT_ERROR)
		ev.result = __real_ftruncate(fd, size);
	return (int)leave(kind, &ev);
}

int
__wrap_linkat(int dir, const char *from, int dir2, const char *to, int flags)
{
	enum fault_kind kind = meet(FAULT_linkat);
	struct fault_event ev = { .call = FAULT_linkat,
		.fd = dir,
		.name = from,
		.fd2 = dir2,
		.name2 = to };

	if (kind != FAULT_ERROR)
		ev.result = __real_linkat(dir, from, dir2, to, flags);
	return (int)leave(kind, &ev);
}

int
__wrap_renameat(int dir, const char *from, int dir2, const char *to)
{
	enum fault_kind kind = meet(FAULT_renameat);
	struct fault_event ev = { .call = FAULT_renameat,
		.fd = dir,
		.name = from,
		.fd2 = dir2,
		.name2 = to };

	if (kind != FAULT_ERROR)
		ev.result = __real_renameat(dir, from, dir2, to);
	return (int)leave(kind, &ev);
}

int
__wrap_unlinkat(int dir, const char *path, int flags)
{
	enum fault_kind kind = meet(FAULT_unlinkat);
	struct fault_event ev = { .call = FAULT_unlinkat,
		.fd = dir,
		.name = path };

	if (kind != FAULT_ERROR)
		ev.result = __real_unlinkat(dir, path, flags);
	return (int)leave(kind, &ev);
}

ssize_t
__wrap_copy_file_range(int in, off_t *in_at, int out, off_t *out_at, size_t len,
    unsigned int flags)
{
	enum fault_kind kind = meet(FAULT_copy_file_range);
	struct fault_event ev = { .call = FAULT_copy_file_range,
		.fd = in,
		.fd2 = out,
		.at = in_at == NULL ? 0 : *in_at };

	if (kind != FAULT_ERROR)
		ev.result = __real_copy_file_range(in, in_at, out, out_at,
		    part(kind, len), flags);
	return leave(kind, &ev);
}
