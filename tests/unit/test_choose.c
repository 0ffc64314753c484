/*
 * Whether an entry may answer a prompt: the table of who asks for what.
 */
#include <check.h>
#include <stdio.h>
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
	entry.rotation.outstanding = 1;
	ck_assert_int_eq(choose_check(&entry, &request, &err), 0);
	entry.pending = slice_of("NEXT");
	ck_assert_int_eq(choose_check(&entry, &request, &err), -1);
	ck_assert_int_eq(err.kind, ERR_BUSY);
	ck_assert_ptr_nonnull(strstr(err.msg, "pawl-rotate recover "));
	begin(prompt);
	entry.current.p = NULL;
	ck_assert_int_eq(choose_check(&entry, &request, &err), -1);
	ck_assert_int_eq(err.kind, ERR_NOENTRY);
}
END_TEST

START_TEST(what_no_entry_is_for_is_refused)
{
	static const enum prompt_kind refused[] = { PROMPT_UNKNOWN,
		PROMPT_CHANGE, PROMPT_PASSPHRASE_RETRY, PROMPT_HOSTKEY,
		PROMPT_HOSTKEY_AGAIN, PROMPT_CONFIRM, PROMPT_NOTIFY,
		PROMPT_LOCK, PROMPT_KEYGEN };
	size_t i;

	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		ck_assert_ptr_nonnull(choose_refusal(refused[i]));
	ck_assert_ptr_nonnull(strstr(choose_refusal(PROMPT_CHANGE),
	    "pawl-rotate"));
}
END_TEST

#define KEY_PROMPT "Enter passphrase for key '/home/u/.ssh/id': "
#define LONG_64 \
	"/a-path-of-64-bytes-----------------------------------------/64-"
#define LONG_36 "------------------------36-bytes---/"

