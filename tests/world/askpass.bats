#!/usr/bin/env bats
# pawl-askpass with the real ssh and sshd of tests/servers/world.sh.  What
# counts is the server's own log: a refusal leaves no trace there.

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	export PATH="$B:$PATH" HOME="$BATS_TEST_TMPDIR/home"
	export XDG_CONFIG_HOME=$HOME/c XDG_DATA_HOME=$HOME/d XDG_STATE_HOME=$HOME/s
	export PAWL_CONFIG=$HOME/pawl.conf
	export SSH_ASKPASS=$B/pawl-askpass SSH_ASKPASS_REQUIRE=force
	unset DISPLAY PAWL_ENTRY PASSWD_DSN PAWL_VAULT PAWL_KEY_FILE
	mkdir -p "$HOME"
	vault=$XDG_DATA_HOME/pawl/vault
	key=$XDG_CONFIG_HOME/pawl/key
	pawl-vault init >/dev/null
	printf 'OLDPASS1\n' | pawl-vault set site1 user=site1 host=127.0.0.1 \
		'dataset=HLQ.PASSWD(SITE1)' >/dev/null
	use_hosts "$PAWL_T_KNOWN_HOSTS" yes
	bad=$(bad_logins)
}

# use_hosts FILE STRICT: the host keys that ssh knows.  Its first word counts.
use_hosts()
{
	options=(-F none -o "UserKnownHostsFile=$1"
		-o "StrictHostKeyChecking=$2" -o PubkeyAuthentication=no)
}

bad_logins()
{
	"$BATS_TEST_DIRNAME/../servers/badlogins.sh" "$PAWL_T_DIR" |
		awk '$1 == "sshd" { print $2 }'
}

# The login of a batch job: no terminal, nothing to read.
job()
{
	run setsid -w ssh "${options[@]}" -p "$PAWL_T_SSH_PORT" "$@" </dev/null
}

# refused LINE: ssh was ended, said LINE, and the server saw no try.
refused()
{
	echo "$status: $output"
	[ "$status" -eq 143 ]
	[[ $output == *"pawl-askpass: ssh stopped, nothing sent: $1"* ]]
	[ "$(bad_logins)" -eq "$bad" ]
}

@test "a job logs in by the name of its entry" {
	export PAWL_ENTRY=site1
	job site1@127.0.0.1 echo in
	[ "$status" -eq 0 ]
	[ "$output" = in ]
}

@test "a job logs in by its data set name, in any case of letters" {
	export PASSWD_DSN='hlq.passwd(site1)'
	job site1@127.0.0.1 echo in
	[ "$output" = in ]
}

@test "a job logs in by the destination on ssh's command line" {
	job -l site1 127.0.0.1 echo in
	[ "$output" = in ]
}

@test "keyboard-interactive is answered for its own user and host" {
	export PAWL_ENTRY=site1
	job -o PreferredAuthentications=keyboard-interactive site1@127.0.0.1 \
		echo in
	[ "$output" = in ]
}

@test "sftp -b transfers" {
	export PAWL_ENTRY=site1
	echo data >sent
	echo "put sent got" >batch
	run setsid -w sftp -o BatchMode=no -b batch "${options[@]}" \
		-P "$PAWL_T_SSH_PORT" site1@127.0.0.1 </dev/null
	[ "$status" -eq 0 ]
	[ "$(cat "$PAWL_T_DIR/home/site1/got")" = data ]
}

@test "nothing is read from standard input" {
	export PAWL_ENTRY=site1
	echo "for the job" >input
	run setsid -w ssh "${options[@]}" -p "$PAWL_T_SSH_PORT" \
		site1@127.0.0.1 cat <input
	[ "$output" = "for the job" ]
}

@test "a wrong password costs one try, not three" {
	export PAWL_ENTRY=site1
	printf 'WRONG123\n' | pawl-vault set site1 >/dev/null
	job site1@127.0.0.1 echo in
	echo "$status: $output"
	[ "$status" -eq 143 ]
	[[ $output == *"this ssh was answered before"* ]]
	[ "$(bad_logins)" -eq $((bad + 1)) ]
}

@test "both ways to log in together cost one try" {
	export PAWL_ENTRY=site1
	printf 'WRONG123\n' | pawl-vault set site1 >/dev/null
	job -o PreferredAuthentications=keyboard-interactive,password \
		site1@127.0.0.1 echo in
	[ "$status" -eq 143 ]
	[ "$(bad_logins)" -eq $((bad + 1)) ]
}

@test "a later ssh is a new process and gets its answer" {
	export PAWL_ENTRY=site1
	job site1@127.0.0.1 echo in
	job site1@127.0.0.1 echo in
	[ "$output" = in ]
}

@test "an entry that does not exist: nothing is sent" {
	export PAWL_ENTRY=site2
	job site1@127.0.0.1 echo in
	refused ""
	[[ $output == *site2* ]]
}

@test "an entry for another user: nothing is sent" {
	export PAWL_ENTRY=site1
	job root@127.0.0.1 echo in
	refused 'the prompt is for the user "root", and the entry is not'
}

@test "an entry for another host: nothing is sent" {
	export PAWL_ENTRY=site1
	sed 's/^[^ ]*/bank/' "$PAWL_T_KNOWN_HOSTS" >hosts
	use_hosts "$PWD/hosts" yes
	job -o HostKeyAlias=bank site1@127.0.0.1 echo in
	refused 'the prompt is for the host "bank", and the entry is not'
}

