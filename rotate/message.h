/*
 * What pawl-rotate and pawl-rotate-net, or pawl-rotate-run where a program
 * makes the attempts, say to each other over their socket pair: one request, one result, each a u32 length and that many bytes,
 * little-endian, strings with a u16 length before them; and behind a request,
 * when the attempt has been counted on disk, one byte that lets the password
 * go.  The connection is made meanwhile.  Pure but for the calls that read and
 * write a descriptor.
 *
 * The network half learns no more than one login needs, and what comes back
 * is checked as if an enemy had sent it: it talked to the network.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdint.h>

#include "bytes.h"
#include "err.h"
#include "secret.h"

#define MESSAGE_HOST_MAX 255
#define MESSAGE_USER_MAX 255
#define MESSAGE_PASSWORD_MAX 1023
#define MESSAGE_PATH_MAX 4095
#define MESSAGE_PIN_MAX 255
#define MESSAGE_REPLY_MAX 1024
#define MESSAGE_MAX 20480

enum message_what {
	/* Log in with old, and out again: proves a password. */
	MESSAGE_LOGIN = 1,
	/* Change old to new, by method. */
	MESSAGE_CHANGE = 2,
	/* Look at the server's certificate, and leave before any password. */
	MESSAGE_LOOK = 3
};

enum message_method {
	MESSAGE_ZOS_PASS = 1,
	MESSAGE_SITE_PSWD = 2,
	MESSAGE_CPWD = 3,
	MESSAGE_SITE_CPWD = 4,
	MESSAGE_WSFTP_EXPIRED = 5,
	MESSAGE_CHPWD = 6,
	/* These two are for pawl-rotate-run, the others for pawl-rotate-net. */
	MESSAGE_EXEC = 7,
	MESSAGE_SSH_PAM = 8
};

enum message_tls {
	/* AUTH TLS on the FTP port (RFC 4217). */
	MESSAGE_TLS_EXPLICIT = 1,
	/* TLS first, then the greeting. */
	MESSAGE_TLS_IMPLICIT = 2,
	/* The greeting in clear, then TLS without being asked for it: z/OS with
	 * SECUREIMPLICITZOS TRUE, its default, on TLSPORT. */
	MESSAGE_TLS_ZOS_IMPLICIT = 3
};

struct message_request {
	enum message_what what;
	enum message_method method;
	enum message_tls tls;
	/* 0 only of EXEC, where nobody said which. */
	uint16_t port;
	/* Seconds for TCP, TLS and each reply. */
	uint16_t connect_timeout;
	uint16_t reply_timeout;
	char host[MESSAGE_HOST_MAX + 1];
	char user[MESSAGE_USER_MAX + 1];
	/* PEM file of the only authorities to trust; "" for the system's. */
	char ca_file[MESSAGE_PATH_MAX + 1];
	/* "sha256//..." of the server's key (CURLOPT_PINNEDPUBLICKEY); "". */
	char pin[MESSAGE_PIN_MAX + 1];
	/* PEM files with the certificate to show, and its key; both or none. */
	char cert[MESSAGE_PATH_MAX + 1];
	char cert_key[MESSAGE_PATH_MAX + 1];
	/* EXEC: the program; "" for the others. */
	char program[MESSAGE_PATH_MAX + 1];
	/* Owned by whoever made the request; fresh NULL for LOGIN, both for
	 * LOOK. */
	struct secret *current;
	struct secret *fresh;
};

/* What is known of the one attempt. */
enum message_outcome {
	/* The password did not leave: nothing counted, nothing changed.  Of a
	 * change by a command of its own: the command did not. */
	MESSAGE_NOT_SENT = 1,
	/* The server said yes (exactly 331, then 230; to a command, what its
	 * method lists). */
	MESSAGE_ACCEPTED = 2,
	/* The server said no (331, then a final 4xx or 5xx to PASS or to the
	 * command). */
	MESSAGE_REFUSED = 3,
	/* The password left, and the answer is none of these. */
	MESSAGE_UNKNOWN = 4,
	/* Of a login: no, for the password is right and has expired, in words
	 * that the method lists. */
	MESSAGE_EXPIRED = 5,
	/* Of LOOK: the handshake was made; reply has what was seen. */
	MESSAGE_SEEN = 6
};

/* Why it was not sent, for the exit status and a line of help. */
enum message_reason {
	MESSAGE_REASON_NONE = 0,
	MESSAGE_REASON_RESOLVE = 1,
	MESSAGE_REASON_CONNECT = 2,
	/* The server refused AUTH TLS or the handshake failed. */
	MESSAGE_REASON_TLS = 3,
	/* Certificate not trusted, expired, or of another name. */
	MESSAGE_REASON_CERTIFICATE = 4,
	MESSAGE_REASON_PIN = 5,
	/* A reply before PASS that was not the expected one. */
	MESSAGE_REASON_REPLY = 6,
	MESSAGE_REASON_TIMEOUT = 7,
	/* The request itself: bytes that must not be sent, a missing file. */
	MESSAGE_REASON_REQUEST = 8,
	MESSAGE_REASON_INTERNAL = 9
};

#define MESSAGE_YES 230
#define MESSAGE_NO 530

struct message_result {
	enum message_outcome outcome;
	enum message_reason reason;
	/* Code of the reply that decided, to PASS or to the command, or 0.
	 * Where there are no codes, MESSAGE_YES or MESSAGE_NO. */
	uint16_t code;
	/* The server's lines, or the TLS library's words, or of LOOK what
	 * look.h says: printable ASCII,
	 * lines separated by '\n', terminated.  Any byte run of the request's
	 * passwords is masked. */
	char reply[MESSAGE_REPLY_MAX + 1];
};

/* Encodes into to (a secret: a request holds passwords).  ERR_USAGE. */
int message_put_request(struct secret *to, const struct message_request *r,
    struct err *e) MUST_CHECK;
/* r->current and r->fresh become new secrets, which the caller frees. */
int message_get_request(struct message_request *r, struct slice from,
    struct err *e) MUST_CHECK;
int message_put_result(struct secret *to, const struct message_result *r,
    struct err *e) MUST_CHECK;
int message_get_result(struct message_result *r, struct slice from,
    struct err *e) MUST_CHECK;

/* Frees what message_get_request() made. */
void message_free_request(struct message_request *r);

/* Length and bytes, over a descriptor.  An end of file before the first byte
 * is ERR_IO with its own message, as is a length beyond MESSAGE_MAX. */
int message_send(int fd, const struct secret *m, struct err *e) MUST_CHECK;
int message_receive(int fd, struct secret *m, struct err *e) MUST_CHECK;

/* The byte behind a request; without it nothing leaves but the user's name. */
int message_send_go(int fd, struct err *e) MUST_CHECK;
/* Waits for it.  ERR_IO if the other side has ended, or sends another. */
int message_wait_go(int fd, struct err *e) MUST_CHECK;

#endif
