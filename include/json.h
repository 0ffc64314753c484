/*
 * JSON for --json: written into a growing buffer, then printed whole.  Pure.
 *
 *	struct json j = { 0 };
 *
 *	json_open(&j, '{');
 *	json_key(&j, "name");
 *	json_string(&j, name);
 *	json_close(&j, '}');
 *	if (json_finish(&j, e) == -1) ...
 *	... j.text, j.len ...
 *	json_free(&j);
 *
 * Commas come by themselves.  The buffer is ordinary memory: no secret may be
 * written to it.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "err.h"

/* Zero it first.  failed: memory ran out; the calls after it do nothing. */
struct json {
	char *text;
	size_t len;
	size_t cap;
	bool failed;
};

/* '{' or '[', and the '}' or ']' that belongs to it. */
void json_open(struct json *j, char bracket);
void json_close(struct json *j, char bracket);

/* The key of the next value, in an object.  Printable ASCII. */
void json_key(struct json *j, const char *key);

/* Controls are escaped; bytes that are not UTF-8 become U+FFFD. */
void json_string(struct json *j, struct slice value);
void json_text(struct json *j, const char *value);
void json_number(struct json *j, uint64_t value);
void json_bool(struct json *j, bool value);
void json_null(struct json *j);

/* A key and its value. */
void json_member_text(struct json *j, const char *key, const char *value);
void json_member_number(struct json *j, const char *key, uint64_t value);
void json_member_bool(struct json *j, const char *key, bool value);

/* Ends the line.  ERR_IO if memory ran out. */
int json_finish(struct json *j, struct err *e) MUST_CHECK;

void json_free(struct json *j);

/*
 * The length of the UTF-8 character that s starts with, 1 to 4, or 0 if it
 * does not start with one (overlong, surrogate, beyond U+10FFFF, cut).
 */
size_t json_utf8(struct slice s);

#endif
