#!/bin/bash
# world.sh DIR COMMAND [ARGUMENT...]: run COMMAND beside a real sshd and a real
# FTPS server which share an account, and return COMMAND's status.  For root.
#
# Everything happens in namespaces of its own.  There /etc is DIR/etc with its
# own accounts and PAM services; outside nothing changes, and when COMMAND ends,
# or this script dies in whatever way, no process and no mount is left.  Nothing
# is written outside DIR, which must be new or empty.  Several worlds can run at
# the same time.
#
# Read from the environment:
#	WORLD_PASSWORD_FILE	holds the first password of site1, in one line;
#				OLDPASS1 without it.  site2's is HOPPASS2.
#	WORLD_PAM_ARGS		further arguments of pam_pawl, such as revoke=3
#	PAWL_T_PAM		pam_pawl.so, else build/tests/pam_pawl.so
#
# Set for COMMAND:
#	PAWL_T_DIR		DIR, as an absolute path
#	PAWL_T_SSH_PORT		sshd and the FTPS server (explicit TLS), both on
#	PAWL_T_FTP_PORT		127.0.0.1
#	PAWL_T_CA		the CA that issued the FTPS server's certificate
#	PAWL_T_KNOWN_HOSTS	sshd's host key, for ssh's UserKnownHostsFile
#	HOME, XDG_*, TMPDIR	below DIR
#
# In DIR: etc, home (home/site1 and home/site2 are the accounts'), ca (see ca.sh), log/sshd.log,
# log/proftpd.log, log/ftp-logins (see pam_pawl.c) and state (its counters).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd -P)
# Where the namespace shows DIR/home, DIR/log and DIR/state: a path without
# surprises for configuration files, which site1 may search whatever the mode
# of DIR is.
view=/run/world

fail()
{
	echo "world.sh: $1" >&2
	exit "${2-70}"
}

# --- The files --------------------------------------------------------------

# Prints the hash of the password on standard input.
hash_password()
{
	openssl passwd -6 -stdin
}

first_password()
{
	if [ -n "${WORLD_PASSWORD_FILE-}" ]; then
		cat -- "$WORLD_PASSWORD_FILE"
	else
		echo OLDPASS1
	fi
}

# Only what programs need to run: no account, secret or setting of the machine.
copy_etc()
{
	local path paths=()

	for path in alternatives debian_version ld.so.cache ld.so.conf \
	    ld.so.conf.d locale.alias localtime login.defs os-release \
	    profile protocols security services shells ssl/openssl.cnf \
	    ssl/certs/ca-certificates.crt terminfo timezone; do
		[ ! -e "/etc/$path" ] || paths+=("$path")
	done
	mkdir -p "$dir/etc"/{pam.d,proftpd,ssh}
	(cd /etc && cp -a --parents "${paths[@]}" "$dir/etc")
	echo "127.0.0.1 localhost $(uname -n)" >"$dir/etc/hosts"
	# Nor does a name service ask anybody outside.
	cat >"$dir/etc/nsswitch.conf" <<-END
		passwd: files
		group: files
		shadow: files
		hosts: files
	END
}

write_accounts()
{
	local hash today=$(($(date +%s) / 86400))

	hash=$(first_password | hash_password)
	cat >"$dir/etc/passwd" <<-END
		root:x:0:0:root:$view/home/root:/bin/sh
		sshd:x:101:65534::/run/sshd:/usr/sbin/nologin
		nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
		site1:x:30001:30001:pawl test:$view/home/site1:/bin/sh
		site2:x:30002:30002:pawl test:$view/home/site2:/bin/sh
	END
	cat >"$dir/etc/group" <<-END
		root:x:0:
		shadow:x:42:
		nogroup:x:65534:
		site1:x:30001:
		site2:x:30002:
	END
	cat >"$dir/etc/shadow" <<-END
		root:*:$today:0:99999:7:::
		sshd:*:$today:0:99999:7:::
		nobody:*:$today:0:99999:7:::
		site1:$hash:$today:0:99999:7:::
		site2:$(echo HOPPASS2 | hash_password):$today:0:99999:7:::
	END
	chmod 640 "$dir/etc/shadow"
	install -d -m 700 -o 30001 -g 30001 "$dir/home/site1"
	install -d -m 700 -o 30002 -g 30002 "$dir/home/site2"
}

