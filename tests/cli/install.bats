#!/usr/bin/env bats
# make install and uninstall, and the programs where they were installed.

bats_require_minimum_version 1.5.0

# One tree for all: it is built with the paths of where it will be.
setup_file() {
	export T=$BATS_FILE_TMPDIR
	mkdir -m 700 "$T/home"
	env -u MAKEFLAGS make --no-print-directory B="$T/build" PREFIX=/usr DESTDIR="$T/root" \
	    install >"$T/log" 2>&1 || { cat "$T/log" >&2; return 1; }
}

setup() {
	export HOME=$T/home XDG_DATA_HOME=$T/home/d XDG_CONFIG_HOME=$T/home/c \
	    XDG_STATE_HOME=$T/home/s PAWL_CONFIG=$T/home/pawl.conf
	unset PAWL_VAULT PAWL_KEY_FILE PAWL_ENTRY PASSWD_DSN \
	    CREDENTIALS_DIRECTORY PAWL_ROTATE_NET SSH_ASKPASS_PROMPT
	bin=$T/root/usr/bin
}

# inside COMMAND...: as if the tree were the machine's; 98 if that cannot be.
inside() {
	unshare --mount --propagation private sh -c '
		mount -t tmpfs none /mnt && mkdir /mnt/work &&
		    cp -a "$T/root/usr" /mnt/upper && mount -t overlay none \
		    -o lowerdir=/usr,upperdir=/mnt/upper,workdir=/mnt/work \
		    /usr || exit 98
		exec "$@"' sh "$@"
}

@test "install: every file, its mode, and nothing else" {
	(cd "$T/root" && find . ! -type d -printf '%m %P\n') |
	    LC_ALL=C sort -k 2 >"$T/files"
	diff "$T/files" - <<-'END'
		777 usr/bin/docker-credential-pawl
		755 usr/bin/git-credential-pawl
		755 usr/bin/pawl-askpass
		755 usr/bin/pawl-rotate
		755 usr/bin/pawl-vault
		755 usr/libexec/pawl/pawl-rotate-net
		755 usr/libexec/pawl/pawl-rotate-run
		777 usr/share/bash-completion/completions/pawl-askpass
		777 usr/share/bash-completion/completions/pawl-rotate
		644 usr/share/bash-completion/completions/pawl-vault
		777 usr/share/fish/vendor_completions.d/pawl-askpass.fish
		777 usr/share/fish/vendor_completions.d/pawl-rotate.fish
		644 usr/share/fish/vendor_completions.d/pawl-vault.fish
		644 usr/share/man/man1/docker-credential-pawl.1
		644 usr/share/man/man1/git-credential-pawl.1
		644 usr/share/man/man1/pawl-askpass.1
		644 usr/share/man/man1/pawl-rotate.1
		644 usr/share/man/man1/pawl-vault.1
		644 usr/share/man/man5/pawl-askpass.conf.5
		644 usr/share/man/man5/pawl-rotate-exec.5
		644 usr/share/man/man5/pawl-vault.5
		644 usr/share/man/man7/pawl-coz.7
		644 usr/share/man/man7/pawl.7
		644 usr/share/pawl/coz/COZCFG.txt
		644 usr/share/pawl/coz/PAWLDSN.jcl
		644 usr/share/pawl/coz/PAWLENV.txt
		644 usr/share/pawl/coz/PAWLLNCH.jcl
		644 usr/share/pawl/coz/PAWLROT.jcl
		644 usr/share/pawl/coz/PAWLSFTP.jcl
		644 usr/share/pawl/coz/STDENV.txt
		644 usr/share/pawl/coz/STDENVD.txt
		755 usr/share/pawl/coz/read_passwd_dsn.sh
		755 usr/share/pawl/exec-file.sh
		755 usr/share/pawl/hook-logger.sh
		755 usr/share/pawl/hook-mail.sh
		644 usr/share/pawl/pawl-rotate.cron
		644 usr/share/pawl/pawl-rotate.service
		644 usr/share/pawl/pawl-rotate.timer
		644 usr/share/zsh/site-functions/_pawl-vault
	END
	cmp "$T/root/usr/share/bash-completion/completions/pawl-rotate" \
	    vault/completions/pawl-vault.bash
}

@test "install: the vault, the askpass beside it, and run" {
	"$bin/pawl-vault" init >/dev/null
	echo PASS1 | "$bin/pawl-vault" set site1 user=u host=127.0.0.1 \
	    rotate.method=zos-pass rotate.port=1 rotate.timeout=1s >/dev/null
	run -0 "$bin/pawl-vault" run site1 -- printenv SSH_ASKPASS
	[ "$output" = "$bin/pawl-askpass" ]
	[ "$(PAWL_ENTRY=site1 "$bin/pawl-askpass" "u@127.0.0.1's password: ")" = \
	    PASS1 ]
}

@test "install: a copy of the sample for exec rotates" {
	mkdir -m 755 "$T/exec"
	cp "$T/root/usr/share/pawl/exec-file.sh" "$T/exec"
	printf 'u:%s\n' "$(echo PASS1234 | openssl passwd -6 -stdin)" \
		>"$T/exec/accounts"
	echo PASS1234 | "$bin/pawl-vault" set exec1 user=u host=127.0.0.1 \
	    rotate.method=exec rotate.exec="$T/exec/exec-file.sh" >/dev/null
	run -0 "$bin/pawl-rotate" exec1
	[[ $output == *"exec1: changed, and proved by a fresh login"* ]]
}

@test "install: under another prefix pawl-rotate finds its network half" {
	run "$bin/pawl-rotate" check site1
	# It was found, and asked: nobody listens on that port.
	[ "$status" -eq 69 ]
}

@test "install: a copy of pawl-rotate alone names the place of the other" {
	[ ! -e /usr/libexec/pawl/pawl-rotate-net ] || skip "it is installed"
	cp "$bin/pawl-rotate" "$T/alone-rotate"
	run "$T/alone-rotate" check site1
	[ "$status" -eq 78 ]
	[[ $output == *"/usr/libexec/pawl/pawl-rotate-net: not installed"* ]]
}

@test "install: in its place, pawl-rotate finds its network half" {
	[ "$(id -u)" -eq 0 ] || skip "needs root for a mount namespace"
	run inside /usr/bin/pawl-rotate check site1
	[ "$status" -ne 98 ] || skip "no overlay file system"
	echo "$status: $output"
	# It was found, and asked: nobody listens on that port.
	[ "$status" -eq 69 ]
}

@test "install: a copy of pawl-vault alone finds the askpass in BINDIR" {
	cp "$bin/pawl-vault" "$T/alone"
	run "$T/alone" run site1 -- printenv SSH_ASKPASS
	if [ -x /usr/bin/pawl-askpass ]; then
		[ "$output" = /usr/bin/pawl-askpass ]
	else
		[ "$status" -eq 78 ]
		[[ $output == *"/usr/bin/pawl-askpass: not installed"* ]]
	fi
}

@test "uninstall: no file is left" {
	env -u MAKEFLAGS make --no-print-directory B="$T/build" PREFIX=/usr DESTDIR="$T/root" \
	    uninstall >/dev/null
	run -0 find "$T/root" ! -type d
	[ -z "$output" ]
	[ ! -e "$T/root/usr/libexec/pawl" ]
	[ ! -e "$T/root/usr/share/pawl" ]
}
