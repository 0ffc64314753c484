#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reply.h"

Suite *reply_suite(void);

#define GREETING \
	"220-TCPIPFTP IBM FTP CS V2R5 at localhost.\r\n" \
	"220 Connection will close if idle for more than 5 minutes.\r\n"
#define AUTH GREETING "234 Security environment established\r\n"
#define USER AUTH "331 Send password please.\r\n"
#define CHANGED "230-Password was changed.\r\n"
#define LOGGED_ON "230 SITE1 is logged on.  Working directory is \"X\".\r\n"

#define NOT_SENT MESSAGE_NOT_SENT
#define ACCEPTED MESSAGE_ACCEPTED
#define REFUSED MESSAGE_REFUSED
#define UNKNOWN MESSAGE_UNKNOWN

static const struct reply_rules plain = { .auth = true };

static const struct transcript {
	const char *name;
	const char *bytes;
	enum message_outcome outcome;
	unsigned int code;
	/* DONE only where a line decided; then by which stage's. */
	enum reply_stage stage, decided;
	/* All that is kept, LF after each line. */
	const char *text;
} transcripts[] = {
	/* The dialogue as it should be, up to each point of it. */
	{ "nothing", "", NOT_SENT, 0, REPLY_GREETING, 0, "" },
	{ "half a greeting", "220-a\r\n220", NOT_SENT, 0, REPLY_GREETING, 0,
	    "220-a\n" },
	{ "greeting", GREETING, NOT_SENT, 0, REPLY_AUTH, 0, "" },
	{ "plain greeting", "220 x\r\n", NOT_SENT, 0, REPLY_AUTH, 0, "" },
	{ "AUTH", AUTH, NOT_SENT, 0, REPLY_USER, 0, "" },
	{ "USER, its line not ended", AUTH "331 Send", NOT_SENT, 0, REPLY_USER,
	    0, "" },
	{ "USER, not its last line", AUTH "331-Send\r\n", NOT_SENT, 0,
	    REPLY_USER, 0, "331-Send\n" },
	{ "USER", USER, UNKNOWN, 0, REPLY_PASS, 0, "" },
	{ "USER in two lines", AUTH "331-a\r\n331 b\r\n", UNKNOWN, 0,
	    REPLY_PASS, 0, "" },
	{ "PASS, its line not ended", USER "230 SITE1", UNKNOWN, 0, REPLY_PASS,
	    0, "" },
	{ "PASS, not its last line", USER CHANGED, UNKNOWN, 0, REPLY_PASS, 0,
	    "230-Password was changed.\n" },
	{ "logged in", USER LOGGED_ON, ACCEPTED, 230, REPLY_DONE, REPLY_PASS,
	    "230 SITE1 is logged on.  Working directory is \"X\".\n" },
	{ "changed", USER CHANGED LOGGED_ON, ACCEPTED, 230, REPLY_DONE,
	    REPLY_PASS,
	    "230-Password was changed.\n"
	    "230 SITE1 is logged on.  Working directory is \"X\".\n" },
	{ "what follows does not count",
	    USER "230 in\r\n534 no PROT\r\n550 no PWD\r\n421 bye\r\n", ACCEPTED,
	    230, REPLY_DONE, REPLY_PASS, "230 in\n" },
	{ "lines without CR", "220 a\n234 b\n331 c\n230 d\n", ACCEPTED, 230,
	    REPLY_DONE, REPLY_PASS, "230 d\n" },
	{ "replies without a text", "220 \r\n234 \r\n331 \r\n230 \r\n",
	    ACCEPTED, 230, REPLY_DONE, REPLY_PASS, "230 \n" },

	/* No to PASS. */
	{ "530", USER "530 PASS command failed\r\n", REFUSED, 530, REPLY_DONE,
	    REPLY_PASS, "530 PASS command failed\n" },
	{ "530 with a reason",
	    USER "530-new password format invalid\r\n530 failed\r\n", REFUSED,
	    530, REPLY_DONE, REPLY_PASS,
	    "530-new password format invalid\n530 failed\n" },
	{ "400", USER "400 x\r\n", REFUSED, 400, REPLY_DONE, REPLY_PASS,
	    "400 x\n" },
	{ "430", USER "430 x\r\n", REFUSED, 430, REPLY_DONE, REPLY_PASS,
	    "430 x\n" },
	{ "500", USER "500 x\r\n", REFUSED, 500, REPLY_DONE, REPLY_PASS,
	    "500 x\n" },
	{ "599", USER "599 x\r\n", REFUSED, 599, REPLY_DONE, REPLY_PASS,
	    "599 x\n" },
	{ "a refusal stays one", USER "530 no\r\n230 yes\r\n", REFUSED, 530,
	    REPLY_DONE, REPLY_PASS, "530 no\n" },

	/* Neither yes nor no to PASS. */
	{ "421", USER "421 closing\r\n", UNKNOWN, 421, REPLY_DONE, REPLY_PASS,
	    "421 closing\n" },
	{ "202", USER "202 superfluous\r\n", UNKNOWN, 202, REPLY_DONE,
	    REPLY_PASS, "202 superfluous\n" },
	{ "232", USER "232 x\r\n", UNKNOWN, 232, REPLY_DONE, REPLY_PASS,
	    "232 x\n" },
	{ "331 again", USER "331 x\r\n", UNKNOWN, 331, REPLY_DONE, REPLY_PASS,
	    "331 x\n" },
	{ "332", USER "332 account\r\n", UNKNOWN, 332, REPLY_DONE, REPLY_PASS,
	    "332 account\n" },
	{ "120", USER "120 wait\r\n", UNKNOWN, 120, REPLY_DONE, REPLY_PASS,
	    "120 wait\n" },
	{ "399", USER "399 x\r\n", UNKNOWN, 399, REPLY_DONE, REPLY_PASS,
	    "399 x\n" },
	{ "600", USER "600 x\r\n", UNKNOWN, 600, REPLY_DONE, REPLY_PASS,
	    "600 x\n" },
	{ "631", USER "631 x\r\n", UNKNOWN, 631, REPLY_DONE, REPLY_PASS,
	    "631 x\n" },
	{ "099", USER "099 x\r\n", UNKNOWN, 0, REPLY_DONE, REPLY_PASS,
	    "099 x\n" },
	{ "no code", USER "logged in\r\n", UNKNOWN, 0, REPLY_DONE, REPLY_PASS,
	    "logged in\n" },
	{ "an empty line", USER "\r\n230 x\r\n", UNKNOWN, 0, REPLY_DONE,
	    REPLY_PASS, "\n" },
	{ "no blank after the code", USER "230\r\n", UNKNOWN, 0, REPLY_DONE,
	    REPLY_PASS, "230\n" },
	{ "a letter after the code", USER "2300 x\r\n", UNKNOWN, 0, REPLY_DONE,
	    REPLY_PASS, "2300 x\n" },

	/* Where libcurl sees the end of a reply and RFC 959 does not. */
	{ "230- ended by 530", USER "230-a\r\n530 b\r\n230 c\r\n", UNKNOWN, 0,
	    REPLY_DONE, REPLY_PASS, "230-a\n530 b\n" },
	{ "530- ended by 230", USER "530-a\r\n230 b\r\n530 c\r\n", UNKNOWN, 0,
	    REPLY_DONE, REPLY_PASS, "530-a\n230 b\n" },
	{ "530- ended by 331 before PASS", AUTH "530-a\r\n331 b\r\n", NOT_SENT,
	    0, REPLY_DONE, REPLY_USER, "530-a\n331 b\n" },
	{ "331- ended by 530 before PASS", AUTH "331-a\r\n530 b\r\n331 c\r\n",
	    NOT_SENT, 0, REPLY_DONE, REPLY_USER, "331-a\n530 b\n" },
	{ "220- ended by 234", "220-a\r\n234 b\r\n", NOT_SENT, 0, REPLY_DONE,
	    REPLY_GREETING, "220-a\n234 b\n" },
	{ "220- ended by 000", "220-a\r\n000 b\r\n", NOT_SENT, 0, REPLY_DONE,
	    REPLY_GREETING, "220-a\n000 b\n" },

	/* Lines inside of a reply that look like something. */
	{ "other codes with a dash",
	    USER "230-a\r\n530-b\r\n421-c\r\n230-d\r\n230 e\r\n", ACCEPTED, 230,
	    REPLY_DONE, REPLY_PASS, "230-a\n530-b\n421-c\n230-d\n230 e\n" },
	{ "indented and unfinished codes",
	    USER "230-a\r\n 530 b\r\n53 c\r\n530\r\n\r\n5301 d\r\n230 e\r\n",
	    ACCEPTED, 230, REPLY_DONE, REPLY_PASS,
	    "230-a\n 530 b\n53 c\n530\n\n5301 d\n230 e\n" },

	/* Before PASS. */
	{ "greeting 421", "421 too many\r\n", NOT_SENT, 0, REPLY_DONE,
	    REPLY_GREETING, "421 too many\n" },
	{ "greeting 120", "120 in a minute\r\n220 x\r\n", NOT_SENT, 0,
	    REPLY_DONE, REPLY_GREETING, "120 in a minute\n" },
	{ "greeting 230", "230 already in\r\n", NOT_SENT, 0, REPLY_DONE,
	    REPLY_GREETING, "230 already in\n" },
	{ "AUTH refused", GREETING "504 what\r\n", NOT_SENT, 0, REPLY_DONE,
	    REPLY_AUTH, "504 what\n" },
	{ "AUTH 334", GREETING "334 more\r\n", NOT_SENT, 0, REPLY_DONE,
	    REPLY_AUTH, "334 more\n" },
	{ "a stray 220", GREETING "220 again\r\n234 x\r\n", NOT_SENT, 0,
	    REPLY_DONE, REPLY_AUTH, "220 again\n" },
	{ "a stray 234", AUTH "234 again\r\n331 x\r\n230 y\r\n", NOT_SENT, 0,
	    REPLY_DONE, REPLY_USER, "234 again\n" },
	{ "230 to USER", AUTH "230 no password needed\r\n", NOT_SENT, 0,
	    REPLY_DONE, REPLY_USER, "230 no password needed\n" },
	{ "232 to USER", AUTH "232 x\r\n", NOT_SENT, 0, REPLY_DONE, REPLY_USER,
	    "232 x\n" },
	{ "332 to USER", AUTH "332 x\r\n", NOT_SENT, 0, REPLY_DONE, REPLY_USER,
	    "332 x\n" },
	{ "531 to USER", AUTH "531 client certificate\r\n", NOT_SENT, 0,
	    REPLY_DONE, REPLY_USER, "531 client certificate\n" },
	{ "garbage", "SSH-2.0-OpenSSH\r\n220 x\r\n", NOT_SENT, 0, REPLY_DONE,
	    REPLY_GREETING, "SSH-2.0-OpenSSH\n" },
};

