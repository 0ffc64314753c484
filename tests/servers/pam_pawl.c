/*
 * pam_pawl: the test world's FTP login, which changes passwords as z/OS does.
 *
 * The password a client sends is OLD, or OLD/NEW/NEW.  OLD is checked against
 * /etc/shadow; if there is a NEW, the policy likes it and both copies agree, it
 * becomes the account's password there, so that every other daemon of the
 * world sees the change.  Whatever follows a colon is ignored, as z/OS does.
 *
 * Arguments, in any order:
 *
 *	log=FILE	append "ok USER", "changed USER", "bad USER" or "error
 *			USER" for each attempt, never the password
 *	state=DIR	where the consecutive bad attempts are counted: one file
 *			an account, one byte an attempt; needed by revoke=
 *	revoke=N	refuse everything after N bad attempts in a row; an
 *			attempt that succeeds before that starts the count anew
 *	policy=P	racf (the default), racf-mixed, racf-special or
 *			racf-phrase
 *	behave=changed-but-refused	change the password, then say no
 *	behave=accept-no-change		say yes to a change, and change nothing
 *	hold=FILE	after a change, say nothing while FILE exists, but for
 *			20 seconds at most: time for a test to kill the client
 *
 * The shadow file is replaced here (temporary file, fsync, rename, fsync of the
 * directory) rather than by a chpasswd child: a daemon that reaps its own
 * children would take that child's exit status away.
 */

#include <sys/types.h>
#include <sys/stat.h>

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <shadow.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

#define SHADOW_NEW "/etc/shadow.pawl"
#define SHADOW_DIR "/etc"
/* The file lckpwdf(3) and with it chage and chpasswd lock. */
#define SHADOW_LOCK "/etc/.pwd.lock"

#define DAY (24L * 60 * 60)

#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define NATIONAL "0123456789#@$"
/* RACF's special characters, without the colon, which FTP cannot send. */
#define SPECIAL ".<+|&!*-%_>?="
#define PHRASE " \"'(),;[\\]^`{}~" SPECIAL

struct policy {
	const char *name;
	const char *allowed;
	size_t min;
	size_t max;
};

static const struct policy policies[] = {
	{ "racf", UPPER NATIONAL, 1, 8 },
	{ "racf-mixed", UPPER LOWER NATIONAL, 1, 8 },
	{ "racf-special", UPPER LOWER NATIONAL SPECIAL, 1, 8 },
	{ "racf-phrase", UPPER LOWER NATIONAL PHRASE, 9, 100 },
};

struct options {
	const char *log;
	const char *state;
	const char *hold;
	const struct policy *policy;
	long revoke;
	bool refuse_changed;
	bool keep_old;
};

enum outcome {
	OUTCOME_OK,
	OUTCOME_CHANGED,
	OUTCOME_BAD,
	OUTCOME_ERROR
};

/* What was sent, cut in place; new is NULL for a plain login. */
struct attempt {
	char *old;
	char *new;
	bool malformed;
};

static const char *
value_of(const char *argument, const char *name)
{
	size_t len = strlen(name);

	return strncmp(argument, name, len) == 0 ? argument + len : NULL;
}

static const struct policy *
find_policy(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(policies) / sizeof(policies[0]); i++)
		if (strcmp(policies[i].name, name) == 0)
			return &policies[i];
	return NULL;
}

/* Returns -1 for an argument it does not know: a typing error in a test must
 * not turn into a server that behaves well. */
static int
parse_option(struct options *o, const char *argument)
{
	const char *v = NULL;
	char *end = NULL;

	if ((v = value_of(argument, "log=")) != NULL) {
		o->log = v;
	} else if ((v = value_of(argument, "state=")) != NULL) {
		o->state = v;
	} else if ((v = value_of(argument, "policy=")) != NULL) {
		o->policy = find_policy(v);
		return o->policy == NULL ? -1 : 0;
	} else if ((v = value_of(argument, "revoke=")) != NULL) {
		o->revoke = strtol(v, &end, 10);
		return *end != '\0' || o->revoke < 1 ? -1 : 0;
	} else if ((v = value_of(argument, "hold=")) != NULL) {
		o->hold = v;
	} else if (strcmp(argument, "behave=changed-but-refused") == 0) {
		o->refuse_changed = true;
	} else if (strcmp(argument, "behave=accept-no-change") == 0) {
		o->keep_old = true;
	} else {
		return -1;
	}
	return 0;
}

