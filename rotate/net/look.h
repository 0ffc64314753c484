/*
 * A certificate in the words that a person compares.
 */
#ifndef LOOK_H
#define LOOK_H

#include <openssl/x509.h>
#include <stddef.h>

/*
 * Writes to to, which holds size bytes: lines "subject ...", "issuer ...",
 * "from ...", "until ..." and "pin sha256//...", the SHA-256 of the
 * SubjectPublicKeyInfo in base64, each ended by '\n' and all in printable
 * ASCII.  What there is no room or no memory for is shortened or left out.
 */
void look_describe(char *to, size_t size, const X509 *cert);

#endif
