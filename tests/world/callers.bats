#!/usr/bin/env bats
# pawl-askpass with every program that runs an askpass, as Debian has them, in
# the world of tests/servers/world.sh; and with a stand-in for old ssh.  make
# test makes its table of callers from the names here: "caller PROGRAM: ...".

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
	sed "s/^\[127.0.0.1\]/[localhost]/" "$PAWL_T_KNOWN_HOSTS" |
		cat - "$PAWL_T_KNOWN_HOSTS" >hosts
	cat >config <<-END
		Host *
		Port $PAWL_T_SSH_PORT
		UserKnownHostsFile $PWD/hosts
		StrictHostKeyChecking yes
		PubkeyAuthentication no
		NumberOfPasswordPrompts 1
		PreferredAuthentications password
	END
	authorized=$PAWL_T_DIR/home/site1/.ssh/authorized_keys
	bad=$(bad_logins)
}

teardown()
{
	local pid

	for pid in "${pids[@]}"; do
		kill "$pid" || :
	done
	rm -rf "$PAWL_T_DIR/home/site1/.ssh" "$PAWL_T_DIR/home/site1/"*
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

no_bad_login()
{
	[ "$(bad_logins)" -eq "$bad" ]
}

# new_key NAME PASSPHRASE: a key that site1 takes, and an entry for it.
new_key()
{
	ssh-keygen -q -t ed25519 -N "$2" -C '' -f "$1"
	install -d -m 700 -o site1 -g site1 "${authorized%/*}"
	cat "$1.pub" >>"$authorized"
	chown site1: "$authorized"
	printf '%s\n' "$2" |
		pawl-vault set "key-$1" service=key "path=$PWD/$1" >/dev/null
	by_key=(-o PubkeyAuthentication=yes
		-o PreferredAuthentications=publickey -o IdentitiesOnly=yes)
}

start_agent()
{
	eval "$(ssh-agent -s "$@")" >/dev/null
	pids+=("$SSH_AGENT_PID")
}

# --- ssh and what runs it ---------------------------------------------------

@test "caller ssh: logs in by its command line" {
	job ssh -F config site1@127.0.0.1 echo in
	[ "$output" = in ]
}

@test "caller sftp: transfers, with and without -b" {
	echo data >sent
	echo "put sent one" >batch
	job sftp -F config -o BatchMode=no -b batch site1@127.0.0.1
	[ "$status" -eq 0 ]
	run setsid -w sftp -F config site1@127.0.0.1 <<<"put sent two"
	[ "$status" -eq 0 ]
	[ "$(cat "$PAWL_T_DIR/home/site1/"{one,two})" = $'data\ndata' ]
}

@test "caller scp: copies there and back" {
	echo data >sent
	job scp -F config sent site1@127.0.0.1:copy
	[ "$status" -eq 0 ]
	job scp -F config site1@127.0.0.1:copy back
	[ "$(cat back)" = data ]
}

@test "caller rsync: copies over ssh" {
	echo data >sent
	job rsync -e "ssh -F $PWD/config" sent site1@127.0.0.1:copy
	[ "$status" -eq 0 ]
	[ "$(cat "$PAWL_T_DIR/home/site1/copy")" = data ]
}

@test "caller ansible: runs a raw command over ssh" {
	# Without a password of its own it turns passwords off, behind these.
	export ANSIBLE_SSH_ARGS="-F $PWD/config -o PasswordAuthentication=yes \
		-o PreferredAuthentications=password"
	export ANSIBLE_HOME=$HOME/.ansible ANSIBLE_LOCAL_TEMP=$PWD/ansible
	export ANSIBLE_RETRIES=0 LC_ALL=C.UTF-8
	job ansible all -i 127.0.0.1, -u site1 -m raw -a 'echo in-$((40 + 2))' \
		-e "ansible_port=$PAWL_T_SSH_PORT"
	[ "$status" -eq 0 ]
	[[ $output == *in-42* ]]
	no_bad_login
}

@test "caller rsync: under pawl-vault run, and refused there" {
	echo data >sent
	export RSYNC_RSH="ssh -F $PWD/config"
	run pawl-vault run site1 -- rsync sent site1@127.0.0.1:copy </dev/null
	[ "$status" -eq 0 ]
	printf 'WRONG123\n' | pawl-vault set site1 >/dev/null
	run pawl-vault run site1 -- rsync sent site1@127.0.0.1:copy </dev/null
	[ "$status" -eq 76 ]
	[ "$(bad_logins)" -eq $((bad + 1)) ]
}

@test "caller ansible: under pawl-vault run, and refused once" {
	export ANSIBLE_SSH_ARGS="-F $PWD/config"
	export ANSIBLE_HOME=$HOME/.ansible ANSIBLE_LOCAL_TEMP=$PWD/ansible
	export ANSIBLE_RETRIES=0 LC_ALL=C.UTF-8
	set -- ansible all -i 127.0.0.1, -u site1 -m raw -a 'echo in-$((40 + 2))' \
		-e "ansible_port=$PAWL_T_SSH_PORT"
	run pawl-vault run site1 -- "$@" </dev/null
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *in-42* ]]
	printf 'WRONG123\n' | pawl-vault set site1 >/dev/null
	run pawl-vault run site1 -- "$@" </dev/null
	[ "$status" -ne 0 ]
	[ "$(bad_logins)" -eq $((bad + 1)) ]
}

