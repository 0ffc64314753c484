/*
 * The askpass of ssh-pam's ssh: pawl-rotate-run itself, with the prompt as its
 * only argument and, as ssh's standard input, a socket to the process that
 * started ssh.  A prompt goes there as a u16 length and that many bytes, and
 * the answer comes back in the same way, or the end of file for none.
 */
#ifndef ANSWERER_H
#define ANSWERER_H

#include "err.h"
#include "secret.h"

/*
 * Asks for prompt and writes the answer to standard output.  Where there is
 * none it ends ssh, which would send an empty password else, and then itself.
 */
int answerer_run(const char *prompt, struct err *e) MUST_CHECK;

/*
 * For the other side.  Reads a prompt into `to`: 1, or 0 at the end of file or
 * if it does not fit or is cut short.
 */
int answerer_prompt(int fd, struct secret *to);

/* Sends an answer.  -1 with errno. */
int answerer_answer(int fd, const struct secret *answer) MUST_CHECK;

#endif
