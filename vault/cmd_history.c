#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "io.h"
#include "json.h"

enum {
	OPTION_REVEAL = CMD_LONG,
	OPTION_JSON,
	OPTION_RESTORE
};

struct wish {
	bool reveal;
	bool json;
	/* From 1; 0 for none. */
	uint64_t restore;
};

static const char *
kind_name(enum history_kind kind)
{
	switch (kind) {
	case HISTORY_PREVIOUS:
		return "previous";
	case HISTORY_CANDIDATE:
		return "refused";
	}
	return "unknown";
}

/* All but the secret; returns the length. */
static size_t
describe(char *buf, size_t size, const struct history *h, size_t number)
{
	char from[CMD_TIME], until[CMD_TIME];
	int n = 0;

	n = snprintf(buf, size, "%zu\t%s\t%s\t%s", number, kind_name(h->kind),
	    cmd_time(from, h->from), cmd_time(until, h->until));
	return n < 0 || (size_t)n >= size ? 0 : (size_t)n;
}

/* With the secret, past stdio: the line is in secret memory until it is out. */
static int
reveal(const struct history *h, size_t number, struct err *e)
{
	struct secret *line = NULL;
	char head[160];
	size_t len = describe(head, sizeof(head), h, number);
	int rv = -1;

	if ((line = secret_new(len + h->secret.len + 2, e)) == NULL)
		return -1;
	if (secret_set(line, head, len, e) == -1 ||
	    secret_append(line, "\t", 1, e) == -1 ||
	    (h->secret.len > 0 &&
		secret_append(line, h->secret.p, h->secret.len, e) == -1) ||
	    secret_append(line, "\n", 1, e) == -1)
		goto out;
	if (write_all(STDOUT_FILENO, line->data, line->len) == -1) {
		(void)err_sys(e, ERR_IO, "write to standard output");
		goto out;
	}
	rv = 0;
out:
	secret_free(line);
	return rv;
}

static int
print_json(const struct entry *entry, struct err *e)
{
	const struct history *h = NULL;
	struct json j = { 0 };
	size_t i = 0;

	json_open(&j, '[');
	for (i = 0; i < entry->nhistory; i++) {
		h = &entry->history[i];
		json_open(&j, '{');
		json_member_number(&j, "number", i + 1);
		json_member_text(&j, "kind", kind_name(h->kind));
		json_member_number(&j, "from", h->from);
		json_member_number(&j, "until", h->until);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	return cmd_json_print(&j, e);
}

static int
print_lines(const struct entry *entry, bool secrets, struct err *e)
{
	char line[160];
	size_t i = 0;

	for (i = 0; i < entry->nhistory; i++) {
		if (secrets) {
			if (reveal(&entry->history[i], i + 1, e) == -1)
				return -1;
			continue;
		}
		(void)describe(line, sizeof(line), &entry->history[i], i + 1);
		printf("%s\n", line);
	}
	return 0;
}

static int
print_history(struct session *s, const char *name, const struct wish *w,
    struct err *e)
{
	struct secret *plain = NULL;
	struct entry entry = { 0 };
	int rv = -1;

	if (session_open(s, false, e) == -1 ||
	    session_find(s, name, &entry, &plain, e) == -1)
		return -1;
	rv =
	    w->json ? print_json(&entry, e) : print_lines(&entry, w->reveal, e);
	secret_free(plain);
	return rv;
}

/* Takes the secret out of history: as the current one it is still there. */
static int
go_back(struct change *c, size_t index, struct err *e)
{
	struct entry *entry = &c->entry;
	struct slice secret = entry->history[index].secret;

	if (entry->current.p == NULL || !secret_equal(entry->current, secret)) {
		entry->nhistory--;
		memmove(&entry->history[index], &entry->history[index + 1],
		    (entry->nhistory - index) * sizeof(entry->history[0]));
	}
	return change_secret(c, secret, e);
}

static int
restore(struct session *s, const char *name, uint64_t number, struct err *e)
{
	struct change c;
	int rv = -1;

	change_new(&c);
	if (change_open_existing(s, name, &c, e) == -1)
		goto out;
	if (number > c.entry.nhistory) {
		(void)err_set(e, ERR_NOENTRY,
		    "%s has %zu previous secrets: \"pawl-vault history %s\" "
		    "shows them",
		    name, c.entry.nhistory, name);
		goto out;
	}
	if (go_back(&c, (size_t)number - 1, e) == -1 ||
	    change_save(s, &c, e) == -1)
		goto out;
	change_tell(s, &c, stdout);
	rv = 0;
out:
	change_close(s, &c);
	return rv;
}

int
cmd_history(struct session *s, int argc, char **argv, struct err *e)
{
	static const struct option longs[] = {
		{ "reveal", no_argument, NULL, OPTION_REVEAL },
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "restore", required_argument, NULL, OPTION_RESTORE },
		{ NULL, 0, NULL, 0 },
	};
	struct wish w = { 0 };
	int c = 0;

	while ((c = cmd_getopt(argc, argv, ":", longs, e)) != -1) {
		switch (c) {
		case OPTION_REVEAL:
			w.reveal = true;
			break;
		case OPTION_JSON:
			w.json = true;
			break;
		case OPTION_RESTORE:
			if (parse_number(optarg, 1, RECORD_HISTORY_MAX,
				&w.restore, e) == -1)
				return err_in(e, "--restore");
			break;
		default:
			return -1;
		}
	}
	if (argc - optind != 1)
		return cmd_usage("history", e);
	if (w.reveal + w.json + (w.restore != 0) > 1)
		return err_set(e, ERR_USAGE,
		    "--reveal, --json (which never shows a secret) and "
		    "--restore: give one of them");
	s->subject = argv[optind];
	if (w.restore != 0)
		return restore(s, argv[optind], w.restore, e);
	return print_history(s, argv[optind], &w, e);
}
