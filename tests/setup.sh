#!/bin/sh
# setup.sh build|test|lint|bench: sees to it that what make needs is installed.
# As root it installs what is missing with apt-get; else it prints the one
# line to run.  A daemon that comes with a package is not started.
set -eu

build="gcc libc6-dev make pkg-config libsodium-dev libcurl4-openssl-dev
    libssl-dev"
test="$build age ansible-core bats check chromium curl git gnupg libpam0g-dev libpam-oath
    libcrypt-dev openssh-client openssh-server openssl pass proftpd-core
    proftpd-mod-crypto procps python3 python3-paramiko rsync softhsm2
    spin strace sudo util-linux clang libclang-rt-14-dev valgrind zsh fish"
lint="$test clang clang-format clang-tidy cppcheck mandoc shellcheck"
# What pawl is measured against; bench.sh does without what is not there.
peers="gnupg keepassxc liblmdb-dev libsqlite3-dev pass"

needless=
case ${1-} in
build) wanted=$build ;;
test) wanted=$test ;;
lint) wanted=$lint ;;
bench)
	wanted="$test $peers"
	needless=$peers
	;;
fuzz) wanted=$test ;;
*)
	echo "usage: setup.sh build|test|lint|bench|fuzz" >&2
	exit 64
	;;
esac

missing=
for package in $wanted; do
	case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>&1) in
	installed) ;;
	*) missing="$missing $package" ;;
	esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
	echo "missing packages; run: sudo apt-get install$missing" >&2
	for package in $missing; do
		case " $needless " in
		*" $package "*) ;;
		*) exit 1 ;;
		esac
	done
	exit 0
fi

echo "installing:$missing"
# Debian's own way to keep a package's daemon from being started.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	trap 'rm -f $policy' EXIT
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod 755 $policy
fi
log=$(mktemp)
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # a list of names
if ! { apt-get update -qq && apt-get install -y -qq \
	--no-install-recommends $missing; } >"$log" 2>&1; then
	cat "$log" >&2
	rm -f "$log"
	exit 1
fi
rm -f "$log"
