#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "bech32.h"
#include "io.h"
#include "key.h"
#include "keyring.h"
#include "newfile.h"
#include "recovery.h"
#include "table.h"
#include "tty.h"

#define DIGITS ((size_t)2 * CRYPT_KEY)
#define PREFIX (sizeof(KEY_PREFIX) - 1)

#define IDENTITY_PREFIX "AGE-SECRET-KEY-"
#define IDENTITY_HRP "age-secret-key-"
#define RECIPIENT_HRP "age"
/* With the terminator, which fits into KEY_RECIPIENT. */
#define RECIPIENT_TEXT 63

_Static_assert(RECIPIENT_TEXT <= KEY_RECIPIENT, "room for a recipient");

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

/* slice_next_line(), and without the spaces and CRs at its end. */
static bool
next_line(struct slice *text, struct slice *line)
{
	if (!slice_next_line(text, line))
		return false;
	while (line->len > 0 &&
	    (line->p[line->len - 1] == '\r' || line->p[line->len - 1] == ' '))
		line->len--;
	return true;
}

/* Whether the first line that says something is an identity of age(1). */
static bool
has_identity(struct slice text)
{
	const size_t len = sizeof(IDENTITY_PREFIX) - 1;
	struct slice line = { NULL, 0 };

	while (next_line(&text, &line)) {
		if (line.len == 0 || line.p[0] == '#')
			continue;
		return line.len >= len &&
		    sodium_memcmp(line.p, IDENTITY_PREFIX, len) == 0;
	}
	return false;
}

/* Makes k the key of these identities. */
static int
parse_identities(struct key *k, struct slice text, const char *path,
    struct err *e)
{
	struct secret *to = NULL;
	struct slice line = { NULL, 0 };
	char shown[SHOWN];
	unsigned int number = 0;

	if ((to = secret_new((size_t)KEY_IDENTITIES * CRYPT_KEY, e)) == NULL)
		return -1;
	secret_free(k->secret);
	k->secret = to;
	k->slot.secret = to;
	k->slot.kind = SLOT_X25519;
	while (next_line(&text, &line)) {
		number++;
		if (line.len == 0 || line.p[0] == '#')
			continue;
		if (to->len == to->cap)
			return err_set(e, ERR_CONFIG,
			    "%s: more than %d identities", show(shown, path),
			    KEY_IDENTITIES);
		if (bech32_decode(line, IDENTITY_HRP, to->data + to->len,
			CRYPT_KEY) == -1)
			return err_set(e, ERR_CONFIG,
			    "%s: line %u: not an X25519 identity of age(1), or "
			    "a character of it is wrong",
			    show(shown, path), number);
		to->len += CRYPT_KEY;
	}
	return 0;
}

/* Exactly CRYPT_KEY bytes, or a line of text that stands for them. */
static int
parse_raw(struct secret *to, struct slice text, const char *path, struct err *e)
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

static int
parse(struct key *k, struct slice text, const char *path, struct err *e)
{
	if (text.len != CRYPT_KEY && has_identity(text))
		return parse_identities(k, text, path, e);
	return parse_raw(k->secret, text, path, e);
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
	size_t cap = KEY_FILE_MAX;
	ssize_t n;
	int rv = -1;

	if (st->st_size > KEY_FILE_MAX && st->st_size <= KEY_IDENTITY_FILE_MAX)
		cap = KEY_IDENTITY_FILE_MAX;
	if ((text = secret_new(cap, e)) == NULL)
		goto out;
	if (st->st_size > 0 && (size_t)st->st_size <= cap) {
		n = read_full(fd, text->data, (size_t)st->st_size);
		if (n == -1) {
			(void)err_sys(e, ERR_IO, "read key file %s",
			    show(shown, path));
			goto out;
		}
		text->len = (size_t)n;
	}
	if (parse(k, secret_slice(text), path, e) == -1)
		goto out;
	rv = 0;
out:
	secret_free(text);
	return rv;
}

/* The id of the vault at path, as far as that looks like one. */
static int
read_id(const char *path, unsigned char *id)
{
	unsigned char head[16 + TABLE_ID];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	bool whole = false;

	if (fd == -1)
		return -1;
	whole = pread_full(fd, head, sizeof(head), 0) == sizeof(head) &&
	    memcmp(head, TABLE_MAGIC, sizeof(TABLE_MAGIC) - 1) == 0;
	(void)close(fd);
	if (!whole)
		return -1;
	memcpy(id, head + 16, TABLE_ID);
	return 0;
}

/*
 * What unlock put there.  The id is not believed, nor need it be: the secret
 * opens a slot of the vault or it does not.
 */
static int
read_keyring(struct key *k, const char *path, struct err *e)
{
	unsigned char id[TABLE_ID];

	if (read_id(path, id) == -1)
		return err_set(e, ERR_NOVAULT, "no vault to look for");
	if (key_new(k, SLOT_RAW, CRYPT_KEY, "kernel keyring", e) == -1 ||
	    keyring_get(id, k->secret, e) == -1) {
		key_free(k);
		return -1;
	}
	k->slot.unsealed = true;
	return 0;
}

