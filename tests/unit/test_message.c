#include <sys/types.h>
#include <sys/socket.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message.h"

Suite *message_suite(void);

static struct err e;

static void
start(void)
{
	ck_assert_int_eq(secret_init(NULL, 65536, &e), 0);
}

static struct secret *
secret_from(const char *text)
{
	struct secret *s = secret_new(MESSAGE_MAX + 1, &e);

	ck_assert_ptr_nonnull(s);
	ck_assert_int_eq(secret_set(s, text, strlen(text), &e), 0);
	return s;
}

static struct message_request
change_request(void)
{
	struct message_request r = { .what = MESSAGE_CHANGE,
		.method = MESSAGE_ZOS_PASS,
		.tls = MESSAGE_TLS_EXPLICIT,
		.port = 990,
		.connect_timeout = 10,
		.reply_timeout = 65535,
		.host = "ftp.example.com",
		.user = "SITE1",
		.ca_file = "/etc/pawl/ca.pem",
		.pin = "sha256//x",
		.cert = "/etc/pawl/us.pem",
		.cert_key = "/etc/pawl/us.key" };

	r.current = secret_from("OLDPASS1");
	r.fresh = secret_from("NEWPASS1");
	return r;
}

static struct message_request
login_request(void)
{
	struct message_request r = change_request();

	secret_free(r.fresh);
	r.fresh = NULL;
	r.what = MESSAGE_LOGIN;
	return r;
}

static struct message_result
refused_result(void)
{
	struct message_result r = { .outcome = MESSAGE_REFUSED,
		.code = 530,
		.reply = "530-no\n530 really no" };

	return r;
}

static void
same_secret(const struct secret *a, const struct secret *b)
{
	ck_assert_int_eq(a == NULL, b == NULL);
	if (a != NULL)
		ck_assert(secret_equal(secret_slice(a), secret_slice(b)));
}

static void
same_request(const struct message_request *a, const struct message_request *b)
{
	ck_assert_int_eq(a->what, b->what);
	ck_assert_int_eq(a->method, b->method);
	ck_assert_int_eq(a->tls, b->tls);
	ck_assert_uint_eq(a->port, b->port);
	ck_assert_uint_eq(a->connect_timeout, b->connect_timeout);
	ck_assert_uint_eq(a->reply_timeout, b->reply_timeout);
	ck_assert_str_eq(a->host, b->host);
	ck_assert_str_eq(a->user, b->user);
	ck_assert_str_eq(a->ca_file, b->ca_file);
	ck_assert_str_eq(a->pin, b->pin);
	ck_assert_str_eq(a->cert, b->cert);
	ck_assert_str_eq(a->cert_key, b->cert_key);
	same_secret(a->current, b->current);
	same_secret(a->fresh, b->fresh);
}

static struct message_request
look_request(void)
{
	struct message_request r = login_request();

	secret_free(r.current);
	r.current = NULL;
	r.what = MESSAGE_LOOK;
	r.method = MESSAGE_CHPWD;
	r.tls = MESSAGE_TLS_ZOS_IMPLICIT;
	r.cert[0] = r.cert_key[0] = '\0';
	return r;
}

START_TEST(a_request_comes_back_as_it_was)
{
	struct message_request r = _i == 0 ? change_request() :
	    _i == 1                        ? login_request() :
					     look_request();
	struct message_request back;
	struct secret *m = secret_from("");

	ck_assert_int_eq(message_put_request(m, &r, &e), 0);
	ck_assert_int_eq(message_get_request(&back, secret_slice(m), &e), 0);
	same_request(&r, &back);
	message_free_request(&back);
	ck_assert_ptr_null(back.current);
	ck_assert_ptr_null(back.fresh);
	message_free_request(&r);
	secret_free(m);
}
END_TEST

static void
fill(char *to, size_t len)
{
	memset(to, 'x', len);
	to[len] = '\0';
}

