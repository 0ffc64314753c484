#!/bin/bash
# drain.sh ROTATIONS: jobs log in all through so many rotations, on the real
# servers of a world of their own.  make drain builds what it needs first.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd -P)
: "${B:=$here/../build}"
export B

if [ "$(id -u)" -ne 0 ]; then
	echo "its servers need a mount namespace; run: sudo make drain" >&2
	exit 1
fi
temporary=$(mktemp -d "${TMPDIR:-/tmp}/pawl-drain.XXXXXX")
trap 'rm -rf "$temporary"' EXIT
PAWL_T_PAM="$B/tests/pam_pawl.so" "$here/servers/world.sh" \
	"$temporary/world" "$here/world/drain.py" "$1"
