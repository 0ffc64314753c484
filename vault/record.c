#include <string.h>

#include "record.h"

/* What stands around a sealed record: its id, version, nonce and tag. */
#define AROUND 64
#define BUCKET_MIN 256
#define BUCKET_STEP 4096

/* The u32 before all fields; u16 type and u32 length before each. */
#define USED 4
#define HEAD 6
/* What each kind of field holds beside its bytes of any length. */
#define TIME 8
#define ROTATION_FIXED 48
#define HISTORY_FIXED 20

#define NOTE_MAX 1024

/* Bytes of the format are ASCII, whatever code the compiler has. */
#define ASCII_LF 0x0a
#define ASCII_CR 0x0d
#define ASCII_MINUS 0x2d
#define ASCII_DOT 0x2e
#define ASCII_SLASH 0x2f
#define ASCII_0 0x30
#define ASCII_9 0x39
#define ASCII_A 0x61
#define ASCII_Z 0x7a

enum field {
	FIELD_NAME = 1,
	FIELD_CREATED = 2,
	FIELD_MODIFIED = 3,
	FIELD_ATTR = 4,
	FIELD_CURRENT = 5,
	FIELD_PENDING = 6,
	FIELD_ROTATION = 7,
	FIELD_HISTORY = 8
};

/* What text may hold beside printable characters. */
enum text_rule {
	/* Nothing. */
	TEXT_PRINTABLE,
	/* Anything but NUL, CR and LF. */
	TEXT_LINE,
	/* Anything but NUL. */
	TEXT_LINES
};

static const unsigned char notes[] = { 0x6e, 0x6f, 0x74, 0x65, 0x73 };

/*
 * Steps over one character.  -1 for what RFC 3629 does not call UTF-8:
 * overlong forms, surrogates, anything beyond U+10FFFF.
 */
static int
next_char(struct cursor *c, uint32_t *charp)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t u = c->p[0];
	size_t n = 1, i;

	if (u >= 0xf8)
		return -1;
	if (u >= 0xf0) {
		n = 4;
		u &= 0x07;
	} else if (u >= 0xe0) {
		n = 3;
		u &= 0x0f;
	} else if (u >= 0xc0) {
		n = 2;
		u &= 0x1f;
	} else if (u >= 0x80) {
		return -1;
	}
	if (n > c->left)
		return -1;
	for (i = 1; i < n; i++) {
		if ((c->p[i] & 0xc0) != 0x80)
			return -1;
		u = u << 6 | (c->p[i] & 0x3fu);
	}
	if (u < least[n] || u > 0x10ffff || (u >= 0xd800 && u <= 0xdfff))
		return -1;
	c->p += n;
	c->left -= n;
	*charp = u;
	return 0;
}

/* Each of these returns what is wrong, for a message, or NULL. */

static const char *
text_fault(struct slice text, enum text_rule rule)
{
	struct cursor c = { text.p, text.len };
	uint32_t u;

	while (c.left > 0) {
		if (next_char(&c, &u) == -1)
			return "is not UTF-8";
		if (u == 0)
			return "holds a NUL";
		if (rule != TEXT_LINES && (u == ASCII_LF || u == ASCII_CR))
			return "holds a line break";
		if (rule == TEXT_PRINTABLE &&
		    (u < 0x20 || (u >= 0x7f && u <= 0x9f)))
			return "holds a control character";
	}
	return NULL;
}

static const char *
name_fault(struct slice name)
{
	size_t i, n, start = 0;
	const unsigned char *p;

	if (name.len == 0)
		return "is empty";
	if (name.len > RECORD_NAME_MAX)
		return "is longer than 255 bytes";
	if (name.p[0] == ASCII_MINUS)
		return "starts with a '-'";
	for (i = 0; i <= name.len; i++) {
		if (i < name.len && name.p[i] != ASCII_SLASH)
			continue;
		p = name.p + start;
		n = i - start;
		if (n == 0)
			return "has a '/' at an end or next to another";
		if (p[0] == ASCII_DOT &&
		    (n == 1 || (n == 2 && p[1] == ASCII_DOT)))
			return "has a component \".\" or \"..\"";
		start = i + 1;
	}
	return text_fault(name, TEXT_PRINTABLE);
}