START_TEST(the_longest_request_fits)
{
	struct message_request r = change_request(), back;
	struct secret *m = secret_new(MESSAGE_MAX, &e);
	static char password[MESSAGE_PASSWORD_MAX + 1];

	ck_assert_ptr_nonnull(m);
	fill(r.host, MESSAGE_HOST_MAX);
	fill(r.user, MESSAGE_USER_MAX);
	fill(r.ca_file, MESSAGE_PATH_MAX);
	fill(r.pin, MESSAGE_PIN_MAX);
	fill(r.cert, MESSAGE_PATH_MAX);
	fill(r.cert_key, MESSAGE_PATH_MAX);
	fill(password, MESSAGE_PASSWORD_MAX);
	ck_assert_int_eq(secret_set(r.current, password, 1023, &e), 0);
	ck_assert_int_eq(secret_set(r.fresh, password, 1023, &e), 0);
	ck_assert_int_eq(message_put_request(m, &r, &e), 0);
	ck_assert_int_eq(message_get_request(&back, secret_slice(m), &e), 0);
	same_request(&r, &back);
}
END_TEST

/* Passwords are bytes: only their number matters here. */
START_TEST(passwords_may_hold_any_byte)
{
	struct message_request r = login_request(), back;
	struct secret *m = secret_from("");

	ck_assert_int_eq(secret_set(r.current, "\0\r\n\xff", 4, &e), 0);
	ck_assert_int_eq(message_put_request(m, &r, &e), 0);
	ck_assert_int_eq(message_get_request(&back, secret_slice(m), &e), 0);
	same_request(&r, &back);
}
END_TEST

static const struct message_result results[] = {
	{ MESSAGE_NOT_SENT, MESSAGE_REASON_RESOLVE, 0, "no such host" },
	{ MESSAGE_NOT_SENT, MESSAGE_REASON_INTERNAL, 0, "" },
	{ MESSAGE_ACCEPTED, MESSAGE_REASON_NONE, 230, "230-a\n230 b" },
	{ MESSAGE_ACCEPTED, MESSAGE_REASON_NONE, 200, "200 changed" },
	{ MESSAGE_EXPIRED, MESSAGE_REASON_NONE, 560, "560 expired" },
	{ MESSAGE_SEEN, MESSAGE_REASON_NONE, 0, "subject CN=x" },
	{ MESSAGE_REFUSED, MESSAGE_REASON_NONE, 400, "400 x" },
	{ MESSAGE_REFUSED, MESSAGE_REASON_NONE, 599, "599 ~ x" },
	{ MESSAGE_UNKNOWN, MESSAGE_REASON_NONE, 0, "" },
	{ MESSAGE_UNKNOWN, MESSAGE_REASON_NONE, 421, "421 x" },
	{ MESSAGE_UNKNOWN, MESSAGE_REASON_NONE, 999, "999 x" },
};

static void
same_result(const struct message_result *a, const struct message_result *b)
{
	ck_assert_int_eq(a->outcome, b->outcome);
	ck_assert_int_eq(a->reason, b->reason);
	ck_assert_uint_eq(a->code, b->code);
	ck_assert_str_eq(a->reply, b->reply);
}

START_TEST(a_result_comes_back_as_it_was)
{
	struct message_result r = results[_i], back;
	struct secret *m = secret_from("");
	int full;

	for (full = 0; full < 2; full++) {
		if (full)
			fill(r.reply, MESSAGE_REPLY_MAX);
		ck_assert_int_eq(message_put_result(m, &r, &e), 0);
		ck_assert_int_eq(message_get_result(&back, secret_slice(m), &e),
		    0);
		same_result(&r, &back);
	}
}
END_TEST

