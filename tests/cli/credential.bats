#!/usr/bin/env bats
# git-credential-pawl and docker-credential-pawl by their protocols, without
# git and docker; and "pawl-vault otp".

bats_require_minimum_version 1.5.0

setup()
{
	cd "$BATS_TEST_TMPDIR" || return
	export PATH="$B:$PATH" HOME="$BATS_TEST_TMPDIR/home"
	export XDG_CONFIG_HOME=$HOME/c XDG_DATA_HOME=$HOME/d XDG_STATE_HOME=$HOME/s
	export PAWL_CONFIG=$HOME/pawl.conf
	unset PAWL_ENTRY PASSWD_DSN PAWL_VAULT PAWL_KEY_FILE
	mkdir -p "$HOME"
	(umask 077 && echo "audit-file = $HOME/audit" >"$PAWL_CONFIG")
	pawl-vault init >/dev/null
}

# entry NAME SECRET ATTR=VALUE...
entry()
{
	local name=$1 secret=$2

	shift 2
	printf '%s\n' "$secret" | pawl-vault set "$name" "$@" >/dev/null
}

# ask OPERATION LINE...: as git does, in a process that is gone afterwards.
ask()
{
	local operation=$1

	shift
	printf '%s\n' "$@" >request
	run --separate-stderr sh -c "git-credential-pawl $operation <request; exit"
	echo "$status: $output $stderr"
}

# docker OPERATION [SERVER]
docker()
{
	run --separate-stderr sh -c \
		'printf "%s\n" "$2" | docker-credential-pawl "$1"' sh "$@"
	echo "$status: $output $stderr"
}

# --- git --------------------------------------------------------------------

@test "git: get gives user, password and when it expires" {
	entry forge 'pass = word' service=git host=git.example.com user=bob \
		rotate.every=30d
	before=$(date +%s)
	entry forge 'pass = word2'
	ask get protocol=https host=git.example.com 'capability[]=authtype' \
		'wwwauth[]=Basic realm="x"' ''
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 3 ]
	[ "${lines[0]}" = username=bob ]
	[ "${lines[1]}" = 'password=pass = word2' ]
	expiry=${lines[2]#password_expiry_utc=}
	[ "$expiry" -ge $((before + 30 * 86400)) ]
	[ "$expiry" -le $((before + 30 * 86400 + 60)) ]
	[ -z "$stderr" ]
	grep -q 'event=answer entry=forge host=git.example.com' "$HOME/audit"
}

@test "git: where nothing fits, nothing is said, with status 0" {
	entry forge secret1 service=git host=git.example.com user=bob
	entry login secret2 host=ssh.example.com user=bob
	entry nobody secret3 service=git host=nobody.example.com
	for host in git.example.org ssh.example.com git.example.com:8443 \
		nobody.example.com; do
		ask get protocol=https host=$host
		[ "$status" -eq 0 ]
		[ -z "$output$stderr" ]
		ask get protocol=https host=$host username=bob
		[ "$status" -eq 0 ]
		[ -z "$output$stderr" ]
	done
	ask get protocol=http host=git.example.com
	[ -z "$output$stderr" ]
	ask get protocol=cert host= path=/etc/c.pem
	[ "$status" -eq 0 ]
	[ -z "$output$stderr" ]
}

@test "git: of many entries the one with the path, and never a guess" {
	entry a secret1 service=git host=h.example user=bob
	entry b secret2 service=git host=h.example user=bob path=team/work.git
	entry c secret3 service=git host=h.example user=eve
	ask get protocol=https host=h.example path=team/work.git
	[ "${lines[1]}" = password=secret2 ]
	ask get protocol=https host=h.example username=bob
	[ "${lines[1]}" = password=secret1 ]
	ask get protocol=https host=h.example username=eve
	[ "${lines[1]}" = password=secret3 ]
	ask get protocol=https host=h.example
	[ "$status" -eq 78 ]
	[ -z "$output" ]
	[[ $stderr == *"2 entries fit"* ]]
	export PAWL_ENTRY=c
	ask get protocol=https host=h.example
	[ "${lines[0]}" = username=eve ]
	export PAWL_ENTRY=none
	ask get protocol=https host=h.example
	[ "$status" -eq 78 ]
	[ -z "$output" ]
}

