#!/usr/bin/python3
"""Every cut of the server, with every death of the client, and with others.

    cuts.py [STEP [ROW]]     one of STEP scenarios (1), of the rows so named

Each row of cut_rows.py is what the server does.  In each scenario of a row
one more thing happens to a rotation at one of its moments:

    nothing
    pawl-rotate is killed before or after it commits to the vault or lets an
    attempt go, or when it has the answer
    pawl-rotate, pawl-rotate-net or both are killed at a point of the server's
    a person changes the password at a point of the server's
    another machine, with a copy of the vault, rotates the same entry then

and besides, the vault is put back from a backup made at each commit.  Then
"recover" runs, twice at most.  What counts is the server's own account: the
password that holds must be in the vault, no account may be locked, not two bad
logins in a row, the entry is settled or asks for a person and says what to do,
and a rotation later on works.  TAP on standard output; JOBS scenarios are
played at a time (1).
"""

import collections
import math
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading

import kill
import stage
from cut_rows import ROWS
from stage import read

STEPS = re.compile("run:? pawl-(rotate|vault) ")
NAMED = re.compile(r'"vault\.new"')
GO = re.compile(r'write\(\d+, "\\245", 1\)')
FRESH = re.compile("openat2")
PERSON = "HUMANPW1"
STRANGERS = ("person", "other", "backup")
# From the login with the current password to the change: pawl-rotate(1) says
# in CAVEATS what it costs if somebody changes the password in this instant.
INSTANT = ((1, "pass-reply"), (1, "quit-received"), (2, "user-reply"),
           (2, "pass-received"))
# Points at which all that is on the line is known to both sides.
STOPS = ("user-reply", "pass-received", "change", "pass-reply",
         "site-received", "site-reply", "quit-received")


def moments(machine):
    """Moments in pawl-rotate's own run: (what, system call)."""
    found, answer = [], False
    made = kill.trace(machine, ["pawl-rotate", "--quiet", "site1"], "",
                      check=False)
    for call, after in zip(made, made[1:] + made[-1:]):
        what = None
        if call[0] == "renameat" and NAMED.search(call[2]):
            what = "commit"
        elif GO.search(call[2]):
            what, answer = "go", True
        elif answer and FRESH.search(call[2]):
            found.append(("the answer is here", call[:2]))
            answer = False
        if what is not None:
            found.append(("before " + what, call[:2]))
            found.append(("after " + what, after[:2]))
    return found


