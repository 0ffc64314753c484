#!/bin/sh
# ca.sh DIR: make the certificates of one test run in DIR, which is created.
#
#	ca.pem		the CA to trust
#	good		localhost, 127.0.0.1 and ::1, issued by that CA
#	expired		the same names, no longer valid
#	wrong-name	issued by that CA for another host
#	untrusted	the same names, issued by a CA nobody was told of
#	self-signed	the same names, issued by itself
#	client		for a client, issued by that CA
#	stranger	for a client, issued by the CA nobody was told of
#
# Each but the first is a pair, NAME.pem and NAME.key.  The dates are fixed, so
# that a machine with a wrong clock runs the tests as well as any other.
set -eu

if [ $# -ne 1 ]; then
	echo "usage: ca.sh DIR" >&2
	exit 64
fi
umask 022
mkdir -p "$1"
cd "$1"
mkdir scratch

# A developer's own OpenSSL configuration shall not change what is made here.
export OPENSSL_CONF="$PWD/scratch/openssl.cnf"
cat >scratch/openssl.cnf <<-'END'
	[req]
	distinguished_name = name
	prompt = no
	[name]
	[ca]
	default_ca = run
	[run]
	database = scratch/index
	new_certs_dir = scratch
	rand_serial = yes
	unique_subject = no
	default_md = sha256
	policy = any
	[any]
	commonName = supplied
	[authority]
	basicConstraints = critical, CA:TRUE
	keyUsage = critical, keyCertSign
	subjectKeyIdentifier = hash
	[local]
	basicConstraints = critical, CA:FALSE
	extendedKeyUsage = serverAuth
	subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1
	[client]
	basicConstraints = critical, CA:FALSE
	extendedKeyUsage = clientAuth
	[elsewhere]
	basicConstraints = critical, CA:FALSE
	extendedKeyUsage = serverAuth
	subjectAltName = DNS:elsewhere.example, IP:192.0.2.1
END
: >scratch/index

# issue NAME ISSUER EXTENSIONS LAST-YEAR: a NAME that is its own ISSUER signs
# itself.
issue()
{
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -subj "/CN=pawl test $1" -keyout "$1.key" -out scratch/request
	if [ "$1" = "$2" ]; then
		signer=-selfsign
	else
		signer=-cert=$2.pem
	fi
	openssl ca -batch -notext "$signer" -keyfile "$2.key" \
	    -extensions "$3" -in scratch/request -out "$1.pem" \
	    -startdate 20000101000000Z -enddate "$4"1231235959Z
}

# openssl is chatty: what it says is shown only if something went wrong.
exec 3>&2 2>scratch/log
trap '[ $? -eq 0 ] || cat scratch/log >&3' EXIT

issue ca ca authority 2099
issue other-ca other-ca authority 2099
issue good ca local 2099
issue expired ca local 2001
issue wrong-name ca elsewhere 2099
issue untrusted other-ca local 2099
issue self-signed self-signed local 2099
issue client ca client 2099
issue stranger other-ca client 2099

# Nobody needs the keys of the two CAs once everything is issued.
rm -r ca.key other-ca.key other-ca.pem scratch
