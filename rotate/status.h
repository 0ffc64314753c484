/*
 * How every entry stands that is rotated: its age against its limit, when it
 * is due, what went wrong.  No secret is in it.
 */
#ifndef STATUS_H
#define STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "due.h"
#include "err.h"
#include "plan.h"
#include "record.h"
#include "text.h"
#include "vault.h"

/* Times are Unix time, 0 for never. */
struct status_row {
	char name[RECORD_NAME_MAX + 1];
	/* "" where the plan could not be read. */
	char host[MESSAGE_HOST_MAX + 1];
	char user[MESSAGE_USER_MAX + 1];
	char pair[RECORD_NAME_MAX + 1];
	enum rotation_state state;
	/* Seconds since current was set; seconds it may get old. */
	uint64_t age;
	uint64_t every;
	uint64_t min_age;
	struct windows windows;
	uint64_t current_from;
	uint64_t rotated;
	uint64_t attempted;
	uint32_t outstanding;
	/* Attempts that may have been bad logins since the last good one. */
	uint32_t exposures;
	/* Zeros where broken. */
	struct due due;
	/* The plan could not be read; why. */
	bool broken;
	/* What the server said to the last failure. */
	char note[256];
};

/* What a person sees of a row, in the order in which it matters. */
enum status_word {
	/* A person is needed. */
	STATUS_ATTENTION,
	STATUS_MISCONFIGURED,
	/* Older than it may get. */
	STATUS_OVERDUE,
	/* A change was sent and is not proved; it was not sent. */
	STATUS_SENT,
	STATUS_PENDING,
	/* Recovered to idle, but a request may still be on its way. */
	STATUS_UNSETTLED,
	STATUS_DUE,
	STATUS_OK
};

struct status_list {
	struct status_row *rows;
	size_t n;
	size_t cap;
	/* When it was collected. */
	uint64_t now;
};

/* Entries with a rotate.method, as status_compare() has them.  Free with
 * status_free(), whatever it returns. */
int status_collect(struct status_list *list, struct vault *v, uint64_t now,
    struct err *e) MUST_CHECK;
void status_free(struct status_list *list);

/* What a person has to see first; then what is due soonest; then by name. */
int status_compare(const void *a, const void *b);

/* Whether an earlier run left something to recover. */
bool status_unfinished(const struct status_row *row);

/* Whether a run with --due takes it: what cannot be read as well, so that
 * somebody hears of it. */
bool status_is_due(const struct status_row *row);

/* Whether the last rotation failed, and left nothing to recover. */
bool status_failed(const struct status_row *row);

enum status_word status_word(const struct status_row *row, uint64_t now);
const char *status_name(enum status_word word);

/* "in 3d", "since 2h", "now", ...: of a time, seen from now. */
void status_when(char *to, size_t size, uint64_t time, uint64_t now);

/* "26d", "3h", "5m", "7s". */
void status_length(char *to, size_t size, uint64_t seconds);

int status_json(struct text *t, const struct status_list *list,
    struct err *e) MUST_CHECK;

#endif
