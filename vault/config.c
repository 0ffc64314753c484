#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "io.h"
#include "path.h"

/* As the Makefile says: that of z/OS is another. */
#ifndef ANSWER_ENCODING
#define ANSWER_ENCODING CODEPAGE_ASCII
#endif

/* Sets one thing from value, or leaves why not in e, without the place. */
struct setting {
	const char *key;
	int (*set)(struct config *c, const char *value, struct err *e);
};

/* to has PATH_MAX bytes, and a value is shorter: config_line() saw to it. */
static int
set_path(char *to, const char *value, struct err *e)
{
	if (value[0] != '/' && value[0] != '\0')
		return err_set(e, ERR_CONFIG, "must be an absolute path");
	memcpy(to, value, strlen(value) + 1);
	return 0;
}

static int
set_audit_file(struct config *c, const char *value, struct err *e)
{
	return set_path(c->audit_file, value, e);
}

static int
set_rotate_hook(struct config *c, const char *value, struct err *e)
{
	return set_path(c->rotate_hook, value, e);
}

static int
parse_yes(const char *value, bool *yesp, struct err *e)
{
	*yesp = strcmp(value, "yes") == 0;
	if (!*yesp && strcmp(value, "no") != 0)
		return err_set(e, ERR_CONFIG, "must be yes or no");
	return 0;
}

static int
set_require_mlock(struct config *c, const char *value, struct err *e)
{
	return parse_yes(value, &c->require_mlock, e);
}

static int
set_require_sandbox(struct config *c, const char *value, struct err *e)
{
	return parse_yes(value, &c->require_sandbox, e);
}

static int
parse_wait(const char *value, unsigned int *msp, struct err *e)
{
	uint64_t seconds = 0;

	if (parse_duration(value, &seconds, e) == -1)
		return -1;
	if (seconds > CONFIG_WAIT_MAX)
		return err_set(e, ERR_CONFIG, "must not be more than 1d");
	*msp = (unsigned int)seconds * 1000;
	return 0;
}

static int
set_wait(struct config *c, const char *value, struct err *e)
{
	return parse_wait(value, &c->wait_ms, e);
}

static int
set_lock_wait(struct config *c, const char *value, struct err *e)
{
	return parse_wait(value, &c->lock_wait_ms, e);
}

static int
parse_jobs(const char *value, unsigned int *np, struct err *e)
{
	uint64_t n = 0;

	if (parse_number(value, 1, CONFIG_JOBS_MAX, &n, e) == -1)
		return -1;
	*np = (unsigned int)n;
	return 0;
}

static int
set_rotate_jobs(struct config *c, const char *value, struct err *e)
{
	return parse_jobs(value, &c->rotate_jobs, e);
}

static int
set_rotate_per_host(struct config *c, const char *value, struct err *e)
{
	return parse_jobs(value, &c->rotate_per_host, e);
}

static int
set_rotate_brake(struct config *c, const char *value, struct err *e)
{
	size_t len = strlen(value);
	char digits[8] = "";
	uint64_t n = 0;
	bool share = len > 0 && len < sizeof(digits) && value[len - 1] == '%';

	c->rotate_brake_count = c->rotate_brake_share = 0;
	if (strcmp(value, "no") == 0)
		return 0;
	if (share) {
		memcpy(digits, value, len - 1);
		digits[len - 1] = '\0';
	}
	if (parse_number(share ? digits : value, 1, share ? 100 : 1000000, &n,
		e) == -1)
		return err_set(e, ERR_CONFIG,
		    "must be a number from 1 to 1000000, a share like 25%%, "
		    "or no");
	if (share)
		c->rotate_brake_share = (unsigned int)n;
	else
		c->rotate_brake_count = (unsigned int)n;
	return 0;
}

static int
set_answer_encoding(struct config *c, const char *value, struct err *e)
{
	if (strcmp(value, "ascii") == 0)
		c->answer_encoding = CODEPAGE_ASCII;
	else if (strcmp(value, "ibm1047") == 0)
		c->answer_encoding = CODEPAGE_IBM1047;
	else
		return err_set(e, ERR_CONFIG, "must be ascii or ibm1047");
	return 0;
}

static int
set_rotate_hook_timeout(struct config *c, const char *value, struct err *e)
{
	if (parse_wait(value, &c->rotate_hook_ms, e) == -1)
		return -1;
	if (c->rotate_hook_ms == 0)
		return err_set(e, ERR_CONFIG, "must not be 0");
	return 0;
}

static const struct setting settings[] = {
	{ "audit-file", set_audit_file },
	{ "require-mlock", set_require_mlock },
	{ "require-sandbox", set_require_sandbox },
	{ "wait", set_wait },
	{ "lock-wait", set_lock_wait },
	{ "rotate-jobs", set_rotate_jobs },
	{ "rotate-per-host", set_rotate_per_host },
	{ "rotate-brake", set_rotate_brake },
	{ "answer-encoding", set_answer_encoding },
	{ "rotate-hook", set_rotate_hook },
	{ "rotate-hook-timeout", set_rotate_hook_timeout },
};

#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

