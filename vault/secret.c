#include <sys/types.h>
#include <sys/mman.h>

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "secret.h"

/* Blocks are multiples of this and begin at multiples of it. */
#define GRANULE ((size_t)32)

/* At least so many bytes behind the data hold the canary's pattern. */
#define FENCE ((size_t)8)

/* Each map doubles the arena: more than the address space can hold. */
#define MAPS_MAX 64

/* Values nobody writes by accident; odd, so that a multiple keeps all bits. */
#define MARK_FREE UINT64_C(0x9e3779b97f4a7c15)
#define MARK_USED UINT64_C(0xc2b2ae3d27d4eb4f)

/*
 * A map is cut into blocks without gaps.  One that is all zero (fresh, wiped,
 * or seen by a forked child) counts as one free block.
 */
struct block {
	uint64_t canary;
	/* With this header. */
	size_t size;
};

/* A used block; the data follow it. */
struct used {
	struct block block;
	struct secret secret;
};

struct map {
	unsigned char *base;
	size_t size;
	/* How far blocks have ever reached. */
	size_t top;
	bool locked;
};

static struct map maps[MAPS_MAX];
static size_t nmaps;
static bool must_lock;

/* How deep the stack below main() may hold something. */
#define TRACES ((size_t)16384)

/* Room for the registers of any processor, and for wiping. */
static unsigned char signal_stack[65536];

static struct block *
block_at(unsigned char *p)
{
	return (struct block *)(void *)p;
}

/*
 * Derived from the address and not drawn at random: it is to find mistakes,
 * and a random one would be a system call more.
 */
static uint64_t
canary(const struct block *b, uint64_t mark)
{
	return ((uint64_t)(uintptr_t)b ^ (uint64_t)b->size << 32) * mark ^ mark;
}

static void
mark_free(struct block *b, size_t size)
{
	b->size = size;
	b->canary = canary(b, MARK_FREE);
}

static _Noreturn void
damaged(void)
{
	secret_wipe_all();
	abort();
}

/* The bytes from the end of the data to the end of the block. */
static unsigned char *
fence(struct used *u, size_t cap, size_t *lenp)
{
	unsigned char *p = (unsigned char *)(u + 1) + cap;

	*lenp = u->block.size - sizeof(*u) - cap;
	return p;
}

static unsigned char
fence_byte(const struct used *u, size_t i)
{
	return (unsigned char)(u->block.canary >> (8 * (i % 8)));
}

static void
fence_set(struct used *u, size_t cap)
{
	size_t i, len;
	unsigned char *p = fence(u, cap, &len);

	for (i = 0; i < len; i++)
		p[i] = fence_byte(u, i);
}

/* Aborts unless u is a used block whose surroundings are as they were. */
static void
check(struct used *u)
{
	size_t i, len, cap = u->secret.cap;
	unsigned char *p;

	if (u->block.canary != canary(&u->block, MARK_USED) ||
	    u->secret.data != (unsigned char *)(u + 1) ||
	    cap > u->block.size - sizeof(*u) - FENCE || u->secret.len > cap)
		damaged();
	p = fence(u, cap, &len);
	for (i = 0; i < len; i++)
		if (p[i] != fence_byte(u, i))
			damaged();
}

/* Joins the free blocks behind b to it.  end is the map's. */
static void
join(struct block *b, const unsigned char *end)
{
	for (;;) {
		unsigned char *behind = (unsigned char *)b + b->size;
		struct block *n;

		if (behind == end)
			return;
		n = block_at(behind);
		if (n->canary != canary(n, MARK_FREE))
			return;
		b->size += n->size;
		b->canary = canary(b, MARK_FREE);
		sodium_memzero(n, sizeof(*n));
	}
}

/* First fit; blocks are joined on the way, so that freeing is short. */
static struct block *
find(struct map *m, size_t size)
{
	unsigned char *p = m->base, *end = m->base + m->size;
	struct block *b = block_at(p);

	if (b->canary == 0 && b->size == 0)
		mark_free(b, m->size);
	while (p < end) {
		b = block_at(p);
		if (b->canary == canary(b, MARK_FREE)) {
			join(b, end);
			if (b->size >= size)
				return b;
		} else if (b->canary != canary(b, MARK_USED)) {
			damaged();
		}
		p += b->size;
	}
	return NULL;
}