@test "git: erase and store change nothing; a refused password is kept back" {
	entry forge secret1 service=git host=h.example user=bob
	cp "$XDG_DATA_HOME/pawl/vault" copy
	ask store protocol=https host=h.example username=bob password=other
	[ "$status" -eq 0 ]
	# Another password than the entry's is none of ours.
	ask erase protocol=https host=h.example username=bob password=other
	[ "$status" -eq 0 ]
	ask get protocol=https host=h.example
	[ "${lines[1]}" = password=secret1 ]
	ask erase protocol=https host=h.example username=bob password=secret1
	[ "$status" -eq 0 ]
	grep -q 'event=erase entry=forge.*refused' "$HOME/audit"
	run -1 grep -q secret1 "$HOME/audit"
	ask get protocol=https host=h.example
	[ "$status" -eq 76 ]
	[ "$output" = quit=1 ]
	[[ $stderr == *"the server refused this password"* ]]
	run -0 pawl-vault status
	[[ $output == *"refused     1 by a git server, forge"* ]]
	cmp copy "$XDG_DATA_HOME/pawl/vault"
	# Whatever a person changes ends it.
	pawl-vault set forge notes=seen >/dev/null
	ask get protocol=https host=h.example
	[ "${lines[1]}" = password=secret1 ]
	run -0 pawl-vault status
	[[ $output != *refused* ]]
}

@test "git: what it says wrongly is refused; unknown operations are silent" {
	entry forge secret1 service=git host=h.example user=bob
	ask get protocol=https host
	[ "$status" -eq 64 ]
	[ -z "$output" ]
	ask get protocol=https $'host=h.example\r'
	[ "$status" -eq 64 ]
	ask get protocol=https host=h.example "x=$(head -c 20000 /dev/zero | tr '\0' x)"
	[ "$status" -eq 64 ]
	[ -z "$output" ]
	ask future protocol=https host=h.example
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	ask capability
	[ "$output" = 'version 0' ]
	run -64 git-credential-pawl
	run -64 git-credential-pawl get more
	run -0 git-credential-pawl --version
}

@test "git: without a vault, a key or a state it fails, and says why" {
	ask get protocol=https host=h.example
	[ "$status" -eq 0 ]
	mv "$XDG_CONFIG_HOME/pawl/key" key
	ask get protocol=https host=h.example
	[ "$status" -eq 66 ]
	[ -n "$stderr" ]
	mv key "$XDG_CONFIG_HOME/pawl/key"
	chmod 644 "$XDG_DATA_HOME/pawl/vault"
	ask get protocol=https host=h.example
	[ "$status" -eq 77 ]
}

# --- docker -----------------------------------------------------------------

@test "docker: get, by URL or host" {
	entry hub $'p"\\\303\251' service=docker host=index.docker.io user=dan \
		path=/v1/ scheme=https
	entry reg token service=docker host=reg.example.com port=5000 \
		'user=<token>'
	docker get https://index.docker.io/v1/
	[ "$status" -eq 0 ]
	python3 -c 'import json, sys
assert json.loads(sys.argv[1]) == {"ServerURL": "https://index.docker.io/v1/",
    "Username": "dan", "Secret": "p\"\\\u00e9"}' "$output"
	docker get reg.example.com:5000
	[ "$output" = '{"ServerURL":"reg.example.com:5000","Username":"<token>","Secret":"token"}' ]
}

@test "docker: list names them all, and no secret" {
	docker list
	[ "$output" = '{}' ]
	entry hub secret1 service=docker host=index.docker.io user=dan \
		path=/v1/ scheme=https
	entry reg secret2 service=docker host=a.example host=b.example \
		port=5000 user=eve
	entry forge secret3 service=git host=h.example user=bob
	docker list
	[ "$status" -eq 0 ]
	python3 -c 'import json, sys
assert json.loads(sys.argv[1]) == {"https://index.docker.io/v1/": "dan",
    "a.example:5000": "eve", "b.example:5000": "eve"}' "$output"
}

