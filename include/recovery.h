/*
 * Recovery codes: 20 random bytes as 8 groups of 5 characters that a person
 * can type back, such as 0G5RT-...  Each group is 4 characters of Crockford's
 * base32 and a fifth that checks them and the group's place, so that a typing
 * mistake is known by its group.  Pure; specified in pawl-vault(5), RECOVERY
 * CODE.
 */
#ifndef RECOVERY_H
#define RECOVERY_H

#include "bytes.h"
#include "err.h"

#define RECOVERY_BYTES 20
#define RECOVERY_GROUPS 8
/* Groups, and the dashes between them. */
#define RECOVERY_TEXT (RECOVERY_GROUPS * 6 - 1)
/* More than that is no slip of the finger. */
#define RECOVERY_TYPED_MAX 256

/* Writes RECOVERY_TEXT characters, without a terminator. */
void recovery_put(unsigned char text[static RECOVERY_TEXT],
    const unsigned char bytes[static RECOVERY_BYTES]);

/*
 * Reads a code as typed: capital or small letters, O for 0, I and L for 1,
 * blanks and dashes anywhere.  ERR_USAGE names the group that is wrong, and
 * nothing of what was typed.
 */
int recovery_get(unsigned char bytes[static RECOVERY_BYTES], struct slice text,
    struct err *e) MUST_CHECK;

#endif
