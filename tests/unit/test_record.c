#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "record.h"
#include "suites.h"

#define TYPE_NAME 1
#define TYPE_CREATED 2
#define TYPE_MODIFIED 3
#define TYPE_ATTR 4
#define TYPE_CURRENT 5
#define TYPE_PENDING 6
#define TYPE_ROTATION 7
#define TYPE_HISTORY 8

#define FRESH_MAX 65536

/* The fields of one entry that has each of them, made with Python's struct. */
static const char all_fields[] = "e4000000"
				 "01000a000000"
				 "70726f642f7369746531"
				 "020008000000"
				 "00f1536500000000"
				 "030008000000"
				 "01f1536500000000"
				 "04000a000000"
				 "04757365725349544531"
				 "04000e000000"
				 "04686f7374612e6578616d706c65"
				 "05000c000000"
				 "0300000000000000"
				 "707700ff"
				 "060008000000"
				 "0400000000000000"
				 "070033000000"
				 "02000000"
				 "01000000"
				 "03000000"
				 "04000000"
				 "05000000"
				 "02000000"
				 "0600000000000000"
				 "0700000000000000"
				 "0800000000000000"
				 "353330"
				 "080018000000"
				 "01000000"
				 "0900000000000000"
				 "0a00000000000000"
				 "63616e64"
				 "080017000000"
				 "00000000"
				 "0b00000000000000"
				 "0c00000000000000"
				 "6f6c64";

/* Too big for a stack, and tests run in processes of their own. */
static struct entry entry;
static struct entry again;
static unsigned char plain[RECORD_MAX];
static unsigned char copy[RECORD_MAX];
/* Where generated slices are. */
static unsigned char fresh[FRESH_MAX * 4];
static size_t nfresh;
static struct err err;

static uint64_t random_state = 1;

/* xorshift64*: the same entries in every run. */
static uint64_t
next_random(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * UINT64_C(0x2545f4914f6cdd1d);
}

static size_t
below(size_t n)
{
	return (size_t)(next_random() >> 11) % n;
}

static struct slice
random_bytes(size_t len)
{
	struct slice s = { fresh + nfresh, len };
	size_t i;

	ck_assert_uint_le(len, sizeof(fresh) - nfresh);
	for (i = 0; i < len; i++)
		fresh[nfresh++] = (unsigned char)next_random();
	return s;
}

static struct slice
random_from(const char *letters, size_t len)
{
	struct slice s = random_bytes(len);
	size_t i, n = strlen(letters);

	for (i = 0; i < len; i++)
		fresh[nfresh - len + i] = (unsigned char)letters[s.p[i] % n];
	return s;
}

static struct slice
of(const void *p, size_t len)
{
	return (struct slice){ p, len };
}

static void
random_attrs(struct entry *e)
{
	size_t n = below(4) == 0 ? below(RECORD_ATTRS_MAX + 1) : below(5);
	struct slice key, value;

	while (e->nattrs < n) {
		key = random_from("abcxyz", 1 + below(3));
		if (below(8) == 0)
			key = slice_of("notes");
		value = random_from("text \t\x7f=\\\"",
		    below(20) == 0 ? below(1000) : below(30));
		if (slice_is(key, "notes"))
			value = random_from("lines\r\n ", below(50));
		ck_assert_int_eq(record_attr_add(e, key, value, &err), 0);
	}
}

static void
random_rotation(struct rotation *r)
{
	r->state = (enum rotation_state)below(4);
	r->tried = (enum rotation_tried)below(3);
	r->exposures = (uint32_t)next_random();
	r->outstanding = (uint32_t)below(3);
	r->sends = (uint32_t)below(3);
	r->reply = (enum rotation_reply)below(3);
	r->since = next_random();
	r->rotated = below(2);
	r->attempted = below(2);
	if (below(2) == 0)
		r->note = random_from("530 refused", below(40));
}

static void
random_entry(struct entry *e)
{
	size_t n;

	memset(e, 0, sizeof(*e));
	nfresh = 0;
	e->name = random_from("abcdefgh", 1 + below(40));
	e->created = next_random();
	e->modified = next_random();
	random_attrs(e);
	if (below(4) > 0) {
		e->current = random_bytes(below(40));
		e->current_from = next_random();
	}
	if (below(4) == 0) {
		e->pending = random_bytes(below(RECORD_SECRET_MAX + 1));
		e->pending_from = next_random();
	}
	if (below(2) == 0)
		random_rotation(&e->rotation);
	n = below(2) == 0 ? 0 : below(RECORD_HISTORY_MAX + 1);
	for (e->nhistory = 0; e->nhistory < n; e->nhistory++) {
		e->history[e->nhistory] = (struct history){
			(enum history_kind)below(2),
			random_bytes(below(60)),
			next_random(),
			next_random(),
		};
	}
}

static bool
same_secret(struct slice a, struct slice b)
{
	return (a.p == NULL) == (b.p == NULL) && slice_equal(a, b);
}

