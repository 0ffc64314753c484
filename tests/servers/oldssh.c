/*
 * ssh -o pawl=RELEASE:SCRIPT:LOG DESTINATION: asks what an OpenSSH client of
 * that release (6.4, 7.6, 8.4) asks, through its askpass and as its readpass.c
 * does, and writes down what it would send.  Built under the name "ssh".
 *
 * SCRIPT is what server and client do, a line each:
 *
 *	password USER HOST	sshconnect2.c, userauth_passwd()
 *	raw TEXT		a prompt of the server, keyboard-interactive
 *	key FILE		sshconnect2.c, load_identity_file()
 *	hostkey HOST		sshconnect.c, confirm()
 *
 * LOG gets "sent [ANSWER]" for what went to the server, "key [ANSWER]" for a
 * passphrase, and "hostkey yes" or "no".
 *
 * readpass.c of 6.4p1 and 7.6p1: askpass is used if there is DISPLAY, even an
 * empty one, and no terminal.  8.4p1 also knows SSH_ASKPASS_REQUIRE, and an
 * empty DISPLAY is none.  In each a failed askpass is an empty password.
 */
#include <sys/types.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static double release;
static FILE *out;

/* ssh_askpass(): NULL if it failed. */
static char *
ask_program(const char *program, const char *prompt)
{
	static char buf[1024];
	size_t len = 0;
	int p[2], status;
	ssize_t n;
	pid_t pid;

	if (pipe(p) == -1 || (pid = fork()) == -1)
		exit(255);
	if (pid == 0) {
		(void)close(p[0]);
		if (dup2(p[1], STDOUT_FILENO) != -1)
			(void)execlp(program, program, prompt, (char *)NULL);
		_exit(255);
	}
	(void)close(p[1]);
	while (len < sizeof(buf) - 1 &&
	    (n = read(p[0], buf + len, sizeof(buf) - 1 - len)) > 0)
		len += (size_t)n;
	buf[len] = '\0';
	(void)close(p[0]);
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
	    WEXITSTATUS(status) != 0)
		return NULL;
	buf[strcspn(buf, "\r\n")] = '\0';
	return buf;
}

/* read_passphrase() */
static const char *
ask(const char *prompt)
{
	const char *program = getenv("SSH_ASKPASS");
	const char *display = getenv("DISPLAY");
	const char *require = getenv("SSH_ASKPASS_REQUIRE");
	bool allow = display != NULL, use;
	char *answer;
	int tty;

	if ((tty = open("/dev/tty", O_RDWR)) != -1)
		(void)close(tty);
	use = tty == -1;
	if (release > 8.35) {
		allow = display != NULL && *display != '\0';
		if (require != NULL && strcasecmp(require, "force") == 0)
			allow = use = true;
	}
	if (!use || !allow || program == NULL)
		return "";
	answer = ask_program(program, prompt);
	return answer == NULL ? "" : answer;
}

static void
password(char *words)
{
	const char *user = strsep(&words, " ");
	const char *host = words;
	char prompt[512];

	(void)snprintf(prompt, sizeof(prompt),
	    release < 7.95 ? "%.30s@%.128s's password: " : "%s@%s's password: ",
	    user, host == NULL ? "" : host);
	(void)fprintf(out, "sent [%s]\n", ask(prompt));
}

static void
one(char *line)
{
	char prompt[2048];

	if (strncmp(line, "password ", 9) == 0) {
		password(line + 9);
	} else if (strncmp(line, "raw ", 4) == 0) {
		(void)fprintf(out, "sent [%s]\n", ask(line + 4));
	} else if (strncmp(line, "key ", 4) == 0) {
		(void)snprintf(prompt, sizeof(prompt),
		    "Enter passphrase for key '%.100s': ", line + 4);
		(void)fprintf(out, "key [%s]\n", ask(prompt));
	} else if (strncmp(line, "hostkey ", 8) == 0) {
		(void)snprintf(prompt, sizeof(prompt),
		    "The authenticity of host '%.200s (127.0.0.1)' can't be "
		    "established.\nED25519 key fingerprint is SHA256:abc.\n"
		    "Are you sure you want to continue connecting "
		    "(yes/no%s)? ",
		    line + 8, release < 7.95 ? "" : "/[fingerprint]");
		(void)fprintf(out, "hostkey %s\n",
		    strcasecmp(ask(prompt), "yes") == 0 ? "yes" : "no");
	}
	(void)fflush(out);
}

/* -o pawl=RELEASE:SCRIPT:LOG */
static FILE *
open_script(const char *option)
{
	char *copy, *script, *log;
	FILE *in;

	if (strncmp(option, "pawl=", 5) != 0 ||
	    (copy = strdup(option + 5)) == NULL)
		return NULL;
	log = copy;
	release = strtod(strsep(&log, ":"), NULL);
	script = strsep(&log, ":");
	if (log == NULL)
		return NULL;
	out = fopen(log, "a");
	in = fopen(script, "r");
	free(copy);
	return out == NULL ? NULL : in;
}

int
main(int argc, char **argv)
{
	char line[4096];
	FILE *in;

	if (argc < 4 || (in = open_script(argv[2])) == NULL) {
		(void)fprintf(stderr,
		    "usage: ssh -o pawl=RELEASE:SCRIPT:LOG DESTINATION\n");
		return 64;
	}
	while (fgets(line, sizeof(line), in) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		one(line);
	}
	(void)fclose(in);
	return fclose(out) == 0 ? 0 : 255;
}
