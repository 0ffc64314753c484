/*
 * The stack: what a text means, and what the results of its lines come to, for
 * every stack of up to three lines against a model of its own.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stack.h"

Suite *stack_suite(void);

static struct stack stack;
static struct err err;

/* --- Reading -------------------------------------------------------------- */

/* Stacks that an include finds: name, text, name, text... */
static const char *const *library;

static int
find(void *arg, const struct stack_source *from, const char *name,
    struct stack_source *found, struct err *e)
{
	const char *const *p;

	(void)e;
	found->file = from == NULL ? "top" : name;
	if (from == NULL) {
		found->text = slice_of(arg);
		return 1;
	}
	for (p = library; p != NULL && *p != NULL; p += 2) {
		if (strcmp(*p, name) == 0) {
			found->text = slice_of(p[1]);
			return 1;
		}
	}
	return 0;
}

static int
parse(const char *text)
{
	char copy[16384];

	(void)snprintf(copy, sizeof(copy), "%s", text);
	return stack_parse(&stack, "ssh", find, copy, &err);
}

START_TEST(words_are_read_as_pam_does)
{
	library = NULL;
	ck_assert_int_eq(
	    parse("# a comment \\\n\n"
		  "required once # another\n"
		  "\t[success=1 \\\n default=ignore]  caller \\\n"
		  "  [/opt/a b/[x\\]] /usr/bin/ test\n"
		  "requisite\tdeny\n"
		  "sufficient dataset //'HLQ.A#B(C)' user=u host=h"),
	    0);
	ck_assert_uint_eq(stack.n, 4);
	ck_assert_int_eq(stack.lines[0].module, STACK_ONCE);
	ck_assert_uint_eq(stack.lines[0].nargs, 0);
	ck_assert_uint_eq(stack.lines[0].number, 3);
	ck_assert_str_eq(stack.lines[0].file, "top");
	ck_assert_str_eq(stack.lines[1].args[0], "/opt/a b/[x]");
	ck_assert_str_eq(stack.lines[1].args[2], "test");
	ck_assert_int_eq(stack.lines[1].on[STACK_SUCCESS], STACK_JUMP);
	ck_assert_uint_eq(stack.lines[1].to[STACK_SUCCESS], 3);
	ck_assert_int_eq(stack.lines[1].on[STACK_UNAVAILABLE], STACK_PASS);
	ck_assert_str_eq(stack.lines[3].args[0], "//'HLQ.A#B(C)'");
}
END_TEST

