#!/usr/bin/env bats
# What is left in memory when the programs end: nothing of a secret, wherever
# they end.  memscan.py holds each process at its end and searches all of it.

bats_require_minimum_version 1.5.0

servers=$BATS_TEST_DIRNAME/../servers

setup_file()
{
	"$servers/ca.sh" "$BATS_FILE_TMPDIR/ca"
}

setup()
{
	[ "$(id -u)" -eq 0 ] || skip "needs root to read undumpable processes"
	cd "$BATS_TEST_TMPDIR" || return
	export PATH="$B:$PATH" HOME="$BATS_TEST_TMPDIR/home"
	export XDG_CONFIG_HOME=$HOME/c XDG_DATA_HOME=$HOME/d XDG_STATE_HOME=$HOME/s
	export PAWL_CONFIG=$HOME/pawl.conf
	unset PAWL_VAULT PAWL_KEY_FILE
	mkdir -p "$HOME"
	ca=$BATS_FILE_TMPDIR/ca
	vault=$XDG_DATA_HOME/pawl/vault
	secret=CANARY1QF7WZ9K3MX5TB2HN8JD4RS6VP
	pawl-vault init >/dev/null
	# The password, and the key, also as its file has it.
	printf '%s\n' $secret >canaries
	digits=$(cut -d : -f 2 "$XDG_CONFIG_HOME/pawl/key")
	printf '%s\n' "$digits" "hex:$digits" >>canaries
	printf '%s\n' $secret >stdin
	pawl-vault set site1 user=site1 host=localhost <stdin >/dev/null
}

teardown()
{
	[ -z "${FTPS_PID-}" ] || kill "$FTPS_PID" 2>/dev/null || :
}

serve()
{
	printf '{"faults": [%s], "accounts": {"SITE1": {"password": "%s",
	    "policy": "[A-Za-z0-9.-]{1,100}"}}}\n' "${1-}" $secret >scenario
	coproc FTPS {
		exec "$servers/ftps.py" --stdin-lives --cert "$ca/good.pem" \
			--key "$ca/good.key" --control "$PWD/scenario" 3>&-
	}
	read -r _ port <&"${FTPS[0]}"
	pawl-vault set site1 rotate.method=zos-pass rotate.port="$port" \
		rotate.ca-file="${CA-$ca/ca.pem}" rotate.drain=0s rotate.settle=0s \
		rotate.policy=racf-phrase rotate.timeout=2s >/dev/null
}

# scan ONLY COMMAND...: nothing is found in processes called ONLY.
scan()
{
	local only=$1

	shift
	run "$servers/memscan.py" --only "$only" canaries -- "$@"
	echo "$status: $output"
	[ "$status" -eq 0 ]
}

@test "the scan itself finds what is there" {
	run "$servers/memscan.py" canaries -- sh -c "read -r line <stdin; exit"
	[ "$status" -eq 1 ]
}

@test "pawl-vault run holds nothing while its command runs" {
	# A key whose bytes can be searched for.
	key=KEY1F7QW9ZK3X5MT2BHN8DJ4SR6PVCAY
	(umask 077 && printf %s $key >raw)
	echo $key >>canaries
	export PAWL_VAULT=$PWD/vault2 PAWL_KEY_FILE=$PWD/raw
	pawl-vault init >/dev/null
	pawl-vault set site1 user=a <stdin >/dev/null
	# The command ends pawl-vault where it waits.
	# shellcheck disable=SC2016 # for the command's own shell
	echo 'kill -ABRT $PPID' >command
	scan pawl-vault sh -c 'pawl-vault run site1 -- sh command'
	[[ $output == *"exit status 134"* ]]
}

# --- The table --------------------------------------------------------------

