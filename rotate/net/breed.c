#include <sys/types.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>
#include <unistd.h>

#include "breed.h"
#include "message.h"

/* The descriptor that came with m, or -1. */
static int
descriptor_of(struct msghdr *m)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	int fd = -1;

	if (c == NULL || c->cmsg_level != SOL_SOCKET ||
	    c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof(fd)))
		return -1;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

/* 1 with the socket of the next child; 0 at the end. */
static int
next(struct message_request *r, int *fdp, struct err *e)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	unsigned char bytes[MESSAGE_MAX];
	struct slice text = { bytes, 0 };
	struct iovec part = { bytes, sizeof(bytes) };
	struct msghdr m = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room) };
	ssize_t n;

	do {
		n = recvmsg(STDIN_FILENO, &m, MSG_CMSG_CLOEXEC);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		return err_sys(e, ERR_IO, "message from pawl-rotate");
	if (n == 0)
		return 0;
	text.len = (size_t)n;
	*fdp = descriptor_of(&m);
	if (*fdp == -1 || message_get_request(r, text, e) == -1 ||
	    r->what != MESSAGE_LOOK)
		return err_set(e, ERR_USAGE,
		    "message from pawl-rotate: not one of this version");
	return 1;
}

/* In the child: the socket becomes standard input. */
static int
become(int fd, struct err *e)
{
	if (dup2(fd, STDIN_FILENO) == -1)
		return err_sys(e, ERR_IO, "socket from pawl-rotate");
	(void)close(fd);
	return 1;
}

/*
 * OpenSSL looks up its algorithms when they are first used, which takes it
 * longer than a login.  The beginning of a handshake with nobody is enough for
 * the children to find them looked up.
 */
static void
warm_up(void)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
	SSL *ssl = context == NULL ? NULL : SSL_new(context);

	if (ssl != NULL && in != NULL && out != NULL) {
		SSL_set_bio(ssl, in, out);
		in = out = NULL;
		/* It fails for want of an answer. */
		(void)SSL_connect(ssl);
	}
	BIO_free_all(in);
	BIO_free_all(out);
	SSL_free(ssl);
	SSL_CTX_free(context);
	ERR_clear_error();
}

int
breed(struct trust **tp, struct err *e)
{
	struct message_request r;
	struct err ignored;
	pid_t pid;
	int fd = -1, rv;

	warm_up();
	while ((rv = next(&r, &fd, e)) == 1) {
		/* If it cannot be read, the child finds that out, and says so
		 * in the answer to its first request. */
		if (*tp == NULL && trust_load(tp, &r, &ignored) == -1)
			*tp = NULL;
		if ((pid = fork()) == 0)
			return become(fd, e);
		(void)close(fd);
		if (pid == -1)
			continue;
		/* Those that have ended meanwhile. */
		while (waitpid(-1, NULL, WNOHANG) > 0)
			continue;
	}
	while (wait(NULL) > 0 || errno == EINTR)
		continue;
	return rv;
}
