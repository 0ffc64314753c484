#!/usr/bin/env bats
# pawl-rotate against the scripted server: what it does when the server fails,
# lies or dies.  What counts is the server's state file (the password that
# holds, bad logins) and what the vault has afterwards.

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
	SERVER_OPTIONS=()
	ENTRY=()
	ca=$BATS_FILE_TMPDIR/ca
	vault=$XDG_DATA_HOME/pawl/vault
	pawl-vault init >/dev/null
}

teardown()
{
	[ -z "${FTPS_PID-}" ] || kill "$FTPS_PID" 2>/dev/null || :
}

# serve [FAULT,...  [SETTING,... [ACCOUNT SETTING,...]]]: the server, and an
# entry for it.  CERTIFICATE, METHOD and TIMEOUT are others than the usual;
# SERVER_OPTIONS and ENTRY further options and attributes.
serve()
{
	scenario "$@"
	coproc FTPS {
		exec "$servers/ftps.py" --stdin-lives \
			--cert "$ca/${CERTIFICATE-good}.pem" \
			--key "$ca/${CERTIFICATE-good}.key" \
			--control "$PWD/scenario" "${SERVER_OPTIONS[@]}" 3>&-
	}
	read -r _ port <&"${FTPS[0]}"
	add_entry
}

scenario()
{
	printf '{"faults": [%s], %s "accounts": {"SITE1":
	    {"password": "OLDPASS1" %s}}}\n' "${1-}" "${2:+$2,}" "${3:+,$3}" \
		>new
	mv new scenario
}

stop_server()
{
	kill "$FTPS_PID"
	wait "$FTPS_PID" || :
}

# stop: the server and its entry go, for the next round of a loop.
stop()
{
	stop_server
	pawl-vault remove --yes site1 >/dev/null
}

add_entry()
{
	printf 'OLDPASS1\n' | pawl-vault set site1 user=site1 host=localhost \
		rotate.method="${METHOD-zos-pass}" rotate.port="$port" \
		rotate.ca-file="$ca/ca.pem" rotate.drain=1s \
		rotate.settle="${SETTLE-0s}" rotate.timeout="${TIMEOUT-2s}" \
		"${ENTRY[@]}" >/dev/null
}

# is NAME VALUE: the server's state has it.
is()
{
	/usr/bin/python3 -c '
import json, sys
state = json.load(open("scenario.state"))
value = dict(state, **state["accounts"]["SITE1"])[sys.argv[1]]
print(sys.argv[1], "is", value)
sys.exit(str(value) != sys.argv[2])' "$@"
}

password()
{
	/usr/bin/python3 -c '
import json
print(json.load(open("scenario.state"))["accounts"]["SITE1"]["password"])'
}

# ends STATUS TEXT: how the last run ended.
ends()
{
	echo "$status: $output"
	[ "$status" -eq "$1" ]
	[[ $output == *"$2"* ]]
}

# rotating NAME STATE: see rotating.c.
rotating()
{
	"$BATS_FILE_TMPDIR/rotating" "$vault" "$XDG_CONFIG_HOME/pawl/key" "$@"
}

# agree: the vault's current password is the server's.
agree()
{
	[ "$(pawl-vault get site1 2>/dev/null)" = "$(password)" ]
}

state()
{
	pawl-rotate status --json | /usr/bin/python3 -c '
import json, sys
print(json.load(sys.stdin)[0]["status"])'
}

@test "a rotation: new password, proved, no bad login" {
	serve
	run pawl-rotate site1
	ends 0 "site1: changed, and proved by a fresh login"
	[ "$(password)" != OLDPASS1 ]
	agree
	is total_bad 0
	is changes 1
	[ "$(state)" = ok ]
	[[ $(pawl-vault show site1) == *"1 previous"* ]]
}

@test "the new password follows the policy" {
	serve
	pawl-rotate --quiet site1
	[[ $(password) =~ ^[A-Z][A-Z0-9]{7}$ ]]
}

@test "check logs in and changes nothing" {
	serve
	run pawl-rotate check site1
	ends 0 "the current password logs in"
	is changes 0
	is total_bad 0
	[ "$(password)" = OLDPASS1 ]
}