# nodelay: a test need not wait because it gave a wrong password.
write_pam()
{
	cat >"$dir/etc/pam.d/sshd" <<-END
		auth required pam_unix.so nodelay
		account required pam_unix.so
		password required pam_unix.so sha512
		session required pam_permit.so
	END
	install -m 644 "$pam_module" "$dir/etc/pam_pawl.so"
	cat >"$dir/etc/pam.d/pawl-ftp" <<-END
		auth required /etc/pam_pawl.so log=$view/log/ftp-logins \
		 state=$view/state ${WORLD_PAM_ARGS-}
		account required pam_unix.so
		session required pam_permit.so
	END
	cat >"$dir/etc/pam.d/sudo" <<-END
		auth required pam_unix.so nodelay
		account required pam_unix.so
		session required pam_permit.so
	END
	(umask 337 && echo 'site1 ALL=(root) ALL' >"$dir/etc/sudoers")
	cat >"$dir/etc/pam.d/chpasswd" <<-END
		password required pam_unix.so sha512
	END
	cat >"$dir/etc/pam.d/other" <<-END
		auth required pam_deny.so
		account required pam_deny.so
		password required pam_deny.so
		session required pam_deny.so
	END
}

write_sshd()
{
	ssh-keygen -q -t ed25519 -N '' -C '' -f "$dir/etc/ssh/host_key"
	cat >"$dir/etc/ssh/sshd_config" <<-END
		ListenAddress 127.0.0.1
		HostKey /etc/ssh/host_key
		PidFile /run/sshd.pid
		LogLevel VERBOSE
		UsePAM yes
		PasswordAuthentication yes
		KbdInteractiveAuthentication yes
		PermitRootLogin no
		PrintMotd no
		UseDNS no
		Subsystem sftp internal-sftp
	END
}

# z/OS's words.  The server also says "Password was changed." on a plain login:
# the text must never be the proof.
write_proftpd()
{
	echo 'Password was changed.' >"$dir/etc/proftpd/login"
	cat >"$dir/etc/proftpd/proftpd.conf" <<-END
		LoadModule mod_tls.c
		ServerType standalone
		ServerIdent on "TCPIPFTP IBM FTP CS V2R5 at localhost."
		DefaultAddress 127.0.0.1
		SocketBindTight on
		Port %{env:FTP_PORT}
		UseIPv6 off
		UseReverseDNS off
		DelayEngine off
		ControlsEngine off
		WtmpLog off
		User nobody
		Group nogroup
		PidFile /run/proftpd.pid
		ScoreboardFile /run/proftpd.scoreboard
		SystemLog $view/log/proftpd.log
		AuthPAM on
		AuthPAMConfig pawl-ftp
		AuthOrder mod_auth_pam.c* mod_auth_unix.c
		RequireValidShell off
		UseFtpUsers off
		AccessGrantMsg "%u is logged on.  Working directory is \"%u.\"."
		AccessDenyMsg "PASS command failed"
		DisplayLogin /etc/proftpd/login
		TLSEngine on
		TLSRequired on
		TLSProtocol TLSv1.2 TLSv1.3
		TLSLog $view/log/proftpd-tls.log
		TLSECCertificateFile /etc/proftpd/cert.pem
		TLSECCertificateKeyFile /etc/proftpd/cert.key
	END
	"$here/ca.sh" "$dir/ca"
	cp "$dir/ca/good.pem" "$dir/etc/proftpd/cert.pem"
	cp "$dir/ca/good.key" "$dir/etc/proftpd/cert.key"
}

# --- The namespace ----------------------------------------------------------

# What a daemon leaves in /run and /var/log is gone with the namespace.
mount_all()
{
	mount --bind "$dir/etc" /etc
	mount -t tmpfs -o mode=755 world /run
	mount -t tmpfs -o mode=755 world /var/log
	mkdir /run/sshd
	for name in home log state; do
		mkdir -p "$view/$name"
		mount --bind "$dir/$name" "$view/$name"
	done
}

# listens PORT: somebody does, on 127.0.0.1.  Read where the kernel says so: to
# connect would leave traces in the logs that the tests read, and ProFTPD makes
# whoever comes next wait.
listens()
{
	grep -q ": 0100007F:$(printf %04X "$1") 00000000:0000 0A " \
	    /proc/net/tcp
}

# start NAME PORT COMMAND...: start a daemon and wait until it listens.  It
# writes its pid to /run/NAME.pid once it has the port: until then, whoever
# listens there may be another world's.  Returns 1 if it ends, that is if the
# port is taken.
start()
{
	local name=$1 port=$2 tries=2000 pid='' written=''

	shift 2
	"$@" </dev/null >>"$dir/log/$name.out" 2>&1 &
	pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		read -r written 2>/dev/null <"/run/$name.pid" || :
		if [ "$written" = "$pid" ] && listens "$port"; then
			return 0
		fi
		[ $((tries -= 1)) -gt 0 ] || fail "$name does not start"
		sleep 0.01
	done
	return 1
}