/* What no honest half would say: neither sent nor believed. */
static const struct message_result contradictions[] = {
	{ 0, MESSAGE_REASON_NONE, 0, "" },
	{ MESSAGE_SEEN + 1, MESSAGE_REASON_NONE, 0, "" },
	{ MESSAGE_SEEN, MESSAGE_REASON_NONE, 230, "" },
	{ MESSAGE_SEEN, MESSAGE_REASON_TLS, 0, "" },
	{ MESSAGE_EXPIRED, MESSAGE_REASON_NONE, 230, "" },
	{ MESSAGE_EXPIRED, MESSAGE_REASON_NONE, 421, "" },
	{ MESSAGE_EXPIRED, MESSAGE_REASON_REPLY, 530, "" },
	{ MESSAGE_NOT_SENT, MESSAGE_REASON_NONE, 0, "" },
	{ MESSAGE_NOT_SENT, MESSAGE_REASON_REPLY, 530, "" },
	{ MESSAGE_NOT_SENT, MESSAGE_REASON_INTERNAL + 1, 0, "" },
	{ MESSAGE_ACCEPTED, MESSAGE_REASON_TLS, 230, "" },
	{ MESSAGE_ACCEPTED, MESSAGE_REASON_NONE, 0, "" },
	{ MESSAGE_ACCEPTED, MESSAGE_REASON_NONE, 202, "" },
	{ MESSAGE_ACCEPTED, MESSAGE_REASON_NONE, 199, "" },
	{ MESSAGE_ACCEPTED, MESSAGE_REASON_NONE, 331, "" },
	{ MESSAGE_REFUSED, MESSAGE_REASON_NONE, 0, "" },
	{ MESSAGE_REFUSED, MESSAGE_REASON_NONE, 230, "" },
	{ MESSAGE_REFUSED, MESSAGE_REASON_NONE, 399, "" },
	{ MESSAGE_REFUSED, MESSAGE_REASON_NONE, 421, "" },
	{ MESSAGE_REFUSED, MESSAGE_REASON_NONE, 600, "" },
	{ MESSAGE_REFUSED, MESSAGE_REASON_REPLY, 530, "" },
	{ MESSAGE_UNKNOWN, MESSAGE_REASON_TIMEOUT, 0, "" },
	{ MESSAGE_UNKNOWN, MESSAGE_REASON_NONE, 99, "" },
	{ MESSAGE_UNKNOWN, MESSAGE_REASON_NONE, 1000, "" },
	{ MESSAGE_UNKNOWN, MESSAGE_REASON_NONE, 0, "bell \a" },
	{ MESSAGE_UNKNOWN, MESSAGE_REASON_NONE, 0, "cr \r" },
	{ MESSAGE_UNKNOWN, MESSAGE_REASON_NONE, 0, "delete \x7f" },
	{ MESSAGE_UNKNOWN, MESSAGE_REASON_NONE, 0, "latin \xe9" },
};

/* The same bytes that message_put_result() writes, unchecked. */
static size_t
raw_result(unsigned char *to, const struct message_result *r)
{
	size_t len = strlen(r->reply);

	to[0] = 0x52;
	to[1] = (unsigned char)r->outcome;
	to[2] = (unsigned char)r->reason;
	put_u16(to + 3, r->code);
	put_u16(to + 5, (uint16_t)len);
	memcpy(to + 7, r->reply, len);
	return 7 + len;
}

START_TEST(a_result_that_contradicts_itself_is_refused)
{
	const struct message_result *r = &contradictions[_i];
	struct message_result back;
	struct secret *m = secret_from("");
	unsigned char raw[64];

	ck_assert_int_eq(message_put_result(m, r, &e), -1);
	ck_assert_int_eq(e.kind, ERR_USAGE);
	ck_assert_int_eq(message_get_result(&back,
			     (struct slice){ raw, raw_result(raw, r) }, &e),
	    -1);
}
END_TEST

START_TEST(an_unterminated_reply_is_not_sent)
{
	struct message_result r = refused_result();
	struct secret *m = secret_from("");

	memset(r.reply, 'x', sizeof(r.reply));
	ck_assert_int_eq(message_put_result(m, &r, &e), -1);
}
END_TEST

