/*
 * pawl-rotate status: every entry that is rotated, its age against its limit,
 * soonest due first.
 */
#ifndef STATUS_H
#define STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "record.h"
#include "vault.h"

struct status_row {
	char name[RECORD_NAME_MAX + 1];
	enum rotation_state state;
	/* Seconds since current was set; seconds it may get old. */
	uint64_t age;
	uint64_t every;
	uint64_t rotated;
	uint32_t outstanding;
	/* The plan could not be read; why. */
	bool broken;
	char note[256];
};

struct status_list {
	struct status_row *rows;
	size_t n;
	size_t cap;
};

/* Entries with a rotate.method; sorted.  Free with status_free(). */
int status_collect(struct status_list *list, struct vault *v,
    struct err *e) MUST_CHECK;
void status_free(struct status_list *list);

/* One line each, with a bar; or JSON.  To standard output. */
int status_print(const struct status_list *list, struct err *e) MUST_CHECK;
int status_print_json(const struct status_list *list, struct err *e) MUST_CHECK;

#endif
