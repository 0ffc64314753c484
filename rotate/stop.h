/*
 * Ctrl-C, SIGTERM and SIGHUP: the first asks for an orderly end, the second is
 * one.
 */
#ifndef STOP_H
#define STOP_H

#include "err.h"

/*
 * From now on the first of these signals makes *fdp readable.  One that is
 * ignored stays so.
 */
int stop_catch(int *fdp, struct err *e) MUST_CHECK;

#endif