# What the commands of memory.tsv are made with, beside pawl-vault itself.
words()
{
	cat <<'END'
VAULT=$XDG_DATA_HOME/pawl/vault KEY=$XDG_CONFIG_HOME/pawl/key

# With the lock of writers held by somebody else; -t: until SIGTERM ends it.
held()
{
	/usr/bin/python3 -c '
import fcntl, os, subprocess, sys
f = open(sys.argv[1], "r+b")
fcntl.lockf(f, fcntl.LOCK_EX, 1, 0)
child = subprocess.Popen(["bash", "-c", sys.argv[-1]])
def waits():
    try:
        return any(os.readlink(one.path) == sys.argv[1]
                   for one in os.scandir(f"/proc/{child.pid}/fd"))
    except FileNotFoundError:
        return False
while sys.argv[2] == "-t" and child.poll() is None and not waits():
    pass
if sys.argv[2] == "-t":
    child.terminate()
status = child.wait()
sys.exit(status if status >= 0 else 128 - status)' "$VAULT.lock" "$@"
}

# With a standard output that nobody reads; -i: with SIGPIPE ignored.
broken()
{
	/usr/bin/python3 -c '
import os, signal, sys
args = sys.argv[1:]
if args[0] == "-i":
    args = args[1:]
else:
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
r, w = os.pipe()
os.close(r)
os.dup2(w, 1)
os.execvp(args[0], args)' "$@"
}

# Where the disk of the vault is full.
full()
{
	unshare -m bash -c 'd=$XDG_DATA_HOME
		rm -rf $OUT/d && cp -a $d $OUT/d &&
		mount -t tmpfs -o size=512k,mode=700 none $d &&
		cp -a $OUT/d/. $d && { head -c 1m /dev/zero >$d/fill 2>$OUT/log
		'"$1"'; }'
}

# While pawl-rotate holds an entry.
rotated()
{
	local status

	coproc ROTATING { "$OUT/rotating" "$VAULT" "$KEY" "$1" lock; }
	read -r _ <&"${ROTATING[0]}"
	bash -c "$2"
	status=$?
	exec {ROTATING[1]}>&-
	wait
	return $status
}

# With an entry whose rotation is in this state.
pending()
{
	"$OUT/rotating" "$VAULT" "$KEY" "$1" "$2" <"$IN/new"
}

# An editor that does this the first time, that the second time.
editor()
{
	local n=1 step

	printf '%s\n' 'n=$(($(cat $OUT/turn) + 1)); echo $n >$OUT/turn' \
	    'exec sh "$OUT/$n" "$1"' >"$OUT/editor"
	echo 0 >"$OUT/turn"
	for step; do
		printf '%s\n' "$step" >"$OUT/$n"
		n=$((n + 1))
	done
	export EDITOR="sh $OUT/editor"
}

# With so many KiB of memory that can be locked.
unlocked()
{
	(ulimit -l "$1" && shift &&
		setpriv --bounding-set -ipc_lock --inh-caps -ipc_lock "$@")
}

spoil()
{
	local at=$1

	[ "$at" -ge 0 ] || at=$(($(stat -c %s "$VAULT") + at))
	printf X | dd of="$VAULT" bs=1 seek="$at" conv=notrunc status=none
}

# Whether the kernel has a keyring that we may use.
keyring()
{
	pawl-vault unlock --timeout 1s >/dev/null 2>&1
}

typed()
{
	"$PAWL_SRC/tests/cli/typed.py" "$@"
}
END
}

# What is imported, each with the secret $1.
sources()
{
	printf '%-80s' "$1" >fb80
	printf '%-80s' "$1" | iconv -f ISO-8859-1 -t IBM037 >ibm037
	mkdir library
	cp fb80 library/MEMBER
	printf 'machine a login u password %s\nmachine b login v password %s\n' \
		"$1" "$1" >netrc
	printf '"Group","Title","Username","Password"\r\n"R","t","u","%s"\r\n' \
		"$1" >keepassxc.csv
	printf '%s\n' folder,type,name,login_username,login_password \
		",login,n,u,$1" >bitwarden.csv
	printf '%s\n' Title,Username,Password "n,u,$1" >1password.csv
	printf '%s\n' url,username,password,extra,name,grouping \
		"https://a.example/,u,$1,note,n,Work" >lastpass.csv
	printf '%s\n' name,secret,user "n,$1,u" >own.csv
	for name in a b c; do
		printf '{"name":"%s","secret":"%s"}\n' $name "$1"
	done >jsonl
	printf '{"name":"b64","secret-base64":"%s"}\n{"name":"site1","secret":"%s"}\n' \
		"$(printf %s "$1" | base64)" "$1" >again
	for name in {1..1000}; do
		printf '{"name":"%s","secret":"%s"}\n' "$name" "$1"
	done >many
	# A store of pass(1), and gpg(1) as it works and as it fails.
	mkdir store bin bad
	echo someone >store/.gpg-id
	echo sealed >store/n.gpg
	printf '#!/bin/sh\necho %s\n' "$1" >bin/gpg
	printf '#!/bin/sh\necho %s\nexit 3\n' "$1" >bad/gpg
	chmod 755 bin/gpg bad/gpg
}

