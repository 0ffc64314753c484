#include <malloc.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <sodium.h>

#include "wipe.h"

/* Several times what both libraries were seen to use. */
#define STACK_USED ((size_t)128 * 1024)

static void
wipe_free(void *p)
{
	if (p == NULL)
		return;
	sodium_memzero(p, malloc_usable_size(p));
	free(p);
}

/* realloc(3) would free the old place unwiped, or leave the end of it. */
static void *
wipe_realloc(void *old, size_t size)
{
	void *p = NULL;
	size_t had;

	if (old == NULL)
		return malloc(size);
	if (size == 0) {
		wipe_free(old);
		return NULL;
	}
	if ((p = malloc(size)) == NULL)
		return NULL;
	had = malloc_usable_size(old);
	memcpy(p, old, had < size ? had : size);
	wipe_free(old);
	return p;
}

static char *
wipe_strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *p = malloc(size);

	if (p != NULL)
		memcpy(p, text, size);
	return p;
}

/* OpenSSL also names the place of each call, which is of no use here. */

static void *
ssl_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return malloc(size);
}

static void *
ssl_realloc(void *old, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return wipe_realloc(old, size);
}

static void
ssl_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	wipe_free(p);
}

int
wipe_start(struct err *e)
{
	if (CRYPTO_set_mem_functions(ssl_malloc, ssl_realloc, ssl_free) != 1)
		return err_set(e, ERR_IO, "OpenSSL does not take an allocator");
	if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wipe_free,
		wipe_realloc, wipe_strdup, calloc) != CURLE_OK)
		return err_set(e, ERR_IO, "libcurl does not initialise");
	return 0;
}

void
wipe_stack(void)
{
	sodium_stackzero(STACK_USED);
}

void
wipe_stop(void)
{
	curl_global_cleanup();
	OPENSSL_cleanup();
}
