/*
 * dataset: the password file of a job that has not been moved to the vault
 * yet, as read_passwd_dsn.sh and sshpass -f read it.
 */
#include <sys/types.h>

#include <string.h>
#include <unistd.h>

#include "dataset.h"
#include "io.h"
#include "module.h"

/* A member with a password is a few records. */
#define FILE_MAX 8192

void
mod_dataset_ready(struct module_context *c, struct module_ready *r)
{
	const char *path = r->line->args[0];
	struct stat st;

	/* The C library of z/OS opens these, and no other. */
	if (strncmp(path, "//'", 3) == 0) {
		(void)err_set(&r->why, ERR_NOENTRY,
		    "data sets can be read on z/OS only; name a file");
		return;
	}
	r->fd = path_open_trusted(path, "dataset", c->trust, &st, &r->why);
}

static enum stack_result
read_password(struct module_context *c, const struct stack_line *line,
    struct secret *raw, struct secret *password, struct err *e)
{
	const struct module_ready *r = module_find_ready(c, line);
	struct dataset_how how = { DATASET_FORMAT_AUTO, DATASET_ENCODING_AUTO,
		false, false };
	ssize_t n = pread_full(r->fd, raw->data, raw->cap, 0);

	if (n == -1) {
		(void)err_sys(e, ERR_IO, "read %s", line->args[0]);
		return STACK_UNAVAILABLE;
	}
	if ((size_t)n == raw->cap) {
		(void)err_set(e, ERR_DENIED, "%s is too large for a password",
		    line->args[0]);
		return STACK_DENIED;
	}
	raw->len = (size_t)n;
	if (dataset_password(password, &how, secret_slice(raw), e) == -1)
		return STACK_DENIED;
	return module_answer_bound(c, line, secret_slice(password), e);
}

enum stack_result
mod_dataset(struct module_context *c, const struct stack_line *line,
    struct err *e)
{
	const struct module_ready *r = module_find_ready(c, line);
	struct secret *raw = NULL, *password = NULL;
	enum stack_result result;

	if (r->fd == -1) {
		*e = r->why;
		return module_result(e);
	}
	if ((raw = secret_new(FILE_MAX + 1, e)) == NULL ||
	    (password = secret_new(MODULE_ANSWER_MAX + 1, e)) == NULL)
		result = module_result(e);
	else
		result = read_password(c, line, raw, password, e);
	secret_free(password);
	secret_free(raw);
	return result;
}
