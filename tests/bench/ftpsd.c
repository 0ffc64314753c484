/*
 * ftpsd CERT KEY DELAY: an FTPS server for measurements, on a free port of
 * 127.0.0.1; prints "ready PORT", and ends when its standard input does.
 *
 * It takes DELAY milliseconds to answer PASS and costs as little as it can, so
 * that what is measured is the client.  Every user exists, with the password
 * OLDPASS1, until PASS old/new/new gives him another.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "io.h"

#define PROGRAM "ftpsd"
#define CLIENTS 1024
#define LINE 256
#define USERS (1u << 17)

struct user {
	char name[32];
	char password[32];
};

struct client {
	/* NULL before AUTH TLS. */
	SSL *ssl;
	bool in_handshake;
	/* Milliseconds of the monotonic clock when PASS is answered, or 0. */
	int64_t answer_at;
	bool good;
	char user[32];
	size_t len;
	char line[LINE];
};

static struct pollfd polled[CLIENTS + 2];
static struct client clients[CLIENTS + 2];
static nfds_t npolled;
static struct user users[USERS];
static SSL_CTX *context;
static int64_t delay;

static int64_t
now(void)
{
	struct timespec ts = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* The place of a user, who is made if need be. */
static struct user *
user_of(const char *name)
{
	uint32_t hash = 2166136261u;
	const char *p = name;

	for (; *p != '\0'; p++)
		hash = (hash ^ (unsigned char)*p) * 16777619u;
	while (users[hash % USERS].name[0] != '\0' &&
	    strcmp(users[hash % USERS].name, name) != 0)
		hash++;
	if (users[hash % USERS].name[0] == '\0') {
		(void)snprintf(users[hash % USERS].name, sizeof(users[0].name),
		    "%s", name);
		(void)snprintf(users[hash % USERS].password,
		    sizeof(users[0].password), "OLDPASS1");
	}
	return &users[hash % USERS];
}

/* Whether PASS is right; a change is made. */
static bool
log_in(const char *name, char *argument)
{
	struct user *u = user_of(name);
	char *fresh = strchr(argument, '/');
	char *again = fresh == NULL ? NULL : strchr(fresh + 1, '/');

	if (fresh != NULL)
		*fresh++ = '\0';
	if (again != NULL)
		*again++ = '\0';
	if (strcmp(u->password, argument) != 0)
		return false;
	if (again == NULL)
		return fresh == NULL;
	if (strcmp(fresh, again) != 0)
		return false;
	(void)snprintf(u->password, sizeof(u->password), "%s", fresh);
	return true;
}

/* Small enough never to fill a socket. */
static void
answer(struct client *c, int fd, const char *text)
{
	size_t len = strlen(text);

	if (c->ssl != NULL)
		(void)SSL_write(c->ssl, text, (int)len);
	else if (write_all(fd, text, len) == -1)
		return;
}

static void
command(struct client *c, int fd)
{
	char *argument = c->line + strcspn(c->line, " ");

	if (*argument != '\0')
		*argument++ = '\0';
	if (strcmp(c->line, "AUTH") == 0) {
		answer(c, fd, "234 go ahead\r\n");
		if ((c->ssl = SSL_new(context)) == NULL)
			return;
		(void)SSL_set_fd(c->ssl, fd);
		SSL_set_accept_state(c->ssl);
		c->in_handshake = true;
	} else if (strcmp(c->line, "USER") == 0) {
		(void)snprintf(c->user, sizeof(c->user), "%.31s", argument);
		answer(c, fd, "331 Send password please.\r\n");
	} else if (strcmp(c->line, "PASS") == 0) {
		c->good = log_in(c->user, argument);
		c->answer_at = now() + delay;
	} else if (strcmp(c->line, "PWD") == 0) {
		answer(c, fd, "257 \"/\" is the working directory.\r\n");
	} else if (strcmp(c->line, "QUIT") == 0) {
		answer(c, fd, "221 Goodbye.\r\n");
	} else {
		answer(c, fd, "200 OK\r\n");
	}
}

static void
drop(nfds_t i)
{
	(void)close(polled[i].fd);
	SSL_free(clients[i].ssl);
	npolled--;
	polled[i] = polled[npolled];
	clients[i] = clients[npolled];
}

/* The bytes that there are: more than 0; 0 for none yet; -1 for the end. */
static int
receive(struct client *c, int fd)
{
	char *to = c->line + c->len;
	int n, room = (int)(sizeof(c->line) - 1 - c->len);

	if (c->ssl == NULL) {
		n = (int)read(fd, to, (size_t)room);
		if (n == -1 && errno == EAGAIN)
			return 0;
		return n > 0 ? n : -1;
	}
	if ((n = SSL_read(c->ssl, to, room)) > 0)
		return n;
	return SSL_get_error(c->ssl, n) == SSL_ERROR_WANT_READ ? 0 : -1;
}

/* Does what has come.  False when the client is gone. */
static bool
serve(struct client *c, int fd)
{
	char *end = NULL;
	size_t len;
	int n;

	if (c->in_handshake) {
		n = SSL_do_handshake(c->ssl);
		if (n != 1)
			return SSL_get_error(c->ssl, n) == SSL_ERROR_WANT_READ;
		c->in_handshake = false;
	}
	while (!c->in_handshake && (n = receive(c, fd)) != 0) {
		if (n == -1 || c->len + (size_t)n >= sizeof(c->line) - 1)
			return false;
		c->len += (size_t)n;
		c->line[c->len] = '\0';
		if ((end = strstr(c->line, "\r\n")) == NULL)
			continue;
		*end = '\0';
		len = c->len - (size_t)(end + 2 - c->line);
		command(c, fd);
		memmove(c->line, end + 2, len);
		c->len = len;
	}
	return true;
}

static void
answer_due(void)
{
	const int64_t at = now();
	nfds_t i;

	for (i = 2; i < npolled; i++) {
		if (clients[i].answer_at == 0 || clients[i].answer_at > at)
			continue;
		clients[i].answer_at = 0;
		answer(&clients[i], polled[i].fd,
		    clients[i].good ? "230 logged on\r\n" :
				      "530 PASS command failed\r\n");
	}
}

/* Milliseconds until the next answer is due. */
static int
wait_ms(void)
{
	const int64_t at = now();
	int64_t least = 1000;
	nfds_t i;

	for (i = 2; i < npolled; i++)
		if (clients[i].answer_at != 0 &&
		    clients[i].answer_at - at < least)
			least = clients[i].answer_at - at;
	return least < 0 ? 0 : (int)least;
}

static void
welcome(int listener)
{
	const int one = 1;
	int fd;

	while (npolled < CLIENTS + 2 &&
	    (fd = accept4(listener, NULL, NULL,
		 SOCK_NONBLOCK | SOCK_CLOEXEC)) != -1) {
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one,
		    sizeof(one));
		memset(&clients[npolled], 0, sizeof(clients[0]));
		polled[npolled].fd = fd;
		polled[npolled].events = POLLIN;
		polled[npolled].revents = 0;
		answer(&clients[npolled], fd, "220 ready\r\n");
		npolled++;
	}
}

