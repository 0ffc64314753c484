/*
 * The library that cuts.py preloads into pawl-rotate: the time of day is
 * PAWL_T_CLOCK seconds later than it is, so that a quarantine can be over.
 */
#include <stdlib.h>
#include <time.h>

time_t
time(time_t *to)
{
	const char *later = getenv("PAWL_T_CLOCK");
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (later != NULL)
		now.tv_sec += strtol(later, NULL, 10);
	if (to != NULL)
		*to = now.tv_sec;
	return now.tv_sec;
}
