#include <sys/types.h>
#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "disk.h"
#include "fault.h"

#define EVENTS 1024
#define NODES 128
#define NAMES 16
#define NAME_SIZE 64
#define FDS 64
/* More un-synced names or writes at once than this are too many to try. */
#define NAMES_LOST 8
#define WRITES_ALL 3
#define WRITES_MOST 32
#define SEEN 65536

#define NOBODY (-1)
#define DIRECTORY (-2)

/* Bytes that a file got: of a write, or all it had when recording began. */
struct bytes {
	unsigned char *p;
	size_t len;
	size_t at;
};

/* One effect on the disk.  A rename sets one name and removes another. */
struct event {
	enum {
		WRITE,
		NAME,
		SYNC_FILE,
		SYNC_DIR,
		NOTE
	} kind;
	int node;
	int note;
	struct bytes bytes;
	char set[NAME_SIZE];
	char del[NAME_SIZE];
};

struct names {
	struct {
		char name[NAME_SIZE];
		int node;
	} at[NAMES];
	size_t n;
};

/* What is on the disk for sure, and what may be, at one crash. */
struct disk {
	struct names names;
	struct bytes file[NODES];
	const struct event *name[NAMES_LOST];
	size_t nnames;
	const struct event *write[WRITES_MOST];
	size_t nwrites;
	int note;
};

enum fate {
	KEPT,
	DROPPED,
	ZEROED,
	TORN,
	FATES
};

static char root[PATH_MAX];
static struct event events[EVENTS];
static size_t nevents;
static struct names first, now;
static struct bytes first_file[NODES];
static int nodes;
static struct {
	int node;
	size_t at;
} fds[FDS];

static char where[256];

static void *
grow(void *p, size_t size)
{
	p = realloc(p, size == 0 ? 1 : size);
	if (p == NULL)
		abort();
	return p;
}

static struct bytes
bytes_of(const void *from, size_t len, size_t at)
{
	struct bytes b = { grow(NULL, len), len, at };

	if (len > 0)
		memcpy(b.p, from, len);
	return b;
}

static int
names_get(const struct names *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->at[i].name, name) == 0)
			return t->at[i].node;
	return NOBODY;
}

static void
names_del(struct names *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++) {
		if (strcmp(t->at[i].name, name) != 0)
			continue;
		t->at[i] = t->at[--t->n];
		return;
	}
}

static void
names_set(struct names *t, const char *name, int node)
{
	names_del(t, name);
	if (t->n == NAMES || strlen(name) >= NAME_SIZE)
		abort();
	memcpy(t->at[t->n].name, name, strlen(name) + 1);
	t->at[t->n++].node = node;
}

static void
names_apply(struct names *t, const struct event *ev)
{
	if (ev->del[0] != '\0')
		names_del(t, ev->del);
	if (ev->set[0] != '\0')
		names_set(t, ev->set, ev->node);
}

/* --- Recording ------------------------------------------------------------ */

static struct event *
event_new(int kind, int node)
{
	struct event *ev;

	if (nevents == EVENTS)
		abort();
	ev = &events[nevents++];
	memset(ev, 0, sizeof(*ev));
	ev->kind = (unsigned int)kind;
	ev->node = node;
	return ev;
}

static void
name_event(const char *set, int node, const char *del)
{
	struct event *ev = event_new(NAME, node);

	(void)snprintf(ev->set, sizeof(ev->set), "%s", set);
	(void)snprintf(ev->del, sizeof(ev->del), "%s", del);
	names_apply(&now, ev);
}

static int
node_of_fd(int fd)
{
	return fd >= 0 && fd < FDS ? fds[fd].node : NOBODY;
}

/* The name within root, or NULL if it is elsewhere. */
static const char *
inside(int dir, const char *name)
{
	size_t len = strlen(root);

	if (dir != AT_FDCWD)
		return node_of_fd(dir) == DIRECTORY ? name : NULL;
	if (strncmp(name, root, len) == 0 && name[len] == '/' &&
	    strchr(name + len + 1, '/') == NULL)
		return name + len + 1;
	return NULL;
}

