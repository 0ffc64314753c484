#!/usr/bin/env bats
# Jobs that are under way while their password is changed: the drain of
# pawl-rotate(1), with the real ssh, sshd and FTPS server.  What counts is the
# servers' own count of bad logins.

bats_require_minimum_version 1.5.0

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	export PATH="$B:$PATH" HOME="$BATS_TEST_TMPDIR/home"
	export XDG_CONFIG_HOME=$HOME/c XDG_DATA_HOME=$HOME/d XDG_STATE_HOME=$HOME/s
	export PAWL_CONFIG=$HOME/pawl.conf PAWL_ENTRY=site1
	export SSH_ASKPASS=$PWD/askpass SSH_ASKPASS_REQUIRE=force
	unset DISPLAY PASSWD_DSN PAWL_VAULT PAWL_KEY_FILE
	mkdir -p "$HOME"
	cp -a /etc/shadow shadow.first
	cp -a /etc/pam.d/sshd pam.first
	bad=$(bad_logins)
	job='' rotation=''
}

teardown()
{
	[ -z "$job$rotation" ] || kill -KILL $job $rotation 2>/dev/null || :
	[ ! -s pid ] || kill -KILL "$(cat pid)" 2>/dev/null || :
	cp -a shadow.first /etc/shadow
	cp -a pam.first /etc/pam.d/sshd
}

bad_logins()
{
	"$BATS_TEST_DIRNAME/../servers/badlogins.sh" "$PAWL_T_DIR" |
		awk '{ n += $2 } END { print n }'
}

make_vault()
{
	pawl-vault init >/dev/null
	printf 'OLDPASS1\n' | pawl-vault set site1 user=site1 host=127.0.0.1 \
		rotate.method=zos-pass rotate.port="$PAWL_T_FTP_PORT" \
		rotate.ca-file="$PAWL_T_CA" >/dev/null
}

# wait_for FILE TEXT: until the file has it.
wait_for()
{
	# shellcheck disable=SC2016 # the inner shell's parameters
	timeout 20 sh -c 'tail -n +1 -F "$1" 2>/dev/null |
	    grep -q -m 1 -- "$2"' sh "$1" "$2"
}

# stop_at CALL NUMBER: the next job's pawl-askpass stops there, in pid.
stop_at()
{
	cat >askpass <<-END
		#!/bin/sh
		echo \$\$ >'$PWD/pid'
		exec strace -D -o '$PWD/trace' -e trace=$1,pwrite64 \\
		    -e inject=$1:signal=STOP:when=$2 '$B/pawl-askpass' "\$@"
	END
	chmod 700 askpass
	: >trace
	setsid -w ssh -F none -o "UserKnownHostsFile=$PAWL_T_KNOWN_HOSTS" \
		-o StrictHostKeyChecking=yes -o PreferredAuthentications=password \
		-o NumberOfPasswordPrompts=1 -p "$PAWL_T_SSH_PORT" site1@127.0.0.1 echo in \
		</dev/null >job.out 2>&1 3>&- &
	job=$!
	wait_for trace 'stopped by SIGSTOP'
	# It has not noted what it gives out.
	run ! grep pwrite64 trace
}

# logs_in: it goes on, and the job has ended well.
logs_in()
{
	kill -CONT "$(cat pid)"
	wait $job
	job=''
	[ "$(cat job.out)" = in ]
	[ "$(bad_logins)" -eq "$bad" ]
}

@test "a job that has opened the vault before the rotation, and reads it after" {
	make_vault
	# The vault's own header is what it reads first.
	stop_at pread64 1
	pawl-rotate --force --quiet site1
	logs_in
	[ "$(pawl-vault get site1)" != OLDPASS1 ]
}

# waited_for CALL NUMBER: a rotation sees a job that stopped there.
waited_for()
{
	make_vault
	stop_at "$@"
	pawl-rotate --force site1 >rotation.out 2>&1 3>&- &
	rotation=$!
	wait_for rotation.out 'wait for a job that holds the password'
	logs_in
	wait $rotation
	rotation=''
	[ "$(bad_logins)" -eq "$bad" ]
	[ "$(pawl-vault get site1)" != OLDPASS1 ]
}

@test "a job that has read what is noted of others: it is waited for" {
	# The second is the state file.
	waited_for pread64 2
}

@test "a job that has yet to note what it gives out: it is waited for" {
	waited_for seccomp 1
}

@test "a job that stays where it read the password: the rotation gives up" {
	make_vault
	pawl-vault set site1 rotate.drain=1s >/dev/null
	stop_at seccomp 1
	run pawl-rotate --force site1
	echo "$status: $output"
	[ "$status" -eq 75 ]
	logs_in
	[ "$(pawl-vault get site1)" = OLDPASS1 ]
}

@test "jobs that log in all through rotations are not refused" {
	run "$BATS_TEST_DIRNAME/drain.py" 4
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == "rotations 4, logins "*", refused 0" ]]
	echo "# count: $output" >&3
}
