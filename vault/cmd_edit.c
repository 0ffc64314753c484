#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "edit_text.h"
#include "editor.h"

/* One editing, which may call the editor more than once. */
struct work {
	struct session *s;
	const char *name;
	bool reveal;
	struct editor editor;
	/* The version and the secret that the text began with. */
	uint64_t version;
	struct secret *shown;
	/* What the editor was given, and the comment in it, or "". */
	struct secret *given;
	char mark[EDIT_MARK_MAX];
	bool changed;
};

/* ATTR=VALUE of each attribute, as change_attrs() takes them. */
struct args {
	char *v[RECORD_ATTRS_MAX];
	int n;
};

static void
free_args(struct args *args)
{
	int i = 0;

	for (i = 0; i < args->n; i++)
		free(args->v[i]);
	args->n = 0;
}

static int
make_args(struct args *args, const struct edit *d, size_t *linep, struct err *e)
{
	const struct record_attr *a = NULL;
	size_t i = 0;

	for (i = 0; i < d->nattrs; i++) {
		a = &d->attrs[i];
		*linep = d->lines[i];
		if (asprintf(&args->v[i], "%.*s=%.*s", (int)a->key.len,
			(const char *)a->key.p, (int)a->value.len,
			(const char *)a->value.p) == -1)
			return err_sys(e, ERR_IO, "memory for attributes");
		args->n++;
		/* All so far: it may be wrong only behind another one. */
		if (attr_check(args->v, args->n, e) == -1)
			return -1;
	}
	return 0;
}

static bool
same_attrs(const struct record_attr *a, size_t n, const struct entry *entry)
{
	size_t i = 0;

	if (n != entry->nattrs)
		return false;
	for (i = 0; i < n; i++) {
		if (!slice_equal(a[i].key, entry->attrs[i].key) ||
		    !slice_equal(a[i].value, entry->attrs[i].value))
			return false;
	}
	return true;
}

/* The entry, unless somebody else had it meanwhile: then its new version. */
static int
open_entry(struct work *w, struct change *c, struct err *e)
{
	if (change_open(w->s, w->name, c, e) == -1)
		return -1;
	if (c->is_new)
		return err_set(e, ERR_BUSY, "%s: somebody removed it meanwhile",
		    w->name);
	if (c->entry.version == w->version)
		return 0;
	w->version = c->entry.version;
	return err_set(e, ERR_BUSY,
	    "%s: somebody changed it meanwhile; without this line, what stands "
	    "here replaces that",
	    w->name);
}

/* Stores what d says; args has its attributes. */
static int
store(struct work *w, const struct edit *d, const struct args *args,
    size_t *linep, struct err *e)
{
	struct record_attr old[RECORD_ATTRS_MAX];
	struct change c;
	size_t nold = 0;
	int rv = -1;

	change_new(&c);
	*linep = 1;
	if (open_entry(w, &c, e) == -1)
		goto out;
	nold = c.entry.nattrs;
	memcpy(old, c.entry.attrs, sizeof(old));
	c.entry.nattrs = 0;
	if (change_attrs(&c, args->v, args->n, e) == -1)
		goto out;
	*linep = d->secret_line;
	if (d->secret.p != NULL && change_secret(&c, d->secret, e) == -1)
		goto out;
	if (change_check(&c, e) == -1)
		goto out;
	*linep = 1;
	w->changed = d->secret.p != NULL || !same_attrs(old, nold, &c.entry);
	if (w->changed && change_save(w->s, &c, e) == -1)
		goto out;
	if (w->changed)
		change_tell(w->s, &c, stdout);
	rv = 0;
out:
	change_close(w->s, &c);
	return rv;
}

/* What the text says becomes the entry; else *linep is where to mark why. */
static int
take_text(struct work *w, struct slice text, size_t *linep, struct err *e)
{
	struct args args = { 0 };
	struct edit d;
	int rv = -1;

	if (edit_parse(&d, text, linep, e) == -1)
		return -1;
	/* Not typed but left: it may have been rotated meanwhile. */
	if (w->reveal && d.secret.p != NULL &&
	    secret_equal(d.secret, secret_slice(w->shown)))
		d.secret = (struct slice){ NULL, 0 };
	if (make_args(&args, &d, linep, e) == 0)
		rv = store(w, &d, &args, linep, e);
	free_args(&args);
	return rv;
}

