#include <sys/types.h>
#include <sys/uio.h>

#include <errno.h>
#include <string.h>

#include "io.h"
#include "message.h"

/* The first byte of a message: what it is, in which version of this file. */
#define KIND_REQUEST 0x51
#define KIND_RESULT 0x52

/* Any value would do; another means that the two are out of step. */
static const unsigned char go = 0xa5;

static int
bad(struct err *e, const char *what)
{
	return err_set(e, ERR_USAGE, "message to or from pawl-rotate-net: %s",
	    what);
}

/* Text that is terminated within its size bytes, and min bytes at least. */
static bool
is_text(const char *text, size_t size, size_t min)
{
	size_t len = strnlen(text, size);

	return len >= min && len < size;
}

static bool
is_password(const struct secret *s)
{
	return s != NULL && s->len >= 1 && s->len <= MESSAGE_PASSWORD_MAX;
}

static int
check_passwords(const struct message_request *r, struct err *e)
{
	if (r->what == MESSAGE_LOOK) {
		if (r->current != NULL || r->fresh != NULL)
			return bad(e, "a password where none is needed");
		return 0;
	}
	if (!is_password(r->current))
		return bad(e, "no current password, or too long");
	if (r->what == MESSAGE_LOGIN && r->fresh != NULL)
		return bad(e, "a new password in a mere login");
	if (r->what == MESSAGE_CHANGE && !is_password(r->fresh))
		return bad(e, "no new password, or too long");
	return 0;
}

/* What both sides insist on; the enums are known to be in range. */
static int
check_request(const struct message_request *r, struct err *e)
{
	if (r->port == 0 && r->method != MESSAGE_EXEC)
		return bad(e, "no port");
	if (r->connect_timeout == 0 || r->reply_timeout == 0)
		return bad(e, "no timeout");
	if (!is_text(r->host, sizeof(r->host), 1))
		return bad(e, "no host, or too long");
	if (!is_text(r->user, sizeof(r->user), 1))
		return bad(e, "no user, or too long");
	if (!is_text(r->ca_file, sizeof(r->ca_file), 0))
		return bad(e, "name of the CA file too long");
	if (!is_text(r->pin, sizeof(r->pin), 0))
		return bad(e, "pin too long");
	if (!is_text(r->cert, sizeof(r->cert), 0) ||
	    !is_text(r->cert_key, sizeof(r->cert_key), 0))
		return bad(e, "name of a certificate's file too long");
	if ((r->cert[0] == '\0') != (r->cert_key[0] == '\0'))
		return bad(e, "a certificate without a key, or the reverse");
	if (!is_text(r->program, sizeof(r->program), 0) ||
	    (r->method == MESSAGE_EXEC ? r->program[0] != '/' :
					 r->program[0] != '\0'))
		return bad(e, "no program, or one too many");
	return check_passwords(r, e);
}

static bool
is_what(unsigned int v)
{
	return v >= MESSAGE_LOGIN && v <= MESSAGE_LOOK;
}

static bool
is_method(unsigned int v)
{
	return v >= MESSAGE_ZOS_PASS && v <= MESSAGE_SSH_PAM;
}

static bool
is_tls(unsigned int v)
{
	return v >= MESSAGE_TLS_EXPLICIT && v <= MESSAGE_TLS_ZOS_IMPLICIT;
}

static bool
is_no(unsigned int code)
{
	return code >= 400 && code <= 599 && code != 421;
}

/* Whether outcome, reason and code can be true of one attempt. */
static bool
is_consistent(const struct message_result *r)
{
	bool reason = r->reason != MESSAGE_REASON_NONE;

	if (r->code != 0 && (r->code < 100 || r->code > 999))
		return false;
	switch (r->outcome) {
	case MESSAGE_NOT_SENT:
		return reason && r->code == 0;
	case MESSAGE_ACCEPTED:
		return !reason && r->code >= 200 && r->code <= 299 &&
		    r->code != 202;
	case MESSAGE_REFUSED:
	case MESSAGE_EXPIRED:
		return !reason && is_no(r->code);
	case MESSAGE_UNKNOWN:
		return !reason;
	case MESSAGE_SEEN:
		return !reason && r->code == 0;
	}
	return false;
}

static int
check_result(const struct message_result *r, struct err *e)
{
	size_t i, len = strnlen(r->reply, sizeof(r->reply));

	if (len == sizeof(r->reply))
		return bad(e, "reply too long");
	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)r->reply[i];

		if (c != 0x0a && (c < 0x20 || c > 0x7e))
			return bad(e, "reply not printable");
	}
	if (r->reason > MESSAGE_REASON_INTERNAL || !is_consistent(r))
		return bad(e, "a result that contradicts itself");
	return 0;
}

