#!/usr/bin/env bats
# pawl-askpass --check with the real ssh of this machine and the sshd of
# tests/servers/world.sh: each thing that would keep a job from its password,
# once as it should be and once not.

bats_require_minimum_version 1.5.0

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	umask 077
	export PATH="$B:$PATH" HOME="$BATS_TEST_TMPDIR/home"
	export XDG_CONFIG_HOME=$HOME/c XDG_DATA_HOME=$HOME/d XDG_STATE_HOME=$HOME/s
	export PAWL_CONFIG=$HOME/pawl.conf
	export SSH_ASKPASS=$B/pawl-askpass SSH_ASKPASS_REQUIRE=force
	unset DISPLAY WAYLAND_DISPLAY PAWL_ENTRY PASSWD_DSN PAWL_VAULT \
		PAWL_KEY_FILE SSH_ASKPASS_PROMPT
	mkdir -p "$HOME/.ssh"
	key=$XDG_CONFIG_HOME/pawl/key
	pawl-vault init >/dev/null
	printf 'OLDPASS1\n' | pawl-vault set site1 user=site1 host=127.0.0.1 \
		'dataset=HLQ.PASSWD(SITE1)' >/dev/null
	cp "$PAWL_T_KNOWN_HOSTS" "$HOME/.ssh/known_hosts"
	options=(-F none -o "UserKnownHostsFile=$HOME/.ssh/known_hosts"
		-o GlobalKnownHostsFile=/dev/null
		-o StrictHostKeyChecking=yes -o NumberOfPasswordPrompts=1
		-p "$PAWL_T_SSH_PORT")
}

# What a person at no terminal gets to read.
check()
{
	run --separate-stderr setsid -w env PATH="${path-$PATH}" \
		"$B/pawl-askpass" --check "$@" </dev/null
	echo "$status: $output $stderr"
	[ -z "$stderr" ]
	[[ $output != *OLDPASS1* ]]
}

# finds LINE: among the findings, and any that fails ends it with 78.
finds()
{
	local want=0

	[[ $output != *fail:* ]] || want=78
	[ "$status" -eq "$want" ] || return 1
	grep -q -F -x -e "$1" <<<"$output"
}

# begins LINE: a finding that begins so.
begins()
{
	awk -v want="$1" 'index($0, want) == 1 { found = 1 }
	    END { exit !found }' <<<"$output"
}

@test "check: all is well, and the job that follows logs in" {
	check "${options[@]}" site1@127.0.0.1
	[ "$status" -eq 0 ]
	[ "$(grep -c -v '^ok: ' <<<"$output")" -eq 0 ]
	begins "ok: ssh: OpenSSH_"
	finds "ok: SSH_ASKPASS: $B/pawl-askpass"
	finds "ok: askpass: this ssh calls it"
	finds "ok: host key: [127.0.0.1]:$PAWL_T_SSH_PORT is known"
	finds "ok: answer: to site1@127.0.0.1: entry site1"
	run setsid -w ssh "${options[@]}" site1@127.0.0.1 echo in </dev/null
	[ "$output" = in ]
}

@test "check: nothing is noted, so that the job is answered all the same" {
	for _ in 1 2 3; do
		check "${options[@]}" site1@127.0.0.1
		[ "$status" -eq 0 ]
	done
	run pawl-askpass --last
	[[ $output != *site1* ]]
}

@test "check: without a host, what concerns all" {
	check
	begins "ok: opening: generation 2"
	export PAWL_ENTRY=site1
	check
	finds "ok: PAWL_ENTRY: entry site1"
	export PAWL_ENTRY=site2
	check
	begins "fail: PAWL_ENTRY: site2: "
	[ "$status" -eq 78 ]
	unset PAWL_ENTRY
	PASSWD_DSN="//'hlq.passwd(site1)'" check
	finds "ok: PASSWD_DSN: entry site1"
	PASSWD_DSN="no name" check
	begins "fail: PASSWD_DSN: "
}

@test "check: an ssh that is not there, and one that is none" {
	mkdir none
	path=$PWD/none check
	begins "fail: ssh: run ssh: No such file"
	printf '#!/bin/sh\necho "PuTTY 0.70"\n' >none/ssh
	chmod 755 none/ssh
	path=$PWD/none:$PATH check
	begins 'warn: ssh: "PuTTY 0.70" is no OpenSSH'
}

@test "check: SSH_ASKPASS" {
	unset SSH_ASKPASS
	check
	begins "fail: SSH_ASKPASS: is not set"
	SSH_ASKPASS=pawl-askpass check
	begins 'fail: SSH_ASKPASS: "pawl-askpass" is no absolute path'
	SSH_ASKPASS=$PWD/missing check
	begins "fail: SSH_ASKPASS: $PWD/missing cannot be run"
	cp "$B/pawl-askpass" other
	chmod 755 other
	SSH_ASKPASS=$PWD/other check
	begins "warn: SSH_ASKPASS: $PWD/other is not this program"
	chmod 775 other
	SSH_ASKPASS=$PWD/other check
	begins "fail: SSH_ASKPASS: $PWD/other can be changed by others"
	export SSH_ASKPASS=$B/pawl-askpass
	SSH_ASKPASS_PROMPT=confirm check
	begins "fail: SSH_ASKPASS_PROMPT: is set"
}

