/*
 * What the tests of several modules share: directories that go away again,
 * keys, and texts with what a parser makes of them.
 */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <stdbool.h>

#include "err.h"
#include "slot.h"

/* Removes the directory with all that is in it; it need not be there. */
void remove_tree(const char *path);

/* A raw key of 32 bytes c.  The test's process frees it by its end. */
struct slot_key raw_key(unsigned char c);

/* A text to be parsed, and how its parts are shown or, if bad, what is said. */
struct text_case {
	const char *text;
	const char *want;
	bool bad;
};

/*
 * Fails unless got is what c wants: its parts, or NULL and e says what is bad,
 * nothing of a secret, which begins with HUN.
 */
void check_text(const struct text_case *c, const char *got,
    const struct err *e);

#endif
