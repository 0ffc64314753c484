#!/usr/bin/env bats
# The stack of pawl-askpass, from files, with every module.  B is the build
# directory.  The caller is a shell under the name of ssh, with a destination
# on its command line; tests/world has the real one.

bats_require_minimum_version 1.5.0

setup_file() {
	cc -std=c11 -D_GNU_SOURCE -Iinclude -o "$BATS_FILE_TMPDIR/rotating" \
	    tests/cli/rotating.c "$B/libvault.a" -lsodium
}

setup() {
	T=$(mktemp -d)
	chmod 700 "$T"
	umask 022
	export T HOME=$T XDG_DATA_HOME=$T/data XDG_CONFIG_HOME=$T/config \
	    XDG_STATE_HOME=$T/state PAWL_CONFIG=$T/pawl.conf
	export PATH=$B:$PATH
	unset PAWL_VAULT PAWL_KEY_FILE CREDENTIALS_DIRECTORY PAWL_ENTRY \
	    PASSWD_DSN SSH_ASKPASS_PROMPT
	pawl-vault init >/dev/null
	echo PASS1 | pawl-vault set site1 user=site1 host=127.0.0.1 >/dev/null
	export PAWL_ENTRY=site1
	prompt="site1@127.0.0.1's password: "
	cp /bin/bash "$T/ssh"
}

teardown() {
	rm -rf "$T"
}

# stack: what is on standard input becomes askpass.conf.
stack() {
	cat >"$T/askpass.conf"
}

# ask [PROMPT [DESTINATION]]: what an ssh to there gets for it.
ask() {
	run --separate-stderr "$T/ssh" -c 'pawl-askpass "$1"; exit $?' \
	    "${2-site1@127.0.0.1}" "${1-$prompt}"
	echo "$status: $output: $stderr"
}

answered() {
	[ "$status" -eq 0 ] && [ "$output" = "$1" ]
}

# refused WHY: nothing was printed, and ssh was ended.
refused() {
	[ "$status" -eq 143 ] && [ -z "$output" ] &&
	    [[ $stderr == *"ssh stopped, nothing sent: "*"$1"* ]]
}

# program: what is on standard input becomes a program that may be run.
program() {
	{
		echo '#!/bin/sh'
		cat
	} >"$T/program"
	chmod 755 "$T/program"
}

bound="user=site1 host=127.0.0.1"

@test "a file that says what is compiled in does what is compiled in" {
	ask
	answered PASS1
	echo "ssh include default" | stack
	ask
	answered PASS1
	ask "root@127.0.0.1's password: "
	refused 'compiled-in:2: vault: the prompt is for the user "root"'
	unset PAWL_ENTRY
	ask
	answered PASS1
}

@test "a mistake in any stack is named, and nothing is answered" {
	printf 'ssh required vault\n\ngit required\\\n  vaults\n' | stack
	ask
	refused "$T/askpass.conf:4:3: unknown module \"vaults\""
	echo 'shs required vault' | stack
	ask
	refused 'askpass.conf:1:1: "shs" is no service, and no line here'
}

@test "a file that others can write to is not trusted" {
	echo "ssh include default" | stack
	chmod 666 "$T/askpass.conf"
	ask
	refused "askpass.conf is writable by others; run: chmod go-w"
}

@test "without a line for the service, other counts; without that, nothing" {
	echo "other required vault" | stack
	ask
	answered PASS1
	echo "git required vault" | stack
	ask
	refused "no line of the stack for ssh gives a secret"
	: | stack
	ask
	refused "no line of the stack for ssh gives a secret"
}

@test "askpass.d comes first, a file a service" {
	mkdir "$T/askpass.d"
	echo "ssh required deny" | stack
	printf 'required once\nsubstack common\n' >"$T/askpass.d/ssh"
	echo "required vault" >"$T/askpass.d/common"
	ask
	answered PASS1
	echo "required vault x" >"$T/askpass.d/common"
	ask
	refused "askpass.d/common:1:16: this module takes no argument \"x\""
}

