#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audit.h"
#include "drive.h"
#include "fleet.h"
#include "progress.h"
#include "stop.h"

/* What the driver's callbacks work on. */
struct show {
	const struct fleet *fleet;
	struct progress progress;
	int status;
};

int
fleet_worse(int a, int b)
{
	/* In order of how much a person has to do about it. */
	static const int order[] = { ERR_NONE, ERR_BUSY, ERR_UNREACHABLE,
		ERR_REFUSED, ERR_NOENTRY, ERR_CONFIG, ERR_USAGE, ERR_DENIED,
		ERR_NOVAULT, ERR_DAMAGED, ERR_UNSYNCED, ERR_IO, ERR_ATTENTION };
	size_t i, at_a = 0, at_b = 0;

	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (order[i] == a)
			at_a = i;
		if (order[i] == b)
			at_b = i;
	}
	return at_a > at_b ? a : b;
}

static void
audit_run(const char *name, enum tx_event event,
    const struct drive_report *report, const struct err *e)
{
	struct audit a;

	audit_begin(&a, tx_event_name(event));
	audit_text(&a, "entry", name);
	audit_text(&a, "end", tx_end_name(report->end));
	audit_number(&a, "attempts", report->attempts);
	audit_number(&a, "bad", report->bad);
	audit_number(&a, "uid", (unsigned long long)getuid());
	if (e->kind != ERR_NONE)
		audit_text(&a, "why", e->msg);
	audit_send(&a);
}

static const char *
done_line(enum tx_event event, enum tx_end end)
{
	if (end == TX_END_ROTATED)
		return "changed, and proved by a fresh login";
	if (event == TX_CHECK)
		return "the current password logs in";
	return "nothing to recover, the current password stays";
}

/* For the hooks; a run that changed nothing and failed in nothing is none. */
static void
note_result(struct show *show, const char *name,
    const struct drive_report *report, const struct err *e)
{
	enum tx_event event = show->fleet->event;
	const struct hook_result result = { .target = &report->target,
		.entry = name,
		.command = tx_event_name(event),
		.status = e->kind,
		.message = e->kind == ERR_NONE ? done_line(event, report->end) :
						 e->msg,
		.time = (uint64_t)time(NULL) };
	struct err why;

	if (e->kind == ERR_NONE && report->end != TX_END_ROTATED)
		return;
	if (hook_add(show->fleet->hooks, &result, &why) == -1) {
		progress_clear(&show->progress);
		(void)err_print(show->fleet->program, &why);
	}
}

static void
say(void *arg, const char *name, const char *line)
{
	struct show *show = arg;
	char text[512];

	(void)snprintf(text, sizeof(text), "%s: %s", name, line);
	progress_say(&show->progress, STDOUT_FILENO, text);
}

static void
done(void *arg, const char *name, const struct drive_report *report,
    const struct err *e)
{
	struct show *show = arg;
	enum tx_event event = show->fleet->event;

	audit_run(name, event, report, e);
	note_result(show, name, report, e);
	progress_count(&show->progress, report->end, e);
	if (e->kind != ERR_NONE) {
		progress_clear(&show->progress);
		show->status = fleet_worse(show->status,
		    err_print(show->fleet->program, e));
	} else if (!show->fleet->quiet) {
		say(arg, name, done_line(event, report->end));
	}
}

static void
tick(void *arg, size_t running)
{
	struct show *show = arg;

	progress_show(&show->progress, running);
}

/* A line for everybody, or for those who asked for no more than faults. */
static void
remark(struct show *show, bool fault, const char *text)
{
	if (fault)
		progress_say(&show->progress, STDERR_FILENO, text);
	else if (!show->fleet->quiet)
		progress_say(&show->progress, STDOUT_FILENO, text);
}

/* What came of it, and what a person has to do, if anything. */
static void
sum_up(struct show *show, const struct targets *targets,
    const struct drive_totals *totals)
{
	const struct progress *p = &show->progress;
	const char *program = show->fleet->program;
	char text[512];

	progress_clear(&show->progress);
	if (targets->n > 1) {
		progress_summary(p, totals->left, text, sizeof(text));
		remark(show, false, text);
	}
	if (totals->braked) {
		(void)snprintf(text, sizeof(text),
		    "%s: stopped after %zu failures (rotate-brake): find out "
		    "why before the other %zu entries meet the same",
		    program, p->failed, totals->left);
		remark(show, true, text);
	}
	if (totals->stopped) {
		(void)snprintf(text, sizeof(text),
		    "%s: stopped on request: what had begun was ended, %zu "
		    "entries were not started",
		    program, totals->left);
		remark(show, true, text);
	}
	if (targets->n > 1 && p->attention > 0) {
		(void)snprintf(text, sizeof(text),
		    "%s: %zu %s attention: run \"%s recover\", then see to "
		    "what \"%s status\" still shows",
		    program, p->attention,
		    p->attention == 1 ? "entry needs" : "entries need", program,
		    program);
		remark(show, true, text);
	}
}