class Play:
    """A row of the table, and what is played of it."""

    def __init__(self, world, row):
        self.world = world
        self.row = row
        self.server = world.server
        self.machine = world.machine
        self.runs = 0
        self.bad = 0

    def begin(self):
        """As before the rotation."""
        self.runs = self.bad = 0
        self.machine.put_back()
        account = self.row.scenario.get("account", {})
        self.machine.run(
            ["pawl-vault", "set", "site1", "--secret", *self.row.attributes],
            account.get("password", kill.OLD) + "\n")
        self.server.begin(self.row.scenario)

    def plan(self):
        """All that may happen: (kind, what)."""
        reached = []
        self.begin()
        self.server.tell = lambda *point: reached.append(point)
        found = [("nothing", None)]
        made = moments(self.machine)
        found += [("call", moment) for moment in made]
        points = [point for point in dict.fromkeys(reached)
                  if point[1] in STOPS]
        found += [(whom, point) for point in points
                  for whom in ("rotate", "net", "both")]
        if self.row.strangers:
            found += [(who, point) for point in points
                      for who in ("person", "other")]
            found += [("backup", moment) for moment in made
                      if moment[0] == "after commit"]
        return found

    def rotate(self, kind, what):
        """The rotation to which it happens; None if it was killed."""
        if kind in ("call", "backup"):
            kill.run_killed(self.machine,
                            ["pawl-rotate", "--quiet", "site1"], "", what[1])
            return None
        process = self.machine.start("site1")
        once = threading.Lock()

        def happen(*point):
            if point == what and once.acquire(blocking=False):
                self.happen(kind, process)

        if what is not None:
            self.server.tell = happen
        said = process.communicate(timeout=60)[1]
        self.server.tell = lambda *point: None
        return None if process.returncode == -9 else (process.returncode, said)

    def happen(self, kind, process):
        """In the server's own thread, which waits for it."""
        if kind == "person":
            self.server.account().set(PERSON)
        elif kind == "other":
            self.world.other.rotate("--force", "site1")
        else:
            try:
                stage.kill_halves(process, kind)
            except OSError:
                pass  # It has ended already.

    def put_back(self, count):
        """The vault as it was when pawl-rotate died, after a rotation and
        another; it is refused until it is accepted."""
        backup = self.machine.vault + ".backup"
        shutil.copyfile(self.machine.vault, backup)
        os.chmod(backup, 0o600)
        self.recover(self.machine, None)
        self.machine.rotate("--force", "site1", later=stage.LATER)
        os.replace(backup, self.machine.vault)
        done = self.machine.rotate("--force", "site1")
        if done.returncode != 65 or "--accept-older" not in done.stderr:
            count.problems.append(f"{self.row.name}: backup: {done}")
        self.machine.run(["pawl-vault", "--accept-older", "list"])
        done = self.machine.rotate("--force", "site1")
        return done.returncode, done.stderr

    def settled(self, machine):
        """Its state, whether its current password holds, all that it has."""
        state, kept = machine.entry()
        return state, self.server.account().is_right(kept[0]), kept

    def recover(self, machine, said):
        """Twice at most; returns what was said last."""
        for run in (1, 2):
            state, right, _ = self.settled(machine)
            if state == "attention" or (state == "idle" and right):
                break
            before = self.server.account().total_bad
            done = machine.rotate("recover")
            said = done.returncode, done.stderr
            self.note_bad(before)
            self.runs = max(self.runs, run)
        return said

    def note_bad(self, before):
        """The most bad logins of a run, the server's count of which was that
        before it."""
        self.bad = max(self.bad, self.server.account().total_bad - before)

    def is_kept(self, *machines):
        """Whether the server's password is in one of the vaults."""
        as_stored = self.row.stores[0] if self.row.stores else str
        kept = [k for machine in machines for k in machine.entry()[1]]
        return any(self.server.account().is_right(password)
                   for k in kept for password in (k, as_stored(k)))


class Count:
    """What the scenarios came to, and what was wrong with some."""

    def __init__(self):
        self.numbers = collections.Counter()
        self.problems = []

    def __getitem__(self, name):
        return self.numbers[name]

    def __setitem__(self, name, value):
        self.numbers[name] = value

    def most(self, name, value):
        """Keeps the highest."""
        self[name] = max(self[name], value)

    def add(self, other):
        """All of another's."""
        for name, value in other.numbers.items():
            if name.startswith("most "):
                self.most(name, value)
            else:
                self[name] += value
        self.problems += other.problems


def judge(play, kind, what, said, count):
    """Each thing that must be so, at the end of a scenario."""
    row, server = play.row, play.server
    where = f"{row.name}; {kind} {what if what is not None else ''}"
    stranger = kind in STRANGERS
    machines = [play.machine] + ([play.world.other] if kind == "other" else [])

    def want(good, problem):
        if not good:
            count.problems.append(f"{where}: {problem}")
        return good

    account = server.account()
    count["scenarios"] += 1
    count.most("most recover runs", play.runs)
    if not stranger:
        count.most("most in a row", server.accounts.worst)
        if row.bad == 1:
            count.most("most bad", play.bad)
    instant = kind in ("person", "other") and what in INSTANT
    if instant and account.locked:
        count["documented"] += 1
        return
    if not want(not account.locked, "LOCKED"):
        count["locked"] += 1
    if kind not in ("person", "backup") and not want(play.is_kept(*machines), "LOST"):
        count["lost"] += 1
    want(play.bad <= (2 if stranger else row.bad),
         f"{play.bad} bad logins in a run")
    for machine in machines:
        state, right, _ = play.settled(machine)
        if state == "attention":
            count["attention"] += 1
            if machine is play.machine and said is not None:
                want(said[0] == 3 and STEPS.search(said[1]),
                     f"no next step: {said}")
                if row.stores and kind == "nothing":
                    want(row.stores[1] in said[1], f"not named: {said}")
        elif not right and (row.unseen or stranger):
            count["unseen"] += 1
        else:
            want(state == "idle" and right, f"left {state}, {said}")


