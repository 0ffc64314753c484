#!/usr/bin/python3
"""Look for secrets in the memory of processes that are about to end.

    memscan.py [--at exit] [--only NAME ...] [--letters LETTERS] CANARIES
        -- COMMAND [ARGUMENT ...]

The file CANARIES has one made-up secret a line, of at least 16 bytes; one that
is not text is "hex:" and its bytes in hexadecimal.  COMMAND runs with this
program's own descriptors and environment, and every process of it (with
--only, those whose executable has one of these names) is held where it ends, by
exit or by a signal but SIGKILL, with its memory as it is.  All of that is
searched for any 8 bytes of a secret (any 12 of one that is all hexadecimal digits), as
they are, in hexadecimal and in UTF-16, and for any 11 in base64: an allocator
overwrites the beginning of what was freed and leaves the rest.

With --letters every secret of the run is made of a few LETTERS, also one that
is drawn while it runs (see letters.c): any 6 of them in a row are searched for,
or any 8 in base64.

What is found goes to standard error, a line a mapping, without the secret.
The exit status is 1 if anything was found, 2 if nothing could be searched or
COMMAND did not run, else 0; what COMMAND's own was is said on standard error.

The process is traced (ptrace), so that it is held for exactly as long as the
search takes.  That needs root where the process made itself undumpable.
"""

import argparse
import base64
import collections
import ctypes
import itertools
import os
import re
import signal
import sys

SHORTEST = 16
# Any 8 bytes hold one of the runs of 5 that begin at every 4th.
FRAGMENT, STEP = 5, 4
# So do 12 one of 9; 5 digits of a key are also in the name of many a file.
DIGITS = 9
PAGE = 4096

# <sys/ptrace.h>, <linux/ptrace.h>, <sys/wait.h>
TRACEME, CONT, SETOPTIONS = 0, 7, 0x4200
FOLLOW = 0x02 | 0x04 | 0x08 | 0x10  # fork, vfork, clone, exec
TRACEEXIT, EXITKILL = 0x40, 0x100000
EVENT_EXIT = 6
WALL = 0x40000000

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p,
                        ctypes.c_void_p]
LIBC.ptrace.restype = ctypes.c_long


def ptrace(request, pid, data=0):
    """ptrace(2); a process that is gone by now is none of our business."""
    return LIBC.ptrace(request, pid, None, data)


def windows(form, size, step):
    """The runs of size bytes of a form that begin at every step'th byte."""
    return {form[i:i + size] for i in range(0, len(form) - size + 1, step)}


def fragments(secret):
    """Everything to look for."""
    wide = secret.decode("latin-1").encode("utf-16-le")
    digits = re.fullmatch(b"[0-9A-Fa-f]+", secret)
    wanted = windows(secret, DIGITS if digits else FRAGMENT, STEP)
    for twice in (wide, secret.hex().encode(), secret.hex().upper().encode()):
        wanted |= windows(twice, 2 * FRAGMENT, 2 * STEP)
    for skipped in range(3):
        # Three bytes are four digits: 12 stand for 9 bytes.
        wanted |= windows(base64.b64encode(secret[skipped:]).rstrip(b"="),
                          12, 4)
    return wanted


class Letters:
    """Finds secrets that are made of these letters, in each of their forms."""

    def __init__(self, letters, innocent=b""):
        groups = {base64.b64encode("".join(three).encode())
                  for three in itertools.product(letters, repeat=3)}
        pairs = {f"{ord(one):02x}".encode() for one in letters}
        self.innocent = innocent
        self.forms = [
            self.form({one.encode() for one in letters}, 6),
            self.form({one.encode() + b"\0" for one in letters}, 6),
            self.form(pairs | {one.upper() for one in pairs}, 6),
            # 8 letters have two whole groups of three, wherever they begin.
            self.form(groups, 2)]

    @staticmethod
    def form(units, times):
        """So many units in a row, and what is quick: runs of their bytes."""
        used = set(b"".join(units))
        table = bytes(byte in used for byte in range(256))
        run = b"\1" * times * len(next(iter(units)))
        return (table, run, re.compile(run + b"+"),
                re.compile(b"(?:%s){%d,}" % (
                    b"|".join(map(re.escape, sorted(units))), times)))

    def find(self, data):
        """What there is of a secret in some bytes."""
        hits = set()
        for table, shortest, runs, whole in self.forms:
            marked = data.translate(table)
            if shortest not in marked:
                continue
            for run in runs.finditer(marked):
                hits.update(whole.findall(data[run.start():run.end()]))
        return {hit for hit in hits if hit not in self.innocent}