@test "caller ProxyJump: two hosts, two passwords" {
	printf 'HOPPASS2\n' | pawl-vault set hop user=site2 host=localhost \
		>/dev/null
	job ssh -F config -J "site2@localhost:$PAWL_T_SSH_PORT" \
		site1@127.0.0.1 echo in
	[ "$output" = in ]
	no_bad_login
}

@test "caller ProxyJump: what is wrong at the first host is tried once" {
	printf 'WRONG123\n' | pawl-vault set hop user=site2 host=localhost \
		>/dev/null
	job ssh -F config -J "site2@localhost:$PAWL_T_SSH_PORT" \
		site1@127.0.0.1 echo in
	[ "$status" -ne 0 ]
	[ "$(bad_logins)" -eq $((bad + 1)) ]
}

# --- Keys and tokens --------------------------------------------------------

@test "caller ssh (key): a passphrase in a batch job, found by the key's path" {
	new_key id 'a phrase'
	job ssh -F config "${by_key[@]}" -i "$PWD/id" site1@127.0.0.1 echo in
	[ "$output" = in ]
}

@test "caller ssh (key): the key beside a password that is pinned" {
	new_key id 'a phrase'
	export PAWL_ENTRY=site1
	# The key is not the server's, so both are asked for by one ssh.
	rm "$authorized"
	job ssh -F config -o PubkeyAuthentication=yes -o IdentitiesOnly=yes \
		-o PreferredAuthentications=publickey,password -i "$PWD/id" \
		site1@127.0.0.1 echo in
	[ "$output" = in ]
	no_bad_login
}

@test "caller ssh (key): two keys with passphrases of their own" {
	new_key id 'a phrase'
	new_key id2 'other phrase'
	# Only the second one is the server's.
	cat id2.pub >"$authorized"
	# Without the public halves ssh needs both phrases to know.
	rm id.pub id2.pub
	job ssh -F config "${by_key[@]}" -i "$PWD/id" -i "$PWD/id2" \
		site1@127.0.0.1 echo in
	[ "$output" = in ]
}

@test "caller ssh (key): a wrong passphrase is tried once, and ssh goes on" {
	new_key id 'a phrase'
	printf 'wrong\n' | pawl-vault set key-id >/dev/null
	job ssh -F config -o PubkeyAuthentication=yes -o IdentitiesOnly=yes \
		-o NumberOfPasswordPrompts=3 -i "$PWD/id" \
		-o PreferredAuthentications=publickey,password \
		site1@127.0.0.1 echo in
	[[ $output == *"this ssh was answered before"* ]]
	[ "${lines[-1]}" = in ]
	no_bad_login
}

@test "caller ssh (key): a key without an entry gets nothing, the login goes on" {
	new_key id 'a phrase'
	pawl-vault remove -y key-id
	export PAWL_ENTRY=site1
	job ssh -F config -o PubkeyAuthentication=yes -o IdentitiesOnly=yes \
		-o PreferredAuthentications=publickey,password -i "$PWD/id" \
		site1@127.0.0.1 echo in
	[ "${lines[-1]}" = in ]
}

