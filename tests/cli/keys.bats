#!/usr/bin/env bats
# The keys of a vault: age identities, recovery codes, passwd, rekey, keys from
# a pipe, the kernel keyring.  B is the build directory.

bats_require_minimum_version 1.5.0

setup_file() {
	cc -std=c11 -D_GNU_SOURCE -Iinclude -o "$BATS_FILE_TMPDIR/rotating" \
	    tests/cli/rotating.c "$B/libvault.a" -lsodium
}

# Of age(1), made by age-keygen; the second is for a wrong one.
ID=AGE-SECRET-KEY-1ZHTNDFQSFTNWQUPDN4AJDNTR3RUENQLUAV8A28G42Z9Y82D7X9SS89YLDN
RECIPIENT=age15tlxxdty64dlt3g8matvr3mwa6dmrau8xvrfstuqj72g9mrj5u6s784qqk
ID2=AGE-SECRET-KEY-1T6GQDXMQ70VHQWXA3V90N6VATJ9THC9792Q8F7TQ65A05TVNKEFS5EZ3NX

setup() {
	T=$(mktemp -d)
	chmod 700 "$T"
	umask 077
	export HOME=$T XDG_DATA_HOME=$T/data XDG_CONFIG_HOME=$T/config \
	    XDG_STATE_HOME=$T/state PAWL_CONFIG=$T/pawl.conf
	unset PAWL_VAULT PAWL_KEY_FILE CREDENTIALS_DIRECTORY POSIXLY_CORRECT
	VAULT=$T/data/pawl/vault
	KEY=$T/config/pawl/key
	export T P=$B/pawl-vault
	pawl init --kdf-ops 1 --kdf-kib 8192 >/dev/null
	echo PASS1 | pawl set site1 user=site1 host=localhost >/dev/null
}

teardown() {
	[ ! -e "$VAULT" ] || "$P" lock >/dev/null 2>&1 || :
	rm -rf "$T"
}

# Runs it without a terminal, wherever the tests are started from.
pawl() {
	setsid -w "$P" "$@"
}

# fails STATUS WORDS COMMAND...: this status and one line with these words.
fails() {
	local status_wanted=$1 words=$2

	shift 2
	run --separate-stderr "$@"
	[ "$status" -eq "$status_wanted" ] ||
	    { echo "status $status: $stderr"; return 1; }
	# shellcheck disable=SC2154
	[ "${#stderr_lines[@]}" -eq 1 ] || { echo "$stderr"; return 1; }
	[[ $stderr == pawl-vault:\ *"$words"* ]] || { echo "$stderr"; return 1; }
	[ -z "$output" ]
}

json() {
	/usr/bin/python3 -c \
	    'import json, sys; d = json.load(sys.stdin); print('"$1"')'
}

# The last line of slot add --recovery; that of slot N is before it.
add_recovery() {
	pawl slot add --recovery >"$T/added"
	CODE=$(tail -n 1 "$T/added")
}

# The kernel has a keyring that we may use, or the test is skipped.
need_keyring() {
	pawl unlock --timeout 1m >"$T/out" 2>"$T/err" ||
	    skip "no kernel keyring: $(cat "$T/err")"
	pawl lock >/dev/null
}

@test "help knows these commands" {
	for c in passwd rekey unlock lock; do
		run -0 pawl help
		[[ $output == *"  $c "* ]]
		run -0 pawl help $c
		[[ $output == "usage: pawl-vault $c"* ]]
	done
}

# --- age --------------------------------------------------------------------

@test "a recipient, and its identity in a file" {
	run -0 pawl slot add --recipient $RECIPIENT
	[ "$output" = "slot 1: added, $RECIPIENT (generation 3)" ]
	printf '# created: today\r\n\n# public key: x\n%s\r\n' $ID >"$T/id"
	[ "$(pawl -k "$T/id" get site1)" = PASS1 ]
	[ "$(PAWL_KEY_FILE=$T/id pawl get site1)" = PASS1 ]
	# Without a newline at its end.
	printf %s $ID >"$T/id"
	[ "$(pawl -k "$T/id" get site1)" = PASS1 ]
	run -0 pawl -k "$T/id" slot list
	[[ ${lines[1]} == " 1  x25519  "*"  $RECIPIENT  (used now)" ]]
	[ "$(pawl slot list --json | json 'd[1]["recipient"]')" = $RECIPIENT ]
	[ "$(pawl slot list --json | json '"recipient" in d[0]')" = False ]
}

