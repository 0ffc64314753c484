#!/usr/bin/python3
"""Does what README.md shows under "A session", and compares.

    session.py README [--without COMMAND]

In the indented lines there, those with "$ " in front are commands, run in this
order in one place, each on a terminal of its own; the others are what the
terminal shows.  "..." stands for any text within a line, and /home/ann for
HOME.  What is typed at a prompt that the text shows is in ANSWERS.  With
--without, commands that begin so are left out.

Every command that "pawl-vault help" lists must be among them.  Each difference
is said on standard error; the exit status is 1 if there are any.
"""

import argparse
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
# It lies beside this file.
# pylint: disable=wrong-import-position
import typed  # noqa: E402

ANSWERS = {
    "New secret of site1:": ["OLDPASS1", "NEWPASS2"],
    "New secret of seed1:": ["JBSWY3DPEHPK3PXP"],
    "New vault passphrase:": ["correct horse battery", "staple of the day"],
}
AGAIN = "The same once more:"


def session(path):
    """The commands of the README, and what each shows: (command, lines)."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    section = re.search(r"^## A session\n(.*?)^## ", text, re.M | re.S)[1]
    steps = []
    for line in section.splitlines():
        if line.startswith("    $ "):
            steps.append((line[6:], []))
        elif line.startswith("    "):
            steps[-1][1].append(line[4:])
    return steps


def answers(lines):
    """What is typed, as typed.converse() wants it."""
    talk = []
    answer = None
    for line in lines:
        if line in ANSWERS:
            answer = ANSWERS[line].pop(0)
        if line in ANSWERS or line == AGAIN:
            talk.append((line, answer))
    return talk


def run(command, talk):
    """What the terminal shows, as lines."""
    pid, terminal = os.forkpty()
    if pid == 0:
        os.execvp("bash", ["bash", "-c", command])
    seen = typed.converse(terminal, pid, talk).decode(errors="replace")
    os.waitpid(pid, 0)
    os.close(terminal)
    home = os.environ["HOME"]
    return [line.rstrip().replace(home, "/home/ann")
            for line in seen.replace("\r", "").splitlines()]


def matches(wanted, line):
    """Whether a line is what the README has."""
    pattern = ".*".join(re.escape(part) for part in wanted.split("..."))
    return re.fullmatch(pattern, line) is not None


def missing(steps):
    """The commands that are not in the session."""
    text = subprocess.run(["pawl-vault", "help"], check=True,
                          capture_output=True, text=True).stdout
    known = re.findall(r"^  ([a-z]+) ", text, re.M)
    shown = "\n".join(command for command, _ in steps)
    return [one for one in known
            if not re.search(rf"pawl-vault {one}\b", shown)]


def main():
    """Read the options, and go through it."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("readme")
    parser.add_argument("--without", action="append", default=[])
    options = parser.parse_args()
    steps = session(options.readme)
    wrong = 0
    for one in missing(steps):
        wrong += 1
        print(f"no pawl-vault {one} in the session", file=sys.stderr)
    for command, lines in steps:
        if any(command.startswith(one) for one in options.without):
            continue
        shown = run(command, answers(lines))
        if len(shown) != len(lines) or not all(map(matches, lines, shown)):
            wrong += 1
            print(f"$ {command}", *shown, "  and not", *lines, sep="\n",
                  file=sys.stderr)
    print(f"{len(steps)} commands of the README, {wrong} differences")
    sys.exit(1 if wrong or not steps else 0)


if __name__ == "__main__":
    main()
