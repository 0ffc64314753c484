/*
 * Bytes: a borrowed run of them, little-endian integers, a cursor that cannot
 * run over its end, and a printable form of text from outside.  Pure.
 */
#ifndef BYTES_H
#define BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrowed: whoever made it says how long p stays valid.  Not terminated. */
struct slice {
	const unsigned char *p;
	size_t len;
};

struct slice slice_of(const char *text);
bool slice_equal(struct slice a, struct slice b);
/* Compares with ASCII letters folded: host names, data set names. */
bool slice_equal_fold(struct slice a, struct slice b);
bool slice_is(struct slice a, const char *text);

/* Copies a into buf and terminates it; -1 if it does not fit or holds NUL. */
int slice_text(struct slice a, char *buf, size_t size);

/* Without the spaces and tabs at both ends. */
struct slice slice_trim(struct slice a);
/* Whether it has no NUL, CR or LF in it. */
bool slice_is_line(struct slice a);
/* Steps *text over its first line, which *line is without the newline; false
 * and an empty *line behind the last one. */
bool slice_next_line(struct slice *text, struct slice *line);

void put_u16(unsigned char *p, uint16_t v);
void put_u32(unsigned char *p, uint32_t v);
void put_u64(unsigned char *p, uint64_t v);
uint16_t get_u16(const unsigned char *p);
uint32_t get_u32(const unsigned char *p);
uint64_t get_u64(const unsigned char *p);

bool is_zero(const unsigned char *p, size_t len);

struct cursor {
	const unsigned char *p;
	size_t left;
};

/* Each returns 0 and steps on, or -1 where fewer bytes are left. */
int take(struct cursor *c, void *to, size_t len);
int take_u32(struct cursor *c, uint32_t *to);
int take_u64(struct cursor *c, uint64_t *to);
int take_slice(struct cursor *c, struct slice *to, size_t len);

/*
 * Writes text to out for a message or a log: printable ASCII stays, anything
 * else and the backslash become \xNN, and what does not fit ends in "...".
 * size counts the terminator and must be at least 8.  Returns out.
 */
char *text_show(char *out, size_t size, struct slice text);

#endif
