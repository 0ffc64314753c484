/*
 * A set of names.  Apart, for <search.h> has a struct entry of its own.
 */
#ifndef NAMES_H
#define NAMES_H

#include <stdbool.h>

#include "err.h"

/* Adds a copy of name; *there tells whether it was.  *set is NULL at first. */
int names_add(void **set, const char *name, bool *there,
    struct err *e) MUST_CHECK;
void names_free(void *set);

#endif
