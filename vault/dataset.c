#include <stdint.h>
#include <string.h>

#include "codepage.h"
#include "dataset.h"

#define RECORD_LENGTH 80
/* Where line numbers start, from 0. */
#define NUMBERS_AT 72

/* Parts of data set names. */
#define DIGITS "0123456789"
#define FIRST "ABCDEFGHIJKLMNOPQRSTUVWXYZ#@$"
#define PART_MAX 8
#define NAME_MAX_PLAIN 44
#define NO_NAME "is no data set name, such as HLQ.PASSWD(SITE1)"

#define BLANK_1047 0x40

struct reader {
	struct slice left;
	enum dataset_format format;
	enum dataset_encoding encoding;
	/* Of the record last read, from 1. */
	size_t number;
};

static unsigned char
decode(enum dataset_encoding encoding, unsigned char c)
{
	switch (encoding) {
	case DATASET_IBM1047:
		return codepage_from_ibm1047(c);
	case DATASET_IBM037:
		return codepage_from_ibm037(c);
	case DATASET_ENCODING_AUTO:
	case DATASET_ASCII:
		break;
	}
	return c;
}

static bool
is_ebcdic(enum dataset_encoding encoding)
{
	return encoding == DATASET_IBM1047 || encoding == DATASET_IBM037;
}

static bool
is_newline(enum dataset_encoding encoding, unsigned char c)
{
	if (is_ebcdic(encoding))
		return c == CODEPAGE_NEL || c == CODEPAGE_LF;
	return c == '\n';
}

static bool
has_newline(enum dataset_encoding encoding, struct slice s)
{
	size_t i = 0;

	for (i = 0; i < s.len; i++) {
		if (is_newline(encoding, s.p[i]))
			return true;
	}
	return false;
}

/* Whether all of it is printable ASCII and newlines in this encoding. */
static bool
is_plain(enum dataset_encoding encoding, struct slice s)
{
	unsigned char c = 0;
	size_t i = 0;

	for (i = 0; i < s.len; i++) {
		c = decode(encoding, s.p[i]);
		if ((c < 0x20 || c > 0x7e) && c != '\r' &&
		    !is_newline(encoding, s.p[i]))
			return false;
	}
	return true;
}

static int
detect_encoding(struct dataset_how *how, struct slice raw, struct err *e)
{
	bool ascii = is_plain(DATASET_ASCII, raw);
	bool ebcdic = is_plain(DATASET_IBM1047, raw);

	/*
	 * Only a few letters and signs are text in both, and no blank is: a
	 * record padded with x'40' is not 80 characters with '@' last.
	 */
	if (ascii && ebcdic && raw.len % RECORD_LENGTH == 0 &&
	    raw.p[raw.len - 1] == BLANK_1047)
		ascii = false;
	if (ascii == ebcdic)
		return err_set(e, ERR_USAGE,
		    ascii ? "could be ASCII or IBM-1047: say which with "
			    "--encoding ascii or --encoding ibm1047" :
			    "is plain text neither in ASCII nor in IBM-1047: "
			    "was it copied in binary? If it has letters "
			    "beyond A to Z, say --encoding ascii or "
			    "--encoding ibm1047");
	how->encoding = ascii ? DATASET_ASCII : DATASET_IBM1047;
	return 0;
}

static bool
next_record(struct reader *r, struct slice *record)
{
	size_t n = 0;

	if (r->left.len == 0)
		return false;
	r->number++;
	record->p = r->left.p;
	if (r->format == DATASET_FB80) {
		n = record->len = RECORD_LENGTH;
	} else {
		while (n < r->left.len &&
		    !is_newline(r->encoding, r->left.p[n]))
			n++;
		record->len = n;
		if (n < r->left.len)
			n++;
		if (record->len > 0 && record->p[record->len - 1] == '\r')
			record->len--;
	}
	r->left.p += n;
	r->left.len -= n;
	return true;
}

static bool
is_numbered(const struct reader *r, struct slice record)
{
	unsigned char c = 0;
	size_t i = 0;

	if (record.len != RECORD_LENGTH)
		return false;
	for (i = NUMBERS_AT; i < RECORD_LENGTH; i++) {
		c = decode(r->encoding, record.p[i]);
		if (c < '0' || c > '9')
			return false;
	}
	return true;
}

/* Drops line number and trailing blanks. */
static int
trim(const struct reader *r, struct slice *record, bool *numberedp,
    struct err *e)
{
	if (is_numbered(r, *record)) {
		record->len = NUMBERS_AT;
		*numberedp = true;
		if (decode(r->encoding, record->p[NUMBERS_AT - 1]) != ' ')
			return err_set(e, ERR_USAGE,
			    "record %zu: the digits in columns 73 to 80 may be "
			    "a line number or the end of the password: type it "
			    "in with pawl-vault set",
			    r->number);
	}
	while (record->len > 0 &&
	    decode(r->encoding, record->p[record->len - 1]) == ' ')
		record->len--;
	return 0;
}

static int
take_password(struct secret *to, const struct reader *r, struct slice record,
    struct err *e)
{
	unsigned char c = 0;
	size_t i = 0;

