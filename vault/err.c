#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "err.h"

static unsigned char (*encoding)(unsigned char c);

/* Puts text behind what msg holds; what does not fit ends in "...". */
static void
append(char *msg, size_t size, const char *text)
{
	size_t have = strlen(msg), len = strlen(text);

	if (len < size - have) {
		memcpy(msg + have, text, len + 1);
		return;
	}
	memcpy(msg + have, text, size - have - 1);
	memcpy(msg + size - 4, "...", 4);
}

/*
 * Formats into a buffer of its own first, because the arguments may well
 * point into the message that is being replaced.
 */
PRINTF(3, 0)
static void
format(char *msg, size_t size, const char *fmt, va_list ap)
{
	int n = vsnprintf(msg, size, fmt, ap);

	if (n < 0)
		msg[0] = '\0';
	else if ((size_t)n >= size)
		memcpy(msg + size - 4, "...", 4);
}

int
err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	char msg[sizeof(e->msg)];
	va_list ap;

	va_start(ap, fmt);
	format(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	memcpy(e->msg, msg, strlen(msg) + 1);
	e->kind = kind;
	return -1;
}

int
err_sys(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	char msg[sizeof(e->msg)];
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	format(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	append(msg, sizeof(msg), ": ");
	append(msg, sizeof(msg), strerror(saved));
	memcpy(e->msg, msg, strlen(msg) + 1);
	e->kind = kind;
	errno = saved;
	return -1;
}

int
err_in(struct err *e, const char *fmt, ...)
{
	char msg[sizeof(e->msg)];
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	format(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	append(msg, sizeof(msg), ": ");
	append(msg, sizeof(msg), e->msg);
	memcpy(e->msg, msg, strlen(msg) + 1);
	errno = saved;
	return -1;
}

/*
 * Escapes what a terminal could obey.  The backslash stays: text from outside
 * in a message has been through text_show() already.
 */
static size_t
escape(char *out, size_t room, const char *text)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 0;

	for (; *text != '\0' && room - n > 4; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= 0x20 && c < 0x7f) {
			out[n++] = *text;
			continue;
		}
		out[n++] = '\\';
		out[n++] = 'x';
		out[n++] = hex[c >> 4];
		out[n++] = hex[c & 15];
	}
	return n;
}

void
err_encode(unsigned char (*encode)(unsigned char c))
{
	encoding = encode;
}

int
err_print(const char *program, const struct err *e)
{
	/* The longest message with every byte escaped, and a program's name. */
	char line[4 * sizeof(e->msg) + 256];
	size_t n = escape(line, 200, program), i;
	ssize_t written;

	line[n++] = ':';
	line[n++] = ' ';
	n += escape(line + n, sizeof(line) - n - 1, e->msg);
	line[n++] = '\n';
	for (i = 0; encoding != NULL && i < n; i++)
		line[i] = (char)encoding((unsigned char)line[i]);
	/* If standard error is gone there is nobody left to tell. */
	written = write(STDERR_FILENO, line, n);
	(void)written;
	return (int)e->kind;
}
