/*
 * A text for others to read, which replaces the last one whole: who reads it
 * sees one or the other.  Nothing in it is a secret.
 */
#ifndef PUBLISH_H
#define PUBLISH_H

#include "err.h"
#include "text.h"

/*
 * Writes t to a new file beside path, hidden, and gives it the name path.
 * Mode as that of the file it replaces; else 0666 less the umask.  A link of
 * that name is replaced, not followed.  ERR_IO: the old file stays.
 */
int publish(const char *path, const struct text *t, struct err *e) MUST_CHECK;

#endif
