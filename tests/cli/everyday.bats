#!/usr/bin/env bats
# pawl-vault day by day: edit, rename, copy, find, history, get --field, and
# the names that others call them by.  B is the build directory.

bats_require_minimum_version 1.5.0

setup_file() {
	cc -std=c11 -D_GNU_SOURCE -Iinclude -o "$BATS_FILE_TMPDIR/rotating" \
	    tests/cli/rotating.c "$B/libvault.a" -lsodium
}

setup() {
	T=$(mktemp -d)
	RAM=$(mktemp -d /dev/shm/pawl-test.XXXXXX)
	chmod 700 "$T" "$RAM"
	# All of them: for root the defaults are the machine's own files.
	export HOME=$T XDG_DATA_HOME=$T/data XDG_CONFIG_HOME=$T/config \
	    XDG_STATE_HOME=$T/state PAWL_CONFIG=$T/pawl.conf \
	    XDG_RUNTIME_DIR=$RAM
	unset PAWL_VAULT PAWL_KEY_FILE CREDENTIALS_DIRECTORY POSIXLY_CORRECT \
	    VISUAL EDITOR
	VAULT=$T/data/pawl/vault
	KEY=$T/config/pawl/key
	export T RAM P=$B/pawl-vault
}

teardown() {
	rm -rf "$T" "$RAM"
}

# Runs it without a terminal, wherever the tests are started from.
pawl() {
	setsid -w "$P" "$@"
}

