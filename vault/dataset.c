#include <stdint.h>
#include <string.h>

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

#define NEL_1047 0x15
#define LF_1047 0x25
#define BLANK_1047 0x40

/*
 * IBM-1047 to ISO 8859-1, as iconv(1) has it (tests/unit/test_dataset.c
 * compares).
 */
static const unsigned char from_ibm1047[256] = {
	0x00, 0x01, 0x02, 0x03, 0x9c, 0x09, 0x86, 0x7f, /* 00 */
	0x97, 0x8d, 0x8e, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, /* 08 */
	0x10, 0x11, 0x12, 0x13, 0x9d, 0x85, 0x08, 0x87, /* 10 */
	0x18, 0x19, 0x92, 0x8f, 0x1c, 0x1d, 0x1e, 0x1f, /* 18 */
	0x80, 0x81, 0x82, 0x83, 0x84, 0x0a, 0x17, 0x1b, /* 20 */
	0x88, 0x89, 0x8a, 0x8b, 0x8c, 0x05, 0x06, 0x07, /* 28 */
	0x90, 0x91, 0x16, 0x93, 0x94, 0x95, 0x96, 0x04, /* 30 */
	0x98, 0x99, 0x9a, 0x9b, 0x14, 0x15, 0x9e, 0x1a, /* 38 */
	0x20, 0xa0, 0xe2, 0xe4, 0xe0, 0xe1, 0xe3, 0xe5, /* 40 */
	0xe7, 0xf1, 0xa2, 0x2e, 0x3c, 0x28, 0x2b, 0x7c, /* 48 */
	0x26, 0xe9, 0xea, 0xeb, 0xe8, 0xed, 0xee, 0xef, /* 50 */
	0xec, 0xdf, 0x21, 0x24, 0x2a, 0x29, 0x3b, 0x5e, /* 58 */
	0x2d, 0x2f, 0xc2, 0xc4, 0xc0, 0xc1, 0xc3, 0xc5, /* 60 */
	0xc7, 0xd1, 0xa6, 0x2c, 0x25, 0x5f, 0x3e, 0x3f, /* 68 */
	0xf8, 0xc9, 0xca, 0xcb, 0xc8, 0xcd, 0xce, 0xcf, /* 70 */
	0xcc, 0x60, 0x3a, 0x23, 0x40, 0x27, 0x3d, 0x22, /* 78 */
	0xd8, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, /* 80 */
	0x68, 0x69, 0xab, 0xbb, 0xf0, 0xfd, 0xfe, 0xb1, /* 88 */
	0xb0, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x70, /* 90 */
	0x71, 0x72, 0xaa, 0xba, 0xe6, 0xb8, 0xc6, 0xa4, /* 98 */
	0xb5, 0x7e, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, /* A0 */
	0x79, 0x7a, 0xa1, 0xbf, 0xd0, 0x5b, 0xde, 0xae, /* A8 */
	0xac, 0xa3, 0xa5, 0xb7, 0xa9, 0xa7, 0xb6, 0xbc, /* B0 */
	0xbd, 0xbe, 0xdd, 0xa8, 0xaf, 0x5d, 0xb4, 0xd7, /* B8 */
	0x7b, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, /* C0 */
	0x48, 0x49, 0xad, 0xf4, 0xf6, 0xf2, 0xf3, 0xf5, /* C8 */
	0x7d, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f, 0x50, /* D0 */
	0x51, 0x52, 0xb9, 0xfb, 0xfc, 0xf9, 0xfa, 0xff, /* D8 */
	0x5c, 0xf7, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, /* E0 */
	0x59, 0x5a, 0xb2, 0xd4, 0xd6, 0xd2, 0xd3, 0xd5, /* E8 */
	0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, /* F0 */
	0x38, 0x39, 0xb3, 0xdb, 0xdc, 0xd9, 0xda, 0x9f  /* F8 */
};

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
		return from_ibm1047[c];
	case DATASET_IBM037:
		return dataset_from_ibm037(c);
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
		return c == NEL_1047 || c == LF_1047;
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
		if (from_ibm1047[record.p[i]] !=
		    dataset_from_ibm037(record.p[i]))
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

unsigned char
dataset_from_ibm1047(unsigned char c)
{
	return from_ibm1047[c];
}

unsigned char
dataset_from_ibm037(unsigned char c)
{
	switch (c) {
	case 0x5f:
		return 0xac;
	case 0xad:
		return 0xdd;
	case 0xb0:
		return 0x5e;
	case 0xba:
		return 0x5b;
	case 0xbb:
		return 0x5d;
	case 0xbd:
		return 0xa8;
	default:
		return from_ibm1047[c];
	}
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
