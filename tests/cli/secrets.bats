#!/usr/bin/env bats
# What the processes of a rotation could do with a password if they were taken
# over, or died: what they have open, what they may, and no core file.

bats_require_minimum_version 1.5.0

servers=$BATS_TEST_DIRNAME/../servers

setup_file()
{
	"$servers/ca.sh" "$BATS_FILE_TMPDIR/ca"
}

setup()
{
	[ "$(id -u)" -eq 0 ] || skip "needs root to look at undumpable processes"
	cd "$BATS_TEST_TMPDIR" || return
	export PATH="$B:$PATH" HOME="$BATS_TEST_TMPDIR/home"
	export XDG_CONFIG_HOME=$HOME/c XDG_DATA_HOME=$HOME/d XDG_STATE_HOME=$HOME/s
	export PAWL_CONFIG=$HOME/pawl.conf
	unset PAWL_VAULT PAWL_KEY_FILE
	mkdir -p "$HOME"
	ca=$BATS_FILE_TMPDIR/ca
	pawl-vault init >/dev/null
}

teardown()
{
	[ -z "${FTPS_PID-}" ] || kill "$FTPS_PID" 2>/dev/null || :
	[ -z "${pid-}" ] || kill -KILL "$pid" 2>/dev/null || :
}

# serve FAULT: a server, and two entries for it.
serve()
{
	printf '{"faults": [%s], "accounts": {"U1": {"password": "OLDPASS1"},
	    "U2": {"password": "OLDPASS1"}}}\n' "$1" >scenario
	coproc FTPS {
		exec "$servers/ftps.py" --stdin-lives --cert "$ca/good.pem" \
			--key "$ca/good.key" --control "$PWD/scenario" 3>&-
	}
	read -r _ port <&"${FTPS[0]}"
	for user in u1 u2; do
		printf 'OLDPASS1\n' | pawl-vault set $user user=$user \
			host=localhost rotate.method=zos-pass \
			rotate.port="$port" rotate.ca-file="$ca/ca.pem" \
			rotate.drain=0s rotate.timeout=20s >/dev/null
	done
}

# until_fired N: until the server's fault has come so many times.
until_fired()
{
	local text=

	until [[ $text == *'"fired": ['[[:space:]]*"$1"[[:space:]]*']'* ]]; do
		read -rd '' text <scenario.state || :
		kill -0 "$pid" || return
	done
}

# processes PID: it, and all that it and they have started: "PID NAME" lines.
processes()
{
	local child

	echo "$1 $(basename "$(readlink "/proc/$1/exe")")"
	for child in $(cat "/proc/$1/task/$1/children"); do
		processes "$child"
	done
}

# The link of each descriptor of a process: "NUMBER LINK" lines.
descriptors()
{
	local fd

	for fd in "/proc/$1/fd/"*; do
		echo "${fd##*/} $(readlink "$fd")"
	done
}

# shut_in PID NAME: what is true of all of them, and of a network half that
# talks to a server.
shut_in()
{
	grep -q '^NoNewPrivs:[[:space:]]1$' "/proc/$1/status"
	grep -q '^Max core file size  *0  *0 ' "/proc/$1/limits"
	# Not dumpable: it is root's, whoever runs it.
	[ "$(stat -c %u "/proc/$1/environ")" -eq 0 ]
	[ "$2" = pawl-rotate-net ] || return 0
	[ -z "$(tr -d '\0' <"/proc/$1/environ" |
		sed 's/^GNUTLS_NO_IMPLICIT_INIT=1//')" ]
	descriptors "$1" >"fds.$1"
	grep -q '^0 socket:' "fds.$1"
	talks "$1" || return 0
	grep -q '^Seccomp:[[:space:]]2$' "/proc/$1/status"
	# Its pair, nothing, its connection and libcurl's own pair to wake it.
	[ "$(grep -c -v -e ' socket:' -e '^[12] /dev/null$' "fds.$1")" -eq 0 ]
	[ "$(wc -l <"fds.$1")" -le 6 ]
	talking=$((talking + 1))
}

# Whether a process has more sockets than that of its parent.
talks()
{
	[ "$(grep -c socket: "fds.$1")" -gt 1 ]
}

