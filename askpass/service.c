#include <string.h>

#include "service.h"

/* "Enter passphrase for key '%.100s': " */
#define OLD_PATH_MAX 100

static struct slice
part(struct text t)
{
	struct slice s = { (const unsigned char *)t.p, t.len };

	return s;
}

enum service {
	LOGIN,
	KEY,
	PIN,
	GIT,
	SUDO,
	OTP
};

/* Of the kinds that choose_refusal() lets pass. */
static enum service
service_of(enum prompt_kind kind)
{
	if (kind == PROMPT_PASSPHRASE)
		return KEY;
	if (kind == PROMPT_PIN)
		return PIN;
	if (kind == PROMPT_GIT_USERNAME || kind == PROMPT_GIT_PASSWORD)
		return GIT;
	if (kind == PROMPT_OTP)
		return OTP;
	return kind == PROMPT_SUDO ? SUDO : LOGIN;
}

bool
service_is_login(enum prompt_kind kind)
{
	return service_of(kind) == LOGIN;
}

bool
service_fits(const struct entry *entry, enum prompt_kind kind)
{
	static const char *const words[] = { "ssh", "key", "pin", "git", "sudo",
		"otp" };
	const enum service s = service_of(kind);

	/* Entries without one are logins. */
	if (!record_has(entry, "service"))
		return s == LOGIN;
	return record_attr_is(entry, "service", words[s]) ||
	    (s == LOGIN && record_attr_is(entry, "service", "ftp"));
}

/* --- Who asks --------------------------------------------------------------*/

static bool
is_git(const char *program)
{
	return strcmp(program, "git") == 0 || strncmp(program, "git-", 4) == 0;
}

/* Those of OpenSSH's programs that talk to no server, and ssh where it can be told. */
static bool
asks_for_keys(struct parent *p)
{
	static const char *const local[] = { "ssh-add", "ssh-keygen",
		"ssh-pkcs11-helper" };
	const char *program = parent_program(p);
	size_t i;

	for (i = 0; i < sizeof(local) / sizeof(local[0]); i++)
		if (strcmp(program, local[i]) == 0)
			return true;
	return parent_is_ssh(p) && p->prefixes;
}

int
service_caller(struct request *q, struct err *e)
{
	const enum service s = service_of(q->prompt.kind);
	const char *program;
	bool good;

	if (s == LOGIN || s == OTP)
		return 0;
	program = parent_program(&q->parent);
	if (s == SUDO)
		good = strcmp(program, "sudo") == 0;
	else if (s == GIT)
		good = is_git(program);
	else
		good =
		    asks_for_keys(&q->parent) || (s == KEY && is_git(program));
	if (good)
		return 0;
	if (parent_is_ssh(&q->parent) && (s == KEY || s == PIN))
		return err_set(e, ERR_DENIED,
		    "this ssh shows what servers ask as its own (it is older "
		    "than 8.5): give it the key by ssh-agent");
	return err_set(e, ERR_DENIED,
	    "the caller is not a program that asks this by itself");
}

/* --- What for --------------------------------------------------------------*/

struct slice
service_path(struct request *q)
{
	struct slice path = part(q->prompt.path),
		     cmdline = { (const unsigned char *)q->parent.cmdline,
			     q->parent.cmdline_len };

	if (path.len == 0 && q->prompt.kind == PROMPT_PIN &&
	    strcmp(parent_program(&q->parent), "ssh-add") == 0 &&
	    parent_provider(cmdline, &path) == -1)
		path = (struct slice){ NULL, 0 };
	return path;
}

static int
check_path(const struct entry *entry, struct request *q, struct err *e)
{
	struct slice path = service_path(q), value, front;
	char shown[160];
	size_t at = 0;

	while (path.len > 0 && record_attr(entry, "path", &at, &value)) {
		front = value;
		if (q->prompt.truncated_path && value.len > OLD_PATH_MAX)
			front.len = OLD_PATH_MAX;
		if (slice_equal(front, path))
			return 0;
	}
	if (path.len == 0)
		return err_set(e, ERR_DENIED,
		    "the prompt does not say which key or token it is for");
	return err_set(e, ERR_DENIED,
	    "the prompt is for \"%s\", and the entry is not; add path= with "
	    "pawl-vault set",
	    text_show(shown, sizeof(shown), path));
}

