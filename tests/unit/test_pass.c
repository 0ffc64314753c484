#include <check.h>
#include <stdio.h>
#include <string.h>

#include "pass.h"

Suite *pass_suite(void);

/* secret|, then each line as U or H with its value, N with its text, or O. */
static const struct {
	const char *text;
	const char *want;
} cases[] = {
	{ "", "|" },
	{ "\n", "|" },
	{ "secret", "secret|" },
	{ " sec ret \r\n", " sec ret \r|" },
	{ "s\nuser: u\nurl: https://h/\n", "s|U<u>H<https://h/>" },
	{ "s\nLogin:u\nUSERNAME :\tv \nHost: h:22", "s|U<u>U<v>H<h:22>" },
	{ "s\r\nuser: u\r\nnote\r\n", "s\r|U<u>N<note>" },
	{ "s\nuser:\nurl: \nx:\n", "s|N<x:>" },
	{ "s\n\none\n\n two\n", "s|N<>N<one>N<>N< two>" },
	{ "s\nusers: u\nuse: u\nhttps://h/\n",
	    "s|N<users: u>N<use: u>N<https://h/>" },
	{ "s\notpauth://totp/x?secret=S\nkey: OTPAUTH://totp/x\ntotp: S\n",
	    "s|O<>O<>O<>" },
	{ "s\nHOTP:S\notpauth: \notp: 1\n", "s|O<>O<>N<otp: 1>" },
	/* gopass */
	{ "s\n---\nuser: u\nx: y\n", "s|U<u>N<x: y>" },
	{ "s\r\n---\r\nuser: u\r\n", "s\r|U<u>" },
	{ "s\n---\nuser: \"u\"\nurl: |\n  h\n  host: h\n",
	    "s|N<user: \"u\">N<url: |>N<  h>N<  host: h>" },
	{ "s\n---\n totp: S\nhost: [a, b]\n", "s|O<>N<host: [a, b]>" },
	{ "s\nuser: \"u\"\n  host: h\n---\n", "s|U<\"u\">H<h>N<--->" },
	{ "s\n---", "s|" },
	{ "s\n----\n", "s|N<---->" },
};

static size_t
add(char *to, size_t at, struct slice s)
{
	if (s.len > 0)
		memcpy(to + at, s.p, s.len);
	return at + s.len;
}

START_TEST(texts)
{
	static const char kinds[] = "UHON";
	struct slice secret = { NULL, 0 };
	struct pass_line line;
	struct pass p;
	char got[256];
	size_t at = 0;

	pass_start(&p, slice_of(cases[_i].text), &secret);
	at = add(got, at, secret);
	got[at++] = '|';
	while (pass_next(&p, &line)) {
		got[at++] = kinds[line.kind];
		got[at++] = '<';
		if (line.kind == PASS_NOTE)
			at = add(got, at, line.text);
		else if (line.kind != PASS_OTP)
			at = add(got, at, line.value);
		got[at++] = '>';
	}
	got[at] = '\0';
	ck_assert_str_eq(got, cases[_i].want);
}
END_TEST

Suite *
pass_suite(void)
{
	Suite *s = suite_create("pass");
	TCase *t = tcase_create("pass");

	tcase_add_loop_test(t, texts, 0,
	    (int)(sizeof(cases) / sizeof(cases[0])));
	suite_add_tcase(s, t);
	return s;
}
