#include <sys/types.h>

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "answerer.h"
#include "attempt.h"
#include "child.h"
#include "lines.h"
#include "talk.h"

#define SSH "/usr/bin/ssh"

/* How long ssh may take to say good-bye. */
#define GOODBYE_MS 2000

struct run {
	struct attempt *attempt;
	struct child child;
	struct talk talk;
	struct secret *prompt;
	struct lines lines;
	/* The last of what ssh says. */
	char said[MESSAGE_REPLY_MAX + 1];
	bool in;
	bool denied;
	bool untrusted;
};

static bool
begins(struct slice line, const char *with)
{
	size_t len = strlen(with);

	return line.len >= len && memcmp(line.p, with, len) == 0;
}

/* "user@host: Permission denied (methods).", when there is no other way in. */
static bool
is_denial(const struct run *r, struct slice line)
{
	const struct message_request *q = r->attempt->request;
	char head[MESSAGE_USER_MAX + MESSAGE_HOST_MAX + 32];
	struct slice start = { line.p, 0 };

	(void)snprintf(head, sizeof(head), "%s@%s: Permission denied (",
	    q->user, q->host);
	start.len = strlen(head);
	return line.len >= start.len && slice_equal_fold(start, slice_of(head));
}

/* What is said of a login that went well is not what a person is to read. */
static void
take_line(void *arg, struct slice line)
{
	struct run *r = arg;
	size_t len = strlen(r->said), n;

	while (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	if (begins(line, "Authenticated to ")) {
		r->in = true;
		return;
	}
	r->denied = r->denied || is_denial(r, line);
	r->untrusted =
	    r->untrusted || begins(line, "Host key verification failed");
	n = line.len < sizeof(r->said) / 4 ? line.len : sizeof(r->said) / 4;
	if (n == 0)
		return;
	if (len + n + 2 > sizeof(r->said))
		len = 0;
	if (len > 0)
		r->said[len++] = '\n';
	memcpy(r->said + len, line.p, n);
	r->said[len + n] = '\0';
}

/* A prompt, by way of ssh's askpass.  False if it gets no answer. */
static bool
answer(struct run *r)
{
	const struct message_request *q = r->attempt->request;
	const struct secret *s;

	if (answerer_prompt(r->child.in, r->prompt) == 0) {
		child_close(&r->child.in);
		return true;
	}
	s = talk_answer(&r->talk, secret_slice(r->prompt), q);
	if (s == NULL || !attempt_may_go(r->attempt) ||
	    answerer_answer(r->child.in, s) == -1)
		return false;
	r->child.until = child_now() + (int64_t)q->reply_timeout * 1000;
	return true;
}

static enum child_event
converse(struct run *r)
{
	enum child_event event = CHILD_ENDED;

	while (!r->in && (event = child_wait(&r->child)) < CHILD_ENDED) {
		if (event == CHILD_IN && !answer(r))
			break;
		/* Nothing comes on its standard output. */
		if (event == CHILD_OUT)
			child_close(&r->child.out);
		if (event == CHILD_ERR &&
		    !lines_read(&r->lines, r->child.err, take_line, r))
			child_close(&r->child.err);
	}
	return event;
}

/* The connection is closed properly where the login was accepted. */
static void
take_leave(struct run *r)
{
	enum child_event event;

	child_close(&r->child.in);
	(void)kill(r->child.pid, SIGTERM);
	r->child.until = child_now() + GOODBYE_MS;
	while ((event = child_wait(&r->child)) < CHILD_ENDED) {
		if (event == CHILD_OUT)
			child_close(&r->child.out);
		if (event == CHILD_ERR &&
		    !lines_read(&r->lines, r->child.err, take_line, r))
			child_close(&r->child.err);
	}
}

/* What a person reads: of the server before anything of ssh. */
static void
report(const struct run *r, enum child_event event,
    enum message_outcome outcome, struct message_result *result)
{
	enum message_reason reason = MESSAGE_REASON_CONNECT;
	char text[TALK_PROMPT_MAX + MESSAGE_REPLY_MAX + 256];
	const char *words = r->said;

	if (r->talk.strange) {
		reason = MESSAGE_REASON_REPLY;
		words = "it asks what is not to be answered";
	} else if (outcome == MESSAGE_NOT_SENT && r->in) {
		reason = MESSAGE_REASON_REPLY;
		words = r->talk.stage == TALK_START ?
		    "it lets in whoever comes" :
		    "the password has not expired, and ssh-pam can only change "
		    "one that has";
	} else if (r->untrusted) {
		reason = MESSAGE_REASON_CERTIFICATE;
		words = "ssh: Host key verification failed: its key is not in "
			"known_hosts, or is another one";
	} else if (event == CHILD_LATE) {
		reason = MESSAGE_REASON_TIMEOUT;
		words = "no answer in time";
	} else if (words[0] == '\0' && outcome == MESSAGE_ACCEPTED) {
		words = "ssh: authenticated";
	} else if (r->talk.expired) {
		words = "the password is right and has expired";
	} else if (words[0] == '\0') {
		words = "the connection ended";
	}
	(void)snprintf(text, sizeof(text), "%.*s%s", (int)r->talk.said.len,
	    r->talk.said.len > 0 ? (const char *)r->talk.said.p : "", words);
	attempt_result(r->attempt, result, outcome, reason, text);
	sodium_memzero(text, sizeof(text));
}

/* The answerer is this very program. */
static int
name_askpass(char *to, size_t size, struct err *e)
{
	static const char name[] = "SSH_ASKPASS=";
	const size_t len = sizeof(name) - 1;
	ssize_t n;

	memcpy(to, name, len);
	n = readlink("/proc/self/exe", to + len, size - len - 1);
	if (n == -1)
		return err_sys(e, ERR_CONFIG, "/proc/self/exe");
	to[len + (size_t)n] = '\0';
	return 0;
}

/* ssh takes what begins with a dash, or holds this, for something else. */
static int
check_names(const struct message_request *r, struct err *e)
{
	if (r->host[0] == '-' || strpbrk(r->host, "@/ %") != NULL)
		return err_set(e, ERR_USAGE, "%s is no host for ssh", r->host);
	if (r->user[0] == '-')
		return err_set(e, ERR_USAGE, "%s is no user for ssh", r->user);
	return 0;
}

/* Copies what ssh is called with, for argv is not of constants. */
static void
add(char **argv, size_t *np, char *words, size_t *usedp, const char *word)
{
	size_t len = strlen(word) + 1;

	memcpy(words + *usedp, word, len);
	argv[(*np)++] = words + *usedp;
	*usedp += len;
}

/* Nothing of the user's or the machine's configuration, and one way in: with a
 * second one a wrong password would count twice. */
static int
start(struct run *r, struct err *e)
{
	static const char *const options[] = { "BatchMode=no",
		"PreferredAuthentications=keyboard-interactive",
		"KbdInteractiveAuthentication=yes", "PasswordAuthentication=no",
		"PubkeyAuthentication=no", "HostbasedAuthentication=no",
		"GSSAPIAuthentication=no", "NumberOfPasswordPrompts=1",
		"StrictHostKeyChecking=yes", "UpdateHostKeys=no",
		"ConnectionAttempts=1", "ClearAllForwardings=yes",
		"LogLevel=VERBOSE" };
	const struct message_request *q = r->attempt->request;
	char words[2048], number[64], *argv[64];
	char askpass[PATH_MAX + 16], require[] = "SSH_ASKPASS_REQUIRE=force";
	char *more[] = { askpass, require, NULL };
	size_t i, n = 0, used = 0;

	if (check_names(q, e) == -1 ||
	    name_askpass(askpass, sizeof(askpass), e) == -1)
		return -1;
	add(argv, &n, words, &used, SSH);
	add(argv, &n, words, &used, "-NTF");
	add(argv, &n, words, &used, "none");
	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		add(argv, &n, words, &used, "-o");
		add(argv, &n, words, &used, options[i]);
	}
	(void)snprintf(number, sizeof(number), "-oConnectTimeout=%u",
	    (unsigned int)q->connect_timeout);
	add(argv, &n, words, &used, number);
	(void)snprintf(number, sizeof(number), "-p%u", (unsigned int)q->port);
	add(argv, &n, words, &used, number);
	add(argv, &n, words, &used, "-l");
	add(argv, &n, words, &used, q->user);
	add(argv, &n, words, &used, "--");
	add(argv, &n, words, &used, q->host);
	argv[n] = NULL;
	return child_start(&r->child, argv, more, true, e);
}

void
ssh_run(struct attempt *a, struct message_result *result)
{
	const struct message_request *q = a->request;
	struct run r = { .attempt = a };
	enum message_outcome outcome;
	enum child_event event;
	struct err e;

	if ((r.prompt = secret_new(TALK_PROMPT_MAX, &e)) == NULL ||
	    start(&r, &e) == -1) {
		attempt_result(a, result, MESSAGE_NOT_SENT,
		    MESSAGE_REASON_REQUEST, e.msg);
		goto out;
	}
	r.child.parent = a->parent;
	r.child.until = child_now() +
	    ((int64_t)q->connect_timeout + q->reply_timeout) * 1000;
	event = converse(&r);
	outcome = talk_outcome(&r.talk, q->what, r.in, r.denied);
	if (r.in)
		take_leave(&r);
	child_end(&r.child);
	report(&r, event, outcome, result);
out:
	sodium_memzero(&r.lines, sizeof(r.lines));
	sodium_memzero(r.said, sizeof(r.said));
	secret_free(r.prompt);
}
