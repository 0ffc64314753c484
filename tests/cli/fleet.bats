#!/usr/bin/env bats
# pawl-rotate and many entries: who is meant, who comes when, what one failure
# does to the others, and how all of it is stopped.  What counts is what the
# servers' state files and the vault say afterwards.

bats_require_minimum_version 1.5.0

servers=$BATS_TEST_DIRNAME/../servers

setup_file()
{
	"$servers/ca.sh" "$BATS_FILE_TMPDIR/ca"
	cc -std=c11 -D_GNU_SOURCE -I"$BATS_TEST_DIRNAME/../../include" \
	    -o "$BATS_FILE_TMPDIR/rotating" "$BATS_TEST_DIRNAME/rotating.c" \
	    "$B/libvault.a" -lsodium
}

setup()
{
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
	[ -z "${ONE_PID-}" ] || kill "$ONE_PID" 2>/dev/null || :
	[ -z "${TWO_PID-}" ] || kill "$TWO_PID" 2>/dev/null || :
}

# scenario FILE FIRST LAST [FAULT,... [NAME=ACCOUNT SETTING,... ...]]
scenario()
{
	/usr/bin/python3 - "$@" <<-'END'
		import json, sys
		file, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
		accounts = {f"U{i:02}": {"password": "OLDPASS1"}
		            for i in range(first, last + 1)}
		for setting in sys.argv[5:]:
		    name, _, values = setting.partition("=")
		    accounts[name].update(json.loads("{" + values + "}"))
		faults = json.loads("[" + "".join(sys.argv[4:5]) + "]")
		with open(file, "w") as out:
		    json.dump({"accounts": accounts, "faults": faults}, out)
	END
}

server()
{
	exec "$servers/ftps.py" --stdin-lives --cert "$ca/good.pem" \
		--key "$ca/good.key" --control "$PWD/$1" 3>&-
}

# fleet HOST PORT FIRST LAST: entries fleet/NN for the accounts UNN.
fleet()
{
	awk -v host="$1" -v first="$3" -v last="$4" 'BEGIN {
		for (i = first; i <= last; i++)
			printf "{\"name\": \"fleet/%02d\", \"user\": \"U%02d\", " \
			    "\"host\": \"%s\", \"secret\": \"OLDPASS1\"}\n", i, i, host
	}' >entries
	pawl-vault import jsonl entries rotate.method=zos-pass \
		rotate.port="$2" rotate.ca-file="$ca/ca.pem" rotate.drain=0s \
		rotate.settle=0s rotate.timeout=20s >/dev/null 2>&1
}

# serve COUNT [FAULT,... [NAME=SETTING ...]]: one server, and its entries.
serve()
{
	scenario one 1 "$@"
	coproc ONE { server one; }
	read -r _ port <&"${ONE[0]}"
	fleet localhost "$port" 1 "$1"
}

