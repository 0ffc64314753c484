#!/usr/bin/env bats
# Whether ftps.py does what a scenario says.

bats_require_minimum_version 1.5.0

setup_file()
{
	"$BATS_TEST_DIRNAME/ca.sh" "$BATS_FILE_TMPDIR/ca"
}

# serve [FAULTS [SETTINGS [ACCOUNT-SETTINGS]]]: start ftps.py with SITE1/OLDPASS1
# in place of the one that runs.
serve()
{
	[ -z "${FTPS_PID-}" ] || stop
	scenario "$@"
	coproc FTPS {
		exec "$BATS_TEST_DIRNAME/ftps.py" --stdin-lives \
		    --cert "$BATS_FILE_TMPDIR/ca/good.pem" \
		    --key "$BATS_FILE_TMPDIR/ca/good.key" \
		    --control "$BATS_TEST_TMPDIR/scenario" 3>&-
	}
	server=$FTPS_PID
	read -r _ port <&"${FTPS[0]}"
}

# Ends the server's standard input, and waits for it to follow.
stop()
{
	eval "exec ${FTPS[1]}>&-"
	gone
}

# The server ends, and soon, with status 0.
gone()
{
	local tries=0

	while kill -0 "$server" 2>/dev/null; do
		if [ $((tries += 1)) -gt 1000 ]; then
			kill -KILL "$server"
			return 1
		fi
		sleep 0.01
	done
	wait "$server"
}

scenario()
{
	printf '{"faults": [%s], %s "accounts": {"SITE1":
	    {"password": "OLDPASS1" %s}}}\n' "${1-}" "${2:+$2,}" "${3:+,$3}" \
	    >"$BATS_TEST_TMPDIR/new"
	mv "$BATS_TEST_TMPDIR/new" "$BATS_TEST_TMPDIR/scenario"
}

# talk COMMAND...: what a client sees; TLS=MODE unless explicit.
talk()
{
	printf '%s\n' "$@" | "$BATS_TEST_DIRNAME/ftps_client.py" \
	    "$port" "$BATS_FILE_TMPDIR/ca/ca.pem" "${TLS-explicit}"
}

# login PASSWORD: what a client sees from PASS on.
login()
{
	talk 'USER site1' "PASS $1" QUIT | sed '1,/^331/d'
}

# is NAME VALUE: the state file says so of the account, or of the server.
is()
{
	/usr/bin/python3 -c '
import json, sys
state = json.load(open(sys.argv[1]))
value = dict(state, **state["accounts"]["SITE1"])[sys.argv[2]]
print(sys.argv[2], "is", value)
sys.exit(str(value) != sys.argv[3])' "$BATS_TEST_TMPDIR/scenario.state" "$@"
}

@test "a login, a change, the old password and the new" {
	serve
	[ "$(login OLDPASS1)" = "$(cat <<-'END'
		230 SITE1 is logged on.  Working directory is "SITE1.".
		221 Quit command received. Goodbye.
		end: mine
	END
	)" ]
	[[ $(login OLDPASS1/NEWPASS1/NEWPASS1) = \
	    '230-Password was changed.'*'230 SITE1 is logged on.'* ]]
	is password NEWPASS1
	[[ $(login OLDPASS1) = '530 PASS command failed'* ]]
	is consecutive_bad 1
	[[ $(login NEWPASS1:data) = '230 '* ]]
	is consecutive_bad 0
	is total_bad 1
	is attempts 4
	is logins 3
	is requests 1
	is changes 1
	is connections 4
	is pass_in_clear 0
}

@test "every command has its reply" {
	serve
	run -0 talk SYST FEAT 'PBSZ 0' 'PROT P' PWD 'USER site1' \
	    'PASS OLDPASS1' PWD 'TYPE I' NOOP XYZZY 'PASS OLDPASS1' QUIT
	[ "$(grep -Eo '^[0-9]{3} ' <<<"$output" | tr -d '\n')" = \
	    '220 234 215 211 200 200 530 331 230 257 200 200 500 230 221 ' ]
}

