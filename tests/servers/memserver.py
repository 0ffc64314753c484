#!/usr/bin/python3
"""Look for passwords behind rotations, by a table.

    memserver.py --home DIRECTORY --certificates DIRECTORY --preload LIBRARY
        [--whole] TABLE

As memtable.py, with a server beside each command: a line is a status, a tab,
words or "-", a tab, what the server is, a tab, and the command.  A status with
a "+" before it takes longer, and is skipped without --whole.  What the server
is is "-" or a scenario of ftps_script.py, in JSON; its "accounts" are those of
ACCOUNTS, and "account" adds settings to each.  "certificate" is another one of
ca.sh, "needs" a CA for clients.  The environment says where it is, PORT, and
what is true of it, STATE.

All passwords are made of LETTERS, with the LIBRARY preloaded (letters.c), so
that each part of each is known for one: of the old, of the new, of one that was
drawn and given up.  Every process of the three programs of a rotation is
searched where it ends, and so are standard output and error and every file
below HOME that was not there before, as those that a hook writes.

Each finding is a line on standard error.  Standard output gets one line of
counts.  The exit status is 1 if there are findings.
"""

import argparse
import collections
import glob
import json
import os
import re
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
# They lie beside this file.
# pylint: disable=wrong-import-position
import ftps  # noqa: E402
import memscan  # noqa: E402
import memtable  # noqa: E402

LETTERS = "QZk7"
PROGRAMS = ["pawl-rotate", "pawl-rotate-net", "pawl-rotate-run"]
OLD, PHRASE = "ZQ7QQ7ZZ", "Zk7QZk7ZQkQ7ZkZ7QQkZ"
ACCOUNTS = {"SITE1": OLD, "PHRASE1": PHRASE, "F1": OLD, "F2": OLD, "F3": OLD,
            "F4": OLD}


def rows(path):
    """The lines of a table, with their numbers."""
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.strip() and not line.startswith("#"):
                yield number, line.rstrip("\n").split("\t")


class Server:
    """A server for one line of the table."""

    def __init__(self, options, wish):
        self.state = f"{options.home}.scenario.state"
        certificate = wish.pop("certificate", "good")
        needs = wish.pop("needs", None)
        further = wish.pop("account", {})
        wish["accounts"] = {name: {"password": password, **further}
                            for name, password in ACCOUNTS.items()}
        with open(f"{options.home}.scenario", "w", encoding="ascii") as out:
            json.dump(wish, out)
        base = os.path.join(options.certificates, certificate)
        words = ["--control", f"{options.home}.scenario", "--cert",
                 f"{base}.pem", "--key", f"{base}.key"]
        if needs:
            words += ["--client-ca", f"{options.certificates}/{needs}"]
        self.server = ftps.Server(ftps.read_options(words))
        self.port = self.server.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        """Until it is closed."""
        try:
            self.server.serve()
        except OSError:
            pass

    def close(self):
        """No more connections."""
        self.server.listener.shutdown(ftps.socket.SHUT_RDWR)
        self.server.listener.close()

    def changes(self):
        """How many passwords were changed."""
        return sum(account.changes
                   for account in self.server.accounts.accounts.values())

    def strange(self):
        """Whether there is a password that is not made of the letters."""
        return any(not re.fullmatch(f"(?i:[{LETTERS}]+)", account.password)
                   for account in self.server.accounts.accounts.values())


class Table(memtable.Table):
    """One run through a table of rotations."""

    def __init__(self, options):
        options.only, options.private = PROGRAMS, None
        super().__init__(options)
        self.programs = collections.Counter()
        self.changes = 0

    def read_wanted(self):
        """Nothing but the letters; what a certificate has is no password."""
        innocent = b""
        for path in glob.glob(f"{self.options.certificates}/*.pem"):
            with open(path, "rb") as file:
                innocent += file.read()
        self.letters = memscan.Letters(LETTERS, innocent)
        return set()

    def line(self, number, fields):
        """One line of the table, beside its server."""
        slow = fields[0].startswith("+")
        if slow and not self.options.whole:
            return
        wish = {} if fields[2] == "-" else json.loads(fields[2])
        server = Server(self.options, wish)
        os.environ["PORT"] = str(server.port)
        os.environ["STATE"] = server.state
        os.environ["LD_PRELOAD"] = self.options.preload
        self.row(number, int(fields[0]), fields[1], fields[3])
        del os.environ["LD_PRELOAD"]
        server.close()
        self.changes += server.changes()
        if server.strange():
            self.finding(number, fields[3], "another password")

    def reset(self):
        """Everything as it was, and where the server is."""
        super().reset()
        subprocess.run(["pawl-vault", "set", "--match", "*",
                        f"rotate.port={os.environ['PORT']}"],
                       check=True, stdout=subprocess.DEVNULL)

    def run(self, command):
        """Counts by program, too."""
        scan, status = super().run(command)
        self.programs += scan.programs
        return scan, status

    def tell(self):
        """The counts."""
        said = ", ".join(f"{count} of {name}"
                         for name, count in sorted(self.programs.items()))
        print(f"{said}; {self.changes} passwords changed; ", end="")
        if set(self.programs) != set(PROGRAMS) or not self.changes:
            self.counts["findings"] += 1
        return super().tell()


def main():
    """Read the options, and run the table."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for name in ("--home", "--certificates", "--preload"):
        parser.add_argument(name, required=True)
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("table")
    options = parser.parse_args()
    table = Table(options)
    for number, fields in rows(options.table):
        table.line(number, fields)
    sys.exit(table.tell())


if __name__ == "__main__":
    main()
