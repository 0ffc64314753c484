#include <string.h>
#include <unistd.h>

#include "choose.h"
#include "service.h"

/* OpenSSH before 8.0: "%.30s@%.128s's password: ". */
#define OLD_USER_MAX 30
#define OLD_HOST_MAX 128

static struct slice
part(struct text t)
{
	struct slice s = { (const unsigned char *)t.p, t.len };

	return s;
}

const char *
choose_refusal(enum prompt_kind kind)
{
	switch (kind) {
	case PROMPT_PASSWORD:
	case PROMPT_PASSWORD_RAW:
	case PROMPT_PASSPHRASE:
	case PROMPT_PIN:
	case PROMPT_GIT_USERNAME:
	case PROMPT_GIT_PASSWORD:
	case PROMPT_SUDO:
	case PROMPT_OTP:
		return NULL;
	case PROMPT_UNKNOWN:
		return "this is no prompt that pawl knows";
	case PROMPT_CHANGE:
		return "the server wants the password changed; "
		       "run pawl-rotate for this entry";
	case PROMPT_PASSPHRASE_RETRY:
		return "the passphrase that was given is not the key's";
	case PROMPT_HOSTKEY:
	case PROMPT_HOSTKEY_AGAIN:
		return "the host key is not known; check it, and add it to "
		       "known_hosts";
	case PROMPT_CONFIRM:
		return "this asks a person to confirm";
	case PROMPT_NOTIFY:
		return "this asks a person to touch a key";
	case PROMPT_LOCK:
	case PROMPT_KEYGEN:
		return "this asks for a new passphrase";
	}
	return "this is no prompt that pawl knows";
}

/*
 * Whether ssh's command line can be left unread when the entry is pinned: the
 * usual prompt names user and host itself.  Saves three system calls.
 */
static bool
names_somebody(const char *prompt)
{
	static const char end[] = "'s password: ";
	size_t len = strlen(prompt), n = sizeof(end) - 1;

	return len > n && strcmp(prompt + len - n, end) == 0;
}

/* How the prompts begin that only some programs may ask. */
static bool
opens_like(const char *prompt, const char *opening)
{
	return strncmp(prompt, opening, strlen(opening)) == 0;
}

void
choose_look(struct request *q, const char *prompt)
{
	const bool pinned = q->entry != NULL || q->dataset != NULL;
	const bool key = opens_like(prompt, "Enter ");

	parent_look(&q->parent, !pinned || !names_somebody(prompt));
	if (!key && !opens_like(prompt, "Username for ") &&
	    !opens_like(prompt, "Password for ") &&
	    !opens_like(prompt, "[sudo"))
		return;
	parent_look_closer(&q->parent, key);
	if (gethostname(q->machine, sizeof(q->machine) - 1) == -1)
		q->machine[0] = '\0';
}

bool
choose_again(const struct request *q, const struct entry *entry)
{
	const enum prompt_kind kind = q->prompt.kind;
	const struct state_mark *m;
	size_t i;

	for (i = 0; i < q->nmarks; i++) {
		m = &q->marks[i];
		if (m->event == STATE_REFUSED)
			return true;
		if (service_is_login(kind) &&
		    (m->question == PROMPT_PASSWORD ||
			m->question == PROMPT_PASSWORD_RAW))
			return true;
		if (entry != NULL && m->question == (uint32_t)kind &&
		    memcmp(m->entry, entry->id, RECORD_ID) == 0)
			return true;
	}
	return false;
}

/* user@host, as the index has it. */
static int
login_text(struct slice user, struct slice host, char *buf, size_t size,
    struct slice *login, struct err *e)
{
	if (user.len + host.len + 1 > size)
		return err_set(e, ERR_DENIED, "user@host is too long");
	memcpy(buf, user.p, user.len);
	buf[user.len] = '@';
	memcpy(buf + user.len + 1, host.p, host.len);
	login->p = (const unsigned char *)buf;
	login->len = user.len + host.len + 1;
	return 0;
}

/*
 * The parent's command line has to be ssh's and to name this host, and this
 * user if it names one.
 */
static int
parent_agrees(struct request *q, struct slice wanted_user,
    struct slice wanted_host, struct err *e)
{
	struct slice user, host,
	    cmdline = { (const unsigned char *)q->parent.cmdline,
		    q->parent.cmdline_len };

	if (!parent_is_ssh(&q->parent) ||
	    parent_destination(cmdline, &user, &host) == -1)
		return err_set(e, ERR_DENIED,
		    "the caller is not an ssh whose destination can be "
		    "read; set PAWL_ENTRY to the entry's name");
	if (!slice_equal_fold(host, wanted_host) ||
	    (user.len > 0 && wanted_user.len > 0 &&
		!slice_equal(user, wanted_user)))
		return err_set(e, ERR_DENIED,
		    "the prompt and ssh's command line name different "
		    "destinations; set PAWL_ENTRY to the entry's name");
	return 0;
}