/* A program with a "+" behind it is an ssh that marks servers' texts. */
static const struct {
	const char *attrs;
	const char *program;
	const char *prompt;
	bool fits;
} cases[] = {
	{ "service=key|path=/home/u/.ssh/id", "ssh+", KEY_PROMPT, true },
	{ "service=key|path=/home/u/.ssh/id", "ssh", KEY_PROMPT, false },
	{ "service=key|path=/home/u/.ssh/id", "python3", KEY_PROMPT, false },
	{ "service=key|path=/home/u/.ssh/id", "", KEY_PROMPT, false },
	{ "service=key|path=/home/u/.ssh/id2", "ssh+", KEY_PROMPT, false },
	{ "service=key", "ssh+", KEY_PROMPT, false },
	{ "service=pin|path=/home/u/.ssh/id", "ssh+", KEY_PROMPT, false },
	{ "service=ssh|path=/home/u/.ssh/id", "ssh+", KEY_PROMPT, false },
	{ "path=/home/u/.ssh/id", "ssh+", KEY_PROMPT, false },
	{ "service=key|path=id", "ssh-add", "Enter passphrase for id: ", true },
	{ "service=key|path=id", "ssh-add",
	    "Enter passphrase for id (will confirm each use): ", true },
	{ "service=key|path=id", "ssh-agent",
	    "Enter passphrase for id: ", false },
	{ "service=key|path=" LONG_64 LONG_36 "rest", "ssh+",
	    "Enter passphrase for key '" LONG_64 LONG_36 "': ", true },
	{ "service=key|path=" LONG_64 LONG_36 "rest", "ssh+",
	    "Enter passphrase for key '" LONG_64 "': ", false },
	{ "service=key|path=/c.pem", "git-remote-http",
	    "Password for 'cert:////c.pem': ", true },
	{ "service=pin|path=tok", "ssh+", "Enter PIN for 'tok': ", true },
	{ "service=pin|path=tok", "ssh", "Enter PIN for 'tok': ", false },
	{ "service=pin|path=tok", "ssh+", "Enter PIN for 'token': ", false },
	{ "service=key|path=tok", "ssh+", "Enter PIN for 'tok': ", false },
	{ "service=pin|path=/l.so", "ssh-add|-qt|60|-s|/l.so",
	    "Enter passphrase for PKCS#11: ", true },
	{ "service=pin|path=/l.so", "ssh-add|-s/l.so",
	    "Enter passphrase for PKCS#11: ", true },
	{ "service=pin|path=/l.so", "ssh-add|-s|/m.so",
	    "Enter passphrase for PKCS#11: ", false },
	{ "service=pin|path=/l.so", "ssh-add|-e|/l.so",
	    "Enter passphrase for PKCS#11: ", false },
	{ "service=pin|path=/l.so", "ssh-add|/l.so",
	    "Enter passphrase for PKCS#11: ", false },
	{ "service=git|host=h|user=bob", "git-remote-http",
	    "Password for 'https://bob@h': ", true },
	{ "service=git|host=h|user=bob", "git",
	    "Username for 'https://h': ", true },
	{ "service=git|host=H|user=b@x", "git",
	    "Password for 'https://b%40x@h:443': ", true },
	{ "service=git|host=h|user=bob|port=8443", "git",
	    "Password for 'https://bob@h:8443': ", true },
	{ "service=git|host=h|user=bob|path=/o/r.git", "git",
	    "Password for 'https://bob@h/o/r.git': ", true },
	{ "service=git|host=h|user=bob|path=o/r", "git",
	    "Password for 'https://bob@h/o/q': ", false },
	{ "service=git|host=h|user=bob|path=o/r", "git",
	    "Password for 'https://bob@h': ", false },
	{ "service=git|host=h|user=bob", "git",
	    "Password for 'https://bob@h/o/q': ", true },
	{ "service=git|host=h|user=bob|scheme=http", "git",
	    "Password for 'http://bob@h': ", true },
	{ "service=git|host=h|user=bob", "git",
	    "Password for 'http://bob@h': ", false },
	{ "service=git|host=h|user=bob|scheme=http", "git",
	    "Password for 'https://bob@h': ", false },
	{ "service=git|host=h|user=bob", "git",
	    "Password for 'https://bob@h:8443': ", false },
	{ "service=git|host=h|user=bob|port=8443", "git",
	    "Password for 'https://bob@h': ", false },
	{ "service=git|host=h|user=bob", "git",
	    "Password for 'https://eve@h': ", false },
	{ "service=git|host=h|user=bob", "git",
	    "Password for 'https://bob@g': ", false },
	{ "service=git|host=h", "git", "Username for 'https://h': ", false },
	{ "service=git|host=h|user=bob", "ssh+",
	    "Password for 'https://bob@h': ", false },
	{ "service=git|host=h|user=bob", "gitlike",
	    "Password for 'https://bob@h': ", false },
	{ "host=h|user=bob", "git", "Password for 'https://bob@h': ", false },
	{ "service=sudo|host=here|user=bob", "sudo",
	    "[sudo] password for bob: ", true },
	{ "service=sudo|host=HERE.example.com|user=bob", "sudo",
	    "[sudo] password for bob: ", true },
	{ "service=sudo|host=localhost|user=bob", "sudo",
	    "[sudo] password for bob: ", true },
	{ "service=sudo|host=there|user=bob", "sudo",
	    "[sudo] password for bob: ", false },
	{ "service=sudo|host=here|user=bob", "sudo",
	    "[sudo] password for root: ", false },
	{ "service=sudo|host=here|user=bob", "ssh+",
	    "[sudo] password for bob: ", false },
	{ "service=sudo|host=here|user=bob", "sudo",
	    "[sudo: authenticate] Password: ", false },
	{ "service=ssh|host=here|user=bob", "sudo",
	    "[sudo] password for bob: ", false },
	{ "service=key|host=h|user=bob", "ssh+|bob@h",
	    "bob@h's password: ", false },
};

/* Attributes, "|" between them, and the prompt's program and arguments. */
static void
set_up(const char *attrs, const char *program, const char *prompt)
{
	/* The values have to last as long as the entry. */
	static char buf[512];
	char name[64], *p = buf, *equals;
	size_t len = strcspn(program, "+|");

	begin(prompt);
	memset(&entry, 0, sizeof(entry));
	entry.current = slice_of("secret");
	(void)snprintf(buf, sizeof(buf), "%s", attrs);
	while (p != NULL) {
		char *attr = p;

		if ((p = strchr(p, '|')) != NULL)
			*p++ = '\0';
		ck_assert_ptr_nonnull(equals = strchr(attr, '='));
		*equals = '\0';
		add(attr, equals + 1);
	}
	(void)snprintf(name, sizeof(name), "%.*s", (int)len, program);
	parent(name, program);
	request.parent.prefixes = program[len] == '+';
	(void)snprintf(request.machine, sizeof(request.machine),
	    "here.example.com");
}

