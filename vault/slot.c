#include <string.h>

#include <sodium.h>

#include "slot.h"
#include "table.h"

/* Offsets in a slot: pawl-vault(5), KEY SLOTS. */
#define AT_KIND 0
#define AT_OPS 4
#define AT_KIB 8
#define AT_ZERO 12
#define AT_CREATED 16
#define AT_ZEROS 24
#define AT_SALT 32
#define AT_WRAPPED 48
#define AT_COMMITMENT 96
#define AT_RECIPIENT 128
#define AT_SEALED 160

#define RECIPIENT 32
#define SLOT_SECRET 32
#define SEALED (SLOT_SECRET + crypto_box_SEALBYTES)
/* As CRYPT_STACK, for Argon2id and X25519. */
#define DEEP_STACK 16384
/* What both the wrapping and the commitment cover at the slot's end. */
#define TAIL (TABLE_SLOT - AT_RECIPIENT)

_Static_assert(AT_COMMITMENT == AT_WRAPPED + CRYPT_KEY + CRYPT_TAG, "layout");
_Static_assert(AT_RECIPIENT == AT_COMMITMENT + CRYPT_MAC, "layout");
_Static_assert(AT_SEALED == AT_RECIPIENT + RECIPIENT, "layout");
_Static_assert(TABLE_SLOT == AT_SEALED + SEALED, "layout");
_Static_assert(SLOT_SALT == crypto_pwhash_SALTBYTES, "Argon2id's salt");
_Static_assert(RECIPIENT == crypto_box_PUBLICKEYBYTES, "X25519");

/* The secrets of one derivation, in a struct secret. */
struct work {
	unsigned char slot_secret[SLOT_SECRET];
	/* The two halves of K. */
	unsigned char wrap[CRYPT_KEY];
	unsigned char commit[CRYPT_KEY];
};

_Static_assert(sizeof(struct work) == SLOT_SECRET + 2 * CRYPT_KEY,
    "K is whole");

/* "pawl slot 1" in ASCII, whatever code the compiler has. */
static const unsigned char context[] = { 0x70, 0x61, 0x77, 0x6c, 0x20, 0x73,
	0x6c, 0x6f, 0x74, 0x20, 0x31 };

/* A wrapping key is used once, for its salt is random. */
static const unsigned char nonce[CRYPT_NONCE];

static const char *
kind_name(enum slot_kind kind)
{
	switch (kind) {
	case SLOT_RAW:
		return "key file";
	case SLOT_PASSPHRASE:
		return "passphrase";
	case SLOT_X25519:
		return "X25519 identity";
	case SLOT_EMPTY:
		break;
	}
	return "key of no kind";
}

static int
check_costs(uint32_t ops, uint32_t kib, enum err_kind kind, struct err *e)
{
	if (ops < SLOT_OPS_MIN || ops > SLOT_OPS_MAX)
		return err_set(e, kind,
		    "%u Argon2id passes are not within %u to %u", ops,
		    SLOT_OPS_MIN, SLOT_OPS_MAX);
	if (kib < SLOT_KIB_MIN || kib > SLOT_KIB_MAX)
		return err_set(e, kind,
		    "%u KiB for Argon2id are not within %u to %u", kib,
		    SLOT_KIB_MIN, SLOT_KIB_MAX);
	return 0;
}

/* Whether key can open anything; slot_make() needs less for a recipient. */
static int
check_key(const struct slot_key *key, struct err *e)
{
	size_t len = key->secret == NULL ? 0 : key->secret->len;

	if (len == SLOT_SECRET && key->kind != SLOT_EMPTY)
		return 0;
	if (len > 0 && !key->unsealed && key->kind == SLOT_PASSPHRASE)
		return 0;
	if (len > 0 && len % SLOT_SECRET == 0 && key->kind == SLOT_X25519)
		return 0;
	return err_set(e, ERR_USAGE, "a %s has another length",
	    kind_name(key->kind));
}

static int
argon2id(struct work *w, const unsigned char *buf, const struct secret *pass,
    struct err *e)
{
	uint64_t bytes = (uint64_t)get_u32(buf + AT_KIB) * 1024;
	int rv = -1;

