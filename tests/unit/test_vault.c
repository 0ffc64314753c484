#include <sys/types.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <check.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "store.h"
#include "vault.h"

Suite *vault_suite(void);

#define OK(call) ck_assert_msg((call) == 0, "%s", e.msg)
#define FAILS(call, want) \
	do { \
		ck_assert_int_eq(call, -1); \
		ck_assert_msg(e.kind == (want), "%s", e.msg); \
	} while (0)

/* The sealed size of every record here. */
#define RECORD 256
/* Of entries: enough for a file that is not read whole. */
#define MANY 1000

static char dir[64];
static char path[80];
static char prev[80];
static struct slot_key key;
static struct err e;
/* Big, and so not on the stack. */
static struct entry entry;

static struct slice
text(const char *s)
{
	return slice_of(s);
}

static void
setup(void)
{
	char state[80];

	(void)snprintf(dir, sizeof(dir), "/tmp/pawl-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/vault", dir);
	(void)snprintf(prev, sizeof(prev), "%s/vault.prev", dir);
	(void)snprintf(state, sizeof(state), "%s/state", dir);
	OK(setenv("XDG_STATE_HOME", state, 1));
	OK(secret_init(NULL, 65536, &e));
}

static void
teardown(void)
{
	remove_tree(dir);
}

static void
create(void)
{
	static const struct slot_info costs = { .kdf_ops = 3,
		.kdf_kib = 262144,
		.created = 1700000000 };

	key = raw_key(1);
	OK(vault_create(path, &key, NULL, &costs, &e));
}

static struct vault *
try_open(const char *where, bool write)
{
	struct vault_options o = { .path = where, .key = &key, .write = write };

	return vault_open(&o, &e);
}

static void
refused(const char *where, bool write, enum err_kind want)
{
	ck_assert_ptr_null(try_open(where, write));
	ck_assert_msg(e.kind == want, "%s", e.msg);
}

static void
says(const char *words)
{
	ck_assert_msg(strstr(e.msg, words) != NULL, "%s", e.msg);
}

static struct vault *
open_it(bool write)
{
	struct vault *v = try_open(path, write);

	ck_assert_msg(v != NULL, "%s", e.msg);
	return v;
}

/* entry becomes a new one; user and host may be NULL. */
static void
make(const char *name, const char *user, const char *host, const char *secret)
{
	memset(&entry, 0, sizeof(entry));
	entry.name = text(name);
	if (user != NULL)
		OK(record_attr_add(&entry, text("user"), text(user), &e));
	if (host != NULL)
		OK(record_attr_add(&entry, text("host"), text(host), &e));
	entry.current = text(secret);
}

static void
put(struct vault *v)
{
	OK(vault_put(v, &entry, &e));
}

static void
add(struct vault *v, const char *name, const char *secret)
{
	make(name, NULL, NULL, secret);
	put(v);
}

static void
commit(struct vault *v)
{
	OK(vault_commit(v, &e));
}

/* Whether what is found by this key has this secret; NULL for no entry. */
static void
expect(struct vault *v, enum table_kind kind, const char *what,
    const char *secret)
{
	struct secret *plain = NULL;
	int rv = vault_find(v, kind, text(what), &entry, &plain, &e);

	if (secret == NULL) {
		ck_assert_int_eq(rv, -1);
		ck_assert_msg(e.kind == ERR_NOENTRY, "%s", e.msg);
		ck_assert_ptr_null(plain);
		return;
	}
	ck_assert_msg(rv == 0, "%s: %s", what, e.msg);
	ck_assert(slice_is(entry.current, secret));
	secret_free(plain);
}

/* Finds an entry and gives it another secret or, if not NULL, name. */
static void
change(struct vault *v, const char *name, const char *secret,
    const char *new_name)
{
	struct secret *plain = NULL;

	ck_assert_msg(vault_find(v, TABLE_NAME, text(name), &entry, &plain,
			  &e) == 0,
	    "%s", e.msg);
	entry.current = text(secret);
	if (new_name != NULL)
		entry.name = text(new_name);
	put(v);
	secret_free(plain);
}

/* Verifies, and returns the number of records. */
static uint64_t
verified(struct vault *v)
{
	struct vault_report r;

	OK(vault_verify(v, &r, &e));
	ck_assert_uint_eq(r.records, vault_geometry(v)->records);
	ck_assert_uint_eq(r.bytes, vault_geometry(v)->size);
	ck_assert_uint_eq(r.generation, vault_header(v)->generation);
	ck_assert_uint_eq(r.busy, vault_busy(v));
	return r.records;
}

/* A vault with entries name0 to name(n - 1), with secret0 and so on. */
static void
create_with(size_t n)
{
	char name[32], secret[32];
	struct vault *v;
	size_t i;

	create();
	v = open_it(true);
	for (i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "name%zu", i);
		(void)snprintf(secret, sizeof(secret), "secret%zu", i);
		add(v, name, secret);
	}
	commit(v);
	vault_close(v);
}

static int
count(const struct entry *found, void *arg, struct err *err)
{
	unsigned char *seen = arg;
	char name[32], *end;

	(void)err;
	ck_assert_int_eq(slice_text(found->name, name, sizeof(name)), 0);
	ck_assert_int_eq(strncmp(name, "name", 4), 0);
	seen[strtoul(name + 4, &end, 10)]++;
	return 0;
}

static int
stop(const struct entry *found, void *arg, struct err *err)
{
	(void)found;
	(void)err;
	return --*(int *)arg == 0 ? 7 : 0;
}

START_TEST(a_new_vault_is_empty)
{
	struct stat st;
	struct vault *v;

	create();
	v = open_it(false);
	ck_assert_uint_eq(vault_header(v)->generation, 1);
	ck_assert_uint_eq(vault_header(v)->kdf_ops, 3);
	ck_assert_uint_eq(vault_header(v)->kdf_kib, 262144);
	ck_assert_uint_eq(verified(v), 0);
	expect(v, TABLE_NAME, "a", NULL);
	expect(v, TABLE_LOGIN, "a@b", NULL);
	OK(vault_each(v, count, NULL, &e));
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_size, 8192 + 4096);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	vault_close(v);
	FAILS(vault_create(path, &key, NULL,
		  &(struct slot_info){ .kdf_ops = 1 }, &e),
	    ERR_DENIED);
}
END_TEST

static const size_t counts[] = { 0, 1, 85, MANY, 20000 };

