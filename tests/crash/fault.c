#include <sys/syscall.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"

/* As much of a line as is formatted at once. */
#define LINE 8448

enum which {
	ONCE,
	ONWARD,
	EVERY_SECOND
};

static struct {
	bool active;
	bool count;
	/* "alloc" or "call", or "" for no fault. */
	char class[8];
	long nth;
	int what;
	enum which which;
	long allocs;
	long calls;
	/* In a child it does nothing. */
	pid_t pid;
	char log[4096];
} f;

/* As the C library does it: six arguments, however many were given. */
long
fault_sys(long number, ...)
{
	static long (*real)(long number, ...);
	long a[6];
	va_list ap;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "syscall");
	if (real == NULL)
		abort();
	va_start(ap, number);
	for (size_t i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* All of it, wherever a short write may end. */
static void
put(int fd, const char *p, size_t len)
{
	long n = 0;

	for (; len > 0; p += n, len -= (size_t)n) {
		if ((n = fault_sys(SYS_write, fd, p, len)) <= 0)
			return;
	}
}

static int
open_log(void)
{
	if (f.log[0] == '\0')
		return -1;
	return (int)fault_sys(SYS_openat, AT_FDCWD, f.log,
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

void
fault_log(const char *fmt, ...)
{
	char line[LINE];
	va_list ap;
	int fd = -1, n = 0, saved = errno;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	if (n >= LINE - 1)
		n = LINE - 2;
	line[n++] = '\n';
	if ((fd = open_log()) != -1) {
		put(fd, line, (size_t)n);
		(void)fault_sys(SYS_close, fd);
	}
	errno = saved;
}

void
fault_log_data(const char *head, const void *data, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *p = data;
	char line[LINE];
	int fd = open_log(), saved = errno;
	size_t n = 0;

	if (fd == -1)
		return;
	put(fd, head, strlen(head));
	while (len > 0) {
		for (n = 0; len > 0 && n < sizeof(line); p++, len--) {
			line[n++] = hex[*p >> 4];
			line[n++] = hex[*p & 15];
		}
		put(fd, line, n);
	}
	put(fd, "\n", 1);
	(void)fault_sys(SYS_close, fd);
	errno = saved;
}

/* Whether call number n of the class is to fail. */
static bool
is_hit(const char *class, long n)
{
	if (strcmp(f.class, class) != 0 || n < f.nth)
		return false;
	switch (f.which) {
	case ONCE:
		return n == f.nth;
	case ONWARD:
		return true;
	case EVERY_SECOND:
		return (n - f.nth) % 2 == 0;
	}
	return false;
}

static bool
is_ours(void)
{
	return f.active && fault_sys(SYS_getpid) == f.pid;
}

bool
fault_alloc(const char *name)
{
	if (!is_ours())
		return false;
	if (f.count)
		fault_log("alloc %s", name);
	if (!is_hit("alloc", ++f.allocs))
		return false;
	if (f.allocs == f.nth)
		fault_log("hit %s", name);
	errno = ENOMEM;
	return true;
}

enum fate
fault_call(const char *name)
{
	if (!is_ours())
		return FATE_PASS;
	if (f.count)
		fault_log("call %s", name);
	if (!is_hit("call", ++f.calls))
		return FATE_PASS;
	if (f.calls == f.nth)
		fault_log("hit %s", name);
	errno = f.what;
	if (f.what > 0)
		return FATE_FAIL;
	return f.what == 0 ? FATE_SHORT : FATE_AFTER;
}

long
fault_leave(enum fate fate, long result)
{
	if (fate != FATE_AFTER)
		return result;
	errno = -f.what;
	return -1;
}

/* A variable of the environment, which is taken away. */
static const char *
take(const char *name)
{
	const char *value = getenv(name);

	(void)unsetenv(name);
	return value;
}

/* "CLASS N WHAT WHICH"; what is no such thing is a mistake of the driver. */
static void
parse(const char *text)
{
	char *end = NULL;
	size_t len = strcspn(text, " ");

	if (len >= sizeof(f.class))
		abort();
	memcpy(f.class, text, len);
	f.nth = strtol(text + len, &end, 10);
	f.what = (int)strtol(end, &end, 10);
	f.which = (enum which)strtol(end, &end, 10);
	if (f.nth < 1 || *end != '\0')
		abort();
}

__attribute__((constructor)) static void
begin(void)
{
	const char *program = getenv("FAULT_PROGRAM");
	const char *log = NULL, *at = NULL;

	if (program == NULL ||
	    strcmp(program, program_invocation_short_name) != 0)
		return;
	if ((log = take("FAULT_LOG")) != NULL)
		(void)snprintf(f.log, sizeof(f.log), "%s", log);
	if ((at = take("FAULT_AT")) != NULL)
		parse(at);
	trace_start(take("FAULT_TRACE"));
	scan_start(take("FAULT_CANARY"));
	f.count = take("FAULT_COUNT") != NULL;
	(void)take("FAULT_PROGRAM");
	(void)take("LD_PRELOAD");
	f.pid = (pid_t)fault_sys(SYS_getpid);
	f.active = true;
}
