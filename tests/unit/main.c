/*
 * Runs every suite, or those named as arguments.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "suites.h"

static const struct {
	const char *name;
	Suite *(*make)(void);
} suites[] = {
	{ "err", err_suite },
	{ "bytes", bytes_suite },
	{ "secret", secret_suite },
	{ "io", io_suite },
	{ "path", path_suite },
	{ "tty", tty_suite },
	{ "store", store_suite },
	{ "state", state_suite },
	{ "sandbox", sandbox_suite },
	{ "audit", audit_suite },
	{ "config", config_suite },
	{ "record", record_suite },
	{ "crypt", crypt_suite },
	{ "table", table_suite },
	{ "slot", slot_suite },
	{ "key", key_suite },
	{ "vault", vault_suite },
	{ "json", json_suite },
	{ "policy", policy_suite },
	{ "codepage", codepage_suite },
	{ "client", client_suite },
	{ "dataset", dataset_suite },
	{ "csv", csv_suite },
	{ "netrc", netrc_suite },
	{ "jsonl", jsonl_suite },
	{ "pass", pass_suite },
	{ "prompt", prompt_suite },
	{ "parent", parent_suite },
	{ "choose", choose_suite },
	{ "run", run_suite },
	{ "otp", otp_suite },
	{ "credential", credential_suite },
	{ "plan", plan_suite },
	{ "window", window_suite },
	{ "due", due_suite },
	{ "text", text_suite },
	{ "transaction", transaction_suite },
	{ "message", message_suite },
	{ "reply", reply_suite },
	{ "login", login_suite },
	{ "edit_text", edit_text_suite },
	{ "bech32", bech32_suite },
	{ "recovery", recovery_suite },
	{ "newfile", newfile_suite },
	{ "rekey", rekey_suite },
	{ "patch", patch_suite },
	{ "stack", stack_suite },
	{ "module", module_suite },
	{ "protocol", protocol_suite },
	{ "talk", talk_suite },
	{ "schedule", schedule_suite },
	{ "progress", progress_suite },
};

static bool
wanted(const char *name, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return true;
	return argc == 1;
}

int
main(int argc, char **argv)
{
	SRunner *runner = srunner_create(NULL);
	size_t i;
	int failed;

	for (i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		if (wanted(suites[i].name, argc, argv))
			srunner_add_suite(runner, suites[i].make());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
