/*
 * What a site's program is asked, and what is made of its answer.
 */
#include <check.h>
#include <string.h>

#include "protocol.h"

Suite *protocol_suite(void);

static struct err err;
static struct protocol_answer answer;

static struct secret *
secret_of(const char *text)
{
	struct secret *s = secret_new(PROTOCOL_REQUEST_MAX, &err);

	ck_assert_ptr_nonnull(s);
	ck_assert_int_eq(secret_set(s, text, strlen(text), &err), 0);
	return s;
}

static void
begin(void)
{
	ck_assert_int_eq(secret_init(NULL, 65536, &err), 0);
}

START_TEST(request)
{
	struct message_request r = { .what = MESSAGE_CHANGE,
		.method = MESSAGE_EXEC,
		.reply_timeout = 60,
		.host = "h",
		.user = "u" };
	struct secret *to = secret_of("");

	r.current = secret_of("old pass");
	r.fresh = secret_of("new=1");
	ck_assert_int_eq(protocol_request(to, &r, &err), 0);
	ck_assert(slice_is(secret_slice(to),
	    "version=1\naction=change\nhost=h\nuser=u\ntimeout=60\n"
	    "password=old pass\nnew=new=1\n\n"));
	r.what = MESSAGE_LOGIN;
	r.port = 7;
	to->len = 0;
	ck_assert_int_eq(protocol_request(to, &r, &err), 0);
	ck_assert(slice_is(secret_slice(to),
	    "version=1\naction=login\nhost=h\nport=7\nuser=u\ntimeout=60\n"
	    "password=old pass\n\n"));
	secret_free(to);
	secret_free(r.current);
	secret_free(r.fresh);
}
END_TEST

START_TEST(the_longest_request_has_room)
{
	struct message_request r = { .what = MESSAGE_CHANGE,
		.method = MESSAGE_EXEC,
		.port = 65535,
		.reply_timeout = 3600 };
	struct secret *to = secret_of("");

	memset(r.host, 0x68, MESSAGE_HOST_MAX);
	memset(r.user, 0x75, MESSAGE_USER_MAX);
	r.current = secret_of("");
	memset(r.current->data, 0x70, MESSAGE_PASSWORD_MAX);
	r.current->len = MESSAGE_PASSWORD_MAX;
	r.fresh = r.current;
	ck_assert_int_eq(protocol_request(to, &r, &err), 0);
	secret_free(to);
	secret_free(r.current);
}
END_TEST

static const struct {
	const char *text;
	enum message_what what;
	/* 0: not an answer. */
	enum message_outcome outcome;
	const char *message;
} answers[] = {
	{ "result=ok\n", MESSAGE_LOGIN, MESSAGE_ACCEPTED, "" },
	{ "result=ok\n\n", MESSAGE_LOGIN, MESSAGE_ACCEPTED, "" },
	{ "message=a=b\nresult=bad\n", MESSAGE_LOGIN, MESSAGE_REFUSED, "a=b" },
	{ "result=expired\n", MESSAGE_LOGIN, MESSAGE_EXPIRED, "" },
	{ "result=not-sent\n", MESSAGE_LOGIN, MESSAGE_NOT_SENT, "" },
	{ "result=unknown\n", MESSAGE_LOGIN, MESSAGE_UNKNOWN, "" },
	{ "result=changed\nmessage=\n", MESSAGE_CHANGE, MESSAGE_ACCEPTED, "" },
	{ "result=refused\n", MESSAGE_CHANGE, MESSAGE_REFUSED, "" },
	{ "result=not-sent\n", MESSAGE_CHANGE, MESSAGE_NOT_SENT, "" },
	{ "result=unknown\n", MESSAGE_CHANGE, MESSAGE_UNKNOWN, "" },
	/* A word of the other action. */
	{ "result=changed\n", MESSAGE_LOGIN, 0, "fits action=login" },
	{ "result=refused\n", MESSAGE_LOGIN, 0, "fits action=login" },
	{ "result=ok\n", MESSAGE_CHANGE, 0, "fits action=change" },
	{ "result=bad\n", MESSAGE_CHANGE, 0, "fits action=change" },
	{ "result=expired\n", MESSAGE_CHANGE, 0, "fits action=change" },
	{ "result=\n", MESSAGE_LOGIN, 0, "fits action=login" },
	{ "result=OK\n", MESSAGE_LOGIN, 0, "fits action=login" },
	{ "result=ok \n", MESSAGE_LOGIN, 0, "fits action=login" },
	{ "result=ok\r\n", MESSAGE_LOGIN, 0, "fits action=login" },
	{ "", MESSAGE_LOGIN, 0, "no result=" },
	{ "\n", MESSAGE_LOGIN, 0, "no result=" },
	{ "message=m\n", MESSAGE_LOGIN, 0, "no result=" },
	{ "result=ok", MESSAGE_LOGIN, 0, "half a line" },
	{ "result=ok\nmess", MESSAGE_LOGIN, 0, "half a line" },
	{ "result=ok\nresult=ok\n", MESSAGE_LOGIN, 0, "result= twice" },
	{ "result=ok\nmessage=\nmessage=\n", MESSAGE_LOGIN, 0,
	    "message= twice" },
	{ "result=ok\n\nx\n", MESSAGE_LOGIN, 0, "behind the empty line" },
	{ "hello\n", MESSAGE_LOGIN, 0, "neither" },
	{ "result=ok\nx=1\n", MESSAGE_LOGIN, 0, "neither" },
};

START_TEST(what_an_answer_says)
{
	struct slice text = slice_of(answers[_i].text);
	int rv = protocol_answer(&answer, text, answers[_i].what, &err);

	if (answers[_i].outcome == 0) {
		ck_assert_int_eq(rv, -1);
		ck_assert_int_eq(err.kind, ERR_DAMAGED);
		ck_assert_ptr_nonnull(strstr(err.msg, answers[_i].message));
		return;
	}
	ck_assert_int_eq(rv, 0);
	ck_assert_int_eq(answer.outcome, answers[_i].outcome);
	ck_assert(slice_is(answer.message, answers[_i].message));
}
END_TEST

START_TEST(no_nul)
{
	static const unsigned char text[] = "result=ok\nmessage=a\0b\n";

	ck_assert_int_eq(protocol_answer(&answer,
			     (struct slice){ text, sizeof(text) - 1 },
			     MESSAGE_LOGIN, &err),
	    -1);
}
END_TEST

Suite *
protocol_suite(void)
{
	Suite *s = suite_create("protocol");
	TCase *t = tcase_create("protocol");

	tcase_add_checked_fixture(t, begin, NULL);
	tcase_add_test(t, request);
	tcase_add_test(t, the_longest_request_has_room);
	tcase_add_loop_test(t, what_an_answer_says, 0,
	    (int)(sizeof(answers) / sizeof(answers[0])));
	tcase_add_test(t, no_nul);
	suite_add_tcase(s, t);
	return s;
}
