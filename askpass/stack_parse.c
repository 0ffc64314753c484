#include <string.h>

#include "stack.h"
#include "stack_word.h"

/* One stack that is being read, at home in none or in another. */
struct frame {
	const char *name;
	bool substack;
	struct stack_source source;
	struct stack_reader reader;
	/* Its first line, and where each of its items begins: an include, which
	 * is any number of lines, is one of them. */
	size_t begin;
	size_t items;
	unsigned char start[STACK_LINES_MAX + 1];
};

/* A line's part of a jump, until its frame ends. */
struct jump {
	unsigned char depth;
	size_t item;
	size_t over[STACK_CONTROLLED];
	struct stack_word word;
};

struct parser {
	struct stack *stack;
	stack_find *find;
	void *arg;
	struct frame frames[STACK_DEPTH_MAX];
	size_t depth;
	struct jump jumps[STACK_LINES_MAX];
	/* The line has an "end". */
	bool ended[STACK_LINES_MAX];
};

static int
fault(const struct frame *f, const struct stack_word *word, const char *why,
    struct err *e)
{
	(void)err_set(e, ERR_CONFIG, "%s", why);
	return stack_at(f->source.file, word, e);
}

/* The same with the word itself. */
static int
fault_in(const struct frame *f, const struct stack_word *word, const char *why,
    struct err *e)
{
	char shown[64];

	(void)err_set(e, ERR_CONFIG, "%s \"%s\"", why,
	    text_show(shown, sizeof(shown), slice_of(word->text)));
	return stack_at(f->source.file, word, e);
}

/* --- Controls ------------------------------------------------------------- */

static const struct {
	const char *word;
	enum stack_action on[STACK_CONTROLLED];
} controls[] = {
	{ "required", { STACK_OK, STACK_PASS, STACK_BAD } },
	{ "requisite", { STACK_OK, STACK_PASS, STACK_DIE } },
	{ "sufficient", { STACK_DONE, STACK_PASS, STACK_PASS } },
	{ "optional", { STACK_OK, STACK_PASS, STACK_PASS } },
};

/* What is written at the left of "=". */
enum value {
	VALUE_SUCCESS,
	VALUE_IGNORE,
	VALUE_UNAVAILABLE,
	VALUE_DENIED,
	VALUE_CORRUPT,
	VALUE_DEFAULT,
	VALUES
};

static bool
find_word(struct slice text, const char *const *words, size_t n, size_t *ip)
{
	for (*ip = 0; *ip < n; (*ip)++)
		if (slice_is(text, words[*ip]))
			return true;
	return false;
}

/* 1 to STACK_LINES_MAX, without zeros in front. */
static bool
read_count(struct slice text, size_t *countp)
{
	size_t i;

	*countp = 0;
	if (text.len == 0 || text.len > 2 || text.p[0] == '0')
		return false;
	for (i = 0; i < text.len; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		*countp = *countp * 10 + (size_t)(text.p[i] - '0');
	}
	return *countp <= STACK_LINES_MAX;
}

/* "value=action".  What is wrong with it, or NULL. */
static const char *
read_pair(struct slice text, size_t *valuep, enum stack_action *actionp,
    size_t *overp)
{
	static const char *const values[] = { "success", "ignore",
		"unavailable", "denied", "corrupt", "default" };
	static const char *const actions[] = { "ignore", "ok", "done", "bad",
		"die" };
	const unsigned char *sign =
	    text.len == 0 ? NULL : memchr(text.p, '=', text.len);
	struct slice left = text, right = text;
	size_t i;

	if (sign == NULL)
		return "must be value=action";
	left.len = (size_t)(sign - text.p);
	right.p = sign + 1;
	right.len = text.len - left.len - 1;
	if (!find_word(left, values, VALUES, valuep))
		return "must be success, ignore, unavailable, denied, corrupt "
		       "or default";
	if (find_word(right, actions, STACK_JUMP, &i))
		*actionp = (enum stack_action)i;
	else if (read_count(right, overp))
		*actionp = STACK_JUMP;
	else
		return "must be ok, done, bad, die, ignore or a number of "
		       "lines to skip";
	if ((*valuep == VALUE_DENIED || *valuep == VALUE_CORRUPT) &&
	    *actionp != STACK_DIE)
		return "always ends the stack: leave it out, or write die";
	if (*valuep != VALUE_SUCCESS &&
	    (*actionp == STACK_OK || *actionp == STACK_DONE))
		return "only success can be ok or done";
	return NULL;
}

/* Takes the next pair off *textp. */
static struct slice
next_pair(struct slice *textp)
{
	struct slice pair;

	while (textp->len > 0 && *textp->p == ' ') {
		textp->p++;
		textp->len--;
	}
	for (pair = *textp, pair.len = 0; textp->len > 0 && *textp->p != ' ';
	     pair.len++) {
		textp->p++;
		textp->len--;
	}
	return pair;
}

