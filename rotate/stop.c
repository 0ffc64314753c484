#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "stop.h"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

/* What a signal did before: it wipes (secret.h), and ends the process. */
static struct sigaction before[sizeof(signals) / sizeof(signals[0])];

/* Written to by the handler alone. */
static int tell = -1;

static void
on_signal(int number)
{
	int saved = errno;
	size_t i;

	(void)number;
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		(void)sigaction(signals[i], &before[i], NULL);
	/* If the pipe is full it has been told already. */
	if (write(tell, "", 1) == -1)
		errno = saved;
	errno = saved;
}

int
stop_catch(int *fdp, struct err *e)
{
	struct sigaction new = { .sa_handler = on_signal,
		.sa_flags = SA_RESTART };
	int fds[2];
	size_t i;

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) == -1)
		return err_sys(e, ERR_IO, "pipe for signals");
	tell = fds[1];
	*fdp = fds[0];
	(void)sigemptyset(&new.sa_mask);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		if (sigaction(signals[i], NULL, &before[i]) == -1 ||
		    (before[i].sa_handler != SIG_IGN &&
			sigaction(signals[i], &new, NULL) == -1))
			return err_sys(e, ERR_IO, "catch signals");
	}
	return 0;
}
