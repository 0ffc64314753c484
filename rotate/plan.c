#include <string.h>

#include "io.h"
#include "net/method.h"
#include "plan.h"

#define DAY ((uint64_t)24 * 60 * 60)

static const char prefix[] = "rotate.";

/* What one attribute does to the plan; value is terminated. */
struct setting {
	const char *key;
	int (*set)(struct plan *p, const char *value, struct err *e);
};

static int
copy(char *to, size_t size, const char *value, struct err *e)
{
	size_t len = strlen(value);

	if (len == 0 || len >= size)
		return err_set(e, ERR_CONFIG, "1 to %zu characters", size - 1);
	memcpy(to, value, len + 1);
	return 0;
}

static int
set_host(struct plan *p, const char *value, struct err *e)
{
	return copy(p->host, sizeof(p->host), value, e);
}

static int
copy_path(char *to, size_t size, const char *value, struct err *e)
{
	if (*value != '/')
		return err_set(e, ERR_CONFIG, "an absolute path");
	return copy(to, size, value, e);
}

static int
set_ca_file(struct plan *p, const char *value, struct err *e)
{
	return copy_path(p->ca_file, sizeof(p->ca_file), value, e);
}

static int
set_cert(struct plan *p, const char *value, struct err *e)
{
	return copy_path(p->cert, sizeof(p->cert), value, e);
}

static int
set_cert_key(struct plan *p, const char *value, struct err *e)
{
	return copy_path(p->cert_key, sizeof(p->cert_key), value, e);
}

static int
set_exec(struct plan *p, const char *value, struct err *e)
{
	return copy_path(p->program, sizeof(p->program), value, e);
}

static int
set_pin(struct plan *p, const char *value, struct err *e)
{
	if (strncmp(value, "sha256//", 8) != 0)
		return err_set(e, ERR_CONFIG, "sha256// and base64");
	return copy(p->pin, sizeof(p->pin), value, e);
}

static int
set_number(const char *value, uint64_t min, uint64_t max, uint64_t *to,
    struct err *e)
{
	if (parse_number(value, min, max, to, e) == 0)
		return 0;
	e->kind = ERR_CONFIG;
	return -1;
}

static int
set_port(struct plan *p, const char *value, struct err *e)
{
	uint64_t n = 0;

	if (set_number(value, 1, 65535, &n, e) == -1)
		return -1;
	p->port = (uint16_t)n;
	return 0;
}

static int
set_revoke_after(struct plan *p, const char *value, struct err *e)
{
	uint64_t n = 0;

	/* With 1 the first bad login would revoke: no proof is possible. */
	if (set_number(value, 2, 100, &n, e) == -1)
		return -1;
	p->revoke_after = (uint32_t)n;
	return 0;
}

static int
set_duration(const char *value, uint64_t *to, struct err *e)
{
	if (parse_duration(value, to, e) == 0)
		return 0;
	e->kind = ERR_CONFIG;
	return -1;
}

static int
set_every(struct plan *p, const char *value, struct err *e)
{
	return set_duration(value, &p->every, e);
}

static int
set_min_age(struct plan *p, const char *value, struct err *e)
{
	return set_duration(value, &p->min_age, e);
}

static int
set_jitter(struct plan *p, const char *value, struct err *e)
{
	return set_duration(value, &p->jitter, e);
}

static int
set_window(struct plan *p, const char *value, struct err *e)
{
	if (window_parse(&p->windows, value, e) == 0)
		return 0;
	e->kind = ERR_CONFIG;
	return -1;
}

static int
set_pair(struct plan *p, const char *value, struct err *e)
{
	return copy(p->pair, sizeof(p->pair), value, e);
}

static int
set_hook(struct plan *p, const char *value, struct err *e)
{
	return copy_path(p->hook, sizeof(p->hook), value, e);
}

static int
set_drain(struct plan *p, const char *value, struct err *e)
{
	return set_duration(value, &p->drain, e);
}

static int
set_timeout(struct plan *p, const char *value, struct err *e)
{
	uint64_t seconds = 0;

	if (set_duration(value, &seconds, e) == -1)
		return -1;
	if (seconds < 1 || seconds > 3600)
		return err_set(e, ERR_CONFIG, "1s to 1h");
	p->timeout = (uint16_t)seconds;
	return 0;
}

static int
set_method(struct plan *p, const char *value, struct err *e)
{
	return method_named(&p->method, value, e);
}

static int
set_tls(struct plan *p, const char *value, struct err *e)
{
	if (strcmp(value, "explicit") == 0)
		p->tls = MESSAGE_TLS_EXPLICIT;
	else if (strcmp(value, "implicit") == 0)
		p->tls = MESSAGE_TLS_IMPLICIT;
	else if (strcmp(value, "zos-implicit") == 0)
		p->tls = MESSAGE_TLS_ZOS_IMPLICIT;
	else
		return err_set(e, ERR_CONFIG,
		    "explicit, implicit or zos-implicit");
	return 0;
}

static int
set_policy(struct plan *p, const char *value, struct err *e)
{
	if (policy_named(&p->policy, value, e) == 0)
		return 0;
	e->kind = ERR_CONFIG;
	return -1;
}

static const struct setting settings[] = {
	{ "rotate.host", set_host },
	{ "rotate.port", set_port },
	{ "rotate.method", set_method },
	{ "rotate.tls", set_tls },
	{ "rotate.policy", set_policy },
	{ "rotate.every", set_every },
	{ "rotate.min-age", set_min_age },
	{ "rotate.jitter", set_jitter },
	{ "rotate.window", set_window },
	{ "rotate.pair", set_pair },
	{ "rotate.hook", set_hook },
	{ "rotate.revoke-after", set_revoke_after },
	{ "rotate.drain", set_drain },
	{ "rotate.timeout", set_timeout },
	{ "rotate.ca-file", set_ca_file },
	{ "rotate.pin", set_pin },
	{ "rotate.cert", set_cert },
	{ "rotate.cert-key", set_cert_key },
	{ "rotate.exec", set_exec },
};

static int
apply(struct plan *p, const struct record_attr *attr, struct err *e)
{
	char key[RECORD_KEY_MAX + 1], value[RECORD_VALUE_MAX + 1];
	size_t i;

	if (slice_text(attr->key, key, sizeof(key)) == -1 ||
	    slice_text(attr->value, value, sizeof(value)) == -1)
		return err_set(e, ERR_CONFIG, "an attribute is too long");
	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (strcmp(settings[i].key, key) != 0)
			continue;
		if (settings[i].set(p, value, e) == -1)
			return err_in(e, "%s=%s is not what it may be", key,
			    value);
		return 0;
	}
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
