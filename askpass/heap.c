/*
 * malloc(3) for pawl-askpass: a piece of static memory, handed out and never
 * taken back.  The process lives for less than a millisecond and allocates a
 * handful of times; libc's own heap would cost four system calls.  No secret
 * is ever in it: those are in the arena of secret.h.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define HEAP_SIZE ((size_t)512 * 1024)
#define HEAP_ALIGN ((size_t)16)

static _Alignas(4096) unsigned char heap[HEAP_SIZE];
static size_t used;

/*
 * Where glibc asks, at the start of a static program, where the program lies,
 * in case it loads a library.  This one never does: a readlink(2) less.  Weak,
 * so that a libc that has it elsewhere keeps its own.
 */
const char *_dl_get_origin(void);

__attribute__((weak)) const char *
_dl_get_origin(void)
{
	/* glibc's word for "not known". */
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): so glibc has it. */
	return (const char *)-1;
}

/* The size of each piece stands in the HEAP_ALIGN bytes before it. */
static void *
take(size_t size)
{
	unsigned char *p;
	size_t whole;

	if (size > HEAP_SIZE) {
		errno = ENOMEM;
		return NULL;
	}
	whole = HEAP_ALIGN + (size + HEAP_ALIGN - 1) / HEAP_ALIGN * HEAP_ALIGN;
	if (whole > HEAP_SIZE - used) {
		errno = ENOMEM;
		return NULL;
	}
	p = heap + used;
	used += whole;
	memcpy(p, &size, sizeof(size));
	return p + HEAP_ALIGN;
}

void *
malloc(size_t size)
{
	return take(size);
}

void *
calloc(size_t nmemb, size_t size)
{
	if (size != 0 && nmemb > HEAP_SIZE / size) {
		errno = ENOMEM;
		return NULL;
	}
	/* Never handed out before, so still the zeros of the program image. */
	return take(nmemb * size);
}

void *
realloc(void *ptr, size_t size)
{
	size_t before = 0;
	void *p;

	if ((p = take(size)) == NULL || ptr == NULL)
		return p;
	memcpy(&before, (unsigned char *)ptr - HEAP_ALIGN, sizeof(before));
	memcpy(p, ptr, before < size ? before : size);
	return p;
}

void
free(void *ptr)
{
	(void)ptr;
}
