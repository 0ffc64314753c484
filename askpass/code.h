/*
 * One-time codes as answers.  A server takes each code once, and so does no
 * code go out twice: who comes second in a period waits for the next one,
 * since an attempt with a used code would count as a bad login.
 */
#ifndef CODE_H
#define CODE_H

#include <sys/types.h>

#include "record.h"
#include "secret.h"
#include "state.h"

/* Longer than this nobody waits; sshd grants two minutes for a login. */
#define CODE_WAIT_MAX_MS 75000

/*
 * Makes the line with the code of now, or of the next period that nobody had a
 * code of; what was handed out is in s, and is noted there as mine, whose pid,
 * question and entry are filled in.  May sleep.  ERR_BUSY: none is left
 * within CODE_WAIT_MAX_MS; ERR_USAGE: the entry has no seed; ERR_IO.
 */
int code_line(struct state *s, struct state_mark *mine,
    const struct entry *entry, struct secret **linep, struct err *e) MUST_CHECK;

/*
 * When the period of this code began, in ms of CLOCK_REALTIME, given the time
 * now.  Pure.
 */
uint64_t code_begin(uint64_t now_ms, unsigned int period);

/*
 * Whether a code of this entry was handed out in the period seconds from
 * begin_ms; with mine not NULL to another process than mine.  Pure.
 */
bool code_given(const struct state *s, const unsigned char *entry,
    uint64_t begin_ms, unsigned int period, const struct state_mark *mine);

#endif
