/*
 * pawl.conf: the site's own settings, "key = value" a line, # for comments.
 * Absent: the defaults.  Unknown keys and bad values are errors with file and
 * line.  It must be owned by root or the caller and not writable by others.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <limits.h>
#include <stdbool.h>

#include "bytes.h"
#include "codepage.h"
#include "err.h"

/*
 * The longest wait and lock-wait, in seconds: a job that waits longer is better
 * told to try again.
 */
#define CONFIG_WAIT_MAX 86400
/* The most that rotate-jobs may be. */
#define CONFIG_JOBS_MAX 512

struct config {
	/* audit-file = PATH: audit lines go here too; "" for none. */
	char audit_file[PATH_MAX];
	/* require-mlock = yes|no: refuse to hold secrets in swappable memory.
	 */
	bool require_mlock;
	/* require-sandbox = yes|no: refuse to run with a layer missing. */
	bool require_sandbox;
	/* wait = DURATION: how long askpass waits for a rotation (10s). */
	unsigned int wait_ms;
	/* lock-wait = DURATION: how long a writer waits for another (10s). */
	unsigned int lock_wait_ms;
	/* rotate-jobs = N: entries that pawl-rotate has under way at a time
	 * (8); rotate-per-host = N: of these, against one host (4). */
	unsigned int rotate_jobs;
	unsigned int rotate_per_host;
	/* rotate-brake = N, N% or no: it starts no more after so many
	 * failures, or that share of what has ended (25%).  One is 0. */
	unsigned int rotate_brake_count;
	unsigned int rotate_brake_share;
	/*
	 * answer-encoding = ascii|ibm1047: what pawl-askpass writes and is
	 * asked in; that of the platform, as built.
	 */
	enum codepage answer_encoding;
	/* rotate-hook = PATH: pawl-rotate's results go to it too; "" for none. */
	char rotate_hook[PATH_MAX];
	/* rotate-hook-timeout = DURATION: how long a hook may run (30s). */
	unsigned int rotate_hook_ms;
};

/* Pure: text to settings.  name is the file's, for messages. */
int config_parse(struct config *c, const char *name, struct slice text,
    struct err *e) MUST_CHECK;

/* The largest configuration file; it is read whole. */
#define CONFIG_MAX 16384

/*
 * Reads the file at path into buf, which has size bytes: one more than it may
 * fill.  It must be a regular file of root's or the caller's that nobody else
 * can write to.  1, 0 if there is none, or -1: ERR_CONFIG.
 */
int config_read(const char *path, unsigned char *buf, size_t size,
    struct slice *textp, struct err *e) MUST_CHECK;

/* Reads the file at path_config(), or sets the defaults where none is. */
int config_load(struct config *c, struct err *e) MUST_CHECK;

#endif
