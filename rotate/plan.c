#include <stddef.h>
#include <string.h>

#include "attr.h"
#include "net/method.h"
#include "plan.h"

#define DAY ((uint64_t)24 * 60 * 60)

static const char prefix[] = "rotate.";

/* What one attribute does to the plan. */
struct setting {
	const char *key;
	/* It is copied to a text of the plan, */
	size_t at;
	size_t size;
	/* or, where there is none, this is called with the value, which is
	 * terminated and may be had, and the number it comes to (attr.h). */
	int (*set)(struct plan *p, const char *value, uint64_t number,
	    struct err *e);
};

#define TEXT(member) \
	.at = offsetof(struct plan, member), \
	.size = sizeof(((struct plan *)NULL)->member)

/* attr.h sees to it that it fits. */
static int
copy(char *to, size_t size, const char *value, struct err *e)
{
	size_t len = strlen(value);

	if (len >= size)
		return err_set(e, ERR_CONFIG, "1 to %zu characters", size - 1);
	memcpy(to, value, len + 1);
	return 0;
}

static int
set_port(struct plan *p, const char *value, uint64_t number, struct err *e)
{
	(void)value;
	(void)e;
	p->port = (uint16_t)number;
	return 0;
}

static int
set_revoke_after(struct plan *p, const char *value, uint64_t number,
    struct err *e)
{
	(void)value;
	(void)e;
	p->revoke_after = (uint32_t)number;
	return 0;
}

static int
set_per_host(struct plan *p, const char *value, uint64_t number, struct err *e)
{
	(void)value;
	(void)e;
	p->per_host = (unsigned int)number;
	return 0;
}

static int
set_every(struct plan *p, const char *value, uint64_t number, struct err *e)
{
	(void)value;
	(void)e;
	p->every = number;
	return 0;
}

static int
set_min_age(struct plan *p, const char *value, uint64_t number, struct err *e)
{
	(void)value;
	(void)e;
	p->min_age = number;
	return 0;
}

static int
set_jitter(struct plan *p, const char *value, uint64_t number, struct err *e)
{
	(void)value;
	(void)e;
	p->jitter = number;
	return 0;
}

static int
set_drain(struct plan *p, const char *value, uint64_t number, struct err *e)
{
	(void)value;
	(void)e;
	p->drain = number;
	return 0;
}

static int
set_settle(struct plan *p, const char *value, uint64_t number, struct err *e)
{
	(void)value;
	(void)e;
	p->settle = number;
	return 0;
}

static int
set_timeout(struct plan *p, const char *value, uint64_t number, struct err *e)
{
	(void)value;
	(void)e;
	p->timeout = (uint16_t)number;
	return 0;
}

static int
set_window(struct plan *p, const char *value, uint64_t number, struct err *e)
{
	(void)number;
	return window_parse(&p->windows, value, e);
}

static int
set_method(struct plan *p, const char *value, uint64_t number, struct err *e)
{
	(void)number;
	return method_named(&p->method, value, e);
}

/* In the order of the words in attr.c. */
_Static_assert(MESSAGE_TLS_EXPLICIT == 1 && MESSAGE_TLS_IMPLICIT == 2 &&
	MESSAGE_TLS_ZOS_IMPLICIT == 3,
    "rotate.tls");

static int
set_tls(struct plan *p, const char *value, uint64_t number, struct err *e)
{
	(void)value;
	(void)e;
	p->tls = (enum message_tls)number;
	return 0;
}

static int
set_policy(struct plan *p, const char *value, uint64_t number, struct err *e)
{
	(void)number;
	return policy_named(&p->policy, value, e);
}

static const struct setting settings[] = {
	{ "rotate.host", TEXT(host) },
	{ "rotate.port", .set = set_port },
	{ "rotate.method", .set = set_method },
	{ "rotate.tls", .set = set_tls },
	{ "rotate.policy", .set = set_policy },
	{ "rotate.every", .set = set_every },
	{ "rotate.min-age", .set = set_min_age },
	{ "rotate.jitter", .set = set_jitter },
	{ "rotate.window", .set = set_window },
	{ "rotate.pair", TEXT(pair) },
	{ "rotate.hook", TEXT(hook) },
	{ "rotate.revoke-after", .set = set_revoke_after },
	{ "rotate.drain", .set = set_drain },
	{ "rotate.per-host", .set = set_per_host },
	{ "rotate.settle", .set = set_settle },
	{ "rotate.timeout", .set = set_timeout },
	{ "rotate.ca-file", TEXT(ca_file) },
	{ "rotate.pin", TEXT(pin) },
	{ "rotate.cert", TEXT(cert) },
	{ "rotate.cert-key", TEXT(cert_key) },
	{ "rotate.exec", TEXT(program) },
};

static int
use(struct plan *p, const struct setting *s, const char *value, struct err *e)
{
	uint64_t number = 0;
	int rv = attr_read(slice_of(s->key), value, &number, e);

	if (rv == 0 && s->set == NULL)
		rv = copy((char *)p + s->at, s->size, value, e);
	else if (rv == 0)
		rv = s->set(p, value, number, e);
	if (rv == 0)
		return 0;
	e->kind = ERR_CONFIG;
	return err_in(e, "%s=%s is not what it may be", s->key, value);
}

