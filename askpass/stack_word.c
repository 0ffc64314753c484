#include <string.h>

#include "stack_word.h"

/* What peek() says at the end of the text; no byte has this value. */
#define END (-1)

/* The next character; a joined line's end is a blank.  *lenp: its bytes. */
static int
peek(const struct stack_reader *r, size_t *lenp)
{
	const unsigned char *p = r->text.p + r->at;
	size_t left = r->text.len - r->at;

	*lenp = 1;
	if (left == 0)
		return END;
	if (left >= 2 && p[0] == '\\' && p[1] == '\n') {
		*lenp = 2;
		return ' ';
	}
	return p[0];
}

static void
step(struct stack_reader *r, size_t len)
{
	bool newline = r->text.p[r->at + len - 1] == '\n';

	r->at += len;
	r->column = newline ? 1 : r->column + (unsigned int)len;
	r->line += newline ? 1 : 0;
}

int
stack_at(const char *file, const struct stack_word *word, struct err *e)
{
	char shown[200];

	e->kind = ERR_CONFIG;
	return err_in(e, "%s:%u:%u",
	    text_show(shown, sizeof(shown), slice_of(file)), word->line,
	    word->column);
}

/* Puts a byte behind the word that is being read; bad ones are refused. */
static int
put(struct stack_reader *r, int c, struct err *e)
{
	struct stack_word here = { NULL, false, r->line, r->column };

	if (c == '\r') {
		(void)err_set(e, ERR_CONFIG,
		    "a carriage return; lines must end in LF alone");
		return stack_at(r->file, &here, e);
	}
	if (c < 0x20 || c == 0x7f) {
		(void)err_set(e, ERR_CONFIG,
		    "a control character (\\x%02x) is not allowed",
		    (unsigned int)c);
		return stack_at(r->file, &here, e);
	}
	/* One is left for the terminator. */
	if (r->used + 1 >= r->size) {
		(void)err_set(e, ERR_CONFIG, "too much text for one stack");
		return stack_at(r->file, &here, e);
	}
	r->buf[r->used++] = (char)c;
	return 0;
}

static bool
ends_word(int c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == END;
}

static int
fault_at(const struct stack_reader *r, const struct stack_word *word,
    const char *why, struct err *e)
{
	(void)err_set(e, ERR_CONFIG, "%s", why);
	return stack_at(r->file, word, e);
}

/* What is between brackets; the first of them was read. */
static int
read_bracketed(struct stack_reader *r, const struct stack_word *word,
    struct err *e)
{
	size_t len;
	int c;

	for (;;) {
		c = peek(r, &len);
		if (c == END || c == '\n')
			return fault_at(r, word, "\"[\" without \"]\"", e);
		if (c == ']')
			break;
		if (c == '\\' && r->text.len - r->at >= 2 &&
		    r->text.p[r->at + 1] == ']') {
			c = ']';
			len = 2;
		}
		if (put(r, c == '\t' ? ' ' : c, e) == -1)
			return -1;
		step(r, len);
	}
	step(r, len);
	if (!ends_word(peek(r, &len)))
		return fault_at(r, word, "there must be a blank after \"]\"",
		    e);
	return 0;
}

static int
read_plain(struct stack_reader *r, struct err *e)
{
	size_t len;
	int c;

	for (c = peek(r, &len); !ends_word(c); c = peek(r, &len)) {
		if (put(r, c, e) == -1)
			return -1;
		step(r, len);
	}
	return 0;
}

static int
read_word(struct stack_reader *r, struct stack_words *w, struct err *e)
{
	struct stack_word *word = &w->at[w->n];
	size_t len;

	word->line = r->line;
	word->column = r->column;
	word->text = r->buf + r->used;
	word->bracketed = peek(r, &len) == '[';
	if (word->bracketed) {
		step(r, len);
		if (read_bracketed(r, word, e) == -1)
			return -1;
	} else if (read_plain(r, e) == -1) {
		return -1;
	}
	w->n++;
	if (r->used == r->size)
		return fault_at(r, word, "too much text for one stack", e);
	r->buf[r->used++] = '\0';
	return 0;
}

/* Up to the end of the line, which a backslash in a comment does not join. */
static void
skip_comment(struct stack_reader *r)
{
	while (r->at < r->text.len && r->text.p[r->at] != '\n')
		step(r, 1);
}

int
stack_read_words(struct stack_reader *r, struct stack_words *w, struct err *e)
{
	struct stack_word here;
	size_t len;
	int c;

	w->n = 0;
	for (;;) {
		c = peek(r, &len);
		if (c == END)
			return w->n > 0;
		if (c == '\n') {
			step(r, len);
			if (w->n > 0)
				return 1;
		} else if (c == ' ' || c == '\t') {
			step(r, len);
		} else if (c == '#') {
			skip_comment(r);
		} else if (w->n == STACK_WORDS_MAX) {
			here = (struct stack_word){ NULL, false, r->line,
				r->column };
			return fault_at(r, &here, "too many words", e);
		} else if (read_word(r, w, e) == -1) {
			return -1;
		}
	}
}
