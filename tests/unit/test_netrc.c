#include <check.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "netrc.h"

Suite *netrc_suite(void);

static struct err e;
static unsigned char text[4096];
static char shown[4096];

static size_t
add(size_t at, struct slice s)
{
	if (s.p == NULL) {
		shown[at++] = '-';
	} else {
		memcpy(shown + at, s.p, s.len);
		at += s.len;
	}
	shown[at++] = '|';
	return at;
}

/* line:machine|login|password|account|port|; of each, "*" for default. */
static const char *
parse(const char *from)
{
	struct netrc_entry entry;
	struct netrc n;
	size_t at = 0;
	int rv = 0;

	e = (struct err){ 0 };
	memcpy(text, from, strlen(from));
	netrc_start(&n, text, strlen(from));
	while ((rv = netrc_next(&n, &entry, &e)) == 1) {
		at += (size_t)snprintf(shown + at, 24, "%zu:", entry.line);
		if (entry.is_default)
			shown[at++] = '*';
		at = add(at, entry.machine);
		at = add(at, entry.login);
		at = add(at, entry.password);
		at = add(at, entry.account);
		at = add(at, entry.port);
		shown[at++] = ';';
	}
	shown[at] = '\0';
	return rv == -1 ? NULL : shown;
}

static const struct text_case cases[] = {
	{ "", "", false },
	{ "# nothing\n\n", "", false },
	{ "machine a login b password c\n", "1:a|b|c|-|-|;", false },
	{ "machine a\n\tlogin b\r\n\tpassword c\r\n", "1:a|b|c|-|-|;", false },
	{ "machine a login b password c machine d password e",
	    "1:a|b|c|-|-|;1:d|-|e|-|-|;", false },
	{ "\n#x\nmachine a # no\nport 22 account z\n", "3:a|-|-|z|22|;",
	    false },
	{ "machine a password #c\n", "1:a|-|#c|-|-|;", false },
	{ "machine a password \"b c\\\"\\\\\\t\"\n", "1:a|-|b c\"\\\t|-|-|;",
	    false },
	{ "machine a password \"\"\n", "1:a|-||-|-|;", false },
	{ "machine a password b\"c\n", "1:a|-|b\"c|-|-|;", false },
	{ "machine a password machine\n", "1:a|-|machine|-|-|;", false },
	{ "machine a password b\ndefault login c password d\n",
	    "1:a|-|b|-|-|;2:*-|c|d|-|-|;", false },
	{ "machine a password b\nmacdef init\n", "line 2: macdef", true },
	{ "macdef init\n", "line 1: macdef", true },
	{ "login a\n", "line 1: \"machine\" is expected", true },
	{ "machine a\npassword HUNTER 2\n", "line 2: no keyword", true },
	{ "machine a password HUN\\TER\n", "line 1: a backslash", true },
	{ "machine a password \"HUNTER\n", "line 1: a quote is opened", true },
	{ "machine a password \"HUN\\x\"\n", "line 1: a backslash in quotes",
	    true },
	{ "machine a password \"HUN\\", "line 1: a backslash in quotes", true },
	{ "machine a password \"HUN\"TER\n", "line 1: text behind", true },
	{ "machine a password HUN\npassword TER", "line 2: said twice", true },
	{ "machine a \"login\" b", "line 1: a keyword is expected", true },
	{ "machine a\npassword", "line 2: a keyword without its value", true },
	{ "machine", "line 1: a keyword without its value", true },
};

START_TEST(files)
{
	const char *got = parse(cases[_i].text);

	check_text(&cases[_i], got, &e);
}
END_TEST

Suite *
netrc_suite(void)
{
	Suite *s = suite_create("netrc");
	TCase *t = tcase_create("netrc");

	tcase_add_loop_test(t, files, 0,
	    (int)(sizeof(cases) / sizeof(cases[0])));
	suite_add_tcase(s, t);
	return s;
}
