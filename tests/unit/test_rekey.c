#include <check.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "fixture.h"
#include "io.h"
#include "suites.h"
#include "vault.h"

#define OK(call) ck_assert_msg((call) == 0, "%s", e.msg)

#define ENTRIES 40

static char dir[] = "/tmp/pawl-rekey-XXXXXX";
static char path[PATH_MAX];
static struct slot_key old, new;
static struct err e;
static const struct slot_info info = { .kdf_ops = 1,
	.kdf_kib = 8192,
	.created = 1700000000 };

static void
teardown(void)
{
	remove_tree(dir);
}

static struct vault *
try_open(const struct slot_key *key, bool write)
{
	struct vault_options o = { .path = path, .key = key, .write = write };

	return vault_open(&o, &e);
}

static struct vault *
open_it(const struct slot_key *key, bool write)
{
	struct vault *v = try_open(key, write);

	ck_assert_msg(v != NULL, "%s", e.msg);
	return v;
}

/* Puts name0 and so on; -1 with the first that cannot be put. */
static int
fill(struct vault *v)
{
	struct entry entry;
	char name[16];
	int i;

	for (i = 0; i < ENTRIES; i++) {
		memset(&entry, 0, sizeof(entry));
		(void)snprintf(name, sizeof(name), "name%d", i);
		entry.name = slice_of(name);
		entry.current = slice_of(name);
		if (vault_put(v, &entry, &e) == -1)
			return -1;
	}
	return 0;
}

/* A vault that old opens, and with a second slot. */
static void
setup(void)
{
	struct slot_key second;
	struct vault *v;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/vault", dir);
	ck_assert_int_eq(setenv("XDG_STATE_HOME", dir, 1), 0);
	OK(secret_init(NULL, 65536, &e));
	old = raw_key(1);
	new = raw_key(2);
	second = raw_key(3);
	OK(vault_create(path, &old, NULL, &info, &e));
	v = open_it(&old, true);
	OK(fill(v));
	OK(vault_slot_add(v, &second, &info, NULL, &e));
	OK(vault_commit(v, &e));
	vault_close(v);
}

/* All of it is there and in order, opened by key. */
static void
whole(const struct slot_key *key, unsigned int slots)
{
	struct vault *v = open_it(key, false);
	struct vault_report r;
	struct secret *plain;
	struct entry entry;
	char name[16];
	int i;

	OK(vault_verify(v, &r, &e));
	ck_assert_uint_eq(r.records, ENTRIES);
	ck_assert_uint_eq(r.slots, slots);
	for (i = 0; i < ENTRIES; i++) {
		(void)snprintf(name, sizeof(name), "name%d", i);
		OK(vault_find(v, TABLE_NAME, slice_of(name), &entry, &plain,
		    &e));
		ck_assert(slice_is(entry.current, name));
		ck_assert_uint_eq(entry.version, 1);
		secret_free(plain);
	}
	vault_close(v);
}

START_TEST(everything_is_sealed_anew)
{
	unsigned char id[TABLE_ID];
	struct slot_key keys[2];
	struct vault *v = open_it(&old, true);
	uint64_t generation = vault_header(v)->generation;
	struct entry entry = { 0 };

	memcpy(id, vault_header(v)->id, sizeof(id));
	keys[0] = new;
	keys[1] = raw_key(4);
	OK(vault_rekey(v, keys, 2, &info, &e));
	ck_assert_mem_eq(vault_header(v)->id, id, sizeof(id));
	ck_assert_uint_eq(vault_header(v)->generation, generation + 1);
	/* The same vault goes on, under its new keys. */
	entry.name = slice_of("more");
	OK(vault_put(v, &entry, &e));
	OK(vault_remove(v, slice_of("more"), &e));
	OK(vault_slot_remove(v, 1, &e));
	OK(vault_commit(v, &e));
	vault_close(v);
	ck_assert_ptr_null(try_open(&old, false));
	ck_assert_int_eq(e.kind, ERR_DENIED);
	ck_assert_ptr_null(try_open(&keys[1], false));
	whole(&new, 1);
}
END_TEST

static unsigned char *
contents(const char *name, size_t *lenp)
{
	FILE *f = fopen(name, "re");
	unsigned char *p = malloc(1 << 20);

	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(p);
	*lenp = fread(p, 1, 1 << 20, f);
	(void)fclose(f);
	return p;
}

