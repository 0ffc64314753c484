#!/usr/bin/python3
"""Every cut of the server, with every death of the client, and with others.

    cuts.py [STEP [ROW]]     one of STEP scenarios (1), of the rows so named

Each row of cut_rows.py is what the server does.  In each scenario of a row
one more thing happens to a rotation at one of its moments:

    nothing
    call      pawl-rotate is killed before a call with an effect outside it:
              on a file, on its network half, or on a process; or when it has
              an answer.  Deaths at two calls with no such call between them
              leave the same, so that they are one.
    rotate, net, both    one of the halves, or both, are killed at a point of
              the server's.  All that the network half does is to talk to the
              server and to pawl-rotate, so each death of it is at such a point
              for the one, and like one at it for the other.
    again     a half, or both, is killed at a login that is to be the proof,
              and at the first one of each of the next three recoveries
    person    a person changes the password at a point of the server's
    other     another machine, with a copy of the vault from before, rotates
              the same entry then
    copy      another machine, with a copy of the vault as it is then, recovers
              the entry while this one goes on
    turns     another machine, with a copy from before, rotates it later, and
              then each of them again
    backup    the vault is put back from a backup made after a commit

Then "recover" runs, twice at most.  What counts is the server's own account:
the password that holds must be in the vault, no account may be locked, not two
bad logins in a run.  Each run ends with a status of the manual page that fits
how it left the entry, and with one line; nothing printed has a password.
Where the entry is not settled, what the line says is done, word for word,
until it is; and a rotation later on works.

TAP on standard output, with a table of the counts; JOBS scenarios are played
at a time (1).
"""

import math
import multiprocessing
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading

import cut_judge
import kill
import stage
from cut_rows import PROOF, ROWS
from stage import PERSON, read

EFFECT = re.compile(
    r"openat\(.*O_EXCL|p?write(v|64)?\((?![12],)|linkat\(.*= 0$|renameat\("
    r"|clone\(|wait4\(")
NAMED = re.compile(r'"vault\.new", \d+, "vault"')
GO = re.compile(r'write\(\d+, "\\245", 1\)')
FRESH = re.compile("openat2")
HALVES = ("rotate", "net", "both")
STRANGERS = {"person": "a person meanwhile", "other": "two at once",
             "copy": "two, one recovers", "turns": "two by turns",
             "backup": "a backup"}
# Groups of servers that do not do what they say, or not yet: pawl-rotate(1)
# says in CAVEATS what that costs if others use up the same budget.
LIES = ("wrong replies", "late", "replicated late", "rules of RACF")
# From the login with the current password to the change: pawl-rotate(1) says
# in CAVEATS what it costs if somebody changes the password in this instant, and
# the answer to the change is lost as well.
INSTANT = ((1, "pass-reply"), (1, "quit-received"), (2, "user-reply"),
           (2, "pass-received"))
# States that need nothing, or nothing yet.
RESTS = ("idle", "unsettled")
# Points at which all that is on the line is known to both sides; what is
# before a password left is like the first of them but for the vault, which may
# be written then.
STOPS = ("accept", "user-reply", "pass-received", "change", "pass-reply",
         "pass-sent", "site-received", "site-reply", "quit-received")
# Of these, where somebody else may come: between them nothing is judged.
HAPPENS = ("user-reply", "pass-received", "change", "pass-reply",
           "site-received", "site-reply", "quit-received")


def moments(machine):
    """Moments in pawl-rotate's own run: (what, system call)."""
    found, answer = [], False
    made = kill.trace(machine, ["pawl-rotate", "--quiet", "site1"], "",
                      check=False)
    for call, after in zip(made, made[1:] + made[-1:]):
        if answer and FRESH.search(call[2]):
            found.append(("the answer is here", call[:2]))
            answer = False
        if EFFECT.match(call[2]):
            found.append(("before", call[:2]))
        if NAMED.search(call[2]):
            found.append(("after commit", after[:2]))
        elif GO.search(call[2]):
            found.append(("after go", after[:2]))
            answer = True
    return found


