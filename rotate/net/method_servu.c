#include "method.h"

/*
 * Serv-U (its knowledge base, 1056: an administrator has to allow it) and
 * Titan FTP Server: SITE PSWD "old" "new".  A quotation mark would end a
 * password.
 */
const struct method method_servu = {
	.name = "site-pswd",
	.pass = "%o",
	.command = "SITE PSWD \"%o\" \"%n\"",
	.yes = { 230, 200, 250 },
	.reserved = "\"",
};
