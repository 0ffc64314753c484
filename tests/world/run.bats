#!/usr/bin/env bats
# pawl-vault run with the real ssh, sftp, scp and sshd of
# tests/servers/world.sh.  What counts is the server's own log.

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	export PATH="$B:$PATH" HOME="$BATS_TEST_TMPDIR/home"
	export XDG_CONFIG_HOME=$HOME/c XDG_DATA_HOME=$HOME/d XDG_STATE_HOME=$HOME/s
	export PAWL_CONFIG=$HOME/pawl.conf
	# The job sets nothing: that is what run is for.
	unset DISPLAY PAWL_ENTRY PASSWD_DSN PAWL_VAULT PAWL_KEY_FILE \
		SSH_ASKPASS SSH_ASKPASS_REQUIRE
	mkdir -p "$HOME"
	pawl-vault init >/dev/null
	printf 'OLDPASS1\n' | pawl-vault set site1 user=site1 host=127.0.0.1 \
		>/dev/null
	options=(-F none -o "UserKnownHostsFile=$PAWL_T_KNOWN_HOSTS")
	bad=$(bad_logins)
}

bad_logins()
{
	"$BATS_TEST_DIRNAME/../servers/badlogins.sh" "$PAWL_T_DIR" |
		awk '$1 == "sshd" { print $2 }'
}

# job COMMAND ARGUMENT...: as pawl-vault run site1 runs it.
job()
{
	local command=$1

	shift
	run pawl-vault run site1 -- "$command" "${options[@]}" "$@" </dev/null
	echo "$status: $output"
}

wrong_password()
{
	printf 'WRONG123\n' | pawl-vault set site1 >/dev/null
}

@test "run: ssh logs in, and its status is the command's" {
	job ssh -p "$PAWL_T_SSH_PORT" site1@127.0.0.1 echo in
	[ "$status" -eq 0 ]
	[ "$output" = in ]
	job ssh -p "$PAWL_T_SSH_PORT" site1@127.0.0.1 exit 5
	[ "$status" -eq 5 ]
	[ "$(bad_logins)" -eq "$bad" ]
}

@test "run: sftp -b transfers, though -b says batch mode" {
	echo data >sent
	echo "put sent from-sftp" >batch
	job sftp -b batch -P "$PAWL_T_SSH_PORT" site1@127.0.0.1
	[ "$status" -eq 0 ]
	[ "$(cat "$PAWL_T_DIR/home/site1/from-sftp")" = data ]
}

@test "run: scp copies, with -B too" {
	echo data >sent
	job scp -B -P "$PAWL_T_SSH_PORT" sent site1@127.0.0.1:from-scp
	[ "$status" -eq 0 ]
	[ "$(cat "$PAWL_T_DIR/home/site1/from-scp")" = data ]
}

@test "run: a script that calls ssh logs in" {
	cat >job.sh <<-END
		ssh -F none -o UserKnownHostsFile=$PAWL_T_KNOWN_HOSTS \
		    -o PubkeyAuthentication=no -p $PAWL_T_SSH_PORT \
		    site1@127.0.0.1 echo in
	END
	run pawl-vault run site1 -- sh job.sh
	[ "$output" = in ]
}

@test "run: a wrong password costs one try with each of them" {
	wrong_password
	job ssh -p "$PAWL_T_SSH_PORT" site1@127.0.0.1 echo in
	[ "$status" -ne 0 ]
	[ "$(bad_logins)" -eq $((bad + 1)) ]
	echo "put sent x" >batch
	echo data >sent
	job sftp -b batch -P "$PAWL_T_SSH_PORT" site1@127.0.0.1
	[ "$status" -ne 0 ]
	[ "$(bad_logins)" -eq $((bad + 2)) ]
	job scp -P "$PAWL_T_SSH_PORT" sent site1@127.0.0.1:x
	[ "$status" -ne 0 ]
	[ "$(bad_logins)" -eq $((bad + 3)) ]
	[ ! -e "$PAWL_T_DIR/home/site1/x" ]
}

@test "run: an unknown host key is a clean no, and nothing is sent" {
	options=(-F none -o "UserKnownHostsFile=$PWD/none")
	job ssh -p "$PAWL_T_SSH_PORT" site1@127.0.0.1 echo in
	[ "$status" -eq 255 ]
	[[ $output == *"Host key verification failed."* ]]
	job sftp -P "$PAWL_T_SSH_PORT" site1@127.0.0.1
	[ "$status" -eq 255 ]
	job scp -P "$PAWL_T_SSH_PORT" batch site1@127.0.0.1:x
	[ "$status" -ne 0 ]
	[ ! -e none ]
	[ "$(bad_logins)" -eq "$bad" ]
}

@test "run: the user may take a host key as it comes" {
	options=(-F none -o "UserKnownHostsFile=$PWD/none"
		-o StrictHostKeyChecking=accept-new)
	job ssh -q -p "$PAWL_T_SSH_PORT" site1@127.0.0.1 echo in
	[ "$output" = in ]
	[ -s none ]
}

@test "run: -f and -k in another directory than the job's" {
	mkdir elsewhere
	run pawl-vault -f home/d/pawl/vault -k home/c/pawl/key run site1 -- \
		sh -c 'cd elsewhere && exec ssh "$@"' ssh "${options[@]}" \
		-o PubkeyAuthentication=no -p "$PAWL_T_SSH_PORT" \
		site1@127.0.0.1 echo in
	echo "$output"
	[ "$output" = in ]
}