static int
find_by_login(struct vault *v, struct request *q, struct entry *entry,
    struct secret **plainp, struct err *e)
{
	struct slice login = { NULL, 0 }, user = part(q->prompt.user);
	struct slice host = part(q->prompt.host);
	char buf[1024];

	if (user.len == 0 || host.len == 0 || q->prompt.truncated_user ||
	    q->prompt.truncated_host)
		return err_set(e, ERR_DENIED,
		    "the prompt does not say whose password it wants; set "
		    "PAWL_ENTRY to the entry's name");
	if (parent_agrees(q, user, host, e) == -1 ||
	    login_text(user, host, buf, sizeof(buf), &login, e) == -1)
		return -1;
	return vault_find(v, TABLE_LOGIN, login, entry, plainp, e);
}

static int
find_by_path(struct vault *v, struct request *q, struct entry *entry,
    struct secret **plainp, struct err *e)
{
	struct slice path = service_path(q);

	if (path.len == 0 || q->prompt.truncated_path)
		return err_set(e, ERR_DENIED,
		    "the prompt does not say all of which key or token it is "
		    "for; set PAWL_ENTRY to the entry's name");
	return vault_find(v, TABLE_PATH, path, entry, plainp, e);
}

/* What programs other than ssh, or ssh for itself, ask. */
static int
find_by_prompt(struct vault *v, struct request *q, struct entry *entry,
    struct secret **plainp, struct err *e)
{
	struct slice login = { NULL, 0 }, user = part(q->prompt.user);
	struct slice host = part(q->prompt.host);
	char buf[1024];

	if (q->prompt.kind == PROMPT_PASSPHRASE || q->prompt.kind == PROMPT_PIN)
		return find_by_path(v, q, entry, plainp, e);
	if (q->prompt.kind == PROMPT_SUDO)
		host = slice_of(q->machine);
	if (user.len == 0 || host.len == 0 ||
	    memchr(user.p, '%', user.len) != NULL)
		return err_set(e, ERR_DENIED,
		    "the prompt does not say whose password it wants; set "
		    "PAWL_ENTRY to the entry's name");
	if (login_text(user, host, buf, sizeof(buf), &login, e) == -1)
		return -1;
	return vault_find(v, TABLE_LOGIN, login, entry, plainp, e);
}

static int
find_pinned(struct vault *v, struct request *q, struct entry *entry,
    struct secret **plainp, struct err *e)
{
	if (q->entry != NULL)
		return vault_find(v, TABLE_NAME, slice_of(q->entry), entry,
		    plainp, e);
	return vault_find(v, TABLE_DATASET, slice_of(q->dataset), entry, plainp,
	    e);
}

/* Equal, or the beginning that an old ssh prints of a long one. */
static bool
matches(struct slice have, struct slice asked, bool truncated, size_t limit,
    bool fold)
{
	if (truncated && asked.len == limit && have.len > limit)
		have.len = limit;
	return fold ? slice_equal_fold(have, asked) : slice_equal(have, asked);
}

static bool
has_user(const struct entry *entry, struct slice user, bool truncated)
{
	struct slice value;
	size_t at = 0;

	while (record_attr(entry, "user", &at, &value))
		if (matches(value, user, truncated, OLD_USER_MAX, false))
			return true;
	return false;
}

static bool
has_host(const struct entry *entry, struct slice host, bool truncated)
{
	struct slice value;
	size_t at = 0;

	while (record_attr(entry, "host", &at, &value))
		if (matches(value, host, truncated, OLD_HOST_MAX, true))
			return true;
	return false;
}

/* Prompts that name nobody: the command line has to, and the entry agrees. */
static int
check_raw(const struct entry *entry, struct request *q, struct err *e)
{
	struct slice user, host,
	    cmdline = { (const unsigned char *)q->parent.cmdline,
		    q->parent.cmdline_len };

	if (!parent_is_ssh(&q->parent) ||
	    parent_destination(cmdline, &user, &host) == -1)
		return err_set(e, ERR_DENIED,
		    "the prompt names nobody, and the caller is not an ssh "
		    "whose destination can be read");
	if (!has_host(entry, host, false))
		return err_set(e, ERR_DENIED,
		    "the entry is not for the host on ssh's command line; "
		    "add host= with pawl-vault set");
	if (user.len > 0 && !has_user(entry, user, false))
		return err_set(e, ERR_DENIED,
		    "the entry is not for the user on ssh's command line");
	return 0;
}

static int
check_login(const struct entry *entry, struct request *q, struct err *e)
{
	const struct prompt *p = &q->prompt;
	char shown[160];

	if (p->user.len == 0 && p->host.len == 0)
		return check_raw(entry, q, e);
	if (!has_user(entry, part(p->user), p->truncated_user))
		return err_set(e, ERR_DENIED,
		    "the prompt is for the user \"%s\", and the entry is "
		    "not; see pawl-vault show",
		    text_show(shown, sizeof(shown), part(p->user)));
	if (!has_host(entry, part(p->host), p->truncated_host))
		return err_set(e, ERR_DENIED,
		    "the prompt is for the host \"%s\", and the entry is "
		    "not; add host= with pawl-vault set",
		    text_show(shown, sizeof(shown), part(p->host)));
	return 0;
}

