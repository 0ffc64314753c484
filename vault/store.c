#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bytes.h"
#include "io.h"
#include "store.h"

#define GATHER 65536

/* A path in a message: two of them and the message fit. */
#define SHOWN 160

/* What the longest suffix, ".prev.new", leaves for the vault's own name. */
#define NAME_LONGEST (NAME_MAX - 9)

/* How much is written before the disk is set to work on it. */
#define BEHIND ((size_t)4 * 1024 * 1024)

struct store_new {
	int dir;
	int fd;
	bool create;
	/* An append failed: what was written is not to be put in place. */
	bool failed;
	/* PATH.new is no longer ours to remove. */
	bool placed;
	/* Written since the kernel was last told to begin. */
	size_t behind;
	/* What PATH was when this began, and what PATH.new is. */
	struct stat old;
	struct stat new;
	char shown[SHOWN];
	char base[NAME_MAX + 1];
	char fresh[NAME_MAX + 1];
	char prev[NAME_MAX + 1];
	char prev_fresh[NAME_MAX + 1];
	size_t len;
	unsigned char gather[GATHER];
};

static int
disk_full(const char *shown, struct err *e)
{
	return err_set(e, ERR_IO, "%s: disk full: nothing was changed", shown);
}

static bool
is_full(int error)
{
	return error == ENOSPC || error == EDQUOT;
}

/* Nothing has happened to PATH: says so, and why. */
static int
not_committed(const struct store_new *n, const char *what, struct err *e)
{
	if (is_full(errno))
		return disk_full(n->shown, e);
	return err_sys(e, ERR_IO, "%s: not committed: cannot %s", n->shown,
	    what);
}

static bool
same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Fills in the names, and dir (PATH_MAX bytes) with the directory's. */
static int
name_all(struct store_new *n, const char *path, char *dir, struct err *e)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash == NULL ? path : slash + 1;
	int base_len = (int)strnlen(base, NAME_MAX);
	size_t len = (size_t)(base - path);

	(void)text_show(n->shown, sizeof(n->shown), slice_of(path));
	if (len >= PATH_MAX || base_len > NAME_LONGEST)
		return err_set(e, ERR_CONFIG, "%s: name too long", n->shown);
	if (base_len == 0)
		return err_set(e, ERR_CONFIG,
		    "%s: names a directory, not a vault", n->shown);
	(void)snprintf(n->base, sizeof(n->base), "%.*s", base_len, base);
	(void)snprintf(n->fresh, sizeof(n->fresh), "%.*s.new", base_len, base);
	(void)snprintf(n->prev, sizeof(n->prev), "%.*s.prev", base_len, base);
	(void)snprintf(n->prev_fresh, sizeof(n->prev_fresh), "%.*s.prev.new",
	    base_len, base);
	(void)snprintf(dir, PATH_MAX, "%.*s", len == 0 ? 1 : (int)len,
	    len == 0 ? "." : path);
	return 0;
}

/* Only the vault itself is locked and replaced, never a link to it. */
static int
check_kind(const struct stat *st, const char *shown, struct err *e)
{
	if (S_ISLNK(st->st_mode))
		return err_set(e, ERR_DENIED,
		    "%s: a symbolic link: to write, name the vault that it "
		    "leads to",
		    shown);
	if (!S_ISREG(st->st_mode))
		return err_set(e, ERR_DENIED, "%s: not a regular file", shown);
	return 0;
}

/* Looks at PATH as it is before anything is done. */
static int
look_at_old(struct store_new *n, struct err *e)
{
	if (fstatat(n->dir, n->base, &n->old, AT_SYMLINK_NOFOLLOW) == -1) {
		if (errno == ENOENT && n->create)
			return 0;
		if (errno == ENOENT)
			return err_set(e, ERR_NOVAULT, "%s: no such vault",
			    n->shown);
		return not_committed(n, "look at it", e);
	}
	if (n->create)
		return err_set(e, ERR_DENIED,
		    "%s: exists already: remove it first, or name another",
		    n->shown);
	return check_kind(&n->old, n->shown, e);
}

