#include <stdint.h>
#include <string.h>

#include <sodium.h>

#include "policy.h"

#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGIT "0123456789"

/* Draws before giving up: the built-in policies need four on average. */
#define TRIES_MAX 10000

static const struct policy named[] = {
	{ .name = "racf",
	    .length = 8,
	    .min = 8,
	    .max = 8,
	    .end = UPPER,
	    .inner = UPPER DIGIT,
	    .every_class = true },
	{ .name = "racf-mixed",
	    .length = 8,
	    .min = 8,
	    .max = 8,
	    .end = UPPER LOWER,
	    .inner = UPPER LOWER DIGIT,
	    .every_class = true },
	{ .name = "racf-special",
	    .length = 8,
	    .min = 8,
	    .max = 8,
	    .end = UPPER LOWER,
	    .inner = UPPER LOWER DIGIT ".<+&*-%_>?=",
	    .every_class = true },
	{ .name = "racf-phrase",
	    .length = 24,
	    .min = 14,
	    .max = 100,
	    .end = UPPER LOWER DIGIT,
	    .inner = UPPER LOWER DIGIT ".-",
	    .phrase = true,
	    .both_ends = true },
};

enum class {
	CLASS_UPPER = 1,
	CLASS_LOWER = 2,
	CLASS_DIGIT = 4,
	CLASS_OTHER = 8
};

static unsigned int
class_of(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return CLASS_UPPER;
	if (c >= 'a' && c <= 'z')
		return CLASS_LOWER;
	if (c >= '0' && c <= '9')
		return CLASS_DIGIT;
	return CLASS_OTHER;
}

static unsigned int
classes_of(struct slice s)
{
	unsigned int classes = 0;
	size_t i = 0;

	for (i = 0; i < s.len; i++)
		classes |= class_of(s.p[i]);
	return classes;
}

static const char *
class_name(unsigned int class)
{
	if ((class & CLASS_UPPER) != 0)
		return "capital letter";
	if ((class & CLASS_LOWER) != 0)
		return "small letter";
	if ((class & CLASS_DIGIT) != 0)
		return "digit";
	return "special character";
}

/* What to call a byte that is not printable ASCII. */
static const char *
kind_of(unsigned char c)
{
	if (c == ' ')
		return "blank";
	return c < 0x20 || c == 0x7f ? "control" : "non-ASCII";
}

static bool
contains_fold(struct slice in, struct slice what)
{
	size_t at = 0;

	if (what.len == 0)
		return false;
	for (at = 0; what.len <= in.len - at; at++) {
		if (slice_equal_fold((struct slice){ in.p + at, what.len },
			what))
			return true;
	}
	return false;
}

/* Which characters may stand at this place of len. */
static const char *
alphabet_at(const struct policy *p, size_t i, size_t len)
{
	if (i == 0 || (p->both_ends && i == len - 1))
		return p->end;
	return p->inner;
}

static int
check_characters(const struct policy *p, struct slice s, struct err *e)
{
	size_t i = 0;

	for (i = 0; i < s.len; i++) {
		if (s.p[i] != '\0' &&
		    strchr(alphabet_at(p, i, s.len), s.p[i]) != NULL)
			continue;
		if (i == 0)
			return err_set(e, ERR_USAGE,
			    "policy %s: the secret may not begin with its "
			    "first character",
			    p->name);
		return err_set(e, ERR_USAGE,
		    "policy %s: the secret has a character that may not "
		    "stand there",
		    p->name);
	}
	return 0;
}

static int
check_phrase(const struct policy *p, struct slice s, struct err *e)
{
	size_t letters = 0, i = 0;

	for (i = 0; i < s.len; i++) {
		if ((class_of(s.p[i]) & (CLASS_UPPER | CLASS_LOWER)) != 0)
			letters++;
		if (i >= 2 && s.p[i] == s.p[i - 1] && s.p[i] == s.p[i - 2])
			return err_set(e, ERR_USAGE,
			    "policy %s: the secret has a character three "
			    "times in a row",
			    p->name);
	}
	if (letters < 2 || s.len - letters < 2)
		return err_set(e, ERR_USAGE,
		    "policy %s: the secret needs two letters and two other "
		    "characters",
		    p->name);
	return 0;
}

static int
check_classes(const struct policy *p, struct slice s, struct err *e)
{
	struct slice tail = { s.p + 1, s.len - 1 };
	unsigned int missing = 0;

	missing = classes_of(slice_of(p->inner)) & ~classes_of(tail);
	if (missing != 0)
		return err_set(e, ERR_USAGE,
		    "policy %s: the secret needs a %s behind its first "
		    "character",
		    p->name, class_name(missing));
	return 0;
}

/* Adds the characters from first to last that alphabet has not yet. */
static void
add_range(char *alphabet, unsigned char first, unsigned char last)
{
	size_t n = strlen(alphabet);
	unsigned int c = 0;

	for (c = first; c <= last; c++) {
		if (strchr(alphabet, (int)c) != NULL)
			continue;
		alphabet[n++] = (char)c;
		alphabet[n] = '\0';
	}
}