# What --check says of askpass is what ssh does: in an environment where it
# finds that none is called, ssh calls none.
@test "check: whether ssh calls it, and ssh agrees" {
	local calls way
	local -a ways=("SSH_ASKPASS_REQUIRE=force" "SSH_ASKPASS_REQUIRE=FORCE"
		"SSH_ASKPASS_REQUIRE=never DISPLAY=none"
		"SSH_ASKPASS_REQUIRE=prefer" "SSH_ASKPASS_REQUIRE=prefer DISPLAY=none"
		"SSH_ASKPASS_REQUIRE=x" "SSH_ASKPASS_REQUIRE= DISPLAY=none"
		"DISPLAY=" "DISPLAY=none")

	unset SSH_ASKPASS_REQUIRE
	printf '#!/bin/sh\n: >%s/called\nexec %s/pawl-askpass "$1"\n' "$PWD" \
		"$B" >noting
	chmod 755 noting
	for way in "${ways[@]}"; do
		rm -f called
		# shellcheck disable=SC2086 # words
		SSH_ASKPASS=$PWD/noting run env $way setsid -w ssh \
			"${options[@]}" -o PubkeyAuthentication=no \
			site1@127.0.0.1 true </dev/null
		calls=no
		[ ! -e called ] || calls=yes
		# shellcheck disable=SC2086
		run env $way setsid -w pawl-askpass --check </dev/null
		echo "$way: $calls: $output"
		if [ $calls = yes ]; then
			finds "ok: askpass: this ssh calls it" || return 1
		else
			begins "fail: askpass: " || return 1
		fi
	done
}

@test "check: at a terminal ssh asks there, unless it is forced" {
	unset SSH_ASKPASS_REQUIRE
	export DISPLAY=none
	run script -qec "pawl-askpass --check" /dev/null </dev/null
	echo "$output"
	[[ $output == *"warn: askpass: this ssh asks at the terminal where there is one; run: export SSH_ASKPASS_REQUIRE=force"* ]]
	SSH_ASKPASS_REQUIRE=force run script -qec "pawl-askpass --check" \
		/dev/null </dev/null
	[[ $output == *"ok: askpass: this ssh calls it"* ]]
}

@test "check: an ssh before 8.4 needs DISPLAY" {
	mkdir old
	printf '#!/bin/sh\n[ "$1" != -V ] || { echo "OpenSSH_7.6p1, x" >&2; exit; }\nexec /usr/bin/ssh "$@"\n' >old/ssh
	chmod 755 old/ssh
	export PATH=$PWD/old:$PATH
	check
	finds "ok: ssh: OpenSSH_7.6p1, x"
	finds "fail: askpass: this ssh is older than 8.4 and calls none without DISPLAY; run: export DISPLAY=none"
	DISPLAY=none check
	finds "ok: askpass: this ssh calls it, where it has no terminal"
	run script -qec "DISPLAY=none pawl-askpass --check" /dev/null </dev/null
	[[ $output == *"warn: askpass: this ssh is older than 8.4 and asks at the terminal"*"setsid"* ]]
}

@test "check: what ssh's configuration keeps from asking" {
	check -o BatchMode=yes "${options[@]}" site1@127.0.0.1
	begins "fail: BatchMode: yes"
	check -o NumberOfPasswordPrompts=3 "${options[@]}" site1@127.0.0.1
	[ "$status" -eq 0 ]
	begins "warn: NumberOfPasswordPrompts: more than 1"
	check -o NumberOfPasswordPrompts=0 "${options[@]}" site1@127.0.0.1
	[ "$status" -eq 0 ] || begins "fail: NumberOfPasswordPrompts: 0"
	check -o PreferredAuthentications=publickey,hostbased "${options[@]}" \
		site1@127.0.0.1
	begins "fail: PreferredAuthentications: ssh tries no password"
	check -o PasswordAuthentication=no -o PreferredAuthentications=password \
		"${options[@]}" site1@127.0.0.1
	begins "fail: PreferredAuthentications: ssh tries no password"
	check -o PasswordAuthentication=no "${options[@]}" site1@127.0.0.1
	[ "$status" -eq 0 ]
	check -o PreferredAuthentications=publickey,password "${options[@]}" \
		site1@127.0.0.1
	[ "$status" -eq 0 ]
	check -J hop "${options[@]}" site1@127.0.0.1
	begins "warn: ProxyJump: "
	check -o Nonsense=1 site1@127.0.0.1
	begins "fail: ssh -G: command-line: line 0: Bad configuration option"
}