@test "the user's own lines count where the system's include them" {
	printf 'ssh required deny\n' >"$T/config/pawl/askpass.conf"
	echo "ssh include default" | stack
	ask
	answered PASS1
	printf 'ssh include user\nssh include default\n' | stack
	ask
	refused "config/pawl/askpass.conf:1: deny: the stack says deny"
	# The system's other includes the user's own ssh.
	printf 'other include user\nother include default\n' | stack
	ask
	refused "config/pawl/askpass.conf:1: deny: the stack says deny"
	rm "$T/config/pawl/askpass.conf"
	ask
	answered PASS1
	# None of the system's can be included from there.
	printf 'ssh include common\n' >"$T/config/pawl/askpass.conf"
	printf 'ssh include user\nssh include common\ncommon required vault\n' |
	    stack
	ask
	refused 'config/pawl/askpass.conf:1:13: there is no stack of this name'
}

@test "denied stays denied, whatever follows and whatever the control" {
	for control in required requisite sufficient optional \
	    "[success=ok default=ignore]"; do
		printf '%s\n' "ssh $control deny" "ssh required vault" | stack
		ask
		refused "deny: the stack says deny"
	done
	# The vault's own no does not reach the file behind it.
	echo FILE1 >"$T/file"
	chmod 600 "$T/file"
	printf '%s\n' "ssh sufficient vault" \
	    "ssh sufficient dataset $T/file user=root host=127.0.0.1" | stack
	ask "root@127.0.0.1's password: " root@127.0.0.1
	refused 'vault: the prompt is for the user "root"'
	# But where the vault has no entry, it does.
	export PAWL_ENTRY=none
	ask "root@127.0.0.1's password: " root@127.0.0.1
	answered FILE1
}

@test "during a rotation no other line gives the old password" {
	echo FILE1 >"$T/file"
	chmod 600 "$T/file"
	echo "wait = 1s" >"$PAWL_CONFIG"
	echo NEW1 | "$BATS_FILE_TMPDIR/rotating" "$T/data/pawl/vault" \
	    "$T/config/pawl/key" site1 sent
	printf '%s\n' "ssh sufficient vault" \
	    "ssh sufficient dataset $T/file $bound" | stack
	SECONDS=0
	ask
	refused "vault: its password is being changed"
	[ "$SECONDS" -ge 1 ]
	# The process outside outlives the looks at the vault.
	echo 'echo password=EXEC1' | program
	printf '%s\n' "ssh sufficient exec $T/program" "ssh required vault" |
	    stack
	ask
	answered EXEC1
}

@test "an altered vault stays altered, whatever follows" {
	echo FILE1 >"$T/file"
	chmod 600 "$T/file"
	printf '%s\n' "ssh sufficient vault" \
	    "ssh sufficient dataset $T/file $bound" | stack
	ask
	answered PASS1
	printf X | dd of="$T/data/pawl/vault" bs=1 seek=9000 conv=notrunc \
	    2>/dev/null
	ask
	refused "vault: "
}

@test "without a vault another line may answer, and only once" {
	rm -r "$T/data" "$T/state"
	echo FILE1 >"$T/file"
	chmod 600 "$T/file"
	printf '%s\n' "ssh sufficient vault" \
	    "ssh sufficient dataset $T/file $bound" | stack
	ask
	answered FILE1
	run --separate-stderr "$T/ssh" -c 'pawl-askpass "$1"; pawl-askpass "$1"
	    exit 0' site1@127.0.0.1 "$prompt"
	[ "$status" -eq 143 ]
	[ "$output" = FILE1 ]
	[[ $stderr == *"this ssh was answered before"* ]]
}

@test "one answer for each ssh, whether or not the stack says once" {
	for lines in "ssh required vault" "ssh include default"; do
		echo "$lines" | stack
		run --separate-stderr "$T/ssh" -c 'pawl-askpass "$1"
		    pawl-askpass "$1"; exit 0' site1@127.0.0.1 "$prompt"
		[ "$status" -eq 143 ]
		[ "$output" = PASS1 ]
	done
}

@test "bind: before anything else is asked" {
	printf 'ssh required bind\nssh required deny\n' | stack
	ask "root@127.0.0.1's password: "
	refused 'bind: the prompt is for the user "root"'
	ask
	refused "deny: the stack says deny"
}