# A vault, and site1 with the secret PASS1 in it.
site1() {
	pawl init >"$T/init"
	echo PASS1 | pawl set site1 user=SITE1 host=a.example.com "$@" >"$T/set"
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

json() {
	/usr/bin/python3 -c \
	    'import json, sys; d = json.load(sys.stdin); print('"$1"')'
}

rotating() {
	"$BATS_FILE_TMPDIR/rotating" "$VAULT" "$KEY" "$@"
}

# editor TURN...: an editor that runs one command each time it is called, with
# the file as $1, and keeps what it was given in T/1, T/2 ...
editor() {
	local turn

	{
		echo '#!/bin/bash'
		# shellcheck disable=SC2016
		echo 'n=$(($(cat "$T/turn" 2>/dev/null) + 1))'
		# shellcheck disable=SC2016
		echo 'echo $n >"$T/turn"; cp "$1" "$T/$n"'
		# shellcheck disable=SC2016
		echo 'case $n in'
		n=1
		for turn; do
			printf '%d)\n%s\n;;\n' "$n" "$turn"
			n=$((n + 1))
		done
		echo '*) echo called too often >&2; exit 9 ;;'
		echo esac
	} >"$T/editor"
	chmod +x "$T/editor"
	rm -f "$T/turn"
	export EDITOR=$T/editor
}

turns() {
	cat "$T/turn"
}

# The attributes and notes of site1, as show prints them.
attributes() {
	pawl show --json site1 | json 'd["attributes"]'
}

# Nothing of the editing is left.
clean() {
	[ -z "$(ls -A "$RAM")" ]
}

# Whether a file has zeros only, and some.
zeros() {
	[ -s "$1" ] && ! tr -d '\0' <"$1" | grep -q .
}

# --- get, and other names ---------------------------------------------------

@test "get --field prints an attribute, each value a line, -n without the last newline" {
	site1
	pawl set site1 host=a.example.com host=b.example.com
	run -0 pawl get --field host site1
	[ "$output" = $'a.example.com\nb.example.com' ]
	pawl get -n --field host site1 >"$T/out"
	printf 'a.example.com\nb.example.com' | cmp - "$T/out"
	pawl get -n site1 >"$T/out"
	printf PASS1 | cmp - "$T/out"
	fails 1 pawl get --field port site1
	[ "$stderr" = "pawl-vault: site1 has no port" ]
	fails 64 pawl get --field prot site1
	fails 64 pawl get --field secret site1
	fails 1 pawl get --field user nobody
	fails 74 sh -c '"$P" get --field user site1 >/dev/full'
}

@test "the names that users of pass and the shell know" {
	pawl init >"$T/init"
	echo PASS1 | pawl insert site1
	run -0 pawl ls
	[ "$output" = site1 ]
	pawl cp site1 site2
	pawl mv site2 site3
	pawl rm -y site1
	run -0 pawl ls
	[ "$output" = site3 ]
	for pair in ls:list rm:remove mv:rename cp:copy insert:set; do
		run -0 pawl help "${pair%:*}"
		[[ $output == "usage: pawl-vault ${pair#*:} "* ]]
	done
}

@test "each new command with too few or too many arguments says how it is used" {
	site1
	for c in "edit" "edit a b" "rename a" "rename a b c" "copy a" \
	    "copy a b c" "find" "history" "history a b"; do
		# shellcheck disable=SC2086
		fails 64 pawl $c
		[[ $stderr == "pawl-vault: usage: pawl-vault ${c%% *} "* ]]
	done
	run -0 pawl help
	for c in edit rename copy find history; do
		[[ $output == *"  $c "* ]]
	done
}

# --- rename -----------------------------------------------------------------

@test "rename keeps all but the name" {
	site1
	echo PASS2 | pawl set site1
	pawl show --json site1 | json '[d[k] for k in ("attributes", "created", "history")]' >"$T/before"
	run -0 pawl rename site1 partner/site1
	[[ $output == "site1: renamed to partner/site1 (generation "* ]]
	fails 1 pawl show site1
	pawl show --json partner/site1 | json '[d[k] for k in ("attributes", "created", "history")]' >"$T/after"
	cmp "$T/before" "$T/after"
	run -0 pawl get partner/site1
	[ "$output" = PASS2 ]
	run -0 pawl verify
}

@test "rename refuses a name that is taken, wrong or the same" {
	site1
	echo PASS2 | pawl set site2
	fails 77 pawl rename site1 site2
	fails 64 pawl rename site1 site1
	fails 64 pawl rename site1 /x
	fails 1 pawl rename nobody x
	run -0 pawl get site2
	[ "$output" = PASS2 ]
}

@test "what changes an entry refuses an unfinished rotation and a locked entry" {
	site1
	echo PASS2 | pawl set site2
	echo NEW | rotating site1 pend
	export EDITOR=true
	for c in "rename site1 x" "copy site1 x" "copy --replace site2 site1" \
	    "history --restore 1 site1" "edit site1"; do
		# shellcheck disable=SC2086
		fails 3 pawl $c
	done
	mkfifo "$T/in" "$T/out"
	rotating site2 lock <"$T/in" >"$T/out" &
	exec 7>"$T/in"
	read -r line <"$T/out"
	[ "$line" = locked ]
	fails 75 pawl rename site2 x
	fails 75 pawl history --restore 1 site2
	exec 7>&-
	wait
}

# --- copy -------------------------------------------------------------------

@test "copy takes attributes and secret, no history" {
	site1
	echo PASS2 | pawl set site1
	# Into the next second, so that the ages can differ.
	now=$(date +%s)
	while [ "$(date +%s)" = "$now" ]; do :; done
	run -0 pawl copy site1 site2
	[[ $output == "site2: stored "* ]]
	run -0 pawl get site2
	[ "$output" = PASS2 ]
	pawl show --json site1 | json '(d["attributes"], d["secret_since"])' >"$T/1"
	pawl show --json site2 | json '(d["attributes"], d["secret_since"])' >"$T/2"
	cmp "$T/1" "$T/2"
	run -0 pawl history site2
	[ -z "$output" ]
	# Each is its own from then on.
	echo PASS3 | pawl set site2
	run -0 pawl get site1
	[ "$output" = PASS2 ]
	run -0 pawl verify
}

@test "copy replaces only when told to, and then nothing is lost" {
	site1
	echo OLD | pawl set site2 user=U2 port=22
	fails 77 pawl copy site1 site2
	run -0 pawl get site2
	[ "$output" = OLD ]
	run -0 pawl copy --replace site1 site2
	run -0 pawl get site2
	[ "$output" = PASS1 ]
	fails 1 pawl get --field port site2
	run -0 pawl history --reveal site2
	[[ $output == *$'\tOLD' ]]
	fails 64 pawl copy site1 site1
	fails 1 pawl copy nobody x
	fails 64 pawl copy site1 /x
}

@test "copy refuses a secret that may not be the password, and warns of two rotations" {
	site1
	echo NEW | rotating site1 attn
	fails 3 pawl copy site1 x
	echo PASS1 | pawl set site2 rotate.method=zos-pass
	run --separate-stderr -0 pawl copy site2 site3
	# shellcheck disable=SC2154
	[[ $stderr == *"rotate.method"* ]]
}

# --- find -------------------------------------------------------------------

@test "find looks at names and attributes, never at secrets" {
	site1
	echo SECRET2 | pawl set other user=OTHER host=ftp.example.org \
	    notes=$'call\nsomebody' x-team=red x-team=blue
	run -0 pawl find 'SITE*'
	[ "$output" = site1 ]
	run -0 pawl find '*example.*'
	[ "$output" = $'other\nsite1' ]
	run -0 pawl find '*somebody'
	[ "$output" = other ]
	run -0 pawl find '*' x-team=blue 'host=*.ORG'
	[ "$output" = other ]
	fails 1 pawl find '*' x-team=blue 'host=*.com'
	[ "$stderr" = "pawl-vault: no entry matches all of that" ]
	fails 1 pawl find '*SECRET2*'
	fails 1 pawl find PASS1
	[ "$stderr" = "pawl-vault: no entry matches PASS1" ]
	[ "$(pawl find --json 'other' | json 'd[0]["name"]')" = other ]
}

@test "find with an attribute that does not exist is a mistake" {
	site1
	fails 64 pawl find '*' hots=x
	fails 64 pawl find '*' secret=x
	fails 64 pawl find '*' x
	[[ $stderr == *"argument 2 is not ATTR=PATTERN"* ]]
}

# --- history ----------------------------------------------------------------

@test "history lists times and kinds, and secrets only when told to" {
	site1
	run -0 pawl history site1
	[ -z "$output" ]
	echo PASS2 | pawl set site1
	echo PASS3 | pawl set site1
	run -0 pawl history site1
	[ "${#lines[@]}" -eq 2 ]
	[[ ${lines[0]} =~ ^1$'\t'previous$'\t'20..-..-..T..:..:..Z$'\t'20..-..-..T..:..:..Z$ ]]
	run -0 pawl history --reveal site1
	[[ ${lines[0]} == 1$'\t'*$'\t'PASS2 ]]
	[[ ${lines[1]} == 2$'\t'*$'\t'PASS1 ]]
	[ "$(pawl history --json site1 |
	    json '[(h["number"], h["kind"]) for h in d]')" = \
	    "[(1, 'previous'), (2, 'previous')]" ]
	run ! grep -q PASS <(pawl history --json site1)
	fails 64 pawl history --json --reveal site1
	fails 64 pawl history --restore 1 --reveal site1
	fails 1 pawl history nobody
	fails 74 sh -c '"$P" history --reveal site1 >/dev/full'
}

@test "history prints each secret in one write" {
	command -v strace >/dev/null || skip "no strace"
	site1
	echo PASS2 | pawl set site1
	echo PASS3 | pawl set site1
	strace -s 100 -e trace=write -o "$T/trace" "$P" history --reveal site1 >"$T/out"
	[ "$(grep -c 'write(1' "$T/trace")" -eq 2 ]
	[ "$(grep -c 'write(1, "[12].*PASS[12].n", ' "$T/trace")" -eq 2 ]
}

@test "history --restore goes back, and forth again" {
	site1
	echo PASS2 | pawl set site1
	echo PASS3 | pawl set site1
	pawl history --restore 2 site1
	run -0 pawl get site1
	[ "$output" = PASS1 ]
	run -0 pawl history --reveal site1
	[ "${#lines[@]}" -eq 2 ]
	[[ ${lines[0]} == *$'\tPASS3' ]]
	[[ ${lines[1]} == *$'\tPASS2' ]]
	pawl history --restore 1 site1
	run -0 pawl get site1
	[ "$output" = PASS3 ]
	fails 1 pawl history --restore 3 site1
	[[ $stderr == *"site1 has 2 previous secrets"* ]]
	fails 64 pawl history --restore 0 site1
	fails 64 pawl history --restore x site1
	fails 1 pawl history --restore 1 nobody
	run -0 pawl verify
}

@test "a full history loses nothing when one of it comes back" {
	site1
	for i in $(seq 2 17); do
		echo "PASS$i" | pawl set site1 >"$T/out"
	done
	run -0 pawl history --reveal site1
	[ "${#lines[@]}" -eq 16 ]
	pawl history --restore 16 site1
	run -0 pawl get site1
	[ "$output" = PASS1 ]
	run -0 pawl history --reveal site1
	[ "${#lines[@]}" -eq 16 ]
	[[ ${lines[0]} == *$'\tPASS17' ]]
	[[ ${lines[15]} == *$'\tPASS2' ]]
}

@test "a rotation that needs a person is over with history --restore" {
	site1
	echo PASS2 | pawl set site1
	echo NEW | rotating site1 attn
	run -0 pawl history --restore 1 site1
	run -0 pawl get site1
	[ "$output" = PASS1 ]
	run -0 pawl history --reveal site1
	[[ ${lines[0]} == 1$'\t'previous$'\t'*$'\t'PASS2 ]]
	[[ ${lines[1]} == 2$'\t'refused$'\t'*$'\t'NEW ]]
}

# --- edit -------------------------------------------------------------------

@test "edit changes, adds and takes away attributes and notes" {
	site1 port=22
	editor 'sed -i -e s/SITE1/SITE2/ -e /port/d -e "/^secret/a x-a: b" "$1"
		printf "\none\n\n# two\n" >>"$1"'
	run -0 pawl edit site1
	[[ $output == "site1: stored (generation 3)" ]]
	run -0 attributes
	[ "$output" = "{'user': ['SITE2'], 'host': ['a.example.com'], 'x-a': ['b'], 'notes': ['one\\n\\n# two']}" ]
	run -0 pawl get site1
	[ "$output" = PASS1 ]
	editor 'sed -i s/two/three/ "$1"'
	run -0 pawl edit site1
	[[ $(attributes) == *'# three'* ]]
	clean
}

@test "edit without a change commits nothing" {
	site1
	editor 'true'
	run -0 pawl edit site1
	[ "$output" = "site1: not changed" ]
	# Nor with a text that says the same.
	editor 'sed -i "/^#/d" "$1"'
	run -0 pawl edit site1
	[ "$output" = "site1: not changed" ]
	[ "$(pawl verify --json | json 'd["generation"]')" = 2 ]
	clean
}

@test "edit shows the secret only with --reveal" {
	site1
	editor true
	pawl edit site1
	run ! grep -q PASS1 "$T/1"
	grep -q '^secret: (unchanged)$' "$T/1"
	editor true
	pawl edit --reveal site1
	grep -q '^secret: PASS1$' "$T/1"
	clean
}

@test "edit takes a new secret, and the old one becomes history" {
	site1
	editor 'sed -i "s/(unchanged)/PASS2/" "$1"' 'sed -i "s/PASS2/PASS3/" "$1"'
	pawl edit site1
	run -0 pawl get site1
	[ "$output" = PASS2 ]
	pawl edit --reveal site1
	run -0 pawl get site1
	[ "$output" = PASS3 ]
	run -0 pawl history --reveal site1
	[[ ${lines[0]} == *$'\tPASS2' ]]
	[[ ${lines[1]} == *$'\tPASS1' ]]
	clean
}

@test "a mistake comes back marked, and nothing typed is lost" {
	site1
	editor 'sed -i "s/^host:/hots:/" "$1"; printf "\ntyped\n" >>"$1"' \
	    'sed -i "s/^hots:/host: x/" "$1"' \
	    'sed -i "s/^host: x /host: /" "$1"'
	run -0 pawl edit site1
	[ "$(turns)" = 3 ]
	[ "$(grep -n '^# >>> no attribute hots' "$T/2" | cut -d: -f1)" = \
	    "$(($(grep -n '^hots:' "$T/2" | cut -d: -f1) - 1))" ]
	tail -n 1 "$T/2" | grep -q '^typed$'
	# But for the mark it is the text that was saved.
	sed 's/^host:/hots:/' "$T/1" | { cat; printf '\ntyped\n'; } |
	    diff - <(grep -v '^# >>>' "$T/2")
	[[ $(attributes) == *"'notes': ['typed']"* ]]
	clean
}

@test "the mark goes when the text is stored, from notes as well" {
	site1
	editor 'printf "\ngood\nbad\377\n" >>"$1"' \
	    'LC_ALL=C sed -i "s/bad./fine/" "$1"'
	run -0 pawl edit site1
	tail -n 2 "$T/2" | head -n 1 | grep -q '^# >>> '
	[[ $(attributes) == *"'notes': ['good\\nfine']"* ]]
	clean
}

@test "a value or a secret that will not do is marked at its line" {
	site1 rotate.method=zos-pass
	editor 'sed -i "s/(unchanged)/has blank/" "$1"' \
	    'sed -i "s/has blank/GOOD2/; s/^user: .*/user: a b/" "$1"' \
	    'sed -i "s/a b/ab/" "$1"'
	run -0 pawl edit site1
	grep -A 1 '^# >>>' "$T/2" | grep -q '^secret: has blank'
	grep -A 1 '^# >>>' "$T/3" | grep -q '^user: a b'
	run -0 pawl get site1
	[ "$output" = GOOD2 ]
	run -0 pawl get --field user site1
	[ "$output" = ab ]
}

@test "to leave a marked text as it came is to give up" {
	site1
	editor 'echo "frob: x" >>"$1"' true
	fails 64 pawl edit site1
	[[ $stderr == "pawl-vault: site1 is as it was: no attribute frob"* ]]
	[ "$(pawl verify --json | json 'd["generation"]')" = 2 ]
	clean
}

@test "an editor that fails, dies or is not there leaves the entry as it was" {
	site1
	editor 'sed -i s/SITE1/SITE2/ "$1"; exit 3'
	fails 1 pawl edit site1
	[[ $stderr == *"site1 is as it was: the editor ("*") ended with status 3" ]]
	clean
	editor 'sed -i s/SITE1/SITE2/ "$1"; kill -KILL $$'
	fails 1 pawl edit site1
	[[ $stderr == *"site1 is as it was: signal 9 ended the editor"* ]]
	clean
	editor 'rm "$1"'
	fails 1 pawl edit site1
	[[ $stderr == *"left no file"* ]]
	clean
	editor 'rm "$1"; ln -s "$T/1" "$1"; sed -i s/SITE1/SITE2/ "$T/1"'
	fails 1 pawl edit site1
	clean
	EDITOR=/nonexistent/editor run --separate-stderr -1 pawl edit site1
	# shellcheck disable=SC2154
	[[ $stderr == *"ended with status 127"* ]]
	clean
	editor true
	fails 1 pawl edit nobody
	run ! test -e "$T/turn"
	run -0 pawl get --field user site1
	[ "$output" = SITE1 ]
}

@test "VISUAL goes before EDITOR, and both may have options" {
	site1
	VISUAL="sed -i -e s/SITE1/SITE2/" EDITOR=false pawl edit site1
	run -0 pawl get --field user site1
	[ "$output" = SITE2 ]
	VISUAL= EDITOR="sed -i s/SITE2/SITE3/" pawl edit site1
	run -0 pawl get --field user site1
	[ "$output" = SITE3 ]
}

@test "the file is private, and the editor inherits no descriptor" {
	site1
	editor 'stat -c "%a %U" "$1" "${1%/*}" >"$T/modes"
		stat -f -c %T "$1" >>"$T/modes"
		readlink /proc/$$/fd/* | grep pawl >"$T/fds" || :'
	pawl edit site1 8<"$KEY"
	[ "$(cat "$T/modes")" = "600 $(id -un)"$'\n'"700 $(id -un)"$'\n'"tmpfs" ]
	[ ! -s "$T/fds" ]
}

@test "the file is overwritten, also one that the editor replaced, and so is what it left" {
	site1
	editor 'ln "$1" "$RAM/keep1"; sed -i s/PASS1/PASS2/ "$1"
		ln "$1" "$RAM/keep2"
		echo PASS1 >"${1%/*}/.entry.swp"; ln "${1%/*}/.entry.swp" "$RAM/keep3"
		mkdir "${1%/*}/empty"'
	pawl edit --reveal site1
	zeros "$RAM/keep1"
	zeros "$RAM/keep2"
	zeros "$RAM/keep3"
	rm "$RAM"/keep?
	clean
}

@test "vim leaves no swap, undo, backup and history files" {
	site1
	mkdir "$T/bin" "$T/left"
	printf '#!/bin/sh\nprintf "%%s\\n" "$@" >"%s/args"\n' "$T" >"$T/bin/vim"
	chmod 755 "$T/bin/vim"
	ln -s vim "$T/bin/vi"
	cp "$T/bin/vim" "$T/bin/ed1"
	quiet=$'-n\n-i\nNONE\n-c\nset noundofile nobackup nowritebackup'
	PATH=$T/bin:$PATH
	for editor in vim "vim -x" "$T/bin/vim -x" vi nothing ed1 "ed1 -x"; do
		export EDITOR=$editor
		# The one where there is none named.
		[ "$editor" != nothing ] || unset EDITOR
		pawl edit site1
		wanted=$quiet
		[[ $editor != ed1* ]] || wanted=
		[[ $editor != *-x ]] || wanted=-x${wanted:+$'\n'}$wanted
		[ "$(sed '$d' "$T/args")" = "$wanted" ]
		[[ $(tail -n 1 "$T/args") == "$RAM"/*/entry ]]
	done
	PATH=${PATH#*:}
	command -v vim >/dev/null || return 0
	cat >"$T/rc" <<-END
	set nocompatible undofile undodir=$T/left backup backupdir=$T/left
	set viminfo='100,<50,n$T/left/info
	autocmd VimEnter * %s/SITE./SITE2/ | wq
	END
	# By itself it would leave something.
	echo SITE1 >"$T/file"
	setsid -w vim -es -u "$T/rc" "$T/file" </dev/null || :
	grep -q SITE2 "$T/file" || return 0
	[ -n "$(ls -A "$T/left")" ]
	rm -r "$T/left"
	mkdir "$T/left"
	EDITOR="vim -es -u $T/rc" pawl edit site1 </dev/null
	run -0 pawl get --field user site1
	[ "$output" = SITE2 ]
	[ -z "$(ls -A "$T/left")" ]
	clean
}

