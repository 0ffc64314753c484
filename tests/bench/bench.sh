#!/bin/bash
# bench.sh [--short]: what pawl does against what would be run otherwise, by
# turns and in one run.  make bench builds what it needs, in $B/bench, and
# calls it; B is the build directory.
#
# Ratios are what counts: times depend on the machine, and on what else it
# does.  A figure beyond its limit is a MISS and ends nothing; what cannot be
# measured does, with status 1.  --short is a smoke run of few rounds, on small
# vaults.
#
# Prints the three tables of README.md, "Figures", as they stand there, and then
# the medians that the ratios are made of.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd -P)
: "${B:=$here/../../build}"
B=$(cd "$B" && pwd -P)
servers=$here/../servers
# shellcheck source=tests/bench/scale.sh
. "$here/scale.sh"
# shellcheck source=tests/bench/fleet.sh
. "$here/fleet.sh"
# shellcheck source=tests/bench/peers.sh
. "$here/peers.sh"
patience=600
home='' disk='' child=''

fail()
{
	printf 'bench: %s\n' "$1" >&2
	exit 1
}

cleanup()
{
	[ -z "$child" ] || kill "$child" 2>/dev/null || :
	[ -z "${FTPS_PID-}" ] || kill "$FTPS_PID" 2>/dev/null || :
	[ -z "${FLEET_PID-}" ] || kill "$FLEET_PID" 2>/dev/null || :
	[ ! -d "$home/gnupg" ] ||
		gpgconf --homedir "$home/gnupg" --kill all 2>/dev/null || :
	rm -rf "$home" "$disk"
}

have()
{
	command -v "$1" >/dev/null
}

# patiently COMMAND...: nothing here takes as long as that.  Waited for, so that
# whoever interrupts does not wait as well.
patiently()
{
	local command="$*"

	timeout "$patience" "$@" </dev/null &
	child=$!
	wait "$child" || fail "failed: ${command:0:100}"
	child=''
}

# measure COMMAND...: ahead of whatever else the machine does, if we may.
measure()
{
	patiently "${ahead[@]}" "$@" >>"$home/figures"
}

# vault PATH COUNT: makes one with so many entries, with the one key.
vault()
{
	PAWL_VAULT=$1 patiently "$B/pawl-vault" init >/dev/null
	PAWL_VAULT=$1 patiently "$B/bench/fill" "$2"
}

kind_of_disk()
{
	df --output=fstype "$1" | tail -n 1
}

# with_commas NUMBER
with_commas()
{
	sed -E ':a; s/^([0-9]+)([0-9]{3})/\1,\2/; ta' <<<"$1"
}

# --- Figures ----------------------------------------------------------------
# A line is a name, nanoseconds, and KiB where that is known.

# sorted NAME FIELD
sorted()
{
	awk -v name="$1" -v field="$2" '$1 == name { print $field }' \
		"$home/figures" | sort -n
}

median()
{
	sorted "$1" 2 | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# row TABLE WHAT FIGURE UNIT [LIMIT]: a line of README.md's tables.
row()
{
	[[ $3 =~ ^[0-9]+(\.[0-9]+)?(e-[0-9]+)?$ ]] || fail "no figure: $2"
	awk -v what="$2" -v figure="$3" -v unit="$4" -v limit="${5-}" 'BEGIN {
		form = unit == "calls" ? "%d" : unit == "MiB" ? "%.1f" : "%.2f"
		size = unit == "MiB" || unit == "s" || unit == "ms" ? " " unit : ""
		shown = sprintf(form, figure) (unit == "x" ? " x" : size)
		if (limit != "" && figure + 0 > limit + 0)
			shown = shown ", MISS"
		if (limit != "")
			limit = " " limit size
		printf "| %s | %s |%s |\n", what, shown, limit
	}' >>"$home/$1"
}

# ratio TABLE WHAT NAME OTHER [LIMIT]: of the two medians.
ratio()
{
	row "$1" "$2" "$(awk -v a="$(median "$3")" -v b="$(median "$4")" \
		'BEGIN { print a / b }')" x "${5-}"
}

# seconds TABLE WHAT NAME LIMIT: the median.
seconds()
{
	row "$1" "$2" "$(awk -v a="$(median "$3")" \
		'BEGIN { printf "%.3f", a / 1000000000 }')" s "$4"
}

# memory TABLE WHAT NAME [LIMIT]: the most that one run was resident with.
memory()
{
	row "$1" "$2" "$(sorted "$3" 3 | awk '{ most = $1 } END {
		print most / 1024 }')" MiB "${4-}"
}