# total COUNTER: of all accounts of all servers.
total()
{
	cat ./*.state | /usr/bin/python3 -c '
import json, sys
decoder, text, sum = json.JSONDecoder(), sys.stdin.read(), 0
while text.strip():
    state, end = decoder.raw_decode(text.lstrip())
    text = text.lstrip()[end:]
    sum += state.get(sys.argv[1], 0)
    sum += int(0 if sys.argv[1] in state else
               __builtins__.sum(a[sys.argv[1]] for a in state["accounts"].values()))
print(sum)' "$1"
}

# agree [NAME ...]: the vault has the servers' passwords, but for those named;
# nobody is locked out.
agree()
{
	pawl-vault export jsonl --reveal >exported
	/usr/bin/python3 - "$@" <<-'END'
		import glob, json, sys
		accounts = {}
		for file in glob.glob("*.state"):
		    accounts.update(json.load(open(file))["accounts"])
		wrong = [name for name, a in accounts.items() if a["locked"]]
		for line in open("exported"):
		    entry = json.loads(line)
		    name = entry["name"]
		    if name.startswith("fleet/") and name not in sys.argv[1:]:
		        user = "U" + name[-2:]
		        if entry["secret"] != accounts[user]["password"]:
		            wrong.append(name)
		print("wrong:", wrong)
		sys.exit(bool(wrong))
	END
	rm exported
}

# ends STATUS TEXT: how the last run ended.
ends()
{
	echo "$status: $output"
	[ "$status" -eq "$1" ]
	[[ $output == *"$2"* ]]
}

# unfinished: entries that are neither fine nor due.
unfinished()
{
	pawl-rotate status --json | /usr/bin/python3 -c '
import json, sys
print(sum(row["status"] not in ("ok", "due") for row in json.load(sys.stdin)))'
}

# put_right: recovers all, and those whose change was lost once it can come no
# more: 69, for it had not reached the server.
put_right()
{
	local name

	run pawl-rotate recover
	echo "$output"
	[ "$status" -eq 0 ] || [ "$status" -eq 69 ]
	while read -r name; do
		"$BATS_FILE_TMPDIR/rotating" "$XDG_DATA_HOME/pawl/vault" \
		    "$XDG_CONFIG_HOME/pawl/key" "$name" old
	done < <(sed -n 's/^pawl-rotate: \(.*\): the change was lost.*/\1/p' \
		<<<"$output")
	pawl-rotate recover
	[ "$(unfinished)" -eq 0 ]
	agree
}

SLOW='{"point": "pass-received", "do": "delay", "ms": 100}'
HELD='{"point": "pass-reply", "change": true, "do": "delay", "ms": 1000}'

# --- All of it --------------------------------------------------------------

@test "50 accounts on two hosts, five of which fail, each in its own way" {
	scenario one 1 30 "$SLOW" 'U07="changes_left": 0'
	scenario two 31 50 "$SLOW" 'U40="password": "OTHERPW1"'
	coproc ONE { server one; }
	read -r _ port <&"${ONE[0]}"
	fleet localhost "$port" 1 30
	coproc TWO { server two; } 2>/dev/null
	read -r _ port <&"${TWO[0]}"
	fleet 127.0.0.1 "$port" 31 50
	pawl-vault set fleet/11 rotate.port=1 >/dev/null
	pawl-vault set fleet/12 rotate.tls= rotate.policy= rotate.pin=md5 \
		>/dev/null || pawl-vault set fleet/12 user= >/dev/null
	pawl-vault set fleet/45 rotate.ca-file="$PWD/none.pem" >/dev/null
	printf 'rotate-brake = no\nrotate-per-host = 3\n' >"$PAWL_CONFIG"
	run pawl-rotate --all --jobs 12
	ends 3 "50 entries: 45 changed, 1 refused, 2 unreachable, 1 with an error, 1 that need attention"
	[[ $output == *"fleet/07: the server did not change it"* ]]
	[[ $output == *"fleet/11: nothing was changed: no connection"* ]]
	[[ $output == *"fleet/40: the server refuses the current password"* ]]
	[[ $output == *"fleet/45: nothing was changed: CA file"* ]]
	[[ $output == *"1 entry needs attention: run \"pawl-rotate recover\""* ]]
	agree fleet/40
	[ "$(total changes)" -eq 45 ]
	[ "$(total total_bad)" -eq 1 ]
	[ "$(unfinished)" -le 2 ]
	# Never more than three at one host, and yet several.
	for state in one two; do
		n=$(grep -o '"pass_at_once": [0-9]*' $state.state | grep -o '[0-9]*$')
		echo "$state: $n at once"
		[ "$n" -le 3 ]
		[ "$n" -ge 2 ]
	done
	# Nothing is left for a second run but what failed.
	run pawl-rotate --all
	ends 3 "that need attention"
	[ "$(total changes)" -eq 45 ]
}