	/* Where size_t has 32 bits the ceiling of slots is out of reach. */
	if (bytes <= crypto_pwhash_memlimit_max())
		rv = crypto_pwhash(w->slot_secret, SLOT_SECRET,
		    (const char *)pass->data, pass->len, buf + AT_SALT,
		    get_u32(buf + AT_OPS), (size_t)bytes,
		    crypto_pwhash_ALG_ARGON2ID13);
	secret_wipe_traces(DEEP_STACK);
	if (rv == 0)
		return 0;
	return err_set(e, ERR_IO,
	    "no memory for Argon2id: the slot needs %u KiB; free some, or use "
	    "a key file",
	    get_u32(buf + AT_KIB));
}

/* Where an altered slot and another recipient's are the same: false. */
static bool
unseal(struct work *w, const unsigned char *buf, const struct secret *keys)
{
	unsigned char public[RECIPIENT];
	const unsigned char *identity = keys->data;
	bool found = false;
	size_t i = 0;

	for (i = 0; !found && i + SLOT_SECRET <= keys->len; i += SLOT_SECRET)
		found = crypto_scalarmult_base(public, identity + i) == 0 &&
		    crypto_box_seal_open(w->slot_secret, buf + AT_SEALED,
			SEALED, public, identity + i) == 0;
	secret_wipe_traces(DEEP_STACK);
	return found;
}

/* The slot secret of a slot that is to be opened. */
static int
find_secret(struct work *w, const unsigned char *buf,
    const struct slot_key *key, bool *foundp, struct err *e)
{
	*foundp = true;
	switch (key->unsealed ? SLOT_RAW : key->kind) {
	case SLOT_RAW:
		memcpy(w->slot_secret, key->secret->data, SLOT_SECRET);
		return 0;
	case SLOT_PASSPHRASE:
		return argon2id(w, buf, key->secret, e);
	case SLOT_X25519:
		*foundp = unseal(w, buf, key->secret);
		return 0;
	case SLOT_EMPTY:
		break;
	}
	*foundp = false;
	return 0;
}

/* The slot secret of a new slot; a recipient's is stored sealed. */
static int
make_secret(struct work *w, unsigned char *buf, const struct slot_key *key,
    struct err *e)
{
	bool found;
	int rv;

	if (key->kind != SLOT_X25519)
		return find_secret(w, buf, key, &found, e);
	memcpy(buf + AT_RECIPIENT, key->recipient, RECIPIENT);
	if (key->secret != NULL)
		(void)crypto_scalarmult_base(buf + AT_RECIPIENT,
		    key->secret->data);
	crypt_random(w->slot_secret, SLOT_SECRET);
	rv = crypto_box_seal(buf + AT_SEALED, w->slot_secret, SLOT_SECRET,
	    buf + AT_RECIPIENT);
	secret_wipe_traces(DEEP_STACK);
	if (rv == 0)
		return 0;
	return err_set(e, ERR_USAGE,
	    "the recipient is not an X25519 public key");
}

/* The wrapping and the commitment key from the slot secret. */
static void
derive(struct work *w, const unsigned char *buf, const unsigned char *id)
{
	unsigned char in[sizeof(context) + 4 + TABLE_ID + SLOT_SALT];
	unsigned char *p = in;

	memcpy(p, context, sizeof(context));
	p += sizeof(context);
	memcpy(p, buf + AT_KIND, 4);
	p += 4;
	memcpy(p, id, TABLE_ID);
	p += TABLE_ID;
	memcpy(p, buf + AT_SALT, SLOT_SALT);
	/* It fails for lengths only, and these are right. */
	(void)crypto_generichash(w->wrap, sizeof(w->wrap) + sizeof(w->commit),
	    in, sizeof(in), w->slot_secret, SLOT_SECRET);
	secret_wipe_traces(CRYPT_STACK);
}

/*
 * What a slot's seals cover: its first head bytes, its tail, the vault's id.
 * to has room for a slot and an id.
 */
static struct slice
covered(unsigned char *to, const unsigned char *buf, size_t head,
    const unsigned char *id)
{
	memcpy(to, buf, head);
	memcpy(to + head, buf + AT_RECIPIENT, TAIL);
	memcpy(to + head + TAIL, id, TABLE_ID);
	return (struct slice){ to, head + TAIL + TABLE_ID };
}

