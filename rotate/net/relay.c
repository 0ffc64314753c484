#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "io.h"
#include "relay.h"

/* "AUTH TLS" and "234 AUTH TLS", as the network has them. */
static const unsigned char auth[] = { 0x41, 0x55, 0x54, 0x48, 0x20, 0x54, 0x4c,
	0x53, 0x0d, 0x0a };
static const unsigned char answer[] = { 0x32, 0x33, 0x34, 0x20, 0x0d, 0x0a };

/* One read, written on.  False at the end, or when it cannot be. */
static bool
carry(int from, int to)
{
	unsigned char buf[4096];
	ssize_t n;

	do
		n = read(from, buf, sizeof(buf));
	while (n == -1 && errno == EINTR);
	return n > 0 && write_all(to, buf, (size_t)n) == 0;
}

/* Both ways, until libcurl has closed its end. */
static void
carry_all(const struct relay *r, bool (*from_us)(const struct relay *))
{
	struct pollfd p[2] = { { .fd = r->ours, .events = POLLIN },
		{ .fd = r->server, .events = POLLIN } };

	for (;;) {
		if (poll(p, 2, -1) == -1) {
			if (errno == EINTR)
				continue;
			return;
		}
		if (p[1].revents != 0 && !carry(r->server, r->ours)) {
			(void)shutdown(r->ours, SHUT_WR);
			p[1].fd = -1;
		}
		if (p[0].revents != 0 && !from_us(r))
			return;
	}
}

static bool
pass_on(const struct relay *r)
{
	return carry(r->ours, r->server);
}

/* libcurl writes the command in one piece.  False once it has been. */
static bool
swallow_auth(const struct relay *r)
{
	unsigned char got[sizeof(auth)];

	if (read_full(r->ours, got, sizeof(got)) != (ssize_t)sizeof(got) ||
	    memcmp(got, auth, sizeof(auth)) != 0 ||
	    write_all(r->ours, answer, sizeof(answer)) == -1)
		/* Then nothing more comes of it. */
		(void)shutdown(r->server, SHUT_RDWR);
	return false;
}

static void *
run(void *arg)
{
	const struct relay *r = arg;

	carry_all(r, swallow_auth);
	carry_all(r, pass_on);
	(void)shutdown(r->server, SHUT_WR);
	(void)shutdown(r->ours, SHUT_RDWR);
	return NULL;
}

/* The pair takes the place of fd; r keeps the connection. */
static bool
take_place(struct relay *r, int fd)
{
	int pair[2], flags;
	bool done;

	if ((r->server = fcntl(fd, F_DUPFD_CLOEXEC, 0)) == -1)
		return false;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1) {
		(void)close(r->server);
		return false;
	}
	r->ours = pair[0];
	/* The thread waits for each of them; libcurl does not. */
	done = (flags = fcntl(fd, F_GETFL)) != -1 &&
	    fcntl(pair[1], F_SETFL, flags | O_NONBLOCK) != -1 &&
	    dup3(pair[1], fd, O_CLOEXEC) != -1 &&
	    fcntl(r->server, F_SETFL, flags & ~O_NONBLOCK) != -1;
	(void)close(pair[1]);
	return done;
}

bool
relay_start(struct relay *r, int fd)
{
	if (r->runs || !take_place(r, fd))
		return false;
	r->runs = pthread_create(&r->thread, NULL, run, r) == 0;
	if (!r->runs) {
		(void)close(r->ours);
		(void)close(r->server);
	}
	return r->runs;
}

void
relay_end(struct relay *r)
{
	struct timespec until = { 0 };

	if (!r->runs)
		return;
	/* Cannot fail for this clock. */
	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec++;
	if (pthread_timedjoin_np(r->thread, NULL, &until) != 0) {
		(void)shutdown(r->server, SHUT_RDWR);
		(void)shutdown(r->ours, SHUT_RDWR);
		(void)pthread_join(r->thread, NULL);
	}
	(void)close(r->ours);
	(void)close(r->server);
	r->runs = false;
}
