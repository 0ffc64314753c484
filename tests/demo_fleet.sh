# shellcheck shell=bash
# demo_fleet.sh: the part of demo.sh with many accounts, and read by it.  They
# are accounts of the same FTPS server, each with a password of its own; what
# is counted is in the server's own log, and in the vault.

fleet_size=50
fleet_jobs=8
# Its entry says that the server takes lower case, which it does not.
fleet_odd=23
# Before a program whose clock is put forward.
clock=()

# Accounts f01, f02, ... with the passwords FIRST001, FIRST002, ...
fleet_accounts()
{
	local home=/run/world/home/fleet today=$(($(date +%s) / 86400))

	install -d -m 755 $home
	seq -f "f%02.0f:x:31000:30001:pawl demo:$home:/bin/sh" $fleet_size \
		>>/etc/passwd
	paste -d : <(seq -f f%02.0f $fleet_size) \
		<(seq -f FIRST%03.0f $fleet_size | openssl passwd -6 -stdin) |
		sed "s/\$/:$today:0:99999:7:::/" >>/etc/shadow
}

# Entries fleet/01, fleet/02, ... whose passwords may get 22, 23, ... days old.
fleet_entries()
{
	seq $fleet_size | awk '{
		printf "{\"name\": \"fleet/%02d\", \"user\": \"f%02d\", " \
		    "\"host\": \"127.0.0.1\", \"secret\": \"FIRST%03d\", " \
		    "\"rotate.every\": \"%dd\"}\n", $1, $1, $1, 21 + $1
	}' | pawl-vault import jsonl - rotate.method=zos-pass \
		"rotate.port=$PAWL_T_FTP_PORT" "rotate.ca-file=$PAWL_T_CA" \
		"rotate.per-host=$fleet_jobs" >"$PAWL_T_DIR/imported" 2>&1 ||
		fail "$(cat "$PAWL_T_DIR/imported")"
	run grep "$fleet_size new" "$PAWL_T_DIR/imported"
	pawl-vault set "fleet/$fleet_odd" rotate.policy=racf-mixed >/dev/null
	line "fleet/$fleet_odd says rotate.policy=racf-mixed: this server takes capitals only"
}

# on_terminal COMMAND: what it shows there, also of its last line, which it
# writes again and again, as lines of their own; returns its status.
on_terminal()
{
	local status=0

	script -qec "$1" /dev/null </dev/null >"$PAWL_T_DIR/shown" || status=$?
	tr '\r' '\n' <"$PAWL_T_DIR/shown" | sed 's/\x1b\[K//' | grep .
	return $status
}

# fleet_said PATTERN: the lines of the run that match; there must be some.
fleet_said()
{
	grep -E -- "$1" "$PAWL_T_DIR/said" | sed 's/^/    /' ||
		fail "nobody said: $1"
}

# What a person saw: the first, the middle and the last of the line's states,
# what failed, and the summary.
fleet_show()
{
	local states

	states=$(fleet_said ' done, .* to go, .* left$')
	sed -n "2p;$(($(wc -l <<<"$states") / 2))p;\$p" <<<"$states" | uniq
	line "($(wc -l <<<"$states") states of that line; above it a line for each account, as)"
	fleet_said '^fleet/.*changed, and proved' | head -n 1
	fleet_said '^pawl-rotate: '
	fleet_said '^[0-9]+ entries'
}

# fleet_logged WORD: the accounts of the fleet of which the server's own log
# has such a line, each time.
fleet_logged()
{
	logged ftp-logins "^$1 f[0-9]+\$"
}

# The server locks an account after three bad logins in a row.
fleet_locked()
{
	find "$PAWL_T_DIR/state" -name 'f[0-9]*' -size +2c | wc -l
}

# fleet_promise NAME FOUND WANTED
fleet_promise()
{
	line "$1: $2"
	[ "$2" -eq "$3" ] || fail "$1: $2, and not $3"
}

