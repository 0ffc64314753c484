#!/usr/bin/env bats
# What z/OS asks for: answers in IBM-1047, and samples that are JCL.  The
# switch is that of pawl.conf, on Linux as there; iconv(1) reads the answers.

bats_require_minimum_version 1.5.0

setup() {
	T=$(mktemp -d)
	chmod 700 "$T"
	export HOME=$T XDG_DATA_HOME=$T/data XDG_CONFIG_HOME=$T/config \
	    XDG_STATE_HOME=$T/state PAWL_CONFIG=$T/pawl.conf
	export PATH=$B:$PATH
	unset PAWL_VAULT PAWL_KEY_FILE CREDENTIALS_DIRECTORY PAWL_ENTRY \
	    PASSWD_DSN SSH_ASKPASS_PROMPT
	pawl-vault init >/dev/null
	prompt="site1@h's password: "
	cp /bin/bash "$T/ssh"
	coz=askpass/coz
}

teardown() {
	rm -rf "$T"
}

ibm1047() {
	echo "answer-encoding = ibm1047" >"$PAWL_CONFIG"
}

# stored SECRET [ATTR=VALUE...]: as site1; \x escapes are bytes.
stored() {
	local secret=$1

	shift
	printf '%b\n' "$secret" |
	    pawl-vault set --secret site1 user=site1 host=h "$@"
}

to() {
	iconv -f ISO8859-1 -t IBM1047
}

# z/OS UNIX ends its lines in NEL.
from() {
	iconv -f IBM1047 -t ISO8859-1 | tr '\205' '\n'
}

# ask PROMPT: an ssh's askpass, as it comes.
ask() {
	PAWL_ENTRY=site1 "$T/ssh" -c 'pawl-askpass "$1"; exit $?' ssh "$1"
}

@test "coz: the answer is IBM-1047, and so may the prompt be" {
	stored 'g*5<#D!Qyh^*kn/7r[]|\\~' >/dev/null
	[ "$(ask "$prompt")" = 'g*5<#D!Qyh^*kn/7r[]|\~' ]
	ibm1047
	ask "$prompt" >"$T/answer"
	[ "$(from <"$T/answer")" = 'g*5<#D!Qyh^*kn/7r[]|\~' ]
	# A newline of z/OS, and nothing of ASCII.
	[ "$(tail -c 1 "$T/answer" | od -An -tx1)" = " 15" ]
	[ "$(ask "$(printf %s "$prompt" | to)" | from)" = \
	    'g*5<#D!Qyh^*kn/7r[]|\~' ]
}

@test "coz: every byte that a password may have gets there" {
	local i bytes=""

	for ((i = 1; i < 256; i++)); do
		case $i in
		10 | 13 | 133) ;;
		*) bytes+=$(printf '\\x%02x' "$i") ;;
		esac
	done
	stored "$bytes" >/dev/null
	ibm1047
	ask "$prompt" | head -c -1 >"$T/answer"
	# The table alone: there is no end of a line in it.
	iconv -f IBM1047 -t ISO8859-1 "$T/answer" >"$T/back"
	printf '%b' "$bytes" >"$T/bytes"
	cmp "$T/back" "$T/bytes"
	[ "$(stat -c %s "$T/answer")" -eq 252 ]
}

