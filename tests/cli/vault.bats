#!/usr/bin/env bats
# pawl-vault as its users run it.  B is the build directory.

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
	unset PAWL_VAULT PAWL_KEY_FILE CREDENTIALS_DIRECTORY POSIXLY_CORRECT
	VAULT=$T/data/pawl/vault
	KEY=$T/config/pawl/key
	export T P=$B/pawl-vault
}

teardown() {
	rm -rf "$T"
}

# Runs it without a terminal, wherever the tests are started from.
pawl() {
	setsid -w "$P" "$@"
}

# A vault, and site1 with the secret PASS1 in it.
site1() {
	pawl init >"$T/init"
	echo PASS1 | pawl set site1 "$@" >"$T/set"
}

# expect STATUS LINE COMMAND...: this status, this line on standard error, and
# nothing on standard output.
expect() {
	local status_wanted=$1 line=$2

	shift 2
	run --separate-stderr "$@"
	[ "$status" -eq "$status_wanted" ] ||
	    { echo "status $status: $stderr"; return 1; }
	[ "$stderr" = "pawl-vault: $line" ] || { echo "$stderr"; return 1; }
	[ -z "$output" ]
}

# fails STATUS COMMAND...: this status and one line that a person can read.
fails() {
	local status_wanted=$1

	shift
	run --separate-stderr "$@"
	[ "$status" -eq "$status_wanted" ] ||
	    { echo "status $status: $stderr"; return 1; }
	# shellcheck disable=SC2154
	[ "${#stderr_lines[@]}" -eq 1 ] || { echo "$stderr"; return 1; }
	[[ $stderr == pawl-vault:\ * ]]
}

# json EXPRESSION: a Python expression about d, which is standard input.
json() {
	/usr/bin/python3 -c \
	    'import json, sys; d = json.load(sys.stdin); print('"$1"')'
}

# A person at a terminal: typed PROMPT ANSWER ... -- COMMAND...
# Prints what the terminal showed; the command's exit status is its own.
typed() {
	"$BATS_TEST_DIRNAME/typed.py" "$@"
}

# record TEXT [NUMBERS]: 80 columns.
record() {
	printf '%-72s%-8s' "$1" "${2-}"
}

to_1047() {
	iconv -f ISO-8859-1 -t IBM1047
}

rotating() {
	"$BATS_FILE_TMPDIR/rotating" "$VAULT" "$KEY" "$@"
}

# --- The program itself -----------------------------------------------------

@test "help lists every command, help COMMAND its arguments" {
	run -0 pawl help
	for c in init set get show list remove generate import slot verify; do
		[[ $output == *"  $c "* ]]
		run -0 pawl help $c
		[[ $output == "usage: pawl-vault $c "* ]]
		run -0 pawl help
	done
	run -0 pawl -h
	run -0 pawl --help
}

@test "version and help need no configuration that is in order" {
	echo nonsense >"$PAWL_CONFIG"
	run -0 pawl --version
	[[ $output == "pawl-vault "* ]]
	run -0 pawl help
	fails 78 pawl list
}

@test "no command, an unknown one, an unknown option" {
	expect 64 'what shall I do? "pawl-vault help" lists the commands' pawl
	expect 64 'no command frob: "pawl-vault help" lists them' pawl frob
	expect 64 'no command frob: "pawl-vault help" lists them' \
	    pawl help frob
	expect 64 '-x: no such option' pawl -x
	expect 64 '--frob: no such option' pawl --frob list
	expect 64 '-f: needs an argument' pawl -f
}

@test "a long option is not taken for the one it begins like" {
	site1
	expect 64 '--accept: no such option' pawl --accept list
	expect 64 '--js: no such option' pawl list --js
	expect 64 '--js: no such option' pawl verify --js
	expect 64 '--json: takes no argument' pawl list --json=yes
	expect 64 '--lengt=9: no such option' pawl generate --lengt=9 x
	run -0 pawl generate --length=9 x
}

@test "each command with too few or too many arguments says how it is used" {
	site1
	for c in "set" "get" "get a b" "show" "show a b" "list a b" "remove" \
	    "generate" "generate a b" "slot" "slot frob" "slot add" \
	    "slot remove" "slot list x" "verify x" "init x" "import"; do
		# shellcheck disable=SC2086
		fails 64 pawl $c
		[[ $stderr == "pawl-vault: usage: pawl-vault ${c%% *} "* ]]
	done
}

@test "standard output that is full is a failure" {
	site1
	# shellcheck disable=SC2016
	expect 74 'write to standard output: No space left on device' \
	    sh -c '"$P" get site1 >/dev/full'
	# shellcheck disable=SC2016
	expect 74 'write to standard output: No space left on device' \
	    sh -c '"$P" list >/dev/full'
}

@test "descriptors that the caller left closed do no harm" {
	site1
	pawl list >&- 2>&- <&-
	echo PASS2 | pawl set site1 >&- 2>&-
	run -0 pawl get site1
	[ "$output" = PASS2 ]
	run -0 pawl verify
}

@test "what happened is in the audit file, and no secret" {
	echo "audit-file = $T/audit" >"$PAWL_CONFIG"
	site1
	pawl get site1
	run -1 pawl get nobody
	grep -q 'event=get entry=site1 uid=[0-9]* parent=[0-9]* status=0$' \
	    "$T/audit"
	grep -q 'event=get entry=nobody .* status=1$' "$T/audit"
	grep -q 'event=set entry=site1' "$T/audit"
	run ! grep -q PASS1 "$T/audit"
}

