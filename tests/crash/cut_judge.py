"""What must be so in a scenario of cuts.py, and the table of what it was."""

import collections
import os
import re

import stage
from stage import TESTS

LINE = re.compile(r"pawl-rotate: site1: [^\n]+\n")
# What a message tells a person to do, and when.
STEP = re.compile(r"pawl-(?:rotate|vault) [a-z][a-z -]*site1")
WHEN = re.compile(r"in (\d+) s")
LOOK = re.compile("account looked at|find out why")
# More than anybody would follow.
STEPS = 6
# What pawl-rotate(1) says of a status, as states in which it leaves an entry.
STATES = {0: ("idle",), 3: ("sent", "unsettled", "attention"),
          69: ("idle", "unsettled", "attention"),
          75: ("unsettled", "attention"), 76: ("idle",)}
# Those after which the current password is the one that holds.
HOLDS = (0, 69, 76)
COLUMNS = ("servers", "scenarios", "killed", "runs", "lost", "locked", "bad",
           "most bad", "in a row", "none", "one", "two", "waits", "attn",
           "unseen", "steps", "by hand", "page")
HEADS = """
servers: rows; killed: rotations that died; runs: of pawl-rotate, up to where
it is judged; bad: logins, on the server's own counter, in all, most of a run
and most in a row; none, one, two: settled after so many runs of recover; of
these, waits: unsettled for a quarter of an hour; attn: ends in attention;
unseen: to be noticed at the next login, as the page says; steps: most printed
next steps that were followed; by hand: where a person had to set the password;
page: locked where the page says so
"""


def documented():
    """Each exit status that the manual page has."""
    page = os.path.join(os.path.dirname(TESTS), "man/pawl-rotate.1")
    with open(page, encoding="utf-8") as lines:
        part = lines.read().split(".Sh EXIT STATUS")[1].split(".Sh ")[0]
    return {int(number) for number in re.findall(r"^\.It (\d+)$", part, re.M)}


DOCUMENTED = documented()


def ran(done, state, right, sure):
    """What is wrong with a run that ended with done, (status, output), and
    left the state; if sure, its word is to be true of the server too."""
    status, said = done
    wrong = []
    if status not in DOCUMENTED:
        wrong.append("a status that is not in the page")
    elif state not in STATES.get(status, ()):
        wrong.append(f"left {state}")
    elif sure and status in HOLDS and state == "idle" and not right:
        wrong.append("and its current password does not hold")
    if status == 0 and said:
        wrong.append("a word though all is well")
    if status != 0 and not LINE.fullmatch(said):
        wrong.append("not one line about site1")
    if (status in (3, 75) or state == "unsettled") and not STEP.search(said):
        wrong.append("no next step")
    return [f"{status} {said!r}: {what}" for what in wrong]


class Count:
    """What the scenarios came to, by group, and what was wrong with some."""

    def __init__(self):
        self.groups = collections.defaultdict(collections.Counter)
        self.problems = []

    def most(self, group, name, value):
        """Keeps the highest."""
        self.groups[group][name] = max(self.groups[group][name], value)

    def add(self, other):
        """All of another's."""
        for group, numbers in other.groups.items():
            for name, value in numbers.items():
                if name in ("most bad", "in a row", "steps"):
                    self.most(group, name, value)
                else:
                    self.groups[group][name] += value
        self.problems += other.problems

    def total(self):
        """A count with all in one group."""
        whole = Count()
        for group, numbers in self.groups.items():
            part = Count()
            part.groups["all"] = numbers
            whole.add(part)
        return whole.groups["all"]

    def table(self):
        """Its lines."""
        width = max(map(len, self.groups), default=0) + 1
        rows = [("", COLUMNS)]
        rows += [(group, [numbers[name] for name in COLUMNS])
                 for group, numbers in self.groups.items()]
        total = self.total()
        rows.append(("all", [total[name] for name in COLUMNS]))
        return [first.ljust(width) + " ".join(
            str(cell).rjust(max(5, len(name)))
            for cell, name in zip(cells, COLUMNS))
                for first, cells in rows]


class Judge:
    """Of one scenario: of what is counted in a group of count."""

    def __init__(self, play, where, group, count):
        self.play = play
        self.where = where
        self.numbers = count.groups[group]
        self.count = count
        self.group = group

    def want(self, good, problem):
        """Notes what is not good; returns whether it is."""
        if not good:
            self.count.problems.append(f"{self.where}: {problem}")
        return good

    def numbers_of(self, strict):
        """What the server counted; if strict, within the limits."""
        play, worst = self.play, self.play.server.accounts.worst
        self.numbers["scenarios"] += 1
        self.numbers["runs"] += play.runs
        self.numbers["bad"] += play.server.account().total_bad
        self.count.most(self.group, "most bad", play.bad)
        self.count.most(self.group, "in a row", worst)
        if strict:
            self.want(play.bad <= play.row.bad,
                      f"{play.bad} bad logins in a run")
            # Each of the runs may have its one, if one died of it.
            self.want(worst < max(2, play.server.accounts.revoke),
                      f"{worst} bad logins in a row")

    def ended(self, machine, sure):
        """A machine's entry is in a state that is good to be in."""
        state, right, _ = self.play.settled(machine)
        if state == "attention":
            self.numbers["attn"] += 1
        elif not right and not sure:
            self.numbers["unseen"] += 1
        elif self.want(state in ("idle", "unsettled") and right,
                       f"left {state}, {right}"):
            self.numbers["waits"] += state == "unsettled"
            self.numbers[("none", "one", "two")[self.play.recovers]] += 1

    def says_nothing(self, machines):
        """No password is in what any program printed."""
        secrets = {stage.kill.OLD, stage.PERSON,
                   self.play.server.account().password}
        secrets.update(*(machine.entry()[1] for machine in machines))
        for machine in machines:
            printed = "".join(machine.printed).casefold()
            for secret in secrets:
                self.want(secret.casefold() not in printed,
                          "a password is printed")

    def follow(self, machine, said, later):
        """A person does what the messages say, as they say it and from so much
        later on, until all is well; returns how much later that is."""
        play, heard = self.play, []
        for step in range(STEPS):
            state, right, _ = play.settled(machine)
            if state == "idle" and right:
                self.count.most(self.group, "steps", step)
                return later
            if state == "idle":
                said = machine.rotate("check", "site1", later=later)
            elif said is None or said[0] == 0:
                said = machine.rotate("recover", later=later)
            if said[0] == 0:
                continue
            when = WHEN.search(said[1])
            later += int(when[1]) if when else 0
            said = self.step(machine, said, heard, later)
        self.want(False, f"no end of {said}")
        return later

    def step(self, machine, said, heard, later):
        """One of these; returns what came of it."""
        account = self.play.server.account()
        choice = STEP.findall(said[1])
        if not self.want(choice, f"nothing to follow in {said}"):
            return None
        # What did not end it is not done again if there is more to do.
        words = choice[min(heard.count(said), len(choice) - 1)].split()
        heard.append(said)
        if LOOK.search(said[1]):
            account.consecutive_bad = 0
        if words[0] == "pawl-vault":
            self.numbers["by hand"] += 1
            machine.run(words, account.password + "\n")
            return None
        if said[0] != 3 and self.play.impatient:
            self.play.impatient = False
            words = ["pawl-rotate", "--force", "site1"]
        done = machine.rotate(*words[1:], later=later)
        state, right, _ = self.play.settled(machine)
        for wrong in ran(done, state, right, False):
            self.want(False, f"as told to, {wrong}")
        return done
