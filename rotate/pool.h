/*
 * The network halves of a run: one for each entry that is being rotated.  Only
 * one at a time is a program that is started; for more, children of a breeder
 * (netproc.h), one breeder for each set of certificates.
 */
#ifndef POOL_H
#define POOL_H

#include <stddef.h>

#include "err.h"
#include "netproc.h"
#include "plan.h"

/* A network half, and whether somebody has it. */
struct worker {
	struct netproc net;
	struct worker *next;
};

/* Start with pool_init(). */
struct pool {
	/* No more than one will be taken at a time. */
	bool one;
	struct worker *idle;
	struct netproc *breeders;
	size_t nbreeders;
};

/* Starts what can be started before anything is known of the entries. */
int pool_init(struct pool *p, bool one, struct err *e) MUST_CHECK;

/* One that serves what the plan asks for, for pool_give(); NULL. */
struct worker *pool_take(struct pool *p, const struct plan *plan,
    struct err *e) MUST_CHECK;

/* Back; or, if there will be no more to ask, its end.  NULL is fine. */
void pool_give(struct pool *p, struct worker *w, bool last);

/* Ends all of them, and waits for those that are taking leave. */
void pool_free(struct pool *p);

#endif