@test "memory that cannot be locked is said once, or refused" {
	nolock() (
		ulimit -l 0
		if [ "$(id -u)" -eq 0 ]; then
			setpriv --bounding-set=-ipc_lock \
			    --inh-caps=-ipc_lock -- "$P" "$@"
		else
			"$P" "$@"
		fi
	)
	site1
	run -0 --separate-stderr nolock get site1
	[ "$output" = PASS1 ]
	[[ $stderr == "pawl-vault: memory cannot be locked"* ]]
	[ "${#stderr_lines[@]}" -eq 1 ]
	echo 'require-mlock = yes' >"$PAWL_CONFIG"
	run -77 --separate-stderr nolock get site1
	[ -z "$output" ]
	run -0 pawl get site1
}

@test "the examples of the manual work" {
	cd "$T"
	PATH=$B:$PATH
	record PASS1 00010000 | to_1047 >passwd.bin
	echo 'correct horse' >passphrase.txt
	export VISUAL=true
	# What gpg does is in stores.bats.
	mkdir bin .password-store
	printf '#!/bin/sh\nexec cat\n' >bin/gpg
	chmod 755 bin/gpg
	PATH=$T/bin:$PATH
	printf 'PASS4\nuser: u\n' >.password-store/mail.gpg
	sed -n 's/^\.Dl \$ //p' "$BATS_TEST_DIRNAME/../../man/pawl-vault.1" \
	    >examples
	[ "$(wc -l <examples)" -ge 9 ]
	while read -r line <&4; do
		run -0 setsid -w sh -c "$line"
	done 4<examples
	[ "$(pawl get site1)" = OLDPASS1 ]
	[ "$(pawl get site2)" = PASS1 ]
	[ "$(pawl --passphrase-fd 0 get site2 <passphrase.txt)" = PASS1 ]
	[ "$(pawl get mail)" = PASS4 ]
	[ -e team.vault ]
}

# --- init, and where things are ---------------------------------------------

@test "init makes vault and key, private, and says where and what to keep" {
	run -0 --separate-stderr pawl init
	[ "${lines[0]}" = "vault: $VAULT" ]
	[ "${lines[1]}" = "key:   $KEY (new)" ]
	[[ ${lines[2]} == "Back up the key file"* ]]
	[ -z "$stderr" ]
	[ "$(stat -c %a "$VAULT")" = 600 ]
	[ "$(stat -c %a "$KEY")" = 600 ]
	[ "$(stat -c %a "$T/data/pawl")" = 700 ]
	run -0 --separate-stderr pawl list
	[ -z "$output" ]
}

@test "init leaves alone what is there" {
	site1
	cp "$VAULT" "$T/before"
	expect 77 "$VAULT is there already: name another vault with -f FILE or PAWL_VAULT" \
	    pawl init --key-file "$T/other"
	cmp "$VAULT" "$T/before"
	[ ! -e "$T/other" ]
}

@test "init uses a key file that is there" {
	site1
	run -0 pawl -f "$T/second" init
	[ "${lines[1]}" = "key:   $KEY (was there)" ]
	run -0 pawl -f "$T/second" list
	run -0 pawl get site1
}

@test "init with its own key file, and the file in the environment" {
	run -0 pawl -f "$T/v" init --key-file "$T/k"
	[ ! -e "$KEY" ]
	run -0 pawl -f "$T/v" -k "$T/k" list
	PAWL_VAULT=$T/v PAWL_KEY_FILE=$T/k run -0 pawl list
	run -66 pawl -f "$T/v" list
}

@test "no vault" {
	expect 66 "no vault: there is no $VAULT; name one with -f FILE or PAWL_VAULT, or make it with \"pawl-vault init\"" \
	    pawl list
}

@test "no key, and no terminal to ask on" {
	site1
	rm "$KEY"
	expect 66 "no key: there is no $KEY, and no terminal to ask for a passphrase; give one with -k FILE or PAWL_KEY_FILE" \
	    pawl get site1
}

@test "the wrong key" {
	site1
	pawl -f "$T/v2" init --key-file "$T/k2"
	fails 77 pawl -k "$T/k2" get site1
	[[ $stderr == *"$VAULT"* ]]
}

@test "a key that is none" {
	site1
	echo rubbish >"$T/k"
	chmod 600 "$T/k"
	fails 78 pawl -k "$T/k" get site1
	[[ $stderr == *"$T/k: not a key file"* ]]
	[[ $stderr != *rubbish* ]]
}

@test "a key that others may read" {
	site1
	chmod 640 "$KEY"
	expect 77 "key file: $KEY: group or others may read it; run: chmod 600 $KEY" \
	    pawl get site1
	chmod 600 "$KEY"
	run -0 pawl get site1
}

@test "a vault that others may read" {
	site1
	chmod 604 "$VAULT"
	expect 77 "vault: $VAULT: group or others may read it; run: chmod 600 $VAULT" \
	    pawl get site1
}

@test "a directory that others may write" {
	site1
	chmod 777 "$T/data/pawl"
	fails 77 pawl get site1
	[[ $stderr == *"chmod go-w $T/data/pawl"* ]]
}

# --- The vault as a file ----------------------------------------------------