@test "an entry says how many its host takes at a time" {
	echo 'rotate-per-host = 2' >"$PAWL_CONFIG"
	serve 12 "$SLOW"
	pawl-vault set fleet/07 rotate.per-host=5 >/dev/null
	# The most cautious word of several.
	pawl-vault set fleet/08 rotate.per-host=1 >/dev/null
	run pawl-rotate check --all --jobs 8
	ends 0 "12 entries: 12 good"
	[ "$(total pass_at_once)" -eq 1 ]
	# What is known of this host goes before what counts for any.
	pawl-vault set fleet/08 rotate.per-host= >/dev/null
	run pawl-rotate check --all --jobs 8
	ends 0 "12 entries: 12 good"
	n=$(total pass_at_once)
	[ "$n" -gt 2 ]
	[ "$n" -le 5 ]
	run pawl-vault set fleet/08 rotate.per-host=0
	ends 64 "rotate.per-host: "
}

@test "a run over many is quiet if asked to, and tells of faults" {
	serve 6 '' 'U03="changes_left": 0'
	run pawl-rotate --quiet --all
	ends 76 "pawl-rotate: fleet/03: the server did not change it"
	[ "${#lines[@]}" -eq 1 ]
	agree
}

@test "one line for each entry, and none for its steps" {
	serve 5
	run pawl-rotate --all
	ends 0 "5 entries: 5 changed"
	[ "${#lines[@]}" -eq 6 ]
	[[ $output == *"fleet/04: changed, and proved by a fresh login"* ]]
	agree
}

@test "a terminal has a line that says how far it is" {
	serve 12 "$SLOW"
	run script -qec "pawl-rotate --all --jobs 2" /dev/null
	ends 0 "12 entries: 12 changed"
	[[ $output =~ [1-9]" of 12 done, 2 at work, "[0-9]+" to go, "[0-9.]+"/s, "[0-9]+" s left" ]]
	agree
}

# --- Who is meant -----------------------------------------------------------

@test "names, patterns, and both: each entry once" {
	serve 12
	pawl-vault set 'fleet/0[x]' user=a host=b <<<OLDPASS1 >/dev/null
	run pawl-rotate check fleet/02 'fleet/0[23]' 'fleet/1?' fleet/02
	ends 0 "5 entries: 5 good"
	[ "$(total logins)" -eq 5 ]
	run pawl-rotate check 'other/*'
	ends 1 "no entry with a rotate.method matches other/*"
	# What is a name is no pattern.
	run pawl-rotate check 'fleet/0[x]'
	ends 78 "no rotate.method"
	run pawl-rotate check fleet/01 none fleet/03
	ends 1 "pawl-rotate: no entry none"
	[[ $output == *"3 entries: 2 good, 1 with an error"* ]]
}

@test "--all leaves out what was rotated a moment ago; --due takes what is due" {
	serve 4
	run pawl-rotate --due
	ends 0 "nothing is due"
	pawl-vault set fleet/02 rotate.every=0s rotate.min-age=0s >/dev/null
	pawl-vault set fleet/03 rotate.every=0s >/dev/null
	run pawl-rotate --due
	ends 0 "2 entries: 2 changed"
	run pawl-rotate --due
	ends 0 "fleet/02: changed"
	[[ $output != *fleet/03* ]]
	run pawl-rotate --quiet --due
	ends 0 ""
	[ "$(total changes)" -eq 4 ]
	run pawl-rotate --all
	ends 0 "3 entries: 3 changed"
	run pawl-rotate 'fleet/0[134]'
	ends 0 "3 entries left out: younger than rotate.min-age"
	# Named itself it is told, as ever.
	run pawl-rotate fleet/03
	ends 75 "rotate.min-age"
	agree
}

@test "nobody is meant" {
	run pawl-rotate --all
	ends 1 "no entry has a rotate.method"
	run pawl-rotate --due
	ends 0 "nothing is due"
	run pawl-rotate recover
	ends 0 ""
}