@test "caller ssh-add: puts a key into the agent" {
	new_key id 'a phrase'
	start_agent
	job ssh-add "$PWD/id"
	[ "$status" -eq 0 ]
	job ssh-add -L
	[ "$output" = "$(awk '{ print $1, $2 }' id.pub) $PWD/id" ]
}

@test "caller ssh-agent: logs in with what ssh-add put into it" {
	new_key id 'a phrase'
	start_agent
	job ssh-add "$PWD/id"
	mv id id.pub "$HOME"
	job ssh -F config -o PubkeyAuthentication=yes \
		-o PreferredAuthentications=publickey site1@127.0.0.1 echo in
	[ "$output" = in ]
}

@test "caller ssh-add: a bad passphrase is answered once, and it ends" {
	new_key id 'a phrase'
	printf 'wrong\n' | pawl-vault set key-id >/dev/null
	start_agent
	job ssh-add "$PWD/id"
	[ "$status" -eq 1 ]
	[[ $output == *"the passphrase that was given is not the key's"* ]]
	[ "$(grep -c 'pawl-askpass:' <<<"$output")" -eq 1 ]
	job ssh-add -L
	[ "$status" -eq 1 ]
}

@test "caller ssh-add: two keys, each with its own phrase" {
	new_key id 'a phrase'
	new_key id2 'other phrase'
	start_agent
	job ssh-add "$PWD/id" "$PWD/id2"
	[ "$status" -eq 0 ]
	[ "$(ssh-add -L | wc -l)" -eq 2 ]
}

@test "caller ssh-keygen: reads a key" {
	new_key id 'a phrase'
	# Before 9.9 it does not say of which key, and is refused.
	job ssh-keygen -y -f "$PWD/id"
	if [ "$status" -ne 0 ]; then
		[[ $output == *"this asks for a new passphrase"* ]]
	else
		[[ $output == ssh-ed25519* ]]
	fi
}

# A token with a key that site1 takes: label pawl, PIN 246810.
new_token()
{
	provider=/usr/lib/softhsm/libsofthsm2.so
	export SOFTHSM2_CONF=$PWD/softhsm.conf
	mkdir tokens
	echo "directories.tokendir = $PWD/tokens" >"$SOFTHSM2_CONF"
	softhsm2-util --init-token --free --label pawl --so-pin 13579 \
		--pin 246810 >/dev/null
	openssl genpkey -quiet -algorithm RSA -out token.pem
	softhsm2-util --import token.pem --token pawl --label k --id 01 \
		--pin 246810 >/dev/null
	install -d -m 700 -o site1 -g site1 "${authorized%/*}"
	ssh-keygen -D "$provider" >"$authorized"
	chown site1: "$authorized"
}

@test "caller ssh -I: the PIN of a token, found by its label" {
	new_token
	printf '246810\n' | pawl-vault set token service=pin path=pawl >/dev/null
	job ssh -F config -I "$provider" -o PubkeyAuthentication=yes \
		-o PreferredAuthentications=publickey site1@127.0.0.1 echo in
	[ "$output" = in ]
}

@test "caller ssh -I: a wrong PIN is tried once" {
	new_token
	printf '111111\n' | pawl-vault set token service=pin path=pawl >/dev/null
	job ssh -F config -I "$provider" -o PubkeyAuthentication=yes \
		-o PreferredAuthentications=publickey site1@127.0.0.1 echo in
	[ "$status" -eq 255 ]
	[[ $output != *in ]]
}

@test "caller ssh-add -s: the PIN for a library, found by its path" {
	new_token
	printf '246810\n' |
		pawl-vault set token service=pin "path=$provider" >/dev/null
	start_agent
	job ssh-add -s "$provider"
	[ "$status" -eq 0 ]
	job ssh -F config -o PubkeyAuthentication=yes \
		-o PreferredAuthentications=publickey site1@127.0.0.1 echo in
	[ "$output" = in ]
}

# --- git --------------------------------------------------------------------

