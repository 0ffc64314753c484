#!/usr/bin/env bats
# What pawl-vault takes over from the stores of pass and gopass, through the
# real gpg, and what it exports into another vault.  B is the build directory.

bats_require_minimum_version 1.5.0

load porter.sh

# A key without a passphrase, and its agent, for all tests.
setup_file() {
	GNUPGHOME=$(mktemp -d /tmp/pawl-gpg.XXXXXX)
	export GNUPGHOME
	# The agent lives on: it must not hold what bats waits for.
	gpg --batch --quiet --pinentry-mode loopback --passphrase '' \
	    --quick-generate-key 'pawl <pawl@example.com>' future-default \
	    default never 3>&- >/dev/null 2>&1
}

teardown_file() {
	gpgconf --homedir "$GNUPGHOME" --kill all
	rm -rf "$GNUPGHOME"
}

# store: an empty one of the real pass.
store() {
	export PASSWORD_STORE_DIR=$T/store
	pass init pawl@example.com >/dev/null
}

# keep NAME TEXT: puts an entry into it.
keep() {
	printf '%b' "$2" | pass insert -m "$1" >/dev/null
}

# fake COMMAND: what runs as gpg instead.
fake() {
	mkdir -p bin
	printf '#!/bin/sh\n%s\n' "$1" >bin/gpg
	chmod 755 bin/gpg
	PATH=$T/bin:$PATH
}

# rotating: the helper that leaves a rotation unfinished.
rotating() {
	cc -std=c11 -D_GNU_SOURCE -I"$PAWL_SRC/include" -o rotating \
	    "$PAWL_SRC/tests/cli/rotating.c" "$B/libvault.a" -lsodium
}

# --- pass -------------------------------------------------------------------

@test "pass: its own store, with all that an entry may have" {
	store
	keep site1 'HUNTER1\n'
	keep prod/ftp/site2 'HUNTER 2\nuser: u\nurl: https://a.example:8443/x\n\nfirst\nPIN: 1\n\nseed: otpauth://totp/x?secret=HUNTERSEED\n'
	keep prod/site3 'HUNTER3\nlogin: Ann Other\nhost: b.example\nhost: c.example\nusername: v\nusername: w\nurl: not a host\notpauth://totp/x?secret=HUNTERSEED\n'
	keep empty '\nuser: u\n'
	takes "empty: would be skipped: has no password
prod/ftp/site2: would be new: left out: otpauth
prod/site3: would be new: left out: otpauth
site1: would be new" pawl import pass --dry-run store
	[ -z "$(pawl list)" ]
	takes "empty: skipped: has no password
prod/ftp/site2: new: left out: otpauth
prod/site3: new: left out: otpauth
site1: new" pawl import pass store x-from=pass
	[[ ${stderr_lines[0]} == "pawl-vault: prod/ftp/site2: its seed"* ]]
	[[ ${stderr_lines[1]} == "pawl-vault: prod/site3: its seed"* ]]
	[ "${stderr_lines[2]}" = \
	    "pawl-vault: 3 new, 0 replaced, 1 skipped (generation 2)" ]
	[ "${#stderr_lines[@]}" -eq 3 ]
	[ "$(pawl get site1)" = HUNTER1 ]
	[ "$(pawl get prod/ftp/site2)" = "HUNTER 2" ]
	[ "$(attrs prod/ftp/site2)" = $'host=a.example notes=first\nPIN: 1 port=8443 user=u x-from=pass' ]
	[ "$(attrs prod/site3)" = $'host=b.example,c.example notes=username: w\nurl: not a host user=v x-from=pass x-user=Ann Other' ]
	pawl verify
}