static const char *
attr_fault(struct slice key, struct slice value)
{
	size_t i;
	unsigned char c;

	if (key.len == 0 || key.len > RECORD_KEY_MAX)
		return "is a key of no or more than 64 bytes";
	for (i = 0; i < key.len; i++) {
		c = key.p[i];
		if (c >= ASCII_A && c <= ASCII_Z)
			continue;
		if (i == 0 ||
		    ((c < ASCII_0 || c > ASCII_9) && c != ASCII_DOT &&
			c != ASCII_MINUS))
			return "is a key of other than a-z, then a-z 0-9 . -";
	}
	if (value.len > RECORD_VALUE_MAX)
		return "has a value longer than 8192 bytes";
	if (key.len == sizeof(notes) &&
	    memcmp(key.p, notes, sizeof(notes)) == 0)
		return text_fault(value, TEXT_LINES);
	return text_fault(value, TEXT_LINE);
}

static const char *
rotation_fault(const struct rotation *r)
{
	if ((uint32_t)r->state > ROTATION_ATTN)
		return "has a rotation state that does not exist";
	if ((uint32_t)r->tried > ROTATION_TRIED_PENDING)
		return "has a last tried password that does not exist";
	if ((uint32_t)r->reply > ROTATION_REPLY_NO)
		return "has a reply to a change that does not exist";
	if (r->note.len > NOTE_MAX)
		return "has a rotation note longer than 1024 bytes";
	if (text_fault(r->note, TEXT_PRINTABLE) != NULL)
		return "has a rotation note that is not printable";
	return NULL;
}

static const char *
history_fault(const struct history *h)
{
	if ((uint32_t)h->kind > HISTORY_CANDIDATE)
		return "has a history item of a kind that does not exist";
	if (h->secret.len > RECORD_SECRET_MAX)
		return "has a past secret longer than 4096 bytes";
	return NULL;
}

static const char *
entry_fault(const struct entry *e)
{
	const char *fault;
	size_t i;

	if (e->nattrs > RECORD_ATTRS_MAX)
		return "has more than 64 attributes";
	if (e->nhistory > RECORD_HISTORY_MAX)
		return "has more than 16 past secrets";
	if (e->current.len > RECORD_SECRET_MAX ||
	    e->pending.len > RECORD_SECRET_MAX)
		return "has a secret longer than 4096 bytes";
	for (i = 0; i < e->nhistory; i++) {
		if ((fault = history_fault(&e->history[i])) != NULL)
			return fault;
	}
	return rotation_fault(&e->rotation);
}

static bool
rotation_is_zero(const struct rotation *r)
{
	return r->state == ROTATION_IDLE && r->tried == ROTATION_TRIED_NONE &&
	    r->exposures == 0 && r->outstanding == 0 && r->sends == 0 &&
	    r->reply == ROTATION_REPLY_NONE && r->since == 0 &&
	    r->rotated == 0 && r->attempted == 0 && r->note.len == 0;
}

static size_t
used_size(const struct entry *e)
{
	size_t i, n;

	n = HEAD + e->name.len + 2 * (size_t)(HEAD + TIME);
	for (i = 0; i < e->nattrs; i++)
		n += HEAD + 1 + e->attrs[i].key.len + e->attrs[i].value.len;
	if (e->current.p != NULL)
		n += HEAD + TIME + e->current.len;
	if (e->pending.p != NULL)
		n += HEAD + TIME + e->pending.len;
	if (!rotation_is_zero(&e->rotation))
		n += HEAD + ROTATION_FIXED + e->rotation.note.len;
	for (i = 0; i < e->nhistory; i++)
		n += HEAD + HISTORY_FIXED + e->history[i].secret.len;
	return n;
}

static size_t
padded_size(size_t used)
{
	size_t need = USED + used + AROUND, bucket = BUCKET_MIN;

	while (bucket < need && bucket < BUCKET_STEP)
		bucket *= 2;
	if (bucket < need)
		bucket = (need + BUCKET_STEP - 1) / BUCKET_STEP * BUCKET_STEP;
	return bucket - AROUND;
}

static unsigned char *
put_head(unsigned char *p, enum field type, size_t len)
{
	put_u16(p, (uint16_t)type);
	put_u32(p + 2, (uint32_t)len);
	return p + HEAD;
}

static unsigned char *
put_bytes(unsigned char *p, struct slice s)
{
	if (s.len > 0)
		memcpy(p, s.p, s.len);
	return p + s.len;
}

static unsigned char *
put_number(unsigned char *p, enum field type, uint64_t v)
{
	p = put_head(p, type, TIME);
	put_u64(p, v);
	return p + TIME;
}

static unsigned char *
put_attr(unsigned char *p, const struct record_attr *a)
{
	p = put_head(p, FIELD_ATTR, 1 + a->key.len + a->value.len);
	*p++ = (unsigned char)a->key.len;
	p = put_bytes(p, a->key);
	return put_bytes(p, a->value);
}

