#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "io.h"
#include "key.h"
#include "tty.h"

#define DIGITS ((size_t)2 * CRYPT_KEY)
#define PREFIX (sizeof(KEY_PREFIX) - 1)

/* A path in a message. */
#define SHOWN 200

static char *
show(char *shown, const char *path)
{
	return text_show(shown, SHOWN, slice_of(path));
}

static int
key_new(struct key *k, enum slot_kind kind, size_t cap, const char *from,
    struct err *e)
{
	memset(k, 0, sizeof(*k));
	if (strlen(from) >= sizeof(k->from))
		return err_set(e, ERR_CONFIG,
		    "the key file's path is too long");
	if ((k->secret = secret_new(cap, e)) == NULL)
		return -1;
	k->slot.kind = kind;
	k->slot.secret = k->secret;
	memcpy(k->from, from, strlen(from) + 1);
	return 0;
}

/* Exactly CRYPT_KEY bytes, or a line of text that stands for them. */
static int
parse(struct secret *to, struct slice text, const char *path, struct err *e)
{
	char shown[SHOWN];
	size_t n;

	if (text.len == CRYPT_KEY)
		return secret_set(to, text.p, text.len, e);
	if (text.len == PREFIX + DIGITS + 1 && text.p[text.len - 1] == '\n')
		text.len--;
	if (text.len == PREFIX + DIGITS &&
	    sodium_memcmp(text.p, KEY_PREFIX, PREFIX) == 0 &&
	    sodium_hex2bin(to->data, CRYPT_KEY, (const char *)text.p + PREFIX,
		DIGITS, NULL, &n, NULL) == 0 &&
	    n == CRYPT_KEY) {
		to->len = CRYPT_KEY;
		return 0;
	}
	return err_set(e, ERR_CONFIG,
	    "%s: not a key file: neither \"" KEY_PREFIX
	    "\" and %zu hexadecimal digits nor %d bytes",
	    show(shown, path), DIGITS, CRYPT_KEY);
}

/*
 * Reads as many bytes as fstat(2) told, so that it takes one read(2) and none
 * to find the end: pawl-askpass counts them.
 */
static int
read_key(struct key *k, int fd, const struct stat *st, const char *path,
    struct err *e)
{
	struct secret *text = NULL;
	char shown[SHOWN];
	ssize_t n;
	int rv = -1;

	if ((text = secret_new(KEY_FILE_MAX, e)) == NULL)
		goto out;
	if (st->st_size > 0 && st->st_size <= KEY_FILE_MAX) {
		n = read_full(fd, text->data, (size_t)st->st_size);
		if (n == -1) {
			(void)err_sys(e, ERR_IO, "read key file %s",
			    show(shown, path));
			goto out;
		}
		text->len = (size_t)n;
	}
	if (parse(k->secret, secret_slice(text), path, e) == -1)
		goto out;
	rv = 0;
out:
	secret_free(text);
	return rv;
}

static bool
has_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd == -1)
		return false;
	(void)close(fd);
	return true;
}

/*
 * A passphrase is the bytes that were typed, which are UTF-8 but on a terminal
 * of another code: it then opens the vault on such terminals only.
 */
static int
ask_passphrase(struct key *k, struct err *e)
{
	if (key_new(k, SLOT_PASSPHRASE, KEY_PASSPHRASE_MAX, "passphrase", e) ==
	    -1)
		goto fail;
	if (tty_secret("Vault passphrase: ", k->secret, e) == -1)
		goto fail;
	if (k->secret->len > 0)
		return 0;
	(void)err_set(e, ERR_NOENTRY, "no passphrase was given");
fail:
	key_free(k);
	return -1;
}

/* Writes the key as a line of text to a new file, and syncs it. */
static int
write_key(const struct key *k, int fd, struct err *e)
{
	struct secret *text = NULL;
	char shown[SHOWN];
	int rv = -1;

	/* The digits' terminating NUL becomes the newline. */
	if ((text = secret_new(PREFIX + DIGITS + 1, e)) == NULL)
		goto out;
	memcpy(text->data, KEY_PREFIX, PREFIX);
	(void)sodium_bin2hex((char *)text->data + PREFIX, DIGITS + 1,
	    k->secret->data, CRYPT_KEY);
	text->data[PREFIX + DIGITS] = '\n';
	text->len = PREFIX + DIGITS + 1;
	if (write_all(fd, text->data, text->len) == -1 || fsync(fd) == -1) {
		(void)err_sys(e, ERR_IO, "write key file %s",
		    show(shown, k->from));
		goto out;
	}
	rv = 0;
out:
	secret_free(text);
	return rv;
}