@test "check: host keys, by name, port and alias, hashed or not" {
	local name="[127.0.0.1]:$PAWL_T_SSH_PORT"

	: >"$HOME/.ssh/known_hosts"
	check "${options[@]}" site1@127.0.0.1
	begins "fail: host key: of $name is not known"
	check -o StrictHostKeyChecking=accept-new "${options[@]}" site1@127.0.0.1
	[ "$status" -eq 0 ]
	begins "warn: host key: of $name is not known"
	begins "warn: StrictHostKeyChecking: accept-new"
	check -o StrictHostKeyChecking=no "${options[@]}" site1@127.0.0.1
	begins "fail: StrictHostKeyChecking: no"
	cp "$PAWL_T_KNOWN_HOSTS" "$HOME/.ssh/known_hosts"
	ssh-keygen -q -H -f "$HOME/.ssh/known_hosts"
	check "${options[@]}" site1@127.0.0.1
	finds "ok: host key: $name is known"
	check -o HostKeyAlias=Partner "${options[@]}" site1@127.0.0.1
	begins "fail: host key: of partner is not known"
	begins "fail: answer: to site1@partner: "
	sed "s/^[^ ]*/partner/" "$PAWL_T_KNOWN_HOSTS" >"$HOME/.ssh/known_hosts"
	check -o HostKeyAlias=Partner "${options[@]}" site1@127.0.0.1
	finds "ok: host key: partner is known"
}

@test "check: which entry would answer, and why none" {
	check "${options[@]}" root@127.0.0.1
	begins "fail: answer: to root@127.0.0.1: "
	PAWL_ENTRY=site1 check "${options[@]}" -l site1 127.0.0.1
	finds "ok: answer: to site1@127.0.0.1: entry site1"
	PAWL_ENTRY=site1 check "${options[@]}" -o Hostname=127.0.0.2 site1@127.0.0.1
	begins "fail: answer: to site1@127.0.0.2: the prompt is for the host"
}

@test "check: files of ssh's that others may change" {
	chmod 777 "$HOME/.ssh/known_hosts"
	check "${options[@]}" site1@127.0.0.1
	begins "fail: userknownhostsfile: $HOME/.ssh/known_hosts may be written by others"
	chmod 644 "$HOME/.ssh/known_hosts"
	check "${options[@]}" site1@127.0.0.1
	finds "ok: userknownhostsfile: $HOME/.ssh/known_hosts"
	chmod 770 "$HOME/.ssh"
	check "${options[@]}" site1@127.0.0.1
	begins "fail: ~/.ssh: $HOME/.ssh may be written by others"
	chmod 755 "$HOME/.ssh"
	echo "# none" >"$HOME/.ssh/config"
	chmod 660 "$HOME/.ssh/config"
	check "${options[@]}" site1@127.0.0.1
	begins "fail: ~/.ssh/config: $HOME/.ssh/config may be written by others, so that ssh ends at once"
	chmod 644 "$HOME/.ssh/config"
	ssh-keygen -q -t ed25519 -N '' -f "$HOME/.ssh/id"
	check "${options[@]}" -i "$HOME/.ssh/id" site1@127.0.0.1
	[ "$status" -eq 0 ]
	chmod 640 "$HOME/.ssh/id"
	check "${options[@]}" -i "$HOME/.ssh/id" site1@127.0.0.1
	begins "fail: identityfile: $HOME/.ssh/id may be used by others, so that ssh passes over this key"
	chown 65534 "$HOME/.ssh/id"
	check "${options[@]}" -i "$HOME/.ssh/id" site1@127.0.0.1
	begins "fail: identityfile: $HOME/.ssh/id is owned by uid 65534"
}

@test "check: configuration, stack, key, vault and state" {
	echo "wait = soon" >"$PAWL_CONFIG"
	check
	begins "fail: pawl.conf: $PAWL_CONFIG:1: wait: "
	rm "$PAWL_CONFIG"
	echo "ssh required nonsense" >"$HOME/askpass.conf"
	check
	begins "fail: stack: $HOME/askpass.conf:1:"
	rm "$HOME/askpass.conf"
	chmod 644 "$key"
	chmod 644 "$XDG_DATA_HOME/pawl/vault"
	check
	begins "fail: key: key file: $key: group or others may read it"
	begins "fail: vault: "
	chmod 600 "$key" "$XDG_DATA_HOME/pawl/vault"
	rm "$key"
	check
	begins "fail: key: "
	rm "$XDG_DATA_HOME/pawl/vault"
	check
	begins "fail: vault: "
	chmod 777 "$XDG_STATE_HOME/pawl"
	check
	begins "fail: state: $XDG_STATE_HOME/pawl must be yours"
}

@test "check: an audit file that cannot be written" {
	echo "audit-file = $PWD/none/audit" >"$PAWL_CONFIG"
	check
	begins "fail: audit: "
}
