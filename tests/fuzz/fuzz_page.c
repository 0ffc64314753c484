/*
 * A page of the index: whatever is accepted must be what would have been
 * written, on that page, and within the vault.
 */
#include <stdlib.h>
#include <string.h>

#include "table.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	unsigned char buf[TABLE_PAGE_PLAIN + 1] = { 0 }, again[sizeof(buf)];
	struct table_geometry g = { .size = (uint64_t)1 << 40 };
	struct table_entry entries[TABLE_PAGE_ENTRIES];
	size_t i, n;
	struct err e;

	memcpy(buf, data, len < sizeof(buf) ? len : sizeof(buf));
	/* The first byte: how many pages, and which one. */
	g.pages = 1 + (buf[0] & 15u);
	g.records_at = table_page_at(g.pages);
	if (table_page_get(entries, &n, buf + 1, buf[0] >> 4, &g, &e) == -1)
		return 0;
	for (i = 0; i < n; i++) {
		if (entries[i].offset < g.records_at ||
		    entries[i].length > g.size - entries[i].offset ||
		    table_page_of(entries[i].hash, g.pages) != buf[0] >> 4)
			abort();
	}
	table_page_put(again, entries, n);
	if (memcmp(again, buf + 1, TABLE_PAGE_PLAIN) != 0)
		abort();
	return 0;
}
