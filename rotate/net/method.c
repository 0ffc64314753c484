#include <string.h>

#include <sodium.h>

#include "method.h"

/* Room for the punctuation of a change, its verbs and what ends it. */
#define EXTRA 32
#define BASE64(n) sodium_base64_ENCODED_LEN(n, sodium_base64_VARIANT_ORIGINAL)

static const struct known {
	enum message_method number;
	const struct method *method;
} known[] = {
	{ MESSAGE_ZOS_PASS, &method_zos },
	{ MESSAGE_SITE_PSWD, &method_servu },
	{ MESSAGE_CPWD, &method_cpwd },
	{ MESSAGE_SITE_CPWD, &method_site_cpwd },
	{ MESSAGE_WSFTP_EXPIRED, &method_wsftp },
	{ MESSAGE_CHPWD, &method_axway },
	{ MESSAGE_EXEC, &method_exec },
	{ MESSAGE_SSH_PAM, &method_ssh_pam },
};

const struct method *
method_of(enum message_method method)
{
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].number == method)
			return known[i].method;
	return NULL;
}

int
method_named(enum message_method *methodp, const char *name, struct err *e)
{
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].method->name, name) == 0) {
			*methodp = known[i].number;
			return 0;
		}
	return err_set(e, ERR_CONFIG,
	    "zos-pass, site-pswd, cpwd, site-cpwd, wsftp-expired, chpwd, exec "
	    "or ssh-pam");
}

/* Nothing that ends a command, and nothing that a server may translate. */
static bool
is_sendable(struct slice s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.p[i] < 0x21 || s.p[i] > 0x7e)
			return false;
	return true;
}

/* Nothing that ends a line. */
static bool
is_one_line(struct slice s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return true;
}

static int
check_password(const struct method *m, const char *which,
    const struct secret *s, struct err *e)
{
	size_t i;

	if (m->runs && !is_one_line(secret_slice(s)))
		return err_set(e, ERR_USAGE,
		    "the %s password holds a control character: %s cannot "
		    "carry it",
		    which, m->name);
	if (!m->runs && !is_sendable(secret_slice(s)))
		return err_set(e, ERR_USAGE,
		    "the %s password holds a blank, a "
		    "control character or a byte beyond ASCII: FTP cannot "
		    "carry it",
		    which);
	for (i = 0; m->reserved[i] != '\0'; i++)
		if (memchr(s->data, m->reserved[i], s->len) != NULL)
			return err_set(e, ERR_USAGE,
			    "the %s password holds %c, which %s takes for a "
			    "separator; rotate it with another method, or by "
			    "hand",
			    which, m->reserved[i], m->name);
	if (m->check != NULL && m->check(secret_slice(s), e) == -1)
		return err_in(e, "the %s password cannot be sent", which);
	return 0;
}

int
method_check(const struct method *m, const char *user,
    const struct secret *current, const struct secret *fresh, struct err *e)
{
	if (!is_sendable(slice_of(user)))
		return err_set(e, ERR_USAGE,
		    "the user name holds a blank, a "
		    "control character or a byte beyond ASCII");
	if (check_password(m, "current", current, e) == -1)
		return -1;
	if (fresh == NULL)
		return 0;
	if (check_password(m, "new", fresh, e) == -1)
		return -1;
	if (m->phrase != 0 &&
	    (current->len >= m->phrase) != (fresh->len >= m->phrase))
		return err_set(e, ERR_USAGE,
		    "the new password is a %s and the current one is not: "
		    "%s changes a password to a password (1 to %zu "
		    "characters) and a phrase to a phrase; set rotate.policy",
		    fresh->len >= m->phrase ? "phrase" : "short password",
		    m->name, m->phrase - 1);
	return 0;
}

static int
append_base64(struct secret *to, struct slice s, struct err *e)
{
	size_t size = BASE64(s.len);

	if (to->cap - to->len < size)
		return err_set(e, ERR_IO, "no room for base64");
	(void)sodium_bin2base64((char *)to->data + to->len, size, s.p, s.len,
	    sodium_base64_VARIANT_ORIGINAL);
	to->len += size - 1;
	return 0;
}

/* What the letter behind a % stands for. */
static int
append_part(struct secret *to, char letter, const struct message_request *r,
    struct err *e)
{
	switch (letter) {
	case 'o':
		return secret_append(to, r->current->data, r->current->len, e);
	case 'n':
		return secret_append(to, r->fresh->data, r->fresh->len, e);
	case 'U':
		return append_base64(to, slice_of(r->user), e);
	case 'O':
		return append_base64(to, secret_slice(r->current), e);
	case 'N':
		return append_base64(to, secret_slice(r->fresh), e);
	default:
		return err_set(e, ERR_USAGE, "no such part of a method");
	}
}

static int
append_pattern(struct secret *to, const char *p,
    const struct message_request *r, struct err *e)
{
	for (; *p != '\0'; p++) {
		if (*p != '%') {
			if (secret_append(to, p, 1, e) == -1)
				return -1;
		} else if (append_part(to, *++p, r, e) == -1) {
			return -1;
		}
	}
	return 0;
}

static struct secret *
compose(const struct method *m, const char *pattern, struct slice end,
    const struct message_request *r, struct err *e)
{
	struct secret *to = NULL;

	if (method_check(m, r->user, r->current, r->fresh, e) == -1)
		return NULL;
	to = secret_new(BASE64(MESSAGE_USER_MAX) +
		3 * BASE64(MESSAGE_PASSWORD_MAX) + EXTRA,
	    e);
	if (to == NULL)
		return NULL;
	if (append_pattern(to, pattern, r, e) == -1 ||
	    secret_append(to, end.p, end.len, e) == -1) {
		secret_free(to);
		return NULL;
	}
	return to;
}

struct secret *
method_pass(const struct method *m, const struct message_request *r,
    struct err *e)
{
	static const unsigned char nul[1] = { 0 };
	const char *pattern = r->what == MESSAGE_CHANGE ? m->pass : "%o";

	return compose(m, pattern, (struct slice){ nul, sizeof(nul) }, r, e);
}

struct secret *
method_command(const struct method *m, const struct message_request *r,
    struct err *e)
{
	static const unsigned char crlf[2] = { 0x0d, 0x0a };

	return compose(m, m->command, (struct slice){ crlf, sizeof(crlf) }, r,
	    e);
}

struct secret *
method_hidden(const struct message_request *r, size_t i, struct err *e)
{
	const struct secret *password = i % 2 == 0 ? r->current : r->fresh;
	struct secret *to = secret_new(BASE64(MESSAGE_PASSWORD_MAX), e);

	if (to == NULL || password == NULL)
		return to;
	if ((i < 2 ? secret_set(to, password->data, password->len, e) :
		     append_base64(to, secret_slice(password), e)) == -1) {
		secret_free(to);
		return NULL;
	}
	/* How base64 ends depends on what follows. */
	while (i >= 2 && to->len > 0 && to->data[to->len - 1] == '=')
		to->len--;
	return to;
}
