/*
 * gpg(1), in a process of its own, for what pass(1) and gopass(1) keep.
 */
#ifndef GPG_H
#define GPG_H

#include <stddef.h>

#include "err.h"
#include "secret.h"

/*
 * Decrypts the file that is open as fd, from where it stands, into a new
 * secret of up to max bytes.  gpg gets it as standard input and answers in a
 * pipe; it sees of the environment what it, its agent and pinentry need, and
 * no other descriptor.  It may ask for a passphrase where the process has a
 * terminal, else it must do without.  ERR_CONFIG if it cannot be run;
 * ERR_DENIED with its own words if it fails; ERR_USAGE for more than max.
 */
struct secret *gpg_decrypt(int fd, size_t max, struct err *e) MUST_CHECK;

#endif