/* The next text for the editor: this one, with the reason marked. */
static int
mark(struct work *w, const struct secret *text, size_t line,
    const struct err *why, struct err *e)
{
	struct secret *marked = NULL;

	edit_mark_line(w->mark, why->msg);
	marked = edit_mark(secret_slice(text), line, w->mark, e);
	if (marked == NULL)
		return -1;
	secret_free(w->given);
	w->given = marked;
	return 0;
}

/*
 * One call of the editor.  *donep: the text is stored, or nothing was changed.
 * Else why is marked in the next text.
 */
static int
turn(struct work *w, struct err *why, bool *donep, struct err *e)
{
	struct secret *raw = NULL, *text = NULL;
	size_t line = 0;
	int rv = -1;

	if (editor_write(&w->editor, secret_slice(w->given), e) == -1 ||
	    editor_run(&w->editor, e) == -1 ||
	    (raw = editor_read(&w->editor, EDIT_TEXT_MAX, e)) == NULL)
		goto out;
	if (secret_equal(secret_slice(raw), secret_slice(w->given))) {
		*donep = true;
		*e = *why;
		rv = w->mark[0] == '\0' ? 0 : -1;
		goto out;
	}
	if (w->mark[0] == '\0') {
		text = raw;
		raw = NULL;
	} else if ((text = edit_unmark(secret_slice(raw), w->mark, e)) ==
	    NULL) {
		goto out;
	}
	*donep = take_text(w, secret_slice(text), &line, why) == 0;
	/* In place already: there is nothing to ask. */
	if (!*donep && why->kind == ERR_UNSYNCED) {
		*e = *why;
		goto out;
	}
	rv = *donep ? 0 : mark(w, text, line, why, e);
out:
	secret_free(raw);
	secret_free(text);
	return rv;
}

/* What the text begins with.  The vault is closed while a person thinks. */
static int
prepare(struct work *w, struct err *e)
{
	struct secret *plain = NULL;
	struct entry entry = { 0 };
	int rv = -1;

	if (session_open(w->s, false, e) == -1 ||
	    session_find(w->s, w->name, &entry, &plain, e) == -1 ||
	    change_rotation(&entry, w->name, e) == -1)
		goto out;
	w->version = entry.version;
	if ((w->shown = secret_new(entry.current.len, e)) == NULL ||
	    (entry.current.len > 0 &&
		secret_set(w->shown, entry.current.p, entry.current.len, e) ==
		    -1) ||
	    (w->given = edit_print(&entry, w->reveal, e)) == NULL)
		goto out;
	rv = 0;
out:
	secret_free(plain);
	session_close(w->s);
	return rv;
}

static int
edit(struct work *w, struct err *e)
{
	struct err why = { 0 }, left = { 0 };
	bool done = false;
	int rv = 0;

	if (prepare(w, e) == -1 || editor_begin(&w->editor, e) == -1)
		return -1;
	while (rv == 0 && !done)
		rv = turn(w, &why, &done, e);
	if (rv == 0 && !w->changed)
		printf("%s: not changed\n", w->name);
	if (rv == -1 && e->kind != ERR_UNSYNCED)
		(void)err_in(e, "%s is as it was", w->name);
	/* A signal may end us in there: the line comes first. */
	(void)fflush(stdout);
	if (w->editor.signal != 0)
		cmd_warn("%s", e->msg);
	if (editor_end(&w->editor, &left) == -1)
		cmd_warn("%s", left.msg);
	return rv;
}

int
cmd_edit(struct session *s, int argc, char **argv, struct err *e)
{
	struct work w = { .s = s };
	int rv = -1;

	if (cmd_flag(argc, argv, "reveal", 0, &w.reveal, e) == -1)
		return -1;
	if (argc - optind != 1)
		return cmd_usage("edit", e);
	w.name = s->subject = argv[optind];
	rv = edit(&w, e);
	secret_free(w.shown);
	secret_free(w.given);
	return rv;
}
