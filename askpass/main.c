/*
 * pawl-askpass PROMPT: one answer, from the vault, or a refusal that reaches
 * no server.
 *
 * Harden; open what is needed; enter the sandbox; only then look at the
 * prompt and into the vault.  The answer leaves in one write(2), after
 * everything is known and noted.
 */
#include <sys/types.h>
#include <sys/auxv.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "audit.h"
#include "choose.h"
#include "config.h"
#include "io.h"
#include "key.h"
#include "path.h"
#include "sandbox.h"
#include "secret.h"
#include "vault.h"

#define PROGRAM "pawl-askpass"

/* readpass.c and sudo's tgetpass.c: 1023 bytes, the first line of them. */
#define ANSWER_MAX 1023

#define ARENA_SIZE ((size_t)64 * 1024)

/* How often a busy vault is looked at again. */
#define LOOK_AGAIN_MS 50

/* What is opened before the sandbox closes. */
struct job {
	struct config config;
	struct path_trust trust;
	struct key key;
	char path[PATH_MAX];
	struct vault *vault;
	struct request request;
	const char *hint;
	unsigned int missing;
};

static _Alignas(4096) unsigned char arena[ARENA_SIZE];

static const char *
random_name(void)
{
	return "auxv";
}

/*
 * Opening a vault draws no random number.  libsodium draws one when it starts,
 * a canary for an allocator that is not used here: the kernel has left 16
 * bytes for such a purpose, and they cost no system call.
 */
static void
random_buf(void *const to, const size_t size)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): so the kernel has it. */
	const void *given = (const void *)getauxval(AT_RANDOM);

	if (given == NULL || size > 16)
		abort();
	memcpy(to, given, size);
}

static uint32_t
random_word(void)
{
	uint32_t word;

	random_buf(&word, sizeof(word));
	return word;
}

static struct randombytes_implementation plain_randomness = {
	.implementation_name = random_name,
	.random = random_word,
	.buf = random_buf,
};

static const char *
variable(const char *name)
{
	const char *value = getenv(name);

	return value == NULL || *value == '\0' ? NULL : value;
}

static int
open_vault(struct job *j, struct err *e)
{
	const struct vault_options o = { .path = j->path, .trust = &j->trust };
	struct state *state;

	vault_close(j->vault);
	if ((j->vault = vault_attach(&o, e)) == NULL)
		return -1;
	if ((state = vault_state(j->vault)) == NULL)
		return err_set(e, ERR_IO,
		    "the state directory cannot be written, so one answer "
		    "for each ssh cannot be kept; see pawl(7), FILES");
	if (state->fd <= STDERR_FILENO)
		return err_set(e, ERR_USAGE,
		    "standard input, output or error is closed");
	j->request.marks =
	    state_find(state, j->request.parent.pid, &j->request.nmarks);
	return 0;
}

/* All that needs a path or a socket. */
static int
prepare(struct job *j, struct err *e)
{
	const char *audit;

	if (config_load(&j->config, e) == -1)
		return -1;
	audit = j->config.audit_file[0] == '\0' ? NULL : j->config.audit_file;
	if (audit_open(PROGRAM, audit, e) == -1)
		return -1;
	if (j->config.require_mlock && !secret_locked())
		return err_set(e, ERR_DENIED,
		    "memory cannot be locked (ulimit -l), and require-mlock "
		    "is set");
	if (path_vault(j->path, sizeof(j->path), e) == -1 ||
	    key_find_for(&j->key, NULL, false, j->path, &j->trust, e) == -1)
		return -1;
	return open_vault(j, e);
}

static int
close_in(struct job *j, struct err *e)
{
	struct sandbox s = { .promise = SANDBOX_ASKPASS,
		.parent = j->request.parent.pid };

	if (sandbox_enter(&s, &j->missing, e) == -1)
		return -1;
	if (j->missing != 0 && j->config.require_sandbox)
		return err_set(e, ERR_DENIED,
		    "the kernel has no seccomp, and require-sandbox is set");
	return 0;
}