@test "pass: what gopass writes" {
	store
	keep yaml 'HUNTER1\n---\nuser: u\nurl: a.example\nlist:\n  host: no.example\nlogin: "quoted"\n'
	keep lines 'HUNTER2\nuser: v\ntotp: HUNTERSEED\nremark\n'
	takes $'lines: new: left out: otpauth\nyaml: new' pawl import pass store
	[ "$(attrs lines)" = "notes=remark user=v" ]
	[ "$(attrs yaml)" = $'host=a.example notes=list:\n  host: no.example\nlogin: "quoted" user=u' ]
	rm store/lines.gpg
	keep old 'GOPASS-SECRET-1.0\nPassword: HUNTER3\n\n'
	refuse "store: old: is in a form that gopass has given up" \
	    pawl import pass --skip store
}

@test "pass: a key is not taken for a password, and its body not for notes" {
	store
	keep key '-----BEGIN OPENSSH PRIVATE KEY-----\nHUNTER1\n-----END OPENSSH PRIVATE KEY-----\n'
	takes "key: skipped: is a key or a certificate, and no password" \
	    pawl import pass store
	[ -z "$(pawl list)" ]
}

@test "pass: links are not followed, and what is no entry is said" {
	store
	keep a/b HUNTER1
	pass git init >/dev/null 2>&1 || :
	mkdir store/.git store/.hidden out 2>/dev/null || :
	cp store/a/b.gpg out/stolen.gpg
	cp store/a/b.gpg store/.git/c.gpg
	cp store/a/b.gpg store/.hidden.gpg
	ln -s ../out store/dir
	ln -s ../out/stolen.gpg store/file.gpg
	ln -s .. store/a/round
	echo HUNTER >store/README
	mkfifo store/pipe.gpg
	takes "README: skipped: is no .gpg file
a/b: new
a/round: skipped: is a symbolic link
dir: skipped: is a symbolic link
file.gpg: skipped: is a symbolic link
pipe.gpg: skipped: is no .gpg file" pawl import pass store
	[ "$(pawl list)" = a/b ]
	ln -s store link
	takes "README: skipped: is no .gpg file
a/b: skipped: is in the vault already
a/round: skipped: is a symbolic link
dir: skipped: is a symbolic link
file.gpg: skipped: is a symbolic link
pipe.gpg: skipped: is no .gpg file" pawl import pass --skip link
}

@test "pass: names that are taken, and bad ones" {
	store
	keep a 'HUNTER1\nuser: u\n'
	keep b HUNTER2
	echo OLD | pawl set a user=old host=kept
	refuse "store: a: there is an entry of this name: --replace" \
	    pawl import pass store
	takes $'a: skipped: is in the vault already\nb: new' \
	    pawl import pass --skip store
	[ "$(pawl get a)" = OLD ]
	takes $'a: replaced\nb: the same' pawl import pass --replace store
	[ "$(attrs a)" = "host=kept user=u" ]
	refuse "--name: pass names its entries itself" \
	    pawl import pass --name a store
	mv store/b.gpg store/-b.gpg
	refuse "store: -b.gpg: name" pawl import pass --replace store
	mv store/-b.gpg $'store/b\n.gpg'
	refuse 'store: b\x0a.gpg: name' pawl import pass --replace store
	rm store/b*
	name=$(head -c 200 /dev/zero | tr '\0' n)
	mkdir -p "store/$name"
	cp store/a.gpg "store/$name/$name.gpg"
	refuse "the name is too long" pawl import pass --replace store
	refuse "none: cannot be read: No such file" pawl import pass none
	refuse "canaries: cannot be read: Not a directory" \
	    sh -c 'touch canaries; "$P" import pass canaries'
	mkdir bare
	refuse "bare: has nothing to import" pawl import pass bare
}

@test "pass: what an entry has no room for" {
	store
	keep a "HUNTER1\n$(head -c 8192 /dev/zero | tr '\0' n)\n"
	pawl import pass store
	[ "$(attrs a | wc -c)" -eq 8199 ]
	keep b "HUNTER2\n$(head -c 8193 /dev/zero | tr '\0' n)\n"
	refuse "store: b: has more than the 8192 bytes of notes" \
	    pawl import pass --skip store
	keep b 'HUNTER2\r\n'
	refuse "store: b: the secret has a NUL, CR or LF" \
	    pawl import pass --skip store
	head -c 70000 /dev/zero | pass insert -m -f b >/dev/null
	refuse "store: b.gpg: has more than 65536 bytes" \
	    pawl import pass --skip store
}