static void
wrap(const struct work *w, unsigned char *buf, const unsigned char *master,
    const unsigned char *id)
{
	unsigned char room[TABLE_SLOT + TABLE_ID];
	struct slice ad;

	ad = covered(room, buf, AT_WRAPPED, id);
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(buf + AT_WRAPPED, NULL,
	    master, CRYPT_KEY, ad.p, ad.len, NULL, nonce, w->wrap);
	secret_wipe_traces(CRYPT_STACK);
	crypt_mac(buf + AT_COMMITMENT, covered(room, buf, AT_COMMITMENT, id),
	    w->commit);
}

static int
unwrap(const struct work *w, const unsigned char *buf, const unsigned char *id,
    unsigned char *master, bool *fitsp, struct err *e)
{
	unsigned char room[TABLE_SLOT + TABLE_ID];
	struct slice ad;
	int rv;

	if (crypt_mac_verify(buf + AT_COMMITMENT,
		covered(room, buf, AT_COMMITMENT, id), w->commit) != 0)
		return 0;
	ad = covered(room, buf, AT_WRAPPED, id);
	rv = crypto_aead_xchacha20poly1305_ietf_decrypt(master, NULL, NULL,
	    buf + AT_WRAPPED, CRYPT_KEY + CRYPT_TAG, ad.p, ad.len, nonce,
	    w->wrap);
	secret_wipe_traces(CRYPT_STACK);
	if (rv != 0)
		return err_set(e, ERR_DAMAGED,
		    "the key slot fits the key but does not open; restore a "
		    "backup");
	*fitsp = true;
	return 0;
}

static struct secret *
work_new(struct work **wp, struct err *e)
{
	struct secret *s = secret_new(sizeof(struct work), e);

	if (s != NULL)
		*wp = (struct work *)(void *)s->data;
	return s;
}

int
slot_make(unsigned char *buf, const struct slot_key *key,
    const struct slot_info *info, const unsigned char *master,
    const unsigned char *id, struct err *e)
{
	struct secret *memory = NULL;
	struct work *w = NULL;
	int rv = -1;

	memset(buf, 0, TABLE_SLOT);
	if (key->unsealed) {
		(void)err_set(e, ERR_USAGE,
		    "no slot can be made for what the kernel keyring holds; "
		    "give the key itself: -k FILE or --passphrase");
		goto out;
	}
	if ((key->kind != SLOT_X25519 || key->secret != NULL) &&
	    check_key(key, e) == -1)
		goto out;
	put_u32(buf + AT_KIND, (uint32_t)key->kind);
	put_u64(buf + AT_CREATED, info->created);
	crypt_random(buf + AT_SALT, SLOT_SALT);
	if (key->kind == SLOT_PASSPHRASE) {
		if (check_costs(info->kdf_ops, info->kdf_kib, ERR_USAGE, e) ==
		    -1)
			goto out;
		put_u32(buf + AT_OPS, info->kdf_ops);
		put_u32(buf + AT_KIB, info->kdf_kib);
	}
	if ((memory = work_new(&w, e)) == NULL)
		goto out;
	if (make_secret(w, buf, key, e) == -1)
		goto out;
	derive(w, buf, id);
	wrap(w, buf, master, id);
	rv = 0;
out:
	if (rv == -1)
		memset(buf, 0, TABLE_SLOT);
	secret_free(memory);
	return rv;
}

int
slot_get(struct slot_info *info, const unsigned char *buf, struct err *e)
{
	uint32_t kind = get_u32(buf + AT_KIND);
	bool clean;

	memset(info, 0, sizeof(*info));
	if (kind > SLOT_X25519)
		return err_set(e, ERR_CONFIG,
		    "key slot of kind %u: made by a newer pawl", kind);
	info->kind = (enum slot_kind)kind;
	info->kdf_ops = get_u32(buf + AT_OPS);
	info->kdf_kib = get_u32(buf + AT_KIB);
	info->created = get_u64(buf + AT_CREATED);
	memcpy(info->recipient, buf + AT_RECIPIENT, RECIPIENT);
	clean = is_zero(buf + AT_ZERO, AT_CREATED - AT_ZERO) &&
	    is_zero(buf + AT_ZEROS, AT_SALT - AT_ZEROS);
	if (kind == SLOT_EMPTY)
		clean = is_zero(buf, TABLE_SLOT);
	if (kind != SLOT_X25519)
		clean = clean && is_zero(buf + AT_RECIPIENT, TAIL);
	if (kind != SLOT_PASSPHRASE)
		clean = clean && info->kdf_ops == 0 && info->kdf_kib == 0;
	if (!clean)
		return err_set(e, ERR_DAMAGED,
		    "key slot with bytes that must be zero and are not");
	if (kind == SLOT_PASSPHRASE &&
	    check_costs(info->kdf_ops, info->kdf_kib, ERR_DAMAGED, e) == -1)
		return err_in(e, "key slot");
	return 0;
}