static void
feed(struct reply *r, const char *bytes, size_t from, size_t to, bool *onp)
{
	/* A copy of just that size: reading on is an error that ASan sees. */
	size_t len = to - from;
	unsigned char *p = malloc(len == 0 ? 1 : len);

	ck_assert_ptr_nonnull(p);
	memcpy(p, bytes + from, len);
	*onp = reply_feed(r, (struct slice){ p, len });
	free(p);
}

static void
check_end(const struct transcript *t, const struct reply *r, bool on,
    size_t split)
{
	size_t len = strlen(t->text);

	ck_assert_msg(r->outcome == t->outcome, "%s, %zu: outcome %d", t->name,
	    split, (int)r->outcome);
	ck_assert_msg(r->code == t->code, "%s, %zu: code %u", t->name, split,
	    (unsigned int)r->code);
	ck_assert_msg(r->stage == t->stage, "%s, %zu: stage %d", t->name, split,
	    (int)r->stage);
	ck_assert_msg(r->stage != REPLY_DONE || r->decided == t->decided,
	    "%s, %zu: decided %d", t->name, split, (int)r->decided);
	ck_assert_msg(r->text_len == len && memcmp(r->text, t->text, len) == 0,
	    "%s, %zu: text \"%.*s\"", t->name, split, (int)r->text_len,
	    (const char *)r->text);
	ck_assert_msg(on == (t->stage != REPLY_DONE || t->outcome == ACCEPTED),
	    "%s, %zu: go on %d", t->name, split, (int)on);
}