@test "what cannot be removed is said" {
	site1
	editor 'mkdir "${1%/*}/d"; echo x >"${1%/*}/d/f"'
	run --separate-stderr -0 pawl edit site1
	# shellcheck disable=SC2154
	[[ $stderr == *"could not all be removed"* ]]
}

@test "signals: the file goes, the entry stays, the status is the signal's" {
	site1
	mkfifo "$T/never"
	for sig in TERM HUP; do
		editor "sed -i s/SITE1/SITE2/ \"\$1\"; ln \"\$1\" \"\$RAM/keep\"
			kill -$sig \$PPID; exec cat \"\$T/never\""
		# A caller that ignores a signal would have it ignored here.
		run --separate-stderr timeout 60 env --default-signal="$sig" \
			"$P" edit --reveal site1
		[ "$status" -eq $((128 + $(kill -l $sig))) ]
		# shellcheck disable=SC2154
		[[ $stderr == *"site1 is as it was"* ]]
		zeros "$RAM/keep"
		rm "$RAM/keep"
		clean
	done
	run -0 pawl get --field user site1
	[ "$output" = SITE1 ]
}

@test "an editor that will not end is ended" {
	site1
	mkfifo "$T/never"
	editor 'trap "" TERM; kill -TERM $PPID; echo $$ >"$T/pid"
		exec 9<>"$T/never"; read -r -t 20 x <&9; touch "$T/ended"'
	run -143 "$P" edit site1
	run ! kill -0 "$(cat "$T/pid")"
	[ ! -e "$T/ended" ]
	clean
}

