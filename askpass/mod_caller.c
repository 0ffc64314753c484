/*
 * caller: the program of the process that asks, by its path or by a directory
 * above it ("/usr/lib/").
 */
#include <sys/types.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "module.h"

static bool
is_path_of(const char *wanted, const char *path)
{
	size_t n = strlen(wanted);

	if (wanted[n - 1] == '/')
		return strncmp(wanted, path, n) == 0;
	return strcmp(wanted, path) == 0;
}

/* The path, in buf where it is the kernel's. */
static const char *
path_of(const struct module_context *c, char *buf, size_t size)
{
	char exe[64];
	ssize_t n;

	if (c->caller != NULL)
		return c->caller;
	(void)snprintf(exe, sizeof(exe), "/proc/%ld/exe",
	    (long)c->request->parent.pid);
	if ((n = readlink(exe, buf, size - 1)) == -1)
		return NULL;
	buf[n] = '\0';
	return buf;
}

enum stack_result
mod_caller(struct module_context *c, const struct stack_line *line,
    struct err *e)
{
	char target[PATH_MAX], shown[200], why[300];
	const char *path = path_of(c, target, sizeof(target));
	size_t i;

	if (path == NULL) {
		(void)err_sys(e, ERR_IO, "the caller's program cannot be read");
		return STACK_UNAVAILABLE;
	}
	for (i = 0; i < line->nargs; i++)
		if (strcmp(line->args[i], "test") != 0 &&
		    is_path_of(line->args[i], path))
			return STACK_SUCCESS;
	(void)snprintf(why, sizeof(why), "the caller is %s",
	    text_show(shown, sizeof(shown), slice_of(path)));
	return module_shut(line, why, e);
}