static void
saw_open(const struct fault_event *ev)
{
	const char *name = inside(ev->fd, ev->name);
	int fd = (int)ev->result;
	size_t len = strlen(root);

	if (fd >= FDS)
		abort();
	fds[fd].node = NOBODY;
	fds[fd].at = 0;
	/* With or without a slash behind it. */
	if (strncmp(ev->name, root, len) == 0 &&
	    strspn(ev->name + len, "/") == strlen(ev->name + len))
		fds[fd].node = DIRECTORY;
	if (name == NULL || name[0] == '\0')
		return;
	if ((ev->flags & (O_TRUNC | O_APPEND)) != 0)
		abort();
	fds[fd].node = names_get(&now, name);
	if (fds[fd].node == NOBODY) {
		if (nodes == NODES)
			abort();
		fds[fd].node = nodes++;
		name_event(name, fds[fd].node, "");
	}
}

static void
saw_data(const struct fault_event *ev)
{
	int node = node_of_fd(ev->fd);
	size_t len = (size_t)ev->result;
	size_t at;

	if (node < 0 || len == 0)
		return;
	at = ev->call == FAULT_pwrite ? (size_t)ev->at : fds[ev->fd].at;
	event_new(WRITE, node)->bytes = bytes_of(ev->data, len, at);
	if (ev->call == FAULT_write)
		fds[ev->fd].at += len;
}

static void
saw_copy(const struct fault_event *ev)
{
	int node = node_of_fd(ev->fd2);
	size_t len = (size_t)ev->result;
	unsigned char *p;

	if (node < 0 || len == 0)
		return;
	p = grow(NULL, len);
	if (pread(ev->fd, p, len, ev->at) != ev->result)
		abort();
	event_new(WRITE, node)->bytes = bytes_of(p, len, fds[ev->fd2].at);
	fds[ev->fd2].at += len;
	free(p);
}

static void
saw_sync(const struct fault_event *ev)
{
	int node = node_of_fd(ev->fd);

	if (node == DIRECTORY)
		(void)event_new(SYNC_DIR, NOBODY);
	else if (node != NOBODY)
		(void)event_new(SYNC_FILE, node);
}

static void
saw_names(const struct fault_event *ev)
{
	const char *from = inside(ev->fd, ev->name);
	const char *to = NULL;
	int node = from == NULL ? NOBODY : names_get(&now, from);

	if (ev->call != FAULT_unlinkat)
		to = inside(ev->fd2, ev->name2);
	if (from == NULL && to == NULL)
		return;
	if (node == NOBODY)
		abort();
	if (ev->call == FAULT_unlinkat)
		name_event("", NOBODY, from);
	else if (to == NULL)
		abort();
	else if (ev->call == FAULT_linkat)
		name_event(to, node, "");
	/* A rename between two names of one file does nothing. */
	else if (names_get(&now, to) != node)
		name_event(to, node, from);
}

static void
saw(const struct fault_event *ev)
{
	switch (ev->call) {
	case FAULT_openat:
		saw_open(ev);
		break;
	case FAULT_close:
		if (ev->fd >= 0 && ev->fd < FDS)
			fds[ev->fd].node = NOBODY;
		break;
	case FAULT_write:
	case FAULT_pwrite:
		saw_data(ev);
		break;
	case FAULT_copy_file_range:
		saw_copy(ev);
		break;
	case FAULT_fsync:
		saw_sync(ev);
		break;
	case FAULT_linkat:
	case FAULT_renameat:
	case FAULT_unlinkat:
		saw_names(ev);
		break;
	case FAULT_ftruncate:
		if (node_of_fd(ev->fd) >= 0)
			abort();
		break;
	case FAULT_pread:
	case FAULT_fstat:
	case FAULT_fstatat:
	case FAULT_fchown:
	case FAULT_fchmod:
	case FAULT_CALL_COUNT:
		break;
	}
}

static struct bytes
read_file(const char *path)
{
	struct bytes b = { NULL, 0, 0 };
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1 || fstat(fd, &st) == -1)
		abort();
	b.len = (size_t)st.st_size;
	b.p = grow(NULL, b.len);
	if (pread(fd, b.p, b.len, 0) != st.st_size)
		abort();
	(void)close(fd);
	return b;
}

static void
forget(void)
{
	for (size_t i = 0; i < nevents; i++)
		free(events[i].bytes.p);
	for (int i = 0; i < NODES; i++)
		free(first_file[i].p);
	memset(first_file, 0, sizeof(first_file));
	memset(&first, 0, sizeof(first));
	nevents = 0;
	nodes = 0;
	for (size_t i = 0; i < FDS; i++)
		fds[i].node = NOBODY;
}

