#!/usr/bin/env bats
# The samples for Co:Z and the commands of pawl-coz(7), as far as Linux can run
# them: a cozsftp that is the real sftp, a data set that is a file, and the
# sshd and FTPS server of tests/servers/world.sh.  Without SSH_ASKPASS_REQUIRE,
# for the ssh of z/OS does not know it.

bats_require_minimum_version 1.5.0

setup()
{
	local partner=127.0.0.1

	cd "$BATS_TEST_TMPDIR" || return
	umask 077
	export PATH="$B:$PATH" HOME="$BATS_TEST_TMPDIR/home"
	export XDG_CONFIG_HOME=$HOME/c XDG_DATA_HOME=$HOME/d XDG_STATE_HOME=$HOME/s
	export PAWL_CONFIG=$HOME/pawl.conf
	unset DISPLAY WAYLAND_DISPLAY SSH_ASKPASS SSH_ASKPASS_REQUIRE \
		PAWL_ENTRY PASSWD_DSN PAWL_VAULT PAWL_KEY_FILE \
		SSH_ASKPASS_PROMPT
	mkdir -p "$HOME" samples coz
	cp /etc/shadow shadow
	for file in "$BATS_TEST_DIRNAME"/../../askpass/coz/*; do
		sed -e "s|/usr/local/bin/pawl-askpass|$B/pawl-askpass|" \
			-e "s|sftp.example.com|$partner|" \
			-e '/^export SSH_ASKPASS_REQUIRE=/d' "$file" \
			>"samples/${file##*/}"
	done
	chmod 755 samples/read_passwd_dsn.sh
	# The shop's own options, and its cozsftp.
	export coz_bin=$PWD/coz
	export ssh_opts="-F none -P $PAWL_T_SSH_PORT \
-oUserKnownHostsFile=$PAWL_T_KNOWN_HOSTS"
	cat >coz/cozsftp <<-'END'
		#!/bin/sh
		sed 's|//HLQ.DATA.OUT|data|' | exec sftp "$@"
	END
	chmod 755 coz/cozsftp
	echo data >data
	rm -f "$PAWL_T_DIR/home/site1/data.out"
	# HLQ.PASSWD(SITE1), a record of 80 in EBCDIC with its line number.
	printf '%-72s%s' OLDPASS1 00000100 |
		iconv -f ISO8859-1 -t IBM1047 >passwd.bin
}

# Others of this world log in with the first password.
teardown()
{
	cat "$BATS_TEST_TMPDIR/shadow" >/etc/shadow
}

# commands SAMPLE: what the shell of its COZBATCH step reads: the member in
# front, and what stands in the job.
commands()
{
	cat samples/PAWLENV.txt
	awk '/^\/\// { data = / DD \*$/; next } data' "samples/$1.jcl"
}

# step SAMPLE: runs it, in batch.
step()
{
	commands "$1" >step.sh
	run setsid -w sh step.sh </dev/null
	echo "$status: $output"
	[ "$status" -eq 0 ]
}

# example N: the Nth literal piece of pawl-coz(7), for this partner.
example()
{
	awk -v want="$1" '
	/^\.Bd -literal/ { inside = ++n == want; next }
	/^\.Ed/ { inside = 0 }
	inside { gsub(/\\e/, "\\"); print }' \
		"$BATS_TEST_DIRNAME/../../man/pawl-coz.7" |
		sed -e 's/\(sftp\|ftp\)\.example\.com/127.0.0.1/g' \
			-e "s|/etc/pawl/pawl.conf|$PAWL_CONFIG|"
}

moved()
{
	example 1 >walk.sh
	sh -e walk.sh
}

transferred()
{
	[ "$(cat "$PAWL_T_DIR/home/site1/data.out")" = data ]
}

@test "coz: the walk of pawl-coz(7): data set, vault, job, rotation, job" {
	run moved
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"HLQ.PASSWD(SITE1)"* ]]
	step PAWLDSN
	transferred
	pawl-vault set site1 "rotate.port=$PAWL_T_FTP_PORT" \
		"rotate.ca-file=$PAWL_T_CA" rotate.drain=0s >/dev/null
	example 3 >rotate.sh
	run sh -e rotate.sh
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(pawl-vault get site1)" != OLDPASS1 ]
	rm "$PAWL_T_DIR/home/site1/data.out"
	step PAWLDSN
	transferred
}

@test "coz: a COZBATCH step, by entry" {
	moved >/dev/null
	step PAWLSFTP
	transferred
}

@test "coz: without DISPLAY this ssh would have called nobody" {
	moved >/dev/null
	sed -i '/DISPLAY/d' samples/PAWLENV.txt
	commands PAWLSFTP >step.sh
	run setsid -w sh step.sh </dev/null
	[ "$status" -ne 0 ]
	[ ! -e "$PAWL_T_DIR/home/site1/data.out" ]
}

@test "coz: the Launcher's environment, by entry and by data set" {
	local -a variables

	moved >/dev/null
	for member in STDENV STDENVD; do
		mapfile -t variables <samples/$member.txt
		run env "${variables[@]}" setsid -w ssh -F none \
			-p "$PAWL_T_SSH_PORT" \
			-o "UserKnownHostsFile=$PAWL_T_KNOWN_HOSTS" \
			site1@127.0.0.1 echo in </dev/null
		echo "$member: $output"
		[ "$output" = in ]
	done
}

@test "coz: the Launcher's ssh-options are some that ssh has" {
	local options

	options=$(sed -n '/^ssh-options=/,$p' samples/COZCFG.txt |
		sed 's/^ssh-options=//; s/\\$//' | tr '\n' ' ')
	# shellcheck disable=SC2086 # words
	run ssh -F none -G $options host
	[ "$status" -eq 0 ]
	[[ $output == *"batchmode no"* ]]
	[[ $output == *"numberofpasswordprompts 1"* ]]
	[[ $output == *"preferredauthentications password"* ]]
}

@test "coz: in the place of read_passwd_dsn.sh nothing else changes" {
	moved >/dev/null
	export SSH_ASKPASS=$PWD/samples/read_passwd_dsn.sh DISPLAY=none
	export PASSWD_DSN="//'hlq.passwd(site1)'"
	run setsid -w "$coz_bin/cozsftp" $ssh_opts -oBatchMode=no -b- \
		-oStrictHostKeyChecking=yes site1@127.0.0.1 \
		<<<"put //HLQ.DATA.OUT data.out"
	echo "$output"
	[ "$status" -eq 0 ]
	transferred
	# Another data set's password is not this one: ssh is ended.
	rm "$PAWL_T_DIR/home/site1/data.out"
	PASSWD_DSN='HLQ.PASSWD(SITE2)' run setsid -w "$coz_bin/cozsftp" \
		$ssh_opts -oBatchMode=no -b- -oStrictHostKeyChecking=yes \
		site1@127.0.0.1 <<<"put //HLQ.DATA.OUT data.out"
	[ "$status" -ne 0 ]
	[[ $output == *"ssh stopped, nothing sent"* ]]
	[ ! -e "$PAWL_T_DIR/home/site1/data.out" ]
}

@test "coz: the example of an answer in IBM-1047" {
	moved >/dev/null
	example 4 >answer.sh
	run --separate-stderr sh answer.sh
	[ "$output" = OLDPASS1 ]
	example 2 | diff - "$PAWL_CONFIG"
}
