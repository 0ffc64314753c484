"""Vaults whose file, header or key slots are wrong in one way.

Whatever a writer would have sealed is sealed, except what a case is about.
"""

import struct

import format as f
from vector import (CASES, KEY, MASTER, OTHER_KEY, PHRASE, Case, case, entry,
                    flipped, patched, writer)


# --- File and header --------------------------------------------------------

@case("damaged", "an empty file")
def file_empty():
    return b""


@case("damaged", "ends in the header")
def truncated_header():
    return writer(entry()).data()[:8000]


@case("damaged", "ends behind the header")
def truncated_behind_header():
    return writer(entry()).data()[:f.HEADER]


@case("damaged", "ends in a page")
def truncated_page():
    return writer(entry()).data()[:f.HEADER + 4000]


@case("damaged", "ends in a record")
def truncated_record():
    return writer(entry()).data()[:-1]


@case("damaged", "ends before the last record")
def truncated_whole_record():
    return writer(entry(), entry(2, b"b")).data()[:-256]


@case("damaged", "a byte more than there should be")
def trailing_byte():
    return writer(entry()).data() + b"\0"


@case("damaged", "no magic")
def magic():
    return flipped(writer(entry()).data(), 1)


@case("damaged", "a transfer in text mode made CR LF to LF")
def magic_text_mode():
    return writer(entry()).data().replace(b"\r\n", b"\n")


@case("damaged", "a transfer cut the eighth bit")
def magic_seven_bits():
    return bytes(c & 127 for c in writer(entry()).data())


@case("config", "format version 2")
def version_newer():
    w = writer(entry())
    w.version = 2
    return w.data()


@case("config", "format version 0")
def version_zero():
    w = writer(entry())
    w.version = 0
    return w.data()


@case("config", "flag 1 is set")
def flag_unknown():
    w = writer(entry())
    w.flags = 1
    return w.data()


@case("damaged", "bytes 52 to 55 are not zero, under a right MAC")
def header_reserved_52():
    w = writer(entry())
    w.zero_52 = b"\0\0\0\1"
    return w.data()


@case("damaged", "byte 479 is not zero, under a right MAC")
def header_reserved_479():
    w = writer(entry())
    w.zero_152 = bytes(327) + b"\1"
    return w.data()


@case("damaged", "generation 0")
def header_generation():
    return writer(entry(), generation=0).data()


@case("damaged", "the time was altered, the MAC not")
def header_mac_time():
    return flipped(writer(entry()).data(), 40)


@case("damaged", "the generation was altered, the MAC not")
def header_mac_generation():
    return flipped(writer(entry()).data(), 32)


@case("damaged", "the MAC was altered")
def header_mac():
    return flipped(writer(entry()).data(), f.HEADER - 1)


@case("damaged", "a slot was cut out of the header, the MAC is the old one")
def header_mac_slot_removed():
    w = writer(entry())
    w.add_slot(f.RAW, OTHER_KEY)
    return patched(w.data(), f.SLOTS_AT + f.SLOT, bytes(f.SLOT))


@case("damaged", "two whole slots were exchanged, the MAC is the old one")
def header_mac_slots_exchanged():
    w = writer(entry())
    w.add_slot(f.RAW, OTHER_KEY)
    return patched(w.data(), f.SLOTS_AT, w.slots[1] + w.slots[0])


@case("damaged", "busy is 1, but no rotation is under way")
def busy_wrong():
    w = writer(entry())
    w.busy = 1
    return w.data()


@case("damaged", "busy is 0, but a rotation is under way")
def busy_missing():
    w = writer(entry(pending=b"NEW", rotating=f.rotation(1, since=9)))
    w.busy = 0
    return w.data()


# --- Slots ------------------------------------------------------------------

def slot_changed(w, number, at, new):
    """The vault with a slot changed, under a right MAC."""
    return f.remac(patched(w.data(), f.SLOTS_AT + f.SLOT * number + at, new),
                   MASTER)


def slot_resealed(at, new):
    """The vault with its slot changed, wrapped and committed to anew."""
    w = writer(entry())
    s = patched(w.slots[0], at, new)
    wrapping, committing = f.slot_keys(KEY, f.RAW, w.id, s[32:48])
    s = patched(s, 48, f.encrypt(wrapping, bytes(24), f.slot_wrap_ad(s, w.id),
                                 MASTER))
    w.slots[0] = patched(s, 96, f.slot_commitment(committing, s, w.id))
    return w.data()


@case("denied", "another key's vault", {"key": OTHER_KEY.hex()})
def slot_other_key():
    return writer(entry()).data()


@case("denied", "another passphrase", {"passphrase": "not " + PHRASE.decode()})
def slot_other_passphrase():
    w = writer(entry())
    w.add_slot(f.PASSPHRASE, PHRASE, passes=1, kib=8192)
    return w.data()


