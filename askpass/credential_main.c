/*
 * git-credential-pawl and docker-credential-pawl, one program of two names:
 * what git and docker run to be given a password (gitcredentials(7), CUSTOM
 * HELPERS; docker-credential-helpers).  The request comes on standard input.
 *
 * Not pawl-askpass by another name: to find an entry for a URL without a user
 * every entry has to be looked at, which takes memory, and that has none to
 * take (heap.c).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audit.h"
#include "config.h"
#include "credential_find.h"
#include "io.h"
#include "key.h"
#include "path.h"
#include "sandbox.h"

#define ARENA ((size_t)64 * 1024)

/* How long git gets nothing more after a server has refused the secret. */
#define REFUSED_MS ((uint64_t)60 * 60 * 1000)

struct job {
	/* The name it was called by, and what the entries are for. */
	const char *program;
	const char *service;
	const char *operation;
	bool docker;
	struct config config;
	struct path_trust trust;
	struct key key;
	struct vault *vault;
	unsigned int missing;
	/* What was asked; the slices of c, and q's prompt, are in these. */
	struct secret *input;
	struct credential c;
	char prompt[CREDENTIAL_INPUT];
	struct request q;
	/* What was found. */
	struct entry entry;
	struct secret *plain;
};

static int
open_vault(struct job *j, struct err *e)
{
	char path[PATH_MAX];
	const struct vault_options o = { .path = path,
		.trust = &j->trust,
		.hand_out = true };

	if (path_vault(path, sizeof(path), e) == -1 ||
	    key_find_for(&j->key, NULL, false, path, &j->trust, e) == -1 ||
	    (j->vault = vault_attach(&o, e)) == NULL)
		return -1;
	if (vault_state(j->vault) != NULL)
		return 0;
	return err_set(e, ERR_IO,
	    "the state directory cannot be written, so a refused password "
	    "would be given again; see pawl(7), FILES");
}

/* All that needs a path, then the sandbox, then the request. */
static int
prepare(struct job *j, struct err *e)
{
	const struct sandbox s = { .promise = SANDBOX_CREDENTIAL };
	const char *audit;

	if (config_load(&j->config, e) == -1)
		return -1;
	audit = j->config.audit_file[0] == '\0' ? NULL : j->config.audit_file;
	if (audit_open(j->program, audit, e) == -1)
		return -1;
	if (j->config.require_mlock && secret_require_locked(e) == -1)
		return -1;
	if (open_vault(j, e) == -1 || sandbox_enter(&s, &j->missing, e) == -1)
		return -1;
	if (j->missing != 0 && j->config.require_sandbox)
		return err_set(e, ERR_DENIED,
		    "the kernel has no seccomp, and require-sandbox is set");
	if (vault_unlock(j->vault, &j->key.slot, e) == -1)
		return -1;
	j->input = secret_new(CREDENTIAL_INPUT, e);
	return j->input == NULL ? -1 : 0;
}

static int
read_request(struct job *j, struct err *e)
{
	struct slice text;

	if (secret_read_all(STDIN_FILENO, j->input, e) == -1)
		return err_in(e, "the request");
	text = secret_slice(j->input);
	if ((j->docker ? credential_read_url(&j->c, text, e) :
			 credential_read(&j->c, text, e)) == -1)
		return -1;
	return credential_prompt(&j->c, j->prompt, sizeof(j->prompt),
	    &j->q.prompt, e);
}

static void
audit_decision(struct job *j, const char *event, const char *why)
{
	const struct prompt *p = &j->q.prompt;
	const struct {
		const char *key;
		struct text text;
	} parts[] = { { "user", p->user }, { "host", p->host },
		{ "port", p->port }, { "path", p->path } };
	struct audit a;
	size_t i;

	if (!audit_is_open())
		return;
	audit_begin(&a, event);
	if (j->entry.name.p != NULL)
		audit_add(&a, "entry", j->entry.name);
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i].text.len > 0)
			audit_add(&a, parts[i].key,
			    (struct slice){
				(const unsigned char *)parts[i].text.p,
				parts[i].text.len });
	audit_text(&a, "caller", parent_program(&j->q.parent));
	audit_number(&a, "pid", (unsigned long long)j->q.parent.pid);
	if (why != NULL)
		audit_text(&a, "why", why);
	audit_send(&a);
}

static int
note(struct job *j, enum state_event event, uint32_t question, struct err *e)
{
	struct state_mark m = { .pid = (uint32_t)j->q.parent.pid,
		.event = event,
		.question = question };

	memcpy(m.entry, j->entry.id, sizeof(m.entry));
	return state_mark(vault_state(j->vault), &m, e);
}

static int
find(struct job *j, struct err *e)
{
	return credential_find(j->vault, j->service, &j->q, &j->entry,
	    &j->plain, e);
}

