"""Vaults that are sealed as they should be, by a writer that lies.

They show that a reader trusts no seal further than it has to: who holds the
key may have a broken program, or an older file.
"""

import struct

import format as f
from vector import (CASES, MASTER, Case, case, entry, many, patched, writer)


# --- Geometry ---------------------------------------------------------------

@case("damaged", "a byte of the geometry was altered, under a right MAC")
def geometry_altered():
    data = writer(entry()).data()
    at = f.GEOMETRY_AT + 30
    return f.remac(patched(data, at, bytes([data[at] ^ 1])), MASTER)


@case("damaged", "the geometry of the generation before")
def geometry_older():
    data = writer(entry()).data()
    old = writer(entry(), generation=1).data()
    at = f.GEOMETRY_AT
    return f.remac(patched(data, at, old[at:at + f.GEOMETRY]), MASTER)


def geometry_lie(name, comment, number, change):
    def make():
        w = writer(entry(), entry(2, b"b"))
        w.geometry[number] = change(w.geometry[number])
        return w.data()
    CASES.append(Case("geometry-" + name, "damaged", comment, None, make))


geometry_lie("pages-none", "no pages", 0, lambda n: 0)
geometry_lie("pages-more", "a page more than there is", 0, lambda n: n + 1)
geometry_lie("pages-huge", "2^60 pages", 0, lambda n: 1 << 60)
geometry_lie("pages-wrap", "pages whose size in bytes is right modulo 2^64",
             0, lambda n: n + (1 << 52))
geometry_lie("entries", "an index entry more than there is", 1,
             lambda n: n + 1)
geometry_lie("entries-huge", "2^63 index entries", 1, lambda n: 1 << 63)
geometry_lie("records", "a record more than there is", 2, lambda n: n + 1)
geometry_lie("records-less", "a record less than there is", 2,
             lambda n: n - 1)
geometry_lie("start", "the records begin 4096 bytes earlier", 3,
             lambda n: n - 4096)
geometry_lie("start-late", "the records begin at the second", 3,
             lambda n: n + 256)
geometry_lie("size", "the file is larger", 4, lambda n: n + 256)
geometry_lie("reserved", "the last 8 bytes are not zero", 5, lambda n: 1)


# --- Pages ------------------------------------------------------------------

def page_case(name, comment, change, *entries, pages=1):
    """change() gets a writer that is not sealed yet."""
    def make():
        w = writer(*(entries or (entry(), entry(2, b"b"))), pages=pages)
        change(w)
        return w.data()
    CASES.append(Case("page-" + name, "damaged", comment, None, make))


def change_ref(number, value):
    """Changes a field of the first index entry, by value(old)."""
    def change(w):
        w.pages[0][0][number] = value(w.pages[0][0][number])
    return change


def recount(w):
    """Page heads and geometry that fit what is in the pages."""
    w.page_heads = [[len(p), 0] for p in w.pages]
    w.geometry[1] = sum(len(p) for p in w.pages)


def other_generation(w):
    w.page_generations[0] -= 1


def other_number(w):
    w.page_numbers[0] += 1


def exchange_refs(w):
    w.pages[0][0], w.pages[0][1] = w.pages[0][1], w.pages[0][0]


def move_ref(w):
    """From the second page to the end of the first: still in order."""
    w.pages[0].append(w.pages[1].pop(0))
    recount(w)


def drop_login(w):
    w.pages[0] = [r for r in w.pages[0] if r[3] != f.LOGIN]
    recount(w)


def drop_record(w):
    """Nothing points to the second record any more."""
    at = w.geometry[3] + len(w.records[0])
    w.pages[0] = [r for r in w.pages[0] if r[1] != at]
    recount(w)


def add_key(w):
    """A login that the entry does not have."""
    ref = list(w.pages[0][0])
    ref[0] = f.key_hash(w.key("hash"), f.LOGIN, b"root@h1.example")
    ref[3] = f.LOGIN
    w.pages[0] = sorted(w.pages[0] + [ref])
    recount(w)


def double_ref(w):
    w.pages[0].insert(0, list(w.pages[0][0]))
    recount(w)


def head(number, value):
    def change(w):
        w.page_heads[0][number] = value
    return change


def set_kind(value):
    def change(w):
        ref = next(r for r in w.pages[0] if r[3] == f.NAME)
        ref[3] = value
    return change


def page_end(w):
    w.page_tail = b"\1"


@case("damaged", "two pages were exchanged")
def page_exchanged():
    data = writer(*many(9), pages=2).data()
    a, b = (data[f.HEADER + f.PAGE * i:][:f.PAGE] for i in (0, 1))
    return patched(data, f.HEADER, b + a)


@case("damaged", "a byte of a page was altered")
def page_altered():
    data = writer(entry()).data()
    return patched(data, f.HEADER + 2000, bytes([data[f.HEADER + 2000] ^ 1]))