/* Whether a value of this attribute is t, a part of a URL. */
static bool
has_url_text(const struct entry *entry, const char *key, struct text t,
    bool fold)
{
	struct slice value;
	size_t at = 0;

	while (record_attr(entry, key, &at, &value)) {
		/* git prints paths without the slash in front. */
		if (strcmp(key, "path") == 0 && value.len > 0 &&
		    value.p[0] == '/') {
			value.p++;
			value.len--;
		}
		if (prompt_url_text_is(t, (const char *)value.p, value.len,
			fold))
			return true;
	}
	return false;
}

/* Without one https, so that no secret goes out in the clear by accident. */
static bool
scheme_fits(const struct entry *entry, struct text scheme)
{
	if (record_has(entry, "scheme"))
		return has_url_text(entry, "scheme", scheme, true);
	return prompt_url_text_is(scheme, "https", 5, true);
}

/* That of the URL, or the usual one; empty where that is not known. */
static struct slice
usual_port(struct text scheme)
{
	if (prompt_url_text_is(scheme, "https", 5, true))
		return slice_of("443");
	if (prompt_url_text_is(scheme, "http", 4, true))
		return slice_of("80");
	return (struct slice){ NULL, 0 };
}

static bool
port_fits(const struct entry *entry, const struct prompt *p)
{
	struct slice asked = part(p->port), have;
	size_t at = 0;

	if (asked.len == 0)
		asked = usual_port(p->scheme);
	if (!record_attr(entry, "port", &at, &have))
		have = usual_port(p->scheme);
	return slice_equal(asked, have);
}

static int
check_git(const struct entry *entry, const struct prompt *p, struct err *e)
{
	const char *what = NULL;
	char shown[160];

	if (!scheme_fits(entry, p->scheme))
		what = "scheme";
	else if (!has_url_text(entry, "host", p->host, true))
		what = "host";
	else if (!port_fits(entry, p))
		what = "port";
	else if (p->user.len > 0 &&
	    !has_url_text(entry, "user", p->user, false))
		what = "user";
	else if (record_has(entry, "path") &&
	    !has_url_text(entry, "path", p->path, false))
		what = "path";
	else if (p->kind == PROMPT_GIT_USERNAME && !record_has(entry, "user"))
		return err_set(e, ERR_DENIED,
		    "git asks for a user name, and the entry has none; add "
		    "user= with pawl-vault set");
	if (what == NULL)
		return 0;
	return err_set(e, ERR_DENIED,
	    "git asks for the host \"%s\", and the %s is not the entry's",
	    text_show(shown, sizeof(shown), part(p->host)), what);
}

/* The name of this machine, whole or up to its first dot. */
static bool
is_here(struct slice host, const char *machine)
{
	struct slice name = slice_of(machine);

	if (slice_equal_fold(host, slice_of("localhost")))
		return true;
	if (slice_equal_fold(host, name))
		return name.len > 0;
	name.len = strcspn(machine, ".");
	return name.len > 0 && slice_equal_fold(host, name);
}

static int
check_sudo(const struct entry *entry, struct request *q, struct err *e)
{
	struct slice user = part(q->prompt.user), value;
	bool here = false, his = false;
	size_t at = 0;

	if (user.len == 0)
		return err_set(e, ERR_DENIED,
		    "the prompt does not say whose password it wants; set "
		    "SUDO_PROMPT to '[sudo] password for %%p: '");
	while (record_attr(entry, "host", &at, &value))
		here = here || is_here(value, q->machine);
	at = 0;
	while (record_attr(entry, "user", &at, &value))
		his = his || slice_equal(value, user);
	if (here && his)
		return 0;
	return err_set(e, ERR_DENIED,
	    "sudo asks for a user of this machine, and the entry's %s is "
	    "another; see pawl-vault show",
	    here ? "user" : "host");
}

int
service_check(const struct entry *entry, struct request *q, struct err *e)
{
	const enum service s = service_of(q->prompt.kind);

	if (s == GIT)
		return check_git(entry, &q->prompt, e);
	if (s == SUDO)
		return check_sudo(entry, q, e);
	return check_path(entry, q, e);
}