START_TEST(every_entry_of_many_is_found)
{
	size_t i, n = counts[_i];
	unsigned char *seen = calloc(n + 1, 1);
	char name[32], secret[32];
	struct vault *v;
	int left = 2;

	create_with(n);
	v = open_it(false);
	ck_assert_uint_eq(verified(v), n);
	for (i = 0; i < n; i += 1 + n / 1000) {
		(void)snprintf(name, sizeof(name), "name%zu", i);
		(void)snprintf(secret, sizeof(secret), "secret%zu", i);
		expect(v, TABLE_NAME, name, secret);
		ck_assert_uint_eq(entry.version, 1);
	}
	(void)snprintf(name, sizeof(name), "name%zu", n);
	expect(v, TABLE_NAME, name, NULL);
	OK(vault_each(v, count, seen, &e));
	for (i = 0; i < n; i++)
		ck_assert_uint_eq(seen[i], 1);
	if (n > 2)
		ck_assert_int_eq(vault_each(v, stop, &left, &e), 7);
	vault_close(v);
	free(seen);
}
END_TEST

START_TEST(logins_and_data_sets_are_found_in_any_case)
{
	struct vault *v;

	create();
	v = open_it(true);
	make("a", "Alice", "SFTP.Example.com", "one");
	OK(record_attr_add(&entry, text("host"), text("10.0.0.1"), &e));
	OK(record_attr_add(&entry, text("host"), text("sftp.example.COM"), &e));
	OK(record_attr_add(&entry, text("path"), text("/home/a/id"), &e));
	OK(record_attr_add(&entry, text("dataset"),
	    text("//'hlq.passwd(site1)'"), &e));
	put(v);
	make("b", "bob", NULL, "two");
	put(v);
	make("c", NULL, "sftp.example.com", "three");
	put(v);
	make("d", "", "lonely", "four");
	put(v);
	commit(v);
	ck_assert_uint_eq(verified(v), 4);
	ck_assert_uint_eq(vault_geometry(v)->entries, 4 + 2 + 1 + 1);
	expect(v, TABLE_LOGIN, "Alice@sftp.example.com", "one");
	expect(v, TABLE_LOGIN, "Alice@SFTP.EXAMPLE.COM", "one");
	expect(v, TABLE_LOGIN, "Alice@10.0.0.1", "one");
	expect(v, TABLE_LOGIN, "alice@sftp.example.com", NULL);
	expect(v, TABLE_LOGIN, "bob@sftp.example.com", NULL);
	expect(v, TABLE_LOGIN, "bob", NULL);
	expect(v, TABLE_LOGIN, "@", NULL);
	expect(v, TABLE_LOGIN, "@lonely", NULL);
	expect(v, TABLE_DATASET, "HLQ.PASSWD(SITE1)", "one");
	expect(v, TABLE_DATASET, "//'HLQ.PASSWD(SITE1)'", "one");
	expect(v, TABLE_DATASET, " hlq.passwd(site1) ", "one");
	expect(v, TABLE_DATASET, "HLQ.PASSWD(SITE2)", NULL);
	expect(v, TABLE_DATASET, "", NULL);
	/* The kinds do not answer for each other. */
	expect(v, TABLE_PATH, "a", NULL);
	expect(v, TABLE_NAME, "/home/a/id", NULL);
	expect(v, TABLE_PATH, "/home/a/id", "one");
	expect(v, TABLE_PATH, "/home/A/id", NULL);
	expect(v, TABLE_PATH, "", NULL);
	expect(v, TABLE_NAME, "Alice@sftp.example.com", NULL);
	expect(v, TABLE_DATASET, "a", NULL);
	vault_close(v);
}
END_TEST

START_TEST(a_replaced_entry_keeps_its_id_and_counts_its_version)
{
	unsigned char id[RECORD_ID];
	uint64_t created;
	struct vault *v;

	create_with(3);
	v = open_it(true);
	expect(v, TABLE_NAME, "name1", "secret1");
	memcpy(id, entry.id, sizeof(id));
	created = entry.created;
	ck_assert_uint_ne(created, 0);
	change(v, "name1", "fresh", NULL);
	expect(v, TABLE_NAME, "name1", "fresh");
	change(v, "name1", "fresher", NULL);
	commit(v);
	ck_assert_uint_eq(verified(v), 3);
	expect(v, TABLE_NAME, "name1", "fresher");
	ck_assert_mem_eq(entry.id, id, sizeof(id));
	ck_assert_uint_eq(entry.version, 3);
	ck_assert_uint_eq(entry.created, created);
	/* The test is faster than the clock. */
	entry.created = 1000;
	entry.name = text("name1");
	entry.current = text("freshest");
	put(v);
	expect(v, TABLE_NAME, "name1", "freshest");
	ck_assert_uint_eq(entry.created, 1000);
	ck_assert_uint_ge(entry.modified, created);
	ck_assert_uint_eq(entry.version, 4);
	expect(v, TABLE_NAME, "name0", "secret0");
	expect(v, TABLE_NAME, "name2", "secret2");
	ck_assert_uint_eq(vault_geometry(v)->size, 8192 + 4096 + 3 * RECORD);
	vault_close(v);
}
END_TEST

START_TEST(the_previous_generation_stays_beside)
{
	struct vault *v;

	create_with(MANY);
	v = open_it(true);
	change(v, "name1", "fresh", NULL);
	commit(v);
	vault_close(v);
	/* It is older than what was seen here. */
	refused(prev, false, ERR_DAMAGED);
	OK(unsetenv("XDG_STATE_HOME"));
	OK(setenv("HOME", dir, 1));
	OK(setenv("XDG_STATE_HOME", dir, 1));
	ck_assert_ptr_nonnull(v = try_open(prev, false));
	ck_assert_uint_eq(vault_header(v)->generation, 2);
	expect(v, TABLE_NAME, "name1", "secret1");
	ck_assert_uint_eq(verified(v), MANY);
	vault_close(v);
}
END_TEST

START_TEST(an_entry_can_be_renamed)
{
	struct vault *v;

	create_with(MANY);
	v = open_it(true);
	change(v, "name5", "renamed", "other");
	expect(v, TABLE_NAME, "name5", NULL);
	expect(v, TABLE_NAME, "other", "renamed");
	change(v, "name6", "swapped", "name5");
	change(v, "other", "back", "name6");
	commit(v);
	ck_assert_uint_eq(verified(v), MANY);
	expect(v, TABLE_NAME, "other", NULL);
	expect(v, TABLE_NAME, "name5", "swapped");
	expect(v, TABLE_NAME, "name6", "back");
	/* By id alone, as an editor has it that started a while ago. */
	change(v, "name7", "kept", "name7b");
	commit(v);
	entry.name = text("name7c");
	entry.current = text("again");
	put(v);
	commit(v);
	ck_assert_uint_eq(verified(v), MANY);
	expect(v, TABLE_NAME, "name7b", NULL);
	expect(v, TABLE_NAME, "name7c", "again");
	ck_assert_uint_eq(entry.version, 3);
	vault_close(v);
}
END_TEST