/* Nothing sealed under the old keys is in the file. */
START_TEST(nothing_old_stays)
{
	struct vault *v = open_it(&old, true);
	unsigned char *before, *after;
	char prev[PATH_MAX + 8];
	size_t n = 0, m = 0, at, to;

	OK(vault_rekey(v, &new, 1, &info, &e));
	vault_close(v);
	(void)snprintf(prev, sizeof(prev), "%s.prev", path);
	before = contents(prev, &n);
	after = contents(path, &m);
	/* From behind the fixed fields, the 16 bytes before each tag. */
	for (at = TABLE_HEADER; at + 256 <= n; at += 256)
		for (to = TABLE_HEADER; to + 256 <= m; to += 256)
			ck_assert_mem_ne(before + at + 200, after + to + 200,
			    16);
	ck_assert_mem_ne(before + TABLE_SLOTS_AT, after + TABLE_SLOTS_AT,
	    TABLE_SLOT);
	ck_assert(is_zero(after + TABLE_SLOTS_AT + TABLE_SLOT, TABLE_SLOT));
	free(before);
	free(after);
}
END_TEST

/* The handle reads what is there. */
static void
readable(struct vault *v)
{
	struct secret *plain;
	struct entry entry;

	OK(vault_find(v, TABLE_NAME, slice_of("name3"), &entry, &plain, &e));
	ck_assert(slice_is(entry.current, "name3"));
	secret_free(plain);
}

/* Whatever fails: the old vault or the new one, and the handle agrees. */
START_TEST(a_failure_leaves_one_of_the_two)
{
	struct fault f = { .kind = FAULT_ERROR,
		.error = 5,
		.only = FAULT_CALL_COUNT };
	unsigned int nth, failures = 0, counted = 0;
	struct slot_key other;
	struct vault *v;
	int rv;

	for (nth = 1; counted >= nth - 1; nth++) {
		v = open_it(&old, true);
		fault_arm(nth, f);
		rv = vault_rekey(v, &new, 1, &info, &e);
		counted = fault_disarm();
		readable(v);
		vault_close(v);
		failures += rv == -1;
		if (rv == -1 && e.kind != ERR_UNSYNCED) {
			ck_assert_ptr_null(try_open(&new, false));
			vault_close(open_it(&old, false));
			continue;
		}
		whole(&new, 1);
		other = old;
		old = new;
		new = other;
	}
	ck_assert_uint_gt(failures, 5);
	whole(&old, 1);
}
END_TEST

START_TEST(a_key_that_makes_no_slot)
{
	struct slot_key keys[2] = { new, new };
	struct vault *v = open_it(&old, true);

	keys[1].unsealed = true;
	ck_assert_int_eq(vault_rekey(v, keys, 2, &info, &e), -1);
	ck_assert_int_eq(e.kind, ERR_USAGE);
	vault_close(v);
	whole(&old, 2);
}
END_TEST

/* What unlock keeps: of any kind of slot, and of no other vault. */
START_TEST(a_slot_secret_opens)
{
	struct slot_key kept = { .kind = SLOT_RAW, .unsealed = true };
	struct slot_key phrase = { .kind = SLOT_PASSPHRASE };
	struct secret *s = secret_new(32, &e), *p = secret_new(8, &e);
	struct vault *v = open_it(&old, true);

	OK(secret_set(p, "phrase", 6, &e));
	phrase.secret = p;
	OK(vault_slot_add(v, &phrase, &info, NULL, &e));
	OK(vault_commit(v, &e));
	vault_close(v);
	v = open_it(&phrase, false);
	OK(vault_slot_secret(v, &phrase, s, &e));
	vault_close(v);
	kept.secret = s;
	whole(&kept, 3);
	v = open_it(&kept, false);
	ck_assert_uint_eq(vault_slot_used(v), 2);
	vault_close(v);
	v = open_it(&old, true);
	OK(vault_slot_remove(v, 2, &e));
	OK(vault_commit(v, &e));
	vault_close(v);
	ck_assert_ptr_null(try_open(&kept, false));
	ck_assert_int_eq(e.kind, ERR_DENIED);
	ck_assert_ptr_nonnull(strstr(e.msg, "keyring"));
}
END_TEST

/* From here on path is that of a vault that is not there. */
static void
elsewhere(void)
{
	(void)snprintf(path, sizeof(path), "%s/new", dir);
}

