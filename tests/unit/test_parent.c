/*
 * The parent's command line, read as ssh reads it.
 */
#include <sys/wait.h>

#include <check.h>
#include <string.h>
#include <unistd.h>

#include "parent.h"

Suite *parent_suite(void);

/* An argument list, with '|' for the terminators; what ssh makes of it. */
struct line {
	const char *args;
	const char *user;
	/* NULL: no destination, or no ssh. */
	const char *host;
};

static const struct line lines[] = {
	{ "ssh|partner", "", "partner" },
	{ "ssh|site1@partner", "site1", "partner" },
	{ "ssh|dom@user@partner", "dom@user", "partner" },
	{ "ssh|-l|site1|partner", "site1", "partner" },
	{ "ssh|-lsite1|partner", "site1", "partner" },
	{ "ssh|partner|-l|site1", "site1", "partner" },
	{ "ssh|-l|first|second@partner", "first", "partner" },
	{ "ssh|-oUser=site1|partner", "site1", "partner" },
	{ "ssh|-o|User site1|partner", "site1", "partner" },
	{ "ssh|-o|user=\"site1\"|partner", "site1", "partner" },
	{ "ssh|-o|UserKnownHostsFile=x@y|partner", "", "partner" },
	{ "ssh|-o|User|partner", "", "partner" },
	{ "ssh|-vvl|site1|-p|22|partner|cat|other", "site1", "partner" },
	{ "ssh|-p|2222|partner|-v|cat", "", "partner" },
	{ "ssh|ssh://site1@partner:22", "site1", "partner" },
	{ "ssh|ssh://partner/", "", "partner" },
	{ "ssh|-J|jump@hop|site1@partner", "site1", "partner" },
	{ "ssh|-oForwardX11=no|-l|site1|-s|--|partner|sftp", "site1",
	    "partner" },
	{ "ssh|--|-host", "", "-host" },
	{ "ssh|partner|echo|evil@host", "", "partner" },
	{ "ssh|-Z|partner", "", NULL },
	{ "ssh|-l", "", NULL },
	{ "ssh|-v", "", NULL },
	{ "ssh", "", NULL },
	{ "", "", NULL },
	{ "ssh|user@", "", NULL },
	{ "ssh|-:|partner", "", NULL },
};

static size_t
terminate(char *buf, size_t size, const char *args)
{
	size_t i, len = strlen(args);

	ck_assert_uint_lt(len, size);
	for (i = 0; i < len; i++)
		buf[i] = (char)(args[i] == '|' ? '\0' : args[i]);
	buf[len] = '\0';
	return len == 0 ? 0 : len + 1;
}

START_TEST(destinations_as_ssh_reads_them)
{
	const struct line *l = &lines[_i];
	struct slice user, host, cmdline;
	char buf[256];

	cmdline.len = terminate(buf, sizeof(buf), l->args);
	cmdline.p = (unsigned char *)buf;
	if (l->host == NULL) {
		ck_assert_int_eq(parent_destination(cmdline, &user, &host), -1);
		return;
	}
	ck_assert_int_eq(parent_destination(cmdline, &user, &host), 0);
	ck_assert_msg(slice_is(host, l->host), "%s: host %.*s", l->args,
	    (int)host.len, (const char *)host.p);
	ck_assert_msg(slice_is(user, l->user), "%s: user %.*s", l->args,
	    (int)user.len, (const char *)user.p);
}
END_TEST

/* A line that was cut, or never ended, is read to its last byte only. */
START_TEST(every_prefix_is_safe)
{
	const char *args = "ssh|-o|User=site1|-l|site2|user@partner|cat";
	struct slice user, host, cmdline;
	unsigned char exact[64];
	char buf[64];
	size_t len, n;

	len = terminate(buf, sizeof(buf), args);
	for (n = 0; n <= len; n++) {
		/* At the end of the array, where ASan looks. */
		memcpy(exact + sizeof(exact) - n, buf, n);
		cmdline.p = exact + sizeof(exact) - n;
		cmdline.len = n;
		if (parent_destination(cmdline, &user, &host) == -1)
			continue;
		ck_assert(host.p >= cmdline.p &&
		    host.p + host.len <= cmdline.p + n);
	}
}
END_TEST

START_TEST(the_parent_is_this_program)
{
	static struct parent p;
	int status = 0;
	pid_t pid;

	pid = fork();
	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		parent_look(&p, true);
		_exit(p.pid != getppid() ||
		    strcmp(parent_program(&p), "unit") != 0 ||
		    p.cmdline_len == 0 || parent_is_ssh(&p));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

Suite *
parent_suite(void)
{
	Suite *s = suite_create("parent");
	TCase *t = tcase_create("core");

	tcase_add_loop_test(t, destinations_as_ssh_reads_them, 0,
	    sizeof(lines) / sizeof(lines[0]));
	tcase_add_test(t, every_prefix_is_safe);
	tcase_add_test(t, the_parent_is_this_program);
	suite_add_tcase(s, t);
	return s;
}
