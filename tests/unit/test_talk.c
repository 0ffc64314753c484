/*
 * The conversation about an expired password: each prompt gets the answer that
 * is due, and any other none.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "talk.h"

Suite *talk_suite(void);

static struct secret old, new;
static struct message_request request;

static void
begin(void)
{
	memset(&request, 0, sizeof(request));
	(void)snprintf(request.user, sizeof(request.user), "site1");
	(void)snprintf(request.host, sizeof(request.host), "Host.example");
	request.current = &old;
	request.fresh = &new;
}

/*
 * The prompts of a conversation, without ssh's prefix; o and n: answered with
 * the old or the new password; "-" at the end: not answered.
 */
static const struct {
	enum message_what what;
	const char *prompts[6];
	const char *answers;
	bool in;
	bool denied;
	enum message_outcome outcome;
} talks[] = {
	{ MESSAGE_LOGIN, { "Password: " }, "o", true, false, MESSAGE_ACCEPTED },
	{ MESSAGE_LOGIN, { "password:" }, "o", false, true, MESSAGE_REFUSED },
	{ MESSAGE_LOGIN, { "Password: " }, "o", false, false, MESSAGE_UNKNOWN },
	{ MESSAGE_LOGIN, { "Password: ", "Password: " }, "o-", false, false,
	    MESSAGE_UNKNOWN },
	{ MESSAGE_LOGIN, { "Password: ", "Expired.\nCurrent password: " }, "o-",
	    false, false, MESSAGE_EXPIRED },
	{ MESSAGE_LOGIN, { "New password: " }, "-", false, false,
	    MESSAGE_NOT_SENT },
	{ MESSAGE_LOGIN, { "Current password: " }, "-", false, false,
	    MESSAGE_NOT_SENT },
	{ MESSAGE_LOGIN, { "Token: " }, "-", false, false, MESSAGE_NOT_SENT },
	{ MESSAGE_LOGIN, { "Password: \nToken: " }, "-", false, false,
	    MESSAGE_NOT_SENT },
	{ MESSAGE_LOGIN, { "" }, "-", false, false, MESSAGE_NOT_SENT },
	/* Nobody was asked: it proves nothing. */
	{ MESSAGE_LOGIN, { NULL }, "", true, false, MESSAGE_NOT_SENT },
	{ MESSAGE_LOGIN, { NULL }, "", false, true, MESSAGE_NOT_SENT },
	{ MESSAGE_CHANGE,
	    { "Password: ", "Current password: ", "New password: ",
		"Retype new password: " },
	    "oonn", true, false, MESSAGE_ACCEPTED },
	{ MESSAGE_CHANGE,
	    { "Password: ", "(current) UNIX password: ",
		"Enter new UNIX password: ", "Retype new UNIX password: " },
	    "oonn", true, false, MESSAGE_ACCEPTED },
	{ MESSAGE_CHANGE,
	    { "Password: ", "Current Password: ", "New Password: ",
		"Reenter new Password: " },
	    "oonn", false, false, MESSAGE_UNKNOWN },
	{ MESSAGE_CHANGE,
	    { "Password: ", "Current password: ", "New password: ",
		"Retype new password: ", "Too short\nNew password: " },
	    "oonn-", false, false, MESSAGE_REFUSED },
	{ MESSAGE_CHANGE,
	    { "Password: ", "Current password: ", "New password: ",
		"BAD PASSWORD\nNew password: " },
	    "oon-", false, false, MESSAGE_REFUSED },
	{ MESSAGE_CHANGE,
	    { "Password: ", "Current password: ", "New password: ", "Why: " },
	    "oon-", false, false, MESSAGE_UNKNOWN },
	{ MESSAGE_CHANGE,
	    { "Password: ", "Current password: ", "New password: " }, "oon",
	    true, false, MESSAGE_UNKNOWN },
	{ MESSAGE_CHANGE, { "Password: ", "New password: " }, "o-", false,
	    false, MESSAGE_NOT_SENT },
	{ MESSAGE_CHANGE,
	    { "Password: ", "Current password: ", "Retype new password: " },
	    "oo-", false, false, MESSAGE_NOT_SENT },
	{ MESSAGE_CHANGE,
	    { "Password: ", "Current password: ", "Current password: " }, "oo-",
	    false, false, MESSAGE_NOT_SENT },
	{ MESSAGE_CHANGE, { "Password: " }, "o", true, false,
	    MESSAGE_NOT_SENT },
	{ MESSAGE_CHANGE, { "Password: " }, "o", false, true, MESSAGE_REFUSED },
};

START_TEST(conversation)
{
	struct talk t = { .stage = TALK_START };
	const char *due = talks[_i].answers;
	char prompt[200];
	size_t i;

	request.what = talks[_i].what;
	for (i = 0; i < 6 && talks[_i].prompts[i] != NULL; i++) {
		const struct secret *s;

		(void)snprintf(prompt, sizeof(prompt),
		    "(site1@host.example) %s", talks[_i].prompts[i]);
		s = talk_answer(&t, slice_of(prompt), &request);
		if (due[i] == 'o')
			ck_assert_ptr_eq(s, &old);
		else if (due[i] == 'n')
			ck_assert_ptr_eq(s, &new);
		else
			ck_assert_ptr_null(s);
	}
	ck_assert_uint_eq(i, strlen(due));
	ck_assert_int_eq(talk_outcome(&t, talks[_i].what, talks[_i].in,
			     talks[_i].denied),
	    talks[_i].outcome);
}
END_TEST

/* Not of ssh to this user and host, or of an ssh before 8.5. */
static const char *const strangers[] = { "Password: ", "",
	"(site2@host.example) Password: ", "(site1@other.example) Password: ",
	"(site1@host.example)Password: ", "site1@host.example's password: ",
	"Enter passphrase for key '/k': ", "(site1@host.examp",
	" (site1@host.example) Password: " };

START_TEST(only_ssh_asks)
{
	struct talk t = { .stage = TALK_START };

	request.what = MESSAGE_LOGIN;
	ck_assert_ptr_null(talk_answer(&t, slice_of(strangers[_i]), &request));
	ck_assert(t.strange);
}
END_TEST

/* It is borrowed from a prompt that is gone by then. */
START_TEST(what_was_said_goes_with_its_prompt)
{
	struct talk t = { .stage = TALK_START };

	request.what = MESSAGE_CHANGE;
	ck_assert_ptr_eq(
	    talk_answer(&t,
		slice_of("(site1@host.example) Welcome\nPassword: "), &request),
	    &old);
	ck_assert(slice_is(t.said, "Welcome\n"));
	ck_assert_ptr_null(talk_answer(&t, slice_of("site1's password: "),
	    &request));
	ck_assert_uint_eq(t.said.len, 0);
}
END_TEST

Suite *
talk_suite(void)
{
	Suite *s = suite_create("talk");
	TCase *t = tcase_create("talk");

	tcase_add_checked_fixture(t, begin, NULL);
	tcase_add_loop_test(t, conversation, 0,
	    (int)(sizeof(talks) / sizeof(talks[0])));
	tcase_add_loop_test(t, only_ssh_asks, 0,
	    (int)(sizeof(strangers) / sizeof(strangers[0])));
	tcase_add_test(t, what_was_said_goes_with_its_prompt);
	suite_add_tcase(s, t);
	return s;
}