# The vault that each command of the table finds, and what there is to find.
stage()
{
	local new=NEWQ4T7KX9W2ZM5B8HN3JD6RS1VPCGYF
	local key=KEY1F7QW9ZK3X5MT2BHN8DJ4SR6PVCAY
	local id=AGE-SECRET-KEY-1ZHTNDFQSFTNWQUPDN4AJDNTR3RUENQLUAV8A28G42Z9Y82D7X9SS89YLDN

	rm -rf "$HOME"
	mkdir -m 700 "$HOME" in out
	export IN=$PWD/in OUT=$PWD/out BASH_ENV=$PWD/words
	words >words
	cc -std=c11 -D_GNU_SOURCE -I"$PAWL_SRC/include" -o out/rotating \
		"$PAWL_SRC/tests/cli/rotating.c" "$B/libvault.a" -lsodium
	cd in || return
	umask 077
	sources $new
	echo $new >new
	echo $new >phrase2
	echo PHRASE8ZK3QX6W9MT2BHN5DJ7SR4PVCA >phrase1
	echo $id >id
	echo age15tlxxdty64dlt3g8matvr3mwa6dmrau8xvrfstuqj72g9mrj5u6s784qqk \
		>recipient
	printf %s OTHERQW9ZK3X5MT2BHN8DJ4SR6PVCAYF >other
	mkdir -p "$XDG_CONFIG_HOME/pawl"
	printf %s $key >"$XDG_CONFIG_HOME/pawl/key"
	pawl-vault init --key-file "$XDG_CONFIG_HOME/pawl/key" \
		--passphrase-fd 0 --kdf-ops 1 --kdf-kib 8192 <phrase1 >/dev/null
	pawl-vault slot add --recovery | tail -n 1 >code
	pawl-vault slot add --recipient "$(cat recipient)" >/dev/null
	echo OLDK3X5MT2BHN8DJ4SR6PVCAYF7QW9Z1 |
		pawl-vault set site1 user=alpha host=localhost >/dev/null
	echo $secret | pawl-vault set site1 >/dev/null
	echo $secret | pawl-vault set site2 user=beta host=b.example >/dev/null
	echo "audit-file = $HOME/audit" >"$PAWL_CONFIG"
	cd .. || return
	cat in/phrase1 in/code >canaries
	# What comes before it is in the program.
	printf '%s\n' "${id#AGE-SECRET-KEY-1}" $new $key $secret \
		OLDK3X5MT2BHN8DJ4SR6PVCAYF7QW9Z1 \
		"$(tr -d - <in/code)" >>canaries
	binary_canaries "$(cat in/code)" $id >>canaries
	echo "hex:$(od -An -tx1 -N 32 in/ibm037 | tr -d ' \n')" >>canaries
}

# binary_canaries CODE IDENTITY: the bytes they stand for, and the master key.
binary_canaries()
{
	/usr/bin/python3 - "$vault" "$XDG_CONFIG_HOME/pawl/key" "$@" <<'END'
import os, sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.environ["PAWL_SRC"] + "/tests/vectors")
import format as f
import read
vault, key, code, identity = sys.argv[1:]


