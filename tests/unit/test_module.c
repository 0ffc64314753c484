/*
 * The modules of the stack, each by itself: what it says of what it finds.
 */
#include <sys/types.h>
#include <sys/stat.h>

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io.h"
#include "module.h"

Suite *module_suite(void);

static struct stack stack;
static struct module_context c;
static struct request request;
static struct state_mark mark = { .event = STATE_ANSWERED,
	.question = PROMPT_PASSWORD };
static struct err err;
static char dir[] = "/tmp/pawl-module.XXXXXX";

static int
find(void *arg, const struct stack_source *from, const char *name,
    struct stack_source *found, struct err *e)
{
	(void)from;
	(void)name;
	(void)e;
	found->file = "test";
	found->text = slice_of(arg);
	return 1;
}

/* Makes the one line of text ready, for a prompt of an ssh to 10.0.0.1. */
static void
begin(char *text, const char *prompt)
{
	static const char cmdline[] = "ssh\0site1@10.0.0.1";

	ck_assert_int_eq(secret_init(NULL, 65536, &err), 0);
	ck_assert_int_eq(stack_parse(&stack, "ssh", find, text, &err), 0);
	memset(&c, 0, sizeof(c));
	memset(&request, 0, sizeof(request));
	prompt_classify(prompt, strlen(prompt), NULL, &request.prompt);
	request.parent.pid = getpid();
	request.parent.looked = true;
	memcpy(request.parent.program, "ssh", 4);
	memcpy(request.parent.cmdline, cmdline, sizeof(cmdline));
	request.parent.cmdline_len = sizeof(cmdline);
	c.request = &request;
	c.prompt = prompt;
	(void)err_set(&c.vault_why, ERR_NOVAULT, "no vault");
	c.ready[0].line = &stack.lines[0];
	c.ready[0].fd = -1;
	c.nready = 1;
}

static enum stack_result
run(void)
{
	return module_run(&c, &stack.lines[0], &err);
}

static const char own[] = "site1@10.0.0.1's password: ";

static void
check_answer(const char *text)
{
	ck_assert_ptr_nonnull(c.answer);
	ck_assert_uint_eq(c.answer->len, strlen(text));
	ck_assert_mem_eq(c.answer->data, text, strlen(text));
	ck_assert_ptr_eq(c.from, &stack.lines[0]);
}

/* A file of the test's own directory; *path gets its name. */
static void
make_file(const char *name, const char *text, mode_t mode, char *path,
    size_t size)
{
	int fd;

	if (dir[strlen(dir) - 1] == 'X')
		ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, size, "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write_all(fd, text, strlen(text)), 0);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	ck_assert_int_eq(close(fd), 0);
}

static void
remove_files(void)
{
	char path[200];

	(void)snprintf(path, sizeof(path), "%s/file", dir);
	(void)unlink(path);
	(void)rmdir(dir);
}

/* --- Gates ---------------------------------------------------------------- */

START_TEST(deny_and_permit_say_one_thing)
{
	char deny[] = "required deny", permit[] = "required permit";

	begin(deny, own);
	ck_assert_int_eq(run(), STACK_DENIED);
	begin(permit, own);
	ck_assert_int_eq(run(), STACK_SUCCESS);
}
END_TEST

START_TEST(once_is_for_every_provider_too)
{
	char once[] = "required once", tty[] = "required tty";

	begin(once, own);
	ck_assert_int_eq(run(), STACK_SUCCESS);
	request.marks = &mark;
	request.nmarks = 1;
	ck_assert_int_eq(run(), STACK_DENIED);
	begin(tty, own);
	ck_assert_int_eq(run(), STACK_SUCCESS);
	request.marks = &mark;
	request.nmarks = 1;
	ck_assert_int_eq(run(), STACK_DENIED);
	ck_assert_ptr_nonnull(strstr(err.msg, "answered before"));
}
END_TEST

