#include "method.h"

/* WS_FTP Server: CPWD new, for whoever is logged in. */
const struct method method_cpwd = {
	.name = "cpwd",
	.pass = "%o",
	.command = "CPWD %n",
	.yes = { 200, 230, 250 },
	.reserved = "",
};
