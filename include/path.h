/*
 * Where pawl's files are, and whether a file may be trusted.
 *
 * A vault or key must be a regular file, owned by the caller or root, with no
 * access for group and others (a POSIX ACL shows in the group bits), reached
 * without a symbolic link that an untrusted user could change: checked on the
 * open descriptor, with every parent directory owned by the caller or root
 * and not writable by others unless sticky.  ssh judges ~/.ssh the same way
 * (OpenSSH misc.c, safe_path_fd).
 */
#ifndef PATH_H
#define PATH_H

#include <sys/types.h>
#include <sys/stat.h>

#include <limits.h>
#include <stdbool.h>

#include "err.h"

/*
 * Remembers the directories that were found good, so that two files of one
 * directory cost one walk.  Zero it first: struct path_trust t = { 0 };
 */
struct path_trust {
	char good[2][PATH_MAX];
};

/*
 * Opens path read-only (O_CLOEXEC, no controlling terminal, never blocking on
 * a FIFO) and checks it as above.  what is its name in messages: "vault",
 * "key file".  Returns the descriptor with *st filled in, or -1: ERR_NOVAULT
 * if there is no such file, ERR_DENIED if it may not be trusted (the message
 * names the chmod or chown that mends it), ERR_IO.  t may be NULL.
 */
int path_open_trusted(const char *path, const char *what, struct path_trust *t,
    struct stat *st, struct err *e) MUST_CHECK;

/* Whether t, which may be NULL, has found the directory of path good. */
bool path_remembered(const struct path_trust *t, const char *path);

/* The same checks for the directory that is to hold a new file. */
int path_check_parent(const char *path, const char *what,
    struct err *e) MUST_CHECK;

/* Makes the directory of path, and its parents, mode 0700. */
int path_make_parent(const char *path, struct err *e) MUST_CHECK;

/*
 * The defaults.  Each writes an absolute path to buf, size bytes (PATH_MAX),
 * and needs no file to exist.  A relative or overlong variable is ERR_CONFIG.
 *
 *	vault	PAWL_VAULT; $XDG_DATA_HOME/pawl/vault; for root
 *		/var/lib/pawl/vault; ~/.local/share/pawl/vault
 *	key	PAWL_KEY_FILE; $CREDENTIALS_DIRECTORY/pawl.key, where there is
 *		one; $XDG_CONFIG_HOME/pawl/key; for root /etc/pawl/key;
 *		~/.config/pawl/key
 *	state	directory: $XDG_STATE_HOME/pawl; for root /var/lib/pawl;
 *		~/.local/state/pawl
 *	config	PAWL_CONFIG, else /etc/pawl/pawl.conf
 *	stack	askpass.conf in the directory of config
 *	own stack	$XDG_CONFIG_HOME/pawl/askpass.conf;
 *		~/.config/pawl/askpass.conf
 */
int path_vault(char *buf, size_t size, struct err *e) MUST_CHECK;
int path_key(char *buf, size_t size, struct err *e) MUST_CHECK;
int path_state(char *buf, size_t size, struct err *e) MUST_CHECK;
int path_config(char *buf, size_t size, struct err *e) MUST_CHECK;
int path_stack(char *buf, size_t size, struct err *e) MUST_CHECK;
int path_own_stack(char *buf, size_t size, struct err *e) MUST_CHECK;

#endif