def digits(text, alphabet):
    bits = "".join(format(alphabet.index(c), "05b") for c in text)
    return int(bits[:len(bits) // 8 * 8], 2).to_bytes(len(bits) // 8, "big")


with open(vault, "rb") as file:
    header = read.Header(file.read())
key = read.read_key(key, f.RAW)
masters = [slot.open(key) for slot in header.slots]
print("hex:" + next(one for one in masters if one).hex())
print("hex:" + digits("".join(g[:4] for g in code.split("-")),
                      "0123456789ABCDEFGHJKMNPQRSTVWXYZ").hex())
print("hex:" + digits(identity.lower().split("1", 1)[1][:-6],
                      "qpzry9x8gf2tvdw0s3jn54khce6mua7l").hex())
END
}

@test "every command of pawl-vault, and its error paths" {
	private=$(mktemp -d /dev/shm/pawl-test.XXXXXX)
	export XDG_RUNTIME_DIR=$private
	stage
	run setsid -w "$servers/memtable.py" --home "$HOME" \
		--private "$private" canaries \
		"${TABLE-$PAWL_SRC/tests/cli/memory.tsv}"
	rm -r "$private"
	echo "$output"
	[ "$status" -eq 0 ]
	echo "# count: memory: $output" >&3
}

# --- The table of rotations -------------------------------------------------

# A program for rotate.exec, whose account is in a file; its host says how it
# fails.  And hooks, which put what they are given into files below HOME.
programs()
{
	cat >exec <<-END
		#!/bin/bash
		while IFS== read -r key value && [ -n "\$key" ]; do
		    printf -v "r_\$key" %s "\$value"
		done
		read -r password <'$HOME/password'
		verdict=bad message="is said"
		[ "\$r_password" != "\$password" ] || verdict=ok
		if [ "\$r_host" = echoes ]; then
		    echo "I read \$r_password, \$r_new" >&2
		    message=\$r_password\$r_new
		fi
		if [ "\$r_action" = change ]; then
		    case \$r_host in
		    refuses) verdict=refused ;;
		    lies) verdict=changed ;;
		    dies) exit 3 ;;
		    garbles) printf '%s\0%s\n' "\$r_password" "\$r_new"; exit ;;
		    floods) while echo "\$r_password\$r_new"; do :; done; exit ;;
		    hangs) read -r key <'$OUT/hang' ;;
		    *) echo "\$r_new" >'$HOME/password'; verdict=changed ;;
		    esac
		fi
		printf 'result=%s\nmessage=%s\n\n' \$verdict "\$message"
	END
	cat >hook <<-'END'
		#!/bin/bash
		{ tr '\0' '\n' <"/proc/$$/cmdline"; env; cat; } >"$HOME/told.$$"
	END
	printf '#!/bin/sh\nexit 3\n' >fails
	printf '#!/nowhere\n' >bad
	chmod 755 exec hook fails bad
	mkfifo "$OUT/hang"
}