static int
put_bytes(struct secret *to, const void *p, size_t len, struct err *e)
{
	unsigned char head[2];

	put_u16(head, (uint16_t)len);
	if (secret_append(to, head, sizeof(head), e) == -1)
		return -1;
	return secret_append(to, p, len, e);
}

static int
put_text(struct secret *to, const char *text, struct err *e)
{
	return put_bytes(to, text, strlen(text), e);
}

static int
put_secret(struct secret *to, const struct secret *s, struct err *e)
{
	if (s == NULL)
		return put_bytes(to, "", 0, e);
	return put_bytes(to, s->data, s->len, e);
}

int
message_put_request(struct secret *to, const struct message_request *r,
    struct err *e)
{
	unsigned char head[10] = { KIND_REQUEST, (unsigned char)r->what,
		(unsigned char)r->method, (unsigned char)r->tls };

	if (!is_what(r->what) || !is_method(r->method) || !is_tls(r->tls))
		return bad(e, "unknown kind of request");
	if (check_request(r, e) == -1)
		return -1;
	put_u16(head + 4, r->port);
	put_u16(head + 6, r->connect_timeout);
	put_u16(head + 8, r->reply_timeout);
	if (secret_set(to, head, sizeof(head), e) == -1 ||
	    put_text(to, r->host, e) == -1 || put_text(to, r->user, e) == -1 ||
	    put_text(to, r->ca_file, e) == -1 ||
	    put_text(to, r->pin, e) == -1 || put_text(to, r->cert, e) == -1 ||
	    put_text(to, r->cert_key, e) == -1 ||
	    put_text(to, r->program, e) == -1 ||
	    put_secret(to, r->current, e) == -1 ||
	    put_secret(to, r->fresh, e) == -1)
		return -1;
	return 0;
}

static int
take_u16(struct cursor *c, uint16_t *to)
{
	unsigned char raw[2];

	if (take(c, raw, sizeof(raw)) == -1)
		return -1;
	*to = get_u16(raw);
	return 0;
}

static int
take_bytes(struct cursor *c, struct slice *to)
{
	uint16_t len = 0;

	if (take_u16(c, &len) == -1)
		return -1;
	return take_slice(c, to, len);
}

static int
take_text(struct cursor *c, char *buf, size_t size)
{
	struct slice s;

	if (take_bytes(c, &s) == -1)
		return -1;
	return slice_text(s, buf, size);
}

/* *sp becomes a new secret, or NULL where there are no bytes. */
static int
take_secret(struct cursor *c, struct secret **sp, struct err *e)
{
	struct slice s;

	*sp = NULL;
	if (take_bytes(c, &s) == -1)
		return bad(e, "cut short");
	if (s.len == 0)
		return 0;
	if ((*sp = secret_new(s.len, e)) == NULL)
		return -1;
	return secret_set(*sp, s.p, s.len, e);
}

static int
take_request(struct message_request *r, struct cursor *c, struct err *e)
{
	unsigned char head[4];

	if (take(c, head, sizeof(head)) == -1 || head[0] != KIND_REQUEST)
		return bad(e, "not a request of this version");
	if (!is_what(head[1]) || !is_method(head[2]) || !is_tls(head[3]))
		return bad(e, "unknown kind of request");
	r->what = (enum message_what)head[1];
	r->method = (enum message_method)head[2];
	r->tls = (enum message_tls)head[3];
	if (take_u16(c, &r->port) == -1 ||
	    take_u16(c, &r->connect_timeout) == -1 ||
	    take_u16(c, &r->reply_timeout) == -1 ||
	    take_text(c, r->host, sizeof(r->host)) == -1 ||
	    take_text(c, r->user, sizeof(r->user)) == -1 ||
	    take_text(c, r->ca_file, sizeof(r->ca_file)) == -1 ||
	    take_text(c, r->pin, sizeof(r->pin)) == -1 ||
	    take_text(c, r->cert, sizeof(r->cert)) == -1 ||
	    take_text(c, r->cert_key, sizeof(r->cert_key)) == -1 ||
	    take_text(c, r->program, sizeof(r->program)) == -1)
		return bad(e, "cut short, or a text too long");
	if (take_secret(c, &r->current, e) == -1 ||
	    take_secret(c, &r->fresh, e) == -1)
		return -1;
	if (c->left != 0)
		return bad(e, "bytes after the end");
	return check_request(r, e);
}

