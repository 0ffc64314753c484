#include <sys/types.h>
#include <sys/resource.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "slot.h"
#include "suites.h"
#include "table.h"

#define OPS SLOT_OPS_MIN
#define KIB SLOT_KIB_MIN

/*
 * Slots of each kind for the ids, keys and the master key that setup() makes.
 * Written by a program in Python: hashlib's BLAKE2b, an AEAD checked against
 * the vector of draft-irtf-cfrg-xchacha-03, libsodium for Argon2id and the
 * sealed box.  What is not given is zero.
 */
static const char raw_slot[] =
    "0100000000000000000000000000000008070605040302010000000000000000"
    "505152535455565758595a5b5c5d5e5fc380b13a67704deeb3cb6b8139900eff"
    "5767ae77b8bf6e7028e647462feb1a4f70a34842fd869ef95efa063b40acc846"
    "84b36e0367a9825c85a36416e28f9e0e1f0e889e869784abe59b09189c151034";

static const char pass_slot[] =
    "0200000001000000002000000000000000f15365000000000000000000000000"
    "505152535455565758595a5b5c5d5e5f959eb9885751bb6c272d1e43e6fe0672"
    "57d1737337b4ed350fa50f95d27cb155c4fd7dc8330c54248d930b35de4fafc2"
    "f1c419d0a04a877de331770c062a2e9641c623f14a15dc16a4c395463fce829d";

static const char x25519_slot[] =
    "0300000000000000000000000000000000f15365000000000000000000000000"
    "505152535455565758595a5b5c5d5e5f3274e56cb857d6c8e6c0cd9f192bcadf"
    "901fff9d599f0cc7770c6aaa15c4f3deab9341b8cba113e873e2dd36fe7058ae"
    "22583cbb0afaa7a4bb5ef3a55ea0246b840dabb4528f70f81ef67d8f4df42622"
    "675dd574ed7789310b3d2e7681f3790b466c773b1521fecf36577958371ea52f"
    "8b251869395245a3a2e8c004d63defb82d07fadaabbb2e409c02dfcf68267674"
    "956ba69968ccf93680ee20cdf92be6dc6ee50b11ac13b5d9289f9dd20b71c36d"
    "d2671fbe0cab2a58adcfa104aca4ff64";

static unsigned char id[TABLE_ID];
static unsigned char master[CRYPT_KEY];
static unsigned char slot[TABLE_SLOT];
static unsigned char header[TABLE_HEADER];
static struct secret *raw_secret;
static struct secret *pass_secret;
static struct secret *identity;
static struct slot_key raw;
static struct slot_key pass;
static struct slot_key x25519;
static struct slot_info info;
static struct err err;

/* What the last opens() found. */
static unsigned char found[CRYPT_KEY];

static void
fill(unsigned char *to, size_t len, unsigned char first)
{
	size_t i;

	for (i = 0; i < len; i++)
		to[i] = (unsigned char)(first + i);
}

static struct secret *
secret_of(const void *p, size_t len)
{
	struct secret *s = secret_new(len, &err);

	ck_assert_ptr_nonnull(s);
	ck_assert_int_eq(secret_set(s, p, len, &err), 0);
	return s;
}

static void
setup(void)
{
	static const char words[] = "correct horse battery staple";
	unsigned char bytes[32];

	ck_assert_int_eq(secret_init(NULL, 65536, &err), 0);
	fill(id, sizeof(id), 0xa0);
	fill(master, sizeof(master), 0xc0);
	fill(bytes, sizeof(bytes), 0x20);
	raw_secret = secret_of(bytes, sizeof(bytes));
	pass_secret = secret_of(words, sizeof(words) - 1);
	fill(bytes, sizeof(bytes), 0x60);
	identity = secret_of(bytes, sizeof(bytes));
	raw = (struct slot_key){ SLOT_RAW, false, raw_secret, { 0 } };
	pass = (struct slot_key){ SLOT_PASSPHRASE, false, pass_secret, { 0 } };
	x25519 = (struct slot_key){ SLOT_X25519, false, identity, { 0 } };
	info = (struct slot_info){ SLOT_EMPTY, OPS, KIB, 1700000000, { 0 } };
}

static void
unhex(const char *hex)
{
	memset(slot, 0, sizeof(slot));
	ck_assert_int_eq(sodium_hex2bin(slot, sizeof(slot), hex, strlen(hex),
			     NULL, NULL, NULL),
	    0);
}

