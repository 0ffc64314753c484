#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"

#define FRAGMENT 8
#define CANARIES_MOST 4096
#define CHUNK ((size_t)65536)

/* The canaries, a line each, masked. */
static unsigned char masked[CANARIES_MOST];
static size_t nmasked;

/* Whether some fragment begins with this byte, and the next. */
static bool begins[256][256];
static unsigned char chunk[CHUNK];
static bool active;

void
scan_start(const char *canary)
{
	long fd = -1, n = 0;

	if (canary == NULL)
		return;
	fd = fault_sys(SYS_openat, AT_FDCWD, canary, O_RDONLY | O_CLOEXEC);
	n = fault_sys(SYS_read, fd, masked, sizeof(masked));
	(void)fault_sys(SYS_close, fd);
	if (n < FRAGMENT)
		abort();
	nmasked = (size_t)n;
	for (size_t i = 0; i + FRAGMENT <= nmasked; i++)
		begins[masked[i] ^ SCAN_MASK][masked[i + 1] ^ SCAN_MASK] = true;
	active = true;
}

/* A fragment within one canary: not over a newline, which is between them. */
static bool
is_fragment(const unsigned char *p)
{
	for (size_t i = 0; i + FRAGMENT <= nmasked; i++) {
		size_t n = 0;

		while (n < FRAGMENT && masked[i + n] != ('\n' ^ SCAN_MASK) &&
		    (masked[i + n] ^ SCAN_MASK) == p[n])
			n++;
		if (n == FRAGMENT)
			return true;
	}
	return false;
}

static bool
has_fragment(size_t len)
{
	for (size_t i = 0; i + FRAGMENT <= len; i++)
		if (begins[chunk[i]][chunk[i + 1]] && is_fragment(chunk + i))
			return true;
	return false;
}

/*
 * Reads it as another process would, because of pages that may not be read;
 * chunks overlap, so that no fragment lies across two.
 */
void
scan_freed(const char *what, const void *p, size_t len)
{
	const unsigned char *from = p;
	int saved = errno;
	pid_t self = 0;

	if (!active)
		return;
	self = (pid_t)fault_sys(SYS_getpid);
	for (size_t at = 0; at < len; at += CHUNK - FRAGMENT + 1) {
		struct iovec to = { chunk,
			len - at < CHUNK ? len - at : CHUNK };
		struct iovec there = { (void *)(uintptr_t)(from + at),
			to.iov_len };
		long n = fault_sys(SYS_process_vm_readv, self, &to, 1L, &there,
		    1L, 0L);

		if (n >= FRAGMENT && has_fragment((size_t)n)) {
			fault_log("bug %s of %zu bytes with a secret in them",
			    what, len);
			break;
		}
	}
	memset(chunk, 0, len < CHUNK ? len : CHUNK);
	errno = saved;
}
