/* credential: a file in $CREDENTIALS_DIRECTORY, as systemd.exec(5) passes. */
#include <sys/types.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "io.h"
#include "module.h"

void
mod_credential_ready(struct module_context *c, struct module_ready *r)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	char path[PATH_MAX];
	struct stat st;
	int len;

	if (dir == NULL || *dir == '\0') {
		(void)err_set(&r->why, ERR_NOENTRY,
		    "CREDENTIALS_DIRECTORY is not set; add LoadCredential= to "
		    "the unit");
		return;
	}
	len = snprintf(path, sizeof(path), "%s/%s", dir, r->line->args[0]);
	if (len < 0 || (size_t)len >= sizeof(path)) {
		(void)err_set(&r->why, ERR_CONFIG, "its path is too long");
		return;
	}
	r->fd = path_open_trusted(path, "credential", c->trust, &st, &r->why);
}

enum stack_result
mod_credential(struct module_context *c, const struct stack_line *line,
    struct err *e)
{
	const struct module_ready *r = module_find_ready(c, line);
	enum stack_result result;
	struct secret *s;
	ssize_t n;

	if (r->fd == -1) {
		*e = r->why;
		return module_result(e);
	}
	if ((s = secret_new(MODULE_ANSWER_MAX + 2, e)) == NULL)
		return module_result(e);
	if ((n = pread_full(r->fd, s->data, s->cap, 0)) == -1) {
		(void)err_sys(e, ERR_IO, "read the credential");
		result = STACK_UNAVAILABLE;
	} else {
		s->len = (size_t)n;
		if (s->len > 0 && s->data[s->len - 1] == '\n')
			s->len--;
		result = module_answer_bound(c, line, secret_slice(s), e);
	}
	secret_free(s);
	return result;
}