void
disk_record(const char *dir)
{
	char path[PATH_MAX];
	const struct dirent *d;
	DIR *list = opendir(dir);

	if (list == NULL || strlen(dir) >= sizeof(root))
		abort();
	forget();
	(void)snprintf(root, sizeof(root), "%s", dir);
	while ((d = readdir(list)) != NULL) {
		if (d->d_name[0] == '.')
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", dir, d->d_name) >=
		    (int)sizeof(path))
			abort();
		/* Hard links made before count as copies. */
		first_file[nodes] = read_file(path);
		names_set(&first, d->d_name, nodes++);
	}
	(void)closedir(list);
	now = first;
	fault_watch(saw);
}

void
disk_note(int note)
{
	event_new(NOTE, NOBODY)->note = note;
}

void
disk_stop(void)
{
	fault_watch(NULL);
}

/* --- Replaying ------------------------------------------------------------ */

static void
put(struct bytes *file, const struct bytes *b, size_t len, bool zeros)
{
	if (b->at + len > file->len) {
		file->p = grow(file->p, b->at + len);
		memset(file->p + file->len, 0, b->at + len - file->len);
		file->len = b->at + len;
	}
	if (zeros)
		memset(file->p + b->at, 0, len);
	else if (len > 0)
		memcpy(file->p + b->at, b->p, len);
}

/* The first n of the names that are pending are there for sure. */
static void
settle_names(struct disk *d, size_t n)
{
	for (size_t i = 0; i < n; i++)
		names_apply(&d->names, d->name[i]);
	d->nnames -= n;
	for (size_t i = 0; i < d->nnames; i++)
		d->name[i] = d->name[i + n];
}

static void
settle_file(struct disk *d, int node, bool keeps_name)
{
	size_t left = 0;

	for (size_t i = 0; i < d->nwrites; i++) {
		const struct event *w = d->write[i];

		if (w->node == node)
			put(&d->file[node], &w->bytes, w->bytes.len, false);
		else
			d->write[left++] = w;
	}
	d->nwrites = left;
	if (!keeps_name)
		return;
	left = d->nnames;
	while (left > 0 && d->name[left - 1]->node != node)
		left--;
	settle_names(d, left);
}

static void
disk_step(struct disk *d, const struct event *ev, bool keeps_name)
{
	switch (ev->kind) {
	case WRITE:
		if (d->nwrites == WRITES_MOST)
			abort();
		d->write[d->nwrites++] = ev;
		break;
	case NAME:
		if (d->nnames == NAMES_LOST)
			abort();
		d->name[d->nnames++] = ev;
		break;
	case SYNC_FILE:
		settle_file(d, ev->node, keeps_name);
		break;
	case SYNC_DIR:
		settle_names(d, d->nnames);
		break;
	case NOTE:
		d->note = ev->note;
		break;
	}
}

/*
 * The fates of the writes in variant v.  All combinations of a few; of many,
 * all alike, and each lost alone, and all lost from each on.
 */
static bool
choose(enum fate *fate, size_t n, unsigned int v)
{
	if (n <= WRITES_ALL) {
		for (size_t i = 0; i < n; i++, v /= FATES)
			fate[i] = (enum fate)(v % FATES);
		return v == 0;
	}
	if (v >= FATES * (2 * n + 1))
		return false;
	for (size_t i = 0; i < n; i++) {
		enum fate lost = (enum fate)(v % FATES);
		size_t which = v / FATES;

		fate[i] = KEPT;
		if (which == 0 || which == i + 1 ||
		    (which > n && i >= which - n - 1))
			fate[i] = lost;
	}
	return true;
}

static struct bytes
build_file(const struct disk *d, int node, const enum fate *fate)
{
	struct bytes b = bytes_of(d->file[node].p, d->file[node].len, 0);

	for (size_t i = 0; i < d->nwrites; i++) {
		const struct bytes *w = &d->write[i]->bytes;

		if (d->write[i]->node != node || fate[i] == DROPPED)
			continue;
		put(&b, w, fate[i] == TORN ? w->len / 2 : w->len,
		    fate[i] == ZEROED);
	}
	return b;
}

static uint64_t
hash(uint64_t h, const void *from, size_t len)
{
	const unsigned char *p = from;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	return h;
}

/* Whether such a state was tried before; remembers it. */
static bool
is_known(uint64_t h, unsigned int n)
{
	static uint64_t known[SEEN];

	for (unsigned int i = 0; i < n; i++)
		if (known[i] == h)
			return true;
	if (n == SEEN)
		abort();
	known[n] = h;
	return false;
}

