#include <check.h>
#include <stdio.h>
#include <string.h>

#include "client.h"

Suite *client_suite(void);

static const struct {
	const char *text;
	unsigned int version;
} versions[] = {
	{ "OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.22", 902 },
	{ "OpenSSH_10.0p2, OpenSSL 3.5", 1000 },
	{ "OpenSSH_8.4p1", 804 },
	{ "OpenSSH_8.3", 803 },
	/* z/OS */
	{ "OpenSSH_7.6p1, OpenSSL 1.0.2h", 706 },
	{ "OpenSSH_6.4", 604 },
	{ "OpenSSH_for_Windows_8.1p1", 0 },
	{ "OpenSSH_9", 0 },
	{ "OpenSSH_9.", 0 },
	{ "OpenSSH_9.p1", 0 },
	{ "OpenSSH_", 0 },
	{ "OpenSSH", 0 },
	{ " OpenSSH_9.2", 0 },
	{ "Sun_SSH_1.1", 0 },
	{ "", 0 },
};

START_TEST(versions_are_read)
{
	ck_assert_uint_eq(client_version(slice_of(versions[_i].text)),
	    versions[_i].version);
}
END_TEST

static bool
option_is(const char *config, const char *keyword, size_t n, const char *want)
{
	struct slice s = client_option(slice_of(config), keyword, n);

	return want == NULL ? s.p == NULL : s.p != NULL && slice_is(s, want);
}

START_TEST(options_are_found)
{
	static const char config[] = "user u\nhost h\nhostname h.example\n"
				     "identityfile a\nidentityfile b c\n"
				     "port 22";

	ck_assert(option_is(config, "user", 0, "u"));
	ck_assert(option_is(config, "host", 0, "h"));
	ck_assert(option_is(config, "hostname", 0, "h.example"));
	ck_assert(option_is(config, "identityfile", 0, "a"));
	ck_assert(option_is(config, "identityfile", 1, "b c"));
	ck_assert(option_is(config, "identityfile", 2, NULL));
	ck_assert(option_is(config, "port", 0, "22"));
	ck_assert(option_is(config, "por", 0, NULL));
	ck_assert(option_is(config, "ser", 0, NULL));
	ck_assert(option_is("", "port", 0, NULL));
	ck_assert(option_is("port", "port", 0, NULL));
	ck_assert(option_is("port ", "port", 0, ""));
	ck_assert(option_is("\n\nport 1\n", "port", 0, "1"));
}
END_TEST

START_TEST(words_are_cut)
{
	struct slice text = slice_of(" a  bc ");
	size_t at = 0;

	ck_assert(slice_is(client_word(text, &at), "a"));
	ck_assert(slice_is(client_word(text, &at), "bc"));
	ck_assert_ptr_null(client_word(text, &at).p);
	ck_assert_ptr_null(client_word(text, &at).p);
	text.len = 0;
	at = 0;
	ck_assert_ptr_null(client_word(text, &at).p);
}
END_TEST

/*
 * readpass.c, written once more: of 8.4 and later, and of those before, which
 * look for DISPLAY; an empty one is not trusted to be there.
 */
static enum client_calls
expected(unsigned int version, const char *require, bool display, bool wayland,
    bool terminal)
{
	bool allowed = display || (wayland && version >= 908);

	if (version < 804)
		require = "";
	if (strcmp(require, "force") == 0)
		return CLIENT_CALLS;
	if (strcmp(require, "never") == 0)
		return CLIENT_NEVER;
	if (!allowed)
		return CLIENT_NO_DISPLAY;
	return terminal && strcmp(require, "prefer") != 0 ? CLIENT_TERMINAL :
							    CLIENT_CALLS;
}

START_TEST(whether_it_calls)
{
	static const unsigned int with[] = { 0, 604, 706, 803, 804, 902, 907,
		908, 1000 };
	static const char *const requires[] = { "", "force", "never", "prefer",
		"x" };
	struct client_environment env;
	unsigned int bits = 0;
	size_t v = 0, r = 0;

	for (v = 0; v < sizeof(with) / sizeof(with[0]); v++) {
		for (r = 0; r < 5; r++) {
			for (bits = 0; bits < 8; bits++) {
				env = (struct client_environment){ .version =
								       with[v],
					.require = requires[r],
					.display = bits & 1 ? "none" : NULL,
					.wayland = bits & 2 ? "w" : "",
					.terminal = (bits & 4) != 0 };
				ck_assert_int_eq(client_calls(&env),
				    expected(with[v], requires[r], bits & 1,
					bits & 2, bits & 4));
			}
		}
	}
	/* In any case of letters, and not set at all. */
	env = (struct client_environment){ .version = 902, .require = "Force" };
	ck_assert_int_eq(client_calls(&env), CLIENT_CALLS);
	env = (struct client_environment){ .version = 902, .display = "" };
	ck_assert_int_eq(client_calls(&env), CLIENT_NO_DISPLAY);
}
END_TEST

static char sh[] = "sh", c[] = "-c";

START_TEST(what_a_program_prints)
{
	static char both[] = "cat; echo out; echo err >&2; exit 3";
	static char killed[] = "kill -9 $$";
	static char much[] = "head -c 100000 /dev/zero";
	static char missing[] = "there/is/no/such/program";
	static struct client_output out;
	char *argv[] = { sh, c, both, NULL };
	struct err e;

	ck_assert_int_eq(client_run(argv, &out, &e), 0);
	ck_assert_int_eq(out.status, 3);
	ck_assert_uint_eq(out.len, 8);
	ck_assert_int_eq(memcmp(out.text, "out\nerr\n", 8), 0);
	argv[2] = killed;
	ck_assert_int_eq(client_run(argv, &out, &e), 0);
	ck_assert_int_eq(out.status, 128 + 9);
	ck_assert_uint_eq(out.len, 0);
	argv[2] = much;
	ck_assert_int_eq(client_run(argv, &out, &e), 0);
	ck_assert_int_eq(out.status, 0);
	ck_assert_uint_eq(out.len, sizeof(out.text));
	argv[0] = missing;
	ck_assert_int_eq(client_run(argv, &out, &e), -1);
	ck_assert_int_eq(e.kind, ERR_NOENTRY);
}
END_TEST

Suite *
client_suite(void)
{
	Suite *s = suite_create("client");
	TCase *t = tcase_create("client");

	tcase_add_loop_test(t, versions_are_read, 0,
	    (int)(sizeof(versions) / sizeof(versions[0])));
	tcase_add_test(t, options_are_found);
	tcase_add_test(t, words_are_cut);
	tcase_add_test(t, whether_it_calls);
	tcase_add_test(t, what_a_program_prints);
	suite_add_tcase(s, t);
	return s;
}
