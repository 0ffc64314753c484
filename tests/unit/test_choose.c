/*
 * Whether an entry may answer a prompt: the table of who asks for what.
 */
#include <check.h>
#include <string.h>

#include "choose.h"

Suite *choose_suite(void);

static struct entry entry;
static struct request request;
static struct err err;

static void
add(const char *key, const char *value)
{
	ck_assert_int_eq(record_attr_add(&entry, slice_of(key), slice_of(value),
			     &err),
	    0);
}

static void
begin(const char *prompt)
{
	memset(&entry, 0, sizeof(entry));
	memset(&request, 0, sizeof(request));
	add("user", "site1");
	add("host", "Partner.example.com");
	add("host", "10.0.0.1");
	entry.current = slice_of("secret");
	prompt_classify(prompt, strlen(prompt), NULL, &request.prompt);
}

static void
parent(const char *program, const char *args)
{
	size_t i, len = strlen(args);

	request.parent.looked = true;
	(void)memcpy(request.parent.program, program, strlen(program) + 1);
	for (i = 0; i < len; i++)
		request.parent.cmdline[i] =
		    (char)(args[i] == '|' ? '\0' : args[i]);
	request.parent.cmdline[len] = '\0';
	request.parent.cmdline_len = len + 1;
}

static const struct {
	const char *prompt;
	bool fits;
} logins[] = {
	{ "site1@partner.example.com's password: ", true },
	{ "site1@10.0.0.1's password: ", true },
	{ "(site1@partner.example.com) Password: ", true },
	{ "SITE1@partner.example.com's password: ", false },
	{ "root@partner.example.com's password: ", false },
	{ "site1@partner.example.co's password: ", false },
	{ "site1@partner's password: ", false },
	{ "site@partner.example.com's password: ", false },
	{ "(root@partner.example.com) Password: ", false },
};

START_TEST(user_and_host_have_to_agree)
{
	begin(logins[_i].prompt);
	ck_assert_ptr_null(choose_refusal(request.prompt.kind));
	ck_assert_int_eq(choose_check(&entry, &request, &err),
	    logins[_i].fits ? 0 : -1);
	if (!logins[_i].fits)
		ck_assert_int_eq(err.kind, ERR_DENIED);
}
END_TEST

START_TEST(old_ssh_cuts_user_and_host)
{
	const char *user = "a-user-with-a-name-of-35-characters";

	begin("a-user-with-a-name-of-35-chara@10.0.0.1's password: ");
	ck_assert_int_eq(choose_check(&entry, &request, &err), -1);
	add("user", user);
	ck_assert_int_eq(choose_check(&entry, &request, &err), 0);
	memset(&entry, 0, sizeof(entry));
	add("user", "a-user-with-a-name-of-35-charb");
	add("host", "10.0.0.1");
	entry.current = slice_of("secret");
	ck_assert_int_eq(choose_check(&entry, &request, &err), -1);
}
END_TEST

START_TEST(a_bare_prompt_needs_the_command_line)
{
	begin("Password: ");
	ck_assert_int_eq(choose_check(&entry, &request, &err), -1);
	parent("sudo", "sudo|-A|id");
	ck_assert_int_eq(choose_check(&entry, &request, &err), -1);
	parent("ssh", "ssh|site1@partner.example.com");
	ck_assert_int_eq(choose_check(&entry, &request, &err), 0);
	parent("ssh", "ssh|partner.example.com");
	ck_assert_int_eq(choose_check(&entry, &request, &err), 0);
	parent("ssh", "ssh|root@partner.example.com");
	ck_assert_int_eq(choose_check(&entry, &request, &err), -1);
	parent("ssh", "ssh|site1@other.example.com");
	ck_assert_int_eq(choose_check(&entry, &request, &err), -1);
}
END_TEST

START_TEST(service_and_state_have_to_agree)
{
	const char *prompt = "site1@10.0.0.1's password: ";

	begin(prompt);
	add("service", "git");
	ck_assert_int_eq(choose_check(&entry, &request, &err), -1);
	add("service", "ssh");
	ck_assert_int_eq(choose_check(&entry, &request, &err), 0);
	entry.rotation.state = ROTATION_SENT;
	ck_assert_int_eq(choose_check(&entry, &request, &err), -1);
	ck_assert_int_eq(err.kind, ERR_BUSY);
	entry.rotation.state = ROTATION_PEND;
	ck_assert_int_eq(choose_check(&entry, &request, &err), -1);
	ck_assert_int_eq(err.kind, ERR_BUSY);
	entry.rotation.state = ROTATION_ATTN;
	ck_assert_int_eq(choose_check(&entry, &request, &err), -1);
	ck_assert_int_eq(err.kind, ERR_ATTENTION);
	begin(prompt);
	entry.current.p = NULL;
	ck_assert_int_eq(choose_check(&entry, &request, &err), -1);
	ck_assert_int_eq(err.kind, ERR_NOENTRY);
}
END_TEST

START_TEST(only_passwords_are_answered)
{
	int kind;

	for (kind = PROMPT_UNKNOWN; kind <= PROMPT_KEYGEN; kind++) {
		if (kind == PROMPT_PASSWORD || kind == PROMPT_PASSWORD_RAW)
			continue;
		ck_assert_ptr_nonnull(choose_refusal((enum prompt_kind)kind));
	}
	ck_assert_ptr_nonnull(strstr(choose_refusal(PROMPT_CHANGE),
	    "pawl-rotate"));
}
END_TEST

/* With no entry pinned the prompt may not choose by itself. */
START_TEST(the_prompt_alone_chooses_nothing)
{
	struct secret *plain = NULL;

	begin("site1@10.0.0.1's password: ");
	ck_assert_int_eq(choose_entry(NULL, &request, &entry, &plain, &err),
	    -1);
	ck_assert_int_eq(err.kind, ERR_DENIED);
	ck_assert_ptr_nonnull(strstr(err.msg, "PAWL_ENTRY"));
	parent("ssh", "ssh|site1@bank.example.com");
	ck_assert_int_eq(choose_entry(NULL, &request, &entry, &plain, &err),
	    -1);
	ck_assert_int_eq(err.kind, ERR_DENIED);
	parent("ssh", "ssh|root@10.0.0.1");
	ck_assert_int_eq(choose_entry(NULL, &request, &entry, &plain, &err),
	    -1);
	begin("Password: ");
	parent("ssh", "ssh|site1@10.0.0.1");
	ck_assert_int_eq(choose_entry(NULL, &request, &entry, &plain, &err),
	    -1);
}
END_TEST

Suite *
choose_suite(void)
{
	Suite *s = suite_create("choose");
	TCase *t = tcase_create("core");

	tcase_add_loop_test(t, user_and_host_have_to_agree, 0,
	    sizeof(logins) / sizeof(logins[0]));
	tcase_add_test(t, old_ssh_cuts_user_and_host);
	tcase_add_test(t, a_bare_prompt_needs_the_command_line);
	tcase_add_test(t, service_and_state_have_to_agree);
	tcase_add_test(t, only_passwords_are_answered);
	tcase_add_test(t, the_prompt_alone_chooses_nothing);
	suite_add_tcase(s, t);
	return s;
}
