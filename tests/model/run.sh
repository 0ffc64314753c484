#!/bin/bash
# run.sh [all]: checks the model of the transaction with Spin, compares its
# table with the program's, and breaks both to see that somebody notices.
# make model runs all of it, make test the short setting.  TAP; B is the build
# directory, with B/tests/model/table in it.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
: "${B:=$PWD/build}"
setting=${1:-short}
: "${CC:=cc}"

work=$B/model
rm -rf "$work"
mkdir -p "$work" || exit 1
number=0 failed=0 states=0 transitions=0 entries=0 noticed=0 mutants=0 worlds=0

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

# copy NAME: the model, to be changed or not, in a directory of its own.
copy()
{
	rm -rf "${work:?}/$1"
	mkdir "$work/$1"
	cp tests/model/*.pml "$work/$1"
}

# explain NAME: the end of what was said there, as TAP's comments.
explain()
{
	tail -n "${2:-20}" "$work/$1/out" | sed 's/^/# /'
}

# --- The two tables ---------------------------------------------------------

# model_table NAME REVOKE_AFTER: of the model in that directory.
model_table()
{
	(
		cd "$work/$1" &&
			spin -DREVOKE_AFTER="$2" -a table.pml &&
			"$CC" -w -DPRINTF -DMEMLIM=512 -o table pan.c
	) >"$work/$1/out" 2>&1 || return 2
	"$work/$1/table" 2>&1 | grep ' -> ' >"$work/$1/model.table"
}

# same_table NAME REVOKE_AFTER PROGRAM: whether that model's table is the
# program's; else the first entries that differ are in the directory's out.
same_table()
{
	local dir=$work/$1

	model_table "$1" "$2" || return 2
	"$3" "$2" >"$dir/program.table" 2>>"$dir/out" || return 2
	[ -s "$dir/program.table" ] || return 2
	diff "$dir/program.table" "$dir/model.table" >"$dir/differ" && return 0
	head -n 8 "$dir/differ" >>"$dir/out"
	return 1
}

compare()
{
	local revoke=$1

	copy "table$revoke"
	if same_table "table$revoke" "$revoke" "$B/tests/model/table"; then
		tell ok "the program's table is the model's, revoked after $revoke"
		entries=$((entries + $(wc -l <"$work/table$revoke/model.table")))
	else
		tell not "the program's table is the model's, revoked after $revoke"
		explain "table$revoke"
	fi
}

# broken_program NAME SED: a program changed by SED has another table.
broken_program()
{
	local dir=$work/program

	copy program
	sed -E "$2" rotate/transaction.c >"$dir/transaction.c"
	mutants=$((mutants + 1))
	if cmp -s rotate/transaction.c "$dir/transaction.c"; then
		tell not "program: $1: does not apply any more"
	elif ! "$CC" -std=c11 -w -D_GNU_SOURCE -Iinclude -Irotate -o \
		"$dir/program" tests/model/table.c "$dir/transaction.c" \
		>"$dir/out" 2>&1; then
		tell not "program: $1: does not compile"
		explain program
	else
		same_table program 3 "$dir/program"
		different program "program: $1"
	fi
}

# different NAME TEXT: of same_table's status, which must be 1.
different()
{
	if [ $? -eq 1 ]; then
		noticed=$((noticed + 1))
		tell ok "$2: $(grep -c '^<' "$work/$1/differ") entries differ"
	else
		tell not "$2: nobody noticed"
	fi
}

# --- The worlds -------------------------------------------------------------

free="-DRULES=FREE -DLIES=FREE -DSLOWS=FREE"
any="$free -DCRASHES=FREE -DLOSSES=FREE -DDELAYS=FREE"

# world NAME: what may go wrong in it, see rotate.pml.
world()
{
	case $1 in
	calm) echo "-DQUIET=1 -DRULES=FREE" ;;
	calm4) echo "-DQUIET=1 -DRULES=FREE -DLIES=FREE -DREVOKE_AFTER=4" ;;
	crash) echo "-DQUIET=1 -DCRASHES=1" ;;
	crash4) echo "-DQUIET=1 -DCRASHES=1 -DRULES=FREE -DREVOKE_AFTER=4" ;;
	loss) echo "-DQUIET=1 -DLOSSES=1" ;;
	loss4) echo "-DQUIET=1 -DLOSSES=1 -DRULES=FREE -DREVOKE_AFTER=4" ;;
	promise) echo "-DQUIET=1 -DLATE_YES=FREE -DBETWEEN=2 -DRULES=FREE" ;;
	promises) echo "$any -DLATE_YES=FREE" ;;
	promises2) echo "$any -DLATE_YES=FREE -DREVOKE_AFTER=2" ;;
	promises4) echo "$any -DLATE_YES=FREE -DREVOKE_AFTER=4" ;;
	late) echo "-DQUIET=1 -DDELAYS=1 -DBETWEEN=1 -DRULES=FREE" ;;
	any) echo "$any" ;;
	any2) echo "$any -DREVOKE_AFTER=2" ;;
	any4) echo "$any -DREVOKE_AFTER=4" ;;
	two) echo "$any -DROTATORS=2" ;;
	looks) echo "$any -DLOOKS=FREE -DLATE_YES=FREE" ;;
	jobs) echo "$any -DJOBS=FREE -DLATE_YES=FREE" ;;
	expired) echo "$any -DEXPIRIES=FREE" ;;
	hands) echo "$any -DHANDS=1 -DRUNS=4" ;;
	hands2) echo "$any -DHANDS=1 -DRUNS=4 -DREVOKE_AFTER=2" ;;
	window) echo "$any -DHANDS=1 -DWINDOW=1 -DRUNS=4" ;;
	window2) echo "$any -DHANDS=1 -DWINDOW=1 -DRUNS=4 -DREVOKE_AFTER=2" ;;
	window4) echo "$any -DHANDS=1 -DWINDOW=1 -DRUNS=4 -DREVOKE_AFTER=4" ;;
	moods) echo "-DCRASHES=1 -DLOSSES=1 -DDELAYS=1 -DMOODS=FREE" ;;
	logins) echo "-DCRASHES=1 -DLOSSES=1 -DDELAYS=1 -DLATE_LOGINS=1" ;;
	after) echo "-DAFTERWARDS=1 -DRUNS=3" ;;
	progress) echo "-DCRASHES=1 -DLOSSES=1 -DDELAYS=1 -DRULES=1 -DLIES=1" ;;
	*) echo "run.sh: no world $1" >&2 && exit 1 ;;
	esac
}

# check NAME WORLD [LEVEL]: 0 when every property holds in all of it, 1 when one
# breaks (its name is then in NAME/broken), 2 when it could not be seen.
# LEVEL is the compiler's.
check()
{
	local dir=$work/$1 flags how=-DSAFETY options=-m1000000

	read -ra flags <<<"$(world "$2")"
	[ "$2" != progress ] || { how=-DNP options+=" -l"; }
	# shellcheck disable=SC2086 # a list of options
	(
		cd "$dir" && spin "${flags[@]}" -a rotate.pml &&
			"$CC" "-O${3:-1}" -w $how -DCOLLAPSE -DMEMLIM=2048 \
				-o pan pan.c &&
			timeout 600 ./pan $options
	) >"$dir/out" 2>&1 || return 2
	grep -q 'search depth too small\|Search not completed' "$dir/out" &&
		! grep -q 'errors: [1-9]' "$dir/out" && return 2
	if grep -q 'errors: 0' "$dir/out"; then
		return 0
	elif [ -e "$dir/rotate.pml.trail" ]; then
		(cd "$dir" && spin "${flags[@]}" -t -T rotate.pml) \
			>"$dir/trail" 2>&1
		sed -n 's/.*broken: //p' "$dir/trail" >"$dir/broken"
		[ -s "$dir/broken" ] ||
			grep -o -m 1 'non-progress cycle\|invalid end state' \
				"$dir/out" >"$dir/broken"
		return 1
	fi
	return 2
}

number_of()
{
	sed -n "s/^ *\([0-9]*\) $2.*/\1/p" "$work/$1/out" | head -n 1
}