class Play:
    """A row of the table, and what is played of it."""

    def __init__(self, world, row):
        self.world = world
        self.row = row
        self.server = world.server
        self.machine = world.machine
        self.judge = None
        # Whether what a run says must be true of the server, and whether a
        # person who is asked to recover what may still come rotates instead.
        self.sure = self.impatient = False
        self.begin()

    def begin(self):
        """As before the rotation."""
        # Runs of pawl-rotate, those of recover for one state, and the most bad
        # logins of one.
        self.runs = self.recovers = self.bad = 0
        self.machine.put_back()
        account = self.row.scenario.get("account", {})
        self.machine.run(
            ["pawl-vault", "set", "site1", "--secret", *self.row.attributes],
            account.get("password", kill.OLD) + "\n")
        self.server.begin(self.row.scenario, self.row.refuses)
        self.machine.printed.clear()
        self.world.other.printed.clear()

    def plan(self):
        """All that may happen: (kind, what)."""
        reached = []
        self.server.tell = lambda *point: reached.append(point)
        found = [("nothing", None)]
        made = moments(self.machine)
        found += [("call", moment) for moment in made]
        points = [point for point in dict.fromkeys(reached)
                  if point[1] in STOPS]
        found += [(whom, point) for point in points
                  for whom in HALVES]
        found += [("again", (whom, point)) for whom in HALVES
                  for point in ("pass-received", "pass-reply")]
        if self.row.strangers:
            found += [(who, point) for point in points
                      if point[1] in HAPPENS
                      for who in ("person", "other", "copy")]
            found += [("backup", moment) for moment in made
                      if moment[0] == "after commit"]
            found.append(("turns", None))
        return found

    def rotate(self, kind, what):
        """The rotation to which it happens: what came of it, None if it was
        killed, and the bad logins before that."""
        if kind in ("call", "backup"):
            kill.run_killed(self.machine,
                            ["pawl-rotate", "--quiet", "site1"], "", what[1])
            return None, 0
        if kind == "again":
            whom, point = what
            said = self.strike(whom, lambda *at: at == (PROOF, point), "site1")
            before = 0
            for _ in range(3):
                self.server.be_quiet()
                self.ran(self.machine, said, before)
                before = self.server.account().total_bad
                said = self.strike(whom, lambda *at: at[1] == point, "recover")
            return said, before
        return self.strike(kind, lambda *at: at == what, "site1"), 0

    def strike(self, kind, is_there, *words):
        """A run to which it happens at a point; None if it was killed."""
        process = self.machine.start(*words)
        once = threading.Lock()

        def happen(*point):
            if is_there(*point) and once.acquire(blocking=False):
                self.happen(kind, process)

        if kind != "nothing":
            self.server.tell = happen
        said = process.communicate(timeout=60)[0]
        self.machine.printed.append(said)
        self.server.tell = lambda *point: None
        return None if process.returncode == -9 else (process.returncode, said)

    def happen(self, kind, process):
        """In the server's own thread, which waits for it."""
        other = self.world.other
        if kind == "person":
            self.server.account().set(PERSON)
        elif kind == "other":
            self.run(other, "--force", "site1")
        elif kind == "copy":
            other.become(self.machine)
            self.run(other, "recover")
        else:
            try:
                stage.kill_halves(process, kind)
            except OSError:
                pass  # It has ended already.

    def run(self, machine, *words, later=0):
        """pawl-rotate, and what is to be said of how it ended."""
        before = self.server.account().total_bad
        done = machine.rotate(*words, later=later)
        self.ran(machine, done, before)
        return done

    def ran(self, machine, done, before):
        """The same of one that was not run here; before are the bad logins."""
        self.runs += 1
        self.bad = max(self.bad, self.server.account().total_bad - before)
        if done is not None:
            state, right, _ = self.settled(machine)
            for wrong in cut_judge.ran(done, state, right, self.sure):
                self.judge.want(False, wrong)

    def put_back(self):
        """The vault as it was when pawl-rotate died, after a rotation and
        another; it is refused until it is accepted."""
        backup = self.machine.vault + ".backup"
        shutil.copyfile(self.machine.vault, backup)
        os.chmod(backup, 0o600)
        self.recover(self.machine, None)
        self.machine.rotate("--force", "site1", later=stage.LATER)
        os.replace(backup, self.machine.vault)
        done = self.machine.rotate("--force", "site1")
        self.judge.want(done[0] == 65 and "--accept-older" in done[1],
                        f"a backup is taken: {done}")
        self.machine.run(["pawl-vault", "--accept-older", "list"])
        return self.run(self.machine, "--force", "site1")

    def take_turns(self):
        """Another machine, with a copy of the vault from before, and this one
        rotate the same entry, by turns; what was said first is nothing to go
        by any more."""
        for machine in (self.world.other, self.machine, self.world.other):
            self.run(machine, "--force", "site1")
            self.recover(machine, None)

    def machines(self, kind):
        """Those that take part."""
        both = kind in ("other", "copy", "turns")
        return [self.machine] + [self.world.other] * both

    def settled(self, machine):
        """Its state, whether its current password holds, all that it has."""
        state, kept = machine.entry()
        return state, self.server.account().is_right(kept[0]), kept

    def recover(self, machine, said):
        """Twice at most, or the next rotation; returns what was said last."""
        for run in (1, 2):
            state, right, _ = self.settled(machine)
            if state == "attention" or (state in RESTS and right):
                break
            if state == "unsettled" and self.impatient:
                said = self.run(machine, "--force", "site1",
                                later=stage.LATER)
            else:
                said = self.run(machine, "recover")
            self.recovers = max(self.recovers, run)
        return said

    def is_kept(self, *machines):
        """Whether the server's password is in one of the vaults."""
        as_stored = self.row.stores[0] if self.row.stores else str
        kept = [k for machine in machines for k in machine.entry()[1]]
        return any(self.server.account().is_right(password)
                   for k in kept for password in (k, as_stored(k)))


