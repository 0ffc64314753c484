/*
 * One run of pawl-askpass: what is opened before the sandbox, and what is
 * decided in it.
 */
#ifndef JOB_H
#define JOB_H

#include "config.h"
#include "module.h"

#define JOB_PROGRAM "pawl-askpass"

/*
 * In the order of use: a page that is not touched is not paid for by every
 * answer.
 */
struct job {
	struct path_trust trust;
	struct key key;
	char path[PATH_MAX];
	struct config config;
	struct request request;
	/* The argument, and SSH_ASKPASS_PROMPT. */
	const char *prompt;
	const char *hint;
	struct vault *vault;
	/* Where answers are noted: the vault's, or one for no vault. */
	struct state *state;
	struct outside outside;
	/* Layers of the sandbox that the kernel lacks. */
	unsigned int missing;
	/* Nobody is told or asked anything: --explain. */
	bool dry;
	/* With dry: told each line's result. */
	void (*watch)(const struct stack_line *line, enum stack_result result,
	    const struct err *why);
	struct module_context context;
};

/*
 * Reads pawl.conf and, as it says, turns the prompt into ASCII, in place.  Where
 * that cannot be read the prompt is taken as it is.
 */
int job_begin(struct job *j, char *prompt, struct err *e) MUST_CHECK;

/* All that needs a path, a socket or a process.  In this order, once. */
int job_prepare(struct job *j, struct err *e) MUST_CHECK;
/* Closes the vault, so that no rotation waits for this process. */
void job_close_vault(struct job *j);
/* Opens the vault anew, and what it remembers. */
int job_open_vault(struct job *j, struct err *e) MUST_CHECK;
/* Enters the sandbox. */
int job_close_in(struct job *j, struct err *e) MUST_CHECK;

/* Runs the stack; on success the line to write is in j->context.answer. */
int job_decide(struct job *j, struct err *e) MUST_CHECK;

/* Notes the answer and writes it. */
int job_answer(struct job *j, struct err *e) MUST_CHECK;

/*
 * Says why, notes that this ssh had its chance, and sees to it that nothing
 * reaches the server.  Returns the exit status.
 */
int job_refuse(struct job *j, struct err *e);

/* Whether a refusal has to end the caller. */
bool job_must_end_caller(struct job *j);

#endif
