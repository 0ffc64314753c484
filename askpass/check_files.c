/*
 * Files of ssh's, judged as OpenSSH judges them: readconf.c ends ssh over a
 * ~/.ssh/config of somebody else's or that others may write to; authfile.c
 * passes over a private key that others have any access to; auth.c has sshd
 * refuse a known_hosts as it does authorized_keys, by misc.c's safe_path():
 * the user's or root's, and neither it nor a directory above writable by
 * others.
 */
#include <sys/types.h>
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "findings.h"

#define DIRECTORY "/.ssh/"

/*
 * Whether path is there, owned by the caller or root, without any access in
 * mask for others; so says it.
 */
static bool
judge(struct check *c, const char *what, const char *path, mode_t mask,
    const char *effect)
{
	const char *mode = mask == 022 ? "go-w" : "go=";
	struct stat st;
	struct err e;

	if (stat(path, &st) == -1)
		return false;
	/* /dev/null, to have none. */
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return true;
	if (st.st_uid != 0 && st.st_uid != getuid())
		check_say(c, CHECK_FAIL, what,
		    "%s is owned by uid %lu, so that %s; run: chown %lu %s",
		    path, (unsigned long)st.st_uid, effect,
		    (unsigned long)getuid(), path);
	else if ((st.st_mode & mask) != 0)
		check_say(c, CHECK_FAIL, what,
		    "%s may be %s by others, so that %s; run: chmod %s %s",
		    path, mask == 022 ? "written" : "used", effect, mode, path);
	else if (path_check_parent(path, what, &e) == -1)
		check_say(c, CHECK_FAIL, what, "%s", e.msg);
	else
		check_say(c, CHECK_OK, what, "%s", path);
	return true;
}

/* The home directory as ssh has it, which is not HOME; else that. */
static void
find_home(const struct check *c, char *home, size_t size)
{
	struct slice files = check_option(c, "userknownhostsfile", 0);
	const char *variable = getenv("HOME"), *end = NULL;
	size_t at = 0;

	if (slice_text(client_word(files, &at), home, size) == 0 &&
	    (end = strstr(home, DIRECTORY)) != NULL && home[0] == '/') {
		home[end - home] = '\0';
		return;
	}
	(void)snprintf(home, size, "%s", variable == NULL ? "" : variable);
}

/* Each word of each line of a keyword is a file; "~" is home. */
static void
judge_listed(struct check *c, const char *keyword, const char *home,
    mode_t mask, const char *effect)
{
	char path[PATH_MAX], whole[2 * PATH_MAX];
	struct slice files = { NULL, 0 }, file = { NULL, 0 };
	size_t n = 0, at = 0;

	for (n = 0;; n++) {
		files = check_option(c, keyword, n);
		if (files.p == NULL)
			return;
		at = 0;
		while ((file = client_word(files, &at)).p != NULL) {
			if (slice_text(file, path, sizeof(path)) == -1)
				continue;
			(void)snprintf(whole, sizeof(whole), "%s%s",
			    strncmp(path, "~/", 2) == 0 ? home : "",
			    strncmp(path, "~/", 2) == 0 ? path + 1 : path);
			(void)judge(c, keyword, whole, mask, effect);
		}
	}
}

void
check_ssh_files(struct check *c)
{
	char home[PATH_MAX], path[PATH_MAX + 16];

	find_home(c, home, sizeof(home));
	(void)snprintf(path, sizeof(path), "%s/.ssh", home);
	if (!judge(c, "~/.ssh", path, 022,
		"others can put in their own configuration and host keys"))
		check_say(c, CHECK_WARN, "~/.ssh",
		    "%s is not there; run: mkdir -m 700 %s", path, path);
	(void)snprintf(path, sizeof(path), "%s/.ssh/config", home);
	(void)judge(c, "~/.ssh/config", path, 022, "ssh ends at once");
	judge_listed(c, "userknownhostsfile", home, 022,
	    "others can put in host keys of their own");
	judge_listed(c, "globalknownhostsfile", home, 022,
	    "others can put in host keys of their own");
	judge_listed(c, "identityfile", home, 077, "ssh passes over this key");
}
