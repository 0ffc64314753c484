#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "drive.h"
#include "task.h"

/* States are gathered for so many times as long as a commit takes, in
 * milliseconds at most this; but nobody waits for nothing. */
#define GATHER_TIMES 2
#define GATHER_MAX 250

/* How often somebody who looks on gets to see something, in milliseconds. */
#define TICK 200

struct drive {
	const struct drive_options *o;
	const struct targets *targets;
	struct drive_totals *totals;
	struct schedule *schedule;
	/* Those that are under way, and room for stop_fd and each of them. */
	struct task **tasks;
	size_t n;
	struct pollfd *polled;
	/* No commit before this time, of task_clock(). */
	int64_t gather_until;
};

static enum schedule_end
end_of(const struct err *e)
{
	switch (e->kind) {
	case ERR_NONE:
		return SCHEDULE_GOOD;
	case ERR_NOENTRY:
	case ERR_BUSY:
	case ERR_USAGE:
	case ERR_CONFIG:
		return SCHEDULE_PASSED_OVER;
	case ERR_ATTENTION:
	case ERR_DAMAGED:
	case ERR_NOVAULT:
	case ERR_UNREACHABLE:
	case ERR_UNSYNCED:
	case ERR_IO:
	case ERR_REFUSED:
	case ERR_DENIED:
	case ERR_HOST_UNKNOWN:
	case ERR_HOST_CHANGED:
		break;
	}
	return SCHEDULE_FAILED;
}

/* The network half may go while the last state is being written. */
static void
release(struct drive *d, struct task *t)
{
	bool last = d->totals->stopped || d->totals->braked ||
	    schedule_waiting(d->schedule) == 0;

	pool_give(d->o->pool, t->worker, last);
	t->worker = NULL;
}

static void
forget(struct drive *d, size_t i)
{
	release(d, d->tasks[i]);
	task_free(d->tasks[i]);
	d->tasks[i] = d->tasks[--d->n];
}

/* Tells of those that are over. */
static void
finish(struct drive *d)
{
	struct task *t = NULL;
	size_t i = 0;

	while (i < d->n) {
		t = d->tasks[i];
		if (t->step != TASK_OVER) {
			i++;
			continue;
		}
		schedule_done(d->schedule, t->item, end_of(&t->e));
		d->totals->braked = schedule_braked(d->schedule);
		d->o->done(d->o->arg, t->target->name, &t->report, &t->e);
		forget(d, i);
	}
}

/* Starts what may be started. */
static void
start(struct drive *d)
{
	const struct drive_report none = { .end = TX_END_NONE };
	struct task *t = NULL;
	struct err e;
	size_t item;

	while (schedule_next(d->schedule, &item)) {
		t = task_new(d->o, &d->targets->list[item], item, &e);
		if (t == NULL) {
			schedule_done(d->schedule, item, SCHEDULE_FAILED);
			d->o->done(d->o->arg, d->targets->list[item].name,
			    &none, &e);
			continue;
		}
		task_lock(t);
		d->tasks[d->n++] = t;
	}
}

/* Nothing is started any more, and what has only been looked at goes. */
static void
stop(struct drive *d)
{
	size_t i = 0;

	d->totals->stopped = true;
	schedule_stop(d->schedule);
	while (i < d->n) {
		if (d->tasks[i]->step != TASK_LOCK &&
		    d->tasks[i]->step != TASK_READ) {
			i++;
			continue;
		}
		schedule_done(d->schedule, d->tasks[i]->item,
		    SCHEDULE_PASSED_OVER);
		d->totals->left++;
		forget(d, i);
	}
}

/* --- The vault ------------------------------------------------------------ */

static bool
is_due(const struct drive *d, const struct task *t, int64_t now)
{
	return t->step == TASK_DRAIN && (t->wake <= now || d->totals->stopped);
}

/* Waits for nothing but its time. */
static bool
is_asleep(const struct task *t)
{
	return t->step == TASK_LOCK || t->step == TASK_DRAIN ||
	    t->step == TASK_SETTLE;
}

static bool
wants_to_write(const struct task *t)
{
	return t->step == TASK_READ || t->step == TASK_STATE;
}

static struct vault *
open_vault(const struct drive *d, bool write, struct err *e)
{
	const struct vault_options o = { .path = d->o->vault,
		.key = d->o->key,
		.write = write,
		.lock_wait_ms = d->o->lock_wait_ms };

	return vault_open(&o, e);
}

/* The vault cannot be opened: none of these can go on. */
static void
fail_all(struct drive *d, const struct err *why)
{
	const int64_t now = task_clock();
	struct err e;
	size_t i;

	for (i = 0; i < d->n; i++) {
		e = *why;
		if (d->tasks[i]->step == TASK_STATE)
			task_stop(d->tasks[i], &e);
		if (d->tasks[i]->step != TASK_READ &&
		    !is_due(d, d->tasks[i], now))
			continue;
		(void)err_in(&e, "%s", d->tasks[i]->target->name);
		task_fail(d->tasks[i], &e);
	}
}

/* What there is to be looked up. */
static void
look(struct drive *d, struct vault *v)
{
	const int64_t now = task_clock();
	size_t i;

	for (i = 0; i < d->n; i++) {
		if (d->tasks[i]->step == TASK_READ)
			task_read(d->tasks[i], v);
		else if (is_due(d, d->tasks[i], now))
			task_drain(d->tasks[i], v, d->totals->stopped);
	}
}

