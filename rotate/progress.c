#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "io.h"
#include "progress.h"

#define SHOW_EVERY 200

static int64_t
now(void)
{
	struct timespec ts = { 0 };

	/* Cannot fail for this clock. */
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* A terminal that is gone ends nothing. */
static void
print(int fd, const char *text)
{
	if (write_all(fd, text, strlen(text)) == -1)
		return;
}

/* How many have ended. */
static size_t
ended(const struct progress *p)
{
	return p->changed + p->nothing + p->failed;
}

void
progress_count(struct progress *p, enum tx_end end, const struct err *e)
{
	if (e->kind == ERR_NONE) {
		if (end == TX_END_ROTATED)
			p->changed++;
		else
			p->nothing++;
		return;
	}
	p->failed++;
	if (e->kind == ERR_ATTENTION)
		p->attention++;
	else if (e->kind == ERR_REFUSED)
		p->refused++;
	else if (e->kind == ERR_UNREACHABLE)
		p->unreachable++;
	else if (e->kind == ERR_BUSY)
		p->later++;
	else
		p->faulty++;
}

void
progress_clear(struct progress *p)
{
	if (p->line)
		print(STDERR_FILENO, "\r\033[K");
	p->line = false;
}

void
progress_say(struct progress *p, int fd, const char *text)
{
	char line[768];

	progress_clear(p);
	(void)snprintf(line, sizeof(line), "%s\n", text);
	print(fd, line);
}

/* Appends as snprintf(3) would; what does not fit is left out. */
static void PRINTF(3, 4) add(char *to, size_t size, const char *fmt, ...)
{
	size_t len = strlen(to);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(to + len, size - len, fmt, ap);
	va_end(ap);
}

static void
add_time(char *to, size_t size, uint64_t seconds)
{
	if (seconds >= 3600)
		add(to, size, "%" PRIu64 " h %02" PRIu64 " min", seconds / 3600,
		    seconds / 60 % 60);
	else if (seconds >= 60)
		add(to, size, "%" PRIu64 " min %02" PRIu64 " s", seconds / 60,
		    seconds % 60);
	else
		add(to, size, "%" PRIu64 " s", seconds);
}

void
progress_line(const struct progress *p, size_t running, int64_t elapsed,
    char *to, size_t size)
{
	size_t done = ended(p), left = p->total - done;
	uint64_t ms = elapsed < 1 ? 1 : (uint64_t)elapsed;

	(void)snprintf(to, size, "%zu of %zu done", done, p->total);
	if (p->failed > 0)
		add(to, size, ", %zu failed", p->failed);
	add(to, size, ", %zu at work, %zu to go", running,
	    left > running ? left - running : 0);
	if (done == 0)
		return;
	add(to, size, ", %.1f/s", (double)done * 1000 / (double)ms);
	add(to, size, ", ");
	add_time(to, size, (ms * left / done + 999) / 1000);
	add(to, size, " left");
}

void
progress_show(struct progress *p, size_t running)
{
	const int64_t at = now();
	char line[256], text[300];

	if (p->started == 0)
		p->started = at;
	if (!p->terminal || p->quiet || p->total < 2 ||
	    (p->line && at < p->shown + SHOW_EVERY))
		return;
	progress_line(p, running, at - p->started, line, sizeof(line));
	(void)snprintf(text, sizeof(text), "\r\033[K%s", line);
	print(STDERR_FILENO, text);
	p->line = true;
	p->shown = at;
}

void
progress_summary(const struct progress *p, size_t left, char *to, size_t size)
{
	const struct {
		size_t n;
		const char *what;
	} counts[] = {
		{ p->changed, "changed" },
		{ p->nothing,
		    p->event == TX_CHECK ? "good" : "with nothing to do" },
		{ p->refused, "refused" },
		{ p->unreachable, "unreachable" },
		{ p->later, "for later" },
		{ p->faulty, "with an error" },
		{ p->attention, "that need attention" },
		{ left, "not started" },
	};
	const char *before = ": ";
	size_t i;

	(void)snprintf(to, size, "%zu entries", p->total);
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		if (counts[i].n == 0)
			continue;
		add(to, size, "%s%zu %s", before, counts[i].n, counts[i].what);
		before = ", ";
	}
}