static void
empty(const char *dir)
{
	char path[PATH_MAX];
	const struct dirent *d;
	DIR *list = opendir(dir);

	if (list == NULL)
		abort();
	while ((d = readdir(list)) != NULL) {
		if (d->d_name[0] == '.')
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", dir, d->d_name) >=
			(int)sizeof(path) ||
		    unlink(path) == -1)
			abort();
	}
	(void)closedir(list);
}

static void
write_file(const char *path, const struct bytes *b)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd == -1 || write(fd, b->p, b->len) != (ssize_t)b->len)
		abort();
	(void)close(fd);
}

/* A replay: where it stands, and how many states it has tried. */
struct replay {
	const char *scratch;
	void (*check)(const char *dir, int note);
	size_t crash;
	unsigned int states;
};

/* A state in the making: the names that were kept, and their files. */
struct state {
	struct names names;
	struct bytes file[NAMES];
	uint64_t hash;
};

static void
state_make(struct state *s, const struct disk *d, unsigned int kept,
    const enum fate *fate)
{
	s->names = d->names;
	for (size_t i = 0; i < d->nnames; i++)
		if ((kept & (1u << i)) != 0)
			names_apply(&s->names, d->name[i]);
	s->hash = (uint64_t)d->note;
	for (size_t i = 0; i < s->names.n; i++) {
		struct bytes *b = &s->file[i];
		const char *name = s->names.at[i].name;
		uint64_t h = UINT64_C(0xcbf29ce484222325);

		*b = build_file(d, s->names.at[i].node, fate);
		h = hash(h, name, strlen(name));
		h = hash(h, &s->names.at[i].node, sizeof(int));
		/* The order of the names does not matter. */
		s->hash += hash(h, b->p, b->len);
	}
}

static void
state_write(const struct state *s, const char *dir)
{
	char paths[NAMES][PATH_MAX];

	empty(dir);
	for (size_t i = 0; i < s->names.n; i++) {
		size_t twin = 0;

		(void)snprintf(paths[i], sizeof(paths[i]), "%s/%s", dir,
		    s->names.at[i].name);
		while (s->names.at[twin].node != s->names.at[i].node)
			twin++;
		if (twin == i)
			write_file(paths[i], &s->file[i]);
		else if (link(paths[twin], paths[i]) == -1)
			abort();
	}
}

static void
state_free(struct state *s)
{
	for (size_t i = 0; i < s->names.n; i++)
		free(s->file[i].p);
}

static void
tell(size_t crash, const struct disk *d, unsigned int kept,
    const enum fate *fate)
{
	size_t len;

	(void)snprintf(where, sizeof(where),
	    "crash after effect %zu of %zu, names kept %x of %zu, writes ",
	    crash, nevents, kept, d->nnames);
	for (size_t i = 0; i < d->nwrites; i++) {
		len = strlen(where);
		if (len + 2 < sizeof(where))
			(void)snprintf(where + len, sizeof(where) - len, "%c",
			    "kd0t"[fate[i]]);
	}
}

static void
disk_start(struct disk *d)
{
	memset(d, 0, sizeof(*d));
	d->names = first;
	for (int i = 0; i < NODES; i++)
		if (first_file[i].p != NULL)
			d->file[i] =
			    bytes_of(first_file[i].p, first_file[i].len, 0);
}

static void
disk_free(struct disk *d)
{
	for (int i = 0; i < NODES; i++)
		free(d->file[i].p);
}

/* Returns 1 if the state that these fates make is a new one, else 0. */
static unsigned int
try_state(const struct replay *r, const struct disk *d, unsigned int kept,
    const enum fate *fate)
{
	struct state s;
	bool known;

	state_make(&s, d, kept, fate);
	known = is_known(s.hash, r->states);
	if (!known) {
		tell(r->crash, d, kept, fate);
		state_write(&s, r->scratch);
		r->check(r->scratch, d->note);
	}
	state_free(&s);
	return !known;
}

unsigned int
disk_replay(const char *scratch, bool fsync_keeps_name,
    void (*check)(const char *dir, int note))
{
	struct replay r = { .scratch = scratch, .check = check };
	struct disk d;
	enum fate fate[WRITES_MOST];

	disk_start(&d);
	for (;;) {
		for (unsigned int v = 0; choose(fate, d.nwrites, v); v++)
			for (unsigned int k = 0; k < 1u << d.nnames; k++)
				r.states += try_state(&r, &d, k, fate);
		if (r.crash == nevents)
			break;
		disk_step(&d, &events[r.crash++], fsync_keeps_name);
	}
	empty(scratch);
	disk_free(&d);
	return r.states;
}

const char *
disk_where(void)
{
	return where;
}