static void
expect_same(const struct entry *a, const struct entry *b)
{
	const struct rotation *r = &a->rotation, *q = &b->rotation;
	size_t i;

	ck_assert(slice_equal(a->name, b->name));
	ck_assert(a->created == b->created && a->modified == b->modified);
	ck_assert_uint_eq(a->nattrs, b->nattrs);
	for (i = 0; i < a->nattrs; i++) {
		ck_assert(slice_equal(a->attrs[i].key, b->attrs[i].key));
		ck_assert(slice_equal(a->attrs[i].value, b->attrs[i].value));
	}
	ck_assert(same_secret(a->current, b->current));
	ck_assert(a->current_from == b->current_from);
	ck_assert(same_secret(a->pending, b->pending));
	ck_assert(a->pending_from == b->pending_from);
	ck_assert(r->state == q->state && r->tried == q->tried);
	ck_assert(r->exposures == q->exposures && r->sends == q->sends);
	ck_assert(r->outstanding == q->outstanding && r->reply == q->reply);
	ck_assert(r->since == q->since && r->rotated == q->rotated);
	ck_assert(r->attempted == q->attempted);
	ck_assert(slice_equal(r->note, q->note));
	ck_assert_uint_eq(a->nhistory, b->nhistory);
	for (i = 0; i < a->nhistory; i++) {
		ck_assert(a->history[i].kind == b->history[i].kind);
		ck_assert(same_secret(a->history[i].secret,
		    b->history[i].secret));
		ck_assert(a->history[i].from == b->history[i].from);
		ck_assert(a->history[i].until == b->history[i].until);
	}
}

/* entry in plain; returns the size. */
static size_t
encoded(void)
{
	size_t size = record_size(&entry, &err);

	ck_assert_msg(size > 0, "%s", err.msg);
	memset(plain, 0xaa, size);
	ck_assert_int_eq(record_encode(&entry, plain, size, &err), 0);
	return size;
}

/*
 * The only two things that may be made of size bytes: an entry that is written
 * the same again, or ERR_DAMAGED.  Decodes memory of its own, so that reading
 * on is noticed.
 */
static bool
decodes(const unsigned char *from, size_t size)
{
	unsigned char *p = malloc(size > 0 ? size : 1);
	bool good;

	ck_assert_ptr_nonnull(p);
	memcpy(p, from, size);
	memset(&err, 0, sizeof(err));
	good = record_decode(&again, of(p, size), &err) == 0;
	if (good) {
		ck_assert_uint_eq(record_size(&again, &err), size);
		ck_assert_int_eq(record_encode(&again, copy, size, &err), 0);
		ck_assert_int_eq(memcmp(copy, from, size), 0);
	} else {
		ck_assert_int_eq(err.kind, ERR_DAMAGED);
		ck_assert_ptr_nonnull(strstr(err.msg, " at byte "));
	}
	free(p);
	return good;
}

/* A record put together by hand: raw_field() for each, then raw_end(). */
static size_t nraw;

static void
raw_field(unsigned int type, const void *body, size_t len)
{
	put_u16(plain + nraw, (uint16_t)type);
	put_u32(plain + nraw + 2, (uint32_t)len);
	memcpy(plain + nraw + 6, body, len);
	nraw += 6 + len;
}

static void
raw_begin(void)
{
	memset(plain, 0, sizeof(plain));
	nraw = 4;
	raw_field(TYPE_NAME, "n", 1);
	raw_field(TYPE_CREATED, "\1\0\0\0\0\0\0\0", 8);
	raw_field(TYPE_MODIFIED, "\2\0\0\0\0\0\0\0", 8);
}

/* In the bucket that all the fields of these tests need. */
static struct slice
raw_end(size_t bucket)
{
	put_u32(plain, (uint32_t)(nraw - 4));
	ck_assert_uint_le(nraw, bucket);
	return of(plain, bucket);
}

static void
expect_refused(struct slice raw, const char *why)
{
	ck_assert_int_eq(record_decode(&again, raw, &err), -1);
	ck_assert_int_eq(err.kind, ERR_DAMAGED);
	ck_assert_msg(strstr(err.msg, why) != NULL, "%s", err.msg);
}

static void
plain_entry(void)
{
	memset(&entry, 0, sizeof(entry));
	entry.name = slice_of("prod/site1");
}

static void
setup(void)
{
	ck_assert_int_ne(sodium_init(), -1);
	plain_entry();
}

START_TEST(the_bytes_are_those_of_the_format)
{
	unsigned char fields[256];
	size_t n;

	ck_assert_int_eq(sodium_hex2bin(fields, sizeof(fields), all_fields,
			     sizeof(all_fields) - 1, NULL, &n, NULL),
	    0);
	entry.created = 1700000000;
	entry.modified = 1700000001;
	entry.attrs[0].key = slice_of("user");
	entry.attrs[0].value = slice_of("SITE1");
	entry.attrs[1].key = slice_of("host");
	entry.attrs[1].value = slice_of("a.example");
	entry.nattrs = 2;
	entry.current = of("pw\0\xff", 4);
	entry.current_from = 3;
	entry.pending = of("", 0);
	entry.pending_from = 4;
	entry.rotation = (struct rotation){
		.state = ROTATION_SENT,
		.tried = ROTATION_TRIED_CURRENT,
		.exposures = 3,
		.outstanding = 4,
		.sends = 5,
		.reply = ROTATION_REPLY_NO,
		.since = 6,
		.rotated = 7,
		.attempted = 8,
		.note = slice_of("530"),
	};
	entry.history[0] =
	    (struct history){ HISTORY_CANDIDATE, slice_of("cand"), 9, 10 };
	entry.history[1] =
	    (struct history){ HISTORY_PREVIOUS, slice_of("old"), 11, 12 };
	entry.nhistory = 2;
	ck_assert_uint_eq(encoded(), 448);
	ck_assert_int_eq(memcmp(plain, fields, n), 0);
	ck_assert(is_zero(plain + n, 448 - n));
	ck_assert_int_eq(record_decode(&again, of(plain, 448), &err), 0);
	expect_same(&entry, &again);
}
END_TEST

