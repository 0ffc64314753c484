#!/usr/bin/env bats
# Whether the real servers of the tests, and their certificates, are what the
# tests rely on: world.sh, pam_pawl.c, badlogins.sh, ca.sh.  For root.

# What stands in single quotes is for a world's own shell.
# shellcheck disable=SC2016

bats_require_minimum_version 1.5.0

setup_file()
{
	cd "$BATS_TEST_DIRNAME" || return
	./ca.sh "$BATS_FILE_TMPDIR/ca"
	if [ -z "${PAWL_T_PAM-}" ]; then
		export PAWL_T_PAM=$BATS_FILE_TMPDIR/pam_pawl.so
		"${CC:-cc}" -shared -fPIC -o "$PAWL_T_PAM" pam_pawl.c \
		    -lpam -lcrypt
	fi

	# What answers ssh: the first line of the file it is told.
	cat >"$BATS_FILE_TMPDIR/askpass" <<-'END'
		#!/bin/sh
		head -n 1 "$ASKPASS_FILE"
	END
	chmod +x "$BATS_FILE_TMPDIR/askpass"

	# The commands run in a world: ssh_login, ftp_login PASSWORD.
	cat >"$BATS_FILE_TMPDIR/lib.sh" <<-'END'
		ssh_login()
		{
			echo "$1" >"$PAWL_T_DIR/tmp/answer"
			ASKPASS_FILE=$PAWL_T_DIR/tmp/answer \
			SSH_ASKPASS=$PAWL_T_DIR/../askpass \
			SSH_ASKPASS_REQUIRE=force \
			    ssh -n -o UserKnownHostsFile="$PAWL_T_KNOWN_HOSTS" \
			    -o StrictHostKeyChecking=yes \
			    -o NumberOfPasswordPrompts=1 \
			    -o PreferredAuthentications="${2-password}" \
			    -p "$PAWL_T_SSH_PORT" site1@127.0.0.1 id -un
		}

		ftp_login()
		{
			echo "user = \"site1:$1\"" |
			    curl -sS --ssl-reqd --cacert "$PAWL_T_CA" -K - -I \
			    "ftp://localhost:$PAWL_T_FTP_PORT/"
		}

		yes() { "$@" || { echo "failed: $*"; exit 1; }; }
		no() { ! "$@" || { echo "did not fail: $*"; exit 1; }; }
	END
}

# world COMMANDS: run them in a world, $BATS_TEST_TMPDIR/w.  The askpass
# program is beside it.
world()
{
	ln -sf "$BATS_FILE_TMPDIR/askpass" "$BATS_TEST_TMPDIR/askpass"
	"$BATS_TEST_DIRNAME/world.sh" "${2-$BATS_TEST_TMPDIR/w}" \
	    bash -euc ". '$BATS_FILE_TMPDIR/lib.sh'
		$1"
}

bad_logins()
{
	"$BATS_TEST_DIRNAME/badlogins.sh" "$BATS_TEST_TMPDIR/w"
}

# in_namespace ID: a process is left in that mount namespace.
in_namespace()
{
	local process

	for process in /proc/[0-9]*; do
		if [ "$(readlink "$process/ns/mnt")" = "$1" ]; then
			return 0
		fi
	done
	return 1
}

@test "world: a change over FTPS is the account's password for ssh as well" {
	run -0 world '
		yes ssh_login OLDPASS1
		yes ssh_login OLDPASS1 keyboard-interactive
		yes ftp_login OLDPASS1
		yes ftp_login OLDPASS1/NEWPASS1/NEWPASS1
		yes ssh_login NEWPASS1
		yes ftp_login NEWPASS1
		no ssh_login OLDPASS1
		no ssh_login OLDPASS1 keyboard-interactive
		no ssh_login ""
		no ftp_login OLDPASS1
		no ftp_login OLDPASS1/NEWPASS2/NEWPASS2'
	[ "$(bad_logins)" = $'sshd 3\nftp 2' ]
	[ "$(cat "$BATS_TEST_TMPDIR/w/log/ftp-logins")" = \
	    $'ok site1\nchanged site1\nok site1\nbad site1\nbad site1' ]
}

@test "world: a change is refused unless it follows the rules" {
	run -0 world '
		no ftp_login OLDPASS1/NEWPASS1/NEWPASS2
		no ftp_login OLDPASS1/NEWPASS1
		no ftp_login OLDPASS1/NEWPASS12/NEWPASS12
		no ftp_login OLDPASS1/newpass1/newpass1
		no ftp_login OLDPASS1//
		yes ftp_login OLDPASS1'
	[ "$(bad_logins)" = $'sshd 0\nftp 5' ]
}

@test "world: an expired password is good for nothing but a change" {
	run -0 world '
		chage -d 0 site1
		no ftp_login OLDPASS1
		yes ftp_login OLDPASS1/NEWPASS1/NEWPASS1
		yes ftp_login NEWPASS1
		yes ssh_login NEWPASS1'
}