@test "an interrupt is the editor's own business" {
	site1
	editor 'kill -INT $PPID; kill -QUIT $PPID; sed -i s/SITE1/SITE2/ "$1"'
	run -0 "$P" edit site1
	run -0 pawl get --field user site1
	[ "$output" = SITE2 ]
}

@test "nothing is locked while the editor runs; a change meanwhile is told" {
	site1
	editor 'sed -i s/SITE1/SITE2/ "$1"
		"$P" set site1 port=22; echo PASS2 | "$P" set site1
		echo OTHER | "$P" set other' \
	    'sed -i "/^# >>>/d" "$1"'
	run -0 pawl edit --reveal site1
	grep -q '^# >>> site1: somebody changed it meanwhile' "$T/2"
	grep -q '^user: SITE2' "$T/2"
	run -0 pawl get --field user site1
	[ "$output" = SITE2 ]
	# The secret was shown and not changed here: the new one stays.
	run -0 pawl get site1
	[ "$output" = PASS2 ]
	clean
}

@test "a change meanwhile and no answer to it: exit 75, nothing written" {
	site1
	editor 'sed -i s/SITE1/SITE2/ "$1"; "$P" set site1 port=22' true
	run --separate-stderr -75 pawl edit site1
	run -0 pawl get --field user site1
	[ "$output" = SITE1 ]
	editor 'sed -i s/SITE1/SITE2/ "$1"; "$P" remove -y site1' true
	run --separate-stderr -75 pawl edit site1
	fails 1 pawl get site1
	clean
}

