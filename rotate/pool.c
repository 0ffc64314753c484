#include <stdlib.h>
#include <string.h>

#include "net/method.h"
#include "pool.h"

static struct worker *
new_worker(struct err *e)
{
	struct worker *w = calloc(1, sizeof(*w));

	if (w == NULL)
		(void)err_sys(e, ERR_IO, "memory for a network half");
	else
		w->net.fd = -1;
	return w;
}

int
pool_init(struct pool *p, bool one, struct err *e)
{
	memset(p, 0, sizeof(*p));
	p->one = one;
	if (!one)
		return 0;
	if ((p->idle = new_worker(e)) == NULL)
		return -1;
	return netproc_start(&p->idle->net, e);
}

/* The breeder for a CA file; one that has died is started anew. */
static struct netproc *
breeder_for(struct pool *p, const struct plan *plan, struct err *e)
{
	struct netproc *more = NULL;
	size_t i;

	for (i = 0; i < p->nbreeders; i++)
		if (netproc_serves(&p->breeders[i], plan))
			break;
	if (i == p->nbreeders) {
		more = reallocarray(p->breeders, i + 1, sizeof(*more));
		if (more == NULL) {
			(void)err_sys(e, ERR_IO, "memory for a network half");
			return NULL;
		}
		p->breeders = more;
		memset(&more[i], 0, sizeof(more[i]));
		more[i].fd = -1;
		p->nbreeders++;
	}
	if (netproc_breeder(&p->breeders[i], plan, e) == -1)
		return NULL;
	return &p->breeders[i];
}

/* Takes the one that has been idle longest: it has taken leave by now. */
static struct worker *
take_idle(struct pool *p, const struct plan *plan)
{
	struct worker **at = NULL, **found = NULL, *w = NULL;

	for (at = &p->idle; *at != NULL; at = &(*at)->next)
		if (netproc_serves(&(*at)->net, plan))
			found = at;
	if (found == NULL)
		return NULL;
	w = *found;
	*found = w->next;
	return w;
}

/* One that starts programs is a program itself: none is bred. */
static struct worker *
start_one(const struct plan *plan, struct err *e)
{
	struct worker *w = new_worker(e);

	if (w != NULL && netproc_use(&w->net, plan, e) == -1) {
		free(w);
		return NULL;
	}
	return w;
}

static struct worker *
breed(struct pool *p, const struct plan *plan, struct err *e)
{
	struct netproc *breeder = breeder_for(p, plan, e);
	struct worker *w = NULL;

	if (breeder == NULL || (w = new_worker(e)) == NULL)
		return NULL;
	if (netproc_breed(breeder, plan, &w->net, e) == 0)
		return w;
	/* The next one may be luckier with another. */
	netproc_withdraw(breeder);
	free(w);
	return NULL;
}

struct worker *
pool_take(struct pool *p, const struct plan *plan, struct err *e)
{
	struct worker *w = NULL;

	if (!p->one) {
		w = take_idle(p, plan);
		if (w != NULL)
			return w;
		return method_of(plan->method)->runs ? start_one(plan, e) :
						       breed(p, plan, e);
	}
	w = p->idle;
	p->idle = NULL;
	if (w == NULL && (w = new_worker(e)) == NULL)
		return NULL;
	if (netproc_use(&w->net, plan, e) == 0)
		return w;
	pool_give(p, w, false);
	return NULL;
}

void
pool_give(struct pool *p, struct worker *w, bool last)
{
	if (w == NULL)
		return;
	if (last)
		netproc_dismiss(&w->net);
	if (w->net.fd == -1 && !p->one) {
		netproc_stop(&w->net);
		free(w);
		return;
	}
	w->next = p->idle;
	p->idle = w;
}

void
pool_free(struct pool *p)
{
	struct worker *w = NULL;
	size_t i;

	while ((w = p->idle) != NULL) {
		p->idle = w->next;
		netproc_stop(&w->net);
		free(w);
	}
	for (i = 0; i < p->nbreeders; i++)
		netproc_dismiss(&p->breeders[i]);
	for (i = 0; i < p->nbreeders; i++)
		netproc_stop(&p->breeders[i]);
	free(p->breeders);
	memset(p, 0, sizeof(*p));
}
