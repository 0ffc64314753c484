#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "io.h"
#include "json.h"
#include "tty.h"

int
session_path(struct session *s, struct err *e)
{
	size_t len = 0;

	if (s->vault_option == NULL)
		return path_vault(s->path, sizeof(s->path), e);
	len = strlen(s->vault_option);
	if (len == 0 || len >= sizeof(s->path))
		return err_set(e, ERR_USAGE, "-f: the path of a vault, please");
	memcpy(s->path, s->vault_option, len + 1);
	return 0;
}

/* The passphrase that --passphrase or --passphrase-fd is about. */
static int
read_passphrase(struct session *s, struct err *e)
{
	struct secret *p = NULL;
	int rv = -1;

	if ((p = secret_new(KEY_PASSPHRASE_MAX, e)) == NULL)
		return -1;
	if (s->passphrase_fd >= 0)
		rv = secret_read_line(s->passphrase_fd, p, e);
	else
		rv = tty_secret("Passphrase: ", p, e);
	if (rv == -1) {
		secret_free(p);
		return err_in(e, "passphrase");
	}
	s->key.secret = p;
	s->key.slot.kind = SLOT_PASSPHRASE;
	s->key.slot.secret = p;
	(void)snprintf(s->key.from, sizeof(s->key.from), "passphrase");
	return 0;
}

int
session_key(struct session *s, struct err *e)
{
	if (s->key.secret != NULL)
		return 0;
	if (s->passphrase)
		return read_passphrase(s, e);
	if (s->recovery)
		return key_read_recovery(&s->key, s->recovery_fd, e);
	if (s->key_fd >= 0)
		return key_read_fd(&s->key, s->key_fd, e);
	return key_find_for(&s->key, s->key_option, true, s->path, &s->trust,
	    e);
}

int
session_open(struct session *s, bool write, struct err *e)
{
	struct vault_options o = { 0 };

	session_close(s);
	if (session_path(s, e) == -1)
		return -1;
	/* Said before a person is asked for the passphrase of nothing. */
	if (access(s->path, F_OK) == -1 && errno == ENOENT)
		return err_set(e, ERR_NOVAULT,
		    "no vault: there is no %s; name one with -f FILE or "
		    "PAWL_VAULT, or make it with \"pawl-vault init\"",
		    s->path);
	if (session_key(s, e) == -1)
		return -1;
	o.path = s->path;
	o.key = &s->key.slot;
	o.trust = &s->trust;
	o.write = write;
	o.lock_wait_ms = s->config.lock_wait_ms;
	o.accept_older = s->accept_older;
	o.hand_out = s->hand_out;
	if ((s->vault = vault_open(&o, e)) == NULL)
		return -1;
	/* It has been accepted: the second opening of one run is no news. */
	s->accept_older = false;
	return 0;
}

void
session_close(struct session *s)
{
	vault_close(s->vault);
	s->vault = NULL;
}

void
session_end(struct session *s)
{
	session_close(s);
	key_free(&s->key);
}

int
cmd_no_entry(const char *name, struct err *e)
{
	char shown[96];

	return err_set(e, ERR_NOENTRY,
	    "no entry %s: \"pawl-vault list\" shows the names",
	    text_show(shown, sizeof(shown), slice_of(name)));
}

int
session_find(struct session *s, const char *name, struct entry *entry,
    struct secret **plainp, struct err *e)
{
	s->subject = name;
	if (vault_find(s->vault, TABLE_NAME, slice_of(name), entry, plainp,
		e) == 0)
		return 0;
	return e->kind == ERR_NOENTRY ? cmd_no_entry(name, e) : -1;
}

static const struct option *
find_long(const struct option *longs, const char *name, size_t len)
{
	for (; longs->name != NULL; longs++) {
		if (strlen(longs->name) == len &&
		    strncmp(longs->name, name, len) == 0)
			return longs;
	}
	return NULL;
}

/* Whether the argument of the last short option in arg is the next one. */
static bool
takes_next(const char *shorts, const char *arg)
{
	const char *at = NULL;
	size_t i = 0;

	for (i = 1; arg[i] != '\0'; i++) {
		at = strchr(shorts, arg[i]);
		if (arg[i] != ':' && at != NULL && at[1] == ':')
			return arg[i + 1] == '\0';
	}
	return false;
}