START_TEST(an_entry_can_be_renamed_again_and_again)
{
	struct vault *v;
	char from[32] = "name0", to[32];
	int i;

	create_with(2);
	v = open_it(true);
	for (i = 0; i < 1000; i++) {
		(void)snprintf(to, sizeof(to), "to%d", i);
		change(v, from, "x", to);
		memcpy(from, to, sizeof(from));
	}
	commit(v);
	expect(v, TABLE_NAME, "name0", NULL);
	expect(v, TABLE_NAME, "to998", NULL);
	expect(v, TABLE_NAME, "to999", "x");
	ck_assert_uint_eq(verified(v), 2);
	vault_close(v);
}
END_TEST

START_TEST(a_removed_entry_is_gone)
{
	struct vault *v;

	create_with(MANY);
	v = open_it(true);
	OK(vault_remove(v, text("name0"), &e));
	OK(vault_remove(v, text("name999"), &e));
	OK(vault_remove(v, text("name500"), &e));
	expect(v, TABLE_NAME, "name500", NULL);
	FAILS(vault_remove(v, text("name500"), &e), ERR_NOENTRY);
	FAILS(vault_remove(v, text("nobody"), &e), ERR_NOENTRY);
	says("nobody");
	add(v, "name0", "new");
	commit(v);
	ck_assert_uint_eq(verified(v), MANY - 2);
	expect(v, TABLE_NAME, "name999", NULL);
	expect(v, TABLE_NAME, "name500", NULL);
	expect(v, TABLE_NAME, "name0", "new");
	ck_assert_uint_eq(entry.version, 1);
	expect(v, TABLE_NAME, "name998", "secret998");
	vault_close(v);
}
END_TEST

START_TEST(what_was_not_committed_is_nowhere)
{
	struct stat before, after;
	struct vault *v;

	create_with(3);
	ck_assert_int_eq(stat(path, &before), 0);
	v = open_it(true);
	commit(v);
	add(v, "name3", "secret3");
	make("name4", "user", "host", "secret4");
	put(v);
	/* By name only. */
	expect(v, TABLE_NAME, "name4", "secret4");
	expect(v, TABLE_LOGIN, "user@host", NULL);
	ck_assert_uint_eq(verified(v), 3);
	OK(vault_remove(v, text("name3"), &e));
	OK(vault_remove(v, text("name4"), &e));
	expect(v, TABLE_NAME, "name4", NULL);
	/* Nothing is left to write. */
	commit(v);
	add(v, "name5", "secret5");
	vault_close(v);
	ck_assert_int_eq(stat(path, &after), 0);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	v = open_it(false);
	ck_assert_uint_eq(vault_header(v)->generation, 2);
	expect(v, TABLE_NAME, "name5", NULL);
	vault_close(v);
}
END_TEST

START_TEST(a_name_is_given_once)
{
	struct vault *v;

	create_with(2);
	v = open_it(true);
	make("name1", NULL, NULL, "x");
	FAILS(vault_put(v, &entry, &e), ERR_DENIED);
	says("name1");
	add(v, "name2", "secret2");
	make("name2", NULL, NULL, "x");
	FAILS(vault_put(v, &entry, &e), ERR_DENIED);
	expect(v, TABLE_NAME, "name1", "secret1");
	entry.name = text("name0");
	FAILS(vault_put(v, &entry, &e), ERR_DENIED);
	make("bad//name", NULL, NULL, "x");
	FAILS(vault_put(v, &entry, &e), ERR_USAGE);
	commit(v);
	ck_assert_uint_eq(verified(v), 3);
	expect(v, TABLE_NAME, "name0", "secret0");
	vault_close(v);
}
END_TEST

/* Puts entries from to n - 1, all with one login. */
static void
put_alike(struct vault *v, unsigned int from, unsigned int n)
{
	char name[32];

	for (; from < n; from++) {
		(void)snprintf(name, sizeof(name), "name%u", from);
		make(name, "user", from % 2 == 0 ? "host" : "HOST", name);
		put(v);
	}
}

START_TEST(a_login_of_several_entries_is_not_answered)
{
	enum {
		SOME = 50
	};
	struct vault *v;
	struct secret *plain;
	char name[32];
	unsigned int i;

	create();
	v = open_it(true);
	put_alike(v, 0, SOME);
	commit(v);
	ck_assert_uint_eq(verified(v), SOME);
	FAILS(vault_find(v, TABLE_LOGIN, text("user@host"), &entry, &plain, &e),
	    ERR_CONFIG);
	says("user@host");
	expect(v, TABLE_NAME, "name7", "name7");
	/* More than a page holds of one hash. */
	put_alike(v, SOME, TABLE_PAGE_ENTRIES + 1);
	FAILS(vault_commit(v, &e), ERR_USAGE);
	says("entry name84;");
	/* Nothing has happened, and it can be mended. */
	ck_assert_uint_eq(verified(v), SOME);
	for (i = SOME; i <= TABLE_PAGE_ENTRIES; i++) {
		(void)snprintf(name, sizeof(name), "name%u", i);
		OK(vault_remove(v, text(name), &e));
	}
	commit(v);
	ck_assert_uint_eq(verified(v), SOME);
	vault_close(v);
}
END_TEST

START_TEST(the_header_counts_who_is_being_rotated)
{
	struct vault_options o = { .path = path };
	struct vault *v;

	create_with(2);
	v = open_it(true);
	make("busy", "user", "host", "x");
	entry.rotation.state = ROTATION_SENT;
	entry.pending = text("y");
	put(v);
	ck_assert_uint_eq(vault_busy(v), 0);
	commit(v);
	ck_assert_uint_eq(vault_busy(v), 1);
	change(v, "name0", "x", NULL);
	commit(v);
	vault_close(v);
	/* It can be seen before there is a key. */
	ck_assert_ptr_nonnull(v = vault_attach(&o, &e));
	ck_assert_uint_eq(vault_busy(v), 1);
	OK(vault_unlock(v, &key, &e));
	ck_assert_uint_eq(verified(v), 3);
	vault_close(v);
	v = open_it(true);
	OK(vault_remove(v, text("busy"), &e));
	commit(v);
	ck_assert_uint_eq(vault_busy(v), 0);
	ck_assert_uint_eq(verified(v), 2);
	vault_close(v);
}
END_TEST