@test "a rotation that began meanwhile is not written over" {
	site1
	cp "$BATS_FILE_TMPDIR/rotating" "$T/rotating"
	export VAULT KEY
	editor 'sed -i s/SITE1/SITE2/ "$1"
		echo NEW | "$T/rotating" "$VAULT" "$KEY" site1 sent' true
	run --separate-stderr -3 pawl edit site1
	grep -q '^# >>> site1: its rotation is unfinished' "$T/2"
	run -0 pawl get --field user site1
	[ "$output" = SITE1 ]
	clean
}

@test "no memory-backed place: edit refuses, and has not run the editor" {
	site1
	[ "$(stat -f -c %T "$T")" != tmpfs ] || skip "TMPDIR is a tmpfs"
	unshare -rm true || skip "no mount namespace"
	editor true
	mkdir "$T/disk"
	# A directory that is on a disk is not used, though it is named.
	XDG_RUNTIME_DIR=$T/disk pawl edit site1
	[ "$(turns)" = 1 ]
	editor true
	fails 77 env XDG_RUNTIME_DIR="$T/disk" unshare -rm sh -c \
	    'mount --bind "$T/disk" /dev/shm && exec "$P" edit site1'
	[[ $stderr == *"no private place in memory"* ]]
	run ! test -e "$T/turn"
	[ -z "$(ls -A "$T/disk")" ]
}