/* What is wrong, and where. */
static const struct {
	const char *text;
	const char *message;
} wrong[] = {
	{ "require vault",
	    "top:1:1: must be required, requisite, sufficient, "
	    "optional, include, substack or "
	    "[value=action ...], not \"require\"" },
	{ "\n  required", "top:2:3: a module must follow" },
	{ "required  vaults", "top:1:11: unknown module \"vaults\"" },
	{ "required once twice",
	    "top:1:15: this module takes no argument \"twice\"" },
	{ "required vault unbound",
	    "top:1:16: this module takes no argument \"unbound\"" },
	{ "required caller",
	    "top:1:10: needs the path of a program or "
	    "directory \"caller\"" },
	{ "required caller ssh",
	    "top:1:17: must be an absolute path, or: test \"ssh\"" },
	{ "required time mon-fry",
	    "top:1:15: must be as mon-fri/08:00-18:00, or: test \"mon-fry\"" },
	{ "required time test",
	    "top:1:10: needs a window, as "
	    "mon-fri/08:00-18:00 \"time\"" },
	{ "required credential", "top:1:10: needs a name \"credential\"" },
	{ "required credential ../x user=u host=h",
	    "top:1:21: must be the name of a credential \"../x\"" },
	{ "required credential x user=u",
	    "top:1:10: needs user=NAME and host=NAME, for whom it is "
	    "\"credential\"" },
	{ "required dataset x user=u host=h",
	    "top:1:18: must be an absolute path, or //'DATA.SET' \"x\"" },
	{ "required keyring x user=u port=22",
	    "top:1:27: unknown argument; must be user=NAME or host=NAME "
	    "\"port=22\"" },
	{ "required exec timeout=0 /x",
	    "top:1:15: must be 1 to 999 seconds \"timeout=0\"" },
	{ "required exec x", "top:1:15: must be an absolute path \"x\"" },
	{ "required exec timeout=1",
	    "top:1:10: needs the path of a program \"exec\"" },
	{ "[success=okay] vault",
	    "top:1:2: \"success=okay\": must be ok, done, bad, die, ignore or "
	    "a number of lines to skip" },
	{ "[success=ok ignored=ok] vault",
	    "top:1:13: \"ignored=ok\": must be success, ignore, unavailable, "
	    "denied, corrupt or default" },
	{ "[success=ok denied=ignore] vault",
	    "top:1:13: \"denied=ignore\": always ends the stack: leave it out, "
	    "or write die" },
	{ "[corrupt=1] vault\nrequired deny",
	    "top:1:2: \"corrupt=1\": always ends the stack: leave it out, or "
	    "write die" },
	{ "[unavailable=ok] once",
	    "top:1:2: \"unavailable=ok\": only success can be ok or done" },
	{ "[default=done] once",
	    "top:1:2: \"default=done\": only success can be ok or done" },
	{ "[success=ok success=ok] once",
	    "top:1:13: \"success=ok\": stands there twice" },
	{ "[success] once", "top:1:2: \"success\": must be value=action" },
	{ "[] once", "top:1:1: must be [value=action ...]" },
	{ "[success=ok", "top:1:1: \"[\" without \"]\"" },
	{ "[success=ok]once", "top:1:1: there must be a blank after \"]\"" },
	{ "[success=0] once",
	    "top:1:2: \"success=0\": must be ok, done, bad, "
	    "die, ignore or a number of lines to skip" },
	{ "[success=65] once",
	    "top:1:2: \"success=65\": must be ok, done, "
	    "bad, die, ignore or a number of lines to "
	    "skip" },
	{ "required once\n[success=2] once\nrequired deny",
	    "top:2:1: skips more lines than there are" },
	{ "[success=ignore] vault",
	    "top:1:1: the success of a module that gives a secret must be ok, "
	    "done or a number of lines to skip" },
	{ "include", "top:1:1: a name must follow" },
	{ "include a b", "top:1:11: unknown argument \"b\"" },
	{ "include none", "top:1:9: there is no stack of this name: \"none\"" },
	{ "include a", "a:1:10: a stack includes itself: \"a\"" },
	{ "include c", "d:1:9: a stack includes itself: \"c\"" },
	{ "include e", "e:2:1: skips more lines than there are" },
	{ "required vault\r\n",
	    "top:1:15: a carriage return; lines must end in LF alone" },
	{ "required va\x01ult",
	    "top:1:12: a control character (\\x01) is not allowed" },
};

START_TEST(what_is_wrong_is_said_with_its_place)
{
	static const char *const texts[] = { "a", "substack a", "c",
		"include d", "d", "include c", "e",
		"required once\n[success=1] once", NULL };

	library = texts;
	ck_assert_int_eq(parse(wrong[_i].text), -1);
	ck_assert_int_eq(err.kind, ERR_CONFIG);
	ck_assert_str_eq(err.msg, wrong[_i].message);
}
END_TEST

START_TEST(there_are_limits)
{
	char text[16384] = "";
	size_t i;

	library = NULL;
	for (i = 0; i < STACK_LINES_MAX; i++)
		memcpy(text + i * 14, "required once\n", 15);
	ck_assert_int_eq(parse(text), 0);
	ck_assert_uint_eq(stack.n, STACK_LINES_MAX);
	memcpy(text + i * 14, "required once\n", 15);
	ck_assert_int_eq(parse(text), -1);
	ck_assert_str_eq(err.msg, "top:65:1: more than 64 lines in one stack");
	memcpy(text, "required ", 10);
	memset(text + 9, 'x', 9000);
	ck_assert_int_eq(parse(text), -1);
	ck_assert_ptr_nonnull(strstr(err.msg, "too much text"));
	memset(text, 'x', sizeof(text));
	for (i = 1; i < 50; i += 2)
		text[i] = ' ';
	text[50] = '\0';
	ck_assert_int_eq(parse(text), -1);
	ck_assert_str_eq(err.msg, "top:1:39: too many words");
}
END_TEST

