#!/usr/bin/env bats
# Logins that ask for more than a password, with the real ssh and sshd in the
# world of tests/servers/world.sh: a one-time code (pam_oath) and, where the
# password has expired, a new one (pam_unix).

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	export PATH="$B:$PATH" HOME="$BATS_TEST_TMPDIR/home"
	export XDG_CONFIG_HOME=$HOME/c XDG_DATA_HOME=$HOME/d XDG_STATE_HOME=$HOME/s
	export PAWL_CONFIG=$HOME/pawl.conf
	export SSH_ASKPASS=$B/pawl-askpass SSH_ASKPASS_REQUIRE=force
	unset DISPLAY PAWL_ENTRY PASSWD_DSN PAWL_VAULT PAWL_KEY_FILE \
		SSH_AUTH_SOCK
	servers=$BATS_TEST_DIRNAME/../servers
	mkdir -p "$HOME"
	pawl-vault init >/dev/null
	printf 'OLDPASS1\n' | pawl-vault set site1 user=site1 host=127.0.0.1 \
		>/dev/null
	cat >config <<-END
		Host *
		Port $PAWL_T_SSH_PORT
		UserKnownHostsFile $PAWL_T_KNOWN_HOSTS
		StrictHostKeyChecking yes
		PubkeyAuthentication no
		PreferredAuthentications keyboard-interactive
	END
	# The namespace's own files; put back by teardown().
	cp -p /etc/pam.d/sshd /etc/shadow .
	bad=$(bad_logins)
}

teardown()
{
	cp -p sshd /etc/pam.d/sshd
	cp -p shadow /etc/shadow
	rm -f /etc/users.oath
}

bad_logins()
{
	"$servers/badlogins.sh" "$PAWL_T_DIR" | awk '$1 == "sshd" { print $2 }'
}

# job COMMAND ARGUMENT...: as a batch job runs it, without a terminal.
job()
{
	run setsid -w "$@" </dev/null
	echo "$status: $output"
}

# What sshd asks after the password: the code of RFC 6238's own seed.
want_codes()
{
	(umask 077 && printf 'HOTP/T30/6\tsite1\t-\t%s\n' \
		3132333435363738393031323334353637383930 >/etc/users.oath)
	sed -i '/^auth/a auth required pam_oath.so usersfile=/etc/users.oath' \
		/etc/pam.d/sshd
}

# new_seed [SEED]: an entry for codes, which that of the login names.
new_seed()
{
	printf '%s\n' "${1-GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ}" |
		pawl-vault set seed service=otp >/dev/null
	pawl-vault set site1 otp=seed >/dev/null
}

@test "caller ssh (code): password and code, each to its own prompt" {
	want_codes
	new_seed
	job ssh -F config site1@127.0.0.1 echo in
	[ "$output" = in ]
	[ "$(bad_logins)" -eq "$bad" ]
	# The next one waits for a code that the server has not seen.
	export PAWL_ENTRY=site1
	job ssh -F config site1@127.0.0.1 echo in
	[ "$output" = in ]
	[ "$(bad_logins)" -eq "$bad" ]
}

@test "caller sftp (code): under pawl-vault run" {
	want_codes
	new_seed
	echo 'pwd' >batch
	run pawl-vault run site1 -- sftp -F config -b batch site1@127.0.0.1 \
		</dev/null
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"Remote working directory"* ]]
}

@test "caller ssh (code): a wrong seed is one bad login, whatever ssh tries" {
	want_codes
	new_seed GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJA
	job ssh -F config -o NumberOfPasswordPrompts=3 site1@127.0.0.1 echo in
	[ "$status" -eq 143 ]
	[[ $output == *"this ssh was answered before"* ]]
	[ "$(bad_logins)" -eq $((bad + 1)) ]
}

@test "caller ssh (code): an entry without a seed sends nothing for a code" {
	want_codes
	job ssh -F config site1@127.0.0.1 echo in
	[ "$status" -eq 143 ]
	[[ $output == *"names no other with otp= that has the seed"* ]]
	[[ $output != *OLDPASS1* ]]
}

@test "caller ssh (code): another user's or host's prompt gets no code" {
	new_seed
	export PAWL_ENTRY=site1
	for prompt in '(root@127.0.0.1) Verification code: ' \
		'(site1@evil.example) Verification code: ' \
		'Verification code: '; do
		job pawl-askpass "$prompt"
		[ "$status" -eq 77 ]
		run grep -c '[0-9]\{6\}' <<<"$output"
		[ "$output" -eq 0 ]
	done
	# The seed pinned itself has nobody's name, and is nobody's.
	export PAWL_ENTRY=seed
	job pawl-askpass '(site1@127.0.0.1) Verification code: '
	[ "$status" -eq 77 ]
}

# --- Expired passwords ------------------------------------------------------

expire()
{
	sed -i 's/^\(site1:[^:]*\):[0-9]*:/\1:0:/' /etc/shadow
}

@test "caller ssh (expired): the request for a new password names pawl-rotate" {
	expire
	job ssh -F config site1@127.0.0.1 echo in
	[ "$status" -eq 143 ]
	[[ $output == *"run pawl-rotate for this entry"* ]]
	[[ $output == *"nothing sent"* ]]
	[[ $output != *$'\n'in ]]
	# Neither changed nor counted.
	[ "$(bad_logins)" -eq "$bad" ]
	cmp <(sed 's/^\(site1:[^:]*\):[0-9]*:/\1:0:/' shadow) /etc/shadow
}

@test "caller ssh (expired): the password alone is asked for once, and no new one" {
	expire
	job ssh -F config -o PreferredAuthentications=password \
		site1@127.0.0.1 echo in
	[ "$status" -ne 0 ]
	[[ $output == *"expired"* ]]
	[ "$(bad_logins)" -eq "$bad" ]
	cmp <(sed 's/^\(site1:[^:]*\):[0-9]*:/\1:0:/' shadow) /etc/shadow
}

@test "caller ssh (expired): every request for a change is refused by itself" {
	export PAWL_ENTRY=site1
	while IFS= read -r prompt; do
		job pawl-askpass "$prompt"
		[ "$status" -eq 77 ]
		[[ $output == *"run pawl-rotate for this entry" ]]
	done <<-'END'
		Enter site1@127.0.0.1's old password: 
		Enter site1@127.0.0.1's new password: 
		Retype site1@127.0.0.1's new password: 
		(site1@127.0.0.1) Current password: 
		(site1@127.0.0.1) New password: 
		(site1@127.0.0.1) Retype new password: 
		Current password: 
		New password: 
		Retype new password: 
	END
}
