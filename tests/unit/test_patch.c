/*
 * Commits that change few of many pages: what must change does, and nothing
 * else.
 */
#include <check.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "io.h"
#include "suites.h"
#include "vault.h"

#define OK(call) ck_assert_msg((call) == 0, "%s", e.msg)

/* On about 22 pages: up to 5 changes are a patch. */
#define ENTRIES 600
/* Names that the random walk uses, and its commits. */
#define NAMES 900
#define COMMITS 150

static char dir[] = "/tmp/pawl-patch-XXXXXX";
static char path[PATH_MAX];
static struct slot_key key;
static struct err e;
static struct entry entry;
/* What the vault should have: the version of each name's secret, or 0. */
static unsigned int model[NAMES];
static unsigned char before[2097152], after[sizeof(before)];
static size_t before_len, after_len;

static void
teardown(void)
{
	remove_tree(dir);
}

static struct vault *
open_it(bool write)
{
	struct vault_options o = { .path = path, .key = &key, .write = write };
	struct vault *v = vault_open(&o, &e);

	ck_assert_msg(v != NULL, "%s", e.msg);
	return v;
}

static const char *
name_of(unsigned int i)
{
	static char name[16];

	(void)snprintf(name, sizeof(name), "name%u", i);
	return name;
}

/* A secret of one length: a record of 256 bytes with it stays one. */
static const char *
secret_of(unsigned int i, unsigned int version)
{
	static char secret[32];

	(void)snprintf(secret, sizeof(secret), "secret-%05u-%08u", i, version);
	return secret;
}

/* Puts name i, new or not, with this version of its secret. */
static void
put(struct vault *v, unsigned int i, unsigned int version, const char *notes)
{
	struct secret *plain = NULL;
	char host[32];

	if (model[i] != 0) {
		OK(vault_find(v, TABLE_NAME, slice_of(name_of(i)), &entry,
		    &plain, &e));
	} else {
		memset(&entry, 0, sizeof(entry));
		entry.name = slice_of(name_of(i));
		(void)snprintf(host, sizeof(host), "h%u.example", i);
		OK(record_attr_add(&entry, slice_of("user"), slice_of("u"),
		    &e));
		OK(record_attr_add(&entry, slice_of("host"), slice_of(host),
		    &e));
	}
	if (notes != NULL)
		OK(record_attr_add(&entry, slice_of("notes"), slice_of(notes),
		    &e));
	entry.current = slice_of(secret_of(i, version));
	OK(vault_put(v, &entry, &e));
	secret_free(plain);
	model[i] = version;
}

static void
setup(void)
{
	static const struct slot_info info = { .kdf_ops = 1,
		.kdf_kib = 8192,
		.created = 1700000000 };
	struct vault *v;
	unsigned int i;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/vault", dir);
	ck_assert_int_eq(setenv("XDG_STATE_HOME", dir, 1), 0);
	OK(secret_init(NULL, 65536, &e));
	key = raw_key(7);
	OK(vault_create(path, &key, NULL, &info, &e));
	v = open_it(true);
	for (i = 0; i < ENTRIES; i++)
		put(v, i, 1, NULL);
	OK(vault_commit(v, &e));
	vault_close(v);
}

static size_t
read_vault(unsigned char *to)
{
	FILE *file = fopen(path, "rb");
	size_t n;

	ck_assert_ptr_nonnull(file);
	n = fread(to, 1, sizeof(before), file);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_uint_lt(n, sizeof(before));
	return n;
}

/* The vault verifies and is what the model says, name by name. */
static void
whole(void)
{
	struct vault *v = open_it(false);
	struct secret *plain;
	struct vault_report r;
	unsigned int i, n = 0;
	char login[48];
	int rv;

	OK(vault_verify(v, &r, &e));
	for (i = 0; i < NAMES; i++) {
		(void)snprintf(login, sizeof(login), "u@h%u.example", i);
		rv = vault_find(v, TABLE_LOGIN, slice_of(login), &entry, &plain,
		    &e);
		ck_assert_int_eq(rv, model[i] != 0 ? 0 : -1);
		if (rv == -1) {
			ck_assert_int_eq(e.kind, ERR_NOENTRY);
			continue;
		}
		n++;
		ck_assert(slice_is(entry.current, secret_of(i, model[i])));
		secret_free(plain);
	}
	ck_assert_uint_eq(r.records, n);
	vault_close(v);
}