START_TEST(only_lines_of_the_service_count)
{
	static const char text[] = "ssh required once\n"
				   "common required vault\n"
				   "git [success=1 default=bad] once\n"
				   "ssh include common\n";
	static const char *const known[] = { "ssh", "git", "other", NULL };

	ck_assert(stack_has(slice_of(text), "git"));
	ck_assert(!stack_has(slice_of(text), "sudo"));
	ck_assert_int_eq(stack_check_services("f", slice_of(text), known, &err),
	    0);
	ck_assert_int_eq(stack_check_services("f",
			     slice_of("ssh include a\na include b\n shs deny"),
			     known, &err),
	    -1);
	ck_assert_str_eq(err.msg,
	    "f:3:2: \"shs\" is no service, and no line here includes it");
}
END_TEST

/* --- Windows -------------------------------------------------------------- */

static const struct {
	const char *window;
	struct stack_moment now;
	int inside;
} windows[] = {
	{ "mon", { 1, 0 }, 1 },
	{ "mon", { 1, 1439 }, 1 },
	{ "mon", { 2, 0 }, 0 },
	{ "mon-fri", { 5, 100 }, 1 },
	{ "mon-fri", { 6, 100 }, 0 },
	{ "fri-mon", { 0, 100 }, 1 },
	{ "fri-mon", { 2, 100 }, 0 },
	{ "sun-sat/08:00-18:00", { 3, 479 }, 0 },
	{ "sun-sat/08:00-18:00", { 3, 480 }, 1 },
	{ "sun-sat/08:00-18:00", { 3, 1079 }, 1 },
	{ "sun-sat/08:00-18:00", { 3, 1080 }, 0 },
	{ "fri/22:00-06:00", { 5, 1320 }, 1 },
	{ "fri/22:00-06:00", { 6, 359 }, 1 },
	{ "fri/22:00-06:00", { 6, 360 }, 0 },
	{ "fri/22:00-06:00", { 5, 100 }, 0 },
	{ "fri/00:00-24:00", { 5, 1439 }, 1 },
	{ "fri/08:00-08:00", { 5, 0 }, -1 },
	{ "fri/08:00-24:01", { 5, 0 }, -1 },
	{ "fri/8:00-24:00", { 5, 0 }, -1 },
	{ "fri/08:60-24:00", { 5, 0 }, -1 },
	{ "fri/08:00", { 5, 0 }, -1 },
	{ "fri-", { 5, 0 }, -1 },
	{ "friday", { 5, 0 }, -1 },
	{ "", { 5, 0 }, -1 },
};

START_TEST(windows_of_time)
{
	bool inside = false;
	bool good = stack_window(windows[_i].window, windows[_i].now, &inside);

	ck_assert_int_eq(good ? inside : -1, windows[_i].inside);
}
END_TEST

/* --- Evaluation ----------------------------------------------------------- */

/*
 * The model goes by the words of the manual and knows nothing of lines that
 * point at others.  A program is a string of controls; small letters are
 * gates, capitals providers: r(equired), q (requisite), s(ufficient),
 * o(ptional), j: [success=1 default=ignore], n: [success=ok unavailable=die
 * default=1], and "(" ")" around a substack.
 */
static const char *const words[][2] = {
	{ "r", "required" },
	{ "q", "requisite" },
	{ "s", "sufficient" },
	{ "o", "optional" },
	{ "j", "[success=1 default=ignore]" },
	{ "n", "[success=ok unavailable=die default=1]" },
};

struct model {
	bool good;
	bool bad;
	bool secret;
	bool over;
	/* How many lines were run. */
	size_t ran;
};

/* Skips one item of the program: a line or a substack.  NULL: none left. */
static const char *
skip_item(const char *p)
{
	if (*p == '\0' || *p == ')')
		return NULL;
	if (*p != '(')
		return p + 1;
	while (*p != ')')
		p++;
	return p + 1;
}