static int
fault_pair(const struct frame *f, const struct stack_word *word,
    struct slice pair, const char *why, struct err *e)
{
	struct stack_word at = *word;
	char shown[64];

	/* Behind the bracket; "\]" in a control is wrong before it matters. */
	at.column +=
	    1 + (unsigned int)((const char *)pair.p - (const char *)word->text);
	(void)err_set(e, ERR_CONFIG, "\"%s\": %s",
	    text_show(shown, sizeof(shown), pair), why);
	return stack_at(f->source.file, &at, e);
}

/* What no pair is about is "bad", as pam.conf(5) has it. */
static int
read_brackets(const struct frame *f, const struct stack_word *word,
    struct stack_line *line, struct jump *jump, struct err *e)
{
	struct slice text = slice_of(word->text), pair;
	enum stack_action on[VALUES], action = STACK_BAD;
	size_t over[VALUES] = { 0 }, value, count, i;
	unsigned int seen = 0;
	const char *why;

	for (pair = next_pair(&text); pair.len > 0; pair = next_pair(&text)) {
		count = 0;
		why = read_pair(pair, &value, &action, &count);
		if (why == NULL && (seen & 1u << value) != 0)
			why = "stands there twice";
		if (why != NULL)
			return fault_pair(f, word, pair, why, e);
		seen |= 1u << value;
		on[value] = action;
		over[value] = count;
	}
	if (seen == 0)
		return fault(f, word, "must be [value=action ...]", e);
	for (i = 0; i < STACK_CONTROLLED; i++) {
		value = (seen & 1u << i) != 0 ? i : VALUE_DEFAULT;
		line->on[i] = STACK_BAD;
		if ((seen & 1u << value) == 0)
			continue;
		line->on[i] = on[value];
		jump->over[i] = over[value];
	}
	return 0;
}

static int
read_control(const struct frame *f, const struct stack_word *word,
    struct stack_line *line, struct jump *jump, struct err *e)
{
	size_t i;

	line->control = word->text;
	if (word->bracketed)
		return read_brackets(f, word, line, jump, e);
	for (i = 0; i < sizeof(controls) / sizeof(controls[0]); i++) {
		if (strcmp(word->text, controls[i].word) == 0) {
			memcpy(line->on, controls[i].on, sizeof(line->on));
			return 0;
		}
	}
	return fault_in(f, word,
	    "must be required, requisite, sufficient, optional, include, "
	    "substack or [value=action ...], not",
	    e);
}

/* --- Lines ---------------------------------------------------------------- */

static int
read_module(const struct frame *f, const struct stack_words *w, size_t first,
    struct stack_line *line, struct err *e)
{
	const struct stack_word *module = &w->at[first];
	const char *why;
	size_t i, bad;

	if (!stack_module_find(module->text, &line->module))
		return fault_in(f, module, "unknown module", e);
	for (i = first + 1; i < w->n; i++) {
		if (line->nargs == STACK_ARGS_MAX)
			return fault(f, &w->at[i], "too many arguments", e);
		line->args[line->nargs++] = w->at[i].text;
	}
	if ((why = stack_args_fault(line, &bad)) == NULL)
		return 0;
	if (bad == line->nargs)
		return fault_in(f, module, why, e);
	return fault_in(f, &w->at[first + 1 + bad], why, e);
}

/*
 * A secret that is not to be used is not to be asked for: the success of a
 * provider counts, or jumps.
 */
static int
check_provider(const struct frame *f, const struct stack_word *control,
    const struct stack_line *line, struct err *e)
{
	enum stack_action on = line->on[STACK_SUCCESS];

	if (!stack_is_provider(line->module) || on == STACK_OK ||
	    on == STACK_DONE || on == STACK_JUMP)
		return 0;
	return fault(f, control,
	    "the success of a module that gives a secret must be ok, done or "
	    "a number of lines to skip",
	    e);
}

/* Begins an item of the frame. */
static int
begin_item(const struct parser *p, struct frame *f,
    const struct stack_word *word, struct err *e)
{
	if (f->items == STACK_LINES_MAX || p->stack->n == STACK_LINES_MAX)
		return fault(f, word, "more than 64 lines in one stack", e);
	f->start[f->items++] = (unsigned char)p->stack->n;
	return 0;
}

static int
add_line(struct parser *p, struct frame *f, const struct stack_words *w,
    size_t first, struct err *e)
{
	struct stack_line *line = &p->stack->lines[p->stack->n];
	struct jump *jump = &p->jumps[p->stack->n];

	if (begin_item(p, f, &w->at[first], e) == -1)
		return -1;
	memset(line, 0, sizeof(*line));
	memset(jump, 0, sizeof(*jump));
	jump->depth = (unsigned char)p->depth;
	jump->item = f->items - 1;
	jump->word = w->at[first];
	line->file = f->source.file;
	line->number = w->at[first].line;
	if (read_control(f, &w->at[first], line, jump, e) == -1)
		return -1;
	if (w->n < first + 2)
		return fault(f, &w->at[first], "a module must follow", e);
	if (read_module(f, w, first + 1, line, e) == -1 ||
	    check_provider(f, &w->at[first], line, e) == -1)
		return -1;
	p->ended[p->stack->n++] = false;
	return 0;
}