START_TEST(generated_entries_come_back)
{
	size_t i, size;

	for (i = 0; i < 500; i++) {
		random_entry(&entry);
		size = encoded();
		ck_assert(decodes(plain, size));
		memset(&again, 0xaa, sizeof(again));
		ck_assert_int_eq(record_decode(&again, of(plain, size), &err),
		    0);
		expect_same(&entry, &again);
	}
}
END_TEST

/* One thing in it makes a rotation worth a field. */
START_TEST(no_part_of_a_rotation_is_lost)
{
	static const struct rotation one[] = {
		{ .state = ROTATION_PEND },
		{ .tried = ROTATION_TRIED_PENDING },
		{ .exposures = 1 },
		{ .outstanding = 1 },
		{ .sends = 1 },
		{ .reply = ROTATION_REPLY_YES },
		{ .since = 1 },
		{ .rotated = 1 },
		{ .attempted = 1 },
		{ .note = { (const unsigned char *)"n", 1 } },
	};
	size_t i, size;

	for (i = 0; i < sizeof(one) / sizeof(one[0]); i++) {
		entry.rotation = one[i];
		size = encoded();
		ck_assert_int_eq(record_decode(&again, of(plain, size), &err),
		    0);
		expect_same(&entry, &again);
	}
}
END_TEST

START_TEST(id_and_version_are_left_alone)
{
	unsigned char id[RECORD_ID];
	size_t size = encoded();

	memset(&again, 0xaa, sizeof(again));
	memset(id, 0xaa, sizeof(id));
	ck_assert_int_eq(record_decode(&again, of(plain, size), &err), 0);
	ck_assert_int_eq(memcmp(again.id, id, sizeof(id)), 0);
	ck_assert(again.version == UINT64_C(0xaaaaaaaaaaaaaaaa));
}
END_TEST

START_TEST(sizes_are_buckets)
{
	static const size_t buckets[] = { 192, 448, 960, 1984, 4032, 8128,
		12224, 16320 };
	/* The length, three fields, and the head and time of a secret. */
	const size_t rest = 4 + 6 + 10 + 14 + 14 + 14, note = 6 + 48;
	size_t i, need;

	for (i = 0; i < sizeof(buckets) / sizeof(buckets[0]); i++) {
		plain_entry();
		need = buckets[i] - rest;
		entry.current = of(fresh, 0);
		while (need > RECORD_SECRET_MAX) {
			entry.history[entry.nhistory++].secret =
			    of(fresh, RECORD_SECRET_MAX - 26);
			need -= RECORD_SECRET_MAX;
		}
		if (need > note + 1) {
			entry.rotation.note = of(memset(fresh, 'x', 100), 1);
			need -= note + 1;
		}
		entry.current.len = need;
		ck_assert_uint_eq(record_size(&entry, &err), buckets[i]);
		ck_assert_uint_eq(encoded(), buckets[i]);
		ck_assert(decodes(plain, buckets[i]));
		entry.rotation.note.len++;
		entry.rotation.note.p = fresh;
		ck_assert_uint_gt(record_size(&entry, &err), buckets[i]);
	}
}
END_TEST

START_TEST(the_largest_fits_and_one_byte_more_does_not)
{
	size_t i, used;

	for (i = 0; i < RECORD_HISTORY_MAX; i++)
		entry.history[i].secret = of(fresh, RECORD_SECRET_MAX);
	entry.nhistory = RECORD_HISTORY_MAX;
	used = 4 + 16 + 2 * 14 + RECORD_HISTORY_MAX * (26 + RECORD_SECRET_MAX);
	memset(fresh, 'x', FRESH_MAX);
	for (i = 0; RECORD_MAX - used > RECORD_VALUE_MAX + 8; i++) {
		ck_assert_int_eq(record_attr_add(&entry, slice_of("a"),
				     of(fresh, RECORD_VALUE_MAX), &err),
		    0);
		used += 8 + RECORD_VALUE_MAX;
	}
	ck_assert_int_eq(record_attr_add(&entry, slice_of("a"),
			     of(fresh, RECORD_MAX - used - 8), &err),
	    0);
	ck_assert_uint_eq(encoded(), RECORD_MAX);
	ck_assert(decodes(plain, RECORD_MAX));
	entry.attrs[i].value.len++;
	ck_assert_uint_eq(record_size(&entry, &err), 0);
	ck_assert_int_eq(err.kind, ERR_USAGE);
	ck_assert_int_eq(record_encode(&entry, plain, RECORD_MAX, &err), -1);
}
END_TEST

