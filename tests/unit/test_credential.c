/*
 * What git and docker say to their helpers, and what they are told; and which
 * period a one-time code is of.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "code.h"
#include "credential.h"
#include "service.h"
#include "suites.h"

static struct entry entry;
static struct request request;
static struct credential asked;
static struct err err;
static char buf[CREDENTIAL_INPUT];

static void
add(const char *key, const char *value)
{
	ck_assert_int_eq(record_attr_add(&entry, slice_of(key), slice_of(value),
			     &err),
	    0);
}

static bool
is(struct slice s, const char *text)
{
	return slice_is(s, text);
}

START_TEST(gits_lines_are_read)
{
	ck_assert_int_eq(credential_read(&asked,
			     slice_of("capability[]=authtype\nprotocol=https\n"
				      "host=h:8443\npath=a=b/c\nusername=u\n"
				      "password=p=q \nwwwauth[]=Basic x\n"
				      "oauth_refresh_token=\n\nhost=other\n"),
			     &err),
	    0);
	ck_assert(is(asked.protocol, "https") && is(asked.host, "h:8443"));
	ck_assert(is(asked.path, "a=b/c") && is(asked.username, "u"));
	ck_assert(is(asked.password, "p=q "));
}
END_TEST

static const struct {
	const char *text;
	enum err_kind kind;
} wrong[] = {
	{ "", ERR_NOENTRY },
	{ "\nprotocol=https\nhost=h\n", ERR_NOENTRY },
	{ "protocol=https\nhost=\n", ERR_NOENTRY },
	{ "protocol=cert\nhost=\npath=/c.pem\n", ERR_NOENTRY },
	{ "host=h\n", ERR_NOENTRY },
	{ "protocol=https\nhost\n", ERR_USAGE },
	{ "protocol=https\nhost=h\r\n", ERR_USAGE },
	{ "protocol=https\nhost=h\nusername=a\rb", ERR_USAGE },
};

START_TEST(other_lines_are_refused)
{
	ck_assert_int_eq(credential_read(&asked, slice_of(wrong[_i].text),
			     &err),
	    -1);
	ck_assert_int_eq(err.kind, wrong[_i].kind);
}
END_TEST

START_TEST(a_nul_is_refused)
{
	struct slice text = { (const unsigned char *)"protocol=h\nhost=a\0b\n",
		20 };

	ck_assert_int_eq(credential_read(&asked, text, &err), -1);
	ck_assert_int_eq(credential_read_url(&asked, text, &err), -1);
}
END_TEST

static const struct {
	const char *url;
	const char *protocol;
	const char *host;
	const char *path;
} urls[] = {
	{ "https://index.docker.io/v1/\n", "https", "index.docker.io", "v1/" },
	{ " reg.example.com:5000 \r\n", "https", "reg.example.com:5000", "" },
	{ "http://localhost", "http", "localhost", "" },
	{ "[::1]:5000/x", "https", "[::1]:5000", "x" },
};

START_TEST(dockers_urls_are_read)
{
	ck_assert_int_eq(credential_read_url(&asked, slice_of(urls[_i].url),
			     &err),
	    0);
	ck_assert(is(asked.protocol, urls[_i].protocol));
	ck_assert(is(asked.host, urls[_i].host));
	ck_assert(is(asked.path, urls[_i].path));
	ck_assert(asked.username.len == 0);
}
END_TEST

START_TEST(what_is_no_url_is_refused)
{
	static const char *const bad[] = { "", " \n", "https://", "://h",
		"https:///x", "a\nb" };

	ck_assert_int_eq(credential_read_url(&asked, slice_of(bad[_i]), &err),
	    -1);
	ck_assert_int_eq(err.kind, ERR_USAGE);
}
END_TEST

static const struct {
	const char *text;
	bool fits;
} places[] = {
	{ "protocol=https\nhost=h.example\nusername=u%40\n", true },
	{ "protocol=https\nhost=H.example:443\n", true },
	{ "protocol=https\nhost=h.example\npath=p\n", true },
	/* A % of git's is a %, not the beginning of an escape. */
	{ "protocol=https\nhost=h.example\nusername=u@\n", false },
	{ "protocol=http\nhost=h.example\n", false },
	{ "protocol=https\nhost=h.example:8443\n", false },
	{ "protocol=https\nhost=h.example:\n", false },
	{ "protocol=https\nhost=h.example:44x\n", false },
	{ "protocol=https\nhost=h.example.evil\n", false },
	{ "protocol=https\nhost=[h.example]:443\n", false },
	{ "protocol=https\nhost=h%2eexample\n", false },
};

START_TEST(the_entry_is_matched_as_for_a_prompt)
{
	memset(&entry, 0, sizeof(entry));
	add("service", "git");
	add("host", "h.example");
	add("user", "u%40");
	ck_assert_int_eq(credential_read(&asked, slice_of(places[_i].text),
			     &err),
	    0);
	ck_assert_int_eq(credential_prompt(&asked, buf, sizeof(buf),
			     &request.prompt, &err),
	    0);
	ck_assert_int_eq(service_check(&entry, &request, &err),
	    places[_i].fits ? 0 : -1);
}
END_TEST

START_TEST(a_request_that_does_not_fit_is_refused)
{
	ck_assert_int_eq(credential_read(&asked,
			     slice_of("protocol=https\nhost=%%%%\n"), &err),
	    0);
	ck_assert_int_eq(credential_prompt(&asked, buf, 16, &request.prompt,
			     &err),
	    -1);
	ck_assert_int_eq(credential_prompt(&asked, buf, 17, &request.prompt,
			     &err),
	    0);
}
END_TEST

