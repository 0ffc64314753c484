/*
 * What this machine and user remember about a vault outside of it, in
 * STATE/pawl/VAULTID.state: the generation last seen, so that an older vault
 * put back is noticed, and the latest hand-outs, so that an ssh process gets
 * one answer and a rotation waits for jobs that hold the old password.
 *
 * The file is 64 bytes of header and 512 records of 64 bytes (pawl-vault(5)).
 * It is not secret, not synced but for the header, and may be deleted: then
 * rollback goes unnoticed once.
 */
#ifndef STATE_H
#define STATE_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "path.h"

#define STATE_SLOTS 512
#define STATE_HEADER 64
#define STATE_MARK 64
#define STATE_FILE (STATE_HEADER + STATE_SLOTS * STATE_MARK)
#define STATE_MAC 32
#define STATE_ID 16
/* So many marks of one process are kept at most. */
#define STATE_WAYS 8

enum state_event {
	STATE_NOTHING = 0,
	/* The secret of an entry was given to the process. */
	STATE_ANSWERED = 1,
	/* The process asked again, or was refused. */
	STATE_REFUSED = 2
};

/*
 * Questions of the credential helpers', beside the kinds of prompts: what they
 * gave, and, plus the low 24 bits of the entry's version, that git's server
 * refused it.
 */
#define STATE_ASKED_CREDENTIAL UINT32_C(0x47000000)
#define STATE_GIT_REFUSED UINT32_C(0x67000000)

/* One hand-out or refusal.  Times are CLOCK_REALTIME and CLOCK_BOOTTIME. */
struct state_mark {
	uint32_t pid;
	enum state_event event;
	/* What was asked for: a number of the caller's, its kind of prompt. */
	uint32_t question;
	uint64_t real_ms;
	uint64_t boot_ms;
	/* The entry, or zeros. */
	unsigned char entry[STATE_ID];
};

/* The whole file, read at once.  Zero it and set fd to -1 first. */
struct state {
	int fd;
	uint64_t generation;
	/* The latest whose readers a rotation has waited for, or 0. */
	uint64_t drained;
	unsigned char mac[STATE_MAC];
	/* The file as it was read; a mark is decoded when it is asked for. */
	unsigned char raw[STATE_FILE + 1];
	struct state_mark found[STATE_WAYS];
};

/*
 * Opens (and makes) the file for the vault with this id, and reads it.  It
 * must be a regular file of the caller's or root's, not writable by others.
 * ERR_IO, ERR_DENIED.  A file of another size or magic starts afresh, and
 * says so through *freshp, which may be NULL.  In a directory that t has found
 * good the file is not looked at: nobody else can have put it there.  t may be
 * NULL.
 */
int state_open(struct state *s, const unsigned char id[STATE_ID],
    const struct path_trust *t, bool *freshp, struct err *e) MUST_CHECK;
void state_close(struct state *s);

/*
 * The same for who may hand out secrets of this generation of the vault: until
 * it closes the file, or ends, state_drain() of a later one finds it there.  A
 * lock on one byte behind the end of the file says so, taken before the file is
 * read.  If state_behind() then, or state_move() to the generation that was
 * opened instead, says that there is a later one, this one must not be used.
 */
int state_open_reader(struct state *s, const unsigned char id[STATE_ID],
    uint64_t generation, const struct path_trust *t, struct err *e) MUST_CHECK;

/* The reader is one of this generation now, and reads the file anew.  ERR_IO. */
int state_move(struct state *s, uint64_t generation, struct err *e) MUST_CHECK;

/* Whether the file, as it was read, knows of a later generation. */
bool state_behind(const struct state *s, uint64_t generation);

/*
 * Compares a vault that was opened with what was seen before: an older
 * generation, or the same with another MAC, is ERR_DAMAGED with a message that
 * names both generations and --accept-older.  A newer one is remembered, with
 * no sync: losing it costs one unnoticed rollback, not a password.
 */
int state_check(struct state *s, uint64_t generation,
    const unsigned char mac[STATE_MAC], struct err *e) MUST_CHECK;

/* Remembers this generation whatever was seen before, synced. */
int state_accept(struct state *s, uint64_t generation,
    const unsigned char mac[STATE_MAC], struct err *e) MUST_CHECK;

/*
 * The *np marks of process pid, in no order, if they were made since that
 * process started, else NULL and 0: a pid that was used again finds nothing.
 * They are s's own, until the next call.  Reads /proc/PID/stat, and only when
 * a mark with this pid exists.  Without /proc a mark counts for ten minutes,
 * as long as there is a process with that pid.
 *
 * Where pid's set is full of recent marks, state_mark() after this takes the
 * oldest of a process that has ended.
 */
const struct state_mark *state_find(struct state *s, pid_t pid, size_t *np);

/* Reads the marks of all processes again.  ERR_IO. */
int state_refresh(struct state *s, struct err *e) MUST_CHECK;

/* Decodes the mark in a slot, 0 to STATE_SLOTS - 1. */
void state_mark_at(const struct state *s, size_t slot, struct state_mark *m);

/*
 * Writes the mark of m->pid over its previous one about the same question and
 * entry, else over the oldest (a free one first) of the 8 slots that are for pids of this remainder by 64,
 * so that processes that start together do not take each other's; fills in
 * the times.  One pwrite(2): allowed in the sandbox.
 */
int state_mark(struct state *s, struct state_mark *m, struct err *e) MUST_CHECK;

/*
 * Whether git said, at or after since_ms of CLOCK_REALTIME, that a server
 * refused the secret of the entry as it is in this version.
 */
bool state_git_refused(const struct state *s,
    const unsigned char entry[STATE_ID], uint64_t version, uint64_t since_ms);

/* The question of a mark that says so. */
uint32_t state_git_question(uint64_t version);

/* CLOCK_BOOTTIME in milliseconds, as in the marks. */
uint64_t state_now(void);

/*
 * Whether a process was given the entry's secret at an askpass prompt since
 * since_ms of state_now(), and *againp whether such a one asked again and was
 * refused.
 */
bool state_answered_since(const struct state *s,
    const unsigned char entry[STATE_ID], uint64_t since_ms, bool *againp);

/* Whether process pid was refused at an askpass prompt since then. */
bool state_refused_since(const struct state *s, pid_t pid, uint64_t since_ms);

/*
 * How many milliseconds ago the entry was last handed out to a process that
 * is still alive, or UINT64_MAX, as the file was read.
 */
uint64_t state_last_answer(const struct state *s,
    const unsigned char entry[STATE_ID]);

/*
 * The same, for a rotation, as the file is now; and 0 while a reader of a
 * generation before this one is left, or that cannot be found out.
 *
 * In generation, which is committed, nobody is to hand out the entry.  What is
 * written first is that it is drained, then readers are looked for, and then
 * marks; a reader locks its byte first, reads that then, and marks its hand-out
 * while it has the lock.  So either it sees that it is late, or it is seen.
 */
uint64_t state_drain(struct state *s, uint64_t generation,
    const unsigned char entry[STATE_ID]);

#endif
