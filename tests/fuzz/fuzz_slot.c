#include <stdlib.h>
#include <string.h>

#include "slot.h"
#include "table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A slot that was altered anywhere opens no more, and never to another key. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct secret *secret;
	unsigned char slot[TABLE_SLOT], master[CRYPT_KEY], id[TABLE_ID] = { 0 };
	struct slot_info info = { .created = 1 };
	struct slot_key key = { .kind = SLOT_RAW };
	bool fits, altered = false;
	struct err e;
	size_t i;

	if (secret == NULL &&
	    (secret_init(NULL, 65536, &e) == -1 ||
		(secret = secret_new(CRYPT_KEY, &e)) == NULL))
		abort();
	crypt_random(secret->data, secret->len = CRYPT_KEY);
	key.secret = secret;
	if (slot_make(slot, &key, &info, secret->data, id, &e) == -1)
		abort();
	for (i = 0; i < size && i < sizeof(slot); i++) {
		slot[i] ^= data[i];
		altered = altered || data[i] != 0;
	}
	if (slot_open(slot, &key, id, master, &fits, &e) == -1 || !fits) {
		if (!altered)
			abort();
	} else if (altered || memcmp(master, secret->data, CRYPT_KEY) != 0) {
		abort();
	}
	return 0;
}