# raw NAME WHAT: what the ratios are made of, in milliseconds.
raw()
{
	sorted "$1" 2 | awk -v what="$2" '{ v[NR] = $1 / 1000000 } END {
		printf "%-58s | %9.3f | %9.3f | %5d\n", what,
		    v[int((NR + 1) / 2)], v[1], NR }' >>"$home/medians"
}

# --- One answer -------------------------------------------------------------

# What ssh runs as its askpass where there is nothing better.
make_script()
{
	printf '%s\n' "$secret" >"$home/secret"
	cat >"$home/script" <<-'END'
		#!/bin/sh
		cat "$FILE"
	END
	chmod 600 "$home/secret"
	chmod 700 "$home/script"
}

# askpass VAULT: the command as spawn takes it, in the array of that name.
askpass()
{
	askpass=("PAWL_VAULT=$1" "PAWL_ENTRY=$entry" "$B/pawl-askpass" "$prompt")
}

# count_calls VAULT: how many system calls it makes; execve is of who starts it,
# exit_group its own.  One before has seen the vault as it is.
count_calls()
{
	local run
	for run in first counted; do
		patiently strace -o "$home/$run" -E PAWL_VAULT="$1" \
			-E PAWL_ENTRY="$entry" "$B/pawl-askpass" "$prompt" \
			>/dev/null
	done
	calls=$(grep '^[a-z0-9_]*(' "$home/counted" | grep -vc '^execve(')
}

# A stack as a site might have, beside a pawl.conf that is not there.
make_stack()
{
	mkdir -p "$home/stack"
	cat >"$home/stack/askpass.conf" <<-'END'
		# As compiled in, and a gate.
		ssh optional caller /usr/ test
		ssh required once
		ssh sufficient vault
		other requisite deny
	END
}

answers()
{
	local one_is="1 entry" one many calls one_calls many_calls
	vault "$data/one" 1
	vault "$data/many" "$entries"
	count_calls "$data/one"
	one_calls=$calls
	count_calls "$data/many"
	many_calls=$calls
	make_script
	make_stack
	askpass "$data/one"
	one=("${askpass[@]}")
	askpass "$data/many"
	many=("${askpass[@]}")
	measure "$B/bench/spawn" "$spawns" null OLDPASS1 "$B/bench/null" -- \
		script "$secret" "FILE=$home/secret" "$home/script" -- \
		one "$secret" "${one[@]}" -- many "$secret" "${many[@]}" -- \
		stack "$secret" "PAWL_CONFIG=$home/stack/none" "${one[@]}" -- \
		bare "$secret" "${one[@]:0:2}" "$B/posix/pawl-askpass" "$prompt"
	# shellcheck disable=SC2016 # backquotes as in Markdown
	local it='`pawl-askpass`' script='the `sh` script with `cat`'
	ratio job "$it, $one_is / a program that does nothing, linked alike" \
		one null 1.25
	ratio job "$it, $many_is / the same" many null 1.25
	ratio job "$it, $one_is / $script that it replaces" one script 0.60
	ratio job "$it, $many_is / the same" many script 0.60
	ratio job "$it, a stack from a file / a program that does nothing" \
		stack null 1.30
	row job "what its sandbox adds" "$(awk -v a="$(median one)" \
		-v b="$(median bare)" 'BEGIN {
			print a < b ? 0 : (a - b) / 1000000 }')" ms 0.30
	row job "its system calls, $one_is" "$one_calls" calls 35
	row job "its system calls, $many_is" "$many_calls" calls 35
	memory job "its resident memory, $one_is" one 4
	memory job "its resident memory, $many_is" many 4
	raw null "a program that does nothing but print 9 bytes"
	raw script "sh script with cat \"\$FILE\""
	raw one "pawl-askpass, $one_is"
	raw many "pawl-askpass, $many_is"
	raw stack "pawl-askpass, $one_is, a stack from a file"
	raw bare "pawl-askpass, $one_is, built without the sandbox"
}

# --- One commit -------------------------------------------------------------

commits()
{
	vault "$disk/vault" "$some"
	PAWL_VAULT=$disk/vault measure "$B/bench/commit" "$spells" "$entry"
	ratio job "commit of one entry among $(with_commas "$some") / writing, \
syncing and renaming as many bytes" commit replace 1.50
	raw replace "write, sync, rename: $(du -m "$disk/vault" |
		cut -f 1) MiB"
	raw commit "commit of one entry, $some_is"
}

