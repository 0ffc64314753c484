/*
 * Methods: how a server wants to be asked for a new password.  Each is data,
 * in a file of its own; what they share is here.  Pure, and known to both
 * halves: pawl-rotate stores no new password that its method cannot carry.
 *
 * In a pattern %o is the current password and %n the new one, %U, %O and %N
 * are the user, the current and the new password in base64, and anything else
 * stands for itself.
 */
#ifndef METHOD_H
#define METHOD_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"
#include "err.h"
#include "message.h"
#include "secret.h"

#define METHOD_LIST 4

/* What a server says of a password that is right and has expired. */
struct method_expiry {
	/* Of the answer to PASS; 0 if it has no words for that. */
	uint16_t code;
	/* One of these is in it; no text is needed if there is none. */
	const char *words[METHOD_LIST];
};

struct method {
	/* As rotate.method has it. */
	const char *name;
	/* The argument of PASS in a change; NULL where it is not FTP. */
	const char *pass;
	/* The command that makes the change after that, or NULL where PASS
	 * itself makes it. */
	const char *command;
	/* The replies to the command that mean yes; 0 ends them. */
	uint16_t yes[METHOD_LIST];
	/* No password may hold one of these, not even in a plain login. */
	const char *reserved;
	/* A further rule for each password, or NULL. */
	int (*check)(struct slice password, struct err *e);
	/* From this length on a password is a phrase, and only a phrase can
	 * replace a phrase; 0 where there are none. */
	size_t phrase;
	struct method_expiry expiry;
	/* A program makes the attempts, started by pawl-rotate-run. */
	bool runs;
};

/* A file each. */
extern const struct method method_zos;
extern const struct method method_servu;
extern const struct method method_cpwd;
extern const struct method method_site_cpwd;
extern const struct method method_wsftp;
extern const struct method method_axway;
extern const struct method method_exec;
extern const struct method method_ssh_pam;

/* NULL for a method that this program does not have. */
const struct method *method_of(enum message_method method);

/* The same by its name.  ERR_CONFIG lists what there is. */
int method_named(enum message_method *methodp, const char *name,
    struct err *e) MUST_CHECK;

/*
 * Whether m can carry all of it.  ERR_USAGE names the rule: a byte that must
 * not be sent (anything but printable ASCII without the blank; where a program
 * makes the attempts, in a password, only control characters), one that the
 * method reserves, a length, a phrase for a password.  fresh may be NULL.
 */
int method_check(const struct method *m, const char *user,
    const struct secret *current, const struct secret *fresh,
    struct err *e) MUST_CHECK;

/*
 * A new secret with the argument of PASS for this request, terminated by a
 * NUL that len counts.  NULL with what method_check() said, or ERR_IO.
 */
struct secret *method_pass(const struct method *m,
    const struct message_request *r, struct err *e) MUST_CHECK;

/* The same with the command of m, ended by CR and LF, which must exist. */
struct secret *method_command(const struct method *m,
    const struct message_request *r, struct err *e) MUST_CHECK;

/*
 * The i-th thing that must not be shown of this request, from 0: its passwords
 * and what they look like in base64.  A new secret, which is empty where the
 * request has no such password, or NULL (ERR_IO).
 */
#define METHOD_HIDDEN 4
struct secret *method_hidden(const struct message_request *r, size_t i,
    struct err *e) MUST_CHECK;

#endif