@test "wrong use is status 64" {
	for words in '--all x' '--due x' '--all --due' '--jobs 0 x' \
		'--jobs 513 x' '--jobs x x' 'check'; do
		# shellcheck disable=SC2086 # words
		run pawl-rotate $words
		ends 64 "pawl-rotate: "
	done
}

@test "two entries of one account are never under way at once" {
	scenario one 1 2 "$SLOW"
	coproc ONE { server one; }
	read -r _ port <&"${ONE[0]}"
	fleet localhost "$port" 1 1
	pawl-vault copy fleet/01 fleet/01b >/dev/null
	pawl-vault set fleet/01b user=u01 host=LOCALHOST >/dev/null
	pawl-vault copy fleet/01 fleet/01c >/dev/null
	run pawl-rotate check --all --jobs 8
	ends 0 "3 entries: 3 good"
	[ "$(total pass_at_once)" -eq 1 ]
}

@test "another set of certificates has a network half of its own" {
	serve 6
	cp "$ca/untrusted.pem" other.pem
	for i in 2 4 6; do
		pawl-vault set fleet/0$i rotate.ca-file="$PWD/other.pem" >/dev/null
	done
	run pawl-rotate --all
	ends 69 "6 entries: 3 changed, 3 unreachable"
	agree
	[ "$(total total_bad)" -eq 0 ]
}

# --- How it is stopped ------------------------------------------------------

@test "the brake stops it before all of them meet the same" {
	serve 30
	scenario new 1 30 '{"point": "change", "do": "reply", "text": "530 no"}'
	mv new one
	echo 'rotate-brake = 3' >"$PAWL_CONFIG"
	run pawl-rotate --all --jobs 2
	ends 76 "stopped after "
	[[ $output == *"(rotate-brake): find out why before the other "* ]]
	[ "$(total requests)" -le 4 ]
	[ "$(unfinished)" -eq 0 ]
	agree
	# A share of them.
	echo 'rotate-brake = 50%' >"$PAWL_CONFIG"
	run pawl-rotate --all --force --jobs 2
	ends 76 "stopped after "
	[ "$(total requests)" -le 10 ]
	# And without one all are tried.
	echo 'rotate-brake = no' >"$PAWL_CONFIG"
	run pawl-rotate --all --force
	ends 76 "30 entries: 30 refused"
	[ "$(total total_bad)" -eq 0 ]
}

# interrupted SIGNAL: in the middle of a run.
interrupted()
{
	env --default-signal=INT,TERM,HUP pawl-rotate --all --jobs 4 >out \
		2>&1 3>&- &
	pid=$!
	until [ "$(total changes)" -ge 3 ]; do
		kill -0 $pid || return
	done
	kill -s "$1" $pid
	status=0
	wait $pid || status=$?
	output=$(cat out)
}

@test "Ctrl-C ends what has begun, and starts nothing more" {
	serve 50 "$SLOW"
	interrupted INT
	ends 75 "stopped on request: what had begun was ended"
	[ "$(total changes)" -lt 50 ]
	[ "$(unfinished)" -eq 0 ]
	[ "$(total total_bad)" -eq 0 ]
	agree
	interrupted_at=$(total changes)
	[[ $output == *" entries: $interrupted_at changed, $((50 - interrupted_at)) not started"* ]]
	# The rest, and by another signal.
	interrupted TERM
	ends 75 "stopped on request"
	agree
	run pawl-rotate --quiet --all
	ends 0 ""
	agree
	[ "$(total changes)" -eq 50 ]
}