def judge(play, kind, said):
    """Each thing that must be so, at the end of a scenario."""
    row, verdict, machines = play.row, play.judge, play.machines(kind)
    stranger = kind in STRANGERS
    verdict.numbers_of(not stranger)
    if kind not in ("person", "backup") and not verdict.want(
            play.is_kept(*machines), "LOST"):
        verdict.numbers["lost"] += 1
    for machine in machines:
        verdict.ended(machine, not (row.unseen or stranger))
    if row.stores and kind == "nothing":
        verdict.want(said is not None and row.stores[1] in said[1],
                     f"not named: {said}")


def is_locked(play, kind, what):
    """Whether the account is; it is counted, and wrong unless the page says
    so."""
    if not play.server.account().locked:
        return False
    lies = play.row.group in LIES and kind in ("person", "other", "copy",
                                               "turns", "backup")
    if lies or (play.row.group == "the line, change" and what in INSTANT and
                kind in ("person", "other")):
        play.judge.numbers["page"] += 1
    else:
        play.judge.numbers["locked"] += 1
        play.judge.want(False, "LOCKED")
    return True


def follow(play, kind, said):
    """What is asked for is done; returns how much later all is well."""
    after = 0
    for machine in reversed(play.machines(kind)):
        after = play.judge.follow(
            machine, said if machine is play.machine else None, after)
    return after


def later_on(play, after):
    """The faults and the quarantine are over, and what is next works, at once
    unless the budget was used up."""
    play.server.behave()
    for _ in range(3):
        after += stage.LATER
        done = play.machine.rotate("--force", "site1", later=after)
        if done[0] != 3:
            break
        after = play.judge.follow(play.machine, done, after)
    row = play.row
    good = [0] + [76] * ("policy" in row.scenario.get("account", {}))
    # A phrase that was cut is none.
    good += [78] * bool(row.stores)
    play.judge.want(play.settled(play.machine)[1] and done[0] in good,
                    f"later on: {done}")


