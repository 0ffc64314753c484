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
	[ "$status" -eq 76 ]
	[[ ${lines[-1]} == "pawl-vault: site1: the server refused the secret"* ]]
	[ "$(bad_logins)" -eq $((bad + 1)) ]
	echo "put sent x" >batch
	echo data >sent
	job sftp -b batch -P "$PAWL_T_SSH_PORT" site1@127.0.0.1
	[ "$status" -eq 76 ]
	[ "$(bad_logins)" -eq $((bad + 2)) ]
	job scp -P "$PAWL_T_SSH_PORT" sent site1@127.0.0.1:x
	[ "$status" -eq 76 ]
	[ "$(bad_logins)" -eq $((bad + 3)) ]
	# ssh itself gives up where the server offers one way only.
	job ssh -o PasswordAuthentication=no -p "$PAWL_T_SSH_PORT" \
		site1@127.0.0.1 echo in
	[ "$status" -eq 76 ]
	[ "$(bad_logins)" -eq $((bad + 4)) ]
	[ ! -e "$PAWL_T_DIR/home/site1/x" ]
}

# deaf PORT DESTINATION: in a job that ignores SIGTERM.
deaf()
{
	# shellcheck disable=SC2016 # the inner shell's parameters
	run sh -c 'trap "" TERM; exec "$@"' sh pawl-vault run site1 -- \
		ssh "${options[@]}" -p "$PAWL_T_SSH_PORT" "$1" echo in </dev/null
	echo "$status: $output"
}

@test "run: an ssh that had to be killed is explained, and costs no more" {
	wrong_password
	deaf site1@127.0.0.1
	[ "$status" -eq 76 ]
	[[ ${lines[-1]} == "pawl-vault: site1: the server refused the secret"* ]]
	[ "$(bad_logins)" -eq $((bad + 1)) ]
	deaf site2@127.0.0.1
	[ "$status" -eq 137 ]
	[[ ${lines[-1]} == "pawl-vault: site1: nothing was sent: pawl-askpass \
refused, said why, and killed ssh"* ]]
	[ "$(bad_logins)" -eq $((bad + 1)) ]
}

@test "run: an unknown host key is a clean no, and nothing is sent" {
	options=(-F none -o "UserKnownHostsFile=$PWD/none")
	job ssh -p "$PAWL_T_SSH_PORT" site1@127.0.0.1 echo in
	[ "$status" -eq 67 ]
	[[ $output == *"Host key verification failed."* ]]
	[[ ${lines[-1]} == "pawl-vault: site1: nothing was sent: the host key \
is not known;"* ]]
	job sftp -P "$PAWL_T_SSH_PORT" site1@127.0.0.1
	[ "$status" -eq 67 ]
	job scp -P "$PAWL_T_SSH_PORT" batch site1@127.0.0.1:x
	[ "$status" -eq 67 ]
	run pawl-vault run site1 -- \
		rsync -e "ssh ${options[*]} -p $PAWL_T_SSH_PORT" \
		"$B/pawl-askpass" site1@127.0.0.1:x </dev/null
	echo "$status: $output"
	[ "$status" -eq 67 ]
	[ ! -e none ]
	[ "$(bad_logins)" -eq "$bad" ]
}

@test "run: a changed host key is a status of its own" {
	ssh-keygen -q -t ed25519 -N '' -C '' -f other
	echo "[127.0.0.1]:$PAWL_T_SSH_PORT $(cat other.pub)" >hosts
	options=(-F none -o "UserKnownHostsFile=$PWD/hosts")
	job ssh -p "$PAWL_T_SSH_PORT" site1@127.0.0.1 echo in
	[ "$status" -eq 68 ]
	[[ $output == *"REMOTE HOST IDENTIFICATION HAS CHANGED"* ]]
	[[ ${lines[-1]} == *"the host key is another than in known_hosts"* ]]
	job sftp -P "$PAWL_T_SSH_PORT" site1@127.0.0.1
	[ "$status" -eq 68 ]
	job scp -P "$PAWL_T_SSH_PORT" other site1@127.0.0.1:x
	[ "$status" -eq 68 ]
	[ "$(bad_logins)" -eq "$bad" ]
}

@test "run: a server that is not there is a status of its own" {
	job ssh -p 1 site1@127.0.0.1 echo in
	[ "$status" -eq 69 ]
	[[ ${lines[-1]} == *"the server cannot be reached" ]]
	job sftp -P 1 site1@127.0.0.1
	[ "$status" -eq 69 ]
	job scp -P 1 hosts site1@127.0.0.1:x
	[ "$status" -eq 69 ]
	job ssh -p 22 site1@no.such.host.invalid echo in
	[ "$status" -eq 69 ]
}

@test "run: what the server's side says or returns explains nothing" {
	job ssh -p "$PAWL_T_SSH_PORT" site1@127.0.0.1 \
		"echo 'Host key verification failed.' >&2; exit 255"
	[ "$status" -eq 255 ]
	[ "$output" = "Host key verification failed." ]
	job ssh -p "$PAWL_T_SSH_PORT" site1@127.0.0.1 \
		"echo 'site1@127.0.0.1: Permission denied (password).' >&2; exit 3"
	[ "$status" -eq 3 ]
}

@test "run: standard error comes through byte for byte" {
	pawl-vault run site1 -- ssh "${options[@]}" -p "$PAWL_T_SSH_PORT" \
		site1@127.0.0.1 'head -c 300000 /dev/zero >&2; printf "\377\r" >&2' \
		</dev/null 2>errors
	head -c 300000 /dev/zero | cat - <(printf '\377\r') | cmp - errors
}

@test "run: an entry for a key has ssh log in by key" {
	ssh-keygen -q -t ed25519 -N 'a phrase' -C '' -f id
	printf 'a phrase\n' |
		pawl-vault set id service=key "path=$PWD/id" >/dev/null
	install -d -m 700 -o site1 -g site1 "$PAWL_T_DIR/home/site1/.ssh"
	install -o site1 id.pub "$PAWL_T_DIR/home/site1/.ssh/authorized_keys"
	run pawl-vault run id -- ssh "${options[@]}" -p "$PAWL_T_SSH_PORT" \
		-i "$PWD/id" site1@127.0.0.1 echo in </dev/null
	[ "$output" = in ]
	rm -r "$PAWL_T_DIR/home/site1/.ssh"
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