static int
parse_options(struct options *o, int argc, const char **argv)
{
	int i;

	o->log = "/dev/null";
	o->policy = &policies[0];
	for (i = 0; i < argc; i++)
		if (parse_option(o, argv[i]) == -1)
			return -1;
	return o->revoke != 0 && o->state == NULL ? -1 : 0;
}

static void
cut(struct attempt *a, char *token)
{
	char *again = NULL;

	token[strcspn(token, ":")] = '\0';
	a->old = token;
	if ((a->new = strchr(token, '/')) == NULL)
		return;
	*a->new ++ = '\0';
	if ((again = strchr(a->new, '/')) != NULL)
		*again++ = '\0';
	a->malformed = again == NULL || strcmp(a->new, again) != 0;
}

static bool
is_acceptable(const struct policy *p, const char *password)
{
	size_t len = strlen(password);

	return len >= p->min && len <= p->max &&
	    strspn(password, p->allowed) == len;
}

/* Returns the new hash of the password, to be freed, or NULL. */
static char *
hash(const char *password, const char *setting)
{
	struct crypt_data *d = NULL;
	const char *h = NULL;
	char *copy = NULL;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		return NULL;
	h = crypt_r(password, setting, d);
	if (h != NULL && h[0] != '*')
		copy = strdup(h);
	explicit_bzero(d, sizeof(*d));
	free(d);
	return copy;
}

static bool
is_right(const struct spwd *account, const char *password)
{
	char *h = NULL;
	bool right;

	h = hash(password, account->sp_pwdp);
	right = h != NULL && strcmp(h, account->sp_pwdp) == 0;
	free(h);
	return right;
}

/* Copies the shadow file with one entry changed; a changed password is also
 * one that has not expired. */
static int
copy_shadow(FILE *from, FILE *to, const char *user, char *new_hash)
{
	struct spwd *s = NULL;

	while ((s = fgetspent(from)) != NULL) {
		if (strcmp(s->sp_namp, user) == 0) {
			s->sp_pwdp = new_hash;
			s->sp_lstchg = (long)(time(NULL) / DAY);
		}
		if (putspent(s, to) == -1)
			return -1;
	}
	return fflush(to) == 0 && ferror(from) == 0 ? fsync(fileno(to)) : -1;
}