@test "several identities in a file are all tried; a wrong one is refused" {
	pawl slot add --recipient $RECIPIENT
	echo $ID2 >"$T/id2"
	fails 77 "wrong X25519 identity" pawl -k "$T/id2" get site1
	printf '%s\n' $ID2 "# the one" $ID >"$T/both"
	[ "$(pawl -k "$T/both" get site1)" = PASS1 ]
	for i in {1..16}; do echo $ID2; done >"$T/many"
	fails 77 "wrong X25519 identity" pawl -k "$T/many" get site1
	echo $ID >>"$T/many"
	fails 78 "more than 16 identities" pawl -k "$T/many" get site1
}

@test "an identity file is trusted like any key file" {
	pawl slot add --recipient $RECIPIENT
	echo $ID >"$T/id"
	chmod 640 "$T/id"
	fails 77 "$T/id" pawl -k "$T/id" get site1
}

@test "slips in recipients and identities" {
	fails 64 "not a recipient" pawl slot add --recipient "${RECIPIENT%?}"
	fails 64 "not a recipient" pawl slot add --recipient "${RECIPIENT/age1/age1q}"
	fails 64 "not a recipient" pawl slot add --recipient $ID
	fails 64 "not a recipient" pawl slot add --recipient 'ssh-ed25519 AAAA'
	fails 64 "usage: " pawl slot add --recipient $RECIPIENT --recovery
	printf '%s\n' $ID2 "${ID%?}" >"$T/id"
	fails 78 "$T/id: line 2: not an X25519 identity" pawl -k "$T/id" list
	[[ $stderr != *AGE-SECRET* ]]
	printf '%s\n' $ID2 frob >"$T/id"
	fails 78 "$T/id: line 2: " pawl -k "$T/id" list
	pawl slot list --json | json 'len(d)' | grep -x 1
}

@test "age-keygen's files, and its recipients" {
	command -v age-keygen >/dev/null || skip "age is not installed"
	age-keygen -o "$T/id" 2>/dev/null
	pawl slot add --recipient "$(age-keygen -y "$T/id")"
	[ "$(pawl -k "$T/id" get site1)" = PASS1 ]
	# The other way: what a vault says of an identity is what age says.
	pawl slot add --key-file "$T/id"
	[ "$(pawl slot list --json | json 'd[2]["recipient"]')" = \
	    "$(age-keygen -y "$T/id")" ]
}

# --- Recovery codes ---------------------------------------------------------

@test "a recovery code is printed once and opens the vault" {
	add_recovery
	[ "$(head -n 1 "$T/added")" = \
	    "slot 1: added, recovery code (generation 3)" ]
	[[ $CODE =~ ^([0-9A-HJKMNP-TV-Z]{5}-){7}[0-9A-HJKMNP-TV-Z]{5}$ ]]
	[ "$(pawl --recovery-fd 0 get site1 <<<"$CODE")" = PASS1 ]
	[ "$(pawl --recovery-fd 3 get site1 3<<<"$CODE")" = PASS1 ]
	# As people type.
	typed=$(tr 'A-Z01-' 'a-zOL ' <<<"$CODE")
	[ "$(pawl --recovery-fd 0 get site1 <<<"  $typed ")" = PASS1 ]
	first=$CODE
	add_recovery
	[ "$first" != "$CODE" ]
}

@test "a mistyped code is told by its group, before it is tried" {
	add_recovery
	for group in 0 3 7; do
		at=$((group * 6 + 2))
		c=${CODE:at:1}
		if [ "$c" = 7 ]; then c=8; else c=7; fi
		wrong=${CODE:0:at}$c${CODE:at+1}
		fails 64 "group $((group + 1)) of 8 is wrong" \
		    pawl --recovery-fd 0 get site1 <<<"$wrong"
	done
	fails 64 "ends in group 8" pawl --recovery-fd 0 list <<<"${CODE%?}"
	fails 64 "more than 8 groups" pawl --recovery-fd 0 list <<<"$CODE-$CODE"
	fails 64 "group 1 of 8" pawl --recovery-fd 0 list <<<"U${CODE:1}"
	# A good code of another vault.
	pawl -f "$T/v2" -k "$KEY" init >/dev/null
	fails 77 "no key slot opens" pawl -f "$T/v2" --recovery-fd 0 list \
	    <<<"$CODE"
	fails 64 "give one of them" pawl --recovery -k "$KEY" list
	fails 64 "--recovery-fd: descriptor 9" pawl --recovery-fd 9 list
}