@test "caller: the path of the program, or a directory above it" {
	for path in "$T/ssh" "$T/"; do
		printf 'ssh required caller %s\nssh required vault\n' "$path" |
		    stack
		ask
		answered PASS1
	done
	printf 'ssh required caller /usr/bin/ /ssh %s\nssh required vault\n' \
	    "$T/ss" | stack
	ask
	refused "caller: the caller is $T/ssh"
	# As a test it chooses a way.
	printf '%s\n' "ssh [success=1 default=ignore] caller $T/ssh test" \
	    "ssh requisite deny" "ssh required vault" | stack
	ask
	answered PASS1
	sed -i "s,caller $T/ssh,caller /usr/bin/," "$T/askpass.conf"
	ask
	refused "deny: the stack says deny"
}

@test "time: only in its window, in local time" {
	export TZ=UTC0
	now=$(date +%a/%H:%M | tr '[:upper:]' '[:lower:]')
	printf 'ssh required time sun-sat/00:00-24:00\nssh required vault\n' |
	    stack
	ask
	answered PASS1
	# Half a week away.
	export TZ=EAST-12
	other=$(date -d '+84 hours' +%a | tr '[:upper:]' '[:lower:]')
	printf 'ssh required time %s\nssh required vault\n' "$other" | stack
	ask
	refused "time: not at this time of the week"
	# An hour here is not the same hour elsewhere.
	export TZ=UTC0
	hour=${now#*/}
	hour=${hour%:*}
	printf 'ssh required time sun-sat/%s:00-%s:59\nssh required vault\n' \
	    "$hour" "$hour" | stack
	TZ=EAST-6 ask
	refused "time: not at this time of the week"
}

@test "credential: from systemd's directory, for its own user and host" {
	mkdir "$T/creds"
	printf 'CRED1\n' >"$T/creds/site1"
	chmod 400 "$T/creds/site1"
	printf '%s\n' "ssh sufficient credential site1 $bound" | stack
	ask
	refused "credential: CREDENTIALS_DIRECTORY is not set"
	export CREDENTIALS_DIRECTORY=$T/creds PAWL_KEY_FILE=$T/config/pawl/key
	ask
	answered CRED1
	ask "root@127.0.0.1's password: " root@127.0.0.1
	refused 'credential: the prompt is for the user "root"'
	# A prompt alone, as an old ssh shows what a server has written.
	ask "$prompt" site1@evil.example.com
	refused "credential: the caller is not an ssh whose command line names"
	# Several of them: each for its own.
	printf 'CRED2\n' >"$T/creds/root"
	chmod 400 "$T/creds/root"
	echo "ssh sufficient credential root user=root host=127.0.0.1" \
	    >>"$T/askpass.conf"
	ask "root@127.0.0.1's password: " root@127.0.0.1
	answered CRED2
	chmod 644 "$T/creds/root"
	ask "root@127.0.0.1's password: " root@127.0.0.1
	refused "run: chmod 600 $T/creds/root"
}

@test "dataset: read as it is, warned about and audited" {
	echo "audit-file = $T/audit" >"$PAWL_CONFIG"
	printf '%-72s00000100' FILE1 >"$T/file"
	chmod 600 "$T/file"
	printf '%s\n' "ssh sufficient dataset $T/file $bound" | stack
	ask
	answered FILE1
	[[ $stderr == "pawl-askpass: $T/file holds a password in the clear;"* ]]
	[ "$(grep -c "in the clear" <<<"$stderr")" -eq 1 ]
	grep -q 'event=answer .* user=site1 .* module=dataset' "$T/audit"
	run ! grep -q FILE1 "$T/audit"
	chmod 644 "$T/file"
	ask
	refused "run: chmod 600 $T/file"
	printf '%s\n' "ssh sufficient dataset //'HLQ.X#1' $bound" | stack
	ask
	refused "data sets can be read on z/OS only; name a file"
}

@test "keyring: a key of the kernel, by its description" {
	keyctl_add() {
		python3 - "$1" "$2" <<-'END'
			import ctypes, sys
			libc = ctypes.CDLL(None, use_errno=True)
			d, s = sys.argv[1].encode(), sys.argv[2].encode()
			key = libc.syscall(248, b"user", d, s, len(s), -4)
			sys.exit(0 if key > 0 else 1)
		END
	}
	[ "$(uname -m)" = x86_64 ] || skip "the number of add_key(2)"
	keyctl_add "pawl-test:$$" KEY1 || skip "no keyrings here"
	printf '%s\n' "ssh sufficient keyring pawl-test:$$ $bound" | stack
	ask
	answered KEY1
	printf '%s\n' "ssh sufficient keyring pawl-test:none $bound" | stack
	ask
	refused "keyring: not in the kernel keyring"
}

@test "exec: git-credential's protocol, with nothing of the environment" {
	program <<-'END'
		cat >"$HOME/asked"
		env >"$HOME/environment"
		readlink /proc/$$/fd/* >"$HOME/files"
		echo "$@" >"$HOME/words"
		printf 'username=site1\nhost=127.0.0.1\npassword=EXEC1\n'
	END
	printf 'ssh required exec %s --store [a b]\n' "$T/program" | stack
	SITE_SECRET=x ask
	answered EXEC1
	printf 'protocol=ssh\nhost=127.0.0.1\nusername=site1\n\n' |
	    cmp - "$T/asked"
	[ "$(cat "$T/words")" = "--store a b get" ]
	run ! grep -q -e SITE_SECRET -e PAWL_ENTRY "$T/environment"
	grep -q -x PATH=/usr/bin:/bin "$T/environment"
	# Neither the vault nor the key, nor what ssh reads.
	run ! grep -q -e vault -e pawl/key -e state "$T/files"
	ask "$prompt" site1@evil.example.com
	refused "exec: the caller is not an ssh whose command line names"
}

@test "exec: what is no answer is none" {
	printf 'ssh required exec timeout=1 %s\n' "$T/program" | stack
	echo 'printf "\377\001garbage\n"' | program
	ask
	refused "exec: the program's answer is not git-credential's"
	echo 'printf "password=A\npassword=B\n"' | program
	ask
	refused "exec: the program's answer is not git-credential's"
	echo 'printf "username=root\npassword=A\n"' | program
	ask
	refused "exec: the program refused, or its answer is for somebody else"
	echo 'printf "quit=1\n"' | program
	ask
	refused "exec: the program refused, or its answer is for somebody else"
	echo 'printf "password=\n"' | program
	ask
	refused "exec: the program gave no password"
	echo 'printf "password=A\r\n"' | program
	ask
	refused "or not one line"
	echo 'head -c 100000 /dev/zero' | program
	ask
	refused "$T/program answers more than 4096 bytes"
	echo 'echo password=A; exit 3' | program
	ask
	refused "$T/program ended with status 3"
	echo 'echo password=A; kill -9 $$' | program
	ask
	refused "$T/program was ended by signal 9"
}

@test "exec: one that hangs is ended, with all that it started" {
	program <<-'END'
		sleep 1000 &
		echo $! >"$HOME/pid"
		wait
	END
	printf 'ssh required exec timeout=1 %s\n' "$T/program" | stack
	ask
	refused "$T/program did not answer in time"
	# Nobody may have waited for it yet.
	run ps -o stat= -p "$(cat "$T/pid")"
	[[ $output == "" || $output == Z* ]]
	# And another line may answer.
	printf 'ssh sufficient exec timeout=1 %s\nssh required vault\n' \
	    "$T/program" | stack
	ask
	answered PASS1
}

@test "exec: a program that others could have written is not run" {
	echo 'echo password=EXEC1' | program
	mkdir "$T/open"
	cp -p "$T/program" "$T/open/program"
	printf 'ssh required exec %s\n' "$T/program" | stack
	chmod 777 "$T/program"
	ask
	refused "$T/program is writable by others"
	chmod 755 "$T/program"
	ask
	answered EXEC1
	chmod 777 "$T/open"
	printf 'ssh required exec %s\n' "$T/open/program" | stack
	ask
	refused "directory $T/open is writable by others"
	ln -s "$T/program" "$T/link"
	printf 'ssh required exec %s\n' "$T/link" | stack
	ask
	refused "$T/link is not a regular file"
	printf 'ssh required exec %s\n' "$T/none" | stack
	ask
	refused "$T/none: No such file or directory"
}

# at_terminal TYPED: as ask, with a terminal where this is typed after the
# question.  What it showed is in $T/screen.
at_terminal() {
	python3 - "$1" "$T" "$prompt" <<-'END' >"$T/out" 2>"$T/err"
		import os, pty, sys
		typed, t, prompt = sys.argv[1:]
		pid, fd = pty.fork()
		if pid == 0:
		    for n in 1, 2:
		        os.dup2(os.open(t + ("/out" if n == 1 else "/err"),
		            os.O_WRONLY | os.O_APPEND), n)
		    os.execv(t + "/ssh", ["ssh", "-c",
		        'pawl-askpass "$1"; exit $?', "site1@127.0.0.1", prompt])
		screen = b""
		while b"?" not in screen and b"word: " not in screen:
		    try:
		        more = os.read(fd, 1000)
		    except OSError:
		        break
		    screen += more
		os.write(fd, typed.encode().decode("unicode_escape").encode())
		try:
		    while True:
		        screen += os.read(fd, 1000)
		except OSError:
		    pass
		open(t + "/screen", "wb").write(screen)
		sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) % 256)
	END
}

@test "tty: a person types it, and it is not shown" {
	printf 'ssh sufficient vault\nssh required tty\n' | stack
	export PAWL_ENTRY=none
	at_terminal 'TYPED1\n'
	[ "$(cat "$T/out")" = TYPED1 ]
	grep -q -a "site1@127.0.0.1's password: " "$T/screen"
	run ! grep -q -a TYPED1 "$T/screen"
	# Whoever ends the question has declined.
	status=0
	at_terminal '\x04' || status=$?
	[ "$status" -ne 0 ]
	[ ! -s "$T/out" ]
	grep -q "tty: no answer: ended at the terminal" "$T/err"
}

@test "tty: without a terminal there is nobody to ask" {
	printf 'ssh required tty\n' | stack
	run --separate-stderr setsid -w "$T/ssh" -c 'pawl-askpass "$1"; exit $?' \
	    site1@127.0.0.1 "$prompt"
	[ "$status" -eq 143 ]
	[[ $stderr == *"tty: there is no terminal to ask on"* ]]
}

@test "confirm-tty: a person says yes or no" {
	printf 'ssh required confirm-tty\nssh required vault\n' | stack
	at_terminal 'y\n'
	[ "$(cat "$T/out")" = PASS1 ]
	status=0
	at_terminal 'n\n' || status=$?
	[ "$status" -ne 0 ]
	[ ! -s "$T/out" ]
	grep -q "confirm-tty: a person at the terminal said no" "$T/err"
}

# explained LINE: --explain has printed it.
explained() {
	grep -q -x -e "$1" <<<"$output"
}

@test "--explain: the prompt, the entry, every line and the verdict" {
	run --separate-stderr pawl-askpass --explain "$prompt"
	[ "$status" -eq 0 ]
	explained "prompt:   password (ssh-password)"
	explained "user:     site1"
	explained "service:  ssh"
	explained "line:     compiled-in:1 required once: success"
	explained "line:     compiled-in:2 required vault: success"
	explained "entry:    site1, by PAWL_ENTRY=site1"
	explained "verdict:  answer, from vault"
	[[ $output$stderr != *PASS1* ]]
	run pawl-askpass --explain "(site1@127.0.0.1) Verification code: "
	[ "$status" -eq 77 ]
	explained "prompt:   otp (otp-google)"
	explained "server:   Verification code: "
	explained "verdict:  refuse: this asks for a one-time code, and the entry names no other with otp= that has the seed"
	run pawl-askpass --explain "$(printf '\033[2Jx')"
	[ "$status" -eq 77 ]
	[[ $output == "prompt:   unknown (not-text)"* ]]
	PAWL_ENTRY=none run pawl-askpass --explain "$prompt"
	[ "$status" -eq 1 ]
	explained "entry:    none, by PAWL_ENTRY=none"
}

@test "--explain: as if another had asked" {
	unset PAWL_ENTRY
	run pawl-askpass --explain "$prompt"
	[ "$status" -eq 77 ]
	explained "caller:   bash.*"
	explained "verdict:  refuse: the caller is not an ssh.*"
	run pawl-askpass --explain "$prompt" ssh -p 22 site1@127.0.0.1
	[ "$status" -eq 0 ]
	explained 'caller:   ssh, to user "site1" host "127.0.0.1"'
	explained "entry:    site1, by the caller's destination"
	run pawl-askpass --explain "$prompt" ssh root@127.0.0.1
	[ "$status" -eq 77 ]
	explained "verdict:  refuse and end ssh: the prompt and.*"
	printf '%s\n' "ssh required caller /usr/bin/ssh" \
	    "ssh sufficient exec /none" "ssh required deny" | stack
	run pawl-askpass --explain "$prompt" /usr/bin/ssh site1@127.0.0.1
	[ "$status" -eq 0 ]
	explained "line: .*:1 required caller /usr/bin/ssh: success"
	explained "line: .*:2 sufficient exec /none: success, not run here"
	explained "verdict:  answer, if those who were not asked give one"
	run pawl-askpass --explain "$prompt" /opt/ssh site1@127.0.0.1
	[ "$status" -eq 77 ]
	explained "line: .*: denied: the caller is /opt/ssh"
}

@test "--explain notes nothing, ends nobody and asks nobody" {
	echo "audit-file = $T/audit" >"$PAWL_CONFIG"
	program <<-'END'
		touch "$HOME/ran"
		echo password=EXEC1
	END
	printf '%s\n' "ssh sufficient exec $T/program" "ssh required vault" |
	    stack
	run "$T/ssh" -c 'pawl-askpass --explain "$1"
	    pawl-askpass --explain "root@127.0.0.1'"'"'s password: "
	    pawl-askpass "$1"; exit $?' site1@127.0.0.1 "$prompt"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *$'\nEXEC1' ]]
	[ "$(grep -c . "$T/audit")" -eq 1 ]
	rm "$T/ran" "$T/audit"
	pawl-askpass --explain "$prompt" ssh site1@127.0.0.1
	[ ! -e "$T/ran" ]
	[ ! -e "$T/audit" ]
}

@test "--last: from the state file, without reasons" {
	ask
	answered PASS1
	ask "root@127.0.0.1's password: "
	refused ""
	run --separate-stderr pawl-askpass --last
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 2 ]
	[[ ${lines[0]} == 20??-*Z" event=answer entry=site1 prompt=password pid="* ]]
	[[ ${lines[1]} == 20??-*Z" event=refuse entry=site1 prompt=password pid="* ]]
	[[ $stderr == *"set audit-file in pawl.conf"* ]]
	run --separate-stderr pawl-askpass --last 1
	[ "${#lines[@]}" -eq 1 ]
	[[ ${lines[0]} == *event=refuse* ]]
	run pawl-askpass --last 0
	[ "$status" -eq 64 ]
	run pawl-askpass --last 1 1
	[ "$status" -eq 64 ]
}

@test "--last: from the audit file, this user's, and why" {
	echo "audit-file = $T/audit" >"$PAWL_CONFIG"
	{
		echo "2026-01-01T00:00:00Z pawl-askpass[1]: event=answer uid=9"
		echo "2026-01-01T00:00:00Z pawl-vault[1]: event=get uid=$(id -u)"
	} >"$T/audit"
	chmod 600 "$T/audit"
	ask
	ask "root@127.0.0.1's password: "
	echo "2026-01-01T00:00:00Z pawl-askpass[1]: event=refuse uid=$(id -u)9" \
	    >>"$T/audit"
	run --separate-stderr pawl-askpass --last
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 2 ]
	[[ ${lines[0]} == *"event=answer entry=site1 prompt=password"* ]]
	[[ ${lines[1]} == *"event=refuse "*'why=the\x20prompt\x20is\x20for'* ]]
	run --separate-stderr pawl-askpass --last 1
	[ "${#lines[@]}" -eq 1 ]
	[[ ${lines[0]} == *event=refuse* ]]
	# Nothing there yet: what the state file knows.
	: >"$T/audit"
	run --separate-stderr pawl-askpass --last
	[ "${#lines[@]}" -eq 2 ]
	[[ $stderr == *"set audit-file"* ]]
}
