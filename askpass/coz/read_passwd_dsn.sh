#!/bin/sh
# In the place of Co:Z's read_passwd_dsn.sh, for jobs that name it in
# SSH_ASKPASS and cannot be changed: the prompt is $1, PASSWD_DSN names
# the data set, and the vault's entry for that data set answers.  The
# data set is not read.  Keep the original under another name.
#
# exec, so that the parent of pawl-askpass is ssh: a refusal has to end
# it, or it would log in with an empty password.
exec "${PAWL_ASKPASS:-/usr/local/bin/pawl-askpass}" "$1"