/* A mapping of size bytes between two guard pages, or NULL with errno. */
static unsigned char *
map_new(size_t size, size_t page)
{
	unsigned char *p = NULL;
	int saved;

	p = mmap(NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
	    -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	if (mprotect(p + page, size, PROT_READ | PROT_WRITE) == -1) {
		saved = errno;
		(void)munmap(p, size + 2 * page);
		errno = saved;
		return NULL;
	}
	p += page;
	/* Kernels that do not know these keep the other protections. */
	(void)madvise(p, size, MADV_DONTDUMP);
	(void)madvise(p, size, MADV_WIPEONFORK);
	return p;
}

/*
 * Pages are locked when they are first used, where the kernel can do that:
 * most of an arena never is.
 */
static int
lock(unsigned char *base, size_t size)
{
#ifdef MLOCK_ONFAULT
	if (mlock2(base, size, MLOCK_ONFAULT) == 0)
		return 0;
#endif
	return mlock(base, size);
}

static void
add(unsigned char *base, size_t size)
{
	struct map *m = &maps[nmaps++];

	m->base = base;
	m->size = size;
	m->top = 0;
	m->locked = lock(base, size) == 0;
	mark_free(block_at(base), size);
}

static int
not_locked(struct err *e)
{
	return err_set(e, ERR_DENIED,
	    "memory cannot be locked and require-mlock is set: raise the limit "
	    "(ulimit -l, LimitMEMLOCK=)");
}

/* Adds a map with room for size bytes. */
static int
grow(size_t size, struct err *e)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *p = NULL;

	if (nmaps == MAPS_MAX || size > SIZE_MAX / 2)
		return err_set(e, ERR_IO, "too much secret memory asked for");
	size = (size + page - 1) / page * page;
	if ((p = map_new(size, page)) == NULL)
		return err_sys(e, ERR_IO, "secret memory");
	add(p, size);
	if (!must_lock || maps[nmaps - 1].locked)
		return 0;
	/* What is there would be used. */
	nmaps--;
	(void)munmap(p - page, size + 2 * page);
	return not_locked(e);
}

int
secret_init(void *at, size_t size, struct err *e)
{
	if (sodium_init() == -1)
		return err_set(e, ERR_IO, "libsodium does not initialise");
	if (nmaps > 0)
		return 0;
	if (at == NULL)
		return grow(size > 0 ? size : 1, e);
	size -= size % GRANULE;
	if (size < sizeof(struct used) + FENCE)
		return err_set(e, ERR_IO, "secret memory: arena too small");
	add(at, size);
	return 0;
}

bool
secret_locked(void)
{
	size_t i;

	for (i = 0; i < nmaps; i++)
		if (!maps[i].locked)
			return false;
	return nmaps > 0;
}

int
secret_require_locked(struct err *e)
{
	must_lock = true;
	return secret_locked() ? 0 : not_locked(e);
}

void
secret_wipe_all(void)
{
	size_t i;

	for (i = 0; i < nmaps; i++)
		sodium_memzero(maps[i].base, maps[i].top);
	secret_wipe_traces(TRACES);
}

void
secret_wipe_traces(size_t depth)
{
#ifdef __x86_64__
	/* Elsewhere they stay until they are used again. */
	if (sodium_runtime_has_avx())
		__asm__ volatile("vzeroall" ::
				     : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4",
				 "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
				 "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
				 "xmm15", "memory");
#endif
	sodium_stackzero(depth);
}

/*
 * Runs on a stack of its own, where the kernel has saved the registers: those
 * go as well, for nothing returns there.
 */
static void
wipe_and_end(int number, siginfo_t *info, void *context)
{
	unsigned char *saved = context;
	sigset_t self;

	(void)info;
	secret_wipe_all();
	sodium_memzero(saved,
	    (size_t)(signal_stack + sizeof(signal_stack) - saved));
	/* SA_RESETHAND: as if nobody had caught it. */
	(void)sigemptyset(&self);
	(void)sigaddset(&self, number);
	(void)sigprocmask(SIG_UNBLOCK, &self, NULL);
	(void)raise(number);
	_exit(128 + number);
}

void
secret_wipe_on_signals(void)
{
	static const int ending[] = { SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGALRM,
		SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU, SIGXFSZ };
	const stack_t stack = { .ss_sp = signal_stack,
		.ss_size = sizeof(signal_stack) };
	struct sigaction sa, old;
	size_t i;

	memset(&sa, 0, sizeof(sa));
	if (sigaltstack(&stack, NULL) == -1)
		return;
	sa.sa_sigaction = wipe_and_end;
	sa.sa_flags = (int)(SA_RESETHAND | SA_SIGINFO | SA_ONSTACK);
	(void)sigfillset(&sa.sa_mask);
	for (i = 0; i < sizeof(ending) / sizeof(ending[0]); i++) {
		if (sigaction(ending[i], NULL, &old) == 0 &&
		    old.sa_handler == SIG_DFL)
			(void)sigaction(ending[i], &sa, NULL);
	}
}

/* Notes that the arena is used up to end, the next block's header included. */
static void
reach(const unsigned char *end)
{
	size_t i, n;

	for (i = 0; i < nmaps; i++) {
		if (end <= maps[i].base ||
		    (size_t)(end - maps[i].base) > maps[i].size + GRANULE)
			continue;
		n = (size_t)(end - maps[i].base);
		if (n > maps[i].size)
			n = maps[i].size;
		if (n > maps[i].top)
			maps[i].top = n;
		return;
	}
}