/* Whether a slot of this kind may open with key. */
static bool
tries(const struct slot_info *info, const struct slot_key *key)
{
	return key->unsealed ? info->kind != SLOT_EMPTY :
			       info->kind == key->kind;
}

int
slot_secret(const unsigned char *buf, const struct slot_key *key,
    struct secret *to, struct err *e)
{
	struct secret *memory = NULL;
	struct work *w = NULL;
	bool found = false;
	int rv = -1;

	if (check_key(key, e) == -1 || (memory = work_new(&w, e)) == NULL)
		goto out;
	if (find_secret(w, buf, key, &found, e) == -1)
		goto out;
	if (!found)
		(void)err_set(e, ERR_DENIED, "the key does not open the slot");
	else
		rv = secret_set(to, w->slot_secret, SLOT_SECRET, e);
out:
	secret_free(memory);
	return rv;
}

int
slot_open(const unsigned char *buf, const struct slot_key *key,
    const unsigned char *id, unsigned char *master, bool *fitsp, struct err *e)
{
	struct secret *memory = NULL;
	struct work *w = NULL;
	struct slot_info info;
	bool found;
	int rv = -1;

	*fitsp = false;
	if (check_key(key, e) == -1 || slot_get(&info, buf, e) == -1)
		return -1;
	if (!tries(&info, key))
		return 0;
	if ((memory = work_new(&w, e)) == NULL)
		goto out;
	if (find_secret(w, buf, key, &found, e) == -1)
		goto out;
	if (found) {
		derive(w, buf, id);
		if (unwrap(w, buf, id, master, fitsp, e) == -1)
			goto out;
	}
	rv = 0;
out:
	secret_free(memory);
	return rv;
}

int
slot_find(const unsigned char *header, const struct slot_key *key,
    unsigned char *master, unsigned int *whichp, struct err *e)
{
	struct table_header h;
	struct slot_info info;
	struct err ignored;
	const unsigned char *buf;
	unsigned int i, tried = 0, odd = 0;
	bool fits;

	if (check_key(key, e) == -1 || table_header_get(&h, header, e) == -1)
		return -1;
	for (i = 0; i < TABLE_SLOTS; i++) {
		buf = header + TABLE_SLOTS_AT + (size_t)i * TABLE_SLOT;
		/* One that cannot be read must not stand before a good one. */
		if (slot_get(&info, buf, &ignored) == -1) {
			odd++;
			continue;
		}
		if (!tries(&info, key))
			continue;
		tried++;
		if (slot_open(buf, key, h.id, master, &fits, e) == -1)
			return err_in(e, "key slot %u", i);
		if (!fits)
			continue;
		if (whichp != NULL)
			*whichp = i;
		return 0;
	}
	if (key->unsealed)
		return err_set(e, ERR_DENIED,
		    "what \"pawl-vault unlock\" left in the kernel keyring "
		    "opens no key slot any more; run \"pawl-vault lock\" and "
		    "unlock it again");
	if (odd > 0)
		return err_set(e, ERR_DENIED,
		    "wrong key, or the vault was altered: %u of its key slots "
		    "cannot be read",
		    odd);
	if (tried == 0)
		return err_set(e, ERR_DENIED,
		    "the vault has no key slot for a %s; give another key",
		    kind_name(key->kind));
	return err_set(e, ERR_DENIED,
	    "wrong %s, or the vault was altered: no key slot opens",
	    kind_name(key->kind));
}
