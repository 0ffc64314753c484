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

enum stack_result
mod_caller(struct module_context *c, const struct stack_line *line,
    struct err *e)
{
	char exe[64], target[PATH_MAX], shown[200], why[300];
	ssize_t n;
	size_t i;

	(void)snprintf(exe, sizeof(exe), "/proc/%ld/exe",
	    (long)c->request->parent.pid);
	if ((n = readlink(exe, target, sizeof(target) - 1)) == -1) {
		(void)err_sys(e, ERR_IO, "the caller's program cannot be read");
		return STACK_UNAVAILABLE;
	}
	target[n] = '\0';
	for (i = 0; i < line->nargs; i++)
		if (strcmp(line->args[i], "test") != 0 &&
		    is_path_of(line->args[i], target))
			return STACK_SUCCESS;
	(void)snprintf(why, sizeof(why), "the caller is %s",
	    text_show(shown, sizeof(shown), slice_of(target)));
	return module_shut(line, why, e);
}