/* results has one for each line; returns where to go on, NULL for the end of
 * this (sub)stack. */
static const char *
model_line(struct model *m, const char *p, enum stack_result result)
{
	bool provider = *p >= 'A' && *p <= 'Z';
	char control = provider ? (char)(*p - 'A' + 'a') : *p;
	bool yes = result == STACK_SUCCESS;

	if (provider && m->secret)
		return p + 1;
	m->ran++;
	if (result == STACK_DENIED || result == STACK_CORRUPT) {
		m->bad = m->over = true;
		return NULL;
	}
	if (provider && yes)
		m->secret = true;
	if (yes && control == 'j')
		return skip_item(p + 1);
	if (result == STACK_IGNORE && control == 'n')
		return skip_item(p + 1);
	if (yes)
		m->good = true;
	if (yes && control == 's' && !m->bad)
		return NULL;
	if (result == STACK_UNAVAILABLE && strchr("rqn", control) != NULL) {
		m->bad = true;
		if (control != 'r')
			return NULL;
	}
	return p + 1;
}

/* Behind the substack that p is in; NULL if it is in none. */
static const char *
behind_substack(const char *p)
{
	const char *end = strchr(p, ')'), *begin = strchr(p, '(');

	if (end == NULL || (begin != NULL && begin < end))
		return NULL;
	return end + 1;
}

static struct model
model_answers(const char *program, const enum stack_result *results)
{
	struct model m = { false, false, false, false, 0 };
	const char *p = program, *next;

	while (p != NULL && *p != '\0' && !m.over) {
		if (*p == '(' || *p == ')') {
			p++;
			continue;
		}
		next = model_line(&m, p, results[p - program]);
		p = next == NULL ? behind_substack(p) : next;
	}
	m.good = m.good && !m.bad && m.secret && !m.over;
	return m;
}

/* Puts a line at to, and returns what is behind it. */
static char *
add(char *to, const char *control, const char *what)
{
	return to + snprintf(to, 100, "%s %s\n", control, what);
}

/* Writes the program as a stack; false if it jumps too far. */
static bool
write_stack(const char *program, char *text, char *sub)
{
	const char *p;
	char *to = text;
	size_t i;

	*text = *sub = '\0';
	for (p = program; *p != '\0'; p++) {
		char low = (char)(*p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p);

		if (*p == '(') {
			to = add(to, "substack", "sub");
			text = to;
			to = sub;
			continue;
		}
		if (*p == ')') {
			to = text;
			continue;
		}
		for (i = 0; words[i][0][0] != low; i++)
			;
		to = add(to, words[i][1], low == *p ? "once" : "vault");
		if ((low == 'j' || low == 'n') && skip_item(p + 1) == NULL)
			return false;
	}
	return true;
}

static void
check_results(const char *program, enum stack_result *results)
{
	size_t of[8], n = 0, i;
	const char *p;
	const struct stack_line *line;
	struct stack_run run;
	struct model m;

	for (p = program; *p != '\0'; p++)
		if (*p != '(' && *p != ')')
			of[n++] = (size_t)(p - program);
	ck_assert_uint_eq(stack.n, n);
	stack_begin(&run, &stack);
	for (i = 0; (line = stack_next(&run)) != NULL; i++) {
		ck_assert_uint_lt(i, n);
		(void)stack_take(&run,
		    results[of[(size_t)(line - stack.lines)]]);
	}
	m = model_answers(program, results);
	if (stack_verdict(&run) != m.good || i != m.ran) {
		for (i = 0; i < n; i++)
			(void)fprintf(stderr, "%s ",
			    stack_result_name(results[of[i]]));
		ck_abort_msg("%s: %s, %zu lines run", program,
		    stack_verdict(&run) ? "answered" : "refused", i);
	}
}

