#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"

static int
compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

int
names_add(void **set, const char *name, bool *there, struct err *e)
{
	const char **at = tsearch(name, set, compare);
	char *copy = NULL;

	if (at == NULL)
		return err_set(e, ERR_IO, "no memory for names");
	*there = *at != name;
	if (*there)
		return 0;
	if ((copy = strdup(name)) == NULL) {
		(void)tdelete(name, set, compare);
		return err_set(e, ERR_IO, "no memory for names");
	}
	*at = copy;
	return 0;
}

void
names_free(void *set)
{
	tdestroy(set, free);
}