static void
set_defaults(struct config *c)
{
	memset(c, 0, sizeof(*c));
	c->wait_ms = 10000;
	c->lock_wait_ms = 10000;
	c->rotate_jobs = 8;
	c->rotate_per_host = 4;
	c->rotate_brake_share = 25;
	c->answer_encoding = ANSWER_ENCODING;
	c->rotate_hook_ms = 30000;
}

/* Control characters are in no sensible value, and CR LF is a common accident.
 */
static int
check_bytes(struct slice line, struct err *e)
{
	size_t i;

	for (i = 0; i < line.len; i++) {
		if (line.p[i] == '\r' && i == line.len - 1)
			return err_set(e, ERR_CONFIG,
			    "the line ends in CR LF; it must end in LF");
		if ((line.p[i] < 0x20 && line.p[i] != '\t') ||
		    line.p[i] == 0x7f)
			return err_set(e, ERR_CONFIG,
			    "a control character (\\x%02x) is not allowed",
			    line.p[i]);
	}
	return 0;
}

/* Does what one line says.  seen has a bit for each setting so far. */
static int
config_line(struct config *c, struct slice line, unsigned int *seenp,
    struct err *e)
{
	char value[PATH_MAX], shown[64];
	const unsigned char *equals;
	struct slice key, rest;
	size_t i;

	line = slice_trim(line);
	if (line.len == 0 || line.p[0] == '#')
		return 0;
	if (check_bytes(line, e) == -1)
		return -1;
	if ((equals = memchr(line.p, '=', line.len)) == NULL)
		return err_set(e, ERR_CONFIG, "must be: key = value");
	key.p = line.p;
	key.len = (size_t)(equals - line.p);
	key = slice_trim(key);
	rest.p = equals + 1;
	rest.len = line.len - (size_t)(rest.p - line.p);
	if (slice_text(slice_trim(rest), value, sizeof(value)) == -1)
		return err_set(e, ERR_CONFIG, "the value is too long");
	for (i = 0; i < SETTINGS; i++)
		if (slice_is(key, settings[i].key))
			break;
	text_show(shown, sizeof(shown), key);
	if (i == SETTINGS)
		return err_set(e, ERR_CONFIG, "unknown setting \"%s\"", shown);
	if ((*seenp & 1u << i) != 0)
		return err_set(e, ERR_CONFIG, "\"%s\" is set for a second time",
		    shown);
	*seenp |= 1u << i;
	if (strchr(value, '#') != NULL)
		return err_set(e, ERR_CONFIG,
		    "\"#\" in a value; a comment has a line of its own");
	if (settings[i].set(c, value, e) == -1)
		return err_in(e, "%s", settings[i].key);
	return 0;
}

int
config_parse(struct config *c, const char *name, struct slice text,
    struct err *e)
{
	unsigned int number, seen = 0;
	struct slice line;
	char shown[200];

	set_defaults(c);
	for (number = 1; slice_next_line(&text, &line); number++) {
		if (config_line(c, line, &seen, e) == -1) {
			e->kind = ERR_CONFIG;
			return err_in(e, "%s:%u",
			    text_show(shown, sizeof(shown), slice_of(name)),
			    number);
		}
	}
	return 0;
}

/* Refuses a file that others than its owner and root could have written. */
static int
check_file(int fd, const char *path, const char *shown, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return err_sys(e, ERR_CONFIG, "%s", shown);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_CONFIG,
		    "%s is not a regular file; name one in PAWL_CONFIG", shown);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return err_set(e, ERR_CONFIG,
		    "%s is owned by uid %lu; run: chown %lu %s", shown,
		    (unsigned long)st.st_uid, (unsigned long)geteuid(), shown);
	if ((st.st_mode & 022) != 0)
		return err_set(e, ERR_CONFIG,
		    "%s is writable by others; run: chmod go-w %s", shown,
		    shown);
	if (path_check_parent(path, "configuration", e) == -1) {
		e->kind = ERR_CONFIG;
		return -1;
	}
	return 0;
}

int
config_read(const char *path, unsigned char *buf, size_t size,
    struct slice *textp, struct err *e)
{
	char shown[200];
	int fd, rv = -1;
	ssize_t n;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd == -1 && errno == ENOENT)
		return 0;
	text_show(shown, sizeof(shown), slice_of(path));
	if (fd == -1)
		return err_sys(e, ERR_CONFIG, "%s", shown);
	if (check_file(fd, path, shown, e) == -1)
		goto out;
	if ((n = read_full(fd, buf, size)) == -1) {
		(void)err_sys(e, ERR_CONFIG, "%s", shown);
		goto out;
	}
	if ((size_t)n == size) {
		(void)err_set(e, ERR_CONFIG, "%s is larger than %zu bytes",
		    shown, size - 1);
		goto out;
	}
	textp->p = buf;
	textp->len = (size_t)n;
	rv = 1;
out:
	(void)close(fd);
	return rv;
}

int
config_load(struct config *c, struct err *e)
{
	/* Static for its size; the memory is only touched where a file is. */
	static unsigned char buf[CONFIG_MAX + 1];
	char path[PATH_MAX];
	struct slice text = { NULL, 0 };
	int found;

	set_defaults(c);
	if (path_config(path, sizeof(path), e) == -1)
		return -1;
	if ((found = config_read(path, buf, sizeof(buf), &text, e)) != 1)
		return found;
	return config_parse(c, path, text, e);
}
