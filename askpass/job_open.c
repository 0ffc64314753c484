#include <sys/types.h>

#include <string.h>
#include <unistd.h>

#include "audit.h"
#include "job.h"
#include "sandbox.h"

/* For stacks that use no vault: who was told what. */
static struct state own_state;

static int
open_state(struct job *j, struct err *e)
{
	static const unsigned char no_vault[STATE_ID];

	j->state = j->vault == NULL ? NULL : vault_state(j->vault);
	if (j->state == NULL && j->vault == NULL) {
		if (state_open(&own_state, no_vault, &j->trust, NULL, e) == -1)
			return -1;
		j->state = &own_state;
	}
	if (j->state == NULL)
		return err_set(e, ERR_IO,
		    "the state directory cannot be written, so one answer "
		    "for each ssh cannot be kept; see pawl(7), FILES");
	if (j->state->fd <= STDERR_FILENO)
		return err_set(e, ERR_USAGE,
		    "standard input, output or error is closed");
	return 0;
}

/* What a stack from a file can do without: other lines may answer. */
static bool
can_do_without(const struct err *e)
{
	return stacks_from_file() && e->kind == ERR_NOVAULT;
}

/* Key and vault.  What is missing is said by the line that wants it. */
static int
find_vault(struct job *j, struct err *e)
{
	const struct vault_options o = { .path = j->path,
		.trust = &j->trust,
		.hand_out = true };

	if (path_vault(j->path, sizeof(j->path), e) == -1)
		return -1;
	if (j->key.slot.kind == SLOT_EMPTY &&
	    key_find_for(&j->key, NULL, false, j->path, &j->trust, e) == -1)
		return -1;
	if ((j->vault = vault_attach(&o, e)) == NULL)
		return -1;
	return 0;
}

void
job_close_vault(struct job *j)
{
	vault_close(j->vault);
	j->vault = NULL;
	j->state = NULL;
	j->request.nmarks = 0;
	j->context.vault = NULL;
	j->context.looked = false;
}

int
job_open_vault(struct job *j, struct err *e)
{
	struct module_context *c = &j->context;

	job_close_vault(j);
	if (!stacks_use(STACK_VAULT) && !stacks_use(STACK_BIND)) {
		(void)err_set(&c->vault_why, ERR_NOVAULT,
		    "no stack uses the vault");
	} else if (find_vault(j, e) == -1) {
		if (!can_do_without(e))
			return -1;
		c->vault_why = *e;
	}
	if (open_state(j, e) == -1)
		return -1;
	c->vault = j->vault;
	c->key = &j->key.slot;
	j->request.marks =
	    state_find(j->state, j->request.parent.pid, &j->request.nmarks);
	return 0;
}

/* What binds to the caller's destination has to know it. */
static bool
needs_destination(void)
{
	return stacks_use(STACK_BIND) || stacks_use(STACK_CREDENTIAL) ||
	    stacks_use(STACK_DATASET) || stacks_use(STACK_KEYRING) ||
	    stacks_use(STACK_EXEC);
}

static int
start_outside(struct job *j, struct err *e)
{
	if (j->dry ||
	    (!stacks_use(STACK_TTY) && !stacks_use(STACK_EXEC) &&
		!stacks_use(STACK_CONFIRM_TTY)))
		return 0;
	if (outside_start(&j->outside, j->config.require_mlock, e) == -1)
		return -1;
	j->context.outside = &j->outside;
	return 0;
}

static unsigned char
to_ibm1047(unsigned char c)
{
	return codepage_encode(CODEPAGE_IBM1047, c);
}

int
job_begin(struct job *j, char *prompt, struct err *e)
{
	int rv = config_load(&j->config, e);
	enum codepage page = j->config.answer_encoding;

	j->prompt = prompt;
	j->context.request = &j->request;
	j->context.trust = &j->trust;
	j->context.prompt = prompt;
	j->context.page = page;
	if (page == CODEPAGE_IBM1047)
		err_encode(to_ibm1047);
	codepage_prompt(page, prompt);
	return rv;
}

int
job_prepare(struct job *j, struct err *e)
{
	const char *audit;

	j->context.dry = j->dry;
	audit = j->config.audit_file[0] == '\0' ? NULL : j->config.audit_file;
	if (!j->dry && audit_open(JOB_PROGRAM, audit, e) == -1)
		return -1;
	if (j->config.require_mlock && secret_require_locked(e) == -1)
		return -1;
	if (stacks_load(e) == -1 || start_outside(j, e) == -1)
		return -1;
	if (j->request.parent.cmdline_len == 0 && stacks_from_file() &&
	    needs_destination())
		parent_look(&j->request.parent, true);
	if (job_open_vault(j, e) == -1)
		return -1;
	return module_prepare(&j->context, e);
}

int
job_close_in(struct job *j, struct err *e)
{
	struct sandbox s = { .promise = SANDBOX_ASKPASS,
		.parent = j->request.parent.pid };

	if (sandbox_enter(&s, &j->missing, e) == -1)
		return -1;
	if (j->missing != 0 && j->config.require_sandbox)
		return err_set(e, ERR_DENIED,
		    "the kernel has no seccomp, and require-sandbox is set");
	return 0;
}
