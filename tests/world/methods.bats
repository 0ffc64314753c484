#!/usr/bin/env bats
# pawl-rotate with rotate.method=ssh-pam: a password that has expired, changed
# through the conversation of a real sshd with PAM.  What counts is the private
# shadow file and the server's own count of bad logins.

bats_require_minimum_version 1.5.0

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	export PATH="$B:$PATH" HOME="$BATS_TEST_TMPDIR/home"
	export XDG_CONFIG_HOME=$HOME/c XDG_DATA_HOME=$HOME/d XDG_STATE_HOME=$HOME/s
	export PAWL_CONFIG=$HOME/pawl.conf
	unset PAWL_VAULT PAWL_KEY_FILE
	mkdir -p "$HOME"
	cp -a /etc/shadow shadow.first
	cp -a /etc/pam.d/sshd pam.first
	# ssh goes by the account's home, not by HOME.
	ssh=/run/world/home/root/.ssh
	install -d -m 700 "$ssh"
	cp "$PAWL_T_KNOWN_HOSTS" "$ssh/known_hosts"
	pawl-vault init >/dev/null
	printf 'OLDPASS1\n' | pawl-vault set site1 user=site1 host=127.0.0.1 \
		rotate.method=ssh-pam rotate.port="$PAWL_T_SSH_PORT" \
		rotate.policy=racf-mixed rotate.drain=0s rotate.timeout=20s \
		>/dev/null
	bad=$(bad_logins)
}

teardown()
{
	cp -a shadow.first /etc/shadow
	cp -a pam.first /etc/pam.d/sshd
	rm -rf "$ssh"
}

bad_logins()
{
	"$BATS_TEST_DIRNAME/../servers/badlogins.sh" "$PAWL_T_DIR" |
		awk '$1 == "sshd" { print $2 }'
}

expire()
{
	chage -d 0 site1
}

