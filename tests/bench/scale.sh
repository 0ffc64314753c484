# shellcheck shell=bash disable=SC2016,SC2154
# scale.sh: what the vault costs when it is large; read by bench.sh, whose
# variables and functions it uses.  Backquotes are as in Markdown.

# get VAULT: the command as spawn takes it, in the array of that name.
get()
{
	get=("$secret" "PAWL_VAULT=$1" "$B/pawl-vault" get "$entry")
}

gets()
{
	local one

	get "$data/one"
	one=("${get[@]}")
	get "$data/many"
	measure "$B/bench/spawn" "$spawns" get_one "${one[@]}" -- \
		get_many "${get[@]}"
	ratio vault "\`get\`, $many_is / 1 entry" get_many get_one 1.10
	memory vault "its resident memory, $many_is" get_many 4
	raw get_one "pawl-vault get, 1 entry"
	raw get_many "pawl-vault get, $many_is"
}

# Each import into an empty vault of its own.
imports()
{
	local i

	awk -v count="$some" 'BEGIN {
		for (i = 1; i <= count; i++)
			printf "{\"name\": \"prod/site%06d\", " \
			    "\"user\": \"user%06d\", " \
			    "\"host\": \"host%02d.example.com\", " \
			    "\"secret\": \"SECRET%06d\"}\n", i, i, i % 100, i
	}' >"$disk/entries"
	mkdir "$disk/imports"
	# spawn warms up with a tenth, and one.
	for ((i = 0; i < few + few / 10 + 1; i++)); do
		PAWL_VAULT=$disk/imports/$i patiently "$B/pawl-vault" init \
			>/dev/null
	done
	measure "$B/bench/spawn" "$few" import - \
		"PAWL_VAULT=$disk/imports/%" "$B/pawl-vault" import jsonl \
		"$disk/entries"
	seconds vault "\`import jsonl\`, $some_is" import 3
	memory vault "its resident memory" import 256
	raw import "pawl-vault import jsonl, $some_is"
	rm -rf "$disk/imports" "$disk/entries"
}

# member NAME: a number of what verify counted.
member()
{
	grep -o "\"$1\": *[0-9]*" "$home/report" | grep -o '[0-9]*$'
}

# The sizes of what is sealed in the vault, in the array pieces: so many pages
# of 4096 bytes behind the header of 8192, and records of one size.
count_pieces()
{
	local pages records bytes

	PAWL_VAULT=$data/some patiently "$B/pawl-vault" verify --json \
		>"$home/report"
	pages=$(member pages)
	records=$(member entries)
	bytes=$(($(member bytes) - 8192 - pages * 4096))
	[ $((bytes % records)) -eq 0 ] || fail "the records differ in size"
	pieces=("$pages" 4096 "$records" $((bytes / records)))
}

scans()
{
	local at="PAWL_VAULT=$data/some"

	count_pieces
	patiently "$B/bench/unseal" make "$disk/pieces" "${pieces[@]}"
	measure "$B/bench/spawn" "$spells" \
		list - "$at" "$B/pawl-vault" list -- \
		verify - "$at" "$B/pawl-vault" verify -- \
		unseal - "$B/bench/unseal" open "$disk/pieces" "${pieces[@]}"
	seconds vault "\`list\`, $some_is" list 0.5
	memory vault "its resident memory" list
	ratio vault "\`verify\`, $some_is / decrypting as many bytes in \
pieces of the same sizes" verify unseal 2.00
	memory vault "its resident memory" verify
	raw list "pawl-vault list, $some_is"
	raw unseal "decrypting as many bytes with libsodium"
	raw verify "pawl-vault verify, $some_is"
	rm -f "$disk/pieces"
}

scale()
{
	vault "$data/some" "$some"
	gets
	imports
	scans
}