@test "check with a wrong password says so, and costs one try" {
	serve '' '' ''
	printf 'WRONG123\n' | pawl-vault set site1 >/dev/null
	run pawl-rotate check site1
	ends 3 "the server refuses the current password"
	is total_bad 1
	# Nobody else is to try it before a person has said what is right.
	[ "$(state)" = attention ]
	PAWL_ENTRY=site1 run pawl-askpass "site1@localhost's password: "
	[ "$status" -eq 3 ]
	run pawl-rotate check site1
	ends 3 "no password could be proved"
	is total_bad 1
	is locked False
	printf 'OLDPASS1\n' | pawl-vault set site1 >/dev/null
	run pawl-rotate check site1
	ends 0 "the current password logs in"
}

@test "a second rotation at once is refused by rotate.min-age" {
	serve
	pawl-rotate --quiet site1
	run pawl-rotate site1
	ends 75 "rotate.min-age"
	pawl-rotate --quiet --force site1
	agree
	is changes 2
}

@test "a server that is down: nothing changed, nothing spent" {
	serve
	stop_server
	run pawl-rotate site1
	ends 69 "site1: nothing was changed: "
	[[ $output == *"; when that is over, run: pawl-rotate site1" ]]
	run pawl-rotate check site1
	ends 69 "; when that is over, run: pawl-rotate check site1"
	[ "$(pawl-vault get site1)" = OLDPASS1 ]
	[ "$(state)" = ok ]
}

@test "a certificate that is not good stops it before the password" {
	for CERTIFICATE in expired wrong-name untrusted; do
		serve
		run pawl-rotate site1
		ends 69 "certificate"
		is logins 0
		is pass_in_clear 0
		is total_bad 0
		[ "$(password)" = OLDPASS1 ]
		stop
	done
}

@test "TLS goes on from an earlier login; who gets in between does not" {
	local how
	serve
	pawl-rotate --quiet --force site1
	is tls_resumed 2
	stop
	for how in expired wrong-name untrusted; do
		SERVER_OPTIONS=(--later-cert "$ca/$how.pem"
			--later-key "$ca/$how.key")
		serve
		run pawl-rotate site1
		ends 69 "certificate"
		is connections 2
		is tls_resumed 0
		is logins 1
		is requests 0
		is total_bad 0
		stop
	done
}

@test "entries with different certificate authorities, in one run" {
	serve
	cp "$ca/untrusted.pem" "$PWD/other.pem"
	printf 'OLDPASS1\n' | pawl-vault set site2 user=site1 host=localhost \
		rotate.method=zos-pass rotate.port="$port" \
		rotate.ca-file="$PWD/other.pem" >/dev/null
	run pawl-rotate check site2 site1
	ends 69 "certificate"
	[[ $output == *"site1: the current password logs in"* ]]
	run pawl-rotate check site1 site2
	ends 69 "site1: the current password logs in"
}

@test "a server without TLS gets no password" {
	serve '' '"tls": "none"'
	run pawl-rotate site1
	ends 69 "nothing was changed"
	is pass_in_clear 0
	is total_bad 0
}

@test "530 although the change was made: a person finds the new password" {
	serve '{"point": "pass-reply", "change": true, "do": "reply",
	    "text": "530 PASS command failed"}'
	run pawl-rotate site1
	ends 3 "it made the change all the same, or a person or another machine"
	is total_bad 1
	[ "$(state)" = attention ]
	run pawl-rotate recover --again site1
	ends 0 "changed, and proved"
	[ "$(password)" != OLDPASS1 ]
	agree
	is total_bad 1
}

@test "530 although the change was made, revoked after 4: it is found" {
	ENTRY=(rotate.revoke-after=4)
	serve '{"point": "pass-reply", "change": true, "do": "reply",
	    "text": "530 PASS command failed"}'
	run pawl-rotate site1
	ends 0 "changed, and proved"
	agree
	is total_bad 1
}