holds()
{
	local name=$1 text=$2 n

	copy "$name"
	if check "$name" "$name"; then
		n=$(number_of "$name" 'states, stored')
		worlds=$((worlds + 1))
		states=$((states + n))
		transitions=$((transitions + $(number_of "$name" transitions)))
		tell ok "$text: $n states"
	else
		tell not "$text: $(cat "$work/$name/broken" 2>&1)"
		[ ! -e "$work/$name/trail" ] ||
			cp "$work/$name/trail" "$work/$name/out"
		explain "$name" 60
	fi
}

# mutant NAME WORLD FILE SED: the model with FILE changed by SED must break a
# property in WORLD.  A change of the transaction must change its table, too,
# which is looked at in the whole setting.
mutant()
{
	local dir=$work/mutant

	mutants=$((mutants + 1))
	copy mutant
	sed -z -i -E "$4" "$dir/$3"
	if cmp -s "tests/model/$3" "$dir/$3"; then
		tell not "$1: does not apply any more"
		return
	fi
	check mutant "$2" 0
	if [ $? -ne 1 ] || [ ! -s "$dir/broken" ]; then
		tell not "$1: nobody noticed"
		explain mutant
		return
	fi
	if [ "$3" = transaction.pml ] && [ "$setting" = all ]; then
		same_table mutant 4 "$B/tests/model/table"
		if [ $? -ne 1 ]; then
			tell not "$1: the table is still the program's"
			return
		fi
	fi
	noticed=$((noticed + 1))
	tell ok "$1: breaks $(head -n 1 "$dir/broken")"
}

