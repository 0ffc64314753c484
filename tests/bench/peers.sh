# shellcheck shell=bash disable=SC2016,SC2154
# peers.sh: pawl-vault beside what else keeps a secret; read by bench.sh, whose
# variables and functions it uses.  Backquotes are as in Markdown.
#
# Nobody has a limit here, and who is not installed is named.  What a peer is
# spared, encryption or the disk, its row says.

# skip PEER: in its row's place.
skip()
{
	printf '| `pawl-vault` / %s | not installed, left out | |\n' "$1" \
		>>"$home/vault"
}

# --- One entry --------------------------------------------------------------
# The keys of all of them are in files, without a passphrase.  reads and writes
# are the variants of spawn; names, of those that are installed.

# peer NAME WHAT: has been added to reads and writes.
peer()
{
	names+=("$1")
	label[$1]=$2
}

add_age()
{
	local to

	mkdir "$disk/age"
	age-keygen -o "$home/age.key" 2>/dev/null
	to=$(age-keygen -y "$home/age.key")
	age -r "$to" -o "$disk/age/secret" "$home/secret"
	reads+=(-- age "$secret" age -d -i "$home/age.key" "$disk/age/secret")
	writes+=(-- age_new - age -r "$to" -o "$disk/age/%" "$home/secret")
	peer age '`age -d` of a file'
	label[age_new]='`age -o`, not synced'
}

add_gpg()
{
	export GNUPGHOME=$home/gnupg
	mkdir -m 700 "$GNUPGHOME"
	patiently gpg --batch --quiet --passphrase '' \
		--quick-generate-key bench default default never 2>/dev/null
	patiently gpg --batch --quiet --trust-model always -r bench \
		-o "$disk/secret.gpg" -e "$home/secret"
	reads+=(-- gpg "$secret" gpg --batch --quiet -d "$disk/secret.gpg")
	peer gpg '`gpg -d` of a file'
}

# With the key of add_gpg.
add_pass()
{
	export PASSWORD_STORE_DIR=$disk/store
	pass init bench >/dev/null
	pass insert -m "$entry" <"$home/secret" >/dev/null
	reads+=(-- pass "$secret" pass show "$entry")
	writes+=(-- pass_new - pass generate new% 32)
	peer pass '`pass show`'
	label[pass_new]='`pass generate`, not synced'
}

# Without -t, the cost of its key is the least that its command line makes.
add_keepassxc()
{
	local db=$disk/keepassxc.kdbx key=$home/keepassxc.key kdf
	local with=(-q --no-password -k "$key")

	export QT_QPA_PLATFORM=offscreen
	patiently keepassxc-cli db-create -q --set-key-file "$key" "$db"
	keepassxc-cli add "${with[@]}" -p "$db" site <"$home/secret"
	kdf=$(keepassxc-cli db-info "${with[@]}" "$db" | sed -n 's/^KDF: //p')
	cp "$db" "$db.new"
	reads+=(-- keepassxc "$secret" keepassxc-cli show "${with[@]}" -s
		-a Password "$db" site)
	writes+=(-- keepassxc_new - keepassxc-cli add "${with[@]}" -g
		"$db.new" new%)
	peer keepassxc "\`keepassxc-cli show\`, KDF $kdf, its least"
	label[keepassxc_new]="\`keepassxc-cli add\`, the same KDF"
}

# add NAME PROGRAM...: if its programs are there.
add()
{
	local name=$1 program

	shift
	for program; do
		if ! have "$program"; then
			skip "$name"
			return 0
		fi
	done
	"add_$name"
}

one_entry()
{
	local -A label
	local names=() reads writes name

	get "$data/one"
	reads=(beside "${get[@]}")
	PAWL_VAULT=$disk/new patiently "$B/pawl-vault" init >/dev/null
	writes=(new - "PAWL_VAULT=$disk/new" "$B/pawl-vault" generate new%)
	add age age age-keygen
	add gpg gpg gpgconf
	add pass pass gpg gpgconf
	add keepassxc keepassxc-cli
	measure "$B/bench/spawn" "$slow" "${reads[@]}"
	measure "$B/bench/spawn" "$slow" "${writes[@]}"
	raw beside "pawl-vault get by turns with these"
	for name in "${names[@]}"; do
		ratio vault "\`get\`, 1 entry / ${label[$name]}" beside "$name"
		raw "$name" "${label[$name]//\`/}"
	done
	raw new "pawl-vault generate, a new entry, by turns with these"
	for name in "${names[@]}"; do
		[ -n "${label[${name}_new]-}" ] || continue
		ratio vault "\`generate\`, a new entry, synced / \
${label[${name}_new]}" new "${name}_new"
		raw "${name}_new" "${label[${name}_new]//\`/}"
	done
}

# --- Many entries -----------------------------------------------------------

# read_among VAULT COUNT: pawl's vault, and the databases with as many.
read_among()
{
	local is name variants
	is=$(with_commas "$2")

	get "$1"
	variants=("get$2" "${get[@]}")
	for name in "${databases[@]}"; do
		variants+=(-- "$name$2" "$secret" "$B/bench/$name"
			"$disk/$name.$2" get "$entry")
	done
	measure "$B/bench/spawn" "$spawns" "${variants[@]}"
	raw "get$2" "pawl-vault get, $is entries, by turns with these"
	for name in "${databases[@]}"; do
		ratio vault "\`get\`, $is entries / ${title[$name]}, $is \
rows, not encrypted" "get$2" "$name$2"
		raw "$name$2" "${title[$name]}, $is rows, one read"
	done
}

# The vault is written whole for one entry, a database in some pages.
write_among()
{
	local variants name

	variants=(generate - "PAWL_VAULT=$disk/vault" "$B/pawl-vault"
		generate "$entry")
	for name in "${databases[@]}"; do
		variants+=(-- "$name.set" - "$B/bench/$name"
			"$disk/$name.$some" set "$entry" CHANGE%)
	done
	measure "$B/bench/spawn" "$spells" "${variants[@]}"
	raw generate "pawl-vault generate, $some_is: all written anew"
	for name in "${databases[@]}"; do
		ratio vault "\`generate\`, $some_is, all written anew / \
${title[$name]}, one row, a few pages written, not encrypted" generate \
			"$name.set"
		raw "$name.set" "${title[$name]}, $(with_commas "$some") \
rows, one row changed and synced"
	done
}

among_many()
{
	local -A title=([sqlite3]=SQLite [lmdb]=LMDB)
	local databases=() name count

	for name in sqlite3 lmdb; do
		if [ ! -x "$B/bench/$name" ]; then
			skip "${title[$name]}"
			continue
		fi
		databases+=("$name")
		for count in "$some" "$entries"; do
			patiently "$B/bench/$name" "$disk/$name.$count" fill \
				"$count"
		done
	done
	[ "${#databases[@]}" -gt 0 ] || return 0
	read_among "$data/some" "$some"
	read_among "$data/many" "$entries"
	write_among
}

peers()
{
	one_entry
	among_many
}
