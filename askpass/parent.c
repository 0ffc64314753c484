#include <sys/types.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "io.h"
#include "parent.h"

/* ssh.c, main(): the options of 6.4 to 10.x; a colon takes an argument. */
static const char ssh_options[] =
    "1246ab:c:e:fgi:kl:m:no:p:qstvxAB:CD:E:F:GI:J:KL:MNO:P:Q:R:S:TVw:W:XYy";

/* ssh-add.c: those that take an argument. */
static const char add_options[] = "EHMShemst";

/* sshconnect2.c, since 8.5: what a server asks is printed with this. */
static const char prefix_format[] = "(%s@%s) %s";

/* How long a process may take to end. */
#define END_MS 1000

/* Walks the terminated strings of a command line. */
struct args {
	struct slice left;
};

static bool
next_arg(struct args *a, struct slice *arg)
{
	const unsigned char *end;

	if (a->left.len == 0)
		return false;
	end = memchr(a->left.p, '\0', a->left.len);
	arg->p = a->left.p;
	arg->len = end == NULL ? a->left.len : (size_t)(end - a->left.p);
	a->left.p += arg->len;
	a->left.len -= arg->len;
	if (end != NULL) {
		a->left.p++;
		a->left.len--;
	}
	return true;
}

static struct slice
skip(struct slice s, size_t n)
{
	s.p += n;
	s.len -= n;
	return s;
}

/* The value of "-o User=site1", "-oUser site1"; false for other keywords. */
static bool
option_user(struct slice value, struct slice *user)
{
	static const char keyword[] = "user";
	size_t n = sizeof(keyword) - 1;

	while (value.len > 0 && (*value.p == ' ' || *value.p == '\t'))
		value = skip(value, 1);
	if (value.len <= n ||
	    strncasecmp((const char *)value.p, keyword, n) != 0)
		return false;
	value = skip(value, n);
	if (*value.p != '=' && *value.p != ' ' && *value.p != '\t')
		return false;
	while (value.len > 0 && strchr(" \t=\"", *value.p) != NULL)
		value = skip(value, 1);
	while (value.len > 0 && strchr(" \t\"", value.p[value.len - 1]) != NULL)
		value.len--;
	*user = value;
	return true;
}

/*
 * One cluster of options, "-vl site1".  *user is set by the first that names
 * one, as in ssh.  -1 for an option that ssh does not have.
 */
static int
read_options(struct slice arg, struct args *a, struct slice *user)
{
	struct slice value;
	const char *option;
	unsigned char letter;
	size_t i;

	for (i = 1; i < arg.len; i++) {
		letter = arg.p[i];
		option = letter == ':' ? NULL : strchr(ssh_options, letter);
		if (option == NULL || letter == '\0')
			return -1;
		if (option[1] != ':')
			continue;
		value = skip(arg, i + 1);
		if (value.len == 0 && !next_arg(a, &value))
			return -1;
		if (letter == 'l' && user->len == 0)
			*user = value;
		else if (letter == 'o' && user->len == 0)
			(void)option_user(value, user);
		break;
	}
	return 0;
}

/* Splits "[user@]host" at the last @, and takes "ssh://" and a port off. */
static void
split_destination(struct slice text, struct slice *user, struct slice *host)
{
	static const char scheme[] = "ssh://";
	size_t n = sizeof(scheme) - 1, i;
	bool uri = text.len > n && memcmp(text.p, scheme, n) == 0;

	if (uri)
		text = skip(text, n);
	*host = text;
	for (i = text.len; i > 0; i--) {
		if (text.p[i - 1] != '@')
			continue;
		*host = skip(text, i);
		if (user->len == 0) {
			user->p = text.p;
			user->len = i - 1;
		}
		break;
	}
	if (!uri)
		return;
	for (i = 0; i < host->len; i++) {
		if (host->p[i] == ':' || host->p[i] == '/') {
			host->len = i;
			return;
		}
	}
}

int
parent_destination(struct slice cmdline, struct slice *user, struct slice *host)
{
	struct args a = { cmdline };
	struct slice arg, destination = { NULL, 0 };
	bool ended = false;

	*user = *host = (struct slice){ NULL, 0 };
	if (!next_arg(&a, &arg))
		return -1;
	/* Options may stand before and, once, after the destination. */
	while (next_arg(&a, &arg)) {
		if (!ended && slice_is(arg, "--")) {
			ended = true;
		} else if (!ended && arg.len > 1 && *arg.p == '-') {
			if (read_options(arg, &a, user) == -1)
				return -1;
		} else if (destination.p == NULL && arg.len > 0) {
			destination = arg;
		} else {
			break;
		}
	}
	if (destination.p == NULL)
		return -1;
	split_destination(destination, user, host);
	return host->len == 0 ? -1 : 0;
}

