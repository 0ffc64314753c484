#include <stdio.h>

#include "cmd.h"
#include "io.h"
#include "policy.h"

/* Some 190 bits of letters and digits. */
#define LENGTH 32

enum {
	OPTION_PRINT = CMD_LONG
};

struct wish {
	const char *policy;
	const char *length;
	const char *alphabet;
	bool print;
};

/* Without options the entry decides: its policy, or that of its method. */
static int
entry_policy(struct policy *p, const struct entry *entry, struct err *e)
{
	struct slice value = { NULL, 0 };
	char name[RECORD_VALUE_MAX + 1];
	size_t at = 0;

	if (record_attr(entry, "rotate.policy", &at, &value)) {
		if (slice_text(value, name, sizeof(name)) == -1)
			return err_set(e, ERR_CONFIG,
			    "its rotate.policy is too long");
		return policy_named(p, name, e);
	}
	at = 0;
	if (record_attr(entry, "rotate.method", &at, &value))
		return policy_named(p, "racf", e);
	return policy_custom(p, LENGTH, NULL, e);
}

static int
wish_policy(struct policy *p, const struct wish *w, struct err *e)
{
	uint64_t length = LENGTH;

	if (w->policy != NULL)
		return policy_named(p, w->policy, e);
	if (w->length != NULL &&
	    parse_number(w->length, 1, POLICY_LENGTH_MAX, &length, e) == -1)
		return err_in(e, "--length");
	return policy_custom(p, (size_t)length, w->alphabet, e);
}

static int
generate(struct session *s, const char *name, const struct wish *w,
    struct policy *p, struct err *e)
{
	struct slice user = { NULL, 0 };
	struct secret *secret = NULL;
	struct change c;
	size_t at = 0;
	int rv = -1;

	change_new(&c);
	if ((secret = secret_new(RECORD_SECRET_MAX, e)) == NULL)
		goto out;
	if (change_open(s, name, &c, e) == -1)
		goto out;
	if (w->policy == NULL && w->length == NULL && w->alphabet == NULL &&
	    entry_policy(p, &c.entry, e) == -1)
		goto out;
	(void)record_attr(&c.entry, "user", &at, &user);
	if (policy_generate(p, user, c.entry.current, secret, e) == -1)
		goto out;
	if (change_secret(&c, secret_slice(secret), e) == -1 ||
	    change_save(s, &c, e) == -1)
		goto out;
	/* On a terminal or in a pipe: the secret alone is the output. */
	change_tell(s, &c, w->print ? stderr : stdout);
	if (w->print && cmd_hand_out(s, &c.entry, true, e) == -1)
		goto out;
	rv = 0;
out:
	change_close(s, &c);
	secret_free(secret);
	return rv;
}

int
cmd_generate(struct session *s, int argc, char **argv, struct err *e)
{
	static const struct option longs[] = {
		{ "policy", required_argument, NULL, 'p' },
		{ "length", required_argument, NULL, 'l' },
		{ "alphabet", required_argument, NULL, 'a' },
		{ "print", no_argument, NULL, OPTION_PRINT },
		{ NULL, 0, NULL, 0 },
	};
	struct wish w = { 0 };
	struct policy p = { 0 };
	int c = 0;

	while ((c = cmd_getopt(argc, argv, ":p:l:a:", longs, e)) != -1) {
		switch (c) {
		case 'p':
			w.policy = optarg;
			break;
		case 'l':
			w.length = optarg;
			break;
		case 'a':
			w.alphabet = optarg;
			break;
		case OPTION_PRINT:
			w.print = true;
			break;
		default:
			return -1;
		}
	}
	if (argc - optind != 1)
		return cmd_usage("generate", e);
	if (w.policy != NULL && (w.length != NULL || w.alphabet != NULL))
		return err_set(e, ERR_USAGE,
		    "a policy has its own length and alphabet: give either "
		    "--policy or those");
	if (wish_policy(&p, &w, e) == -1)
		return -1;
	s->subject = argv[optind];
	return generate(s, argv[optind], &w, &p, e);
}