/* Against a table of what should be there: which secret, 0 for no entry. */
START_TEST(any_run_of_changes_leaves_what_was_asked_for)
{
	enum {
		N = 150,
		ROUNDS = 12,
		STEPS = 60
	};
	unsigned int have[N] = { 0 }, keep[N], a, b, i, step, round;
	char name[32], other[32], secret[32];
	struct vault *v;
	uint64_t n;

	srandom(4711);
	create();
	v = open_it(true);
	for (round = 1; round <= ROUNDS; round++) {
		memcpy(keep, have, sizeof(keep));
		for (step = 0; step < STEPS; step++) {
			a = (unsigned int)random() % N;
			b = (unsigned int)random() % N;
			(void)snprintf(name, sizeof(name), "name%u", a);
			(void)snprintf(other, sizeof(other), "name%u", b);
			(void)snprintf(secret, sizeof(secret), "s%u",
			    round * 1000 + step);
			if (have[a] == 0) {
				add(v, name, secret);
				have[a] = round * 1000 + step;
			} else if (step % 5 == 0) {
				OK(vault_remove(v, text(name), &e));
				have[a] = 0;
			} else if (step % 3 == 0 && have[b] == 0) {
				change(v, name, secret, other);
				have[a] = 0;
				have[b] = round * 1000 + step;
			} else {
				change(v, name, secret, NULL);
				have[a] = round * 1000 + step;
			}
		}
		if (round % 4 == 0) {
			/* As if the program ended before it committed. */
			vault_close(v);
			v = open_it(true);
			memcpy(have, keep, sizeof(have));
		} else {
			commit(v);
		}
		for (i = 0, n = 0; i < N; i++) {
			(void)snprintf(name, sizeof(name), "name%u", i);
			(void)snprintf(secret, sizeof(secret), "s%u", have[i]);
			expect(v, TABLE_NAME, name,
			    have[i] == 0 ? NULL : secret);
			n += have[i] != 0;
		}
		ck_assert_uint_eq(verified(v), n);
	}
	vault_close(v);
}
END_TEST

/* Copies a file over another, in place. */
static void
copy(const char *from, const char *to)
{
	static unsigned char buf[1048576];
	int in = open(from, O_RDONLY), out;
	ssize_t n;

	ck_assert_int_ne(in, -1);
	ck_assert_int_gt(n = read(in, buf, sizeof(buf)), 0);
	(void)close(in);
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_ne(out, -1);
	ck_assert_int_eq(write(out, buf, (size_t)n), n);
	(void)close(out);
}

START_TEST(an_older_generation_is_refused_until_accepted)
{
	struct vault_options o = { .path = path,
		.key = &key,
		.accept_older = true };
	struct vault *v;

	create_with(2);
	v = open_it(true);
	change(v, "name0", "fresh", NULL);
	commit(v);
	vault_close(v);
	copy(prev, path);
	refused(path, false, ERR_DAMAGED);
	says("--accept-older");
	ck_assert_ptr_nonnull(v = vault_open(&o, &e));
	ck_assert_ptr_nonnull(vault_state(v));
	expect(v, TABLE_NAME, "name0", "secret0");
	vault_close(v);
	v = open_it(true);
	change(v, "name0", "other", NULL);
	commit(v);
	vault_close(v);
	vault_close(open_it(false));
}
END_TEST

START_TEST(without_a_state_directory_it_is_read_all_the_same)
{
	struct vault *v;

	create_with(1);
	OK(setenv("XDG_STATE_HOME", "/proc/none", 1));
	v = open_it(false);
	ck_assert_ptr_null(vault_state(v));
	expect(v, TABLE_NAME, "name0", "secret0");
	vault_close(v);
	v = open_it(true);
	add(v, "name1", "x");
	commit(v);
	vault_close(v);
}
END_TEST

/* Where this machine remembers the vault; buf has 160 bytes. */
static void
state_file(char *buf, const struct vault *v)
{
	size_t i, n;

	n = (size_t)snprintf(buf, 160, "%s/state/pawl/", dir);
	for (i = 0; i < TABLE_ID; i++, n += 2)
		(void)snprintf(buf + n, 3, "%02x", vault_header(v)->id[i]);
	(void)snprintf(buf + n, 7, ".state");
}

START_TEST(a_state_that_others_may_write_is_refused)
{
	char state[160];
	struct vault *v;

	create_with(1);
	v = open_it(false);
	state_file(state, v);
	vault_close(v);
	ck_assert_int_eq(chmod(state, 0666), 0);
	refused(path, false, ERR_DENIED);
}
END_TEST

START_TEST(another_key_can_be_added_and_the_last_one_stays)
{
	struct slot_key first, second = raw_key(2), third = raw_key(3);
	struct slot_info info = { .created = 42 };
	unsigned int i, number;
	struct vault *v;

	create_with(2);
	first = key;
	v = open_it(true);
	ck_assert_uint_eq(vault_slot_used(v), 0);
	FAILS(vault_slot_remove(v, 0, &e), ERR_DENIED);
	FAILS(vault_slot_remove(v, 1, &e), ERR_NOENTRY);
	OK(vault_slot_add(v, &second, &info, &number, &e));
	ck_assert_uint_eq(number, 1);
	commit(v);
	OK(vault_slot_info(v, 1, &info, &e));
	ck_assert_int_eq(info.kind, SLOT_RAW);
	ck_assert_uint_eq(info.created, 42);
	vault_close(v);
	key = second;
	v = open_it(true);
	ck_assert_uint_eq(vault_slot_used(v), 1);
	expect(v, TABLE_NAME, "name1", "secret1");
	OK(vault_slot_remove(v, 0, &e));
	FAILS(vault_slot_remove(v, 1, &e), ERR_DENIED);
	commit(v);
	for (i = 0; i < TABLE_SLOTS - 1; i++)
		OK(vault_slot_add(v, &third, &info, &number, &e));
	FAILS(vault_slot_add(v, &third, &info, &number, &e), ERR_DENIED);
	commit(v);
	ck_assert_uint_eq(verified(v), 2);
	vault_close(v);
	key = first;
	refused(path, false, ERR_DENIED);
	key = third;
	vault_close(open_it(false));
}
END_TEST

