/*
 * pawl-vault's commands, one function and one file each, and what they share:
 * the session (cmd.c), attributes (attr_args.c) and the change of one entry
 * (change.c).
 */
#ifndef CMD_H
#define CMD_H

#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "config.h"
#include "dataset.h"
#include "err.h"
#include "key.h"
#include "path.h"
#include "record.h"
#include "secret.h"
#include "vault.h"

/* One run of the program: its options, and the key and vault once opened. */
struct session {
	/* Options before the command; NULL, false or -1 if not given. */
	const char *vault_option;
	const char *key_option;
	bool accept_older;
	/* As in struct vault_options. */
	bool hand_out;
	/* Open with a passphrase, from this descriptor or the terminal. */
	bool passphrase;
	int passphrase_fd;
	/* The same with a recovery code. */
	bool recovery;
	int recovery_fd;
	/* Read the key from this descriptor. */
	int key_fd;
	/* Instead of the configuration's lock_wait_ms. */
	int wait_ms;
	struct config config;
	/* The vault's file. */
	char path[PATH_MAX];
	struct key key;
	struct path_trust trust;
	struct vault *vault;
	/* What the command is about, for the audit line; "" for none. */
	const char *subject;
	/* Exit status of the program if nothing failed: that of run's command.
	 */
	int status;
};

/* Fills in s->path. */
int session_path(struct session *s, struct err *e) MUST_CHECK;

/*
 * Finds the key, unless an earlier call has, and opens the vault.  With write
 * the write lock is held until session_close(): ask people before, not after.
 */
int session_open(struct session *s, bool write, struct err *e) MUST_CHECK;

/* Finds the key alone, unless an earlier call has. */
int session_key(struct session *s, struct err *e) MUST_CHECK;

/* Closes the vault and keeps the key. */
void session_close(struct session *s);

/* Closes the vault and forgets the key. */
void session_end(struct session *s);

/* The entry of this name; the caller frees *plainp, which its slices need. */
int session_find(struct session *s, const char *name, struct entry *entry,
    struct secret **plainp, struct err *e) MUST_CHECK;

/* Values of long options that have no letter start here. */
#define CMD_LONG 256

/*
 * getopt_long(3), but a long option must be written out, so that a new option
 * never changes what an old command line means.  shorts begins with ":" or
 * "+:".  Set optind to 0 before the first call.  Returns the option, -1 at the
 * end, or '?' with ERR_USAGE in *e.
 */
int cmd_getopt(int argc, char **argv, const char *shorts,
    const struct option *longs, struct err *e);

/*
 * The options of a command that has one, --name, which takes no argument;
 * letter is its short form, or 0.  ERR_USAGE.
 */
int cmd_flag(int argc, char **argv, const char *name, int letter, bool *setp,
    struct err *e) MUST_CHECK;

/* The number of an open descriptor, from an option's argument. */
int cmd_descriptor(const char *text, int *fdp, struct err *e) MUST_CHECK;

/* The same for an option of another name than --passphrase-fd. */
int cmd_descriptor_of(const char *option, const char *text, int *fdp,
    struct err *e) MUST_CHECK;

/* ERR_USAGE with the usage line of the command. */
int cmd_usage(const char *command, struct err *e);

/* ERR_NOENTRY for this name. */
int cmd_no_entry(const char *name, struct err *e);

/* A line on standard error that does not end the command. */
void cmd_warn(const char *fmt, ...) PRINTF(1, 2);

/*
 * Writes text to standard output; control characters become \xNN, but with
 * indent not NULL a newline is followed by it.
 */
void cmd_print(struct slice text, const char *indent);

/* 2026-07-01T12:00:00Z, or "never" for 0.  buf has size CMD_TIME. */
#define CMD_TIME 32
const char *cmd_time(char buf[static CMD_TIME], uint64_t t);

const char *cmd_rotation_name(enum rotation_state state);

const char *cmd_slot_name(enum slot_kind kind);

/*
 * Notes that the current secret goes to the parent process, so that a rotation
 * waits for it (or warns), and writes it to standard output in one write(2).
 */
int cmd_hand_out(struct session *s, const struct entry *entry, bool newline,
    struct err *e) MUST_CHECK;

/*
 * The raw key of the file at path, which is made if it is not there; *madep
 * tells.
 */
int cmd_key_file(struct session *s, const char *path, struct key *k,
    bool *madep, struct err *e) MUST_CHECK;

/* Keys that open a vault, as --recipient and --key-file name them. */
struct cmd_keys {
	/* As named: a recipient or a file. */
	const char *names[TABLE_SLOTS];
	bool recipients[TABLE_SLOTS];
	size_t n;
	/* Once made, and which files are new. */
	struct key keys[TABLE_SLOTS];
	bool made[TABLE_SLOTS];
};

/* Notes one more, up to max; name must stay. */
int cmd_keys_want(struct cmd_keys *k, bool recipient, const char *name,
    size_t max, struct err *e) MUST_CHECK;

/* Reads them all; a key file that is not there is made. */
int cmd_keys_make(struct session *s, struct cmd_keys *k,
    struct err *e) MUST_CHECK;

/* Removes the key files that were made, which open nothing after all. */
void cmd_keys_undo(struct cmd_keys *k);

/* Forgets them, and frees k; NULL is fine. */
void cmd_keys_free(struct cmd_keys *k);

/* ATTR=VALUE in two; value->p is also a terminated string.  -1 without '='. */
int attr_split(const char *arg, struct slice *key, struct slice *value);

/* Whether one of the n arguments is about this key. */
bool attr_among(char *const *args, int n, struct slice key);

