#include <sys/types.h>

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "answerer.h"
#include "bytes.h"
#include "io.h"
#include "message.h"

static int
put(int fd, const void *p, size_t len)
{
	unsigned char head[2];

	put_u16(head, (uint16_t)len);
	return write_all(fd, head, sizeof(head)) == -1 ? -1 :
							 write_all(fd, p, len);
}

static int
get(int fd, struct secret *to)
{
	unsigned char head[2];
	size_t len;

	if (read_full(fd, head, sizeof(head)) != (ssize_t)sizeof(head))
		return 0;
	len = get_u16(head);
	if (len > to->cap || read_full(fd, to->data, len) != (ssize_t)len)
		return 0;
	to->len = len;
	return 1;
}

int
answerer_run(const char *prompt, struct err *e)
{
	size_t len = strlen(prompt);
	struct secret *s = secret_new(MESSAGE_PASSWORD_MAX + 1, e);

	if (s != NULL && len <= UINT16_MAX &&
	    put(STDIN_FILENO, prompt, len) == 0 && get(STDIN_FILENO, s) == 1 &&
	    secret_append(s, "\n", 1, e) == 0 &&
	    write_all(STDOUT_FILENO, s->data, s->len) == 0) {
		secret_free(s);
		return 0;
	}
	secret_free(s);
	/* Who asks is ssh, or nobody any more. */
	if (getppid() > 1)
		(void)kill(getppid(), SIGKILL);
	return err_set(e, ERR_DENIED, "ssh asks what is not to be answered");
}

int
answerer_prompt(int fd, struct secret *to)
{
	return get(fd, to);
}

int
answerer_answer(int fd, const struct secret *answer)
{
	return put(fd, answer->data, answer->len);
}