int
parent_provider(struct slice cmdline, struct slice *provider)
{
	struct args a = { cmdline };
	struct slice arg, value;
	size_t i;

	if (!next_arg(&a, &arg))
		return -1;
	while (next_arg(&a, &arg) && arg.len > 1 && *arg.p == '-') {
		for (i = 1; i < arg.len; i++)
			if (strchr(add_options, arg.p[i]) != NULL)
				break;
		if (i == arg.len)
			continue;
		value = skip(arg, i + 1);
		if (value.len == 0 && !next_arg(&a, &value))
			return -1;
		if (arg.p[i] == 's') {
			*provider = value;
			return value.len == 0 ? -1 : 0;
		}
	}
	return -1;
}

static void
look_at_program(struct parent *p)
{
	static const char gone[] = " (deleted)";
	const size_t gone_len = sizeof(gone) - 1;
	char path[64], target[4096];
	const char *base;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%ld/exe", (long)p->pid);
	if ((n = readlink(path, target, sizeof(target) - 1)) == -1)
		return;
	/* The link says so when the file was replaced while it runs. */
	if ((size_t)n > gone_len &&
	    memcmp(target + n - gone_len, gone, gone_len) == 0)
		n -= (ssize_t)gone_len;
	target[n] = '\0';
	base = strrchr(target, '/');
	base = base == NULL ? target : base + 1;
	if (strlen(base) < sizeof(p->program))
		memcpy(p->program, base, strlen(base) + 1);
}

static void
look_at_arguments(struct parent *p)
{
	char path[64];
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%ld/cmdline", (long)p->pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return;
	if ((n = read_full(fd, p->cmdline, sizeof(p->cmdline))) > 0)
		p->cmdline_len = (size_t)n;
	(void)close(fd);
}

/*
 * The name in /proc/PID/comm, of a process that runs with root's rights and
 * so was given it by root: others can take any.
 */
static void
look_at_name(struct parent *p)
{
	char path[64];
	struct stat st;
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%ld/comm", (long)p->pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return;
	if (fstat(fd, &st) == 0 && st.st_uid == 0 &&
	    (n = read_full(fd, p->program, sizeof(p->program) - 1)) > 0) {
		p->program[n] = '\0';
		p->program[strcspn(p->program, "\n")] = '\0';
	}
	(void)close(fd);
}

/* Whether the program holds prefix_format, read piece by piece. */
static bool
has_prefix_format(int fd)
{
	static char buf[32768];
	const size_t keep = sizeof(prefix_format) - 2;
	size_t have = 0;
	ssize_t n;

	while ((n = read_full(fd, buf + have, sizeof(buf) - have)) > 0) {
		have += (size_t)n;
		if (memmem(buf, have, prefix_format,
			sizeof(prefix_format) - 1) != NULL)
			return true;
		if (have > keep) {
			memmove(buf, buf + have - keep, keep);
			have = keep;
		}
	}
	return false;
}

void
parent_pretend(struct parent *p, char *const *command, size_t n)
{
	const char *base = strrchr(command[0], '/');
	size_t i, len;

	base = base == NULL ? command[0] : base + 1;
	len = strlen(base);
	p->looked = true;
	p->program[0] = '\0';
	if (len < sizeof(p->program))
		memcpy(p->program, base, len + 1);
	p->cmdline_len = 0;
	for (i = 0; i < n; i++) {
		len = strlen(command[i]) + 1;
		if (len > sizeof(p->cmdline) - p->cmdline_len)
			break;
		memcpy(p->cmdline + p->cmdline_len, command[i], len);
		p->cmdline_len += len;
	}
}

void
parent_look_closer(struct parent *p, bool inside)
{
	char path[64];
	int fd;

	if (parent_program(p)[0] == '\0')
		look_at_name(p);
	if (!inside || !parent_is_ssh(p))
		return;
	(void)snprintf(path, sizeof(path), "/proc/%ld/exe", (long)p->pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return;
	p->prefixes = has_prefix_format(fd);
	(void)close(fd);
}

void
parent_look(struct parent *p, bool arguments)
{
	p->pid = getppid();
	p->program[0] = '\0';
	p->looked = false;
	p->prefixes = false;
	p->cmdline_len = 0;
	if (arguments)
		look_at_arguments(p);
}

const char *
parent_program(struct parent *p)
{
	if (!p->looked)
		look_at_program(p);
	p->looked = true;
	return p->program;
}

bool
parent_is_ssh(struct parent *p)
{
	return strcmp(parent_program(p), "ssh") == 0;
}

void
parent_end(const struct parent *p)
{
	struct pollfd reader = { .fd = STDOUT_FILENO };

	if (kill(p->pid, SIGTERM) == 0 && poll(&reader, 1, END_MS) == 0)
		(void)kill(p->pid, SIGKILL);
}
