#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "otp.h"
#include "policy.h"

/* What ssh reads from its askpass program; the rest it drops unseen. */
#define LOGIN_MAX 1023

/* Services whose secrets nobody logs in with: any bytes will do. */
static const char *const free_services[] = { "key", "pin", "notes", "otp" };

/* Whether a secret of this entry is one that somebody logs in with. */
static bool
is_login(const struct entry *entry)
{
	size_t i = 0;

	for (i = 0; i < sizeof(free_services) / sizeof(free_services[0]); i++) {
		if (record_attr_is(entry, "service", free_services[i]))
			return false;
	}
	return true;
}

static int
check_seed(const struct entry *entry, struct err *e)
{
	struct otp o;

	if (otp_read(&o, entry, e) == -1)
		return -1;
	otp_free(&o);
	return 0;
}

static int
check_login(const struct entry *entry, struct err *e)
{
	struct slice s = entry->current;

	if (s.len > LOGIN_MAX)
		return err_set(e, ERR_USAGE,
		    "the secret is longer than %d bytes, which is all that "
		    "ssh reads of an answer (service=key is for others)",
		    LOGIN_MAX);
	if (!slice_is_line(s))
		return err_set(e, ERR_USAGE,
		    "the secret has a NUL, CR or LF in it: no password prompt "
		    "takes that (service=key is for others)");
	if (record_attr_is(entry, "rotate.method", "zos-pass"))
		return policy_check_zos_pass(s, e);
	return 0;
}

static int
check_secret(const struct entry *entry, enum codepage page, struct err *e)
{
	struct slice s = entry->current;

	if (s.p == NULL)
		return 0;
	if (s.len == 0)
		return err_set(e, ERR_USAGE, "the secret is empty");
	if (otp_is(entry))
		return check_seed(entry, e);
	if (is_login(entry) && check_login(entry, e) == -1)
		return -1;
	/* What pawl-askpass may have to answer with. */
	if (record_attr_is(entry, "service", "notes") || !slice_is_line(s))
		return 0;
	return codepage_check(page, s, e);
}

int
change_idle(const struct entry *entry, const char *name, struct err *e)
{
	if (entry->rotation.state == ROTATION_IDLE)
		return 0;
	return err_set(e, ERR_ATTENTION,
	    "%s: its rotation is unfinished (%s): finish it with "
	    "\"pawl-rotate recover %s\" first",
	    name, cmd_rotation_name(entry->rotation.state), name);
}

int
change_rotation(const struct entry *entry, const char *name, struct err *e)
{
	if (entry->rotation.state == ROTATION_ATTN)
		return 0;
	return change_idle(entry, name, e);
}

/* The pending secret may be the server's after all: it is kept. */
static int
end_rotation(struct entry *entry, uint64_t now, struct err *e)
{
	struct rotation *r = &entry->rotation;

	if (entry->pending.p != NULL &&
	    record_keep_candidate(entry, now, e) == -1)
		return -1;
	r->state = ROTATION_IDLE;
	r->tried = ROTATION_TRIED_NONE;
	r->exposures = 0;
	r->outstanding = 0;
	r->sends = 0;
	r->reply = ROTATION_REPLY_NONE;
	r->since = now;
	r->note = (struct slice){ NULL, 0 };
	return 0;
}

void
change_new(struct change *c)
{
	*c = (struct change){ .lock = -1 };
}

int
change_look(struct session *s, const char *name, bool *is_newp, struct err *e)
{
	struct secret *plain = NULL;
	struct entry entry = { 0 };
	int rv = 0;

	if (session_open(s, false, e) == -1)
		return -1;
	*is_newp = session_find(s, name, &entry, &plain, e) == -1;
	if (!*is_newp)
		rv = change_rotation(&entry, name, e);
	else if (e->kind != ERR_NOENTRY)
		rv = -1;
	secret_free(plain);
	session_close(s);
	return rv;
}

int
change_find(struct session *s, const char *name, struct change *c,
    struct err *e)
{
	c->page = s->config.answer_encoding;
	if (session_find(s, name, &c->entry, &c->plain, e) == 0) {
		if (vault_lock_entry(s->path, c->entry.id, 0, &c->lock, e) ==
		    -1)
			return err_in(e, "%s", name);
		return change_rotation(&c->entry, name, e);
	}
	if (e->kind != ERR_NOENTRY)
		return -1;
	if (record_name_check(slice_of(name), e) == -1)
		return -1;
	c->entry = (struct entry){ .name = slice_of(name) };
	c->is_new = true;
	return 0;
}

int
change_open(struct session *s, const char *name, struct change *c,
    struct err *e)
{
	if (session_open(s, true, e) == -1)
		return -1;
	return change_find(s, name, c, e);
}

int
change_open_existing(struct session *s, const char *name, struct change *c,
    struct err *e)
{
	if (change_open(s, name, c, e) == -1)
		return -1;
	return c->is_new ? cmd_no_entry(name, e) : 0;
}

int
change_attrs(struct change *c, char *const *args, int n, struct err *e)
{
	struct slice key = { NULL, 0 }, value = { NULL, 0 };
	int i = 0;

	if (attr_check(args, n, e) == -1)
		return -1;
	for (i = 0; i < n; i++) {
		(void)attr_split(args[i], &key, &value);
		if (slice_is(key, "dataset") && value.len > 0) {
			if (dataset_name(c->dataset, sizeof(c->dataset), value,
				e) == -1)
				return -1;
			value = slice_of(c->dataset);
		}
		/* The first one clears what was there before. */
		if (!attr_among(args, i, key) &&
		    record_attr_set(&c->entry, key, (struct slice){ NULL, 0 },
			e) == -1)
			return -1;
		if (value.len > 0 &&
		    record_attr_add(&c->entry, key, value, e) == -1)
			return -1;
	}
	return 0;
}

int
change_secret(struct change *c, struct slice secret, struct err *e)
{
	uint64_t now = (uint64_t)time(NULL);

	if (c->entry.rotation.state == ROTATION_ATTN &&
	    end_rotation(&c->entry, now, e) == -1)
		return -1;
	c->same = c->entry.current.p != NULL &&
	    secret_equal(c->entry.current, secret);
	if (c->same)
		return 0;
	return record_replace(&c->entry, secret, now, e);
}

int
change_check(const struct change *c, struct err *e)
{
	return check_secret(&c->entry, c->page, e);
}

int
change_put(struct session *s, struct change *c, struct err *e)
{
	if (check_secret(&c->entry, c->page, e) == -1)
		return err_in(e, "%s", s->subject);
	return vault_put(s->vault, &c->entry, e);
}

int
change_save(struct session *s, struct change *c, struct err *e)
{
	if (change_put(s, c, e) == -1)
		return -1;
	return vault_commit(s->vault, e);
}

void
change_tell(const struct session *s, const struct change *c, FILE *f)
{
	unsigned long long generation = vault_header(s->vault)->generation;

	(void)fprintf(f, "%s: stored (generation %llu)%s\n", s->subject,
	    generation, c->same ? "; the secret is the same as before" : "");
}

void
change_drop(struct change *c)
{
	secret_free(c->plain);
	if (c->lock != -1)
		(void)close(c->lock);
	change_new(c);
}

void
change_close(struct session *s, struct change *c)
{
	change_drop(c);
	session_close(s);
}
