#!/bin/sh
# badlogins.sh DIR: how many bad logins the two daemons of a world have seen, as
# two lines, "sshd N" and "ftp N".  DIR is the one world.sh was given; the world
# may be running or gone.
set -eu

if [ $# -ne 1 ] || [ ! -d "$1/log" ]; then
	echo "usage: badlogins.sh DIR, with DIR a world's" >&2
	exit 64
fi

# count FILE EXPRESSION: the matching lines; no file is no line, for a daemon
# makes it with its first login.
count()
{
	if [ -e "$1" ]; then
		grep -Ec "$2" "$1" || :
	else
		echo 0
	fi
}

# sshd calls the method "none" if the password was empty, as it is when ssh's
# askpass fails; PAM sees that attempt like any other.
echo "sshd $(count "$1/log/sshd.log" '^Failed (none|password|keyboard-interactive/pam) for ')"
echo "ftp $(count "$1/log/ftp-logins" '^bad ')"