typed() {
	"$BATS_TEST_DIRNAME/typed.py" "$@"
}

@test "--recovery asks at the terminal, unseen and once" {
	add_recovery
	run -0 typed 'Recovery code: ' "$CODE" -- "$P" --recovery get site1
	[[ $output == *PASS1* && $output != *"$CODE"* ]]
	# Wrong: it says which group and ends; there is no second question.
	wrong=${CODE/${CODE:0:1}/U}
	run -64 typed 'Recovery code: ' "$wrong" 'Recovery code: ' "$CODE" -- \
	    "$P" --recovery get site1
	[[ $output == *"group 1 of 8 is wrong"* ]]
	[[ $output != *PASS1* && $output != *"${CODE:6:5}"* ]]
	[ "$(grep -c 'Recovery code: ' <<<"$output")" -eq 1 ]
	# A good code that opens nothing here, likewise.
	pawl -f "$T/v2" -k "$KEY" init >/dev/null
	run -77 typed 'Recovery code: ' "$CODE" 'Recovery code: ' "$CODE" -- \
	    "$P" -f "$T/v2" --recovery list
	[[ $output == *"no key slot opens"* ]]
	[ "$(grep -c 'Recovery code: ' <<<"$output")" -eq 1 ]
	# And after that the right one, of course.
	run -0 typed 'Recovery code: ' "$(tr 'A-Z-' 'a-z ' <<<"$CODE")" -- \
	    "$P" --recovery get site1
	run -1 typed 'Recovery code: ' '@^D' -- "$P" --recovery get site1
	[[ $output == *"ended at the terminal"* ]]
	fails 64 "no terminal" pawl --recovery get site1
}

@test "the key of a code is what pawl-vault(5) says" {
	add_recovery
	/usr/bin/python3 - "$CODE" >"$T/k" <<'EOF'
import hashlib, sys
alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
bits = "".join(format(alphabet.index(c), "05b")
    for group in sys.argv[1].split("-") for c in group[:4])
code = int(bits, 2).to_bytes(20, "big")
print("pawl-key-1:" + hashlib.blake2b(b"pawl recovery 1", digest_size=32,
    key=code).hexdigest())
EOF
	[ "$(pawl -k "$T/k" get site1)" = PASS1 ]
}

# --- passwd -----------------------------------------------------------------

@test "passwd replaces a passphrase in its slot, in one commit" {
	pawl slot add --passphrase-fd 0 <<<one
	run -0 pawl passwd --passphrase-fd 0 <<<two
	[[ $output == "slot 1: new passphrase (generation 4); "* ]]
	[ "$(pawl --passphrase-fd 0 get site1 <<<two)" = PASS1 ]
	fails 77 "wrong passphrase" pawl --passphrase-fd 0 get site1 <<<one
	[ "$(pawl slot list --json |
	    json '[(s["slot"], s["kind"]) for s in d]')" = \
	    "[(0, 'key-file'), (1, 'passphrase')]" ]
	run -0 pawl verify
}