START_TEST(after_a_wrong_key_another_may_be_tried)
{
	struct vault_options o = { .path = path };
	struct slot_key wrong = raw_key(9);
	struct vault *v;
	unsigned char c;
	int fd;

	create_with(1);
	ck_assert_ptr_nonnull(v = vault_attach(&o, &e));
	FAILS(vault_unlock(v, &wrong, &e), ERR_DENIED);
	OK(vault_unlock(v, &key, &e));
	expect(v, TABLE_NAME, "name0", "secret0");
	vault_close(v);
	/* One that fits and finds the header altered. */
	ck_assert_int_ne(fd = open(path, O_RDWR), -1);
	ck_assert_int_eq(pread(fd, &c, 1, TABLE_MAC_AT), 1);
	c ^= 1;
	ck_assert_int_eq(pwrite(fd, &c, 1, TABLE_MAC_AT), 1);
	(void)close(fd);
	ck_assert_ptr_nonnull(v = vault_attach(&o, &e));
	FAILS(vault_unlock(v, &key, &e), ERR_DAMAGED);
	FAILS(vault_unlock(v, &key, &e), ERR_DAMAGED);
	vault_close(v);
}
END_TEST

START_TEST(there_is_one_writer_and_readers_are_not_disturbed)
{
	struct vault *writer, *reader, *late;

	create_with(MANY);
	writer = open_it(true);
	refused(path, true, ERR_BUSY);
	reader = open_it(false);
	change(writer, "name1", "fresh", NULL);
	commit(writer);
	late = open_it(false);
	change(writer, "name1", "fresher", NULL);
	commit(writer);
	vault_close(writer);
	expect(reader, TABLE_NAME, "name1", "secret1");
	ck_assert_uint_eq(verified(reader), MANY);
	expect(late, TABLE_NAME, "name1", "fresh");
	vault_close(reader);
	vault_close(late);
	vault_close(open_it(true));
}
END_TEST

/* A generation seen by another process between two steps is no rollback. */
START_TEST(readers_and_a_writer_run_side_by_side)
{
	struct vault *v;
	uint64_t seen = 0;
	int i, status;
	pid_t pid;

	create_with(2);
	ck_assert_int_ne(pid = fork(), -1);
	if (pid == 0) {
		/* Secret memory is not inherited. */
		key = raw_key(1);
		v = open_it(true);
		for (i = 0; i < 100; i++) {
			change(v, "name0", "fresh", NULL);
			commit(v);
		}
		vault_close(v);
		_exit(0);
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		v = open_it(false);
		ck_assert_uint_ge(vault_header(v)->generation, seen);
		seen = vault_header(v)->generation;
		expect(v, TABLE_NAME, "name1", "secret1");
		vault_close(v);
	}
	ck_assert_int_eq(status, 0);
	v = open_it(false);
	ck_assert_uint_eq(vault_header(v)->generation, 102);
	vault_close(v);
}
END_TEST

/* How many descriptors of a process are of this file. */
static int
open_count(pid_t pid, const char *name)
{
	char proc[64], file[PATH_MAX];
	int fd, n = 0;
	ssize_t len;

	for (fd = 0; fd < 64; fd++) {
		(void)snprintf(proc, sizeof(proc), "/proc/%ld/fd/%d", (long)pid,
		    fd);
		len = readlink(proc, file, sizeof(file) - 1);
		if (len == -1)
			continue;
		file[len] = '\0';
		n += strcmp(file, name) == 0;
	}
	return n;
}

/*
 * The same at its worst: a reader has opened the old generation and not yet
 * what is remembered, where it will find the new one.  It is held there by the
 * lock that a state file is made afresh under.
 */
