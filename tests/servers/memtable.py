#!/usr/bin/python3
"""Look for secrets behind every command of a table.

    memtable.py [--only NAME] --home DIRECTORY --private DIRECTORY
        CANARIES TABLE

Each line of TABLE is a status, a tab, words or "-", a tab, and a command for
bash; empty lines and those that begin with # are skipped.  For each one
DIRECTORY, HOME from now on, is put back as it was in the beginning, and the
command is run there.  All processes called NAME (pawl-vault) are searched where
they end, as memscan.py does it; the command must end with the status and must
have said the words on standard error or output.

Nor may a secret be in what it says on standard error, in a file under HOME
that was not there before, or in one whose name ends in "audit"; and nothing
may be left in the directory PRIVATE.

Each finding is a line on standard error.  Standard output gets one line of
counts.  The exit status is 1 if there are findings.
"""

import argparse
import os
import shutil
import sys

sys.dont_write_bytecode = True
# It lies beside this file.
# pylint: disable=wrong-import-position
import memscan  # noqa: E402


def rows(path):
    """The lines of a table: (number, status, words, command)."""
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.strip() and not line.startswith("#"):
                status, words, command = line.rstrip("\n").split("\t")
                yield number, int(status), words, command


def files(home):
    """Every regular file below a directory."""
    for directory, _, names in os.walk(home):
        for name in names:
            path = os.path.join(directory, name)
            if os.path.isfile(path) and not os.path.islink(path):
                yield path


class Table:
    """One run through a table."""

    def __init__(self, options):
        self.options = options
        self.letters = None
        self.wanted = self.read_wanted()
        self.home = options.home
        self.base = options.home + ".base"
        self.log = options.home + ".log"
        self.known = set(files(self.home))
        self.counts = {"rows": 0, "errors": 0, "scans": 0, "findings": 0}
        os.rename(self.home, self.base)

    def read_wanted(self):
        """What to look for."""
        return memscan.read_canaries(self.options.canaries)

    def finding(self, number, command, what):
        """One more; what it is, and where."""
        self.counts["findings"] += 1
        print(f"line {number}: {command}\n  {what}", file=sys.stderr)

    def reset(self):
        """Everything as it was."""
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.copytree(self.base, self.home, symlinks=True)
        os.chdir(self.home)

    def run(self, command):
        """Runs it with its output in two logs; the scan, and its status."""
        scan = memscan.Scan(self.wanted, self.options.only,
                            self.letters)
        saved = [os.dup(1), os.dup(2)]
        for fd in (1, 2):
            log = os.open(f"{self.log}.{fd}",
                          os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(log, fd)
            os.close(log)
        status = scan.run(["bash", "-c", command])
        for fd in (1, 2):
            os.dup2(saved[fd - 1], fd)
            os.close(saved[fd - 1])
        status = os.waitstatus_to_exitcode(status)
        return scan, status if status >= 0 else 128 - status

    def said(self, fd):
        """What went to a descriptor."""
        with open(f"{self.log}.{fd}", "rb") as file:
            return file.read()

    def holds(self, path):
        """Whether there is a secret in a file."""
        with open(path, "rb") as file:
            data = file.read()
        return (any(fragment in data for fragment in self.wanted)
                or self.letters is not None and self.letters.find(data) != set())

    def row(self, number, wanted_status, words, command):
        """One line of the table."""
        self.reset()
        scan, status = self.run(command)
        said = self.said(1) + self.said(2)
        self.counts["rows"] += 1
        self.counts["errors"] += wanted_status != 0
        self.counts["scans"] += scan.searched
        shown = said.decode(errors="replace")
        if status != wanted_status:
            self.finding(number, command, f"status {status}: {shown}")
        elif words not in ("-", "") and words.encode() not in said:
            self.finding(number, command, f"does not say {words}: {shown}")
        if not scan.searched:
            self.finding(number, command, f"nothing was searched: {shown}")
        if scan.found:
            self.finding(number, command, f"in memory: {shown}")
        if self.holds(f"{self.log}.2"):
            self.finding(number, command, "on standard error")
        for path in files(self.home):
            if (path not in self.known or path.endswith("audit")) and \
                    self.holds(path):
                self.finding(number, command, f"in {path}")
        left = self.options.private and os.listdir(self.options.private)
        if left:
            self.finding(number, command, f"left: {left}")

    def tell(self):
        """The counts."""
        counts = self.counts
        print(f"{counts['rows']} runs, {counts['errors']} of them failing,"
              f" {counts['scans']} scans, {counts['findings']} findings")
        return 1 if counts["findings"] or not counts["rows"] else 0


def main():
    """Read the options, and run the table."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--only", action="append")
    parser.add_argument("--home", required=True)
    parser.add_argument("--private", required=True)
    parser.add_argument("canaries")
    parser.add_argument("table")
    options = parser.parse_args()
    options.only = options.only or ["pawl-vault"]
    table = Table(options)
    for row in rows(options.table):
        table.row(*row)
    sys.exit(table.tell())


if __name__ == "__main__":
    main()