static int
remove_stale(const struct store_new *n, const char *name, struct err *e)
{
	if (unlinkat(n->dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno == EISDIR || errno == EPERM)
		return err_sys(e, ERR_DENIED,
		    "not committed: remove %s beside %s", name, n->shown);
	return not_committed(n, "remove what a crash left beside it", e);
}

/*
 * Root keeps another user's vault that user's.  A group that a user may not
 * give is no loss: mode 0600 gives it nothing.
 */
static int
take_owner(struct store_new *n, struct err *e)
{
	struct stat *st = &n->new;

	if (fstat(n->fd, st) == -1)
		return not_committed(n, "look at the new file", e);
	if (!n->create &&
	    (st->st_uid != n->old.st_uid || st->st_gid != n->old.st_gid) &&
	    fchown(n->fd, n->old.st_uid, n->old.st_gid) == -1 &&
	    st->st_uid != n->old.st_uid)
		return not_committed(n, "give the new file its owner", e);
	/* A umask can take away more than 0600 does. */
	if ((st->st_mode & 07777) != 0600 && fchmod(n->fd, 0600) == -1)
		return not_committed(n, "set the mode of the new file", e);
	return 0;
}

static int
start(struct store_new *n, const char *path, struct err *e)
{
	char dir[PATH_MAX] = "";

	if (name_all(n, path, dir, e) == -1)
		return -1;
	if (n->create && path_check_parent(path, "vault", e) == -1)
		return -1;
	n->dir = openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (n->dir == -1)
		return not_committed(n, "open its directory", e);
	if (look_at_old(n, e) == -1 || remove_stale(n, n->fresh, e) == -1)
		return -1;
	n->fd = openat(n->dir, n->fresh,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (n->fd == -1)
		return not_committed(n, "make a file beside it", e);
	return take_owner(n, e);
}

/*
 * Has the kernel begin to write what was written so far, while more is being
 * sealed.  Only fsync(2), later, promises anything, so a failure is no news.
 */
static void
write_behind(struct store_new *n, size_t len)
{
	n->behind += len;
	if (n->behind < BEHIND)
		return;
	n->behind = 0;
#ifdef SYNC_FILE_RANGE_WRITE
	(void)sync_file_range(n->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
#endif
}

static int
put_out(struct store_new *n, const void *from, size_t len, struct err *e)
{
	if (write_all(n->fd, from, len) == 0) {
		write_behind(n, len);
		return 0;
	}
	n->failed = true;
	return not_committed(n, "write", e);
}

static int
flush(struct store_new *n, struct err *e)
{
	size_t len = n->len;

	n->len = 0;
	return len == 0 ? 0 : put_out(n, n->gather, len, e);
}

/* Reads up to one buffer of the old generation behind what is gathered. */
static int
gather_from(struct store_new *n, const struct store *from, uint64_t at,
    size_t len, struct err *e)
{
	if (store_read(from, at, n->gather + n->len, len, e) == -1) {
		n->failed = true;
		return -1;
	}
	n->len += len;
	return 0;
}

/*
 * Whether copy_file_range(2) does not work between these two files, rather
 * than having failed.
 */
static bool
cannot_copy(int error)
{
	return error == EXDEV || error == ENOSYS || error == EINVAL ||
	    error == EOPNOTSUPP || error == EPERM;
}

/*
 * Copies in the kernel for as long as that works.  Returns how much was
 * copied, or -1; less than len is left for the caller to copy by hand.
 */
static int64_t
copy_in_kernel(struct store_new *n, const struct store *from, uint64_t at,
    uint64_t len, struct err *e)
{
	off_t off = (off_t)at;
	uint64_t done = 0;

	while (done < len) {
		size_t part =
		    len - done < BEHIND ? (size_t)(len - done) : BEHIND;
		ssize_t k =
		    copy_file_range(from->fd, &off, n->fd, NULL, part, 0);

		if (k == -1 && errno == EINTR)
			continue;
		if (k == 0 || (k == -1 && cannot_copy(errno)))
			break;
		if (k == -1) {
			n->failed = true;
			return not_committed(n, "copy", e);
		}
		done += (uint64_t)k;
		write_behind(n, (size_t)k);
	}
	return (int64_t)done;
}

/*
 * Keeps the present generation as PATH.prev: a link made aside and renamed,
 * so that PATH.prev is never missing.
 */
static int
keep_previous(struct store_new *n, struct err *e)
{
	struct stat now;
	struct stat prev;

	if (n->create)
		return 0;
	if (fstatat(n->dir, n->base, &now, AT_SYMLINK_NOFOLLOW) == -1)
		return not_committed(n, "look at it", e);
	if (!same_file(&now, &n->old))
		return err_set(e, ERR_BUSY,
		    "%s: not committed: another program replaced it without "
		    "asking for the lock: try again",
		    n->shown);
	/*
	 * After a crash between the two renames they are one file, and rename
	 * of a file over itself would leave both names.
	 */
	if (fstatat(n->dir, n->prev, &prev, AT_SYMLINK_NOFOLLOW) == 0 &&
	    same_file(&prev, &now))
		return 0;
	if (remove_stale(n, n->prev_fresh, e) == -1)
		return -1;
	/* A link that was refused may be there all the same, as over NFS. */
	if (linkat(n->dir, n->base, n->dir, n->prev_fresh, 0) == -1 ||
	    renameat(n->dir, n->prev_fresh, n->dir, n->prev) == -1) {
		(void)not_committed(n, "keep the previous one (a link)", e);
		(void)unlinkat(n->dir, n->prev_fresh, 0);
		return -1;
	}
	return 0;
}

/*
 * A rename or link was refused: looks whether that is true, because over a
 * network the answer may be that of the second of two requests.  0: it was
 * done after all.
 */
static int
was_placed(struct store_new *n, struct err *e)
{
	struct stat now;
	int error = errno;

	if (fstatat(n->dir, n->base, &now, AT_SYMLINK_NOFOLLOW) == 0) {
		if (same_file(&now, &n->new))
			return 0;
		if (n->create)
			return err_set(e, ERR_DENIED,
			    "%s: made by another program in the meantime: "
			    "nothing was changed",
			    n->shown);
	} else if (errno != ENOENT) {
		n->placed = true;
		return err_sys(e, ERR_UNSYNCED,
		    "%s: cannot tell whether it was replaced: "
		    "verify it before you rely on it",
		    n->shown);
	}
	errno = error;
	return not_committed(n, "put the new file in its place", e);
}

static int
place(struct store_new *n, struct err *e)
{
	int done;

	if (n->create)
		/* Unlike rename(2), never over a file that exists. */
		done = linkat(n->dir, n->fresh, n->dir, n->base, 0);
	else
		done = renameat(n->dir, n->fresh, n->dir, n->base);
	if (done == -1 && was_placed(n, e) == -1)
		return -1;
	if (n->create)
		/* What stays is removed by whoever writes next. */
		(void)unlinkat(n->dir, n->fresh, 0);
	n->placed = true;
	return 0;
}

static void
release(struct store_new *n)
{
	if (n->fd != -1) {
		/* It is synced or to be removed: an error says nothing new. */
		(void)close(n->fd);
		if (!n->placed)
			(void)unlinkat(n->dir, n->fresh, 0);
	}
	if (n->dir != -1)
		(void)close(n->dir);
	free(n);
}

/*
 * Open file description locks belong to the open file.  POSIX ones belong to
 * the process and go with the first close of the file, so that there each
 * byte needs a file of its own.
 */
#if defined F_OFD_SETLK && !defined PAWL_POSIX
#define SETLK F_OFD_SETLK
#define GETLK F_OFD_GETLK
#define LOCK_SHARED_FILE true
#else
#define SETLK F_SETLK
#define GETLK F_GETLK
#define LOCK_SHARED_FILE false
#endif

/* A lock being taken. */
struct lock {
	const char *path;
	uint64_t byte;
	char file[PATH_MAX];
	char shown[SHOWN];
};

static int
lock_name(struct lock *l, struct err *e)
{
	int len;

	(void)text_show(l->shown, sizeof(l->shown), slice_of(l->path));
	if (l->byte == 0 || LOCK_SHARED_FILE)
		len = snprintf(l->file, sizeof(l->file), "%s.lock", l->path);
	else
		len = snprintf(l->file, sizeof(l->file), "%s.lock.%llx",
		    l->path, (unsigned long long)l->byte);
	if (len < 0 || (size_t)len >= sizeof(l->file))
		return err_set(e, ERR_CONFIG, "%s: name too long", l->shown);
	return 0;
}

static enum err_kind
lock_error(int error)
{
	if (error == EACCES || error == EPERM || error == ELOOP)
		return ERR_DENIED;
	return error == ENOENT ? ERR_NOVAULT : ERR_IO;
}

/*
 * A lock file that root made becomes the vault's owner's, who could never lock
 * otherwise.
 */
static int
lock_give(int fd, const struct stat *vault, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return err_sys(e, ERR_IO, "cannot look at the lock");
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_DENIED, "not a lock file: remove it");
	/* A umask can take away more than 0600 does. */
	if (st.st_uid == geteuid() && (st.st_mode & 07777) != 0600 &&
	    fchmod(fd, 0600) == -1)
		return err_sys(e, ERR_IO, "cannot set the mode of the lock");
	if (geteuid() != 0 || vault == NULL || st.st_uid == vault->st_uid)
		return 0;
	if (fchown(fd, vault->st_uid, vault->st_gid) == -1)
		return err_sys(e, ERR_IO, "cannot give the lock its owner");
	return 0;
}

static int
lock_open(const struct lock *l, struct err *e)
{
	struct stat vault;
	bool exists;
	int fd;

	exists = fstatat(AT_FDCWD, l->path, &vault, AT_SYMLINK_NOFOLLOW) == 0;
	/* Two names of one vault would be two locks. */
	if (exists && check_kind(&vault, l->shown, e) == -1)
		return -1;
	fd = openat(AT_FDCWD, l->file,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
	    0600);
	if (fd == -1 && is_full(errno))
		return disk_full(l->shown, e);
	if (fd == -1)
		return err_sys(e, lock_error(errno),
		    "cannot open the lock %s.lock", l->shown);
	if (lock_give(fd, exists ? &vault : NULL, e) == -1) {
		(void)close(fd);
		return err_in(e, "%s.lock", l->shown);
	}
	return fd;
}

static struct flock
lock_range(uint64_t byte)
{
	struct flock range = { 0 };

	range.l_type = F_WRLCK;
	range.l_whence = SEEK_SET;
	/* No other byte may become 0, nor more than an off_t holds. */
	range.l_start = (off_t)(byte == 0 ? 0 : 1 + byte % (INT64_MAX - 1));
	range.l_len = 1;
	return range;
}

static uint64_t
now_ms(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/*
 * Asks again and again rather than wait in F_OFD_SETLKW: a bounded wait there
 * needs a signal, and signals are not a library's to use.  It costs at most
 * 20 ms after the lock is free.
 */
static int
lock_wait(int fd, uint64_t byte, unsigned int wait_ms)
{
	uint64_t end = now_ms() + wait_ms;
	long pause_ms = 1;

	for (;;) {
		struct flock range = lock_range(byte);
		struct timespec t = { 0, pause_ms * 1000000 };

		if (fcntl(fd, SETLK, &range) == 0)
			return 0;
		if (errno == EACCES)
			errno = EAGAIN;
		if (errno != EAGAIN || now_ms() >= end)
			return -1;
		(void)nanosleep(&t, NULL);
		pause_ms = pause_ms > 10 ? 20 : pause_ms * 2;
	}
}

static int
lock_busy(const struct lock *l, int fd, struct err *e)
{
	struct flock range = lock_range(l->byte);
	char who[40] = "another process";

	if (fcntl(fd, GETLK, &range) == 0 && range.l_type == F_WRLCK &&
	    range.l_pid > 0)
		(void)snprintf(who, sizeof(who), "process %ld",
		    (long)range.l_pid);
	return err_set(e, ERR_BUSY,
	    "%s: %s is %s it: try again, or see who with fuser(1) on its .lock",
	    l->shown, who, l->byte == 0 ? "writing" : "rotating an entry of");
}

int
store_open(struct store *s, const char *path, struct path_trust *t,
    struct err *e)
{
	struct stat st = { 0 };

	s->size = 0;
	s->fd = path_open_trusted(path, "vault", t, &st, e);
	if (s->fd == -1)
		return -1;
	s->size = (uint64_t)st.st_size;
	return 0;
}

void
store_close(struct store *s)
{
	if (s->fd != -1)
		(void)close(s->fd);
	s->fd = -1;
	s->size = 0;
}

int
store_read(const struct store *s, uint64_t at, void *to, size_t len,
    struct err *e)
{
	ssize_t n;

	if (at > s->size || len > s->size - at)
		return err_set(e, ERR_DAMAGED,
		    "cut off at byte %llu, within what should be there",
		    (unsigned long long)s->size);
	n = pread_full(s->fd, to, len, (off_t)at);
	if (n == -1)
		return err_sys(e, ERR_IO, "cannot read at byte %llu",
		    (unsigned long long)at);
	if ((size_t)n < len)
		return err_set(e, ERR_DAMAGED,
		    "cut off at byte %llu while it was read",
		    (unsigned long long)at + (unsigned long long)n);
	return 0;
}

int
store_lock(const char *path, uint64_t byte, unsigned int wait_ms, int *fdp,
    struct err *e)
{
	struct lock l = { path, byte, "", "" };
	int fd;

	*fdp = -1;
	if (lock_name(&l, e) == -1)
		return -1;
	if ((fd = lock_open(&l, e)) == -1)
		return -1;
	if (lock_wait(fd, byte, wait_ms) == -1) {
		if (errno == EAGAIN)
			(void)lock_busy(&l, fd, e);
		else
			(void)err_sys(e, ERR_IO, "cannot lock %s.lock",
			    l.shown);
		(void)close(fd);
		return -1;
	}
	*fdp = fd;
	return 0;
}

struct store_new *
store_begin(const char *path, bool create, struct err *e)
{
	struct store_new *n;

	n = calloc(1, sizeof(*n));
	if (n == NULL) {
		(void)err_sys(e, ERR_IO, "memory for a new vault");
		return NULL;
	}
	n->dir = -1;
	n->fd = -1;
	n->create = create;
	if (start(n, path, e) == -1) {
		store_abort(n);
		return NULL;
	}
	return n;
}

int
store_append(struct store_new *n, const void *from, size_t len, struct err *e)
{
	const unsigned char *p = from;

	while (len > 0) {
		size_t part = sizeof(n->gather) - n->len;

		if (part > len)
			part = len;
		memcpy(n->gather + n->len, p, part);
		n->len += part;
		p += part;
		len -= part;
		if (n->len == sizeof(n->gather) && flush(n, e) == -1)
			return -1;
	}
	return 0;
}

int
store_append_from(struct store_new *n, const struct store *from, uint64_t at,
    uint64_t len, struct err *e)
{
	if (at > from->size || len > from->size - at) {
		n->failed = true;
		return err_set(e, ERR_DAMAGED,
		    "%s: cut off at byte %llu, within what is to be kept",
		    n->shown, (unsigned long long)from->size);
	}
	/* What fits costs one read here, and no write of its own. */
	if (len > sizeof(n->gather) - n->len) {
		int64_t done;

		if (flush(n, e) == -1)
			return -1;
		done = copy_in_kernel(n, from, at, len, e);
		if (done == -1)
			return -1;
		at += (uint64_t)done;
		len -= (uint64_t)done;
	}
	while (len > 0) {
		size_t part = sizeof(n->gather) - n->len;

		if (part > len)
			part = (size_t)len;
		if (gather_from(n, from, at, part, e) == -1)
			return -1;
		at += part;
		len -= part;
		if (n->len == sizeof(n->gather) && flush(n, e) == -1)
			return -1;
	}
	return 0;
}

int
store_commit(struct store_new *n, struct err *e)
{
	int rv = -1;

	if (n->failed) {
		(void)err_set(e, ERR_IO,
		    "%s: not committed: it could not be written", n->shown);
		goto out;
	}
	if (flush(n, e) == -1)
		goto out;
	if (fsync(n->fd) == -1) {
		(void)not_committed(n, "sync the new file", e);
		goto out;
	}
	if (keep_previous(n, e) == -1 || place(n, e) == -1)
		goto out;
	if (fsync(n->dir) == -1) {
		(void)err_sys(e, ERR_UNSYNCED,
		    "%s: replaced, but after a power failure the previous one "
		    "may be there: its directory cannot be synced",
		    n->shown);
		goto out;
	}
	rv = 0;
out:
	release(n);
	return rv;
}

void
store_abort(struct store_new *n)
{
	if (n != NULL)
		release(n);
}
