#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prompt.h"

Suite *prompt_suite(void);

enum {
	SAMPLES = 2000,
	LINE = 8192
};

/* Memory of its own, so that a sanitizer sees a read past its end. */
struct bytes {
	char *p;
	size_t len;
};

/* A line of tests/prompts.tsv. */
struct sample {
	size_t line;
	char *kind;
	char *hint;
	struct bytes user, host, prompt;
	bool hostile;
};

static struct sample samples[SAMPLES];
static size_t nsamples;

/* Undoes \n \r \t \\ and \xHH in place; the length that is left. */
static size_t
unescape(char *s)
{
	static const char from[] = "nrt\\";
	static const char to[] = "\n\r\t\\";
	char digits[3] = "";
	char *p = s, *start = s;
	size_t i;

	while (*s != '\0') {
		if (*s != '\\') {
			*p++ = *s++;
		} else if (s[1] == 'x' && s[2] != '\0' && s[3] != '\0') {
			memcpy(digits, s + 2, 2);
			*p++ = (char)strtoul(digits, NULL, 16);
			s += 4;
		} else {
			i = s[1] == '\0' ?
			    4 :
			    strcspn(from, (char[]){ s[1], '\0' });
			if (i == 4)
				ck_abort_msg("no such escape: %s", s);
			*p++ = to[i];
			s += 2;
		}
	}
	*p = '\0';
	return (size_t)(p - start);
}

static struct bytes
copy(const char *p, size_t len)
{
	struct bytes b = { malloc(len == 0 ? 1 : len), len };

	ck_assert_ptr_nonnull(b.p);
	if (len > 0)
		memcpy(b.p, p, len);
	return b;
}

static struct bytes
read_field(char *s)
{
	return strcmp(s, "-") == 0 ? copy("", 0) : copy(s, unescape(s));
}

static void
read_line(char *line, size_t number)
{
	struct sample *s = &samples[nsamples];
	char *part[6] = { NULL }, *rest = line;
	size_t i;

	line[strcspn(line, "\n")] = '\0';
	if (line[0] == '#' || line[0] == '\0')
		return;
	for (i = 0; i < 6 && rest != NULL; i++)
		part[i] = strsep(&rest, "\t");
	ck_assert_msg(part[5] != NULL && rest == NULL, "line %zu: six fields",
	    number);
	ck_assert_uint_lt(nsamples, SAMPLES);
	s->line = number;
	s->kind = strdup(part[0]);
	s->user = read_field(part[1]);
	s->host = read_field(part[2]);
	s->hint = NULL;
	if (strcmp(part[3], "-") != 0) {
		(void)unescape(part[3]);
		s->hint = strdup(part[3]);
	}
	s->prompt = copy(part[4], unescape(part[4]));
	s->hostile = strncmp(part[5], "hostile: ", 9) == 0;
	nsamples++;
}

static void
read_corpus(void)
{
	const char *top = getenv("PAWL_SRC");
	char path[4096], line[LINE];
	size_t number = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/tests/prompts.tsv",
	    top == NULL ? "." : top);
	f = fopen(path, "r");
	ck_assert_msg(f != NULL, "%s: cannot be opened; set PAWL_SRC", path);
	while (fgets(line, sizeof(line), f) != NULL)
		read_line(line, ++number);
	ck_assert_int_eq(fclose(f), 0);
}

static void
free_corpus(void)
{
	struct sample *s;

	for (s = samples; s < samples + nsamples; s++) {
		free(s->kind);
		free(s->hint);
		free(s->user.p);
		free(s->host.p);
		free(s->prompt.p);
	}
	nsamples = 0;
}

static bool
is_bytes(struct text t, struct bytes b)
{
	return t.len == b.len && (t.len == 0 || memcmp(t.p, b.p, b.len) == 0);
}

static bool
is(struct text t, const char *s)
{
	return t.len == strlen(s) && (t.len == 0 || memcmp(t.p, s, t.len) == 0);
}