/*
 * Checks n arguments ATTR=VALUE: known attributes, or a site's own (x-...), and
 * values that they may have.  Pure.  ERR_USAGE.
 */
int attr_check(char *const *args, int n, struct err *e) MUST_CHECK;

/* An entry being changed, or made.  Start with change_new(). */
struct change {
	struct entry entry;
	/* What entry's slices point into; NULL for a new entry. */
	struct secret *plain;
	bool is_new;
	/* change_secret() found the secret to be the current one. */
	bool same;
	/* What pawl-askpass writes it in. */
	enum codepage page;
	int lock;
	char dataset[DATASET_NAME_MAX];
};

/*
 * Only a rotation that has stopped for a person may be interfered with.
 * ERR_ATTENTION for one that has not.
 */
int change_rotation(const struct entry *entry, const char *name,
    struct err *e) MUST_CHECK;

/*
 * Nor may one that has: what is to be taken elsewhere must be known to be the
 * password.  ERR_ATTENTION.
 */
int change_idle(const struct entry *entry, const char *name,
    struct err *e) MUST_CHECK;

/* An empty one, which change_close() accepts. */
void change_new(struct change *c);

/*
 * What change_open() would find, without the lock: for a look before a person
 * is asked something.  The vault is closed again.
 */
int change_look(struct session *s, const char *name, bool *is_newp,
    struct err *e) MUST_CHECK;

/*
 * Opens the vault for writing and finds the entry, or starts a new one.  Keeps
 * rotations of it away until change_close().  ERR_BUSY if one is running,
 * ERR_ATTENTION if one is unfinished.
 */
int change_open(struct session *s, const char *name, struct change *c,
    struct err *e) MUST_CHECK;

/* The same for an entry that must be there.  ERR_NOENTRY if it is not. */
int change_open_existing(struct session *s, const char *name, struct change *c,
    struct err *e) MUST_CHECK;

/*
 * change_open() in a vault that is open for writing, for many changes in one
 * commit.
 */
int change_find(struct session *s, const char *name, struct change *c,
    struct err *e) MUST_CHECK;

/*
 * Does what n arguments ATTR=VALUE say.  Values given replace all old ones of that attribute, an
 * empty one removes it.  The arguments must stay until change_save().
 */
int change_attrs(struct change *c, char *const *args, int n,
    struct err *e) MUST_CHECK;

/*
 * Makes secret the current one and the old one previous, unless they are the
 * same.  A rotation that needs a person is over then: the person has spoken.
 */
int change_secret(struct change *c, struct slice secret,
    struct err *e) MUST_CHECK;

/* Whether the secret suits the attributes.  ERR_USAGE says what does not. */
int change_check(const struct change *c, struct err *e) MUST_CHECK;

/* Checks that the secret suits the attributes, and puts without a commit. */
int change_put(struct session *s, struct change *c, struct err *e) MUST_CHECK;

/* The same, and commits. */
int change_save(struct session *s, struct change *c, struct err *e) MUST_CHECK;

/* "NAME: stored (generation N)" on f, or that the secret was the same. */
void change_tell(const struct session *s, const struct change *c, FILE *f);

/* Unlocks and wipes. */
void change_drop(struct change *c);

/* The same, and closes the vault. */
void change_close(struct session *s, struct change *c);

/* Which entries to list. */
struct filter {
	bool (*wanted)(const struct entry *entry, const void *arg);
	const void *arg;
	/* For the message that none is, ERR_NOENTRY. */
	const char *what;
};

struct json;

/* Ends a JSON text, prints it and frees it, whatever happens. */
int cmd_json_print(struct json *j, struct err *e) MUST_CHECK;

/* Prints the entries that are wanted as "list" does, and not their logins. */
int cmd_list_wanted(struct session *s, const struct filter *f, bool json,
    struct err *e) MUST_CHECK;

int cmd_init(struct session *s, int argc, char **argv, struct err *e);
int cmd_set(struct session *s, int argc, char **argv, struct err *e);
int cmd_get(struct session *s, int argc, char **argv, struct err *e);
int cmd_show(struct session *s, int argc, char **argv, struct err *e);
int cmd_list(struct session *s, int argc, char **argv, struct err *e);
int cmd_remove(struct session *s, int argc, char **argv, struct err *e);
int cmd_generate(struct session *s, int argc, char **argv, struct err *e);
int cmd_import(struct session *s, int argc, char **argv, struct err *e);
int cmd_export(struct session *s, int argc, char **argv, struct err *e);
int cmd_slot(struct session *s, int argc, char **argv, struct err *e);
int cmd_verify(struct session *s, int argc, char **argv, struct err *e);
int cmd_otp(struct session *s, int argc, char **argv, struct err *e);
int cmd_run(struct session *s, int argc, char **argv, struct err *e);
int cmd_backup(struct session *s, int argc, char **argv, struct err *e);
int cmd_restore(struct session *s, int argc, char **argv, struct err *e);
int cmd_status(struct session *s, int argc, char **argv, struct err *e);
int cmd_edit(struct session *s, int argc, char **argv, struct err *e);
int cmd_rename(struct session *s, int argc, char **argv, struct err *e);
int cmd_copy(struct session *s, int argc, char **argv, struct err *e);
int cmd_find(struct session *s, int argc, char **argv, struct err *e);
int cmd_history(struct session *s, int argc, char **argv, struct err *e);
int cmd_passwd(struct session *s, int argc, char **argv, struct err *e);
int cmd_rekey(struct session *s, int argc, char **argv, struct err *e);
int cmd_unlock(struct session *s, int argc, char **argv, struct err *e);
int cmd_lock(struct session *s, int argc, char **argv, struct err *e);

#endif
