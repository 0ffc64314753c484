#!/usr/bin/env bats
# pawl-rotate with rotate.method=exec: a program that is good, lies, dies at
# any line, hangs, or writes what it likes.  What counts is the account (the
# file of the sample program) and what the vault has afterwards.

bats_require_minimum_version 1.5.0

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	export PATH="$B:$PATH" HOME="$BATS_TEST_TMPDIR/home"
	export XDG_CONFIG_HOME=$HOME/c XDG_DATA_HOME=$HOME/d XDG_STATE_HOME=$HOME/s
	export PAWL_CONFIG=$HOME/pawl.conf
	unset PAWL_VAULT PAWL_KEY_FILE
	mkdir -p "$HOME" program
	chmod 755 program
	sample=$PWD/program/exec-file.sh program=$PWD/program/mine
	install -m 755 "$PAWL_SRC/rotate/samples/exec-file.sh" "$sample"
	printf 'site1:%s\n' "$(echo OLDPASS1 | openssl passwd -6 -stdin)" \
		>program/accounts
	cp program/accounts first-accounts
	pawl-vault init >/dev/null
	entry rotate.exec="$sample"
}

entry()
{
	printf 'OLDPASS1\n' | pawl-vault set site1 user=site1 \
		host=server.example rotate.method=exec rotate.drain=0s \
		rotate.settle=0s rotate.timeout=20s "$@" >/dev/null
}

# mine: a program of the test's own, from standard input, with the request in
# the file "request".
mine()
{
	{
		echo '#!/bin/bash'
		echo "cd '$PWD' || exit"
		cat
	} >"$program"
	chmod 755 "$program"
	pawl-vault set site1 rotate.exec="$program" >/dev/null
}

# holds PASSWORD: the account has it.
holds()
{
	printf 'version=1\naction=login\nuser=site1\npassword=%s\n\n' "$1" |
		"$sample" | grep -q '^result=ok$'
}

# agree: the vault's current password is the account's.
agree()
{
	holds "$(pawl-vault get site1 2>/dev/null)"
}

# anew: the account and its entry as they were at first, with the program as
# it is now.
anew()
{
	cp first-accounts program/accounts
	pawl-vault remove --yes site1 >/dev/null
	entry rotate.exec="$program"
}

ends()
{
	echo "$status: $output"
	[ "$status" -eq "$1" ]
	[[ $output == *"$2"* ]]
}

# all_gone PID: whoever reads "life" has read its end.  One that is left waits
# at "hang", and bats would wait for it.
all_gone()
{
	local rv=0

	wait "$1" || rv=$?
	[ "$rv" -eq 0 ] || timeout 5 sh -c ': >hang'
	return "$rv"
}

state()
{
	pawl-rotate status --json | /usr/bin/python3 -c '
import json, sys
print(json.load(sys.stdin)[0]["status"])'
}

@test "exec: the sample program rotates" {
	run pawl-rotate site1
	ends 0 "site1: changed, and proved by a fresh login"
	agree
	if holds OLDPASS1; then false; fi
}

@test "exec: check, with the right password and a wrong one" {
	run pawl-rotate check site1
	ends 0 "the current password logs in"
	printf 'WRONG123\n' | pawl-vault set site1 >/dev/null
	run pawl-rotate check site1
	ends 3 "the server refuses the current password"
}

@test "exec: what the program is told, and where" {
	mine <<-'END'
		cat >>request
		{ tr '\0' '\n' <"/proc/$$/cmdline"; env; ls "/proc/$$/fd"; } >where
		printf 'result=ok\n\n'
	END
	pawl-vault set site1 rotate.port=1234 >/dev/null
	run pawl-rotate check site1
	ends 0 ""
	printf '%s\n' version=1 action=login host=server.example port=1234 \
		user=site1 timeout=20 password=OLDPASS1 '' >wanted
	diff wanted request
	cat where
	if grep -q -e OLDPASS1 -e PAWL -e XDG where; then false; fi
	grep -q '^PATH=/usr/bin:/bin$' where
	# 0, 1, 2 and bash's own.
	[ "$(grep -c '^[0-9]*$' where)" -le 5 ]
}

@test "exec: a change is asked for with both passwords" {
	mine <<-END
		tee -a request | "$sample"
	END
	pawl-rotate --quiet site1
	agree
	[ "$(grep -c '^action=change$' request)" -eq 1 ]
	[ "$(grep -c '^action=login$' request)" -eq 2 ]
	[ "$(grep '^new=' request)" = "new=$(pawl-vault get site1)" ]
}

