#include <stdlib.h>
#include <string.h>

#include "record.h"

#define HEAD 35

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A name and two times: what no record is without. */
static const char head[] = "\1\0\1\0\0\0n\2\0\10\0\0\0\0\0\0\0\0\0\0\0"
			   "\3\0\10\0\0\0\0\0\0\0\0\0\0\0";
static struct entry entry;
static unsigned char plain[RECORD_MAX], again[RECORD_MAX];

/* What is decoded must be encoded the same; by the first byte with a head. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t bucket = 192, at = 4;
	struct err e;

	if (size > 0 && data[0] % 2 == 0)
		at += HEAD;
	if (size == 0 || at + size > RECORD_MAX)
		return 0;
	while (bucket < at + size - 1)
		bucket = bucket < 4032 ? 2 * bucket + 64 : bucket + 4096;
	memset(plain, 0, bucket);
	memcpy(plain + 4, head, HEAD);
	memcpy(plain + at, data + 1, size - 1);
	put_u32(plain, (uint32_t)(at - 4 + size - 1));
	if (record_decode(&entry, (struct slice){ plain, bucket }, &e) == -1)
		return 0;
	if (record_size(&entry, &e) != bucket ||
	    record_encode(&entry, again, bucket, &e) == -1 ||
	    memcmp(plain, again, bucket) != 0)
		abort();
	return 0;
}