START_TEST(a_service_has_its_prompts_and_programs)
{
	int rv;

	set_up(cases[_i].attrs, cases[_i].program, cases[_i].prompt);
	ck_assert_ptr_null(choose_refusal(request.prompt.kind));
	rv = choose_check(&entry, &request, &err);
	ck_assert_msg(rv == (cases[_i].fits ? 0 : -1), "%s: %s: %s: %s",
	    cases[_i].attrs, cases[_i].program, cases[_i].prompt, err.msg);
	if (rv == -1)
		ck_assert_int_eq(err.kind, ERR_DENIED);
}
END_TEST

START_TEST(a_cut_path_chooses_nothing)
{
	struct secret *plain = NULL;

	set_up("service=key|path=" LONG_64 LONG_36, "ssh+",
	    "Enter passphrase for key '" LONG_64 LONG_36 "': ");
	ck_assert_int_eq(choose_entry(NULL, &request, &entry, &plain, &err),
	    -1);
	ck_assert_int_eq(err.kind, ERR_DENIED);
	ck_assert_ptr_nonnull(strstr(err.msg, "PAWL_ENTRY"));
}
END_TEST

START_TEST(one_answer_for_each_question)
{
	struct state_mark m = { .event = STATE_ANSWERED,
		.question = PROMPT_PASSPHRASE };

	set_up("service=key|path=/home/u/.ssh/id", "ssh+", KEY_PROMPT);
	ck_assert(!choose_again(&request, &entry));
	request.marks = &m;
	request.nmarks = 1;
	/* The entry is all zeros, and so is the mark's. */
	ck_assert(choose_again(&request, &entry));
	ck_assert(!choose_again(&request, NULL));
	m.entry[0] = 1;
	ck_assert(!choose_again(&request, &entry));
	/* A passphrase is no password, and a login is asked for once. */
	request.prompt.kind = PROMPT_PASSWORD;
	ck_assert(!choose_again(&request, NULL));
	m.question = PROMPT_PASSWORD_RAW;
	ck_assert(choose_again(&request, NULL));
	/* What "pawl-vault get" handed out is no answer to a prompt. */
	m.question = PROMPT_UNKNOWN;
	ck_assert(!choose_again(&request, NULL));
	m.event = STATE_REFUSED;
	ck_assert(choose_again(&request, NULL));
	request.prompt.kind = PROMPT_PASSPHRASE;
	ck_assert(choose_again(&request, &entry));
}
END_TEST

START_TEST(a_code_is_a_question_of_its_own)
{
	struct state_mark mark = { .event = STATE_ANSWERED,
		.question = PROMPT_PASSWORD };

	begin("(site1@10.0.0.1) Verification code: ");
	request.marks = &mark;
	request.nmarks = 1;
	ck_assert(!choose_again(&request, &entry));
	mark.question = PROMPT_OTP;
	ck_assert(choose_again(&request, &entry));
	mark.entry[0] = 1;
	ck_assert(!choose_again(&request, &entry));
	mark.event = STATE_REFUSED;
	ck_assert(choose_again(&request, NULL));
	/* Only an entry for codes, and it for nothing else. */
	ck_assert_int_eq(choose_check(&entry, &request, &err), -1);
	add("service", "otp");
	ck_assert_int_eq(choose_check(&entry, &request, &err), 0);
	prompt_classify("(site1@10.0.0.1) Password: ", 27, NULL,
	    &request.prompt);
	ck_assert_int_eq(request.prompt.kind, PROMPT_PASSWORD);
	ck_assert_int_eq(choose_check(&entry, &request, &err), -1);
}
END_TEST

START_TEST(git_gets_the_user_first)
{
	set_up("service=git|host=h|user=bob", "git",
	    "Username for 'https://h': ");
	ck_assert(slice_is(choose_answer(&entry, &request), "bob"));
	set_up("service=git|host=h|user=bob", "git",
	    "Password for 'https://bob@h': ");
	ck_assert(slice_is(choose_answer(&entry, &request), "secret"));
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
	tcase_add_test(t, what_no_entry_is_for_is_refused);
	tcase_add_loop_test(t, a_service_has_its_prompts_and_programs, 0,
	    sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(t, a_cut_path_chooses_nothing);
	tcase_add_test(t, one_answer_for_each_question);
	tcase_add_test(t, a_code_is_a_question_of_its_own);
	tcase_add_test(t, git_gets_the_user_first);
	tcase_add_test(t, the_prompt_alone_chooses_nothing);
	suite_add_tcase(s, t);
	return s;
}
