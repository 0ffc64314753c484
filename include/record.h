/*
 * Records: an entry as bytes and back.  Pure.
 *
 * The plaintext is a run of fields in ascending order of type, each u16 type,
 * u32 length, bytes, behind a u32 with the length of them all and before zeros
 * up to the bucket; little-endian.  What record_decode() accepts,
 * record_encode() writes again byte for byte.  Specified in pawl-vault(5).
 */
#ifndef RECORD_H
#define RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "err.h"

#define RECORD_ID 16
#define RECORD_NAME_MAX 255
#define RECORD_SECRET_MAX 4096
#define RECORD_ATTRS_MAX 64
#define RECORD_KEY_MAX 64
#define RECORD_VALUE_MAX 8192
/* Previous secrets and tried candidates that are kept; the oldest previous
 * one goes first.  A candidate never goes before it was proved wrong. */
#define RECORD_HISTORY_MAX 16
/* The largest padded plaintext. */
#define RECORD_MAX 131008

/* key=value.  A key may repeat (host). */
struct record_attr {
	struct slice key;
	struct slice value;
};

/* The transaction's state, design: pawl-rotate(1), THE TRANSACTION. */
enum rotation_state {
	ROTATION_IDLE = 0,
	/* A successor is stored and was not sent. */
	ROTATION_PEND = 1,
	/* It was, or may have been, sent: the server has one of the two. */
	ROTATION_SENT = 2,
	/* Neither could be proved within the budget: a person is needed. */
	ROTATION_ATTN = 3
};

/* Which password was tried last, noted before the attempt. */
enum rotation_tried {
	ROTATION_TRIED_NONE = 0,
	ROTATION_TRIED_CURRENT = 1,
	ROTATION_TRIED_PENDING = 2
};

/* What the server said to the last change that was sent. */
enum rotation_reply {
	/* Nothing, or nobody heard it. */
	ROTATION_REPLY_NONE = 0,
	ROTATION_REPLY_YES = 1,
	ROTATION_REPLY_NO = 2
};

struct rotation {
	enum rotation_state state;
	enum rotation_tried tried;
	/* Attempts that may have failed on the server since the last success:
	 * counted up before each. */
	uint32_t exposures;
	/* Change requests whose fate is unknown; of these, the ones for the
	 * pending password that had no reply. */
	uint32_t outstanding;
	uint32_t sends;
	enum rotation_reply reply;
	/* When the state was entered; when the last rotation succeeded, and
	 * when one was last started (Unix seconds, 0 for never). */
	uint64_t since;
	uint64_t rotated;
	uint64_t attempted;
	/* What a person should know of the last failure; printable. */
	struct slice note;
};

enum history_kind {
	/* Was current, and was proved while it was. */
	HISTORY_PREVIOUS = 0,
	/* Was pending and refused by the server; never proved. */
	HISTORY_CANDIDATE = 1
};

struct history {
	enum history_kind kind;
	struct slice secret;
	/* When it was set, and when it was replaced. */
	uint64_t from;
	uint64_t until;
};

/*
 * An entry.  Every slice is borrowed: from the secret that record_decode()
 * read, or from wherever the caller put it before record_encode().
 */
struct entry {
	unsigned char id[RECORD_ID];
	/* Counted up at every change. */
	uint64_t version;
	struct slice name;
	uint64_t created;
	uint64_t modified;
	struct record_attr attrs[RECORD_ATTRS_MAX];
	size_t nattrs;
	/* current.p is NULL where there is none. */
	struct slice current;
	uint64_t current_from;
	struct slice pending;
	uint64_t pending_from;
	struct rotation rotation;
	/* Newest first. */
	struct history history[RECORD_HISTORY_MAX];
	size_t nhistory;
};

/*
 * The padded size of e's plaintext: 192, 448, 960 ... so that a sealed record
 * of it is a power of two up to 4096, then a multiple of 4096.  0 with
 * ERR_USAGE if a part of it is longer than its limit or not allowed (see
 * record_check), or all of it than RECORD_MAX.
 */
size_t record_size(const struct entry *e, struct err *err) MUST_CHECK;

/* Encodes into out, size as record_size() said. */
int record_encode(const struct entry *e, unsigned char *out, size_t size,
    struct err *err) MUST_CHECK;

/*
 * Decodes; slices point into plain.  id and version are left alone: they
 * stand outside of the sealed part.  ERR_DAMAGED, with the offset, for
 * whatever record_encode() would not have written.
 */
int record_decode(struct entry *e, struct slice plain,
    struct err *err) MUST_CHECK;

/*
 * Whether a change to the pending password that was lost may still be made:
 * current holds, and may cease to at any moment, so nobody is to be given it
 * before pawl-rotate has found out.
 */
bool record_unsettled(const struct entry *e);

/* The value of the first attribute key at or after *at (then past it), or
 * false.  Start with *at = 0. */
bool record_attr(const struct entry *e, const char *key, size_t *at,
    struct slice *value);

/* Whether there is an attribute key, and whether one of them is value. */
bool record_has(const struct entry *e, const char *key);
bool record_attr_is(const struct entry *e, const char *key, const char *value);

/* Sets (replaces all of that key), or with value.p NULL removes. */
int record_attr_set(struct entry *e, struct slice key, struct slice value,
    struct err *err) MUST_CHECK;
/* Adds another one. */
int record_attr_add(struct entry *e, struct slice key, struct slice value,
    struct err *err) MUST_CHECK;

/*
 * Makes the current secret previous and secret current, at time now.  When
 * history is full the oldest previous one is dropped.  candidate: keep the
 * pending one as a candidate instead (the rest is the caller's).
 */
int record_replace(struct entry *e, struct slice secret, uint64_t now,
    struct err *err) MUST_CHECK;
int record_keep_candidate(struct entry *e, uint64_t now,
    struct err *err) MUST_CHECK;

/*
 * Names: 1 to 255 bytes of UTF-8 without control characters, no '/' at either
 * end, no "//", no component "." or "..", not starting with '-'.
 */
int record_name_check(struct slice name, struct err *err) MUST_CHECK;

/* Keys: a-z, then a-z 0-9 . -; values: UTF-8, no NUL, no newline but in notes.
 */
int record_attr_check(struct slice key, struct slice value,
    struct err *err) MUST_CHECK;

#endif