START_TEST(is_read_the_same_however_it_is_cut)
{
	const struct transcript *t = &transcripts[_i];
	size_t len = strlen(t->bytes), at;
	struct reply r;
	bool on = true;

	for (at = 0; at <= len; at++) {
		reply_init(&r, &plain);
		feed(&r, t->bytes, 0, at, &on);
		feed(&r, t->bytes, at, len, &on);
		check_end(t, &r, on, at);
	}
	reply_init(&r, &plain);
	for (at = 0; at < len; at++)
		feed(&r, t->bytes, at, at + 1, &on);
	check_end(t, &r, on, len + 1);
}
END_TEST

/* Once it says no, not one more line may change anything. */
/* --- A command after PASS, an expired password, no AUTH ------------------- */

static const uint16_t yes[METHOD_LIST] = { 200, 250 };
static const struct method_expiry zos = { 530, { "EDC5168I", "errno=168," } };
static const struct reply_rules command = { .auth = true, .yes = yes };
static const struct reply_rules login = { .auth = true, .expiry = &zos };
static const struct reply_rules implicit = { .auth = false };

#define IN USER LOGGED_ON

static const struct {
	const struct reply_rules *rules;
	/* Up to the command, if there is one; and from there on. */
	const char *bytes, *answer;
	enum message_outcome outcome;
	unsigned int code;
	enum reply_stage stage;
} ruled[] = {
	/* Nothing was sent before the command was. */
	{ &command, USER, NULL, NOT_SENT, 0, REPLY_PASS },
	{ &command, USER "230-a\r\n", NULL, NOT_SENT, 0, REPLY_PASS },
	{ &command, USER "421 x\r\n", NULL, NOT_SENT, 0, REPLY_DONE },
	{ &command, USER "202 x\r\n", NULL, NOT_SENT, 0, REPLY_DONE },
	{ &command, USER "332 x\r\n", NULL, NOT_SENT, 0, REPLY_DONE },
	{ &command, USER "530 x\r\n", NULL, REFUSED, 530, REPLY_DONE },
	{ &command, IN, NULL, NOT_SENT, 0, REPLY_IN },
	/* What libcurl asks before it is done. */
	{ &command, IN "200 PBSZ\r\n534 PROT\r\n250 PWD\r\n", NULL, NOT_SENT, 0,
	    REPLY_IN },
	/* The command. */
	{ &command, IN "257", "", UNKNOWN, 0, REPLY_COMMAND },
	{ &command, IN, "200-a\r\n530 b\r\n200 c\r\n", UNKNOWN, 0, REPLY_DONE },
	{ &command, IN, "200-a\r\n", UNKNOWN, 0, REPLY_COMMAND },
	{ &command, IN, "200 x\r\n", ACCEPTED, 200, REPLY_DONE },
	{ &command, IN, "250-x\r\n250 y\r\n", ACCEPTED, 250, REPLY_DONE },
	{ &command, IN, "230 x\r\n", UNKNOWN, 230, REPLY_DONE },
	{ &command, IN, "202 x\r\n", UNKNOWN, 202, REPLY_DONE },
	{ &command, IN, "350 x\r\n", UNKNOWN, 350, REPLY_DONE },
	{ &command, IN, "421 x\r\n", UNKNOWN, 421, REPLY_DONE },
	{ &command, IN, "400 x\r\n", REFUSED, 400, REPLY_DONE },
	{ &command, IN, "501 x\r\n", REFUSED, 501, REPLY_DONE },
	{ &command, IN, "550 x\r\n200 y\r\n", REFUSED, 550, REPLY_DONE },
	{ &command, IN, "x\r\n200 y\r\n", UNKNOWN, 0, REPLY_DONE },
	/* A password that has expired. */
	{ &login, USER "530-EDC5168I Password has expired.\r\n530 x\r\n", NULL,
	    MESSAGE_EXPIRED, 530, REPLY_DONE },
	{ &login,
	    USER "530-Error on __passwd function call, errno=168, "
		 "rsncode=1\r\n530 x\r\n",
	    NULL, MESSAGE_EXPIRED, 530, REPLY_DONE },
	{ &login,
	    USER "530-Error on __passwd function call, errno=111, "
		 "rsncode=1\r\n530 x\r\n",
	    NULL, REFUSED, 530, REPLY_DONE },
	{ &login, USER "530-errno=1680, x\r\n530 x\r\n", NULL, REFUSED, 530,
	    REPLY_DONE },
	{ &login, USER "530 PASS command failed\r\n", NULL, REFUSED, 530,
	    REPLY_DONE },
	{ &login, USER "550 EDC5168I\r\n", NULL, REFUSED, 550, REPLY_DONE },
	{ &login, USER "230 EDC5168I\r\n", NULL, ACCEPTED, 230, REPLY_DONE },
	{ &plain, USER "530 EDC5168I\r\n", NULL, REFUSED, 530, REPLY_DONE },
	/* TLS before the greeting. */
	{ &implicit, "220 x\r\n331 y\r\n230 z\r\n", NULL, ACCEPTED, 230,
	    REPLY_DONE },
	{ &implicit, "220 x\r\n234 y\r\n", NULL, NOT_SENT, 0, REPLY_DONE },
	{ &implicit, "220 x\r\n331 y\r\n", NULL, UNKNOWN, 0, REPLY_PASS },
};

