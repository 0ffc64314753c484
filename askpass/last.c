#include <sys/types.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "explain.h"
#include "io.h"

/* So much of the end of an audit file is looked at. */
#define TAIL_MAX ((size_t)256 * 1024)

/* --- From the audit file -------------------------------------------------- */

/* Whether the line is a decision of this program, for this user. */
static bool
is_ours(struct slice line, const char *uid)
{
	static const char program[] = " " JOB_PROGRAM "[";
	const unsigned char *p;
	size_t n = strlen(uid);

	if (line.len == 0 ||
	    memmem(line.p, line.len, program, sizeof(program) - 1) == NULL ||
	    (p = memmem(line.p, line.len, uid, n)) == NULL)
		return false;
	return p + n == line.p + line.len || p[n] == ' ';
}

/* Cuts the last line, without its newline, off *textp. */
static struct slice
last_line(struct slice *textp)
{
	struct slice line;
	size_t at;

	if (textp->len > 0 && textp->p[textp->len - 1] == '\n')
		textp->len--;
	for (at = textp->len; at > 0 && textp->p[at - 1] != '\n'; at--)
		continue;
	line.p = textp->p + at;
	line.len = textp->len - at;
	textp->len = at;
	return line;
}

/* Where the last n lines of ours begin.  *foundp: how many there are. */
static size_t
find_lines(struct slice text, size_t n, const char *uid, size_t *foundp)
{
	size_t all = text.len, at = all;
	struct slice line;

	*foundp = 0;
	while (text.len > 0 && *foundp < n) {
		line = last_line(&text);
		if (!is_ours(line, uid))
			continue;
		(*foundp)++;
		at = text.len;
	}
	return at;
}

static int
write_lines(struct slice text, const char *uid, struct err *e)
{
	struct slice line;

	while (slice_next_line(&text, &line)) {
		if (!is_ours(line, uid))
			continue;
		if (write_all(STDOUT_FILENO, line.p, line.len) == -1 ||
		    write_all(STDOUT_FILENO, "\n", 1) == -1)
			return err_sys(e, ERR_IO, "write");
	}
	return 0;
}

/* 1: told; 0: there is no file, or nothing in it. */
static int
tell_audit(const char *file, size_t n, struct err *e)
{
	static unsigned char tail[TAIL_MAX];
	struct slice text = { tail, 0 };
	char uid[32], shown[200];
	size_t found, at;
	struct stat st;
	ssize_t got = -1;
	off_t from;
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd == -1 && errno == ENOENT)
		return 0;
	if (fd != -1 && fstat(fd, &st) == 0) {
		from = st.st_size > (off_t)TAIL_MAX ?
		    st.st_size - (off_t)TAIL_MAX :
		    0;
		got = pread_full(fd, tail, sizeof(tail), from);
	}
	if (got == -1)
		(void)err_sys(e, ERR_IO, "%s",
		    text_show(shown, sizeof(shown), slice_of(file)));
	if (fd != -1)
		(void)close(fd);
	if (got == -1)
		return -1;
	text.len = (size_t)got;
	(void)snprintf(uid, sizeof(uid), " uid=%lu", getauxval(AT_UID));
	at = find_lines(text, n, uid, &found);
	text.p += at;
	text.len -= at;
	if (found > 0 && write_lines(text, uid, e) == -1)
		return -1;
	return found > 0;
}

/* --- From the state file -------------------------------------------------- */

struct named {
	struct state_mark mark;
	char name[RECORD_NAME_MAX * 4 + 1];
};

/* Those that are told, oldest first. */
static struct {
	struct named at[STATE_SLOTS];
	size_t n;
} marks;

/* In the order of their times. */
static void
add_mark(const struct state_mark *m)
{
	size_t i;

	for (i = marks.n++; i > 0; i--) {
		if (marks.at[i - 1].mark.real_ms <= m->real_ms)
			break;
		marks.at[i].mark = marks.at[i - 1].mark;
	}
	marks.at[i].mark = *m;
}

