#!/bin/sh
# A program for rotate.method=exec, see pawl-rotate-exec(5): accounts in a file
# of lines USER:HASH, crypt(3)'s SHA-512, which is named accounts and is beside
# this program.  Copy it, and put what your server needs in the place of login
# and change.
#
# A password is in a variable of this shell or in a pipe; it is never an
# argument of a program, and never in the environment.
set -u

accounts=${0%/*}/accounts

# result WORD MESSAGE: the answer, and the end.
result()
{
	printf 'result=%s\nmessage=%s\n\n' "$1" "$2"
	exit 0
}

hash_now()
{
	sed -n "s/^$user://p" "$accounts"
}

# login: is the password right?
login()
{
	hash=$(hash_now)
	[ -n "$hash" ] || return 1
	salt=${hash#\$6\$}
	# printf is the shell's own.
	[ "$(printf '%s\n' "$password" |
	    openssl passwd -6 -salt "${salt%%\$*}" -stdin)" = "$hash" ]
}

# change: the new password in the place of the old one.
change()
{
	hash=$(printf '%s\n' "$new" | openssl passwd -6 -stdin) || return 1
	(umask 077 && sed "s|^$user:.*|$user:$hash|" "$accounts" \
	    >"$accounts.new") && mv "$accounts.new" "$accounts"
}

version='' action='' user='' password='' new=''
while IFS= read -r line && [ -n "$line" ]; do
	case $line in
	version=*) version=${line#*=} ;;
	action=*) action=${line#*=} ;;
	user=*) user=${line#*=} ;;
	password=*) password=${line#*=} ;;
	new=*) new=${line#*=} ;;
	esac
done

[ "$version" = 1 ] || result not-sent "another version than 1"
case $user in
*[!A-Za-z0-9]* | '') result not-sent "no user name that is letters and digits" ;;
esac
[ -r "$accounts" ] || result not-sent "no file of accounts"
case $action in
login)
	login || result bad "wrong password"
	result ok "logged in"
	;;
change)
	login || result refused "wrong password"
	change || result unknown "the file may have been replaced, or not"
	result changed "changed"
	;;
*)
	result not-sent "no such action"
	;;
esac
