/*
 * Where many attempts are made at once: this process forks another for each
 * socket that it is given.  It has read the certificates, which they share, and
 * never gets to see a password; a child has no more than its own.
 */
#ifndef BREED_H
#define BREED_H

#include "err.h"
#include "trust.h"

/* The only argument that the program takes, and asks for this. */
#define BREED_WORD "many"

/*
 * Serves a socket (SOCK_SEQPACKET) on standard input: each message is a
 * MESSAGE_LOOK, which names the certificates, with the descriptor of a socket
 * for one child; all name the same.  Returns 1 in a child, with that socket as standard input and *tp the
 * certificates, if they could be read; 0 when the socket has ended and all
 * children have; -1.  The caller frees *tp.
 */
int breed(struct trust **tp, struct err *e) MUST_CHECK;

#endif
