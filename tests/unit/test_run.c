/*
 * Why a command that pawl-vault ran has failed: what ssh and git say, and what
 * follows from it.
 */
#include <check.h>
#include <string.h>

#include "run.h"

Suite *run_suite(void);

static const struct {
	const char *line;
	/* c changed, u unknown, r unreachable, d denied */
	const char *means;
} lines[] = {
	{ "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @", "c" },
	{ "@       WARNING: REVOKED HOST KEY DETECTED!               @", "c" },
	{ "Host key verification failed.", "u" },
	{ "he said: Host key verification failed.", "" },
	{ "ssh: connect to host h port 22: Connection refused", "r" },
	{ "ssh: Could not resolve hostname h: Name or service not known", "r" },
	{ "kex_exchange_identification: read: Connection reset by peer", "r" },
	{ "ssh_exchange_identification: Connection closed by remote host",
	    "r" },
	{ "Connection timed out during banner exchange", "r" },
	{ "Connection closed by 192.0.2.1 port 22", "r" },
	{ "Connection closed", "" },
	{ "site1@h: Permission denied (publickey,password).", "d" },
	{ "Permission denied (password).", "d" },
	{ "Permission denied, please try again.", "" },
	{ "scp: /root/x: Permission denied", "" },
	{ "fatal: Authentication failed for 'https://h/'", "d" },
	{ "fatal: unable to access 'https://h/': Failed to connect", "r" },
	{ "fatal: unable to access 'https://h/': The requested URL returned "
	  "error: 403",
	    "" },
	{ "", "" },
};

START_TEST(a_line_says_what_it_says)
{
	const char *means = lines[_i].means;
	struct run_seen seen = { 0 };

	run_read_line(&seen, lines[_i].line, strlen(lines[_i].line));
	ck_assert_int_eq(seen.changed, *means == 'c');
	ck_assert_int_eq(seen.unknown, *means == 'u');
	ck_assert_int_eq(seen.unreachable, *means == 'r');
	ck_assert_int_eq(seen.denied, *means == 'd');
	/* Nothing takes back what was said before. */
	seen = (struct run_seen){ true, true, true, true };
	run_read_line(&seen, lines[_i].line, strlen(lines[_i].line));
	ck_assert(seen.changed && seen.unknown && seen.unreachable &&
	    seen.denied);
}
END_TEST

#define CHANGED \
	{ \
		.changed = true, .unknown = true \
	}
#define UNKNOWN \
	{ \
		.unknown = true \
	}
#define FAR \
	{ \
		.unreachable = true \
	}
#define DENIED \
	{ \
		.denied = true \
	}
#define ALL \
	{ \
		true, true, true, true \
	}
#define NONE \
	{ \
		0 \
	}

static const struct {
	struct run_end end;
	enum err_kind why;
} ends[] = {
	{ { CHANGED, 255, true, false, false, false }, ERR_HOST_CHANGED },
	{ { UNKNOWN, 255, true, false, false, false }, ERR_HOST_UNKNOWN },
	{ { FAR, 255, true, false, false, false }, ERR_UNREACHABLE },
	{ { NONE, 255, true, false, false, false }, ERR_NONE },
	{ { DENIED, 255, true, false, false, false }, ERR_NONE },
	{ { DENIED, 255, true, true, false, false }, ERR_REFUSED },
	{ { NONE, 143, true, true, true, false }, ERR_REFUSED },
	{ { NONE, 143, true, true, false, false }, ERR_NONE },
	/* An ssh that is deaf to SIGTERM is killed. */
	{ { NONE, 137, true, true, true, false }, ERR_REFUSED },
	{ { NONE, 137, true, true, false, false }, ERR_NONE },
	{ { NONE, 255, true, true, false, false }, ERR_NONE },
	/* What comes after the login is the server's. */
	{ { CHANGED, 255, true, true, false, false }, ERR_NONE },
	{ { UNKNOWN, 255, true, true, false, false }, ERR_NONE },
	{ { FAR, 255, true, true, false, false }, ERR_NONE },
	/* The status of a remote command stays. */
	{ { ALL, 0, true, false, false, false }, ERR_NONE },
	{ { ALL, 0, true, true, true, false }, ERR_NONE },
	{ { ALL, 5, true, false, false, false }, ERR_NONE },
	{ { ALL, 5, true, true, true, false }, ERR_NONE },
	/* Others have statuses of their own for a failed ssh. */
	{ { UNKNOWN, 1, false, false, false, false }, ERR_HOST_UNKNOWN },
	{ { DENIED, 128, false, true, false, false }, ERR_REFUSED },
	{ { ALL, 0, false, true, true, false }, ERR_NONE },
};

START_TEST(who_killed_ssh)
{
	struct run_end end = { NONE, 137, true, false, false, true };

	ck_assert(run_was_deaf(&end));
	/* Somebody else. */
	end.refused = false;
	ck_assert(!run_was_deaf(&end));
	/* It went on, and may have sent something. */
	end = (struct run_end){ NONE, 137, true, true, false, true };
	ck_assert(!run_was_deaf(&end));
	/* It listened; it is not ssh. */
	end = (struct run_end){ NONE, 143, true, false, false, true };
	ck_assert(!run_was_deaf(&end));
	end = (struct run_end){ NONE, 137, false, false, false, true };
	ck_assert(!run_was_deaf(&end));
}
END_TEST

START_TEST(the_reason_follows)
{
	ck_assert_int_eq(run_reason(&ends[_i].end), ends[_i].why);
}
END_TEST

Suite *
run_suite(void)
{
	Suite *s = suite_create("run");
	TCase *t = tcase_create("core");

	tcase_add_loop_test(t, a_line_says_what_it_says, 0,
	    sizeof(lines) / sizeof(lines[0]));
	tcase_add_test(t, who_killed_ssh);
	tcase_add_loop_test(t, the_reason_follows, 0,
	    sizeof(ends) / sizeof(ends[0]));
	suite_add_tcase(s, t);
	return s;
}
