#include <stdint.h>
#include <string.h>

#include "prompt.h"

/*
 * A form is what a program prints, each %s in it replaced by what may be there:
 *
 *	%w user@host, and behind a prefix only the prefix's own	%u user
 *	%W the same, cut as by %.30s@%.128s	%h host		%s scheme
 *	%k file		%K file, cut as by %.100s	%b file without quotes
 *	%p [user@]host[:port][/path]	%t text on a line, maybe none, not kept
 *	%l text on any lines, not kept	%S all that is the server's
 */
struct rule {
	const char *name;
	enum prompt_kind kind;
	const char *form;
};

/* What the programs on this side ask in their own words. */
static const struct rule client[] = {
	/* sshconnect2.c, dropbear's cli-authpasswd.c */
	{ "ssh-password", PROMPT_PASSWORD, "%W's password: " },
	{ "ssh-change-old", PROMPT_CHANGE, "Enter %W's old password: " },
	{ "ssh-change-new", PROMPT_CHANGE, "Enter %W's new password: " },
	{ "ssh-change-retype", PROMPT_CHANGE, "Retype %W's new password: " },
	{ "ssh-key", PROMPT_PASSPHRASE, "Enter passphrase for key '%K': " },
	{ "ssh1-key", PROMPT_PASSPHRASE,
	    "Enter passphrase for RSA key '%K': " },
	/* ssh-add.c, ssh-pkcs11.c, ssh-agent.c */
	{ "pkcs11-passphrase", PROMPT_PIN, "Enter passphrase for PKCS#11: " },
	{ "smartcard", PROMPT_PIN, "Enter passphrase for smartcard: " },
	{ "pkcs11-pin", PROMPT_PIN, "Enter PIN for '%k': " },
	{ "authenticator-pin", PROMPT_PIN, "Enter PIN for authenticator: " },
	{ "key-pin", PROMPT_PIN, "Enter PIN%tfor %t key %k: " },
	{ "sign-pin", PROMPT_PIN, "Enter PIN for %t key: " },
	{ "add-lock", PROMPT_LOCK, "Enter lock password: " },
	{ "add-lock-again", PROMPT_LOCK, "Again: " },
	{ "add-retry-confirm", PROMPT_PASSPHRASE_RETRY,
	    "Bad passphrase, try again for %b (will confirm each use): " },
	{ "add-retry", PROMPT_PASSPHRASE_RETRY,
	    "Bad passphrase, try again for %b: " },
	/* ssh-keygen.c, and ssh-add's own after all that begin like it */
	{ "keygen-new-key", PROMPT_KEYGEN,
	    "Enter passphrase for \"%k\" (empty for no passphrase): " },
	{ "keygen-key", PROMPT_PASSPHRASE, "Enter passphrase for \"%k\": " },
	{ "keygen-new", PROMPT_KEYGEN,
	    "Enter %tpassphrase (empty for no passphrase): " },
	{ "keygen-again", PROMPT_KEYGEN, "Enter same passphrase again: " },
	{ "keygen-old", PROMPT_KEYGEN, "Enter old passphrase: " },
	{ "keygen-unnamed", PROMPT_KEYGEN, "Enter passphrase: " },
	{ "add-key-confirm", PROMPT_PASSPHRASE,
	    "Enter passphrase for %b (will confirm each use): " },
	{ "add-key", PROMPT_PASSPHRASE, "Enter passphrase for %b: " },
	/* sshconnect.c, clientloop.c: no hint comes with these */
	{ "hostkey", PROMPT_HOSTKEY,
	    "The authenticity of host '%h (%t)' can't be established%l\nAre "
	    "you sure you want to continue connecting (yes/no%t)? " },
	{ "hostkey-differs", PROMPT_HOSTKEY,
	    "Warning: the %t host key for '%h' differs from %l\nAre you sure "
	    "you want to continue connecting (yes/no)? " },
	{ "hostkeys", PROMPT_HOSTKEY, "Accept updated hostkeys? (yes/no): " },
	{ "hostkey-again", PROMPT_HOSTKEY_AGAIN, "Please type 'yes'%t: " },
	/* ask_permission(), and notify_start(); without a hint below 8.2 */
	{ "agent-add", PROMPT_CONFIRM, "Add key %t (%t) to agent?" },
	{ "agent-use", PROMPT_CONFIRM,
	    "Allow use of key %t?\nKey fingerprint %l" },
	{ "mux-share", PROMPT_CONFIRM, "Allow shared connection to %t? " },
	{ "mux-end", PROMPT_CONFIRM, "Terminate shared connection to %t? " },
	{ "mux-stop", PROMPT_CONFIRM,
	    "Disable further multiplexing on shared connection to %t? " },
	{ "mux-open", PROMPT_CONFIRM, "Open %t on %t?" },
	{ "mux-forward", PROMPT_CONFIRM, "Allow forward to %t" },
	{ "mux-proxy", PROMPT_CONFIRM, "Allow multiplex proxy connection?" },
	{ "touch", PROMPT_NOTIFY, "Confirm user presence for key %l" },
	/* git's http.c and credential.c, git-lfs */
	{ "git-certificate", PROMPT_PASSPHRASE, "Password for 'cert:///%k': " },
	{ "git-username", PROMPT_GIT_USERNAME, "Username for '%s://%p': " },
	{ "git-password", PROMPT_GIT_PASSWORD, "Password for '%s://%p': " },
	{ "git-username-bare", PROMPT_GIT_USERNAME, "Username: " },
	{ "lfs-username", PROMPT_GIT_USERNAME, "Username for \"%s://%p\"" },
	{ "lfs-password", PROMPT_GIT_PASSWORD, "Password for \"%s://%p\"" },
	/* sudo as distributions set it, sudo-rs */
	{ "sudo", PROMPT_SUDO, "[sudo] password for %u: " },
	{ "sudo-rs", PROMPT_SUDO, "[sudo: authenticate] Password: " },
	{ NULL, PROMPT_UNKNOWN, NULL },
};

