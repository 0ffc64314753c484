"""Test vectors: what is in their files, and what all cases have in common.

One file per case, NAME.vector: lines "word: value", an empty line, and the
vault, compressed with zlib, in base64.
expect        ok, damaged, denied or config: what pawl-vault verify must say
comment       what the case is about
key, passphrase, identity   what opens it: hexadecimal, text, hexadecimal
json-sha256   of what read.py prints, if it is ok
"""

import base64
import hashlib
import os
import textwrap
import zlib

import format as f
import read

MASTER, KEY, OTHER_KEY, IDENTITY = map(
    f.Draw("keys of the test vectors"), [32] * 4)
PHRASE = b"a passphrase for tests"
STATUS = {"ok": 0, "damaged": 65, "denied": 77, "config": 78}
FAULTS = {"format": "damaged", "damaged": "damaged", "auth": "denied",
          "unsupported": "config"}
CASES = []


class Case:
    """One vector; make() gives its vault."""

    def __init__(self, name, expect, comment, keys, make):
        self.name, self.expect, self.comment = name, expect, comment
        self.keys, self.make = keys or {"key": KEY.hex()}, make


def case(expect, comment, keys=None):
    """Registers a function that makes a vault; its name is the vector's."""
    def register(function):
        CASES.append(Case(function.__name__.replace("_", "-"), expect,
                          comment, keys, function))
        return function
    return register


def writer(*entries, **more):
    """A writer with one raw slot.  Its random bytes are always the same."""
    w = f.Writer(f.Draw("vector"), MASTER, entries, **more)
    w.add_slot(f.RAW, KEY, made=1700000000)
    return w


def entry(number=1, name=b"site1", attrs=((b"user", b"U1"),
                                          (b"host", b"h1.example")), **more):
    """An entry that is in order."""
    entry_id = hashlib.blake2b(b"entry %d" % number, digest_size=16).digest()
    more.setdefault("current", b"SECRET%d" % number)
    return f.Entry(entry_id, name, attrs, **more)


def many(n):
    """Entries with two keys each."""
    return [entry(i, b"team/site%04d" % i,
                  [(b"user", b"U%d" % i), (b"host", b"h%d.example" % (i % 7))])
            for i in range(n)]


def patched(data, at, new):
    return data[:at] + new + data[at + len(new):]


def flipped(data, at):
    return patched(data, at, bytes([data[at] ^ 1]))


def read_keys(keys):
    """Each of a vector's keys as read_vault() takes it."""
    kinds = {"key": f.RAW, "passphrase": f.PASSPHRASE, "identity": f.X25519}
    return [(kinds[word], value.encode() if word == "passphrase" else
             bytes.fromhex(value)) for word, value in keys.items()]


def judge(data, key):
    """What a vector may expect, and what read.py prints."""
    try:
        return "ok", read.canonical(read.read_vault(data, key))
    except read.Fault as fault:
        return FAULTS[fault.kind], f"FAULT: {fault.kind}: {fault}"


def digest(shown):
    return hashlib.sha256(shown.encode()).hexdigest()


def save(directory, one):
    """Writes a case's file."""
    data = one.make()
    head = {"expect": one.expect, "comment": one.comment, **one.keys}
    if one.expect == "ok":
        head["json-sha256"] = digest(judge(data, read_keys(one.keys)[0])[1])
    lines = [f"{word}: {value}" for word, value in head.items()]
    body = base64.b64encode(zlib.compress(data, 9)).decode()
    path = os.path.join(directory, one.name + ".vector")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines + ["", textwrap.fill(body, 76), ""]))


def load(path):
    """The head of a vector, its keys, and the vault."""
    with open(path, encoding="utf-8") as file:
        lines, body = file.read().split("\n\n", 1)
    head = dict(line.split(": ", 1) for line in lines.split("\n"))
    keys = {word: head[word] for word in ("key", "passphrase", "identity")
            if word in head}
    return head, keys, zlib.decompress(base64.b64decode(body))