/* --- Frames --------------------------------------------------------------- */

static void
push(struct parser *p, const char *name, const struct stack_source *source,
    bool substack)
{
	struct frame *f = &p->frames[p->depth++];

	memset(f, 0, sizeof(*f));
	f->name = name;
	f->substack = substack;
	f->source = *source;
	f->begin = p->stack->n;
	f->reader = (struct stack_reader){ .file = source->file,
		.text = source->text,
		.line = 1,
		.column = 1 };
}

static bool
is_open(const struct parser *p, const struct stack_source *source,
    const char *name)
{
	const struct frame *f;
	size_t i;

	for (i = 0; i < p->depth; i++) {
		f = &p->frames[i];
		if (f->source.scope == source->scope &&
		    strcmp(f->name, name) == 0)
			return true;
	}
	return false;
}

static int
include(struct parser *p, struct frame *f, const struct stack_words *w,
    size_t first, struct err *e)
{
	bool substack = strcmp(w->at[first].text, "substack") == 0;
	const struct stack_word *name = &w->at[first + 1];
	struct stack_source source;
	int found;

	if (begin_item(p, f, &w->at[first], e) == -1)
		return -1;
	if (w->n < first + 2)
		return fault(f, &w->at[first], "a name must follow", e);
	if (w->n > first + 2)
		return fault_in(f, &w->at[first + 2], "unknown argument", e);
	memset(&source, 0, sizeof(source));
	found = p->find(p->arg, &f->source, name->text, &source, e);
	if (found == -1)
		return -1;
	if (found == 0)
		return fault_in(f, name, "there is no stack of this name:", e);
	if (is_open(p, &source, name->text))
		return fault_in(f, name, "a stack includes itself:", e);
	if (p->depth == STACK_DEPTH_MAX)
		return fault_in(f, name, "too many stacks in each other:", e);
	push(p, name->text, &source, substack);
	return 0;
}

/* Where the jumps and ends of a frame's lines go is known when it ends. */
static int
pop(struct parser *p, struct err *e)
{
	struct frame *f = &p->frames[--p->depth];
	struct stack *s = p->stack;
	size_t i, k, to;

	f->start[f->items] = (unsigned char)s->n;
	for (i = f->begin; i < s->n; i++) {
		for (k = 0;
		     p->jumps[i].depth == p->depth + 1 && k < STACK_CONTROLLED;
		     k++) {
			if (s->lines[i].on[k] != STACK_JUMP)
				continue;
			to = p->jumps[i].item + 1 + p->jumps[i].over[k];
			if (to > f->items)
				return fault(f, &p->jumps[i].word,
				    "skips more lines than there are", e);
			s->lines[i].to[k] = f->start[to];
		}
		if ((f->substack || p->depth == 0) && !p->ended[i]) {
			s->lines[i].end = (unsigned char)s->n;
			p->ended[i] = true;
		}
	}
	return 0;
}

/* One line of the innermost frame.  1, or 0 at its end. */
static int
parse_line(struct parser *p, struct err *e)
{
	struct frame *f = &p->frames[p->depth - 1];
	struct stack *s = p->stack;
	size_t first = f->source.service == NULL ? 0 : 1, used = s->used;
	struct stack_words w;
	int found;

	f->reader.buf = s->text;
	f->reader.size = sizeof(s->text);
	f->reader.used = used;
	if ((found = stack_read_words(&f->reader, &w, e)) != 1)
		return found;
	if (first == 1 && w.n == 1)
		return fault(f, &w.at[0], "a control must follow", e);
	if (first == 1 && strcmp(w.at[0].text, f->source.service) != 0)
		return 1;
	s->used = f->reader.used;
	if (!w.at[first].bracketed &&
	    (strcmp(w.at[first].text, "include") == 0 ||
		strcmp(w.at[first].text, "substack") == 0))
		return include(p, f, &w, first, e) == -1 ? -1 : 1;
	return add_line(p, f, &w, first, e) == -1 ? -1 : 1;
}

int
stack_parse(struct stack *s, const char *name, stack_find *find, void *arg,
    struct err *e)
{
	/* Static for its size. */
	static struct parser p;
	struct stack_source source;
	int found;

	p.stack = s;
	p.find = find;
	p.arg = arg;
	p.depth = 0;
	s->n = s->used = 0;
	memset(&source, 0, sizeof(source));
	if ((found = find(arg, NULL, name, &source, e)) != 1)
		return found;
	push(&p, name, &source, false);
	while (p.depth > 0) {
		if ((found = parse_line(&p, e)) == -1)
			return -1;
		if (found == 0 && pop(&p, e) == -1)
			return -1;
	}
	return 0;
}
