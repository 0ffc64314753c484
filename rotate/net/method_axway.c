#include "method.h"

/*
 * Axway SecureTransport (its knowledge base, 174107): SITE CHPWD account old
 * new, each in base64; "200 CHPWD command successful."
 */
const struct method method_axway = {
	.name = "chpwd",
	.pass = "%o",
	.command = "SITE CHPWD %U %O %N",
	.yes = { 200, 250 },
	.reserved = "",
};
