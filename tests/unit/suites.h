/*
 * Every suite of the unit tests.  Each test is a process of its own.
 */
#ifndef SUITES_H
#define SUITES_H

#include <check.h>

Suite *err_suite(void);
Suite *bytes_suite(void);
Suite *secret_suite(void);
Suite *io_suite(void);
Suite *path_suite(void);
Suite *tty_suite(void);
Suite *store_suite(void);
Suite *state_suite(void);
Suite *sandbox_suite(void);
Suite *audit_suite(void);
Suite *config_suite(void);
Suite *record_suite(void);
Suite *crypt_suite(void);
Suite *table_suite(void);
Suite *slot_suite(void);
Suite *key_suite(void);
Suite *vault_suite(void);
Suite *json_suite(void);
Suite *policy_suite(void);
Suite *codepage_suite(void);
Suite *client_suite(void);
Suite *dataset_suite(void);
Suite *csv_suite(void);
Suite *netrc_suite(void);
Suite *jsonl_suite(void);
Suite *pass_suite(void);
Suite *prompt_suite(void);
Suite *parent_suite(void);
Suite *choose_suite(void);
Suite *run_suite(void);
Suite *otp_suite(void);
Suite *credential_suite(void);
Suite *plan_suite(void);
Suite *window_suite(void);
Suite *due_suite(void);
Suite *text_suite(void);
Suite *transaction_suite(void);
Suite *message_suite(void);
Suite *reply_suite(void);
Suite *login_suite(void);
Suite *edit_text_suite(void);
Suite *bech32_suite(void);
Suite *recovery_suite(void);
Suite *newfile_suite(void);
Suite *rekey_suite(void);
Suite *patch_suite(void);
Suite *stack_suite(void);
Suite *module_suite(void);
Suite *protocol_suite(void);
Suite *talk_suite(void);
Suite *schedule_suite(void);
Suite *progress_suite(void);

#endif