@test "an older vault put back is refused until it is accepted" {
	site1
	cp "$VAULT" "$T/old"
	echo PASS2 | pawl set site1
	cat "$T/old" >"$VAULT"
	fails 65 pawl get site1
	[[ $stderr == *"generation 2"* && $stderr == *"3"* ]]
	[[ $stderr == *--accept-older* ]]
	run -0 pawl --accept-older get site1
	[ "$output" = PASS1 ]
	run -0 pawl get site1
	[ "$output" = PASS1 ]
}

@test "a vault cut short, at every length that is near a boundary" {
	site1
	cp "$VAULT" "$T/whole"
	size=$(stat -c %s "$VAULT")
	for n in 0 1 8 4096 8191 8192 12287 12288 $((size - 1)); do
		head -c "$n" "$T/whole" >"$VAULT"
		fails 65 pawl get site1
	done
}

@test "a vault with a byte changed gives nothing away and says so" {
	site1
	cp "$VAULT" "$T/whole"
	size=$(stat -c %s "$VAULT")
	for at in 0 20 100 8170 8200 $((size - 10)); do
		cp "$T/whole" "$VAULT"
		printf '\377' | dd of="$VAULT" bs=1 seek="$at" conv=notrunc \
		    status=none
		cmp -s "$T/whole" "$VAULT" && continue
		run --separate-stderr pawl verify
		[ "$status" -eq 65 ] || [ "$status" -eq 77 ] ||
		    [ "$status" -eq 78 ]
		[ -z "$output" ]
	done
}

@test "a full disk: not committed, and the vault is as it was" {
	# In a user namespace of its own the directories above are a stranger's.
	unshare -m true || skip "needs root for a private mount namespace"
	mkdir "$T/disk"
	# shellcheck disable=SC2016
	run -0 unshare -m sh -c '
		mount -t tmpfs -o size=64k,mode=700 none "$T/disk" || exit 1
		V=$T/disk/vault
		"$P" -f "$V" init && echo PASS1 | "$P" -f "$V" set site1 ||
		    exit 2
		cp "$V" "$T/before"
		# All that is left but a page.
		dd if=/dev/zero of="$T/disk/fill" bs=4096 2>/dev/null
		truncate -s -4096 "$T/disk/fill"
		echo PASS2 | "$P" -f "$V" set site1
		echo "set: $?"
		cmp "$V" "$T/before" && echo same
		[ -e "$V.new" ] || echo clean
		rm "$T/disk/fill"
		"$P" -f "$V" get site1
		echo PASS3 | "$P" -f "$V" set site1
	' sh 3>&-
	[[ $output == *"set: 74"* ]]
	[[ $output == *same* ]]
	[[ $output == *clean* ]]
	[[ $output == *PASS1* ]]
	[[ $output == *"site1: stored (generation 3)"* ]]
}

@test "while somebody else writes: busy, try again" {
	site1
	echo 'lock-wait = 0' >"$PAWL_CONFIG"
	run -75 /usr/bin/python3 -c '
import fcntl, os, subprocess, sys
f = open(sys.argv[1], "r+b")
fcntl.lockf(f, fcntl.LOCK_EX, 1, 0)
sys.exit(subprocess.run([os.environ["P"], "set", "site1"],
    input=b"PASS2\n").returncode)' "$VAULT.lock"
	run -0 pawl get site1
	[ "$output" = PASS1 ]
}

