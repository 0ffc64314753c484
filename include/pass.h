/*
 * The text of an entry of pass(1) or gopass(1): a line with the secret, and
 * behind it lines "key: value" and anything else.  A second line "---" begins
 * what gopass keeps as YAML, of which just such lines are understood.  Pure.
 */
#ifndef PASS_H
#define PASS_H

#include <stdbool.h>

#include "bytes.h"

enum pass_kind {
	/* value is a login's user. */
	PASS_USER,
	/* value is a host or a URL. */
	PASS_URL,
	/* The seed of one-time passwords. */
	PASS_OTP,
	/* Anything else, blank lines too. */
	PASS_NOTE
};

/* text is the whole line without its end, for who makes no use of value. */
struct pass_line {
	enum pass_kind kind;
	struct slice text;
	struct slice value;
};

/* The rest of a text that is being read. */
struct pass {
	struct slice rest;
	bool yaml;
};

/* Begins with a text, which must stay; *secret is its first line. */
void pass_start(struct pass *p, struct slice text, struct slice *secret);

/*
 * The next line, or false.  "---" is left out, and so are users and hosts that
 * are empty.
 */
bool pass_next(struct pass *p, struct pass_line *line);

#endif
