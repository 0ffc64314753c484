/*
 * The store of pass(1) or gopass(1): a directory, in which each NAME.gpg is an
 * entry.  All of it is decrypted before the vault is locked, for gpg takes its
 * time and may ask for a passphrase.
 */
#include <sys/types.h>
#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "gpg.h"
#include "import.h"
#include "pass.h"

#define SUFFIX ".gpg"
#define NAME_MAX_FILE (RECORD_NAME_MAX + sizeof(SUFFIX) - 1)

/* The first line of what gopass wrote for a while (1.10 to 1.12). */
#define GOPASS_MIME "GOPASS-SECRET-1.0"

/* A file, under its name from the top of the store. */
struct pass_file {
	char name[NAME_MAX_FILE + 1];
	/* Why it is skipped, and else what is in it. */
	const char *why;
	struct secret *text;
	struct pass_file *next;
};

struct pass_store {
	/* The last one first, and how many. */
	struct pass_file *files;
	size_t n;
	/* The next one to be imported. */
	const struct pass_file *at;
	/* Bytes of all texts. */
	size_t size;
	/* Of the entry that is read. */
	struct secret *notes;
};

static int walk(struct import *im, int dir, const char *above, struct err *e);

/* Puts the name of what failed before the message. */
static int
failed(const char *name, struct err *e)
{
	char shown[160];

	return err_in(e, "%s", text_show(shown, sizeof(shown), slice_of(name)));
}

static struct pass_file *
add(struct pass_store *s, const char *name, struct err *e)
{
	struct pass_file *file = calloc(1, sizeof(*file));

	if (file == NULL) {
		(void)err_sys(e, ERR_IO, "memory for names");
		return NULL;
	}
	(void)snprintf(file->name, sizeof(file->name), "%s", name);
	file->next = s->files;
	s->files = file;
	s->n++;
	return file;
}

static int
skip(struct pass_store *s, const char *name, const char *why, struct err *e)
{
	struct pass_file *file = add(s, name, e);

	if (file == NULL)
		return -1;
	file->why = why;
	return 0;
}

/* In as much memory as it needs. */
static struct secret *
decrypt(struct pass_store *s, int fd, struct err *e)
{
	struct secret *text = gpg_decrypt(fd, IMPORT_ONE_MAX, e), *own = NULL;

	if (text == NULL)
		return NULL;
	s->size += text->len;
	if (s->size > IMPORT_FILE_MAX)
		(void)err_set(e, ERR_USAGE,
		    "with it, it is more than the %zu bytes that are allowed: "
		    "import its directories one by one",
		    IMPORT_FILE_MAX);
	else if ((own = secret_new(text->len, e)) != NULL &&
	    secret_set(own, text->data, text->len, e) == -1) {
		secret_free(own);
		own = NULL;
	}
	secret_free(text);
	return own;
}

static int
add_file(struct import *im, int dir, const char *base, const char *name,
    struct err *e)
{
	struct pass_store *s = im->store;
	struct pass_file *file = add(s, name, e);
	struct stat st;
	int fd = -1;

	if (file == NULL)
		return -1;
	import_progress(&im->progress, s->n, false);
	file->name[strlen(name) - (sizeof(SUFFIX) - 1)] = '\0';
	if (record_name_check(slice_of(file->name), e) == -1)
		return failed(name, e);
	fd = openat(dir, base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1 || fstat(fd, &st) == -1)
		(void)err_sys(e, ERR_USAGE, "cannot be read");
	else if (!S_ISREG(st.st_mode))
		(void)err_set(e, ERR_USAGE, "is no file any more");
	else
		file->text = decrypt(s, fd, e);
	if (fd != -1)
		(void)close(fd);
	return file->text == NULL ? failed(name, e) : 0;
}

static int
add_directory(struct import *im, int dir, const char *base, char *name,
    struct err *e)
{
	size_t len = strlen(name);
	int fd = -1, rv = -1;

	fd = openat(dir, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1) {
		(void)err_sys(e, ERR_USAGE, "cannot be read");
		return failed(name, e);
	}
	name[len] = '/';
	name[len + 1] = '\0';
	rv = walk(im, fd, name, e);
	(void)close(fd);
	return rv;
}

static bool
is_gpg(const char *name)
{
	size_t len = strlen(name), suffix = sizeof(SUFFIX) - 1;

	return len > suffix && strcmp(name + len - suffix, SUFFIX) == 0;
}

/* name has room for a slash more. */
static int
look_at(struct import *im, int dir, const char *base, char *name, struct err *e)
{
	struct stat st;

	if (fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) == -1) {
		(void)err_sys(e, ERR_USAGE, "cannot be looked at");
		return failed(name, e);
	}
	if (S_ISDIR(st.st_mode))
		return add_directory(im, dir, base, name, e);
	/* It could lead out of the store, or round in it. */
	if (S_ISLNK(st.st_mode))
		return skip(im->store, name, "is a symbolic link", e);
	if (!S_ISREG(st.st_mode) || !is_gpg(base))
		return skip(im->store, name, "is no " SUFFIX " file", e);
	return add_file(im, dir, base, name, e);
}

/* What begins with a dot is git's, or gpg's. */
static int
is_visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

/* One name of a directory, which is below the name above and a slash. */
static int
visit(struct import *im, int dir, const char *above, const char *base,
    struct err *e)
{
	char name[NAME_MAX_FILE + 2], shown[96];
	int n = snprintf(name, sizeof(name) - 1, "%s%s", above, base);

	if (n >= 0 && (size_t)n <= NAME_MAX_FILE)
		return look_at(im, dir, base, name, e);
	return err_set(e, ERR_USAGE, "%s: the name is too long",
	    text_show(shown, sizeof(shown), slice_of(name)));
}

