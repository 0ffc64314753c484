#include <string.h>

#include "method.h"

/* Room for the punctuation of a change and the final NUL. */
#define EXTRA 16

const struct method *
method_of(enum message_method method)
{
	switch (method) {
	case MESSAGE_ZOS_PASS:
		return &method_zos;
	}
	return NULL;
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

static int
check_password(const struct method *m, const char *which,
    const struct secret *s, struct err *e)
{
	size_t i;

	if (!is_sendable(secret_slice(s)))
		return err_set(e, ERR_USAGE,
		    "the %s password holds a blank, a "
		    "control character or a byte beyond ASCII: FTP cannot "
		    "carry it",
		    which);
	for (i = 0; m->reserved[i] != '\0'; i++)
		if (memchr(s->data, m->reserved[i], s->len) != NULL)
			return err_set(e, ERR_USAGE,
			    "the %s password holds "
			    "one of \"%s\", which %s takes for separators",
			    which, m->reserved, m->name);
	return 0;
}

static int
check(const struct method *m, const struct message_request *r, struct err *e)
{
	if (!is_sendable(slice_of(r->user)))
		return err_set(e, ERR_USAGE,
		    "the user name holds a blank, a "
		    "control character or a byte beyond ASCII");
	if (check_password(m, "current", r->current, e) == -1)
		return -1;
	if (r->fresh == NULL)
		return 0;
	return check_password(m, "new", r->fresh, e);
}

static int
compose(const struct method *m, const struct message_request *r,
    struct secret *to, struct err *e)
{
	const char *p = r->fresh == NULL ? "%o" : m->change;
	const struct secret *part = NULL;
	int rv = 0;

	for (; *p != '\0' && rv == 0; p++) {
		if (*p != '%') {
			rv = secret_append(to, p, 1, e);
			continue;
		}
		p++;
		part = *p == 'n' ? r->fresh : r->current;
		rv = secret_append(to, part->data, part->len, e);
	}
	return rv == 0 ? secret_append(to, "", 1, e) : -1;
}

struct secret *
method_pass(const struct method *m, const struct message_request *r,
    struct err *e)
{
	struct secret *to = NULL;

	if (check(m, r, e) == -1)
		return NULL;
	if ((to = secret_new(3 * MESSAGE_PASSWORD_MAX + EXTRA, e)) == NULL)
		return NULL;
	if (compose(m, r, to, e) == -1) {
		secret_free(to);
		return NULL;
	}
	return to;
}