@case("damaged", "what binds a page to its generation was altered")
def page_bond():
    data = writer(entry()).data()
    at = f.HEADER + f.PAGE - 1
    return patched(data, at, bytes([data[at] ^ 1]))


@case("damaged", "85 entries on a page")
def page_crowded():
    w = writer(*[entry(i, b"e%d" % i, ()) for i in range(84)])
    w.page_heads[0][0] = 85
    return w.data()


page_case("generation", "a page of the generation before", other_generation)
page_case("number", "a page that was sealed as another", other_number)
page_case("unsorted", "two index entries are exchanged", exchange_refs)
page_case("elsewhere", "an index entry is on the page before its own",
          move_ref, *many(9), pages=2)
page_case("double", "an index entry is there twice", double_ref)
page_case("count-less", "the count leaves out the last entry", head(0, 3))
page_case("count-more", "the count takes in an entry of zeros", head(0, 5))
page_case("count-huge", "2^32 - 1 entries", head(0, 0xffffffff))
page_case("reserved", "bytes 4 to 7 are not zero", head(1, 1))
page_case("end", "the last byte is not zero", page_end)
page_case("kind", "an index entry of kind 5", set_kind(5))
page_case("kind-flag", "an index entry with flag 0x200",
          set_kind(f.NAME | 0x200))
page_case("kind-busy", "a busy flag for a rotation that is idle",
          set_kind(f.NAME | f.BUSY))
page_case("kind-other", "a name that is said to be a data set",
          set_kind(f.DATASET))
page_case("login-missing", "logins are not in the index", drop_login)
page_case("login-extra", "a login that the entry does not have", add_key)
page_case("unreferenced", "no index entry points to a record", drop_record)
page_case("offset-low", "an index entry points into the pages",
          change_ref(1, lambda n: f.HEADER))
page_case("offset-high", "an index entry points behind the end",
          change_ref(1, lambda n: n + (1 << 20)))
page_case("offset-wrap", "offset and length are together more than 2^64",
          change_ref(1, lambda n: (1 << 64) - 256))
page_case("length", "a record is shorter than it is",
          change_ref(2, lambda n: n - 16))
page_case("length-huge", "a record of 2^32 - 256 bytes",
          change_ref(2, lambda n: (1 << 32) - 256))
page_case("length-none", "a record of no bytes", change_ref(2, lambda n: 0))
page_case("tag", "the tag is not that of the record",
          change_ref(4, lambda tag: bytes([tag[0] ^ 1]) + tag[1:]))


# --- Records as a whole -----------------------------------------------------

@case("damaged", "a byte of a record was altered")
def record_altered():
    data = writer(entry()).data()
    return patched(data, len(data) - 60, bytes([data[-60] ^ 1]))


@case("damaged", "the record of an older version was put in its place")
def record_older():
    data = writer(entry(version=2)).data()
    old = writer(entry(version=1, current=b"OLDPASS")).records[0]
    return data[:-256] + old


@case("damaged", "two records of one size were exchanged")
def record_exchanged():
    data = writer(entry(), entry(2, b"b")).data()
    return data[:-512] + data[-256:] + data[-512:-256]


@case("damaged", "a record's id was altered")
def record_id():
    data = writer(entry()).data()
    return patched(data, len(data) - 256, bytes([data[-256] ^ 1]))


@case("damaged", "a record's version was altered")
def record_version():
    data = writer(entry()).data()
    return patched(data, len(data) - 240, b"\2")


@case("damaged", "a record sealed for another vault, with its tag in the index")
def record_other_vault():
    w = writer(entry())
    other = writer(entry(), vault_id=bytes(16))
    w.records = other.records
    w.lay_out()
    return w.data()


@case("damaged", "256 bytes of nobody between two records")
def record_gap():
    w = writer(entry(), entry(2, b"b"))
    at = w.geometry[3] + 256
    w.records[0] += bytes(256)
    for ref in w.pages[0]:
        ref[1] += 256 if ref[1] == at else 0
    w.geometry[4] += 256
    return w.data()


@case("damaged", "256 bytes of nobody behind the last record")
def record_gap_end():
    w = writer(entry())
    w.records[0] += bytes(256)
    w.geometry[4] += 256
    return w.data()


@case("damaged", "two entries of one name")
def entry_same_name():
    return writer(entry(), entry(2)).data()


@case("damaged", "two entries of one id")
def entry_same_id():
    return writer(entry(), entry(1, b"b")).data()


@case("damaged", "an entry whose id is all zeros")
def entry_no_id():
    zero = entry()
    zero.id = bytes(16)
    return writer(zero).data()


@case("damaged", "an entry of version 0")
def entry_no_version():
    return writer(entry(version=0)).data()
