#!/usr/bin/env bats
# What pawl-vault takes over from elsewhere, and gives away.  B is the build
# directory.

bats_require_minimum_version 1.5.0

load porter.sh

# Everything about every entry that an export has.
all() {
	pawl list | while read -r name; do
		echo "$name"
		attrs "$name"
		pawl get "$name" 2>&1 | od -An -tx1
	done
}

# --- sshpass ----------------------------------------------------------------

@test "sshpass: one line is the password" {
	printf 'HUNTER 2 \n' >f
	takes "site1: one line; would be a new entry" \
	    pawl import sshpass --name site1 --dry-run f
	takes "site1: one line
site1: stored (generation 2)" pawl import sshpass --name site1 f user=u
	[ "$(pawl get site1)" = "HUNTER 2 " ]
	[ "$(attrs site1)" = "user=u" ]
	printf 'HUNTER3' | pawl import sshpass --name site1 -
	[ "$(pawl get site1)" = HUNTER3 ]
	takes "site1: skipped: is in the vault already" \
	    pawl import sshpass --skip --name site1 f
	[ "$(pawl get site1)" = HUNTER3 ]
}

@test "sshpass: what is no password" {
	printf 'HUNTER2\nmore\n' >f
	refuse "f: has more than one line" pawl import sshpass --name a f
	printf '\n' >f
	refuse "has no password" pawl import sshpass --name a f
	printf 'HUNTER2\r\n' >f
	refuse "CR" pawl import sshpass --name a f
	refuse "say --name NAME" pawl import sshpass f
	refuse "No such file" pawl import sshpass --name a none
	head -c 70000 /dev/zero >f
	refuse "f: has more than 65536 bytes" pawl import sshpass --name a f
	refuse "-: has more than 65536 bytes" \
	    sh -c 'cat f | "$P" import sshpass --name a -'
}

# --- netrc ------------------------------------------------------------------

@test "netrc: an entry for each machine" {
	cat >f <<-'END'
	# mine
	machine a.example login u password HUNTER1
	machine b.example
	    login v
	    password "HUNTER \"2\""
	    port 22
	machine c.example login w
	default login x password HUNTER3
	END
	takes "u@a.example: would be new
v@b.example: would be new
w@c.example: would be skipped: has no password
default: would be skipped: is for no machine in particular" \
	    pawl import netrc --dry-run f
	run -0 pawl list
	[ -z "$output" ]
	takes "u@a.example: new
v@b.example: new
w@c.example: skipped: has no password
default: skipped: is for no machine in particular" pawl import netrc f x-from=n
	[ "$(pawl get v@b.example)" = 'HUNTER "2"' ]
	[ "$(attrs v@b.example)" = "host=b.example port=22 user=v x-from=n" ]
}

@test "netrc: what cannot be read is said by its line" {
	printf 'machine a password HUNTER1\nmacdef init\nput HUNTER\n\n' >f
	refuse "f: line 2: macdef" pawl import netrc f
	printf 'machine a password HUNTER 1\n' >f
	refuse "f: line 1: no keyword" pawl import netrc f
	: >f
	refuse "f: has nothing to import" pawl import netrc f
}

# --- CSV --------------------------------------------------------------------

@test "csv: KeePassXC" {
	printf '\357\273\277"Group","Title","Username","Password","URL","Notes","TOTP","Icon","Last Modified","Created"\r\n' >f
	printf '"Root","site","u","HUNTER,""1""","https://a.example:8443/x","one\r\ntwo","","0","x","y"\r\n' >>f
	printf '"Root/sub","t","Ann Other","HUNTER2","","","otpauth://HUNTER","0","x","y"\r\n' >>f
	printf '"Root","none","u","","","","","0","x","y"\r\n' >>f
	takes "Root/site: new
Root/sub/t: new: left out: TOTP
Root/none: skipped: has no password" pawl import csv f
	[ "$(pawl get Root/site)" = 'HUNTER,"1"' ]
	run -0 attrs Root/site
	[ "$output" = $'host=a.example notes=one\r\ntwo port=8443 user=u' ]
	[ "$(attrs Root/sub/t)" = "x-user=Ann Other" ]
}

