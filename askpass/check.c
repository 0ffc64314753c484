#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit.h"
#include "dataset.h"
#include "findings.h"
#include "io.h"

#define LINE 1024

void
check_say(struct check *c, enum check_level level, const char *what,
    const char *fmt, ...)
{
	static const char *const levels[] = { "ok", "warn", "fail" };
	enum codepage page = c->job->config.answer_encoding;
	char line[LINE];
	int head = 0, n = 0, i = 0;
	va_list args;

	if (level == CHECK_FAIL)
		c->failures++;
	head = snprintf(line, sizeof(line), "%s: %s: ", levels[level], what);
	va_start(args, fmt);
	n = vsnprintf(line + head, sizeof(line) - (size_t)head, fmt, args);
	va_end(args);
	n = n < 0 ? head : head + n;
	if (n > LINE - 1)
		n = LINE - 1;
	for (i = 0; i < n; i++) {
		if (line[i] < 0x20 || line[i] > 0x7e)
			line[i] = '?';
	}
	line[n++] = '\n';
	for (i = 0; i < n; i++)
		line[i] = (char)codepage_encode(page, (unsigned char)line[i]);
	/* If standard output is gone there is nobody left to tell. */
	if (write_all(STDOUT_FILENO, line, (size_t)n) == -1)
		c->failures++;
}

struct slice
check_option(const struct check *c, const char *keyword, size_t n)
{
	struct slice config = { (const unsigned char *)c->config.text,
		c->config.len };

	return client_option(config, keyword, n);
}

bool
check_is(const struct check *c, const char *keyword, const char *value)
{
	return slice_is(check_option(c, keyword, 0), value);
}

/* A message that begins with what it is about. */
static void
say_error(struct check *c, const struct err *e)
{
	const char *colon = strstr(e->msg, ": ");
	char what[sizeof(e->msg)];

	if (colon == NULL) {
		check_say(c, CHECK_FAIL, "pawl", "%s", e->msg);
		return;
	}
	memcpy(what, e->msg, (size_t)(colon - e->msg));
	what[colon - e->msg] = '\0';
	check_say(c, CHECK_FAIL, what, "%s", colon + 2);
}

static void
look_at_config(struct check *c, int loaded, const struct err *e)
{
	const struct config *config = &c->job->config;
	char path[PATH_MAX];
	struct err why;

	if (loaded == -1) {
		check_say(c, CHECK_FAIL, "pawl.conf", "%s", e->msg);
		return;
	}
	if (path_config(path, sizeof(path), &why) == 0)
		check_say(c, CHECK_OK, "pawl.conf", "%s%s", path,
		    access(path, F_OK) == 0 ?
			"" :
			" is not there, so all settings are the defaults");
	if (config->answer_encoding == CODEPAGE_IBM1047)
		check_say(c, CHECK_OK, "answer-encoding",
		    "ibm1047: answers are written, and prompts read, in "
		    "IBM-1047");
	if (audit_open(JOB_PROGRAM,
		config->audit_file[0] == '\0' ? NULL : config->audit_file,
		&why) == -1)
		check_say(c, CHECK_FAIL, "audit", "%s", why.msg);
	if (!secret_locked())
		check_say(c, config->require_mlock ? CHECK_FAIL : CHECK_WARN,
		    "memory",
		    "cannot be locked, so that secrets may be swapped out; "
		    "raise ulimit -l");
}

static int
look_at_stacks(struct check *c)
{
	struct err e;

	if (stacks_load(&e) == -1) {
		check_say(c, CHECK_FAIL, "stack", "%s", e.msg);
		return -1;
	}
	check_say(c, CHECK_OK, "stack",
	    stacks_from_file() ? "from files; pawl-askpass --explain shows it" :
				 "the compiled-in one");
	return 0;
}

static void
look_at_state(struct check *c)
{
	char path[PATH_MAX];
	struct stat st;
	struct err e;

	if (path_state(path, sizeof(path), &e) == -1) {
		check_say(c, CHECK_FAIL, "state", "%s", e.msg);
		return;
	}
	if (stat(path, &st) == -1) {
		check_say(c, CHECK_WARN, "state",
		    "%s is not there; it is made when the vault is opened",
		    path);
		return;
	}
	if ((st.st_uid != 0 && st.st_uid != geteuid()) ||
	    (st.st_mode & 022) != 0)
		check_say(c, CHECK_FAIL, "state",
		    "%s must be yours, and not writable by others; run: chmod "
		    "700 %s",
		    path, path);
	else if (access(path, W_OK | X_OK) == -1)
		check_say(c, CHECK_FAIL, "state",
		    "%s cannot be written, so that one answer for each ssh "
		    "cannot be kept; run: chmod 700 %s",
		    path, path);
	else
		check_say(c, CHECK_OK, "state", "%s", path);
}

