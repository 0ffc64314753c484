#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "io.h"
#include "run.h"

#define ASKPASS "pawl-askpass"

#ifndef BINDIR
#define BINDIR "/usr/local/bin"
#endif

/*
 * Before the user's own, for ssh takes the first value of each.  A server that
 * offers both ways gets one try all the same: pawl-askpass answers one prompt
 * of each ssh.  Public keys are left out, since those that the server refuses
 * count as bad logins with some.
 */
#define ONE_TRY "NumberOfPasswordPrompts=1"
#define ASKING "BatchMode=no"
#define BY_PASSWORD "PreferredAuthentications=password,keyboard-interactive"
#define BY_KEY "PreferredAuthentications=publickey"
/* sshd would take the password for the code as well, and count a bad login. */
#define BY_CODE "PreferredAuthentications=keyboard-interactive"
/* Not before an option of the user's about the same. */
#define STRICT "StrictHostKeyChecking=yes"

/* "-o" and one of them, four times. */
#define OPTIONS_MAX 8

/* What a variable may hold. */
#define VALUE_MAX 8192

bool
run_is(const char *command, const char *program)
{
	const char *slash = strrchr(command, '/');

	return strcmp(slash == NULL ? command : slash + 1, program) == 0;
}

static bool
takes_options(const char *command)
{
	return run_is(command, "ssh") || run_is(command, "sftp") ||
	    run_is(command, "scp");
}

/*
 * Whether an option is about StrictHostKeyChecking: "-o" or letters that end
 * in o, and the rest in the same argument or the next.  To be wrong is safe:
 * pawl-askpass says no to every question about a host key.
 */
static bool
says_strict(char *const *argv)
{
	static const char name[] = "StrictHostKeyChecking";
	const char *value = NULL;

	for (; *argv != NULL; argv++) {
		if (argv[0][0] != '-' || argv[0][1] == '-' ||
		    (value = strchr(argv[0], 'o')) == NULL)
			continue;
		value++;
		if (*value == '\0' && argv[1] != NULL)
			value = argv[1];
		value += strspn(value, " \t");
		if (strncasecmp(value, name, sizeof(name) - 1) == 0)
			return true;
	}
	return false;
}

char **
run_arguments(int argc, char **argv, enum run_login by, struct err *e)
{
	static char one_try[] = ONE_TRY, asking[] = ASKING, strict[] = STRICT;
	static char password[] = BY_PASSWORD, key[] = BY_KEY, code[] = BY_CODE;
	static char o[] = "-o";
	static char *const ways[] = { [RUN_BY_PASSWORD] = password,
		[RUN_BY_KEY] = key,
		[RUN_BY_CODE] = code };
	char *options[] = { one_try, ways[by], asking,
		says_strict(argv + 1) ? NULL : strict };
	char **out = NULL;
	size_t n = 0, i;

	out = reallocarray(NULL, (size_t)argc + OPTIONS_MAX + 1, sizeof(*out));
	if (out == NULL) {
		(void)err_sys(e, ERR_IO, "memory for a command line");
		return NULL;
	}
	out[n++] = argv[0];
	for (i = 0; takes_options(argv[0]) && i < 4; i++) {
		if (options[i] == NULL)
			continue;
		out[n++] = o;
		out[n++] = options[i];
	}
	/* With its NULL. */
	memcpy(out + n, argv + 1, (size_t)argc * sizeof(*argv));
	return out;
}

/* Beside this program, as in a build directory, or where it is installed. */
static int
find_askpass(char *path, size_t size, struct err *e)
{
	ssize_t n = readlink("/proc/self/exe", path, size - 1);
	char *slash = NULL;
	size_t room = 0;

	if (n > 0) {
		path[n] = '\0';
		if ((slash = strrchr(path, '/')) != NULL) {
			room = size - (size_t)(slash + 1 - path);
			if ((size_t)snprintf(slash + 1, room, "%s", ASKPASS) <
				room &&
			    access(path, X_OK) == 0)
				return 0;
		}
	}
	(void)snprintf(path, size, "%s/%s", BINDIR, ASKPASS);
	if (access(path, X_OK) == 0)
		return 0;
	return err_sys(e, ERR_CONFIG,
	    "%s: not installed where it belongs (make install)", path);
}

static int
set_variable(const char *name, const char *value, struct err *e)
{
	if (setenv(name, value, 1) == -1)
		return err_sys(e, ERR_IO, "memory for the environment");
	return 0;
}

/* The command may change its directory before it asks. */
static int
set_path(const char *name, const char *path, struct err *e)
{
	char here[PATH_MAX], whole[2 * PATH_MAX];

	if (path == NULL)
		return 0;
	if (path[0] == '/')
		return set_variable(name, path, e);
	if (getcwd(here, sizeof(here)) == NULL)
		return err_sys(e, ERR_IO,
		    "cannot tell the directory we are in");
	if ((size_t)snprintf(whole, sizeof(whole), "%s/%s", here, path) >=
	    sizeof(whole))
		return err_set(e, ERR_USAGE, "-f or -k: the path is too long");
	return set_variable(name, whole, e);
}