int
message_get_request(struct message_request *r, struct slice from, struct err *e)
{
	struct cursor c = { from.p, from.len };

	memset(r, 0, sizeof(*r));
	if (take_request(r, &c, e) == -1) {
		message_free_request(r);
		return -1;
	}
	return 0;
}

void
message_free_request(struct message_request *r)
{
	secret_free(r->current);
	secret_free(r->fresh);
	r->current = NULL;
	r->fresh = NULL;
}

int
message_put_result(struct secret *to, const struct message_result *r,
    struct err *e)
{
	unsigned char head[5] = { KIND_RESULT, (unsigned char)r->outcome,
		(unsigned char)r->reason };

	if (check_result(r, e) == -1)
		return -1;
	put_u16(head + 3, r->code);
	if (secret_set(to, head, sizeof(head), e) == -1)
		return -1;
	return put_text(to, r->reply, e);
}

int
message_get_result(struct message_result *r, struct slice from, struct err *e)
{
	struct cursor c = { from.p, from.len };
	unsigned char head[3];

	memset(r, 0, sizeof(*r));
	if (take(&c, head, sizeof(head)) == -1 || head[0] != KIND_RESULT)
		return bad(e, "not a result of this version");
	if (head[1] < MESSAGE_NOT_SENT || head[1] > MESSAGE_SEEN ||
	    head[2] > MESSAGE_REASON_INTERNAL)
		return bad(e, "unknown kind of result");
	r->outcome = (enum message_outcome)head[1];
	r->reason = (enum message_reason)head[2];
	if (take_u16(&c, &r->code) == -1 ||
	    take_text(&c, r->reply, sizeof(r->reply)) == -1)
		return bad(e, "cut short, or a reply too long");
	if (c.left != 0)
		return bad(e, "bytes after the end");
	return check_result(r, e);
}

/* Both at once, where that is possible: whoever reads the first has to be able
 * to read the second. */
static int
write_both(int fd, unsigned char *head, size_t size, const struct secret *m)
{
	struct iovec parts[2] = { { head, size }, { m->data, m->len } };
	ssize_t n;

	do {
		n = writev(fd, parts, 2);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		return -1;
	if ((size_t)n < size)
		return write_all(fd, head + n, size - (size_t)n) == -1 ||
			write_all(fd, m->data, m->len) == -1 ?
		    -1 :
		    0;
	n -= (ssize_t)size;
	return write_all(fd, m->data + n, m->len - (size_t)n);
}

int
message_send(int fd, const struct secret *m, struct err *e)
{
	unsigned char head[4];

	if (m->len == 0 || m->len > MESSAGE_MAX)
		return bad(e, "empty, or too long");
	put_u32(head, (uint32_t)m->len);
	if (write_both(fd, head, sizeof(head), m) == -1)
		return err_sys(e, ERR_IO, "message to or from pawl-rotate-net");
	return 0;
}

/* Exactly len bytes.  at_end says what it means if there are none at all. */
static int
receive(int fd, void *to, size_t len, const char *at_end, struct err *e)
{
	ssize_t n = read_full(fd, to, len);

	if (n == -1)
		return err_sys(e, ERR_IO, "message to or from pawl-rotate-net");
	if ((size_t)n < len)
		return err_set(e, ERR_IO,
		    "message to or from pawl-rotate-net: %s",
		    n == 0 ? at_end : "cut short");
	return 0;
}

int
message_receive(int fd, struct secret *m, struct err *e)
{
	unsigned char head[4];
	uint32_t len;

	if (secret_set(m, "", 0, e) == -1 ||
	    receive(fd, head, sizeof(head), "the other side has ended", e) ==
		-1)
		return -1;
	len = get_u32(head);
	if (len == 0 || len > MESSAGE_MAX || len > m->cap)
		return err_set(e, ERR_IO,
		    "message to or from pawl-rotate-net: "
		    "its length cannot be right");
	if (receive(fd, m->data, len, "cut short", e) == -1)
		return -1;
	m->len = len;
	return 0;
}

int
message_send_go(int fd, struct err *e)
{
	if (write_all(fd, &go, sizeof(go)) == -1)
		return err_sys(e, ERR_IO, "message to or from pawl-rotate-net");
	return 0;
}

int
message_wait_go(int fd, struct err *e)
{
	unsigned char c;

	if (receive(fd, &c, sizeof(c), "the other side has ended", e) == -1)
		return -1;
	if (c != go)
		return err_set(e, ERR_IO,
		    "message to or from pawl-rotate-net: another byte than "
		    "was to come");
	return 0;
}