@test "csv: Bitwarden" {
	cat >f <<-'END'
	folder,favorite,type,name,notes,fields,reprompt,login_uri,login_username,login_password,login_totp
	,,login,site,,,0,"https://a.example,ssh://v@b.example:22/",u,HUNTER1,
	Bank,1,login,card,,"pin: HUNTER",0,http://[::1]:80/,u,HUNTER2,
	,,note,text,HUNTER,,0,,,,
	END
	takes "site: new
Bank/card: new: left out: fields
text: skipped: is no login" pawl import csv f
	[ "$(attrs site)" = "host=a.example,b.example port=22 user=u" ]
	[ "$(attrs Bank/card)" = "host=::1 port=80 user=u" ]
}

@test "csv: 1Password and LastPass" {
	cat >f <<-'END'
	Title,Url,Username,Password,OTPAuth,Favorite,Archived,Tags,Notes
	one,a.example,u,HUNTER1,,false,false,,
	END
	takes "one: new" pawl import csv f
	[ "$(attrs one)" = "host=a.example user=u" ]
	cat >f <<-'END'
	url,username,password,totp,extra,name,grouping,fav
	https://a.example/,u,HUNTER2,,note,last,Work,0
	http://sn,,,,HUNTER,text,,0
	END
	takes "Work/last: new
text: skipped: is no login" pawl import csv f
	[ "$(attrs Work/last)" = "host=a.example notes=note user=u" ]
	[ "$(pawl get Work/last)" = HUNTER2 ]
}

@test "csv: other headings, lines too short, names that are none" {
	printf 'a,b\nHUNTER,2\n' >f
	refuse "f: its headings are not those of" pawl import csv f
	printf 'name,secret,user\nx,HUNTER2,u\ny,HUNTER3\n' >f
	refuse "f: line 3: 2 fields under 3 headings" pawl import csv f
	printf 'name,secret,usr\nx,HUNTER2,u\n' >f
	refuse "f: line 2: x: no attribute usr" pawl import csv f
	printf 'name,secret\nx,HUNTER2\n../y,HUNTER3\n' >f
	refuse "f: line 3: name" pawl import csv f
	printf 'name,secret\nx,"HUNTER2\n' >f
	refuse "f: line 2: a quote is opened" pawl import csv f
	printf 'name,secret\nx,"HUNTER\n2"\n' >f
	refuse "f: line 2: x: the secret has a NUL, CR or LF" pawl import csv f
}

# --- JSON lines -------------------------------------------------------------

@test "jsonl: name, secret, attributes" {
	cat >f <<-'END'
	{"name":"a","secret":"HUNTER\u0031","user":"u","host":["h","i"]}

	{"name":"b","secret-base64":"AAH/","service":"key"}
	{"name":"c","notes":"1\n2"}
	END
	takes $'a: new\nb: new\nc: new' pawl import jsonl f
	[ "$(pawl get a)" = HUNTER1 ]
	[ "$(attrs a)" = "host=h,i user=u" ]
	[ "$(pawl get -n b | od -An -tx1)" = " 00 01 ff" ]
	run -1 pawl get c
}

