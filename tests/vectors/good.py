"""Vaults that are in order."""

import format as f
from vector import (IDENTITY, KEY, OTHER_KEY, PHRASE, case, entry, many,
                    writer)


@case("ok", "no entries")
def ok_empty():
    return writer(generation=1).data()


@case("ok", "one entry")
def ok_one():
    return writer(entry()).data()


@case("ok", "50 entries with 100 keys, on two pages")
def ok_pages():
    return writer(*many(50)).data()


@case("ok", "more pages than are needed, most of them empty")
def ok_sparse():
    return writer(entry(), pages=3).data()


@case("ok", "records are in no order, names neither")
def ok_order():
    return writer(entry(2, b"b"), entry(3, b"a/b c"), entry(1, b"z")).data()


@case("ok", "every kind of attribute, values and names beyond ASCII")
def ok_attributes():
    names = (b"port", b"service", b"rotate.method", b"rotate.host",
             b"rotate.every", b"x-word", b"x-word", b"x-9")
    return writer(entry(1, "Zürich/größe".encode(), [
        (b"user", b"u@realm"), (b"host", b"A.Example"), (b"host", b"a.example"),
        (b"host", b"b.example"), (b"dataset", b"HLQ.PASSWD(SITE1)"),
        (b"notes", "two\nlines, né".encode())] +
        [(n, b"value %d" % i) for i, n in enumerate(names)])).data()


@case("ok", "a user without a host, a host without a user: no login key")
def ok_half_logins():
    return writer(entry(1, b"a", [(b"user", b"U")]),
                  entry(2, b"b", [(b"host", b"h")])).data()


@case("ok", "values that are empty, and the keys they do not give")
def ok_empty_values():
    return writer(entry(1, b"a", [(b"user", b""), (b"host", b"h")]),
                  entry(2, b"b", [(b"user", b"u"), (b"host", b""),
                                  (b"dataset", b"")])).data()


@case("ok", "keys of every spelling: @ in user and host, data sets as typed")
def ok_spellings():
    return writer(
        entry(1, b"a", [(b"user", b"A@B"), (b"user", b"C"), (b"host", b"D@E"),
                        (b"host", b"F@"), (b"host", "GÉ".encode())]),
        entry(2, b"b", [(b"dataset", name) for name in (
            b"//'hlq.x(y)'", b"hlq. x(Y)", b" / /a", b"////b", b'"c\td"',
            b"//''", "é".encode())])).data()


@case("ok", "paths, which are keys as they are, and an empty one, which is none")
def ok_paths():
    return writer(
        entry(1, b"a", [(b"path", b"/home/U/.ssh/id"), (b"path", b""),
                        (b"path", b"/home/u/.ssh/id")]),
        entry(2, b"b", [(b"path", "Tok\u00e9n 1".encode())])).data()


@case("ok", "two entries with the same login and data set")
def ok_same_login():
    attrs = [(b"user", b"U"), (b"host", b"h"), (b"dataset", b"A.B")]
    return writer(entry(1, b"a", attrs), entry(2, b"b", attrs)).data()


@case("ok", "no secret, an empty one, binary ones, and the longest")
def ok_secrets():
    return writer(entry(1, b"none", current=None),
                  entry(2, b"empty", current=b""),
                  entry(3, b"binary", [(b"service", b"key")],
                        current=bytes(range(256))),
                  entry(4, b"longest", [(b"service", b"key")],
                        current=b"s" * 4096)).data()


@case("ok", "the longest name and attribute value, a record of two blocks")
def ok_longest():
    return writer(entry(1, b"n" * 255, [(b"notes", b"v" * 8192)])).data()


@case("ok", "records that fill their size to the last byte, and one more")
def ok_sizes():
    # 60 is what the fields take without the text of the note.
    room = f.bucket(0) - f.RECORD_SEALED - 4 - sum(
        6 + len(v) for _, v in entry(1, b"a", [(b"notes", b"")]).fields)
    return writer(entry(1, b"a", [(b"notes", b"v" * room)]),
                  entry(2, b"b", [(b"notes", b"v" * (room + 1))])).data()


@case("ok", "all states of a rotation, and the history it leaves")
def ok_rotation():
    return writer(
        entry(1, b"idle", rotating=f.rotation(rotated=5, attempted=4)),
        entry(2, b"pending", pending=b"NEW", rotating=f.rotation(
            1, since=9)),
        entry(3, b"sent", pending=b"NEW", rotating=f.rotation(
            2, 1, 1, 2, 1, 1, 9, 8, 7, "note: né".encode())),
        entry(4, b"attention", pending=b"NEW", rotating=f.rotation(
            3, 2, 2, 1, 1, 2, 9, 8, 7, b"why"), history=[
                (1, 6, 7, b"CANDIDATE"), (0, 4, 6, b"OLD"),
                (0, 1, 4, b"")])).data()


@case("ok", "16 secrets of history, 64 attributes")
def ok_most():
    return writer(entry(1, b"a", [(b"x-a", b"%d" % i) for i in range(64)],
                        history=[(0, 50 - i, 51 - i, b"OLD%d" % i)
                                 for i in range(16)])).data()


@case("ok", "a passphrase slot", {"passphrase": PHRASE.decode()})
def ok_passphrase():
    w = writer(entry())
    w.slots = []
    w.add_slot(f.PASSPHRASE, PHRASE, passes=1, kib=8192, made=3)
    return w.data()


@case("ok", "an X25519 slot; the raw one is the third, another's the fourth",
      {"key": KEY.hex(), "identity": IDENTITY.hex()})
def ok_x25519():
    w = writer(entry())
    raw = w.slots.pop()
    w.add_slot(f.X25519, f.public_of(IDENTITY), made=3)
    w.slots += [bytes(f.SLOT), raw]
    w.add_slot(f.RAW, OTHER_KEY)
    return w.data()
