#include <sys/types.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/openat2.h>

#include "bytes.h"
#include "path.h"

/* As many as the kernel follows. */
#define LINKS_MAX 40

/* A path in a message; two of them fit. */
#define SHOWN 200

#define OPEN_FLAGS (O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

/* One look at a path: for whom, under what name, and what is known already. */
struct look {
	const char *what;
	/* NULL for none. */
	struct path_trust *trust;
	/* The caller, once somebody had to ask. */
	bool asked;
	uid_t uid;
	/* Followed so far. */
	unsigned int links;
};

static char *
show(char *shown, const char *path)
{
	return text_show(shown, SHOWN, slice_of(path));
}

/* Asks who the caller is only for files that are not root's. */
static bool
is_trusted(struct look *l, uid_t owner)
{
	if (owner == 0)
		return true;
	if (!l->asked) {
		l->uid = geteuid();
		l->asked = true;
	}
	return owner == l->uid;
}

/* The error for a failed call on path. */
static int
fail(const struct look *l, const char *path, struct err *e)
{
	enum err_kind kind = ERR_IO;
	char shown[SHOWN];

	if (errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG)
		kind = ERR_NOVAULT;
	else if (errno == EACCES || errno == EPERM || errno == ELOOP)
		kind = ERR_DENIED;
	return err_sys(e, kind, "%s: %s", l->what, show(shown, path));
}

/* thing is "" or what path is, with a blank.  -h: it may be a link. */
static int
foreign(const struct look *l, const char *thing, const char *path, uid_t owner,
    struct err *e)
{
	char shown[SHOWN];

	(void)show(shown, path);
	return err_set(e, ERR_DENIED,
	    "%s: %s%s is owned by uid %lu; run: chown -h %lu %s", l->what,
	    thing, shown, (unsigned long)owner, (unsigned long)geteuid(),
	    shown);
}

/*
 * A sticky directory may be everybody's: what lies in it must be the caller's
 * or root's, which is_trusted() asks of each entry on the way, so nobody else
 * can rename or remove it.
 */
static int
judge_dir(struct look *l, const char *dir, const struct stat *st, struct err *e)
{
	char shown[SHOWN];

	(void)show(shown, dir);
	if (!S_ISDIR(st->st_mode))
		return err_set(e, ERR_DENIED,
		    "%s: %s is no longer a directory; try again", l->what,
		    shown);
	if (!is_trusted(l, st->st_uid))
		return foreign(l, "directory ", dir, st->st_uid, e);
	if ((st->st_mode & 022) != 0 && (st->st_mode & S_ISVTX) == 0)
		return err_set(e, ERR_DENIED,
		    "%s: directory %s is writable by others; "
		    "run: chmod go-w %s",
		    l->what, shown, shown);
	return 0;
}

static int
judge_file(struct look *l, const char *path, const struct stat *st,
    struct err *e)
{
	const char *how = "use";
	char shown[SHOWN];

	(void)show(shown, path);
	if (!S_ISREG(st->st_mode))
		return err_set(e, ERR_DENIED,
		    "%s: %s is not a regular file; name one", l->what, shown);
	if (!is_trusted(l, st->st_uid))
		return foreign(l, "", path, st->st_uid, e);
	if ((st->st_mode & 077) == 0)
		return 0;
	if ((st->st_mode & 044) != 0)
		how = "read";
	else if ((st->st_mode & 022) != 0)
		how = "write";
	return err_set(e, ERR_DENIED,
	    "%s: %s: group or others may %s it; run: chmod 600 %s", l->what,
	    shown, how, shown);
}

/* Cuts the last component off, and the slashes before it; "" is the root. */
static void
cut_last(char *path)
{
	size_t n = strlen(path);

	while (n > 0 && path[n - 1] != '/')
		n--;
	while (n > 0 && path[n - 1] == '/')
		n--;
	path[n] = '\0';
}

/* Whether path is dir or below it: what is above a good one was judged. */
static bool
is_within(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return strncmp(path, dir, n) == 0 &&
	    (path[n] == '\0' || path[n] == '/');
}

static bool
is_remembered(const struct look *l, const char *dir)
{
	return l->trust != NULL &&
	    (is_within(l->trust->good[0], dir) ||
		is_within(l->trust->good[1], dir));
}

