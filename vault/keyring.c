#include <sys/syscall.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "keyring.h"

/* linux/keyctl.h, which not every system has. */
#define OP_SETPERM 5
#define OP_SEARCH 10
#define OP_READ 11
#define OP_SET_TIMEOUT 15
#define OP_INVALIDATE 21
#define USER_KEYRING (-4L)
/* All but changing attributes for who possesses it; to view, read, search and
 * (for unlocking again) write for the user: a service's session is without a
 * link to the user's keyring, and then it does not possess what is there. */
#define PERMISSIONS 0x3f0f0000L

#define DESCRIPTION (sizeof("pawl:") + (size_t)2 * TABLE_ID)

static const char type[] = "user";

static void
describe(char text[static DESCRIPTION], const unsigned char *id)
{
	static const char hex[] = "0123456789abcdef";
	size_t i = 0;

	memcpy(text, "pawl:", 5);
	for (i = 0; i < TABLE_ID; i++) {
		text[5 + 2 * i] = hex[id[i] >> 4];
		text[6 + 2 * i] = hex[id[i] & 15];
	}
	text[DESCRIPTION - 1] = '\0';
}

#if defined(__NR_keyctl) && defined(__NR_add_key)

static long
add_key(const char *description, const struct secret *secret)
{
	return syscall(__NR_add_key, type, description, secret->data,
	    secret->len, USER_KEYRING);
}

static long
search(const char *description)
{
	return syscall(__NR_keyctl, OP_SEARCH, USER_KEYRING, type, description,
	    0L);
}

static long
key_control(long operation, long key, long argument)
{
	return syscall(__NR_keyctl, operation, key, argument, 0L, 0L);
}

static long
read_key(long key, struct secret *secret)
{
	return syscall(__NR_keyctl, OP_READ, key, secret->data, secret->cap,
	    0L);
}

#else

static long
no_keyrings(void)
{
	errno = ENOSYS;
	return -1;
}

static long
add_key(const char *description, const struct secret *secret)
{
	(void)description;
	(void)secret;
	return no_keyrings();
}

static long
search(const char *description)
{
	(void)description;
	return no_keyrings();
}

static long
key_control(long operation, long key, long argument)
{
	(void)operation;
	(void)key;
	(void)argument;
	return no_keyrings();
}

static long
read_key(long key, struct secret *secret)
{
	(void)key;
	(void)secret;
	return no_keyrings();
}

#endif

static int
failed(struct err *e)
{
	switch (errno) {
	case ENOSYS:
	case EOPNOTSUPP:
		return err_set(e, ERR_CONFIG,
		    "this kernel has no keyrings, so the vault cannot be kept "
		    "unlocked; give the key each time");
	case EPERM:
	case EACCES:
		return err_sys(e, ERR_DENIED, "use the kernel keyring");
	default:
		return err_sys(e, ERR_IO, "use the kernel keyring");
	}
}

/* What search() says where nothing is, or nothing any more. */
static bool
is_absent(int failure)
{
	return failure == ENOKEY || failure == EKEYEXPIRED ||
	    failure == EKEYREVOKED;
}

int
keyring_put(const unsigned char id[static TABLE_ID],
    const struct secret *secret, uint32_t seconds, struct err *e)
{
	char description[DESCRIPTION];
	long key = -1;

	describe(description, id);
	if ((key = add_key(description, secret)) == -1)
		return failed(e);
	if (key_control(OP_SET_TIMEOUT, key, (long)seconds) == 0 &&
	    key_control(OP_SETPERM, key, PERMISSIONS) == 0)
		return 0;
	(void)failed(e);
	/* Else it would stay there for good. */
	(void)key_control(OP_INVALIDATE, key, 0);
	return -1;
}

int
keyring_read(const char *description, struct secret *secret, struct err *e)
{
	long key = -1, n = -1;

	if ((key = search(description)) != -1)
		n = read_key(key, secret);
	if (n < 0 || (size_t)n > secret->cap)
		return err_set(e, ERR_NOVAULT, "not in the kernel keyring");
	secret->len = (size_t)n;
	return 0;
}

int
keyring_get(const unsigned char id[static TABLE_ID], struct secret *secret,
    struct err *e)
{
	char description[DESCRIPTION];

	describe(description, id);
	return keyring_read(description, secret, e);
}

int
keyring_remove(const unsigned char id[static TABLE_ID], bool *foundp,
    struct err *e)
{
	char description[DESCRIPTION];
	long key = -1;

	*foundp = false;
	describe(description, id);
	if ((key = search(description)) == -1)
		return is_absent(errno) ? 0 : failed(e);
	if (key_control(OP_INVALIDATE, key, 0) == -1)
		return failed(e);
	*foundp = true;
	return 0;
}
