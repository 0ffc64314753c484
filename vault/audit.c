#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audit.h"

/* LOG_AUTHPRIV | LOG_INFO of syslog(3), which the byte protocol fixes. */
#define PRIORITY "<86>"

#define LOG_SOCKET "/dev/log"

/* A logger that hangs must not hang the job for longer. */
#define SEND_SECONDS 1

/* Room for the date, the program and its process id, before a line. */
#define HEAD_MAX 128

static struct {
	int log;
	int file;
	char tag[80];
} out = { -1, -1, "" };

/*
 * Talks to /dev/log itself: syslog(3) reads /etc/localtime, allocates, and
 * opens when a sandbox has closed.  A datagram socket, as all loggers of
 * today have; any failure means that there is no logger.
 */
static int
connect_log(void)
{
	const struct timeval limit = { SEND_SECONDS, 0 };
	struct sockaddr_un sun;
	int fd;

	/* One call instead of three where there is none. */
	if (access(LOG_SOCKET, W_OK) == -1)
		return -1;
	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	memcpy(sun.sun_path, LOG_SOCKET, sizeof(LOG_SOCKET));
	if ((fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1)
		return -1;
	if (connect(fd, (const struct sockaddr *)(const void *)&sun,
		sizeof(sun)) == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) ==
		-1) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static int
open_file(const char *file, struct err *e)
{
	char shown[200];
	struct stat st;
	int fd;

	text_show(shown, sizeof(shown), slice_of(file));
	fd = open(file,
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW |
		O_NONBLOCK,
	    0600);
	if (fd == -1)
		return err_sys(e, ERR_CONFIG, "audit-file %s", shown);
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		return err_set(e, ERR_CONFIG,
		    "audit-file %s is not a regular file; name one", shown);
	}
	return fd;
}

int
audit_open(const char *program, const char *file, struct err *e)
{
	if (out.log != -1)
		(void)close(out.log);
	if (out.file != -1)
		(void)close(out.file);
	out.file = -1;
	out.log = connect_log();
	if (out.log == -1 && (file == NULL || file[0] == '\0'))
		return 0;
	/* The process id now: a sandbox may not let us ask for it later. */
	(void)snprintf(out.tag, sizeof(out.tag), "%.48s[%ld]", program,
	    (long)getpid());
	if (file == NULL || file[0] == '\0')
		return 0;
	if ((out.file = open_file(file, e)) == -1)
		return -1;
	return 0;
}

bool
audit_is_open(void)
{
	return out.log != -1 || out.file != -1;
}

/*
 * The text goes in whole, or "..." in its place and nothing after that: what
 * follows a cut value could be taken for a part of it.
 */
static void
put(struct audit *a, const char *text, size_t len)
{
	size_t end = sizeof(a->line) - sizeof("...");

	if (a->len > end)
		return;
	if (len <= end - a->len) {
		memcpy(a->line + a->len, text, len);
		a->len += len;
		a->line[a->len] = '\0';
		return;
	}
	memcpy(a->line + a->len, "...", sizeof("..."));
	a->len = sizeof(a->line);
}

void
audit_begin(struct audit *a, const char *event)
{
	a->len = 0;
	put(a, "event=", 6);
	put(a, event, strlen(event));
}

void
audit_add(struct audit *a, const char *key, struct slice value)
{
	static const char hex[] = "0123456789abcdef";
	char escape[4] = "\\x";
	size_t i;

	put(a, " ", 1);
	put(a, key, strlen(key));
	put(a, "=", 1);
	for (i = 0; i < value.len; i++) {
		unsigned char c = value.p[i];
		char plain = (char)c;

		/* The blank too: it ends a value. */
		if (c > 0x20 && c < 0x7f && c != '=' && c != '"' && c != '\\') {
			put(a, &plain, 1);
			continue;
		}
		escape[2] = hex[c >> 4];
		escape[3] = hex[c & 15];
		put(a, escape, sizeof(escape));
	}
}

void
audit_text(struct audit *a, const char *key, const char *value)
{
	audit_add(a, key, slice_of(value));
}

void
audit_number(struct audit *a, const char *key, unsigned long long value)
{
	char digits[24];

	(void)snprintf(digits, sizeof(digits), "%llu", value);
	audit_text(a, key, digits);
}

/*
 * The date in UTC and a blank.  gmtime(3) reads /etc/localtime in glibc.
 * Years are counted from March, so that the leap day is the last of one.
 */
static void
format_time(char *buf, size_t size, time_t now)
{
	long long day = (long long)now / 86400 + 719468;
	long long left = (long long)now % 86400;
	/* 400 years are 146097 days. */
	long long era = day / 146097, of_era = day % 146097;
	long long year =
	    (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	long long of_year = of_era - (365 * year + year / 4 - year / 100);
	long long month = (5 * of_year + 2) / 153;

	(void)snprintf(buf, size, "%04lld-%02lld-%02lldT%02lld:%02lld:%02lldZ ",
	    era * 400 + year + (month >= 10 ? 1 : 0),
	    month < 10 ? month + 3 : month - 9,
	    of_year - (153 * month + 2) / 5 + 1, left / 3600, left / 60 % 60,
	    left % 60);
}

/* One write(2), so that lines of several processes do not mix. */
static void
send_line(int fd, const char *head, const char *tail, const struct audit *a)
{
	char line[HEAD_MAX + sizeof(a->line)];
	ssize_t n;
	int len;

	len = snprintf(line, sizeof(line), "%s%s: %s%s", head, out.tag, a->line,
	    tail);
	if (len < 0 || (size_t)len >= sizeof(line))
		return;
	n = write(fd, line, (size_t)len);
	(void)n;
}

void
audit_send(struct audit *a)
{
	char stamp[64];

	/*
	 * Without a date, which is optional: loggers that get none put in
	 * theirs, and ours in UTC would be read as local time.
	 */
	if (out.log != -1)
		send_line(out.log, PRIORITY, "", a);
	if (out.file != -1) {
		format_time(stamp, sizeof(stamp), time(NULL));
		send_line(out.file, stamp, "\n", a);
	}
}
