/*
 * Audit: one line of key=value per decision to syslog(LOG_AUTHPRIV), and to
 * the audit-file of pawl.conf.  Who asked, for what, which entry, what was
 * decided; never a secret nor its length.
 *
 *	pawl-askpass[812]: event=answer entry=site1 prompt=password
 *	    user=site1 host=sftp.example.com caller=ssh uid=0
 */
#ifndef AUDIT_H
#define AUDIT_H

#include <stdbool.h>

#include "bytes.h"
#include "err.h"

/*
 * Connects to /dev/log and opens file (NULL for none), before the sandbox
 * closes.  Without a /dev/log it is silent; a file that cannot be opened is
 * ERR_CONFIG.
 */
int audit_open(const char *program, const char *file, struct err *e) MUST_CHECK;

/* Whether anybody listens: a line for nobody need not be put together. */
bool audit_is_open(void);

/* A line being put together.  It lives on the stack; 1 KiB, then cut. */
struct audit {
	char line[1024];
	size_t len;
};

/* event is a word of the program's own list (its man page, AUDIT). */
void audit_begin(struct audit *a, const char *event);
/* Values are escaped: anything but printable ASCII, and =, " and \. */
void audit_add(struct audit *a, const char *key, struct slice value);
void audit_text(struct audit *a, const char *key, const char *value);
void audit_number(struct audit *a, const char *key, unsigned long long value);
/* Sends it.  A failure is not one of the decision, and goes unreported. */
void audit_send(struct audit *a);

#endif
