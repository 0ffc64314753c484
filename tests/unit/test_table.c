#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

Suite *table_suite(void);

static const struct table_header head = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
					      12, 13, 14, 15, 16 },
	7, 1700000000, 3, 4, 262144 };
static const struct table_geometry geometry = { 4, 200, 100,
	TABLE_HEADER + 4 * TABLE_PAGE,
	(uint64_t)TABLE_HEADER + 4 * TABLE_PAGE + 100 * 256 };

static struct err e;

/* Where the header has to be zero. */
static bool
is_reserved(size_t i)
{
	return (i >= 52 && i < 56) || (i >= 152 && i < TABLE_SLOTS_AT);
}

static void
set_hash(struct table_entry *t, uint64_t h)
{
	size_t i;

	for (i = 0; i < 8; i++)
		t->hash[i] = (unsigned char)(h >> (56 - 8 * i));
}

static uint64_t
page_of(uint64_t h, uint64_t pages)
{
	struct table_entry t = { { 0 }, 0, 0, 0, { 0 } };

	set_hash(&t, h);
	return table_page_of(t.hash, pages);
}

/* n sorted entries, evenly from the hashes of one page of geometry. */
static void
fill(struct table_entry *entries, size_t n, uint64_t page)
{
	size_t i;

	memset(entries, 0, (n + 1) * sizeof(*entries));
	for (i = 0; i < n; i++) {
		set_hash(&entries[i], (page << 62) + (i << 40));
		entries[i].offset = geometry.records_at + i * 256;
		entries[i].length = 256;
		entries[i].kind = 1 + (uint32_t)i % 4;
		memset(entries[i].tag, (int)i, CRYPT_TAG);
	}
}

START_TEST(a_header_is_read_as_it_was_written)
{
	unsigned char buf[TABLE_HEADER];
	struct table_header h;
	size_t i;

	memset(buf, 0xaa, sizeof(buf));
	table_header_put(buf, &head);
	ck_assert_int_eq(table_header_get(&h, buf, &e), 0);
	ck_assert_mem_eq(&h, &head, sizeof(h));
	ck_assert_mem_eq(buf, "\x89PAWL\r\n\x1a\1\0\0\0\0\0\0\0", 16);
	for (i = 64; i < TABLE_HEADER; i++)
		ck_assert_uint_eq(buf[i], is_reserved(i) ? 0 : 0xaa);
}
END_TEST

START_TEST(what_must_be_zero_in_a_header_is_looked_at)
{
	unsigned char buf[TABLE_HEADER] = { 0 };
	struct table_header h;
	size_t i;

	table_header_put(buf, &head);
	for (i = 0; i < TABLE_HEADER; i++) {
		if (!is_reserved(i))
			continue;
		buf[i] = 1;
		ck_assert_int_eq(table_header_get(&h, buf, &e), -1);
		ck_assert_int_eq(e.kind, ERR_DAMAGED);
		buf[i] = 0;
	}
}
END_TEST

START_TEST(another_version_or_flag_is_named_by_number)
{
	unsigned char buf[TABLE_HEADER] = { 0 };
	struct table_header h;

	table_header_put(buf, &head);
	put_u32(buf + 8, 4711);
	ck_assert_int_eq(table_header_get(&h, buf, &e), -1);
	ck_assert_int_eq(e.kind, ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(e.msg, "4711"));
	put_u32(buf + 8, TABLE_VERSION);
	put_u32(buf + 12, 0x40);
	ck_assert_int_eq(table_header_get(&h, buf, &e), -1);
	ck_assert_int_eq(e.kind, ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(e.msg, "0x40"));
}
END_TEST

