/*
 * Which entry answers a prompt, and whether it may.  Never the text of a
 * server alone: an entry is pinned by the job, or the parent's command line
 * names the same destination as the prompt; and the entry's own user and host
 * agree in every case.
 */
#ifndef CHOOSE_H
#define CHOOSE_H

#include "parent.h"
#include "prompt.h"
#include "record.h"
#include "vault.h"

struct request {
	struct prompt prompt;
	struct parent parent;
	/* PAWL_ENTRY and PASSWD_DSN, or NULL. */
	const char *entry;
	const char *dataset;
};

/*
 * What is wrong with answering a prompt of this kind at all, or NULL where an
 * entry may answer it.
 */
const char *choose_refusal(enum prompt_kind kind);

/*
 * Finds the entry; may look at the parent in q, as may choose_check().  As vault_find(), and ERR_DENIED with what to set if the
 * prompt alone would have to choose.
 */
int choose_entry(struct vault *v, struct request *q, struct entry *entry,
    struct secret **plainp, struct err *e) MUST_CHECK;

/*
 * Whether this entry's secret may go where the prompt (or, where that names
 * nobody, the parent's command line) says.  ERR_DENIED names what differs;
 * ERR_BUSY: its rotation is under way; ERR_ATTENTION: a person is needed.
 */
int choose_check(const struct entry *entry, struct request *q,
    struct err *e) MUST_CHECK;

#endif