@test "230 although it was not: nobody gets the old password before recover" {
	serve '{"point": "pass-received", "change": true, "do": "reply",
	    "text": ["230-Password was changed.", "230 SITE1 is logged on."]}'
	run pawl-rotate site1
	ends 3 "the server said yes and has not done it, the old password holds"
	[[ $output == *"s: pawl-rotate recover site1" ]]
	[ "$(password)" = OLDPASS1 ]
	agree
	is total_bad 1
	[ "$(state)" = unsettled ]
	PAWL_ENTRY=site1 run pawl-askpass "site1@localhost's password: "
	[ "$status" -eq 75 ]
	run pawl-rotate recover site1
	ends 75 "may still come"
	rotating site1 old
	run pawl-rotate recover site1
	[ "$status" -eq 0 ]
	is total_bad 1
	agree
	[ "$(state)" = ok ]
	pawl-vault history site1 | grep refused
	PAWL_ENTRY=site1 run pawl-askpass "site1@localhost's password: "
	[ "$output" = OLDPASS1 ]
}

@test "a yes that comes true after some logins is waited for" {
	SETTLE=3s
	serve '{"point": "change", "do": "late", "logins": 4}'
	run pawl-rotate site1
	ends 0 "changed, and proved"
	[[ $output == *"the server said yes and has not done it: wait"* ]]
	[ "$(password)" != OLDPASS1 ]
	agree
	is total_bad 2
	is requests 1
	is changes 1
	[ "$(state)" = ok ]
}

@test "a yes that never comes true is waited for, not without end" {
	SETTLE=1s
	serve '{"point": "change", "do": "ignore"}'
	run pawl-rotate site1
	ends 3 "the server said yes and has not done it, the old password holds"
	[ "$(state)" = unsettled ]
	is total_bad 1
	is consecutive_bad 0
	# The check, the first proof, and some while it waits.
	run is logins 0
	[ "${output##* }" -ge 5 ]
	[ "$(pawl-vault show --json site1 |
		grep -c '"outstanding": *1')" -eq 1 ]
}

@test "Ctrl-C ends the wait for a yes to come true" {
	SETTLE=1h
	serve '{"point": "change", "do": "ignore"}'
	env --default-signal=INT pawl-rotate site1 >out 2>&1 3>&- &
	until grep -q 'has not done it: wait' out; do :; done
	kill -INT $!
	status=0
	wait $! || status=$?
	output=$(<out)
	ends 3 "the server said yes and has not done it, the old password holds"
	[ "$(state)" = unsettled ]
	is consecutive_bad 0
}

@test "two machines rotate from copies of the vault: no lock-out" {
	# The other one is between this one's login and its change.
	serve '{"point": "greeting", "connection": 2, "do": "delay", "ms": 1000}'
	cp "$vault" other
	pawl-rotate site1 >out 2>&1 3>&- &
	until is logins 1 >/dev/null 2>&1; do :; done
	XDG_STATE_HOME=$HOME/s2 pawl-rotate --quiet --vault other site1
	status=0
	wait $! || status=$?
	output=$(<out)
	ends 3 "a person or another machine made one"
	is consecutive_bad 2
	is locked False
	is changes 1
	[ "$(state)" = attention ]
}

@test "a refused change costs no bad login" {
	serve '' '' '"changes_left": 0'
	run pawl-rotate site1
	ends 76 "it said: 530 PASS command failed; where its rules are not"
	[[ $output == *" then run: pawl-rotate site1" ]]
	is total_bad 0
	is requests 1
	agree
	[[ $(pawl-vault show site1) == *"PASS command failed"* ]]
}

@test "the connection dies after the change was made" {
	for how in close cut rst garbage half 421; do
		serve '{"point": "pass-reply", "change": true, "do": "'$how'"}'
		run pawl-rotate --force site1
		ends 0 "changed, and proved"
		[ "$(password)" != OLDPASS1 ]
		agree
		is total_bad 0
		stop
	done
}

@test "the connection dies before the change was made" {
	for how in close cut rst; do
		serve '{"point": "pass-received", "change": true,
		    "do": "'$how'"}'
		run pawl-rotate --force site1
		ends 69 "the change was lost, the old password holds"
		[ "$(password)" = OLDPASS1 ]
		agree
		is total_bad 1
		[ "$(state)" = unsettled ]
		# It may still come: nothing is tried, no job is answered.
		scenario
		run pawl-rotate --force site1
		ends 75 "a change that was sent may still come"
		is requests 1
		run pawl-rotate recover site1
		ends 75 "s run: pawl-rotate recover site1"
		PAWL_ENTRY=site1 run pawl-askpass \
		    "site1@localhost's password: "
		[ "$status" -eq 75 ]
		[[ $output == *"pawl-rotate recover site1"* ]]
		# Later it comes no more, and the same password is sent again.
		rotating site1 old
		run pawl-rotate recover site1
		ends 0 "nothing to recover"
		[ "$(state)" = ok ]
		run pawl-rotate --force site1
		ends 0 "changed, and proved"
		agree
		stop
	done
}