# A repository at $url that git@SECRET may read and write.
start_git()
{
	mkdir repositories
	git init -q --bare repositories/work.git
	git -C repositories/work.git config http.receivepack true
	echo GITSECRET >git-password
	mkfifo ready
	setsid "$servers/githttps.py" repositories "$PAWL_T_DIR/ca/good.pem" \
		"$PAWL_T_DIR/ca/good.key" git-log ready bob git-password \
		>git-server.out 2>&1 3>&- &
	pids+=($!)
	# Read to its end, which comes when the server listens.
	timeout 20 cat ready >port
	url=https://127.0.0.1:$(cat port)/work.git
	export GIT_ASKPASS=$B/pawl-askpass GIT_TERMINAL_PROMPT=0
	export GIT_SSL_CAINFO=$PAWL_T_CA GIT_CONFIG_NOSYSTEM=1
	unset SSH_ASKPASS SSH_ASKPASS_REQUIRE
}

git_entry()
{
	printf 'GITSECRET\n' | pawl-vault set git service=git host=127.0.0.1 \
		"port=$(cat port)" "$@" >/dev/null
}

@test "caller git: clones and pushes with user and password" {
	start_git
	git_entry user=bob
	export PAWL_ENTRY=git
	job git clone -q "$url" work
	[ "$status" -eq 0 ]
	git -C work -c user.name=t -c user.email=t@t commit -q --allow-empty -m a
	job git -C work push -q origin HEAD:main
	[ "$status" -eq 0 ]
	[ "$(git -C repositories/work.git log --format=%s main)" = a ]
	run grep -c bad git-log
	[ "$output" -eq 0 ]
}

@test "caller git: a user in the URL finds the entry" {
	start_git
	git_entry user=bob
	job git clone -q "${url/\/\//\/\/bob@}" work
	[ "$status" -eq 0 ]
}

@test "caller git: a wrong password is tried once" {
	start_git
	git_entry user=bob
	printf 'WRONG\n' | pawl-vault set git >/dev/null
	export PAWL_ENTRY=git
	job git clone -q "$url" work
	[ "$status" -eq 128 ]
	[ "$(grep -c bad git-log)" -eq 1 ]
}

@test "caller git: under pawl-vault run, no helper sees the password" {
	start_git
	git_entry user=bob
	unset GIT_ASKPASS GIT_TERMINAL_PROMPT
	printf '[credential]\n\thelper = "!cat >>%s; echo"\n' "$PWD/helper" \
		>"$HOME/.gitconfig"
	run pawl-vault run git -- git clone -q "$url" work </dev/null
	echo "$output"
	[ "$status" -eq 0 ]
	[ ! -e helper ]
	printf 'WRONG\n' | pawl-vault set git >/dev/null
	run pawl-vault run git -- git clone -q "$url" again </dev/null
	[ "$status" -eq 76 ]
	[ "$(grep -c bad git-log)" -eq 1 ]
	run pawl-vault run git -- git clone -q https://127.0.0.1:1/x y </dev/null
	[ "$status" -eq 69 ]
}

