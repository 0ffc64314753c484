#include <string.h>
#include <strings.h>
#include <time.h>

#include "window.h"

#define DAY 86400
#define DAY_MINUTES 1440u

/* Days that are looked at: a week, and what a time zone can shift. */
#define REACH 9

/* The first and the last moment that are calculated with, in the years 1970
 * and 9999. */
#define EARLIEST ((uint64_t)(REACH + 4) * DAY)
#define LATEST ((uint64_t)253402300799)

static const char *const day_names[] = { "Sun", "Mon", "Tue", "Wed", "Thu",
	"Fri", "Sat" };

static int
wrong(struct err *e, const char *what)
{
	return err_set(e, ERR_USAGE,
	    "%s; a window is like \"Sun 02:00-05:00\" or \"Mon-Fri "
	    "22:00-04:00\", several have commas between them",
	    what);
}

static const char *
skip_blanks(const char *p)
{
	return p + strspn(p, " \t");
}

/* The number of the day that p begins with, or -1. */
static int
take_day(const char **p)
{
	int i;

	for (i = 0; i < 7; i++)
		if (strncasecmp(*p, day_names[i], 3) == 0) {
			*p += 3;
			return i;
		}
	return -1;
}

static int
take_days(const char **p, struct window *w, struct err *e)
{
	int i, first = take_day(p), last = first;

	w->days = 0x7f;
	if (first == -1)
		return 0;
	if (**p == '-') {
		(*p)++;
		if ((last = take_day(p)) == -1)
			return wrong(e, "a day is missing after \"-\"");
	}
	w->days = 0;
	for (i = first; i != last; i = (i + 1) % 7)
		w->days |= 1u << i;
	w->days |= 1u << last;
	return 0;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* HH:MM, 24:00 at most. */
static int
take_time(const char **p, unsigned int *minutesp, struct err *e)
{
	const char *t = *p;
	unsigned int hours, minutes;

	if (!is_digit(t[0]) || !is_digit(t[1]) || t[2] != ':' ||
	    !is_digit(t[3]) || !is_digit(t[4]))
		return wrong(e, "a time is not HH:MM");
	hours = (unsigned int)(t[0] - '0') * 10 + (unsigned int)(t[1] - '0');
	minutes = (unsigned int)(t[3] - '0') * 10 + (unsigned int)(t[4] - '0');
	*minutesp = hours * 60 + minutes;
	if (minutes > 59 || *minutesp > DAY_MINUTES)
		return wrong(e, "there is no such time of day");
	*p = t + 5;
	return 0;
}

static int
take_window(const char **p, struct window *w, struct err *e)
{
	*p = skip_blanks(*p);
	if (take_days(p, w, e) == -1)
		return -1;
	*p = skip_blanks(*p);
	if (take_time(p, &w->from, e) == -1)
		return -1;
	if (**p != '-')
		return wrong(e, "two times have a \"-\" between them");
	(*p)++;
	if (take_time(p, &w->to, e) == -1)
		return -1;
	if (w->from == DAY_MINUTES || w->from == w->to)
		return wrong(e,
		    "a window has a length (all day is 00:00-24:00)");
	*p = skip_blanks(*p);
	return 0;
}

int
window_parse(struct windows *w, const char *text, struct err *e)
{
	const char *p = text;

	memset(w, 0, sizeof(*w));
	for (;;) {
		if (w->n == WINDOW_MAX)
			return wrong(e, "there are more than 8 windows");
		if (take_window(&p, &w->list[w->n++], e) == -1)
			return -1;
		if (*p == '\0')
			return 0;
		if (*p++ != ',')
			return wrong(e, "a window ends where it should not");
	}
}

/* Days since 1970-01-01 of a date in the Gregorian calendar (after Howard
 * Hinnant, "chrono-Compatible Low-Level Date Algorithms"). */
static int64_t
days_of(const struct tm *tm)
{
	int64_t y = (int64_t)tm->tm_year + 1900 - (tm->tm_mon < 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
	int64_t month = (tm->tm_mon + 10) % 12;
	int64_t day = (153 * month + 2) / 5 + tm->tm_mday - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + day -
	    719468;
}

/* What the clock on the wall shows at t, as seconds since its 1970. */
static int64_t
wall_at(int64_t t)
{
	time_t time = (time_t)t;
	struct tm tm;

	if (localtime_r(&time, &tm) == NULL)
		return t;
	return days_of(&tm) * DAY + (int64_t)tm.tm_hour * 3600 +
	    (int64_t)tm.tm_min * 60 + tm.tm_sec;
}

static int64_t
offset_at(int64_t t)
{
	return wall_at(t) - t;
}

/* The first moment at which the clock on the wall shows that, or more. */
static int64_t
moment_of(int64_t wall)
{
	int64_t before = wall - offset_at(wall - DAY);
	int64_t after = wall - offset_at(wall + DAY);
	int64_t low = before < after ? before : after;
	int64_t high = before < after ? after : before, middle;

	if (wall_at(low) == wall)
		return low;
	/* Between the two the clock is put forward, or it is the second. */
	while (high - low > 1) {
		middle = low + (high - low) / 2;
		if (wall_at(middle) >= wall)
			high = middle;
		else
			low = middle;
	}
	return high;
}

/* The window that begins on the day, a number since 1970. */
static struct span
span_of(const struct window *w, int64_t day)
{
	int64_t minutes = (int64_t)w->to - (int64_t)w->from, begin, end;

	if (minutes < 0)
		minutes += DAY_MINUTES;
	begin = moment_of(day * DAY + (int64_t)w->from * 60);
	end = moment_of(day * DAY + ((int64_t)w->from + minutes) * 60);
	if (end <= begin)
		end = begin + minutes * 60;
	return (struct span){ (uint64_t)begin, (uint64_t)end };
}

static bool
begins_on(const struct window *w, int64_t day)
{
	/* The first day was a Thursday. */
	return (w->days & 1u << (day + 4) % 7) != 0;
}

static int64_t
day_of(uint64_t *now)
{
	if (*now < EARLIEST)
		*now = EARLIEST;
	if (*now > LATEST)
		*now = LATEST;
	return wall_at((int64_t)*now) / DAY;
}

struct span
window_next(const struct windows *w, uint64_t now)
{
	int64_t day, today = day_of(&now);
	struct span best = { UINT64_MAX, UINT64_MAX }, span;
	size_t i;

	for (day = today - 2; day < today + REACH; day++) {
		for (i = 0; i < w->n; i++) {
			if (!begins_on(&w->list[i], day))
				continue;
			span = span_of(&w->list[i], day);
			if (span.end > now && span.begin < best.begin)
				best = span;
		}
	}
	return best;
}

struct span
window_last(const struct windows *w, uint64_t now)
{
	int64_t day, today = day_of(&now);
	struct span best = { 0, 0 }, span;
	size_t i;

	for (day = today - REACH; day < today + 2; day++) {
		for (i = 0; i < w->n; i++) {
			if (!begins_on(&w->list[i], day))
				continue;
			span = span_of(&w->list[i], day);
			if (span.begin <= now && span.begin >= best.begin)
				best = span;
		}
	}
	return best;
}
