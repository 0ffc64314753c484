/*
 * What the fuzz targets share: libFuzzer's entry, and the check that ends a
 * run.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* One input.  Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Aborts, which libFuzzer reports with the input, unless it is good. */
static inline void
require(bool good)
{
	if (!good)
		abort();
}

#endif