@test "docker: what is missing or refused, in its own words, on standard output" {
	entry forge secret3 service=git host=h.example user=bob
	docker get h.example
	[ "$status" -eq 1 ]
	[ "$output" = 'credentials not found in native keychain' ]
	docker get ''
	[ "$status" -ne 0 ]
	[ "$output" = 'no credentials server URL' ]
	for operation in store erase other; do
		docker $operation h.example
		[ "$status" -eq 77 ]
		[[ $output == "pawl takes no credentials from docker"* ]]
	done
	docker version
	[[ $output == docker-credential-pawl* ]]
	entry hub $'\377\376' service=docker host=i.example user=dan
	docker get i.example
	[ "$status" -eq 64 ]
	[[ $output == *"not UTF-8"* ]]
}

@test "both: with the sandbox, nothing but what is open can be reached" {
	entry reg token service=docker host=reg.example.com user=a
	echo reg.example.com >request
	run strace -f -o trace docker-credential-pawl get <request
	[ "$status" -eq 0 ] || skip "strace cannot run here"
	sed '1,/seccomp(SECCOMP_SET_MODE_FILTER/d' trace >behind
	[ -s behind ]
	run -1 grep -E ' (openat|socket|execve|connect|kill)\(' behind
}

# --- Codes ------------------------------------------------------------------

@test "otp: prints the code of now, of the entry or of the one it names" {
	entry seed 'otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&period=300&digits=8' service=otp
	entry site1 pass user=u host=h otp=seed
	now=$(date +%s)
	one=$(pawl-vault otp seed)
	two=$(pawl-vault otp site1)
	# Unless a period ended in between.
	[ $((now / 300)) -eq $(($(date +%s) / 300)) ] || skip "the time is up"
	expected=$(python3 -c 'import hashlib, hmac, struct, sys
m = hmac.new(b"12345678901234567890",
             struct.pack(">Q", int(sys.argv[1]) // 300), hashlib.sha1).digest()
o = m[-1] & 15
code = (struct.unpack(">I", m[o:o + 4])[0] & 0x7fffffff) % 10 ** 8
print(f"{code:08}")' "$now")
	[ "$one" = "$expected" ]
	[ "$two" = "$expected" ]
}

@test "otp: what is no seed is not stored, nor what has none printed" {
	run pawl-vault set bad service=otp <<<"SECRETWORD1"
	[ "$status" -eq 64 ]
	[[ $output != *SECRETWORD1* ]]
	run -1 pawl-vault show bad
	entry seed GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ service=otp
	for attr in otp.digits=5 otp.period=1 otp.algorithm=md5 otp=/; do
		run -64 pawl-vault set seed $attr
	done
	entry site1 pass user=u host=h
	run -64 pawl-vault otp site1
	pawl-vault set site1 otp=site1 >/dev/null
	run -64 pawl-vault otp site1
	pawl-vault set site1 otp=none >/dev/null
	run -1 pawl-vault otp site1
	[[ $output == *"site1: otp"* ]]
	run -64 pawl-vault otp
}

@test "otp: no code goes out twice: who is second waits for the next" {
	entry seed GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ service=otp otp.period=5
	entry site1 pass user=u host=h otp=seed
	export PAWL_ENTRY=site1
	for i in 1 2 3; do
		sh -c 'pawl-askpass "(u@h) Verification code: "; exit' >"code$i" &
	done
	wait
	cat code?
	[ "$(cat code? | sort -u | wc -l)" -eq 3 ]
	[ "$(cat code? | grep -c '^[0-9]\{6\}$')" -eq 3 ]
}

@test "otp: one code for one process, and none when the next is too far away" {
	entry seed GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ service=otp otp.period=300
	entry site1 pass user=u host=h otp=seed
	export PAWL_ENTRY=site1
	# Away from the end of a period, which could be waited for.
	[ $(($(date +%s) % 300)) -lt 220 ] || pawl-vault set seed otp.period=299 \
		>/dev/null
	run sh -c 'pawl-askpass "(u@h) Verification code: "
		pawl-askpass "(u@h) Verification code: "; exit'
	[[ ${lines[0]} =~ ^[0-9]{6}$ ]]
	[[ ${lines[1]} == *"this process was answered before"* ]]
	run sh -c 'pawl-askpass "(u@h) Verification code: "; exit'
	[ "$status" -eq 75 ]
	[[ $output == *"was given before"* ]]
}