static void
audit_decision(struct job *j, const struct entry *entry, const char *what,
    const char *why)
{
	const struct prompt *p = &j->request.prompt;
	struct audit a;

	if (!audit_is_open())
		return;
	audit_begin(&a, what);
	if (entry != NULL)
		audit_add(&a, "entry", entry->name);
	audit_text(&a, "prompt", prompt_kind_name(p->kind));
	audit_add(&a, "user",
	    (struct slice){ (const unsigned char *)p->user.p, p->user.len });
	audit_add(&a, "host",
	    (struct slice){ (const unsigned char *)p->host.p, p->host.len });
	if (p->path.len > 0)
		audit_add(&a, "path",
		    (struct slice){ (const unsigned char *)p->path.p,
			p->path.len });
	audit_text(&a, "caller", parent_program(&j->request.parent));
	audit_number(&a, "pid", (unsigned long long)j->request.parent.pid);
	if (!secret_locked())
		audit_text(&a, "memory", "unlocked");
	if (j->missing != 0)
		audit_text(&a, "sandbox", "partial");
	if (why != NULL)
		audit_text(&a, "why", why);
	audit_send(&a);
}

static int
note(const struct job *j, const struct entry *entry, enum state_event event,
    struct err *e)
{
	struct state_mark m = { .pid = (uint32_t)j->request.parent.pid,
		.event = event,
		.question = (uint32_t)j->request.prompt.kind };

	if (entry != NULL)
		memcpy(m.entry, entry->id, sizeof(m.entry));
	return state_mark(vault_state(j->vault), &m, e);
}

static int
answered_before(struct job *j, struct err *e)
{
	if (parent_is_ssh(&j->request.parent))
		return err_set(e, ERR_DENIED,
		    "this ssh was answered before, so the server refused the "
		    "password or asks for another; nothing more is sent");
	return err_set(e, ERR_DENIED,
	    "this process was answered before, so the answer was not right; "
	    "it gets no other");
}

/* Everything that decides; on success *answerp is the line to write. */
static int
decide(struct job *j, struct entry *entry, struct secret **plainp,
    struct secret **answerp, struct err *e)
{
	const char *refusal = choose_refusal(j->request.prompt.kind);
	struct slice text;

	if (refusal != NULL)
		return err_set(e, ERR_DENIED, "%s", refusal);
	if (choose_again(&j->request, NULL))
		return answered_before(j, e);
	if (vault_unlock(j->vault, &j->key.slot, e) == -1 ||
	    choose_entry(j->vault, &j->request, entry, plainp, e) == -1)
		return -1;
	if (choose_again(&j->request, entry))
		return answered_before(j, e);
	if (choose_check(entry, &j->request, e) == -1)
		return -1;
	text = choose_answer(entry, &j->request);
	if (text.len > ANSWER_MAX || memchr(text.p, '\n', text.len) != NULL ||
	    memchr(text.p, '\r', text.len) != NULL ||
	    memchr(text.p, '\0', text.len) != NULL)
		return err_set(e, ERR_DENIED,
		    "the secret is longer than ssh reads, or not one line");
	if ((*answerp = secret_new(text.len + 1, e)) == NULL ||
	    secret_append(*answerp, text.p, text.len, e) == -1)
		return -1;
	return secret_append(*answerp, "\n", 1, e);
}

/*
 * Whether ssh has to be ended.  It takes a failed askpass for an empty
 * password and sends that, up to three times (readpass.c); only for these
 * does it take it for a no.
 */
static bool
must_end_caller(struct job *j)
{
	if (!parent_is_ssh(&j->request.parent))
		return false;
	switch (j->request.prompt.kind) {
	case PROMPT_HOSTKEY:
	case PROMPT_CONFIRM:
	case PROMPT_NOTIFY:
	case PROMPT_PASSPHRASE:
	case PROMPT_PASSPHRASE_RETRY:
	case PROMPT_PIN:
		return false;
	case PROMPT_UNKNOWN:
	case PROMPT_PASSWORD:
	case PROMPT_PASSWORD_RAW:
	case PROMPT_OTP:
	case PROMPT_CHANGE:
	case PROMPT_HOSTKEY_AGAIN:
	case PROMPT_GIT_USERNAME:
	case PROMPT_GIT_PASSWORD:
	case PROMPT_SUDO:
	case PROMPT_LOCK:
	case PROMPT_KEYGEN:
		break;
	}
	return true;
}

/*
 * Says why, notes that this ssh had its chance, and sees to it that nothing
 * reaches the server.
 */
static int
refuse(struct job *j, const struct entry *entry, struct err *e)
{
	const pid_t parent = j->request.parent.pid;
	bool end = must_end_caller(j);
	struct err unnoted;
	int status;

	audit_decision(j, entry, "refuse", e->msg);
	if (end && j->vault != NULL && vault_state(j->vault) != NULL &&
	    note(j, entry, STATE_REFUSED, &unnoted) == -1)
		(void)err_in(e, "%s", unnoted.msg);
	if (end)
		(void)err_in(e, "ssh stopped, nothing sent");
	status = err_print(PROGRAM, e);
	if (end)
		(void)kill(parent, SIGTERM);
	return status;
}