@test "the third bad login in a row locks the account" {
	serve
	login WRONG
	login OLDPASS1
	login WRONG
	login WRONG/NEWPASS1/NEWPASS1
	is locked False
	login WRONG
	is locked True
	[[ $(login OLDPASS1) = '530 '* ]]
	is total_bad 4
	is password OLDPASS1
}

@test "an expired password is good for nothing but a change" {
	serve '' '' '"expired": true'
	[[ $(login OLDPASS1) = '530 '* ]]
	is consecutive_bad 0
	[[ $(login OLDPASS1/NEWPASS1/NEWPASS1) = '230-'* ]]
	[[ $(login NEWPASS1) = '230 '* ]]
}

@test "a change that breaks a rule is refused" {
	serve '' '' '"history": 2, "changes_left": 2'
	for new in toosmall NINECHARS OLDPASS1 ''; do
		[[ $(login "OLDPASS1/$new/$new") = '530 '* ]]
	done
	for new in A/B A A/A/A; do
		[[ $(login "OLDPASS1/$new") = '530 '* ]]
	done
	is password OLDPASS1
	login OLDPASS1/NEWPASS1/NEWPASS1
	[[ $(login NEWPASS1/OLDPASS1/OLDPASS1) = '530 '* ]]
	login NEWPASS1/NEWPASS2/NEWPASS2
	is changes 2
	[[ $(login NEWPASS2/NEWPASS3/NEWPASS3) = '530 '* ]]
	is password NEWPASS2
}

@test "the connection can end in every way, after the change" {
	local what end old=OLDPASS1
	serve
	while read -r what end; do
		scenario '{"point": "pass-reply", "change": true,
		    "do": "'"${what,,}"'"}'
		run -0 login "$old/$what/$what"
		echo "$what: $output"
		[ "${output//$'\n'/ }" = "$end" ]
		is password "$what"
		is fired '[1]'
		old=$what
	done <<-'END'
		CLOSE end: close
		CUT end: cut
		RST end: reset
		HALF 230-Password end: cut
		421 421 Service not available, closing connection. end: close
		GARBAGE end: no reply
	END
}

@test "nothing is changed when the connection ends before the change" {
	local point
	serve
	for point in accept greeting auth-reply tls user-reply pass-received \
	    change; do
		scenario '{"point": "'$point'", "do": "rst"}'
		[[ $(talk 'USER site1' PASS\ OLDPASS1/NEW/NEW QUIT) = \
		    *'end: reset' ]]
		is fired '[1]'
		is password OLDPASS1
	done
	is attempts 1
	is tls_failed 0
}

@test "the connection can end after the first line of the reply" {
	serve '{"point": "pass-reply-first-line", "do": "cut"}'
	[ "$(login OLDPASS1/NEWPASS1/NEWPASS1)" = \
	    $'230-Password was changed.\nend: cut' ]
	is password NEWPASS1
}

@test "a server can hang until the client goes, or be late" {
	local start=$SECONDS before
	serve '{"point": "pass-reply", "do": "hang", "seconds": 1, "nth": 1},
	    {"point": "quit-reply", "do": "delay", "ms": 500}'
	[ "$(login OLDPASS1)" = 'end: cut' ]
	before=${EPOCHREALTIME/./}
	[[ $(login OLDPASS1) = '230 '*'end: mine' ]]
	[ $((${EPOCHREALTIME/./} - before)) -ge 500000 ]
	is fired '[1, 1]'
	[ $((SECONDS - start)) -lt 20 ]
}

@test "a reply can say anything" {
	serve '{"connection": 1, "point": "pass-reply", "do": "reply",
	      "text": "530 PASS command failed"},
	    {"connection": 2, "point": "pass-received", "do": "reply",
	      "text": ["230-Password was changed.", "230 all is well"]},
	    {"connection": 3, "point": "user-reply", "do": "reply",
	      "text": "531 Server requires client certificate"},
	    {"connection": 4, "point": "user-reply", "do": "reply",
	      "text": "232 come in"},
	    {"connection": 5, "point": "pass-reply", "do": "reply",
	      "text": "332 account?"},
	    {"connection": 6, "point": "auth-reply", "do": "reply",
	      "text": "534 no"},
	    {"connection": 7, "point": "pass-reply", "do": "stray",
	      "text": "220 what?"}'
	[[ $(login OLDPASS1/NEWPASS1/NEWPASS1) = '530 '* ]]
	is password NEWPASS1
	[[ $(login NEWPASS1/NEWPASS2/NEWPASS2) = '230-'*'230 all is well'* ]]
	is password NEWPASS1
	[[ $(talk 'USER site1') = *'531 Server requires client certificate'* ]]
	[[ $(talk 'USER site1' PWD) = *'232 come in'*'257 '* ]]
	[[ $(login NEWPASS1) = '332 account?'* ]]
	[[ $(talk) = *$'534 no\nend: no TLS' ]]
	[[ $(login NEWPASS1) = '230 '*$'\n220 what?\nend: mine' ]]
}