@test "a server that hangs on the change is not waited for without end" {
	serve '{"point": "pass-reply", "change": true, "do": "hang"}'
	run timeout 60 pawl-rotate site1
	ends 0 "changed, and proved"
	agree
	is total_bad 0
}

# killed_after_send: pawl-rotate dies when the server has made the change and
# has not answered.
killed_after_send()
{
	pawl-rotate --quiet --force site1 2>/dev/null 3>&- &
	local pid=$!

	until is changes 1 >/dev/null 2>&1; do
		kill -0 $pid || return
	done
	kill -KILL $pid
	wait $pid || :
}

@test "killed after the change was sent: recover finds it" {
	serve '{"point": "pass-reply", "change": true, "do": "delay",
	    "ms": 1000}'
	killed_after_send
	[ "$(state)" = sent ]
	run pawl-rotate recover site1
	ends 0 "changed, and proved"
	agree
	is total_bad 0
	run pawl-rotate recover site1
	ends 0 "nothing to recover"
	run pawl-rotate recover
	ends 0 ""
}

@test "an old password that comes back after the change is found" {
	# Acknowledged, and lost: the proof fails, the old one holds.
	serve '{"point": "change", "do": "lose", "connections": 1}'
	run pawl-rotate site1
	ends 3 "the old password holds for now"
	agree
	is total_bad 1
}

@test "a change that is applied late is found by recover" {
	serve '{"point": "change", "do": "late", "logins": 2},
	    {"point": "pass-reply", "change": true, "do": "cut"}'
	run pawl-rotate site1
	ends 69 "the change was lost, the old password holds"
	is total_bad 1
	[ "$(state)" = unsettled ]
	PAWL_ENTRY=site1 run pawl-askpass "site1@localhost's password: "
	[ "$status" -eq 75 ]
	run pawl-rotate recover site1
	ends 0 "changed, and proved"
	agree
	is total_bad 2
	PAWL_ENTRY=site1 run pawl-askpass "site1@localhost's password: "
	[ "$status" -eq 0 ]
}

@test "recover --again waits for what may be on its way" {
	# Made between the two logins that are to prove it.
	serve '{"point": "change", "do": "late", "logins": 1},
	    {"point": "pass-reply", "change": true, "do": "cut"}'
	run pawl-rotate site1
	ends 3 "no password could be proved"
	is total_bad 2
	run pawl-rotate recover --again site1
	ends 75 "s run: pawl-rotate recover --again site1"
	is total_bad 2
	rotating site1 old
	run pawl-rotate recover --again site1
	ends 0 "changed, and proved"
	agree
	is locked False
}

@test "recover while the server is down keeps both passwords" {
	serve '{"point": "pass-reply", "change": true, "do": "delay",
	    "ms": 1000}'
	killed_after_send
	stop_server
	for _ in 1 2 3 4; do
		run pawl-rotate recover site1
		ends 3 "run: pawl-rotate recover site1"
	done
	[ "$(state)" = sent ]
}

@test "askpass refuses while the outcome is unknown" {
	serve '{"point": "pass-reply", "change": true, "do": "delay",
	    "ms": 1000}'
	killed_after_send
	echo 'wait = 0s' >"$PAWL_CONFIG"
	PAWL_ENTRY=site1 run pawl-askpass "site1@localhost's password: "
	ends 75 "its password is being changed"
	rm "$PAWL_CONFIG"
	pawl-rotate --quiet recover
	PAWL_ENTRY=site1 run pawl-askpass "site1@localhost's password: "
	[ "$status" -eq 0 ]
	[ "$output" = "$(password)" ]
}