static bool
is_inside(struct text t, const char *text, size_t len)
{
	if (t.p == NULL)
		return t.len == 0;
	return t.p >= text && t.p <= text + len &&
	    t.len <= (size_t)(text + len - t.p);
}

/* Goes past piece if that is what comes next. */
static bool
eat(struct text *t, struct text piece)
{
	if (t->len < piece.len || memcmp(t->p, piece.p, piece.len) != 0)
		return false;
	t->p += piece.len;
	t->len -= piece.len;
	return true;
}

static bool
eat_literal(struct text *t, const char *s)
{
	return eat(t, (struct text){ s, strlen(s) });
}

static bool
eat_name(struct text *t, const struct prompt *p)
{
	return eat(t, p->user) && eat_literal(t, "@") && eat(t, p->host);
}

/* Would ssh, asked to log p's user in at p's host, have printed this? */
static bool
is_rendered(const char *text, size_t len, const struct prompt *p)
{
	struct text t = { text, len }, u;

	if (p->prefixed &&
	    (!eat_literal(&t, "(") || !eat_name(&t, p) ||
		!eat_literal(&t, ") ")))
		return false;
	u = t;
	if (eat_name(&u, p) && is(u, "'s password: "))
		return true;
	if (!p->prefixed)
		return false;
	if (is(t, "Password: ") || is(t, "Password:") || is(t, "password: "))
		return true;
	return eat_literal(&t, "Password for ") && eat_name(&t, p) &&
	    is(t, ":");
}

/*
 * What must hold for any text, or NULL if it does: the parts are parts of it,
 * and a password is asked for in ssh's very words for that user and host.
 */
static const char *
find_fault(const char *text, size_t len, const struct prompt *p)
{
	if (p->rule == NULL)
		return "a rule without a name";
	if (!is_inside(p->user, text, len) || !is_inside(p->host, text, len) ||
	    !is_inside(p->path, text, len) ||
	    !is_inside(p->scheme, text, len) ||
	    !is_inside(p->port, text, len) ||
	    !is_inside(p->server_text, text, len))
		return "a part that is not in the prompt";
	if (p->prefixed && (p->user.len == 0 || p->host.len == 0))
		return "a prefix without a name";
	if (p->kind == PROMPT_PASSWORD_RAW &&
	    (p->user.p != NULL || p->host.p != NULL))
		return "a name where there is none";
	if (p->kind != PROMPT_PASSWORD)
		return NULL;
	if (p->user.len == 0 || p->host.len == 0)
		return "a password of nobody";
	if (memchr(p->host.p, '@', p->host.len) != NULL ||
	    memchr(p->user.p, ')', p->user.len) != NULL)
		return "a name that could end elsewhere";
	if (!is_rendered(text, len, p))
		return "not ssh's words for this user and host";
	return NULL;
}

/* Classifies, and fails the test on any fault.  Quick: no ck_assert. */
static struct prompt
ask(const char *text, size_t len, const char *hint)
{
	struct prompt p;
	const char *fault;

	memset(&p, 0x5a, sizeof(p));
	prompt_classify(text, len, hint, &p);
	if ((fault = find_fault(text, len, &p)) != NULL)
		ck_abort_msg("%s: %.*s", fault, (int)len, text);
	return p;
}

static void
require(bool good, const struct sample *s, const char *text, size_t len)
{
	if (!good)
		ck_abort_msg("line %zu: %.*s", s->line, (int)len, text);
}

static struct prompt
ask_text(const char *text)
{
	return ask(text, strlen(text), NULL);
}

START_TEST(each_prompt_of_the_corpus_gets_its_verdict)
{
	const struct sample *s;
	struct prompt p;

	for (s = samples; s < samples + nsamples; s++) {
		p = ask(s->prompt.p, s->prompt.len, s->hint);
		ck_assert_msg(strcmp(prompt_kind_name(p.kind), s->kind) == 0,
		    "line %zu: %s by %s, not %s", s->line,
		    prompt_kind_name(p.kind), p.rule, s->kind);
		require(is_bytes(p.user, s->user), s, p.user.p, p.user.len);
		require(is_bytes(p.host, s->host), s, p.host.p, p.host.len);
	}
}
END_TEST

