#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "json.h"

static int
print_json(const struct vault_report *r, const char *file, struct err *e)
{
	struct json j = { 0 };

	json_open(&j, '{');
	json_member_text(&j, "file", file);
	json_member_number(&j, "generation", r->generation);
	json_member_number(&j, "time", r->time);
	json_member_number(&j, "entries", r->records);
	json_member_number(&j, "bytes", r->bytes);
	json_close(&j, '}');
	return cmd_json_print(&j, e);
}

int
cmd_backup(struct session *s, int argc, char **argv, struct err *e)
{
	struct vault_report r = { 0 };
	const char *file = NULL;
	bool json = false;

	if (cmd_flag(argc, argv, "json", 0, &json, e) == -1)
		return -1;
	if (argc - optind != 1)
		return cmd_usage("backup", e);
	file = argv[optind];
	/* A copy of a damaged vault would be found out when it is needed. */
	if (session_open(s, false, e) == -1 ||
	    vault_verify(s->vault, &r, e) == -1 ||
	    vault_backup(s->vault, file, e) == -1)
		return -1;
	if (json)
		return print_json(&r, file, e);
	cmd_print(slice_of(file), NULL);
	printf(": generation %llu, %llu entries; opens with the key of today\n",
	    (unsigned long long)r.generation, (unsigned long long)r.records);
	return 0;
}