@test "two rotators exclude each other" {
	serve '{"point": "pass-reply", "change": true, "do": "delay",
	    "ms": 1000}'
	echo 'lock-wait = 0s' >"$PAWL_CONFIG"
	pawl-rotate --quiet site1 3>&- &
	until is changes 1 >/dev/null 2>&1; do :; done
	run pawl-rotate site1
	ends 75 ""
	wait $!
	agree
	is changes 1
}

@test "a password that was changed by a person: nothing is sent" {
	serve
	printf 'OTHERPW1\n' | pawl-vault set site1 >/dev/null
	run pawl-rotate site1
	ends 3 "the server refuses the current password though nothing was sent"
	is total_bad 1
	is changes 0
	[ "$(state)" = attention ]
	# A person sets it right.
	printf 'OLDPASS1\n' | pawl-vault set site1 >/dev/null
	run pawl-rotate --force recover --again site1
	run pawl-rotate --force site1
	agree
}

@test "a job that holds the password is waited for, then it gives up" {
	serve
	printf 'x' | pawl-vault set site1 rotate.drain=1s >/dev/null
	export PAWL_ENTRY=site1
	# This shell asks, and lives on.
	pawl-askpass "site1@localhost's password: " >/dev/null
	pawl-vault set site1 rotate.drain=1h >/dev/null
	run timeout 5 pawl-rotate site1
	[ "$status" -eq 124 ]
	is changes 0
	pawl-rotate --quiet recover site1
	pawl-vault set site1 rotate.drain=0s >/dev/null
	pawl-rotate --quiet site1
	agree
}

@test "what cannot be a rotation is a configuration error" {
	serve
	pawl-vault set site1 rotate.method= >/dev/null
	run pawl-rotate site1
	ends 78 "no rotate.method"
	run pawl-rotate none
	ends 1 'pawl-rotate: no entry none: "pawl-vault list" shows the names'
}

@test "a full disk before the send: nothing is sent" {
	[ "$(id -u)" -eq 0 ] || skip "needs root for a small file system"
	serve
	run unshare -m --propagation private bash -c '
		size=$(stat -c %s "$1")
		mkdir full && mount -t tmpfs -o size=$((size + 8192)) none full
		cp -p "$1" full/vault
		head -c $size /dev/zero >full/filler 2>/dev/null
		pawl-rotate -f full/vault site1; status=$?
		pawl-vault -f full/vault get site1
		exit $status' bash "$vault"
	ends 74 "OLDPASS1"
	is changes 0
	is total_bad 0
}

# by METHOD SERVER [ACCOUNT SETTING,...]: a server of that kind.
by()
{
	METHOD=$1
	serve "${4-}" "\"server\": \"$2\"" "${3-}"
}

@test "every method rotates, and proves it" {
	for pair in site-pswd:servu cpwd:wsftp site-cpwd:wsftp chpwd:axway; do
		by "${pair%:*}" "${pair#*:}"
		run pawl-rotate site1
		ends 0 "changed, and proved"
		[ "$(password)" != OLDPASS1 ]
		agree
		is requests 1
		is total_bad 0
		stop
	done
}

@test "every method is refused without a bad login" {
	for pair in site-pswd:servu cpwd:wsftp site-cpwd:wsftp chpwd:axway; do
		by "${pair%:*}" "${pair#*:}" '"changes_left": 0'
		run pawl-rotate site1
		ends 76 "the old password holds; it said: 5"
		is total_bad 0
		is requests 1
		agree
		stop
	done
}

@test "every method finds out what a server lied about or did not say" {
	local yes='"do": "reply", "text": "200 done"'
	local no='"do": "reply", "text": "550 no"'

	for pair in site-pswd:servu:site cpwd:wsftp:cpwd site-cpwd:wsftp:site \
		chpwd:axway:site; do
		IFS=: read -r method server verb <<<"$pair"
		by "$method" "$server" '' \
			"{\"point\": \"$verb-received\", $yes}"
		run pawl-rotate site1
		ends 3 "has not done it, the old password holds for now"
		agree
		is total_bad 1
		stop
		by "$method" "$server" '' "{\"point\": \"$verb-reply\", $no}"
		run pawl-rotate site1
		ends 3 "a person or another machine made one"
		is total_bad 1
		stop
		for what in '"do": "cut"' '"do": "hang"'; do
			by "$method" "$server" '' \
				"{\"point\": \"$verb-reply\", $what}"
			run pawl-rotate site1
			ends 0 "changed, and proved"
			agree
			is requests 1
			stop
		done
		by "$method" "$server" '' \
			"{\"point\": \"$verb-received\", \"do\": \"cut\"}"
		run pawl-rotate site1
		ends 69 "the change was lost, the old password holds"
		agree
		is total_bad 1
		stop
	done
}

