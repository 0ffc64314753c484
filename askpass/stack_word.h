/*
 * The words of a configuration line, as pam.conf(5) has them: separated by
 * blanks; "#" where a word could begin starts a comment, up to the end of the
 * line; a backslash before the end of a line joins it with the next; a word
 * in brackets may hold blanks, and "\]" in it is a bracket.  Pure.
 */
#ifndef STACK_WORD_H
#define STACK_WORD_H

#include <stdbool.h>
#include <stddef.h>

#include "bytes.h"
#include "err.h"

/* service, control, module, and the arguments of a stack_line. */
#define STACK_WORDS_MAX 19

struct stack_word {
	const char *text;
	bool bracketed;
	unsigned int line;
	unsigned int column;
};

/* One line.  The words are terminated, in the buffer of the reader. */
struct stack_words {
	struct stack_word at[STACK_WORDS_MAX];
	size_t n;
};

/* Where reading has come to.  Lines and columns count from 1. */
struct stack_reader {
	const char *file;
	struct slice text;
	size_t at;
	unsigned int line;
	unsigned int column;
	/* Where words go: size bytes, of which used are taken. */
	char *buf;
	size_t size;
	size_t used;
};

/*
 * The next line that has words.  1, 0 at the end, or -1: ERR_CONFIG with file,
 * line and column.
 */
int stack_read_words(struct stack_reader *r, struct stack_words *w,
    struct err *e) MUST_CHECK;

/* Puts "file:line:column: " before the message in e, and makes it ERR_CONFIG.
 */
int stack_at(const char *file, const struct stack_word *word, struct err *e);

#endif