@test "pass: a file that gpg does not decrypt ends it, and is named" {
	store
	keep a HUNTER1
	keep sub/b HUNTER2
	echo HUNTER3 >store/sub/b.gpg
	refuse "store: sub/b.gpg: gpg does not decrypt it (gpg: decrypt_message failed: Unknown system error): see that \"gpg --decrypt\"" \
	    pawl import pass store
	keep sub/b HUNTER2
	truncate -s -20 store/sub/b.gpg
	refuse "store: sub/b.gpg: gpg does not decrypt it" \
	    pawl import pass store
	[ -z "$(pawl list)" ]
	# Somebody else's key.
	mkdir -m 700 other
	GNUPGHOME=$T/other refuse "store: a.gpg: gpg does not decrypt it (gpg: decryption failed: No secret key)" \
	    pawl import pass store
	gpgconf --homedir "$T/other" --kill all
	# No gpg at all.
	refuse "store: a.gpg: gpg cannot be run: install GnuPG" \
	    env PATH="$T/none" "$P" import pass store
}

@test "pass: gpg gets its file, its pipes and its part of the environment" {
	mkdir store
	echo HUNTER1 >store/a.gpg
	# shellcheck disable=SC2016 # for its own shell
	fake 'env | sed s/=.*// | sort >"$HOME/env"
	    for fd in 3 4 5 6 7 8 9; do
	    [ ! -e /proc/$$/fd/$fd ] || echo $fd
	    done >"$HOME/fds"
	    echo "$@" >"$HOME/args"; cat'
	MARK=1 GPG_TTY=/dev/pts/none DISPLAY=:9 PAWL_KEY_FILE= \
	    PASSWORD=HUNTER pawl --key-fd 7 import pass store \
	    7<"$XDG_CONFIG_HOME/pawl/key" 8<store/a.gpg
	[ "$(pawl get a)" = HUNTER1 ]
	[ "$(cat args)" = "--batch --quiet --pinentry-mode error --decrypt" ]
	for name in $(grep -vx -e PWD -e _ -e SHLVL env); do
		[[ " DISPLAY GNUPGHOME GPG_TTY HOME LANG LC_ALL LC_CTYPE LOGNAME PATH TERM USER XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS " == *" $name "* ]] ||
		    { cat env; return 1; }
	done
	grep -qx GNUPGHOME env
	grep -qx DISPLAY env
	# Above those the shell that is gpg here has its own.
	[ -z "$(cat fds)" ] || { cat fds; return 1; }
	# With a terminal it may ask there.
	run -0 script -qec '"$P" import pass --replace store' /dev/null
	[ "$(cat args)" = "--batch --quiet --pinentry-mode default --decrypt" ]
	grep -qx GPG_TTY env
}

@test "pass: a gpg that says much, never ends, or dies" {
	mkdir store
	echo HUNTER1 >store/a.gpg
	fake 'head -c 300000 /dev/zero | tr "\0" x >&2; cat'
	pawl import pass --replace store
	[ "$(pawl get a)" = HUNTER1 ]
	fake 'yes HUNTER2'
	refuse "store: a.gpg: has more than 65536 bytes" \
	    pawl import pass --replace store
	# shellcheck disable=SC2016 # for its own shell
	fake 'echo HUNTER2; kill -9 $$'
	refuse "gpg does not decrypt it (without a word)" \
	    pawl import pass --replace store
	fake 'cat; exit 2'
	refuse "gpg does not decrypt it (without a word)" \
	    pawl import pass --replace store
}

@test "pass: others may write while gpg runs" {
	mkdir store
	echo HUNTER1 >store/a.gpg
	fake "export HOME=$T XDG_DATA_HOME=$T/data XDG_CONFIG_HOME=$T/config \
	    XDG_STATE_HOME=$T/state PAWL_CONFIG=$T/pawl.conf
	    echo HUNTER2 | $P set other >&2; cat"
	echo 'lock-wait = 0s' >pawl.conf
	takes "a: new" pawl import pass store
	[ "$(pawl list)" = $'a\nother' ]
}