@test "passwd: the slot in use, the one named, or the only one" {
	fails 1 "has no passphrase" pawl passwd --passphrase-fd 0 <<<x
	pawl slot add --passphrase-fd 0 <<<one
	pawl slot add --passphrase-fd 0 <<<two
	fails 64 "2 passphrases" pawl passwd --passphrase-fd 0 <<<x
	run -0 pawl passwd --slot 1 --passphrase-fd 0 <<<uno
	[[ $output == "slot 1: "* ]]
	run -0 pawl --passphrase-fd 3 passwd --passphrase-fd 4 3<<<two 4<<<due
	[[ $output == "slot 2: "* ]]
	run -0 pawl --passphrase-fd 3 passwd --passphrase-fd 4 3<<<uno 4<<<ein
	[[ $output == "slot 1: "* ]]
	[ "$(pawl --passphrase-fd 0 get site1 <<<ein)" = PASS1 ]
	[ "$(pawl --passphrase-fd 0 get site1 <<<due)" = PASS1 ]
	fails 77 "wrong" pawl --passphrase-fd 0 get site1 <<<two
	fails 64 "slot 0 holds no passphrase" \
	    pawl passwd --slot 0 --passphrase-fd 0 <<<x
	fails 64 "must not be empty" \
	    pawl passwd --slot 1 --passphrase-fd 0 <<<''
	fails 64 "" pawl passwd --slot 32 --passphrase-fd 0 <<<x
	fails 64 "usage: " pawl passwd x
}

# --- rekey ------------------------------------------------------------------

@test "rekey: a new master key, and no other key opens the vault" {
	cp "$KEY" "$T/k0"
	add_recovery
	pawl slot add --key-file "$T/k1" >/dev/null
	before=$(pawl show --json site1)
	run -0 pawl -k "$T/k1" rekey
	[ "${lines[0]}" = "slot 0: $T/k1" ]
	[[ ${lines[1]} == "$VAULT: new master key (generation 5); $VAULT.prev and "* ]]
	[ "$(pawl -k "$T/k1" get site1)" = PASS1 ]
	fails 77 "no key slot opens" pawl list
	fails 77 "no key slot opens" pawl --recovery-fd 0 list <<<"$CODE"
	run -0 pawl -k "$T/k1" verify
	[ "$(pawl -k "$T/k1" show --json site1)" = "$before" ]
	[ "$(pawl -k "$T/k1" slot list --json | json 'len(d)')" = 1 ]
	# The old generation is still known for one.
	cp "$VAULT.prev" "$VAULT"
	fails 65 "" pawl list
}

@test "rekey with other keys added back" {
	pawl slot add --recipient $RECIPIENT >/dev/null
	printf '%s\n' $ID2 $ID >"$T/id"
	run -0 pawl -k "$T/id" rekey --key-file "$KEY" --recipient $RECIPIENT \
	    --key-file "$T/new"
	[ "$(pawl -k "$T/id" slot list --json |
	    json '[(s["kind"], s.get("recipient")) for s in d]')" = \
	    "[('x25519', '$RECIPIENT'), ('key-file', None), ('x25519', '$RECIPIENT'), ('key-file', None)]" ]
	[ "$(pawl get site1)" = PASS1 ]
	[ "$(pawl -k "$T/new" get site1)" = PASS1 ]
	echo $ID2 >"$T/id"
	fails 77 "wrong X25519" pawl -k "$T/id" get site1
	fails 64 "not a recipient" pawl rekey --recipient frob
	fails 64 "usage: " pawl rekey frob
	[ "$(pawl slot list --json | json 'len(d)')" = 4 ]
}

@test "rekey with a passphrase" {
	pawl slot add --passphrase-fd 0 <<<one
	run -0 pawl --passphrase-fd 0 rekey <<<one
	[ "${lines[0]}" = "slot 0: passphrase" ]
	[ "$(pawl --passphrase-fd 0 get site1 <<<one)" = PASS1 ]
	fails 77 "no key slot" pawl get site1
}

@test "no rekey while a rotation is unfinished" {
	"$BATS_FILE_TMPDIR/rotating" "$VAULT" "$KEY" site1 sent <<<PASS2
	fails 3 "unfinished rotations: 1, " pawl rekey
	[ "$(pawl list)" = site1 ]
}

# --- Keys from a pipe -------------------------------------------------------

@test "-k - and --key-fd read the key from a pipe, in any of its forms" {
	[ "$(pawl -k - get site1 <"$KEY")" = PASS1 ]
	[ "$(cat "$KEY" | pawl -k - get site1)" = PASS1 ]
	[ "$(pawl --key-fd 3 get site1 3< <(cat "$KEY"))" = PASS1 ]
	cut -d : -f 2 "$KEY" | /usr/bin/python3 -c \
	    'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))' \
	    >"$T/raw"
	[ "$(cat "$T/raw" | pawl --key-fd 0 get site1)" = PASS1 ]
	pawl slot add --recipient $RECIPIENT
	[ "$(echo $ID | pawl -k - get site1)" = PASS1 ]
	echo PASS2 | pawl --key-fd 3 set site1 3<"$KEY"
	[ "$(pawl get site1)" = PASS2 ]
}