static int
walk(struct import *im, int dir, const char *above, struct err *e)
{
	struct dirent **list = NULL;
	int i = 0, rv = 0,
	    n = scandirat(dir, ".", &list, is_visible, alphasort);

	if (n == -1) {
		(void)err_sys(e, ERR_USAGE, "cannot be read");
		return above[0] == '\0' ? -1 : failed(above, e);
	}
	for (i = 0; i < n; i++) {
		if (rv == 0)
			rv = visit(im, dir, above, list[i]->d_name, e);
		free(list[i]);
	}
	free(list);
	return rv;
}

/* The first one first. */
static void
turn_round(struct pass_store *s)
{
	struct pass_file *file = s->files, *next = NULL;

	s->files = NULL;
	for (; file != NULL; file = next) {
		next = file->next;
		file->next = s->files;
		s->files = file;
	}
}

static int
read_store(struct import *im, struct err *e)
{
	int fd = open(im->file, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rv = -1;

	if (fd == -1)
		return err_sys(e, ERR_USAGE, "cannot be read");
	rv = walk(im, fd, "", e);
	(void)close(fd);
	import_progress(&im->progress, im->store->n, true);
	return rv;
}

static int
start(struct import *im, struct err *e)
{
	if ((im->store = calloc(1, sizeof(*im->store))) == NULL)
		return err_sys(e, ERR_IO, "memory for a store");
	im->store->notes = secret_new(RECORD_VALUE_MAX + 1, e);
	if (im->store->notes == NULL)
		return -1;
	if (read_store(im, e) == -1)
		return failed(im->file, e);
	turn_round(im->store);
	im->store->at = im->store->files;
	return 0;
}

static bool
has_attr(const struct import_item *item, const char *key)
{
	size_t i = 0;

	while (i < item->nattrs && !slice_is(item->attrs[i].key, key))
		i++;
	return i < item->nattrs;
}

/* A line more, but no empty one in front. */
static int
add_note(struct secret *notes, struct slice text, struct err *e)
{
	if (notes->len == 0 && text.len == 0)
		return 0;
	if (text.len + 1 > notes->cap - notes->len)
		return err_set(e, ERR_USAGE,
		    "has more than the %d bytes of notes that an entry has "
		    "room for",
		    RECORD_VALUE_MAX);
	if (secret_append(notes, text.p, text.len, e) == -1)
		return -1;
	return secret_append(notes, "\n", 1, e);
}

/* An attribute, if there is room for it and it is one; else it is a note. */
static int
add_line(struct import_item *item, const struct pass_line *line,
    struct secret *notes, struct err *e)
{
	size_t before = item->nattrs;
	int rv = 0;

	if (line->kind == PASS_USER && !has_attr(item, "user"))
		rv = import_item_user(item, line->value, e);
	else if (line->kind == PASS_URL)
		rv = import_item_url(item, line->value, e);
	if (rv == -1 || item->nattrs > before)
		return rv;
	return add_note(notes, line->text, e);
}

static int
add_lines(struct import_item *item, struct pass *p, struct secret *notes,
    struct err *e)
{
	struct pass_line line;
	bool otp = false;

	if (secret_set(notes, NULL, 0, e) == -1)
		return -1;
	while (pass_next(p, &line)) {
		if (line.kind == PASS_OTP)
			otp = true;
		else if (add_line(item, &line, notes, e) == -1)
			return -1;
	}
	while (notes->len > 0 && notes->data[notes->len - 1] == '\n')
		notes->len--;
	if (otp) {
		(void)snprintf(item->note, sizeof(item->note),
		    "left out: otpauth");
		cmd_warn("%s: its seed of one-time passwords (otpauth) is left "
			 "out: keep it apart from the password",
		    item->name);
	}
	return import_item_attr(item, slice_of("notes"), secret_slice(notes),
	    e);
}

/* RFC 7468; what follows such a line would become notes, which are shown. */
static bool
is_pem(struct slice line)
{
	static const char begin[] = "-----BEGIN ";
	const size_t n = sizeof(begin) - 1;

	return line.len > n && memcmp(line.p, begin, n) == 0;
}

static int
fill(struct import_item *item, const struct pass_file *file,
    struct secret *notes, struct err *e)
{
	const char *why = file->why;
	struct pass p;

	if (why == NULL) {
		pass_start(&p, secret_slice(file->text), &item->secret);
		if (slice_is(item->secret, GOPASS_MIME))
			return err_set(e, ERR_USAGE,
			    "is in a form that gopass has given up: write it "
			    "anew with \"gopass edit\"");
		if (item->secret.len == 0)
			why = "has no password";
		else if (is_pem(item->secret))
			why = "is a key or a certificate, and no password";
	}
	if (why == NULL)
		return add_lines(item, &p, notes, e);
	item->skipped = true;
	(void)snprintf(item->note, sizeof(item->note), "%s", why);
	return 0;
}

static int
next(struct import *im, struct import_item *item, struct err *e)
{
	struct pass_store *s = im->store;
	const struct pass_file *file = s->at;

	if (file == NULL)
		return 0;
	s->at = file->next;
	(void)snprintf(item->name, sizeof(item->name), "%.*s", RECORD_NAME_MAX,
	    file->name);
	return fill(item, file, s->notes, e) == -1 ? failed(file->name, e) : 1;
}

void
import_pass_end(struct pass_store *s)
{
	struct pass_file *file = NULL;

	if (s == NULL)
		return;
	while ((file = s->files) != NULL) {
		s->files = file->next;
		secret_free(file->text);
		free(file);
	}
	secret_free(s->notes);
	free(s);
}

const struct import_format import_pass = { "pass", false, start, next };