@test "caller git: over ssh under pawl-vault run" {
	git init -q --bare "$PAWL_T_DIR/home/site1/w.git"
	chown -R site1: "$PAWL_T_DIR/home/site1/w.git"
	export GIT_SSH_COMMAND="ssh -F $PWD/config"
	run pawl-vault run site1 -- git clone -q site1@127.0.0.1:w.git work \
		</dev/null
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "caller git: another port, host, user or scheme gets nothing" {
	start_git
	git_entry user=bob
	export PAWL_ENTRY=git
	pawl-vault set git port=1 >/dev/null
	job git clone -q "$url" work
	[ "$status" -eq 128 ]
	[[ $output == *"the port is not the entry's"* ]]
	pawl-vault set git "port=$(cat port)" scheme=http >/dev/null
	job git clone -q "$url" work
	[[ $output == *"the scheme is not the entry's"* ]]
	pawl-vault set git scheme= host=elsewhere >/dev/null
	job git clone -q "$url" work
	[[ $output == *"the host is not the entry's"* ]]
	pawl-vault set git host=127.0.0.1 user=eve >/dev/null
	run grep -c -e ok -e bad git-log
	[ "$output" -eq 0 ]
	job git clone -q "${url/\/\//\/\/bob@}" work
	[[ $output == *"the user is not the entry's"* ]]
	cat git-log
	! grep -q ok git-log
}

# as_helper: git asks git-credential-pawl, and nobody else.
as_helper()
{
	unset GIT_ASKPASS
	git config --global credential.helper pawl
}

@test "caller git-credential-pawl: clones and pushes, the user in the URL or not" {
	start_git
	git_entry user=bob rotate.every=30d
	as_helper
	job git clone -q "$url" work
	[ "$status" -eq 0 ]
	git -C work -c user.name=t -c user.email=t@t commit -q --allow-empty -m a
	job git -C work push -q origin HEAD:main
	[ "$status" -eq 0 ]
	[ "$(git -C repositories/work.git log --format=%s main)" = a ]
	run grep -c bad git-log
	[ "$output" -eq 0 ]
	# With a user in the URL git itself first tries without a password.
	job git clone -q "${url/\/\//\/\/bob@}" again
	[ "$status" -eq 0 ]
}

@test "caller git-credential-pawl: a refused password is remembered, until it is set" {
	start_git
	git_entry user=bob
	printf 'WRONG\n' | pawl-vault set git >/dev/null
	as_helper
	# Not even the askpass that could be asked instead gives it again.
	export GIT_ASKPASS=$B/pawl-askpass PAWL_ENTRY=git
	job git clone -q "$url" work
	[ "$status" -eq 128 ]
	[ "$(grep -c bad git-log)" -eq 1 ]
	job git clone -q "$url" work
	[ "$status" -eq 128 ]
	[[ $output == *"the server refused this password"* ]]
	[ "$(grep -c bad git-log)" -eq 1 ]
	[ "$(pawl-vault get git)" = WRONG ]
	printf 'GITSECRET\n' | pawl-vault set git >/dev/null
	job git clone -q "$url" work
	[ "$status" -eq 0 ]
}

@test "caller git-credential-pawl: another port, host, user or scheme gets nothing" {
	start_git
	as_helper
	for attr in port=1 scheme=http host=elsewhere service=ssh; do
		git_entry user=bob scheme=https
		pawl-vault set git "$attr" >/dev/null
		job git clone -q "$url" work
		[ "$status" -eq 128 ]
	done
	git_entry user=eve scheme=https
	run grep -c -e ok -e bad git-log
	[ "$output" -eq 0 ]
	job git clone -q "${url/\/\//\/\/bob@}" work
	[ "$status" -eq 128 ]
	[[ $output == *"could not read Password"* ]]
}

# --- sudo -------------------------------------------------------------------

# as_site1 COMMAND...: for its own user sudo is of another one, root.
as_site1()
{
	job setpriv --reuid 30001 --regid 30001 --init-groups env -i \
		PATH="$home/bin:/usr/bin:/bin" HOME="$home" \
		XDG_CONFIG_HOME="$home/c" XDG_DATA_HOME="$home/d" \
		XDG_STATE_HOME="$home/s" PAWL_CONFIG="$home/pawl.conf" \
		SUDO_ASKPASS="$home/bin/pawl-askpass" "$@"
}

start_sudo()
{
	home=/run/world/home/site1
	install -d "$home/bin"
	install "$B/pawl-askpass" "$B/pawl-vault" "$home/bin"
	as_site1 pawl-vault init
	as_site1 sh -c 'echo "$1" | pawl-vault set me service=sudo user=site1 \
		host="$(uname -n)"' sh "${1-OLDPASS1}"
}

@test "caller sudo -A: becomes root, found by user and machine" {
	start_sudo
	as_site1 sudo -A id -u
	[ "$output" = 0 ]
}

@test "caller sudo -A: a wrong password is tried once" {
	start_sudo WRONG123
	as_site1 sudo -A id -u
	[ "$status" -eq 1 ]
	[[ $output == *"this process was answered before"* ]]
	[[ $output == *"1 incorrect password attempt"* ]]
}

@test "caller sudo -A: an entry for another machine or service gets nothing" {
	start_sudo
	as_site1 pawl-vault set me host=elsewhere
	as_site1 env PAWL_ENTRY=me sudo -A id -u
	[ "$status" -eq 1 ]
	[[ $output == *"the entry's host is another"* ]]
	as_site1 pawl-vault set me service=ssh "host=$(uname -n)"
	as_site1 env PAWL_ENTRY=me sudo -A id -u
	[ "$status" -eq 1 ]
	[[ $output == *"the entry's service is not one for such a prompt"* ]]
}

# --- ssh of 8.4 and before --------------------------------------------------

# old RELEASE LINE...: what such an ssh does when it and the server go through
# these lines; what was sent is in "sent".
old()
{
	local release=$1

	shift
	printf '%s\n' "$@" >script
	rm -f sent
	job "$B/tests/old/ssh" -o "pawl=$release:$PWD/script:$PWD/sent" \
		site1@127.0.0.1
	touch sent
}

# What each of them gets for its own login, with what it needs.
old_login()
{
	export DISPLAY=none
	old "$1" 'password site1 127.0.0.1'
	[ "$(cat sent)" = "sent [OLDPASS1]" ]
	old "$1" 'raw Password: '
	[ ! -s sent ]
	export PAWL_ENTRY=site1
	old "$1" 'raw Password: '
	[ "$(cat sent)" = "sent [OLDPASS1]" ]
	old "$1" 'password site1 127.0.0.1' 'password site1 127.0.0.1'
	[ "$status" -eq 143 ]
	[ "$(cat sent)" = "sent [OLDPASS1]" ]
	old "$1" 'hostkey 127.0.0.1'
	[ "$(cat sent)" = "hostkey no" ]
}

# What a server writes draws nothing, whether an entry is pinned or not.
old_bait()
{
	local line

	printf 'a phrase\n' | pawl-vault set k service=key path=/k >/dev/null
	printf '246810\n' | pawl-vault set t service=pin path=tok >/dev/null
	printf 'BANKPASS\n' | pawl-vault set b user=root host=bank >/dev/null
	printf 'GITSECRET\n' | pawl-vault set g service=git user=bob host=h \
		>/dev/null
	printf 'SUDOPASS\n' | pawl-vault set s service=sudo user=site1 \
		host=localhost >/dev/null
	export DISPLAY=none
	for PAWL_ENTRY in '' site1 k t g s; do
		export PAWL_ENTRY
		while IFS= read -r line; do
			old "$1" "$line"
			echo "$1: $PAWL_ENTRY: $line"
			[[ $(cat sent) != *'['?*']'* ]]
			case $line in
			*assphrase* | *PIN*) ;;
			*)
				[ "$status" -eq 143 ]
				[ ! -s sent ]
				;;
			esac
		done <<-'END'
			raw root@bank's password: 
			raw Enter passphrase for key '/k': 
			raw Enter passphrase for /k: 
			raw Enter PIN for 'tok': 
			raw Username for 'https://h': 
			raw Password for 'https://bob@h': 
			raw [sudo] password for site1: 
			raw Verification code: 
			raw New password: 
		END
	done
}