START_TEST(the_rules_of_a_method_decide)
{
	struct reply r;
	bool on;

	reply_init(&r, ruled[_i].rules);
	feed(&r, ruled[_i].bytes, 0, strlen(ruled[_i].bytes), &on);
	if (ruled[_i].answer != NULL) {
		ck_assert_int_eq(r.stage, REPLY_IN);
		reply_expect_command(&r);
		feed(&r, ruled[_i].answer, 0, strlen(ruled[_i].answer), &on);
	}
	ck_assert_msg(r.outcome == ruled[_i].outcome &&
		r.code == ruled[_i].code && r.stage == ruled[_i].stage,
	    "%d: outcome %d, code %u, stage %d", _i, (int)r.outcome,
	    (unsigned int)r.code, (int)r.stage);
}
END_TEST

START_TEST(nothing_counts_after_the_end)
{
	const struct transcript *t = &transcripts[_i];
	struct reply r;
	bool on = true;

	if (t->stage != REPLY_DONE)
		return;
	reply_init(&r, &plain);
	feed(&r, t->bytes, 0, strlen(t->bytes), &on);
	feed(&r, USER LOGGED_ON, 0, sizeof(USER LOGGED_ON) - 1, &on);
	feed(&r, "530 no\r\n", 0, 8, &on);
	check_end(t, &r, on, 0);
}
END_TEST

