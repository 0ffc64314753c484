/*
 * The replies of an FTP server, from its greeting to the answer to PASS, or to
 * a command that changes the password after it: bytes in, a verdict out.
 * Pure.
 *
 * What a transfer library says at the end of a session does not tell whether
 * a password was taken (CURLE_OK after a 202, an error after a 230); the
 * lines do.  They are held against the one dialogue that is expected,
 *
 *	220, 234 to AUTH TLS, 331 to USER, then the answer to PASS
 *
 * (with implicit TLS there is no AUTH; before a command PASS is answered 230,
 * and what the library asks of its own accord after that is not looked at) and
 * the first thing that is not that ends it.  Multi-line replies are read
 * as RFC 959 says: from "ddd-" to a line with the same three digits and a
 * blank.  The library takes any three digits and a blank for the end; where
 * the two readings differ it cannot be known what a later reply answers, so
 * that, too, ends it.  It has to be fed each line before the library acts on
 * it, so that to end it before PASS means that no password leaves.
 *
 * What it cannot see is when a line was sent: a server that says 230 behind
 * its 331, unasked, has said yes to any password.
 */
#ifndef REPLY_H
#define REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"
#include "message.h"
#include "method.h"

/* What is kept of a line; the rest of it is dropped. */
#define REPLY_LINE_MAX 1000

/* Whose answer is due. */
enum reply_stage {
	REPLY_GREETING,
	REPLY_AUTH,
	REPLY_USER,
	/* The final 331 has come: the password is out. */
	REPLY_PASS,
	/* Logged in; the command that makes the change is still to be sent. */
	REPLY_IN,
	/* The command is out. */
	REPLY_COMMAND,
	/* Decided; nothing that follows counts. */
	REPLY_DONE
};

/* What is expected of this server and this request. */
struct reply_rules {
	/* AUTH TLS comes before USER. */
	bool auth;
	/* Of the answer to a command after PASS (struct method), or NULL if
	 * PASS is all there is. */
	const uint16_t *yes;
	/* Of a login, the words for an expired password, or NULL. */
	const struct method_expiry *expiry;
};

struct reply {
	struct reply_rules rules;
	enum reply_stage stage;
	/* Which stage decided it, once it is. */
	enum reply_stage decided;
	/* What is true if the connection ends here, at any time. */
	enum message_outcome outcome;
	/* Of the final line of the answer that decided, or 0 where that was
	 * before anything was sent. */
	uint16_t code;
	/* Code of the multi-line reply being read, or 0. */
	uint16_t open;
	/* Bytes in line and in text. */
	size_t line_len;
	size_t text_len;
	unsigned char line[REPLY_LINE_MAX];
	/* The lines of the last reply, '\n' after each, as they came.  If they
	 * are too many the first ones are dropped. */
	unsigned char text[MESSAGE_REPLY_MAX];
};

/* What rules points to must outlive r. */
void reply_init(struct reply *r, const struct reply_rules *rules);

/*
 * Takes the next bytes, cut anywhere.  False if not one more byte must be
 * sent: close the connection.
 */
bool reply_feed(struct reply *r, struct slice bytes);

/* In stage REPLY_IN: the command goes out now, and its answer is due. */
void reply_expect_command(struct reply *r);

/*
 * Writes text to out, which holds size bytes, terminated: what is neither
 * printable ASCII nor '\n' becomes '?', and any of the n secrets, in capitals
 * or not, becomes "***", as does a line's end that is the beginning of a
 * secret (at least 4 bytes of it: the line may have been cut there).
 */
void reply_mask(char *out, size_t size, struct slice text,
    const struct slice *secrets, size_t n);

#endif
