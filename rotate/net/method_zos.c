#include "method.h"
#include "policy.h"

/*
 * "PASS password/newpass/newpass[:userdata]", z/OS Communications Server, IP
 * User's Guide and Commands.  It is one command: the server logs in with the
 * first and, if that is right, makes the second the password.  Both have to be
 * passwords (1 to 8 characters) or both phrases (9 to 100).
 *
 * Why it refuses is told only where FTP.DATA says ACCESSERRORMSGS TRUE: the
 * error of __passwd(), EMVSEXPIRE (168, EDC5168I) or EACCES (111) for a
 * password that is wrong.
 */
const struct method method_zos = {
	.name = "zos-pass",
	.pass = "%o/%n/%n",
	.reserved = "/:\"'",
	.check = policy_check_zos_pass,
	.phrase = 9,
	.expiry = { 530, { "EDC5168I", "errno=168," } },
};
