/*
 * The stack: which lines a prompt has to pass before it is answered, after
 * pam.conf(5).  Specified in pawl-askpass.conf(5).  Pure: bytes in, lines out;
 * the results of lines in, the verdict out.
 *
 * Each line runs a module with a result.  What the result does is the line's
 * own say (its control), but for two: "denied" and "corrupt" end the stack
 * with a refusal, wherever they come from, and no control can change that.
 */
#ifndef STACK_H
#define STACK_H

#include <stdbool.h>
#include <stddef.h>

#include "bytes.h"
#include "err.h"

/* A longer stack, with all that it includes, is refused. */
#define STACK_LINES_MAX 64
#define STACK_ARGS_MAX 16
/* All words of a stack, terminated. */
#define STACK_TEXT_MAX 8192
/* How deep stacks include each other. */
#define STACK_DEPTH_MAX 8

enum stack_result {
	/* A gate is open; a provider has a secret. */
	STACK_SUCCESS,
	/* The module has nothing to say here. */
	STACK_IGNORE,
	/* It could not do its work: no vault, no file, no terminal. */
	STACK_UNAVAILABLE,
	/* It says no. */
	STACK_DENIED,
	/* What it has was damaged or altered. */
	STACK_CORRUPT
};
/* The results that a control decides about. */
#define STACK_CONTROLLED 3

enum stack_action {
	/* As if the line were not there. */
	STACK_PASS,
	/* The line counts for an answer. */
	STACK_OK,
	/* And so end the stack, unless a line before has failed. */
	STACK_DONE,
	/* The prompt will be refused; the lines behind still run. */
	STACK_BAD,
	/* And end the stack. */
	STACK_DIE,
	STACK_JUMP
};

enum stack_module {
	STACK_BIND,
	STACK_ONCE,
	STACK_CALLER,
	STACK_TIME,
	STACK_CONFIRM_TTY,
	STACK_DENY,
	STACK_PERMIT,
	STACK_VAULT,
	STACK_CREDENTIAL,
	STACK_TTY,
	STACK_DATASET,
	STACK_KEYRING,
	STACK_EXEC
};
#define STACK_MODULES 13

struct stack_line {
	enum stack_module module;
	enum stack_action on[STACK_CONTROLLED];
	/* Where STACK_JUMP goes; always further down, at most the end. */
	unsigned char to[STACK_CONTROLLED];
	/* Where "done" and "die" go: the end of the innermost substack. */
	unsigned char end;
	/* As written, without the brackets; and the arguments. */
	const char *control;
	const char *args[STACK_ARGS_MAX];
	size_t nargs;
	/* Where it stands. */
	const char *file;
	unsigned int number;
};

/* Its lines point into it: not to be copied. */
struct stack {
	size_t n;
	size_t used;
	struct stack_line lines[STACK_LINES_MAX];
	char text[STACK_TEXT_MAX];
};

/* --- Reading -------------------------------------------------------------- */

/* A text that holds stacks. */
struct stack_source {
	/* For messages. */
	const char *file;
	struct slice text;
	/*
	 * Only lines with this first word count, and each line has one; NULL
	 * for a text in which lines begin with the control.
	 */
	const char *service;
	/* Whose it is; for stack_find. */
	int scope;
};

/*
 * Finds the stack that an include in from (NULL for the one that is asked for)
 * names.  1, 0 if there is none, or -1.
 */
typedef int stack_find(void *arg, const struct stack_source *from,
    const char *name, struct stack_source *found, struct err *e);

/*
 * Reads the stack name and all that it includes.  ERR_CONFIG with file, line
 * and column: a word, module or argument that is not known, a jump over more
 * lines than there are, a stack that includes itself.
 */
int stack_parse(struct stack *s, const char *name, stack_find *find, void *arg,
    struct err *e) MUST_CHECK;

/* Whether text, whose lines begin with a service, has lines for this one. */
bool stack_has(struct slice text, const char *service);

/*
 * Whether every line of text is for one of the services in known, which ends
 * with NULL, or for a name that one of its lines includes: any other would
 * never be read.  ERR_CONFIG.
 */
int stack_check_services(const char *file, struct slice text,
    const char *const *known, struct err *e) MUST_CHECK;

/* --- Modules -------------------------------------------------------------- */

const char *stack_module_name(enum stack_module module);
/* False if there is none of this name. */
bool stack_module_find(const char *name, enum stack_module *modulep);
/* Whether its success comes with a secret. */
bool stack_is_provider(enum stack_module module);
/* "success", "ignore", ... */
const char *stack_result_name(enum stack_result result);

/*
 * Whether the arguments suit the module.  Else why not, *badp being the
 * argument that is wrong, or nargs if one is missing.
 */
const char *stack_args_fault(const struct stack_line *line, size_t *badp);

/* The value of an argument "key=value", from *at on (then past it), or NULL. */
const char *stack_arg(const struct stack_line *line, const char *key,
    size_t *at);
/* Whether one of the arguments is this word. */
bool stack_has_arg(const struct stack_line *line, const char *word);

/* A moment of the week in local time; day 0 is Sunday. */
struct stack_moment {
	unsigned int day;
	unsigned int minute;
};

/*
 * A window of the time module, "mon-fri/08:00-18:00": a day or a range of
 * days, and optionally hours, from the first minute up to the last.  Hours that
 * end before they begin go on into the next day.  False if it is none.
 */
bool stack_window(const char *text, struct stack_moment now, bool *insidep);

/* --- Evaluation ----------------------------------------------------------- */

struct stack_run {
	const struct stack *stack;
	size_t at;
	/* A line counted; a line failed; a provider gave its secret. */
	bool counted;
	bool failed;
	bool secret;
};

void stack_begin(struct stack_run *r, const struct stack *s);

/*
 * The line to run, or NULL at the end.  Once there is a secret, the providers
 * that follow are passed over.
 */
const struct stack_line *stack_next(struct stack_run *r);

/*
 * Takes the result of the line that stack_next() gave.  True if this is what
 * the prompt is refused for: the first line that failed.
 */
bool stack_take(struct stack_run *r, enum stack_result result);

/*
 * Whether the prompt is answered: no line failed, one counted, and there is a
 * secret.
 */
bool stack_verdict(const struct stack_run *r);

#endif
