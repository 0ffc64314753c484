/*
 * The modules of the stack, each in a file of its own, mod_NAME.c: gates say
 * whether, providers say what.  What a module needs from outside is opened by
 * module_prepare(), before the sandbox; module_run() runs inside of it.
 */
#ifndef MODULE_H
#define MODULE_H

#include "choose.h"
#include "codepage.h"
#include "key.h"
#include "outside.h"
#include "path.h"
#include "stacks.h"
#include "vault.h"

/* readpass.c and sudo's tgetpass.c: 1023 bytes, the first line of them. */
#define MODULE_ANSWER_MAX 1023

/* What was made ready for a line: a file, or a secret. */
struct module_ready {
	const struct stack_line *line;
	/* Or -1. */
	int fd;
	struct secret *held;
	/* Why there is neither. */
	struct err why;
};
#define MODULE_READY_MAX 16

struct module_context {
	struct request *request;
	/* As it came, for a person. */
	const char *prompt;
	enum service service;
	/* Of the answer. */
	enum codepage page;
	/* NULL where no stack uses it, or with vault_why. */
	struct vault *vault;
	const struct slot_key *key;
	struct path_trust *trust;
	/* The path of the caller's program, if it is not to be looked up. */
	const char *caller;
	/* Who asks people and runs programs, or NULL: then nobody does, and
	 * what they would say is taken for a yes. */
	struct outside *outside;
	/* Nobody is given anything: --explain. */
	bool dry;
	/* Set by module_prepare(), and so is ready. */
	struct stack_moment now;
	size_t nready;

	/* The line to write, and who gave it. */
	struct secret *answer;
	const struct stack_line *from;
	/* It is noted in the state already. */
	bool noted;
	/* The entry, once a line has asked for it; name.p is NULL before. */
	struct secret *plain;
	bool looked;
	struct err found_why;
	struct entry entry;

	struct err vault_why;
	struct module_ready ready[MODULE_READY_MAX];
};

/*
 * Opens what the lines of all stacks need.  What is not there is said when
 * the line is run.  ERR_CONFIG: it is too much.
 */
int module_prepare(struct module_context *c, struct err *e) MUST_CHECK;

/* Runs a line.  Unless it succeeds e says why, for a person. */
enum stack_result module_run(struct module_context *c,
    const struct stack_line *line, struct err *e);

/* --- For the modules ------------------------------------------------------ */

/* The result that an error amounts to. */
enum stack_result module_result(const struct err *e);

/* What was made ready for this line. */
struct module_ready *module_find_ready(struct module_context *c,
    const struct stack_line *line);

/* The entry that a vault line would answer with, looked for once.  0 or -1. */
int module_entry(struct module_context *c, struct err *e) MUST_CHECK;

/*
 * Makes the secret the answer.  ERR_DENIED if it is longer than ssh reads, or
 * not one line.
 */
enum stack_result module_answer(struct module_context *c,
    const struct stack_line *line, struct slice secret, struct err *e);

/*
 * The same for a secret that is in no vault: it goes to nobody but the user
 * and host that the line names, and only if the caller's command line says so
 * too.  STACK_IGNORE: the line is not about them.
 */
enum stack_result module_answer_bound(struct module_context *c,
    const struct stack_line *line, struct slice secret, struct err *e);

/* What is said to a process that had its answer. */
enum stack_result module_answered(struct module_context *c, struct err *e);

/* A gate that is shut: denied, or, as a test, unavailable. */
enum stack_result module_shut(const struct stack_line *line, const char *why,
    struct err *e);

/* Makes one line ready. */
typedef void module_make_ready(struct module_context *c,
    struct module_ready *r);
module_make_ready mod_credential_ready;
module_make_ready mod_dataset_ready;
module_make_ready mod_keyring_ready;

typedef enum stack_result module_runner(struct module_context *c,
    const struct stack_line *line, struct err *e);
module_runner mod_bind;
module_runner mod_once;
module_runner mod_caller;
module_runner mod_time;
module_runner mod_confirm_tty;
module_runner mod_deny;
module_runner mod_permit;
module_runner mod_vault;
module_runner mod_credential;
module_runner mod_tty;
module_runner mod_dataset;
module_runner mod_keyring;
module_runner mod_exec;

/*
 * What a program that speaks git-credential(1) has answered: "key=value" lines,
 * of which password is taken, and username and host have to be those that were
 * asked for.  Pure.  STACK_SUCCESS with *passwordp in text; STACK_UNAVAILABLE
 * if there is no password; STACK_DENIED: quit, or somebody else's;
 * STACK_CORRUPT: this is no such answer.
 */
enum stack_result mod_exec_answer(struct slice text, struct slice user,
    struct slice host, struct slice *passwordp);

#endif
