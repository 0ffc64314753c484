#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "io.h"
#include "run.h"
#include "sandbox.h"

/* The rest of a longer line is not looked at. */
#define LINE_MAX_SEEN 512

#define BIT_CHANGED 1u
#define BIT_UNKNOWN 2u
#define BIT_UNREACHABLE 4u
#define BIT_DENIED 8u

/* --- What is said --------------------------------------------------------- */

struct saying {
	const char *text;
	unsigned int bit;
	/* The line begins with it; else it may be anywhere in the line. */
	bool first;
};

/*
 * The messages of OpenSSH 5 to 10 (sshconnect.c, sshconnect2.c, kex.c,
 * packet.c) and of git (http.c, remote-curl.c).
 */
static const struct saying sayings[] = {
	{ "REMOTE HOST IDENTIFICATION HAS CHANGED!", BIT_CHANGED, false },
	{ "REVOKED HOST KEY DETECTED!", BIT_CHANGED, false },
	{ "Host key verification failed.", BIT_UNKNOWN, true },
	{ "ssh: connect to host ", BIT_UNREACHABLE, true },
	{ "ssh: Could not resolve hostname ", BIT_UNREACHABLE, true },
	{ "kex_exchange_identification: ", BIT_UNREACHABLE, true },
	{ "ssh_exchange_identification: ", BIT_UNREACHABLE, true },
	{ "banner exchange: ", BIT_UNREACHABLE, true },
	{ "Connection timed out during banner exchange", BIT_UNREACHABLE,
	    true },
	{ "Connection closed by ", BIT_UNREACHABLE, true },
	{ "Connection reset by ", BIT_UNREACHABLE, true },
	{ ": Permission denied (", BIT_DENIED, false },
	{ "Permission denied (", BIT_DENIED, true },
	{ "fatal: Authentication failed for '", BIT_DENIED, true },
	{ "fatal: unable to access '", BIT_UNREACHABLE, true },
};

static unsigned int
to_bits(const struct run_seen *s)
{
	return (s->changed ? BIT_CHANGED : 0) | (s->unknown ? BIT_UNKNOWN : 0) |
	    (s->unreachable ? BIT_UNREACHABLE : 0) |
	    (s->denied ? BIT_DENIED : 0);
}

static void
from_bits(struct run_seen *s, unsigned int bits)
{
	s->changed = (bits & BIT_CHANGED) != 0;
	s->unknown = (bits & BIT_UNKNOWN) != 0;
	s->unreachable = (bits & BIT_UNREACHABLE) != 0;
	s->denied = (bits & BIT_DENIED) != 0;
}

void
run_read_line(struct run_seen *seen, const char *line, size_t len)
{
	unsigned int bits = to_bits(seen);
	const struct saying *s;
	const char *at;
	size_t i;

	for (i = 0; i < sizeof(sayings) / sizeof(sayings[0]); i++) {
		s = &sayings[i];
		at = memmem(line, len, s->text, strlen(s->text));
		if (at == NULL || (s->first && at != line))
			continue;
		/* The server was reached, and answered something else. */
		if (strncmp(s->text, "fatal: unable", 13) == 0 &&
		    memmem(line, len, "returned error: ", 16) != NULL)
			continue;
		bits |= s->bit;
	}
	from_bits(seen, bits);
}

/* Its own status, and not that of what it runs at the server; pawl-askpass ends
 * it with one of the signals. */
static bool
is_of_ssh(int status)
{
	return status == 255 || status == 128 + SIGTERM ||
	    status == 128 + SIGKILL;
}

bool
run_was_deaf(const struct run_end *end)
{
	return end->ssh && end->refused && !end->answered &&
	    end->status == 128 + SIGKILL;
}

enum err_kind
run_reason(const struct run_end *end)
{
	const struct run_seen *s = &end->seen;

	if (end->status == 0 || (end->ssh && !is_of_ssh(end->status)))
		return ERR_NONE;
	if (end->answered)
		return end->again || s->denied ? ERR_REFUSED : ERR_NONE;
	if (s->changed)
		return ERR_HOST_CHANGED;
	if (s->unknown)
		return ERR_HOST_UNKNOWN;
	return s->unreachable ? ERR_UNREACHABLE : ERR_NONE;
}

