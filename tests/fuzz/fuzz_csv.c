/*
 * csv_next() on any bytes: fields lie within the text, in order.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice fields[8];
	struct err e = { 0 };
	struct csv c;
	unsigned char *text = malloc(size + 1), *from = text;
	size_t i = 0, n = 0;
	int rv = 0;

	require(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	csv_start(&c, text, size);
	while ((rv = csv_next(&c, fields, 8, &n, &e)) == 1) {
		require(n >= 1 && n <= 8);
		for (i = 0; i < n; i++) {
			require(fields[i].p >= from);
			from = text + (fields[i].p - text) + fields[i].len;
			require(from <= text + size);
		}
	}
	require(rv == 0 || e.kind == ERR_USAGE);
	free(text);
	return 0;
}