/* Every result of every line of the program; returns how many there are. */
static unsigned int
check_program(const char *program)
{
	enum stack_result results[16] = { STACK_SUCCESS };
	char text[512], sub[512];
	const char *const texts[] = { "sub", sub, NULL };
	unsigned int count = 0, code, left, all = 1;
	const char *p;

	if (!write_stack(program, text, sub))
		return 0;
	library = texts;
	if (parse(text) == -1)
		ck_abort_msg("%s: %s", program, err.msg);
	for (p = program; *p != '\0'; p++)
		if (*p != '(' && *p != ')')
			all *= 5;
	for (code = 0; code < all; code++, count++) {
		for (left = code, p = program; *p != '\0'; p++) {
			if (*p == '(' || *p == ')')
				continue;
			results[p - program] = (enum stack_result)(left % 5);
			left /= 5;
		}
		check_results(program, results);
	}
	return count;
}

START_TEST(every_stack_does_what_the_model_says)
{
	static const char letters[] = "rqsojnRQSOJN";
	static const char *const shapes[] = { "1", "12", "123", "(1)", "(1)2",
		"1(2)", "(12)3", "1(23)", "(1)23", "12(3)", "1(2)3", "(123)" };
	unsigned int count = 0;
	size_t i, code, left;
	char program[16], *to;
	const char *p;

	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		for (code = 0; code < 12 * 12 * 12; code++) {
			left = code;
			to = program;
			for (p = shapes[i]; *p != '\0'; p++) {
				*to = *p;
				if (*p != '(' && *p != ')') {
					*to = letters[left % 12];
					left /= 12;
				}
				to++;
			}
			*to = '\0';
			/* The same program under a higher number. */
			if (left == 0)
				count += check_program(program);
		}
	}
	ck_assert_uint_gt(count, 500000);
}
END_TEST

/* Of these lines the first that failed is what the refusal tells of. */
START_TEST(the_first_failure_is_the_reason)
{
	struct stack_run run;

	library = NULL;
	ck_assert_int_eq(parse("sufficient vault\nrequired once\n"
			       "required permit\nrequisite permit\n"
			       "required deny"),
	    0);
	stack_begin(&run, &stack);
	ck_assert(!stack_take(&run, STACK_UNAVAILABLE));
	ck_assert(stack_take(&run, STACK_UNAVAILABLE));
	ck_assert(!stack_take(&run, STACK_SUCCESS));
	ck_assert(!stack_take(&run, STACK_UNAVAILABLE));
	ck_assert_ptr_null(stack_next(&run));
	ck_assert(!stack_verdict(&run));
}
END_TEST

START_TEST(an_include_is_one_line_to_jump_over)
{
	static const char *const texts[] = { "a",
		"required once\nrequired once", "b", "", NULL };
	struct stack_run run;

	library = texts;
	ck_assert_int_eq(parse("[success=2 default=bad] permit\ninclude a\n"
			       "include b\nsufficient vault\n"
			       "required deny"),
	    0);
	ck_assert_uint_eq(stack.n, 5);
	stack_begin(&run, &stack);
	(void)stack_take(&run, STACK_SUCCESS);
	ck_assert_int_eq(stack_next(&run)->module, STACK_VAULT);
	/* "done" in an include ends all of it. */
	(void)stack_take(&run, STACK_SUCCESS);
	ck_assert_ptr_null(stack_next(&run));
	ck_assert(stack_verdict(&run));
}
END_TEST

Suite *
stack_suite(void)
{
	Suite *s = suite_create("stack");
	TCase *t = tcase_create("stack");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, words_are_read_as_pam_does);
	tcase_add_loop_test(t, what_is_wrong_is_said_with_its_place, 0,
	    sizeof(wrong) / sizeof(wrong[0]));
	tcase_add_test(t, there_are_limits);
	tcase_add_test(t, only_lines_of_the_service_count);
	tcase_add_loop_test(t, windows_of_time, 0,
	    sizeof(windows) / sizeof(windows[0]));
	tcase_add_test(t, every_stack_does_what_the_model_says);
	tcase_add_test(t, the_first_failure_is_the_reason);
	tcase_add_test(t, an_include_is_one_line_to_jump_over);
	suite_add_tcase(s, t);
	return s;
}
