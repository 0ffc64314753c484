#include <sys/mman.h>
#include <sys/syscall.h>

#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "fault.h"

/* glibc's own, under the names that it keeps for this. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t align, size_t size);
void __libc_free(void *p);

void *
malloc(size_t size)
{
	return fault_alloc("malloc") ? NULL : __libc_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
	return fault_alloc("calloc") ? NULL : __libc_calloc(n, size);
}

/* What grows may move, and leave behind what it held. */
static void *
resize(const char *name, void *p, size_t size)
{
	if (fault_alloc(name))
		return NULL;
	if (p != NULL)
		scan_freed(name, p, malloc_usable_size(p));
	return __libc_realloc(p, size);
}

void *
realloc(void *p, size_t size)
{
	return resize("realloc", p, size);
}

void *
reallocarray(void *p, size_t n, size_t size)
{
	if (size > 0 && n > SIZE_MAX / size) {
		errno = ENOMEM;
		return NULL;
	}
	return resize("reallocarray", p, n * size);
}

void *
memalign(size_t align, size_t size)
{
	return fault_alloc("memalign") ? NULL : __libc_memalign(align, size);
}

void *
aligned_alloc(size_t align, size_t size)
{
	return memalign(align, size);
}

int
posix_memalign(void **pp, size_t align, size_t size)
{
	void *p = memalign(align, size);

	if (p == NULL)
		return ENOMEM;
	*pp = p;
	return 0;
}

void
free(void *p)
{
	int saved = errno;

	if (p == NULL)
		return;
	scan_freed("free", p, malloc_usable_size(p));
	__libc_free(p);
	errno = saved;
}

void *
mmap(void *at, size_t len, int prot, int flags, int fd, off_t off)
{
	bool anonymous = (flags & MAP_ANONYMOUS) != 0;

	if (anonymous && fault_alloc("mmap"))
		return MAP_FAILED;
	if (!anonymous && fault_call("mmap") == FATE_FAIL)
		return MAP_FAILED;
	return (void *)fault_sys(SYS_mmap, at, len, prot, flags, fd, off);
}

int
munmap(void *p, size_t len)
{
	scan_freed("munmap", p, len);
	return (int)fault_sys(SYS_munmap, p, len);
}

int
mprotect(void *p, size_t len, int prot)
{
	if (fault_alloc("mprotect"))
		return -1;
	return (int)fault_sys(SYS_mprotect, p, len, prot);
}
