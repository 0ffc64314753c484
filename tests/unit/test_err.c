#include <sys/types.h>
#include <sys/socket.h>

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "err.h"

Suite *err_suite(void);

START_TEST(set_fills_kind_and_message)
{
	struct err e = { 0 };

	ck_assert_int_eq(err_set(&e, ERR_BUSY, "%s: %d", "x", 7), -1);
	ck_assert_int_eq(e.kind, ERR_BUSY);
	ck_assert_str_eq(e.msg, "x: 7");
}
END_TEST

START_TEST(set_may_quote_the_message_it_replaces)
{
	struct err e = { 0 };

	(void)err_set(&e, ERR_IO, "inner");
	(void)err_set(&e, ERR_BUSY, "<%s>", e.msg);
	ck_assert_str_eq(e.msg, "<inner>");
}
END_TEST

START_TEST(sys_adds_the_reason_and_keeps_errno)
{
	struct err e = { 0 };
	char want[128];

	errno = ENOSPC;
	ck_assert_int_eq(err_sys(&e, ERR_IO, "writing %s", "f"), -1);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_int_eq(e.kind, ERR_IO);
	(void)snprintf(want, sizeof(want), "writing f: %s", strerror(ENOSPC));
	ck_assert_str_eq(e.msg, want);
}
END_TEST

START_TEST(in_adds_the_context_in_front)
{
	struct err e = { 0 };

	(void)err_set(&e, ERR_DENIED, "no");
	errno = EINTR;
	ck_assert_int_eq(err_in(&e, "slot %d", 3), -1);
	ck_assert_int_eq(errno, EINTR);
	ck_assert_int_eq(e.kind, ERR_DENIED);
	ck_assert_str_eq(e.msg, "slot 3: no");
}
END_TEST

START_TEST(long_messages_end_in_dots)
{
	struct err e = { 0 };
	char text[1000];
	size_t len;

	/* Around the edge, the last length that fits and the first that not. */
	for (len = sizeof(e.msg) - 3; len < sizeof(e.msg) + 3; len++) {
		memset(text, 'x', len);
		text[len] = '\0';
		memset(&e, 'y', sizeof(e));
		(void)err_set(&e, ERR_IO, "%s", text);
		if (len < sizeof(e.msg)) {
			ck_assert_str_eq(e.msg, text);
			continue;
		}
		ck_assert_uint_eq(strlen(e.msg), sizeof(e.msg) - 1);
		ck_assert_str_eq(e.msg + sizeof(e.msg) - 5, "x...");
	}
	(void)err_in(&e, "abc");
	ck_assert_uint_eq(strlen(e.msg), sizeof(e.msg) - 1);
	ck_assert(strncmp(e.msg, "abc: xxx", 8) == 0);
	ck_assert_str_eq(e.msg + sizeof(e.msg) - 5, "x...");
	(void)err_in(&e, "%s", text);
	ck_assert_uint_eq(strlen(e.msg), sizeof(e.msg) - 1);
	errno = EIO;
	(void)err_sys(&e, ERR_IO, "%s", text);
	ck_assert_uint_eq(strlen(e.msg), sizeof(e.msg) - 1);
	ck_assert_str_eq(e.msg + sizeof(e.msg) - 5, "x...");
}
END_TEST

/*
 * Runs err_print() with standard error on a socket that keeps the borders of
 * what was written.  Returns the length of the first write(2).
 */
static size_t
print(const char *program, const struct err *e, char *to, size_t size)
{
	int pair[2], status, saved = dup(STDERR_FILENO);
	ssize_t n;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	ck_assert_int_ne(dup2(pair[1], STDERR_FILENO), -1);
	status = err_print(program, e);
	ck_assert_int_ne(dup2(saved, STDERR_FILENO), -1);
	(void)close(pair[1]);
	ck_assert_int_eq(status, (int)e->kind);
	n = recv(pair[0], to, size - 1, 0);
	ck_assert_int_ge(n, 0);
	to[n] = '\0';
	/* And there is no second one. */
	ck_assert_int_eq(recv(pair[0], to + n, 1, 0), 0);
	(void)close(pair[0]);
	(void)close(saved);
	return (size_t)n;
}

START_TEST(print_is_one_line_in_one_write)
{
	struct err e = { ERR_REFUSED, "no" };
	char got[4096];

	(void)print("pawl-rotate", &e, got, sizeof(got));
	ck_assert_str_eq(got, "pawl-rotate: no\n");
}
END_TEST

START_TEST(print_escapes_what_a_terminal_obeys)
{
	struct err e = { ERR_IO, "a\n\x1b[2J\x7f\x9b\xc3\xbc\\x1b~ z" };
	char got[4096];

	(void)print("p\r", &e, got, sizeof(got));
	ck_assert_str_eq(got,
	    "p\\x0d: a\\x0a\\x1b[2J\\x7f\\x9b\\xc3\\xbc\\x1b~ z\n");
}
END_TEST

START_TEST(print_has_room_for_the_worst)
{
	struct err e = { 0 };
	char got[4096], program[1000];
	size_t n;

	e.kind = ERR_IO;
	memset(e.msg, '\x1b', sizeof(e.msg) - 1);
	memset(program, '\x1b', sizeof(program) - 1);
	program[sizeof(program) - 1] = '\0';
	n = print(program, &e, got, sizeof(got));
	ck_assert_uint_ge(n, 4 * (sizeof(e.msg) - 1));
	ck_assert_int_eq(got[n - 1], '\n');
	ck_assert_str_eq(got + n - 5, "\\x1b\n");
}
END_TEST

static unsigned char
next_letter(unsigned char c)
{
	return c == '\n' ? '$' : (unsigned char)(c + 1);
}

START_TEST(print_in_another_code_page)
{
	struct err e = { ERR_BUSY, "a\xff" };
	char line[64];

	err_encode(next_letter);
	ck_assert_uint_eq(print("p", &e, line, sizeof(line)), 9);
	err_encode(NULL);
	ck_assert_str_eq(line, "q;!b]ygg$");
	(void)print("p", &e, line, sizeof(line));
	ck_assert_str_eq(line, "p: a\\xff\n");
}
END_TEST

Suite *
err_suite(void)
{
	Suite *s = suite_create("err");
	TCase *tc = tcase_create("err");

	tcase_add_test(tc, set_fills_kind_and_message);
	tcase_add_test(tc, set_may_quote_the_message_it_replaces);
	tcase_add_test(tc, sys_adds_the_reason_and_keeps_errno);
	tcase_add_test(tc, in_adds_the_context_in_front);
	tcase_add_test(tc, long_messages_end_in_dots);
	tcase_add_test(tc, print_is_one_line_in_one_write);
	tcase_add_test(tc, print_escapes_what_a_terminal_obeys);
	tcase_add_test(tc, print_has_room_for_the_worst);
	tcase_add_test(tc, print_in_another_code_page);
	suite_add_tcase(s, tc);
	return s;
}