# on_some_port NAME COMMAND...: start a daemon on a free port, left in $port,
# which replaces @ in COMMAND.
on_some_port()
{
	local name=$1

	shift
	for _ in {1..20}; do
		port=$((RANDOM % 12000 + 20000))
		if start "$name" "$port" "${@//@/$port}"; then
			return 0
		fi
	done
	cat "$dir/log/$name".* >&2
	fail "$name does not start, see above"
}

# The first process of the namespace: when it ends, the kernel kills every other.
inside()
{
	mount_all

	on_some_port sshd /usr/sbin/sshd -D -p @ -E "$view/log/sshd.log"
	export PAWL_T_SSH_PORT=$port
	on_some_port proftpd env FTP_PORT=@ /usr/sbin/proftpd -n -q \
	    -c /etc/proftpd/proftpd.conf
	export PAWL_T_FTP_PORT=$port

	export PAWL_T_DIR=$dir PAWL_T_CA=$dir/ca/ca.pem
	export PAWL_T_KNOWN_HOSTS=$dir/etc/ssh/known_hosts
	echo "[127.0.0.1]:$PAWL_T_SSH_PORT $(cat /etc/ssh/host_key.pub)" \
	    >"$PAWL_T_KNOWN_HOSTS"
	export HOME=$dir/home/root TMPDIR=$dir/tmp
	export XDG_CONFIG_HOME=$HOME/.config XDG_DATA_HOME=$HOME/.local/share
	export XDG_STATE_HOME=$HOME/.local/state XDG_CACHE_HOME=$HOME/.cache
	export XDG_RUNTIME_DIR=$HOME/.run
	unset SSH_AUTH_SOCK SSH_AGENT_PID
	install -d -m 700 "$XDG_RUNTIME_DIR"
	(umask "$old_umask" && exec "$@")
}

# --- Outside ----------------------------------------------------------------

# Kills the namespace's first process, and the kernel with it every other;
# unshare, which waits for the first, ends after the last of them.
kill_world()
{
	local init='' tries=200

	while [ -z "$init" ] && kill -0 "$world" 2>/dev/null; do
		read -r init 2>/dev/null \
		    <"/proc/$world/task/$world/children" || :
		[ $((tries -= 1)) -gt 0 ] || init=$world
	done
	[ -z "$init" ] || kill -KILL "$init" 2>/dev/null || :
	wait "$world" || :
	exit "$1"
}

# Refuses before anything is made.
check_place()
{
	[ "$(id -u)" -eq 0 ] || fail "only root can make a world" 77
	case $dir/ in
	/etc/* | /run/* | /var/log/* | /proc/*)
		fail "$dir: that place is hidden inside; take another" 64
		;;
	esac
	[ ! -e "$dir" ] || [ -z "$(ls -A "$dir")" ] ||
		fail "$dir: not empty" 64
	[ -f "$pam_module" ] ||
		fail "$pam_module: no PAM module; build it or set PAWL_T_PAM" 66
}

# A shell starts what runs in the background deaf to Ctrl-C and without its
# standard input: COMMAND shall have both.
outside()
{
	check_place
	mkdir -p "$dir"/{home/root,log,state,tmp}
	copy_etc
	write_accounts
	write_pam
	write_sshd
	write_proftpd
	setpriv --pdeathsig KILL env --default-signal=INT,QUIT \
	    unshare --mount --pid --fork --kill-child --mount-proc \
	    --propagation private "$here/world.sh" --inside "$@" <&0 &
	world=$!
	trap 'kill_world 129' HUP
	trap 'kill_world 130' INT
	trap 'kill_world 143' TERM
	wait "$world"
}

if [ "${1-}" = --inside ]; then
	old_umask=$2 dir=$3
	shift 3
	inside "$@"
	exit
fi
if [ $# -lt 2 ]; then
	echo "usage: world.sh DIR COMMAND [ARGUMENT...]" >&2
	exit 64
fi
old_umask=$(umask)
umask 022
dir=$(realpath -m -- "$1")
pam_module=${PAWL_T_PAM:-$here/../../build/tests/pam_pawl.so}
shift
outside "$old_umask" "$dir" "$@"
