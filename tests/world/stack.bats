#!/usr/bin/env bats
# The stack of pawl-askpass with the real ssh and sshd of
# tests/servers/world.sh.

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	export PATH="$B:$PATH" HOME="$BATS_TEST_TMPDIR/home"
	export XDG_CONFIG_HOME=$HOME/c XDG_DATA_HOME=$HOME/d XDG_STATE_HOME=$HOME/s
	export PAWL_CONFIG=$HOME/pawl.conf
	export SSH_ASKPASS=$B/pawl-askpass SSH_ASKPASS_REQUIRE=force
	unset DISPLAY PASSWD_DSN PAWL_VAULT PAWL_KEY_FILE CREDENTIALS_DIRECTORY
	export PAWL_ENTRY=site1
	mkdir -p "$HOME"
	pawl-vault init >/dev/null
	printf 'OLDPASS1\n' | pawl-vault set site1 user=site1 host=127.0.0.1 \
		>/dev/null
	bad=$(bad_logins)
}

bad_logins()
{
	"$BATS_TEST_DIRNAME/../servers/badlogins.sh" "$PAWL_T_DIR" |
		awk '$1 == "sshd" { print $2 }'
}

job()
{
	run setsid -w ssh -F none -o "UserKnownHostsFile=$PAWL_T_KNOWN_HOSTS" \
		-o StrictHostKeyChecking=yes -o PubkeyAuthentication=no \
		-p "$PAWL_T_SSH_PORT" "$@" </dev/null
	echo "$status: $output"
}

# refused LINE: ssh was ended, said LINE, and the server saw no try.
refused()
{
	[ "$status" -eq 143 ] &&
		[[ $output == *"ssh stopped, nothing sent: "*"$1"* ]] &&
		[ "$(bad_logins)" -eq "$bad" ]
}

bound="user=site1 host=127.0.0.1"

@test "a job logs in through a stack of its own" {
	printf '%s\n' "ssh requisite caller $(command -v ssh)" \
		"ssh required bind" "ssh required once" "ssh required vault" \
		>"$HOME/askpass.conf"
	job site1@127.0.0.1 echo in
	[ "$output" = in ]
	sed -i '1s/.*/ssh requisite deny/' "$HOME/askpass.conf"
	job site1@127.0.0.1 echo in
	refused "askpass.conf:1: deny: the stack says deny"
}

@test "a job logs in with a credential, a file, a program" {
	mkdir creds
	printf 'OLDPASS1\n' >creds/site1
	chmod 600 creds/site1
	printf '#!/bin/sh\necho password=OLDPASS1\n' >program
	chmod 700 program
	for line in "credential site1 $bound" "dataset $PWD/creds/site1 $bound" \
		"exec $PWD/program"; do
		echo "ssh required $line" >"$HOME/askpass.conf"
		CREDENTIALS_DIRECTORY=$PWD/creds job site1@127.0.0.1 echo in
		[[ $output == in || $output == *"in the clear"*in ]]
	done
}

@test "what is for another host, or by a mistake, reaches no server" {
	printf 'OLDPASS1\n' >file
	chmod 600 file
	echo "ssh required dataset $PWD/file user=site1 host=bank" \
		>"$HOME/askpass.conf"
	job site1@127.0.0.1 echo in
	refused 'the prompt is for the host "127.0.0.1"'
	echo "ssh required vautl" >"$HOME/askpass.conf"
	job site1@127.0.0.1 echo in
	refused 'askpass.conf:1:14: unknown module "vautl"'
}

@test "a wrong password from a file costs one try, not three" {
	printf 'WRONG123\n' >file
	chmod 600 file
	echo "ssh sufficient dataset $PWD/file $bound" >"$HOME/askpass.conf"
	job site1@127.0.0.1 echo in
	[ "$status" -eq 143 ]
	[[ $output == *"this ssh was answered before"* ]]
	[ "$(bad_logins)" -eq $((bad + 1)) ]
}
