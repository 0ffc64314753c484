# shellcheck shell=bash disable=SC2016,SC2154
# fleet.sh: many rotations at once, beside a program that logs in as often as
# the changes and their proofs need and keeps nothing; read by bench.sh, whose
# variables and functions it uses.  Backquotes are as in Markdown.

# The server of both, which takes 30 ms to answer PASS.
serve_fleet()
{
	# bash has one coprocess at a time.
	kill "$FTPS_PID"
	wait "$FTPS_PID" || :
	FTPS_PID=
	coproc FLEET {
		exec "${ahead[@]}" "$B/bench/ftpsd" "$disk/ca/good.pem" \
			"$disk/ca/good.key" 30
	}
	read -r -t 30 _ port <&"${FLEET[0]}" || fail "the server did not start"
}

# new_fleet COUNT: a vault with so many entries; each has an account.
new_fleet()
{
	awk -v count="$1" 'BEGIN {
		for (i = 0; i < count; i++)
			printf "{\"name\": \"fleet/%06d\", \"user\": \"R%d-%06d\", " \
			    "\"host\": \"localhost\", \"secret\": \"OLDPASS1\"}\n", \
			    i, count, i
	}' >"$disk/entries"
	patiently "$B/pawl-vault" -f "$disk/fleet$1" init >/dev/null 2>&1
	patiently "$B/pawl-vault" -f "$disk/fleet$1" import jsonl \
		"$disk/entries" rotate.method=zos-pass rotate.port="$port" \
		rotate.ca-file="$disk/ca/ca.pem" rotate.drain=0s \
		>/dev/null 2>&1
}

# rotate_fleet COUNT SAMPLES NAME
rotate_fleet()
{
	measure "$B/bench/weigh" "$3" "$2" "$B/pawl-rotate" -f \
		"$disk/fleet$1" --quiet --force --all --jobs "$jobs"
}

# flood TRUST NAME COUNT
flood()
{
	measure "$B/bench/weigh" "$2" no "$B/bench/flood" "$port" \
		"$disk/ca/ca.pem" "$3" "$jobs" "$1"
}

# each WHAT COUNT [LIMIT] [NAME]: the processor's time for each account beside
# what it is among so many as the rest is measured with.
each()
{
	local of=${4-fleet}

	row fleet "$1" "$(awk -v a="$(median "$of$2_cpu")" -v n="$2" \
		-v b="$(median "${of}_cpu")" -v m="$fleet" \
		'BEGIN { print a / n / (b / m) }')" x "${3-}"
}

fleet()
{
	local i of

	of="$(with_commas "$fleet") accounts, \`--jobs $jobs\`"
	export PAWL_CONFIG=$home/fleet.conf
	echo "rotate-per-host = $jobs" >"$PAWL_CONFIG"
	serve_fleet
	new_fleet "$fleet"
	new_fleet 10
	new_fleet "$most"
	for ((i = 0; i < few; i++)); do
		flood file flood "$fleet"
		flood file flood10 10
		rotate_fleet "$fleet" no fleet
		rotate_fleet 10 no fleet10
	done
	rotate_fleet "$fleet" yes weighed
	rotate_fleet "$most" no "fleet$most"
	flood path flood_path "$fleet"
	flood shared flood_shared "$fleet"
	ratio fleet "$of: time / two logins each with libcurl's multi \
interface, keeping nothing" fleet flood 1.30
	ratio fleet "its processor time / the same" fleet_cpu flood_cpu 1.50
	row fleet "of that for each login: it makes three, they make two" \
		"$(awk -v a="$(median fleet_cpu)" -v b="$(median \
			flood_cpu)" 'BEGIN { print a / b * 2 / 3 }')" x
	memory fleet "its memory, all processes" weighed 64
	each "processor time for each account, 10 / $(with_commas "$fleet")" 10
	each "the same of the program without pawl, which has a start as well" \
		10 "" flood
	each "processor time for each account, $(with_commas "$most") / \
$(with_commas "$fleet")" "$most" 1.25
	ratio fleet "libcurl as it comes, which reads the authorities for each \
login / one store of them for all: processor time" \
		flood_path_cpu flood_shared_cpu
	raw flood "two logins for each of $of, with libcurl"
	raw fleet "a rotation of each of them"
	kill "$FLEET_PID"
	export PAWL_CONFIG=$home/none
}
