/*
 * Password data sets: what z/OS shops have in a member such as
 * HLQ.PASSWD(SITE1), copied in binary or as text.  Pure.
 *
 * FB80: records of 80 bytes without newlines.  Text: lines; in IBM-1047 they
 * end in NEL (x'15') or LF (x'25'), and so they do in IBM-037.  The password is the first record, and all
 * others must be blank.  Dropped from each record: line numbers (8 digits in
 * columns 73 to 80 of a record of 80), then trailing blanks.
 */
#ifndef DATASET_H
#define DATASET_H

#include <stdbool.h>
#include <stddef.h>

#include "bytes.h"
#include "err.h"
#include "secret.h"

/* 44 characters, a member of 8 in parentheses, and the terminator. */
#define DATASET_NAME_MAX 55

enum dataset_format {
	DATASET_FORMAT_AUTO,
	DATASET_FB80,
	DATASET_TEXT
};

enum dataset_encoding {
	DATASET_ENCODING_AUTO,
	DATASET_ASCII,
	DATASET_IBM1047,
	/* Never found by itself: it has the same letters and digits. */
	DATASET_IBM037
};

/* How to read it; then, how it was read. */
struct dataset_how {
	enum dataset_format format;
	enum dataset_encoding encoding;
	/* Line numbers were dropped. */
	bool numbered;
	/* IBM-1047 was found, and IBM-037 would give another password. */
	bool doubtful;
};

/*
 * Reads the password of raw into to, EBCDIC as ISO 8859-1.  AUTO in *how is
 * replaced by what was found: FB80 for a multiple of 80 bytes without a
 * newline; the encoding in which all of it is text.  ERR_USAGE says which
 * record is wrong, or which option decides what the bytes do not.
 */
int dataset_password(struct secret *to, struct dataset_how *how,
    struct slice raw, struct err *e) MUST_CHECK;

/*
 * A data set name as pawl keeps it, for names are written in many ways:
 * //'hlq.passwd(site1)' becomes HLQ.PASSWD(SITE1).  buf has size bytes
 * (DATASET_NAME_MAX is enough).  ERR_USAGE for what is no name.
 */
int dataset_name(char *buf, size_t size, struct slice text,
    struct err *e) MUST_CHECK;

#endif
