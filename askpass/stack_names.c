#include <string.h>

#include "stack.h"
#include "stack_word.h"

/* Words that nobody keeps. */
struct scan {
	struct stack_reader reader;
	char buf[STACK_TEXT_MAX];
	struct stack_words words;
};

static void
begin(struct scan *s, const char *file, struct slice text)
{
	s->reader = (struct stack_reader){ .file = file,
		.text = text,
		.line = 1,
		.column = 1,
		.buf = s->buf,
		.size = sizeof(s->buf) };
}

/* 1: a line with a first word; 0 at the end; -1. */
static int
next(struct scan *s, struct err *e)
{
	s->reader.used = 0;
	return stack_read_words(&s->reader, &s->words, e);
}

bool
stack_has(struct slice text, const char *service)
{
	static struct scan s;
	struct err unread;

	begin(&s, "", text);
	/* What is wrong with the text is said when it is parsed. */
	while (next(&s, &unread) == 1)
		if (strcmp(s.words.at[0].text, service) == 0)
			return true;
	return false;
}

static bool
includes(struct slice text, const char *name)
{
	static struct scan s;
	const struct stack_words *w = &s.words;
	struct err unread;

	begin(&s, "", text);
	while (next(&s, &unread) == 1)
		if (w->n >= 3 && strcmp(w->at[2].text, name) == 0 &&
		    !w->at[1].bracketed &&
		    (strcmp(w->at[1].text, "include") == 0 ||
			strcmp(w->at[1].text, "substack") == 0))
			return true;
	return false;
}

int
stack_check_services(const char *file, struct slice text,
    const char *const *known, struct err *e)
{
	static struct scan s;
	const struct stack_word *word = &s.words.at[0];
	char shown[64];
	int found;
	size_t i;

	begin(&s, file, text);
	while ((found = next(&s, e)) == 1) {
		for (i = 0; known[i] != NULL; i++)
			if (strcmp(known[i], word->text) == 0)
				break;
		if (known[i] != NULL || includes(text, word->text))
			continue;
		(void)err_set(e, ERR_CONFIG,
		    "\"%s\" is no service, and no line here includes it",
		    text_show(shown, sizeof(shown), slice_of(word->text)));
		return stack_at(file, word, e);
	}
	return found;
}
