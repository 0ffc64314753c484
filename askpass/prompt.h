/*
 * What is being asked?  The one argument of an askpass program is a line
 * meant for a person; prompt_classify() turns it into values.  It is pure:
 * bytes in, values out; no I/O, no clock, no environment, no memory taken.
 *
 * A prompt matches as a whole or not at all.  The catalogue is the two tables
 * in prompt.c: one line for each text that OpenSSH 4.3 to 10.5, dropbear, git,
 * git-lfs, sudo and sudo-rs hand to an askpass, and for the usual ones of PAM
 * modules, which sshd and sudo pass on.  What is not there is PROMPT_UNKNOWN
 * and must be refused.  So are translations: ssh and git have none, and a
 * translated text of sudo or PAM could be anything.
 *
 * Three things that a caller has to know about these texts:
 *
 * - Keyboard-interactive texts are the server's.  ssh 8.5 and later puts
 *   "(user@host) " before them (sshconnect2.c); nothing that follows becomes
 *   an identity here.  Older ssh shows them bare, so a server can make an old
 *   client ask any prompt of the catalogue, letter for letter, for any user
 *   and host.  No reading of the text can tell: before the text chooses a
 *   secret, the parent's command line must name the same place.
 * - The host of a prompt is what ssh was told, in lower case, or its
 *   HostKeyAlias.  It does not prove where the answer goes.
 * - Whether the answer will be echoed, and whether this is a second try, is
 *   not in the text; only ssh-add says the latter.
 *
 * Text is UTF-8; on z/OS the caller converts it from its code page first.
 */
#ifndef PROMPT_H
#define PROMPT_H

#include <stdbool.h>
#include <stddef.h>

/* A longer prompt is not looked at.  Genuine ones are some hundred bytes. */
#define PROMPT_MAX 8192

enum prompt_kind {
	/* Not in the catalogue, not text, or at odds with the hint. */
	PROMPT_UNKNOWN,
	/*
	 * The password of user at host.  "user@host's password: "
	 * (sshconnect2.c, dropbear) or, after "(user@host) ", a text of the
	 * server that is known to ask for the password and that names the same
	 * user@host or nobody.
	 */
	PROMPT_PASSWORD,
	/*
	 * "Password: " and its like, alone: keyboard-interactive before ssh
	 * 8.5, sudo's own default, git with no URL.  It does not say whose:
	 * user and host are empty.
	 */
	PROMPT_PASSWORD_RAW,
	/* A one-time code (google-authenticator, pam_oath, SecurID...). */
	PROMPT_OTP,
	/*
	 * The old or the new password, for a change that the server wants
	 * (SSH_MSG_USERAUTH_PASSWD_CHANGEREQ, PAM).  No answer is right: new
	 * passwords that differ make ssh ask for ever, and a refused one leaves
	 * it waiting for the server (sshconnect2.c).
	 */
	PROMPT_CHANGE,
	/* The passphrase of the key file path (ssh, ssh-add, ssh-keygen). */
	PROMPT_PASSPHRASE,
	/* ssh-add again: the passphrase given for path was wrong. */
	PROMPT_PASSPHRASE_RETRY,
	/* The PIN of a token or security key; path is its label or file. */
	PROMPT_PIN,
	/* Is this the key of host?  Or: shall ssh learn more host keys? */
	PROMPT_HOSTKEY,
	/* "Please type 'yes', 'no'...": the answer before was neither; a loop. */
	PROMPT_HOSTKEY_AGAIN,
	/* ask_permission(): exit 0 without a word means yes.  Hint "confirm". */
	PROMPT_CONFIRM,
	/* notify_start(): "touch your key"; no answer is read.  Hint "none". */
	PROMPT_NOTIFY,
	/* A user name for scheme, host, port and path; or for an unsaid place. */
	PROMPT_GIT_USERNAME,
	/* The password of user, if named, for scheme, host, port and path. */
	PROMPT_GIT_PASSWORD,
	/* sudo -A: the password of user, who is not named by sudo-rs. */
	PROMPT_SUDO,
	/* ssh-add -x and -X. */
	PROMPT_LOCK,
	/*
	 * ssh-keygen makes or changes a passphrase, or asks for one and does
	 * not say of which key (before 9.9).
	 */
	PROMPT_KEYGEN
};