/* Vault and key, each on its own, so that both are told. */
static int
look_at_files(struct check *c)
{
	struct job *j = c->job;
	struct stat st;
	struct err e;
	int fd = -1, rv = 0;

	if (path_vault(j->path, sizeof(j->path), &e) == -1) {
		check_say(c, CHECK_FAIL, "vault", "%s", e.msg);
		return -1;
	}
	if ((fd = path_open_trusted(j->path, "vault", NULL, &st, &e)) == -1) {
		say_error(c, &e);
		rv = -1;
	} else {
		(void)close(fd);
		check_say(c, CHECK_OK, "vault", "%s", j->path);
	}
	if (key_find_for(&j->key, NULL, false, j->path, NULL, &e) == -1) {
		check_say(c, CHECK_FAIL, "key", "%s", e.msg);
		return -1;
	}
	check_say(c, CHECK_OK, "key", "from %s", j->key.from);
	return rv;
}

/* What the job pins, where there is no prompt to find it with. */
static void
look_at_pinned(struct check *c)
{
	const struct request *q = &c->job->request;
	const char *name = q->entry != NULL ? q->entry : q->dataset;
	enum table_kind kind = q->entry != NULL ? TABLE_NAME : TABLE_DATASET;
	const char *variable = q->entry != NULL ? "PAWL_ENTRY" : "PASSWD_DSN";
	struct slice text = { NULL, 0 };
	struct secret *plain = NULL;
	char dataset[DATASET_NAME_MAX], shown[RECORD_NAME_MAX];
	struct entry entry;
	struct err e;

	if (name == NULL)
		return;
	text = slice_of(name);
	if (kind == TABLE_DATASET) {
		if (dataset_name(dataset, sizeof(dataset), text, &e) == -1) {
			check_say(c, CHECK_FAIL, variable, "%s", e.msg);
			return;
		}
		text = slice_of(dataset);
	}
	if (vault_find(c->job->vault, kind, text, &entry, &plain, &e) == -1)
		check_say(c, CHECK_FAIL, variable, "%s: %s",
		    text_show(shown, sizeof(shown), slice_of(name)), e.msg);
	else
		check_say(c, CHECK_OK, variable, "entry %s",
		    text_show(shown, sizeof(shown), entry.name));
	secret_free(plain);
}

/* The prompt that ssh would have for the host. */
static void
look_at_answer(struct check *c)
{
	static char ssh[] = "ssh", l[] = "-l";
	char *const command[] = { ssh, l, c->user, c->name };
	struct job *j = c->job;
	char shown[RECORD_NAME_MAX];
	struct err e = { ERR_NONE, "" };

	parent_pretend(&j->request.parent, command, 4);
	j->context.caller = ssh;
	j->request.nmarks = 0;
	prompt_classify(j->prompt, strlen(j->prompt), NULL, &j->request.prompt);
	if (job_decide(j, &e) == -1)
		check_say(c, CHECK_FAIL, "answer", "to %s@%s: %s", c->user,
		    c->name, e.msg);
	else if (j->context.entry.name.p != NULL)
		check_say(c, CHECK_OK, "answer", "to %s@%s: entry %s", c->user,
		    c->name,
		    text_show(shown, sizeof(shown), j->context.entry.name));
	else
		check_say(c, CHECK_OK, "answer",
		    "to %s@%s: not from the vault; pawl-askpass --explain "
		    "shows more",
		    c->user, c->name);
}

static void
open_vault(struct check *c)
{
	struct job *j = c->job;
	struct err e;

	if (vault_unlock(j->vault, &j->key.slot, &e) == -1) {
		check_say(c, CHECK_FAIL, "opening", "%s", e.msg);
		return;
	}
	check_say(c, CHECK_OK, "opening", "generation %llu",
	    (unsigned long long)vault_header(j->vault)->generation);
	look_at_pinned(c);
}

/* In the sandbox, as for an answer; nobody is asked for a passphrase. */
static void
look_inside(struct check *c)
{
	struct job *j = c->job;
	struct err e = { ERR_NONE, "" };

	if (job_open_vault(j, &e) == -1 ||
	    module_prepare(&j->context, &e) == -1 || job_close_in(j, &e) == -1)
		say_error(c, &e);
	else if (c->name[0] != '\0')
		look_at_answer(c);
	else if (j->vault != NULL)
		open_vault(c);
}

int
check(struct job *j, char *const *args, size_t n)
{
	static struct check c;
	static char prompt[sizeof(c.user) + sizeof(c.name) + 32];
	struct err e = { ERR_NONE, "" };
	bool usable = true;
	int loaded = 0;

	c.job = j;
	c.args = args;
	c.nargs = n;
	check_ssh(&c);
	check_ssh_files(&c);
	(void)snprintf(prompt, sizeof(prompt), "%s@%s's password: ", c.user,
	    c.name);
	loaded = job_begin(j, prompt, &e);
	choose_look(&j->request, prompt);
	look_at_config(&c, loaded, &e);
	if (look_at_stacks(&c) == -1)
		usable = false;
	else if (stacks_use(STACK_VAULT) || stacks_use(STACK_BIND))
		usable = look_at_files(&c) == 0;
	look_at_state(&c);
	if (usable && loaded == 0)
		look_inside(&c);
	secret_wipe_all();
	return c.failures == 0 ? 0 : ERR_CONFIG;
}