static int
sync_parent(const char *path, struct err *e)
{
	char dir[PATH_MAX], shown[SHOWN];
	const char *slash = strrchr(path, '/');
	int fd = -1, rv = -1;

	/* The root's own slash stays. */
	if (slash == NULL)
		(void)snprintf(dir, sizeof(dir), ".");
	else
		(void)snprintf(dir, sizeof(dir), "%.*s",
		    slash == path ? 1 : (int)(slash - path), path);
	if ((fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1 ||
	    fsync(fd) == -1) {
		(void)err_sys(e, ERR_IO, "sync directory %s", show(shown, dir));
		goto out;
	}
	rv = 0;
out:
	if (fd != -1)
		(void)close(fd);
	return rv;
}

static int
create(const struct key *k, struct err *e)
{
	char shown[SHOWN];
	int fd = -1, rv = -1;

	fd = open(k->from, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1 && errno == EEXIST)
		return err_set(e, ERR_DENIED,
		    "%s: is there already; use it with -k, or name another",
		    show(shown, k->from));
	if (fd == -1)
		return err_sys(e, ERR_IO, "create key file %s",
		    show(shown, k->from));
	if (write_key(k, fd, e) == -1)
		goto out;
	if (close(fd) == -1) {
		fd = -1;
		(void)err_sys(e, ERR_IO, "write key file %s",
		    show(shown, k->from));
		goto out;
	}
	fd = -1;
	if (sync_parent(k->from, e) == -1)
		goto out;
	rv = 0;
out:
	if (fd != -1)
		(void)close(fd);
	/* No vault was made with it: half a key would only be in the way. */
	if (rv == -1)
		(void)unlink(k->from);
	return rv;
}

int
key_read_file(struct key *k, const char *path, struct path_trust *t,
    struct err *e)
{
	struct stat st;
	int fd = -1;

	if (key_new(k, SLOT_RAW, CRYPT_KEY, path, e) == -1)
		goto out;
	if ((fd = path_open_trusted(path, "key file", t, &st, e)) == -1)
		goto out;
	if (read_key(k, fd, &st, path, e) == -1)
		goto out;
	k->fd = fd;
	return 0;
out:
	if (fd != -1)
		(void)close(fd);
	key_free(k);
	return -1;
}

int
key_find(struct key *k, const char *file, bool ask, struct path_trust *t,
    struct err *e)
{
	const char *named = getenv("PAWL_KEY_FILE");
	char path[PATH_MAX], shown[SHOWN];

	memset(k, 0, sizeof(*k));
	if (file != NULL)
		return key_read_file(k, file, t, e);
	if (path_key(path, sizeof(path), e) == -1)
		return -1;
	if (key_read_file(k, path, t, e) == 0)
		return 0;
	/* A file that somebody named and that is not there is a mistake. */
	if (e->kind != ERR_NOVAULT || (named != NULL && named[0] != '\0'))
		return -1;
	if (ask && has_terminal())
		return ask_passphrase(k, e);
	return err_set(e, ERR_NOVAULT,
	    "no key: there is no %s%s; give one with -k FILE or PAWL_KEY_FILE",
	    show(shown, path),
	    ask ? ", and no terminal to ask for a passphrase" : "");
}

int
key_new_passphrase(struct key *k, int fd, struct err *e)
{
	int rv;

	if (key_new(k, SLOT_PASSPHRASE, KEY_PASSPHRASE_MAX, "passphrase", e) ==
	    -1)
		goto fail;
	if (fd >= 0)
		rv = secret_read_line(fd, k->secret, e);
	else
		rv = tty_secret_twice("New vault passphrase: ", k->secret, e);
	if (rv == -1)
		goto fail;
	if (k->secret->len > 0)
		return 0;
	(void)err_set(e, ERR_USAGE, "a passphrase must not be empty");
fail:
	key_free(k);
	return -1;
}

int
key_create_file(struct key *k, const char *path, struct err *e)
{
	if (key_new(k, SLOT_RAW, CRYPT_KEY, path, e) == -1)
		goto fail;
	crypt_random(k->secret->data, CRYPT_KEY);
	k->secret->len = CRYPT_KEY;
	if (path_make_parent(path, e) == -1 ||
	    path_check_parent(path, "key file", e) == -1)
		goto fail;
	if (create(k, e) == 0)
		return 0;
fail:
	key_free(k);
	return -1;
}

void
key_free(struct key *k)
{
	if (k == NULL)
		return;
	secret_free(k->secret);
	if (k->fd > 0)
		(void)close(k->fd);
	memset(k, 0, sizeof(*k));
}
