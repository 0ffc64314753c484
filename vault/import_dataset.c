/*
 * Password data sets: a file is one, a directory a library of them, unloaded
 * with a file for each member.
 */
#include <sys/types.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "import.h"

static int
is_visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static bool
is_directory(const char *file)
{
	struct stat st;

	return strcmp(file, "-") != 0 && stat(file, &st) == 0 &&
	    S_ISDIR(st.st_mode);
}

static int
start(struct import *im, struct err *e)
{
	char shown[96];

	(void)text_show(shown, sizeof(shown), slice_of(im->file));
	im->password = secret_new(RECORD_SECRET_MAX, e);
	if (im->password == NULL)
		return -1;
	if (im->name != NULL || !is_directory(im->file)) {
		im->raw = import_read(im->file, IMPORT_ONE_MAX, e);
		return im->raw == NULL ? -1 : 0;
	}
	if (im->dataset[0] == '\0' || strchr(im->dataset, '(') != NULL)
		return err_set(e, ERR_USAGE,
		    "%s is a directory: say --dataset with the name that the "
		    "library had, without a member",
		    shown);
	im->nmembers = scandir(im->file, &im->members, is_visible, alphasort);
	if (im->nmembers == -1) {
		im->nmembers = 0;
		return err_sys(e, import_open_error(errno),
		    "%s: cannot be read", shown);
	}
	if (im->nmembers == 0)
		return err_set(e, ERR_USAGE, "%s: no members in it", shown);
	return 0;
}

static const char *
encoding_name(enum dataset_encoding encoding)
{
	switch (encoding) {
	case DATASET_IBM1047:
		return "IBM-1047";
	case DATASET_IBM037:
		return "IBM-037";
	case DATASET_ENCODING_AUTO:
	case DATASET_ASCII:
		break;
	}
	return "ASCII";
}

/* The password in raw, and how it was read, for a person to compare. */
static int
read_password(struct import *im, struct import_item *item, const char *from,
    struct err *e)
{
	struct dataset_how how = im->how;
	char shown[96];

	(void)text_show(shown, sizeof(shown), slice_of(from));
	if (dataset_password(im->password, &how, secret_slice(im->raw), e) ==
	    -1)
		return -1;
	item->secret = secret_slice(im->password);
	(void)snprintf(item->note, sizeof(item->note), "%s in %s%s",
	    how.format == DATASET_FB80 ? "records of 80" : "lines",
	    encoding_name(how.encoding),
	    how.numbered ? ", line numbers dropped" : "");
	if (im->password->data[0] == ' ')
		cmd_warn("%s: the password begins with a blank, which is kept",
		    shown);
	if (how.doubtful)
		cmd_warn("%s: the password has a character that IBM-1047 and "
			 "IBM-037 disagree about; IBM-1047 was taken: see "
			 "--encoding",
		    shown);
	return 0;
}

/* HLQ.PASSWD and site1 are HLQ.PASSWD(SITE1) and site1. */
static int
name_member(struct import *im, struct import_item *item, const char *file,
    struct err *e)
{
	char text[2 * DATASET_NAME_MAX], *at = NULL;
	size_t n = 0;

	(void)snprintf(text, sizeof(text), "%s(%.20s)", im->dataset, file);
	if (dataset_name(im->member, sizeof(im->member), slice_of(text), e) ==
	    -1)
		return err_in(e, "the files must be named like members");
	at = strchr(im->member, '(') + 1;
	for (; at[n] != ')'; n++)
		item->name[n] =
		    (char)(at[n] >= 'A' && at[n] <= 'Z' ? at[n] - 'A' + 'a' :
							  at[n]);
	item->name[n] = '\0';
	return import_item_attr(item, slice_of("dataset"), slice_of(im->member),
	    e);
}

/* A pipe in the place of a file would be waited for: it is not opened so. */
static int
read_member(struct import *im, const char *file, struct err *e)
{
	int dir = -1, fd = -1, rv = -1;

	secret_free(im->raw);
	im->raw = NULL;
	dir = open(im->file, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir != -1)
		fd = openat(dir, file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1) {
		(void)err_sys(e, import_open_error(errno), "cannot be read");
		goto out;
	}
	im->raw = import_read_fd(fd, IMPORT_ONE_MAX, e);
	rv = im->raw == NULL ? -1 : 0;
out:
	if (fd != -1)
		(void)close(fd);
	if (dir != -1)
		(void)close(dir);
	return rv;
}

static int
next_member(struct import *im, struct import_item *item, struct err *e)
{
	const char *file = NULL;
	char shown[64];

	if (im->at == im->nmembers)
		return 0;
	file = im->members[im->at++]->d_name;
	if (name_member(im, item, file, e) == -1 ||
	    read_member(im, file, e) == -1 ||
	    read_password(im, item, file, e) == -1)
		return err_in(e, "%s",
		    text_show(shown, sizeof(shown), slice_of(file)));
	return 1;
}

static int
next(struct import *im, struct import_item *item, struct err *e)
{
	if (im->members != NULL)
		return next_member(im, item, e);
	if (im->done)
		return 0;
	im->done = true;
	if (read_password(im, item, im->file, e) == -1 ||
	    import_item_name(item, slice_of(im->name), e) == -1 ||
	    import_item_attr(item, slice_of("dataset"), slice_of(im->dataset),
		e) == -1)
		return -1;
	return 1;
}

const struct import_format import_dataset = { "dataset", true, start, next };
