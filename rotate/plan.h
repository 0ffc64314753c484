/*
 * What an entry's attributes say about its rotation.  Pure.
 *
 *	user, host		whose password, and where; the first of each
 *	rotate.host		the FTPS server, if it is not that host
 *	rotate.port		21; 990 where TLS is implicit; 22 for ssh-pam;
 *				none for exec
 *	rotate.method		a name that method.h knows
 *	rotate.tls		explicit, implicit or zos-implicit
 *	rotate.policy		racf
 *	rotate.every		30d: due when current is older
 *	rotate.min-age		1d: refused when current is younger
 *	rotate.jitter		0s: due that much earlier at most, each entry
 *				by a share of its own
 *	rotate.window		Sun 02:00-05:00: due then only
 *	rotate.pair		the entry it takes turns with
 *	rotate.hook		a program that is told of each result
 *	rotate.revoke-after	3: bad logins in a row that revoke the account
 *	rotate.drain		2m: how long a job may hold the password it was
 *				given before it logs in
 *	rotate.settle		2m: how long a run waits for a change that the
 *				server has said yes to
 *	rotate.timeout		60s: for each reply of the server
 *	rotate.per-host		how many entries of its host may be under way at
 *				a time; else what pawl.conf says of any host
 *	rotate.ca-file		PEM file of the only authorities to trust
 *	rotate.pin		sha256//... of the server's key
 *	rotate.cert		PEM file with the certificate to show to it
 *	rotate.cert-key		and with its key, if that is another file
 *	rotate.exec		the program of method exec
 */
#ifndef PLAN_H
#define PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "message.h"
#include "policy.h"
#include "record.h"
#include "window.h"

struct plan {
	char user[MESSAGE_USER_MAX + 1];
	char host[MESSAGE_HOST_MAX + 1];
	char ca_file[MESSAGE_PATH_MAX + 1];
	char pin[MESSAGE_PIN_MAX + 1];
	char cert[MESSAGE_PATH_MAX + 1];
	char cert_key[MESSAGE_PATH_MAX + 1];
	char program[MESSAGE_PATH_MAX + 1];
	uint16_t port;
	uint16_t timeout;
	enum message_method method;
	enum message_tls tls;
	struct policy policy;
	uint32_t revoke_after;
	/* 0 where it says nothing. */
	unsigned int per_host;
	uint64_t every;
	uint64_t min_age;
	uint64_t drain;
	uint64_t settle;
	uint64_t jitter;
	struct windows windows;
	/* "" for none. */
	char pair[RECORD_NAME_MAX + 1];
	char hook[MESSAGE_PATH_MAX + 1];
};

/* Whether the entry has a rotate.method at all. */
bool plan_wanted(const struct entry *entry);

/*
 * ERR_CONFIG, with the attribute and what it may be, for a value that is
 * wrong or an unknown rotate attribute: a misspelt limit must not be ignored.
 */
int plan_read(struct plan *p, const struct entry *entry,
    struct err *e) MUST_CHECK;

/*
 * What a server may have made of a password of the plan's policy, if it said
 * yes to it and then refused it: "", or words that go on from "kept".
 */
const char *plan_doubt(const struct plan *p);

/* A request for what, without passwords, as the plan has it. */
void plan_request(const struct plan *p, enum message_what what,
    struct message_request *m);

#endif