@test "what is no key on a pipe" {
	fails 78 "descriptor 0: not a key file" pawl -k - list <<<frob
	fails 78 "descriptor 0: not a key file" pawl -k - list </dev/null
	fails 64 "key from descriptor 0" pawl -k - list < <(head -c 5000 /dev/zero)
	fails 64 "--key-fd: descriptor 9 is not open" pawl --key-fd 9 list
	fails 64 "give one of them" pawl --key-fd 0 -k "$KEY" list
	fails 64 "behind init" pawl -f "$T/v2" -k - init <"$KEY"
	[ ! -e "$T/v2" ]
	[ ! -e ./- ]
}

# --- unlock and lock --------------------------------------------------------

@test "unlock keeps the vault open until lock, for pawl-askpass too" {
	need_keyring
	pawl slot add --passphrase-fd 0 <<<one
	rm "$KEY"
	fails 66 "no key: " pawl get site1
	run -0 pawl --passphrase-fd 0 unlock --timeout 5m <<<one
	[ "$output" = "$VAULT: unlocked for 5m" ]
	[ "$(pawl get site1)" = PASS1 ]
	[ "$(PAWL_ENTRY=site1 "$B/pawl-askpass" \
	    "site1@localhost's password: ")" = PASS1 ]
	# Unlocked once more, by itself.
	run -0 pawl unlock
	[ "$output" = "$VAULT: unlocked for 15m" ]
	fails 64 "no slot can be made" pawl rekey
	run -0 pawl lock
	[ "$output" = "$VAULT: locked" ]
	fails 66 "no key: " pawl get site1
	run -0 pawl lock
	[ "$output" = "$VAULT: was not unlocked" ]
}

@test "unlock ends by itself" {
	need_keyring
	mv "$KEY" "$T/k"
	pawl -k "$T/k" unlock --timeout 1s
	SECONDS=0
	until run pawl list && [ "$status" -ne 0 ]; do
		[ $SECONDS -lt 10 ]
	done
	[ "$status" -eq 66 ]
}

@test "unlock keeps what opens one slot, and not the passphrase or the key" {
	need_keyring
	pawl slot add --passphrase-fd 0 <<<one >/dev/null
	mv "$KEY" "$T/k"
	pawl --passphrase-fd 0 unlock <<<one
	pawl -k "$T/k" slot remove 1
	fails 77 "in the kernel keyring opens no key slot" pawl get site1
	# A named key, and one in its usual place, come first.
	[ "$(pawl -k "$T/k" get site1)" = PASS1 ]
	mv "$T/k" "$KEY"
	[ "$(pawl get site1)" = PASS1 ]
}

@test "a key file that was named and is missing is not replaced by unlock" {
	need_keyring
	pawl unlock
	fails 66 "$T/none" pawl -k "$T/none" get site1
	fails 66 "$T/none" env PAWL_KEY_FILE="$T/none" setsid -w "$P" get site1
}

@test "unlock and lock: times and arguments" {
	fails 64 "--timeout" pawl unlock --timeout 0
	fails 64 "--timeout" pawl unlock --timeout frob
	fails 64 "usage: " pawl unlock x
	fails 64 "usage: " pawl lock x
	rm "$VAULT"
	fails 66 "" pawl lock
	fails 66 "" pawl unlock
}

@test "a kernel without keyrings says so" {
	strace -V >/dev/null 2>&1 || skip "strace is not installed"
	run setsid -w strace -f -qqq -o /dev/null -e trace=add_key,keyctl \
	    -e inject=add_key,keyctl:error=ENOSYS "$P" unlock
	[ "$status" -eq 78 ]
	[[ $output == *"this kernel has no keyrings"* ]]
	mv "$KEY" "$T/k"
	run setsid -w strace -f -qqq -o /dev/null -e trace=add_key,keyctl \
	    -e inject=add_key,keyctl:error=ENOSYS "$P" list
	[ "$status" -eq 66 ]
}
