#include <sys/types.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "explain.h"
#include "io.h"

/* All that is said, at once and at the end; more is cut. */
static struct {
	char text[32768];
	size_t len;
	/* A line asks a person or runs a program. */
	bool unasked;
} out;

static void say(const char *fmt, ...) PRINTF(1, 2);

static void
say(const char *fmt, ...)
{
	size_t left = sizeof(out.text) - out.len;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(out.text + out.len, left, fmt, args);
	va_end(args);
	if (n > 0)
		out.len += (size_t)n < left ? (size_t)n : left - 1;
}

static bool
is_unasked(enum stack_module module)
{
	return module == STACK_TTY || module == STACK_EXEC ||
	    module == STACK_CONFIRM_TTY;
}

static void
say_line(const struct stack_line *line, enum stack_result result,
    const struct err *why)
{
	char shown[sizeof(why->msg) * 2], control[100];
	size_t i;

	say("line:     %s:%u %s %s",
	    text_show(shown, sizeof(shown), slice_of(line->file)), line->number,
	    text_show(control, sizeof(control), slice_of(line->control)),
	    stack_module_name(line->module));
	for (i = 0; i < line->nargs; i++)
		say(" %s",
		    text_show(shown, sizeof(shown), slice_of(line->args[i])));
	say(": %s", stack_result_name(result));
	if (result != STACK_SUCCESS) {
		say(": %s\n",
		    text_show(shown, sizeof(shown), slice_of(why->msg)));
	} else if (is_unasked(line->module)) {
		out.unasked = true;
		say(", not run here\n");
	} else {
		say("\n");
	}
}

static void
say_text(const char *what, struct text t)
{
	struct slice s = { (const unsigned char *)t.p, t.len };
	char shown[400];

	if (t.len > 0)
		say("%-9s %s\n", what, text_show(shown, sizeof(shown), s));
}

static void
say_caller(struct parent *p)
{
	struct slice user, host,
	    cmdline = { (const unsigned char *)p->cmdline, p->cmdline_len };
	char shown[64], user_shown[200], host_shown[200];

	say("caller:   %s",
	    text_show(shown, sizeof(shown), slice_of(parent_program(p))));
	if (parent_is_ssh(p) && parent_destination(cmdline, &user, &host) == 0)
		say(", to user \"%s\" host \"%s\"",
		    text_show(user_shown, sizeof(user_shown), user),
		    text_show(host_shown, sizeof(host_shown), host));
	say("\n");
}

static void
say_prompt(struct job *j)
{
	const struct prompt *p = &j->request.prompt;
	enum service service;

	say("prompt:   %s (%s)\n", prompt_kind_name(p->kind), p->rule);
	say_text("user:", p->user);
	say_text("host:", p->host);
	say_text("path:", p->path);
	say_text("server:", p->server_text);
	if (service_of(p->kind, &service))
		say("service:  %s\n", service_name(service));
	say_caller(&j->request.parent);
}

static void
say_entry(const struct job *j)
{
	const struct request *q = &j->request;
	const char *by = "the caller's destination", *text = "";
	char shown[300];

	if (!j->context.looked)
		return;
	if (q->entry != NULL) {
		by = "PAWL_ENTRY=";
		text = q->entry;
	} else if (q->dataset != NULL) {
		by = "PASSWD_DSN=";
		text = q->dataset;
	}
	if (j->context.entry.name.p == NULL)
		say("entry:    none");
	else
		say("entry:    %s",
		    text_show(shown, sizeof(shown), j->context.entry.name));
	say(", by %s%s\n", by, text_show(shown, sizeof(shown), slice_of(text)));
}

static void
say_verdict(struct job *j, int rv, const struct err *e)
{
	char shown[sizeof(e->msg) * 2];

	if (rv == -1)
		say("verdict:  refuse%s: %s\n",
		    job_must_end_caller(j) ? " and end ssh" : "",
		    text_show(shown, sizeof(shown), slice_of(e->msg)));
	else if (j->context.from != NULL)
		say("verdict:  answer, from %s%s\n",
		    stack_module_name(j->context.from->module),
		    out.unasked ? ", if those agree who were not asked" : "");
	else
		say("verdict:  answer, if those who were not asked give one\n");
}

int
explain(struct job *j, char *const *args, size_t n, struct err *e)
{
	struct err open;
	int rv;

	j->dry = true;
	j->watch = say_line;
	rv = job_begin(j, args[0], e);
	choose_look(&j->request, j->prompt);
	if (j->request.parent.cmdline_len == 0)
		parent_look(&j->request.parent, true);
	if (rv == 0)
		rv = job_prepare(j, e);
	if (n > 1) {
		parent_pretend(&j->request.parent, args + 1, n - 1);
		j->context.caller = args[1];
		/* It has not asked yet. */
		j->request.nmarks = 0;
	}
	if (job_close_in(j, &open) == -1 && rv == 0) {
		*e = open;
		rv = -1;
	}
	prompt_classify(j->prompt, strlen(j->prompt), j->hint,
	    &j->request.prompt);
	say_prompt(j);
	if (rv == 0)
		rv = job_decide(j, e);
	say_entry(j);
	say_verdict(j, rv, e);
	secret_wipe_all();
	if (write_all(STDOUT_FILENO, out.text, out.len) == -1)
		return ERR_IO;
	return rv == 0 ? 0 : (int)e->kind;
}