@test "exec: a program that lies about a change is found out" {
	mine <<-END
		request=\$(cat)
		case \$request in
		*action=change*) printf 'result=changed\n\n' ;;
		*) printf '%s\n\n' "\$request" | "$sample" ;;
		esac
	END
	run pawl-rotate site1
	ends 3 "the server said yes and has not done it, the old password holds"
	holds OLDPASS1
	agree
}

@test "exec: a program that says no to a change it made is found out" {
	mine <<-END
		request=\$(cat)
		printf '%s\n\n' "\$request" | "$sample" >answer
		case \$request in
		*action=change*) printf 'result=refused\nmessage=no\n\n' ;;
		*) cat answer ;;
		esac
	END
	run pawl-rotate site1
	ends 3 "it made the change all the same, or a person or another machine"
	run pawl-rotate recover --again site1
	ends 0 "changed, and proved"
	agree
}

@test "exec: a program that dies in the change, before and after it was made" {
	for end in 'exit 3' 'kill -9 $$' 'kill -TERM $$' 'exit 0' \
	    'printf "result=changed\n\n"; exit 1' 'printf "result=chan"'; do
		for made in no yes; do
			mine <<-END
				request=\$(cat)
				case \$request in
				*action=change*)
					[ $made = no ] ||
					    printf '%s\n\n' "\$request" | "$sample" >/dev/null
					$end
					exit 0 ;;
				esac
				printf '%s\n\n' "\$request" | "$sample"
			END
			anew
			run pawl-rotate site1
			echo "$end, made: $made: $status: $output"
			agree
			if [ "$made" = yes ]; then
				[ "$status" -eq 0 ]
			else
				[ "$status" -eq 69 ]
			fi
		done
	done
}

@test "exec: a program that dies at each line of its request" {
	for n in 0 1 2 3 4 5 6 7 8; do
		mine <<-END
			IFS= read -r version
			IFS= read -r action
			if [ "\$action" = action=change ]; then
				for ((i = 0; i < $n; i++)); do read -r line; done
				exit 1
			fi
			{ printf '%s\n' "\$version" "\$action"; cat; } | "$sample"
		END
		anew
		run pawl-rotate site1
		echo "$n: $status: $output"
		[ "$status" -eq 69 ]
		agree
		holds OLDPASS1
	done
}

@test "exec: a login that ends in no answer is unknown, never not sent" {
	for end in 'exit 1' 'echo hello' 'printf "result=changed\n\n"' \
	    'printf "result=ok\nresult=ok\n\n"' 'printf "result=ok"' \
	    'printf "result=ok\n\nmore\n"' 'printf "result=ok\0\n\n"' \
	    'head -c 100000 /dev/zero' 'yes' 'kill -9 $$' ''; do
		mine <<<"cat >/dev/null; echo >>told; $end"
		anew
		: >told
		echo "$end"
		run pawl-rotate check site1
		ends 69 ""
		run pawl-rotate check site1
		# It was counted: the third could revoke the account.
		run pawl-rotate check site1
		ends 3 "no password could be proved"
		[ "$(wc -l <told)" -eq 2 ]
	done
}

@test "exec: a program that hangs is ended, with all that it started" {
	mkfifo life
	mine <<-'END'
		cat >/dev/null
		bash -c 'exec >life; read -r line <hang' &
		read -r line <hang
	END
	mkfifo hang
	pawl-vault set site1 rotate.timeout=1s >/dev/null
	# Its end of the pipe closes when the last of them has ended.
	timeout 20 cat life >ended &
	run pawl-rotate check site1
	all_gone $!
	ends 69 "did not end within 1 s"
}

@test "exec: its standard error is passed on, line by line, without secrets" {
	mine <<-'END'
		cat | while IFS= read -r line; do echo "I read $line" >&2; done
		echo "T0xEUEFTUzE is base64" >&2
		printf 'result=ok\nmessage=OLDPASS1\n\n'
	END
	run pawl-rotate check site1
	ends 0 "mine: I read user=site1"
	[[ $output == *"mine: I read password=***"* ]]
	[[ $output == *"mine: *** is base64"* ]]
	if [[ $output == *OLDPASS1* ]]; then false; fi
}

