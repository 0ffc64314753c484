#include <stdio.h>

#include "cmd.h"
#include "json.h"

static int
print_json(const struct vault_report *r, struct err *e)
{
	struct json j = { 0 };

	json_open(&j, '{');
	json_member_number(&j, "generation", r->generation);
	json_member_number(&j, "time", r->time);
	json_member_number(&j, "bytes", r->bytes);
	json_member_number(&j, "pages", r->pages);
	json_member_number(&j, "index_entries", r->entries);
	json_member_number(&j, "entries", r->records);
	json_member_number(&j, "slots", r->slots);
	json_member_number(&j, "rotating", r->busy);
	json_close(&j, '}');
	return cmd_json_print(&j, e);
}

int
cmd_verify(struct session *s, int argc, char **argv, struct err *e)
{
	struct vault_report r = { 0 };
	char when[CMD_TIME];
	bool json = false;

	if (cmd_flag(argc, argv, "json", 0, &json, e) == -1)
		return -1;
	if (argc != optind)
		return cmd_usage("verify", e);
	if (session_open(s, false, e) == -1 ||
	    vault_verify(s->vault, &r, e) == -1)
		return -1;
	if (json)
		return print_json(&r, e);
	printf("%s: good: generation %llu of %s, %llu entries, %u slots, "
	       "%llu bytes\n",
	    s->path, (unsigned long long)r.generation, cmd_time(when, r.time),
	    (unsigned long long)r.records, r.slots,
	    (unsigned long long)r.bytes);
	if (r.busy != 0)
		printf("%u entries have an unfinished rotation\n", r.busy);
	return 0;
}
