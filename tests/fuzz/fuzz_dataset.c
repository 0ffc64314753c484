/*
 * dataset_password() and dataset_name() on any bytes.  The first byte chooses
 * format and encoding, the rest is the file.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dataset.h"
#include "fuzz.h"

static void
fuzz_password(const uint8_t *data, size_t size, struct secret *to)
{
	struct dataset_how how = { 0 };
	struct err e = { 0 };
	size_t i = 0;

	how.format = (enum dataset_format)(data[0] % 3);
	how.encoding = (enum dataset_encoding)(data[0] / 3 % 3);
	if (dataset_password(to, &how, (struct slice){ data + 1, size - 1 },
		&e) == -1) {
		require(e.kind == ERR_USAGE);
		return;
	}
	require(how.format != DATASET_FORMAT_AUTO);
	require(how.encoding != DATASET_ENCODING_AUTO);
	require(to->len > 0 && to->len <= to->cap && to->len <= size - 1);
	require(to->data[to->len - 1] != ' ');
	for (i = 0; i < to->len; i++)
		require(to->data[i] >= 0x20 && to->data[i] != 0x7f);
}

/* A name that is normal already stays as it is. */
static void
fuzz_name(const uint8_t *data, size_t size)
{
	char once[DATASET_NAME_MAX], twice[DATASET_NAME_MAX];
	struct err e = { 0 };

	if (dataset_name(once, sizeof(once), (struct slice){ data, size },
		&e) == -1)
		return;
	require(dataset_name(twice, sizeof(twice), slice_of(once), &e) == 0);
	require(strcmp(once, twice) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct secret *to;
	struct err e = { 0 };

	if (to == NULL) {
		require(secret_init(NULL, 65536, &e) == 0);
		require((to = secret_new(256, &e)) != NULL);
	}
	if (size == 0)
		return 0;
	fuzz_password(data, size, to);
	fuzz_name(data + 1, size - 1);
	return 0;
}