@test "an accepted change can have another effect" {
	local effect password
	while read -r effect password; do
		serve "{\"point\": \"change\", \"do\": $effect}" '' \
		    '"policy": ".*"'
		[[ $(login OLDPASS1/newpasswd/newpasswd) = '230-'* ]]
		is password "$password"
	done <<-'END'
		"ignore" OLDPASS1
		"truncate" newpassw
		"fold" NEWPASSWD
		"late","logins":9 OLDPASS1
		"lose","logins":9 newpasswd
		"both","logins":9 newpasswd
	END
}

@test "a fault after TLS, and after a reply" {
	local gone='421 Service not available, closing connection.'
	serve '{"point": "tls-done", "do": "421"}'
	[[ $(talk NOOP NOOP) = *$'negotiation\n'"$gone"$'\nend: close' ]]
	scenario '{"point": "user-sent", "do": "421"}'
	[[ $(talk 'USER site1' NOOP NOOP) = \
	    *$'331 Send password please.\n'"$gone"$'\nend: close' ]]
	scenario '{"point": "pass-sent", "do": "cut"}'
	[[ $(login OLDPASS1) = '230 '*$'\nend: cut' ]]
	scenario '{"point": "greeting-sent", "do": "rst"}'
	[[ $(talk NOOP) = *'end: reset' ]]
}

@test "a change can come true, or be lost, later" {
	local client tries=0
	serve '{"point": "change", "do": "late", "logins": 2}'
	login OLDPASS1/NEWPASS1/NEWPASS1
	[[ $(login OLDPASS1) = '230 '* ]]
	[[ $(login NEWPASS1) = '530 '* ]]
	[[ $(login NEWPASS1) = '230 '* ]]
	scenario '{"point": "change", "do": "lose", "connections": 2}'
	login NEWPASS1/NEWPASS2/NEWPASS2
	[[ $(login NEWPASS2) = '230 '* ]]
	[[ $(login NEWPASS2) = '530 '* ]]
	[[ $(login NEWPASS1) = '230 '* ]]
	scenario '{"point": "change", "do": "both", "logins": 1}'
	login NEWPASS1/NEWPASS3/NEWPASS3
	[[ $(login NEWPASS1) = '230 '* ]]
	[[ $(login NEWPASS1) = '530 '* ]]
	scenario '{"point": "change", "do": "odd", "logins": 3}'
	login NEWPASS3/NEWPASS4/NEWPASS4
	[[ $(login NEWPASS4) = '530 '* ]]
	[[ $(login NEWPASS4) = '230 '* ]]
	[[ $(login NEWPASS3) = '230 '* ]]
	[[ $(login NEWPASS3) = '530 '* ]]
	scenario '{"point": "change", "do": "even", "logins": 2}'
	login NEWPASS4/NEWPASS3/NEWPASS3
	[[ $(login NEWPASS3) = '230 '* ]]
	[[ $(login NEWPASS3) = '530 '* ]]
	[[ $(login NEWPASS3) = '230 '* ]]
	# Only the reply, or what stands for it, starts the clock.
	scenario '{"point": "change", "do": "late", "ms": 1},
	    {"point": "pass-reply", "change": true, "do": "hang", "seconds": 1}'
	login NEWPASS3/NEWPASS4/NEWPASS4 3>&- &
	client=$!
	until is fired '[1, 1]'; do
		[ $((tries += 1)) -lt 100 ]
	done
	is password NEWPASS3
	wait "$client"
	until is password NEWPASS4; do
		[ $((tries += 1)) -lt 200 ]
	done
}