def ask_person(play, by_hand):
    """What a person does whom a message asked: has the account looked at, and
    if that does not find the password that holds, puts it into the vault.
    """
    machine = play.machine
    # Twice: with a budget of one, each proves one.
    for _ in range(0 if by_hand else 2):
        play.server.account().consecutive_bad = 0
        machine.rotate("recover", "--again", "site1", later=stage.LATER)
    play.server.account().consecutive_bad = 0
    if by_hand or not play.settled(machine)[1]:
        machine.run(["pawl-vault", "set", "site1", "--secret"],
                    play.server.account().password + "\n")


def later_on(play, kind, what, count):
    """The faults are over, and so is the quarantine: what is next works."""
    play.server.behave()
    if play.server.account().locked:
        return
    refuses = "policy" in play.row.scenario.get("account", {})
    for hours in (2, 4, 6):
        state, right, _ = play.settled(play.machine)
        if state == "attention" or not right:
            ask_person(play, hours > 2)
        done = play.machine.rotate("--force", "site1",
                                   later=hours * stage.LATER)
        if done.returncode != 3:
            break
    if (not play.settled(play.machine)[1] or play.server.account().locked
            or (done.returncode != 0 and not refuses)):
        count.problems.append(f"{play.row.name}; {kind} {what}: later on:"
                              f" {done.returncode} {done.stderr}")


def scenario(play, kind, what):
    """One; its count."""
    count = Count()
    play.begin()
    if kind == "other":
        play.world.other.become(play.machine)
    said = play.rotate(kind, what)
    play.note_bad(0)
    if said is None:
        count["killed"] += 1
    if kind == "backup":
        said = play.put_back(count)
    said = play.recover(play.machine, said)
    if kind == "other":
        play.recover(play.world.other, None)
    if play.server.accounts.come_true():
        said = play.recover(play.machine, said)
    judge(play, kind, what, said, count)
    later_on(play, kind, what, count)
    return count


class World:
    """A server and two machines, for one scenario after the other."""

    def __init__(self, top):
        self.server = stage.Server(top)
        self.machine = stage.Machine(os.path.join(top, "one"), self.server)
        self.other = stage.Machine(os.path.join(top, "two"), self.server)


WORLDS = []


def play_row(part):
    """A row of the table, every STEPth scenario of it, in a process that has
    a world of its own."""
    top, number, step = part
    if not WORLDS:
        WORLDS.append(World(tempfile.mkdtemp(dir=top)))
    play, count = Play(WORLDS[0], ROWS[number]), Count()
    for kind, what in play.plan()[number % step::step]:
        try:
            count.add(scenario(play, kind, what))
        except (read.Fault, OSError, subprocess.SubprocessError) as fault:
            count.problems.append(f"{play.row.name}; {kind} {what}:"
                                  f" {fault!r}")
    return count


def main():
    """The campaign."""
    step = int((sys.argv + ["1"])[1])
    wanted = sys.argv[2] if len(sys.argv) > 2 else ""
    total = Count()
    print("1..1", flush=True)
    with tempfile.TemporaryDirectory(prefix="pawl-cuts.") as top:
        # To begin with a row takes a while, so few rows are tried then.
        every = math.isqrt(step)
        parts = [(top, number, step // every)
                 for number in range(0, len(ROWS), every)
                 if wanted in ROWS[number].name]
        with multiprocessing.Pool(int(os.environ.get("JOBS", "1"))) as pool:
            for count in pool.imap_unordered(play_row, parts):
                total.add(count)
                for problem in count.problems:
                    print("#", problem, flush=True)
    print(f"# count: {total['scenarios']} scenarios of {len(parts)} servers,"
          f" {total['killed']} with a death: passwords lost: {total['lost']},"
          f" accounts locked: {total['locked']}, most bad logins of a run:"
          f" {total['most bad']}, in a row: {total['most in a row']}, most"
          f" recover runs: {total['most recover runs']}, ends in attention:"
          f" {total['attention']}; as the page says: locked"
          f" {total['documented']}, not noticed yet {total['unseen']};"
          f" problems: {len(total.problems)}")
    kill.report(1, "every cut and every death", total["scenarios"] and not
                total.problems, [])
    sys.exit(bool(total.problems))


if __name__ == "__main__":
    main()