# --- One rotation -----------------------------------------------------------

serve()
{
	patiently "$servers/ca.sh" "$disk/ca"
	printf '{"accounts": {"SITE1": {"password": "OLDPASS1"},
	    "SITE2": {"password": "OLDPASS2"}}}\n' >"$disk/scenario"
	printf 'OLDPASS2\n' >"$disk/password"
	coproc FTPS {
		exec "${ahead[@]}" "$servers/ftps.py" --stdin-lives \
			--cert "$disk/ca/good.pem" --key "$disk/ca/good.key" \
			--control "$disk/scenario"
	}
	read -r -t 30 _ port <&"${FTPS[0]}" || fail "the server did not start"
}

rotations()
{
	export PAWL_VAULT=$disk/rotated
	serve
	patiently "$B/pawl-vault" init >/dev/null
	printf 'OLDPASS1\n' | timeout 60 "$B/pawl-vault" set site1 user=site1 \
		host=localhost rotate.method=zos-pass rotate.port="$port" \
		rotate.ca-file="$disk/ca/ca.pem" >/dev/null
	measure "$B/bench/spawn" "$spells" \
		rotation - "$B/pawl-rotate" --quiet --force site1 -- \
		logins - "$B/bench/logins" "$port" "$disk/ca/ca.pem" SITE2 \
		"$disk/password"
	ratio job "rotation (three logins, four commits) / two logins with \
libcurl" rotation logins 1.50
	raw logins "two logins with libcurl, in one process"
	raw rotation "rotation"
	unset PAWL_VAULT
}

# --- All of it --------------------------------------------------------------

entries=1000000 some=100000 spawns=400 spells=15 slow=20 few=5
fleet=1000 most=10000 jobs=64
case ${1-} in
'') ;;
--short) entries=20000 some=5000 spawns=40 spells=3 slow=3 few=1
	fleet=30 most=60 jobs=8 ;;
*)
	echo "usage: bench.sh [--short]" >&2
	exit 64
	;;
esac
[ -x "$B/posix/pawl-askpass" ] || fail "not built: run make bench"
[ -x "$B/posix/pawl-askpass" ] || fail "not built: run make bench"
for program in null fill spawn commit logins unseal ftpsd flood weigh; do
	[ -x "$B/bench/$program" ] || fail "not built: run make bench"
done
ahead=()
if chrt -r 1 true 2>/dev/null; then
	ahead=(chrt -r 1)
fi
have strace || fail "needs strace: run make setup-bench"

trap cleanup EXIT
trap 'exit 1' HUP INT TERM
umask 022
# As deep as a user's home is: every directory above a file is looked at.
home=$(mktemp -d "${TMPDIR:-/tmp}/pawl-bench.XXXXXX")
disk=$(mktemp -d "$B/bench.XXXXXX")
many_is="$(with_commas "$entries") entries"
some_is="$(with_commas "$some") entries"
case $(kind_of_disk "$disk") in
tmpfs | ramfs) fail "$B is in memory, where syncing costs nothing" ;;
esac

unset PAWL_VAULT PAWL_KEY_FILE PAWL_ENTRY PASSWD_DSN CREDENTIALS_DIRECTORY \
	SSH_ASKPASS SSH_ASKPASS_REQUIRE SSH_ASKPASS_PROMPT XDG_RUNTIME_DIR
# As deep as root's own places: five directories to look at, in /etc/pawl and
# /var/lib/pawl.
export HOME=$home XDG_CONFIG_HOME=$home/etc XDG_DATA_HOME=$home \
	XDG_STATE_HOME=$home PAWL_CONFIG=$home/none
data=$XDG_DATA_HOME/pawl
entry=prod/site000001 secret=SECRET000001
prompt="user000001@host01.example.com's password: "

answers
export XDG_STATE_HOME=$disk/state
commits
rotations
fleet
scale
peers

for table in job fleet vault; do
	printf '| what | figure | limit |\n|---|---|---|\n'
	cat "$home/$table"
	echo
done
printf '%-58s | %9s | %9s | %5s\n' "milliseconds" median least runs
cat "$home/medians"
printf '\n%s processors, %s; answers on %s, the rest on %s; ' "$(nproc)" \
	"$([ ${#ahead[@]} -eq 0 ] && echo "beside other work" ||
		echo "ahead of other work")" \
	"$(kind_of_disk "$home")" "$(kind_of_disk "$disk")"
if [ -S /dev/log ]; then
	echo "a logger gets a line for each answer"
else
	echo "no logger"
fi