/* A request that message_put_request() must not let out, each for one fault. */
static void
break_request(struct message_request *r, int how)
{
	struct secret *none = NULL;

	switch (how) {
	case 0:
		r->what = 0;
		break;
	case 1:
		r->what = MESSAGE_LOOK + 1;
		break;
	case 2:
		r->method = MESSAGE_SSH_PAM + 1;
		break;
	case 3:
		r->tls = 0;
		break;
	case 4:
		r->port = 0;
		break;
	case 5:
		r->connect_timeout = 0;
		break;
	case 6:
		r->reply_timeout = 0;
		break;
	case 7:
		r->host[0] = '\0';
		break;
	case 8:
		memset(r->host, 'x', sizeof(r->host));
		break;
	case 9:
		r->user[0] = '\0';
		break;
	case 10:
		memset(r->user, 'x', sizeof(r->user));
		break;
	case 11:
		memset(r->ca_file, 'x', sizeof(r->ca_file));
		break;
	case 12:
		memset(r->pin, 'x', sizeof(r->pin));
		break;
	case 13:
		r->current = none;
		break;
	case 14:
		r->current->len = 0;
		break;
	case 15:
		r->current->len = MESSAGE_PASSWORD_MAX + 1;
		break;
	case 16:
		r->fresh = none;
		break;
	case 17:
		r->fresh->len = 0;
		break;
	case 18:
		r->fresh->len = MESSAGE_PASSWORD_MAX + 1;
		break;
	case 19:
		r->what = MESSAGE_LOOK;
		break;
	case 20:
		r->cert[0] = '\0';
		break;
	case 21:
		r->cert_key[0] = '\0';
		break;
	case 22:
		memset(r->cert_key, 'x', sizeof(r->cert_key));
		break;
	case 23:
		r->tls = MESSAGE_TLS_ZOS_IMPLICIT + 1;
		break;
	default:
		r->what = MESSAGE_LOGIN;
		break;
	}
}

START_TEST(a_request_out_of_bounds_is_not_sent)
{
	struct message_request r = change_request();
	struct secret *m = secret_from("");

	break_request(&r, _i);
	e.kind = ERR_NONE;
	ck_assert_int_eq(message_put_request(m, &r, &e), -1);
	ck_assert_int_eq(e.kind, ERR_USAGE);
}
END_TEST

/*
 * Every cut, every further byte and every change of one byte of an encoded
 * request: an error, or something that encodes to these very bytes, so that
 * there is one way only to say a thing.
 */
static void
try_request(const unsigned char *p, size_t len, bool may_be_good)
{
	unsigned char *copy = malloc(len == 0 ? 1 : len);
	struct message_request r;
	struct secret *m = NULL;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, p, len);
	if (message_get_request(&r, (struct slice){ copy, len }, &e) == 0) {
		ck_assert(may_be_good);
		m = secret_from("");
		ck_assert_int_eq(message_put_request(m, &r, &e), 0);
		ck_assert_uint_eq(m->len, len);
		ck_assert_mem_eq(m->data, copy, len);
		secret_free(m);
	} else {
		ck_assert_ptr_null(r.current);
		ck_assert_ptr_null(r.fresh);
	}
	message_free_request(&r);
	free(copy);
}

static void
try_result(const unsigned char *p, size_t len, bool may_be_good)
{
	unsigned char *copy = malloc(len == 0 ? 1 : len);
	struct message_result r;
	struct secret *m = NULL;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, p, len);
	if (message_get_result(&r, (struct slice){ copy, len }, &e) == 0) {
		ck_assert(may_be_good);
		m = secret_from("");
		ck_assert_int_eq(message_put_result(m, &r, &e), 0);
		ck_assert_uint_eq(m->len, len);
		ck_assert_mem_eq(m->data, copy, len);
		secret_free(m);
	}
	free(copy);
}

