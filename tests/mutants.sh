#!/bin/bash
# mutants.sh [WORD]: breaks the store, the state, the format and the rotation
# code in known ways, one at a time, and sees the tests fail; with a WORD only
# those whose name or file has it.  make mutants runs it; B is the build
# directory.  TAP; a break that nothing notices is a failure.
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

# build TARGET...: without sanitizers, for speed.
build()
{
	make -C "$work/src" -s V=1 B="$work/build" HARDEN= HARDLD= \
		CFLAGS='-O1 -w' "$@" >"$work/make" 2>&1
}

# test_with SUITE...: whether these pass.
test_with()
{
	timeout 120 "$work/build/tests/unit/unit" "$@" >"$work/out" 2>&1
}

# test_cli FILE PATTERN: whether the tests of that name pass.
test_cli()
{
	B=$work/build timeout 120 bats -f "$2" "$work/src/tests/cli/$1" \
		>"$work/out" 2>&1
}

number=0 failed=0 word=${1-}

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

# attempt NAME FILE SED TARGET COMMAND...: FILE changed by SED must make COMMAND
# fail, which needs TARGET.
attempt()
{
	local name=$1 file=$2 sed=$3 target=$4

	shift 4
	[[ $name$file == *"$word"* ]] || return 0
	sed -i -E "$sed" "$work/src/$file"
	if cmp -s "$file" "$work/src/$file"; then
		tell not "$name: the break does not apply to $file any more"
	elif ! build "$target"; then
		tell not "$name: does not compile"
	elif "$@"; then
		tell not "$name: nobody noticed"
	else
		tell ok "$name"
	fi
	cp "$file" "$work/src/$file"
}

# mutant NAME FILE SUITES SED: the unit tests notice.
mutant()
{
	local suites

	read -ra suites <<<"$3"
	attempt "$1" "$2" "$4" "$work/build/tests/unit/unit" \
		test_with "${suites[@]}"
}

# cli_mutant NAME FILE BATS PATTERN SED: the command line's tests notice.
cli_mutant()
{
	attempt "$1" "$2" "$5" all test_cli "$3" "$4"
}

build "$work/build/tests/unit/unit" all || { cat "$work/make"; exit 1; }
rotation="protocol talk schedule window due"
# shellcheck disable=SC2086 # words
if ! test_with store state record table crypt slot vault patch $rotation ||
	! test_cli methods.bats "no answer|dies in the change" ||
	! test_cli rotate.bats "full disk"; then
	cat "$work/out"
	echo "the tests fail without a break" >&2
	exit 1
fi

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
mutant "a full set forgets who lives" vault/state.c state \
	's/^	make_room\(s, first\);$//'
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

mutant "an answer counts without its newline" rotate/run/protocol.c protocol \
	's/if \(end == NULL\)/if (end == NULL \&\& (end = text.p + text.len - 1) == NULL)/'
mutant "the second result= counts" rotate/run/protocol.c protocol \
	's/if \(a->outcome != 0\)/if (0)/'
mutant "the words of a login answer a change" rotate/run/protocol.c protocol \
	's/words\[i\]\.what == what/true/'
mutant "a NUL ends a line" rotate/run/protocol.c protocol \
	's/memchr\(line\.p, .*\) != NULL/0/'
mutant "the new password goes out in a login" rotate/run/protocol.c protocol \
	's/if \(r->what == MESSAGE_CHANGE \&\&$/if (r->fresh != NULL \&\&/; s/\? "change" : "login"/== 0 ? "login" : "change"/'
mutant "whoever asks gets the password" rotate/run/talk.c talk \
	's/if \(!take_prefix\(/if (!take_prefix(\&prompt, r) \&\& !slice_is(/; s/slice_is\(&prompt, r\)/slice_is(prompt, "Password: ")/'
mutant "a question is answered twice" rotate/run/talk.c talk \
	's/t->stage == TALK_LOGIN \&\& is/t->stage >= TALK_LOGIN \&\& is/'
mutant "a mere login changes the password" rotate/run/talk.c talk \
	's/if \(r->what == MESSAGE_CHANGE\)/if (true)/'
mutant "let in, and so changed" rotate/run/talk.c talk \
	's/in \&\& t->stage == TALK_AGAIN/in/'
mutant "after the new password nothing was sent" rotate/run/talk.c talk \
	's/t->stage < TALK_NEW\)/t->stage < TALK_AGAIN)/'
mutant "what an earlier prompt said is shown" rotate/run/talk.c talk \
	's/t->said = \(struct slice\).*;//'
mutant "the brake never comes" rotate/schedule.c schedule \
	's/s->stopped = true;$/s->stopped = s->stopped;/'
mutant "the brake counts one too many" rotate/schedule.c schedule \
	's/s->failed >= s->limits\.brake_count/s->failed > s->limits.brake_count/'
mutant "the share is of all, not of those that ended" rotate/schedule.c schedule \
	's/s->ended \* s->limits/s->n * s->limits/'
mutant "a host has no limit" rotate/schedule.c schedule \
	's/h->running >= s->limits\.per_host \|\|//'
mutant "an account is under way twice" rotate/schedule.c schedule \
	's/if \(s->busy\[.*\]\)/if (0)/'
mutant "a window ends before midnight" vault/window.c window \
	's/minutes \+= DAY_MINUTES/minutes = (int64_t)DAY_MINUTES - (int64_t)w->from/'
mutant "the week begins on Monday" vault/window.c window \
	's/\(day \+ 4\) % 7/(day + 3) % 7/'
mutant "the clock is never changed" vault/window.c window \
	's/return wall_at\(t\) - t;/return wall_at(86400) - 86400;/'
mutant "windows do not hold anybody up" rotate/due.c due \
	's/if \(windows->n > 0\)/if (0)/'
mutant "a failure is tried again at once" rotate/due.c due \
	's/r->attempted > r->rotated/0/'
mutant "both of a pair at a time" rotate/due.c due \
	's/if \(partner->unfinished\)/if (0)/'
cli_mutant "a program that dies was told nothing" rotate/run/exec.c \
	methods.bats "no answer|dies in the change" \
	's/MESSAGE_UNKNOWN,$/MESSAGE_NOT_SENT,/; s/MESSAGE_REASON_NONE, why/MESSAGE_REASON_INTERNAL, why/'
cli_mutant "a program that hangs said what it had said" rotate/run/exec.c \
	methods.bats "dies in the change" \
	's/else if \(WEXITSTATUS\(status\) != 0\)/else if (0)/'
cli_mutant "a commit that failed is acted upon" rotate/drive.c \
	rotate.bats "full disk" \
	's/if \(vault_commit\(v, \&e\) == 0\)/if (vault_commit(v, \&e) <= 0)/'
cli_mutant "what is to be committed is not" rotate/drive.c \
	rotate.bats "full disk" \
	's/^	if \(!any\)$/	if (any)/'

echo "1..$number"
echo "# count: $((number - failed)) of $number breaks were noticed"
[ "$failed" -eq 0 ]