START_TEST(a_reader_is_overtaken_between_vault_and_state)
{
	static unsigned char image[65536];
	struct flock lock = { .l_type = F_WRLCK };
	char state[160];
	struct vault *v;
	int fd, status, before;
	ssize_t len;
	pid_t pid;

	create_with(2);
	v = open_it(true);
	state_file(state, v);
	ck_assert_int_ne(fd = open(state, O_RDWR), -1);
	ck_assert_int_gt(len = read(fd, image, sizeof(image)), 64);
	ck_assert_int_eq(ftruncate(fd, 1), 0);
	ck_assert_int_eq(fcntl(fd, F_SETLK, &lock), 0);
	before = open_count(getpid(), state);
	ck_assert_int_ne(pid = fork(), -1);
	if (pid == 0) {
		key = raw_key(1);
		v = open_it(false);
		_exit(vault_header(v)->generation == 3 ? 0 : 1);
	}
	while (open_count(pid, state) == before)
		ck_assert_int_eq(waitpid(pid, &status, WNOHANG), 0);
	change(v, "name0", "fresh", NULL);
	/* Writes the state's first 64 bytes. */
	commit(v);
	ck_assert_int_eq(pwrite(fd, image + 64, (size_t)len - 64, 64),
	    len - 64);
	lock.l_type = F_UNLCK;
	ck_assert_int_eq(fcntl(fd, F_SETLK, &lock), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	(void)close(fd);
	vault_close(v);
}
END_TEST

START_TEST(who_replaces_it_without_the_lock_is_noticed)
{
	struct vault *v;
	char aside[100];

	create_with(2);
	(void)snprintf(aside, sizeof(aside), "%s.aside", path);
	v = open_it(true);
	copy(path, aside);
	add(v, "name2", "x");
	commit(v);
	add(v, "name3", "x");
	ck_assert_int_eq(rename(aside, path), 0);
	FAILS(vault_commit(v, &e), ERR_BUSY);
	vault_close(v);
}
END_TEST

START_TEST(no_vault_leaves_no_lock)
{
	char lock[100];

	key = raw_key(1);
	(void)snprintf(lock, sizeof(lock), "%s.lock", path);
	refused(path, true, ERR_NOVAULT);
	ck_assert_int_eq(access(lock, F_OK), -1);
}
END_TEST

START_TEST(one_entry_is_rotated_by_one)
{
	unsigned char a[RECORD_ID] = { 1 }, b[RECORD_ID] = { 2 };
	struct vault *v;
	int fd, other;

	create_with(1);
	v = open_it(true);
	OK(vault_lock_entry(path, a, 0, &fd, &e));
	FAILS(vault_lock_entry(path, a, 0, &other, &e), ERR_BUSY);
	OK(vault_lock_entry(path, b, 0, &other, &e));
	(void)close(other);
	(void)close(fd);
	OK(vault_lock_entry(path, a, 0, &fd, &e));
	(void)close(fd);
	vault_close(v);
}
END_TEST

/* What there is of an altered vault must be right, or an error. */
static void
right_or_refused(const char *where, off_t at)
{
	struct secret *plain = NULL;
	struct vault_report r;
	struct vault *v;

	if ((v = try_open(path, false)) == NULL) {
		ck_assert_msg(e.kind == ERR_DAMAGED || e.kind == ERR_DENIED ||
			e.kind == ERR_CONFIG || e.kind == ERR_NOVAULT,
		    "%s %lld: %d %s", where, (long long)at, (int)e.kind, e.msg);
		return;
	}
	if (vault_find(v, TABLE_NAME, text("name0"), &entry, &plain, &e) == 0)
		ck_assert_msg(slice_is(entry.current, "secret0"), "%s %lld",
		    where, (long long)at);
	else
		ck_assert_int_eq(e.kind, ERR_DAMAGED);
	secret_free(plain);
	ck_assert_msg(vault_verify(v, &r, &e) == -1, "%s %lld", where,
	    (long long)at);
	ck_assert_int_eq(e.kind, ERR_DAMAGED);
	vault_close(v);
}

START_TEST(no_bit_can_be_flipped)
{
	int fd;
	unsigned char c, bad;
	struct stat st;
	off_t at;

	create_with(2);
	ck_assert_int_ne(fd = open(path, O_RDWR), -1);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(st.st_size, 8192 + 4096 + 2 * RECORD);
	for (at = 0; at < st.st_size; at++) {
		ck_assert_int_eq(pread(fd, &c, 1, at), 1);
		bad = (unsigned char)(c ^ 1u << _i);
		ck_assert_int_eq(pwrite(fd, &bad, 1, at), 1);
		right_or_refused("bit", at);
		ck_assert_int_eq(pwrite(fd, &c, 1, at), 1);
	}
	(void)close(fd);
	vault_close(open_it(false));
}
END_TEST

START_TEST(no_part_can_be_cut_off_or_added)
{
	struct stat st;
	off_t at;

	create_with(2);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(truncate(path, st.st_size + 1), 0);
	right_or_refused("size", st.st_size + 1);
	for (at = st.st_size - 1; at >= 0; at--) {
		ck_assert_int_eq(truncate(path, at), 0);
		right_or_refused("size", at);
	}
}
END_TEST

/* Copies len bytes of one open file to another. */
static void
move(int from, off_t at, int to, off_t where, size_t len)
{
	unsigned char buf[TABLE_PAGE];

	ck_assert_int_eq(pread(from, buf, len, at), (ssize_t)len);
	ck_assert_int_eq(pwrite(to, buf, len, where), (ssize_t)len);
}

/* Swaps two runs of bytes of the vault; twice is as before. */
static void
swap(off_t a, off_t b, size_t len)
{
	unsigned char x[TABLE_PAGE], y[TABLE_PAGE];
	int fd = open(path, O_RDWR);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(pread(fd, x, len, a), (ssize_t)len);
	ck_assert_int_eq(pread(fd, y, len, b), (ssize_t)len);
	ck_assert_int_eq(pwrite(fd, x, len, b), (ssize_t)len);
	ck_assert_int_eq(pwrite(fd, y, len, a), (ssize_t)len);
	(void)close(fd);
}

static int
always(const struct entry *found, void *arg, struct err *err)
{
	(void)found;
	(void)arg;
	(void)err;
	return 0;
}

/* Every way to read it finds the damage, and no wrong secret. */
static void
is_damaged(size_t n, const char *why)
{
	char name[32], secret[32];
	struct secret *plain;
	struct vault_report r;
	struct vault *v = open_it(false);
	size_t i, wrong = 0;

	for (i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "name%zu", i);
		(void)snprintf(secret, sizeof(secret), "secret%zu", i);
		if (vault_find(v, TABLE_NAME, text(name), &entry, &plain, &e) ==
		    0) {
			ck_assert(slice_is(entry.current, secret));
			secret_free(plain);
			continue;
		}
		ck_assert_msg(e.kind == ERR_DAMAGED, "%s", e.msg);
		says(why);
		says("vault.prev");
		wrong++;
	}
	ck_assert_uint_gt(wrong, 0);
	FAILS(vault_verify(v, &r, &e), ERR_DAMAGED);
	FAILS(vault_each(v, always, NULL, &e), ERR_DAMAGED);
	vault_close(v);
}

static const size_t small_and_big[] = { 100, MANY };

START_TEST(pages_and_records_stay_where_they_are)
{
	size_t n = small_and_big[_i];
	struct vault *v;
	off_t records;

	create_with(n);
	v = open_it(false);
	records = (off_t)vault_geometry(v)->records_at;
	ck_assert_uint_ge(vault_geometry(v)->pages, 2);
	vault_close(v);
	swap(TABLE_HEADER, TABLE_HEADER + TABLE_PAGE, TABLE_PAGE);
	is_damaged(n, "it is altered");
	swap(TABLE_HEADER, TABLE_HEADER + TABLE_PAGE, TABLE_PAGE);
	swap(records + 3 * RECORD, records + 50 * RECORD, RECORD);
	is_damaged(n, "it is altered");
	swap(records + 3 * RECORD, records + 50 * RECORD, RECORD);
	v = open_it(false);
	ck_assert_uint_eq(verified(v), n);
	vault_close(v);
}
END_TEST

START_TEST(parts_of_an_older_generation_are_noticed)
{
	off_t last = TABLE_HEADER + 2 * TABLE_PAGE + 99 * RECORD;
	struct vault *v;
	int old, new;

	create_with(100);
	v = open_it(true);
	/* The last record, so that all stay where they are. */
	change(v, "name99", "secret-", NULL);
	commit(v);
	change(v, "name99", "secret99", NULL);
	commit(v);
	vault_close(v);
	ck_assert_int_ne(old = open(prev, O_RDONLY), -1);
	ck_assert_int_ne(new = open(path, O_RDWR), -1);
	/* An older record in its own place: same entry, key and position. */
	move(old, last, new, last, RECORD);
	is_damaged(100, "it is altered");
	v = open_it(false);
	vault_close(v);
	/* With its page as well. */
	move(old, TABLE_HEADER, new, TABLE_HEADER, TABLE_PAGE);
	is_damaged(100, "it is altered");
	move(old, TABLE_HEADER + TABLE_PAGE, new, TABLE_HEADER + TABLE_PAGE,
	    TABLE_PAGE);
	is_damaged(100, "it is altered");
	/* With the header, but for the slots: the whole file of before. */
	move(old, 0, new, 0, TABLE_PAGE);
	move(old, TABLE_PAGE, new, TABLE_PAGE, TABLE_PAGE);
	refused(path, false, ERR_DAMAGED);
	says("--accept-older");
	(void)close(old);
	(void)close(new);
}
END_TEST

