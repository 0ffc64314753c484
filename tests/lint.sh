#!/bin/bash
# lint.sh: rules of the tree that no compiler checks.  make lint runs it after
# the compilers and analysers; every finding is one line, and none is fine.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

found=0

say()
{
	printf 'lint: %s\n' "$1"
	found=1
}

# forbid WHY PATTERN PATH...: no line of these files may match.
forbid()
{
	local why=$1 pattern=$2 hit

	shift 2
	while read -r hit; do
		say "$hit: $why"
	done < <(git grep -nIE --untracked "$pattern" -- "$@" | cut -c 1-120)
}

# only WHY PATTERN ALLOWED PATH...: only the files ALLOWED may match.
only()
{
	local why=$1 pattern=$2 allowed=$3 hit

	shift 3
	while read -r hit; do
		[[ " $allowed " == *" $hit "* ]] || say "$hit: $why"
	done < <(git grep -lIE --untracked "$pattern" -- "$@")
}

c=('*.c' '*.h')
shipped=('askpass/*.[ch]' 'vault/*.[ch]' 'rotate/*.[ch]' 'rotate/net/*.[ch]' 'rotate/run/*.[ch]'
	'include/*.h')

net="rotate/net/main.c rotate/net/login.c rotate/net/login.h
	rotate/net/login_command.c rotate/net/login_why.c rotate/net/look.c
	rotate/net/look.h
	rotate/net/options.c rotate/net/options.h rotate/net/trust.c
	rotate/net/trust.h rotate/net/wipe.c rotate/net/breed.c"
net=${net//[$'\n\t']/ }

forbid "this call has a safer one" \
	'\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|system|popen|atoi|alloca)\(' \
	"${c[@]}"
forbid "finish it or leave it out" '\b(TODO|FIXME|XXX|HACK)\b' \
	"${c[@]}" '*.sh' '*.py' '*.bats' Makefile 'man/*' ':!tests/lint.sh'
forbid "blank at the end of a line" '[ 	]+$' . ':!*.bats' ':!*.tsv'
forbid "stdio keeps what passes through it" \
	'\b(f?printf|fputs|puts|fwrite|fgets|getline|fopen|putchar)\(' \
	"${shipped[@]}" ':!vault/main.c' ':!vault/change.c' ':!vault/cmd*.c'
forbid "a secret does not go through stdio" '\b(f?printf|fwrite|puts|stdout)\b' \
	vault/cmd_get.c
forbid "credentials would be shown" 'CURLOPT_(VERBOSE|DEBUGFUNCTION)' \
	"${c[@]}" ':!tests/cli/callbacks.c'
only "only the network half knows libcurl" '<curl/' \
	"$net" \
	"${shipped[@]}"
only "only the network half knows OpenSSL" '<openssl/' \
	"$net" \
	"${shipped[@]}"
only "only crypt, slot and key know ciphers" \
	'\bcrypto_(aead|kdf|generichash|pwhash|box|secretbox)' \
	"vault/crypt.c vault/slot.c vault/key.c include/crypt.h" "${shipped[@]}"
only "only store replaces files, and publish what is no secret" \
	'\brename(at2?)?\(' "vault/store.c rotate/publish.c" \
	"${shipped[@]}"
only "one place a platform" '#if(def|ndef)? .*(__linux__|PAWL_POSIX)' \
	"vault/sandbox.c vault/state.c vault/path.c vault/store.c vault/secret.c" \
	"${shipped[@]}"

# Every header can be read, and compiled, alone.
for header in include/*.h askpass/*.h rotate/*.h rotate/net/*.h rotate/run/*.h vault/*.h; do
	gcc -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Werror \
		-fsyntax-only -Iinclude -Irotate -Iaskpass -Ivault \
		-x c "$header" || say "$header: does not compile alone"
done

# The map in the README names every file, and no other.
while read -r file; do
	grep -q -F "$(basename "$file")" README.md ||
		say "README.md: the map does not name $file"
done < <(git ls-files --cached --others --exclude-standard |
	grep -v -e '^\.' -e '^README.md$' -e '^tests/unit/test_' \
		-e '^tests/fuzz/fuzz_' -e '\.vector$')

# And nothing that is gone.
# shellcheck disable=SC2016 # backquotes as in Markdown
names='`[a-z/_A-Z0-9.]\+\.\(c\|h\|sh\|py\|bats\|tsv\|[1-9]\)`'
files=$(git ls-files --cached --others --exclude-standard)
while read -r word; do
	grep -q "\(^\|/\)$word\$" <<<"$files" ||
		say "README.md: the map names $word, which does not exist"
done < <(sed -n '/^## Where things are/,/^## Changing/p' README.md |
	grep -o "$names" |
	tr -d '`' | grep -v NAME)

# The Makefile lists every file that is compiled.
while read -r file; do
	grep -q -F "$file" Makefile tests/cli/*.bats || say "Makefile: does not list $file"
done < <(git ls-files --cached --others --exclude-standard '*.c')

exit $found