static void
make(unsigned char *buf, const struct slot_key *key)
{
	ck_assert_msg(slot_make(buf, key, &info, master, id, &err) == 0, "%s",
	    err.msg);
}

/*
 * Whether key opens slot.  It never yields another key than master, and what
 * it yields on failure is no key.
 */
static bool
opens(const struct slot_key *key)
{
	bool fits = true;

	memset(found, 0, sizeof(found));
	memset(&err, 0, sizeof(err));
	if (slot_open(slot, key, id, found, &fits, &err) == -1) {
		ck_assert_int_ne(err.kind, ERR_NONE);
		ck_assert(err.msg[0] != '\0');
		ck_assert(!fits);
	}
	if (fits)
		ck_assert_int_eq(memcmp(found, master, sizeof(master)), 0);
	else
		ck_assert(is_zero(found, sizeof(found)));
	return fits;
}

/* A key that does not fit is no error; one of another kind costs no work. */
static bool
fits_not(const struct slot_key *key)
{
	return !opens(key) && err.kind == ERR_NONE;
}

/* K of a raw slot, put together here anew. */
static void
derive(unsigned char k[static 64])
{
	static const char context[] = "pawl slot 1";
	unsigned char in[sizeof(context) - 1 + 4 + 16 + 16];

	memcpy(in, context, sizeof(context) - 1);
	memcpy(in + 11, slot, 4);
	memcpy(in + 15, id, 16);
	memcpy(in + 31, slot + 32, 16);
	ck_assert_int_eq(crypto_generichash(k, 64, in, sizeof(in),
			     raw_secret->data, 32),
	    0);
}

/* Gives slot the commitment that its bytes call for. */
static void
commit(void)
{
	unsigned char k[64], in[96 + 112 + 16];

	derive(k);
	memcpy(in, slot, 96);
	memcpy(in + 96, slot + 128, 112);
	memcpy(in + 208, id, 16);
	ck_assert_int_eq(crypto_generichash(slot + 96, 32, in, sizeof(in),
			     k + 32, 32),
	    0);
}

START_TEST(a_raw_slot_is_that_of_the_format)
{
	unhex(raw_slot);
	ck_assert(opens(&raw));
	ck_assert(fits_not(&pass));
	ck_assert(fits_not(&x25519));
	ck_assert_int_eq(slot_get(&info, slot, &err), 0);
	ck_assert_int_eq(info.kind, SLOT_RAW);
	ck_assert(info.created == UINT64_C(0x0102030405060708));
	ck_assert_uint_eq(info.kdf_ops, 0);
	ck_assert_uint_eq(info.kdf_kib, 0);
	raw_secret->data[0] ^= 1;
	ck_assert(fits_not(&raw));
}
END_TEST

START_TEST(a_passphrase_slot_is_that_of_the_format)
{
	unhex(pass_slot);
	ck_assert(opens(&pass));
	ck_assert(fits_not(&raw));
	ck_assert(fits_not(&x25519));
	ck_assert_int_eq(slot_get(&info, slot, &err), 0);
	ck_assert_int_eq(info.kind, SLOT_PASSPHRASE);
	ck_assert_uint_eq(info.kdf_ops, 1);
	ck_assert_uint_eq(info.kdf_kib, 8192);
	pass_secret->len--;
	ck_assert(fits_not(&pass));
}
END_TEST

START_TEST(an_x25519_slot_is_that_of_the_format)
{
	unsigned char public[32];

	unhex(x25519_slot);
	ck_assert(opens(&x25519));
	ck_assert(fits_not(&raw));
	ck_assert(fits_not(&pass));
	ck_assert_int_eq(slot_get(&info, slot, &err), 0);
	ck_assert_int_eq(info.kind, SLOT_X25519);
	ck_assert_int_eq(crypto_scalarmult_base(public, identity->data), 0);
	ck_assert_int_eq(memcmp(info.recipient, public, 32), 0);
	identity->data[1] ^= 1;
	ck_assert(fits_not(&x25519));
}
END_TEST

