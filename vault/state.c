#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bytes.h"
#include "io.h"
#include "path.h"
#include "state.h"

/*
 * Header: magic 8, generation 8, MAC 32, drained 8, zeros 8.
 * Mark: pid 4, event 4, question 4, zeros 4, real_ms 8, boot_ms 8, entry 16,
 * zeros 16.
 */

/*
 * A mark goes to one of the WAYS slots of its pid's own set.  The table is
 * soon full for good, and processes that start together and all took the
 * oldest slot of the whole of it would overwrite each other's marks.
 */
#define WAYS STATE_WAYS
#define SETS (STATE_SLOTS / WAYS)

/* What state_check() writes of the header, and what state_drain() does. */
#define SEEN 48
#define DRAINED_AT 48
#define DRAINED 8

/*
 * The byte that a reader of generation 0 would lock, and of how many there is
 * one: far behind the end of the file.
 */
#define READERS_AT (UINT64_C(1) << 61)

/* A login is over by then: sshd grants two minutes for it. */
#define STALE_MS ((uint64_t)10 * 60 * 1000)

/* How far the wall clock may step before a mark seems of an earlier boot. */
#define CLOCK_STEP_MS 5000

/* Without /proc, how long a mark is taken to be of the process it names. */
#define BLIND_MS UINT64_C(600000)

#ifndef CLOCK_BOOTTIME
#define CLOCK_BOOTTIME CLOCK_MONOTONIC
#endif

/* When a process started, and when it is now. */
struct life {
	/* There is no such process, or it has ended. */
	bool dead;
	/* start_ms is not known: no /proc, or not for us. */
	bool blind;
	uint64_t start_ms;
	uint64_t real_ms;
	uint64_t boot_ms;
};

static const unsigned char magic[8] = { 0x50, 0x41, 0x57, 0x4c, 0x53, 0x54,
	0x41, 0x31 };