/*
 * A vault as somebody could make it who has its key, and a program of his own:
 * the first page and what it leads to, in the clear.
 */
static struct forged {
	unsigned char file[65536];
	size_t size;
	struct crypt_keys keys;
	struct table_header head;
	struct table_geometry geometry;
	struct table_entry entries[TABLE_PAGE_ENTRIES];
	size_t n;
} f;

/* The associated data, as pawl-vault(5) has it. */
static struct slice
ad(const char *what, const void *more, size_t len)
{
	static unsigned char buf[128];
	size_t n = strlen(what);

	memcpy(buf, what, n);
	memcpy(buf + n, f.head.id, TABLE_ID);
	memcpy(buf + n + TABLE_ID, more, len);
	return (struct slice){ buf, n + TABLE_ID + len };
}

static struct slice
geometry_ad(void)
{
	unsigned char buf[8] = { 0 };

	put_u64(buf, f.head.generation);
	return ad("pawl geometry 1", buf, sizeof(buf));
}

/* Of page 0. */
static struct slice
page_ad(void)
{
	static const unsigned char number[8];

	return ad("pawl page 1", number, sizeof(number));
}

/* Opens a sealed run of the file. */
static void
unseal(void *out, size_t at, size_t len, struct slice data,
    const unsigned char *with)
{
	struct slice sealed = { f.file + at, len + CRYPT_OVERHEAD };

	ck_assert_int_eq(crypt_open(out, sealed, data, with), 0);
}

static void
forge(void)
{
	unsigned char plain[TABLE_PAGE_PLAIN], master[CRYPT_KEY];
	int fd = open(path, O_RDONLY);
	ssize_t n;

	ck_assert_int_ne(fd, -1);
	ck_assert_int_gt(n = read(fd, f.file, sizeof(f.file)), 0);
	(void)close(fd);
	f.size = (size_t)n;
	OK(table_header_get(&f.head, f.file, &e));
	OK(slot_find(f.file, &key, master, NULL, &e));
	crypt_subkeys(&f.keys, master);
	unseal(plain, TABLE_GEOMETRY_AT, TABLE_GEOMETRY, geometry_ad(),
	    f.keys.geometry);
	OK(table_geometry_get(&f.geometry, plain, f.size, &e));
	ck_assert_uint_eq(f.geometry.pages, 1);
	unseal(plain, TABLE_HEADER, TABLE_PAGE_PLAIN, page_ad(), f.keys.index);
	OK(table_page_get(f.entries, &f.n, plain, 0, &f.geometry, &e));
}

/* Of page 0. */
static void
forge_bond(void)
{
	unsigned char data[8 + 8 + CRYPT_NONCE + CRYPT_TAG] = { 0 };
	unsigned char *sealed = f.file + TABLE_HEADER;

	put_u64(data, f.head.generation);
	memcpy(data + 16, sealed, CRYPT_NONCE);
	memcpy(data + 16 + CRYPT_NONCE, sealed + TABLE_PAGE_SEALED - CRYPT_TAG,
	    CRYPT_TAG);
	crypt_bind(sealed + TABLE_PAGE_SEALED,
	    ad("pawl bind 1", data, sizeof(data)), f.keys.bind);
}

/* The index entry of a name. */
static struct table_entry *
forged_entry(const char *name)
{
	unsigned char hash[CRYPT_HASH];
	size_t i;

	crypt_hash(hash, TABLE_NAME, text(name), f.keys.hash);
	for (i = 0; i < f.n; i++) {
		if (memcmp(f.entries[i].hash, hash, sizeof(hash)) == 0)
			return &f.entries[i];
	}
	ck_abort_msg("%s", name);
	return NULL;
}

/* Gives record to the id and plaintext of others. */
static void
forge_record(struct table_entry *to, const struct table_entry *id,
    const struct table_entry *content)
{
	unsigned char plain[RECORD], *record = f.file + to->offset;

	unseal(plain, content->offset + 24, RECORD - 64,
	    ad("pawl record 1", f.file + content->offset, 24), f.keys.record);
	memmove(record, f.file + id->offset, 24);
	crypt_seal(record + 24, plain, RECORD - 64,
	    ad("pawl record 1", record, 24), f.keys.record);
	memcpy(to->tag, record + RECORD - CRYPT_TAG, CRYPT_TAG);
}

/* Writes it, all seals right, and expects verify to see through it. */
static void
sees_through(const char *why)
{
	unsigned char plain[TABLE_PAGE_PLAIN];
	struct slice head = { f.file, TABLE_MAC_AT };
	struct vault_report r;
	struct vault *v;
	int fd;

	qsort(f.entries, f.n, sizeof(f.entries[0]), table_entry_compare);
	table_page_put(plain, f.entries, f.n);
	crypt_seal(f.file + TABLE_HEADER, plain, sizeof(plain), page_ad(),
	    f.keys.index);
	forge_bond();
	table_header_put(f.file, &f.head);
	table_geometry_put(plain, &f.geometry);
	crypt_seal(f.file + TABLE_GEOMETRY_AT, plain, TABLE_GEOMETRY,
	    geometry_ad(), f.keys.geometry);
	crypt_mac(f.file + TABLE_MAC_AT, head, f.keys.header);
	ck_assert_int_ne(fd = open(path, O_WRONLY | O_TRUNC), -1);
	ck_assert_int_eq(write(fd, f.file, f.size), (ssize_t)f.size);
	(void)close(fd);
	OK(setenv("XDG_STATE_HOME", "/proc/none", 1));
	v = open_it(false);
	FAILS(vault_verify(v, &r, &e), ERR_DAMAGED);
	says(why);
	vault_close(v);
}

static void
create_to_forge(void)
{
	struct vault *v;

	create_with(3);
	v = open_it(true);
	make("name3", "user", "host", "secret3");
	put(v);
	commit(v);
	vault_close(v);
	forge();
	ck_assert_uint_eq(f.n, 5);
}