def mappings(pid):
    """The mappings of a process that it has written to: (start, end, name).

    The rest is what a file has, as it has it.
    """
    fields = None
    with open(f"/proc/{pid}/smaps", encoding="utf-8") as file:
        for line in file:
            key, *values = line.split(maxsplit=5)
            if not key.endswith(":"):
                fields = [key, *values]
            elif key == "Anonymous:" and int(values[0]) > 0 or (
                    key == "Shared_Dirty:" and int(values[0]) > 0):
                start, end = (int(part, 16) for part in fields[0].split("-"))
                name = fields[5].strip() if len(fields) > 5 else "anonymous"
                yield start, end, name


def leader_of(pid):
    """The number of the process that a thread is of."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file
                    if line.startswith("Tgid:"))


class Scan:
    """One run: what to look for, and what came of it."""

    def __init__(self, wanted, only=(), letters=None):
        self.wanted = wanted
        self.only = only
        self.letters = letters
        self.searched = 0
        self.programs = collections.Counter()
        self.found = 0

    def process(self, pid):
        """Search a process that is stopped where it ends."""
        program = os.path.basename(os.readlink(f"/proc/{pid}/exe"))
        # Of its threads the first, whose number is that of the process.
        if (self.only and program not in self.only
                or leader_of(pid) != pid):
            return
        size = 0
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
            for start, end, name in mappings(pid):
                size += self.mapping(memory, start, end,
                                     f"{program} {pid} {name}")
        self.searched += 1
        self.programs[program] += 1
        say(f"{program} {pid}: {size} bytes searched")

    def mapping(self, memory, start, end, title):
        """Search one mapping; returns how many bytes of it there were."""
        data = bytearray()
        memory.seek(start)
        while len(data) < end - start:
            try:
                part = memory.read(end - start - len(data))
            except OSError:
                break  # Behind the end of a mapped file.
            if not part:
                break
            data += part
        # Most pages are all zero: what is left is searched much faster.
        dense = b"".join(data[at:at + PAGE]
                         for at in range(0, len(data), PAGE)
                         if data[at:at + PAGE].count(0) < PAGE)
        hits = {one for one in self.wanted if one in dense}
        if self.letters:
            hits |= self.letters.find(dense)
        if hits:
            self.found += 1
            first = min(data.find(one) for one in hits)
            say(f"{title}: {len(hits)} fragments, the first at "
                f"{start + first:#x}")
        return len(data)

    def run(self, command):
        """Run the command to its end; returns its wait status."""
        child = os.fork()
        if child == 0:
            # Python ignores these, and a program would go on doing so.
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            ptrace(TRACEME, 0)
            try:
                os.execvp(command[0], command)
            except OSError as error:
                say(f"{command[0]}: {error.strerror}")
            os._exit(127)
        result = None
        known = set()
        while True:
            try:
                pid, status = os.waitpid(-1, WALL)
            except ChildProcessError:
                return result
            if os.WIFSTOPPED(status):
                self.stopped(pid, status, known)
            elif pid == child:
                result = status

    def stopped(self, pid, status, known):
        """Let a thread go on, which stopped for one reason or another."""
        number = os.WSTOPSIG(status)
        if pid not in known:
            # The stop after the first exec, or that of a new child.
            known.add(pid)
            ptrace(SETOPTIONS, pid, FOLLOW | TRACEEXIT | EXITKILL)
            if number in (signal.SIGTRAP, signal.SIGSTOP):
                number = 0
        elif status >> 16:
            number = 0
        if status >> 16 == EVENT_EXIT and os.path.exists(f"/proc/{pid}/exe"):
            self.process(pid)
        ptrace(CONT, pid, number)


def say(text):
    """A line on standard error, in one piece."""
    os.write(2, f"memscan: {text}\n".encode())


def read_canaries(path):
    """What to look for, from the file of secrets."""
    wanted = set()
    with open(path, "rb") as file:
        for secret in file.read().splitlines():
            if secret.startswith(b"hex:"):
                secret = bytes.fromhex(secret[4:].decode())
            if len(secret) < SHORTEST:
                raise ValueError(f"a secret of less than {SHORTEST} bytes")
            wanted |= fragments(secret)
    if not wanted:
        raise ValueError("no secrets")
    return wanted


def main():
    """Read the options, and scan."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--at", choices=["exit"], default="exit")
    parser.add_argument("--only", metavar="NAME", action="append", default=[])
    parser.add_argument("--letters")
    parser.add_argument("canaries")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    try:
        wanted = read_canaries(options.canaries)
    except (OSError, ValueError) as error:
        parser.error(f"{options.canaries}: {error}")
    letters = Letters(options.letters) if options.letters else None
    scan = Scan(wanted, options.only, letters)
    try:
        status = scan.run(options.command)
    except PermissionError as error:
        say(f"{error}: only root may look")
        return 2
    say(f"{options.command[0]}: exit status "
        f"{os.waitstatus_to_exitcode(status)}")
    if scan.found:
        return 1
    if not scan.searched:
        say("no process was searched")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
