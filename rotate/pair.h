/*
 * Two entries that take turns (rotate.pair), two accounts for the same jobs:
 * there is always one of them that is not being changed.
 */
#ifndef PAIR_H
#define PAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "plan.h"
#include "record.h"
#include "vault.h"

/*
 * Whether a change of the idle entry, whose plan is p, may begin.  v is open
 * for writing, and the change's first state goes into the same commit: of two
 * that begin at a time one is refused.  ERR_BUSY: its partner is being changed,
 * or was less than rotate.min-age ago and not force.  ERR_CONFIG: the two do
 * not name each other.  0 for an entry without a partner, or not idle.
 */
int pair_check(struct vault *v, const struct entry *entry, const struct plan *p,
    bool force, uint64_t now, struct err *e) MUST_CHECK;

/*
 * The one of name and its partner that jobs are to use now, the one farther
 * from its next change, to active (RECORD_NAME_MAX + 1 bytes); name itself,
 * if it has none.
 */
int pair_active(struct vault *v, const char *name, char *active, size_t size,
    struct err *e) MUST_CHECK;

#endif
