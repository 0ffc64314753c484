#include "method.h"

/* sshd with PAM, for a password that has expired. */
const struct method method_ssh_pam = {
	.name = "ssh-pam",
	.reserved = "",
	.runs = true,
};