fleet_rotate()
{
	local started generation status=0 odd=f$fleet_odd

	step "f. $fleet_size accounts of one FTPS server, $fleet_jobs at a time, as seen on a terminal"
	fleet_accounts
	fleet_entries
	generation=$(generation)
	started=$(milliseconds)
	on_terminal "pawl-rotate --all --jobs $fleet_jobs" \
		>"$PAWL_T_DIR/said" || status=$?
	line "\$ pawl-rotate --all --jobs $fleet_jobs"
	fleet_show
	line "($(($(milliseconds) - started)) ms, $(($(generation) - generation)) commits, status $status)"
	[ $status -eq 76 ] || fail "a refused change is status 76"
	fleet_promise "changes in the server's own log" \
		"$(fleet_logged changed)" $((fleet_size - 1))
	fleet_promise "plain logins there" "$(fleet_logged ok)" \
		$((fleet_size * 2))
	fleet_promise "bad logins there, but for the refused change of $odd" \
		$(($(fleet_logged bad) - $(logged ftp-logins "^bad $odd\$"))) 0
	fleet_promise "$odd's own counter there, which such a refusal adds to" \
		"$(logged ftp-logins "^bad $odd\$")" 1
	fleet_promise "locked accounts" "$(fleet_locked)" 0
}

# page_rows TABLE: a page for people, and the entries that one of its tables has.
page_rows()
{
	"${clock[@]}" pawl-rotate report --html "$PAWL_T_DIR/passwords.html"
	sed -n "/<table class=\"$1\"/,/<\/table>/p" "$PAWL_T_DIR/passwords.html" |
		grep -c ' data-entry="' || :
}

# What failed asks for a person.
fleet_mend()
{
	step "g. A person sees to the one that failed; then every entry logs in"
	line "\$ pawl-rotate status"
	pawl-rotate status | grep failed | sed 's/^/    /'
	fleet_promise "entries that the page of \"report\" wants looked at" \
		"$(page_rows trouble)" 1
	line "\$ pawl-vault set fleet/$fleet_odd rotate.policy=racf"
	pawl-vault set "fleet/$fleet_odd" rotate.policy=racf >/dev/null
	line "\$ pawl-rotate --all"
	run pawl-rotate --all
	fleet_promise "changes in the server's own log" \
		"$(fleet_logged changed)" $fleet_size
	line "\$ pawl-rotate check 'fleet/*'"
	pawl-rotate check 'fleet/*' >"$PAWL_T_DIR/said" ||
		fail "$(cat "$PAWL_T_DIR/said")"
	fleet_said '^[0-9]+ entries'
	fleet_promise "bad logins, all in all" "$(fleet_logged bad)" 1
}

# passwords: all that the vault has now, a line each.
passwords()
{
	pawl-vault export jsonl --reveal |
		sed 's/.*"secret": *"\([^"]*\)".*/\1/'
}

# The clock of these programs is put forward.
fleet_report()
{
	local clock=(env "LD_PRELOAD=$B/tests/clock.so"
		PAWL_T_CLOCK=$((20 * 86400))) all=$((fleet_size + 1))

	step "h. Who looks after it, 20 days later"
	line "\$ pawl-rotate status      (soonest first: 5 of $all)"
	"${clock[@]}" pawl-rotate status >"$PAWL_T_DIR/said"
	head -n 5 "$PAWL_T_DIR/said" | sed 's/^/    /'
	fleet_promise "lines of it" "$(wc -l <"$PAWL_T_DIR/said")" $all
	line "\$ pawl-rotate report --html passwords.html"
	fleet_promise "entries in the page" "$(page_rows entries)" $all
	fleet_promise "entries that it wants looked at" "$(page_rows trouble)" 0
	line "$(wc -c <"$PAWL_T_DIR/passwords.html") bytes in one file"
	[ "$(passwords | sort -u | wc -l)" -eq $all ] ||
		fail "two entries have the same password"
	fleet_promise "passwords in the page, old or new" \
		"$({ passwords; seq -f FIRST%03.0f $fleet_size; } |
			grep -c -F -f - "$PAWL_T_DIR/passwords.html")" 0
}
