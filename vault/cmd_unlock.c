#include <stdio.h>

#include "cmd.h"
#include "io.h"
#include "keyring.h"

/* "15m", as DEFAULT_SECONDS. */
#define DEFAULT_TEXT "15m"
#define DEFAULT_SECONDS 900

enum {
	OPTION_TIMEOUT = CMD_LONG
};

static int
put(struct session *s, uint32_t seconds, struct err *e)
{
	struct secret *secret = NULL;
	int rv = -1;

	if ((secret = secret_new(CRYPT_KEY, e)) == NULL)
		return -1;
	if (vault_slot_secret(s->vault, &s->key.slot, secret, e) == 0)
		rv =
		    keyring_put(vault_header(s->vault)->id, secret, seconds, e);
	secret_free(secret);
	return rv;
}

int
cmd_unlock(struct session *s, int argc, char **argv, struct err *e)
{
	static const struct option longs[] = {
		{ "timeout", required_argument, NULL, OPTION_TIMEOUT },
		{ NULL, 0, NULL, 0 },
	};
	const char *text = DEFAULT_TEXT;
	uint64_t seconds = DEFAULT_SECONDS;
	char shown[32];
	int c = 0;

	while ((c = cmd_getopt(argc, argv, ":", longs, e)) != -1) {
		if (c != OPTION_TIMEOUT)
			return -1;
		text = optarg;
	}
	if (argc != optind)
		return cmd_usage("unlock", e);
	if (parse_duration(text, &seconds, e) == -1)
		return err_in(e, "--timeout");
	/* To the kernel, 0 is for ever. */
	if (seconds == 0 || seconds > UINT32_MAX)
		return err_set(e, ERR_USAGE,
		    "--timeout: from 1 second to 7000 weeks, please");
	if (session_open(s, false, e) == -1 ||
	    put(s, (uint32_t)seconds, e) == -1)
		return -1;
	printf("%s: unlocked for %s\n", s->path,
	    text_show(shown, sizeof(shown), slice_of(text)));
	return 0;
}

int
cmd_lock(struct session *s, int argc, char **argv, struct err *e)
{
	struct vault_options o = { 0 };
	bool found = false;

	(void)argv;
	if (argc != 1)
		return cmd_usage("lock", e);
	if (session_path(s, e) == -1)
		return -1;
	/* Of the vault only the id is wanted, and that is not secret. */
	o.path = s->path;
	o.trust = &s->trust;
	if ((s->vault = vault_attach(&o, e)) == NULL ||
	    keyring_remove(vault_header(s->vault)->id, &found, e) == -1)
		return -1;
	printf("%s: %s\n", s->path, found ? "locked" : "was not unlocked");
	return 0;
}