/* Remembers the directory of path. */
static void
remember(struct look *l, const char *path)
{
	char dir[PATH_MAX];
	size_t i;

	if (l->trust == NULL)
		return;
	memcpy(dir, path, strlen(path) + 1);
	cut_last(dir);
	if (dir[0] == '\0' || is_remembered(l, dir))
		return;
	i = l->trust->good[0][0] == '\0' ? 0 : 1;
	memcpy(l->trust->good[i], dir, strlen(dir) + 1);
}

/*
 * Judges every directory above path but the root.  lstat(2), because none is
 * a link when this begins: one that has become a link since is refused.
 */
static int
check_above(struct look *l, const char *path, struct err *e)
{
	char dir[PATH_MAX];
	struct stat st;

	memcpy(dir, path, strlen(path) + 1);
	for (;;) {
		cut_last(dir);
		if (dir[0] == '\0' || is_remembered(l, dir))
			return 0;
		if (lstat(dir, &st) == -1)
			return fail(l, dir, e);
		if (judge_dir(l, dir, &st, e) == -1)
			return -1;
	}
}

/* Puts "/" and name behind path. */
static int
add_name(struct look *l, char *path, struct slice name, struct err *e)
{
	size_t have = strlen(path);

	if (name.len > PATH_MAX - 2 - have) {
		errno = ENAMETOOLONG;
		return fail(l, path, e);
	}
	path[have] = '/';
	memcpy(path + have + 1, name.p, name.len);
	path[have + 1 + name.len] = '\0';
	return 0;
}

/*
 * Follows the link path of this owner: puts its target before what is left to
 * walk, which is nothing or begins with a slash; path loses the link.
 */
static int
follow(struct look *l, char *path, uid_t owner, char *rest, struct err *e)
{
	char target[PATH_MAX];
	size_t left = strlen(rest);
	ssize_t n;

	if (!is_trusted(l, owner))
		return foreign(l, "link ", path, owner, e);
	if (++l->links > LINKS_MAX) {
		errno = ELOOP;
		return fail(l, path, e);
	}
	if ((n = readlink(path, target, sizeof(target))) == -1)
		return fail(l, path, e);
	if ((size_t)n >= PATH_MAX - left) {
		errno = ENAMETOOLONG;
		return fail(l, path, e);
	}
	memmove(rest + n, rest, left + 1);
	memcpy(rest, target, (size_t)n);
	if (target[0] == '/')
		path[0] = '\0';
	else
		cut_last(path);
	return 0;
}

/* Takes the next component off the front of rest; empty at the end. */
static struct slice
next_name(char *rest, char *name)
{
	size_t skip = strspn(rest, "/"), len = strcspn(rest + skip, "/");

	memcpy(name, rest + skip, len);
	name[len] = '\0';
	memmove(rest, rest + skip + len, strlen(rest + skip + len) + 1);
	return slice_of(name);
}

/*
 * Walks to path by hand where the kernel's refusal of links is no help, as
 * realpath(3) does, but judges every directory and every link passed: what
 * others could redirect is refused.  out (PATH_MAX) gets the path without
 * links, *st what it is; "." and ".." stay, as harmless as they are then.
 */
static int
walk(struct look *l, const char *path, char *out, struct stat *st,
    struct err *e)
{
	char rest[PATH_MAX], name[PATH_MAX];
	struct slice part;

	memcpy(rest, path, strlen(path) + 1);
	out[0] = '\0';
	st->st_mode = S_IFDIR;
	while ((part = next_name(rest, name)).len > 0) {
		if (add_name(l, out, part, e) == -1)
			return -1;
		if (lstat(out, st) == -1)
			return fail(l, out, e);
		if (S_ISLNK(st->st_mode)) {
			if (follow(l, out, st->st_uid, rest, e) == -1)
				return -1;
			st->st_mode = S_IFDIR;
			continue;
		}
		if (!S_ISDIR(st->st_mode)) {
			errno = ENOTDIR;
			return rest[0] == '\0' ? 0 : fail(l, out, e);
		}
		if (!is_remembered(l, out) && judge_dir(l, out, st, e) == -1)
			return -1;
	}
	return 0;
}