# open_to_all: another user can run the programs, and read what they need.
open_to_all()
{
	mkdir bin
	cp "$B"/pawl-rotate* bin/
	chmod o+x "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/* "$PWD" bin
	PATH=$PWD/bin:$PATH
}

# as_nobody COMMAND...: by that user, whose core files have no limit; ends the
# shell.
as_nobody()
{
	chown -R 65534:65534 "$HOME"
	ulimit -c unlimited
	exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}

@test "each process of a rotation is shut in while it waits for a server" {
	local talking=0 n=0

	open_to_all
	serve '{"point": "pass-received", "do": "hang"}'
	as_nobody pawl-rotate --jobs 2 u1 u2 </dev/null >out 2>&1 3>&- &
	pid=$!
	until_fired 2
	processes $pid >list
	cat list
	while read -r one name; do
		shut_in "$one" "$name"
		n=$((n + 1))
	done <list
	# The parent, the one that forks, and two that talk.
	[ $n -eq 4 ]
	[ $talking -eq 2 ]
	kill -KILL $pid
	# It would be seen if it were not so.
	as_nobody sleep 60 3>&- &
	pid=$!
	until [ "$(readlink "/proc/$pid/exe")" != "$(readlink /proc/self/exe)" ] &&
		grep -q sleep "/proc/$pid/comm"; do :; done
	[ "$(stat -c %u "/proc/$pid/environ")" -eq 65534 ]
	grep -q '^Max core file size  *unlimited' "/proc/$pid/limits"
}

@test "one network half alone, and the half that runs programs" {
	local talking=0

	open_to_all
	serve '{"point": "pass-received", "do": "hang"}'
	as_nobody pawl-rotate u1 </dev/null >out 2>&1 3>&- &
	pid=$!
	until_fired 1
	processes $pid >list
	while read -r one name; do
		shut_in "$one" "$name"
	done <list
	[ $talking -eq 1 ]
	kill -KILL $pid
	mkfifo begun
	mkdir -m 755 program
	printf '#!/bin/bash\necho >"%s"\nread -r _ <"%s"\n' "$PWD/begun" \
		"$PWD/begun" >program/waits
	chmod 755 program/waits
	chown 65534:65534 begun
	chown -R 0:0 "$HOME"
	pawl-vault set u2 rotate.method=exec rotate.exec="$PWD/program/waits" \
		rotate.ca-file= >/dev/null
	as_nobody pawl-rotate u2 </dev/null >out 2>&1 3>&- &
	pid=$!
	read -r _ <begun
	processes $pid >list
	cat list
	grep -q pawl-rotate-run list
	while read -r one name; do
		case $name in
		pawl-rotate | pawl-rotate-run) shut_in "$one" "$name" ;;
		bash) # The program: no core file, and nothing but 0, 1 and 2.
			grep -q '^Max core file size  *0  *0 ' \
				"/proc/$one/limits"
			descriptors "$one" >fds
			if grep -v -e '^[012] pipe:' -e '^255 ' -e ' .*/begun$' \
				fds; then false; fi ;;
		esac
	done <list
}

@test "no callback shows what is sent, or tells keys" {
	mkdir half
	cp "$B/pawl-rotate" half/
	cc -std=c11 -D_GNU_SOURCE -fPIC -shared -o half/callbacks.so \
		"$PAWL_SRC/tests/cli/callbacks.c" -ldl
	cat >half/pawl-rotate-net <<-END
		#!/bin/sh
		SPY='$PWD/counts' SSLKEYLOGFILE='$PWD/keys' \
		    LD_PRELOAD='$PWD/half/callbacks.so' \
		    exec '$B/pawl-rotate-net' "\$@"
	END
	chmod 755 half/pawl-rotate-net
	serve ''
	half/pawl-rotate u1
	half/pawl-rotate check u1 u2
	half/pawl-rotate pin u1
	read -r options shown callbacks < <(od -An -tu4 counts)
	echo "$options options, $shown that show, $callbacks callbacks"
	[ "$options" -gt 20 ]
	[ "$shown" -eq 0 ]
	[ "$callbacks" -eq 0 ]
	[ ! -e keys ]
}