/* --- The process that reads along ----------------------------------------- */

struct reader {
	int from;
	struct run_seen seen;
	char line[LINE_MAX_SEEN];
	size_t len;
};

static void
read_along(struct reader *r, const char *text, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (text[i] == '\n' || text[i] == '\r') {
			run_read_line(&r->seen, r->line, r->len);
			r->len = 0;
		} else if (r->len < sizeof(r->line)) {
			r->line[r->len++] = text[i];
		}
	}
}

/* Passes on what is there.  False at the end. */
static bool
pass_on(struct reader *r)
{
	char buf[4096];
	ssize_t n;

	do {
		n = read(r->from, buf, sizeof(buf));
	} while (n == -1 && errno == EINTR);
	if (n <= 0)
		return false;
	/* Nobody to read it: then the command is told, by SIGPIPE. */
	if (write_all(STDERR_FILENO, buf, (size_t)n) == -1)
		return false;
	read_along(r, buf, (size_t)n);
	return true;
}

static void
tell(struct reader *r, int told)
{
	unsigned char bits;

	run_read_line(&r->seen, r->line, r->len);
	bits = (unsigned char)to_bits(&r->seen);
	/* If it cannot be told, the command's own status will do. */
	if (write_all(told, &bits, 1) == -1)
		r->len = 0;
	(void)close(told);
}

static void
watch(struct reader *r, int ask, int told)
{
	struct pollfd p[2] = { { .fd = r->from, .events = POLLIN },
		{ .fd = ask, .events = POLLIN } };
	bool more = true;

	while (more) {
		if (poll(p, 2, -1) == -1) {
			if (errno == EINTR)
				continue;
			break;
		}
		if (p[0].revents != 0) {
			more = pass_on(r);
			continue;
		}
		/* All that the command wrote before it ended was passed on. */
		if (p[1].revents != 0) {
			tell(r, told);
			told = p[1].fd = -1;
		}
	}
	if (told != -1)
		tell(r, told);
}

static void
close_pair(const int fds[2])
{
	(void)close(fds[0]);
	(void)close(fds[1]);
}

/* In the new process: with nothing but what it needs. */
static void
become_watcher(int from, int ask, int told)
{
	static struct reader r;
	int keep[3] = { from, ask, told };

	/* Three pipes made one after the other: in ascending order. */
	sandbox_close_fds(keep, 3);
	(void)close(STDIN_FILENO);
	(void)close(STDOUT_FILENO);
	r.from = from;
	watch(&r, ask, told);
	_exit(0);
}

int
run_watch_start(struct run_watch *w, struct err *e)
{
	int text[2] = { -1, -1 }, ask[2] = { -1, -1 }, told[2] = { -1, -1 };
	pid_t pid = -1;

	if (pipe2(text, O_CLOEXEC) == -1 || pipe2(ask, O_CLOEXEC) == -1 ||
	    pipe2(told, O_CLOEXEC) == -1 || (pid = fork()) == -1) {
		(void)err_sys(e, ERR_IO, "start a process");
		close_pair(text);
		close_pair(ask);
		close_pair(told);
		return -1;
	}
	if (pid == 0)
		become_watcher(text[0], ask[0], told[1]);
	(void)close(text[0]);
	(void)close(ask[0]);
	(void)close(told[1]);
	*w = (struct run_watch){ text[1], ask[1], told[0] };
	return 0;
}

void
run_watch_end(struct run_watch *w, struct run_seen *seen)
{
	unsigned char bits = 0;

	(void)close(w->to);
	(void)close(w->ask);
	if (read_full(w->told, &bits, 1) != 1)
		bits = 0;
	(void)close(w->told);
	from_bits(seen, bits);
	w->to = -1;
}
