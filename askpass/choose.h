/*
 * Which entry answers a prompt, and whether it may.  Never the text of a
 * server alone: an entry is pinned by the job, or the parent's command line
 * names the same destination as the prompt, or the parent is a program that
 * shows no server's text; and the entry's own user and host, or path, agree in
 * every case.
 */
#ifndef CHOOSE_H
#define CHOOSE_H

#include "parent.h"
#include "prompt.h"
#include "record.h"
#include "state.h"
#include "vault.h"

struct request {
	struct prompt prompt;
	struct parent parent;
	/* PAWL_ENTRY and PASSWD_DSN, or NULL. */
	const char *entry;
	const char *dataset;
	/* What this machine calls itself, for sudo. */
	char machine[256];
	/* What this process asked before; state_find()'s. */
	const struct state_mark *marks;
	size_t nmarks;
};

/*
 * Looks at the parent as far as this prompt may need it, and fills in parent
 * and machine; entry and dataset are there already.  Before the sandbox, and
 * so only guessing what the prompt is.
 */
void choose_look(struct request *q, const char *prompt);

/*
 * What is wrong with answering a prompt of this kind at all, or NULL where an
 * entry may answer it.
 */
const char *choose_refusal(enum prompt_kind kind);

/*
 * Whether this process had its one answer: for logins any, for the others the
 * one from this entry to a prompt of this kind.  entry may be NULL before it
 * is known, which says less.  What "pawl-vault get" gave is no answer, and who
 * was refused and ended gets none.
 */
bool choose_again(const struct request *q, const struct entry *entry);

/*
 * Finds the entry; may look at the parent in q, as may choose_check().  A
 * pinned one for something else leaves a key, token, URL or sudo to be looked
 * up.  For a code, entry is the one with the seed, which the login's names.  As vault_find(), and ERR_DENIED with what to set if the prompt alone
 * would have to choose.
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

/* The last part of that: what the state of a rotation says. */
int choose_rotation(const struct entry *entry, struct err *e) MUST_CHECK;

/* What the answer is: the entry's secret, or for git's first prompt its user. */
struct slice choose_answer(const struct entry *entry, const struct request *q);

/*
 * Whether something other than the prompt's text says that its answer goes to
 * the user and host it names: the parent's command line.  For logins only.
 * ERR_DENIED.
 */
int choose_destination(struct request *q, struct err *e) MUST_CHECK;

#endif
