#!/bin/bash
# run.sh [PART...]: runs the tests and ends with "N passed, N failed".  make
# test builds what they need and calls it; B is the build directory.  With
# PARTs (see "parts" below) only these.
#
# Every part speaks TAP; all that it said is in B/log/PART.
set -uo pipefail

# A shell cannot take back what its caller ignores, as nohup(1) does.
if [ "${PAWL_T_SIGNALS-}" != default ]; then
	PAWL_T_SIGNALS=default exec env --default-signal=HUP,INT,QUIT,TERM \
		"$0" "$@"
fi

cd "$(dirname "$0")/.." || exit 1
: "${B:=$PWD/build}"
export B PAWL_SRC=$PWD PAWL_T_PAM=$B/tests/pam_pawl.so \
	PAWL_ROTATE_NET=$B/pawl-rotate-net
log=$B/log
rm -rf "$log"
mkdir -p "$log"

# Nothing of the caller's own is to be seen or touched.
unset PAWL_VAULT PAWL_KEY_FILE PAWL_ENTRY PASSWD_DSN CREDENTIALS_DIRECTORY \
	SSH_ASKPASS SSH_ASKPASS_REQUIRE SSH_ASKPASS_PROMPT XDG_RUNTIME_DIR
HOME=$(mktemp -d "${TMPDIR:-/tmp}/pawl-test.XXXXXX") || exit 1
trap 'rm -rf "$HOME"' EXIT
export HOME XDG_CONFIG_HOME=$HOME/config XDG_DATA_HOME=$HOME/data \
	XDG_STATE_HOME=$HOME/state PAWL_CONFIG=$HOME/pawl.conf

# --- The parts --------------------------------------------------------------

# Check writes its TAP to a file of its own.
part_unit()
{
	local status

	CK_TAP_LOG_FILE_NAME=$log/unit.tap "$B/asan/tests/unit/unit" >&2
	status=$?
	cat "$log/unit.tap"
	return $status
}

part_vault()
{
	bats --formatter tap tests/cli/vault.bats
}

part_runner()
{
	bats --formatter tap tests/cli/runner.bats
}

part_install()
{
	bats --formatter tap tests/cli/install.bats
}

part_everyday()
{
	bats --formatter tap tests/cli/everyday.bats
}

part_keys()
{
	bats --formatter tap tests/cli/keys.bats
}

part_porter()
{
	bats --formatter tap tests/cli/porter.bats
}

part_credential()
{
	bats --formatter tap tests/cli/credential.bats
}

part_stores()
{
	bats --formatter tap tests/cli/stores.bats
}

part_stack()
{
	bats --formatter tap tests/cli/stack.bats
}

part_coz()
{
	bats --formatter tap tests/cli/coz.bats
}

part_rotate()
{
	bats --formatter tap tests/cli/rotate.bats
}

part_session()
{
	bats --formatter tap tests/cli/session.bats
}

part_fleet()
{
	bats --formatter tap tests/cli/fleet.bats
}

part_schedule()
{
	bats --formatter tap tests/cli/schedule.bats
}

part_methods()
{
	bats --formatter tap tests/cli/methods.bats
}

part_memory()
{
	bats --formatter tap tests/cli/memory.bats
}

part_secrets()
{
	bats --formatter tap tests/cli/secrets.bats
}

part_askpass()
{
	as_root "ssh logs in beside a real sshd" tests/servers/world.sh \
		"$HOME/world" bats --formatter tap tests/world
}

part_rogue()
{
	tests/servers/rogue.py
}

part_servers()
{
	as_root "the servers behave" bats --formatter tap tests/servers
}

part_crash()
{
	tests/crash/kill.py commit &&
		tests/crash/kill.py rotate "${KILL_STEP:-7}" &&
		tests/crash/cuts.py "${CUTS_STEP:-625}" &&
		tests/crash/hands.py "${HANDS:-400}"
}

# A part of "make faults", which is whole.
part_faults()
{
	local status=0

	tests/crash/faults.py free || status=1
	tests/crash/faults.py alloc "${ALLOC_STEP:-15}" || status=1
	tests/crash/faults.py io "${IO_STEP:-25}" || status=1
	tests/crash/faults.py power "${POWER_STEP:-3}" || status=1
	return $status
}