START_TEST(a_transfer_as_text_is_recognised)
{
	static const struct {
		const char *magic;
		bool text;
	} cases[] = {
		{ "\x89PAWL\n\x1a\1", true },
		{ "\x89PAWL\r\r\n", true },
		{ "\x3fPAWL\r\n\x1a", true },
		{ "\x89\xd7\xc1\xe6\xd3\r\n\x1a", true },
		{ "\x89&\xa0\xef<\r\n\x1a", true },
		{ "\x7f"
		  "ELF\2\1\1\1",
		    false },
		{ "secret12", false },
	};
	unsigned char buf[TABLE_HEADER] = { 0 };
	struct table_header h;
	size_t i;

	table_header_put(buf, &head);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memcpy(buf, cases[i].magic, 8);
		ck_assert_int_eq(table_header_get(&h, buf, &e), -1);
		ck_assert_int_eq(e.kind, ERR_DAMAGED);
		ck_assert(cases[i].text == (strstr(e.msg, "binary") != NULL));
	}
}
END_TEST

START_TEST(a_geometry_is_read_as_it_was_written)
{
	static const struct table_geometry none = { 1, 0, 0, 12288, 12288 };
	unsigned char buf[TABLE_GEOMETRY];
	struct table_geometry g;

	table_geometry_put(buf, &geometry);
	ck_assert_int_eq(table_geometry_get(&g, buf, geometry.size, &e), 0);
	ck_assert_mem_eq(&g, &geometry, sizeof(g));
	table_geometry_put(buf, &none);
	ck_assert_int_eq(table_geometry_get(&g, buf, 12288, &e), 0);
	ck_assert_mem_eq(&g, &none, sizeof(g));
}
END_TEST

START_TEST(a_geometry_that_contradicts_itself_is_refused)
{
	/* The field, by its number, and a value that does not go with others. */
	static const struct {
		size_t field;
		uint64_t value;
	} cases[] = {
		{ 0, 0 },
		{ 0, 3 },
		{ 0, 5 },
		{ 0, UINT64_MAX / TABLE_PAGE },
		{ 0, (uint64_t)1 << 52 },
		{ 1, 0 },
		{ 1, 99 },
		{ 1, 4 * TABLE_PAGE_ENTRIES + 1 },
		{ 1, UINT64_MAX },
		{ 2, 0 },
		{ 2, 201 },
		{ 3, 0 },
		{ 3, TABLE_HEADER + 4 * TABLE_PAGE + 1 },
		{ 4, TABLE_HEADER + 4 * TABLE_PAGE },
		{ 4, TABLE_HEADER },
		{ 4, TABLE_HEADER + 4 * TABLE_PAGE + 100 * 256 - 1 },
		{ 5, 1 },
	};
	unsigned char buf[TABLE_GEOMETRY];
	struct table_geometry g;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		table_geometry_put(buf, &geometry);
		put_u64(buf + 8 * cases[i].field, cases[i].value);
		ck_assert_int_eq(table_geometry_get(&g, buf, geometry.size, &e),
		    -1);
		ck_assert_int_eq(e.kind, ERR_DAMAGED);
	}
	table_geometry_put(buf, &geometry);
	ck_assert_int_eq(table_geometry_get(&g, buf, geometry.size + 1, &e),
	    -1);
	ck_assert_int_eq(e.kind, ERR_DAMAGED);
}
END_TEST

/* The numbers were computed with Python: h * pages >> 64. */
START_TEST(a_hash_has_the_page_of_the_format)
{
	ck_assert_uint_eq(page_of(0, 1), 0);
	ck_assert_uint_eq(page_of(UINT64_MAX, 1), 0);
	ck_assert_uint_eq(page_of(UINT64_MAX, 16000000), 15999999);
	ck_assert_uint_eq(page_of(0x8000000000000000, 3), 1);
	ck_assert_uint_eq(page_of(0x5555555555555555, 3), 0);
	ck_assert_uint_eq(page_of(0x5555555555555556, 3), 1);
	ck_assert_uint_eq(page_of(0x0123456789abcdef, 3572), 15);
	ck_assert_uint_eq(page_of(0xfedcba9876543210, 15999999), 15928887);
	ck_assert_uint_eq(page_of(0xdeadbeefcafebabe, UINT64_MAX),
	    0xdeadbeefcafebabd);
	ck_assert_uint_eq(page_of(0xffffffff00000001, 0xfffffffe00000003),
	    0xfffffffd00000005);
	ck_assert_uint_eq(table_page_at(0), 8192);
	ck_assert_uint_eq(table_page_at(15999999), 65536004096);
}
END_TEST