static unsigned char *
put_secret(unsigned char *p, enum field type, uint64_t from, struct slice s)
{
	if (s.p == NULL)
		return p;
	p = put_head(p, type, TIME + s.len);
	put_u64(p, from);
	return put_bytes(p + TIME, s);
}

static unsigned char *
put_rotation(unsigned char *p, const struct rotation *r)
{
	if (rotation_is_zero(r))
		return p;
	p = put_head(p, FIELD_ROTATION, ROTATION_FIXED + r->note.len);
	put_u32(p, (uint32_t)r->state);
	put_u32(p + 4, (uint32_t)r->tried);
	put_u32(p + 8, r->exposures);
	put_u32(p + 12, r->outstanding);
	put_u32(p + 16, r->sends);
	put_u32(p + 20, (uint32_t)r->reply);
	put_u64(p + 24, r->since);
	put_u64(p + 32, r->rotated);
	put_u64(p + 40, r->attempted);
	return put_bytes(p + ROTATION_FIXED, r->note);
}

static unsigned char *
put_history(unsigned char *p, const struct history *h)
{
	p = put_head(p, FIELD_HISTORY, HISTORY_FIXED + h->secret.len);
	put_u32(p, (uint32_t)h->kind);
	put_u64(p + 4, h->from);
	put_u64(p + 12, h->until);
	return put_bytes(p + HISTORY_FIXED, h->secret);
}

static const char *
get_name(struct entry *e, struct slice body)
{
	e->name = body;
	return name_fault(body);
}

static const char *
get_number(uint64_t *to, struct slice body)
{
	if (body.len != TIME)
		return "is not a time";
	*to = get_u64(body.p);
	return NULL;
}

static const char *
get_attr(struct entry *e, struct slice body)
{
	struct cursor c = { body.p, body.len };
	struct record_attr *a;
	unsigned char len;

	if (e->nattrs == RECORD_ATTRS_MAX)
		return "is one attribute too many";
	a = &e->attrs[e->nattrs++];
	if (take(&c, &len, 1) == -1 || take_slice(&c, &a->key, len) == -1 ||
	    take_slice(&c, &a->value, c.left) == -1)
		return "is too short for an attribute";
	return attr_fault(a->key, a->value);
}

static const char *
get_secret(struct slice *to, uint64_t *fromp, struct slice body)
{
	struct cursor c = { body.p, body.len };

	if (take_u64(&c, fromp) == -1 || c.left > RECORD_SECRET_MAX ||
	    take_slice(&c, to, c.left) == -1)
		return "is too short or too long for a secret";
	return NULL;
}

static const char *
get_rotation(struct rotation *r, struct slice body)
{
	struct cursor c = { body.p, body.len };
	uint32_t state, tried, reply;

	if (take_u32(&c, &state) == -1 || take_u32(&c, &tried) == -1 ||
	    take_u32(&c, &r->exposures) == -1 ||
	    take_u32(&c, &r->outstanding) == -1 ||
	    take_u32(&c, &r->sends) == -1 || take_u32(&c, &reply) == -1 ||
	    take_u64(&c, &r->since) == -1 || take_u64(&c, &r->rotated) == -1 ||
	    take_u64(&c, &r->attempted) == -1 ||
	    take_slice(&c, &r->note, c.left) == -1)
		return "is too short for a rotation";
	r->state = (enum rotation_state)state;
	r->tried = (enum rotation_tried)tried;
	r->reply = (enum rotation_reply)reply;
	if (rotation_is_zero(r))
		return "is a rotation without content";
	return rotation_fault(r);
}

static const char *
get_history(struct entry *e, struct slice body)
{
	struct cursor c = { body.p, body.len };
	struct history *h;
	uint32_t kind;

	if (e->nhistory == RECORD_HISTORY_MAX)
		return "is one past secret too many";
	h = &e->history[e->nhistory++];
	if (take_u32(&c, &kind) == -1 || take_u64(&c, &h->from) == -1 ||
	    take_u64(&c, &h->until) == -1 ||
	    take_slice(&c, &h->secret, c.left) == -1)
		return "is too short for a past secret";
	h->kind = (enum history_kind)kind;
	return history_fault(h);
}

static const char *
get_field(struct entry *e, uint16_t type, struct slice body)
{
	switch (type) {
	case FIELD_NAME:
		return get_name(e, body);
	case FIELD_CREATED:
		return get_number(&e->created, body);
	case FIELD_MODIFIED:
		return get_number(&e->modified, body);
	case FIELD_ATTR:
		return get_attr(e, body);
	case FIELD_CURRENT:
		return get_secret(&e->current, &e->current_from, body);
	case FIELD_PENDING:
		return get_secret(&e->pending, &e->pending_from, body);
	case FIELD_ROTATION:
		return get_rotation(&e->rotation, body);
	case FIELD_HISTORY:
		return get_history(e, body);
	default:
		return "is of a type that this version does not know";
	}
}