static uint64_t
now_ms(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* --- Operations ------------------------------------------------------------*/

/* Whether the entry that was found may be answered with now. */
static int
check(struct job *j, struct err *e)
{
	const uint64_t now = now_ms();

	if (choose_rotation(&j->entry, e) == -1)
		return -1;
	if (j->entry.current.p == NULL)
		return err_set(e, ERR_NOENTRY, "the entry has no secret");
	if (state_git_refused(vault_state(j->vault), j->entry.id,
		j->entry.version, now < REFUSED_MS ? 0 : now - REFUSED_MS))
		return err_set(e, ERR_REFUSED,
		    "the server refused this password less than an hour ago; "
		    "change it with pawl-vault set, which ends the wait");
	return 0;
}

static int
write_answer(struct job *j, struct err *e)
{
	const uint64_t now = now_ms() / 1000;
	struct slice user = j->c.username, password = j->entry.current;
	struct secret *line;
	size_t at = 0;
	int rv;

	if (user.len == 0)
		(void)record_attr(&j->entry, "user", &at, &user);
	/* Escaped, a byte is six at most. */
	if ((line = secret_new(6 * (j->input->len + user.len + password.len) +
		     128,
		 e)) == NULL)
		return -1;
	rv = j->docker ?
	    credential_write_docker(line, j->c.url, user, password, e) :
	    credential_write_git(line, user, password,
		credential_expiry(&j->entry, now), e);
	/* Noted before it is given, as an askpass does. */
	if (rv == 0)
		rv = note(j, STATE_ANSWERED, STATE_ASKED_CREDENTIAL, e);
	if (rv == 0) {
		audit_decision(j, "answer", NULL);
		if (write_all(STDOUT_FILENO, line->data, line->len) == -1)
			rv = err_sys(e, ERR_IO, "write the answer");
	}
	secret_free(line);
	return rv;
}

static int
get(struct job *j, struct err *e)
{
	static const char quit[] = "quit=1\n";

	if (read_request(j, e) == -1 || find(j, e) == -1 || check(j, e) == -1 ||
	    write_answer(j, e) == -1) {
		audit_decision(j, "refuse", e->msg);
		/* Else git would ask its askpass, or a person, and go on. */
		if (e->kind == ERR_REFUSED && !j->docker &&
		    write_all(STDOUT_FILENO, quit, sizeof(quit) - 1) == -1)
			return err_sys(e, ERR_IO, "write the answer");
		return -1;
	}
	return 0;
}

/* git says that the server refused it: nothing is erased, but remembered. */
static int
erase(struct job *j, struct err *e)
{
	if (read_request(j, e) == -1 || find(j, e) == -1)
		return -1;
	if (j->entry.current.p == NULL ||
	    !secret_equal(j->entry.current, j->c.password)) {
		audit_decision(j, "erase", "not the password of the entry");
		return 0;
	}
	audit_decision(j, "erase", "refused by the server");
	return note(j, STATE_REFUSED, state_git_question(j->entry.version), e);
}

static int
list(struct job *j, struct err *e)
{
	return credential_list(j->vault, STDOUT_FILENO, e);
}

static int
say(struct err *e, const char *text)
{
	if (write_all(STDOUT_FILENO, text, strlen(text)) == -1)
		return err_sys(e, ERR_IO, "write to standard output");
	return 0;
}

static int
work(struct job *j, int (*operation)(struct job *j, struct err *e),
    struct err *e)
{
	if (prepare(j, e) == -1)
		return -1;
	return operation(j, e);
}

static int
run_git(struct job *j, struct err *e)
{
	int rv = 0;

	if (strcmp(j->operation, "get") == 0)
		rv = work(j, get, e);
	else if (strcmp(j->operation, "erase") == 0)
		rv = work(j, erase, e);
	else if (strcmp(j->operation, "capability") == 0)
		return say(e, "version 0\n");
	/* store, and what later ones may have: nothing is to be said. */
	return rv == -1 && e->kind == ERR_NOENTRY ? 0 : rv;
}

static int
run_docker(struct job *j, struct err *e)
{
	if (strcmp(j->operation, "get") == 0)
		return work(j, get, e);
	if (strcmp(j->operation, "list") == 0)
		return work(j, list, e);
	if (strcmp(j->operation, "version") == 0)
		return say(e, "docker-credential-pawl (pawl) " VERSION "\n");
	return err_set(e, ERR_DENIED,
	    "pawl takes no credentials from docker; use pawl-vault set and "
	    "pawl-vault remove");
}

/* docker reads what went wrong from standard output. */
static int
fail(const struct job *j, struct err *e)
{
	struct err unsaid;

	if (!j->docker)
		return err_print(j->program, e);
	if (e->kind == ERR_NOENTRY) {
		(void)say(&unsaid, CREDENTIAL_NONE);
		return ERR_NOENTRY;
	}
	if (say(&unsaid, e->msg) == 0)
		(void)say(&unsaid, "\n");
	return (int)e->kind;
}

static int
usage(const struct job *j)
{
	struct err e;

	(void)err_set(&e, ERR_USAGE,
	    "usage: %s, with the request on standard input; see %s(1)",
	    j->docker ? "docker-credential-pawl get|list|store|erase|version" :
			"git-credential-pawl get|store|erase|capability",
	    j->program);
	return err_print(j->program, &e);
}

int
main(int argc, char **argv)
{
	static struct job j;
	struct err e = { ERR_NONE, "" };
	const char *slash;
	int rv;

	sandbox_harden();
	slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	j.docker = argc > 0 &&
	    strcmp(slash == NULL ? argv[0] : slash + 1,
		"docker-credential-pawl") == 0;
	j.program = j.docker ? "docker-credential-pawl" : "git-credential-pawl";
	j.service = j.docker ? "docker" : "git";
	if (argc != 2 || strcmp(argv[1], "--help") == 0)
		return usage(&j);
	if (strcmp(argv[1], "--version") == 0)
		return say(&e, "pawl " VERSION "\n") == -1 ? ERR_IO : 0;
	j.operation = argv[1];
	if ((j.q.entry = getenv("PAWL_ENTRY")) != NULL && *j.q.entry == '\0')
		j.q.entry = NULL;
	parent_look(&j.q.parent, false);
	rv = sandbox_std_fds(&e);
	if (rv == 0)
		rv = secret_init(NULL, ARENA, &e);
	secret_wipe_on_signals();
	if (rv == 0)
		rv = j.docker ? run_docker(&j, &e) : run_git(&j, &e);
	rv = rv == 0 ? 0 : fail(&j, &e);
	secret_wipe_all();
	return rv;
}
