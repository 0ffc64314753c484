/*
 * pawl-rotate pin: what the server shows of itself, before any password.
 */
#ifndef PIN_H
#define PIN_H

#include "err.h"
#include "netproc.h"
#include "plan.h"

/*
 * Makes one TLS connection to the server of p, and prints to standard output
 * whose certificate it shows, until when it is valid, whether it is verified
 * and what its rotate.pin is.  0 if it is verified and is the one of p, where
 * p has one; else ERR_UNREACHABLE with the reason.
 */
int pin_show(const char *name, const struct plan *p, struct netproc *net,
    struct err *e) MUST_CHECK;

#endif
