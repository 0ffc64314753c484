#!/bin/bash
# demo.sh: the main job on real programs, one readable line a step.  make demo
# builds what it needs first.  Everything it starts and writes is its own: a
# private mount namespace, loopback, a temporary directory that goes away.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd -P)
: "${B:=$here/../build}"
PATH=$B:$PATH
export B PATH

# shellcheck source=tests/demo_fleet.sh
. "$here/demo_fleet.sh"

fail()
{
	printf 'demo: %s\n' "$1" >&2
	exit 1
}

step()
{
	printf '\n%s\n' "$1"
}

line()
{
	printf '    %s\n' "$1"
}

# run COMMAND...: shows what it prints, indented; fails with it.
run()
{
	"$@" 2>&1 | sed 's/^/    /'
}

milliseconds()
{
	date +%s%3N
}

# job COMMAND...: what a batch job is: no terminal, nothing on standard input,
# the answer only from SSH_ASKPASS.
job()
{
	setsid -w env SSH_ASKPASS="$B/pawl-askpass" SSH_ASKPASS_REQUIRE=force \
		"$@" </dev/null
}

ssh_options()
{
	printf '%s\n' -o "UserKnownHostsFile=$PAWL_T_KNOWN_HOSTS" \
		-o StrictHostKeyChecking=yes -o NumberOfPasswordPrompts=1 \
		-o PreferredAuthentications=password -o PubkeyAuthentication=no \
		-F none
}

login()
{
	local started

	started=$(milliseconds)
	job "$@" ssh "${options[@]}" -p "$PAWL_T_SSH_PORT" site1@127.0.0.1 \
		"echo \"\$(id -un) on \$(uname -s), with no password in sight\"" |
		sed 's/^/    /'
	line "($(($(milliseconds) - started)) ms)"
}

# refused SECRET-FILE: whether the host refuses what the file holds.  Asked at
# a second sshd of the same host, with a log of its own: in the first one's
# every bad login shall be a fault.
refused()
{
	local askpass="$PAWL_T_DIR/plain" port sshd refused

	port=$((PAWL_T_SSH_PORT + 1))
	/usr/sbin/sshd -D -p $port -E "$PAWL_T_DIR/log/second.log" \
		-o PidFile=none &
	sshd=$!
	wait_for "$PAWL_T_DIR/log/second.log" "Server listening"
	printf '#!/bin/sh\ncat %s\n' "$1" >"$askpass"
	chmod 700 "$askpass"
	refused=true
	if setsid -w env SSH_ASKPASS="$askpass" SSH_ASKPASS_REQUIRE=force \
		ssh "${options[@]}" -o HostKeyAlias="[127.0.0.1]:$PAWL_T_SSH_PORT" \
		-p $port site1@127.0.0.1 true </dev/null 2>/dev/null; then
		refused=false
	fi
	kill $sshd
	wait $sshd || :
	grep -q '^Failed password for site1' "$PAWL_T_DIR/log/second.log" &&
		$refused
}

# logged LOG EXPRESSION: how many lines of a server's own log match; a server
# that nobody has asked yet has none.
logged()
{
	[ -e "$PAWL_T_DIR/log/$1" ] || { echo 0; return; }
	grep -Ec "$2" "$PAWL_T_DIR/log/$1" || :
}

ftp_logins()
{
	logged ftp-logins '^(ok|changed) '
}

# How often the vault was committed.
generation()
{
	pawl-vault verify --json | sed 's/.*"generation":\([0-9]*\).*/\1/'
}

# wait_for FILE TEXT: until the file has it.
wait_for()
{
	# shellcheck disable=SC2016 # the inner shell's parameters
	timeout 20 sh -c 'tail -n +1 -F "$1" 2>/dev/null |
	    grep -q -m 1 -- "$2"' sh "$1" "$2"
}

import()
{
	local dataset="$PAWL_T_DIR/HLQ.PASSWD.SITE1"

	step "a. A password data set, as z/OS has it (FB80, EBCDIC), becomes a vault"
	printf '%-72s00000100' OLDPASS1 | iconv -f ISO-8859-1 -t IBM1047 \
		>"$dataset"
	line "HLQ.PASSWD(SITE1), $(wc -c <"$dataset") bytes, in the clear:"
	od -An -tx1 -N 16 "$dataset" | sed 's/^/    /'
	run pawl-vault init
	run pawl-vault import dataset "$dataset" --name site1 \
		--dataset 'HLQ.PASSWD(SITE1)' user=site1 host=127.0.0.1 \
		rotate.method=zos-pass rotate.port="$PAWL_T_FTP_PORT" \
		rotate.ca-file="$PAWL_T_CA"
	rm -f "$dataset"
	run pawl-vault verify
	if grep -q -a -e OLDPASS1 -e site1 "$XDG_DATA_HOME/pawl/vault"; then
		fail "the vault shows a name or a password"
	fi
	line "neither the password nor a name can be read in the file"
}