static void
mutate(const struct secret *m, void (*try)(const unsigned char *, size_t, bool))
{
	unsigned char raw[MESSAGE_MAX];
	size_t i, len = m->len;
	unsigned int v;

	ck_assert_uint_lt(len, sizeof(raw));
	memcpy(raw, m->data, len);
	for (i = 0; i < len; i++)
		try(raw, i, false);
	for (v = 0; v < 256; v++) {
		raw[len] = (unsigned char)v;
		try(raw, len + 1, false);
	}
	for (i = 0; i < len; i++) {
		for (v = 1; v < 256; v++) {
			raw[i] ^= (unsigned char)v;
			try(raw, len, true);
			raw[i] ^= (unsigned char)v;
		}
	}
}

START_TEST(a_changed_request_is_refused_or_says_something_else)
{
	struct message_request r = _i == 0 ? change_request() : login_request();
	struct secret *m = secret_from("");

	ck_assert_int_eq(message_put_request(m, &r, &e), 0);
	mutate(m, try_request);
}
END_TEST

START_TEST(a_changed_result_is_refused_or_says_something_else)
{
	struct message_result r = refused_result();
	struct secret *m = secret_from("");

	ck_assert_int_eq(message_put_result(m, &r, &e), 0);
	mutate(m, try_result);
}
END_TEST

START_TEST(neither_is_taken_for_the_other)
{
	struct message_request r = login_request(), r2;
	struct message_result s = refused_result(), s2;
	struct secret *m = secret_from("");

	ck_assert_int_eq(message_put_request(m, &r, &e), 0);
	ck_assert_int_eq(message_get_result(&s2, secret_slice(m), &e), -1);
	ck_assert_int_eq(message_put_result(m, &s, &e), 0);
	ck_assert_int_eq(message_get_request(&r2, secret_slice(m), &e), -1);
}
END_TEST

START_TEST(too_little_room_is_an_error)
{
	struct message_request r = change_request();
	struct secret *m = secret_from(""), *small = NULL;
	size_t cap;

	ck_assert_int_eq(message_put_request(m, &r, &e), 0);
	for (cap = 0; cap < m->len; cap++) {
		small = secret_new(cap, &e);
		ck_assert_ptr_nonnull(small);
		ck_assert_int_eq(message_put_request(small, &r, &e), -1);
		secret_free(small);
	}
}
END_TEST

static void
make_pair(int fds[2])
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
}

START_TEST(messages_cross_a_socket_one_after_the_other)
{
	struct secret *a = secret_from("first"), *b = secret_from("second");
	struct secret *m = secret_from("");
	int fds[2];

	make_pair(fds);
	ck_assert_int_eq(message_send(fds[0], a, &e), 0);
	ck_assert_int_eq(message_send(fds[0], b, &e), 0);
	ck_assert_int_eq(message_receive(fds[1], m, &e), 0);
	same_secret(a, m);
	ck_assert_int_eq(message_receive(fds[1], m, &e), 0);
	same_secret(b, m);
	ck_assert_int_eq(close(fds[0]), 0);
	ck_assert_int_eq(message_receive(fds[1], m, &e), -1);
	ck_assert_int_eq(e.kind, ERR_IO);
	ck_assert_ptr_nonnull(strstr(e.msg, "the other side has ended"));
}
END_TEST

START_TEST(a_password_is_let_go_by_one_byte_and_no_other)
{
	int fds[2];

	make_pair(fds);
	ck_assert_int_eq(message_send_go(fds[0], &e), 0);
	ck_assert_int_eq(message_wait_go(fds[1], &e), 0);
	ck_assert_int_eq(write(fds[0], "x", 1), 1);
	ck_assert_int_eq(message_wait_go(fds[1], &e), -1);
	ck_assert_int_eq(e.kind, ERR_IO);
	ck_assert_int_eq(close(fds[0]), 0);
	ck_assert_int_eq(message_wait_go(fds[1], &e), -1);
	ck_assert_int_eq(e.kind, ERR_IO);
}
END_TEST

