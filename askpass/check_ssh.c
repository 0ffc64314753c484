#include <sys/types.h>

#include <stdio.h>
#include <string.h>

#include "findings.h"

/* No host of this name is in anybody's ssh_config. */
#define NO_HOST "pawl-check.invalid"

/* The first line of what a program printed. */
static const char *
first_line(struct client_output *out)
{
	size_t n = 0;

	if (out->len == sizeof(out->text))
		out->len--;
	out->text[out->len] = '\0';
	n = strcspn(out->text, "\r\n");
	out->text[n] = '\0';
	return out->text;
}

static unsigned int
look_at_version(struct check *c)
{
	static char ssh[] = "ssh", version[] = "-V";
	char *const argv[] = { ssh, version, NULL };
	struct client_output *out = &c->config;
	unsigned int v = 0;
	struct err e;

	if (client_run(argv, out, &e) == -1) {
		check_say(c, CHECK_FAIL, "ssh", "%s; is it in PATH?", e.msg);
		return 0;
	}
	v = client_version((struct slice){ (const unsigned char *)out->text,
	    out->len });
	if (v == 0)
		check_say(c, CHECK_WARN, "ssh",
		    "\"%s\" is no OpenSSH that pawl knows; taken for an old "
		    "one",
		    first_line(out));
	else
		check_say(c, CHECK_OK, "ssh", "%s", first_line(out));
	return v;
}

static void
read_config(struct check *c)
{
	static char ssh[] = "ssh", print[] = "-G", nobody[] = NO_HOST;
	char *argv[CHECK_ARGS_MAX + 4] = { ssh, print, nobody };
	struct err e;
	size_t i = 0;

	for (i = 0; i < c->nargs; i++)
		argv[i + 2] = c->args[i];
	if (client_run(argv, &c->config, &e) == -1) {
		check_say(c, CHECK_FAIL, "ssh -G", "%s", e.msg);
		c->config.len = 0;
	} else if (c->config.status != 0) {
		check_say(c, CHECK_FAIL, "ssh -G",
		    "%s; an ssh before 6.8 has no -G: look into its "
		    "configuration yourself",
		    first_line(&c->config));
		c->config.len = 0;
	}
}

/* User and host as they stand in the prompt; ssh folds their letters. */
static void
read_destination(struct check *c)
{
	struct slice host = check_option(c, "hostkeyalias", 0);

	if (c->nargs == 0 || c->config.len == 0)
		return;
	if (host.p == NULL || slice_is(host, "none"))
		host = check_option(c, "hostname", 0);
	if (slice_text(check_option(c, "user", 0), c->user, sizeof(c->user)) ==
		-1 ||
	    slice_text(host, c->name, sizeof(c->name)) == -1)
		c->name[0] = '\0';
}

static bool
is_no(const struct check *c, const char *keyword)
{
	return check_is(c, keyword, "no") || check_is(c, keyword, "false");
}

static bool
has_method(struct slice list, const char *method)
{
	size_t len = strlen(method), i = 0, start = 0;

	for (i = 0; i <= list.len; i++) {
		if (i < list.len && list.p[i] != ',')
			continue;
		if (i - start == len &&
		    memcmp(list.p + start, method, len) == 0)
			return true;
		start = i + 1;
	}
	return false;
}

static void
look_at_methods(struct check *c)
{
	struct slice list = check_option(c, "preferredauthentications", 0);
	bool password = !is_no(c, "passwordauthentication");
	bool interactive = !is_no(c, "kbdinteractiveauthentication") &&
	    !is_no(c, "challengeresponseauthentication");

	if (list.p != NULL) {
		password = password && has_method(list, "password");
		interactive =
		    interactive && has_method(list, "keyboard-interactive");
	}
	if (!password && !interactive)
		check_say(c, CHECK_FAIL, "PreferredAuthentications",
		    "ssh tries no password; set it to "
		    "password,keyboard-interactive, and "
		    "PasswordAuthentication to yes");
	else
		check_say(c, CHECK_OK, "PreferredAuthentications",
		    "passwords are tried");
}

static void
look_at_options(struct check *c)
{
	if (check_is(c, "batchmode", "yes") || check_is(c, "batchmode", "true"))
		check_say(c, CHECK_FAIL, "BatchMode",
		    "yes: ssh asks for nothing; give it -o BatchMode=no, and "
		    "sftp too, before its -b");
	else
		check_say(c, CHECK_OK, "BatchMode",
		    "no (but sftp -b sets it: -o BatchMode=no before it)");
	if (check_is(c, "numberofpasswordprompts", "0"))
		check_say(c, CHECK_FAIL, "NumberOfPasswordPrompts",
		    "0: ssh never asks; set it to 1");
	else if (!check_is(c, "numberofpasswordprompts", "1"))
		check_say(c, CHECK_WARN, "NumberOfPasswordPrompts",
		    "more than 1: one answer is given, then ssh is ended; set "
		    "it to 1");
	else
		check_say(c, CHECK_OK, "NumberOfPasswordPrompts", "1");
	look_at_methods(c);
	if (check_option(c, "proxyjump", 0).p != NULL &&
	    !check_is(c, "proxyjump", "none"))
		check_say(c, CHECK_WARN, "ProxyJump",
		    "the ssh of each hop asks for itself, and gets options "
		    "from ssh_config only, not from the command line");
}

void
check_ssh(struct check *c)
{
	unsigned int version = look_at_version(c);

	check_wiring(c, version);
	read_config(c);
	if (c->config.len == 0)
		return;
	read_destination(c);
	look_at_options(c);
	check_host_key(c);
}