static void
loop(void)
{
	nfds_t i;

	for (;;) {
		if (poll(polled, npolled, wait_ms()) == -1)
			return;
		if (polled[0].revents != 0)
			return;
		answer_due();
		for (i = npolled - 1; i > 1; i--)
			if (polled[i].revents != 0 &&
			    !serve(&clients[i], polled[i].fd))
				drop(i);
		if (polled[1].revents != 0)
			welcome(polled[1].fd);
	}
}

static int
start(char **argv, struct err *e)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(address);
	uint64_t ms = 0;
	int fd;

	if (parse_number(argv[3], 0, 10000, &ms, e) == -1)
		return -1;
	delay = (int64_t)ms;
	context = SSL_CTX_new(TLS_server_method());
	if (context == NULL ||
	    SSL_CTX_use_certificate_chain_file(context, argv[1]) != 1 ||
	    SSL_CTX_use_PrivateKey_file(context, argv[2], SSL_FILETYPE_PEM) !=
		1)
		return err_set(e, ERR_IO, "certificate %s", argv[1]);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1 ||
	    bind(fd, (const struct sockaddr *)&address, len) == -1 ||
	    listen(fd, 1024) == -1 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) == -1)
		return err_sys(e, ERR_IO, "listen");
	polled[0].fd = STDIN_FILENO;
	polled[1].fd = fd;
	polled[0].events = polled[1].events = POLLIN;
	npolled = 2;
	(void)printf("ready %u\n", (unsigned int)ntohs(address.sin_port));
	return fflush(stdout) == 0 ? 0 : err_sys(e, ERR_IO, "output");
}

int
main(int argc, char **argv)
{
	struct err e = { ERR_NONE, "" };

	(void)signal(SIGPIPE, SIG_IGN);
	if (argc != 4) {
		(void)err_set(&e, ERR_USAGE, "usage: ftpsd CERT KEY DELAY");
		return err_print(PROGRAM, &e);
	}
	if (start(argv, &e) == -1)
		return err_print(PROGRAM, &e);
	loop();
	return 0;
}