static int
expand(char *alphabet, const char *set, struct err *e)
{
	struct slice s = slice_of(set);
	size_t i = 0;

	for (i = 0; i < s.len; i++) {
		if (s.p[i] <= 0x20 || s.p[i] >= 0x7f)
			return err_set(e, ERR_USAGE,
			    "an alphabet is made of printable ASCII "
			    "characters without the blank");
	}
	for (i = 0; i < s.len; i++) {
		if (s.len - i < 3 || s.p[i + 1] != '-') {
			add_range(alphabet, s.p[i], s.p[i]);
			continue;
		}
		if (s.p[i] > s.p[i + 2])
			return err_set(e, ERR_USAGE,
			    "the range %c-%c of the alphabet runs backwards",
			    s.p[i], s.p[i + 2]);
		add_range(alphabet, s.p[i], s.p[i + 2]);
		i += 2;
	}
	return 0;
}

int
policy_named(struct policy *p, const char *name, struct err *e)
{
	char shown[64];
	size_t i = 0;

	for (i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		if (strcmp(name, named[i].name) == 0) {
			*p = named[i];
			return 0;
		}
	}
	return err_set(e, ERR_USAGE,
	    "no policy %s: there are racf, racf-mixed, racf-special and "
	    "racf-phrase",
	    text_show(shown, sizeof(shown), slice_of(name)));
}

int
policy_custom(struct policy *p, size_t length, const char *alphabet,
    struct err *e)
{
	*p = (struct policy){ .name = "custom",
		.length = length,
		.min = length,
		.max = length };
	if (length == 0 || length > POLICY_LENGTH_MAX)
		return err_set(e, ERR_USAGE,
		    "a secret is made of 1 to %d characters",
		    POLICY_LENGTH_MAX);
	if (alphabet == NULL)
		alphabet = "A-Za-z0-9";
	if (expand(p->inner, alphabet, e) == -1)
		return -1;
	if (strlen(p->inner) < 2)
		return err_set(e, ERR_USAGE,
		    "an alphabet needs two characters or more");
	memcpy(p->end, p->inner, sizeof(p->end));
	return 0;
}

int
policy_check(const struct policy *p, struct slice user, struct slice secret,
    struct err *e)
{
	if (secret.len < p->min || secret.len > p->max) {
		if (p->min == p->max)
			return err_set(e, ERR_USAGE,
			    "policy %s: the secret must have %zu characters",
			    p->name, p->min);
		return err_set(e, ERR_USAGE,
		    "policy %s: the secret must have %zu to %zu characters",
		    p->name, p->min, p->max);
	}
	if (check_characters(p, secret, e) == -1)
		return -1;
	if (p->every_class && check_classes(p, secret, e) == -1)
		return -1;
	if (p->phrase && check_phrase(p, secret, e) == -1)
		return -1;
	if (contains_fold(secret, user))
		return err_set(e, ERR_USAGE,
		    "policy %s: the secret contains the user id", p->name);
	return 0;
}

int
policy_generate(const struct policy *p, struct slice user, struct slice old,
    struct secret *out, struct err *e)
{
	const char *alphabet = NULL;
	uint32_t pick = 0;
	size_t i = 0;
	int tries = 0;
	struct err why = { 0 };

	if (p->length > out->cap)
		return err_set(e, ERR_IO,
		    "policy %s: no room for a secret of %zu characters",
		    p->name, p->length);
	/*
	 * Whole strings are drawn and refused: to mend a string that misses
	 * a class would make some strings likelier than others.
	 */
	for (tries = 0; tries < TRIES_MAX; tries++) {
		for (i = 0; i < p->length; i++) {
			alphabet = alphabet_at(p, i, p->length);
			pick = randombytes_uniform((uint32_t)strlen(alphabet));
			out->data[i] = (unsigned char)alphabet[pick];
		}
		out->len = p->length;
		if (policy_check(p, user, secret_slice(out), &why) == 0 &&
		    !slice_equal_fold(secret_slice(out), old))
			return 0;
	}
	sodium_memzero(out->data, out->cap);
	out->len = 0;
	return err_set(e, ERR_USAGE,
	    "policy %s: no secret is left that avoids the user id and the "
	    "old one",
	    p->name);
}

int
policy_check_zos_pass(struct slice secret, struct err *e)
{
	size_t i = 0;

	if (secret.len == 0 || secret.len > 100)
		return err_set(e, ERR_USAGE,
		    "z/OS takes a password of 1 to 8 characters or a phrase "
		    "of 9 to 100");
	for (i = 0; i < secret.len; i++) {
		if (secret.p[i] == '/' || secret.p[i] == ':')
			return err_set(e, ERR_USAGE,
			    "the secret has a '%c' in it, where the FTP "
			    "server of z/OS ends a password: it cannot log in "
			    "or be changed there",
			    secret.p[i]);
		if (secret.p[i] == '"' || secret.p[i] == '\'')
			return err_set(e, ERR_USAGE,
			    "the secret has a quotation mark in it, which the "
			    "FTP server of z/OS may take for the end of a "
			    "phrase: it cannot log in or be changed there");
		if (secret.p[i] <= 0x20 || secret.p[i] >= 0x7f)
			return err_set(e, ERR_USAGE,
			    "the secret has a %s character in it, which does "
			    "not reach the FTP server of z/OS unchanged",
			    kind_of(secret.p[i]));
	}
	return 0;
}