# --- Export into a vault ----------------------------------------------------

id=AGE-SECRET-KEY-1ZHTNDFQSFTNWQUPDN4AJDNTR3RUENQLUAV8A28G42Z9Y82D7X9SS89YLDN
recipient=age15tlxxdty64dlt3g8matvr3mwa6dmrau8xvrfstuqj72g9mrj5u6s784qqk

# elsewhere COMMAND...: on a machine with nothing but the new vault and its
# identity.
elsewhere() {
	mkdir -p there
	printf '%s\n' $id | install -m 600 /dev/stdin there/id
	XDG_STATE_HOME=$T/there/state XDG_CONFIG_HOME=$T/there/config \
	    XDG_DATA_HOME=$T/there/data pawl -f new -k there/id "$@"
}

@test "export vault: a new vault for others, which opens elsewhere" {
	echo HUNTER0 | pawl set a user=u host=h notes=$'1\n2' x-a=1
	echo HUNTER1 | pawl set -s a
	echo HUNTER2 | pawl set b rotate.method=zos-pass rotate.every=14d
	echo '{"name":"c","host":"i"}' | pawl import jsonl -
	takes "new: a new vault of 3 entries
slot 0: $recipient
slot 1: newkey (new)" pawl export vault new --recipient $recipient \
	    --key-file newkey
	[ "$stderr" = "pawl-vault: 1 of them are rotated here, and are without rotate.method there: two vaults that change one password lock its account" ]
	[ "$(stat -c %a new)" = 600 ]
	[ ! -e new.prev ] && [ ! -e new.new ]
	[ "$(find state -name '*.state' | wc -l)" -eq 1 ]
	run -0 --separate-stderr elsewhere get a
	[ "$output" = HUNTER1 ]
	[ -z "$stderr" ]
	elsewhere verify
	[ "$(elsewhere get b)" = HUNTER2 ]
	run -1 elsewhere get c
	[ "$(elsewhere show --json a | grep -o '"history":[0-9]*')" = \
	    '"history":0' ]
	[ "$(elsewhere list)" = $'a\nb\nc' ]
	run -0 elsewhere get --field rotate.every b
	run -1 elsewhere get --field rotate.method b
	# It goes on by itself, and here too.
	echo HUNTER3 | elsewhere set -s a
	[ "$(pawl -f new -k newkey get a)" = HUNTER3 ]
	[ "$(pawl get a)" = HUNTER1 ]
	[ "$(pawl get --field rotate.method b)" = zos-pass ]
	run -77 pawl -f new get a
}

@test "export vault: the copy is as old, and nobody can tell it is one" {
	echo HUNTER1 | pawl set a user=u
	pawl export vault new --recipient $recipient
	/usr/bin/python3 - <<-'END'
	import os
	old = open(os.environ["T"] + "/data/pawl/vault", "rb").read()
	new = open("new", "rb").read()
	assert len(old) == len(new)
	# Nothing is, but zeros and what the header says of formats and times.
	same = [i for i in range(0, len(old), 16)
	        if old[i:i + 16] == new[i:i + 16] and any(old[i:i + 16])]
	assert all(i < 512 for i in same), same
	END
	times() {
		"$@" show --json a | grep -o '"\(secret_since\|created\)":[0-9]*'
	}
	[ "$(times pawl)" = "$(times elsewhere)" ]
}

@test "export vault: some of it" {
	for name in prod/a prod/b test/a x; do
		echo HUNTER1 | pawl set $name
	done
	takes "new: a new vault of 3 entries
slot 0: $recipient" pawl export vault new --recipient $recipient 'prod/*' x
	[ "$(elsewhere list)" = $'prod/a\nprod/b\nx' ]
	refuse "no entry matches y*" pawl export vault new2 --key-file k2 \
	    'prod/*' 'y*'
	[ ! -e new2 ] && [ ! -e k2 ]
}

