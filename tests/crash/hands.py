#!/usr/bin/python3
"""Many hands on one vault at a time.

    hands.py [COMMITS]      8 writers, 32 readers, COMMITS (200) in all

Every writer changes an entry of its own and one that all share, whose two
attributes it sets to the same value.  No commit may be lost: the generation
counts them.  No reader may see half of one: the two are always the same.  A
writer that has to wait too long ends with status 75 and says so; here nobody
has to.  TAP on standard output.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading

BUILD = os.environ["B"]
WRITERS, READERS = 8, 32


class Vault:
    """A vault in a directory of its own."""

    def __init__(self, top):
        self.env = {
            "PATH": BUILD + ":" + os.environ["PATH"], "HOME": top,
            "XDG_CONFIG_HOME": top + "/c", "XDG_DATA_HOME": top + "/d",
            "XDG_STATE_HOME": top + "/s", "PAWL_CONFIG": top + "/pawl.conf"}
        # Fair waiting is not promised, so nobody's patience may end early.
        with open(self.env["PAWL_CONFIG"], "w", encoding="ascii") as out:
            out.write("lock-wait = 10m\n")
        self.problems = []
        self.running = True
        self.reads = 0
        self.lock = threading.Lock()

    def run(self, *command, given=""):
        """The finished process."""
        return subprocess.run(("pawl-vault",) + command, input=given,
                              env=self.env, text=True, capture_output=True,
                              check=False)

    def good(self, *command, given=""):
        """Its output; a failure is a problem."""
        done = self.run(*command, given=given)
        if done.returncode != 0:
            self.problems.append(f"{command}: {done.returncode}:"
                                 f" {done.stderr.strip()}")
        return done.stdout

    def show(self, name):
        """The attributes of an entry."""
        return json.loads(self.good("show", "--json", name))["attributes"]

    def write(self, number, commits):
        """One writer: half of its commits are of the shared entry."""
        for i in range(commits):
            value = f"{number}.{i}"
            if i % 2 == 0:
                self.good("set", "shared", f"x-a={value}", f"x-b={value}")
            else:
                self.good("set", f"own{number}", f"x-n={i}")

    def read(self):
        """One reader, until the writers are done."""
        while self.running:
            seen = self.show("shared")
            with self.lock:
                self.reads += 1
            if seen["x-a"] != seen["x-b"]:
                self.problems.append(f"half a commit was seen: {seen}")

    def generation(self):
        """How many commits there were."""
        return json.loads(self.good("verify", "--json"))["generation"]


def main():
    """Counts, and says what was lost."""
    commits = int((sys.argv + ["200"])[1]) // WRITERS
    with tempfile.TemporaryDirectory(prefix="pawl-hands.") as top:
        vault = Vault(top)
        vault.good("init")
        vault.good("set", "shared", "x-a=0", "x-b=0", given="secret\n")
        for number in range(WRITERS):
            vault.good("set", f"own{number}", "x-n=0", given="secret\n")
        before = vault.generation()
        writers = [threading.Thread(target=vault.write, args=(i, commits))
                   for i in range(WRITERS)]
        readers = [threading.Thread(target=vault.read)
                   for _ in range(READERS)]
        for thread in writers + readers:
            thread.start()
        for thread in writers:
            thread.join()
        vault.running = False
        for thread in readers:
            thread.join()
        made = vault.generation() - before
        if made != WRITERS * commits:
            vault.problems.append(f"{WRITERS * commits - made} commits lost")
        last = commits - 1 if commits % 2 == 0 else commits - 2
        for number in range(WRITERS):
            if vault.show(f"own{number}")["x-n"] != [str(last)]:
                vault.problems.append(f"own{number}: not its last value")
        left = set(os.listdir(top + "/d/pawl")) - {
            "vault", "vault.prev", "vault.lock"}
        if left:
            vault.problems.append(f"litter: {left}")
    print("1..1")
    print(f"# count: {made} commits by {WRITERS} writers beside {READERS}"
          f" readers with {vault.reads} reads: {len(vault.problems)} problems")
    for problem in vault.problems[:20]:
        print("#", problem)
    print("not ok" if vault.problems else "ok",
          "1 - many hands: no lost commit, no half of one")
    sys.exit(bool(vault.problems))


main()