static uint64_t
clock_ms(clockid_t clock)
{
	struct timespec t = { 0 };

	(void)clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void
mark_encode(unsigned char *to, const struct state_mark *m)
{
	memset(to, 0, STATE_MARK);
	put_u32(to, m->pid);
	put_u32(to + 4, (uint32_t)m->event);
	put_u32(to + 8, m->question);
	put_u64(to + 16, m->real_ms);
	put_u64(to + 24, m->boot_ms);
	memcpy(to + 32, m->entry, STATE_ID);
}

/* An event of a later version is no mark for this one. */
static void
mark_decode(struct state_mark *m, const unsigned char *from)
{
	uint32_t event = get_u32(from + 4);

	memset(m, 0, sizeof(*m));
	if (event != STATE_ANSWERED && event != STATE_REFUSED)
		return;
	m->pid = get_u32(from);
	m->event = event == STATE_ANSWERED ? STATE_ANSWERED : STATE_REFUSED;
	m->question = get_u32(from + 8);
	m->real_ms = get_u64(from + 16);
	m->boot_ms = get_u64(from + 24);
	memcpy(m->entry, from + 32, STATE_ID);
}

static void
header_encode(unsigned char *to, const struct state *s)
{
	memcpy(to, magic, sizeof(magic));
	put_u64(to + 8, s->generation);
	memcpy(to + 16, s->mac, STATE_MAC);
}

static void
header_decode(struct state *s, const unsigned char *from)
{
	s->generation = get_u64(from + 8);
	memcpy(s->mac, from + 16, STATE_MAC);
	s->drained = get_u64(from + DRAINED_AT);
}

/* Reads all of it.  1: it is ours; 0: of another size or magic. */
static int
load(struct state *s, struct err *e)
{
	ssize_t n;

	/* One byte more than there should be, to know that there is none. */
	do {
		n = pread(s->fd, s->raw, sizeof(s->raw), 0);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		return err_sys(e, ERR_IO, "cannot read the state of the vault");
	if (n == STATE_FILE && memcmp(s->raw, magic, sizeof(magic)) == 0) {
		header_decode(s, s->raw);
		return 1;
	}
	memset(s->raw, 0, sizeof(s->raw));
	return 0;
}

/* A lock of this process on len bytes of the file, or F_UNLCK. */
static int
lock_bytes(const struct state *s, int call, short type, uint64_t at,
    uint64_t len, struct err *e)
{
	struct flock lock = { .l_type = type,
		.l_whence = SEEK_SET,
		.l_start = (off_t)at,
		.l_len = (off_t)len };

	if (fcntl(s->fd, call, &lock) == -1)
		return err_sys(e, ERR_IO, "cannot lock the state of the vault");
	return 0;
}

static uint64_t
readers_byte(uint64_t generation)
{
	return READERS_AT + (generation < READERS_AT ? generation : READERS_AT);
}

/* All of len bytes at an offset, in one call: part of them is a failure. */
static int
put_at(const struct state *s, const void *from, size_t len, off_t at,
    struct err *e)
{
	ssize_t n = pwrite(s->fd, from, len, at);

	if (n == (ssize_t)len)
		return 0;
	if (n != -1)
		errno = ENOSPC;
	return err_sys(e, ERR_IO, "cannot write the state of the vault");
}

/*
 * Makes an empty file of what is none.  Two processes may come here at once,
 * and the second must not wipe out what the first has noted since.
 */
static int
start_afresh(struct state *s, bool *freshp, struct err *e)
{
	struct err ignored;
	struct stat st;
	int known;

	if (lock_bytes(s, F_SETLKW, F_WRLCK, 0, STATE_FILE, e) == -1)
		return -1;
	if (fstat(s->fd, &st) == -1)
		return err_sys(e, ERR_IO,
		    "cannot look at the state of the vault");
	known = load(s, e);
	if (known == 0) {
		memcpy(s->raw, magic, sizeof(magic));
		if (put_at(s, s->raw, STATE_FILE, 0, e) == -1)
			known = -1;
		else if (st.st_size > STATE_FILE &&
		    ftruncate(s->fd, STATE_FILE) == -1)
			known = err_sys(e, ERR_IO,
			    "cannot write the state of the vault");
		else if (freshp != NULL)
			*freshp = true;
	}
	(void)lock_bytes(s, F_SETLK, F_UNLCK, 0, STATE_FILE, &ignored);
	return known == -1 ? -1 : 0;
}

static int
state_path(char *buf, size_t size, const unsigned char *id, struct err *e)
{
	size_t len;

	if (path_state(buf, size, e) == -1)
		return -1;
	len = strlen(buf);
	if (len + 1 + 2 * (size_t)STATE_ID + sizeof(".state") > size)
		return err_set(e, ERR_CONFIG, "%s: name too long", buf);
	buf[len++] = '/';
	for (size_t i = 0; i < STATE_ID; i++, len += 2)
		(void)snprintf(buf + len, size - len, "%02x", id[i]);
	(void)snprintf(buf + len, size - len, ".state");
	return 0;
}

static int
open_or_make(const char *path, struct err *e)
{
	int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd = openat(AT_FDCWD, path, flags);

	if (fd == -1 && errno == ENOENT) {
		if (path_make_parent(path, e) == -1)
			return -1;
		fd = openat(AT_FDCWD, path, flags | O_CREAT, 0600);
	}
	if (fd != -1)
		return fd;
	return err_sys(e,
	    errno == EACCES || errno == ELOOP || errno == EPERM ? ERR_DENIED :
								  ERR_IO,
	    "cannot open what is remembered of the vault, %s", path);
}

static int
check_file(const struct stat *st, const char *path, struct err *e)
{
	if (!S_ISREG(st->st_mode))
		return err_set(e, ERR_DENIED,
		    "%s: not a regular file: remove it", path);
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return err_set(e, ERR_DENIED,
		    "%s: belongs to user %lu: remove it", path,
		    (unsigned long)st->st_uid);
	if ((st->st_mode & 022) != 0)
		return err_set(e, ERR_DENIED,
		    "%s: others may write it: chmod go-w, or remove it", path);
	return 0;
}

static int
write_header(struct state *s, uint64_t generation, const unsigned char *mac,
    struct err *e)
{
	unsigned char header[SEEN];

	s->generation = generation;
	memcpy(s->mac, mac, STATE_MAC);
	header_encode(header, s);
	return put_at(s, header, sizeof(header), 0, e);
}

#if defined __linux__ && !defined PAWL_POSIX
/*
 * The 22nd field of /proc/PID/stat.  The second is the command's name, which
 * may hold blanks and parentheses; behind the last ")" there are numbers.
 * Returns false for a process that has ended.
 */
static bool
parse_stat(const char *text, uint64_t *ticksp)
{
	const char *p = strrchr(text, ')');
	unsigned int field = 2;

	if (p == NULL || p[1] != ' ' || p[2] == 'Z' || p[2] == 'X')
		return false;
	for (p++; *p != '\0'; p++) {
		if (*p != ' ')
			continue;
		if (++field == 22)
			break;
	}
	if (*p == '\0')
		return false;
	*ticksp = strtoull(p + 1, NULL, 10);
	return true;
}

static void
look_at_process(struct life *l, pid_t pid)
{
	char name[40];
	char text[1024];
	long hz = sysconf(_SC_CLK_TCK);
	uint64_t ticks = 0;
	ssize_t n = -1;
	int fd;

	(void)snprintf(name, sizeof(name), "/proc/%ld/stat", (long)pid);
	fd = openat(AT_FDCWD, name, O_RDONLY | O_CLOEXEC);
	if (fd != -1) {
		n = read_full(fd, text, sizeof(text) - 1);
		(void)close(fd);
	}
	if (n <= 0 || hz <= 0) {
		/* Hidden from us, or no /proc, or gone. */
		l->blind = true;
		l->dead = kill(pid, 0) == -1 && errno == ESRCH;
		return;
	}
	text[n] = '\0';
	l->dead = !parse_stat(text, &ticks);
	l->start_ms = ticks / (uint64_t)hz * 1000 +
	    ticks % (uint64_t)hz * 1000 / (uint64_t)hz;
}
#else
static void
look_at_process(struct life *l, pid_t pid)
{
	l->blind = true;
	l->dead = kill(pid, 0) == -1 && errno == ESRCH;
}
#endif

static struct life
life_of(pid_t pid)
{
	struct life l = { 0 };

	look_at_process(&l, pid);
	l.real_ms = clock_ms(CLOCK_REALTIME);
	l.boot_ms = clock_ms(CLOCK_BOOTTIME);
	return l;
}

/*
 * Whether a mark is of the process that lives now, not of an earlier one with
 * its pid.  Start times are in ticks of mostly 10 ms, rounded down.  A mark
 * of the very tick in which the process started counts as its own: it may ask
 * within 10 ms, but no pid comes round as fast.
 */
static bool
mark_of(const struct state_mark *m, const struct life *l)
{
	if (l->dead || m->boot_ms > l->boot_ms)
		return false;
	/* From an earlier boot, when this clock was further on. */
	if (m->real_ms + CLOCK_STEP_MS + l->boot_ms < l->real_ms)
		return false;
	if (l->blind)
		return l->boot_ms - m->boot_ms < BLIND_MS;
	return m->boot_ms >= l->start_ms;
}

void
state_mark_at(const struct state *s, size_t slot, struct state_mark *m)
{
	mark_decode(m, s->raw + STATE_HEADER + slot * STATE_MARK);
}

/*
 * The slot for a mark at this time: its pid's last one of this kind; else the
 * first stale one, from a place of the pid's own on, so that two processes of one
 * set that come at once take different ones; else the oldest.  A free one is
 * all zeros and so older than any.
 */
static size_t
choose_slot(const struct state *s, const struct state_mark *want)
{
	const uint32_t pid = want->pid;
	const uint64_t now_ms = want->real_ms;
	size_t first = (size_t)(pid % SETS) * WAYS, own = pid / SETS % WAYS;
	size_t oldest = first + own;
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < WAYS; i++) {
		size_t slot = first + (own + i) % WAYS;
		struct state_mark m;
		uint64_t age;

		state_mark_at(s, slot, &m);
		if (m.event != STATE_NOTHING && m.pid == pid &&
		    m.question == want->question &&
		    memcmp(m.entry, want->entry, STATE_ID) == 0)
			return slot;
		age = now_ms > m.real_ms ? now_ms - m.real_ms : 0;
		if (age > STALE_MS)
			m.real_ms = 0;
		if (m.real_ms < least) {
			least = m.real_ms;
			oldest = slot;
		}
	}
	return oldest;
}

static int
look_at_file(int fd, const char *path, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return err_sys(e, ERR_IO, "cannot look at %s", path);
	return check_file(&st, path, e);
}

/* For a reader of a generation, or, 0, for none. */
static int
open_for(struct state *s, const unsigned char id[STATE_ID], uint64_t generation,
    const struct path_trust *t, bool *freshp, struct err *e)
{
	char path[PATH_MAX] = "";
	int known = -1;

	s->fd = -1;
	s->generation = 0;
	s->drained = 0;
	memset(s->mac, 0, sizeof(s->mac));
	if (freshp != NULL)
		*freshp = false;
	if (state_path(path, sizeof(path), id, e) == -1)
		return -1;
	if ((s->fd = open_or_make(path, e)) == -1)
		return -1;
	if (!path_remembered(t, path) && look_at_file(s->fd, path, e) == -1)
		goto out;
	if (generation != 0 &&
	    lock_bytes(s, F_SETLK, F_RDLCK, readers_byte(generation), 1, e) ==
		-1)
		goto out;
	known = load(s, e);
	if (known == 0)
		known = start_afresh(s, freshp, e);
out:
	if (known == -1) {
		state_close(s);
		return -1;
	}
	return 0;
}

int
state_open(struct state *s, const unsigned char id[STATE_ID],
    const struct path_trust *t, bool *freshp, struct err *e)
{
	return open_for(s, id, 0, t, freshp, e);
}

int
state_open_reader(struct state *s, const unsigned char id[STATE_ID],
    uint64_t generation, const struct path_trust *t, struct err *e)
{
	return open_for(s, id, generation, t, NULL, e);
}

int
state_move(struct state *s, uint64_t generation, struct err *e)
{
	if (lock_bytes(s, F_SETLK, F_UNLCK, READERS_AT, READERS_AT + 1, e) ==
		-1 ||
	    lock_bytes(s, F_SETLK, F_RDLCK, readers_byte(generation), 1, e) ==
		-1)
		return -1;
	return state_refresh(s, e);
}

bool
state_behind(const struct state *s, uint64_t generation)
{
	return s->generation > generation || s->drained > generation;
}

void
state_close(struct state *s)
{
	if (s->fd != -1)
		(void)close(s->fd);
	s->fd = -1;
}

int
state_check(struct state *s, uint64_t generation,
    const unsigned char mac[STATE_MAC], struct err *e)
{
	unsigned char header[SEEN];

	if (state_behind(s, generation))
		return err_set(e, ERR_DAMAGED,
		    "generation %llu, but %llu was seen here: an older copy "
		    "was put back; if on purpose, run once with "
		    "--accept-older",
		    (unsigned long long)generation,
		    (unsigned long long)(s->generation > s->drained ?
			    s->generation :
			    s->drained));
	if (generation == s->generation) {
		if (memcmp(mac, s->mac, STATE_MAC) == 0)
			return 0;
		return err_set(e, ERR_DAMAGED,
		    "generation %llu, but not the generation %llu that was "
		    "seen here: another copy was put in its place; if on "
		    "purpose, run once with --accept-older",
		    (unsigned long long)generation,
		    (unsigned long long)s->generation);
	}
	/*
	 * Another process may have noted a later one since.  What is left of
	 * this race can only make us forget one generation.
	 */
	if (pread_full(s->fd, header, sizeof(header), 0) == sizeof(header) &&
	    get_u64(header + 8) > generation)
		return 0;
	return write_header(s, generation, mac, e);
}

int
state_accept(struct state *s, uint64_t generation,
    const unsigned char mac[STATE_MAC], struct err *e)
{
	static const unsigned char none[DRAINED];

	if (write_header(s, generation, mac, e) == -1)
		return -1;
	if (s->drained > generation) {
		s->drained = 0;
		if (put_at(s, none, sizeof(none), DRAINED_AT, e) == -1)
			return -1;
	}
	if (fsync(s->fd) == -1)
		return err_sys(e, ERR_IO, "cannot sync the state of the vault");
	return 0;
}

/* The oldest of a set that was not tried; WAYS if one is free or stale. */
static size_t
oldest_untried(const struct state *s, size_t first, const bool *tried,
    pid_t *pidp)
{
	uint64_t least = UINT64_MAX;
	size_t oldest = WAYS;
	struct state_mark m;

	for (size_t i = 0; i < WAYS; i++) {
		state_mark_at(s, first + i, &m);
		if (m.event == STATE_NOTHING ||
		    m.real_ms + STALE_MS < clock_ms(CLOCK_REALTIME))
			return WAYS;
		if (!tried[i] && m.real_ms < least) {
			least = m.real_ms;
			oldest = i;
			*pidp = (pid_t)m.pid;
		}
	}
	return oldest;
}

/*
 * A set that is full of recent marks: the oldest of a process that has ended
 * counts as free, lest a job that has yet to log in is forgotten for those that
 * have.  Not written: state_mark() does that.
 */
static void
make_room(struct state *s, size_t first)
{
	bool tried[WAYS] = { false };
	pid_t pid = 0;

	for (size_t n = 0; n < WAYS; n++) {
		size_t i = oldest_untried(s, first, tried, &pid);

		if (i == WAYS)
			return;
		tried[i] = true;
		if (kill(pid, 0) == 0 || errno != ESRCH)
			continue;
		memset(s->raw + STATE_HEADER + (first + i) * STATE_MARK, 0,
		    STATE_MARK);
		return;
	}
}

const struct state_mark *
state_find(struct state *s, pid_t pid, size_t *np)
{
	size_t first = (size_t)((uint32_t)pid % SETS) * WAYS;
	bool looked = false;
	struct state_mark m;
	struct life l;

	*np = 0;
	if (pid <= 0)
		return NULL;
	for (size_t i = first; i < first + WAYS; i++) {
		state_mark_at(s, i, &m);
		if (m.event == STATE_NOTHING || m.pid != (uint32_t)pid)
			continue;
		if (!looked)
			l = life_of(pid);
		looked = true;
		if (mark_of(&m, &l))
			s->found[(*np)++] = m;
	}
	make_room(s, first);
	return *np > 0 ? s->found : NULL;
}

int
state_refresh(struct state *s, struct err *e)
{
	return load(s, e) == -1 ? -1 : 0;
}

int
state_mark(struct state *s, struct state_mark *m, struct err *e)
{
	unsigned char raw[STATE_MARK];
	size_t slot;

	m->real_ms = clock_ms(CLOCK_REALTIME);
	m->boot_ms = clock_ms(CLOCK_BOOTTIME);
	slot = choose_slot(s, m);
	mark_encode(raw, m);
	if (put_at(s, raw, sizeof(raw),
		(off_t)(STATE_HEADER + slot * STATE_MARK), e) == -1)
		return -1;
	memcpy(s->raw + STATE_HEADER + slot * STATE_MARK, raw, sizeof(raw));
	return 0;
}

uint64_t
state_last_answer(const struct state *s, const unsigned char entry[STATE_ID])
{
	uint64_t last = UINT64_MAX;

	for (size_t i = 0; i < STATE_SLOTS; i++) {
		struct state_mark m;
		struct life l;

		state_mark_at(s, i, &m);
		if (m.event != STATE_ANSWERED || m.pid == 0 ||
		    memcmp(m.entry, entry, STATE_ID) != 0)
			continue;
		l = life_of((pid_t)m.pid);
		if (mark_of(&m, &l) && l.boot_ms - m.boot_ms < last)
			last = l.boot_ms - m.boot_ms;
	}
	return last;
}

/* Writes that the readers before this generation are waited for. */
static int
note_drained(struct state *s, uint64_t generation, struct err *e)
{
	unsigned char now[DRAINED];
	struct err ignored;
	int rv = -1;

	if (lock_bytes(s, F_SETLKW, F_WRLCK, DRAINED_AT, DRAINED, e) == -1)
		return -1;
	if (pread_full(s->fd, now, sizeof(now), DRAINED_AT) != sizeof(now)) {
		(void)err_sys(e, ERR_IO, "cannot read the state of the vault");
	} else if (get_u64(now) >= generation) {
		rv = 0;
	} else {
		put_u64(now, generation);
		rv = put_at(s, now, sizeof(now), DRAINED_AT, e);
	}
	(void)lock_bytes(s, F_SETLK, F_UNLCK, DRAINED_AT, DRAINED, &ignored);
	return rv;
}

/* Whether another process reads a generation before this one. */
static bool
has_readers(const struct state *s, uint64_t generation)
{
	struct flock lock = { .l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = (off_t)READERS_AT,
		.l_len = (off_t)(readers_byte(generation) - READERS_AT) };

	return fcntl(s->fd, F_GETLK, &lock) == -1 || lock.l_type != F_UNLCK;
}

uint64_t
state_drain(struct state *s, uint64_t generation,
    const unsigned char entry[STATE_ID])
{
	struct err ignored;

	if ((s->drained < generation &&
		note_drained(s, generation, &ignored) == -1) ||
	    has_readers(s, generation) || state_refresh(s, &ignored) == -1)
		return 0;
	return state_last_answer(s, entry);
}

uint64_t
state_now(void)
{
	return clock_ms(CLOCK_BOOTTIME);
}

bool
state_refused_since(const struct state *s, pid_t pid, uint64_t since_ms)
{
	size_t first = (size_t)((uint32_t)pid % SETS) * WAYS;
	struct state_mark m;

	for (size_t i = first; i < first + WAYS; i++) {
		state_mark_at(s, i, &m);
		if (m.event == STATE_REFUSED && m.pid == (uint32_t)pid &&
		    m.boot_ms >= since_ms)
			return true;
	}
	return false;
}

bool
state_answered_since(const struct state *s, const unsigned char entry[STATE_ID],
    uint64_t since_ms, bool *againp)
{
	bool answered = false;
	struct state_mark m;

	*againp = false;
	for (size_t i = 0; i < STATE_SLOTS; i++) {
		state_mark_at(s, i, &m);
		if (m.event != STATE_ANSWERED || m.question == 0 ||
		    m.boot_ms < since_ms ||
		    memcmp(m.entry, entry, STATE_ID) != 0)
			continue;
		answered = true;
		*againp =
		    *againp || state_refused_since(s, (pid_t)m.pid, since_ms);
	}
	return answered;
}

uint32_t
state_git_question(uint64_t version)
{
	return STATE_GIT_REFUSED | (uint32_t)(version & 0xffffff);
}

bool
state_git_refused(const struct state *s, const unsigned char entry[STATE_ID],
    uint64_t version, uint64_t since_ms)
{
	struct state_mark m;

	for (size_t i = 0; i < STATE_SLOTS; i++) {
		state_mark_at(s, i, &m);
		if (m.event == STATE_REFUSED && m.real_ms >= since_ms &&
		    m.question == state_git_question(version) &&
		    memcmp(m.entry, entry, STATE_ID) == 0)
			return true;
	}
	return false;
}