START_TEST(a_key_that_leads_to_another_record_is_noticed)
{
	struct table_entry *a, *b, old;
	struct secret *plain;
	struct vault *v;

	create_to_forge();
	a = forged_entry("name0");
	b = forged_entry("name1");
	old = *a;
	a->offset = b->offset;
	memcpy(a->tag, b->tag, sizeof(a->tag));
	b->offset = old.offset;
	memcpy(b->tag, old.tag, sizeof(b->tag));
	sees_through("keys");
	v = open_it(false);
	FAILS(vault_find(v, TABLE_NAME, text("name0"), &entry, &plain, &e),
	    ERR_DAMAGED);
	ck_assert_ptr_null(plain);
	vault_close(v);
}
END_TEST

START_TEST(a_key_too_few_is_noticed)
{
	size_t i;

	create_to_forge();
	for (i = 0; f.entries[i].kind != TABLE_LOGIN; i++)
		;
	f.entries[i] = f.entries[--f.n];
	f.geometry.entries--;
	sees_through("keys");
}
END_TEST

START_TEST(a_key_too_many_is_noticed)
{
	create_to_forge();
	f.entries[f.n] = *forged_entry("name1");
	memset(f.entries[f.n].hash, 0x55, CRYPT_HASH);
	f.entries[f.n++].kind = TABLE_DATASET;
	f.geometry.entries++;
	sees_through("keys");
}
END_TEST

START_TEST(a_wrong_flag_is_noticed)
{
	create_to_forge();
	forged_entry("name2")->kind |= TABLE_BUSY;
	f.head.busy++;
	sees_through("keys");
}
END_TEST

START_TEST(wrong_counts_are_noticed)
{
	struct vault *v;

	create_to_forge();
	f.head.busy++;
	sees_through("rotation");
	f.head.busy--;
	f.geometry.entries++;
	sees_through("5 entries instead of 6");
	f.geometry.entries -= 2;
	sees_through("more than 4 entries");
	f.geometry.entries++;
	f.geometry.records++;
	sees_through("4 of 5");
	v = open_it(false);
	FAILS(vault_each(v, always, NULL, &e), ERR_DAMAGED);
	vault_close(v);
	f.geometry.records -= 2;
	sees_through("more than 3");
}
END_TEST

START_TEST(a_record_that_nothing_leads_to_is_noticed)
{
	size_t i;

	create_to_forge();
	memcpy(f.file + f.size, f.file + f.size - RECORD, RECORD);
	f.size += RECORD;
	f.geometry.size += RECORD;
	sees_through("the records");
	/* Before the others. */
	memmove(f.file + f.geometry.records_at + RECORD,
	    f.file + f.geometry.records_at, f.geometry.records * RECORD);
	for (i = 0; i < f.n; i++)
		f.entries[i].offset += RECORD;
	sees_through("where 12288 should be");
}
END_TEST

START_TEST(two_entries_of_one_name_are_noticed)
{
	struct table_entry *a, *b;
	struct secret *plain;
	struct vault *v;

	create_to_forge();
	a = forged_entry("name0");
	b = forged_entry("name1");
	forge_record(b, b, a);
	memcpy(b->hash, a->hash, sizeof(b->hash));
	sees_through("one name");
	v = open_it(false);
	FAILS(vault_find(v, TABLE_NAME, text("name0"), &entry, &plain, &e),
	    ERR_DAMAGED);
	vault_close(v);
}
END_TEST

START_TEST(two_entries_of_one_id_are_noticed)
{
	struct table_entry *b;

	create_to_forge();
	b = forged_entry("name1");
	forge_record(b, forged_entry("name0"), b);
	sees_through("one id");
}
END_TEST

#define TESTS(a) (int)(sizeof(a) / sizeof((a)[0]))

Suite *
vault_suite(void)
{
	Suite *s = suite_create("vault");
	TCase *t = tcase_create("vault");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_new_vault_is_empty);
	tcase_add_loop_test(t, every_entry_of_many_is_found, 0, TESTS(counts));
	tcase_add_test(t, logins_and_data_sets_are_found_in_any_case);
	tcase_add_test(t, a_replaced_entry_keeps_its_id_and_counts_its_version);
	tcase_add_test(t, the_previous_generation_stays_beside);
	tcase_add_test(t, an_entry_can_be_renamed);
	tcase_add_test(t, an_entry_can_be_renamed_again_and_again);
	tcase_add_test(t, a_removed_entry_is_gone);
	tcase_add_test(t, what_was_not_committed_is_nowhere);
	tcase_add_test(t, a_name_is_given_once);
	tcase_add_test(t, a_login_of_several_entries_is_not_answered);
	tcase_add_test(t, the_header_counts_who_is_being_rotated);
	tcase_add_test(t, any_run_of_changes_leaves_what_was_asked_for);
	tcase_add_test(t, an_older_generation_is_refused_until_accepted);
	tcase_add_test(t, without_a_state_directory_it_is_read_all_the_same);
	tcase_add_test(t, a_state_that_others_may_write_is_refused);
	tcase_add_test(t, another_key_can_be_added_and_the_last_one_stays);
	tcase_add_test(t, after_a_wrong_key_another_may_be_tried);
	tcase_add_test(t, there_is_one_writer_and_readers_are_not_disturbed);
	tcase_add_test(t, readers_and_a_writer_run_side_by_side);
	tcase_add_test(t, a_reader_is_overtaken_between_vault_and_state);
	tcase_add_test(t, who_replaces_it_without_the_lock_is_noticed);
	tcase_add_test(t, no_vault_leaves_no_lock);
	tcase_add_test(t, one_entry_is_rotated_by_one);
	tcase_add_loop_test(t, no_bit_can_be_flipped, 0, 8);
	tcase_add_test(t, no_part_can_be_cut_off_or_added);
	tcase_add_loop_test(t, pages_and_records_stay_where_they_are, 0,
	    TESTS(small_and_big));
	tcase_add_test(t, parts_of_an_older_generation_are_noticed);
	tcase_add_test(t, a_key_that_leads_to_another_record_is_noticed);
	tcase_add_test(t, a_key_too_few_is_noticed);
	tcase_add_test(t, a_key_too_many_is_noticed);
	tcase_add_test(t, a_wrong_flag_is_noticed);
	tcase_add_test(t, wrong_counts_are_noticed);
	tcase_add_test(t, a_record_that_nothing_leads_to_is_noticed);
	tcase_add_test(t, two_entries_of_one_name_are_noticed);
	tcase_add_test(t, two_entries_of_one_id_are_noticed);
	suite_add_tcase(s, t);
	return s;
}