static int
name_marks(const struct entry *entry, void *arg, struct err *e)
{
	struct named *m;
	size_t i;

	(void)arg;
	(void)e;
	for (i = 0; i < marks.n; i++) {
		m = &marks.at[i];
		if (memcmp(m->mark.entry, entry->id, STATE_ID) == 0)
			(void)text_show(m->name, sizeof(m->name), entry->name);
	}
	return 0;
}

/* What is on the disk, without the vault's key: an id. */
static void
name_unknown(struct named *m)
{
	size_t i;

	if (m->name[0] != '\0')
		return;
	if (is_zero(m->mark.entry, STATE_ID)) {
		memcpy(m->name, "-", 2);
		return;
	}
	for (i = 0; i < STATE_ID; i++)
		(void)snprintf(m->name + 2 * i, 3, "%02x", m->mark.entry[i]);
}

/* What was asked for: by a prompt, or by git or docker themselves. */
static const char *
asked(uint32_t question)
{
	if (question == STATE_ASKED_CREDENTIAL ||
	    (question & STATE_GIT_REFUSED) == STATE_GIT_REFUSED)
		return "credential";
	return prompt_kind_name((enum prompt_kind)question);
}

static int
tell_mark(struct named *m, struct err *e)
{
	const char *event =
	    m->mark.event == STATE_ANSWERED ? "answer" : "refuse";
	time_t when = (time_t)(m->mark.real_ms / 1000);
	char line[sizeof(m->name) + 200], date[32] = "-";
	struct tm tm;
	int len;

	if (gmtime_r(&when, &tm) != NULL)
		(void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm);
	name_unknown(m);
	/* What "pawl-vault get" gave out is no answer to a prompt. */
	if (m->mark.question == PROMPT_UNKNOWN &&
	    m->mark.event == STATE_ANSWERED)
		event = "get";
	len = snprintf(line, sizeof(line),
	    "%s event=%s entry=%s prompt=%s pid=%lu\n", date, event, m->name,
	    asked(m->mark.question), (unsigned long)m->mark.pid);
	if (len < 0 || (size_t)len >= sizeof(line) ||
	    write_all(STDOUT_FILENO, line, (size_t)len) == -1)
		return err_sys(e, ERR_IO, "write");
	return 0;
}

static int
tell_marks(struct job *j, size_t n, struct err *e)
{
	struct state_mark m;
	struct err unnamed;
	size_t i;

	for (i = 0; i < STATE_SLOTS; i++) {
		state_mark_at(j->state, i, &m);
		if (m.event != STATE_NOTHING)
			add_mark(&m);
	}
	/* Without names there are still ids. */
	if (j->vault != NULL &&
	    vault_unlock(j->vault, &j->key.slot, &unnamed) == 0 &&
	    vault_each(j->vault, name_marks, NULL, &unnamed) == -1)
		(void)err_print(JOB_PROGRAM, &unnamed);
	for (i = marks.n > n ? marks.n - n : 0; i < marks.n; i++)
		if (tell_mark(&marks.at[i], e) == -1)
			return -1;
	(void)err_set(&unnamed, ERR_NONE,
	    "for the reasons, set audit-file in pawl.conf");
	(void)err_print(JOB_PROGRAM, &unnamed);
	return 0;
}

int
explain_last(struct job *j, size_t n, struct err *e)
{
	static char no_prompt[] = "";
	int told = 0;

	j->dry = true;
	if (job_begin(j, no_prompt, e) == -1)
		return err_print(JOB_PROGRAM, e);
	if (j->config.audit_file[0] != '\0')
		told = tell_audit(j->config.audit_file, n, e);
	if (told == 0 && (job_prepare(j, e) == -1 || tell_marks(j, n, e) == -1))
		told = -1;
	secret_wipe_all();
	return told == -1 ? err_print(JOB_PROGRAM, e) : 0;
}
