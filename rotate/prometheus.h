/*
 * The status for Prometheus, in its text format 0.0.4, as node_exporter's
 * textfile collector reads it.  Pure.
 */
#ifndef PROMETHEUS_H
#define PROMETHEUS_H

#include "status.h"
#include "text.h"

void prometheus_list(struct text *t, const struct status_list *list);

#endif