@test "TLS from the start, after the greeting, or never" {
	serve '' '"tls": "implicit"'
	TLS=implicit run talk 'USER site1' 'PASS OLDPASS1'
	[[ $output = *'230 '* ]]
	serve '' '"tls": "zos-implicit"'
	TLS=zos-implicit run talk 'USER site1' 'PASS OLDPASS1'
	[[ $output = *'230 '* ]]
	serve '' '"tls": "none"'
	[[ $(talk) = *$'504 '*$'\nend: no TLS' ]]
	TLS=none run talk 'USER site1' 'PASS OLDPASS1'
	[[ $output = *'230 '* ]]
	is pass_in_clear 1
	serve
	TLS=none run talk 'USER site1' 'PASS OLDPASS1'
	[[ $output = *$'530 AUTH'*'503 '* ]]
	is attempts 0
}

@test "a client that trusts nobody is counted" {
	serve
	run -0 "$BATS_TEST_DIRNAME/ftps_client.py" "$port" \
	    "$BATS_FILE_TMPDIR/ca/self-signed.pem" explicit </dev/null
	[ "${lines[-1]}" = 'end: no TLS' ]
	login OLDPASS1
	is tls_failed 1
}

@test "other servers' commands change a password too" {
	local kind command reply
	while IFS='|' read -r kind command reply; do
		serve '' '"server": "'"$kind"'"'
		[[ $(talk 'USER site1' 'PASS OLDPASS1' "$command" QUIT) = \
		    *$'\n'"$reply"*'221 '* ]]
		is password NEWPASS1
		is requests 1
	done <<-'END'
		servu|SITE PSWD "OLDPASS1" "NEWPASS1"|230 Password changed
		wsftp|CPWD NEWPASS1|200 
		wsftp|SITE CPWD NEWPASS1|200 
		axway|SITE CHPWD U0lURTE= T0xEUEFTUzE= TkVXUEFTUzE=|200 CHPWD
	END
	serve '' '"server": "wsftp"' '"expired": true'
	[[ $(login OLDPASS1) = '560 '* ]]
	[[ $(login 'OLDPASS1 NEWPASS1') = '230-'* ]]
	serve '' '"server": "servu"'
	[[ $(talk 'USER site1' 'PASS OLDPASS1' 'SITE PSWD "X" "NEWPASS1"' \
	    'SITE CPWD NEWPASS1') = *'501 '*'500 '* ]]
	is password OLDPASS1
}

@test "several clients are served at the same time" {
	serve '{"point": "greeting", "connection": 1, "do": "hang"}'
	exec 7<>"/dev/tcp/127.0.0.1/$port"
	[[ $(login OLDPASS1) = '230 '* ]]
	is connections 2
	exec 7<&-
}

@test "a typing error in the scenario ends the server" {
	local fault
	for fault in '{"point": "pass-replay", "do": "cut"}' \
	    '{"point": "pass-reply", "do": "cutt"}' \
	    '{"point": "pass-reply", "do": "fold"}' \
	    '{"point": "pass-reply", "do": "cut", "conection": 1}' \
	    '{"point": "change", "do": "late"}' \
	    '{"point": "pass-reply", "do": "reply"}'; do
		scenario "$fault"
		run -1 "$BATS_TEST_DIRNAME/ftps.py" --stdin-lives \
		    --cert "$BATS_FILE_TMPDIR/ca/good.pem" \
		    --key "$BATS_FILE_TMPDIR/ca/good.key" \
		    --control "$BATS_TEST_TMPDIR/scenario" </dev/null
		[[ ${lines[-1]} = 'ValueError: fault: '* ]]
	done
}

@test "it ends with its standard input, and on SIGTERM" {
	serve
	stop
	serve
	kill "$server"
	gone
}

@test "it leaves nothing beside its source" {
	unset PYTHONDONTWRITEBYTECODE
	serve
	stop
	[ -z "$(find "$BATS_TEST_DIRNAME" -name 'ftps_*.pyc')" ]
}
