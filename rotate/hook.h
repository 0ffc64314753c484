/*
 * Hooks: programs of the site's that are told how rotations ended, by JSON on
 * their standard input.  Results are noted as they come and told at the end,
 * when nothing is locked, no attempt is under way and no secret is left in
 * memory.  What a hook does changes nothing about the result.
 *
 *	{"event":"failure","entry":"site1","user":"SITE1",
 *	 "host":"ftp.example.com","command":"start","time":1790000000,
 *	 "exit_status":76,"message":"site1: the server did not ..."}
 */
#ifndef HOOK_H
#define HOOK_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "plan.h"

/* After so many hooks that did not end in time no more are run. */
#define HOOK_TIMEOUTS_MAX 3

/* What a plan says about whom to tell, and of what. */
struct hook_target {
	char user[MESSAGE_USER_MAX + 1];
	char host[MESSAGE_HOST_MAX + 1];
	/* rotate.hook, or "". */
	char program[MESSAGE_PATH_MAX + 1];
};

void hook_target(struct hook_target *to, const struct plan *p);

struct hook_result {
	const struct hook_target *target;
	const char *entry;
	/* tx_event_name() of what was wanted. */
	const char *command;
	/* The exit status, and the line for a person; Unix time. */
	enum err_kind status;
	const char *message;
	uint64_t time;
};

/* Results to tell.  Zero it, but for the first two. */
struct hooks {
	/* rotate-hook of pawl.conf, "" for none; borrowed. */
	const char *site;
	unsigned int timeout_ms;
	struct hook_call *calls;
	size_t n;
	size_t cap;
};

/*
 * Notes r for the site's hook and for that of the entry; for neither, it does
 * nothing.  ERR_IO: no memory.
 */
int hook_add(struct hooks *h, const struct hook_result *r,
    struct err *e) MUST_CHECK;

/*
 * Runs them, one after the other, and forgets the results.  warn is given a
 * line for each that could not be run, failed, or was ended.
 */
void hook_run(struct hooks *h, void (*warn)(const struct err *e));

#endif