/* PASS must be known to be out before the library sends it, not later. */
START_TEST(the_last_byte_of_331_is_the_point_of_no_return)
{
	const char bytes[] = AUTH "331-a\r\n331 b\r\n";
	struct reply r;
	size_t i;
	bool on = true;

	reply_init(&r, &plain);
	for (i = 0; i < sizeof(bytes) - 1; i++) {
		ck_assert_int_eq(r.outcome, NOT_SENT);
		feed(&r, bytes, i, i + 1, &on);
		ck_assert(on);
	}
	ck_assert_int_eq(r.outcome, UNKNOWN);
}
END_TEST

static void
all_but_pass(struct reply *r)
{
	bool on = false;

	reply_init(r, &plain);
	feed(r, USER, 0, sizeof(USER) - 1, &on);
	ck_assert(on);
}

/* The end of a reply is its first four bytes; the rest may be any length. */
START_TEST(a_long_line_is_cut)
{
	const size_t n = 100000;
	struct reply r;
	char *line = malloc(n + 3);
	bool on = false;

	ck_assert_ptr_nonnull(line);
	memset(line, 'x', n);
	memcpy(line, "230 ", 4);
	memcpy(line + n, "\r\n", 3);
	all_but_pass(&r);
	feed(&r, line, 0, n + 2, &on);
	ck_assert_int_eq(r.outcome, ACCEPTED);
	ck_assert_uint_eq(r.text_len, REPLY_LINE_MAX + 1);
	ck_assert_mem_eq(r.text, line, REPLY_LINE_MAX);
	free(line);
}
END_TEST

