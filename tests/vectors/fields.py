"""Vaults with a record, sealed as it should be, whose fields are wrong."""

import struct

import format as f
from vector import CASES, Case, entry, writer

PENDING = {"pending": b"NEW", "history": [(0, 1, 2, b"OLD1"),
                                          (1, 1, 2, b"OLD2")]}


def forged(case, comment, change, **more):
    """change() gets the fields of an entry and returns others."""
    def make():
        one = entry(**more)
        return writer(one.refill(change(list(one.fields)))).data()
    CASES.append(Case("field-" + case, "damaged", comment, None, make))


def with_entry(case, comment, **more):
    """An entry that the limits forbid, with the keys it would have."""
    def make():
        return writer(entry(**more)).data()
    CASES.append(Case("entry-" + case, "damaged", comment, None, make))


def plain_case(name, comment, change):
    """change() gets the plaintext and returns another."""
    def make():
        one = entry()
        one.plain = change(one.plain)
        return writer(one).data()
    CASES.append(Case("record-" + name, "damaged", comment, None, make))


def without(kind):
    return lambda fields: [(k, v) for k, v in fields if k != kind]


def twice(kind):
    return lambda fields: [field for k, v in fields
                           for field in [(k, v)] * (1 + (k == kind))]


def set_to(kind, value):
    """The field of this kind with another value."""
    return lambda fields: [(k, value if k == kind else v) for k, v in fields]


def cut(kind):
    return lambda fields: [(k, v[:-1] if k == kind else v)
                           for k, v in fields]


# --- The plaintext ----------------------------------------------------------

def length_of(plain):
    return struct.unpack_from("<I", plain)[0]


def lengthened(n):
    return lambda plain: struct.pack("<I", length_of(plain) + n) + plain[4:]


plain_case("padding", "the last byte of the padding is not zero",
           lambda plain: plain[:-1] + b"\1")
plain_case("padding-first", "the first byte of the padding is not zero",
           lambda plain: plain[:4 + length_of(plain)] + b"\1" +
           plain[5 + length_of(plain):])
plain_case("bucket", "512 bytes where 256 are enough",
           lambda plain: plain + bytes(256))
plain_case("bucket-8192", "8192 bytes where 256 are enough",
           lambda plain: plain.ljust(8192 - f.RECORD_SEALED, b"\0"))
plain_case("bucket-odd", "768 bytes", lambda plain: plain + bytes(512))
plain_case("length-less", "the length leaves out the last byte",
           lengthened(-1))
plain_case("length-more", "the length takes in a byte of the padding",
           lengthened(1))
plain_case("length-huge", "fields of 2^32 - 1 bytes",
           lambda plain: b"\xff\xff\xff\xff" + plain[4:])
plain_case("length-none", "no fields",
           lambda plain: bytes(len(plain)))

plain_case("field-half", "three bytes behind the last field",
           lambda plain: lengthened(3)(plain))
plain_case("field-over", "a field that is longer than what is left",
           lambda plain: plain[:6] + struct.pack("<I", 160) + plain[10:])

# --- Fields -----------------------------------------------------------------

forged("unknown", "a field of type 9", lambda x: x + [(9, b"new")])
forged("unknown-0", "a field of type 0", lambda x: [(0, b"")] + x)
forged("order", "attributes before the times",
       lambda x: x[:1] + x[3:5] + x[1:3] + x[5:])
forged("order-secret", "the pending secret before the current one",
       lambda x: x[:-2] + [x[-1], x[-2]], pending=b"NEW", rotating=None)
for kind, what in ((1, "name"), (2, "made"), (3, "changed"), (5, "current")):
    forged(what + "-twice", f"type {kind} is there twice", twice(kind))
    if kind != 5:
        forged(what + "-missing", f"type {kind} is missing", without(kind))
    if kind != 1:
        forged(what + "-cut", f"type {kind} is too short",
               set_to(kind, bytes(7)))
forged("made-long", "a time of 9 bytes", set_to(2, bytes(9)))
forged("pending-twice", "two pending secrets", twice(6), pending=b"NEW",
       rotating=f.rotation(1, since=9))
forged("rotation-twice", "two rotations", twice(7), pending=b"NEW",
       rotating=f.rotation(1, since=9))
forged("rotation-cut", "a rotation of 47 bytes", cut(7),
       rotating=f.rotation(since=9))
forged("rotation-zero", "a rotation that is all 0", lambda x: x,
       rotating=f.rotation())
forged("rotation-state", "a rotation in state 4", lambda x: x,
       rotating=f.rotation(4, since=9))
forged("rotation-tried", "3 was tried last", lambda x: x,
       rotating=f.rotation(tried=3, since=9))
forged("rotation-reply", "the reply is 3", lambda x: x,
       rotating=f.rotation(reply=3, since=9))
forged("rotation-note-long", "a note of 1025 bytes", lambda x: x,
       rotating=f.rotation(note=b"n" * 1025))
forged("rotation-note-control", "a line break in a note", lambda x: x,
       rotating=f.rotation(note=b"a\nb"))
forged("rotation-note", "a note that is not UTF-8", lambda x: x,
       rotating=f.rotation(note=b"\xff"))
forged("history-kind", "history of kind 2", lambda x: x,
       history=[(2, 1, 2, b"OLD")])
forged("history-cut", "history of 19 bytes", lambda x: x + [(8, bytes(19))])
forged("history-17", "17 secrets of history", lambda x: x,
       history=[(0, 1, 2, b"OLD")] * 17)
forged("secret-long", "a secret of 4097 bytes",
       set_to(5, bytes(8) + b"s" * 4097))
forged("history-long", "a secret of 4097 bytes in the history", lambda x: x,
       history=[(0, 1, 2, b"s" * 4097)])
forged("attribute-empty", "an attribute of no bytes",
       lambda x: x[:3] + [(4, b"")] + x[3:])
forged("attribute-cut", "an attribute's key is longer than the field",
       lambda x: x[:3] + [(4, b"\5x-a")] + x[3:])

# --- Names and attributes ---------------------------------------------------

for what, value in (("empty", b""), ("long", b"n" * 256), ("slash", b"/a"),
                    ("slash-end", b"a/"), ("slashes", b"a//b"),
                    ("dots", b"a/../b"), ("dot", b"./a"), ("dash", b"-a"),
                    ("control", b"a\nb"), ("delete", b"a\x7fb"),
                    ("c1", b"a\xc2\x85b"), ("nul", b"a\0b"),
                    ("utf8", b"a\xff"), ("utf8-long", b"a\xc0\xaf"),
                    ("utf8-surrogate", b"\xed\xa0\x80"),
                    ("utf8-high", b"\xf4\x90\x80\x80"),
                    ("utf8-cut", b"a\xc3")):
    with_entry("name-" + what, f"a name that is none: {value[:9]!r}",
               name=value)
for what, key, value in (
        ("key-empty", b"", b"v"), ("key-upper", b"X-a", b"v"),
        ("key-digit", b"9a", b"v"), ("key-underscore", b"x-a_b", b"v"),
        ("key-long", b"x-" + b"a" * 63, b"v"), ("value-nul", b"x-a", b"a\0b"),
        ("value-newline", b"x-a", b"a\nb"), ("value-cr", b"x-a", b"a\rb"),
        ("value-utf8", b"x-a", b"\xff"), ("value-long", b"notes", b"v" * 8193)):
    with_entry("attribute-" + what,
               f"an attribute that is none: {key[:9]!r} {value[:9]!r}",
               attrs=[(key, value)])
with_entry("attributes-65", "65 attributes",
           attrs=[(b"x-a", b"%d" % i) for i in range(65)])