static bool
is_again(const struct sample *s, const struct sample *t)
{
	const char *a = s->hint == NULL ? "" : s->hint;
	const char *b = t->hint == NULL ? "" : t->hint;

	return strcmp(a, b) == 0 && s->prompt.len == t->prompt.len &&
	    memcmp(s->prompt.p, t->prompt.p, s->prompt.len) == 0;
}

START_TEST(the_corpus_is_large_and_says_nothing_twice)
{
	const struct sample *s, *t;
	size_t genuine = 0, hostile = 0;

	for (s = samples; s < samples + nsamples; s++) {
		*(s->hostile ? &hostile : &genuine) += 1;
		for (t = samples; t < s; t++)
			require(!is_again(s, t), s, s->prompt.p, s->prompt.len);
	}
	ck_assert_uint_ge(genuine, 300);
	ck_assert_uint_ge(hostile, 200);
}
END_TEST

/* Does this kind make somebody answer with a secret? */
static bool
yields_secret(enum prompt_kind kind)
{
	return kind == PROMPT_PASSWORD || kind == PROMPT_PASSWORD_RAW ||
	    kind == PROMPT_PASSPHRASE || kind == PROMPT_PASSPHRASE_RETRY ||
	    kind == PROMPT_PIN || kind == PROMPT_GIT_PASSWORD ||
	    kind == PROMPT_SUDO || kind == PROMPT_LOCK;
}

START_TEST(a_hostile_prompt_gets_at_most_the_secret_of_its_prefix)
{
	const struct sample *s;
	struct prompt p;

	for (s = samples; s < samples + nsamples; s++) {
		p = ask(s->prompt.p, s->prompt.len, s->hint);
		require(!s->hostile || !yields_secret(p.kind) ||
			(p.kind == PROMPT_PASSWORD && p.prefixed),
		    s, s->prompt.p, s->prompt.len);
	}
}
END_TEST

/* Whatever a server makes of its text, it is asked for its own user. */
START_TEST(no_prompt_behind_a_prefix_changes_who_is_asked)
{
	static const char prefix[] = "(bob@evil.example) ";
	const struct sample *s;
	struct prompt p;
	char text[LINE];
	size_t n = sizeof(prefix) - 1, len;

	memcpy(text, prefix, n);
	for (s = samples; s < samples + nsamples; s++) {
		memcpy(text + n, s->prompt.p, s->prompt.len);
		len = n + s->prompt.len;
		p = ask(text, len, NULL);
		require(!yields_secret(p.kind) || p.kind == PROMPT_PASSWORD, s,
		    text, len);
		if (strcmp(p.rule, "not-text") == 0)
			continue;
		require(p.prefixed && is(p.user, "bob") &&
			is(p.host, "evil.example"),
		    s, text, len);
		require(p.server_text.p == text + n &&
			p.server_text.len == s->prompt.len,
		    s, text, len);
	}
}
END_TEST

START_TEST(a_hint_never_yields_a_secret)
{
	const struct sample *s;
	enum prompt_kind kind;
	const char *text;
	size_t len;

	for (s = samples; s < samples + nsamples; s++) {
		text = s->prompt.p;
		len = s->prompt.len;
		kind = ask(text, len, "confirm").kind;
		require(kind == PROMPT_UNKNOWN || kind == PROMPT_CONFIRM ||
			kind == PROMPT_HOSTKEY || kind == PROMPT_HOSTKEY_AGAIN,
		    s, text, len);
		kind = ask(text, len, "none").kind;
		require(kind == PROMPT_UNKNOWN || kind == PROMPT_NOTIFY, s,
		    text, len);
		kind = ask(text, len, "password").kind;
		require(kind == PROMPT_UNKNOWN, s, text, len);
	}
	kind = ask("bob@h's password: ", 18, "").kind;
	ck_assert_int_eq(kind, PROMPT_PASSWORD);
}
END_TEST