START_TEST(limits_are_refused_before_encoding)
{
	entry.current = of(fresh, RECORD_SECRET_MAX + 1);
	ck_assert_uint_eq(record_size(&entry, &err), 0);
	ck_assert_int_eq(err.kind, ERR_USAGE);
	plain_entry();
	entry.pending = of(fresh, RECORD_SECRET_MAX + 1);
	ck_assert_uint_eq(record_size(&entry, &err), 0);
	plain_entry();
	entry.history[0].secret = of(fresh, RECORD_SECRET_MAX + 1);
	entry.nhistory = 1;
	ck_assert_uint_eq(record_size(&entry, &err), 0);
	entry.history[0].secret.len = 1;
	entry.history[0].kind = (enum history_kind)2;
	ck_assert_uint_eq(record_size(&entry, &err), 0);
	plain_entry();
	entry.nhistory = RECORD_HISTORY_MAX + 1;
	ck_assert_uint_eq(record_size(&entry, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.msg, "more than 16"));
	plain_entry();
	entry.nattrs = RECORD_ATTRS_MAX + 1;
	ck_assert_uint_eq(record_size(&entry, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.msg, "more than 64 attributes"));
	plain_entry();
	entry.attrs[0].key = slice_of("A");
	entry.nattrs = 1;
	ck_assert_uint_eq(record_size(&entry, &err), 0);
	plain_entry();
	entry.rotation.state = (enum rotation_state)4;
	ck_assert_uint_eq(record_size(&entry, &err), 0);
	plain_entry();
	entry.rotation.reply = (enum rotation_reply)3;
	ck_assert_uint_eq(record_size(&entry, &err), 0);
	plain_entry();
	entry.rotation.tried = (enum rotation_tried)3;
	ck_assert_uint_eq(record_size(&entry, &err), 0);
	plain_entry();
	entry.rotation.note = slice_of("two\nlines");
	ck_assert_uint_eq(record_size(&entry, &err), 0);
	entry.rotation.note = of(memset(fresh, 'x', 2000), 1025);
	ck_assert_uint_eq(record_size(&entry, &err), 0);
	plain_entry();
	entry.name = slice_of("");
	ck_assert_uint_eq(record_size(&entry, &err), 0);
	ck_assert_int_eq(err.kind, ERR_USAGE);
}
END_TEST

START_TEST(only_the_right_size_is_encoded)
{
	size_t size = encoded();

	memset(plain, 0xaa, sizeof(plain));
	ck_assert_int_eq(record_encode(&entry, plain, size - 1, &err), -1);
	ck_assert_int_eq(err.kind, ERR_USAGE);
	ck_assert_int_eq(record_encode(&entry, plain, 448, &err), -1);
	ck_assert_uint_eq(plain[0], 0xaa);
}
END_TEST

START_TEST(every_truncation_is_refused)
{
	size_t i, n, size;

	for (n = 0; n < 20; n++) {
		random_entry(&entry);
		size = encoded();
		for (i = 0; i < size; i++)
			ck_assert(!decodes(plain, i));
		plain[size] = 0;
		ck_assert(!decodes(plain, size + 1));
	}
}
END_TEST

/* A secret's byte or a time may change, and then reads as it was written. */
START_TEST(every_altered_byte_is_refused_or_reads_as_written)
{
	static const unsigned char x[] = { 1, 2, 4, 8, 16, 32, 64, 128, 255 };
	size_t i, n, size, good = 0, bad = 0;

	for (n = 0; n < 8; n++) {
		do {
			random_entry(&entry);
			size = record_size(&entry, &err);
		} while (size > 960);
		(void)encoded();
		for (i = 0; i < size * sizeof(x); i++) {
			plain[i / sizeof(x)] ^= x[i % sizeof(x)];
			if (decodes(plain, size))
				good++;
			else
				bad++;
			plain[i / sizeof(x)] ^= x[i % sizeof(x)];
		}
		ck_assert(decodes(plain, size));
	}
	ck_assert_uint_gt(good, 1000);
	ck_assert_uint_gt(bad, 1000);
}
END_TEST

START_TEST(an_unknown_type_is_refused_by_number)
{
	raw_begin();
	raw_field(9, "", 0);
	expect_refused(raw_end(192), "field 9 at byte 39 is of a type");
	raw_begin();
	raw_field(65535, "x", 1);
	expect_refused(raw_end(192), "field 65535 at byte 39");
	raw_begin();
	raw_field(0, "x", 1);
	expect_refused(raw_end(192), "field 0 at byte 39");
}
END_TEST

START_TEST(fields_stand_in_order_and_once)
{
	raw_begin();
	raw_field(TYPE_MODIFIED, "\2\0\0\0\0\0\0\0", 8);
	expect_refused(raw_end(192), "field 3 at byte 39 is out of order");
	raw_begin();
	raw_field(TYPE_PENDING, "\2\0\0\0\0\0\0\0p", 9);
	raw_field(TYPE_CURRENT, "\2\0\0\0\0\0\0\0p", 9);
	expect_refused(raw_end(192), "field 5 at byte 54 is out of order");
	raw_begin();
	raw_field(TYPE_CURRENT, "\2\0\0\0\0\0\0\0p", 9);
	raw_field(TYPE_CURRENT, "\2\0\0\0\0\0\0\0p", 9);
	expect_refused(raw_end(192), "out of order");
	raw_begin();
	raw_field(TYPE_CURRENT, "\2\0\0\0\0\0\0\0p", 9);
	raw_field(TYPE_PENDING, "\2\0\0\0\0\0\0\0p", 9);
	ck_assert(decodes(plain, raw_end(192).len));
}
END_TEST

START_TEST(the_first_three_fields_must_be_there)
{
	raw_begin();
	nraw = 4;
	expect_refused(raw_end(192), "bytes behind the end");
	memset(plain, 0, sizeof(plain));
	expect_refused(raw_end(192), "field 1 is missing");
	raw_field(TYPE_NAME, "n", 1);
	expect_refused(raw_end(192), "field 2 is missing");
	raw_field(TYPE_CREATED, "\1\0\0\0\0\0\0\0", 8);
	expect_refused(raw_end(192), "field 3 is missing");
	raw_field(TYPE_CURRENT, "\2\0\0\0\0\0\0\0p", 9);
	expect_refused(raw_end(192), "field 5 at byte 25 is out of order");
}
END_TEST

