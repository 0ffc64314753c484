/*
 * What an operator may ask pawl-askpass, besides for passwords: what would
 * happen, and what did.  Neither says, notes or sends a secret.
 */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include "job.h"

/*
 * --explain: decides about the prompt args[0], in the sandbox, and writes what it
 * is, each line of its stack with the result, and the verdict to standard
 * output.  Nobody is asked, nothing is noted, no caller ended.  args[1..n) is
 * taken for the caller's command line; with n 1 it is the real caller's.
 * Returns the exit status: 0 where there would be an answer, else the refusal's.
 */
int explain(struct job *j, char *const *args, size_t n, struct err *e);

/*
 * --last: writes the last n decisions of this user, oldest first: from the
 * audit file if there is one, else from what the state file remembers, which
 * does not know why.  Returns the exit status.
 */
int explain_last(struct job *j, size_t n, struct err *e);

#endif
