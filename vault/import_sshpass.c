/*
 * The file of "sshpass -f": one line, which is the password.  sshpass drops
 * what follows; here nothing may.
 */
#include <stdio.h>
#include <string.h>

#include "import.h"

static int
start(struct import *im, struct err *e)
{
	im->raw = import_read(im->file, IMPORT_ONE_MAX, e);
	return im->raw == NULL ? -1 : 0;
}

static int
next(struct import *im, struct import_item *item, struct err *e)
{
	struct slice s = secret_slice(im->raw);
	const unsigned char *newline = NULL;

	if (im->done)
		return 0;
	im->done = true;
	if (s.len > 0)
		newline = memchr(s.p, '\n', s.len);
	if (newline != NULL) {
		if (newline != s.p + s.len - 1)
			return err_set(e, ERR_USAGE,
			    "has more than one line: a password is the first "
			    "and the only one");
		s.len--;
	}
	if (s.len == 0)
		return err_set(e, ERR_USAGE, "has no password");
	item->secret = s;
	(void)snprintf(item->note, sizeof(item->note), "one line");
	return import_item_name(item, slice_of(im->name), e) == -1 ? -1 : 1;
}

const struct import_format import_sshpass = { "sshpass", true, start, next };