/* The variable, or without one, or with an empty one, value. */
static const char *
variable_or(const char *name, const char *value)
{
	const char *is = getenv(name);

	return is == NULL || *is == '\0' ? value : is;
}

/* front, a blank, and behind. */
static int
set_joined(const char *name, const char *front, const char *behind,
    struct err *e)
{
	char value[VALUE_MAX];

	if ((size_t)snprintf(value, sizeof(value), "%s %s", front, behind) >=
	    sizeof(value))
		return err_set(e, ERR_USAGE, "%s: is too long", name);
	return set_variable(name, value, e);
}

/*
 * For programs that run an ssh of their own.  Behind the options that the user
 * gave it these change none of them; but in front of Ansible's, which turn
 * passwords off where it was given none.
 */
static int
set_ssh(enum run_login by, struct err *e)
{
	static const char *const ways[] = {
		[RUN_BY_PASSWORD] = "-o " ONE_TRY " -o " ASKING
				    " -o " BY_PASSWORD " -o " STRICT,
		[RUN_BY_KEY] =
		    "-o " ONE_TRY " -o " ASKING " -o " BY_KEY " -o " STRICT,
		[RUN_BY_CODE] =
		    "-o " ONE_TRY " -o " ASKING " -o " BY_CODE " -o " STRICT,
	};
	const char *const options = ways[by];
	char ansible[VALUE_MAX];

	if ((size_t)snprintf(ansible, sizeof(ansible), "%s%s",
		variable_or("ANSIBLE_SSH_ARGS",
		    "-C -o ControlMaster=auto -o ControlPersist=60s"),
		by == RUN_BY_KEY ?
		    "" :
		    " -o PasswordAuthentication=yes"
		    " -o KbdInteractiveAuthentication=yes") >= sizeof(ansible))
		return err_set(e, ERR_USAGE, "ANSIBLE_SSH_ARGS: is too long");
	if (set_joined("ANSIBLE_SSH_ARGS", ansible, options, e) == -1 ||
	    set_joined("RSYNC_RSH", variable_or("RSYNC_RSH", "ssh"), options,
		e) == -1)
		return -1;
	return set_joined("GIT_SSH_COMMAND",
	    variable_or("GIT_SSH_COMMAND", variable_or("GIT_SSH", "ssh")),
	    options, e);
}

/*
 * Last in git's configuration: an empty helper takes away those before it,
 * which would be asked first and, after the login, told the password.
 */
static int
set_git(const char *askpass, struct err *e)
{
	char name[48], count[24];
	uint64_t n = 0;

	if (parse_number(variable_or("GIT_CONFIG_COUNT", "0"), 0, 1000000, &n,
		e) == -1)
		return err_in(e, "GIT_CONFIG_COUNT");
	(void)snprintf(name, sizeof(name), "GIT_CONFIG_KEY_%u", (unsigned)n);
	if (set_variable(name, "credential.helper", e) == -1)
		return -1;
	(void)snprintf(name, sizeof(name), "GIT_CONFIG_VALUE_%u", (unsigned)n);
	(void)snprintf(count, sizeof(count), "%u", (unsigned)n + 1);
	if (set_variable(name, "", e) == -1 ||
	    set_variable("GIT_CONFIG_COUNT", count, e) == -1 ||
	    set_variable("GIT_TERMINAL_PROMPT", "0", e) == -1)
		return -1;
	return set_variable("GIT_ASKPASS", askpass, e);
}

int
run_environment(const struct session *s, const char *name, enum run_login by,
    struct err *e)
{
	char askpass[PATH_MAX];

	if (find_askpass(askpass, sizeof(askpass), e) == -1 ||
	    set_variable("SSH_ASKPASS", askpass, e) == -1 ||
	    set_variable("SSH_ASKPASS_REQUIRE", "force", e) == -1 ||
	    set_variable("PAWL_ENTRY", name, e) == -1 ||
	    set_path("PAWL_VAULT", s->vault_option, e) == -1 ||
	    set_path("PAWL_KEY_FILE", s->key_option, e) == -1 ||
	    set_git(askpass, e) == -1 || set_ssh(by, e) == -1)
		return -1;
	/* Before OpenSSH 8.4 there is no askpass without one. */
	if (set_variable("DISPLAY", variable_or("DISPLAY", "none"), e) == -1)
		return -1;
	/* A stale one would make a confirmation of every prompt. */
	(void)unsetenv("SSH_ASKPASS_PROMPT");
	return 0;
}
