#include <errno.h>
#include <unistd.h>

#include <sodium.h>

#include "lines.h"

static void
end_line(struct lines *l, void (*each)(void *arg, struct slice line), void *arg)
{
	if (!l->skip)
		each(arg, (struct slice){ l->buf, l->len });
	l->len = 0;
	l->skip = false;
}

static void
feed(struct lines *l, unsigned char c,
    void (*each)(void *arg, struct slice line), void *arg)
{
	if (c == '\n') {
		end_line(l, each, arg);
	} else if (!l->skip && l->len == sizeof(l->buf)) {
		/* Its beginning is shown, and no second line begins in the
		 * middle of a password. */
		end_line(l, each, arg);
		l->skip = true;
	} else if (!l->skip) {
		l->buf[l->len++] = c;
	}
}

bool
lines_read(struct lines *l, int fd, void (*each)(void *arg, struct slice line),
    void *arg)
{
	unsigned char buf[512];
	ssize_t i, n = read(fd, buf, sizeof(buf));

	if (n == -1 && errno == EINTR)
		return true;
	if (n <= 0) {
		if (l->len > 0)
			end_line(l, each, arg);
		return false;
	}
	for (i = 0; i < n; i++)
		feed(l, buf[i], each, arg);
	sodium_memzero(buf, sizeof(buf));
	return true;
}