part_model()
{
	tests/model/run.sh
}

part_vectors()
{
	tests/vectors/check.py
}

# A few rounds, to see that all of it can still be measured: a figure beyond
# its limit fails nothing here.
part_bench()
{
	local name="bench.sh measures all of its figures"

	echo "1..1"
	case $(df --output=fstype "$B" | tail -n 1) in
	tmpfs | ramfs)
		echo "ok 1 - $name # SKIP $B is in memory"
		return 0
		;;
	esac
	if tests/bench/bench.sh --short >"$log/figures"; then
		echo "ok 1 - $name"
	else
		echo "not ok 1 - $name"
	fi
}

part_fuzz()
{
	FUZZ_TIME=${FUZZ_TIME:-1} tests/fuzz/run.sh
}

# as_root NAME COMMAND...: what needs a mount namespace.
as_root()
{
	if [ "$(id -u)" -ne 0 ]; then
		echo "1..1"
		echo "ok 1 - $1 # SKIP needs root for a mount namespace"
		return 0
	fi
	shift
	"$@"
}

# --- Running and counting ---------------------------------------------------

run()
{
	"part_$1" >"$log/$1" 2>"$log/$1.err" </dev/null
	echo $? >"$log/$1.status"
}

count()
{
	grep -c "$1" "$2" || :
}

# tell PART: what it said, counted.
tell()
{
	local file=$log/$1 status ok not skip

	status=$(cat "$log/$1.status")
	skip=$(count '^ok .*# [Ss][Kk][Ii][Pp]' "$file")
	ok=$(($(count '^ok ' "$file") - skip))
	not=$(count '^not ok ' "$file")
	if [ "$status" -ne 0 ] && [ "$not" -eq 0 ]; then
		not=1
		echo "    $1 ended with status $status; see $file.err"
	elif [ $((ok + not + skip)) -eq 0 ]; then
		not=1
		echo "    $1 ran no test; see $file.err"
	fi
	printf '%-10s %5d passed, %d failed, %d skipped\n' "$1" "$ok" "$not" \
		"$skip"
	grep -e '^not ok ' -e '^ok .*# [Ss][Kk][Ii][Pp]' "$file" |
		sed 's/^/    /'
	sed -n 's/^# count: /    /p' "$file"
	passed=$((passed + ok))
	failed=$((failed + not))
	skipped=$((skipped + skip))
}

# callers: a line for each program that the part about askpass was tested with,
# from the names of its tests: "caller PROGRAM: what it does".
callers()
{
	[ -f "$log/askpass" ] || return 0
	awk '
	match($0, /^(not )?ok [0-9]+ (- )?caller [^:]*:/) {
		name = substr($0, RSTART, RLENGTH - 1)
		sub(/^.*caller /, "", name)
		if (!(name in seen))
			order[++n] = name
		seen[name]++
		bad[name] += /^not /
		skipped[name] += /^ok .*# [Ss][Kk][Ii][Pp]/
	}
	END {
		if (n > 0)
			print "callers"
		for (i = 1; i <= n; i++) {
			name = order[i]
			good = seen[name] - bad[name] - skipped[name]
			printf "    %-14s %s  %d of %d\n", name,
			    bad[name] ? "FAIL" : good ? "pass" : "skip",
			    good, seen[name]
		}
	}' "$log/askpass"
}

parts=("$@")
[ $# -gt 0 ] || parts=(unit vault porter stores credential keys everyday runner
	install stack coz session rotate methods fleet schedule memory secrets model vectors askpass
	rogue servers crash faults bench fuzz)
passed=0 failed=0 skipped=0

# Two cores: the unit tests, which take longest, and some more beside the others.
beside=(unit vectors model)

is_beside()
{
	[[ " ${beside[*]} " == *" $1 "* ]]
}

for part in "${parts[@]}"; do
	! is_beside "$part" || run "$part"
done &
for part in "${parts[@]}"; do
	! is_beside "$part" || continue
	run "$part"
	tell "$part"
done
wait
for part in "${parts[@]}"; do
	! is_beside "$part" || tell "$part"
done
callers

echo
if [ "$skipped" -gt 0 ]; then
	echo "$passed passed, $failed failed, $skipped skipped"
else
	echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ]
