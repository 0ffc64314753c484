#include <sys/types.h>
#include <sys/select.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <sodium.h>

#include "io.h"
#include "tty.h"

#define TRIES 3

/* Longer prompts are cut. */
#define PROMPT_MAX 512

enum outcome {
	/* A line, perhaps an empty one. */
	ASK_LINE,
	/* End of file or a signal. */
	ASK_ENDED,
	ASK_TOO_LONG,
	/* errno tells. */
	ASK_FAILED
};

/* Those that could leave the terminal without echo. */
static const int signals[] = { SIGALRM, SIGHUP, SIGINT, SIGPIPE, SIGQUIT,
	SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU };

#define SIGNALS (sizeof(signals) / sizeof(signals[0]))

static volatile sig_atomic_t caught[SIGNALS];

static void
note(int signal)
{
	size_t i;

	for (i = 0; i < SIGNALS; i++)
		if (signals[i] == signal)
			caught[i] = 1;
}

static bool
any_caught(void)
{
	size_t i;

	for (i = 0; i < SIGNALS; i++)
		if (caught[i] != 0)
			return true;
	return false;
}

/*
 * What the caller ignores stays ignored.  A handler for an ignored SIGTTOU
 * would make a background process ask, be told off and ask again forever.
 */
static void
catch_signals(struct sigaction *old)
{
	struct sigaction sa;
	size_t i;

	memset(&sa, 0, sizeof(sa));
	(void)sigemptyset(&sa.sa_mask);
	/* No SA_RESTART: a signal must end the read. */
	sa.sa_handler = note;
	for (i = 0; i < SIGNALS; i++) {
		caught[i] = 0;
		(void)sigaction(signals[i], NULL, &old[i]);
		if (old[i].sa_handler != SIG_IGN)
			(void)sigaction(signals[i], &sa, NULL);
	}
}

/*
 * Lets the signals act at last, the terminal being as it was.  True if one of
 * them was a stop, so that whoever is back at the terminal is asked again.
 */
static bool
raise_caught(const struct sigaction *old)
{
	bool stopped = false;
	size_t i;

	for (i = 0; i < SIGNALS; i++)
		(void)sigaction(signals[i], &old[i], NULL);
	for (i = 0; i < SIGNALS; i++) {
		if (caught[i] == 0)
			continue;
		(void)kill(getpid(), signals[i]);
		if (signals[i] == SIGTSTP || signals[i] == SIGTTIN ||
		    signals[i] == SIGTTOU)
			stopped = true;
	}
	return stopped;
}

/* tcsetattr(3), over again unless a signal wants to be heard. */
static int
set_terminal(int fd, const struct termios *t)
{
	int rv;

	do {
		rv = tcsetattr(fd, TCSAFLUSH, t);
	} while (rv == -1 && errno == EINTR && !any_caught());
	return rv;
}

/*
 * Waits for input or for a signal: one that comes between a look at caught[]
 * and read(2) would not end the read.  False if the read has to be left out.
 */
static bool
wait_for_input(int fd)
{
	sigset_t block, old;
	fd_set set;
	size_t i;
	int n = -1;

	(void)sigemptyset(&block);
	for (i = 0; i < SIGNALS; i++)
		(void)sigaddset(&block, signals[i]);
	(void)sigprocmask(SIG_BLOCK, &block, &old);
	while (n == -1 && !any_caught()) {
		FD_ZERO(&set);
		FD_SET(fd, &set);
		n = pselect(fd + 1, &set, NULL, NULL, NULL, &old);
		if (n == -1 && errno != EINTR)
			break;
	}
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	return n == 1 && !any_caught();
}

/* Reads a line into s.  What does not fit is read and thrown away. */
static enum outcome
read_answer(int fd, struct secret *s)
{
	unsigned char spare = 0, *to = NULL;
	bool too_long = false, full;
	ssize_t n;

	for (;;) {
		n = -1;
		if (!wait_for_input(fd))
			break;
		full = s->len == s->cap;
		to = full ? &spare : s->data + s->len;
		n = read(fd, to, 1);
		if (n == -1 && errno == EINTR)
			continue;
		if (n != 1 || *to == '\n' || *to == '\r')
			break;
		too_long = too_long || full;
		if (!full)
			s->len++;
	}
	sodium_memzero(&spare, 1);
	if (any_caught())
		return ASK_ENDED;
	if (n == -1)
		return ASK_FAILED;
	if (n == 0 && s->len == 0)
		return ASK_ENDED;
	return too_long ? ASK_TOO_LONG : ASK_LINE;
}