START_TEST(padding_is_zero_and_no_longer_than_needed)
{
	raw_begin();
	ck_assert(decodes(plain, raw_end(192).len));
	ck_assert(!decodes(plain, raw_end(448).len));
	ck_assert(!decodes(plain, raw_end(191).len));
	plain[191] = 1;
	expect_refused(raw_end(192), "bytes behind the end at byte 39");
	plain[191] = 0;
	plain[39] = 1;
	expect_refused(raw_end(192), "bytes behind the end at byte 39");
}
END_TEST

START_TEST(lengths_do_not_reach_over_the_end)
{
	static const uint32_t lengths[] = { 189, 192, 448, 0x7fffffff,
		0xfffffffc, 0xffffffff };
	size_t i;

	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		raw_begin();
		(void)raw_end(192);
		put_u32(plain, lengths[i]);
		ck_assert(!decodes(plain, 192));
		raw_begin();
		(void)raw_end(192);
		put_u32(plain + 6, lengths[i]);
		ck_assert(!decodes(plain, 192));
	}
	raw_begin();
	nraw += 5;
	expect_refused(raw_end(192), "the field at byte 39 is cut short");
}
END_TEST

START_TEST(odd_fields_are_refused)
{
	unsigned char rotation[48] = { 0 }, history[20] = { 0 };

	raw_begin();
	raw_field(TYPE_CURRENT, "\2\0\0\0\0\0\0", 7);
	expect_refused(raw_end(192), "too short or too long for a secret");
	raw_begin();
	raw_field(TYPE_CURRENT, copy, 8 + RECORD_SECRET_MAX + 1);
	expect_refused(raw_end(8128), "too short or too long for a secret");
	raw_begin();
	raw_field(TYPE_ATTR, "", 0);
	expect_refused(raw_end(192), "too short for an attribute");
	raw_begin();
	raw_field(TYPE_ATTR, "\4use", 4);
	expect_refused(raw_end(192), "too short for an attribute");
	raw_begin();
	raw_field(TYPE_ATTR, "\0user", 5);
	expect_refused(raw_end(192), "key of no or more than 64");
	raw_begin();
	raw_field(TYPE_ATTR, "\4Userx", 6);
	expect_refused(raw_end(192), "key of other than");
	raw_begin();
	raw_field(TYPE_ROTATION, rotation, 48);
	expect_refused(raw_end(192), "rotation without content");
	rotation[8] = 1;
	raw_begin();
	raw_field(TYPE_ROTATION, rotation, 47);
	expect_refused(raw_end(192), "too short for a rotation");
	raw_begin();
	raw_field(TYPE_ROTATION, rotation, 48);
	ck_assert(decodes(plain, raw_end(192).len));
	rotation[0] = 4;
	raw_begin();
	raw_field(TYPE_ROTATION, rotation, 48);
	expect_refused(raw_end(192), "rotation state that does not exist");
	rotation[0] = 3;
	rotation[4] = 3;
	raw_begin();
	raw_field(TYPE_ROTATION, rotation, 48);
	expect_refused(raw_end(192), "tried password that does not exist");
	rotation[4] = 2;
	rotation[20] = 3;
	raw_begin();
	raw_field(TYPE_ROTATION, rotation, 48);
	expect_refused(raw_end(192), "reply to a change that does not exist");
	raw_begin();
	raw_field(TYPE_HISTORY, history, 19);
	expect_refused(raw_end(192), "too short for a past secret");
	history[0] = 2;
	raw_begin();
	raw_field(TYPE_HISTORY, history, 20);
	expect_refused(raw_end(192), "a kind that does not exist");
}
END_TEST

START_TEST(no_more_attributes_and_history_than_allowed)
{
	unsigned char history[20] = { 0 };
	size_t i;

	raw_begin();
	for (i = 0; i < RECORD_ATTRS_MAX; i++)
		raw_field(TYPE_ATTR, "\1kv", 3);
	ck_assert(decodes(plain, raw_end(960).len));
	raw_field(TYPE_ATTR, "\1kv", 3);
	expect_refused(raw_end(960), "one attribute too many");
	raw_begin();
	for (i = 0; i < RECORD_HISTORY_MAX; i++)
		raw_field(TYPE_HISTORY, history, 20);
	ck_assert(decodes(plain, raw_end(960).len));
	raw_field(TYPE_HISTORY, history, 20);
	expect_refused(raw_end(960), "one past secret too many");
}
END_TEST

static const struct {
	const char *name;
	bool good;
} names[] = {
	{ "a", true },
	{ "prod/site1", true },
	{ "a b/c=d", true },
	{ "...", true },
	{ ".a/a./..a/a..", true },
	{ "a-b", true },
	{ "a/-b", true },
	{ "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", true },
	{ "\xf4\x8f\xbf\xbf", true },
	{ "\xed\x9f\xbf", true },
	{ "\xee\x80\x80", true },
	{ "\xc2\xa0", true },
	{ "", false },
	{ "/a", false },
	{ "a/", false },
	{ "/", false },
	{ "a//b", false },
	{ ".", false },
	{ "..", false },
	{ "a/./b", false },
	{ "a/..", false },
	{ "../a", false },
	{ "-a", false },
	{ "a\nb", false },
	{ "a\tb", false },
	{ "\x1f", false },
	{ "a\x7f", false },
	{ "\xc2\x80", false },
	{ "\xc2\x9f", false },
	{ "\x80", false },
	{ "\xbf", false },
	{ "\xc3", false },
	{ "\xc3(", false },
	{ "\xc3\xc3", false },
	{ "\xe2\x82\xff", false },
	{ "\xe2\x82", false },
	{ "\xe2\x28\xa1", false },
	{ "\xf0\x9f\x98", false },
	{ "\xc0\xaf", false },
	{ "\xc1\xbf", false },
	{ "\xe0\x9f\xbf", false },
	{ "\xf0\x8f\xbf\xbf", false },
	{ "\xed\xa0\x80", false },
	{ "\xed\xbf\xbf", false },
	{ "\xf4\x90\x80\x80", false },
	{ "\xf5\x80\x80\x80", false },
	{ "\xf8\x88\x80\x80\x80", false },
	{ "\xff", false },
};