START_TEST(a_prompt_cut_short_asks_for_nothing_else)
{
	const struct sample *s;
	struct prompt p;
	struct bytes b;
	size_t n;

	for (s = samples; s < samples + nsamples; s++) {
		if (strcmp(s->kind, "password") != 0)
			continue;
		for (n = 0; n < s->prompt.len; n++) {
			b = copy(s->prompt.p, n);
			p = ask(b.p, n, NULL);
			/* "Password: " less its blank is one, too. */
			require(!yields_secret(p.kind) ||
				is(p.server_text, "Password:"),
			    s, b.p, n);
			free(b.p);
			b = copy(s->prompt.p + n + 1, s->prompt.len - n - 1);
			(void)ask(b.p, b.len, NULL);
			free(b.p);
		}
	}
}
END_TEST

START_TEST(a_prompt_with_a_byte_more_asks_for_nothing_else)
{
	const struct sample *s;
	struct prompt p;
	char text[LINE];
	int c;

	for (s = samples; s < samples + nsamples; s++) {
		if (strcmp(s->kind, "password") != 0)
			continue;
		memcpy(text, s->prompt.p, s->prompt.len);
		for (c = 0; c < 256; c++) {
			text[s->prompt.len] = (char)c;
			p = ask(text, s->prompt.len + 1, NULL);
			require(!yields_secret(p.kind) ||
				is(p.server_text, "Password: "),
			    s, text, s->prompt.len + 1);
		}
	}
}
END_TEST

/*
 * ask() holds every changed text against the words for the user and host that
 * come out; and a change outside of "user@host" leaves both as they were.
 */
static void
change_byte(const struct sample *s, size_t i)
{
	struct bytes b = copy(s->prompt.p, s->prompt.len);
	struct prompt p = ask(b.p, b.len, NULL);
	bool named = is_inside((struct text){ b.p + i, 1 }, p.user.p,
	    p.user.len + 1 + p.host.len);
	int c;

	for (c = 1; c < 256; c++) {
		b.p[i] = (char)(s->prompt.p[i] ^ c);
		p = ask(b.p, b.len, NULL);
		require(p.kind != PROMPT_PASSWORD || named ||
			(is_bytes(p.user, s->user) &&
			    is_bytes(p.host, s->host)),
		    s, b.p, b.len);
	}
	free(b.p);
}

START_TEST(a_changed_byte_changes_only_the_name_it_is_in)
{
	const struct sample *s;
	size_t i;

	for (s = samples; s < samples + nsamples; s++)
		if (strcmp(s->kind, "password") == 0 && s->prompt.len <= 80)
			for (i = 0; i < s->prompt.len; i++)
				change_byte(s, i);
}
END_TEST

START_TEST(git_urls_come_in_parts)
{
	struct prompt p;

	p = ask_text(
	    "Password for 'https://bob%40a@git.example:8443/a/b.git': ");
	ck_assert_int_eq(p.kind, PROMPT_GIT_PASSWORD);
	ck_assert_str_eq(p.rule, "git-password");
	ck_assert(is(p.scheme, "https") && is(p.user, "bob%40a"));
	ck_assert(is(p.host, "git.example") && is(p.port, "8443"));
	ck_assert(is(p.path, "a/b.git"));
	p = ask_text("Username for 'http://[::1]:80': ");
	ck_assert(is(p.scheme, "http") && is(p.host, "[::1]"));
	ck_assert(is(p.port, "80") && p.user.p == NULL && p.path.p == NULL);
	p = ask_text("Password for \"https://bob@git.example/x\"");
	ck_assert_str_eq(p.rule, "lfs-password");
	ck_assert(is(p.path, "x") && p.port.p == NULL);
	p = ask_text("Password for 'cert:////etc/c.pem': ");
	ck_assert(is(p.path, "/etc/c.pem") && p.scheme.p == NULL);
}
END_TEST

