/*
 * What entries are for.  An entry's service says which prompts it answers, and
 * each of these only from programs that ask it in words of their own:
 *
 *	none, ssh, ftp	the password of a login
 *	key		the passphrase of a key file: ssh, ssh-add, ssh-keygen
 *			and git, for the file that is its path
 *	pin		the PIN of a token: these, for the label or the library
 *			that is its path
 *	git		user name and password for a URL: git
 *	sudo		the password of user on this machine: sudo
 *	otp		a one-time code, made of the seed that is the secret: whoever
 *			asks for the login
 *	docker		not for prompts: see credential.h
 *
 * An ssh before 8.5 prints what a server asks as it comes, letter for letter
 * what ssh itself would ask for a key.  So all but the first are refused to an
 * ssh that is not known to put a prefix before such texts (parent.h).
 */
#ifndef SERVICE_H
#define SERVICE_H

#include "choose.h"

/* Whether a prompt of this kind is one that a login's password answers. */
bool service_is_login(enum prompt_kind kind);

/* Whether the entry's service is the one for prompts of this kind. */
bool service_fits(const struct entry *entry, enum prompt_kind kind);

/*
 * Whether the caller is a program that may ask this, so that the text is its
 * own and no server's.  ERR_DENIED.  Logins are left to choose.h.
 */
int service_caller(struct request *q, struct err *e) MUST_CHECK;

/*
 * What the prompt is about: a key file, a token's label, or, where ssh-add
 * names none, the library on its command line.  Empty if there is nothing.
 */
struct slice service_path(struct request *q);

/*
 * Whether key, token, URL or user of the prompt are the entry's.  ERR_DENIED
 * names what differs.  Not for logins.
 */
int service_check(const struct entry *entry, struct request *q,
    struct err *e) MUST_CHECK;

#endif