/* The key of a recovery code: pawl-vault(5), RECOVERY CODE. */
static void
recovery_key(struct key *k, const unsigned char *code)
{
	static const char context[] = u8"pawl recovery 1";

	/* It fails for lengths only, and these are right. */
	(void)crypto_generichash(k->secret->data, CRYPT_KEY,
	    (const unsigned char *)context, sizeof(context) - 1, code,
	    RECOVERY_BYTES);
	secret_wipe_traces(CRYPT_STACK);
	k->secret->len = CRYPT_KEY;
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

/* Writes the key as a line of text to a new file. */
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
	if (write_all(fd, text->data, text->len) == -1) {
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
create(const struct key *k, struct err *e)
{
	struct newfile file;
	char shown[SHOWN];

	(void)show(shown, k->from);
	if (newfile_begin(&file, k->from) == -1) {
		if (errno == EEXIST)
			return err_set(e, ERR_DENIED,
			    "%s: is there already; use it with -k, or name "
			    "another",
			    shown);
		return err_sys(e, ERR_IO, "create key file %s", shown);
	}
	if (write_key(k, file.fd, e) == -1) {
		newfile_abort(&file);
		return -1;
	}
	if (newfile_commit(&file) == -1)
		return err_sys(e, ERR_IO, "write key file %s", shown);
	return 0;
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
key_read_fd(struct key *k, int fd, struct err *e)
{
	struct secret *text = NULL;
	char from[32];

	(void)snprintf(from, sizeof(from), "descriptor %d", fd);
	if (key_new(k, SLOT_RAW, CRYPT_KEY, from, e) == -1)
		goto fail;
	if ((text = secret_new(KEY_IDENTITY_FILE_MAX, e)) == NULL ||
	    secret_read_all(fd, text, e) == -1) {
		(void)err_in(e, "key from %s", from);
		goto fail;
	}
	if (parse(k, secret_slice(text), from, e) == -1)
		goto fail;
	secret_free(text);
	return 0;
fail:
	secret_free(text);
	key_free(k);
	return -1;
}

int
key_recipient(struct key *k, const char *text, struct err *e)
{
	char shown[SHOWN];

	memset(k, 0, sizeof(*k));
	if (bech32_decode(slice_of(text), RECIPIENT_HRP, k->slot.recipient,
		sizeof(k->slot.recipient)) == -1)
		return err_set(e, ERR_USAGE,
		    "%s: not a recipient of age(1), or a character of it is "
		    "wrong: age1 and 58 more are wanted",
		    show(shown, text));
	k->slot.kind = SLOT_X25519;
	(void)snprintf(k->from, sizeof(k->from), "%s", text);
	return 0;
}

const char *
key_recipient_text(char buf[static KEY_RECIPIENT],
    const unsigned char public[static 32])
{
	struct slice bytes = { public, 32 };

	if (bech32_encode(buf, KEY_RECIPIENT, RECIPIENT_HRP, bytes) == -1)
		buf[0] = '\0';
	return buf;
}

int
key_new_recovery(struct key *k, struct secret **textp, struct err *e)
{
	struct secret *code = NULL;

	*textp = NULL;
	if (key_new(k, SLOT_RAW, CRYPT_KEY, "recovery code", e) == -1)
		goto fail;
	if ((code = secret_new(RECOVERY_BYTES, e)) == NULL ||
	    (*textp = secret_new(RECOVERY_TEXT, e)) == NULL)
		goto fail;
	crypt_random(code->data, RECOVERY_BYTES);
	recovery_put((*textp)->data, code->data);
	(*textp)->len = RECOVERY_TEXT;
	recovery_key(k, code->data);
	secret_free(code);
	return 0;
fail:
	secret_free(code);
	key_free(k);
	return -1;
}

int
key_read_recovery(struct key *k, int fd, struct err *e)
{
	struct secret *text = NULL, *code = NULL;
	int rv = -1;

	if (key_new(k, SLOT_RAW, CRYPT_KEY, "recovery code", e) == -1)
		goto out;
	if ((text = secret_new(RECOVERY_TYPED_MAX, e)) == NULL ||
	    (code = secret_new(RECOVERY_BYTES, e)) == NULL)
		goto out;
	if (fd >= 0)
		rv = secret_read_line(fd, text, e);
	else
		rv = tty_secret("Recovery code: ", text, e);
	if (rv == 0)
		rv = recovery_get(code->data, secret_slice(text), e);
	if (rv == 0)
		recovery_key(k, code->data);
out:
	secret_free(text);
	secret_free(code);
	if (rv == -1)
		key_free(k);
	return rv;
}

int
key_find(struct key *k, const char *file, bool ask, struct path_trust *t,
    struct err *e)
{
	return key_find_for(k, file, ask, NULL, t, e);
}

int
key_find_for(struct key *k, const char *file, bool ask, const char *vault,
    struct path_trust *t, struct err *e)
{
	struct err absent = { 0 };
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
	if (vault != NULL && read_keyring(k, vault, &absent) == 0)
		return 0;
	if (ask && tty_there())
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