@test "--wait goes before lock-wait, and waits until the other is ready" {
	site1
	cat >"$T/held.py" <<-'END'
	# held.py LOCK WAIT: its status, with the lock held until it has seen it.
	import fcntl, os, subprocess, sys
	f = open(sys.argv[1], "r+b")
	fcntl.lockf(f, fcntl.LOCK_EX, 1, 0)
	child = subprocess.Popen(["strace", "-qq", "-e", "trace=fcntl",
	    os.environ["P"], "--wait", sys.argv[2], "set", "site1", "port=22"],
	    stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
	for line in child.stderr:
	    if b"SETLK" in line and b"EAGAIN" in line:
	        break
	else:
	    sys.exit("it did not try the lock")
	if sys.argv[2] != "0":
	    fcntl.lockf(f, fcntl.LOCK_UN, 1, 0)
	child.stderr.read()
	sys.exit(child.wait())
	END
	# Without --wait each of the two would end in the other way.
	echo 'lock-wait = 0' >"$PAWL_CONFIG"
	run -0 /usr/bin/python3 "$T/held.py" "$VAULT.lock" 10m
	[ "$(pawl get --field port site1)" = 22 ]
	echo 'lock-wait = 1d' >"$PAWL_CONFIG"
	run -75 timeout 60 /usr/bin/python3 "$T/held.py" "$VAULT.lock" 0
	fails 64 pawl --wait 2d list
	fails 64 pawl --wait soon list
	fails 64 pawl --wait -1 list
	fails 64 pawl list --wait 1
}

@test "ten writers at once are all heard" {
	pawl init
	for i in 1 2 3 4 5 6 7 8 9 10; do
		echo "PASS$i" | pawl set "site$i" >"$T/out$i" &
	done
	wait
	run -0 pawl list
	[ "${#lines[@]}" -eq 10 ]
	run -0 pawl get site7
	[ "$output" = PASS7 ]
	run -0 pawl verify
}

@test "no name, user, host, attribute or secret is readable in the file" {
	site1 user=USERID host=host.example notes=remarkable
	run ! grep -a -q -i -e site1 -e PASS1 -e USERID -e host.example \
	    -e remarkable "$VAULT"
}

# --- set --------------------------------------------------------------------

@test "set makes an entry and get prints its secret, once and alone" {
	pawl init
	run -0 --separate-stderr pawl set prod/site1 user=A <<<'g*5<#D!Qyh^*kn/7r'
	[ "$output" = "prod/site1: stored (generation 2)" ]
	[ -z "$stderr" ]
	run -0 --separate-stderr pawl get prod/site1
	[ "$output" = 'g*5<#D!Qyh^*kn/7r' ]
	[ -z "$stderr" ]
	[ "$(pawl get prod/site1 | wc -c)" -eq 18 ]
	[ "$(pawl get prod/site1 | tail -c 1 | od -An -tx1)" = " 0a" ]
	[ "$(pawl get -n prod/site1 | wc -c)" -eq 17 ]
}

@test "get writes the secret in one write" {
	command -v strace >/dev/null || skip "no strace here"
	site1
	strace -o "$T/trace" -e trace=write,writev "$P" get site1
	# Without root strace may not see the text, but its length.
	[ "$(grep -c '^write(1, .*, 6) *= 6$' "$T/trace")" -eq 1 ]
	[ "$(grep -c '^writev*(1,' "$T/trace")" -eq 1 ]
}

@test "set takes one line of its input and leaves the next" {
	pawl init
	printf 'ONE\nTWO\n' | { pawl set a; pawl set b; }
	[ "$(pawl get a)" = ONE ]
	[ "$(pawl get b)" = TWO ]
}

@test "set with attributes only keeps the secret and reads no input" {
	site1 user=A
	printf 'PASS9\n' | { pawl set site1 host=h.example; cat >"$T/rest"; }
	[ "$(cat "$T/rest")" = PASS9 ]
	[ "$(pawl get site1)" = PASS1 ]
	[ "$(pawl show --json site1 | json 'd["history"]')" = 0 ]
}

@test "set without attributes, or with --secret, asks for a new secret" {
	site1 user=A
	echo PASS2 | pawl set site1
	[ "$(pawl get site1)" = PASS2 ]
	echo PASS3 | pawl set --secret site1 user=B
	[ "$(pawl get site1)" = PASS3 ]
	echo PASS4 | pawl set site1 user=C -s
	[ "$(pawl get site1)" = PASS4 ]
	[ "$(pawl show --json site1 | json 'd["history"]')" = 3 ]
	[ "$(pawl show --json site1 | json 'd["attributes"]')" = \
	    "{'user': ['C']}" ]
}

@test "the same secret again is no history" {
	site1
	run -0 pawl set site1 <<<PASS1
	[ "$output" = "site1: stored (generation 3); the secret is the same as before" ]
	[ "$(pawl show --json site1 | json 'd["history"]')" = 0 ]
}

@test "attributes: repeated ones replace all, empty ones remove" {
	site1 host=a.example host=b.example user=U notes='two words' x-own=1
	pawl set site1 host=c.example host=d.example notes= x-own=2 x-own=3
	[ "$(pawl show --json site1 | json 'd["attributes"]["host"]')" = \
	    "['c.example', 'd.example']" ]
	[ "$(pawl show --json site1 | json '"notes" in d["attributes"]')" = \
	    False ]
	[ "$(pawl show --json site1 | json 'd["attributes"]["x-own"]')" = \
	    "['2', '3']" ]
	[ "$(pawl show --json site1 | json 'd["attributes"]["user"]')" = \
	    "['U']" ]
	pawl set site1 host=
	[ "$(pawl show --json site1 | json '"host" in d["attributes"]')" = \
	    False ]
}

@test "data set names are kept in one form" {
	site1 dataset="//'hlq.passwd(site1)'"
	[ "$(pawl show --json site1 | json 'd["attributes"]["dataset"]')" = \
	    "['HLQ.PASSWD(SITE1)']" ]
}

@test "attributes that are none" {
	site1
	expect 64 'no attribute usr: see ATTRIBUTES in pawl-vault(1); a name of your own begins with x-' \
	    pawl set site1 usr=A
	# It may be a password, in the wrong place: it is not repeated.
	expect 64 'attribute 2 is not ATTR=VALUE, as in host=ftp.example.com; a secret is never an argument' \
	    pawl set site1 user=A PASS2
	expect 64 'user= can be given only once' pawl set site1 user=A user=B
	for a in port=0 port=65536 port=ssh host=a@b host='a b' dataset=1A \
	    rotate.method=none rotate.tls=no rotate.policy=weak \
	    rotate.every=month rotate.revoke-after=1 rotate.timeout=2h rotate.settle=2h \
	    rotate.ca-file=ca.pem rotate.pin=md5 rotate.frob=1; do
		fails 64 pawl set site1 "$a"
	done
	run -0 pawl show site1
	[[ $output != *rotate* && $output != *port* ]]
}

@test "every attribute of the manual is taken" {
	site1
	run -0 pawl set site1 user=U host=h.example port=21 service=ftp \
	    dataset=A.B notes=n rotate.method=zos-pass rotate.host=f.example \
	    rotate.port=21 rotate.tls=explicit rotate.policy=racf \
	    rotate.every=30d rotate.min-age=1d rotate.revoke-after=3 \
	    rotate.drain=2m rotate.settle=0s rotate.timeout=60s rotate.ca-file=/etc/ca.pem \
	    rotate.pin=sha256//AAAA x-own=1
}

@test "names that are none" {
	pawl init
	for n in '' / a/ /a a//b a/../b . .. $'a\nb' $'a\033b' \
	    "$(printf '%0256d' 0)"; do
		fails 64 pawl set "$n" <<<PASS
	done
	fails 64 pawl set -- -a <<<PASS
	run -0 pawl set "$(printf '%0255d' 0)" <<<PASS
	run -0 pawl set 'größe/schlüssel 1' <<<PASS
	[ "$(pawl get 'größe/schlüssel 1')" = PASS ]
}

@test "secrets that nobody could log in with" {
	pawl init
	fails 64 pawl set a </dev/null
	fails 64 pawl set a <<<''
	fails 64 pawl set a < <(printf 'PA\0SS\n')
	fails 64 pawl set a < <(printf 'PASS\r\n')
	fails 64 pawl set a < <(printf '%01024d\n' 0)
	fails 64 pawl set a < <(printf '%04097d\n' 0)
	[ -z "$(pawl list)" ]
	run -0 pawl set a < <(printf '%01023d\n' 0)
	run -0 pawl set b service=key < <(printf '%04096d\n' 0)
	run -0 pawl set c service=notes < <(printf 'PA\rSS\n')
}

@test "what z/OS cannot take is refused where it would be sent there" {
	pawl init
	for s in PA/SS PA:SS 'PA SS' $'P\303\204SS'; do
		fails 64 pawl set site1 rotate.method=zos-pass <<<"$s"
		[[ $stderr != *"$s"* ]]
	done
	[ -z "$(pawl list)" ]
	expect 64 "site1: the secret has a '/' in it, where the FTP server of z/OS ends a password: it cannot log in or be changed there" \
	    pawl set site1 rotate.method=zos-pass <<<PA/SS
	# Elsewhere it is a good password, until the method is set.
	run -0 pawl set site1 <<<PA/SS
	fails 64 pawl set site1 rotate.method=zos-pass
	run -0 pawl set site1 rotate.method=zos-pass -s <<<PASS1
	fails 64 pawl set site1 <<<PA/SS
	[ "$(pawl get site1)" = PASS1 ]
}

@test "a person types the secret twice, and sees none of it" {
	pawl init
	run -0 typed 'New secret of site1: ' 'typed secret' \
	    'once more: ' 'typed secret' -- "$P" set site1 user=A
	[[ $output == *"site1: stored"* ]]
	[[ $output != *"typed secret"* ]]
	[ "$(pawl get site1)" = 'typed secret' ]
}

@test "mistakes are told before a person types a secret" {
	site1
	run -64 typed never never -- "$P" set site1 -s usr=A
	[[ $output != *"secret of"* ]]
	run -64 typed never never -- "$P" set a//b
	[[ $output != *"secret of"* ]]
}

# --- get, show, list, remove ------------------------------------------------

@test "an entry that is not there" {
	site1
	for c in get show "remove -y"; do
		# shellcheck disable=SC2086
		expect 1 'no entry nobody: "pawl-vault list" shows the names' \
		    pawl $c nobody
	done
	expect 1 'no entry SITE1: "pawl-vault list" shows the names' \
	    pawl get SITE1
}

@test "show prints attributes and times, and no secret" {
	site1 user=U host=a.example host=b.example notes=$'one\ntwo'
	echo PASS2 | pawl set site1
	run -0 pawl show site1
	[[ $output == *"user          U"* ]]
	[[ $output == *"host          a.example"* ]]
	[[ $output == *"host          b.example"* ]]
	[[ $output == *$'notes         one\n              two'* ]]
	[[ $output == *"history       1 previous"* ]]
	[[ $output == *"rotation      idle"* ]]
	[[ $output == *"modified      20"* ]]
	[[ $output != *PASS* ]]
}

@test "show --json is JSON, and has no secret" {
	site1 user=U notes=$'"quoted"\n\\back'
	run -0 pawl show --json site1
	[[ $output != *PASS1* ]]
	pawl show --json site1 >"$T/json"
	[ "$(json 'd["name"]' <"$T/json")" = site1 ]
	[ "$(json 'd["secret"], d["pending"], d["history"]' <"$T/json")" = \
	    "True False 0" ]
	[ "$(json 'd["rotation"]["state"]' <"$T/json")" = idle ]
	[ "$(json 'repr(d["attributes"]["notes"][0])' <"$T/json")" = \
	    "'\"quoted\"\\n\\\\back'" ]
	[ "$(json 'abs(d["modified"] - __import__("time").time()) < 60' \
	    <"$T/json")" = True ]
}

@test "control characters of a value do not reach the terminal" {
	site1 x-own=$'a\033[31mb\302\233c'
	run -0 pawl show site1
	[[ $output == *'a\x1B[31mb\x9Bc'* ]]
}

@test "list prints names in order, chosen by a pattern" {
	pawl init
	for n in prod/b prod/a test/a zero; do
		echo PASS | pawl set $n user=U host=h.example host=i.example
	done
	run -0 pawl list
	[ "$output" = $'prod/a\nprod/b\ntest/a\nzero' ]
	run -0 pawl list 'prod/*'
	[ "$output" = $'prod/a\nprod/b' ]
	run -0 pawl list -l '*/a'
	[ "$output" = $'prod/a\tU@h.example,i.example\ntest/a\tU@h.example,i.example' ]
	expect 1 'no entry matches x*' pawl list 'x*'
}

@test "list --json is JSON, also of nothing" {
	pawl init
	[ "$(pawl list --json | json 'd')" = "[]" ]
	echo PASS1 | pawl set b user=U host=h.example host=i.example
	echo PASS1 | pawl set a service=key
	run -0 pawl list --json
	[[ $output != *PASS1* ]]
	pawl list --json >"$T/json"
	[ "$(json '[x["name"] for x in d]' <"$T/json")" = "['a', 'b']" ]
	[ "$(json 'd[1]["user"], d[1]["hosts"], d[0]["user"]' <"$T/json")" = \
	    "U ['h.example', 'i.example'] None" ]
	[ "$(json '{x["rotation"] for x in d}' <"$T/json")" = "{'idle'}" ]
}

@test "remove wants a yes" {
	site1
	expect 64 'site1: its secret and its history would be gone: say --yes if that is meant' \
	    pawl remove site1 </dev/null
	run -1 typed 'Remove site1' no -- "$P" remove site1
	run -0 pawl get site1
	run -0 typed 'Remove site1' yes -- "$P" remove site1
	[[ $output == *"site1: removed (generation 3)"* ]]
	run -1 pawl get site1
	echo PASS1 | pawl set site1
	run -0 pawl remove --yes site1
	[ "$output" = "site1: removed (generation 5)" ]
	run -0 pawl verify
}

# --- generate ---------------------------------------------------------------

@test "generate keeps to the policy it is told" {
	pawl init
	pawl generate --policy racf a
	[[ $(pawl get a) =~ ^[A-Z][A-Z0-9]{7}$ ]]
	pawl generate --policy racf-mixed a
	[[ $(pawl get a) =~ ^[A-Za-z][A-Za-z0-9]{7}$ ]]
	pawl generate --policy racf-special a
	[[ $(pawl get a) =~ ^[A-Za-z][-A-Za-z0-9.\<+\&*%_\>?=]{7}$ ]]
	pawl generate --policy racf-phrase a
	[[ $(pawl get a) =~ ^[-.A-Za-z0-9]{24}$ ]]
	pawl generate --length 40 --alphabet 0-9a-f a
	[[ $(pawl get a) =~ ^[0-9a-f]{40}$ ]]
	pawl generate a
	[[ $(pawl get a) =~ ^[A-Za-z0-9]{32}$ ]]
	[ "$(pawl show --json a | json 'd["history"]')" = 5 ]
}

@test "generate keeps to the policy of the entry" {
	site1 rotate.method=zos-pass user=SITE1
	pawl generate site1
	[[ $(pawl get site1) =~ ^[A-Z][A-Z0-9]{7}$ ]]
	pawl set site1 rotate.policy=racf-phrase
	pawl generate site1
	[[ $(pawl get site1) =~ ^[-.A-Za-z0-9]{24}$ ]]
	# And z/OS still cannot take a '/'.
	fails 64 pawl generate --length 8 --alphabet /: site1
}

@test "generate prints nothing of the secret but with --print" {
	site1
	run -0 --separate-stderr pawl generate site1
	[ "$output" = "site1: stored (generation 3)" ]
	[ -z "$stderr" ]
	run -0 --separate-stderr pawl generate --print site1
	[ "$output" = "$(pawl get site1)" ]
	[ "$stderr" = "site1: stored (generation 4)" ]
}

@test "generate refuses what it cannot do" {
	site1
	expect 64 'no policy weak: there are racf, racf-mixed, racf-special and racf-phrase' \
	    pawl generate --policy weak site1
	fails 64 pawl generate --length 0 site1
	fails 64 pawl generate --length 1024 site1
	fails 64 pawl generate --alphabet a site1
	fails 64 pawl generate --policy racf --length 9 site1
	[ "$(pawl get site1)" = PASS1 ]
}

# --- import -----------------------------------------------------------------

@test "a password of a data set comes through unchanged, in every form" {
	pawl init
	s='g*5<#D!Qyh^*kn/7r[]|~'
	record "$s" 00010000 >"$T/fb80.ascii"
	record "$s" 00010000 | to_1047 >"$T/fb80.ebcdic"
	{ record "$s"; record '' 00020000; } | to_1047 >"$T/two.ebcdic"
	printf '%s  \r\n' "$s" >"$T/text.ascii"
	{ printf '%s' "$s" | to_1047; printf '\025'; } >"$T/text.ebcdic"
	for f in fb80.ascii fb80.ebcdic two.ebcdic text.ascii text.ebcdic; do
		run -0 --separate-stderr pawl import dataset --name "$f" "$T/$f"
		[[ $output == *"$f: stored"* ]]
		[[ $stderr == *destroy* ]]
		[[ "$output$stderr" != *"$s"* ]]
		[ "$(pawl get "$f")" = "$s" ]
	done
}

@test "import names the entry after the member, and sets attributes" {
	pawl init
	record PASS1 | to_1047 >"$T/f"
	run -0 --separate-stderr pawl import dataset \
	    --dataset "//'hlq.passwd(site1)'" "$T/f" user=U host=h.example
	[ "${lines[0]}" = "site1: records of 80 in IBM-1047" ]
	[ "${lines[1]}" = "site1: stored (generation 2)" ]
	[ "$(pawl show --json site1 | json 'd["attributes"]')" = \
	    "{'dataset': ['HLQ.PASSWD(SITE1)'], 'user': ['U'], 'host': ['h.example']}" ]
	# Once more, into the same entry: the old password is kept.
	record PASS2 00010000 >"$T/f"
	run -0 --separate-stderr pawl import dataset --name site1 - <"$T/f"
	[ "${lines[0]}" = "site1: records of 80 in ASCII, line numbers dropped" ]
	[ -z "$stderr" ]
	[ "$(pawl get site1)" = PASS2 ]
	[ "$(pawl show --json site1 | json 'd["history"]')" = 1 ]
}

@test "import --dry-run changes nothing" {
	pawl init
	record PASS1 00010000 | to_1047 >"$T/f"
	cp "$VAULT" "$T/before"
	run -0 --separate-stderr pawl import dataset --dry-run --name site1 "$T/f"
	[ "$output" = "site1: records of 80 in IBM-1047, line numbers dropped; would be a new entry" ]
	[ -z "$stderr" ]
	cmp "$VAULT" "$T/before"
	record PA/SS >"$T/f"
	fails 64 pawl import dataset --dry-run --name site1 "$T/f" \
	    rotate.method=zos-pass
}

@test "import says which record is wrong, and how to be told more" {
	pawl init
	{ record ONE; record TWO; } >"$T/f"
	expect 64 "$T/f: record 2 is not blank: a password is the first record and the only one" \
	    pawl import dataset --name a "$T/f"
	printf 'KLM' >"$T/f"
	expect 64 "$T/f: could be ASCII or IBM-1047: say which with --encoding ascii or --encoding ibm1047" \
	    pawl import dataset --name a "$T/f"
	run -0 pawl import dataset --encoding ascii --name a "$T/f"
	[ "$(pawl get a)" = KLM ]
	run -0 pawl import dataset --encoding ibm1047 --name a "$T/f"
	[ "$(pawl get a)" = '.<(' ]
	fails 64 pawl import dataset --format fb80 --name a "$T/f"
	fails 64 pawl import dataset --name a "$T/none"
	fails 64 pawl import dataset --name a /dev/null
	fails 74 pawl import dataset --name a "$T"
	fails 64 pawl import dataset --encoding 037 --name a "$T/f"
	fails 64 pawl import dataset --format vb --name a "$T/f"
	expect 64 'which entry is it to be? say --name NAME, or --dataset with the name it had' \
	    pawl import dataset "$T/f"
	fails 64 pawl import dataset --dataset '1A' "$T/f"
	fails 64 pawl import netrc "$T/f"
}

@test "import warns of a blank in front, which is part of the password" {
	pawl init
	record ' PASS' >"$T/f"
	run -0 --separate-stderr pawl import dataset --name a - <"$T/f"
	[ "$stderr" = "pawl-vault: -: the password begins with a blank, which is kept" ]
	[ "$(pawl get a)" = ' PASS' ]
}

# --- Slots and passphrases --------------------------------------------------

@test "a vault with a passphrase only" {
	run -0 pawl init --passphrase-fd 0 --kdf-ops 1 --kdf-kib 8192 \
	    <<<'correct horse'
	[[ $output == *"passphrase is the only key"* ]]
	[ ! -e "$KEY" ]
	printf 'correct horse\nPASS1\n' | pawl --passphrase-fd 0 set site1
	[ "$(pawl --passphrase-fd 0 get site1 <<<'correct horse')" = PASS1 ]
	fails 77 pawl --passphrase-fd 0 get site1 <<<'wrong horse'
	fails 64 pawl --passphrase-fd 0 get site1 </dev/null
	expect 64 '--passphrase-fd: descriptor 9 is not open' \
	    pawl --passphrase-fd 9 get site1 9>&-
	# A person is asked, without being told to say so.
	run -0 typed 'assphrase: ' 'correct horse' -- "$P" get site1
	[[ $output == *PASS1* ]]
	[[ $output != *horse* ]]
}

@test "a vault with key file and passphrase opens with either" {
	run -0 pawl init --key-file "$KEY" --passphrase-fd 0 --kdf-ops 1 \
	    --kdf-kib 8192 <<<'correct horse'
	echo PASS1 | pawl set site1
	[ "$(pawl get site1)" = PASS1 ]
	[ "$(pawl --passphrase-fd 0 get site1 <<<'correct horse')" = PASS1 ]
	run -0 typed 'assphrase: ' 'correct horse' -- \
	    "$P" --passphrase get site1
	[[ $output == *PASS1* ]]
	fails 64 pawl --passphrase -k "$KEY" get site1
}

@test "slots: add a passphrase and a key file, use them, remove them" {
	pawl init --kdf-ops 1 --kdf-kib 8192
	echo PASS1 | pawl set site1
	run -0 pawl slot add --passphrase-fd 0 <<<'correct horse'
	[ "$output" = "slot 1: added, passphrase (generation 3)" ]
	run -0 pawl slot add --key-file "$T/k2"
	[ "$output" = "slot 2: added, $T/k2 (generation 4)" ]
	[ "$(pawl slot list --json |
	    json '[(s["slot"], s["kind"], s["used_now"]) for s in d]')" = \
	    "[(0, 'key-file', True), (1, 'passphrase', False), (2, 'key-file', False)]" ]
	run -0 pawl slot list
	[[ ${lines[1]} == *"passphrase"*"1 passes over 8192 KiB" ]]
	[ "$(pawl -k "$T/k2" get site1)" = PASS1 ]
	[ "$(pawl --passphrase-fd 0 get site1 <<<'correct horse')" = PASS1 ]
	expect 64 'slot 0 is the one that opened the vault just now: say --yes if another key is at hand' \
	    pawl slot remove 0 </dev/null
	run -0 pawl -k "$T/k2" slot remove 0
	fails 77 pawl get site1
	run -0 pawl -k "$T/k2" slot remove 1
	fails 77 pawl -k "$T/k2" slot remove --yes 2
	fails 77 pawl --passphrase-fd 0 get site1 <<<'correct horse'
	fails 64 pawl -k "$T/k2" slot remove 32
	run -0 pawl -k "$T/k2" verify
}

@test "a new passphrase is typed twice" {
	pawl init --kdf-ops 1 --kdf-kib 8192
	run -0 typed 'passphrase: ' 'correct horse' 'once more: ' 'correct horse' \
	    -- "$P" slot add --passphrase
	[[ $output == *"slot 1: added"* ]]
	[[ $output != *horse* ]]
	run -0 pawl --passphrase-fd 0 list <<<'correct horse'
}

@test "a slot for who cannot open the vault is not made" {
	site1
	pawl -f "$T/v2" init --key-file "$T/k2"
	fails 77 pawl -k "$T/k2" slot add --key-file "$T/k3"
	[ ! -e "$T/k3" ]
}

@test "costs outside of the limits" {
	fails 64 pawl init --passphrase-fd 0 --kdf-ops 0 <<<x
	fails 64 pawl init --passphrase-fd 0 --kdf-ops 17 <<<x
	fails 64 pawl init --passphrase-fd 0 --kdf-kib 8191 <<<x
	fails 64 pawl init --passphrase-fd 0 --kdf-kib 4194305 <<<x
	[ ! -e "$VAULT" ]
}

# --- verify -----------------------------------------------------------------

@test "verify counts what is there" {
	site1
	run -0 pawl verify
	[[ $output == "$VAULT: good: generation 2 of 20"*"Z, 1 entries, 1 slots, "*" bytes" ]]
	[ "$(pawl verify --json |
	    json 'd["generation"], d["entries"], d["slots"], d["rotating"]')" = \
	    "2 1 1 0" ]
	[ "$(pawl verify --json | json 'd["bytes"]')" -eq \
	    "$(stat -c %s "$VAULT")" ]
}

# --- Entries that are being rotated -----------------------------------------

@test "get of an entry in rotation prints the current one and warns" {
	site1
	for state in pend sent attn; do
		case $state in
		pend) word=pending ;;
		sent) word=sent ;;
		attn) word=attention ;;
		esac
		echo NEXT | rotating site1 $state
		run -0 --separate-stderr pawl get site1
		[ "$output" = PASS1 ]
		[ "$stderr" = "pawl-vault: site1: its rotation is unfinished ($word): this may no longer be the password; finish it with \"pawl-rotate recover site1\"" ]
	done
	echo NEXT | rotating site1 lost
	run -0 --separate-stderr pawl get site1
	[ "$output" = PASS1 ]
	[[ $stderr == *"was sent and may still come"*"pawl-rotate recover site1"* ]]
	echo NEXT | rotating site1 attn
	run -0 pawl show site1
	[[ $output == *"rotation      attention"* ]]
	[[ $output == *"pending       1970-01-01T00:00:01Z"* ]]
	[[ $output != *NEXT* ]]
	[ "$(pawl show --json site1 | json 'd["pending"]')" = True ]
	[ "$(pawl list --json | json 'd[0]["rotation"]')" = attention ]
	[ "$(pawl verify --json | json 'd["rotating"]')" = 1 ]
	run -0 pawl verify
	[[ $output == *"1 entries have an unfinished rotation"* ]]
}