# last: only in the whole setting.
last()
{
	[ "$setting" != all ] || "$@"
}

compare 3
last compare 2
last compare 4
broken_program "one attempt too many" 's/(exposures >= .*revoke_after) - 1/\1/'
last broken_program "the quarantine is a second shorter" \
	's/(TX_QUARANTINE) \+ 1/\1/'
last broken_program "an answer is slow a second later" \
	's/(checked) \+ TX_FRESH/\1 + 1 + TX_FRESH/'
last broken_program "check lets jobs go on with what is refused" \
	's/need_person\(t, TX_END_STRANGER, limits\)/rest(t, TX_END_STRANGER, limits)/'
last broken_program "a refusal costs nothing" \
	's/charge\(t, is_slow\(t, limits\) \? 0 : 1, limits\);//'
last broken_program "current's login comes before the wait" \
	's/current\(t, TX_PHASE_DRAIN, limits\)/current(t, TX_PHASE_CHECK, limits)/'
last broken_program "one word of one entry" \
	's/t->rotation\.tried = t->before;//'

holds crash "one crash needs no person"
holds loss "nor does one loss"
last holds calm "nor do the server's rules"
last holds calm4 "nor do lies, revoked after 4"
last holds crash4 "one crash beside rules needs no person, revoked after 4"
last holds loss4 "nor does one loss beside them"
holds promise "a yes that is slow or never true needs no person"
last holds late "nor does one change that comes after its run"
holds any "crashes, losses, delays, rules and lies without limit"
last holds any2 "the same, revoked after 2"
last holds any4 "the same, revoked after 4"
last holds two "the same, and two rotators"
last holds promises "the same, and a yes that is true later or never"
last holds promises2 "that, revoked after 2"
last holds promises4 "that, revoked after 4"
last holds looks "a slow yes, and --again after a look at the account"
holds jobs "that, and jobs that log in all the while"
last holds expired "the same, and passwords that expire"
last holds hands "the same, and a password changed by hand"
last holds hands2 "that, revoked after 2"
holds window "changed by hand between the login and the change"
last holds window2 "that, revoked after 2"
last holds window4 "that, and any answer lost, revoked after 4"
last holds moods "a good login refused"
last holds logins "a login that comes late"
last holds after "a change made after its reply, whatever that said"
last holds progress "no run, and no row of runs, goes on for ever"


# The transaction.
t=transaction.pml
mutant "a yes is the proof" any $t \
	's/(t\.reply = yes;\s+if\s+:: t\.slow -> charge\(0\)\s+:: else\s+fi;\s+)find_out\(\)/t.fate = promoted;\1rest(rotated)/'
last mutant "a no is the proof" any $t \
	's/(t\.reply = no;\s+charge\([^;]*;\s+)find_out\(\)/\1t.fate = refused; rest(refused)/'
mutant "there is no budget" any $t \
	's/t\.exposures >= BUDGET ->/false ->/'
mutant "pending is dropped while a request may come" any $t \
	's/t\.outstanding > 0 \&\& t\.reply != yes ->(\s+rest\(lost\))/false ->\1/'
last mutant "what was lost is sent again" any $t \
	's/(change_unknown ->\s+)find_out\(\)/\1t.phase = change; t.action = send/'
last mutant "the quarantine is forgotten" any $t \
	's/(t\.state != pending) \&\& t\.aged/\1/'
last mutant "the quarantine forgets what came in it" any $t \
	's/(t\.settled = \(t\.state != pending \&\& t\.aged\));/\1; t.outstanding = (t.settled -> 0 : t.outstanding); t.sends = (t.settled -> 0 : t.sends);/'
last mutant "success does not set the count back" loss $t \
	's/(none_came\(\);\s+)t\.exposures = t\.outstanding/\1skip/'
last mutant "success forgets what is on its way" any $t \
	's/t\.exposures = t\.outstanding(;\s+not_applied\(\))/t.exposures = 0\1/'
last mutant "no answer costs nothing" any $t \
	's/(login_unknown ->\s+)halt\(unproved\)/\1give_back(); halt(unproved)/'