@test "a password that has expired is changed where the server says so" {
	serve '' '"tells": true' '"expired": true'
	run pawl-rotate site1
	ends 0 "changed, and proved"
	agree
	is total_bad 0
	stop
	# Each such login may count: two, and there is none left for the proof.
	serve '' '"tells": true' '"expired": true'
	run pawl-rotate check site1
	ends 76 "the current password is right and has expired; run: pawl-rotate"
	run pawl-rotate site1
	ends 3 "then run: pawl-rotate recover --again site1"
	is changes 1
	run pawl-rotate recover --again site1
	ends 0 "changed, and proved"
	agree
	is total_bad 0
	stop
	# A word that could be said of any password says nothing.
	serve '' '' '"expired": true'
	run pawl-rotate site1
	ends 3 "the server refuses the current password"
	is changes 0
}

@test "wsftp-expired changes what nothing else lets in" {
	by wsftp-expired wsftp '"expired": true'
	run pawl-rotate site1
	ends 0 "changed, and proved"
	agree
	is requests 1
	is total_bad 0
}

@test "an expired password that is not changed is kept" {
	serve '' '"tells": true' '"expired": true, "changes_left": 0'
	run pawl-rotate site1
	ends 76 "the old password holds"
	agree
	is locked False
}

@test "a phrase is changed to a phrase, and to nothing else" {
	serve '' '' '"policy": ".*"'
	pawl-vault set site1 rotate.policy=racf-phrase >/dev/null
	run pawl-rotate site1
	ends 78 "the new password is a phrase and the current one is not"
	is attempts 0
	stop_server
	# What is left pending, and was never sent, does not stand in the way.
	pawl-vault set site1 rotate.policy=racf >/dev/null
	run pawl-rotate site1
	ends 69 "nothing was changed"
	pawl-vault set site1 rotate.policy=racf-phrase >/dev/null
	printf 'an.old-phrase\n' | pawl-vault set site1 >/dev/null
	scenario '' '' '"policy": ".*"'
	sed -i s/OLDPASS1/an.old-phrase/ scenario
	coproc FTPS {
		exec "$servers/ftps.py" --stdin-lives --cert "$ca/good.pem" \
			--key "$ca/good.key" --control "$PWD/scenario" \
			--port "$port" 3>&-
	}
	read -r _ port <&"${FTPS[0]}"
	run pawl-rotate site1
	ends 0 "changed, and proved"
	[[ $(password) =~ ^[A-Za-z0-9.-]{24}$ ]]
	agree
}

@test "a server that folds what it stores is noticed, and named" {
	serve '{"point": "change", "change": true, "do": "fold"}' '' \
		'"policy": ".*"'
	pawl-vault set site1 rotate.policy=racf-mixed >/dev/null
	run pawl-rotate site1
	ends 3 "it may have folded the new one to upper case"
	is total_bad 2
	is locked False
	# The one that was sent is there still.
	[[ $(pawl-vault show site1) == *pending* ]]
}

@test "what a method cannot carry is named by check, and not sent" {
	by site-pswd servu
	printf 'a"b\n' | pawl-vault set site1 >/dev/null
	run pawl-rotate check site1
	ends 69 'the current password holds ", which site-pswd takes for a'
	is connections 0
}

@test "TLS as the server has it, also on ::1, and no proxy" {
	export ALL_PROXY=http://127.0.0.1:1 ftp_proxy=http://127.0.0.1:1
	for mode in explicit implicit zos-implicit; do
		ENTRY=("rotate.tls=$mode")
		serve '' "\"tls\": \"$mode\""
		run pawl-rotate site1
		ends 0 "changed, and proved"
		agree
		stop
		ENTRY=("rotate.tls=$mode" rotate.host=::1)
		SERVER_OPTIONS=(--address ::1)
		serve '' "\"tls\": \"$mode\""
		run pawl-rotate site1
		ends 0 "changed, and proved"
		agree
		stop
		SERVER_OPTIONS=()
	done
}

