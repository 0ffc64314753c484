/*
 * pawl-rotate status for a person: a line an entry, with a bar of its age
 * against its limit.  Pure.
 */
#ifndef SHOW_H
#define SHOW_H

#include <stdbool.h>
#include <stddef.h>

#include "status.h"
#include "text.h"

struct show_style {
	/* Columns; bars grow with them. */
	size_t width;
	/* Cut what is longer than that off. */
	bool cut;
	bool color;
};

void show_list(struct text *t, const struct status_list *list,
    const struct show_style *style);

#endif