/* The most entries that share a page. */
static size_t
fullest(const struct table_entry *entries, size_t n, uint64_t pages)
{
	size_t i, most = 0, here = 0;

	for (i = 0; i < n; i++) {
		if (i == 0 ||
		    table_page_of(entries[i].hash, pages) !=
			table_page_of(entries[i - 1].hash, pages))
			here = 0;
		if (++here > most)
			most = here;
	}
	return most;
}

START_TEST(so_many_pages_that_none_overflows)
{
	static const size_t counts[] = { 1, 2, 56, 57, 84, 85, 1000, 20000 };
	struct table_entry *entries;
	uint64_t pages, seed = 1;
	size_t i, j, n;

	ck_assert_uint_eq(table_pages_for(NULL, 0), 1);
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		n = counts[i];
		ck_assert_ptr_nonnull(entries = calloc(n, sizeof(*entries)));
		for (j = 0; j < n; j++) {
			seed = seed * 6364136223846793005 + 1442695040888963407;
			set_hash(&entries[j], seed);
		}
		qsort(entries, n, sizeof(*entries), table_entry_compare);
		pages = table_pages_for(entries, n);
		ck_assert_uint_ge(pages, 1);
		ck_assert_uint_le(pages, n / 56 * 5 / 4 + 1 + (n < 200));
		ck_assert_uint_le(fullest(entries, n, pages), 84);
		free(entries);
	}
}
END_TEST

START_TEST(too_many_equal_keys_fit_no_number_of_pages)
{
	struct table_entry entries[TABLE_PAGE_ENTRIES + 2];

	memset(entries, 0, sizeof(entries));
	set_hash(&entries[TABLE_PAGE_ENTRIES], UINT64_MAX);
	set_hash(&entries[TABLE_PAGE_ENTRIES + 1], UINT64_MAX);
	ck_assert_uint_eq(table_pages_for(entries, TABLE_PAGE_ENTRIES + 2), 2);
	set_hash(&entries[TABLE_PAGE_ENTRIES], 0);
	ck_assert_uint_eq(table_pages_for(entries, TABLE_PAGE_ENTRIES + 1), 0);
	ck_assert_uint_eq(table_pages_for(entries, TABLE_PAGE_ENTRIES + 2), 0);
}
END_TEST

START_TEST(a_page_is_read_as_it_was_written)
{
	static const size_t counts[] = { 0, 1, 2, TABLE_PAGE_ENTRIES };
	struct table_entry in[TABLE_PAGE_ENTRIES + 1];
	struct table_entry out[TABLE_PAGE_ENTRIES];
	unsigned char buf[TABLE_PAGE_PLAIN];
	size_t i, n;

	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		fill(in, counts[i], 2);
		in[0].kind = TABLE_NAME | TABLE_BUSY;
		memset(buf, 0xaa, sizeof(buf));
		table_page_put(buf, in, counts[i]);
		ck_assert_int_eq(table_page_get(out, &n, buf, 2, &geometry, &e),
		    0);
		ck_assert_uint_eq(n, counts[i]);
		if (n > 0)
			ck_assert_mem_eq(out, in, n * sizeof(*in));
	}
}
END_TEST

/* Puts three entries with the second changed, and expects a refusal. */
static void
refused(const struct table_entry *second, const char *why)
{
	struct table_entry in[4], out[TABLE_PAGE_ENTRIES];
	unsigned char buf[TABLE_PAGE_PLAIN];
	size_t n;

	fill(in, 3, 1);
	in[1] = *second;
	table_page_put(buf, in, 3);
	ck_assert_int_eq(table_page_get(out, &n, buf, 1, &geometry, &e), -1);
	ck_assert_int_eq(e.kind, ERR_DAMAGED);
	ck_assert_msg(strstr(e.msg, why) != NULL, "%s: %s", why, e.msg);
}

