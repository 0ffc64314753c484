#!/usr/bin/env bats
# pawl-rotate by itself: what is due, hooks, pairs; and what people get to see:
# status, Prometheus, the page.

bats_require_minimum_version 1.5.0

servers=$BATS_TEST_DIRNAME/../servers

setup_file()
{
	"$servers/ca.sh" "$BATS_FILE_TMPDIR/ca"
	cc -std=c11 -D_GNU_SOURCE -Iinclude -o "$BATS_FILE_TMPDIR/rotating" \
		tests/cli/rotating.c "$B/libvault.a" -lsodium
}

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	export PATH="$B:$PATH" HOME="$BATS_TEST_TMPDIR/home" TZ=UTC
	export XDG_CONFIG_HOME=$HOME/c XDG_DATA_HOME=$HOME/d XDG_STATE_HOME=$HOME/s
	export PAWL_CONFIG=$HOME/pawl.conf
	unset PAWL_VAULT PAWL_KEY_FILE NO_COLOR
	mkdir -p "$HOME"
	chmod 755 .
	ca=$BATS_FILE_TMPDIR/ca
	pawl-vault init >/dev/null
}

teardown()
{
	[ -z "${FTPS_PID-}" ] || kill "$FTPS_PID" 2>/dev/null || :
}

# serve: a server with the accounts SITE1 and SITE2.
serve()
{
	echo '{"faults": [], "accounts": {
		"SITE1": {"password": "OLDPASS1"},
		"SITE2": {"password": "OLDPASS2"}}}' >scenario
	coproc FTPS {
		exec "$servers/ftps.py" --stdin-lives --cert "$ca/good.pem" \
			--key "$ca/good.key" --control "$PWD/scenario" 3>&-
	}
	read -r _ port <&"${FTPS[0]}"
}

