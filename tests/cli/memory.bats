#!/usr/bin/env bats
# What is left in memory when the programs end: nothing of a secret, wherever
# they end.  memscan.py holds each process at its end and searches all of it.

servers=$BATS_TEST_DIRNAME/../servers

setup_file()
{
	"$servers/ca.sh" "$BATS_FILE_TMPDIR/ca"
}

setup()
{
	[ "$(id -u)" -eq 0 ] || skip "needs root to read undumpable processes"
	cd "$BATS_TEST_TMPDIR" || return
	export PATH="$B:$PATH" HOME="$BATS_TEST_TMPDIR/home"
	export XDG_CONFIG_HOME=$HOME/c XDG_DATA_HOME=$HOME/d XDG_STATE_HOME=$HOME/s
	export PAWL_CONFIG=$HOME/pawl.conf
	unset PAWL_VAULT PAWL_KEY_FILE
	mkdir -p "$HOME"
	ca=$BATS_FILE_TMPDIR/ca
	vault=$XDG_DATA_HOME/pawl/vault
	secret=CANARY1QF7WZ9K3MX5TB2HN8JD4RS6VP
	pawl-vault init >/dev/null
	# The password, and the key as its file has it.
	printf '%s\n' $secret >canaries
	cut -d : -f 2 "$XDG_CONFIG_HOME/pawl/key" >>canaries
	printf '%s\n' $secret >stdin
	pawl-vault set site1 user=site1 host=localhost <stdin >/dev/null
}

teardown()
{
	[ -z "${FTPS_PID-}" ] || kill "$FTPS_PID" 2>/dev/null || :
}

serve()
{
	printf '{"faults": [%s], "accounts": {"SITE1": {"password": "%s",
	    "policy": "[A-Za-z0-9.-]{1,100}"}}}\n' "${1-}" $secret >scenario
	coproc FTPS {
		exec "$servers/ftps.py" --stdin-lives --cert "$ca/good.pem" \
			--key "$ca/good.key" --control "$PWD/scenario" 3>&-
	}
	read -r _ port <&"${FTPS[0]}"
	pawl-vault set site1 rotate.method=zos-pass rotate.port="$port" \
		rotate.ca-file="${CA-$ca/ca.pem}" rotate.drain=0s \
		rotate.policy=racf-phrase rotate.timeout=2s >/dev/null
}

# scan ONLY COMMAND...: nothing is found in processes called ONLY.
scan()
{
	local only=$1

	shift
	run "$servers/memscan.py" --only "$only" canaries -- "$@"
	echo "$status: $output"
	[ "$status" -eq 0 ]
}

@test "the scan itself finds what is there" {
	run "$servers/memscan.py" canaries -- sh -c "read -r line <stdin; exit"
	[ "$status" -eq 1 ]
}

@test "pawl-vault run holds nothing while its command runs" {
	# A key whose bytes can be searched for.
	key=KEY1F7QW9ZK3X5MT2BHN8DJ4SR6PVCAY
	(umask 077 && printf %s $key >raw)
	echo $key >>canaries
	export PAWL_VAULT=$PWD/vault2 PAWL_KEY_FILE=$PWD/raw
	pawl-vault init >/dev/null
	pawl-vault set site1 user=a <stdin >/dev/null
	# The command ends pawl-vault where it waits.
	# shellcheck disable=SC2016 # for the command's own shell
	echo 'kill -ABRT $PPID' >command
	scan pawl-vault sh -c 'pawl-vault run site1 -- sh command'
	[[ $output == *"exit status 134"* ]]
}

@test "pawl-vault status, backup and restore" {
	scan pawl-vault pawl-vault status
	scan pawl-vault pawl-vault backup copy
	scan pawl-vault pawl-vault restore copy
}

@test "pawl-vault set, get, show, list, generate, remove, verify" {
	scan pawl-vault sh -c 'pawl-vault set site2 user=b <stdin'
	scan pawl-vault sh -c 'pawl-vault set site1 --secret <stdin'
	scan pawl-vault sh -c 'pawl-vault get site1 >/dev/null'
	scan pawl-vault pawl-vault show site1
	scan pawl-vault pawl-vault list
	scan pawl-vault pawl-vault generate site1
	scan pawl-vault pawl-vault verify
	scan pawl-vault pawl-vault remove --yes site2
}

@test "pawl-vault import and slots" {
	printf '%-80s' $secret >dataset
	scan pawl-vault pawl-vault import dataset dataset --name site3 \
		user=a host=b
	scan pawl-vault pawl-vault slot add --key-file more
	scan pawl-vault pawl-vault slot list
	scan pawl-vault pawl-vault slot remove 1
}