/* One commit for all that have a new state. */
static void
commit(struct drive *d, struct vault *v)
{
	bool any = false;
	struct err e;
	size_t i;

	for (i = 0; i < d->n; i++) {
		if (d->tasks[i]->step != TASK_STATE)
			continue;
		if (d->tasks[i]->tx.action == TX_STOP)
			release(d, d->tasks[i]);
		if (task_must_put(d->tasks[i]))
			task_put(d->tasks[i], v);
		any = any || d->tasks[i]->staged;
	}
	if (!any)
		return;
	d->totals->commits++;
	if (vault_commit(v, &e) == 0)
		return;
	for (i = 0; i < d->n; i++)
		if (d->tasks[i]->staged)
			task_stop(d->tasks[i], &e);
}

/*
 * Opens the vault once for whatever needs it: reading, looking for jobs that
 * hold a password, and states, which are acted upon when they are durable.
 */
static void
session(struct drive *d, bool write)
{
	const int64_t began = task_clock();
	struct vault *v = NULL;
	struct err e;
	int64_t gather;
	size_t i;

	if ((v = open_vault(d, write, &e)) == NULL) {
		fail_all(d, &e);
		return;
	}
	look(d, v);
	if (write)
		commit(d, v);
	vault_close(v);
	for (i = 0; write && i < d->n; i++)
		if (d->tasks[i]->step == TASK_STATE)
			task_act(d->tasks[i]);
	gather = (task_clock() - began) * GATHER_TIMES;
	d->gather_until =
	    task_clock() + (gather < GATHER_MAX ? gather : GATHER_MAX);
}

/* --- Waiting -------------------------------------------------------------- */

/* Has a session if it is time for one.  Until when to wait for what else may
 * come; 0 for not at all, -1 for any time. */
static int64_t
proceed(struct drive *d)
{
	const int64_t now = task_clock();
	bool write = false, due = false, asked = false;
	int64_t until = -1;
	size_t i;

	for (i = 0; i < d->n; i++) {
		write = write || wants_to_write(d->tasks[i]);
		due = due || is_due(d, d->tasks[i], now);
		asked = asked || d->tasks[i]->step == TASK_ASKED;
		if (!is_asleep(d->tasks[i]))
			continue;
		if (until == -1 || d->tasks[i]->wake < until)
			until = d->tasks[i]->wake;
	}
	if (!write && !due)
		return until;
	if (asked && now < d->gather_until)
		return d->gather_until;
	session(d, write);
	return 0;
}

/* Milliseconds for poll(2), for somebody who wants to see something. */
static int
timeout(const struct drive *d, int64_t until)
{
	int64_t left = until - task_clock();

	if (until == -1)
		left = d->o->tick == NULL ? -1 : TICK;
	else if (left < 0)
		left = 0;
	else if (left > TICK)
		left = TICK;
	return (int)left;
}

static void
wait_for(struct drive *d, int64_t until)
{
	struct pollfd *p = d->polled;
	size_t i;

	p[0].fd = d->totals->stopped ? -1 : d->o->stop_fd;
	p[0].events = POLLIN;
	for (i = 0; i < d->n; i++) {
		p[i + 1].fd = d->tasks[i]->step == TASK_ASKED ?
		    d->tasks[i]->worker->net.fd :
		    -1;
		p[i + 1].events = POLLIN;
	}
	if (poll(p, (nfds_t)(d->n + 1), timeout(d, until)) <= 0)
		return;
	for (i = 0; i < d->n; i++)
		if (p[i + 1].fd != -1 && p[i + 1].revents != 0)
			task_result(d->tasks[i]);
	if (p[0].fd != -1 && p[0].revents != 0)
		stop(d);
}

/* Those whose time has come, and that need no vault for it. */
static void
wake_up(struct drive *d)
{
	const int64_t now = task_clock();
	struct task *t = NULL;
	size_t i;

	for (i = 0; i < d->n; i++) {
		t = d->tasks[i];
		if (t->step == TASK_LOCK && t->wake <= now)
			task_lock(t);
		else if (t->step == TASK_SETTLE &&
		    (t->wake <= now || d->totals->stopped))
			task_settle(t, d->totals->stopped);
	}
}

static void
loop(struct drive *d)
{
	int64_t until;

	for (;;) {
		start(d);
		wake_up(d);
		until = proceed(d);
		finish(d);
		if (d->o->tick != NULL)
			d->o->tick(d->o->arg, d->n);
		if (d->n == 0 &&
		    (schedule_waiting(d->schedule) == 0 || d->totals->stopped ||
			d->totals->braked))
			break;
		if (until != 0)
			wait_for(d, until);
	}
	d->totals->left += schedule_waiting(d->schedule);
}

static int
fill(struct drive *d, struct err *e)
{
	const struct targets *all = d->targets;
	size_t i, jobs = d->o->limits.jobs;

	if ((d->schedule = schedule_new(&d->o->limits, e)) == NULL)
		return -1;
	for (i = 0; i < all->n; i++)
		if (schedule_add(d->schedule, all->list[i].host,
			all->list[i].user, e) == -1)
			return -1;
	d->tasks = calloc(jobs, sizeof(struct task *));
	d->polled = calloc(jobs + 1, sizeof(*d->polled));
	if (d->tasks == NULL || d->polled == NULL)
		return err_sys(e, ERR_IO, "memory for rotations");
	return schedule_begin(d->schedule, e);
}

int
drive_run(const struct drive_options *o, const struct targets *targets,
    struct drive_totals *totals, struct err *e)
{
	struct drive d = { .o = o, .targets = targets, .totals = totals };
	int rv;

	memset(totals, 0, sizeof(*totals));
	if ((rv = fill(&d, e)) == 0)
		loop(&d);
	schedule_free(d.schedule);
	free(d.tasks);
	free(d.polled);
	return rv;
}
