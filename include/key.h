/*
 * Where the key of a vault comes from, in this order: -k FILE or
 * PAWL_KEY_FILE; $CREDENTIALS_DIRECTORY/pawl.key (systemd); the default key
 * file of path_key(); what "pawl-vault unlock" left in the kernel keyring; else
 * a passphrase, asked on the terminal.
 *
 * A key file is one line, "pawl-key-1:" and 64 hexadecimal digits, or just 32
 * bytes; or the identities that age-keygen(1) writes: lines beginning with
 * "AGE-SECRET-KEY-1", and comments.  It must pass path_open_trusted().
 */
#ifndef KEY_H
#define KEY_H

#include "err.h"
#include "path.h"
#include "secret.h"
#include "slot.h"

#define KEY_PREFIX "pawl-key-1:"
/* prefix, 64 digits, newline */
#define KEY_FILE_MAX 128
/* The largest file of identities, and how many it may have. */
#define KEY_IDENTITY_FILE_MAX 4096
#define KEY_IDENTITIES 16
#define KEY_PASSPHRASE_MAX 1024

/* A key that was found; free with key_free(). */
struct key {
	struct slot_key slot;
	struct secret *secret;
	/* The key file, open until key_free(), or 0: pawl-askpass ends soon
	 * enough without. */
	int fd;
	/* Where from, for messages: a path, or a word such as "passphrase". */
	char from[PATH_MAX];
};

/*
 * Reads the key file at path.  ERR_NOVAULT if there is none, ERR_DENIED if
 * it may not be trusted, ERR_CONFIG if it is not a key.
 */
int key_read_file(struct key *k, const char *path, struct path_trust *t,
    struct err *e) MUST_CHECK;

/*
 * The order above.  file is -k's argument or NULL.  With ask, a passphrase is
 * asked for when no key file exists; without, that is ERR_NOVAULT and the
 * message says how to give a key.
 */
int key_find(struct key *k, const char *file, bool ask, struct path_trust *t,
    struct err *e) MUST_CHECK;

/*
 * As key_find(), but where no key file is and nobody named one, the kernel
 * keyring is asked for the vault at this path.
 */
int key_find_for(struct key *k, const char *file, bool ask, const char *vault,
    struct path_trust *t, struct err *e) MUST_CHECK;

/* Reads what a key file may hold from a descriptor to its end. */
int key_read_fd(struct key *k, int fd, struct err *e) MUST_CHECK;

/* The recipient "age1..." as a key that can only make a slot.  ERR_USAGE. */
int key_recipient(struct key *k, const char *text, struct err *e) MUST_CHECK;

/* "age1..." of a public key, terminated; buf has size KEY_RECIPIENT. */
#define KEY_RECIPIENT 64
const char *key_recipient_text(char buf[static KEY_RECIPIENT],
    const unsigned char public[static 32]);

/*
 * A new recovery code: its key, and its text (RECOVERY_TEXT bytes) in *textp,
 * which the caller frees.
 */
int key_new_recovery(struct key *k, struct secret **textp,
    struct err *e) MUST_CHECK;

/*
 * Asks for a recovery code, or reads one line of descriptor fd if that is >=
 * 0.  ERR_USAGE names the group that is wrong.
 */
int key_read_recovery(struct key *k, int fd, struct err *e) MUST_CHECK;

/* Asks for a new passphrase, twice (or one line of descriptor fd, if >= 0). */
int key_new_passphrase(struct key *k, int fd, struct err *e) MUST_CHECK;

/*
 * Makes a key file with 32 random bytes, mode 0600, synced; it must not exist
 * (ERR_DENIED).
 */
int key_create_file(struct key *k, const char *path, struct err *e) MUST_CHECK;

void key_free(struct key *k);

#endif