/* Neither the vault nor a part of one. */
static void
nothing(void)
{
	char part[PATH_MAX + 8];

	ck_assert_int_eq(access(path, F_OK), -1);
	(void)snprintf(part, sizeof(part), "%s.new", path);
	ck_assert_int_eq(access(part, F_OK), -1);
}

START_TEST(a_vault_begins_with_its_first_commit)
{
	struct slot_key keys[2] = { old, new };
	struct entry entry = { 0 };
	struct secret *plain;
	struct vault *v;

	elsewhere();
	ck_assert_ptr_nonnull(v = vault_begin(path, keys, 2, &info, &e));
	OK(fill(v));
	ck_assert_int_eq(access(path, F_OK), -1);
	readable(v);
	ck_assert_int_eq(vault_find(v, TABLE_NAME, slice_of("none"), &entry,
			     &plain, &e),
	    -1);
	ck_assert_int_eq(e.kind, ERR_NOENTRY);
	entry.name = slice_of("name1");
	ck_assert_int_eq(vault_put(v, &entry, &e), -1);
	ck_assert_int_eq(e.kind, ERR_DENIED);
	OK(vault_commit(v, &e));
	ck_assert_uint_eq(vault_header(v)->generation, 1);
	whole(&old, 2);
	whole(&new, 2);
	/* And goes on like any other. */
	readable(v);
	OK(vault_remove(v, slice_of("name1"), &e));
	OK(vault_commit(v, &e));
	ck_assert_uint_eq(vault_header(v)->generation, 2);
	vault_close(v);
	ck_assert_ptr_null(vault_begin(path, keys, 2, &info, &e));
	ck_assert_int_eq(e.kind, ERR_DENIED);
}
END_TEST

START_TEST(a_vault_that_was_only_begun_is_none)
{
	struct slot_key keys[2] = { old, new };
	struct vault *v;

	elsewhere();
	ck_assert_ptr_nonnull(v = vault_begin(path, keys, 1, &info, &e));
	OK(fill(v));
	vault_close(v);
	nothing();
	keys[1].unsealed = true;
	ck_assert_ptr_null(vault_begin(path, keys, 2, &info, &e));
	ck_assert_int_eq(e.kind, ERR_USAGE);
	nothing();
	/* One without entries is one too. */
	ck_assert_ptr_nonnull(v = vault_begin(path, keys, 1, &info, &e));
	OK(vault_commit(v, &e));
	vault_close(v);
	vault_close(open_it(&old, false));
}
END_TEST

/* Whatever fails: all of the new vault is there, or nothing. */
START_TEST(a_failure_leaves_no_new_vault)
{
	struct fault f = { .kind = FAULT_ERROR,
		.error = 5,
		.only = FAULT_CALL_COUNT };
	unsigned int nth, failures = 0, counted = 0;
	struct vault *v;
	int rv;

	elsewhere();
	for (nth = 1; counted >= nth - 1; nth++) {
		rv = -1;
		fault_arm(nth, f);
		if ((v = vault_begin(path, &old, 1, &info, &e)) != NULL &&
		    fill(v) == 0)
			rv = vault_commit(v, &e);
		counted = fault_disarm();
		vault_close(v);
		failures += rv == -1;
		if (rv == 0 || e.kind == ERR_UNSYNCED) {
			whole(&old, 1);
			OK(unlink(path));
		}
		/* What cannot be removed goes when it is written next. */
		if (strstr(fault_where(), "unlinkat") == NULL)
			nothing();
	}
	nothing();
	ck_assert_uint_gt(failures, 5);
}
END_TEST

Suite *
rekey_suite(void)
{
	Suite *s = suite_create("rekey");
	TCase *tc = tcase_create("rekey");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, everything_is_sealed_anew);
	tcase_add_test(tc, nothing_old_stays);
	tcase_add_test(tc, a_failure_leaves_one_of_the_two);
	tcase_add_test(tc, a_key_that_makes_no_slot);
	tcase_add_test(tc, a_slot_secret_opens);
	tcase_add_test(tc, a_vault_begins_with_its_first_commit);
	tcase_add_test(tc, a_vault_that_was_only_begun_is_none);
	tcase_add_test(tc, a_failure_leaves_no_new_vault);
	suite_add_tcase(s, tc);
	return s;
}