# add NAME SECRET ATTR...: an entry that is due at once, and always.
add()
{
	local name=$1 secret=$2

	shift 2
	printf '%s\n' "$secret" | pawl-vault set "$name" user="${user-$name}" \
		host=localhost rotate.method=zos-pass rotate.port="${port-1}" \
		rotate.ca-file="$ca/ca.pem" rotate.drain=0s rotate.settle=0s rotate.timeout=5s \
		rotate.every=0s rotate.min-age=0s >/dev/null
	[ $# -eq 0 ] || pawl-vault set "$name" "$@" >/dev/null
}

# server NAME: of the server's state; of SITE1 where it is of an account.
server()
{
	/usr/bin/python3 -c '
import json, sys
state = json.load(open("scenario.state"))
print(dict(state, **state["accounts"]["SITE1"])[sys.argv[1]])' "$1"
}

# status NAME KEY: of the entry.
status_of()
{
	pawl-rotate status --json | /usr/bin/python3 -c '
import json, sys
for row in json.load(sys.stdin):
    if row["name"] == sys.argv[1]:
        print(row[sys.argv[2]])' "$@"
}

# hook NAME: a program of that name from standard input.
hook()
{
	{
		printf '#!/bin/sh\n'
		cat
	} >"$1"
	chmod 755 "$1"
}

# member KEY: of the one line of JSON in "told".
member()
{
	/usr/bin/python3 -c '
import json, sys
line, = open("told")
print(json.loads(line)[sys.argv[1]])' "$1"
}

day()
{
	LC_ALL=C date -d "$1" +%a
}

rotating()
{
	"$BATS_FILE_TMPDIR/rotating" "$XDG_DATA_HOME/pawl/vault" \
		"$XDG_CONFIG_HOME/pawl/key" "$@"
}

@test "set: windows, jitter, hooks and pairs are checked" {
	local bad

	for bad in rotate.window='Sun 2-5' rotate.window='02:00-02:00' \
		rotate.jitter=soon rotate.hook=mail rotate.pair=/x; do
		run pawl-vault set site1 "$bad"
		echo "$bad: $output"
		[ "$status" -eq 64 ]
		[[ $output == *"${bad%%=*}"* ]]
	done
	add site1 PASS1 rotate.jitter=1h
	run pawl-rotate check site1
	[ "$status" -eq 78 ]
	[[ $output == *"rotate.jitter must be shorter"* ]]
}

@test "--due: what is due, and in its window" {
	serve
	add site1 OLDPASS1 rotate.every=30d
	run -0 pawl-rotate --due
	[ "$output" = "nothing is due" ]
	pawl-vault set site1 rotate.every=0s \
		rotate.window="$(day '+3 days') 02:00-05:00" >/dev/null
	run -0 pawl-rotate --due
	[ "$output" = "nothing is due" ]
	[ "$(status_of site1 status)" = overdue ]
	[ "$(status_of site1 next)" = \
		"$(date -d "$(date -d '+3 days' +%F) 02:00" +%s)" ]
	[ ! -e scenario.state ] || [ "$(server logins)" = 0 ]
	pawl-vault set site1 \
		rotate.window="$(day yesterday)-$(day tomorrow) 00:00-24:00" \
		>/dev/null
	run -0 pawl-rotate --due
	[[ $output == *"site1: changed, and proved by a fresh login"* ]]
	[ "$(server changes)" = 1 ]
	[ "$(pawl-vault get site1)" = "$(server password)" ]
}

@test "--due: a failure is not tried again at once" {
	add site1 PASS1
	run pawl-rotate --due
	[ "$status" -eq 69 ]
	run -0 pawl-rotate --due
	[ "$output" = "nothing is due" ]
	# By name it is.
	run pawl-rotate site1
	[ "$status" -eq 69 ]
}

@test "--due: what is misconfigured is not passed over in silence" {
	add site1 PASS1 rotate.pair=site2
	run pawl-vault set site2 rotate.hook= >/dev/null
	run pawl-rotate --due site1
	[ "$status" -eq 64 ]
	[ "$(status_of site1 status)" = misconfigured ]
	run pawl-rotate --due
	[ "$status" -eq 78 ]
	[[ $output == *"site2"* ]]
}

@test "hook: a success, for the site and for the entry, without a secret" {
	serve
	hook site <<<'cat >"$HOME/../told"; env >"$HOME/../env"'
	hook own <<<'cat >"$HOME/../told.own"; pwd >"$HOME/../pwd"
		ls -l /proc/self/fd >"$HOME/../fds"'
	echo "rotate-hook = $PWD/site" >"$PAWL_CONFIG"
	add site1 OLDPASS1 rotate.hook="$PWD/own"
	SPILL=OLDPASS1 pawl-rotate --quiet site1
	[ "$(member event)" = success ]
	[ "$(member entry)" = site1 ]
	[ "$(member user)" = site1 ]
	[ "$(member host)" = localhost ]
	[ "$(member command)" = start ]
	[ "$(member exit_status)" = 0 ]
	[ "$(member message)" = "changed, and proved by a fresh login" ]
	[ "$(($(date +%s) - $(member time)))" -lt 60 ]
	cmp told told.own
	[ "$(cat pwd)" = / ]
	run grep -c -e OLDPASS1 -e "$(server password)" told env
	echo "$output"
	[ "$output" = $'told:0\nenv:0' ]
	run grep -v -e '^PATH=/usr/bin:/bin$' -e "^HOME=$HOME\$" -e '^USER=' \
		-e '^LOGNAME=' -e '^PWD=' -e '^_=' -e '^SHLVL=' env
	[ -z "$output" ]
	# 0, 1, 2 and ls's own: no vault, no lock, no socket.
	run grep -v -e ' [012] -> ' -e '/proc/[0-9]*/fd$' -e '^total' fds
	[ -z "$output" ]
}

@test "hook: a failure, and a person that is needed" {
	serve
	hook site <<<'cat >"$HOME/../told"'
	echo "rotate-hook = $PWD/site" >"$PAWL_CONFIG"
	add site1 WRONG123
	run pawl-rotate site1
	[ "$status" -eq 3 ]
	[ "$(member event)" = attention ]
	[ "$(member exit_status)" = 3 ]
	[[ $(member message) == *"the server refuses the current password"* ]]
	add site2 OLDPASS2 rotate.port=1
	run pawl-rotate check site2
	[ "$status" -eq 69 ]
	[ "$(member event)" = failure ]
	[ "$(member command)" = check ]
}

@test "hook: nothing was done, nothing is told" {
	serve
	hook site <<<'cat >"$HOME/../told"'
	echo "rotate-hook = $PWD/site" >"$PAWL_CONFIG"
	add site1 OLDPASS1
	pawl-rotate --quiet check site1
	pawl-rotate --quiet recover site1
	[ ! -e told ]
}

@test "hook: it is told when all is over and nothing is locked" {
	serve
	hook own <<-END
		exec >"\$HOME/../said" 2>&1
		export PATH="$PATH" XDG_CONFIG_HOME="$XDG_CONFIG_HOME"
		export XDG_DATA_HOME="$XDG_DATA_HOME" PAWL_CONFIG="$PAWL_CONFIG"
		export XDG_STATE_HOME="$XDG_STATE_HOME"
		pawl-rotate status
		pawl-rotate check site1 && pawl-vault set site1 notes=told
	END
	echo "lock-wait = 0" >"$PAWL_CONFIG"
	add site1 OLDPASS1 rotate.hook="$PWD/own"
	add site2 OLDPASS2
	run -0 pawl-rotate site1 site2
	cat said
	[ "$(pawl-vault get --field notes site1)" = told ]
	run grep -e sent -e pending said
	[ -z "$output" ]
}

@test "hook: one that fails changes nothing" {
	serve
	hook bad <<<'exit 3'
	echo "rotate-hook = $PWD/bad" >"$PAWL_CONFIG"
	add site1 OLDPASS1
	run -0 pawl-rotate site1
	[[ $output == *"warning: site1: "*"/bad ended with status 3"* ]]
	hook bad <<<'kill -9 $$'
	run -0 pawl-rotate site1
	[[ $output == *"/bad was ended by signal 9"* ]]
	printf 'no program\n' >bad
	chmod 644 bad
	run -0 pawl-rotate site1
	[[ $output == *"/bad ended with status 127"* ]]
	rm bad
	run -0 pawl-rotate site1
	[[ $output == *"/bad: No such file"* ]]
	[ "$(server changes)" = 4 ]
}

@test "hook: one that others can change is not run" {
	serve
	hook site <<<': >"$HOME/../ran"'
	chmod 775 site
	echo "rotate-hook = $PWD/site" >"$PAWL_CONFIG"
	add site1 OLDPASS1
	run -0 pawl-rotate site1
	[[ $output == *"/site is writable by others; run: chmod go-w"* ]]
	mkdir -m 777 open
	mv site open/
	chmod 755 open/site
	echo "rotate-hook = $PWD/open/site" >"$PAWL_CONFIG"
	run -0 pawl-rotate site1
	[[ $output == *"open is writable by others"* ]]
	chmod 755 open
	mv open/site open/real
	ln -s real open/site
	run -0 pawl-rotate site1
	[[ $output == *"is not a regular file"* ]]
	[ ! -e ran ]
	mv open/real open/site
	pawl-rotate --quiet site1
	[ -e ran ]
}

@test "hook: one that does not end is ended, with what it started" {
	serve
	hook slow <<<'sleep 1000 & echo $! >"$HOME/../child"; wait'
	printf 'rotate-hook = %s\nrotate-hook-timeout = 1s\n' "$PWD/slow" \
		>"$PAWL_CONFIG"
	add site1 OLDPASS1
	run -0 pawl-rotate site1
	[[ $output == *"/slow did not end in time"* ]]
	run ps -o stat= -p "$(cat child)"
	[[ $output != [SR]* ]]
}

@test "hook: after three that do not end, the rest is not told" {
	local i names=()

	hook slow <<<'echo >>"$HOME/../started"; exec sleep 1000'
	printf 'rotate-hook = %s\nrotate-hook-timeout = 1s\n' "$PWD/slow" \
		>"$PAWL_CONFIG"
	for i in 1 2 3 4 5; do
		add "site$i" PASS1
		names+=("site$i")
	done
	run pawl-rotate "${names[@]}"
	[ "$status" -eq 69 ]
	[[ $output == *"2 results were not told to any hook"* ]]
	[ "$(wc -l <started)" -eq 3 ]
}

@test "status: plain lines, soonest first, without a terminal" {
	add site1 PASS1 rotate.every=30d
	add site2 PASS1 rotate.every=10d
	run -0 pawl-rotate status
	echo "$output"
	[[ ${lines[0]} == "site2 "*"[...."*"] "*" of   10d  ok, due in "*d ]]
	[[ ${lines[1]} == "site1 "* ]]
	[[ $output != *$'\033'* ]]
}

@test "status: bars as wide as the terminal, in color unless NO_COLOR" {
	local columns

	add site1 PASS1 rotate.every=30d
	for columns in 60 80 132; do
		TERM=xterm script -qec "stty cols $columns rows 9
			pawl-rotate status" /dev/null </dev/null | tr -d '\r' >out
		cat out
		grep -q $'\033\[32m' out
		sed 's/\x1b\[[0-9]*m//g' out >plain
		[ "$(wc -L <plain)" -le "$columns" ]
		tr -cd '.#' <plain >"bar$columns"
	done
	[ "$(wc -c <bar132)" -gt "$(wc -c <bar80)" ]
	[ "$(wc -c <bar80)" -gt "$(wc -c <bar60)" ]
	NO_COLOR=1 TERM=xterm script -qec "pawl-rotate status" /dev/null \
		</dev/null >out
	run grep -c $'\033' out
	[ "$output" = 0 ]
}

@test "status: for Prometheus, in a file that is replaced whole" {
	add 'we"ird\name' PASS1 rotate.every=30d
	add site1 PASS1
	add site2 CANARY99
	run pawl-rotate site1
	echo NEW | rotating site2 attn
	run -0 pawl-rotate status --prometheus
	echo "$output" >shown
	/usr/bin/python3 - shown <<-'END'
		import re, sys
		seen = {}
		for line in open(sys.argv[1]):
		    if line.startswith("#"):
		        assert re.match(r"# (HELP|TYPE) pawl_\w+ \S", line), line
		        continue
		    m = re.fullmatch(r'(pawl_\w+)(\{(\w+="(?:[^"\\\n]|\\["\\n])*",?)+\})? '
		        r'(-?\d+)\n', line)
		    assert m, line
		    seen[m[1] + (m[2] or "")] = int(m[4])
		def get(name, entry, more=""):
		    return seen.get('%s{entry="%s",host="localhost",user="%s"%s}'
		        % (name, entry, entry, more))
		weird = r'we\"ird\\name'
		assert get("pawl_secret_age_seconds", weird) < 600
		assert 29 * 86400 < get("pawl_rotation_due_seconds", weird) <= 30 * 86400
		assert get("pawl_rotation_state", weird, ',state="ok"') == 1
		assert get("pawl_rotation_state", "site2", ',state="attention"') == 1
		assert get("pawl_rotation_state", "site2", ',state="ok"') == 0
		assert get("pawl_rotation_due_seconds", "site1") <= 0
		assert get("pawl_rotation_last_failure_timestamp_seconds", "site1")
		assert get("pawl_rotation_last_success_timestamp_seconds", "site1") is None
	END
	run grep -c CANARY99 shown
	[ "$output" = 0 ]
	pawl-rotate status --prometheus --output pawl.prom
	cut -d ' ' -f 1 shown | grep -v '^#' >a
	cut -d ' ' -f 1 pawl.prom | grep -v '^#' >b
	cmp a b
	# Its mode stays, a link is not followed, and nothing else is left.
	chmod 640 pawl.prom
	before=$(stat -c %i pawl.prom)
	exec 5<pawl.prom
	pawl-rotate status --prometheus --output pawl.prom
	[ "$(stat -c %a pawl.prom)" = 640 ]
	[ "$(stat -c %i pawl.prom)" != "$before" ]
	# Whoever reads the old one reads all of it.
	[ "$(cut -d ' ' -f 1 <&5 | grep -v '^#' | cmp - b && echo same)" = same ]
	exec 5<&-
	echo victim >victim
	ln -sf victim pawl.prom
	pawl-rotate status --prometheus --output pawl.prom
	[ "$(cat victim)" = victim ]
	[ ! -L pawl.prom ]
	run bash -c 'ls -A | grep "^\.pawl"'
	[ -z "$output" ]
	run pawl-rotate status --prometheus --output no/such/file
	[ "$status" -eq 74 ]
	[[ $output == *"no/such/file"* ]]
}

# page: writes the page and has Chromium read it, without a network.
page()
{
	pawl-rotate report --html page.html
	timeout 120 chromium --headless --no-sandbox --disable-gpu \
		--disable-dev-shm-usage --user-data-dir="$PWD/chromium" \
		--log-net-log="$PWD/net.json" --disable-background-networking \
		--disable-component-update --disable-sync --no-first-run \
		--host-resolver-rules="MAP * ~NOTFOUND" --dump-dom \
		"file://$PWD/page.html" >dom 2>chromium.log 3>&-
}

@test "report: a page whose rows are those of the vault, and no secret" {
	add site1 CANARY11 rotate.every=30d
	user='<i>&' add '<img src=x onerror=1>&amp;"q"' CANARY22
	add site3 CANARY33 rotate.every=10d
	add site4 CANARY44 rotate.hook=/x
	run pawl-rotate site3
	echo CANARY55 | rotating site4 attn
	page
	/usr/bin/python3 - <<-'END'
		import html.parser, json, subprocess, urllib.parse
		class Page(html.parser.HTMLParser):
		    tables, cells, tags, table = {}, None, [], None
		    def handle_starttag(self, tag, attrs):
		        attrs = dict(attrs)
		        self.tags.append((tag, attrs))
		        if tag == "table":
		            self.table = self.tables.setdefault(attrs["class"], [])
		        elif tag == "tr" and "data-entry" in attrs:
		            self.table.append((attrs["data-entry"], []))
		        elif tag == "td":
		            self.table[-1][1].append("")
		    def handle_data(self, data):
		        if self.table and self.table[-1][1]:
		            self.table[-1][1][-1] += data
		page = Page()
		page.feed(open("dom").read())
		rows = json.loads(subprocess.check_output(
		    ["pawl-rotate", "status", "--json"]))
		entries = page.tables["entries"]
		assert [e[0] for e in entries] == [r["name"] for r in rows], entries
		for (name, cells), row in zip(entries, rows):
		    assert cells[0] == name
		    assert cells[1] == row["user"] + "@" + row["host"], cells
		    assert cells[-1].strip() == row["status"] + (
		        "last try failed" if row["failed"] else ""), (cells, row)
		trouble = [e[0] for e in page.tables["trouble"]]
		assert trouble == [r["name"] for r in rows
		    if r["status"] not in ("ok", "due") or r["failed"]], trouble
		assert trouble[0] == "site4"
		# Nothing that would be fetched, or run.
		for tag, attrs in page.tags:
		    assert tag not in ("script", "img", "link", "iframe", "object",
		        "embed", "video", "audio", "base", "form", "a"), tag
		    for key, value in attrs.items():
		        assert not key.startswith("on") and key not in (
		            "src", "href", "srcset", "action", "background"), key
		assert "url(" not in open("page.html").read()
		assert "@import" not in open("page.html").read()
		# And nothing was, but for what Chromium does by itself.
		net = json.load(open("net.json"))
		urls = [e["params"]["url"] for e in net["events"]
		    if "url" in e.get("params", {})]
		for url in urls:
		    host = urllib.parse.urlsplit(url).hostname or ""
		    assert host.endswith((".google.com", ".googleapis.com")), url
	END
	run grep -c CANARY page.html dom
	[ "$output" = $'page.html:0\ndom:0' ]
	run pawl-rotate report
	[ "$status" -eq 64 ]
}

@test "report: nothing to do, in an empty vault as well" {
	run -0 pawl-rotate report --html -
	[[ $output == *"<p class=\"good\">Nothing.</p>"* ]]
	[[ $output == "<!DOCTYPE html>"*"</html>" ]]
}

@test "pair: one at a time, and jobs have the other" {
	serve
	add site1 OLDPASS1 rotate.pair=site2 rotate.min-age=1d
	add site2 OLDPASS2 rotate.pair=site1 rotate.min-age=1d
	first=$(pawl-rotate active site1)
	[ "$(pawl-rotate active site2)" = "$first" ]
	other=site1
	[ "$first" != site1 ] || other=site2
	run -0 pawl-rotate --due
	[[ $output == *"$other: changed"* ]]
	[[ $output != *"$first: "* ]]
	[ "$(pawl-rotate active site1)" = "$other" ]
	[ "$(pawl-rotate active site2)" = "$other" ]
	# The other waits until jobs have moved over.
	run -0 pawl-rotate --due
	[ "$output" = "nothing is due" ]
	run pawl-rotate "$first"
	[ "$status" -eq 75 ]
	[[ $output == *"its partner $other was rotated"* ]]
	[ "$(server changes)" = 1 ]
	# Which of two is the newer shows by the second.
	second=$(date +%s)
	until [ "$(date +%s)" != "$second" ]; do :; done
	run -0 pawl-rotate --force "$first"
	[ "$(pawl-rotate active site1)" = "$first" ]
	[ "$(server total_bad)" = 0 ]
}

@test "pair: not while the partner is unfinished, not even by force" {
	serve
	add site1 OLDPASS1 rotate.pair=site2
	add site2 OLDPASS2 rotate.pair=site1
	for state in pend sent attn; do
		echo NEWPASS1 | rotating site1 "$state"
		[ "$(pawl-rotate active site1)" = site2 ]
		[ "$(status_of site2 next)" = None ]
		run pawl-rotate --force site2
		echo "$output"
		[ "$status" -eq 75 ]
		[[ $output == *"its partner site1 is being changed"* ]]
	done
	[ "$(status_of site2 status)" != pending ]
	[ "$(pawl-vault get site2)" = OLDPASS2 ]
}

@test "pair: two that do not name each other are no pair" {
	serve
	add site1 OLDPASS1 rotate.pair=site2
	add site2 OLDPASS2
	add site3 OLDPASS2 rotate.pair=site3
	add site4 OLDPASS2 rotate.pair=site5
	run pawl-rotate site1
	[ "$status" -eq 78 ]
	[[ $output == *"the rotate.pair of site2 does not name it back"* ]]
	run pawl-rotate active site3
	[ "$status" -eq 78 ]
	run pawl-rotate active site4
	[ "$status" -eq 78 ]
	[[ $output == *"site5, is no entry"* ]]
	[ "$(pawl-rotate active site2)" = site2 ]
	[ "$(status_of site1 status)" = misconfigured ]
	[ "$(pawl-vault get site1)" = OLDPASS1 ]
}

@test "units: systemd takes them, and finds little to blame" {
	mkdir units
	for unit in pawl-rotate.service pawl-rotate.timer; do
		sed "s|@BINDIR@|$B|" "$PAWL_SRC/rotate/units/$unit" >"units/$unit"
	done
	if command -v systemd-analyze >/dev/null; then
		run systemd-analyze verify --man=no units/pawl-rotate.service \
			units/pawl-rotate.timer
		echo "$output"
		[ "$status" -eq 0 ]
		[[ $output != *units/* ]]
		run -0 systemd-analyze security --offline=true --threshold=25 \
			units/pawl-rotate.service
	fi
	run grep -c '@' units/pawl-rotate.service
	grep -q '^ExecStart=/.*/pawl-rotate --quiet --due$' \
		units/pawl-rotate.service
	grep -q '^LoadCredential=pawl.key:' units/pawl-rotate.service
	grep -q '^NoNewPrivileges=yes$' units/pawl-rotate.service
}

@test "units: the hooks mail and log what they are told" {
	mkdir bin
	hook bin/mail <<<'{ echo "$@"; cat; } >"$OUT"'
	hook bin/logger <<<'{ echo "$@"; cat; } >"$OUT"'
	export OUT=$PWD/out PATH=$PWD/bin:$PATH
	units=$PAWL_SRC/rotate/units
	echo '{"event":"success","entry":"site1"}' | "$units/hook-mail.sh"
	[ ! -e out ]
	echo '{"event":"attention","entry":"a,\"b"}' | "$units/hook-mail.sh"
	[ "$(head -n 1 out)" = "-s pawl-rotate: a person is needed root" ]
	[ "$(sed -n 2p out)" = '{"event":"attention",' ]
	echo '{"event":"failure","entry":"site1"}' | "$units/hook-logger.sh"
	[ "$(cat out)" = $'-t pawl-rotate -p daemon.warning\n{"event":"failure","entry":"site1"}' ]
}
