/*
 * Key slots: the vault's master key, wrapped for one holder each.  Up to 32
 * in the header; which slots there are is not secret.
 *
 * Every slot has a 32-byte slot secret: that of a key file, what Argon2id
 * makes of a passphrase, or what an X25519 recipient unseals.  From it and
 * the slot's salt come the wrapping key and a commitment, which is checked
 * first: a slot cannot be made to open under two keys.  Layout and
 * derivation: pawl-vault(5), KEY SLOTS.
 */
#ifndef SLOT_H
#define SLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "crypt.h"
#include "err.h"
#include "secret.h"

#define SLOT_SALT 16

enum slot_kind {
	SLOT_EMPTY = 0,
	SLOT_RAW = 1,
	SLOT_PASSPHRASE = 2,
	SLOT_X25519 = 3
};

/* Argon2id costs are refused outside of these, before any work. */
#define SLOT_OPS_MIN 1u
#define SLOT_OPS_MAX 16u
#define SLOT_KIB_MIN 8192u
#define SLOT_KIB_MAX 4194304u
/* What init gives a new vault: about a second on one core. */
#define SLOT_OPS_DEFAULT 3u
#define SLOT_KIB_DEFAULT 262144u

/* What of a slot may be shown. */
struct slot_info {
	enum slot_kind kind;
	uint32_t kdf_ops;
	uint32_t kdf_kib;
	uint64_t created;
	/* X25519: the recipient's public key. */
	unsigned char recipient[32];
};

/*
 * What opens a slot, or what a new one is made for.  secret: raw 32 bytes, a
 * passphrase, or X25519 identities of 32 bytes each, of which any may fit and
 * the first is wrapped for; NULL when wrapping for a recipient, of whom only
 * the public key is known.
 */
struct slot_key {
	enum slot_kind kind;
	/* secret is that of a slot itself, from slot_secret(): it is tried on
	 * slots of every kind, and makes none. */
	bool unsealed;
	const struct secret *secret;
	unsigned char recipient[32];
};

/*
 * Makes buf (TABLE_SLOT bytes) a slot in which key opens master.  info gives
 * the costs and the time; id is the vault's.  ERR_IO if Argon2id gets no
 * memory; ERR_USAGE for costs outside the limits.
 */
int slot_make(unsigned char *buf, const struct slot_key *key,
    const struct slot_info *info, const unsigned char *master,
    const unsigned char *id, struct err *e) MUST_CHECK;

/*
 * Parses and checks a slot without a key.  ERR_CONFIG names an unknown kind;
 * ERR_DAMAGED a cost outside the limits or bytes that must be zero.
 */
int slot_get(struct slot_info *info, const unsigned char *buf,
    struct err *e) MUST_CHECK;

/*
 * Opens one slot into master (32 bytes, secret memory).  *fitsp tells whether
 * it was this key's; when it was not the return is 0 all the same.
 */
int slot_open(const unsigned char *buf, const struct slot_key *key,
    const unsigned char *id, unsigned char *master, bool *fitsp,
    struct err *e) MUST_CHECK;

/*
 * The slot secret (32 bytes) of a slot that key opens, for the kernel keyring.
 * Not checked: a wrong key gives a secret that opens nothing, or ERR_DENIED.
 */
int slot_secret(const unsigned char *buf, const struct slot_key *key,
    struct secret *to, struct err *e) MUST_CHECK;

/*
 * Tries the slots of a header in turn, raw and X25519 ones against a key of
 * their kind, passphrase ones with one Argon2id each.  ERR_DENIED if none
 * fits: a wrong key and an altered slot cannot be told apart.  *whichp, if not
 * NULL, is the slot's number.
 */
int slot_find(const unsigned char *header, const struct slot_key *key,
    unsigned char *master, unsigned int *whichp, struct err *e) MUST_CHECK;

#endif
