/*
 * Faults: makes the nth system call of the code under test fail, fall short
 * or kill the process, and shows each call to a watcher (disk.h).  The linker
 * does it: -Wl,--wrap= for each name in FAULT_CALLS.  Build without
 * _FORTIFY_SOURCE, which renames some of them.
 */
#ifndef FAULT_H
#define FAULT_H

#include <sys/types.h>

#include <stdbool.h>

#define FAULT_CALLS(X) \
	X(openat) \
	X(close) \
	X(write) \
	X(pwrite) \
	X(pread) \
	X(fsync) \
	X(fstat) \
	X(fstatat) \
	X(fchown) \
	X(fchmod) \
	X(ftruncate) \
	X(linkat) \
	X(renameat) \
	X(unlinkat) \
	X(copy_file_range)

#define FAULT_ENUM(name) FAULT_##name,
enum fault_call {
	FAULT_CALLS(FAULT_ENUM) FAULT_CALL_COUNT
};
#undef FAULT_ENUM

enum fault_kind {
	FAULT_NONE,
	/* Not done; fails with the error. */
	FAULT_ERROR,
	/* Done, and yet it fails: the reply of a file server was lost. */
	FAULT_ERROR_AFTER,
	/*
	 * A write or copy does half; any other call is left alone.  With an
	 * error, the next call fails with it.
	 */
	FAULT_SHORT,
	FAULT_KILL,
	FAULT_KILL_AFTER
};

struct fault {
	enum fault_kind kind;
	int error;
	/* Not only the nth call but all from there on. */
	bool onward;
	/* Counts, and spoils, only this call; FAULT_CALL_COUNT: each. */
	enum fault_call only;
};

/* From now on, the nth wrapped call (from 1) meets the fault. */
void fault_arm(unsigned int nth, struct fault f);

/* Stops; returns how many calls were counted. */
unsigned int fault_disarm(void);

/* What the spoiled call was, for a message; "none" if it was not reached. */
const char *fault_where(void);

/* A call that succeeded.  fd2 and name2 are where a link or rename went. */
struct fault_event {
	enum fault_call call;
	int fd;
	const char *name;
	int fd2;
	const char *name2;
	/* What the call returned. */
	long result;
	/* openat: its flags.  pwrite, copy_file_range: the offset read from
	 * or written to. */
	int flags;
	off_t at;
	const void *data;
};

/* NULL stops it. */
void fault_watch(void (*watch)(const struct fault_event *ev));

#endif