@test "nothing changes an entry while its rotation is unfinished" {
	site1
	for state in pend sent; do
		echo NEXT | rotating site1 $state
		cp "$VAULT" "$T/before"
		fails 3 pawl set site1 <<<PASS2
		[[ $stderr == *"pawl-rotate recover site1"* ]]
		fails 3 pawl set site1 host=h.example
		fails 3 pawl generate site1
		fails 3 pawl remove -y site1
		fails 3 pawl import dataset --name site1 - < <(record PASS2)
		cmp "$VAULT" "$T/before"
	done
}

@test "a person ends a rotation that needs one, and no secret is lost" {
	site1
	echo NEXT | rotating site1 attn
	run -0 pawl set site1 <<<PASS2
	[ "$(pawl get site1)" = PASS2 ]
	pawl show --json site1 >"$T/json"
	[ "$(json 'd["rotation"]["state"], d["rotation"]["exposures"]' \
	    <"$T/json")" = "idle 0" ]
	[ "$(json 'd["pending"], d["history"]' <"$T/json")" = "False 2" ]
	run -0 pawl verify
}

@test "an entry that pawl-rotate holds just now is busy" {
	site1
	coproc HOLD { rotating site1 lock; }
	read -r line <&"${HOLD[0]}"
	[ "$line" = locked ]
	run -75 pawl set site1 host=h.example
	run -75 pawl remove -y site1
	run -0 pawl get site1
	# Bash forgets the pid when the process ends.
	holder=$HOLD_PID
	eval "exec ${HOLD[1]}>&-"
	wait "$holder"
	run -0 pawl set site1 host=h.example
}

@test "a get is remembered for the rotation that waits for it" {
	site1
	pawl get site1
	state=$(echo "$T"/state/pawl/*.state)
	before=$(sha256sum <"$state")
	pawl get site1
	[ "$(sha256sum <"$state")" != "$before" ]
	before=$(sha256sum <"$state")
	pawl show site1
	[ "$(sha256sum <"$state")" = "$before" ]
}