START_TEST(bind_without_an_entry_goes_by_the_command_line)
{
	char bind[] = "required bind";

	begin(bind, own);
	ck_assert_int_eq(run(), STACK_SUCCESS);
	begin(bind, "site1@10.0.0.2's password: ");
	ck_assert_int_eq(run(), STACK_DENIED);
	begin(bind, "root@10.0.0.1's password: ");
	ck_assert_int_eq(run(), STACK_DENIED);
	begin(bind, "Password: ");
	ck_assert_int_eq(run(), STACK_DENIED);
	begin(bind, own);
	memcpy(request.parent.program, "cat", 4);
	ck_assert_int_eq(run(), STACK_DENIED);
	/* Who names an entry that is not there has made a mistake. */
	begin(bind, own);
	request.entry = "none";
	ck_assert_int_eq(run(), STACK_UNAVAILABLE);
	begin(bind, own);
	(void)err_set(&c.vault_why, ERR_DAMAGED, "damaged");
	ck_assert_int_eq(run(), STACK_CORRUPT);
}
END_TEST

START_TEST(caller_is_the_path_of_the_program)
{
	char path[PATH_MAX], text[PATH_MAX + 100];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	ck_assert_int_gt(n, 0);
	path[n] = '\0';
	(void)snprintf(text, sizeof(text), "required caller /x [%s]", path);
	begin(text, own);
	ck_assert_int_eq(run(), STACK_SUCCESS);
	path[n - 1] = '\0';
	(void)snprintf(text, sizeof(text), "required caller [%s]", path);
	begin(text, own);
	ck_assert_int_eq(run(), STACK_DENIED);
	(void)snprintf(text, sizeof(text), "required caller [%s] test", path);
	begin(text, own);
	ck_assert_int_eq(run(), STACK_UNAVAILABLE);
	*(strrchr(path, '/') + 1) = '\0';
	(void)snprintf(text, sizeof(text), "required caller [%s]", path);
	begin(text, own);
	ck_assert_int_eq(run(), STACK_SUCCESS);
	request.parent.pid = 0x7ffffff0;
	ck_assert_int_eq(run(), STACK_UNAVAILABLE);
}
END_TEST

START_TEST(time_is_open_in_one_of_its_windows)
{
	char text[] = "required time mon/08:00-09:00 wed/08:00-09:00";
	char test[] = "required time mon test";

	begin(text, own);
	c.now = (struct stack_moment){ 3, 500 };
	ck_assert_int_eq(run(), STACK_SUCCESS);
	c.now.day = 2;
	ck_assert_int_eq(run(), STACK_DENIED);
	begin(test, own);
	c.now.day = 2;
	ck_assert_int_eq(run(), STACK_UNAVAILABLE);
	c.now.day = 1;
	ck_assert_int_eq(run(), STACK_SUCCESS);
}
END_TEST

/* --- Providers ------------------------------------------------------------ */

START_TEST(a_vault_that_is_not_there_is_unavailable)
{
	char text[] = "required vault";

	begin(text, own);
	ck_assert_int_eq(run(), STACK_UNAVAILABLE);
	ck_assert_str_eq(err.msg, "no vault");
	begin(text, own);
	(void)err_set(&c.vault_why, ERR_BUSY, "busy");
	ck_assert_int_eq(run(), STACK_DENIED);
	ck_assert_int_eq(err.kind, ERR_BUSY);
}
END_TEST

START_TEST(a_credential_is_for_its_own)
{
	char text[] = "required credential file user=site1 host=10.0.0.1";
	char path[200];

	make_file("file", "CRED1\n", 0400, path, sizeof(path));
	(void)unsetenv("CREDENTIALS_DIRECTORY");
	begin(text, own);
	mod_credential_ready(&c, &c.ready[0]);
	ck_assert_int_eq(run(), STACK_UNAVAILABLE);
	ck_assert_int_eq(setenv("CREDENTIALS_DIRECTORY", dir, 1), 0);
	begin(text, own);
	mod_credential_ready(&c, &c.ready[0]);
	ck_assert_int_eq(run(), STACK_SUCCESS);
	check_answer("CRED1\n");
	begin(text, "site2@10.0.0.1's password: ");
	mod_credential_ready(&c, &c.ready[0]);
	ck_assert_int_eq(run(), STACK_IGNORE);
	ck_assert_ptr_null(c.answer);
	/* The prompt is right, the command line is another. */
	begin(text, own);
	mod_credential_ready(&c, &c.ready[0]);
	memcpy(request.parent.cmdline, "ssh\0site1@10.0.0.2", 19);
	ck_assert_int_eq(run(), STACK_DENIED);
	/* The other way round, a prompt without a name. */
	begin(text, "Password: ");
	mod_credential_ready(&c, &c.ready[0]);
	ck_assert_int_eq(run(), STACK_SUCCESS);
	begin(text, "Password: ");
	mod_credential_ready(&c, &c.ready[0]);
	memcpy(request.parent.cmdline, "ssh\0site1@10.0.0.2", 19);
	ck_assert_int_eq(run(), STACK_IGNORE);
	ck_assert_ptr_null(c.answer);
	remove_files();
}
END_TEST

