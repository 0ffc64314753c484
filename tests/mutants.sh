#!/bin/bash
# mutants.sh: breaks the store, the state and the format code in known ways,
# one at a time, and sees the unit tests fail.  make mutants runs it; B is the
# build directory.  TAP; a break that nothing notices is a failure.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
: "${B:=$PWD/build}"

work=$B/mutants
rm -rf "$work"
mkdir -p "$work/src"
git ls-files -z | xargs -0 cp --parents -t "$work/src"
trap 'rm -rf "$work/src" "$work/home"' EXIT
mkdir "$work/home"
export HOME=$work/home XDG_CONFIG_HOME=$work/home/c \
	XDG_DATA_HOME=$work/home/d XDG_STATE_HOME=$work/home/s \
	PAWL_CONFIG=$work/home/pawl.conf PAWL_SRC=$work/src

# build: the unit tests, without sanitizers, for speed.
build()
{
	make -C "$work/src" -s V=1 B="$work/build" HARDEN= HARDLD= \
		CFLAGS='-O1 -w' "$work/build/tests/unit/unit" \
		>"$work/make" 2>&1
}

# test_with SUITE...: whether these pass.
test_with()
{
	timeout 120 "$work/build/tests/unit/unit" "$@" >"$work/out" 2>&1
}

number=0 failed=0

tell()
{
	number=$((number + 1))
	if [ "$1" = ok ]; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		failed=$((failed + 1))
	fi
}

# mutant NAME FILE SUITES SED: FILE changed by SED must make SUITES fail.
mutant()
{
	local suites

	read -ra suites <<<"$3"
	sed -i -E "$4" "$work/src/$2"
	if cmp -s "$2" "$work/src/$2"; then
		tell not "$1: the break does not apply to $2 any more"
	elif ! build; then
		tell not "$1: does not compile"
	elif test_with "${suites[@]}"; then
		tell not "$1: nobody noticed"
	else
		tell ok "$1"
	fi
	cp "$2" "$work/src/$2"
}

build || { cat "$work/make"; exit 1; }
test_with store state record table crypt slot vault patch || {
	cat "$work/out"
	echo "the tests fail without a break" >&2
	exit 1
}

mutant "the file is not synced" vault/store.c store \
	's/fsync\(n->fd\)/0/'
mutant "the directory is not synced" vault/store.c store \
	's/fsync\(n->dir\)/0/'
mutant "the previous generation is not kept" vault/store.c "store vault" \
	's/^	if \(n->create\)$/	if (true)/'
mutant "an existing vault is replaced by init" vault/store.c "store vault" \
	's/done = linkat\(/done = renameat(/; s/n->base, 0\);/n->base);/'
mutant "what is old is removed before the new is there" vault/store.c store \
	's/^	int done;$/	int done = unlinkat(n->dir, n->base, 0);/'
mutant "the lock locks nothing" vault/store.c store \
	's/F_WRLCK/F_UNLCK/'
mutant "the generation does not count" vault/vault_commit.c vault \
	's/(generation) \+ 1/\1/; s/generation\+\+/generation + 0/'
mutant "a page of any generation opens" vault/vault_read.c vault \
	's/put_u64\((.*)generation\)/put_u64(\1id[0])/'
mutant "the header's MAC is not looked at" vault/vault.c vault \
	's/if \(crypt_mac_verify/if (0 \&\& crypt_mac_verify/'
mutant "a record of another tag is taken" vault/vault_read.c vault \
	's/memcmp\((.*)tag/0 \&\& memcmp(\1tag/'
mutant "the index hash has no key kind" vault/crypt.c crypt \
	's/\(size_t\)\(kind - 1\)/(size_t)0/'
mutant "the same nonce for all" vault/crypt.c crypt \
	's/randombytes_buf\(to, len\)/memset(to, 0, len)/'
mutant "associated data is left out" vault/crypt.c crypt \
	's/plain, len, ad\.p, ad\.len/plain, len, NULL, 0/'
mutant "the commitment is not compared" vault/slot.c slot \
	's/w->commit\) != 0\)/w->commit) == 7)/'
mutant "Argon2id costs have no ceiling" vault/slot.c slot \
	's/> SLOT_(OPS|KIB)_MAX/> 0xffffffffu/g'
mutant "unknown record fields pass" vault/record.c record \
	's/return "is of (a|an) .*unknown.*"/return NULL/; s/(default:)/\1 return NULL;/'
mutant "padding may be anything" vault/record.c record \
	's/!is_zero\(/0 \&\& !is_zero(/'
mutant "fields may come in any order" vault/record.c record \
	's/type < last/0/; s/type < \*lastp?/0/; s/< c->last/< 0/'
mutant "a page too few" vault/table.c "table vault" \
	's/TABLE_PAGE_ENTRIES\)/TABLE_PAGE_ENTRIES + 8)/'
mutant "entries of a page in any order" vault/table.c table \
	's/table_entry_compare\(([^)]*)\) >=? 0/0/'
mutant "an older vault is taken" vault/state.c "state vault" \
	's/if \(state_behind\(s, generation\)\)/if (0)/'
mutant "another copy of a generation is taken" vault/state.c "state vault" \
	's/memcmp\(mac, s->mac, STATE_MAC\) == 0/1/'
mutant "a pid that came round counts" vault/state.c state \
	's/m->boot_ms >= l->start_ms/true/'
mutant "a reader locks nothing" vault/state.c state \
	's/F_SETLK, F_RDLCK/F_SETLK, F_UNLCK/'
mutant "a drain waits for no reader" vault/state.c state \
	's/has_readers\(s, generation\) \|\|/false ||/'
mutant "a drain looks at the marks of before" vault/state.c state \
	's/state_refresh\(s, &ignored\) == -1/false/'
mutant "a drain tells nobody" vault/state.c state \
	's/s->drained < generation/false/'
mutant "who is late does not look" vault/state.c state \
	's/ \|\| s->drained > generation//'
mutant "the last slot can be removed" vault/vault_stage.c vault \
	's/if \(taken == 1\)/if (taken == 0)/'
mutant "a committed record stays after remove" vault/vault_commit.c vault \
	's/dead->at.offset == t->offset/false/'
mutant "an old page is bound to the next generation" vault/vault_patch.c \
	patch 's/if \(vault_page_bound\(v, page, sealed, e\) == -1\)/if (0)/'
mutant "a page that changes forgets who was busy" vault/vault_patch.c patch \
	's/- patch->busy_removed/+ 0/'
mutant "a record of another length takes a place" vault/vault_patch.c patch \
	's/item->length == length/item->length >= length/'

echo "1..$number"
echo "# count: $((number - failed)) of $number breaks were noticed"
[ "$failed" -eq 0 ]