@test "coz: refusals are in IBM-1047 as well" {
	stored PASS1 >/dev/null
	ibm1047
	run ask "$(printf %s "root@h's password: " | to)"
	[ "$status" -eq 143 ]
	run from < <(ask "$(printf %s "root@h's password: " | to)" 2>&1)
	echo "$output"
	[[ $output == 'pawl-askpass: ssh stopped, nothing sent: the prompt is for the user "root"'* ]]
	run from < <(ask "$(printf %s "Are you sure?" | to)" 2>&1)
	[[ $output == "pawl-askpass: ssh stopped, nothing sent: "* ]]
	run from < <(PAWL_ENTRY=site1 pawl-askpass --check)
	[[ $output == *"ok: answer-encoding: ibm1047"* ]]
}

@test "coz: without the switch a prompt of IBM-1047 is nothing known" {
	stored PASS1 >/dev/null
	run --separate-stderr ask "$(printf %s "$prompt" | to)"
	[ "$status" -eq 143 ]
	[ -z "$output" ]
}

@test "coz: a secret that would not come back is not stored" {
	ibm1047
	run stored 'Kr\xc3\x85'
	echo "$output"
	[ "$status" -eq 64 ]
	[[ $output == *"site1: the secret has a byte that IBM-1047 takes for the end of the line"* ]]
	run pawl-vault list
	[[ $output != *site1* ]]
	stored 'Kr\xc3\x84' >/dev/null
	# A passphrase or PIN may be answered too; notes and files never are.
	run stored 'Kr\xc3\x85' service=key path=/k
	[ "$status" -eq 64 ]
	stored 'Kr\xc3\x85' service=notes >/dev/null
	printf 'Kr\305\205\n' >"$T/password"
	chmod 600 "$T/password"
	run pawl-vault import sshpass "$T/password" --name site2 user=u host=h
	[ "$status" -eq 64 ]
	[[ $output == *"IBM-1047"* ]]
	rm "$PAWL_CONFIG"
	pawl-vault import sshpass "$T/password" --name site2 user=u host=h
}

@test "coz: what is generated always comes back" {
	ibm1047
	for policy in racf racf-mixed racf-special racf-phrase; do
		pawl-vault generate "g/$policy" --policy "$policy" >/dev/null
	done
	pawl-vault generate g/own --length 1000 --alphabet '!-~' >/dev/null
	run pawl-vault generate g/no --alphabet $'ab\305\205'
	[ "$status" -eq 64 ]
}

@test "coz: one that was stored before is refused when it is asked for" {
	stored 'Kr\xc3\x85' >/dev/null
	ibm1047
	run from < <(ask "$prompt" 2>&1)
	echo "$output"
	[[ $output == *"ssh stopped, nothing sent: the secret has a byte that IBM-1047 takes for the end"* ]]
	[[ $output != *Kr* ]]
	run from < <(PAWL_ENTRY=site1 pawl-askpass --check site1@h)
	[[ $output == *"fail: answer: to site1@h: the secret has a byte that IBM-1047"* ]]
}

@test "coz: built for z/OS, that is the default" {
	env -u MAKEFLAGS make --no-print-directory B="$T/build" \
	    ENCODING=IBM1047 "$T/build/pawl-askpass" >"$T/log" 2>&1
	stored PASS1 >/dev/null
	[ "$(PATH=$T/build:$PATH ask "$prompt" | from)" = PASS1 ]
	echo "answer-encoding = ascii" >"$PAWL_CONFIG"
	[ "$(PATH=$T/build:$PATH ask "$prompt")" = PASS1 ]
}

# jcl FILE: its first mistake, if it has one.
jcl() {
	awk -v job="$(basename "$1" .jcl)" '
	function bad(why) { print FILENAME ":" NR ": " why; failed = 1; exit 1 }
	length($0) > 71 { bad("beyond column 71") }
	/[^ -~]/ { bad("not printable: a tab?") }
	/ $/ { bad("blank at the end") }
	# In-stream data ends at the next statement.
	data && !/^\/\// { next }
	data { data = 0 }
	!/^\/\// { bad("neither statement nor data") }
	/^\/\/\*/ { next }
	ended { bad("after the null statement") }
	$0 == "//" { ended = 1; if (more) bad("unfinished"); next }
	more {
		if (!match($0, /^\/\/ +/) || RLENGTH < 3 || RLENGTH > 15)
			bad("continued in columns 4 to 16")
		more = /,$/
		next
	}
	!/^\/\/([A-Z#@$][A-Z0-9#@$]?[A-Z0-9#@$]*(\.[A-Z0-9#@$]+)?)? +(JOB|EXEC|DD) +[^ ]/ {
		bad("no statement")
	}
	{
		n = split(substr($1, 3), part, ".")
		for (i = 1; i <= n; i++)
			if (length(part[i]) > 8)
				bad("a name of more than 8 characters")
		jobs += / JOB /
		if (jobs == 1 && !named++ && substr($1, 3) != job)
			bad("the job is not called as its member")
		if (!jobs)
			bad("does not begin with a job")
		data = / DD +\*$/
		more = /,$/
	}
	END {
		if (!failed && (!ended || jobs != 1)) {
			print FILENAME ": no job, or no end"
			exit 1
		}
	}' "$1"
}

@test "coz: the samples are JCL" {
	for file in "$coz"/*.jcl; do
		jcl "$file"
	done
	# And the check finds what is none.
	for edit in '3s/$/ 3456789 123456789 123456789 123456789 123456789 123456789 123456789/' \
	    '1s/JOB/JOB\t/' '1s/^/ /' '$d' '2s/^/x/' '1s/PAWLSFTP/OTHER/' \
	    's/^\/\/SFTP /\/\/SFTPSTEP1 /' 's/^\/\/SFTP .*/\/\/SFTP RUN X/' \
	    '2s/\/\/ */\/\/                  /' '1s/,$//'; do
		sed "$edit" "$coz/PAWLSFTP.jcl" >"$T/PAWLSFTP.jcl"
		run jcl "$T/PAWLSFTP.jcl"
		echo "$edit: $output"
		[ "$status" -ne 0 ]
	done
}

@test "coz: the members fit records of 80, and say what they must" {
	local file

	for file in "$coz"/*.txt; do
		run awk 'length($0) > 71 || /[^ -~]/ || / $/' "$file"
		[ -z "$output" ] || { echo "$file: $output"; return 1; }
	done
	for file in "$coz"/STDENV.txt "$coz"/STDENVD.txt; do
		run grep -v -E '^[A-Z_]+=[^ ]+$' "$file"
		[ -z "$output" ]
		grep -q '^DISPLAY=.' "$file"
		grep -q '^SSH_ASKPASS=/.*/pawl-askpass$' "$file"
	done
	# Each member that a job names is one of the samples.
	for file in $(grep -ho 'PAWL.CNTL([A-Z]*)' "$coz"/*.jcl |
	    sed 's/.*(//; s/)//' | sort -u); do
		[ -f "$coz/$file.txt" ] || { echo "$file"; return 1; }
	done
}
