#include "method.h"

/*
 * "PASS password/newpass/newpass[:userdata]", z/OS Communications Server, IP
 * User's Guide and Commands.  It is one command: the server logs in with the
 * first and, if that is right, makes the second the password.
 */
const struct method method_zos = {
	.name = "zos-pass",
	.change = "%o/%n/%n",
	.reserved = "/:",
};