@test "Ctrl-C on a terminal does not reach the network half" {
	serve 20 "$SLOW"
	/usr/bin/python3 - >out <<-'END'
		import os, pty, signal, sys
		pid, fd = pty.fork()
		if pid == 0:
		    # Whoever runs the tests may ignore it.
		    signal.signal(signal.SIGINT, signal.SIG_DFL)
		    os.execvp("pawl-rotate", ["pawl-rotate", "--all", "--jobs", "4"])
		said = b""
		while b"changed, and proved" not in said:
		    said += os.read(fd, 4096)
		os.write(fd, b"\x03")
		try:
		    while data := os.read(fd, 4096):
		        said += data
		except OSError:
		    pass
		print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
		sys.stdout.write(said.decode())
	END
	cat out
	[ "$(head -n 1 out)" -eq 75 ]
	grep -q "stopped on request" out
	[ "$(unfinished)" -eq 0 ]
	agree
}

@test "a second signal stops it at once, and recover puts it right" {
	serve 8 "$HELD"
	env --default-signal=TERM pawl-rotate --all --jobs 4 >out 2>&1 3>&- &
	pid=$!
	until [ "$(total changes)" -ge 1 ]; do kill -0 $pid; done
	kill -TERM $pid
	until ! kill -TERM $pid 2>/dev/null; do :; done
	status=0
	wait $pid || status=$?
	[ "$status" -eq 143 ]
	[ "$(unfinished)" -ge 1 ]
	put_right
}

@test "killed in the middle of a run: nothing is lost, nobody locked out" {
	serve 50 '{"point": "pass-reply", "change": true, "do": "delay",
	    "ms": 50}'
	pawl-rotate --quiet --all --jobs 8 3>&- &
	pid=$!
	until [ "$(total changes)" -ge 15 ]; do kill -0 $pid; done
	kill -KILL $pid
	wait $pid || :
	[ "$(unfinished)" -ge 1 ]
	put_right
	run pawl-rotate --quiet --all
	ends 0 ""
	agree
}

# --- Beside other people ----------------------------------------------------

@test "others may write the vault meanwhile; what they change is left alone" {
	serve 10 "$HELD"
	printf 'lock-wait = 0s\n' >"$PAWL_CONFIG"
	pawl-rotate --all --jobs 2 >out 2>&1 3>&- &
	pid=$!
	until [ "$(total changes)" -ge 1 ]; do kill -0 $pid; done
	rm "$PAWL_CONFIG"
	pawl-vault set other user=a host=b <<<SECRET12 >/dev/null
	pawl-vault set fleet/10 notes=mine >/dev/null
	pawl-vault remove --yes fleet/09 >/dev/null
	status=0
	wait $pid || status=$?
	output=$(cat out)
	ends 1 "10 entries: 9 changed"
	[[ $output == *"no entry fleet/09"* ]]
	[ "$(pawl-vault get other)" = SECRET12 ]
	[ "$(pawl-vault get --field notes fleet/10)" = mine ]
	agree
}

@test "an entry whose rotation is under way is nobody else's" {
	serve 3 "$HELD"
	pawl-rotate --all --jobs 1 >out 2>&1 3>&- &
	pid=$!
	until [ "$(total changes)" -ge 1 ]; do kill -0 $pid; done
	run pawl-vault set fleet/01 --secret <<<PERSON12
	[ "$status" -ne 0 ]
	run pawl-vault rename fleet/01 fleet/x01
	ends 75 "another process is rotating"
	wait $pid
	grep -q "3 entries: 3 changed" out
	agree
}

@test "another vault is put back in the middle of a run: what differs is left" {
	serve 3 "$HELD"
	pawl-vault set fleet/01 --secret <<<PERSON12 >/dev/null
	pawl-vault backup old >/dev/null
	pawl-vault set fleet/01 --secret <<<OLDPASS1 >/dev/null
	pawl-rotate --all --jobs 1 >out 2>&1 3>&- &
	pid=$!
	until [ "$(total changes)" -ge 1 ]; do kill -0 $pid; done
	pawl-vault restore --force old >/dev/null 2>&1
	status=0
	wait $pid || status=$?
	output=$(cat out)
	ends 75 "fleet/01: rotation stopped while sent: its password was changed in the vault meanwhile"
	[[ $output == *"3 entries: 2 changed, 1 for later"* ]]
	agree fleet/01
}