/* path, or the working directory and path, in buf (PATH_MAX). */
static int
absolute(struct look *l, const char *path, char *buf, struct err *e)
{
	size_t len = strlen(path);

	if (len == 0)
		return err_set(e, ERR_NOVAULT, "%s: its path is empty",
		    l->what);
	if (len >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return fail(l, path, e);
	}
	if (path[0] == '/') {
		memcpy(buf, path, len + 1);
		return 0;
	}
	if (getcwd(buf, PATH_MAX) == NULL)
		return err_sys(e, ERR_IO,
		    "%s: no working directory for a relative path", l->what);
	if (buf[1] == '\0')
		buf[0] = '\0';
	return add_name(l, buf, slice_of(path), e);
}

static int
open_strict(const char *path)
{
	struct open_how how;

	memset(&how, 0, sizeof(how));
	how.flags = OPEN_FLAGS;
	how.resolve = RESOLVE_NO_SYMLINKS;
	return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
}

/*
 * The same without openat2(2), or through links.  Everything above is judged
 * before the open: nobody untrusted can change it afterwards.
 */
static int
open_walked(struct look *l, char *path, struct stat *st, struct err *e)
{
	char real[PATH_MAX];
	int fd;

	if (walk(l, path, real, st, e) == -1)
		return -1;
	fd = open(real[0] == '\0' ? "/" : real, OPEN_FLAGS | O_NOFOLLOW);
	if (fd == -1)
		return fail(l, real, e);
	memcpy(path, real, strlen(real) + 1);
	return fd;
}

int
path_open_trusted(const char *path, const char *what, struct path_trust *t,
    struct stat *st, struct err *e)
{
	struct look l = { what, t, false, 0, 0 };
	char full[PATH_MAX];
	bool walked = false;
	int fd;

	if (absolute(&l, path, full, e) == -1)
		return -1;
	if ((fd = open_strict(full)) == -1) {
		/* EPERM: old container filters, for what they do not know. */
		if (errno != ELOOP && errno != ENOSYS && errno != EPERM)
			return fail(&l, full, e);
		if ((fd = open_walked(&l, full, st, e)) == -1)
			return -1;
		walked = true;
	}
	if (fstat(fd, st) == -1) {
		(void)fail(&l, full, e);
		goto fail;
	}
	if (judge_file(&l, full, st, e) == -1)
		goto fail;
	if (!walked && check_above(&l, full, e) == -1)
		goto fail;
	remember(&l, full);
	return fd;
fail:
	(void)close(fd);
	return -1;
}

bool
path_remembered(const struct path_trust *t, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t n;

	if (t == NULL || slash == NULL || slash == path)
		return false;
	n = (size_t)(slash - path);
	return (strncmp(t->good[0], path, n) == 0 && t->good[0][n] == '\0') ||
	    (strncmp(t->good[1], path, n) == 0 && t->good[1][n] == '\0');
}

int
path_check_parent(const char *path, const char *what, struct err *e)
{
	struct look l = { what, NULL, false, 0, 0 };
	char full[PATH_MAX], real[PATH_MAX];
	struct stat st;

	if (absolute(&l, path, full, e) == -1)
		return -1;
	cut_last(full);
	if (walk(&l, full, real, &st, e) == -1)
		return -1;
	if (!S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return fail(&l, full, e);
	}
	return 0;
}

