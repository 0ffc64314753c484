#include <string.h>

#include "stack.h"

#define DAY_MINUTES 1440

const char *
stack_arg(const struct stack_line *line, const char *key, size_t *at)
{
	size_t n = strlen(key);

	for (; *at < line->nargs; (*at)++)
		if (strncmp(line->args[*at], key, n) == 0 &&
		    line->args[*at][n] == '=')
			return line->args[(*at)++] + n + 1;
	return NULL;
}

bool
stack_has_arg(const struct stack_line *line, const char *word)
{
	size_t i;

	for (i = 0; i < line->nargs; i++)
		if (strcmp(line->args[i], word) == 0)
			return true;
	return false;
}

/* --- The time module ------------------------------------------------------ */

/* Reads one of mon, tue ... at *textp. */
static bool
read_day(const char **textp, unsigned int *dayp)
{
	static const char days[7][4] = { "sun", "mon", "tue", "wed", "thu",
		"fri", "sat" };
	unsigned int i;

	for (i = 0; i < 7; i++) {
		if (strncmp(*textp, days[i], 3) == 0) {
			*textp += 3;
			*dayp = i;
			return true;
		}
	}
	return false;
}

static bool
read_digits(const char **textp, unsigned int max, unsigned int *valuep)
{
	const char *p = *textp;

	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return false;
	*valuep = (unsigned int)(p[0] - '0') * 10 + (unsigned int)(p[1] - '0');
	*textp += 2;
	return *valuep <= max;
}

/* "08:00"; up to "24:00". */
static bool
read_time(const char **textp, unsigned int *minutep)
{
	unsigned int hour, minute;

	if (!read_digits(textp, 24, &hour) || *(*textp)++ != ':' ||
	    !read_digits(textp, 59, &minute))
		return false;
	*minutep = hour * 60 + minute;
	return *minutep <= DAY_MINUTES;
}

/* Whether day is in the range first to last, which may pass Saturday. */
static bool
has_day(unsigned int first, unsigned int last, unsigned int day)
{
	return (day + 7 - first) % 7 <= (last + 7 - first) % 7;
}

bool
stack_window(const char *text, struct stack_moment now, bool *insidep)
{
	unsigned int first, last, from = 0, to = DAY_MINUTES;
	bool today, yesterday;

	if (!read_day(&text, &first))
		return false;
	last = first;
	if (*text == '-') {
		text++;
		if (!read_day(&text, &last))
			return false;
	}
	if (*text == '/') {
		text++;
		if (!read_time(&text, &from) || *text++ != '-' ||
		    !read_time(&text, &to) || from == to)
			return false;
	}
	if (*text != '\0')
		return false;
	today = has_day(first, last, now.day);
	yesterday = has_day(first, last, (now.day + 6) % 7);
	if (from < to)
		*insidep = today && now.minute >= from && now.minute < to;
	else
		*insidep = (today && now.minute >= from) ||
		    (yesterday && now.minute < to);
	return true;
}

/* --- What each module takes ----------------------------------------------- */

static const char *
none_fault(const struct stack_line *line, size_t *badp)
{
	*badp = 0;
	return line->nargs == 0 ? NULL : "this module takes no argument";
}

static bool
is_path(const char *text)
{
	return text[0] == '/' && text[1] != '\0';
}

static const char *
caller_fault(const struct stack_line *line, size_t *badp)
{
	bool any = false;
	size_t i;

	for (i = *badp = 0; i < line->nargs; i = ++*badp) {
		if (strcmp(line->args[i], "test") == 0)
			continue;
		if (!is_path(line->args[i]))
			return "must be an absolute path, or: test";
		any = true;
	}
	return any ? NULL : "needs the path of a program or directory";
}

static const char *
time_fault(const struct stack_line *line, size_t *badp)
{
	const struct stack_moment now = { 0, 0 };
	bool any = false, inside;
	size_t i;

	for (i = *badp = 0; i < line->nargs; i = ++*badp) {
		if (strcmp(line->args[i], "test") == 0)
			continue;
		if (!stack_window(line->args[i], now, &inside))
			return "must be as mon-fri/08:00-18:00, or: test";
		any = true;
	}
	return any ? NULL : "needs a window, as mon-fri/08:00-18:00";
}

/* A name, and for whom its secret is: user=, host=. */
static const char *
bound_fault(const struct stack_line *line, size_t *badp)
{
	bool user = false, host = false;
	size_t i;

	*badp = 0;
	if (line->nargs == 0 || line->args[0][0] == '\0')
		return "needs a name";
	if (line->module == STACK_DATASET && !is_path(line->args[0]))
		return "must be an absolute path, or //'DATA.SET'";
	if (line->module == STACK_CREDENTIAL &&
	    (strchr(line->args[0], '/') != NULL || line->args[0][0] == '.'))
		return "must be the name of a credential";
	for (i = *badp = 1; i < line->nargs; i = ++*badp) {
		if (strncmp(line->args[i], "user=", 5) == 0 &&
		    line->args[i][5] != '\0')
			user = true;
		else if (strncmp(line->args[i], "host=", 5) == 0 &&
		    line->args[i][5] != '\0')
			host = true;
		else
			return "unknown argument; must be user=NAME or "
			       "host=NAME";
	}
	return user && host ? NULL :
			      "needs user=NAME and host=NAME, for whom it is";
}

static const char *
exec_fault(const struct stack_line *line, size_t *badp)
{
	const char *value;
	size_t i = 0;

	*badp = 0;
	if (line->nargs > 0 && strncmp(line->args[0], "timeout=", 8) == 0) {
		value = line->args[0] + 8;
		if (strspn(value, "0123456789") != strlen(value) ||
		    strlen(value) < 1 || strlen(value) > 3 || value[0] == '0')
			return "must be 1 to 999 seconds";
		i = *badp = 1;
	}
	if (i == line->nargs)
		return "needs the path of a program";
	return is_path(line->args[i]) ? NULL : "must be an absolute path";
}

const char *
stack_args_fault(const struct stack_line *line, size_t *badp)
{
	switch (line->module) {
	case STACK_BIND:
	case STACK_ONCE:
	case STACK_CONFIRM_TTY:
	case STACK_DENY:
	case STACK_PERMIT:
	case STACK_VAULT:
	case STACK_TTY:
		return none_fault(line, badp);
	case STACK_CALLER:
		return caller_fault(line, badp);
	case STACK_TIME:
		return time_fault(line, badp);
	case STACK_CREDENTIAL:
	case STACK_DATASET:
	case STACK_KEYRING:
		return bound_fault(line, badp);
	case STACK_EXEC:
		break;
	}
	return exec_fault(line, badp);
}
