/*
 * Which attributes there are, and what their values may be: one table, for who
 * sets them (pawl-vault) and who uses them (rotate/plan.h).  Pure.
 */
#ifndef ATTR_H
#define ATTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "err.h"

/* The longest of some values, in characters. */
#define ATTR_HOST_MAX 255
#define ATTR_PATH_MAX 4095
#define ATTR_PIN_MAX 255

/* Whether there is such an attribute, or it is a site's own (x-...). */
bool attr_known(struct slice key);

/* Whether an entry may have several of it. */
bool attr_repeatable(struct slice key);

/*
 * Whether the attribute may have this value, which is terminated; none may be
 * empty.  *numberp is what it comes to: a number itself, the seconds of a duration, a
 * word's place among the words it may be, from 1; 0 for anything else.
 * ERR_USAGE says what it must be, without the key.
 */
int attr_read(struct slice key, const char *value, uint64_t *numberp,
    struct err *e) MUST_CHECK;

/* The keys, one after the other from 0; NULL behind the last. */
const char *attr_key(size_t i);

#endif