/* Pages that were sealed anew; all of them have a new bond. */
static size_t
pages_changed(uint64_t pages)
{
	size_t i, changed = 0;

	for (i = 0; i < pages; i++) {
		const unsigned char *a = before + table_page_at(i);
		const unsigned char *b = after + table_page_at(i);

		changed += memcmp(a, b, TABLE_PAGE_SEALED) != 0;
		ck_assert_mem_ne(a + TABLE_PAGE_SEALED, b + TABLE_PAGE_SEALED,
		    CRYPT_BIND);
	}
	return changed;
}

/* One commit; returns how many pages were sealed anew. */
static size_t
commit(struct vault *v)
{
	struct table_geometry g = *vault_geometry(v);
	size_t changed;

	before_len = read_vault(before);
	OK(vault_commit(v, &e));
	after_len = read_vault(after);
	changed = vault_geometry(v)->pages == g.pages ? pages_changed(g.pages) :
							SIZE_MAX;
	vault_close(v);
	whole();
	return changed;
}

START_TEST(changes_in_place)
{
	struct vault *v = open_it(true);
	size_t i, records = 0;
	uint64_t at = vault_geometry(v)->records_at;

	put(v, 5, 2, NULL);
	/* Its name, and its login on another page or the same. */
	i = commit(v);
	ck_assert_msg(i == 1 || i == 2, "%zu pages", i);
	ck_assert_uint_eq(before_len, after_len);
	for (; at < after_len; at += 256)
		records += memcmp(before + at, after + at, 256) != 0;
	ck_assert_uint_eq(records, 1);
}
END_TEST

START_TEST(appends)
{
	struct vault *v = open_it(true);

	put(v, ENTRIES, 1, NULL);
	put(v, ENTRIES + 1, 1, NULL);
	ck_assert_uint_le(commit(v), 4);
	ck_assert_uint_eq(after_len, before_len + 512);
}
END_TEST

/* No place of that length is left: everything closes up. */
START_TEST(writes_all_when_sizes_change)
{
	char notes[300];
	struct vault *v = open_it(true);
	uint64_t pages = vault_geometry(v)->pages;

	memset(notes, 'n', sizeof(notes) - 1);
	notes[sizeof(notes) - 1] = '\0';
	put(v, 5, 2, notes);
	ck_assert_uint_eq(commit(v), pages);
	v = open_it(true);
	OK(vault_remove(v, slice_of(name_of(9)), &e));
	model[9] = 0;
	ck_assert_uint_eq(commit(v), pages);
}
END_TEST

/* What goes makes room for what comes. */
START_TEST(a_new_one_takes_the_place)
{
	struct vault *v = open_it(true);

	OK(vault_remove(v, slice_of(name_of(9)), &e));
	model[9] = 0;
	put(v, ENTRIES, 1, NULL);
	ck_assert_uint_le(commit(v), 4);
	ck_assert_uint_eq(after_len, before_len);
}
END_TEST

START_TEST(counts_the_busy)
{
	struct vault *v = open_it(true);
	struct secret *plain;
	static const enum rotation_state states[] = { ROTATION_PEND,
		ROTATION_SENT, ROTATION_IDLE };
	size_t i;

	for (i = 0; i < 3; i++) {
		OK(vault_find(v, TABLE_NAME, slice_of(name_of(7)), &entry,
		    &plain, &e));
		entry.rotation.state = states[i];
		if (states[i] != ROTATION_IDLE)
			entry.pending = slice_of("pending");
		else
			entry.pending = (struct slice){ NULL, 0 };
		OK(vault_put(v, &entry, &e));
		secret_free(plain);
		ck_assert_uint_le(commit(v), 2);
		v = open_it(true);
		ck_assert_uint_eq(vault_busy(v), states[i] != ROTATION_IDLE);
	}
	vault_close(v);
}
END_TEST