@test "world: an account is revoked after N bad logins in a row" {
	WORLD_PAM_ARGS=revoke=2 run -0 world '
		no ftp_login WRONG
		yes ftp_login OLDPASS1
		no ftp_login WRONG
		yes ftp_login OLDPASS1/NEWPASS1/NEWPASS1
		no ftp_login WRONG
		no ftp_login WRONG
		no ftp_login NEWPASS1'
	[ "$(bad_logins)" = $'sshd 0\nftp 5' ]
}

@test "world: the reply can be wrong about the change" {
	WORLD_PAM_ARGS=behave=changed-but-refused run -0 world '
		no ftp_login OLDPASS1/NEWPASS1/NEWPASS1
		yes ftp_login NEWPASS1'
	WORLD_PAM_ARGS=behave=accept-no-change run -0 world '
		yes ftp_login OLDPASS1/NEWPASS1/NEWPASS1
		yes ftp_login OLDPASS1' "$BATS_TEST_TMPDIR/w2"
}

@test "world: status, standard input and first password are the caller's" {
	echo 'FIRST#1' >"$BATS_TEST_TMPDIR/password"
	export WORLD_PASSWORD_FILE=$BATS_TEST_TMPDIR/password
	run -7 world 'yes ssh_login "FIRST#1"; no ssh_login OLDPASS1
		no bash -c "kill -INT \$\$"
		read -r line; echo "got $line"; exit 7' <<<'a line'
	[ "${lines[-1]}" = 'got a line' ]
	# A place where even a mistake of world.sh could write nothing.
	run -64 world 'echo nothing' /proc/world
	run -64 world 'echo again'
	[[ $output = *'not empty'* ]]
}

# What a daemon, ssh or chage would have left a trace in.
outside()
{
	cat /proc/self/mountinfo
	stat -c '%n %i %Z' /etc /etc/passwd /etc/shadow /etc/group /etc/pam.d \
	    /etc/ssh /run/sshd /run/world /run/*.pid /run/utmp \
	    /var/log/btmp /var/log/wtmp /var/log/lastlog /root/.ssh 2>&1 || :
}

@test "world: outside nothing changes and nothing is left" {
	local before
	before=$(outside)
	run -0 world 'yes ssh_login OLDPASS1
		yes ftp_login OLDPASS1/NEWPASS1/NEWPASS1
		no ssh_login OLDPASS1
		chage -d 0 site1
		sleep 1000 >/dev/null 2>&1 &
		readlink /proc/self/ns/mnt'
	diff <(echo "$before") <(outside)
	[[ ${lines[-1]} = mnt:* ]]
	run -1 in_namespace "${lines[-1]}"
}

@test "world: nothing is left when it is killed" {
	local signal id world tries
	mkfifo "$BATS_TEST_TMPDIR/ready"
	exec 8<>"$BATS_TEST_TMPDIR/ready"
	for signal in TERM INT HUP KILL; do
		# Not a function: its process is the one to kill.
		env --default-signal "$BATS_TEST_DIRNAME/world.sh" \
		    "$BATS_TEST_TMPDIR/$signal" bash -c \
		    'readlink /proc/self/ns/mnt >&8; sleep 1000' 3>&- &
		world=$!
		read -r -t 20 -u 8 id
		in_namespace "$id"
		kill -"$signal" "$world"
		wait "$world" || [ $? -eq $((128 + $(kill -l $signal))) ]
		# Only KILL leaves the rest to the kernel, which takes a moment.
		tries=0
		while [ $signal = KILL ] && in_namespace "$id" &&
		    [ $((tries += 1)) -lt 100 ]; do
			sleep 0.05
		done
		run -1 in_namespace "$id"
	done
}

@test "world: two can run at the same time" {
	local other
	# Each waits in the middle for the other to have come as far.
	mkfifo "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b"
	exec 8<>"$BATS_TEST_TMPDIR/a" 9<>"$BATS_TEST_TMPDIR/b"
	world 'yes ftp_login OLDPASS1/NEWPASS1/NEWPASS1
		echo >&8; read -r -t 20 -u 9 _
		yes ssh_login NEWPASS1' "$BATS_TEST_TMPDIR/w1" 3>&- &
	other=$!
	run -0 world 'echo >&9; read -r -t 20 -u 8 _; yes ssh_login OLDPASS1'
	wait "$other"
}

@test "ca: each certificate has its own fault" {
	local name
	cd "$BATS_FILE_TMPDIR/ca"
	for name in good expired wrong-name untrusted self-signed; do
		echo "$name: $(openssl verify -CAfile ca.pem -verify_hostname \
		    localhost "$name.pem" 2>&1 | grep -o 'error [0-9][0-9]*\|OK')"
	done | diff - <(cat <<-END
		good: OK
		expired: error 10
		wrong-name: error 62
		untrusted: error 20
		self-signed: error 18
	END
	)
	openssl verify -CAfile ca.pem -verify_ip 127.0.0.1 good.pem
}
