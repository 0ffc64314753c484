#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hook.h"
#include "io.h"
#include "json.h"
#include "program.h"

/* One program that is to be told one result. */
struct hook_call {
	char *program;
	/* Whose result, for messages. */
	char *entry;
	struct json json;
};

void
hook_target(struct hook_target *to, const struct plan *p)
{
	memcpy(to->user, p->user, sizeof(to->user));
	memcpy(to->host, p->host, sizeof(to->host));
	memcpy(to->program, p->hook, sizeof(to->program));
}

static const char *
event_of(enum err_kind status)
{
	if (status == ERR_NONE)
		return "success";
	return status == ERR_ATTENTION ? "attention" : "failure";
}

static void
put_text(struct json *j, const char *key, const char *value)
{
	json_key(j, key);
	json_text(j, value);
}

/* The order is part of the interface: a shell script can go by the start. */
static void
put_result(struct json *j, const struct hook_result *r)
{
	json_open(j, '{');
	put_text(j, "event", event_of(r->status));
	put_text(j, "entry", r->entry);
	put_text(j, "user", r->target->user);
	put_text(j, "host", r->target->host);
	put_text(j, "command", r->command);
	json_key(j, "time");
	json_number(j, r->time);
	json_key(j, "exit_status");
	json_number(j, r->status);
	put_text(j, "message", r->message);
	json_close(j, '}');
}

static void
free_call(struct hook_call *call)
{
	free(call->program);
	free(call->entry);
	json_free(&call->json);
}

static int
grow(struct hooks *h, struct err *e)
{
	size_t cap = h->cap == 0 ? 8 : h->cap * 2;
	struct hook_call *more;

	if (h->n < h->cap)
		return 0;
	if ((more = reallocarray(h->calls, cap, sizeof(*more))) == NULL)
		return err_sys(e, ERR_IO, "memory for hooks");
	h->calls = more;
	h->cap = cap;
	return 0;
}

static int
add_call(struct hooks *h, const char *program, const struct hook_result *r,
    struct err *e)
{
	struct hook_call call = { NULL, NULL, { NULL, 0, 0, false } };

	if (program == NULL || program[0] == '\0')
		return 0;
	if (grow(h, e) == -1)
		return -1;
	call.program = strdup(program);
	call.entry = strdup(r->entry);
	put_result(&call.json, r);
	if (json_finish(&call.json, e) == 0 && call.program != NULL &&
	    call.entry != NULL) {
		h->calls[h->n++] = call;
		return 0;
	}
	free_call(&call);
	return err_set(e, ERR_IO, "no memory for hooks");
}

int
hook_add(struct hooks *h, const struct hook_result *r, struct err *e)
{
	if (add_call(h, h->site, r, e) == -1)
		return -1;
	if (h->site != NULL && strcmp(h->site, r->target->program) == 0)
		return 0;
	return add_call(h, r->target->program, r, e);
}

/* What it prints is for a person, as what we say is. */
static _Noreturn void
become(char *program, int in)
{
	char *const argv[] = { program, NULL };

	if (dup2(in, STDIN_FILENO) == -1 ||
	    dup2(STDERR_FILENO, STDOUT_FILENO) == -1 || program_begin() == -1 ||
	    chdir("/") == -1)
		_exit(126);
	(void)execve(program, argv, program_environment());
	_exit(127);
}

/* A pipe holds all of the text, so that none waits for a hook to read. */
static int
start(const struct hook_call *call, pid_t *pidp, struct err *e)
{
	int in[2];

	if (pipe2(in, O_CLOEXEC) == -1)
		return err_sys(e, ERR_IO, "pipe");
	if (fcntl(in[1], F_SETFL, O_NONBLOCK) == -1 ||
	    write_all(in[1], call->json.text, call->json.len) == -1) {
		(void)err_sys(e, ERR_IO, "write to a pipe");
		*pidp = -1;
	} else if ((*pidp = fork()) == -1) {
		(void)err_sys(e, ERR_IO, "start a process");
	} else if (*pidp == 0) {
		become(call->program, in[0]);
	} else {
		/* Here as well, so that it is in it whoever is first. */
		(void)setpgid(*pidp, *pidp);
	}
	(void)close(in[0]);
	(void)close(in[1]);
	return *pidp == -1 ? -1 : 0;
}

/* Sets *latep if it did not end in time. */
static int
run(const struct hook_call *call, unsigned int timeout_ms, bool *latep,
    struct err *e)
{
	pid_t pid = -1;
	int status;

	if (program_check(call->program, e) == -1 || start(call, &pid, e) == -1)
		return -1;
	status = program_wait(pid, program_clock() + timeout_ms);
	if (status == 0)
		return 0;
	if (status == -1) {
		*latep = true;
		return err_set(e, ERR_IO,
		    "%s did not end in time (rotate-hook-timeout)",
		    call->program);
	}
	if (WIFSIGNALED(status))
		return err_set(e, ERR_IO, "%s was ended by signal %d",
		    call->program, WTERMSIG(status));
	return err_set(e, ERR_IO, "%s ended with status %d", call->program,
	    WEXITSTATUS(status));
}

static void
run_all(const struct hooks *h, void (*warn)(const struct err *e))
{
	unsigned int timeouts = 0;
	struct err e;
	bool late;
	size_t i;

	for (i = 0; i < h->n && timeouts < HOOK_TIMEOUTS_MAX; i++) {
		late = false;
		if (run(&h->calls[i], h->timeout_ms, &late, &e) == -1) {
			(void)err_in(&e, "warning: %s: hook",
			    h->calls[i].entry);
			warn(&e);
		}
		timeouts += late;
	}
	if (i < h->n) {
		(void)err_set(&e, ERR_IO,
		    "warning: %zu results were not told to any hook, as %d did "
		    "not end in time",
		    h->n - i, HOOK_TIMEOUTS_MAX);
		warn(&e);
	}
}

void
hook_run(struct hooks *h, void (*warn)(const struct err *e))
{
	sigset_t child, before;
	size_t i;

	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &child, &before);
	run_all(h, warn);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	for (i = 0; i < h->n; i++)
		free_call(&h->calls[i]);
	free(h->calls);
	h->calls = NULL;
	h->n = 0;
	h->cap = 0;
}