@test "pawl-vault passwd, rekey, unlock, and keys that are typed or piped" {
	id=AGE-SECRET-KEY-1ZHTNDFQSFTNWQUPDN4AJDNTR3RUENQLUAV8A28G42Z9Y82D7X9SS89YLDN
	pawl-vault slot add --recovery | tail -n 1 >code
	pawl-vault slot add --recipient age15tlxxdty64dlt3g8matvr3mwa6dmrau8xvrfstuqj72g9mrj5u6s784qqk >/dev/null
	printf 'Zebra7Qx2Mudlark9%s\n' 1 >phrase1
	printf 'Zebra7Qx2Mudlark9%s\n' 2 >phrase2
	pawl-vault slot add --passphrase-fd 0 <phrase1 >/dev/null
	printf '%s\n' $id | install -m 600 /dev/stdin id
	cat code id phrase1 phrase2 >>canaries
	tr -d - <code >>canaries
	scan pawl-vault sh -c 'pawl-vault --recovery-fd 0 show site1 <code'
	scan pawl-vault sh -c 'sed s/.$/U/ code | pawl-vault --recovery-fd 0 list'
	scan pawl-vault pawl-vault -k id show site1
	scan pawl-vault sh -c 'pawl-vault -k - show site1 <id'
	scan pawl-vault sh -c 'sed s/.$/b/ id | pawl-vault -k - show site1'
	scan pawl-vault sh -c 'pawl-vault passwd --passphrase-fd 0 <phrase2'
	scan pawl-vault sh -c 'pawl-vault --passphrase-fd 0 unlock --timeout 9s \
	    <phrase2; pawl-vault lock'
	scan pawl-vault pawl-vault rekey --key-file id
	scan pawl-vault pawl-vault -k id verify
}

@test "pawl-vault on error paths" {
	scan pawl-vault sh -c 'pawl-vault set -- -name <stdin'
	scan pawl-vault sh -c 'pawl-vault set site1 bad-attr <stdin'
	scan pawl-vault sh -c 'cat stdin stdin | tr "\n" "\r" |
	    pawl-vault set site9'
	scan pawl-vault sh -c 'pawl-vault get site1 >/dev/full'
	scan pawl-vault pawl-vault get none
	scan pawl-vault pawl-vault remove none
	scan pawl-vault sh -c 'ulimit -f 1; pawl-vault set site4 <stdin'
	chmod 644 "$vault"
	scan pawl-vault sh -c 'pawl-vault set site4 <stdin'
	chmod 600 "$vault"
	scan pawl-vault sh -c 'pawl-vault -f none set site4 <stdin'
	pawl-vault -f other -k otherkey init >/dev/null
	scan pawl-vault sh -c 'pawl-vault -k otherkey get site1'
	printf X | dd of="$vault" bs=1 seek=12500 conv=notrunc 2>/dev/null
	scan pawl-vault pawl-vault get site1
	scan pawl-vault pawl-vault verify
	truncate -s 9000 "$vault"
	scan pawl-vault pawl-vault get site1
}

@test "pawl-askpass, answering and refusing" {
	export PAWL_ENTRY=site1
	scan pawl-askpass sh -c \
		'pawl-askpass "site1@localhost'\''s password: " >/dev/null; :'
	scan pawl-askpass sh -c \
		'pawl-askpass "site1@localhost'\''s password: " >/dev/full; :'
	scan pawl-askpass sh -c 'pawl-askpass "root@localhost'\''s password: "; :'
	scan pawl-askpass sh -c 'pawl-askpass "what?"; :'
	scan pawl-askpass sh -c \
		'pawl-askpass --explain "site1@localhost'\''s password: "; :'
	scan pawl-askpass sh -c \
		'PAWL_ENTRY=none pawl-askpass "site1@localhost'\''s password: "; :'
}

@test "pawl-askpass with secrets from elsewhere, in both processes" {
	cp /bin/bash ssh
	printf '#!/bin/sh\nprintf password=\ncat %s/stdin\n' "$PWD" >program
	chmod 700 program
	chmod 600 stdin
	for line in "dataset $PWD/stdin user=site1 host=localhost" \
		"exec $PWD/program"; do
		echo "ssh sufficient $line" >"$HOME/askpass.conf"
		scan pawl-askpass ./ssh -c 'pawl-askpass "$1" >answer; exit $?' \
			site1@localhost "site1@localhost's password: "
		[ "$(cat answer)" = $secret ]
		rm answer
		scan pawl-askpass ./ssh -c 'trap : TERM; pawl-askpass "$1"; :' \
			root@localhost "root@localhost's password: "
	done
}

@test "pawl-rotate and pawl-rotate-net, when all goes well" {
	serve
	scan pawl-rotate pawl-rotate check site1
	scan pawl-rotate-net pawl-rotate check site1
	scan pawl-rotate pawl-rotate --force site1
	pawl-vault set site1 --secret <stdin >/dev/null
}

@test "pawl-rotate-net after a change" {
	serve
	scan pawl-rotate-net pawl-rotate --force site1
}

@test "both, when the server fails" {
	for fault in '{"point": "pass-reply", "change": true, "do": "cut"}' \
		'{"point": "pass-received", "change": true, "do": "rst"}' \
		'{"point": "pass-reply", "change": true, "do": "garbage"}' \
		'{"point": "greeting", "do": "421"}' \
		'{"point": "user-reply", "do": "cut"}' \
		'{"point": "pass-reply", "do": "hang"}'; do
		for half in pawl-rotate pawl-rotate-net; do
			serve "$fault"
			scan $half pawl-rotate --force site1
			kill "$FTPS_PID"
			wait "$FTPS_PID" || :
			pawl-vault remove --yes site1 >/dev/null
			pawl-vault set site1 user=site1 host=localhost <stdin \
				>/dev/null
		done
	done
}

@test "both, when the certificate is not good" {
	CA=$ca/other.pem
	cp "$ca/untrusted.pem" "$CA"
	serve
	scan pawl-rotate pawl-rotate site1
	scan pawl-rotate-net pawl-rotate site1
}
