#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "import.h"

/* What cannot tell its size is read into so much first. */
#define FIRST ((size_t)65536)

/* Room for one byte more than is expected: a full one may have more to come. */
static size_t
first_size(int fd, size_t max)
{
	struct stat st;

	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) || st.st_size < 0)
		return FIRST < max ? FIRST : max;
	return (uintmax_t)st.st_size < max ? (size_t)st.st_size + 1 : max;
}

/* What s holds, in one of twice the size; s is freed. */
static struct secret *
bigger(struct secret *s, size_t max, struct err *e)
{
	struct secret *more = NULL;
	size_t cap = s->cap > max / 2 ? max : s->cap * 2;

	more = secret_new(cap, e);
	if (more != NULL && secret_set(more, s->data, s->len, e) == -1) {
		secret_free(more);
		more = NULL;
	}
	secret_free(s);
	return more;
}

static ssize_t
read_some(int fd, void *to, size_t len)
{
	ssize_t n = 0;

	do {
		n = read(fd, to, len);
	} while (n == -1 && errno == EINTR);
	return n;
}

struct secret *
import_read_fd(int fd, size_t max, struct err *e)
{
	struct secret *s = secret_new(first_size(fd, max + 1), e);
	ssize_t n = 0;

	if (s == NULL)
		return NULL;
	for (;;) {
		if (s->len > max) {
			(void)err_set(e, ERR_USAGE,
			    "has more than %zu bytes, which are allowed", max);
			break;
		}
		if (s->len == s->cap && (s = bigger(s, max + 1, e)) == NULL)
			return NULL;
		if ((n = read_some(fd, s->data + s->len, s->cap - s->len)) == 0)
			return s;
		if (n == -1) {
			(void)err_sys(e, ERR_IO, "reading secrets");
			break;
		}
		s->len += (size_t)n;
	}
	secret_free(s);
	return NULL;
}

enum err_kind
import_open_error(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
	case EISDIR:
	case EACCES:
	case ELOOP:
	case ENAMETOOLONG:
		return ERR_USAGE;
	default:
		return ERR_IO;
	}
}

struct secret *
import_read(const char *file, size_t max, struct err *e)
{
	struct secret *s = NULL;
	int fd = STDIN_FILENO;
	char shown[96];

	(void)text_show(shown, sizeof(shown), slice_of(file));
	if (strcmp(file, "-") != 0 &&
	    (fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY)) == -1) {
		(void)err_sys(e, import_open_error(errno), "%s: cannot be read",
		    shown);
		return NULL;
	}
	if ((s = import_read_fd(fd, max, e)) == NULL)
		(void)err_in(e, "%s", shown);
	if (fd != STDIN_FILENO)
		(void)close(fd);
	return s;
}

bool
import_is_one(const struct import *im)
{
	return im->format->one && im->members == NULL;
}

void
import_progress(struct import_progress *p, size_t n, bool end)
{
	struct timespec now = { 0, 0 };

	if (end && p->told != 0)
		(void)dprintf(STDERR_FILENO, "\r\033[K");
	if (end)
		*p = (struct import_progress){ 0, 0 };
	if (end || isatty(STDERR_FILENO) == 0 ||
	    clock_gettime(CLOCK_MONOTONIC, &now) == -1)
		return;
	if (p->began == 0)
		p->began = now.tv_sec;
	if (now.tv_sec - p->began < 1 || now.tv_sec == p->told)
		return;
	p->told = now.tv_sec;
	(void)dprintf(STDERR_FILENO, "\r%zu read", n);
}

void
import_item_new(struct import_item *item)
{
	item->name[0] = '\0';
	item->secret = (struct slice){ NULL, 0 };
	item->nattrs = 0;
	item->note[0] = '\0';
	item->skipped = false;
	item->line = 0;
}

int
import_item_name(struct import_item *item, struct slice name, struct err *e)
{
	if (record_name_check(name, e) == -1)
		return -1;
	return slice_text(name, item->name, sizeof(item->name)) == 0 ?
	    0 :
	    err_set(e, ERR_USAGE, "a name is too long");
}

int
import_item_attr(struct import_item *item, struct slice key, struct slice value,
    struct err *e)
{
	if (value.len == 0)
		return 0;
	if (item->nattrs == RECORD_ATTRS_MAX)
		return err_set(e, ERR_USAGE,
		    "more than the %d attributes that an entry has room for",
		    RECORD_ATTRS_MAX);
	item->attrs[item->nattrs++] = (struct record_attr){ key, value };
	return 0;
}

void
import_end(struct import *im)
{
	int i = 0;

	for (i = 0; i < im->nmembers; i++)
		free(im->members[i]);
	free(im->members);
	free(im->map);
	import_pass_end(im->store);
	secret_free(im->raw);
	secret_free(im->password);
	im->members = NULL;
	im->nmembers = 0;
	im->map = NULL;
	im->store = NULL;
	im->raw = NULL;
	im->password = NULL;
}
