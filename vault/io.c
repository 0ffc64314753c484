#include <sys/types.h>

#include <errno.h>
#include <unistd.h>

#include "bytes.h"
#include "io.h"

/* Years of 365.25 days. */
#define DURATION_MAX ((uint64_t)36525 * 86400)

int
write_all(int fd, const void *from, size_t len)
{
	const unsigned char *p = from;
	ssize_t n;

	while (len > 0) {
		n = write(fd, p, len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO;
		if (n <= 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

ssize_t
read_full(int fd, void *to, size_t len)
{
	unsigned char *p = to;
	size_t have = 0;
	ssize_t n;

	while (have < len) {
		n = read(fd, p + have, len - have);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

ssize_t
pread_full(int fd, void *to, size_t len, off_t at)
{
	unsigned char *p = to;
	size_t have = 0;
	ssize_t n;

	while (have < len) {
		n = pread(fd, p + have, len - have, at + (off_t)have);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

/*
 * Reads the digits at the start of text; *endp is what follows them.  -1 if
 * there are none or the value does not fit.
 */
static int
digits(const char *text, uint64_t *valuep, const char **endp)
{
	const char *p = text;
	uint64_t v = 0, d;

	for (; *p >= '0' && *p <= '9'; p++) {
		d = (uint64_t)(*p - '0');
		if (v > (UINT64_MAX - d) / 10)
			return -1;
		v = v * 10 + d;
	}
	*valuep = v;
	*endp = p;
	return p == text ? -1 : 0;
}

int
parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *valuep,
    struct err *e)
{
	const char *end = NULL;
	char shown[64];
	uint64_t v = 0;

	if (digits(text, &v, &end) == -1 || *end != '\0' || v < min || v > max)
		return err_set(e, ERR_USAGE,
		    "\"%s\": must be a number from %llu to %llu",
		    text_show(shown, sizeof(shown), slice_of(text)),
		    (unsigned long long)min, (unsigned long long)max);
	*valuep = v;
	return 0;
}

/* Seconds in what unit stands for, or 0. */
static uint64_t
unit_seconds(const char *unit)
{
	if (unit[0] == '\0')
		return 1;
	if (unit[1] != '\0')
		return 0;
	switch (unit[0]) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	case 'w':
		return (uint64_t)7 * 86400;
	default:
		return 0;
	}
}

int
parse_duration(const char *text, uint64_t *secondsp, struct err *e)
{
	const char *end = NULL;
	char shown[64];
	uint64_t v = 0, unit;

	if (digits(text, &v, &end) == -1 || (unit = unit_seconds(end)) == 0)
		return err_set(e, ERR_USAGE,
		    "\"%s\": must be digits and one of s, m, h, d, w, as in "
		    "30d",
		    text_show(shown, sizeof(shown), slice_of(text)));
	if (v > DURATION_MAX / unit)
		return err_set(e, ERR_USAGE,
		    "\"%s\": must not be more than 100 years",
		    text_show(shown, sizeof(shown), slice_of(text)));
	*secondsp = v * unit;
	return 0;
}
