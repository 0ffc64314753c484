#!/usr/bin/env bats
# pawl-vault run, status, backup and restore, and the completions, as their
# users see them.  What run gives to the real ssh is in world/run.bats.

bats_require_minimum_version 1.5.0

setup_file() {
	cc -std=c11 -D_GNU_SOURCE -Iinclude -o "$BATS_FILE_TMPDIR/rotating" \
	    tests/cli/rotating.c "$B/libvault.a" -lsodium
}

setup() {
	T=$(mktemp -d)
	chmod 700 "$T"
	# All of them: for root the defaults are the machine's own files.
	export HOME=$T XDG_DATA_HOME=$T/data XDG_CONFIG_HOME=$T/config \
	    XDG_STATE_HOME=$T/state PAWL_CONFIG=$T/pawl.conf
	unset PAWL_VAULT PAWL_KEY_FILE PAWL_ENTRY PASSWD_DSN DISPLAY \
	    CREDENTIALS_DIRECTORY POSIXLY_CORRECT SSH_ASKPASS \
	    SSH_ASKPASS_REQUIRE SSH_ASKPASS_PROMPT
	VAULT=$T/data/pawl/vault
	KEY=$T/config/pawl/key
	export T P=$B/pawl-vault
	pawl init >/dev/null
	echo PASS1 | pawl set site1 user=site1 host=h1 >/dev/null
}

teardown() {
	rm -rf "$T"
}

# Runs it without a terminal, wherever the tests are started from.
pawl() {
	setsid -w "$P" "$@"
}

# fails STATUS WORDS COMMAND...: this status, and one line with these words.
fails() {
	local status_wanted=$1 words=$2

	shift 2
	run --separate-stderr "$@"
	[ "$status" -eq "$status_wanted" ] ||
	    { echo "status $status: $stderr"; return 1; }
	# shellcheck disable=SC2154
	[ "${#stderr_lines[@]}" -eq 1 ] || { echo "$stderr"; return 1; }
	[[ $stderr == pawl-vault:\ *"$words"* ]] || { echo "$stderr"; return 1; }
}

# absent ARGUMENT...: grep finds nothing.  (Bats lets "! grep" pass.)
absent() {
	if grep "$@"; then
		return 1
	fi
}

# json EXPRESSION: a Python expression about d, which is standard input.
json() {
	/usr/bin/python3 -c \
	    'import json, sys; d = json.load(sys.stdin); print('"$1"')'
}

# rotating NAME STATE: leaves its rotation there.
rotating() {
	echo PENDING1 | "$BATS_FILE_TMPDIR/rotating" "$VAULT" "$KEY" "$@" >/dev/null
}

# on_terminal COMMAND...: what it prints on a terminal of its own, where nobody
# answers: after 5 seconds without a word it is killed.
on_terminal() {
	/usr/bin/python3 -c '
import os, select, sys
pid, fd = os.forkpty()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
seen = b""
while True:
    if not select.select([fd], [], [], 5)[0]:
        os.kill(pid, 9)
        seen += b"(asks for something)"
        break
    try:
        data = os.read(fd, 4096)
    except OSError:
        break
    if not data:
        break
    seen += data
os.waitpid(pid, 0)
print(seen.decode())' "$@"
}

# A program of this name that prints its arguments, a line each.
imposter() {
	mkdir -p "$T/bin"
	printf '#!/bin/sh\nprintf "%%s\\n" "$@"\n' >"$T/bin/$1"
	chmod 755 "$T/bin/$1"
}

generation() {
	pawl status --json | json 'd["generation"]'
}

# --- run --------------------------------------------------------------------

@test "run: the command finds the askpass, the entry and no stale word" {
	SSH_ASKPASS_PROMPT=confirm run -0 pawl run site1 -- env
	grep -x "SSH_ASKPASS=$B/pawl-askpass" <<<"$output"
	grep -x SSH_ASKPASS_REQUIRE=force <<<"$output"
	grep -x DISPLAY=none <<<"$output"
	grep -x PAWL_ENTRY=site1 <<<"$output"
	absent -e SSH_ASKPASS_PROMPT -e PAWL_VAULT -e PAWL_KEY_FILE -e PASS1 \
	    <<<"$output"
	DISPLAY=:7 SSH_AUTH_SOCK=/agent run -0 pawl run site1 -- env
	grep -x DISPLAY=:7 <<<"$output"
	grep -x SSH_AUTH_SOCK=/agent <<<"$output"
}