/* What servers ask by keyboard-interactive, and PAM modules under sudo. */
static const struct rule served[] = {
	{ "pam-password", PROMPT_PASSWORD, "Password: " },
	{ "pam-password-tight", PROMPT_PASSWORD, "Password:" },
	{ "low-password", PROMPT_PASSWORD, "password: " },
	{ "served-password", PROMPT_PASSWORD, "%w's password: " },
	{ "openpam-password", PROMPT_PASSWORD, "Password for %w:" },
	/* Linux-PAM, sssd, OpenPAM */
	{ "pam-current", PROMPT_CHANGE, "Current %tpassword: " },
	{ "pam-new", PROMPT_CHANGE, "New %tpassword: " },
	{ "pam-retype", PROMPT_CHANGE, "Retype new %tpassword: " },
	{ "pam-current-old", PROMPT_CHANGE, "(current) %tpassword: " },
	{ "pam-new-old", PROMPT_CHANGE, "Enter new %tpassword: " },
	{ "sss-current", PROMPT_CHANGE, "Current Password: " },
	{ "sss-new", PROMPT_CHANGE, "New Password: " },
	{ "sss-retype", PROMPT_CHANGE, "Reenter new Password: " },
	{ "openpam-old", PROMPT_CHANGE, "Old Password:" },
	{ "openpam-new", PROMPT_CHANGE, "New Password:" },
	{ "openpam-retype", PROMPT_CHANGE, "Retype New Password:" },
	/* google-authenticator, pam_oath, pam_yubico, sssd, SecurID */
	{ "otp-google", PROMPT_OTP, "Verification code: " },
	{ "otp-oath", PROMPT_OTP, "One-time password (OATH) for `%t': " },
	{ "otp-yubico", PROMPT_OTP, "YubiKey for `%t': " },
	{ "otp-sss", PROMPT_OTP, "Second Factor: " },
	{ "otp-sss-optional", PROMPT_OTP, "Second Factor (optional): " },
	{ "otp-securid", PROMPT_OTP, "Enter PASSCODE: " },
	{ NULL, PROMPT_UNKNOWN, NULL },
};

/* UTF-8 without control characters; newlines are left to the forms. */
static bool
is_plain(struct text t)
{
	static const uint32_t least[] = { ' ', 0xa0, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)t.p;
	const unsigned char *end = p + t.len;
	size_t i, n;
	uint32_t c;

	while (p < end) {
		c = *p++;
		n = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
		if ((c >= 0x80 && c < 0xc2) || c > 0xf4)
			return false;
		c &= n == 0 ? 0x7f : 0x3fU >> n;
		for (i = 0; i < n; i++, p++) {
			if (p == end || (*p & 0xc0) != 0x80)
				return false;
			c = c << 6 | (*p & 0x3fU);
		}
		if ((c < least[n] && c != '\n') || c == 0x7f || c > 0x10ffff ||
		    (c >= 0xd800 && c <= 0xdfff))
			return false;
	}
	return true;
}

static struct text
slice(struct text t, size_t from, size_t to)
{
	return (struct text){ t.p + from, to - from };
}

