/*
 * Whole reads and writes, and numbers with bounds.
 */
#ifndef IO_H
#define IO_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "err.h"

/* write(2) until all is written; EINTR is repeated.  -1 with errno. */
int write_all(int fd, const void *from, size_t len) MUST_CHECK;

/* Until len bytes or the end of file.  Returns the count, or -1 with errno. */
ssize_t read_full(int fd, void *to, size_t len) MUST_CHECK;
ssize_t pread_full(int fd, void *to, size_t len, off_t at) MUST_CHECK;

/*
 * Decimal digits only, no sign, no blanks, min <= value <= max.
 * ERR_USAGE names text and the bounds.
 */
int parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *valuep,
    struct err *e) MUST_CHECK;

/*
 * A length of time in seconds: digits and one of s, m, h, d, w ("30d"); digits
 * alone are seconds.  ERR_USAGE beyond 100 years.
 */
int parse_duration(const char *text, uint64_t *secondsp,
    struct err *e) MUST_CHECK;

#endif
