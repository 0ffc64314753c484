/*
 * Methods: how a server wants to be asked for a new password.  Each is data,
 * in a file of its own; what they share is here.  Pure.
 */
#ifndef METHOD_H
#define METHOD_H

#include "err.h"
#include "message.h"
#include "secret.h"

struct method {
	/* As rotate.method has it. */
	const char *name;
	/* The argument of PASS that asks for the change: %o is the current
	 * password, %n the new one, anything else stands for itself. */
	const char *change;
	/* What separates the parts, so that no password may hold it, not even
	 * in a plain login: it would be a request for a change. */
	const char *reserved;
};

/* z/OS: PASS old/new/new, and what follows a colon is data for an exit. */
extern const struct method method_zos;

/* NULL for a method that this program does not have. */
const struct method *method_of(enum message_method method);

/*
 * A new secret with the argument of PASS for this request, terminated by a
 * NUL that len counts.  NULL with ERR_USAGE if a password or the user holds a
 * byte that must not be sent (anything but printable ASCII without the blank,
 * or one that the method reserves), or with ERR_IO.
 */
struct secret *method_pass(const struct method *m,
    const struct message_request *r, struct err *e) MUST_CHECK;

#endif