START_TEST(what_was_made_opens)
{
	make(slot, &raw);
	ck_assert(opens(&raw));
	ck_assert_int_eq(slot_get(&info, slot, &err), 0);
	ck_assert_int_eq(info.kind, SLOT_RAW);
	ck_assert_uint_eq(info.created, 1700000000);
	info.kdf_ops = OPS;
	info.kdf_kib = KIB;
	make(slot, &pass);
	ck_assert(opens(&pass));
	ck_assert_int_eq(slot_get(&info, slot, &err), 0);
	ck_assert_uint_eq(info.kdf_ops, OPS);
	ck_assert_uint_eq(info.kdf_kib, KIB);
	make(slot, &x25519);
	ck_assert(opens(&x25519));
	ck_assert_int_eq(slot_get(&info, slot, &err), 0);
	ck_assert_uint_eq(info.kdf_ops, 0);
	ck_assert_uint_eq(info.kdf_kib, 0);
}
END_TEST

START_TEST(a_recipient_needs_only_a_public_key)
{
	struct slot_key key = { SLOT_X25519, false, NULL, { 0 } };

	ck_assert_int_eq(crypto_scalarmult_base(key.recipient, identity->data),
	    0);
	make(slot, &key);
	ck_assert(opens(&x25519));
	ck_assert_int_eq(slot_get(&info, slot, &err), 0);
	ck_assert_int_eq(memcmp(info.recipient, key.recipient, 32), 0);
	/* A point of small order: everybody would know the shared secret. */
	memset(key.recipient, 0, 32);
	ck_assert_int_eq(slot_make(slot, &key, &info, master, id, &err), -1);
	ck_assert_int_eq(err.kind, ERR_USAGE);
	ck_assert(is_zero(slot, sizeof(slot)));
}
END_TEST

/* What the slot secret of an X25519 slot is: in nobody else's hands. */
static void
unseal(unsigned char to[static 32], const unsigned char *buf)
{
	ck_assert_int_eq(crypto_box_seal_open(to, buf + 160, 80, buf + 128,
			     identity->data),
	    0);
}

START_TEST(no_two_slots_are_alike)
{
	unsigned char other[TABLE_SLOT], a[32], b[32];

	make(slot, &raw);
	make(other, &raw);
	ck_assert_int_ne(memcmp(slot + 32, other + 32, 16), 0);
	ck_assert_int_ne(memcmp(slot + 48, other + 48, 48), 0);
	make(slot, &x25519);
	make(other, &x25519);
	ck_assert_int_ne(memcmp(slot + 160, other + 160, 80), 0);
	ck_assert_int_ne(memcmp(slot + 96, other + 96, 32), 0);
	unseal(a, slot);
	unseal(b, other);
	ck_assert_int_ne(memcmp(a, b, sizeof(a)), 0);
}
END_TEST

START_TEST(a_slot_of_another_vault_does_not_open)
{
	make(slot, &raw);
	id[15] ^= 1;
	ck_assert(fits_not(&raw));
	id[15] ^= 1;
	ck_assert(opens(&raw));
}
END_TEST

START_TEST(keys_have_their_length)
{
	bool fits;

	make(slot, &raw);
	raw_secret->len = 31;
	ck_assert(!opens(&raw));
	ck_assert_int_eq(err.kind, ERR_USAGE);
	ck_assert_int_eq(slot_make(slot, &raw, &info, master, id, &err), -1);
	ck_assert_int_eq(err.kind, ERR_USAGE);
	ck_assert(is_zero(slot, sizeof(slot)));
	pass_secret->len = 0;
	ck_assert_int_eq(slot_make(slot, &pass, &info, master, id, &err), -1);
	identity->len = 33;
	ck_assert_int_eq(slot_make(slot, &x25519, &info, master, id, &err), -1);
	raw.secret = NULL;
	ck_assert_int_eq(slot_open(slot, &raw, id, found, &fits, &err), -1);
	raw_secret->len = 32;
	raw.secret = raw_secret;
	raw.kind = SLOT_EMPTY;
	ck_assert_int_eq(slot_make(slot, &raw, &info, master, id, &err), -1);
	ck_assert_int_eq(err.kind, ERR_USAGE);
	identity->len = 32;
}
END_TEST

static void
flip_every_bit(const struct slot_key *key)
{
	size_t i;

	for (i = 0; i < 8 * sizeof(slot); i++) {
		slot[i / 8] ^= (unsigned char)(1u << i % 8);
		ck_assert_msg(!opens(key), "bit %zu", i);
		slot[i / 8] ^= (unsigned char)(1u << i % 8);
	}
	ck_assert(opens(key));
}