	if (r->number > 1)
		return err_set(e, ERR_USAGE,
		    "record %zu is not blank: a password is the first record "
		    "and the only one",
		    r->number);
	if (record.len > to->cap)
		return err_set(e, ERR_USAGE,
		    "record %zu is longer than a secret may be (%zu bytes)",
		    r->number, to->cap);
	for (i = 0; i < record.len; i++) {
		c = decode(r->encoding, record.p[i]);
		if (c < 0x20 || c == 0x7f ||
		    (is_ebcdic(r->encoding) && c >= 0x80 && c <= 0x9f))
			return err_set(e, ERR_USAGE,
			    "record %zu, column %zu: a control character; is "
			    "it FB80 or text, copied in binary, and in the "
			    "encoding you say?",
			    r->number, i + 1);
		to->data[i] = c;
	}
	to->len = record.len;
	return 0;
}

/* Whether IBM-1047 and IBM-037 read it differently. */
static bool
is_doubtful(struct slice record)
{
	size_t i = 0;

	for (i = 0; i < record.len; i++) {
		if (codepage_from_ibm1047(record.p[i]) !=
		    codepage_from_ibm037(record.p[i]))
			return true;
	}
	return false;
}

static int
detect(struct dataset_how *how, struct slice raw, struct err *e)
{
	if (raw.len == 0)
		return err_set(e, ERR_USAGE, "is empty");
	if (raw.len >= 3 && raw.p[0] == 0xef && raw.p[1] == 0xbb &&
	    raw.p[2] == 0xbf)
		return err_set(e, ERR_USAGE,
		    "starts with a byte order mark: save it without");
	if (how->encoding == DATASET_ENCODING_AUTO &&
	    detect_encoding(how, raw, e) == -1)
		return -1;
	if (how->format == DATASET_FORMAT_AUTO)
		how->format = raw.len % RECORD_LENGTH == 0 &&
			!has_newline(how->encoding, raw) ?
		    DATASET_FB80 :
		    DATASET_TEXT;
	if (how->format == DATASET_FB80 && raw.len % RECORD_LENGTH != 0)
		return err_set(e, ERR_USAGE,
		    "has %zu bytes, which is no multiple of 80: was it copied "
		    "in binary? Else say --format text",
		    raw.len);
	return 0;
}

int
dataset_password(struct secret *to, struct dataset_how *how, struct slice raw,
    struct err *e)
{
	struct slice record = { NULL, 0 };
	struct reader r = { 0 };
	bool found = how->encoding == DATASET_ENCODING_AUTO;

	to->len = 0;
	how->numbered = false;
	how->doubtful = false;
	if (detect(how, raw, e) == -1)
		return -1;
	r = (struct reader){ .left = raw,
		.format = how->format,
		.encoding = how->encoding };
	while (next_record(&r, &record)) {
		if (trim(&r, &record, &how->numbered, e) == -1)
			return -1;
		if (record.len > 0 && take_password(to, &r, record, e) == -1)
			return -1;
		how->doubtful = how->doubtful ||
		    (found && r.encoding == DATASET_IBM1047 &&
			is_doubtful(record));
	}
	if (to->len == 0)
		return err_set(e, ERR_USAGE, "has only blanks, no password");
	return 0;
}

/* The length of the qualifier or member that name starts with, or 0. */
static size_t
part_length(const char *name)
{
	size_t n = 0;

	if (*name == '\0' || strchr(FIRST, *name) == NULL)
		return 0;
	while (name[n] != '\0' && strchr(FIRST DIGITS "-", name[n]) != NULL)
		n++;
	return n <= PART_MAX ? n : 0;
}

/* A member, or the generation of a group: SITE1, +1, 0. */
static bool
is_member(const char *name, size_t len)
{
	size_t n = 0;

	if (part_length(name) == len)
		return memchr(name, '-', len) == NULL;
	if (*name == '+' || *name == '-')
		n++;
	return strspn(name + n, DIGITS) == len - n && len - n >= 1 &&
	    len - n <= 4;
}

static bool
is_name(const char *name)
{
	size_t at = 0, n = 0;

	for (;;) {
		if ((n = part_length(name + at)) == 0)
			return false;
		at += n;
		if (name[at] != '.')
			break;
		at++;
	}
	if (at > NAME_MAX_PLAIN)
		return false;
	if (name[at] == '\0')
		return true;
	if (name[at++] != '(')
		return false;
	n = strcspn(name + at, ")");
	return n > 0 && is_member(name + at, n) && name[at + n] == ')' &&
	    name[at + n + 1] == '\0';
}

static struct slice
strip_blanks(struct slice s)
{
	while (s.len > 0 && s.p[0] == ' ') {
		s.p++;
		s.len--;
	}
	while (s.len > 0 && s.p[s.len - 1] == ' ')
		s.len--;
	return s;
}

int
dataset_name(char *buf, size_t size, struct slice text, struct err *e)
{
	struct slice s = strip_blanks(text);
	char shown[96];
	size_t i = 0;

	if (s.len >= 2 && s.p[0] == '/' && s.p[1] == '/') {
		s.p += 2;
		s.len -= 2;
		s = strip_blanks(s);
	}
	if (s.len >= 2 && (s.p[0] == '\'' || s.p[0] == '"') &&
	    s.p[s.len - 1] == s.p[0]) {
		s.p++;
		s.len -= 2;
		s = strip_blanks(s);
	}
	if (slice_text(s, buf, size) == -1)
		return err_set(e, ERR_USAGE, "%s: %s",
		    text_show(shown, sizeof(shown), text), NO_NAME);
	for (i = 0; i < s.len; i++) {
		if (buf[i] >= 'a' && buf[i] <= 'z')
			buf[i] = (char)(buf[i] - 'a' + 'A');
	}
	if (!is_name(buf))
		return err_set(e, ERR_USAGE, "%s: %s",
		    text_show(shown, sizeof(shown), text), NO_NAME);
	return 0;
}