/* The entry of the login that is under way, pinned or looked up. */
static int
find_login(struct vault *v, struct request *q, struct entry *entry,
    struct secret **plainp, struct err *e)
{
	if (q->entry != NULL || q->dataset != NULL)
		return find_pinned(v, q, entry, plainp, e);
	return find_by_login(v, q, entry, plainp, e);
}

/*
 * The entry with the seed: that of the login, which must agree with the prompt
 * as for its password, or the one that it names with otp=.
 */
static int
find_code(struct vault *v, struct request *q, struct entry *entry,
    struct secret **plainp, struct err *e)
{
	struct secret *login = NULL;
	struct slice name;
	size_t at = 0;
	int rv;

	if (find_login(v, q, entry, plainp, e) == -1 ||
	    check_login(entry, q, e) == -1)
		return -1;
	if (service_fits(entry, PROMPT_OTP))
		return 0;
	if (!service_fits(entry, PROMPT_PASSWORD) ||
	    !record_attr(entry, "otp", &at, &name))
		return err_set(e, ERR_DENIED,
		    "this asks for a one-time code, and the entry names no "
		    "other with otp= that has the seed");
	login = *plainp;
	*plainp = NULL;
	memset(entry, 0, sizeof(*entry));
	rv = vault_find(v, TABLE_NAME, name, entry, plainp, e);
	secret_free(login);
	return rv == -1 ? err_in(e, "otp") : 0;
}

int
choose_entry(struct vault *v, struct request *q, struct entry *entry,
    struct secret **plainp, struct err *e)
{
	const enum prompt_kind kind = q->prompt.kind;

	if (service_caller(q, e) == -1)
		return -1;
	if (kind == PROMPT_OTP)
		return find_code(v, q, entry, plainp, e);
	if (q->entry != NULL || q->dataset != NULL) {
		if (find_pinned(v, q, entry, plainp, e) == -1)
			return -1;
		if (service_is_login(kind) || service_fits(entry, kind))
			return 0;
		secret_free(*plainp);
		memset(entry, 0, sizeof(*entry));
	}
	if (service_is_login(kind))
		return find_by_login(v, q, entry, plainp, e);
	return find_by_prompt(v, q, entry, plainp, e);
}

static int
check_service(const struct entry *entry, struct request *q, struct err *e)
{
	if (service_caller(q, e) == -1)
		return -1;
	if (!service_fits(entry, q->prompt.kind))
		return err_set(e, ERR_DENIED,
		    "the entry's service is not one for such a prompt (%s)",
		    prompt_kind_name(q->prompt.kind));
	/* A code's entry was found by way of its login's. */
	if (q->prompt.kind == PROMPT_OTP)
		return 0;
	if (service_is_login(q->prompt.kind))
		return check_login(entry, q, e);
	return service_check(entry, q, e);
}

int
choose_rotation(const struct entry *entry, struct err *e)
{
	char name[RECORD_NAME_MAX + 1];

	switch (entry->rotation.state) {
	case ROTATION_IDLE:
		if (!record_unsettled(entry))
			return 0;
		return err_set(e, ERR_BUSY,
		    "a change of its password was sent and may still come; "
		    "run: pawl-rotate recover %s",
		    text_show(name, sizeof(name), entry->name));
	case ROTATION_PEND:
	case ROTATION_SENT:
		return err_set(e, ERR_BUSY,
		    "its password is being changed; if no pawl-rotate is "
		    "running, run: pawl-rotate recover");
	case ROTATION_ATTN:
		break;
	}
	return err_set(e, ERR_ATTENTION,
	    "which of its passwords holds is not known; see pawl-rotate "
	    "status");
}

int
choose_check(const struct entry *entry, struct request *q, struct err *e)
{
	if (check_service(entry, q, e) == -1)
		return -1;
	if (entry->current.p == NULL)
		return err_set(e, ERR_NOENTRY, "the entry has no secret");
	return choose_rotation(entry, e);
}

struct slice
choose_answer(const struct entry *entry, const struct request *q)
{
	struct slice user = { NULL, 0 };
	size_t at = 0;

	if (q->prompt.kind != PROMPT_GIT_USERNAME)
		return entry->current;
	(void)record_attr(entry, "user", &at, &user);
	return user;
}

int
choose_destination(struct request *q, struct err *e)
{
	const struct prompt *p = &q->prompt;

	if (p->kind != PROMPT_PASSWORD || p->truncated_user ||
	    p->truncated_host)
		return err_set(e, ERR_DENIED,
		    "the prompt does not say whose password it wants");
	if (parent_agrees(q, part(p->user), part(p->host), e) == 0)
		return 0;
	return err_set(e, ERR_DENIED,
	    "the caller is not an ssh whose command line names the user and "
	    "host of the prompt");
}