@test "a prompt and a command line that differ choose nothing" {
	printf 'BANKPASS\n' | pawl-vault set bank user=site1 host=bank >/dev/null
	sed 's/^[^ ]*/bank/' "$PAWL_T_KNOWN_HOSTS" >hosts
	use_hosts "$PWD/hosts" yes
	job -o HostKeyAlias=bank site1@127.0.0.1 echo in
	refused "the prompt and ssh's command line name different destinations"
}

@test "an unknown host key: no password, and a clean no" {
	export PAWL_ENTRY=site1
	use_hosts "$PWD/none" ask
	job site1@127.0.0.1 echo in
	[ "$status" -eq 255 ]
	[[ $output == *"the host key is not known"* ]]
	[[ $output == *"Host key verification failed."* ]]
	[ "$(bad_logins)" -eq "$bad" ]
}

@test "no vault: nothing is sent" {
	export PAWL_ENTRY=site1 PAWL_VAULT=$PWD/none
	job site1@127.0.0.1 echo in
	refused ""
	[[ $output == *"$PWD/none"* ]]
}

@test "no key: nothing is sent" {
	export PAWL_ENTRY=site1
	rm "$key"
	job site1@127.0.0.1 echo in
	refused ""
}

@test "the key of another vault: nothing is sent" {
	export PAWL_ENTRY=site1
	mv "$key" kept
	pawl-vault -f "$PWD/other" -k "$key" init >/dev/null
	job site1@127.0.0.1 echo in
	refused ""
}

@test "a key or vault that others may read: nothing is sent" {
	export PAWL_ENTRY=site1
	chmod 644 "$key"
	job site1@127.0.0.1 echo in
	refused ""
	[[ $output == *"chmod 600 $key"* ]]
	chmod 600 "$key"
	chmod 640 "$vault"
	job site1@127.0.0.1 echo in
	refused ""
	[[ $output == *"chmod 600 $vault"* ]]
}

@test "an older generation put back: nothing is sent" {
	export PAWL_ENTRY=site1
	cp -p "$vault" older
	printf 'NEWPASS1\n' | pawl-vault set site1 >/dev/null
	cp -p older "$vault"
	job site1@127.0.0.1 echo in
	refused ""
	[[ $output == *"--accept-older"* ]]
}

@test "a damaged or cut vault: nothing is sent" {
	export PAWL_ENTRY=site1
	cp -p "$vault" whole
	printf 'X' | dd of="$vault" bs=1 seek=9000 conv=notrunc 2>/dev/null
	job site1@127.0.0.1 echo in
	refused ""
	head -c 9000 whole >"$vault"
	job site1@127.0.0.1 echo in
	refused ""
}

@test "a state that cannot be kept: nothing is sent" {
	export PAWL_ENTRY=site1
	rm -r "$XDG_STATE_HOME"
	: >"$XDG_STATE_HOME"
	job site1@127.0.0.1 echo in
	refused ""
}

@test "a confirmation gets no answer and no yes" {
	export PAWL_ENTRY=site1 SSH_ASKPASS_PROMPT=confirm
	run pawl-askpass "Allow use of key x?"
	[ "$status" -eq 77 ]
	run pawl-askpass "site1@127.0.0.1's password: "
	[ "$status" -eq 77 ]
	[[ $output != *OLDPASS1* ]]
}

@test "a secret that a script got before is no answer to a prompt" {
	export PAWL_ENTRY=site1
	# The same parent for both: this shell.
	pawl-vault get site1 >/dev/null
	pawl-askpass "site1@127.0.0.1's password: " >answer
	[ "$(cat answer)" = OLDPASS1 ]
	status=0
	pawl-askpass "site1@127.0.0.1's password: " >again || status=$?
	[ "$status" -eq 77 ]
	[ ! -s again ]
}

@test "prompts that are no login's get nothing, and status 77" {
	export PAWL_ENTRY=site1
	while IFS= read -r prompt; do
		run pawl-askpass "$prompt"
		echo "$prompt: $status $output"
		[ "$status" -eq 77 ]
		[[ $output != *OLDPASS1* ]]
	done <<-'END'
		Enter passphrase for key '/root/.ssh/id_rsa': 
		Enter PIN for 'token': 
		Enter site1@127.0.0.1's old password: 
		(site1@127.0.0.1) Verification code: 
		(site1@127.0.0.1) root@127.0.0.1's password: 
		Username for 'https://127.0.0.1': 
		[sudo] password for site1: 
		Are you sure you want to continue connecting (yes/no)? 
		Give me your password
		site1@127.0.0.1's password: please
	END
}

@test "closed descriptors do not send the secret astray" {
	export PAWL_ENTRY=site1
	prompt="site1@127.0.0.1's password: "
	run sh -c 'pawl-askpass "$1" >&-' sh "$prompt"
	[ "$status" -ne 0 ]
	run sh -c 'pawl-askpass "$1" <&- 2>&- >&-' sh "$prompt"
	[ "$status" -ne 0 ]
	! grep -r -a -q OLDPASS1 "$HOME"
}

@test "wrong arguments are status 64" {
	run pawl-askpass
	[ "$status" -eq 64 ]
	run pawl-askpass a b
	[ "$status" -eq 64 ]
}
