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
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "explain.h"
#include "findings.h"
#include "io.h"
#include "job.h"
#include "sandbox.h"

#define ARENA_SIZE ((size_t)64 * 1024)

/* How often a busy vault is looked at again. */
#define LOOK_AGAIN_MS 50

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

/*
 * One look at the vault, in the sandbox.  With again, an entry that is being
 * rotated ends it quietly with ERR_BUSY: the caller looks again.
 */
static int
serve(struct job *j, int prepared, bool again, struct err *e)
{
	struct err open;
	int status, rv = prepared;

	/* Closed in any case; what went wrong first is what is told. */
	if (job_close_in(j, &open) == -1 && rv == 0) {
		*e = open;
		rv = -1;
	}
	prompt_classify(j->prompt, strlen(j->prompt), j->hint,
	    &j->request.prompt);
	if (rv == 0)
		rv = job_decide(j, e);
	if (rv == -1 && e->kind == ERR_BUSY && again)
		return ERR_BUSY;
	if (rv == 0)
		rv = job_answer(j, e);
	status = rv == 0 ? 0 : job_refuse(j, e);
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
serve_busy(struct job *j, struct err *e)
{
	const struct timespec pause = { 0, LOOK_AGAIN_MS * 1000000L };
	const uint64_t end = now_ms() + j->config.wait_ms;
	bool again;
	int status;
	pid_t pid;

	job_close_vault(j);
	for (;;) {
		again = now_ms() < end;
		if ((pid = fork()) == -1)
			return serve(j, err_sys(e, ERR_IO, "start a process"),
			    false, e);
		if (pid == 0)
			_exit(serve(j, job_open_vault(j, e), again, e));
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
	    "       pawl-askpass --explain PROMPT [COMMAND...]\n"
	    "       pawl-askpass --last [N]\n"
	    "       pawl-askpass --check [SSH-OPTION...] [[USER@]HOST]\n"
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
	static const char text[] = JOB_PROGRAM " " VERSION "\n";

	return write_all(STDOUT_FILENO, text, sizeof(text) - 1) == -1 ? ERR_IO :
									0;
}

/* "--last", "--last N". */
static int
last(struct job *j, int argc, char **argv)
{
	struct err e = { ERR_NONE, "" };
	uint64_t n = 10;

	if (argc > 3 ||
	    (argc == 3 && parse_number(argv[2], 1, STATE_SLOTS, &n, &e) == -1))
		return usage();
	if (secret_init(arena, sizeof(arena), &e) == -1)
		return err_print(JOB_PROGRAM, &e);
	return explain_last(j, (size_t)n, &e);
}

/* "--explain PROMPT", "--explain PROMPT COMMAND ...". */
static int
explain_prompt(struct job *j, int argc, char **argv)
{
	struct err e = { ERR_NONE, "" };

	if (argc < 3)
		return usage();
	if (secret_init(arena, sizeof(arena), &e) == -1)
		return err_print(JOB_PROGRAM, &e);
	return explain(j, argv + 2, (size_t)argc - 2, &e);
}

/* "--check", and what ssh is to get. */
static int
check_all(struct job *j, int argc, char **argv)
{
	struct err e = { ERR_NONE, "" };

	if (argc - 2 > CHECK_ARGS_MAX)
		return usage();
	if (secret_init(arena, sizeof(arena), &e) == -1)
		return err_print(JOB_PROGRAM, &e);
	return check(j, argv + 2, (size_t)argc - 2);
}

static int
run(struct job *j, char *prompt)
{
	struct err e = { ERR_NONE, "" };
	int prepared;

	prepared = job_begin(j, prompt, &e);
	choose_look(&j->request, j->prompt);
	if (prepared == 0)
		prepared = secret_init(arena, sizeof(arena), &e);
	if (prepared == 0)
		prepared = job_prepare(j, &e);
	if (prepared == 0 && j->vault != NULL && vault_busy(j->vault) > 0)
		return serve_busy(j, &e);
	return serve(j, prepared, false, &e);
}

int
main(int argc, char **argv)
{
	static struct job j;

	sandbox_harden();
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return version();
	(void)randombytes_set_implementation(&plain_randomness);
	j.request.entry = variable("PAWL_ENTRY");
	j.request.dataset = variable("PASSWD_DSN");
	j.hint = variable("SSH_ASKPASS_PROMPT");
	if (argc >= 2 && strcmp(argv[1], "--explain") == 0)
		return explain_prompt(&j, argc, argv);
	if (argc >= 2 && strcmp(argv[1], "--last") == 0)
		return last(&j, argc, argv);
	if (argc >= 2 && strcmp(argv[1], "--check") == 0)
		return check_all(&j, argc, argv);
	if (argc != 2 || strcmp(argv[1], "--help") == 0)
		return usage();
	return run(&j, argv[1]);
}
