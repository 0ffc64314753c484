#include <sys/stat.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cmd.h"
#include "io.h"

enum {
	OPTION_PASSPHRASE = CMD_LONG,
	OPTION_DESCRIPTOR,
	OPTION_OPS,
	OPTION_KIB
};

struct init {
	const char *key_file;
	bool passphrase;
	/* Where the passphrase comes from; -1 is the terminal. */
	int fd;
	struct slot_info costs;
	/* What is made. */
	struct key file;
	struct key phrase;
	bool made;
};

static int
parse_cost(const char *option, uint64_t min, uint64_t max, uint32_t *to,
    struct err *e)
{
	uint64_t n = 0;

	if (parse_number(optarg, min, max, &n, e) == -1)
		return err_in(e, "%s", option);
	*to = (uint32_t)n;
	return 0;
}

static int
parse_options(struct init *in, int argc, char **argv, struct err *e)
{
	static const struct option longs[] = {
		{ "key-file", required_argument, NULL, 'k' },
		{ "passphrase", no_argument, NULL, OPTION_PASSPHRASE },
		{ "passphrase-fd", required_argument, NULL, OPTION_DESCRIPTOR },
		{ "kdf-ops", required_argument, NULL, OPTION_OPS },
		{ "kdf-kib", required_argument, NULL, OPTION_KIB },
		{ NULL, 0, NULL, 0 },
	};
	int c = 0, rv = 0;

	while (rv == 0 && (c = cmd_getopt(argc, argv, ":k:", longs, e)) != -1) {
		switch (c) {
		case 'k':
			in->key_file = optarg;
			break;
		case OPTION_PASSPHRASE:
			in->passphrase = true;
			break;
		case OPTION_DESCRIPTOR:
			in->passphrase = true;
			rv = cmd_descriptor(optarg, &in->fd, e);
			break;
		case OPTION_OPS:
			rv = parse_cost("--kdf-ops", SLOT_OPS_MIN, SLOT_OPS_MAX,
			    &in->costs.kdf_ops, e);
			break;
		case OPTION_KIB:
			rv = parse_cost("--kdf-kib", SLOT_KIB_MIN, SLOT_KIB_MAX,
			    &in->costs.kdf_kib, e);
			break;
		default:
			rv = -1;
		}
	}
	return rv;
}

/*
 * Before anything is made: a vault that is there already keeps its key file
 * from being made as well.
 */
static int
check_free(struct session *s, struct err *e)
{
	struct stat st;

	if (session_path(s, e) == -1)
		return -1;
	if (lstat(s->path, &st) == 0)
		return err_set(e, ERR_DENIED,
		    "%s is there already: name another vault with -f FILE or "
		    "PAWL_VAULT",
		    s->path);
	return path_make_parent(s->path, e);
}

static int
get_keys(struct session *s, struct init *in, struct err *e)
{
	const char *path = in->key_file;
	char fallback[PATH_MAX];

	if (in->passphrase && key_new_passphrase(&in->phrase, in->fd, e) == -1)
		return -1;
	if (path == NULL)
		path = s->key_option;
	if (path == NULL && in->passphrase)
		return 0;
	if (path == NULL) {
		if (path_key(fallback, sizeof(fallback), e) == -1)
			return -1;
		path = fallback;
	}
	return cmd_key_file(s, path, &in->file, &in->made, e);
}

static void
tell(const struct session *s, const struct init *in)
{
	printf("vault: %s\n", s->path);
	if (in->file.secret != NULL) {
		printf("key:   %s%s\n", in->file.from,
		    in->made ? " (new)" : " (was there)");
		printf("Back up the key file now, apart from the vault: "
		       "without it the vault cannot be opened%s.\n",
		    in->phrase.secret == NULL ? "" : " but by the passphrase");
	} else {
		printf("The passphrase is the only key: there is no way to "
		       "open the vault without it.\n");
	}
}

static int
init(struct session *s, struct init *in, struct err *e)
{
	const struct slot_key *first = NULL, *second = NULL;
	int rv = -1;

	if (check_free(s, e) == -1 || get_keys(s, in, e) == -1)
		goto out;
	first = in->file.secret != NULL ? &in->file.slot : &in->phrase.slot;
	if (first == &in->file.slot && in->phrase.secret != NULL)
		second = &in->phrase.slot;
	if (vault_create(s->path, first, second, &in->costs, e) == -1)
		goto out;
	tell(s, in);
	rv = 0;
out:
	key_free(&in->file);
	key_free(&in->phrase);
	return rv;
}

int
cmd_init(struct session *s, int argc, char **argv, struct err *e)
{
	struct init in = { .fd = -1 };

	in.costs.kdf_ops = SLOT_OPS_DEFAULT;
	in.costs.kdf_kib = SLOT_KIB_DEFAULT;
	in.costs.created = (uint64_t)time(NULL);
	if (parse_options(&in, argc, argv, e) == -1)
		return -1;
	if (argc != optind)
		return cmd_usage("init", e);
	if (s->passphrase)
		return err_set(e, ERR_USAGE,
		    "a new vault has no passphrase yet: write "
		    "--passphrase behind init");
	if (s->recovery || s->key_fd >= 0)
		return err_set(e, ERR_USAGE,
		    "a new vault gets a key file or a passphrase, behind "
		    "init; add other keys with \"pawl-vault slot add\"");
	return init(s, &in, e);
}