/* A part of the prompt that was given; NULL and 0 where there is none. */
struct text {
	const char *p;
	size_t len;
};

struct prompt {
	enum prompt_kind kind;

	/*
	 * A static name, for messages: of the line of the catalogue that
	 * matched; with PROMPT_UNKNOWN the reason, one of "no-rule",
	 * "not-text", "too-long", "unknown-hint", "hint-disagrees"; "no-rule"
	 * too where the hint alone told the kind.
	 */
	const char *rule;

	/*
	 * Never with "(", ")", ": " or a line break, never with a blank at an
	 * end or a "-" in front; may contain "@", blanks and backslashes.
	 * user@host is split at the last "@".
	 */
	struct text user;

	/*
	 * Only ASCII letters, digits and - . _ : % [ ] and no "-" in front.
	 * ssh's password prompts never have a port here, its questions about
	 * keys may ("[host]:2222"); from a URL it is without.  "[" and "]"
	 * around an address stay.
	 */
	struct text host;

	/*
	 * A key file, token label or certificate; or the path of git's URL,
	 * without the "/" in front.
	 */
	struct text path;

	/*
	 * Of git's URL only, without "://" and ":"; port is all digits.
	 *
	 * git since 2.40.4 (earlier where the fix was taken back) writes all
	 * but the plainest bytes of user, host and path as %XX, as in
	 * "bob%40example.com" (credential.c); git before it writes them as they
	 * are.  They are given here as they were written.
	 */
	struct text scheme;
	struct text port;

	/*
	 * All that follows "(user@host) ", set when prefixed is: written by the
	 * server, to be shown (escaped) and never to be searched.
	 */
	struct text server_text;

	/*
	 * Begins with "(user@host) ", and user and host come from there alone;
	 * they are set then even if the kind is PROMPT_UNKNOWN.
	 */
	bool prefixed;

	/*
	 * Just as long as ssh before 8.0 prints at most ("%.30s@%.128s's
	 * password: "; every release in its questions for a change): it may be
	 * the beginning of a longer one.
	 */
	bool truncated_user;
	bool truncated_host;

	/* The same for "Enter passphrase for key '%.100s': ". */
	bool truncated_path;
};

/*
 * Classifies the len bytes at text (no NUL at the end is needed) and fills all
 * of *out, whose parts point into text and live as long as it does.  Never
 * fails: what is empty, longer than PROMPT_MAX, not UTF-8, has a control
 * character (a newline may stand where OpenSSH writes one) or matches nothing
 * is PROMPT_UNKNOWN.
 *
 * hint is the value of SSH_ASKPASS_PROMPT (OpenSSH 8.2, readpass.c), NULL or ""
 * without one.  With "confirm" the kind is PROMPT_CONFIRM, PROMPT_HOSTKEY or
 * PROMPT_HOSTKEY_AGAIN, with "none" it is PROMPT_NOTIFY, also for texts that
 * are not in the catalogue and have no prefix, since later releases may ask
 * more.  A text of another kind, and any other hint, make it PROMPT_UNKNOWN:
 * ssh sets no hint for those, so the variable is somebody else's.
 */
void prompt_classify(const char *text, size_t len, const char *hint,
    struct prompt *out);

/*
 * Whether t, a part of git's URL, is the len bytes at value once each %XX in
 * it is the byte that it stands for; with fold in any case of ASCII letters.
 */
bool prompt_url_text_is(struct text t, const char *value, size_t len,
    bool fold);

/*
 * The name of a kind: the enumerator without PROMPT_, in lower case and with
 * "-", as in "password-raw".  A static string; "unknown" for any other number.
 */
const char *prompt_kind_name(enum prompt_kind kind);

#endif