START_TEST(the_expiry_is_when_the_rotation_is_due)
{
	memset(&entry, 0, sizeof(entry));
	entry.current_from = 1000;
	ck_assert_uint_eq(credential_expiry(&entry, 1500), 0);
	add("rotate.every", "1h");
	ck_assert_uint_eq(credential_expiry(&entry, 1500), 4600);
	entry.rotation.rotated = 2000;
	ck_assert_uint_eq(credential_expiry(&entry, 1500), 5600);
	/* Overdue: it still holds, and git would drop it. */
	ck_assert_uint_eq(credential_expiry(&entry, 5600), 0);
}
END_TEST

static struct secret *
fresh(size_t cap)
{
	struct secret *s;

	ck_assert_int_eq(secret_init(NULL, 65536, &err), 0);
	s = secret_new(cap, &err);
	ck_assert_ptr_nonnull(s);
	return s;
}

START_TEST(git_is_answered_in_lines)
{
	struct secret *s = fresh(200);

	ck_assert_int_eq(credential_write_git(s, slice_of("u"), slice_of("p="),
			     7, &err),
	    0);
	ck_assert(is(secret_slice(s),
	    "username=u\npassword=p=\npassword_expiry_utc=7\n"));
	s->len = 0;
	ck_assert_int_eq(credential_write_git(s, slice_of("u"), slice_of("p"),
			     0, &err),
	    0);
	ck_assert(is(secret_slice(s), "username=u\npassword=p\n"));
	ck_assert_int_eq(credential_write_git(s, slice_of("u"),
			     slice_of("p\nhost=evil"), 0, &err),
	    -1);
	ck_assert_int_eq(credential_write_git(s, slice_of("u\r"), slice_of("p"),
			     0, &err),
	    -1);
}
END_TEST

START_TEST(docker_is_answered_in_json)
{
	struct secret *s = fresh(200), *small = secret_new(20, &err);

	ck_assert_int_eq(credential_write_docker(s, slice_of("h"),
			     slice_of("a\"\\"), slice_of("p\n\xc3\xa9"), &err),
	    0);
	ck_assert(is(secret_slice(s),
	    "{\"ServerURL\":\"h\",\"Username\":\"a\\u0022\\u005c\","
	    "\"Secret\":\"p\\u000a\xc3\xa9\"}\n"));
	ck_assert_int_eq(credential_write_docker(s, slice_of("h"),
			     slice_of("u"), slice_of("\xff"), &err),
	    -1);
	ck_assert_int_eq(err.kind, ERR_USAGE);
	ck_assert_int_eq(credential_write_docker(small, slice_of("h"),
			     slice_of("u"), slice_of("p"), &err),
	    -1);
}
END_TEST

/* --- Codes -----------------------------------------------------------------*/

static struct state state;

/* Puts a mark where state_mark() would, at a time of its own. */
static void
given(size_t slot, uint32_t pid, uint64_t real_ms, unsigned char id)
{
	unsigned char *p = state.raw + STATE_HEADER + slot * STATE_MARK;

	put_u32(p, pid);
	put_u32(p + 4, STATE_ANSWERED);
	put_u64(p + 16, real_ms);
	memset(p + 32, id, STATE_ID);
}

START_TEST(a_period_has_one_code)
{
	unsigned char id[STATE_ID];
	struct state_mark mine = { .pid = 50 };

	memset(id, 7, sizeof(id));
	ck_assert_uint_eq(code_begin(89999, 30), 60000);
	ck_assert_uint_eq(code_begin(90000, 30), 90000);
	given(511, 40, 59999, 7);
	given(3, 40, 61000, 8);
	given(4, 40, 90000, 7);
	ck_assert(!code_given(&state, id, 60000, 30, NULL));
	given(0, 60, 60500, 7);
	ck_assert(code_given(&state, id, 60000, 30, NULL));
	ck_assert(code_given(&state, id, 60000, 30, &mine));
	mine.pid = 60;
	ck_assert(!code_given(&state, id, 60000, 30, &mine));
}
END_TEST

START_TEST(what_git_says_is_of_one_version)
{
	unsigned char *p = state.raw + STATE_HEADER + 9 * STATE_MARK;
	unsigned char id[STATE_ID];

	memset(id, 7, sizeof(id));
	given(9, 40, 5000, 7);
	put_u32(p + 4, STATE_REFUSED);
	put_u32(p + 8, state_git_question(3));
	ck_assert(state_git_refused(&state, id, 3, 5000));
	ck_assert(!state_git_refused(&state, id, 3, 5001));
	ck_assert(!state_git_refused(&state, id, 4, 5000));
	id[0] = 8;
	ck_assert(!state_git_refused(&state, id, 3, 5000));
}
END_TEST

Suite *
credential_suite(void)
{
	Suite *s = suite_create("credential");
	TCase *c = tcase_create("credential");

	tcase_add_test(c, gits_lines_are_read);
	tcase_add_loop_test(c, other_lines_are_refused, 0, 8);
	tcase_add_test(c, a_nul_is_refused);
	tcase_add_loop_test(c, dockers_urls_are_read, 0, 4);
	tcase_add_loop_test(c, what_is_no_url_is_refused, 0, 6);
	tcase_add_loop_test(c, the_entry_is_matched_as_for_a_prompt, 0, 11);
	tcase_add_test(c, a_request_that_does_not_fit_is_refused);
	tcase_add_test(c, the_expiry_is_when_the_rotation_is_due);
	tcase_add_test(c, git_is_answered_in_lines);
	tcase_add_test(c, docker_is_answered_in_json);
	tcase_add_test(c, a_period_has_one_code);
	tcase_add_test(c, what_git_says_is_of_one_version);
	suite_add_tcase(s, c);
	return s;
}