batch_jobs()
{
	step "b. Jobs log in: by entry, by data set name as Co:Z has it, and sftp -b"
	line "PAWL_ENTRY=site1 ssh site1@127.0.0.1 ..."
	login PAWL_ENTRY=site1
	line "PASSWD_DSN='HLQ.PASSWD(SITE1)' ssh site1@127.0.0.1 ..."
	login "PASSWD_DSN=HLQ.PASSWD(SITE1)"
	line "PAWL_ENTRY=site1 sftp -b - site1@127.0.0.1"
	head -c 100000 /dev/urandom >"$PAWL_T_DIR/sent"
	printf 'put %s received\n' "$PAWL_T_DIR/sent" >"$PAWL_T_DIR/batch"
	job PAWL_ENTRY=site1 sftp -o BatchMode=no -b "$PAWL_T_DIR/batch" \
		"${options[@]}" -P "$PAWL_T_SSH_PORT" site1@127.0.0.1 \
		>/dev/null
	cmp "$PAWL_T_DIR/sent" "$PAWL_T_DIR/home/site1/received"
	line "100,000 bytes arrived"
}

rotate()
{
	local started ftp generation

	step "c. pawl-rotate changes it over FTPS, PASS old/new/new, and proves it"
	ftp=$(ftp_logins)
	generation=$(generation)
	started=$(milliseconds)
	run pawl-rotate site1
	line "($(($(milliseconds) - started)) ms: $(($(ftp_logins) - ftp)) logins, $(($(generation) - generation)) commits)"
}

again()
{
	step "d. The same job, unchanged, with the new password"
	login PAWL_ENTRY=site1
	printf 'OLDPASS1\n' >"$PAWL_T_DIR/old"
	refused "$PAWL_T_DIR/old" || fail "the old password still logs in"
	line "the old password is refused (asked at a second sshd of this host)"
}

# The server changes the password and then holds its answer back, so that
# pawl-rotate can be killed exactly there.
crash()
{
	local hold="$PAWL_T_DIR/state/hold" before pid

	step "e. pawl-rotate dies (SIGKILL) right after the change was sent"
	before=$(logged ftp-logins '^changed ')
	touch "$hold"
	pawl-rotate --force --quiet site1 2>/dev/null &
	pid=$!
	until [ "$(logged ftp-logins '^changed ')" -gt "$before" ]; do
		kill -0 $pid || fail "pawl-rotate ended before it was killed"
	done
	kill -KILL $pid
	wait $pid 2>/dev/null || :
	rm -f "$hold"
	line "killed; the server has changed the password, the vault says:"
	pawl-rotate status | sed 's/^/    /'
	run pawl-rotate recover site1
	login PAWL_ENTRY=site1
}

summary()
{
	local bad

	step "i. Summary"
	line "logins in the servers' own logs: $(logged sshd.log '^Accepted ') by ssh and sftp, $(ftp_logins) by FTPS"
	"$here/servers/badlogins.sh" "$PAWL_T_DIR" |
		while read -r daemon bad; do
			line "bad logins in $daemon's own log: $bad"
		done
	bad=$("$here/servers/badlogins.sh" "$PAWL_T_DIR" |
		awk '{ n += $2 } END { print n }')
	# The one that f. told of.
	[ "$bad" -eq 1 ] || fail "a login failed that should not"
	run pawl-vault show site1
	run pawl-vault verify
}

inside()
{
	mapfile -t options < <(ssh_options)
	import
	batch_jobs
	rotate
	again
	crash
	fleet_rotate
	fleet_mend
	fleet_report
	summary
}

if [ "${1-}" = inside ]; then
	inside
	exit
fi
if [ "$(id -u)" -ne 0 ]; then
	echo "the demo's servers need a mount namespace; run: sudo make demo" >&2
	exit 1
fi
temporary=$(mktemp -d "${TMPDIR:-/tmp}/pawl-demo.XXXXXX")
trap 'rm -rf "$temporary"' EXIT
WORLD_PAM_ARGS="hold=/run/world/state/hold revoke=3" PAWL_T_PAM="$B/tests/pam_pawl.so" \
	"$here/servers/world.sh" "$temporary/world" "$here/demo.sh" inside
echo
echo "Nothing is left behind: $temporary is removed, the daemons are stopped."
