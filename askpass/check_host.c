#include <sys/types.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "findings.h"

/* As known_hosts has it: an alias alone, else with the port. */
static void
known_name(const struct check *c, char *name, size_t size)
{
	struct slice port = check_option(c, "port", 0);
	char number[8] = "22";

	(void)slice_text(port, number, sizeof(number));
	if (check_option(c, "hostkeyalias", 0).p != NULL ||
	    strcmp(number, "22") == 0)
		(void)snprintf(name, size, "%s", c->name);
	else
		(void)snprintf(name, size, "[%s]:%s", c->name, number);
}

/* ssh-keygen(1) knows how names are hashed. */
static bool
is_in_file(char *name, char *file)
{
	static char keygen[] = "ssh-keygen", find[] = "-F", in[] = "-f";
	static struct client_output out;
	char *const argv[] = { keygen, find, name, in, file, NULL };
	struct err e;

	return access(file, R_OK) == 0 && client_run(argv, &out, &e) == 0 &&
	    out.status == 0;
}

static bool
is_known(const struct check *c, char *name)
{
	static const char *const keywords[] = { "userknownhostsfile",
		"globalknownhostsfile" };
	struct slice files = { NULL, 0 }, file = { NULL, 0 };
	char path[PATH_MAX];
	size_t i = 0, at = 0;

	for (i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		files = check_option(c, keywords[i], 0);
		at = 0;
		while ((file = client_word(files, &at)).p != NULL) {
			if (slice_text(file, path, sizeof(path)) == 0 &&
			    is_in_file(name, path))
				return true;
		}
	}
	return false;
}

static bool
is_strict(const struct check *c)
{
	return check_is(c, "stricthostkeychecking", "yes") ||
	    check_is(c, "stricthostkeychecking", "true") ||
	    check_is(c, "stricthostkeychecking", "ask");
}

void
check_host_key(struct check *c)
{
	static const char what[] = "StrictHostKeyChecking";
	char name[sizeof(c->name) + 16];

	if (!is_strict(c)) {
		if (check_is(c, "stricthostkeychecking", "accept-new"))
			check_say(c, CHECK_WARN, what,
			    "accept-new: whoever answers first is believed; "
			    "set it to yes");
		else
			check_say(c, CHECK_FAIL, what,
			    "no: anybody can be the server, and gets the "
			    "password; set it to yes");
	}
	if (c->name[0] == '\0')
		return;
	known_name(c, name, sizeof(name));
	if (is_known(c, name))
		check_say(c, CHECK_OK, "host key", "%s is known", name);
	else if (check_option(c, "knownhostscommand", 0).p != NULL &&
	    !check_is(c, "knownhostscommand", "none"))
		check_say(c, CHECK_WARN, "host key",
		    "of %s: KnownHostsCommand is asked for it, not looked at "
		    "here",
		    name);
	else
		check_say(c, is_strict(c) ? CHECK_FAIL : CHECK_WARN, "host key",
		    "of %s is not known, and pawl-askpass says no to it; have "
		    "its fingerprint confirmed and put it into known_hosts",
		    name);
}