@test "run: -f and -k reach the askpass, as absolute paths" {
	cd "$T"
	run -0 pawl -f data/pawl/vault -k "$KEY" run site1 -- env
	grep -x "PAWL_VAULT=$T/data/pawl/vault" <<<"$output"
	grep -x "PAWL_KEY_FILE=$KEY" <<<"$output"
}

@test "run: the askpass it names answers" {
	run -0 pawl run site1 -- sh -c '"$SSH_ASKPASS" "site1@h1'\''s password: "'
	[ "$output" = PASS1 ]
}

@test "run: ssh, sftp and scp get the options, before the user's" {
	for c in ssh sftp scp; do
		imposter $c
		run -0 pawl run site1 -- "$T/bin/$c" -b x host
		[ "$output" = "-o
NumberOfPasswordPrompts=1
-o
PreferredAuthentications=password,keyboard-interactive
-o
BatchMode=no
-o
StrictHostKeyChecking=yes
-b
x
host" ]
	done
	imposter sshx
	run -0 pawl run site1 -- "$T/bin/sshx" -b x
	[ "$output" = "-b
x" ]
}

@test "run: the user's word about host keys stands" {
	imposter ssh
	PATH=$T/bin:$PATH
	for o in "-o StrictHostKeyChecking=no" "-ostricthostkeychecking=no" \
	    "-4o StrictHostKeyChecking=accept-new"; do
		# shellcheck disable=SC2086
		run -0 pawl run site1 -- ssh $o host
		[[ $output != *StrictHostKeyChecking=yes* ]]
	done
	run -0 pawl run site1 -- ssh -o User=x -l o host StrictHostKeyChecking
	[[ $output == *StrictHostKeyChecking=yes* ]]
}

@test "run: the status is the command's, 128 and the signal's if it died" {
	run -7 "$P" run site1 -- sh -c 'exit 7'
	run -0 "$P" run site1 -- true
	run -143 "$P" run site1 -- sh -c 'kill -TERM $$'
	run -137 "$P" run site1 -- sh -c 'kill -KILL $$'
}

@test "run: who goes on behind the command holds nobody up, and is heard" {
	mkdir "$T/bin"
	mkfifo "$T/go" "$T/errors"
	cat >"$T/bin/ssh" <<-END
		#!/bin/sh
		(read -r line; echo "\$line" >&2) <$T/go >/dev/null &
		echo early >&2
		exit 3
	END
	chmod +x "$T/bin/ssh"
	# Held open, so that nothing waits for anybody in them.
	exec 9<>"$T/go" 8<>"$T/errors"
	status=0
	timeout 20 setsid -w "$P" run site1 -- "$T/bin/ssh" h \
	    2>"$T/errors" 3>&- 8<&- 9<&- || status=$?
	[ "$status" -eq 3 ]
	read -r -t 20 line <&8
	[ "$line" = early ]
	echo late >&9
	read -r -t 20 line <&8
	[ "$line" = late ]
	exec 8<&- 9<&-
}

@test "run: git, rsync and Ansible find askpass and ssh's options" {
	export RSYNC_RSH='ssh -p 22' GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=a.b \
	    GIT_CONFIG_VALUE_0=c GIT_SSH=/bin/myssh
	run -0 pawl run site1 -- env
	[[ $output == *"RSYNC_RSH=ssh -p 22 -o NumberOfPasswordPrompts=1 "* ]]
	[[ $output == *"GIT_SSH_COMMAND=/bin/myssh -o NumberOfPasswordPrompts=1 "* ]]
	[[ $output == *"GIT_ASKPASS=$B/pawl-askpass"* ]]
	[[ $output == *"GIT_CONFIG_COUNT=2"* ]]
	[[ $output == *"GIT_CONFIG_KEY_1=credential.helper"* ]]
	[[ $output == *$'GIT_CONFIG_VALUE_1=\n'* ]]
	[[ $output == *"ANSIBLE_SSH_ARGS=-C "*"PasswordAuthentication=yes"* ]]
	GIT_CONFIG_COUNT=x run -64 pawl run site1 -- env
	[[ $output == *"GIT_CONFIG_COUNT"* ]]
	echo S | pawl set k service=key path=/k >/dev/null
	run -0 pawl run k -- env
	[[ $output == *"RSYNC_RSH="*"PreferredAuthentications=publickey "* ]]
}

@test "run: a signal for it reaches the command" {
	mkfifo "$T/ready"
	"$P" run site1 -- sh -c \
	    'sleep 10 & trap "kill $!; exit 9" TERM; echo >"$T/ready"; wait' &
	pid=$!
	read -r _ <"$T/ready"
	kill -TERM $pid
	status=0
	wait $pid || status=$?
	[ "$status" -eq 9 ]
}

@test "run: the command has no terminal and a mask of its own" {
	run -0 on_terminal "$P" run site1 -- sh -c \
	    '(: </dev/tty) 2>&- || echo none; grep SigBlk /proc/self/status'
	[[ $output == *none* ]]
	[[ $output =~ SigBlk:[[:space:]]0000000000000000 ]]
}

@test "run: standard input is the command's" {
	run -0 sh -c 'echo data | "$P" run site1 -- cat'
	[ "$output" = data ]
}

@test "run: the one that waits holds no key" {
	mkfifo "$T/ready" "$T/end"
	"$P" run site1 -- sh -c 'echo >"$T/ready"; cat "$T/end"' &
	pid=$!
	read -r _ <"$T/ready"
	ls -l "/proc/$pid/fd" >"$T/open"
	echo >"$T/end"
	wait $pid
	absent -e "$VAULT" -e "$KEY" "$T/open"
}

@test "run: what cannot work is said before anything runs" {
	fails 1 "no entry nosuch" pawl run nosuch -- touch "$T/ran"
	fails 64 "usage: pawl-vault run NAME -- COMMAND" pawl run site1
	fails 64 "usage: pawl-vault run NAME -- COMMAND" pawl run site1 --
	fails 64 "usage: pawl-vault run NAME -- COMMAND" \
	    pawl run site1 touch "$T/ran"
	fails 64 "$T/nosuch: cannot be run" pawl run site1 -- "$T/nosuch"
	rotating site1 attn
	fails 3 "pawl-rotate status" pawl run site1 -- touch "$T/ran"
	mv "$VAULT" "$T/away"
	fails 66 "no vault" pawl run site1 -- touch "$T/ran"
	[ ! -e "$T/ran" ]
}

@test "run: an unfinished rotation is to be recovered first" {
	rotating site1 sent
	fails 3 "pawl-rotate recover site1" pawl run site1 -- touch "$T/ran"
	[ ! -e "$T/ran" ]
	# Over, but for a change that was lost: current may cease to hold.
	rotating site1 lost
	fails 75 "pawl-rotate recover site1" pawl run site1 -- touch "$T/ran"
	[ ! -e "$T/ran" ]
	run -3 --separate-stderr pawl status --json
	[ "$(json 'd["rotations"]["unfinished"]' <<<"$output")" = 1 ]
}

@test "run and status: a rotation that is under way just now" {
	rotating site1 sent
	coproc HOLD { "$BATS_FILE_TMPDIR/rotating" "$VAULT" "$KEY" site1 lock; }
	read -r line <&"${HOLD[0]}"
	[ "$line" = locked ]
	fails 75 "try again" pawl run site1 -- touch "$T/ran"
	run -0 pawl status --json
	[ "$(json 'd["rotations"]["running"], d["rotations"]["unfinished"]' \
	    <<<"$output")" = "1 0" ]
	# Bash forgets the pid when the process ends.
	holder=$HOLD_PID
	eval "exec ${HOLD[1]}>&-"
	wait "$holder"
	[ ! -e "$T/ran" ]
}

@test "run: a passphrase is of no use to a job" {
	echo phrase >"$T/phrase"
	pawl -f "$T/other" init --passphrase-fd 3 --kdf-ops 1 --kdf-kib 8192 \
	    3<"$T/phrase" >/dev/null
	run pawl -f "$T/other" --passphrase-fd 3 run x -- touch "$T/ran" \
	    3<"$T/phrase"
	[ "$status" -eq 66 ]
	[[ $output == *"give the job a key file"* ]]
	[ ! -e "$T/ran" ]
}

# --- status -----------------------------------------------------------------

@test "status: what a monitor wants, as text and as JSON" {
	run -0 pawl status
	[[ $output == *"generation  2, "* ]]
	[[ $output == *"entries     1"* ]]
	[[ $output == *"oldest      site1, since "* ]]
	[[ $output == *"mode 0600"* ]]
	pawl status --json >"$T/json"
	[ "$(json 'd["status"], d["problem"], d["entries"], d["generation"]' \
	    <"$T/json")" = "0 None 1 2" ]
	[ "$(json 'd["slots"]["key-file"], d["slots"]["passphrase"]' \
	    <"$T/json")" = "1 0" ]
	[ "$(json 'd["vault_mode"], d["key_mode"], d["previous"]' \
	    <"$T/json")" = "0600 0600 True" ]
	[ "$(json 'd["oldest_secret"]["name"], 0 <= d["age"] < 600' \
	    <"$T/json")" = "site1 True" ]
	absent PASS1 "$T/json"
	rm "$VAULT.prev"
	[ "$(pawl status --json | json 'd["previous"]')" = False ]
}

@test "status: the oldest secret is the oldest" {
	/usr/bin/python3 -c 'import time; t = int(time.time())
while int(time.time()) == t: time.sleep(0.01)'
	echo PASS2 | pawl set aaa >/dev/null
	[ "$(pawl status --json | json 'd["oldest_secret"]["name"]')" = site1 ]
	/usr/bin/python3 -c 'import time; t = int(time.time())
while int(time.time()) == t: time.sleep(0.01)'
	echo PASS3 | pawl set site1 >/dev/null
	[ "$(pawl status --json | json 'd["oldest_secret"]["name"]')" = aaa ]
}

@test "status: rotations that need somebody are status 3" {
	rotating site1 sent
	run -3 --separate-stderr pawl status --json
	[ "$(json 'd["rotations"]["unfinished"], d["status"]' \
	    <<<"$output")" = "1 3" ]
	echo PASS2 | pawl set site2 >/dev/null
	rotating site2 attn
	run -3 --separate-stderr pawl status
	[[ $output == *"0 running, 1 unfinished, 1 for a person"* ]]
	[[ $stderr == *"1 rotations need a person and 1 were cut off"* ]]
}

@test "status: the kind of what is wrong is the status, and in the JSON" {
	chmod 640 "$VAULT"
	run -77 --separate-stderr pawl status --json
	[ "$(json 'd["status"], "chmod 600" in d["problem"]' \
	    <<<"$output")" = "77 True" ]
	chmod 600 "$VAULT"
	printf X | dd of="$VAULT" bs=1 seek=100 conv=notrunc 2>/dev/null
	run -65 --separate-stderr pawl status --json
	[ "$(json 'd["status"]' <<<"$output")" = 65 ]
	rm "$VAULT"
	run -66 pawl status
	rm -r "$T/state"
}

@test "status: a state that cannot be kept is status 74" {
	rm -r "$T/state"
	: >"$T/state"
	run -74 --separate-stderr pawl status --json
	[ "$(json 'd["rollback_noticed"]' <<<"$output")" = False ]
}

# --- backup and restore -----------------------------------------------------

@test "backup: the same bytes, closed to others, and never over a file" {
	umask 077
	run -0 pawl backup "$T/copy"
	[[ $output == "$T/copy: generation 2, 1 entries"* ]]
	cmp "$VAULT" "$T/copy"
	[ "$(stat -c %a "$T/copy")" = 600 ]
	fails 77 "File exists" pawl backup "$T/copy"
	ln -s "$T/target" "$T/link"
	fails 77 "File exists" pawl backup "$T/link"
	[ ! -e "$T/target" ]
	(umask 0 && pawl backup "$T/open" >/dev/null)
	[ "$(stat -c %a "$T/open")" = 600 ]
	[ "$(pawl backup --json "$T/third" | json 'd["generation"]')" = 2 ]
}

@test "backup: of a damaged vault there is none, nor half of one" {
	size=$(stat -c %s "$VAULT")
	printf X | dd of="$VAULT" bs=1 seek=$((size - 9)) conv=notrunc 2>/dev/null
	fails 65 damaged pawl backup "$T/copy"
	[ ! -e "$T/copy" ]
}

@test "backup: a disk that is full leaves no file" {
	# A limit on the size of files, in KiB: the vault is larger.
	run bash -c 'trap "" XFSZ; ulimit -f 8; setsid -w "$P" backup "$T/copy"'
	[ "$status" -eq 74 ]
	[ ! -e "$T/copy" ]
}

@test "restore: the copy is the vault, what was there is .prev" {
	pawl backup "$T/copy" >/dev/null
	echo PASS2 | pawl set site1 >/dev/null
	cp "$VAULT" "$T/newer"
	run -0 pawl restore "$T/copy"
	[[ $output == *"restored generation 2 in place of 3; "*".prev"* ]]
	cmp "$VAULT" "$T/copy"
	cmp "$VAULT.prev" "$T/newer"
	# Accepted knowingly: nobody asks for --accept-older.
	run -0 --separate-stderr pawl get site1
	[ "$output" = PASS1 ]
	echo PASS4 | pawl set site1 >/dev/null
	[ "$(pawl get site1)" = PASS4 ]
}

@test "restore: back again from .prev" {
	pawl backup "$T/copy" >/dev/null
	echo PASS2 | pawl set site1 >/dev/null
	pawl restore "$T/copy" >/dev/null
	[ "$(pawl restore --json "$VAULT.prev" |
	    json 'd["generation"], d["replaced"], d["remembered"]')" = \
	    "3 2 True" ]
	[ "$(pawl get site1)" = PASS2 ]
}

@test "restore: where there is no vault any more" {
	pawl backup "$T/copy" >/dev/null
	rm -r "$T/data" "$T/state"
	run -0 pawl restore "$T/copy"
	[[ $output == *"restored generation 2" ]]
	[ "$(pawl get site1)" = PASS1 ]
}

@test "restore: over a vault that is damaged" {
	pawl backup "$T/copy" >/dev/null
	size=$(stat -c %s "$VAULT")
	printf X | dd of="$VAULT" bs=1 seek=$((size - 9)) conv=notrunc 2>/dev/null
	pawl restore "$T/copy" >/dev/null
	[ "$(pawl get site1)" = PASS1 ]
	echo rubbish >"$VAULT"
	fails 77 "--force" pawl restore "$T/copy"
	pawl restore --force "$T/copy" >/dev/null
	[ "$(pawl get site1)" = PASS1 ]
}

@test "restore: a copy that is damaged, open or another key's changes nothing" {
	pawl backup "$T/copy" >/dev/null
	echo PASS2 | pawl set site1 >/dev/null
	cp -p "$VAULT" "$T/now"
	cp -p "$T/copy" "$T/bad"
	size=$(stat -c %s "$T/bad")
	printf X | dd of="$T/bad" bs=1 seek=$((size - 9)) conv=notrunc 2>/dev/null
	fails 65 damaged pawl restore "$T/bad"
	cp -p "$T/copy" "$T/open"
	chmod 644 "$T/open"
	fails 77 "chmod 600" pawl restore "$T/open"
	fails 66 "$T/nosuch" pawl restore "$T/nosuch"
	pawl -f "$T/f2" -k "$T/k2" init >/dev/null
	fails 77 "" pawl restore "$T/f2"
	cmp "$VAULT" "$T/now"
	[ "$(pawl get site1)" = PASS2 ]
}

@test "restore: another vault only with --force" {
	pawl -f "$T/other" -k "$KEY" init >/dev/null
	fails 77 "another vault" pawl restore "$T/other"
	[ "$(pawl get site1)" = PASS1 ]
	pawl restore --force "$T/other" >/dev/null
	run -1 pawl get site1
}

@test "restore: not over an unfinished rotation, whose password it lacks" {
	pawl backup "$T/copy" >/dev/null
	rotating site1 sent
	fails 3 "pawl-rotate recover" pawl restore "$T/copy"
	pawl restore --force "$T/copy" >/dev/null
	[ "$(pawl get site1)" = PASS1 ]
}

@test "restore waits for a writer, and says who it is" {
	pawl backup "$T/copy" >/dev/null
	echo "lock-wait = 0s" >"$PAWL_CONFIG"
	/usr/bin/python3 - "$VAULT.lock" "$P" "$T/copy" <<-'END'
		import fcntl, os, struct, subprocess, sys
		fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
		fcntl.fcntl(fd, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 1, 0))
		done = subprocess.run([sys.argv[2], "restore", sys.argv[3]],
		    capture_output=True, text=True)
		assert done.returncode == 75, done
	END
}

# --- Completion -------------------------------------------------------------

# complete WORD...: what the last word could become, a line each.
complete_words() {
	bash -c '
		source vault/completions/pawl-vault.bash
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
		"$(complete -p "$1" | sed "s/.*-F \([^ ]*\) .*/\1/")"
		[ ${#COMPREPLY[@]} -eq 0 ] || printf "%s\n" "${COMPREPLY[@]}"
	' bash "$@"
}

@test "completion: commands, and every option that help names" {
	PATH=$B:$PATH
	commands=$(pawl help | awk '/^  [a-z]/ && $1 != "COMMAND" { print $1 }')
	[[ $commands == *verify*run* ]]
	for c in $commands; do
		complete_words pawl-vault "" | grep -x -e "$c"
		offered=$(complete_words pawl-vault $c --)
		[ $c != slot ] || offered=$(for s in list add remove; do
			complete_words pawl-vault slot $s --; done)
		for o in $(pawl help $c | sed 's/^usage: pawl-vault //; 1!d' |
		    grep -o -e '--[a-z-]\+'); do
			grep -x -e "$o" <<<"$offered" ||
			    { echo "$c $o: $offered"; return 1; }
		done
	done
	complete_words pawl-vault --acc | grep -x -e --accept-older
	complete_words pawl-vault --wa | grep -x -e --wait
	complete_words pawl-vault --wait 5 verif | grep -x -e verify
	complete_words pawl-rotate --acc | grep -x -e --accept-older
	complete_words pawl-rotate status --js | grep -x -e --json
	complete_words pawl-askpass --v | grep -x -e --version
}

@test "completion: names, where the vault opens without a question" {
	PATH=$B:$PATH
	echo P | pawl set "prod/my site" >/dev/null
	[ "$(complete_words pawl-vault get s)" = site1 ]
	[ "$(complete_words pawl-vault get prod)" = 'prod/my\ site' ]
	[ "$(complete_words pawl-rotate check si)" = site1 ]
	[ "$(complete_words pawl-vault run s)" = site1 ]
	[ "$(complete_words pawl-vault -f "$VAULT" -k "$KEY" get s)" = site1 ]
	# On a terminal, where a passphrase could be asked for.
	export -f complete_words
	run -0 on_terminal bash -c 'complete_words pawl-vault get s'
	[[ $output == site1* ]]
	rm "$KEY"
	run -0 on_terminal bash -c 'complete_words pawl-vault get s'
	[ -z "${output//[[:space:]]/}" ]
}

@test "completion: attributes, policies, formats, words of a command" {
	PATH=$B:$PATH
	complete_words pawl-vault set site1 rotate.m |
	    grep -x -e rotate.method= -e rotate.min-age=
	[ "$(complete_words pawl-vault generate --policy racf-p)" = racf-phrase ]
	[ "$(complete_words pawl-vault import da)" = dataset ]
	[ "$(complete_words pawl-vault slot rem)" = remove ]
	[ "$(complete_words pawl-vault run site1 -)" = -- ]
	complete_words pawl-vault run site1 -- ssh-keyge | grep -x ssh-keygen
	[ "$(complete_words pawl-vault help verif)" = verify ]
}

@test "completion: zsh and fish can read theirs" {
	tried=
	if command -v zsh >/dev/null; then
		zsh -n vault/completions/_pawl-vault
		tried=1
	fi
	if command -v fish >/dev/null; then
		fish --no-execute vault/completions/pawl-vault.fish
		tried=1
	fi
	[ -n "$tried" ] || skip "neither is installed"
}