@test "TLS as the server does not have it gets no password" {
	for mode in explicit implicit zos-implicit; do
		for other in explicit implicit zos-implicit none; do
			[ $mode != $other ] || continue
			ENTRY=("rotate.tls=$mode")
			TIMEOUT=1s
			serve '' "\"tls\": \"$other\""
			run pawl-rotate site1
			ends 69 "nothing was changed"
			is attempts 0
			is pass_in_clear 0
			stop
		done
	done
}

@test "a certificate of ours: wanted, wrong, absent" {
	chmod 600 "$ca"/*.key
	SERVER_OPTIONS=(--client-ca "$ca/ca.pem")
	serve '' '"client": "late"'
	run pawl-rotate site1
	ends 69 "531 Server requires client certificate"
	[[ $output == *"set rotate.cert"* ]]
	pawl-vault set site1 rotate.cert="$ca/client.pem" >/dev/null
	run pawl-rotate site1
	ends 69 "rotate.cert-key"
	pawl-vault set site1 rotate.cert-key="$ca/client.key" >/dev/null
	run pawl-rotate site1
	ends 0 "changed, and proved"
	agree
	stop
	serve '' '"client": "early"'
	run pawl-rotate check site1
	ends 69 "the server wants to see a certificate of yours: set rotate.cert"
	pawl-vault set site1 rotate.cert="$ca/stranger.pem" \
		rotate.cert-key="$ca/stranger.key" >/dev/null
	run pawl-rotate check site1
	ends 69 "nothing was changed"
	is attempts 0
	pawl-vault set site1 rotate.cert="$ca/client.pem" \
		rotate.cert-key="$ca/client.key" >/dev/null
	run pawl-rotate check site1
	ends 0 "logs in"
	chmod 644 "$ca/client.key"
	run pawl-rotate check site1
	chmod 600 "$ca/client.key"
	ends 69 "group or others may read it"
}

@test "pin shows the key, and compares it" {
	serve
	run pawl-rotate pin site1
	ends 0 "site1: localhost port $port"
	[[ $output == *"subject CN=pawl test good"*"issuer CN=pawl test ca"* ]]
	[[ $output == *"until Dec 31 23:59:59 2099 GMT"*verified* ]]
	pin=$(openssl x509 -in "$ca/good.pem" -noout -pubkey |
		openssl pkey -pubin -outform der |
		openssl dgst -sha256 -binary | base64)
	[[ $output == *"pawl-vault set site1 rotate.pin=sha256//$pin"* ]]
	is attempts 0
	pawl-vault set site1 "rotate.pin=sha256//$pin" >/dev/null
	run pawl-rotate pin site1
	ends 0 "verified"
	pawl-rotate --quiet site1
	pawl-vault set site1 "rotate.pin=sha256//${pin//[A-Z]/a}" >/dev/null
	run pawl-rotate pin site1
	ends 69 "the server's key is not the one of rotate.pin"
	run pawl-rotate --force site1
	ends 69 "the server's key is not the one of rotate.pin"
	agree
	stop
	CERTIFICATE=untrusted
	serve
	run pawl-rotate pin site1
	ends 69 "ask its owner for the pin or the authority in another way"
	[[ $output == *"unverified certificate is not trusted"*rotate.pin=* ]]
	run pawl-rotate pin
	ends 64 "whose server?"
}

@test "no password in arguments, environment or output" {
	serve '{"point": "pass-reply", "change": true, "do": "delay",
	    "ms": 500}'
	pawl-rotate site1 >out 2>&1 3>&- &
	until is changes 1 >/dev/null 2>&1; do :; done
	for process in $(pgrep -f 'pawl-rotate'); do
		tr '\0' '\n' <"/proc/$process/cmdline" >>seen || :
		tr '\0' '\n' <"/proc/$process/environ" >>seen || :
	done
	wait $!
	! grep -e OLDPASS1 -e "$(password)" seen out
}

@test "wrong use is status 64" {
	run pawl-rotate
	ends 64 "which entry"
	run pawl-rotate --no-such-option site1
	ends 64 "unknown option"
	run pawl-rotate --help
	ends 0 usage
}