/* Noted before it is given: a crash between costs a job, not a try. */
static int
answer(struct job *j, const struct entry *entry, const struct secret *line,
    struct err *e)
{
	if (note(j, entry, STATE_ANSWERED, e) == -1)
		return -1;
	audit_decision(j, entry, "answer", NULL);
	if (write_all(STDOUT_FILENO, line->data, line->len) == -1)
		return err_sys(e, ERR_IO, "write the answer");
	return 0;
}

/*
 * One look at the vault, in the sandbox.  With again, an entry that is being
 * rotated ends it quietly with ERR_BUSY: the caller looks again.
 */
static int
serve(struct job *j, const char *prompt, int prepared, bool again,
    struct err *e)
{
	struct secret *plain = NULL, *line = NULL;
	struct entry entry;
	struct err open;
	int status, rv = prepared;

	memset(&entry, 0, sizeof(entry));
	/* Closed in any case; what went wrong first is what is told. */
	if (close_in(j, &open) == -1 && rv == 0) {
		*e = open;
		rv = -1;
	}
	prompt_classify(prompt, strlen(prompt), j->hint, &j->request.prompt);
	if (rv == 0)
		rv = decide(j, &entry, &plain, &line, e);
	if (rv == -1 && e->kind == ERR_BUSY && again)
		return ERR_BUSY;
	if (rv == 0 && line != NULL)
		rv = answer(j, &entry, line, e);
	status = rv == 0 ? 0 : refuse(j, entry.name.p ? &entry : NULL, e);
	secret_wipe_all();
	return status;
}

static uint64_t
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/*
 * Entries of this vault are being rotated, perhaps this one: look at it in a
 * child, again and again, for the sandbox lets no vault be opened anew.
 */
static int
serve_busy(struct job *j, const char *prompt, struct err *e)
{
	const struct timespec pause = { 0, LOOK_AGAIN_MS * 1000000L };
	const uint64_t end = now_ms() + j->config.wait_ms;
	bool again;
	int status;
	pid_t pid;

	for (;;) {
		again = now_ms() < end;
		if ((pid = fork()) == -1)
			return serve(j, prompt,
			    err_sys(e, ERR_IO, "start a process"), false, e);
		if (pid == 0)
			_exit(serve(j, prompt, open_vault(j, e), again, e));
		while (waitpid(pid, &status, 0) == -1)
			if (errno != EINTR)
				return ERR_IO;
		if (!WIFEXITED(status))
			return ERR_IO;
		if (WEXITSTATUS(status) != ERR_BUSY || !again)
			return WEXITSTATUS(status);
		(void)nanosleep(&pause, NULL);
	}
}

static int
usage(void)
{
	static const char text[] =
	    "usage: pawl-askpass PROMPT\n"
	    "Answers a password prompt from the vault.  For SSH_ASKPASS; set\n"
	    "PAWL_ENTRY or PASSWD_DSN to name the entry.  See "
	    "pawl-askpass(1).\n";

	if (write_all(STDERR_FILENO, text, sizeof(text) - 1) == -1)
		return ERR_IO;
	return ERR_USAGE;
}

static int
version(void)
{
	static const char text[] = PROGRAM " " VERSION "\n";

	return write_all(STDOUT_FILENO, text, sizeof(text) - 1) == -1 ? ERR_IO :
									0;
}

int
main(int argc, char **argv)
{
	static struct job j;
	struct err e = { ERR_NONE, "" };
	int prepared;

	sandbox_harden();
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return version();
	if (argc != 2 || strcmp(argv[1], "--help") == 0)
		return usage();
	j.request.entry = variable("PAWL_ENTRY");
	j.request.dataset = variable("PASSWD_DSN");
	j.hint = variable("SSH_ASKPASS_PROMPT");
	choose_look(&j.request, argv[1]);
	(void)randombytes_set_implementation(&plain_randomness);
	prepared = secret_init(arena, sizeof(arena), &e);
	if (prepared == 0)
		prepared = prepare(&j, &e);
	if (prepared == 0 && vault_busy(j.vault) > 0)
		return serve_busy(&j, argv[1], &e);
	return serve(&j, argv[1], prepared, false, &e);
}
