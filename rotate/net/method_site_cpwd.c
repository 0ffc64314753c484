#include "method.h"

/* WS_FTP Server where CPWD is only known to SITE. */
const struct method method_site_cpwd = {
	.name = "site-cpwd",
	.pass = "%o",
	.command = "SITE CPWD %n",
	.yes = { 200, 230, 250 },
	.reserved = "",
};