/* Asks, with the signals caught.  Leaves the terminal as it was. */
static enum outcome
ask_quietly(int fd, const char *prompt, bool echo, struct secret *s)
{
	struct termios saved, quiet;
	enum outcome outcome = ASK_FAILED;
	int failure = 0;

	if (fd >= FD_SETSIZE) {
		errno = EMFILE;
		return ASK_FAILED;
	}
	if (tcgetattr(fd, &saved) == -1)
		return ASK_FAILED;
	quiet = saved;
	if (!echo)
		quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	/* Flushes as well: what was typed before the question is no answer. */
	if (set_terminal(fd, &quiet) == -1)
		return any_caught() ? ASK_ENDED : ASK_FAILED;
	/* The "\r" hides what was echoed before echo was off. */
	if (write_all(fd, "\r", 1) == 0 &&
	    write_all(fd, prompt, strlen(prompt)) == 0)
		outcome = read_answer(fd, s);
	failure = errno;
	if (!echo && write_all(fd, "\n", 1) == -1 && outcome == ASK_LINE)
		outcome = ASK_FAILED;
	if (set_terminal(fd, &saved) == -1 && outcome == ASK_LINE)
		outcome = ASK_FAILED;
	errno = failure;
	return outcome;
}

/* Asks until it was not stopped while doing so. */
static int
ask(const char *prompt, bool echo, struct secret *s, struct err *e)
{
	struct sigaction old[SIGNALS];
	enum outcome outcome;
	bool stopped;
	int fd, failure;

	do {
		sodium_memzero(s->data, s->cap);
		s->len = 0;
		fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
		if (fd == -1)
			return err_set(e, ERR_USAGE,
			    "no terminal to ask on; give the answer on "
			    "standard input, or a key in PAWL_KEY_FILE");
		catch_signals(old);
		outcome = ask_quietly(fd, prompt, echo, s);
		failure = errno;
		stopped = raise_caught(old);
		(void)close(fd);
	} while (stopped);
	if (outcome == ASK_LINE)
		return 0;
	sodium_memzero(s->data, s->cap);
	s->len = 0;
	errno = failure;
	switch (outcome) {
	case ASK_TOO_LONG:
		return err_set(e, ERR_USAGE,
		    "the answer is longer than allowed");
	case ASK_FAILED:
		return err_sys(e, ERR_IO, "asking on the terminal");
	case ASK_LINE:
	case ASK_ENDED:
		break;
	}
	return err_set(e, ERR_NOENTRY, "no answer: ended at the terminal");
}

bool
tty_there(void)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd == -1)
		return false;
	(void)close(fd);
	return true;
}

int
tty_secret(const char *prompt, struct secret *s, struct err *e)
{
	return ask(prompt, false, s, e);
}

int
tty_secret_twice(const char *prompt, struct secret *s, struct err *e)
{
	struct secret *again = NULL;
	char text[PROMPT_MAX];
	const char *intro = "";
	int i, rv = -1;

	if ((again = secret_new(s->cap, e)) == NULL)
		return -1;
	for (i = 0; i < TRIES; i++) {
		(void)snprintf(text, sizeof(text), "%s%s", intro, prompt);
		if (ask(text, false, s, e) == -1 ||
		    ask("The same once more: ", false, again, e) == -1)
			goto out;
		if (secret_equal(secret_slice(s), secret_slice(again))) {
			rv = 0;
			goto out;
		}
		intro = "The two differ; please try again.\n";
	}
	(void)err_set(e, ERR_NOENTRY,
	    "never the same twice in %d tries; nothing was taken", TRIES);
out:
	if (rv == -1) {
		sodium_memzero(s->data, s->cap);
		s->len = 0;
	}
	secret_free(again);
	return rv;
}

int
tty_confirm(const char *question, bool *yesp, struct err *e)
{
	struct secret *answer = NULL;
	struct slice text;
	int rv = -1;

	*yesp = false;
	if ((answer = secret_new(64, e)) == NULL)
		return -1;
	if (ask(question, true, answer, e) == -1)
		goto out;
	text = secret_slice(answer);
	*yesp = slice_equal_fold(text, slice_of("y")) ||
	    slice_equal_fold(text, slice_of("yes"));
	rv = 0;
out:
	secret_free(answer);
	return rv;
}