/* getopt_long(3) takes abbreviations; they are refused before it sees them. */
static int
check_long(int argc, char **argv, const char *shorts,
    const struct option *longs, struct err *e)
{
	const struct option *o = NULL;
	char shown[64];
	size_t len = 0;
	int i = 0;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0)
			return 0;
		if (argv[i][0] != '-' || argv[i][1] == '\0') {
			if (shorts[0] == '+')
				return 0;
			continue;
		}
		if (argv[i][1] != '-') {
			i += takes_next(shorts, argv[i]) ? 1 : 0;
			continue;
		}
		len = strcspn(argv[i] + 2, "=");
		o = find_long(longs, argv[i] + 2, len);
		if (o == NULL)
			return err_set(e, ERR_USAGE, "%s: no such option",
			    text_show(shown, sizeof(shown), slice_of(argv[i])));
		if (o->has_arg == required_argument && argv[i][2 + len] == '\0')
			i++;
	}
	return 0;
}

static const char *
option_name(char *buf, size_t size, const struct option *longs, int c)
{
	if (c < CMD_LONG) {
		(void)snprintf(buf, size, "-%c",
		    c >= 0x21 && c <= 0x7e ? c : '?');
		return buf;
	}
	for (; longs->name != NULL; longs++) {
		if (longs->val == c)
			(void)snprintf(buf, size, "--%s", longs->name);
	}
	return buf;
}

int
cmd_getopt(int argc, char **argv, const char *shorts,
    const struct option *longs, struct err *e)
{
	char name[64] = "";
	int c = 0;

	opterr = 0;
	if (optind == 0 && check_long(argc, argv, shorts, longs, e) == -1)
		return '?';
	c = getopt_long(argc, argv, shorts, longs, NULL);
	if (c != ':' && c != '?')
		return c;
	(void)option_name(name, sizeof(name), longs, optopt);
	if (c == ':')
		(void)err_set(e, ERR_USAGE, "%s: needs an argument", name);
	else if (optopt >= CMD_LONG)
		(void)err_set(e, ERR_USAGE, "%s: takes no argument", name);
	else
		(void)err_set(e, ERR_USAGE, "%s: no such option", name);
	return '?';
}

int
cmd_flag(int argc, char **argv, const char *name, int letter, bool *setp,
    struct err *e)
{
	const struct option longs[] = {
		{ name, no_argument, NULL, letter == 0 ? CMD_LONG : letter },
		{ NULL, 0, NULL, 0 },
	};
	const char shorts[] = { ':', (char)letter, '\0' };
	int c = 0;

	*setp = false;
	while ((c = cmd_getopt(argc, argv, shorts, longs, e)) != -1) {
		if (c == '?')
			return -1;
		*setp = true;
	}
	return 0;
}

int
cmd_descriptor(const char *text, int *fdp, struct err *e)
{
	return cmd_descriptor_of("--passphrase-fd", text, fdp, e);
}

int
cmd_descriptor_of(const char *option, const char *text, int *fdp, struct err *e)
{
	uint64_t fd = 0;

	if (parse_number(text, 0, INT_MAX, &fd, e) == -1)
		return err_in(e, "%s", option);
	if (fcntl((int)fd, F_GETFD) == -1)
		return err_set(e, ERR_USAGE, "%s: descriptor %s is not open",
		    option, text);
	*fdp = (int)fd;
	return 0;
}

void
cmd_warn(const char *fmt, ...)
{
	struct err line = { 0 };
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line.msg, sizeof(line.msg), fmt, ap);
	va_end(ap);
	(void)err_print("pawl-vault", &line);
}

/* The control character (C0, DEL, C1) that n bytes of UTF-8 are. */
static bool
is_control(const unsigned char *p, size_t n)
{
	if (n == 1)
		return p[0] < 0x20 || p[0] == 0x7f;
	return n == 2 && p[0] == 0xc2 && p[1] < 0xa0;
}

void
cmd_print(struct slice text, const char *indent)
{
	size_t n = 0;

	while (text.len > 0) {
		n = json_utf8(text);
		if (indent != NULL && *text.p == '\n') {
			printf("\n%s", indent);
		} else if (n == 0 || is_control(text.p, n)) {
			printf("\\x%02X", text.p[n == 0 ? 0 : n - 1]);
		} else {
			(void)fwrite(text.p, 1, n, stdout);
		}
		n += n == 0;
		text.p += n;
		text.len -= n;
	}
}

