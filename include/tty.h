/*
 * A person at the terminal: /dev/tty with echo off, signals handled as
 * readpassphrase(3) does (restored before they act, asked again after a stop).
 */
#ifndef TTY_H
#define TTY_H

#include <stdbool.h>

#include "err.h"
#include "secret.h"

/* Whether this process has a terminal to ask on. */
bool tty_there(void);

/*
 * Asks on /dev/tty and reads one line without echo into s.  ERR_USAGE without
 * a terminal (the message says what to pipe or set instead), ERR_NOENTRY if
 * the user ended it, ERR_USAGE if the line is longer than the capacity.
 */
int tty_secret(const char *prompt, struct secret *s, struct err *e) MUST_CHECK;

/* Asks twice until both agree; at most three times, then ERR_NOENTRY. */
int tty_secret_twice(const char *prompt, struct secret *s,
    struct err *e) MUST_CHECK;

/* A question with echo; *yesp is true for "y" or "yes".  As above. */
int tty_confirm(const char *question, bool *yesp, struct err *e) MUST_CHECK;

#endif