START_TEST(keys_and_tokens_are_named)
{
	static const struct {
		const char *prompt, *path;
	} cases[] = {
		{ "Enter passphrase for key '/a b/c': ", "/a b/c" },
		{ "Enter passphrase for RSA key 'me': ", "me" },
		{ "Enter passphrase for /k: ", "/k" },
		{ "Enter passphrase for /k (will confirm each use): ", "/k" },
		{ "Bad passphrase, try again for /k: ", "/k" },
		{ "Bad passphrase, try again for /k (will confirm each use): ",
		    "/k" },
		{ "Enter passphrase for \"/k\": ", "/k" },
		{ "Enter passphrase for \"k\" (empty for no passphrase): ",
		    "k" },
		{ "Enter PIN for 'OpenPGP': ", "OpenPGP" },
		{ "Enter PIN for ED25519-SK key /k: ", "/k" },
		{ "Enter PIN and confirm user presence for ECDSA-SK key S:x: ",
		    "S:x" },
		{ "Enter PIN for CA key: ", "" },
		{ "Enter passphrase for PKCS#11: ", "" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_msg(is(ask_text(cases[i].prompt).path, cases[i].path),
		    "%s", cases[i].prompt);
}
END_TEST

/* user and host of so many x between the three parts of a prompt. */
static struct prompt
ask_long(const char *const parts[3], int user, int host)
{
	static char text[1024];
	char names[201];

	memset(names, 'x', 200);
	names[200] = '\0';
	(void)snprintf(text, sizeof(text), "%s%.*s%s%.*s%s", parts[0], user,
	    names, parts[1], host, names, parts[2]);
	return ask_text(text);
}

START_TEST(what_old_ssh_may_have_cut_is_marked)
{
	static const char *const login[] = { "", "@", "'s password: " };
	static const char *const change[] = { "Retype ", "@",
		"'s new password: " };
	static const char *const prefixed[] = { "(", "@", ") Password: " };
	static const char *const key[] = { "Enter passphrase for key '", "",
		"': " };
	static const char *const add[] = { "Enter passphrase for ", "", ": " };
	struct prompt p;
	int user, host;

	for (user = 29; user <= 31; user++)
		for (host = 127; host <= 129; host++) {
			p = ask_long(login, user, host);
			ck_assert_int_eq(p.truncated_user,
			    user == 30 && host <= 128);
			ck_assert_int_eq(p.truncated_host,
			    user <= 30 && host == 128);
			p = ask_long(change, user, host);
			ck_assert_int_eq(p.truncated_user,
			    user == 30 && host <= 128);
			p = ask_long(prefixed, user, host);
			ck_assert_uint_eq(p.user.len, (size_t)user);
			ck_assert_uint_eq(p.host.len, (size_t)host);
			ck_assert(!p.truncated_user && !p.truncated_host);
		}
	for (user = 99; user <= 101; user++) {
		p = ask_long(key, user, 0);
		ck_assert_int_eq(p.truncated_path, user == 100);
		ck_assert(!ask_long(add, user, 0).truncated_path);
	}
}
END_TEST

START_TEST(length_has_a_limit)
{
	static const char tail[] = "@host.example's password: ";
	size_t n = sizeof(tail) - 1;
	char text[PROMPT_MAX + 1];
	struct prompt p;

	memset(text, 'u', sizeof(text));
	memcpy(text + PROMPT_MAX - n, tail, n);
	ck_assert_int_eq(ask(text, PROMPT_MAX, NULL).kind, PROMPT_PASSWORD);
	memcpy(text + sizeof(text) - n, tail, n);
	p = ask(text, sizeof(text), NULL);
	ck_assert_int_eq(p.kind, PROMPT_UNKNOWN);
	ck_assert_str_eq(p.rule, "too-long");
	ck_assert_str_eq(ask(text, 0, NULL).rule, "not-text");
	ck_assert_str_eq(ask(NULL, 0, NULL).rule, "not-text");
	ck_assert_str_eq(ask("\xff", 1, NULL).rule, "not-text");
	ck_assert_str_eq(ask("x", 1, NULL).rule, "no-rule");
	ck_assert_str_eq(ask("x", 1, "x").rule, "unknown-hint");
	ck_assert_str_eq(ask("OTP", 3, "none").rule, "no-rule");
	ck_assert_str_eq(ask("Password:", 9, "none").rule, "hint-disagrees");
}
END_TEST

/* Numbers in a user name, encoded as if each were a character. */
START_TEST(every_character_but_controls_may_be_in_a_user)
{
	static const char tail[] = "b@h's password: ";
	char text[32] = "a";
	size_t i, n;
	uint32_t c;
	bool good;

	for (c = 0; c < 0x120000; c += c < 0x11000 ? 1 : 17) {
		n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
		for (i = n; i > 1; i--)
			text[i] = (char)(0x80 | (c >> 6 * (n - i) & 0x3f));
		text[1] =
		    (char)(n == 1 ? c :
				    (0xf00U >> n & 0xf0) | c >> 6 * (n - 1));
		memcpy(text + 1 + n, tail, sizeof(tail));
		good = c >= 0x20 && (c < 0x7f || c > 0x9f) &&
		    (c < 0xd800 || c > 0xdfff) && c < 0x110000 && c != '(' &&
		    c != ')';
		if ((ask(text, n + sizeof(tail), NULL).kind ==
			PROMPT_PASSWORD) != good)
			ck_abort_msg("U+%04X", (unsigned int)c);
	}
}
END_TEST

START_TEST(kinds_have_names_of_their_own)
{
	int i, j;

	for (i = PROMPT_UNKNOWN; i <= PROMPT_KEYGEN; i++)
		for (j = PROMPT_UNKNOWN; j < i; j++)
			ck_assert_str_ne(prompt_kind_name((enum prompt_kind)i),
			    prompt_kind_name((enum prompt_kind)j));
	ck_assert_str_eq(prompt_kind_name(PROMPT_UNKNOWN), "unknown");
	ck_assert_str_eq(prompt_kind_name(PROMPT_KEYGEN), "keygen");
	ck_assert_str_eq(prompt_kind_name((enum prompt_kind)99), "unknown");
}
END_TEST

Suite *
prompt_suite(void)
{
	Suite *s = suite_create("prompt");
	TCase *corpus = tcase_create("corpus"), *alone = tcase_create("alone");

	tcase_add_checked_fixture(corpus, read_corpus, free_corpus);
	tcase_set_timeout(corpus, 120);
	tcase_add_test(corpus, each_prompt_of_the_corpus_gets_its_verdict);
	tcase_add_test(corpus, the_corpus_is_large_and_says_nothing_twice);
	tcase_add_test(corpus,
	    a_hostile_prompt_gets_at_most_the_secret_of_its_prefix);
	tcase_add_test(corpus, no_prompt_behind_a_prefix_changes_who_is_asked);
	tcase_add_test(corpus, a_hint_never_yields_a_secret);
	tcase_add_test(corpus, a_prompt_cut_short_asks_for_nothing_else);
	tcase_add_test(corpus, a_prompt_with_a_byte_more_asks_for_nothing_else);
	tcase_add_test(corpus, a_changed_byte_changes_only_the_name_it_is_in);
	suite_add_tcase(s, corpus);
	tcase_set_timeout(alone, 120);
	tcase_add_test(alone, git_urls_come_in_parts);
	tcase_add_test(alone, keys_and_tokens_are_named);
	tcase_add_test(alone, what_old_ssh_may_have_cut_is_marked);
	tcase_add_test(alone, length_has_a_limit);
	tcase_add_test(alone, every_character_but_controls_may_be_in_a_user);
	tcase_add_test(alone, kinds_have_names_of_their_own);
	suite_add_tcase(s, alone);
	return s;
}