/* The first page that the last commit did not seal anew. */
static uint64_t
page_unchanged(void)
{
	uint64_t page;

	for (page = 0; memcmp(before + table_page_at(page),
			   after + table_page_at(page), TABLE_PAGE_SEALED) != 0;
	     page++)
		;
	return page;
}

/* A page of the generation before is not carried into the next. */
START_TEST(no_old_page_becomes_a_new_one)
{
	struct vault *v = open_it(true);
	char where[32];
	uint64_t page;
	FILE *file;

	put(v, 5, 2, NULL);
	(void)commit(v);
	page = page_unchanged();
	ck_assert_ptr_nonnull(file = fopen(path, "r+b"));
	ck_assert_int_eq(fseek(file, (long)table_page_at(page), SEEK_SET), 0);
	ck_assert_uint_eq(fwrite(before + table_page_at(page), 1, TABLE_PAGE,
			      file),
	    TABLE_PAGE);
	ck_assert_int_eq(fclose(file), 0);
	before_len = read_vault(before);
	v = open_it(true);
	/* The pages that change now are those that changed then. */
	put(v, 5, 3, NULL);
	ck_assert_int_eq(vault_commit(v, &e), -1);
	ck_assert_int_eq(e.kind, ERR_DAMAGED);
	(void)snprintf(where, sizeof(where), "page %u: ", (unsigned int)page);
	ck_assert_ptr_nonnull(strstr(e.msg, where));
	vault_close(v);
	ck_assert_uint_eq(read_vault(after), before_len);
	ck_assert_mem_eq(before, after, before_len);
}
END_TEST

/* The same numbers every time. */
static unsigned int
random_below(unsigned int n)
{
	static uint64_t x = 88172645463325252;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (unsigned int)(x % n);
}

START_TEST(a_random_walk)
{
	unsigned int i, j, name;
	struct vault *v;
	size_t patches = 0, all = 0, pages;

	for (i = 0; i < COMMITS; i++) {
		v = open_it(true);
		for (j = random_below(4); j < 4; j++) {
			name = random_below(NAMES);
			if (model[name] != 0 && random_below(10) == 0) {
				OK(vault_remove(v, slice_of(name_of(name)),
				    &e));
				model[name] = 0;
			} else {
				put(v, name, model[name] + 1, NULL);
			}
		}
		pages = (size_t)vault_geometry(v)->pages;
		if (commit(v) < pages)
			patches++;
		else
			all++;
	}
	/* It went both ways. */
	ck_assert_uint_gt(patches, COMMITS / 3);
	ck_assert_uint_gt(all, 0);
}
END_TEST

/* Entry after entry, until a page is full: then there are more pages. */
START_TEST(a_full_page)
{
	unsigned int i;
	struct vault *v = NULL;
	uint64_t pages;

	for (i = ENTRIES; i + 4 <= NAMES; i += 4) {
		v = open_it(true);
		pages = vault_geometry(v)->pages;
		put(v, i, 1, NULL);
		put(v, i + 1, 1, NULL);
		put(v, i + 2, 1, NULL);
		put(v, i + 3, 1, NULL);
		OK(vault_commit(v, &e));
		if (vault_geometry(v)->pages != pages)
			break;
		vault_close(v);
	}
	ck_assert_uint_lt(i, NAMES - 4);
	vault_close(v);
	whole();
}
END_TEST

Suite *
patch_suite(void)
{
	Suite *s = suite_create("patch");
	TCase *tc = tcase_create("patch");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, changes_in_place);
	tcase_add_test(tc, appends);
	tcase_add_test(tc, writes_all_when_sizes_change);
	tcase_add_test(tc, a_new_one_takes_the_place);
	tcase_add_test(tc, counts_the_busy);
	tcase_add_test(tc, no_old_page_becomes_a_new_one);
	tcase_add_test(tc, a_random_walk);
	tcase_add_test(tc, a_full_page);
	suite_add_tcase(s, tc);
	return s;
}
