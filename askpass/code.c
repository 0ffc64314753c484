#include <poll.h>
#include <string.h>
#include <time.h>

#include "code.h"
#include "otp.h"

/* Those that wait for the same period do not come all at once. */
#define STAGGER 64u
#define STAGGER_MS 10

static uint64_t
now_ms(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void
sleep_ms(uint64_t ms)
{
	/* The sandbox has poll(2); what a signal cuts short is looked at anew. */
	(void)poll(NULL, 0, (int)ms);
}

uint64_t
code_begin(uint64_t now, unsigned int period)
{
	return now - now % ((uint64_t)period * 1000);
}

bool
code_given(const struct state *s, const unsigned char *entry, uint64_t begin_ms,
    unsigned int period, const struct state_mark *mine)
{
	struct state_mark m;
	size_t i;

	for (i = 0; i < STATE_SLOTS; i++) {
		state_mark_at(s, i, &m);
		if (m.event == STATE_ANSWERED &&
		    code_begin(m.real_ms, period) == begin_ms &&
		    memcmp(m.entry, entry, STATE_ID) == 0 &&
		    (mine == NULL || m.pid != mine->pid))
			return true;
	}
	return false;
}

/*
 * Each notes itself before it looks for others, so of two at once one at least
 * sees the other, and lets go; if both do, nobody has that code.
 *
 * Notes that the code of the period that *beginp is set to is ours.  1: it is;
 * 0: somebody else had it; -1.
 */
static int
claim(struct state *s, struct state_mark *mine, unsigned int period,
    uint64_t *beginp, struct err *e)
{
	*beginp = code_begin(now_ms(), period);
	if (state_refresh(s, e) == -1)
		return -1;
	if (code_given(s, mine->entry, *beginp, period, NULL))
		return 0;
	if (state_mark(s, mine, e) == -1 || state_refresh(s, e) == -1)
		return -1;
	/* Noted in the next period already, it is that one's. */
	*beginp = code_begin(mine->real_ms, period);
	return code_given(s, mine->entry, *beginp, period, mine) ? 0 : 1;
}

static int
make_line(const struct otp *o, uint64_t begin_ms, struct secret **linep,
    struct err *e)
{
	if ((*linep = secret_new(OTP_DIGITS_MAX + 1, e)) == NULL)
		return -1;
	otp_code(o, otp_counter(o, begin_ms / 1000), *linep);
	return secret_append(*linep, "\n", 1, e);
}

int
code_line(struct state *s, struct state_mark *mine, const struct entry *entry,
    struct secret **linep, struct err *e)
{
	const uint64_t end = now_ms() + CODE_WAIT_MAX_MS;
	struct otp o;
	uint64_t begin = 0, next, now;
	int rv;

	if (otp_read(&o, entry, e) == -1)
		return -1;
	while ((rv = claim(s, mine, o.period, &begin, e)) == 0) {
		next = begin + (uint64_t)o.period * 1000;
		if (next > end) {
			rv = err_set(e, ERR_BUSY,
			    "the code of this time was given before, and the "
			    "next one is too far away; try again later");
			break;
		}
		next += (uint64_t)(mine->pid % STAGGER) * STAGGER_MS;
		if ((now = now_ms()) < next)
			sleep_ms(next - now);
	}
	if (rv == 1)
		rv = make_line(&o, begin, linep, e);
	otp_free(&o);
	return rv;
}
