/*
 * .netrc: an entry LOGIN@MACHINE for each machine.
 */
#include <stdio.h>

#include "import.h"

static int
start(struct import *im, struct err *e)
{
	if ((im->raw = import_read(im->file, IMPORT_FILE_MAX, e)) == NULL)
		return -1;
	netrc_start(&im->netrc, im->raw->data, im->raw->len);
	return 0;
}

static int
set_name(struct import_item *item, const struct netrc_entry *found,
    struct err *e)
{
	char name[2 * RECORD_NAME_MAX + 2];
	int n = 0;

	/* Longer ones are refused, however they are cut here. */
	n = snprintf(name, sizeof(name), "%.*s%s%.*s",
	    found->login.len > RECORD_NAME_MAX ? RECORD_NAME_MAX :
						 (int)found->login.len,
	    found->login.p == NULL ? "" : (const char *)found->login.p,
	    found->login.p == NULL ? "" : "@",
	    found->machine.len > RECORD_NAME_MAX ? RECORD_NAME_MAX :
						   (int)found->machine.len,
	    (const char *)found->machine.p);
	return import_item_name(item,
	    (struct slice){ (const unsigned char *)name, (size_t)n }, e);
}

static void
skip(struct import_item *item, const char *why)
{
	item->skipped = true;
	(void)snprintf(item->note, sizeof(item->note), "%s", why);
}

static int
next(struct import *im, struct import_item *item, struct err *e)
{
	struct netrc_entry found;
	int rv = netrc_next(&im->netrc, &found, e);

	if (rv != 1)
		return rv;
	item->line = found.line;
	if (found.is_default) {
		(void)snprintf(item->name, sizeof(item->name), "default");
		skip(item, "is for no machine in particular");
		return 1;
	}
	if (set_name(item, &found, e) == -1 ||
	    import_item_attr(item, slice_of("user"), found.login, e) == -1 ||
	    import_item_attr(item, slice_of("host"), found.machine, e) == -1 ||
	    import_item_attr(item, slice_of("port"), found.port, e) == -1 ||
	    import_item_attr(item, slice_of("x-account"), found.account, e) ==
		-1)
		return err_in(e, "line %zu", found.line);
	if (found.password.len == 0)
		skip(item, "has no password");
	item->secret = found.password;
	return 1;
}

const struct import_format import_netrc = { "netrc", false, start, next };
