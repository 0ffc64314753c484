#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "json.h"

static int
print_json(const struct session *s, const struct vault_restore *r,
    struct err *e)
{
	struct json j = { 0 };

	json_open(&j, '{');
	json_member_text(&j, "vault", s->path);
	json_member_number(&j, "generation", r->restored);
	json_key(&j, "replaced");
	if (r->replaces)
		json_number(&j, r->old);
	else
		json_null(&j);
	json_member_bool(&j, "remembered", r->accepted);
	json_close(&j, '}');
	return cmd_json_print(&j, e);
}

static void
print(const struct session *s, const struct vault_restore *r)
{
	printf("%s: restored generation %llu", s->path,
	    (unsigned long long)r->restored);
	if (r->replaces && r->old != 0)
		printf(" in place of %llu", (unsigned long long)r->old);
	if (r->replaces)
		printf("; what was there is %s.prev until the next change",
		    s->path);
	printf("\n");
}

static int
restore(struct session *s, const char *file, bool force, bool json,
    struct err *e)
{
	struct vault_restore r = { 0 };

	if (session_path(s, e) == -1 || session_key(s, e) == -1)
		return -1;
	r.path = s->path;
	r.from = file;
	r.key = &s->key.slot;
	r.trust = &s->trust;
	r.lock_wait_ms = s->config.lock_wait_ms;
	r.force = force;
	if (vault_restore(&r, e) == -1)
		return -1;
	if (!r.accepted)
		cmd_warn("this machine could not note that the older "
			 "generation is wanted: open it once with "
			 "--accept-older");
	if (json)
		return print_json(s, &r, e);
	print(s, &r);
	return 0;
}

int
cmd_restore(struct session *s, int argc, char **argv, struct err *e)
{
	enum {
		OPTION_JSON = CMD_LONG,
		OPTION_FORCE
	};
	static const struct option longs[] = {
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "force", no_argument, NULL, OPTION_FORCE },
		{ NULL, 0, NULL, 0 },
	};
	bool json = false, force = false;
	int c = 0;

	while ((c = cmd_getopt(argc, argv, ":", longs, e)) != -1) {
		switch (c) {
		case OPTION_JSON:
			json = true;
			break;
		case OPTION_FORCE:
			force = true;
			break;
		default:
			return -1;
		}
	}
	if (argc - optind != 1)
		return cmd_usage("restore", e);
	return restore(s, argv[optind], force, json, e);
}
