#!/usr/bin/python3
"""Every command of pawl-vault, with every fault that it may meet.

    faults.py alloc|io|power|free [STEP [COMMAND]]

alloc   each allocation fails, alone and with all that follow;
io      each call that does input or output fails or falls short, alone and
        with those that follow, and standard output is full;
power   the power fails after each effect on the disk (power.py);
free    nothing that is freed has a secret in it; the runs of alloc and io are
        searched too.

After each the exit status is one that pawl-vault(1) has and is true, there is
one line that says what happened, the vault is the old or the new one, the next
run works and cleans up.  Every STEPth fault is tried (1), of the COMMAND that
workloads.py calls so (all).  TAP on standard output.
"""

import errno
import multiprocessing
import os
import sys
import tempfile

import power
from workloads import CANARIES, WORKS, Home, is_state, plain

LIBRARY = os.path.join(os.environ["B"], "tests/fault.so")
DOCUMENTED = {1, 3, 64, 65, 66, 71, 74, 75, 77, 78}
# In a line of its own, if what was edited could not be removed.
BY_HAND = "do it by hand"
# The same, if the state file does not work.
UNMARKED = "a rotation will not wait"
# After restore: what to do if the state file does not work.
OLDER = "--accept-older"
ONCE, ONWARD, EVERY_SECOND = range(3)
SHORT = 0
EIO, INTR = errno.EIO, errno.EINTR
FULL = (EIO, errno.ENOSPC, errno.EDQUOT)
# What a call may meet: an errno; 0, one byte only; less, done and yet failed.
MEETS = {
    "openat": (EIO, errno.ENOSPC, errno.EMFILE, errno.ENOMEM),
    "read": (EIO, INTR, SHORT), "pread": (EIO, INTR, SHORT),
    "write": FULL + (INTR, SHORT), "pwrite": FULL + (INTR, SHORT),
    "copy_file_range": FULL + (INTR, SHORT),
    "fsync": FULL + (-EIO,), "fdatasync": FULL + (-EIO,),
    "rename": FULL + (-EIO,), "link": FULL + (errno.EMLINK, -EIO),
    "unlink": (EIO, -EIO), "mkdir": FULL, "mkdtemp": FULL,
    "close": (EIO, INTR), "lock": (EIO, INTR, errno.ENOLCK),
    "getrandom": (INTR,), "syscall": (errno.EDQUOT, errno.ENOMEM),
    "fork": (errno.EAGAIN,), "ftruncate": FULL,
}