/* A new directory is only there for good when its parent has been synced. */
static int
sync_parent(const char *dir)
{
	char parent[PATH_MAX];
	int fd, rv;

	memcpy(parent, dir, strlen(dir) + 1);
	cut_last(parent);
	if (parent[0] == '\0')
		memcpy(parent, dir[0] == '/' ? "/" : ".", 2);
	if ((fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return -1;
	rv = fsync(fd);
	(void)close(fd);
	return rv;
}

static int
make_dir(const char *dir, struct err *e)
{
	struct stat st;
	char shown[SHOWN];

	if (mkdir(dir, 0700) == 0) {
		if (sync_parent(dir) == 0)
			return 0;
	} else if (errno == EEXIST) {
		if (stat(dir, &st) == 0 && S_ISDIR(st.st_mode))
			return 0;
		errno = ENOTDIR;
	}
	return err_sys(e, ERR_IO, "making the directory %s", show(shown, dir));
}

int
path_make_parent(const char *path, struct err *e)
{
	char dir[PATH_MAX];
	size_t i, len = strlen(path);

	if (len >= sizeof(dir))
		return err_set(e, ERR_IO,
		    "the path of a directory is too long");
	memcpy(dir, path, len + 1);
	cut_last(dir);
	for (i = 1; dir[0] != '\0'; i++) {
		char c = dir[i];

		if (c != '/' && c != '\0')
			continue;
		dir[i] = '\0';
		if (make_dir(dir, e) == -1)
			return -1;
		if (c == '\0')
			break;
		dir[i] = c;
	}
	return 0;
}

/* The value of an environment variable; one that is empty counts as unset. */
static const char *
variable(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

/* Writes dir and tail to buf.  name says in messages where dir is from. */
static int
put(char *buf, size_t size, const char *name, const char *dir, const char *tail,
    struct err *e)
{
	size_t n = strlen(dir), m = strlen(tail);
	char shown[SHOWN];

	if (dir[0] != '/')
		return err_set(e, ERR_CONFIG,
		    "%s is \"%s\": it must be an absolute path", name,
		    show(shown, dir));
	if (n >= size || m >= size - n)
		return err_set(e, ERR_CONFIG, "%s is too long for a path",
		    name);
	memcpy(buf, dir, n + 1);
	memcpy(buf + n, tail, m + 1);
	return 0;
}

/* Where XDG puts a kind of file, and where root has it. */
struct place {
	const char *variable;
	const char *tail;
	const char *root;
	const char *home;
};

static int
put_place(char *buf, size_t size, const struct place *p, struct err *e)
{
	const char *dir = variable(p->variable);

	if (dir != NULL)
		return put(buf, size, p->variable, dir, p->tail, e);
	if (geteuid() == 0)
		return put(buf, size, "the default path", p->root, "", e);
	if ((dir = variable("HOME")) == NULL)
		return err_set(e, ERR_CONFIG, "HOME is not set: set it, or %s",
		    p->variable);
	return put(buf, size, "HOME", dir, p->home, e);
}

int
path_vault(char *buf, size_t size, struct err *e)
{
	static const struct place place = { "XDG_DATA_HOME", "/pawl/vault",
		"/var/lib/pawl/vault", "/.local/share/pawl/vault" };
	const char *path = variable("PAWL_VAULT");

	if (path != NULL)
		return put(buf, size, "PAWL_VAULT", path, "", e);
	return put_place(buf, size, &place, e);
}

int
path_key(char *buf, size_t size, struct err *e)
{
	static const struct place place = { "XDG_CONFIG_HOME", "/pawl/key",
		"/etc/pawl/key", "/.config/pawl/key" };
	const char *path = variable("PAWL_KEY_FILE");

	if (path != NULL)
		return put(buf, size, "PAWL_KEY_FILE", path, "", e);
	if ((path = variable("CREDENTIALS_DIRECTORY")) != NULL) {
		if (put(buf, size, "CREDENTIALS_DIRECTORY", path, "/pawl.key",
			e) == -1)
			return -1;
		if (access(buf, F_OK) == 0)
			return 0;
	}
	return put_place(buf, size, &place, e);
}

int
path_state(char *buf, size_t size, struct err *e)
{
	static const struct place place = { "XDG_STATE_HOME", "/pawl",
		"/var/lib/pawl", "/.local/state/pawl" };

	return put_place(buf, size, &place, e);
}

int
path_config(char *buf, size_t size, struct err *e)
{
	const char *path = variable("PAWL_CONFIG");

	if (path != NULL)
		return put(buf, size, "PAWL_CONFIG", path, "", e);
	return put(buf, size, "the default path", "/etc/pawl/pawl.conf", "", e);
}

int
path_stack(char *buf, size_t size, struct err *e)
{
	static const char name[] = "/askpass.conf";
	size_t len;

	if (path_config(buf, size, e) == -1)
		return -1;
	cut_last(buf);
	len = strlen(buf);
	if (sizeof(name) > size - len)
		return err_set(e, ERR_CONFIG, "PAWL_CONFIG is too long");
	memcpy(buf + len, name, sizeof(name));
	return 0;
}

int
path_own_stack(char *buf, size_t size, struct err *e)
{
	const char *dir = variable("XDG_CONFIG_HOME");

	if (dir != NULL)
		return put(buf, size, "XDG_CONFIG_HOME", dir,
		    "/pawl/askpass.conf", e);
	if ((dir = variable("HOME")) == NULL)
		return err_set(e, ERR_CONFIG,
		    "HOME is not set: set it, or XDG_CONFIG_HOME");
	return put(buf, size, "HOME", dir, "/.config/pawl/askpass.conf", e);
}