static int
apply(struct plan *p, const struct record_attr *attr, struct err *e)
{
	char key[RECORD_KEY_MAX + 1], value[RECORD_VALUE_MAX + 1];
	size_t i;

	if (slice_text(attr->key, key, sizeof(key)) == -1 ||
	    slice_text(attr->value, value, sizeof(value)) == -1)
		return err_set(e, ERR_CONFIG, "an attribute is too long");
	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (strcmp(settings[i].key, key) == 0)
			return use(p, &settings[i], value, e);
	return err_set(e, ERR_CONFIG,
	    "%s: no such setting of a rotation; see pawl-rotate(1)", key);
}

static int
first(const struct entry *entry, const char *key, char *to, size_t size,
    struct err *e)
{
	struct slice value;
	size_t at = 0;

	if (!record_attr(entry, key, &at, &value))
		return err_set(e, ERR_CONFIG,
		    "it has no %s; add one with "
		    "pawl-vault set",
		    key);
	if (slice_text(value, to, size) == -1)
		return err_set(e, ERR_CONFIG, "its %s is too long", key);
	return 0;
}

static int
defaults(struct plan *p, struct err *e)
{
	memset(p, 0, sizeof(*p));
	p->timeout = 60;
	p->revoke_after = 3;
	p->every = 30 * DAY;
	p->min_age = DAY;
	p->drain = 120;
	p->settle = 120;
	return policy_named(&p->policy, "racf", e);
}

/* What would mean nothing must not be thought to protect anything. */
static int
refuse_tls(const struct plan *p, struct err *e)
{
	const char *name = method_of(p->method)->name, *key = NULL;

	if (p->tls != 0)
		key = "rotate.tls";
	else if (p->ca_file[0] != '\0')
		key = "rotate.ca-file";
	else if (p->pin[0] != '\0')
		key = "rotate.pin";
	else if (p->cert[0] != '\0' || p->cert_key[0] != '\0')
		key = "rotate.cert";
	if (key == NULL)
		return 0;
	return err_set(e, ERR_CONFIG,
	    "it has a %s, which means nothing to rotate.method=%s", key, name);
}

static int
complete_program(struct plan *p, struct err *e)
{
	if (p->method == MESSAGE_EXEC && p->program[0] == '\0')
		return err_set(e, ERR_CONFIG,
		    "it has no rotate.exec; add one with pawl-vault set");
	if (p->method != MESSAGE_EXEC && p->program[0] != '\0')
		return err_set(e, ERR_CONFIG,
		    "it has a rotate.exec, which needs rotate.method=exec");
	return method_of(p->method)->runs ? refuse_tls(p, e) : 0;
}

/* What follows from the rest. */
static int
complete(struct plan *p, struct err *e)
{
	if (complete_program(p, e) == -1)
		return -1;
	if (p->tls == 0)
		p->tls = MESSAGE_TLS_EXPLICIT;
	if (p->port == 0 && p->method == MESSAGE_SSH_PAM)
		p->port = 22;
	if (p->port == 0 && p->method != MESSAGE_EXEC)
		p->port = p->tls == MESSAGE_TLS_EXPLICIT ? 21 : 990;
	if (p->cert[0] == '\0' && p->cert_key[0] != '\0')
		return err_set(e, ERR_CONFIG,
		    "it has a rotate.cert-key and no rotate.cert");
	if (p->jitter > 0 && p->jitter >= p->every)
		return err_set(e, ERR_CONFIG,
		    "its rotate.jitter must be shorter than its rotate.every");
	if (p->cert_key[0] == '\0')
		memcpy(p->cert_key, p->cert, sizeof(p->cert_key));
	return 0;
}

bool
plan_wanted(const struct entry *entry)
{
	struct slice value;
	size_t at = 0;

	return record_attr(entry, "rotate.method", &at, &value);
}

int
plan_read(struct plan *p, const struct entry *entry, struct err *e)
{
	size_t i, n = sizeof(prefix) - 1;

	if (defaults(p, e) == -1 ||
	    first(entry, "user", p->user, sizeof(p->user), e) == -1)
		return -1;
	for (i = 0; i < entry->nattrs; i++) {
		if (entry->attrs[i].key.len > n &&
		    memcmp(entry->attrs[i].key.p, prefix, n) == 0 &&
		    apply(p, &entry->attrs[i], e) == -1)
			return -1;
	}
	if (p->host[0] == '\0' &&
	    first(entry, "host", p->host, sizeof(p->host), e) == -1)
		return -1;
	if (p->method == 0)
		return err_set(e, ERR_CONFIG,
		    "it has no rotate.method; add one with pawl-vault set");
	return complete(p, e);
}

const char *
plan_doubt(const struct plan *p)
{
	/* RACF's passwords and those of old Unix end there. */
	const size_t usual = 8;

	if (p->policy.length > usual)
		return " (the server said yes: it may have cut the new one to "
		       "8 characters, or folded it to upper case)";
	if (strchr(p->policy.inner, 'a') != NULL)
		return " (the server said yes: it may have folded the new one "
		       "to upper case)";
	return "";
}

void
plan_request(const struct plan *p, enum message_what what,
    struct message_request *m)
{
	memset(m, 0, sizeof(*m));
	m->what = what;
	m->method = p->method;
	m->tls = p->tls;
	m->port = p->port;
	m->connect_timeout = p->timeout;
	m->reply_timeout = p->timeout;
	memcpy(m->host, p->host, sizeof(m->host));
	memcpy(m->user, p->user, sizeof(m->user));
	memcpy(m->ca_file, p->ca_file, sizeof(m->ca_file));
	memcpy(m->pin, p->pin, sizeof(m->pin));
	memcpy(m->cert, p->cert, sizeof(m->cert));
	memcpy(m->cert_key, p->cert_key, sizeof(m->cert_key));
	memcpy(m->program, p->program, sizeof(m->program));
}
