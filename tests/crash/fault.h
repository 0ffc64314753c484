/*
 * The library that faults.py preloads (LD_PRELOAD) into a program, in parts
 * that share this: fault.c decides, alloc.c stands before malloc(3) and its
 * kin, calls.c before the calls that do input and output, trace.c writes down
 * what they did to files, scan.c looks through what is freed.
 *
 * It acts in the process whose program is called FAULT_PROGRAM, not in those
 * that it starts.  The environment says what to do, and it is gone before
 * main() runs:
 *
 *	FAULT_PROGRAM	the program's name
 *	FAULT_LOG	the file that gets a line for all that is to be known
 *	FAULT_COUNT	if set: a line for each call, "alloc NAME", "call NAME"
 *	FAULT_AT	"alloc" or "call", N, what, which: the Nth call fails
 *			with the errno WHAT; or does one byte only (0); or is
 *			done, and fails with the errno -WHAT.  WHICH: 0 this
 *			one only, 1 all from there on, 2 every second one
 *	FAULT_TRACE	a directory: a line for each effect on a file below it
 *	FAULT_CANARY	a file with what must not be in what is freed, each
 *			byte xor SCAN_MASK: one a line
 *
 * The calls are those that the program and libsodium make; what the C library
 * calls within itself (stdio's write(2), say) cannot be reached.  Linux only.
 */
#ifndef FAULT_H
#define FAULT_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

#define SCAN_MASK 0xa5

/* syscall(2) itself, behind everything that is preloaded; sets errno. */
long fault_sys(long number, ...);

enum fate {
	FATE_PASS,
	FATE_FAIL,
	FATE_SHORT,
	FATE_AFTER
};

/* What the allocation or call that is being made shall meet; counts it. */
bool fault_alloc(const char *name);
enum fate fault_call(const char *name);

/* What the call returns, which has returned result, or was not made. */
long fault_leave(enum fate fate, long result);

/* One line to the log; nothing if there is none.  Keeps errno. */
void fault_log(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* As fault_log(), with len bytes in hexadecimal behind it. */
void fault_log_data(const char *head, const void *data, size_t len);

/* Begin; the argument is what the environment said, or NULL. */
void trace_start(const char *root);
void scan_start(const char *canary);

/*
 * What was done, after it was, with its result.  The descriptors are open,
 * and errno is kept.  A call that failed is left out.
 */
void trace_open(int dir, const char *path, int flags, long result);
void trace_write(int fd, const void *data, off_t at, long result);
void trace_copy(int in, off_t in_at, int out, long result);
void trace_sync(int fd, long result);
void trace_size(int fd, off_t size, long result);
void trace_name(const char *what, int dir, const char *path, long result);
void trace_names(const char *what, const int dirs[2],
    const char *const paths[2], long result);

/* Where an open file or directory is about to be read or written. */
off_t trace_at(int fd);

/* Looks through what is about to be given back. */
void scan_freed(const char *what, const void *p, size_t len);

#endif