@test "exec: not-sent costs nothing, and says why" {
	mine <<<"cat >/dev/null; printf 'result=not-sent\nmessage=closed on sundays\n\n'"
	run pawl-rotate site1
	ends 69 "nothing was changed: closed on sundays"
	[ "$(state)" = ok ]
}

@test "exec: expired goes on to the change" {
	mine <<-END
		request=\$(cat)
		case \$request in
		*password=OLDPASS1*action=login*|*action=login*password=OLDPASS1*)
			printf 'result=expired\n\n' ;;
		*) printf '%s\n\n' "\$request" | "$sample" ;;
		esac
	END
	run pawl-rotate site1
	ends 0 "changed, and proved"
	agree
}

@test "exec: a program that others can change is never started" {
	mine <<<"touch started; printf 'result=ok\n\n'"
	chmod g+w "$program"
	run pawl-rotate check site1
	ends 69 "is writable by others; run: chmod go-w"
	chmod 755 "$program"
	chmod o+w program
	run pawl-rotate check site1
	ends 69 "program"
	chmod 755 program
	ln -s mine program/link
	pawl-vault set site1 rotate.exec="$PWD/program/link" >/dev/null
	run pawl-rotate check site1
	ends 69 "not a regular file"
	pawl-vault set site1 rotate.exec="$PWD/program/none" >/dev/null
	run pawl-rotate check site1
	ends 69 "program/none"
	[ ! -e started ]
	[ "$(state)" = ok ]
}

@test "exec: one that cannot be executed was told nothing" {
	mine <<<"true"
	sed -i '1s/.*/#!\/nowhere/' "$program"
	run pawl-rotate check site1
	ends 69 "mine: No such file or directory"
	[ "$(state)" = ok ]
}

@test "exec: it ends when pawl-rotate is killed, and recover proves" {
	mkfifo begun life hang
	mine <<-END
		request=\$(cat)
		printf '%s\n\n' "\$request" | "$sample" >answer
		case \$request in
		*action=change*)
			[ ! -e recovery ] || exit
			exec 3>life
			echo >begun
			read -r line <hang ;;
		esac
		cat answer
	END
	timeout 20 cat life >/dev/null &
	life=$!
	pawl-rotate --quiet site1 3>&- &
	read -r line <begun
	kill -9 $!
	wait $! || :
	all_gone "$life"
	if holds OLDPASS1; then false; fi
	: >recovery
	run pawl-rotate recover site1
	ends 0 ""
	agree
}

@test "exec: attributes that mean nothing to it are refused" {
	for attribute in rotate.ca-file=/ca.pem rotate.tls=explicit \
	    rotate.pin=sha256//AAAA rotate.cert=/c.pem; do
		pawl-vault set site1 "$attribute" >/dev/null
		run pawl-rotate check site1
		ends 78 "means nothing to rotate.method=exec"
		pawl-vault set site1 "${attribute%%=*}=" >/dev/null
	done
	pawl-vault set site1 rotate.exec= >/dev/null
	run pawl-rotate check site1
	ends 78 "it has no rotate.exec"
	run pawl-vault set site1 rotate.exec=relative
	ends 64 "must be an absolute path"
}

@test "exec and FTPS in one run: each has its own half" {
	printf 'OLDPASS1\n' | pawl-vault set site2 user=site1 host=127.0.0.1 \
		rotate.method=zos-pass rotate.port=1 >/dev/null
	run pawl-rotate check site2 site1 site2
	ends 69 "site1: the current password logs in"
}

@test "exec: several at once, and FTPS among them" {
	for n in 2 3 4; do
		printf 'site%s:%s\n' "$n" "$(sed 's/^site1://;q' first-accounts)" \
			>>program/accounts
		printf 'OLDPASS1\n' | pawl-vault set "site$n" "user=site$n" \
			host="host$n.example" rotate.method=exec \
			rotate.exec="$PWD/program/turns" rotate.drain=0s >/dev/null
	done
	# The sample replaces its file: one after the other.
	printf '#!/bin/sh\nexec flock "%s" "%s"\n' "$PWD/first-accounts" \
		"$sample" >program/turns
	chmod 755 program/turns
	printf 'OLDPASS1\n' | pawl-vault set site9 user=site1 host=127.0.0.1 \
		rotate.method=zos-pass rotate.port=1 >/dev/null
	run pawl-rotate --jobs 4 site2 site9 site3 site4
	echo "$status: $output"
	[ "$status" -eq 69 ]
	for n in 2 3 4; do
		[[ $output == *"site$n: changed, and proved"* ]]
	done
}