START_TEST(the_last_lines_of_many_are_kept)
{
	struct reply r;
	char line[64];
	bool on = false;
	int i;

	all_but_pass(&r);
	for (i = 0; i < 1000; i++) {
		(void)snprintf(line, sizeof(line), "530-line %d\r\n", i);
		feed(&r, line, 0, strlen(line), &on);
		ck_assert(on);
	}
	feed(&r, "530 last\r\n", 0, 10, &on);
	ck_assert_int_eq(r.outcome, REFUSED);
	ck_assert_uint_gt(r.text_len, sizeof(r.text) - 16);
	ck_assert_mem_eq(r.text, "530-line ", 9);
	ck_assert_mem_eq(r.text + r.text_len - 22, "530-line 999\n530 last\n",
	    22);
}
END_TEST

/* No byte, however odd, ends a line or a reply but LF and the digits. */
START_TEST(any_byte_may_stand_in_a_text)
{
	char line[8] = "230 ?\r\n";
	struct reply r;
	bool on = false;
	int c;

	for (c = 0; c < 256; c++) {
		if (c == '\n')
			continue;
		line[4] = (char)c;
		all_but_pass(&r);
		feed(&r, line, 0, 7, &on);
		ck_assert_msg(r.outcome == ACCEPTED, "%d", c);
		ck_assert_uint_eq(r.code, 230);
	}
}
END_TEST

/* At each of the first four places only the one right byte will do. */
START_TEST(any_other_code_is_not_the_code)
{
	struct reply r;
	char line[8];
	bool on = false;
	int c;

	for (c = 0; c < 256; c++) {
		memcpy(line, "230 x\r\n", sizeof(line));
		if ((char)c == line[_i])
			continue;
		line[_i] = (char)c;
		all_but_pass(&r);
		feed(&r, line, 0, 7, &on);
		ck_assert_msg(r.outcome != ACCEPTED, "%d: %d", _i, c);
	}
}
END_TEST