def scenario(play, kind, what, count):
    """One, which is counted."""
    row = play.row
    play.judge = cut_judge.Judge(
        play, f"{row.name}; {kind} {what if what is not None else ''}",
        STRANGERS.get(kind, row.group), count)
    play.sure = (kind not in STRANGERS and row.bad == 1 and not row.unseen
                 and row.group != "late")
    play.begin()
    if kind in ("other", "turns"):
        play.world.other.become(play.machine)
    said, before = play.rotate(kind, what)
    # What the dead have sent is counted as theirs, unless it is to come late.
    if kind in HALVES + ("call", "again") and row.group != "late":
        play.server.be_quiet()
    play.ran(play.machine, said, before)
    play.server.open()
    if said is None:
        play.judge.numbers["killed"] += 1
    if kind == "backup":
        said = play.put_back()
    said = play.recover(play.machine, said)
    if kind == "turns":
        said = play.take_turns()
    # What is on its way arrives.
    play.server.be_quiet()
    play.server.accounts.come_true()
    said = play.recover(play.machine, said)
    if len(play.machines(kind)) > 1:
        play.recover(play.world.other, None)
    judge(play, kind, said)
    if not is_locked(play, kind, what):
        after = follow(play, kind, said)
        if not is_locked(play, kind, what):
            later_on(play, after)
    play.judge.says_nothing(play.machines(kind))


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
    play, count = Play(WORLDS[0], ROWS[number]), cut_judge.Count()
    count.groups[play.row.group]["servers"] += 1
    plan = play.plan()
    # In any order but that of the kinds; the same one always.
    random.Random(number).shuffle(plan)
    for at, (kind, what) in enumerate(plan[::step]):
        play.impatient = at % 2 == 1
        try:
            scenario(play, kind, what, count)
        except (read.Fault, OSError, subprocess.SubprocessError) as fault:
            count.problems.append(f"{play.row.name}; {kind} {what}:"
                                  f" {fault!r}")
    return count


def play_all(parts):
    """The count of all rows, JOBS at a time."""
    total = cut_judge.Count()
    # The lines of the table in the order of the rows, the others after them.
    for _, number, _ in parts:
        total.groups[ROWS[number].group]["servers"] += 0
    with multiprocessing.Pool(int(os.environ.get("JOBS", "1"))) as pool:
        for count in pool.imap_unordered(play_row, parts):
            total.add(count)
            for problem in count.problems:
                print("#", problem, flush=True)
    return total


def main():
    """The campaign."""
    step = int((sys.argv + ["1"])[1])
    wanted = sys.argv[2] if len(sys.argv) > 2 else ""
    print("1..1", flush=True)
    with tempfile.TemporaryDirectory(prefix="pawl-cuts.") as top:
        # To begin with a row takes a while, so few rows are tried then.
        every = math.isqrt(step)
        total = play_all([(top, number, step // every)
                          for number in range(0, len(ROWS), every)
                          if wanted in ROWS[number].name])
    for line in cut_judge.HEADS.strip().split("\n") + total.table():
        print("#", line)
    whole = total.total()
    print(f"# count: {whole['scenarios']} scenarios of {whole['servers']}"
          f" servers, {whole['killed']} with a death: passwords lost:"
          f" {whole['lost']}, accounts locked: {whole['locked']}, most bad"
          f" logins of a run: {whole['most bad']}, in a row:"
          f" {whole['in a row']}, ends in attention: {whole['attn']};"
          f" problems: {len(total.problems)}")
    kill.report(1, "every cut and every death", whole["scenarios"] and not
                total.problems, [])
    sys.exit(bool(total.problems))


if __name__ == "__main__":
    main()