@case("denied", "no slot at all")
def slot_none():
    w = writer(entry())
    w.slots = []
    return w.data()


@case("denied", "the commitment was altered")
def slot_commitment():
    w = writer(entry())
    return slot_changed(w, 0, 96, bytes([w.slots[0][96] ^ 1]))


@case("denied", "the wrapped key was altered")
def slot_wrapped():
    w = writer(entry())
    return slot_changed(w, 0, 48, bytes([w.slots[0][48] ^ 1]))


@case("denied", "the salt was altered")
def slot_salt():
    w = writer(entry())
    return slot_changed(w, 0, 32, bytes([w.slots[0][32] ^ 1]))


@case("denied", "the time it was made was altered")
def slot_time():
    return slot_changed(writer(entry()), 0, 16, b"\1")


@case("denied", "two slots of one key exchanged their salts")
def slot_salts_exchanged():
    w = writer(entry())
    w.add_slot(f.RAW, KEY)
    a, b = w.slots
    return slot_changed(w, 0, 0, a[:32] + b[32:48] + a[48:] +
                        b[:32] + a[32:48] + b[48:])


@case("denied", "a slot of this key, from another vault")
def slot_other_vault():
    w = writer(entry())
    w.slots = [f.slot(f.RAW, KEY, MASTER, bytes(16), w.draw)]
    return w.data()


@case("damaged", "a slot whose commitment fits, and the wrapped key does not")
def slot_rewrapped():
    w = writer(entry())
    s = patched(w.slots[0], 48, bytes(48))
    keys = f.slot_keys(KEY, f.RAW, w.id, s[32:48])
    w.slots.insert(0, patched(s, 96, f.slot_commitment(keys[1], s, w.id)))
    return w.data()


@case("damaged", "a slot that opens, but to another master key")
def slot_other_master():
    w = writer(entry())
    w.slots = [f.slot(f.RAW, KEY, OTHER_KEY, w.id, w.draw)]
    return w.data()


@case("config", "a slot of kind 4 behind the one that opens")
def slot_kind_unknown():
    return slot_changed(writer(entry()), 1, 0, b"\4")


@case("denied", "a slot of kind 4, and no other")
def slot_kind_unknown_only():
    return slot_changed(writer(entry()), 0, 0, b"\4")


@case("damaged", "a slot of kind 4 under a MAC that does not fit")
def slot_kind_unknown_mac():
    return patched(writer(entry()).data(), f.SLOTS_AT + f.SLOT, b"\4")


@case("damaged", "a faulty slot before the one that opens")
def slot_faulty_other():
    w = writer(entry())
    w.add_slot(f.PASSPHRASE, PHRASE, passes=1, kib=8192)
    w.slots.reverse()
    return slot_changed(w, 0, 4, struct.pack("<I", 17))


@case("damaged", "an empty slot is not zero")
def slot_empty_not_zero():
    return slot_changed(writer(entry()), 31, 239, b"\1")


@case("denied", "bytes 12 to 15 of a slot are not zero")
def slot_reserved_12():
    return slot_resealed(15, b"\1")


@case("denied", "bytes 24 to 31 of a slot are not zero")
def slot_reserved_24():
    return slot_resealed(31, b"\1")


@case("denied", "a raw slot has a recipient")
def slot_recipient():
    return slot_resealed(128, b"\1")


@case("denied", "a raw slot has Argon2id passes")
def slot_raw_cost():
    return slot_resealed(4, b"\1")


def slot_cost(name, comment, passes, kib):
    """Refused at once: with these costs Argon2id would never end."""
    def make():
        w = writer(entry())
        w.slots = []
        w.add_slot(f.PASSPHRASE, PHRASE, passes=1, kib=8192)
        return slot_changed(w, 0, 4, struct.pack("<II", passes, kib))
    CASES.append(Case("slot-cost-" + name, "denied", comment,
                      {"passphrase": PHRASE.decode()}, make))


slot_cost("passes-most", "2^32 - 1 passes", 0xffffffff, 4194304)
slot_cost("passes-memory", "17 passes of the largest memory", 17, 4194304)
slot_cost("passes-below", "no passes", 0, 8192)
slot_cost("memory-above", "more memory than the limit", 1, 4194305)


@case("denied", "8191 KiB, and a slot that would open",
      {"passphrase": PHRASE.decode()})
def slot_cost_memory_below():
    w = writer(entry())
    w.add_slot(f.PASSPHRASE, PHRASE, passes=1, kib=8191)
    return w.data()


@case("denied", "17 passes, and a slot that would open",
      {"passphrase": PHRASE.decode()})
def slot_cost_passes_above():
    w = writer(entry())
    w.add_slot(f.PASSPHRASE, PHRASE, passes=17, kib=8192)
    return w.data()