static const struct {
	const char *name, *text, *one, *two, *out;
} masks[] = {
	{ "nothing to mask", "530 no", "OLDPASS1", "NEWPASS1", "530 no" },
	{ "nothing at all", "", "OLDPASS1", NULL, "" },
	{ "both", "a OLDPASS1 b NEWPASS1 c", "OLDPASS1", "NEWPASS1",
	    "a *** b *** c" },
	{ "as it was sent", "PASS OLDPASS1/NEWPASS1/NEWPASS1", "OLDPASS1",
	    "NEWPASS1", "PASS ***/***/***" },
	{ "folded", "oldpass1 OldPass1", "OLDPASS1", NULL, "*** ***" },
	{ "folded the other way", "OLDPASS1", "oldpass1", NULL, "***" },
	{ "in a word", "xOLDPASS1y", "OLDPASS1", NULL, "x***y" },
	{ "twice in a row", "OLDPASS1OLDPASS1", "OLDPASS1", NULL, "***" },
	{ "two that overlap", "xABCDEFy", "ABCD", "CDEF", "x***y" },
	{ "one in the other", "xABCDEFy", "ABCDEF", "CD", "x***y" },
	{ "with itself", "xABABABy", "ABAB", NULL, "x***y" },
	{ "nearly", "OLDPASS2", "OLDPASS1", NULL, "OLDPASS2" },
	{ "after a false start", "OLDOLDPASS1", "OLDPASS1", NULL, "OLD***" },
	{ "cut at the end", "said OLDPA", "OLDPASS1", NULL, "said ***" },
	{ "cut at the end of a line", "said OLDP\nx", "OLDPASS1", NULL,
	    "said ***\nx" },
	{ "too little of it", "said OLD", "OLDPASS1", NULL, "said OLD" },
	{ "not over a line", "OLDP\nASS1", "OLDPASS1", NULL, "***\nASS1" },
	{ "one byte", "abcabc", "B", NULL, "a***ca***c" },
	{ "control characters", "a\r\tb\x1b[2J\x7f\xff\nc", "OLDPASS1", NULL,
	    "a??b?[2J??\nc" },
};

static struct slice
secret_of(const char *text)
{
	return slice_of(text == NULL ? "" : text);
}

START_TEST(passwords_are_masked)
{
	struct slice secrets[2] = { secret_of(masks[_i].one),
		secret_of(masks[_i].two) };
	char out[64];

	reply_mask(out, sizeof(out), slice_of(masks[_i].text), secrets,
	    masks[_i].two == NULL ? 1 : 2);
	ck_assert_msg(strcmp(out, masks[_i].out) == 0, "%s: \"%s\"",
	    masks[_i].name, out);
}
END_TEST

/* Any room, from one byte on, is kept to, and ended by a NUL. */
START_TEST(masking_keeps_to_its_room)
{
	static const char text[] = "said OLDPASS1 and more";
	static const char whole[] = "said *** and more";
	struct slice secret = slice_of("OLDPASS1");
	size_t size, len = 0;
	char *out = NULL;

	for (size = 1; size <= sizeof(whole) + 2; size++) {
		out = malloc(size);
		ck_assert_ptr_nonnull(out);
		reply_mask(out, size, slice_of(text), &secret, 1);
		len = strlen(out);
		ck_assert_uint_lt(len, size);
		ck_assert_mem_eq(out, whole, len);
		free(out);
	}
	ck_assert_uint_eq(len, sizeof(whole) - 1);
}
END_TEST

Suite *
reply_suite(void)
{
	const int n = (int)(sizeof(transcripts) / sizeof(transcripts[0]));
	Suite *s = suite_create("reply");
	TCase *t = tcase_create("transcripts"), *m = tcase_create("masking");

	tcase_add_loop_test(t, is_read_the_same_however_it_is_cut, 0, n);
	tcase_add_loop_test(t, the_rules_of_a_method_decide, 0,
	    sizeof(ruled) / sizeof(ruled[0]));
	tcase_add_loop_test(t, nothing_counts_after_the_end, 0, n);
	tcase_add_test(t, the_last_byte_of_331_is_the_point_of_no_return);
	tcase_add_test(t, a_long_line_is_cut);
	tcase_add_test(t, the_last_lines_of_many_are_kept);
	tcase_add_test(t, any_byte_may_stand_in_a_text);
	tcase_add_loop_test(t, any_other_code_is_not_the_code, 0, 4);
	suite_add_tcase(s, t);
	tcase_add_loop_test(m, passwords_are_masked, 0,
	    (int)(sizeof(masks) / sizeof(masks[0])));
	tcase_add_test(m, masking_keeps_to_its_room);
	suite_add_tcase(s, m);
	return s;
}