static int
sync_directory(const char *path)
{
	int fd, rv;

	if ((fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return -1;
	rv = fsync(fd);
	(void)close(fd);
	return rv;
}

static int
replace_shadow(const char *user, char *new_hash)
{
	FILE *from = NULL, *to = NULL;
	struct stat st;
	int rv = -1;

	if ((from = fopen(SHADOW, "re")) == NULL)
		goto out;
	if (unlink(SHADOW_NEW) == -1 && errno != ENOENT)
		goto out;
	if ((to = fopen(SHADOW_NEW, "wxe")) == NULL)
		goto out;
	if (fstat(fileno(from), &st) == -1 ||
	    fchmod(fileno(to), st.st_mode & 07777) == -1 ||
	    fchown(fileno(to), st.st_uid, st.st_gid) == -1)
		goto out;
	if (copy_shadow(from, to, user, new_hash) == -1)
		goto out;
	if (rename(SHADOW_NEW, SHADOW) == -1)
		goto out;
	rv = sync_directory(SHADOW_DIR);
out:
	if (to != NULL)
		(void)fclose(to);
	if (from != NULL)
		(void)fclose(from);
	return rv;
}

static int
set_password(const char *user, const char *password)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	char *h = NULL;
	int rv = -1;

	if (crypt_gensalt_rn("$6$", 0, NULL, 0, setting, sizeof(setting)) ==
	    NULL)
		return -1;
	if ((h = hash(password, setting)) == NULL)
		return -1;
	rv = replace_shadow(user, h);
	free(h);
	return rv;
}

/* Waits for the lock of the shadow file, which also makes one attempt after
 * the other out of several at once; closing the descriptor releases it. */
static int
lock_shadow(void)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd;

	fd = open(SHADOW_LOCK, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	while (fcntl(fd, F_SETLKW, &whole) == -1) {
		if (errno != EINTR) {
			(void)close(fd);
			return -1;
		}
	}
	return fd;
}

/* The consecutive bad attempts are counted by the size of a file. */
static int
count(const char *path, bool bad)
{
	ssize_t n;
	int fd;

	if (!bad)
		return unlink(path) == -1 && errno != ENOENT ? -1 : 0;
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	n = write(fd, "!", 1);
	(void)close(fd);
	return n == 1 ? 0 : -1;
}

/* A refused new password counts as a bad attempt: whether RACF counts it is not
 * documented, and the tests shall assume the worse. */
static enum outcome
judge(const struct options *o, const struct spwd *account, struct attempt *a)
{
	if (!is_right(account, a->old) || a->malformed)
		return OUTCOME_BAD;
	if (a->new == NULL)
		return OUTCOME_OK;
	if (!is_acceptable(o->policy, a->new))
		return OUTCOME_BAD;
	if (o->keep_old)
		return OUTCOME_OK;
	if (set_password(account->sp_namp, a->new) == -1)
		return OUTCOME_ERROR;
	return OUTCOME_CHANGED;
}

/* The name of an account that exists is safe in a path. */
static enum outcome
judge_and_count(const struct options *o, const char *user, struct attempt *a)
{
	char path[1024];
	const struct spwd *account = NULL;
	enum outcome got;
	struct stat st;
	int n;

	if ((account = getspnam(user)) == NULL)
		return OUTCOME_BAD;
	if (o->revoke == 0)
		return judge(o, account, a);
	n = snprintf(path, sizeof(path), "%s/%s", o->state, user);
	if (n < 0 || (size_t)n >= sizeof(path))
		return OUTCOME_ERROR;
	if (stat(path, &st) == 0 && st.st_size >= o->revoke)
		return OUTCOME_BAD;
	if ((got = judge(o, account, a)) == OUTCOME_ERROR)
		return OUTCOME_ERROR;
	if (count(path, got == OUTCOME_BAD) == -1)
		return OUTCOME_ERROR;
	return got;
}

static int
log_outcome(const struct options *o, enum outcome got, const char *user)
{
	static const char *const words[] = {
		[OUTCOME_OK] = "ok",
		[OUTCOME_CHANGED] = "changed",
		[OUTCOME_BAD] = "bad",
		[OUTCOME_ERROR] = "error",
	};
	int fd, n;

	fd = open(o->log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	n = dprintf(fd, "%s %.200s\n", words[got], user);
	(void)close(fd);
	return n > 0 ? 0 : -1;
}

static enum outcome
attempt(const struct options *o, const char *user, const char *sent)
{
	struct attempt a = { 0 };
	enum outcome got = OUTCOME_ERROR;
	char *token = NULL;
	int lock = -1;

	if ((lock = lock_shadow()) == -1)
		return OUTCOME_ERROR;
	if ((token = strdup(sent)) == NULL)
		goto out;
	cut(&a, token);
	got = judge_and_count(o, user, &a);
	if (log_outcome(o, got, user) == -1)
		got = OUTCOME_ERROR;
out:
	if (token != NULL)
		explicit_bzero(token, strlen(sent));
	free(token);
	(void)close(lock);
	return got;
}

/* The daemon answers once the test has removed the file. */
static void
hold_back(const char *file)
{
	const struct timespec pause = { 0, 20L * 1000 * 1000 };
	int i;

	for (i = 0; i < 1000 && access(file, F_OK) == 0; i++)
		(void)nanosleep(&pause, NULL);
}

int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct options o = { 0 };
	const char *user = NULL, *sent = NULL;
	enum outcome got;

	(void)flags;
	if (parse_options(&o, argc, argv) == -1) {
		pam_syslog(pamh, LOG_ERR, "pam_pawl: wrong arguments");
		return PAM_SERVICE_ERR;
	}
	if (pam_get_user(pamh, &user, NULL) != PAM_SUCCESS ||
	    pam_get_authtok(pamh, PAM_AUTHTOK, &sent, NULL) != PAM_SUCCESS ||
	    user == NULL || sent == NULL)
		return PAM_AUTH_ERR;
	got = attempt(&o, user, sent);
	if (got == OUTCOME_CHANGED && o.hold != NULL)
		hold_back(o.hold);
	if (got == OUTCOME_ERROR) {
		pam_syslog(pamh, LOG_ERR, "pam_pawl: %s: cannot work", user);
		return PAM_SYSTEM_ERR;
	}
	if (got == OUTCOME_BAD || (got == OUTCOME_CHANGED && o.refuse_changed))
		return PAM_AUTH_ERR;
	return PAM_SUCCESS;
}

int
pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}