static void
receive_raw(const void *raw, size_t len, size_t cap, const char *message)
{
	struct secret *m = secret_new(cap, &e);
	int fds[2];

	ck_assert_ptr_nonnull(m);
	make_pair(fds);
	ck_assert_int_eq(write(fds[0], raw, len), (ssize_t)len);
	ck_assert_int_eq(close(fds[0]), 0);
	ck_assert_int_eq(message_receive(fds[1], m, &e), -1);
	ck_assert_int_eq(e.kind, ERR_IO);
	ck_assert_msg(strstr(e.msg, message) != NULL, "%s", e.msg);
	ck_assert_uint_eq(m->len, 0);
	ck_assert_int_eq(close(fds[1]), 0);
	secret_free(m);
}

START_TEST(a_length_that_cannot_be_is_not_read)
{
	static const char what[] = "its length cannot be right";
	unsigned char raw[5] = { 0 };

	receive_raw(raw, 5, MESSAGE_MAX, what);
	put_u32(raw, MESSAGE_MAX + 1);
	receive_raw(raw, 5, MESSAGE_MAX * 2, what);
	put_u32(raw, UINT32_MAX);
	receive_raw(raw, 5, MESSAGE_MAX * 2, what);
	put_u32(raw, 11);
	receive_raw(raw, 5, 10, what);
}
END_TEST

START_TEST(a_message_that_is_cut_is_an_error)
{
	unsigned char raw[5] = { 2 };

	receive_raw(raw, 1, 10, "cut short");
	receive_raw(raw, 3, 10, "cut short");
	receive_raw(raw, 4, 10, "cut short");
	receive_raw(raw, 5, 10, "cut short");
}
END_TEST

START_TEST(nothing_and_too_much_are_not_sent)
{
	struct secret *m = secret_from("");

	ck_assert_int_eq(message_send(1, m, &e), -1);
	m->len = MESSAGE_MAX + 1;
	ck_assert_int_eq(message_send(1, m, &e), -1);
}
END_TEST

START_TEST(a_closed_descriptor_is_an_error)
{
	struct secret *m = secret_from("x");

	ck_assert_int_eq(message_send(-1, m, &e), -1);
	ck_assert_int_eq(e.kind, ERR_IO);
	ck_assert_int_eq(message_receive(-1, m, &e), -1);
	ck_assert_int_eq(e.kind, ERR_IO);
}
END_TEST

static int
count_of(size_t size, size_t each)
{
	return (int)(size / each);
}

Suite *
message_suite(void)
{
	Suite *s = suite_create("message");
	TCase *t = tcase_create("coding"), *d = tcase_create("descriptor");

	tcase_add_checked_fixture(t, start, NULL);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, a_request_comes_back_as_it_was, 0, 3);
	tcase_add_test(t, the_longest_request_fits);
	tcase_add_test(t, passwords_may_hold_any_byte);
	tcase_add_loop_test(t, a_result_comes_back_as_it_was, 0,
	    count_of(sizeof(results), sizeof(results[0])));
	tcase_add_loop_test(t, a_result_that_contradicts_itself_is_refused, 0,
	    count_of(sizeof(contradictions), sizeof(contradictions[0])));
	tcase_add_test(t, an_unterminated_reply_is_not_sent);
	tcase_add_loop_test(t, a_request_out_of_bounds_is_not_sent, 0, 25);
	tcase_add_loop_test(t,
	    a_changed_request_is_refused_or_says_something_else, 0, 2);
	tcase_add_test(t, a_changed_result_is_refused_or_says_something_else);
	tcase_add_test(t, neither_is_taken_for_the_other);
	tcase_add_test(t, too_little_room_is_an_error);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(d, start, NULL);
	tcase_add_test(d, messages_cross_a_socket_one_after_the_other);
	tcase_add_test(d, a_password_is_let_go_by_one_byte_and_no_other);
	tcase_add_test(d, a_length_that_cannot_be_is_not_read);
	tcase_add_test(d, a_message_that_is_cut_is_an_error);
	tcase_add_test(d, nothing_and_too_much_are_not_sent);
	tcase_add_test(d, a_closed_descriptor_is_an_error);
	suite_add_tcase(s, d);
	return s;
}