/* The place for a block of size bytes, in a new map if need be, or NULL. */
static struct block *
place(size_t size, struct err *e)
{
	struct block *b = NULL;
	size_t i, total = 0;

	for (i = 0; i < nmaps; i++) {
		if ((b = find(&maps[i], size)) != NULL)
			return b;
		total += maps[i].size;
	}
	if (grow(size > total ? size : total, e) == -1)
		return NULL;
	return find(&maps[nmaps - 1], size);
}

struct secret *
secret_new(size_t cap, struct err *e)
{
	struct block *b = NULL;
	struct used *u = NULL;
	size_t size;

	if (nmaps == 0) {
		(void)err_set(e, ERR_IO,
		    "secret memory: secret_init() missing");
		return NULL;
	}
	if (cap > SIZE_MAX / 2) {
		(void)err_set(e, ERR_IO, "too much secret memory asked for");
		return NULL;
	}
	size = sizeof(*u) + cap + FENCE + GRANULE - 1;
	size -= size % GRANULE;
	if ((b = place(size, e)) == NULL)
		return NULL;
	/* Both are multiples of GRANULE: what is left has room for a header. */
	reach((unsigned char *)b + size + sizeof(*b));
	if (b->size > size)
		mark_free(block_at((unsigned char *)b + size), b->size - size);
	u = (struct used *)(void *)b;
	b->size = size;
	b->canary = canary(b, MARK_USED);
	u->secret.data = (unsigned char *)(u + 1);
	u->secret.len = 0;
	u->secret.cap = cap;
	fence_set(u, cap);
	return &u->secret;
}

void
secret_free(struct secret *s)
{
	struct used *u = NULL;

	if (s == NULL)
		return;
	u = (struct used *)(void *)((unsigned char *)s -
	    offsetof(struct used, secret));
	check(u);
	sodium_memzero(&u->secret, u->block.size - sizeof(u->block));
	mark_free(&u->block, u->block.size);
}

static int
too_long(struct err *e)
{
	return err_set(e, ERR_IO, "a secret is too long for its place");
}

/* Shortens s to len bytes and wipes what it loses. */
static void
shorten(struct secret *s, size_t len)
{
	if (len < s->len)
		sodium_memzero(s->data + len, s->len - len);
	s->len = len;
}

int
secret_set(struct secret *s, const void *from, size_t len, struct err *e)
{
	if (len > s->cap)
		return too_long(e);
	if (len > 0)
		memmove(s->data, from, len);
	shorten(s, len);
	return 0;
}

int
secret_append(struct secret *s, const void *from, size_t len, struct err *e)
{
	if (len > s->cap - s->len)
		return too_long(e);
	if (len > 0)
		memmove(s->data + s->len, from, len);
	s->len += len;
	return 0;
}

struct slice
secret_slice(const struct secret *s)
{
	struct slice a = { s->data, s->len };

	return a;
}

bool
secret_equal(struct slice a, struct slice b)
{
	if (a.len != b.len)
		return false;
	return a.len == 0 || sodium_memcmp(a.p, b.p, a.len) == 0;
}

/* read(2) without EINTR, in place: no byte is ever anywhere else. */
static ssize_t
read_some(int fd, void *to, size_t len)
{
	ssize_t n;

	do {
		n = read(fd, to, len);
	} while (n == -1 && errno == EINTR);
	return n;
}

int
secret_read_line(int fd, struct secret *s, struct err *e)
{
	unsigned char spare = 0, *to = NULL;
	bool newline = false, full = false;
	ssize_t n;

	shorten(s, 0);
	do {
		/* A full secret may still be followed by the newline. */
		full = s->len == s->cap;
		to = full ? &spare : s->data + s->len;
		if ((n = read_some(fd, to, 1)) != 1)
			break;
		newline = *to == '\n';
		if (!full && !newline)
			s->len++;
	} while (!newline && !full);
	sodium_memzero(&spare, 1);
	if (n == 1 && newline)
		return 0;
	if (n == 0 && s->len > 0)
		return 0;
	shorten(s, 0);
	if (n == -1)
		return err_sys(e, ERR_IO, "reading a secret");
	if (n == 0)
		return err_set(e, ERR_USAGE, "no line to read: end of file");
	return err_set(e, ERR_USAGE, "the line is longer than allowed");
}

int
secret_read_all(int fd, struct secret *s, struct err *e)
{
	unsigned char spare = 0;
	ssize_t n;

	shorten(s, 0);
	while (s->len < s->cap) {
		n = read_some(fd, s->data + s->len, s->cap - s->len);
		if (n == 0)
			return 0;
		if (n == -1) {
			shorten(s, 0);
			return err_sys(e, ERR_IO, "reading a secret");
		}
		s->len += (size_t)n;
	}
	/* One more byte than fits, to tell whether there is one. */
	n = read_some(fd, &spare, 1);
	sodium_memzero(&spare, 1);
	if (n == 0)
		return 0;
	shorten(s, 0);
	if (n == -1)
		return err_sys(e, ERR_IO, "reading a secret");
	return err_set(e, ERR_USAGE, "there is more to read than allowed");
}