@test "jsonl: all or nothing, and where it went wrong" {
	ok='{"name":"a","secret":"HUNTER1"}'
	while IFS='|' read -r line text; do
		printf '%s\n%s\n' "$ok" "$line" >f
		refuse "f: line 2$text" pawl import jsonl f
	done <<-'END'
	{"name":"b","secret":"HUNTER2"|, column 31: ',' or '}'
	{"name":"b","secret":2}|, column 22: a string or an array
	{"secret":"HUNTER2"}|: no name
	{"name":"b","secret":["HUNTER2","x"]}|: more than one secret
	{"name":"b","secret":"HUNTER2","secret-base64":"QQ=="}|: more than one
	{"name":"b","secret-base64":"HUNTER2!"}|: secret-base64 is not base64
	{"name":"b","secret":"HUNTER2","color":"red"}|: b: no attribute color
	{"name":"b","secret":"HUNTER2","port":"0"}|: b: port
	{"name":"b","secret":"HUNTER2","user":"a\u0000b"}|: b: attribute
	{"name":"b","secret":"HUNTER2","user":["a","b"]}|: b: user= can be given only once
	{"name":"b","secret":""}|: b: the secret is empty
	{"name":"-b","secret":"HUNTER2"}|: name
	END
}

# --- Names that are taken ---------------------------------------------------

@test "a name that is taken: refused, replaced or skipped" {
	echo OLD | pawl set a user=old host=kept
	printf 'name,secret,user\nnew,HUNTER1,u\na,HUNTER2,u\n' >f
	refuse "f: line 3: a: there is an entry of this name: --replace" \
	    pawl import csv f
	refuse "f: line 3: a: there is an entry" pawl import csv --dry-run f
	takes $'new: new\na: skipped: is in the vault already' \
	    pawl import csv --skip f
	[ "$(pawl get a)" = OLD ]
	takes $'new: would be the same\na: would be replaced' \
	    pawl import csv --replace --dry-run f
	[ "$(pawl get a)" = OLD ]
	takes $'new: the same\na: replaced' pawl import csv --replace f
	[ "$(pawl get a)" = HUNTER2 ]
	[ "$(attrs a)" = "host=kept user=u" ]
	pawl show --json a | grep -q '"history":1'
	refuse "give one of them" pawl import csv --replace --skip f
}

@test "a name that is there twice: refused, or the first" {
	printf 'name,secret\na,HUNTER1\na,HUNTER2\n' >f
	refuse "f: line 3: a: the name is there twice" pawl import csv f
	refuse "f: line 3: a: the name is there twice" \
	    pawl import csv --replace f
	takes $'a: new\na: skipped: was there before' pawl import csv --skip f
	[ "$(pawl get a)" = HUNTER1 ]
}

@test "one generation for one import" {
	printf 'name,secret\na,HUNTER1\nb,HUNTER2\n' >f
	run -0 --separate-stderr pawl import csv f
	[ "${stderr_lines[0]}" = \
	    "pawl-vault: 2 new, 0 replaced, 0 skipped (generation 2)" ]
	[[ ${stderr_lines[1]} == *destroy* ]]
	pawl verify
}

@test "an entry that is being rotated is not imported into" {
	cc -std=c11 -D_GNU_SOURCE -I"$PAWL_SRC/include" -o rotating \
	    "$PAWL_SRC/tests/cli/rotating.c" "$B/libvault.a" -lsodium
	echo OLD | pawl set a
	echo NEXT | ./rotating "$VAULT" "$T/config/pawl/key" a sent
	printf 'name,secret\na,HUNTER2\n' >f
	refuse "f: line 2: a: its rotation is unfinished" \
	    pawl import csv --replace f
	takes "a: skipped: is in the vault already" pawl import csv --skip f
}

# --- Libraries --------------------------------------------------------------

@test "dataset: a directory is a library, a file a member" {
	mkdir lib
	printf '%-80s' HUNTER1 >lib/SITE1
	printf '%-72s00010000' HUNTER2 | iconv -f ISO-8859-1 -t IBM1047 \
	    >lib/site2
	: >lib/.hidden
	takes "site1: new: records of 80 in ASCII
site2: new: records of 80 in IBM-1047, line numbers dropped" \
	    pawl import dataset --dataset hlq.passwd lib user=u
	[ "$(pawl get site2)" = HUNTER2 ]
	[ "$(attrs site2)" = "dataset=HLQ.PASSWD(SITE2) user=u" ]
	refuse "site1: there is an entry of this name" \
	    pawl import dataset --dataset hlq.passwd lib
	: >lib/EMPTY
	refuse "lib: EMPTY: is empty" \
	    pawl import dataset --dataset hlq.passwd --replace lib
	mv lib/EMPTY lib/notes.txt
	refuse "lib: notes.txt: the files must be named like members" \
	    pawl import dataset --dataset hlq.passwd --replace lib
	rm lib/notes.txt
	mkfifo lib/PIPE
	refuse "lib: PIPE: is empty" \
	    pawl import dataset --dataset hlq.passwd --replace lib
	refuse "lib is a directory: say --dataset" pawl import dataset lib
	refuse "lib is a directory: say --dataset" \
	    pawl import dataset --dataset 'hlq.passwd(x)' lib
	mkdir none
	refuse "none: no members" pawl import dataset --dataset a none
}

@test "dataset: IBM-037" {
	printf 'HUNTER^[]' | iconv -f ISO-8859-1 -t IBM037 >f
	takes "a: lines in IBM-037
a: stored (generation 2)" pawl import dataset --encoding ibm037 --name a f
	[ "$(pawl get a)" = 'HUNTER^[]' ]
	printf 'HUNTER^' | iconv -f ISO-8859-1 -t IBM1047 >f
	run -0 --separate-stderr pawl import dataset --name b - <f
	[ "$stderr" = "pawl-vault: -: the password has a character that IBM-1047 and IBM-037 disagree about; IBM-1047 was taken: see --encoding" ]
	run -0 --separate-stderr pawl import dataset --encoding ibm1047 \
	    --name b - <f
	[ -z "$stderr" ]
}

@test "options of another format are refused" {
	printf 'HUNTER\n' >f
	refuse "--name: netrc names its entries itself" \
	    pawl import netrc --name a f
	refuse 'are for "import dataset"' pawl import sshpass --dataset A f
	refuse 'are for "import dataset"' \
	    pawl import csv --encoding ascii f
	refuse "there are dataset, sshpass, netrc, csv, jsonl and pass" \
	    pawl import frob f
}

# --- Export -----------------------------------------------------------------

# Entries with all that is hard to write.
hard() {
	printf '{"name":"quote","secret":"\\"HUNTER\\",\\\\,\x27","user":"u"}\n'
	printf '{"name":"key","secret":"HUNTER\\r\\n\\u0000\\u007f","service":"key"}\n'
	printf '{"name":"bytes","secret-base64":"/wAK/w==","service":"key"}\n'
	printf '{"name":"a b/\xc3\xa9\xf0\x9f\x98\x80","secret":" caf\xc3\xa9 ","host":["h","i","j"],"notes":"1\\n\\"2\\",3\\n","x-a":["1","2"]}\n'
	printf '{"name":"none","host":"h","dataset":"A.B(C)"}\n'
}

@test "what was exported and imported again is what it was" {
	hard | pawl import jsonl -
	all >want
	[ "$(wc -l <want)" -gt 14 ]
	for format in jsonl csv; do
		run -0 --separate-stderr pawl export $format --reveal
		pawl export $format --reveal >f
		rm -rf "$T/data" "$T/state"
		pawl init
		pawl import $format f
		all >got
		diff want got
		pawl export $format --reveal | cmp - f
	done
}

@test "export: JSON and CSV that others read" {
	hard | pawl import jsonl -
	pawl export jsonl --reveal >f
	/usr/bin/python3 -c 'import json
d = {j["name"]: j for j in map(json.loads, open("f"))}
assert d["quote"]["secret"] == "\"HUNTER\",\\,\x27", d
assert d["key"]["secret"] == "HUNTER\r\n\0\x7f", d
assert "secret" not in d["none"], d'
	pawl export csv --reveal '[nq]*' >f
	/usr/bin/python3 -c 'import csv
rows = list(csv.reader(open("f", newline="")))
assert rows == [["name", "secret", "host", "dataset", "user"],
    ["none", "", "h", "A.B(C)", ""],
    ["quote", "\"HUNTER\",\\,\x27", "", "", "u"]] or \
    sorted(rows[0]) == ["dataset", "host", "name", "secret", "user"], rows'
}

@test "export: not without --reveal, not on a terminal" {
	echo HUNTER2 | pawl set a
	refuse "say --reveal" pawl export jsonl
	refuse "there are jsonl, csv and vault" pawl export xml --reveal
	refuse "no entry matches b*" pawl export csv --reveal 'b*'
	run script -qec '"$P" export jsonl --reveal' /dev/null
	[[ $output == *"standard output is a terminal"* ]]
	[[ $output != *HUNTER* ]]
	run -0 script -qec '"$P" export jsonl --reveal --force' /dev/null
	[[ $output == *HUNTER2* ]]
	# shellcheck disable=SC2016
	refuse "write to standard output: No space left" \
	    sh -c '"$P" export jsonl --reveal >/dev/full'
}

# --- Memory and size --------------------------------------------------------

@test "nothing of a secret is left in memory" {
	[ "$(id -u)" -eq 0 ] || skip "needs root to read undumpable processes"
	secret=CANARY1QF7WZ9K3MX5TB2HN8JD4RS6VP
	echo $secret >canaries
	printf '{"name":"a","secret":"%s"}\n' $secret >a.jsonl
	printf 'name,secret\r\nb,"%s"\r\n' $secret >b.csv
	printf 'machine c password "%s"\n' $secret >c.netrc
	echo $secret >d.sshpass
	printf 'name,secret\na,"%s\n' $secret >bad.csv
	PATH=$B:$PATH
	scan() {
		run -0 "$PAWL_SRC/tests/servers/memscan.py" --only pawl-vault \
		    canaries -- "$@"
	}
	scan pawl-vault import jsonl a.jsonl
	scan pawl-vault import csv b.csv
	scan pawl-vault import netrc c.netrc
	scan pawl-vault import sshpass --name d d.sshpass
	scan pawl-vault import csv bad.csv
	# From a pipe it is read into memory that grows.
	head -c 200000 /dev/zero | tr '\0' '\n' >long
	scan sh -c 'cat long a.jsonl | pawl-vault import jsonl --replace -'
	scan sh -c 'pawl-vault export jsonl --reveal >/dev/null'
	scan sh -c 'pawl-vault export csv --reveal >/dev/null'
	[ "$(pawl get a)" = $secret ]
}

@test "100,000 lines take 256 MiB at most, in a pipe too" {
	/usr/bin/python3 -c 'import json
for i in range(100000):
    print(json.dumps({"name": "site%d" % i, "secret": "HUNTER%d" % i,
        "user": "u%d" % i, "host": ["h%d.example" % i, "i%d" % i]}))' >f
	/usr/bin/python3 -c 'import os, resource, subprocess, sys
subprocess.run([os.environ["P"], "import", "jsonl", "-"], stdin=open("f"),
    stdout=open("out", "w"), check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_maxrss, used.ru_utime + used.ru_stime)
sys.exit(used.ru_maxrss > 256 * 1024)'
	[ "$(wc -l <out)" -eq 100000 ]
	[ "$(pawl get site99999)" = HUNTER99999 ]
}

# --- Progress ---------------------------------------------------------------

# many N: so many lines to import.
many() {
	/usr/bin/python3 -c '
import sys
for i in range(int(sys.argv[1])):
    print("{\"name\":\"%d\",\"secret\":\"HUNTER2\"}" % i)' "$1"
}

@test "a long import tells a terminal how far it is, and nobody else" {
	# As many as take longer than a second here.
	for n in 60000 120000 240000 480000; do
		many $n >f
		run -0 "$BATS_TEST_DIRNAME/typed.py" -- \
		    sh -c '"$P" import jsonl --dry-run f >"$T/out"'
		if [[ $output =~ $'\r'[0-9]+' read' ]]; then
			break
		fi
	done
	[[ $output =~ $'\r'[1-9][0-9]*' read'$'\r'$'\e[K' ]]
	told=$(grep -o $'\r[0-9]* read' <<<"$output" | tr -dc '0-9\n')
	# Each more than the one before, and none more than there are.
	sort -n -u -c <<<"$told"
	[ "$(tail -n 1 <<<"$told")" -le $n ]
	# What follows stands in a line that was wiped.
	[[ ${output##*$'\e[K'} != *" read"* ]]
	run -0 --separate-stderr pawl import jsonl --dry-run f
	[[ $stderr != *" read"* && $stderr != *$'\r'* ]]
	# Nor where it does not take long.
	many 300 >f
	run -0 "$BATS_TEST_DIRNAME/typed.py" -- "$P" import jsonl f
	[[ $output != *" read"* ]]
}
