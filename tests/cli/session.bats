#!/usr/bin/env bats
# The session of the README, done as it stands there.  B is the build directory.

bats_require_minimum_version 1.5.0

setup() {
	T=$(mktemp -d)
	RAM=$(mktemp -d /dev/shm/pawl-test.XXXXXX)
	chmod 700 "$T" "$RAM"
	export HOME=$T XDG_DATA_HOME=$T/.local/share XDG_CONFIG_HOME=$T/.config \
	    XDG_STATE_HOME=$T/.local/state PAWL_CONFIG=$T/pawl.conf \
	    XDG_RUNTIME_DIR=$RAM PATH=$T/bin:$B:$PATH
	unset PAWL_VAULT PAWL_KEY_FILE CREDENTIALS_DIRECTORY VISUAL
	cd "$T" || return
	umask 077
	mkdir bin
	# What the text says is there: a file, an editor and a server.
	printf 'machine www.example.com login shop password s3cret\n' >.netrc
	printf '#!/bin/sh\nsed -i "s/^port: .*/port: 2121/" "$1"\n' >bin/editor
	printf '#!/bin/sh\n: transfers files\n' >bin/sftp
	chmod 700 bin/*
	export EDITOR=editor
}

teardown() {
	[ ! -e "$XDG_DATA_HOME/pawl/vault" ] || pawl-vault lock >/dev/null || :
	rm -rf "$T" "$RAM"
}

@test "the session of the README shows what it shows" {
	without=()
	pawl-vault -f probe -k probe.key init >probe.out
	if ! pawl-vault -f probe -k probe.key unlock --timeout 1s >>probe.out; then
		without=(--without "pawl-vault unlock" --without "pawl-vault lock")
	fi
	run "$BATS_TEST_DIRNAME/session.py" "$PAWL_SRC/README.md" "${without[@]}"
	echo "$output"
	[ "$status" -eq 0 ]
	echo "# count: $output" >&3
}