START_TEST(an_altered_bit_does_not_open)
{
	make(slot, &raw);
	flip_every_bit(&raw);
	make(slot, &x25519);
	flip_every_bit(&x25519);
}
END_TEST

/* Fewer, for each costs an Argon2id; its costs stay, lest it takes 4 GiB. */
START_TEST(an_altered_passphrase_slot_does_not_open)
{
	size_t i;

	make(slot, &pass);
	for (i = 12; i < sizeof(slot); i += 3) {
		slot[i] ^= (unsigned char)(1u << i % 8);
		ck_assert_msg(!opens(&pass), "byte %zu", i);
		slot[i] ^= (unsigned char)(1u << i % 8);
	}
	slot[4] ^= 2;
	ck_assert(!opens(&pass));
	slot[4] ^= 2;
	ck_assert(opens(&pass));
}
END_TEST

START_TEST(a_slot_that_fits_and_does_not_open_is_damaged)
{
	size_t i;

	make(slot, &raw);
	commit();
	ck_assert(opens(&raw));
	for (i = 48; i < 96; i++) {
		slot[i] ^= 0x10;
		ck_assert(!opens(&raw));
		ck_assert_int_eq(err.kind, ERR_NONE);
		commit();
		ck_assert(!opens(&raw));
		ck_assert_int_eq(err.kind, ERR_DAMAGED);
		slot[i] ^= 0x10;
	}
	commit();
	/* What is bound by the wrapping as well: the time of creation. */
	slot[16] ^= 1;
	commit();
	ck_assert(!opens(&raw));
	ck_assert_int_eq(err.kind, ERR_DAMAGED);
}
END_TEST

static void
expect_bad(enum err_kind kind)
{
	ck_assert_int_eq(slot_get(&info, slot, &err), -1);
	ck_assert_int_eq(err.kind, kind);
}

START_TEST(unknown_kinds_are_refused_by_number)
{
	make(slot, &raw);
	put_u32(slot, 4);
	expect_bad(ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.msg, "kind 4"));
	put_u32(slot, 0x80000001);
	expect_bad(ERR_CONFIG);
}
END_TEST

START_TEST(bytes_that_must_be_zero_are)
{
	size_t i;

	memset(slot, 0, sizeof(slot));
	ck_assert_int_eq(slot_get(&info, slot, &err), 0);
	ck_assert_int_eq(info.kind, SLOT_EMPTY);
	for (i = 4; i < sizeof(slot); i++) {
		slot[i] = 1;
		expect_bad(ERR_DAMAGED);
		slot[i] = 0;
	}
	make(slot, &raw);
	for (i = 4; i < sizeof(slot); i++) {
		if ((i >= 16 && i < 24) || (i >= 32 && i < 128))
			continue;
		slot[i] = 1;
		expect_bad(ERR_DAMAGED);
		slot[i] = 0;
	}
	info.kdf_ops = OPS;
	info.kdf_kib = KIB;
	make(slot, &pass);
	for (i = 12; i < sizeof(slot); i++) {
		if ((i >= 16 && i < 24) || (i >= 32 && i < 128))
			continue;
		slot[i] = 1;
		expect_bad(ERR_DAMAGED);
		slot[i] = 0;
	}
	make(slot, &x25519);
	for (i = 4; i < 32; i++) {
		if (i >= 16 && i < 24)
			continue;
		slot[i] = 1;
		expect_bad(ERR_DAMAGED);
		slot[i] = 0;
	}
}
END_TEST

static const struct {
	uint32_t ops;
	uint32_t kib;
	bool good;
} costs[] = {
	{ SLOT_OPS_MIN, SLOT_KIB_MIN, true },
	{ SLOT_OPS_MAX, SLOT_KIB_MAX, true },
	{ SLOT_OPS_DEFAULT, SLOT_KIB_DEFAULT, true },
	{ 0, 8192, false },
	{ 17, 8192, false },
	{ UINT32_MAX, 8192, false },
	{ 1, 0, false },
	{ 1, 8191, false },
	{ 1, 4194305, false },
	{ 16, UINT32_MAX, false },
};