/* The arrays stay as they are: they are big, and their counts are 0. */
static void
clear(struct entry *e)
{
	e->name = (struct slice){ NULL, 0 };
	e->created = 0;
	e->modified = 0;
	e->nattrs = 0;
	e->current = (struct slice){ NULL, 0 };
	e->current_from = 0;
	e->pending = (struct slice){ NULL, 0 };
	e->pending_from = 0;
	memset(&e->rotation, 0, sizeof(e->rotation));
	e->nhistory = 0;
}

/*
 * The fields of a record.  The first three must be there, so each of them is
 * expected in its turn; behind them the types only have to ascend.
 */
static int
get_fields(struct entry *e, struct cursor c, struct err *err)
{
	const unsigned char *start = c.p;
	unsigned char head[HEAD];
	uint16_t type, last = 0;
	struct slice body;
	const char *fault;
	size_t at;

	while (c.left > 0) {
		at = USED + (size_t)(c.p - start);
		if (take(&c, head, HEAD) == -1 ||
		    take_slice(&c, &body, get_u32(head + 2)) == -1)
			return err_set(err, ERR_DAMAGED,
			    "record: the field at byte %zu is cut short", at);
		type = get_u16(head);
		if (type < last ||
		    (type == last && type != FIELD_ATTR &&
			type != FIELD_HISTORY) ||
		    (last < FIELD_MODIFIED && type != last + 1))
			return err_set(err, ERR_DAMAGED,
			    "record: field %u at byte %zu is out of order",
			    (unsigned int)type, at);
		if ((fault = get_field(e, type, body)) != NULL)
			return err_set(err, ERR_DAMAGED,
			    "record: field %u at byte %zu %s",
			    (unsigned int)type, at, fault);
		last = type;
	}
	if (last < FIELD_MODIFIED)
		return err_set(err, ERR_DAMAGED, "record: field %u is missing",
		    last + 1u);
	return 0;
}

/* Puts h first, and lets the oldest previous one go where there is no room. */
static int
push(struct entry *e, const struct history *h, struct err *err)
{
	size_t n = e->nhistory;

	if (n == RECORD_HISTORY_MAX) {
		while (n > 0 && e->history[n - 1].kind != HISTORY_PREVIOUS)
			n--;
		if (n == 0)
			return err_set(err, ERR_DENIED,
			    "history is full of passwords that may still be "
			    "the server's: find the one that works with "
			    "pawl-rotate check first");
		n--;
	} else {
		e->nhistory++;
	}
	memmove(&e->history[1], &e->history[0], n * sizeof(*h));
	e->history[0] = *h;
	return 0;
}

size_t
record_size(const struct entry *e, struct err *err)
{
	const char *fault;
	size_t i, n;

	if (record_name_check(e->name, err) == -1)
		return 0;
	if ((fault = entry_fault(e)) != NULL) {
		(void)err_set(err, ERR_USAGE, "the entry %s", fault);
		return 0;
	}
	for (i = 0; i < e->nattrs; i++) {
		if (record_attr_check(e->attrs[i].key, e->attrs[i].value,
			err) == -1)
			return 0;
	}
	if ((n = padded_size(used_size(e))) > RECORD_MAX) {
		(void)err_set(err, ERR_USAGE,
		    "the entry is too big: attributes and secrets must fit "
		    "in %d bytes together",
		    RECORD_MAX);
		return 0;
	}
	return n;
}

int
record_encode(const struct entry *e, unsigned char *out, size_t size,
    struct err *err)
{
	unsigned char *p = out + USED;
	size_t i, need;

	if ((need = record_size(e, err)) == 0)
		return -1;
	if (size != need)
		return err_set(err, ERR_USAGE,
		    "a record of %zu bytes does not go into %zu", need, size);
	p = put_head(p, FIELD_NAME, e->name.len);
	p = put_bytes(p, e->name);
	p = put_number(p, FIELD_CREATED, e->created);
	p = put_number(p, FIELD_MODIFIED, e->modified);
	for (i = 0; i < e->nattrs; i++)
		p = put_attr(p, &e->attrs[i]);
	p = put_secret(p, FIELD_CURRENT, e->current_from, e->current);
	p = put_secret(p, FIELD_PENDING, e->pending_from, e->pending);
	p = put_rotation(p, &e->rotation);
	for (i = 0; i < e->nhistory; i++)
		p = put_history(p, &e->history[i]);
	put_u32(out, (uint32_t)(p - out - USED));
	memset(p, 0, size - (size_t)(p - out));
	return 0;
}