START_TEST(names_are_checked)
{
	struct slice s = slice_of(names[_i].name);
	/* In memory of its own, so that reading on is noticed. */
	unsigned char *p = malloc(s.len > 0 ? s.len : 1);

	ck_assert_ptr_nonnull(p);
	memcpy(p, s.p, s.len);
	s.p = p;
	if (names[_i].good) {
		ck_assert_int_eq(record_name_check(s, &err), 0);
	} else {
		ck_assert_int_eq(record_name_check(s, &err), -1);
		ck_assert_int_eq(err.kind, ERR_USAGE);
	}
	free(p);
}
END_TEST

START_TEST(names_have_255_bytes_and_no_nul)
{
	memset(fresh, 'n', 300);
	ck_assert_int_eq(record_name_check(of(fresh, 255), &err), 0);
	ck_assert_int_eq(record_name_check(of(fresh, 256), &err), -1);
	ck_assert_int_eq(record_name_check(of("a\0b", 3), &err), -1);
}
END_TEST

static const struct {
	const char *key;
	const char *value;
	bool good;
} attrs[] = {
	{ "user", "", true },
	{ "rotate.min-age", "1d", true },
	{ "a9", "tab\tand \xe2\x82\xac", true },
	{ "notes", "two\r\nlines", true },
	{ "", "v", false },
	{ "9a", "v", false },
	{ ".a", "v", false },
	{ "-a", "v", false },
	{ "User", "v", false },
	{ "us_er", "v", false },
	{ "us er", "v", false },
	{ "us\xc3\xa9r", "v", false },
	{ "a{", "v", false },
	{ "a`", "v", false },
	{ "a:", "v", false },
	{ "a/", "v", false },
	{ "user", "two\nlines", false },
	{ "user", "two\rlines", false },
	{ "note", "two\nlines", false },
	{ "notes.x", "two\nlines", false },
	{ "user", "\xff", false },
	{ "notes", "\xff", false },
};

START_TEST(attributes_are_checked)
{
	ck_assert_int_eq(record_attr_check(slice_of(attrs[_i].key),
			     slice_of(attrs[_i].value), &err),
	    attrs[_i].good ? 0 : -1);
}
END_TEST

START_TEST(attributes_have_limits_and_no_nul)
{
	memset(fresh, 'v', RECORD_VALUE_MAX + 1);
	ck_assert_int_eq(record_attr_check(of(fresh, 64),
			     of(fresh, RECORD_VALUE_MAX), &err),
	    0);
	ck_assert_int_eq(record_attr_check(of(fresh, 65), slice_of(""), &err),
	    -1);
	ck_assert_int_eq(err.kind, ERR_USAGE);
	ck_assert_int_eq(record_attr_check(slice_of("a"),
			     of(fresh, RECORD_VALUE_MAX + 1), &err),
	    -1);
	ck_assert_int_eq(record_attr_check(slice_of("a"), of("a\0b", 3), &err),
	    -1);
	ck_assert_int_eq(record_attr_check(slice_of("notes"), of("a\0b", 3),
			     &err),
	    -1);
}
END_TEST

/* The attributes of entry as "key=value;key=value;". */
static void
expect_attrs(const char *text)
{
	char is[1024] = "";
	size_t i;

	for (i = 0; i < entry.nattrs; i++) {
		strncat(is, (const char *)entry.attrs[i].key.p,
		    entry.attrs[i].key.len);
		strncat(is, "=", 2);
		strncat(is, (const char *)entry.attrs[i].value.p,
		    entry.attrs[i].value.len);
		strncat(is, ";", 2);
	}
	ck_assert_str_eq(is, text);
}

static void
set(const char *key, const char *value)
{
	struct slice v = { NULL, 0 };

	if (value != NULL)
		v = slice_of(value);
	ck_assert_int_eq(record_attr_set(&entry, slice_of(key), v, &err), 0);
}

static void
add(const char *key, const char *value)
{
	ck_assert_int_eq(record_attr_add(&entry, slice_of(key), slice_of(value),
			     &err),
	    0);
}

START_TEST(attributes_are_set_added_and_removed)
{
	set("user", "A");
	add("host", "one");
	add("host", "two");
	set("port", "22");
	add("host", "two");
	expect_attrs("user=A;host=one;host=two;port=22;host=two;");
	set("host", "three");
	expect_attrs("user=A;host=three;port=22;");
	set("user", "");
	expect_attrs("user=;host=three;port=22;");
	set("hos", NULL);
	expect_attrs("user=;host=three;port=22;");
	add("host", "four");
	set("host", NULL);
	expect_attrs("user=;port=22;");
	ck_assert_int_eq(record_attr_set(&entry, slice_of("user"),
			     slice_of("a\nb"), &err),
	    -1);
	ck_assert_int_eq(record_attr_add(&entry, slice_of("USER"),
			     slice_of("a"), &err),
	    -1);
	expect_attrs("user=;port=22;");
}
END_TEST