class Trial:
    """One command, and all that may happen to it."""

    def __init__(self, work, top):
        self.work = work
        # Where to begin if not every fault is tried: not all at the same.
        self.shift = 7 * WORKS.index(work)
        self.home = Home(top, LIBRARY)
        self.home.start(work.start)
        self.problems = []
        self.cases = 0
        self.old = self.home.observe(work)
        self.clean = self.run(count="1", trace=self.home.top)
        self.log = self.home.lines()
        self.expect(self.clean.returncode == 0, "clean", self.clean.stderr)
        self.new = self.home.observe(work)
        self.known = set(self.home.kept) | set(self.home.snapshot())
        self.next_run("clean", True)
        self.known |= {name for name in self.home.snapshot()
                       if name.endswith((".state", ".lock", ".prev"))}
        self.home.put_back()

    def run(self, output=None, **settings):
        """The command, under the library."""
        return self.home.run(self.work.words, self.work.given, output,
                             **settings)

    def expect(self, true, where, what):
        """Whether it is as it must be; else this is a problem."""
        if not true:
            self.problems.append(f"{self.work.name}: {where}: {what}")
        return true

    def next_run(self, where, new):
        """Whatever happened, the next run works, and cleans up."""
        if not new:
            again = self.home.run(self.work.words, self.work.given)
            if not self.expect(again.returncode == 0, where,
                               f"next run: {again.stderr}"):
                return
            self.expect(self.home.observe(self.work) == self.new, where,
                        "the next run does something else")
        elif self.work.changes:
            done = self.home.next(self.work)
            self.expect(done.returncode == 0, where,
                        f"next run: {done.stderr}")

    def litter(self):
        """What should not be there."""
        return {name for name in self.home.snapshot()
                if name not in self.known and not is_state(name)}

    def judge_state(self, done, where):
        """Old or new, as the exit status says; whether it is new."""
        now, kept = self.home.snapshot(), self.home.kept
        same = {n for n in now if not is_state(n)} == {
            n for n in kept if not is_state(n)} and all(
                now[n] == kept[n] for n in kept if not is_state(n))
        if not self.work.changes:
            self.expect(same, where, "something was changed")
            return False
        said = done.stderr.decode()
        older = OLDER + " " if OLDER in said and done.returncode == 0 else ""
        seen = self.old if same else self.home.observe(self.work, older)
        new = seen == self.new
        # A new key file is there before its slot is.
        if not self.expect(new or seen[:3] == self.old[:3], where,
                           f"neither old nor new: {seen}"):
            return None
        if done.returncode == 71 and "cannot tell" in said:
            return new
        if done.returncode in (0, 71):
            self.expect(new, where, f"status {done.returncode}, but old:"
                        f" {said}")
        elif "standard output" not in said and not (
                self.work.name == "backup" and "onward" in where):
            # All of a copy may stay where nothing can be removed any more.
            self.expect(not new, where, f"status {done.returncode}, but new:"
                        f" {said}")
        return new

    def judge_words(self, done, where, statuses):
        """The exit status, and one line that says what happened."""
        said = done.stderr.decode()
        code = done.returncode
        self.expect(code in statuses, where, f"status {code}: {said}")
        lines = [line for line in said.splitlines()
                 if line not in self.clean.stderr.decode().splitlines()
                 and BY_HAND not in line and UNMARKED not in line]
        if code != 0:
            self.expect(lines, where, f"status {code} and no reason")
        else:
            self.expect(
                plain(done.stdout.decode()) == plain(self.clean.stdout.decode())
                if done.stdout is not None else True, where,
                f"status 0, and says {done.stdout}, not {self.clean.stdout}")
        self.expect(len(lines) <= 1 or all("pawl-vault: " in line
                    for line in lines), where, f"says {said}")
        self.expect(len(lines) <= 1, where, f"more than a line: {said}")
        self.expect(not any(c.encode() in done.stderr for c in CANARIES),
                    where, "a secret on standard error")

    def case(self, where, statuses, output=None, **settings):
        """One fault, and what comes after it."""
        self.home.put_back()
        self.cases += 1
        done = self.run(output, **settings)
        bugs = [line for line in self.home.lines() if line[:4] == "bug "]
        self.expect(not bugs, where, bugs)
        if settings.get("at"):
            self.expect(any(line[:4] == "hit " for line in self.home.lines()),
                        where, "the fault was not met")
        self.judge_words(done, where, statuses)
        new = self.judge_state(done, where)
        by_hand = BY_HAND.encode() in done.stderr
        if "once" in where and "unlink" not in where and not by_hand:
            self.expect(not self.litter(), where, f"litter: {self.litter()}")
        if new is not None:
            self.next_run(where, new)
        if not by_hand:
            # An empty directory stays where nothing can be removed any more.
            after = self.home.snapshot()
            left = {name for name in self.litter()
                    if "once" in where or after[name] is not None}
            self.expect(not left, where, f"litter after the next run: {left}")

    def alloc(self, step):
        """Every allocation."""
        names = [line[6:] for line in self.log if line[:6] == "alloc "]
        for number in range(1 + self.shift % step, len(names) + 1, step):
            for which, how in (ONCE, "once"), (ONWARD, "onward"):
                self.case(f"alloc {number} ({names[number - 1]}) {how}",
                          {0, 71, 74}, at=f"alloc {number} 0 {which}")

    def io(self, step):
        """Every call."""
        names = [line[5:] for line in self.log if line[:5] == "call "]
        ways = [(number, name, what, which)
                for number, name in enumerate(names, 1)
                for what in MEETS.get(name, (EIO,))
                for which in (ONCE, EVERY_SECOND if what == INTR else ONWARD)
                if name != "getrandom" or which == ONCE]
        for number, name, what, which in ways[self.shift % step::step]:
            self.case(f"call {number} ({name}) meets {what}"
                      f" {'once' if which == ONCE else 'onward'}",
                      DOCUMENTED | {0}, at=f"call {number} {what} {which}")
        if self.clean.stdout:
            with open("/dev/full", "wb") as full:
                self.case("standard output is full", {74}, full, count="1")

    def power(self, step):
        """Every state of the disk."""
        disk = power.Disk(self.home.top, self.home.kept)
        effects = [line[7:] for line in self.log if line[:7] == "effect "]
        for number, (where, files, ended) in enumerate(
                disk.states(effects)):
            if (number + self.shift) % step and not ended:
                continue
            self.cases += 1
            self.home.put_back(files)
            seen = self.home.observe(self.work)
            # A new key file is there before its slot is.
            was = seen[:3] == self.old[:3] and seen != self.new
            if not self.expect(seen == self.new or was and (
                    not ended or not self.work.changes), where,
                    f"{'lost' if was else 'broken'}: {seen}"):
                continue
            if self.work.changes:
                self.next_run(where, seen == self.new)
                self.expect(not self.litter(), where,
                            f"litter: {self.litter()}")

    def free(self, _step):
        """Only what is freed, and nothing wrong."""
        self.case("without a fault", {0}, count="1")