# holds PASSWORD: the shadow file has it.
holds()
{
	local hash salt

	hash=$(awk -F: '$1 == "site1" { print $2 }' /etc/shadow)
	salt=${hash#\$6\$}
	[ "$(printf '%s\n' "$1" |
		openssl passwd -6 -salt "${salt%%\$*}" -stdin)" = "$hash" ]
}

ends()
{
	echo "$status: $output"
	[ "$status" -eq "$1" ]
	[[ $output == *"$2"* ]]
}

state()
{
	pawl-rotate status --json | /usr/bin/python3 -c '
import json, sys
print(json.load(sys.stdin)[0]["status"])'
}

@test "ssh-pam: an expired password is changed, and proved" {
	expire
	run pawl-rotate site1
	ends 0 "site1: changed, and proved by a fresh login"
	holds "$(pawl-vault get site1)"
	[ "$(bad_logins)" -eq "$bad" ]
}

@test "ssh-pam: check of a good, an expired and a wrong password" {
	run pawl-rotate check site1
	ends 0 "the current password logs in"
	expire
	run pawl-rotate check site1
	ends 76 "right and has expired"
	holds OLDPASS1
	cp -a shadow.first /etc/shadow
	pawl-vault remove --yes site1
	printf 'WRONG123\n' | pawl-vault set site1 user=site1 host=127.0.0.1 \
		rotate.method=ssh-pam rotate.port="$PAWL_T_SSH_PORT" >/dev/null
	run pawl-rotate check site1
	ends 3 "the server refuses the current password"
	[ "$(bad_logins)" -eq $((bad + 1)) ]
}

@test "ssh-pam: one that has not expired cannot be changed, and stays" {
	run pawl-rotate site1
	ends 69 "the password has not expired"
	holds OLDPASS1
	[ "$(pawl-vault get site1)" = OLDPASS1 ]
	[ "$(bad_logins)" -eq "$bad" ]
}

@test "ssh-pam: a new password that the server refuses" {
	sed -i 's/^password .*/& minlen=30/' /etc/pam.d/sshd
	expire
	run pawl-rotate site1
	ends 76 "the server did not change it"
	holds OLDPASS1
	# The current password is kept, and the new one in the history at least.
	[ "$(pawl-vault get site1)" = OLDPASS1 ]
	[ "$(bad_logins)" -eq "$bad" ]
}

@test "ssh-pam: a host key that is not known, and another one: nothing is sent" {
	expire
	: >"$ssh/known_hosts"
	run pawl-rotate site1
	ends 69 "Host key verification failed"
	ssh-keygen -q -t ed25519 -N '' -f other
	echo "[127.0.0.1]:$PAWL_T_SSH_PORT $(cat other.pub)" >"$ssh/known_hosts"
	run pawl-rotate site1
	ends 69 "Host key verification failed"
	holds OLDPASS1
	[ "$(bad_logins)" -eq "$bad" ]
	state
	[ "$(state)" = ok ]
}

@test "ssh-pam: a server that cannot be reached" {
	pawl-vault set site1 rotate.port=1 >/dev/null
	run pawl-rotate site1
	ends 69 "Connection refused"
}

# hold SED-COMMAND: adds "held" to what PAM does: it waits, once, until "go" is
# written; a line in "there" tells that it has come so far.
hold()
{
	mkfifo "$PWD/there" "$PWD/go"
	cat >held <<-END
		#!/bin/sh
		[ ! -e "$PWD/over" ] || exit 0
		: >"$PWD/over"
		echo >"$PWD/there"
		read -r line <"$PWD/go"
		exit 0
	END
	chmod 755 held
	sed -i "$1" /etc/pam.d/sshd
}

@test "ssh-pam: killed before the change was made, then recovered" {
	hold "s|^password .*|password optional pam_exec.so quiet $PWD/held\n&|"
	killed_and_recovered
}

@test "ssh-pam: killed after the change was made, then recovered" {
	hold "s|^password .*|&\npassword optional pam_exec.so quiet $PWD/held|"
	killed_and_recovered
}

killed_and_recovered()
{
	expire
	pawl-rotate --quiet site1 3>&- &
	read -r line <there
	kill -9 $!
	wait $! || :
	echo >go
	run pawl-rotate recover site1
	echo "recover: $status: $output; $(state)"
	holds "$(pawl-vault get site1)" || {
		run pawl-rotate recover --again site1
		echo "again: $status: $output; $(state)"
		holds "$(pawl-vault get site1)"
	}
	[ $(($(bad_logins) - bad)) -le 1 ]
}

@test "ssh-pam: no password in an argument or the environment of any process" {
	hold "s|^password .*|&\npassword optional pam_exec.so quiet $PWD/held|"
	expire
	pawl-rotate --quiet site1 3>&- &
	read -r line <there
	cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null |
		tr '\0' '\n' >seen || :
	echo >go
	wait $!
	grep -q '^SSH_ASKPASS=.*/pawl-rotate-run$' seen
	if grep -q -e OLDPASS1 -e "$(pawl-vault get site1)" seen; then false; fi
}

# scan: what a rotation leaves in the memory of its processes, the askpass of
# ssh among them, by passwords of letters.c.
scan()
{
	run "$BATS_TEST_DIRNAME/../servers/memscan.py" --letters QZk7 \
		--only pawl-rotate --only pawl-rotate-run canaries -- \
		env LD_PRELOAD="$PWD/letters.so" pawl-rotate "$@"
	echo "$status: $output"
	[ "$status" -eq 0 ]
	# The two halves, and the askpass of each ssh.
	[ "$(grep -c 'memscan: pawl-rotate-run .* searched' <<<"$output")" -gt 2 ]
}

@test "ssh-pam: no password is left in memory, good or refused" {
	cc -std=c11 -fPIC -shared -o letters.so \
		"$PAWL_SRC/tests/cli/letters.c" -lsodium
	echo "no secret is looked for by name" >canaries
	sed -i "s|^site1:[^:]*:|site1:$(echo ZQ7kQ7ZZ |
		openssl passwd -6 -stdin):|" /etc/shadow
	printf 'ZQ7kQ7ZZ\n' | pawl-vault set --secret site1 >/dev/null
	cp -a /etc/shadow shadow.letters
	expire
	scan site1
	[[ $output == *"changed, and proved"* ]]
	[[ $(pawl-vault get site1) =~ ^[QZk7]{8}$ ]]
	cp -a shadow.letters /etc/shadow
	pawl-vault history --restore 1 site1 >/dev/null
	sed -i 's/^password .*/& minlen=30/' /etc/pam.d/sshd
	expire
	scan --force site1
	[[ $output == *"the server did not change it"* ]]
}