/* Where the n bytes of lit are in t for the first time; t.len if nowhere. */
static size_t
find(struct text t, const char *lit, size_t n)
{
	size_t i;

	for (i = 0; i < t.len && n <= t.len - i; i++)
		if (t.p[i] == lit[0] && memcmp(t.p + i, lit, n) == 0)
			return i;
	return t.len;
}

/* How many bytes at the beginning of t are in set or, unless in, are not. */
static size_t
span(struct text t, bool in, const char *set)
{
	size_t i;

	for (i = 0; i < t.len; i++)
		if ((strchr(set, t.p[i]) != NULL) != in)
			break;
	return i;
}

/*
 * Without parentheses "(user@host) " ends before the server's text begins (ssh
 * refuses them, too, since 9.6); without ": " no user is a prompt of its own.
 */
static bool
is_user(struct text t)
{
	return t.len > 0 && t.p[0] != '-' && t.p[0] != ' ' &&
	    t.p[t.len - 1] != ' ' && span(t, false, "()\n") == t.len &&
	    find(t, ": ", 2) == t.len;
}

/* A host, also with a port; a scheme. */
static bool
is_word(struct text t)
{
	return t.len > 0 && t.p[0] != '-' &&
	    span(t, true,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789-._:%[]") == t.len;
}

/* [user@]host; the user may have more "@". */
static bool
keep_who(struct text t, struct prompt *out)
{
	size_t at = t.len;

	while (at > 0 && t.p[at - 1] != '@')
		at--;
	out->host = slice(t, at, t.len);
	if (at == 0)
		return is_word(out->host);
	out->user = slice(t, 0, at - 1);
	return is_user(out->user) && is_word(out->host);
}

/*
 * What git prints after "://".  Before 2.40.4 nothing is encoded, and a/@b may
 * be path "@b" at a or user "a/" at b: an "@" after the first "/" is refused.
 */
static bool
keep_place(struct text t, struct prompt *out)
{
	size_t end = span(t, false, "/");

	if (end < t.len)
		out->path = slice(t, end + 1, t.len);
	if (span(out->path, false, "@\n") < out->path.len ||
	    !keep_who(slice(t, 0, end), out))
		return false;
	t = out->host;
	end = span(t, false, "]");
	end = end < t.len ? end + 1 : span(t, false, ":");
	if (end == t.len)
		return true;
	out->host = slice(t, 0, end);
	out->port = slice(t, end + 1, t.len);
	return end > 0 && t.p[end] == ':' && out->port.len > 0 &&
	    span(out->port, true, "0123456789") == out->port.len;
}

/* Checks what stands for %what and puts it where it belongs. */
static bool
keep(char what, struct text t, struct prompt *out)
{
	switch (what) {
	case 'w':
	case 'W':
		if (out->prefixed)
			return t.len == out->user.len + 1 + out->host.len &&
			    memcmp(t.p, out->user.p, t.len) == 0;
		if (!keep_who(t, out))
			return false;
		if (what == 'W' && out->user.len <= 30 &&
		    out->host.len <= 128) {
			out->truncated_user = out->user.len == 30;
			out->truncated_host = out->host.len == 128;
		}
		return out->user.len > 0;
	case 'u':
		out->user = t;
		return is_user(t);
	case 'h':
		out->host = t;
		return is_word(t);
	case 's':
		out->scheme = t;
		return is_word(t);
	case 'p':
		return keep_place(t, out);
	case 'l':
		return true;
	case 't':
		return span(t, false, "\n") == t.len;
	case 'S':
		out->server_text = t;
		out->prefixed = true;
		return true;
	default:
		out->path = t;
		out->truncated_path = what == 'K' && t.len == 100;
		return t.len > 0 &&
		    span(t, false, what == 'b' ? "\n'\"" : "\n") == t.len;
	}
}

/*
 * Matches all of rest.  What follows the last %x of the form must end the text
 * and be nowhere else after the form's beginning, so that no prompt hides in
 * another.  Any other %x ends where what follows it in the form is found
 * first.  There is no second try.
 */
static bool
match(const char *form, struct text rest, struct prompt *out)
{
	const char *tail;
	size_t at, n;

	for (; *form != '%'; form++, rest.p++, rest.len--)
		if (rest.len == 0 || *form != *rest.p)
			return rest.len == 0 && *form == '\0';
	tail = strrchr(form, '%') + 2;
	n = strlen(tail);
	if (n > 0 && (n > rest.len || find(rest, tail, n) != rest.len - n))
		return false;
	rest.len -= n;
	for (; form + 2 != tail; form += 2 + n) {
		n = strcspn(form + 2, "%");
		at = find(rest, form + 2, n);
		if (at == rest.len || !keep(form[1], slice(rest, 0, at), out))
			return false;
		rest = slice(rest, at + n, rest.len);
	}
	return keep(form[1], rest, out);
}

static struct prompt
unknown(const char *why)
{
	return (struct prompt){ .kind = PROMPT_UNKNOWN, .rule = why };
}

/* The rule for t; if t stands behind a prefix, found is what that said. */
static struct prompt
look_up(const struct rule *r, struct text t, struct prompt found)
{
	struct prompt tried;

	for (; t.len > 0 && r->form != NULL; r++) {
		if (r->form[0] != t.p[0] && r->form[0] != '%')
			continue;
		tried = found;
		if (match(r->form, t, &tried)) {
			tried.kind = r->kind;
			tried.rule = r->name;
			return tried;
		}
	}
	return found;
}

/*
 * sshd puts what PAM has to say into lines before the question it asks next:
 * "You are required to change your password immediately (...)." and such.  Only
 * for a request to change it are they passed over, since that gets no answer,
 * and the reason for it can be told.
 */
static struct prompt
look_behind(struct prompt found)
{
	const struct text t = found.server_text;
	const char *end = t.len == 0 ? NULL : memrchr(t.p, '\n', t.len);
	struct prompt behind;

	if (found.kind != PROMPT_UNKNOWN || end == NULL)
		return found;
	behind =
	    look_up(served, slice(t, (size_t)(end + 1 - t.p), t.len), found);
	return behind.kind == PROMPT_CHANGE ? behind : found;
}

static struct prompt
read_bare(struct text t)
{
	struct prompt found = look_up(client, t, unknown("no-rule"));

	if (found.kind != PROMPT_UNKNOWN)
		return found;
	found = look_up(served, t, found);
	if (found.user.len > 0)
		return unknown("no-rule");
	if (found.kind == PROMPT_PASSWORD)
		found.kind = PROMPT_PASSWORD_RAW;
	return found;
}

/* The kind that the hint announces, unless the text is of another. */
static struct prompt
heed(const char *hint, struct prompt found)
{
	enum prompt_kind kind = found.kind, said = PROMPT_CONFIRM;

	if (strcmp(hint, "none") == 0)
		said = PROMPT_NOTIFY;
	else if (strcmp(hint, "confirm") != 0)
		return unknown("unknown-hint");
	if (kind == PROMPT_HOSTKEY || kind == PROMPT_HOSTKEY_AGAIN)
		kind = PROMPT_CONFIRM;
	else if (kind == PROMPT_UNKNOWN && !found.prefixed)
		found.kind = kind = said;
	return kind == said ? found : unknown("hint-disagrees");
}

void
prompt_classify(const char *text, size_t len, const char *hint,
    struct prompt *out)
{
	struct text t = { text, len };

	*out = unknown(len > PROMPT_MAX ? "too-long" : "not-text");
	if (len == 0 || len > PROMPT_MAX || !is_plain(t))
		return;
	*out = unknown("no-rule");
	if (match("(%w) %S", t, out))
		*out = look_behind(look_up(served, out->server_text, *out));
	else
		*out = read_bare(t);
	if (hint != NULL && hint[0] != '\0')
		*out = heed(hint, *out);
}

/* The value of a hexadecimal digit, or 16. */
static unsigned int
digit(char c)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *at = c == '\0' ? NULL : strchr(digits, c);
	unsigned int n = at == NULL ? 16 : (unsigned int)(at - digits);

	return at != NULL && n >= 16 ? n - 6 : n;
}

static unsigned char
fold_letter(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c | 0x20) : c;
}

bool
prompt_url_text_is(struct text t, const char *value, size_t len, bool fold)
{
	size_t i, n = 0;
	unsigned char c, v;

	for (i = 0; i < t.len; i++, n++) {
		c = (unsigned char)t.p[i];
		if (c == '%' && t.len - i > 2 && digit(t.p[i + 1]) < 16 &&
		    digit(t.p[i + 2]) < 16) {
			c = (unsigned char)(digit(t.p[i + 1]) << 4 |
			    digit(t.p[i + 2]));
			i += 2;
		}
		if (n == len)
			return false;
		v = (unsigned char)value[n];
		if (c != v && !(fold && fold_letter(c) == fold_letter(v)))
			return false;
	}
	return n == len;
}

const char *
prompt_kind_name(enum prompt_kind kind)
{
	static const char *const names[] = { "unknown", "password",
		"password-raw", "otp", "change", "passphrase",
		"passphrase-retry", "pin", "hostkey", "hostkey-again",
		"confirm", "notify", "git-username", "git-password", "sudo",
		"lock", "keygen" };

	return names[(size_t)kind <= PROMPT_KEYGEN ? kind : PROMPT_UNKNOWN];
}