START_TEST(attributes_are_found_in_order)
{
	struct slice v;
	size_t at = 0;

	add("host", "one");
	add("user", "A");
	add("host", "two");
	ck_assert(record_attr(&entry, "host", &at, &v));
	ck_assert(slice_is(v, "one"));
	ck_assert(record_attr(&entry, "host", &at, &v));
	ck_assert(slice_is(v, "two"));
	ck_assert(!record_attr(&entry, "host", &at, &v));
	at = 0;
	ck_assert(!record_attr(&entry, "hos", &at, &v));
	ck_assert(!record_attr(&entry, "hosts", &at, &v));
	ck_assert(record_has(&entry, "user"));
	ck_assert(!record_has(&entry, "use"));
	ck_assert(record_attr_is(&entry, "host", "two"));
	ck_assert(!record_attr_is(&entry, "host", "A"));
	ck_assert(!record_attr_is(&entry, "port", "two"));
}
END_TEST

START_TEST(a_full_entry_takes_no_attribute)
{
	size_t i;

	for (i = 0; i < RECORD_ATTRS_MAX; i++)
		add("host", "h");
	ck_assert_int_eq(record_attr_add(&entry, slice_of("host"),
			     slice_of("h"), &err),
	    -1);
	ck_assert_int_eq(err.kind, ERR_USAGE);
	ck_assert_int_eq(record_attr_set(&entry, slice_of("user"),
			     slice_of("u"), &err),
	    -1);
	ck_assert_uint_eq(entry.nattrs, RECORD_ATTRS_MAX);
	set("host", "one");
	expect_attrs("host=one;");
}
END_TEST

START_TEST(a_replaced_secret_becomes_previous)
{
	ck_assert_int_eq(record_replace(&entry, slice_of("one"), 10, &err), 0);
	ck_assert(slice_is(entry.current, "one"));
	ck_assert_uint_eq(entry.current_from, 10);
	ck_assert_uint_eq(entry.nhistory, 0);
	ck_assert_int_eq(record_replace(&entry, slice_of("two"), 20, &err), 0);
	ck_assert_int_eq(record_replace(&entry, slice_of("three"), 30, &err),
	    0);
	ck_assert(slice_is(entry.current, "three"));
	ck_assert_uint_eq(entry.current_from, 30);
	ck_assert_uint_eq(entry.nhistory, 2);
	ck_assert(slice_is(entry.history[0].secret, "two"));
	ck_assert(slice_is(entry.history[1].secret, "one"));
	ck_assert_int_eq(entry.history[0].kind, HISTORY_PREVIOUS);
	ck_assert_uint_eq(entry.history[0].from, 20);
	ck_assert_uint_eq(entry.history[0].until, 30);
	ck_assert_uint_eq(entry.history[1].from, 10);
	ck_assert_uint_eq(entry.history[1].until, 20);
}
END_TEST

START_TEST(an_empty_secret_is_one_too)
{
	ck_assert_int_eq(record_replace(&entry, of("", 0), 10, &err), 0);
	ck_assert_int_eq(record_replace(&entry, slice_of("x"), 20, &err), 0);
	ck_assert_uint_eq(entry.nhistory, 1);
	ck_assert_uint_eq(entry.history[0].secret.len, 0);
}
END_TEST

START_TEST(a_bad_secret_changes_nothing)
{
	entry.current = slice_of("one");
	ck_assert_int_eq(record_replace(&entry,
			     of(fresh, RECORD_SECRET_MAX + 1), 10, &err),
	    -1);
	ck_assert_int_eq(err.kind, ERR_USAGE);
	ck_assert_int_eq(record_replace(&entry, of(NULL, 0), 10, &err), -1);
	ck_assert(slice_is(entry.current, "one"));
	ck_assert_uint_eq(entry.nhistory, 0);
}
END_TEST

START_TEST(a_candidate_is_kept)
{
	entry.current = slice_of("one");
	entry.pending = slice_of("two");
	entry.pending_from = 5;
	ck_assert_int_eq(record_keep_candidate(&entry, 9, &err), 0);
	ck_assert(slice_is(entry.current, "one"));
	ck_assert_ptr_null(entry.pending.p);
	ck_assert_uint_eq(entry.pending_from, 0);
	ck_assert_uint_eq(entry.nhistory, 1);
	ck_assert_int_eq(entry.history[0].kind, HISTORY_CANDIDATE);
	ck_assert(slice_is(entry.history[0].secret, "two"));
	ck_assert_uint_eq(entry.history[0].from, 5);
	ck_assert_uint_eq(entry.history[0].until, 9);
	ck_assert_int_eq(record_keep_candidate(&entry, 9, &err), -1);
	ck_assert_uint_eq(entry.nhistory, 1);
}
END_TEST

/* History with letters for secrets, newest first; upper case: candidates. */
static void
set_history(const char *letters)
{
	size_t i;

	entry.nhistory = strlen(letters);
	for (i = 0; i < entry.nhistory; i++) {
		entry.history[i] = (struct history){ HISTORY_PREVIOUS,
			of(letters + i, 1), i, i };
		if (letters[i] >= 'A' && letters[i] <= 'Z')
			entry.history[i].kind = HISTORY_CANDIDATE;
	}
}

