/*
 * The status as a page for people who would rather look: HTML in one file,
 * that needs no script and nothing from anywhere.  Pure, but for the time
 * zone.
 */
#ifndef REPORT_H
#define REPORT_H

#include "status.h"
#include "text.h"

/* vault is its path, for the head of the page. */
void report_html(struct text *t, const struct status_list *list,
    const char *vault);

#endif