START_TEST(a_dataset_is_read_as_one)
{
	char text[300], path[200];

	(void)snprintf(text, sizeof(text), "%-72s00000100", "FILE1");
	make_file("file", text, 0600, path, sizeof(path));
	(void)snprintf(text, sizeof(text),
	    "required dataset %s user=site1 host=10.0.0.1", path);
	begin(text, own);
	mod_dataset_ready(&c, &c.ready[0]);
	ck_assert_int_eq(run(), STACK_SUCCESS);
	check_answer("FILE1\n");
	begin(text, "site1@10.0.0.2's password: ");
	mod_dataset_ready(&c, &c.ready[0]);
	ck_assert_int_eq(run(), STACK_IGNORE);
	ck_assert_int_eq(chmod(path, 0644), 0);
	begin(text, own);
	mod_dataset_ready(&c, &c.ready[0]);
	ck_assert_int_eq(run(), STACK_DENIED);
	ck_assert_int_eq(unlink(path), 0);
	begin(text, own);
	mod_dataset_ready(&c, &c.ready[0]);
	ck_assert_int_eq(run(), STACK_UNAVAILABLE);
	remove_files();
}
END_TEST

START_TEST(a_key_that_is_not_there_is_unavailable)
{
	char text[] = "required keyring pawl-no-such-key user=site1 "
		      "host=10.0.0.1";

	begin(text, own);
	mod_keyring_ready(&c, &c.ready[0]);
	ck_assert_int_eq(run(), STACK_UNAVAILABLE);
	/* As if it had been there. */
	begin(text, own);
	c.ready[0].held = secret_new(16, &err);
	ck_assert_int_eq(secret_set(c.ready[0].held, "KEY1", 4, &err), 0);
	ck_assert_int_eq(run(), STACK_SUCCESS);
	check_answer("KEY1\n");
}
END_TEST

START_TEST(an_answer_is_one_line_that_ssh_reads)
{
	char text[] = "required vault", longest[MODULE_ANSWER_MAX + 2];

	begin(text, own);
	memset(longest, 'x', sizeof(longest));
	longest[MODULE_ANSWER_MAX] = '\0';
	ck_assert_int_eq(module_answer(&c, &stack.lines[0], slice_of(longest),
			     &err),
	    STACK_SUCCESS);
	longest[MODULE_ANSWER_MAX] = 'x';
	longest[MODULE_ANSWER_MAX + 1] = '\0';
	ck_assert_int_eq(module_answer(&c, &stack.lines[0], slice_of(longest),
			     &err),
	    STACK_DENIED);
	ck_assert_int_eq(module_answer(&c, &stack.lines[0], slice_of("a\nb"),
			     &err),
	    STACK_DENIED);
	ck_assert_int_eq(module_answer(&c, &stack.lines[0], slice_of("a\r"),
			     &err),
	    STACK_DENIED);
}
END_TEST

static const struct {
	const char *text;
	enum stack_result result;
	const char *password;
} answers[] = {
	{ "password=x\n", STACK_SUCCESS, "x" },
	{ "password=x", STACK_SUCCESS, "x" },
	{ "password==x=y \n\n", STACK_SUCCESS, "=x=y " },
	{ "protocol=ssh\nhost=10.0.0.1\nusername=site1\npassword=x\nstate[]=y\n",
	    STACK_SUCCESS, "x" },
	{ "host=10.0.0.2\npassword=x\n", STACK_DENIED, NULL },
	{ "password=x\nusername=SITE1\n", STACK_DENIED, NULL },
	{ "quit=true\npassword=x\n", STACK_DENIED, NULL },
	{ "quit=0\npassword=x\n", STACK_SUCCESS, "x" },
	{ "", STACK_UNAVAILABLE, NULL },
	{ "\n", STACK_UNAVAILABLE, NULL },
	{ "password=\n", STACK_UNAVAILABLE, NULL },
	{ "username=site1\n", STACK_UNAVAILABLE, NULL },
	{ "password=x\npassword=x\n", STACK_CORRUPT, NULL },
	{ "password\n", STACK_CORRUPT, NULL },
	{ "=x\npassword=x\n", STACK_CORRUPT, NULL },
	{ "password=x\n\nmore", STACK_CORRUPT, NULL },
};