int
record_decode(struct entry *e, struct slice plain, struct err *err)
{
	struct cursor c = { plain.p, plain.len };
	uint32_t used;

	clear(e);
	if (plain.len > RECORD_MAX || take_u32(&c, &used) == -1 ||
	    used > c.left || padded_size(used) != plain.len)
		return err_set(err, ERR_DAMAGED,
		    "record: the length at byte 0 does not fit %zu bytes",
		    plain.len);
	if (!is_zero(c.p + used, c.left - used))
		return err_set(err, ERR_DAMAGED,
		    "record: bytes behind the end at byte %zu",
		    USED + (size_t)used);
	c.left = used;
	return get_fields(e, c, err);
}

bool
record_unsettled(const struct entry *e)
{
	return e->rotation.state == ROTATION_IDLE &&
	    e->rotation.outstanding > 0 && e->pending.p != NULL;
}

bool
record_attr(const struct entry *e, const char *key, size_t *at,
    struct slice *value)
{
	size_t i;

	for (i = *at; i < e->nattrs; i++) {
		if (!slice_is(e->attrs[i].key, key))
			continue;
		*value = e->attrs[i].value;
		*at = i + 1;
		return true;
	}
	return false;
}

bool
record_has(const struct entry *e, const char *key)
{
	struct slice value;
	size_t at = 0;

	return record_attr(e, key, &at, &value);
}

bool
record_attr_is(const struct entry *e, const char *key, const char *value)
{
	struct slice is;
	size_t at = 0;

	while (record_attr(e, key, &at, &is))
		if (slice_is(is, value))
			return true;
	return false;
}

int
record_attr_set(struct entry *e, struct slice key, struct slice value,
    struct err *err)
{
	bool found = false;
	size_t i, n = 0;

	if (value.p != NULL && record_attr_check(key, value, err) == -1)
		return -1;
	for (i = 0; i < e->nattrs; i++) {
		if (!slice_equal(e->attrs[i].key, key)) {
			e->attrs[n++] = e->attrs[i];
		} else if (value.p != NULL && !found) {
			e->attrs[n].key = key;
			e->attrs[n++].value = value;
			found = true;
		}
	}
	e->nattrs = n;
	if (value.p == NULL || found)
		return 0;
	return record_attr_add(e, key, value, err);
}

int
record_attr_add(struct entry *e, struct slice key, struct slice value,
    struct err *err)
{
	if (record_attr_check(key, value, err) == -1)
		return -1;
	if (e->nattrs == RECORD_ATTRS_MAX)
		return err_set(err, ERR_USAGE,
		    "an entry has room for %d attributes; remove one first",
		    RECORD_ATTRS_MAX);
	e->attrs[e->nattrs].key = key;
	e->attrs[e->nattrs++].value = value;
	return 0;
}

int
record_replace(struct entry *e, struct slice secret, uint64_t now,
    struct err *err)
{
	struct history h = {
		HISTORY_PREVIOUS,
		e->current,
		e->current_from,
		now,
	};

	if (secret.p == NULL || secret.len > RECORD_SECRET_MAX)
		return err_set(err, ERR_USAGE, "a secret has at most %d bytes",
		    RECORD_SECRET_MAX);
	if (e->current.p != NULL && push(e, &h, err) == -1)
		return -1;
	e->current = secret;
	e->current_from = now;
	return 0;
}

int
record_keep_candidate(struct entry *e, uint64_t now, struct err *err)
{
	struct history h = {
		HISTORY_CANDIDATE,
		e->pending,
		e->pending_from,
		now,
	};

	if (e->pending.p == NULL)
		return err_set(err, ERR_USAGE, "there is no pending secret");
	if (push(e, &h, err) == -1)
		return -1;
	e->pending = (struct slice){ NULL, 0 };
	e->pending_from = 0;
	return 0;
}

int
record_name_check(struct slice name, struct err *err)
{
	const char *fault;
	char shown[80];

	if ((fault = name_fault(name)) == NULL)
		return 0;
	return err_set(err, ERR_USAGE, "name \"%s\" %s; choose another",
	    text_show(shown, sizeof(shown), name), fault);
}

int
record_attr_check(struct slice key, struct slice value, struct err *err)
{
	const char *fault;
	char shown[80];

	if ((fault = attr_fault(key, value)) == NULL)
		return 0;
	return err_set(err, ERR_USAGE, "attribute \"%s\" %s",
	    text_show(shown, sizeof(shown), key), fault);
}