START_TEST(an_entry_that_cannot_be_is_refused)
{
	static const uint32_t kinds[] = { 0, 5, 0x101 << 1, 0x103, 0x200, 0x201,
		0x10001 };
	struct table_entry good[4], bad;
	size_t i;

	fill(good, 3, 1);
	refused(&good[0], "order");
	refused(&good[2], "order");
	bad = good[1];
	set_hash(&bad, 0);
	refused(&bad, "page");
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		bad = good[1];
		bad.kind = kinds[i];
		refused(&bad, "kind");
	}
	bad = good[1];
	bad.offset = geometry.records_at - 1;
	refused(&bad, "records");
	bad.offset = geometry.size;
	refused(&bad, "records");
	bad.offset = geometry.size - 255;
	refused(&bad, "end");
	bad = good[1];
	bad.length = 0;
	refused(&bad, "end");
	bad.length = UINT32_MAX;
	refused(&bad, "end");
}
END_TEST

START_TEST(a_page_counts_no_more_than_it_holds)
{
	static const uint32_t counts[] = { TABLE_PAGE_ENTRIES + 1, UINT32_MAX };
	struct table_entry entries[TABLE_PAGE_ENTRIES + 1];
	unsigned char buf[TABLE_PAGE_PLAIN];
	size_t i, n;

	fill(entries, TABLE_PAGE_ENTRIES, 1);
	table_page_put(buf, entries, TABLE_PAGE_ENTRIES);
	for (i = 0; i < 2; i++) {
		put_u32(buf, counts[i]);
		ck_assert_int_eq(table_page_get(entries, &n, buf, 1, &geometry,
				     &e),
		    -1);
		ck_assert_int_eq(e.kind, ERR_DAMAGED);
		ck_assert_ptr_nonnull(strstr(e.msg, "counts"));
	}
}
END_TEST

START_TEST(what_a_page_reads_it_would_write)
{
	struct table_entry entries[TABLE_PAGE_ENTRIES + 1];
	unsigned char buf[TABLE_PAGE_PLAIN], again[TABLE_PAGE_PLAIN];
	size_t i, n, refusals = 0;

	fill(entries, 83, 3);
	table_page_put(buf, entries, 83);
	for (i = 0; i < sizeof(buf); i++) {
		buf[i] ^= 0x80;
		if (table_page_get(entries, &n, buf, 3, &geometry, &e) == 0) {
			table_page_put(again, entries, n);
			ck_assert_mem_eq(again, buf, sizeof(buf));
		} else {
			ck_assert_int_eq(e.kind, ERR_DAMAGED);
			refusals++;
		}
		buf[i] ^= 0x80;
	}
	/* Head, zeros, and of each entry a part of offset, length and kind. */
	ck_assert_uint_gt(refusals, 8 + 64 + 83 * 12);
}
END_TEST

Suite *
table_suite(void)
{
	Suite *s = suite_create("table");
	TCase *t = tcase_create("table");

	tcase_add_test(t, a_header_is_read_as_it_was_written);
	tcase_add_test(t, what_must_be_zero_in_a_header_is_looked_at);
	tcase_add_test(t, another_version_or_flag_is_named_by_number);
	tcase_add_test(t, a_transfer_as_text_is_recognised);
	tcase_add_test(t, a_geometry_is_read_as_it_was_written);
	tcase_add_test(t, a_geometry_that_contradicts_itself_is_refused);
	tcase_add_test(t, a_hash_has_the_page_of_the_format);
	tcase_add_test(t, so_many_pages_that_none_overflows);
	tcase_add_test(t, too_many_equal_keys_fit_no_number_of_pages);
	tcase_add_test(t, a_page_is_read_as_it_was_written);
	tcase_add_test(t, an_entry_that_cannot_be_is_refused);
	tcase_add_test(t, a_page_counts_no_more_than_it_holds);
	tcase_add_test(t, what_a_page_reads_it_would_write);
	suite_add_tcase(s, t);
	return s;
}