@test "caller ssh 6.4: its own login, and no other" {
	old_login 6.4
}

@test "caller ssh 6.4: a server's texts draw nothing" {
	old_bait 6.4
}

@test "caller ssh 7.6: its own login, and no other" {
	old_login 7.6
}

@test "caller ssh 7.6: a server's texts draw nothing" {
	old_bait 7.6
}

@test "caller ssh 7.6: a host of 128 letters that it cuts" {
	host=$(printf 'h%.0s' {1..140})
	export DISPLAY=none PAWL_ENTRY=long
	printf 'LONGPASS\n' | pawl-vault set long user=u "host=$host" >/dev/null
	old 7.6 "password u $host"
	[ "$(cat sent)" = "sent [LONGPASS]" ]
}

@test "caller ssh 8.4: its own login, and no other" {
	old_login 8.4
	unset DISPLAY
	old 8.4 'password site1 127.0.0.1'
	[ "$(cat sent)" = "sent [OLDPASS1]" ]
}

@test "caller ssh 8.4: a server's texts draw nothing" {
	old_bait 8.4
}

@test "caller ssh 8.4: a key's own prompt is not answered either" {
	printf 'a phrase\n' | pawl-vault set k service=key path=/k >/dev/null
	old 8.4 'key /k'
	[ "$(cat sent)" = "key []" ]
	[[ $output == *"give it the key by ssh-agent"* ]]
}
