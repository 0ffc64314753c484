# What the tests of import and export share: a vault of their own in T, and
# ways to run pawl-vault.
# shellcheck shell=bash disable=SC2154 # run sets status and stderr

setup() {
	T=$(mktemp -d)
	chmod 700 "$T"
	export HOME=$T XDG_DATA_HOME=$T/data XDG_CONFIG_HOME=$T/config \
	    XDG_STATE_HOME=$T/state PAWL_CONFIG=$T/pawl.conf
	unset PAWL_VAULT PAWL_KEY_FILE CREDENTIALS_DIRECTORY POSIXLY_CORRECT
	export T P=$B/pawl-vault
	VAULT=$T/data/pawl/vault
	cd "$T" || return
	pawl init >/dev/null
}

teardown() {
	rm -rf "$T"
}

# Runs it without a terminal, wherever the tests are started from.
pawl() {
	setsid -w "$P" "$@"
}

# refuse TEXT COMMAND...: one line with this text, no secret, and no change.
refuse() {
	local text=$1

	shift
	cp "$VAULT" "$T/before"
	run --separate-stderr "$@"
	[ "$status" -ne 0 ]
	[ "${#stderr_lines[@]}" -eq 1 ] || { echo "$stderr"; return 1; }
	[[ $stderr == "pawl-vault: "*"$text"* ]] ||
	    { echo "$stderr"; return 1; }
	[[ $output$stderr != *HUNTER* ]] || { echo "$stderr"; return 1; }
	[ -z "$output" ] || { echo "$output"; return 1; }
	cmp "$VAULT" "$T/before"
}

# takes LINES COMMAND...: standard output is these, and nowhere is a secret.
takes() {
	local wanted=$1

	shift
	run -0 --separate-stderr "$@"
	[ "$output" = "$wanted" ] || { echo "$output"; return 1; }
	[[ $output$stderr != *HUNTER* ]]
}

# attrs NAME: its attributes.
attrs() {
	pawl show --json "$1" | /usr/bin/python3 -c 'import json, sys
a = json.load(sys.stdin)["attributes"]
print(" ".join(k + "=" + ",".join(a[k]) for k in sorted(a)))'
}
