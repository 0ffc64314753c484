/*
 * Between libcurl and a server that greets in clear and then wants TLS without
 * AUTH TLS (z/OS on TLSPORT, with SECUREIMPLICITZOS TRUE).  libcurl only knows
 * AUTH TLS, or TLS before the greeting.  So when it has read the greeting its
 * socket becomes one end of a socket pair, and a thread carries the bytes
 * between the other end and the connection: AUTH TLS is answered here and goes
 * no further, and from there on it is TLS, which ends in libcurl and not here.
 */
#ifndef RELAY_H
#define RELAY_H

#include <pthread.h>
#include <stdbool.h>

/* Zero it first. */
struct relay {
	bool runs;
	/* Our end of the pair, and the connection. */
	int ours;
	int server;
	pthread_t thread;
};

/*
 * Puts r between fd, a connected socket that does not block, and its peer.
 * False if there is no descriptor or thread to be had.
 */
bool relay_start(struct relay *r, int fd);

/* After fd was closed: waits for the thread, a second at most for what is on
 * its way, and closes.  Fine if it does not run. */
void relay_end(struct relay *r);

#endif
