"""What a disk may hold after the power failed, from a log of effects.

The log is that of the preloaded library (fault.h).  A file's data are on the
disk for sure when it was synced, a name when its directory was; until then
each write may be there, missing, zeros where the file grew, or there up to a
sector's end, and each change of a name may be there or not, in any
combination.  Some file systems write a file's name with the file: both kinds
are tried.  The model is that of tests/unit/disk.c, with directories.
"""

import itertools
import os

SECTOR = 512
KEPT, DROPPED, ZEROED, TORN = range(4)
# With more writes or names at once than these, not all combinations.
WRITES_ALL, NAMES_ALL = 3, 6


class Node:
    """A file or directory: what is there for sure, and what may be."""

    def __init__(self, data=b"", directory=False):
        self.data = data
        self.directory = directory
        self.pending = []

    def content(self, fates):
        """The data, if the pending writes meet these fates."""
        data = bytearray(self.data)
        for (at, piece), fate in zip(self.pending, fates):
            if piece is None:
                data[at:] = b""
                continue
            if fate == DROPPED:
                continue
            if fate == TORN:
                end = (at + len(piece) // 2) // SECTOR * SECTOR
                piece = piece[:max(0, end - at)]
            had = len(data)
            data.extend(bytes(max(0, at + len(piece) - had)))
            if fate == ZEROED:
                piece = (piece[:max(0, had - at)] if had > at else b"")
            data[at:at + len(piece)] = piece
        return bytes(data)


def fates_of(count):
    """The fates of so many writes, which are tried."""
    if count <= WRITES_ALL:
        yield from itertools.product(range(4), repeat=count)
        return
    for lost in range(4):
        yield (lost,) * count
        for i in range(count):
            yield (KEPT,) * i + (lost,) + (KEPT,) * (count - i - 1)
            yield (KEPT,) * i + (lost,) * (count - i)


def subsets_of(count):
    """Which of so many changes of names were kept."""
    if count <= NAMES_ALL:
        yield from itertools.product((True, False), repeat=count)
        return
    for i in range(count + 1):
        yield (True,) * i + (False,) * (count - i)
        if i < count:
            yield (True,) * i + (False,) + (True,) * (count - i - 1)


class Disk:
    """The directory of a test, as it is on a disk."""

    def __init__(self, top, kept):
        self.top = top
        self.nodes = {}
        self.first = {"": 0}
        self.nodes[0] = Node(directory=True)
        for name, data in kept.items():
            self.first[name] = len(self.nodes)
            self.nodes[len(self.nodes)] = Node(data, data is None)
        self.now = dict(self.first)
        # Changes of names that may be lost: (directory, set, node, removed).
        self.names = []
        self.sure = dict(self.first)
        self.inodes = {}

    def name(self, path):
        """A path below the top."""
        return os.path.relpath(path, self.top)

    def change(self, to, node, removed):
        """A name that comes, goes, or both."""
        event = (os.path.dirname(to or removed), to, node, removed)
        self.names.append(event)
        apply(self.now, event)

    def step(self, effect, keeps_name):
        """One effect."""
        what, rest = effect.split(" ", 1)
        if what in ("open", "empty"):
            inode, path = rest.split(" ", 1)
            name = self.name(path)
            if name not in self.now:
                self.nodes[len(self.nodes)] = Node()
                self.change(name, len(self.nodes) - 1, None)
            self.inodes[inode] = self.now[name]
            if what == "empty":
                self.nodes[self.now[name]].pending.append((0, None))
        elif what == "temp":
            self.nodes[len(self.nodes)] = Node()
            self.inodes[rest] = len(self.nodes) - 1
        elif what == "name":
            inode, path = rest.split(" ", 1)
            self.change(self.name(path), self.inodes[inode], None)
        elif what == "write":
            inode, at, data = rest.split(" ")
            self.nodes[self.inodes[inode]].pending.append(
                (int(at), bytes.fromhex(data)))
        elif what == "size":
            inode, size = rest.split(" ")
            self.nodes[self.inodes[inode]].pending.append((int(size), None))
        elif what == "sync":
            inode, path = rest.split(" ", 1)
            self.sync(inode, path, keeps_name)
        elif what == "mkdir":
            self.nodes[len(self.nodes)] = Node(directory=True)
            self.change(self.name(rest), len(self.nodes) - 1, None)
        elif what == "unlink":
            self.change(None, None, self.name(rest))
        else:
            source, to = (self.name(path) for path in rest.split("\t"))
            node = self.now[source]
            # A rename between two names of one file does nothing.
            if what == "link" or self.now.get(to) != node:
                self.change(to, node, source if what == "rename" else None)

    def sync(self, inode, path, keeps_name):
        """A file or, with a path, a directory."""
        if path:
            name = self.name(path)
            name = "" if name == "." else name
            settled = [e for e in self.names if e[0] == name]
        else:
            node = self.inodes[inode]
            data = self.nodes[node]
            data.data = data.content([KEPT] * len(data.pending))
            data.pending = []
            mine = [i for i, e in enumerate(self.names) if e[2] == node]
            settled = self.names[:mine[-1] + 1] if mine and keeps_name else []
        for event in settled:
            apply(self.sure, event)
            self.names.remove(event)

    def files(self, kept, fates):
        """The state in which these names and writes survived."""
        names = dict(self.sure)
        for event, there in zip(self.names, kept):
            if there:
                apply(names, event)
        found = {}
        for name in sorted(names):
            above = os.path.dirname(name)
            if not name or above and found.get(above, b"") is not None:
                continue
            node = self.nodes[names[name]]
            found[name] = (None if node.directory
                           else node.content(fates.get(names[name], ())))
        return found

    def here(self):
        """The states at this point."""
        dirty = [(n, len(node.pending)) for n, node in self.nodes.items()
                 if node.pending]
        total = sum(count for _, count in dirty)
        for chosen in fates_of(total):
            fates, at = {}, 0
            for number, count in dirty:
                fates[number] = chosen[at:at + count]
                at += count
            for kept in subsets_of(len(self.names)):
                yield self.files(kept, fates)

    def states(self, effects):
        """Each state once: (where, files, whether the command has ended)."""
        known = set()
        for keeps_name in (False, True):
            disk = Disk(self.top, {n: None if self.nodes[i].directory
                                   else self.nodes[i].data
                                   for n, i in self.first.items() if n})
            for number in range(len(effects) + 1):
                ended = number == len(effects)
                for files in disk.here():
                    key = hash((ended, tuple(sorted(files.items(), key=str))))
                    if key not in known:
                        known.add(key)
                        yield (f"power fails after effect {number} of"
                               f" {len(effects)}", files, ended)
                if not ended:
                    disk.step(effects[number], keeps_name)


def apply(names, event):
    """One change of names."""
    _, to, node, removed = event
    if removed is not None:
        names.pop(removed, None)
    if to is not None:
        names[to] = node
