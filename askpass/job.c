#include <sys/types.h>
#include <sys/auxv.h>

#include <string.h>
#include <unistd.h>

#include "audit.h"
#include "io.h"
#include "job.h"

static const struct entry *
entry_of(const struct job *j)
{
	return j->context.entry.name.p == NULL ? NULL : &j->context.entry;
}

static void
audit_decision(struct job *j, const char *what, const char *why)
{
	const struct prompt *p = &j->request.prompt;
	const struct stack_line *from = j->context.from;
	struct audit a;

	if (!audit_is_open())
		return;
	audit_begin(&a, what);
	if (entry_of(j) != NULL)
		audit_add(&a, "entry", entry_of(j)->name);
	audit_text(&a, "prompt", prompt_kind_name(p->kind));
	audit_add(&a, "user",
	    (struct slice){ (const unsigned char *)p->user.p, p->user.len });
	audit_add(&a, "host",
	    (struct slice){ (const unsigned char *)p->host.p, p->host.len });
	if (p->path.len > 0)
		audit_add(&a, "path",
		    (struct slice){ (const unsigned char *)p->path.p,
			p->path.len });
	audit_text(&a, "caller", parent_program(&j->request.parent));
	audit_number(&a, "pid", (unsigned long long)j->request.parent.pid);
	/* The kernel has left it there: no system call. */
	audit_number(&a, "uid", (unsigned long long)getauxval(AT_UID));
	if (why == NULL && from != NULL && from->module != STACK_VAULT)
		audit_text(&a, "module", stack_module_name(from->module));
	if (!secret_locked())
		audit_text(&a, "memory", "unlocked");
	if (j->missing != 0)
		audit_text(&a, "sandbox", "partial");
	if (why != NULL)
		audit_text(&a, "why", why);
	audit_send(&a);
}

static int
note(const struct job *j, enum state_event event, struct err *e)
{
	struct state_mark m = { .pid = (uint32_t)j->request.parent.pid,
		.event = event,
		.question = (uint32_t)j->request.prompt.kind };

	if (entry_of(j) != NULL)
		memcpy(m.entry, entry_of(j)->id, sizeof(m.entry));
	return state_mark(j->state, &m, e);
}

/* Says where, but for the stack that nobody wrote. */
static void
say_where(const struct stack_line *line, struct err *e)
{
	char shown[200];

	if (stacks_from_file())
		(void)err_in(e, "%s:%u: %s",
		    text_show(shown, sizeof(shown), slice_of(line->file)),
		    line->number, stack_module_name(line->module));
}

static int
run_stack(struct job *j, const struct stack *s, struct err *e)
{
	const struct stack_line *line;
	enum stack_result result;
	struct stack_run run;
	struct err why;
	bool first, known = false;

	stack_begin(&run, s);
	while ((line = stack_next(&run)) != NULL) {
		result = module_run(&j->context, line, &why);
		if (j->watch != NULL)
			j->watch(line, result, &why);
		first = stack_take(&run, result);
		/* The first failure counts; before one, whatever was last. */
		if (first || (!run.failed && result != STACK_SUCCESS)) {
			*e = why;
			say_where(line, e);
			known = true;
		}
	}
	if (stack_verdict(&run))
		return 0;
	if (!known)
		(void)err_set(e, ERR_DENIED,
		    "no line of the stack for %s gives a secret; see "
		    "pawl-askpass.conf(5)",
		    service_name(j->context.service));
	return -1;
}

int
job_decide(struct job *j, struct err *e)
{
	const char *refusal = choose_refusal(j->request.prompt.kind);

	if (refusal != NULL ||
	    !service_of(j->request.prompt.kind, &j->context.service))
		return err_set(e, ERR_DENIED, "%s",
		    refusal == NULL ? "this is no prompt that pawl answers" :
				      refusal);
	return run_stack(j, stacks_for(j->context.service), e);
}

/*
 * ssh takes a failed askpass for an empty password and sends that, up to
 * three times (readpass.c); only for these does it take it for a no.
 */
bool
job_must_end_caller(struct job *j)
{
	if (!parent_is_ssh(&j->request.parent))
		return false;
	switch (j->request.prompt.kind) {
	case PROMPT_HOSTKEY:
	case PROMPT_CONFIRM:
	case PROMPT_NOTIFY:
	case PROMPT_PASSPHRASE:
	case PROMPT_PASSPHRASE_RETRY:
	case PROMPT_PIN:
		return false;
	case PROMPT_UNKNOWN:
	case PROMPT_PASSWORD:
	case PROMPT_PASSWORD_RAW:
	case PROMPT_OTP:
	case PROMPT_CHANGE:
	case PROMPT_HOSTKEY_AGAIN:
	case PROMPT_GIT_USERNAME:
	case PROMPT_GIT_PASSWORD:
	case PROMPT_SUDO:
	case PROMPT_LOCK:
	case PROMPT_KEYGEN:
		break;
	}
	return true;
}

int
job_refuse(struct job *j, struct err *e)
{
	bool end = job_must_end_caller(j);
	struct err unnoted;
	int status;

	audit_decision(j, "refuse", e->msg);
	if (end && j->state != NULL && note(j, STATE_REFUSED, &unnoted) == -1)
		(void)err_in(e, "%s", unnoted.msg);
	if (end)
		(void)err_in(e, "ssh stopped, nothing sent");
	status = err_print(JOB_PROGRAM, e);
	if (end)
		parent_end(&j->request.parent);
	return status;
}

/* The one answer that a person ought to do something about. */
static void
warn(const struct stack_line *from)
{
	struct err e;

	if (from->module != STACK_DATASET)
		return;
	(void)err_set(&e, ERR_NONE,
	    "%s holds a password in the clear; move it to the vault with: "
	    "pawl-vault import dataset",
	    from->args[0]);
	(void)err_print(JOB_PROGRAM, &e);
}

/* Noted before it is given: a crash between costs a job, not a try. */
int
job_answer(struct job *j, struct err *e)
{
	const struct secret *line = j->context.answer;

	if (!j->context.noted && note(j, STATE_ANSWERED, e) == -1)
		return -1;
	audit_decision(j, "answer", NULL);
	warn(j->context.from);
	if (write_all(STDOUT_FILENO, line->data, line->len) == -1)
		return err_sys(e, ERR_IO, "write the answer");
	return 0;
}