START_TEST(costs_have_bounds)
{
	unhex(pass_slot);
	put_u32(slot + 4, costs[_i].ops);
	put_u32(slot + 8, costs[_i].kib);
	ck_assert_int_eq(slot_get(&info, slot, &err), costs[_i].good ? 0 : -1);
	if (costs[_i].good)
		return;
	ck_assert_int_eq(err.kind, ERR_DAMAGED);
	info.kdf_ops = costs[_i].ops;
	info.kdf_kib = costs[_i].kib;
	ck_assert_int_eq(slot_make(slot, &pass, &info, master, id, &err), -1);
	ck_assert_int_eq(err.kind, ERR_USAGE);
	ck_assert(is_zero(slot, sizeof(slot)));
}
END_TEST

static uint64_t
cpu_ns(void)
{
	struct timespec t;

	ck_assert_int_eq(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Ten refusals of the dearest take less than the cheapest Argon2id. */
START_TEST(costs_are_refused_before_any_work)
{
	uint64_t start, one;
	int i;

	unhex(pass_slot);
	start = cpu_ns();
	ck_assert(opens(&pass));
	one = cpu_ns() - start;
	start = cpu_ns();
	for (i = 0; i < 10; i++) {
		put_u32(slot + 4, SLOT_OPS_MAX);
		put_u32(slot + 8, SLOT_KIB_MAX + 1);
		ck_assert(!opens(&pass));
		put_u32(slot + 4, UINT32_MAX);
		put_u32(slot + 8, SLOT_KIB_MAX);
		ck_assert(!opens(&pass));
		info.kdf_ops = SLOT_OPS_MAX + 1;
		info.kdf_kib = SLOT_KIB_MAX;
		ck_assert_int_eq(slot_make(slot, &pass, &info, master, id,
				     &err),
		    -1);
		unhex(pass_slot);
	}
	ck_assert_uint_lt(cpu_ns() - start, one);
}
END_TEST

START_TEST(no_memory_for_argon2id_is_an_error)
{
	struct rlimit old, none;
	bool fits;
	int rv;

	unhex(pass_slot);
	/* What else it allocates is there after a first time. */
	ck_assert(opens(&pass));
	ck_assert_int_eq(getrlimit(RLIMIT_AS, &old), 0);
	none = old;
	none.rlim_cur = 4096;
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &none), 0);
	rv = slot_open(slot, &pass, id, found, &fits, &err);
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &old), 0);
	ck_assert_int_eq(rv, -1);
	ck_assert_int_eq(err.kind, ERR_IO);
	ck_assert(!fits);
	ck_assert(opens(&pass));
}
END_TEST

static unsigned char *
at(unsigned int number)
{
	return header + TABLE_SLOTS_AT + (size_t)number * TABLE_SLOT;
}

static void
make_header(void)
{
	struct table_header h = { { 0 }, 1, 1700000000, 0, OPS, KIB };

	memset(header, 0, sizeof(header));
	memcpy(h.id, id, sizeof(id));
	table_header_put(header, &h);
}

static int
find(const struct slot_key *key, unsigned int *whichp)
{
	memset(found, 0, sizeof(found));
	memset(&err, 0, sizeof(err));
	return slot_find(header, key, found, whichp, &err);
}

START_TEST(finds_the_slot_of_a_key)
{
	struct slot_key other = raw;
	unsigned char bytes[32];
	unsigned int which = 99;

	fill(bytes, sizeof(bytes), 1);
	other.secret = secret_of(bytes, sizeof(bytes));
	make_header();
	make(at(3), &other);
	make(at(5), &raw);
	make(at(7), &pass);
	make(at(31), &x25519);
	ck_assert_int_eq(find(&raw, &which), 0);
	ck_assert_uint_eq(which, 5);
	ck_assert_int_eq(memcmp(found, master, sizeof(master)), 0);
	ck_assert_int_eq(find(&pass, &which), 0);
	ck_assert_uint_eq(which, 7);
	ck_assert_int_eq(find(&x25519, &which), 0);
	ck_assert_uint_eq(which, 31);
	ck_assert_int_eq(memcmp(found, master, sizeof(master)), 0);
	ck_assert_int_eq(find(&other, NULL), 0);
}
END_TEST

START_TEST(each_passphrase_slot_is_tried)
{
	struct slot_key other = pass;
	unsigned int which = 99;

	other.secret = secret_of("another one", 11);
	make_header();
	make(at(0), &other);
	make(at(1), &pass);
	ck_assert_int_eq(find(&pass, &which), 0);
	ck_assert_uint_eq(which, 1);
	ck_assert_int_eq(find(&other, &which), 0);
	ck_assert_uint_eq(which, 0);
}
END_TEST