static void
expect_history(const char *letters)
{
	size_t i;

	ck_assert_uint_eq(entry.nhistory, strlen(letters));
	for (i = 0; i < entry.nhistory; i++) {
		ck_assert_uint_eq(entry.history[i].secret.len, 1);
		ck_assert_int_eq(entry.history[i].secret.p[0], letters[i]);
		ck_assert_int_eq(entry.history[i].kind,
		    letters[i] >= 'A' && letters[i] <= 'Z');
	}
}

static const struct {
	const char *before;
	const char *after;
} drops[] = {
	{ "", "x" },
	{ "abcdefghijklmno", "xabcdefghijklmno" },
	{ "abcdefghijklmnop", "xabcdefghijklmno" },
	{ "abcdefghijklmnoP", "xabcdefghijklmnP" },
	{ "abCDEFGHIJKLMNOP", "xaCDEFGHIJKLMNOP" },
	{ "aBCDEFGHIJKLMNOP", "xBCDEFGHIJKLMNOP" },
	{ "ABCDEFGhIJKLMNOP", "xABCDEFGIJKLMNOP" },
	{ "ABCDEFGHIJKLMNO", "xABCDEFGHIJKLMNO" },
};

START_TEST(the_oldest_previous_one_makes_room)
{
	set_history(drops[_i].before);
	entry.current = slice_of("x");
	ck_assert_int_eq(record_replace(&entry, slice_of("y"), 1, &err), 0);
	expect_history(drops[_i].after);
	ck_assert(slice_is(entry.current, "y"));
}
END_TEST

START_TEST(candidates_never_make_room)
{
	set_history("ABCDEFGHIJKLMNOP");
	entry.current = slice_of("x");
	entry.current_from = 7;
	ck_assert_int_eq(record_replace(&entry, slice_of("y"), 1, &err), -1);
	ck_assert_int_eq(err.kind, ERR_DENIED);
	ck_assert_ptr_nonnull(strstr(err.msg, "pawl-rotate check"));
	expect_history("ABCDEFGHIJKLMNOP");
	ck_assert(slice_is(entry.current, "x"));
	ck_assert_uint_eq(entry.current_from, 7);
	entry.pending = slice_of("z");
	ck_assert_int_eq(record_keep_candidate(&entry, 1, &err), -1);
	ck_assert_int_eq(err.kind, ERR_DENIED);
	ck_assert(slice_is(entry.pending, "z"));
	expect_history("ABCDEFGHIJKLMNOP");
	set_history("aBCDEFGHIJKLMNOP");
	entry.pending = slice_of("Z");
	ck_assert_int_eq(record_keep_candidate(&entry, 1, &err), 0);
	expect_history("ZBCDEFGHIJKLMNOP");
}
END_TEST

static void
add_history_tests(Suite *s)
{
	TCase *t = tcase_create("history");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, a_replaced_secret_becomes_previous);
	tcase_add_test(t, an_empty_secret_is_one_too);
	tcase_add_test(t, a_bad_secret_changes_nothing);
	tcase_add_test(t, a_candidate_is_kept);
	tcase_add_loop_test(t, the_oldest_previous_one_makes_room, 0,
	    (int)(sizeof(drops) / sizeof(drops[0])));
	tcase_add_test(t, candidates_never_make_room);
	suite_add_tcase(s, t);
}

static void
add_attr_tests(Suite *s)
{
	TCase *t = tcase_create("names and attributes");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_loop_test(t, names_are_checked, 0,
	    (int)(sizeof(names) / sizeof(names[0])));
	tcase_add_test(t, names_have_255_bytes_and_no_nul);
	tcase_add_loop_test(t, attributes_are_checked, 0,
	    (int)(sizeof(attrs) / sizeof(attrs[0])));
	tcase_add_test(t, attributes_have_limits_and_no_nul);
	tcase_add_test(t, attributes_are_set_added_and_removed);
	tcase_add_test(t, attributes_are_found_in_order);
	tcase_add_test(t, a_full_entry_takes_no_attribute);
	suite_add_tcase(s, t);
}

Suite *
record_suite(void)
{
	Suite *s = suite_create("record");
	TCase *t = tcase_create("encoding");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, the_bytes_are_those_of_the_format);
	tcase_add_test(t, generated_entries_come_back);
	tcase_add_test(t, no_part_of_a_rotation_is_lost);
	tcase_add_test(t, id_and_version_are_left_alone);
	tcase_add_test(t, sizes_are_buckets);
	tcase_add_test(t, the_largest_fits_and_one_byte_more_does_not);
	tcase_add_test(t, limits_are_refused_before_encoding);
	tcase_add_test(t, only_the_right_size_is_encoded);
	tcase_add_test(t, every_truncation_is_refused);
	tcase_add_test(t, every_altered_byte_is_refused_or_reads_as_written);
	tcase_add_test(t, an_unknown_type_is_refused_by_number);
	tcase_add_test(t, fields_stand_in_order_and_once);
	tcase_add_test(t, the_first_three_fields_must_be_there);
	tcase_add_test(t, padding_is_zero_and_no_longer_than_needed);
	tcase_add_test(t, lengths_do_not_reach_over_the_end);
	tcase_add_test(t, odd_fields_are_refused);
	tcase_add_test(t, no_more_attributes_and_history_than_allowed);
	suite_add_tcase(s, t);
	add_attr_tests(s);
	add_history_tests(s);
	return s;
}
