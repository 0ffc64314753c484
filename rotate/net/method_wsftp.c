#include "method.h"

/*
 * WS_FTP Server for a password that has expired: it answers a login with
 * "560 Password expired, use 'pass oldpassword newpassword'".
 */
const struct method method_wsftp = {
	.name = "wsftp-expired",
	.pass = "%o %n",
	.reserved = "",
	.expiry = { 560, { "xpired" } },
};