def trial(job):
    """All of one command: how many cases there were, and the problems."""
    campaign, step, number, top = job
    try:
        one = Trial(WORKS[number], os.path.join(top, str(number)))
        getattr(one, campaign)(step)
    except Exception as failed:  # pylint: disable=broad-except
        return 0, [f"{WORKS[number].name}: {failed!r}"]
    return one.cases, one.problems


TITLES = {
    "alloc": ("allocations failed", "a failed allocation: one line, old or new"),
    "io": ("calls failed or fell short", "failed input and output: old or new,"
           " and the status says which"),
    "power": ("states after a power failure", "a power failure: old or new,"
              " and never lost when it was told"),
    "free": ("commands searched", "nothing that is freed has a secret in it"),
}


def main():
    """The campaign that the command line names."""
    if len(sys.argv) < 2 or sys.argv[1] not in TITLES:
        sys.exit(__doc__)
    campaign, step = sys.argv[1], int((sys.argv + ["1"])[2])
    wanted = [n for n, work in enumerate(WORKS)
              if len(sys.argv) < 4 or work.name == sys.argv[3]]
    # In memory, where fsync(2) costs nothing; the library sees it all the same.
    with tempfile.TemporaryDirectory(prefix="pawl-faults.",
                                     dir="/dev/shm") as top:
        jobs = [(campaign, step, number, top) for number in wanted]
        with multiprocessing.Pool(int(os.environ.get("JOBS", "1"))) as pool:
            results = pool.map(trial, jobs, chunksize=1)
    cases = sum(result[0] for result in results)
    problems = [problem for result in results for problem in result[1]]
    print("1..1")
    print(f"# count: {len(wanted)} commands, {cases} {TITLES[campaign][0]}:"
          f" {len(problems)} problems")
    for problem in problems[:int(os.environ.get("PROBLEMS", "40"))]:
        print("#", problem.replace("\n", "\\n"))
    print("not ok" if problems or not cases else "ok",
          "1 -", TITLES[campaign][1])
    sys.exit(bool(problems) or not cases)


main()