/* What there is to say where nobody is to be rotated. */
static int
say_none(struct show *show, const struct targets *targets, struct err *e)
{
	char text[128];

	if (targets->young > 0) {
		(void)snprintf(text, sizeof(text),
		    "%zu %s left out: younger than rotate.min-age",
		    targets->young, targets->young == 1 ? "entry" : "entries");
		remark(show, false, text);
	}
	if (targets->n > 0 || targets->young > 0)
		return 0;
	if (show->fleet->selection.kind == TARGETS_ALL)
		return err_set(e, ERR_NOENTRY,
		    "no entry has a rotate.method; add one with pawl-vault "
		    "set");
	if (show->fleet->selection.kind == TARGETS_DUE)
		remark(show, false, "nothing is due");
	return 0;
}

static int
choose(const struct fleet *f, struct targets *targets, struct err *e)
{
	const struct vault_options o = { .path = f->vault, .key = f->key };
	struct vault *v = vault_open(&o, e);
	int rv = -1;

	if (v != NULL)
		rv = targets_choose(targets, v, &f->selection, e);
	vault_close(v);
	return rv;
}

static int
drive(const struct fleet *f, struct show *show, struct pool *pool,
    const struct targets *targets, struct err *e)
{
	const struct config *c = f->config;
	struct drive_options o = { .vault = f->vault,
		.key = f->key,
		.pool = pool,
		.lock_wait_ms = c->lock_wait_ms,
		.event = f->event,
		.limits = { .jobs = f->jobs == 0 ? c->rotate_jobs : f->jobs,
		    .per_host = c->rotate_per_host,
		    .brake_count = c->rotate_brake_count,
		    .brake_share = c->rotate_brake_share },
		.force = f->force,
		.say = f->quiet || targets->n > 1 ? NULL : say,
		.done = done,
		.tick = show->progress.terminal ? tick : NULL,
		.arg = show };
	struct drive_totals totals;
	unsigned int *each = NULL;
	int rv = -1;

	if (targets->n < o.limits.jobs)
		o.limits.jobs = (unsigned int)targets->n;
	show->progress.total = targets->n;
	if ((each = targets_per_host(targets, e)) == NULL)
		return -1;
	o.limits.each = each;
	if (stop_catch(&o.stop_fd, e) == 0)
		rv = drive_run(&o, targets, &totals, e);
	free(each);
	if (rv == -1)
		return -1;
	sum_up(show, targets, &totals);
	if (totals.left > 0)
		show->status = fleet_worse(show->status, ERR_BUSY);
	return 0;
}

int
fleet_run(const struct fleet *f, struct err *e)
{
	struct show show = { .fleet = f,
		.progress = { .event = f->event,
		    .quiet = f->quiet,
		    .terminal = isatty(STDERR_FILENO) == 1 } };
	struct targets targets = { NULL, 0, 0, 0 };
	struct pool pool = { .one = true };
	bool early = f->selection.kind == TARGETS_NAMED &&
	    f->selection.n == 1 &&
	    strpbrk(f->selection.names[0], "*?[") == NULL;
	unsigned int jobs = f->jobs == 0 ? f->config->rotate_jobs : f->jobs;
	int rv = -1;

	/* It loads its libraries while the vault is being opened. */
	if (early && pool_init(&pool, true, e) == -1)
		goto out;
	if (choose(f, &targets, e) == -1 || say_none(&show, &targets, e) == -1)
		goto out;
	if (targets.n > 0 && !early &&
	    pool_init(&pool, jobs == 1 || targets.n == 1, e) == -1)
		goto out;
	if (targets.n > 0 && drive(f, &show, &pool, &targets, e) == -1)
		goto out;
	rv = show.status;
out:
	pool_free(&pool);
	targets_free(&targets);
	return rv;
}