const char *
cmd_time(char buf[static CMD_TIME], uint64_t t)
{
	time_t when = (time_t)t;
	struct tm tm = { 0 };

	if (t == 0)
		return "never";
	if (gmtime_r(&when, &tm) == NULL ||
	    strftime(buf, CMD_TIME, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return "out of range";
	return buf;
}

const char *
cmd_rotation_name(enum rotation_state state)
{
	switch (state) {
	case ROTATION_IDLE:
		return "idle";
	case ROTATION_PEND:
		return "pending";
	case ROTATION_SENT:
		return "sent";
	case ROTATION_ATTN:
		return "attention";
	}
	return "unknown";
}

/* As a vault opens without its state, so does a secret go out without. */
static void
note_hand_out(struct session *s, const struct entry *entry)
{
	struct state *state = vault_state(s->vault);
	struct state_mark mark = { 0 };
	struct err e = { 0 };

	mark.pid = (uint32_t)getppid();
	mark.event = STATE_ANSWERED;
	memcpy(mark.entry, entry->id, sizeof(mark.entry));
	if (state == NULL)
		cmd_warn("the state file cannot be used: a rotation will not "
			 "wait for who asked now");
	else if (state_mark(state, &mark, &e) == -1)
		cmd_warn("a rotation will not wait for who asked now: %s",
		    e.msg);
}

int
cmd_hand_out(struct session *s, const struct entry *entry, bool newline,
    struct err *e)
{
	struct secret *line = NULL;
	int rv = -1;

	if ((line = secret_new(entry->current.len + 1, e)) == NULL)
		return -1;
	if (secret_set(line, entry->current.p, entry->current.len, e) == -1)
		goto out;
	if (newline && secret_append(line, "\n", 1, e) == -1)
		goto out;
	/* Before, so that no secret is out that a rotation does not know. */
	note_hand_out(s, entry);
	if (write_all(STDOUT_FILENO, line->data, line->len) == -1) {
		(void)err_sys(e, ERR_IO, "write to standard output");
		goto out;
	}
	rv = 0;
out:
	secret_free(line);
	return rv;
}

int
cmd_key_file(struct session *s, const char *path, struct key *k, bool *madep,
    struct err *e)
{
	*madep = false;
	if (key_read_file(k, path, &s->trust, e) == 0)
		return 0;
	if (e->kind != ERR_NOVAULT)
		return -1;
	*madep = true;
	*e = (struct err){ 0 };
	return key_create_file(k, path, e);
}

int
cmd_keys_want(struct cmd_keys *k, bool recipient, const char *name, size_t max,
    struct err *e)
{
	if (k->n == max)
		return err_set(e, ERR_USAGE, "a vault has %d key slots",
		    TABLE_SLOTS);
	k->recipients[k->n] = recipient;
	k->names[k->n++] = name;
	return 0;
}

int
cmd_keys_make(struct session *s, struct cmd_keys *k, struct err *e)
{
	int rv = 0;
	size_t i = 0;

	for (i = 0; rv == 0 && i < k->n; i++) {
		if (k->recipients[i])
			rv = key_recipient(&k->keys[i], k->names[i], e);
		else
			rv = cmd_key_file(s, k->names[i], &k->keys[i],
			    &k->made[i], e);
		k->made[i] = rv == 0 && k->made[i];
	}
	return rv;
}

void
cmd_keys_undo(struct cmd_keys *k)
{
	size_t i = 0;

	for (i = 0; i < k->n; i++) {
		if (k->made[i])
			(void)unlink(k->names[i]);
	}
}

void
cmd_keys_free(struct cmd_keys *k)
{
	size_t i = 0;

	for (i = 0; k != NULL && i < k->n; i++)
		key_free(&k->keys[i]);
	free(k);
}

int
cmd_json_print(struct json *j, struct err *e)
{
	int rv = json_finish(j, e);

	if (rv == 0)
		(void)fwrite(j->text, 1, j->len, stdout);
	json_free(j);
	return rv;
}
