#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "attempt.h"
#include "child.h"
#include "io.h"
#include "lines.h"
#include "program.h"
#include "protocol.h"

/* A program that says more on its standard error is no longer listened to. */
#define LINES_SHOWN 100

struct run {
	struct attempt *attempt;
	struct child child;
	struct secret *answer;
	struct lines lines;
	unsigned int shown;
	bool too_much;
};

/* A line of its standard error, in one write. */
static void
pass_on(void *arg, struct slice line)
{
	struct run *r = arg;
	char shown[LINES_LONGEST + 16], text[sizeof(shown) + 64];
	const char *program = strrchr(r->attempt->request->program, '/') + 1;
	int len;

	if (++r->shown > LINES_SHOWN)
		return;
	attempt_mask(r->attempt, shown, sizeof(shown), line);
	len = snprintf(text, sizeof(text), "%.40s: %s\n", program, shown);
	/* Nobody who reads it is no reason to fail. */
	if (len < 0 || (size_t)len >= sizeof(text) ||
	    write_all(STDERR_FILENO, text, (size_t)len) == -1)
		r->shown = LINES_SHOWN;
}

/* False when there is no more. */
static bool
read_answer(struct run *r)
{
	struct secret *to = r->answer;
	ssize_t n;

	/* One byte more than it may be: then it is too much. */
	n = read(r->child.out, to->data + to->len, to->cap - to->len);
	if (n == -1 && errno == EINTR)
		return true;
	if (n <= 0)
		return false;
	to->len += (size_t)n;
	r->too_much = to->len > PROTOCOL_ANSWER_MAX;
	return !r->too_much;
}

/* Until it has ended, or has to be. */
static enum child_event
converse(struct run *r)
{
	enum child_event event = CHILD_ENDED;

	while (!r->too_much && (event = child_wait(&r->child)) < CHILD_ENDED) {
		if (event == CHILD_OUT && !read_answer(r))
			child_close(&r->child.out);
		if (event == CHILD_ERR &&
		    !lines_read(&r->lines, r->child.err, pass_on, r))
			child_close(&r->child.err);
	}
	return event;
}

/* What is wrong with how it ended; "" if nothing. */
static void
say_end(const struct run *r, enum child_event event, char *to, size_t size)
{
	const char *path = r->attempt->request->program;
	int status = r->child.status;

	to[0] = '\0';
	if (r->too_much)
		(void)snprintf(to, size, "%s answers more than %d bytes", path,
		    PROTOCOL_ANSWER_MAX);
	else if (event == CHILD_LATE)
		(void)snprintf(to, size, "%s did not end within %u s", path,
		    (unsigned int)r->attempt->request->reply_timeout);
	else if (event == CHILD_ABANDONED)
		(void)snprintf(to, size, "%s was ended with pawl-rotate", path);
	else if (WIFSIGNALED(status))
		(void)snprintf(to, size, "%s was ended by signal %d", path,
		    WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		(void)snprintf(to, size, "%s ended with status %d", path,
		    WEXITSTATUS(status));
}

/* Once it knows a password, only a whole answer is one. */
static void
judge(const struct run *r, enum child_event event,
    struct message_result *result)
{
	const char *path = r->attempt->request->program;
	char why[MESSAGE_PATH_MAX + 640], text[sizeof(why)];
	struct protocol_answer a;
	struct err e;

	say_end(r, event, why, sizeof(why));
	if (why[0] == '\0' &&
	    protocol_answer(&a, secret_slice(r->answer),
		r->attempt->request->what, &e) == -1)
		(void)snprintf(why, sizeof(why),
		    "%s does not answer as pawl-rotate-exec(5) has it: %s",
		    path, e.msg);
	if (why[0] != '\0') {
		attempt_result(r->attempt, result, MESSAGE_UNKNOWN,
		    MESSAGE_REASON_NONE, why);
		return;
	}
	(void)snprintf(text, sizeof(text), "%.*s", (int)a.message.len,
	    a.message.len > 0 ? (const char *)a.message.p : "");
	if (text[0] == '\0')
		(void)snprintf(text, sizeof(text), "%s",
		    "the program says no more");
	attempt_result(r->attempt, result, a.outcome, MESSAGE_REASON_REPLY,
	    text);
	sodium_memzero(text, sizeof(text));
}

/* Starts it, and tells it.  Until then nothing was sent. */
static int
start(struct run *r, const struct secret *request, struct err *e)
{
	const struct message_request *q = r->attempt->request;
	char path[MESSAGE_PATH_MAX + 1], *argv[] = { path, NULL };
	char *none[] = { NULL };

	memcpy(path, q->program, sizeof(path));
	if (program_check(path, e) == -1)
		return -1;
	if (!attempt_may_go(r->attempt))
		return err_set(e, ERR_IO, "pawl-rotate has ended");
	if (child_start(&r->child, argv, none, false, e) == -1)
		return -1;
	r->child.parent = r->attempt->parent;
	r->child.until = child_now() + (int64_t)q->reply_timeout * 1000;
	/* It fits in a pipe; one that does not want it may have read some. */
	if (write_all(r->child.in, request->data, request->len) == -1)
		errno = 0;
	child_close(&r->child.in);
	return 0;
}

void
exec_run(struct attempt *a, struct message_result *result)
{
	struct run r = { .attempt = a };
	struct secret *request = NULL;
	enum child_event event;
	struct err e;

	if ((request = secret_new(PROTOCOL_REQUEST_MAX, &e)) == NULL ||
	    (r.answer = secret_new(PROTOCOL_ANSWER_MAX + 1, &e)) == NULL ||
	    protocol_request(request, a->request, &e) == -1 ||
	    start(&r, request, &e) == -1) {
		attempt_result(a, result, MESSAGE_NOT_SENT,
		    MESSAGE_REASON_REQUEST, e.msg);
		goto out;
	}
	event = converse(&r);
	child_end(&r.child);
	judge(&r, event, result);
out:
	sodium_memzero(&r.lines, sizeof(r.lines));
	secret_free(request);
	secret_free(r.answer);
}
