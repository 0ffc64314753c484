#include <sys/types.h>
#include <sys/stat.h>

#include <stdlib.h>
#include <unistd.h>

#include "findings.h"
#include "path.h"
#include "tty.h"

#ifndef BINDIR
#define BINDIR "/usr/local/bin"
#endif

static void
look_at_program(struct check *c, const char *path)
{
	struct stat it, own;
	struct err e;

	if (*path != '/') {
		check_say(c, CHECK_FAIL, "SSH_ASKPASS",
		    "\"%s\" is no absolute path; ssh would look for it in PATH",
		    path);
		return;
	}
	if (stat(path, &it) == -1 || !S_ISREG(it.st_mode) ||
	    access(path, X_OK) == -1) {
		check_say(c, CHECK_FAIL, "SSH_ASKPASS",
		    "%s cannot be run: is it installed there?", path);
		return;
	}
	if ((it.st_uid != 0 && it.st_uid != geteuid()) ||
	    (it.st_mode & 022) != 0)
		check_say(c, CHECK_FAIL, "SSH_ASKPASS",
		    "%s can be changed by others; run: chown root %s; chmod "
		    "755 %s",
		    path, path, path);
	else if (path_check_parent(path, "SSH_ASKPASS", &e) == -1)
		check_say(c, CHECK_FAIL, "SSH_ASKPASS", "%s", e.msg);
	else if (stat("/proc/self/exe", &own) == -1)
		check_say(c, CHECK_WARN, "SSH_ASKPASS",
		    "%s: nobody can tell here whether it is this program",
		    path);
	else if (own.st_dev != it.st_dev || own.st_ino != it.st_ino)
		check_say(c, CHECK_WARN, "SSH_ASKPASS",
		    "%s is not this program; it answers, unless it runs this "
		    "one",
		    path);
	else
		check_say(c, CHECK_OK, "SSH_ASKPASS", "%s", path);
}

static void
look_at_calls(struct check *c, const struct client_environment *env)
{
	bool recent = client_knows_require(env->version);

	switch (client_calls(env)) {
	case CLIENT_CALLS:
		check_say(c, CHECK_OK, "askpass", "this ssh calls it%s",
		    recent ? "" : ", where it has no terminal");
		return;
	case CLIENT_NEVER:
		check_say(c, CHECK_FAIL, "askpass",
		    "SSH_ASKPASS_REQUIRE is never; run: export "
		    "SSH_ASKPASS_REQUIRE=force");
		return;
	case CLIENT_NO_DISPLAY:
		check_say(c, CHECK_FAIL, "askpass",
		    recent ? "this ssh calls none; run: export "
			     "SSH_ASKPASS_REQUIRE=force" :
			     "this ssh is older than 8.4 and calls none "
			     "without DISPLAY; run: export DISPLAY=none");
		return;
	case CLIENT_TERMINAL:
		check_say(c, CHECK_WARN, "askpass",
		    recent ? "this ssh asks at the terminal where there is "
			     "one; run: export SSH_ASKPASS_REQUIRE=force" :
			     "this ssh is older than 8.4 and asks at the "
			     "terminal where there is one; run it with: setsid "
			     "-w");
		return;
	}
}

void
check_wiring(struct check *c, unsigned int version)
{
	const struct client_environment env = { .version = version,
		.require = getenv("SSH_ASKPASS_REQUIRE"),
		.display = getenv("DISPLAY"),
		.wayland = getenv("WAYLAND_DISPLAY"),
		.terminal = tty_there() };
	const char *path = getenv("SSH_ASKPASS");

	if (path == NULL || *path == '\0')
		check_say(c, CHECK_FAIL, "SSH_ASKPASS",
		    "is not set; run: export SSH_ASKPASS=" BINDIR
		    "/pawl-askpass");
	else
		look_at_program(c, path);
	if (c->job->hint != NULL)
		check_say(c, CHECK_FAIL, "SSH_ASKPASS_PROMPT",
		    "is set, which makes a confirmation of every prompt; run: "
		    "unset SSH_ASKPASS_PROMPT");
	look_at_calls(c, &env);
}