START_TEST(a_key_that_fits_no_slot_is_denied)
{
	unsigned int which = 99;

	make_header();
	ck_assert_int_eq(find(&raw, &which), -1);
	ck_assert_int_eq(err.kind, ERR_DENIED);
	make(at(0), &pass);
	ck_assert_int_eq(find(&raw, &which), -1);
	ck_assert_int_eq(err.kind, ERR_DENIED);
	ck_assert_ptr_nonnull(strstr(err.msg, "no key slot for a key file"));
	make(at(1), &raw);
	raw_secret->data[31] ^= 0x80;
	ck_assert_int_eq(find(&raw, &which), -1);
	ck_assert_int_eq(err.kind, ERR_DENIED);
	ck_assert_ptr_nonnull(strstr(err.msg, "wrong key file"));
	ck_assert_uint_eq(which, 99);
	ck_assert(is_zero(found, sizeof(found)));
}
END_TEST

START_TEST(a_slot_that_cannot_be_read_stands_before_no_other)
{
	unsigned int which = 99;

	make_header();
	make(at(0), &raw);
	put_u32(at(0), 17);
	make(at(1), &pass);
	put_u32(at(1) + 8, UINT32_MAX);
	make(at(2), &raw);
	ck_assert_int_eq(find(&raw, &which), 0);
	ck_assert_uint_eq(which, 2);
	memset(at(2), 0, TABLE_SLOT);
	ck_assert_int_eq(find(&raw, &which), -1);
	ck_assert_int_eq(err.kind, ERR_DENIED);
	ck_assert_ptr_nonnull(strstr(err.msg, "2 of its key slots"));
}
END_TEST

START_TEST(a_damaged_slot_is_named)
{
	make_header();
	make(slot, &raw);
	slot[50] ^= 1;
	commit();
	memcpy(at(9), slot, sizeof(slot));
	ck_assert_int_eq(find(&raw, NULL), -1);
	ck_assert_int_eq(err.kind, ERR_DAMAGED);
	ck_assert_ptr_nonnull(strstr(err.msg, "key slot 9: "));
}
END_TEST

START_TEST(what_is_no_header_has_no_slots)
{
	make_header();
	make(at(0), &raw);
	header[0] ^= 1;
	ck_assert_int_eq(find(&raw, NULL), -1);
	ck_assert_int_eq(err.kind, ERR_DAMAGED);
}
END_TEST

static void
add_find_tests(Suite *s)
{
	TCase *t = tcase_create("finding");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, finds_the_slot_of_a_key);
	tcase_add_test(t, each_passphrase_slot_is_tried);
	tcase_add_test(t, a_key_that_fits_no_slot_is_denied);
	tcase_add_test(t, a_slot_that_cannot_be_read_stands_before_no_other);
	tcase_add_test(t, a_damaged_slot_is_named);
	tcase_add_test(t, what_is_no_header_has_no_slots);
	suite_add_tcase(s, t);
}

Suite *
slot_suite(void)
{
	Suite *s = suite_create("slot");
	TCase *t = tcase_create("slot");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_raw_slot_is_that_of_the_format);
	tcase_add_test(t, a_passphrase_slot_is_that_of_the_format);
	tcase_add_test(t, an_x25519_slot_is_that_of_the_format);
	tcase_add_test(t, what_was_made_opens);
	tcase_add_test(t, a_recipient_needs_only_a_public_key);
	tcase_add_test(t, no_two_slots_are_alike);
	tcase_add_test(t, a_slot_of_another_vault_does_not_open);
	tcase_add_test(t, keys_have_their_length);
	tcase_add_test(t, an_altered_bit_does_not_open);
	tcase_add_test(t, an_altered_passphrase_slot_does_not_open);
	tcase_add_test(t, a_slot_that_fits_and_does_not_open_is_damaged);
	tcase_add_test(t, unknown_kinds_are_refused_by_number);
	tcase_add_test(t, bytes_that_must_be_zero_are);
	tcase_add_loop_test(t, costs_have_bounds, 0,
	    (int)(sizeof(costs) / sizeof(costs[0])));
	tcase_add_test(t, costs_are_refused_before_any_work);
	tcase_add_test(t, no_memory_for_argon2id_is_an_error);
	suite_add_tcase(s, t);
	add_find_tests(s);
	return s;
}