@test "export vault: what is there stays, and what is missing is said" {
	echo HUNTER1 | pawl set a
	echo mine >new
	refuse "new is there already: an export makes a new vault" \
	    pawl export vault new --key-file k2
	ln -s nowhere link
	refuse "link is there already" pawl export vault link --key-file k2
	[ "$(cat new)" = mine ]
	[ ! -e k2 ] && [ ! -e nowhere ]
	refuse "what is to open the new vault?" pawl export vault new2
	refuse "usage: pawl-vault export" pawl export vault --key-file k2
	refuse "age1x" pawl export vault new2 --key-file k2 --recipient age1x
	[ ! -e k2 ] && [ ! -e new2 ]
	refuse "are for \"export vault\"" pawl export csv --reveal \
	    --recipient $recipient
	refuse "--reveal and --force are for" pawl export vault new2 \
	    --reveal --recipient $recipient
	set --
	for ((i = 0; i < 33; i++)); do
		set -- "$@" --recipient $recipient
	done
	refuse "a vault has 32 key slots" pawl export vault new2 "$@"
}

@test "export vault: no rotation goes on in two vaults" {
	rotating
	echo OLD | pawl set a
	echo HUNTER1 | pawl set b
	for state in pend sent attn; do
		echo NEXT | ./rotating "$VAULT" "$T/config/pawl/key" a $state
		run --separate-stderr pawl export vault new --key-file k2
		[ "$status" -eq 3 ]
		[[ $stderr == "pawl-vault: a: its rotation is unfinished"* ]]
		[ ! -e new ] && [ ! -e k2 ]
	done
	pawl export vault new --recipient $recipient b
	[ "$(elsewhere list)" = b ]
}

@test "export vault: nothing half written" {
	head -c 2000 /dev/zero | tr '\0' n >notes
	for name in a b c d; do
		echo HUNTER1 | pawl set $name notes="$(cat notes)"
	done
	trap '' XFSZ
	for blocks in 1 8 16; do
		run -74 bash -c "ulimit -f $blocks; exec '$P' export vault new \
		    --key-file k2"
		[ ! -e new ] && [ ! -e new.new ] && [ ! -e k2 ]
	done
	pawl export vault new --recipient $recipient
	elsewhere verify
}

# --- Memory -----------------------------------------------------------------

@test "nothing of a secret is left in memory" {
	[ "$(id -u)" -eq 0 ] || skip "needs root to read undumpable processes"
	secret=CANARY1QF7WZ9K3MX5TB2HN8JD4RS6VP
	notes=REMARKQ2W7N5XK8ZJ3VD9TB4MH6RPLSF
	printf '%s\n' $secret $notes >canaries
	store
	keep a "$secret\nuser: u\n$notes\n---\n"
	keep b "$secret\n---\nurl: h\n$notes\n"
	PATH=$B:$PATH
	scan() {
		run -0 "$PAWL_SRC/tests/servers/memscan.py" --only pawl-vault \
		    canaries -- "$@"
	}
	scan pawl-vault import pass store
	[ "$(pawl get a)" = $secret ]
	scan pawl-vault import pass --dry-run --replace store
	scan pawl-vault import pass store
	[[ $output == *"there is an entry of this name"* ]]
	scan pawl-vault export vault new --key-file k2
	[[ $output == *"exit status 0"* ]]
	scan pawl-vault export vault new --key-file k2
	scan pawl-vault export vault new2 --recipient $recipient 'x*'
	keep b "$secret\n$notes$(head -c 8192 /dev/zero | tr '\0' n)"
	scan pawl-vault import pass --replace store
	[[ $output == *"bytes of notes"* ]]
	truncate -s -20 store/b.gpg
	scan pawl-vault import pass --replace store
	[[ $output == *"gpg does not decrypt it"* ]]
	# shellcheck disable=SC2016 # for its own shell
	fake 'i=0; while [ $i -lt 3000 ]; do echo '$secret'; i=$((i + 1)); done'
	scan pawl-vault import pass --replace store
	[[ $output == *"has more than 65536 bytes"* ]]
}
