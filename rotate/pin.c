#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io.h"
#include "pin.h"

/* What follows word at the start of a line, up to its end; NULL if none. */
static const char *
line_of(const char *text, const char *word, size_t *lenp)
{
	size_t n = strlen(word);

	while (strncmp(text, word, n) != 0) {
		if ((text = strchr(text, '\n')) == NULL)
			return NULL;
		text++;
	}
	*lenp = strcspn(text + n, "\n");
	return text + n;
}

/* Whether one of the pins between semicolons is this one. */
static bool
has_pin(const char *pins, const char *pin)
{
	size_t n, len = strlen(pin);

	for (;;) {
		n = strcspn(pins, ";");
		if (n == len && memcmp(pins, pin, n) == 0)
			return true;
		if (pins[n] == '\0')
			return false;
		pins += n + 1;
	}
}

static int
judge(const char *name, const struct plan *p, const char *seen, const char *pin,
    struct err *e)
{
	size_t len = 0;
	const char *why = line_of(seen, "unverified ", &len);

	if (why != NULL)
		return err_set(e, ERR_UNREACHABLE,
		    "%s: the server's %.*s; ask its owner for the pin or the "
		    "authority in another way before you set rotate.ca-file",
		    name, (int)len, why);
	if (p->pin[0] != '\0' && !has_pin(p->pin, pin))
		return err_set(e, ERR_UNREACHABLE,
		    "%s: the server's key is not the one of rotate.pin; ask "
		    "its owner whether it was changed",
		    name);
	return 0;
}

static int
print(const char *name, const struct plan *p, const char *seen, const char *pin,
    struct err *e)
{
	static const char line[] = "to accept only this key: pawl-vault set ";
	char text[MESSAGE_REPLY_MAX + MESSAGE_HOST_MAX + 512];
	int n = snprintf(text, sizeof(text), "%s: %s port %u\n%s\n", name,
	    p->host, (unsigned int)p->port, seen);

	if (n > 0 && (size_t)n < sizeof(text) && p->pin[0] == '\0')
		(void)snprintf(text + n, sizeof(text) - (size_t)n,
		    "%s%s rotate.pin=%s\n", line, name, pin);
	if (write_all(STDOUT_FILENO, text, strlen(text)) == -1)
		return err_sys(e, ERR_IO, "standard output");
	return 0;
}

int
pin_show(const char *name, const struct plan *p, struct netproc *net,
    struct err *e)
{
	struct message_request request;
	struct message_result result;
	char pin[MESSAGE_PIN_MAX + 1] = "";
	const char *at;
	size_t len = 0;

	plan_request(p, MESSAGE_LOOK, &request);
	if (netproc_use(net, p, e) == -1)
		return err_in(e, "%s", name);
	netproc_offer(net, &request);
	netproc_ask(net, &result);
	if (result.outcome != MESSAGE_SEEN ||
	    (at = line_of(result.reply, "pin ", &len)) == NULL ||
	    len >= sizeof(pin))
		return err_set(e, ERR_UNREACHABLE,
		    "%s: no certificate was seen: %s", name, result.reply);
	memcpy(pin, at, len);
	if (print(name, p, result.reply, pin, e) == -1)
		return -1;
	return judge(name, p, result.reply, pin, e);
}