START_TEST(what_a_program_may_answer)
{
	struct slice password;

	ck_assert_int_eq(mod_exec_answer(slice_of(answers[_i].text),
			     slice_of("site1"), slice_of("10.0.0.1"),
			     &password),
	    answers[_i].result);
	if (answers[_i].password != NULL)
		ck_assert(slice_is(password, answers[_i].password));
}
END_TEST

START_TEST(a_program_has_its_time)
{
	char text[300], path[200];
	struct secret *answer;

	make_file("file", "#!/bin/sh\ncat; echo \"$@\"\n", 0755, path,
	    sizeof(path));
	(void)snprintf(text, sizeof(text), "required exec timeout=1 %s a",
	    path);
	begin(text, own);
	answer = secret_new(OUTSIDE_ANSWER_MAX, &err);
	ck_assert_ptr_nonnull(answer);
	ck_assert_int_eq(outside_run(&stack.lines[0], "in\n", answer, &err),
	    STACK_SUCCESS);
	ck_assert(slice_is(secret_slice(answer), "in\na get\n"));
	make_file("file", "#!/bin/sh\nexec >&-\nsleep 100\n", 0755, path,
	    sizeof(path));
	ck_assert_int_eq(outside_run(&stack.lines[0], "in\n", answer, &err),
	    STACK_UNAVAILABLE);
	ck_assert_ptr_nonnull(strstr(err.msg, "did not answer in time"));
	ck_assert_int_eq(chmod(path, 0775), 0);
	ck_assert_int_eq(outside_run(&stack.lines[0], "in\n", answer, &err),
	    STACK_DENIED);
	remove_files();
}
END_TEST

START_TEST(without_anybody_to_ask_it_is_a_yes_without_a_secret)
{
	char confirm[] = "required confirm-tty", tty[] = "required tty";
	char exec[] = "required exec /nobody/runs/this";

	begin(confirm, own);
	ck_assert_int_eq(run(), STACK_SUCCESS);
	begin(tty, own);
	ck_assert_int_eq(run(), STACK_SUCCESS);
	ck_assert_ptr_null(c.answer);
	begin(exec, own);
	ck_assert_int_eq(run(), STACK_SUCCESS);
	ck_assert_ptr_null(c.answer);
	begin(exec, "site1@10.0.0.2's password: ");
	ck_assert_int_eq(run(), STACK_DENIED);
}
END_TEST

Suite *
module_suite(void)
{
	Suite *s = suite_create("module");
	TCase *t = tcase_create("module");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, deny_and_permit_say_one_thing);
	tcase_add_test(t, once_is_for_every_provider_too);
	tcase_add_test(t, bind_without_an_entry_goes_by_the_command_line);
	tcase_add_test(t, caller_is_the_path_of_the_program);
	tcase_add_test(t, time_is_open_in_one_of_its_windows);
	tcase_add_test(t, a_vault_that_is_not_there_is_unavailable);
	tcase_add_test(t, a_credential_is_for_its_own);
	tcase_add_test(t, a_dataset_is_read_as_one);
	tcase_add_test(t, a_key_that_is_not_there_is_unavailable);
	tcase_add_test(t, an_answer_is_one_line_that_ssh_reads);
	tcase_add_loop_test(t, what_a_program_may_answer, 0,
	    sizeof(answers) / sizeof(answers[0]));
	tcase_add_test(t, a_program_has_its_time);
	tcase_add_test(t, without_anybody_to_ask_it_is_a_yes_without_a_secret);
	suite_add_tcase(s, t);
	return s;
}
