/*
 * Errors: one kind, which is also the exit status, and one line for a person.
 *
 * A function that can fail takes a struct err last and returns 0, or -1 with
 * it filled in.  Nothing below main() prints.  A message says what happened,
 * to what, and what to do next; it never holds a secret, and text that came
 * from outside goes through text_show() (bytes.h) first.
 */
#ifndef ERR_H
#define ERR_H

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* The values are the exit statuses, after sysexits(3) where one fits. */
enum err_kind {
	ERR_NONE = 0,
	/* No such entry, or the user declined. */
	ERR_NOENTRY = 1,
	/* A rotation's outcome is unknown: a person is needed. */
	ERR_ATTENTION = 3,
	ERR_USAGE = 64,
	/* Vault damaged, altered or rolled back. */
	ERR_DAMAGED = 65,
	/* No vault, or no key to open it with. */
	ERR_NOVAULT = 66,
	/* pawl-vault run: the host key is not known; it is another one. */
	ERR_HOST_UNKNOWN = 67,
	ERR_HOST_CHANGED = 68,
	/* Server unreachable or not trusted; nothing was changed. */
	ERR_UNREACHABLE = 69,
	/* In place, or unknown, and not known to survive a power failure. */
	ERR_UNSYNCED = 71,
	/* The system failed us (I/O, memory); nothing was committed. */
	ERR_IO = 74,
	/* Somebody else holds it; try again. */
	ERR_BUSY = 75,
	/* The server refused; the old password still holds. */
	ERR_REFUSED = 76,
	/* Wrong key, or not permitted. */
	ERR_DENIED = 77,
	ERR_CONFIG = 78
};

struct err {
	enum err_kind kind;
	char msg[480];
};

/* Sets kind and message.  Returns -1, so that a failure is one line. */
int err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
    PRINTF(3, 4);

/* The same with ": " and strerror(errno) behind the message. */
int err_sys(struct err *e, enum err_kind kind, const char *fmt, ...)
    PRINTF(3, 4);

/* Puts "context: " before the message that e holds.  Returns -1. */
int err_in(struct err *e, const char *fmt, ...) PRINTF(2, 3);

/*
 * Writes "program: message\n" to standard error in one write(2), with control
 * characters escaped, and returns the exit status of e.  Only main() calls it.
 */
int err_print(const char *program, const struct err *e);

/*
 * What err_print() writes goes through this from now on, byte by byte: to
 * another code page.  NULL, as at the start, is none.
 */
void err_encode(unsigned char (*encode)(unsigned char c));

#endif