@test "a secret of several lines is not edited in sight" {
	site1
	pawl set site1 service=key
	printf 'a\r\n' | pawl set -s site1
	editor true 'sed -i s/SITE1/SITE2/ "$1"'
	fails 64 pawl edit --reveal site1
	run ! test -e "$T/turn"
	pawl edit site1
	clean
}

@test "no secret in the arguments, the environment or the audit of edit" {
	echo "audit-file = $T/audit" >"$PAWL_CONFIG"
	site1
	editor 'tr "\0" "\n" <"/proc/$PPID/cmdline" >"$T/seen"; env >>"$T/seen"
		sed -i s/PASS1/PASS2/ "$1"'
	run -0 pawl edit --reveal site1
	run ! grep -q 'PASS[12]' "$T/seen" "$T/audit"
	grep -q 'event=edit entry=site1 .* status=0$' "$T/audit"
}

@test "set --match: the attributes of many in one commit, or of none" {
	site1
	echo PASS2 | pawl set site2 user=SITE2
	echo PASS3 | pawl set other user=OTHER x-owner=me
	run --separate-stderr pawl set --match 'site*' x-owner=batch rotate.every=30d
	[ "$status" -eq 0 ]
	[ "$output" = "entries stored: 2 (generation 5)" ]
	[ "$(pawl get --field x-owner site1)" = batch ]
	[ "$(pawl get --field rotate.every site2)" = 30d ]
	[ "$(pawl get --field x-owner other)" = me ]
	[ "$(pawl get site2)" = PASS2 ]
	# One that cannot have it keeps all as they are.
	echo 'PASS/4' | pawl set site4 user=SITE4
	run --separate-stderr pawl set --match 'site*' rotate.method=zos-pass
	[ "$status" -eq 64 ]
	[[ $stderr == "pawl-vault: site4: "* ]]
	[ -z "$(pawl get --field rotate.method site1 2>/dev/null)" ]
	run --separate-stderr pawl set --match 'nobody*' x-owner=a
	[ "$status" -eq 1 ]
	[[ $stderr == *"no entry matches nobody*" ]]
	run --separate-stderr pawl set --match 'site*'
	[ "$status" -eq 64 ]
	run --separate-stderr pawl set -s --match 'site*' x-owner=a
	[ "$status" -eq 64 ]
	[[ $stderr == *"--match sets attributes"* ]]
}