last mutant "pending is always tried first" any2 $t \
	's/t\.reply == no \|\|\s+\(t\.reply == none \&\& t\.tried == pending\)/false/'
last mutant "--again always begins with pending" any2 $t \
	's/t\.exposures = 0;\s+t\.reply = none;/\0 t.tried = none;/'
last mutant "--again tries a pending that is not there" any $t \
	's/t\.has_pending ->(\s+enter\(sent\))/true ->\1/'
last mutant "sent though current was not proved" any $t \
	's/(login_unknown ->\s+)rest\(unreachable\)/\1send_now()/'
last mutant "sent though a job holds current" jobs $t \
	's/event == not_drained ->\s+give_back\(\);\s+rest\(held\)\s+:: event == drained/true/'
last mutant "a drain waits for ever" jobs $t \
	's/(event == not_drained ->\s+)give_back\(\);\s+rest\(held\)/\1skip/'
last mutant "what is not proved is done with" any $t \
	's/(login_unknown ->\s+)halt\(unproved\)/\1rest(nothing)/'
last mutant "the run does not say when it is stuck" any $t \
	's/(t\.current_bad \&\& t\.pending_bad) -> need_person\(attention\)/\1 -> halt(none)/'
last mutant "recover only looks" progress $t \
	's/(:: t\.state == sent ->\s+)none_came\(\);\s+find_out\(\)/\1halt(unproved)/'
mutant "a refusal costs nothing" window $t \
	's/charge\(\(t\.slow -> 0 : 1\)\)/skip/'
last mutant "an answer that is lost costs nothing" window4 $t \
	's/charge\(2\)/skip/'
mutant "a yes is the end of it" jobs $t \
	's/t\.reply = yes;/t.outstanding--; t.sends = 0; \0/'
last mutant "what was waited for in vain is settled" jobs $t \
	's/(wait_over ->\s+)rest\(late\)/\1forget(); rest(late)/'
last mutant "the wait tries pending, too" promise $t \
	's/(event == waited ->\s+attempt\()current, login_current, retry/\1pending, login_pending, prove/'
last mutant "refused before the wait is refused for ever" promise $t \
	's/t\.pending_bad = false;//'
mutant "a slow answer costs nothing" window $t \
	's/t\.slow -> charge\(0\)/t.slow/'
mutant "a request beside one that may be on its way" any $t \
	's/\(event == start \&\& t\.state == idle\)\)/false)/'
last mutant "--again forgets, and does not wait for what may be on its way" looks $t \
	's/\(\(event == recover_again \&\& t\.state == attention \&\&\s+t\.reply != yes\)/(false/; s/none_came\(\)(;\s+t\.exposures = 0)/forget()\1/'
last mutant "an expired password sets the count back" expired $t \
	's/login_expired \&\& t\.action == login_current ->/\0 t.exposures = 0;/'

# The driver, and who else uses the vault.
w=rotate.pml
mutant "acted on before it is durable" any $w \
	's/must\(in_order, v_pending != NONE[^;]*;//; s/:: true -> persist\(\)/:: t.action == stop -> persist() :: t.action != stop/; s/act\(\); goto step/act(); persist(); goto step/'
last mutant "a drain in a state that is not durable" any $w \
	's/:: true -> persist\(\)/:: t.action == drain :: t.action != drain -> persist()/'
last mutant "a new pending for each run" any $w \
	's/t\.fate == needed \&\& v_pending == NONE/t.fate == needed/'
last mutant "the budget is not durable" any $w \
	's/d_exposures = t\.exposures;/skip;/'
last mutant "a refused pending is not kept" after $w \
	's/\(HISTORY -> v_history \| \(1 << v_pending\) : 0\)/v_history/'
last mutant "rotators do not exclude each other" two $w \
	's/!locked \&\& MAY\(runs\)/MAY(runs)/'
last mutant "jobs are answered in SENT" jobs $w \
	's/MAY\(jobs\) \&\& d_state == idle/MAY(jobs) \&\& (d_state == idle || d_state == sent)/'
mutant "jobs are answered while a change may come" jobs $w \
	's/ \&\& !UNSETTLED//'
last mutant "nobody looks for jobs" jobs $w \
	's/\(holders == 0 -> drained : not_drained\)/drained/'

echo "1..$number"
echo "# count: $entries entries of the transition table are the model's"
properties=11
last let properties+=1
echo "# count: $properties properties in $worlds worlds:" \
	"$states states, $transitions transitions"
echo "# count: $noticed of $mutants mutants were noticed"
[ "$failed" -eq 0 ]
