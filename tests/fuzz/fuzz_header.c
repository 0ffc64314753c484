/*
 * The header and the geometry of a vault: whatever is accepted must be what
 * would have been written.
 */
#include <stdlib.h>
#include <string.h>

#include "table.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	unsigned char buf[TABLE_HEADER] = { 0 }, again[TABLE_HEADER];
	struct table_geometry g;
	struct table_header h;
	struct err e;

	memcpy(buf, data, len < sizeof(buf) ? len : sizeof(buf));
	if (table_header_get(&h, buf, &e) == 0) {
		memcpy(again, buf, sizeof(buf));
		table_header_put(again, &h);
		if (memcmp(again, buf, sizeof(buf)) != 0)
			abort();
	}
	/* The size claimed is the only one it may be accepted with. */
	if (table_geometry_get(&g, buf, get_u64(buf + 32), &e) == 0) {
		table_geometry_put(again, &g);
		if (memcmp(again, buf, TABLE_GEOMETRY) != 0 ||
		    table_page_at(g.pages) > g.size)
			abort();
	}
	return 0;
}