# What the commands of memory_rotate.tsv are made with, beside words().
rotations()
{
	cat <<'END'
put()
{
	pawl-vault set "$@" >/dev/null
}

hooks()
{
	echo "rotate-hook = $IN/$1" >"$PAWL_CONFIG"
}

# As the last command ended, if each hook was told of this event.
told()
{
	local status=$? file

	for file in "$HOME"/told.*; do
		grep -q "\"event\":\"$1\"" "$file" || status=99
	done
	return $status
}

# stopped SIGNAL... COMMAND...: by these, once a change was asked for; by the
# second as soon as the first was heard.
stopped()
{
	local signals=() state

	while [[ $1 == [A-Z]* ]]; do
		signals+=("$1")
		shift
	done
	env --default-signal=INT,TERM "$@" &
	until read -rd '' state <"$STATE"
		[[ $state =~ \"requests\":\ 1 ]]; do
		kill -0 $! || return
	done
	kill -s "${signals[0]}" $!
	if [ ${#signals[@]} -eq 2 ]; then
		until ! kill -s "${signals[1]}" $! 2>/dev/null; do :; done
	fi
	wait $!
}

# Where nothing can be written.
unwritable()
{
	unshare -m bash -c 'mount --bind "$XDG_DATA_HOME" "$XDG_DATA_HOME" &&
		mount -o remount,bind,ro "$XDG_DATA_HOME" && { '"$1"'; }'
}

# fault KIND N ERRNO: from the Nth on, in pawl-rotate.
fault()
{
	export FAULT_PROGRAM=pawl-rotate FAULT_AT="$1 $2 $3 1"
	export LD_PRELOAD=$LD_PRELOAD:$FAULT
}
END
}

# The vault that each of its commands finds; see memserver.py for the passwords.
stage_rotations()
{
	local entry="rotate.method=zos-pass rotate.ca-file=$ca/ca.pem
		rotate.drain=0s rotate.settle=0s rotate.timeout=5s
		rotate.min-age=0s"

	rm -rf "$HOME"
	mkdir -m 700 "$HOME" in out
	export IN=$PWD/in OUT=$PWD/out BASH_ENV=$PWD/words CA=$ca
	export FAULT=$B/tests/fault.so
	{
		words
		rotations
	} >words
	cc -std=c11 -D_GNU_SOURCE -I"$PAWL_SRC/include" -o out/rotating \
		"$PAWL_SRC/tests/cli/rotating.c" "$B/libvault.a" -lsodium
	cc -std=c11 -fPIC -shared -o out/letters.so \
		"$PAWL_SRC/tests/cli/letters.c" -lsodium
	echo QZZ77QQ7 >in/new
	echo ZQ7QQ7ZZ >"$HOME/password"
	(cd in && programs)
	pawl-vault init >/dev/null
	while read -r name user password more; do
		# shellcheck disable=SC2086 # words
		echo "$password" | pawl-vault set "$name" "user=$user" \
			host=localhost $entry $more >/dev/null
	done <<-END
	site1 SITE1 ZQ7QQ7ZZ
	phrase1 PHRASE1 Zk7QZk7ZQkQ7ZkZ7QQkZ rotate.policy=racf-phrase
	fleet/1 F1 ZQ7QQ7ZZ
	fleet/2 F2 ZQ7QQ7ZZ
	fleet/3 F3 ZQ7QQ7ZZ
	fleet/4 F4 ZQ7QQ7ZZ
	exec1 exec1 ZQ7QQ7ZZ
	END
	pawl-vault set exec1 rotate.method=exec rotate.ca-file= \
		rotate.exec="$IN/exec" >/dev/null
}

@test "every method of rotation, and its error paths" {
	stage_rotations
	run setsid -w "$servers/memserver.py" --home "$HOME" \
		--certificates "$ca" --preload "$PWD/out/letters.so" \
		${MEMORY_WHOLE:+--whole} \
		"${ROTATIONS-$PAWL_SRC/tests/cli/memory_rotate.tsv}"
	echo "$output"
	[ "$status" -eq 0 ]
	echo "# count: memory: $output" >&3
}

# --- Memory that cannot be locked -------------------------------------------

# limited KIB COMMAND...: without the right to lock more than that.
limited()
{
	(
		ulimit -l "$1" || exit
		shift
		exec setpriv --bounding-set -ipc_lock --inh-caps -ipc_lock "$@"
	)
}

# says N COMMAND...: it works, and says so many times that it is not locked.
says()
{
	local n=$1

	shift
	run --separate-stderr "$@"
	# shellcheck disable=SC2154
	echo "$status: $output $stderr"
	[ "$status" -eq 0 ]
	[ "$(grep -c 'memory cannot be locked' <<<"$stderr")" -eq "$n" ]
}

@test "pawl-vault where no memory, little or enough can be locked" {
	for i in {1..1000}; do
		printf '{"name":"%s","secret":"%s"}\n' "$i" $secret
	done >many
	while read -r kib n command; do
		# shellcheck disable=SC2086 # words
		says "$n" limited "$kib" $command
	done <<-END
	0 1 pawl-vault get site1
	0 1 pawl-vault verify
	0 1 pawl-vault set site1 port=21
	0 1 pawl-vault import jsonl many
	0 1 pawl-vault export jsonl --reveal
	0 1 pawl-vault rekey
	0 0 pawl-vault help
	64 0 pawl-vault get site1
	64 0 pawl-vault set site1 port=22
	64 1 pawl-vault import jsonl --replace many
	64 1 pawl-vault rekey
	8192 0 pawl-vault get site1
	8192 0 pawl-vault import jsonl --replace many
	8192 0 pawl-vault rekey
	END
	# Where it must be locked, what needs more than there is fails.
	echo 'require-mlock = yes' >"$PAWL_CONFIG"
	before=$(cksum <"$vault")
	says 0 limited 64 pawl-vault get site1
	run limited 64 pawl-vault import jsonl --replace many
	[ "$status" -eq 77 ]
	run limited 64 pawl-vault rekey
	[ "$status" -eq 77 ]
	run limited 0 pawl-vault get site1
	[ "$status" -eq 77 ]
	[ "$(cksum <"$vault")" = "$before" ]
}

@test "pawl-askpass where memory cannot be locked: the audit says so" {
	export PAWL_ENTRY=site1
	for kib in 0 64 8192; do
		: >audit
		echo "audit-file = $PWD/audit" >"$PAWL_CONFIG"
		chmod 600 audit
		says 0 limited $kib sh -c \
			'pawl-askpass "site1@localhost'\''s password: "; :'
		[ "$output" = $secret ]
		n=1
		[ $kib -eq 0 ] || n=0
		[ "$(grep -c memory=unlocked audit)" -eq $n ]
		echo 'require-mlock = yes' >>"$PAWL_CONFIG"
		run limited $kib sh -c \
			'pawl-askpass "site1@localhost'\''s password: "'
		[ "$status" -eq $((n * 77)) ]
	done
}

@test "pawl-rotate where no memory, little or enough can be locked" {
	serve
	says 1 limited 0 pawl-rotate check site1
	says 1 limited 64 pawl-rotate check site1
	says 0 limited 0 pawl-rotate --quiet check site1
	says 0 limited 8192 pawl-rotate check site1
	echo 'require-mlock = yes' >"$PAWL_CONFIG"
	says 0 limited 8192 pawl-rotate check site1
	run limited 64 pawl-rotate check site1
	[ "$status" -eq 77 ]
}

# --- pawl-askpass -----------------------------------------------------------

@test "pawl-askpass, answering and refusing" {
	export PAWL_ENTRY=site1
	scan pawl-askpass sh -c \
		'pawl-askpass "site1@localhost'\''s password: " >/dev/null; :'
	scan pawl-askpass sh -c \
		'pawl-askpass "site1@localhost'\''s password: " >/dev/full; :'
	scan pawl-askpass sh -c 'pawl-askpass "root@localhost'\''s password: "; :'
	scan pawl-askpass sh -c 'pawl-askpass "what?"; :'
	scan pawl-askpass sh -c \
		'pawl-askpass --explain "site1@localhost'\''s password: "; :'
	scan pawl-askpass sh -c \
		'PAWL_ENTRY=none pawl-askpass "site1@localhost'\''s password: "; :'
}

@test "pawl-askpass with secrets from elsewhere, in both processes" {
	cp /bin/bash ssh
	printf '#!/bin/sh\nprintf password=\ncat %s/stdin\n' "$PWD" >program
	chmod 700 program
	chmod 600 stdin
	for line in "dataset $PWD/stdin user=site1 host=localhost" \
		"exec $PWD/program"; do
		echo "ssh sufficient $line" >"$HOME/askpass.conf"
		scan pawl-askpass ./ssh -c 'pawl-askpass "$1" >answer; exit $?' \
			site1@localhost "site1@localhost's password: "
		[ "$(cat answer)" = $secret ]
		rm answer
		scan pawl-askpass ./ssh -c 'trap : TERM; pawl-askpass "$1"; :' \
			root@localhost "root@localhost's password: "
	done
}

@test "git-credential-pawl and docker-credential-pawl, answering and refusing" {
	pawl-vault set forge service=git user=u host=h <stdin >/dev/null
	pawl-vault set hub service=docker user=u host=h <stdin >/dev/null
	printf '%s\n' protocol=https host=h >request
	printf '%s\n' protocol=https host=h username=u password=$secret >full
	scan git-credential-pawl sh -c 'git-credential-pawl get <request >/dev/null'
	scan git-credential-pawl sh -c 'git-credential-pawl get <full >/dev/full; :'
	scan git-credential-pawl sh -c 'tr = : <full | git-credential-pawl get; :'
	scan git-credential-pawl sh -c 'git-credential-pawl store <full'
	scan git-credential-pawl sh -c 'git-credential-pawl erase <full'
	scan git-credential-pawl sh -c 'git-credential-pawl get <full; :'
	scan git-credential-pawl sh -c \
		'echo h | docker-credential-pawl get >/dev/null'
	scan git-credential-pawl sh -c \
		'echo h | docker-credential-pawl get >/dev/full; :'
	scan git-credential-pawl docker-credential-pawl list
}

@test "one-time codes: the seed, in base32 and as bytes" {
	seed=LJVTOULXHFMHMM2SOQ2VS3JRKBRDQTTD
	printf '%s\nZk7Qw9Xv3Rt5Ym1Pb8Nc\n' $seed >>canaries
	printf '%s\n' $seed | pawl-vault set seed service=otp otp.period=300 \
		>/dev/null
	pawl-vault set site1 otp=seed >/dev/null
	export PAWL_ENTRY=site1
	scan pawl-askpass sh -c \
		'pawl-askpass "(site1@localhost) Verification code: " >/dev/null; :'
	scan pawl-askpass sh -c \
		'pawl-askpass "(root@localhost) Verification code: "; :'
	scan pawl-vault sh -c 'pawl-vault otp site1 >/dev/null'
	scan pawl-vault sh -c 'pawl-vault otp seed >/dev/full; :'
	scan pawl-vault sh -c "echo $seed=1 | pawl-vault set other service=otp; :"
}
