#!/usr/bin/python3
"""Reads a pawl vault, from what pawl-vault(5) says and nothing else.

    read.py VAULT --key-file FILE | --passphrase-file FILE | --identity-file FILE

Prints everything that is in it, secrets too, as JSON; or, if any byte of it is
not as the page wants it, one line "FAULT: KIND: what" and exits 1.  KIND:
format       this is no vault
unsupported  it has a version, flag or kind of slot that the page does not know
auth         no slot opens with this key
damaged      anything else
"""

import argparse
import json
import re
import struct
import sys

sys.dont_write_bytecode = True
import format as f      # noqa: E402 pylint: disable=wrong-import-position

KEY_LINE = re.compile(rb"pawl-key-1:([0-9a-fA-F]{64})\n?\Z")
ATTRIBUTE = re.compile(rb"[a-z][a-z0-9.-]{0,63}\Z")
CONTROL = re.compile("[\0-\x1f\x7f-\x9f]")
SLOT_KINDS = {f.RAW: "raw", f.PASSPHRASE: "passphrase", f.X25519: "x25519"}
INDEX_KINDS = (f.NAME, f.LOGIN, f.DATASET, f.PATH, f.NAME | f.BUSY)
STATES = ("idle", "pending", "sent", "attention")


class Fault(Exception):
    """Why it was refused: a kind, and words for a person."""

    def __init__(self, kind, what):
        super().__init__(what)
        self.kind = kind


def want(condition, what, kind="damaged"):
    if not condition:
        raise Fault(kind, what)


def want_zero(data, what):
    want(not any(data), what + " is not zero")


# --- Header and slots -------------------------------------------------------

class Header:
    """The first 8192 bytes.  Nothing of it is trusted before authentic()."""

    def __init__(self, data):
        want(data[:8] == f.MAGIC, "no magic", "format")
        want(len(data) >= f.HEADER, "shorter than a header")
        self.bytes = data[:f.HEADER]
        (self.version, self.flags, self.id, self.generation, self.time,
         self.busy, zero, self.passes, self.kib) = struct.unpack_from(
             "<II16sQQI4sII", data, 8)
        want(self.version == 1, f"version {self.version}", "unsupported")
        want(self.flags == 0, f"flags {self.flags:#x}", "unsupported")
        self.zeros = zero + data[f.GEOMETRY_AT + f.GEOMETRY:f.SLOTS_AT]
        self.slots = [
            Slot(i, data[at:at + f.SLOT], self.id) for i, at in enumerate(
                range(f.SLOTS_AT, f.MAC_AT, f.SLOT))]

    def authentic(self, master):
        want(f.H(32, f.derive(master, "header"), self.bytes[:f.MAC_AT]) ==
             self.bytes[f.MAC_AT:], "the header's MAC does not fit")
        want_zero(self.zeros, "reserved space of the header")
        want(self.generation > 0, "generation 0")
        for slot in self.slots:
            slot.check()

    def geometry(self, master, file_size):
        """Pages, index entries, records, where these begin."""
        at = f.GEOMETRY_AT
        plain = f.unseal(f.derive(master, "geometry"), b"pawl geometry 1" +
                         self.id + struct.pack("<Q", self.generation),
                         self.bytes[at:at + f.GEOMETRY])
        want(plain is not None, "the geometry's seal does not fit")
        pages, entries, records, start, length, zero = struct.unpack(
            "<6Q", plain)
        want(zero == 0, "the end of the geometry is not zero")
        want(length == file_size, f"{file_size} bytes and not {length}")
        want(pages > 0 and start == f.HEADER + f.PAGE * pages and
             start <= length, "the geometry contradicts itself")
        return {"pages": pages, "entries": entries, "records": records,
                "records_at": start, "size": length}

    def shown(self):
        return {"version": self.version, "flags": self.flags,
                "id": self.id.hex(), "generation": self.generation,
                "time": self.time, "busy": self.busy, "passes": self.passes,
                "kib": self.kib}


class Slot:
    """One of the 32."""

    def __init__(self, number, data, vault_id):
        self.number, self.data, self.vault_id = number, data, vault_id
        (self.kind, self.passes, self.kib, zero, self.made, zero_2,
         self.salt, self.wrapped, self.commitment, self.recipient,
         self.sealed) = struct.unpack("<III4sQ8s16s48s32s32s80s", data)
        self.zeros = zero + zero_2

    def check(self):
        """Everything that needs no key, the Argon2id costs above all."""
        where = f"slot {self.number}"
        if self.kind == 0:
            want_zero(self.data, where + " is empty and")
            return
        want(self.kind in SLOT_KINDS, f"{where}: kind {self.kind}",
             "unsupported")
        want_zero(self.zeros, where + ": reserved space")
        if self.kind == f.PASSPHRASE:
            want(1 <= self.passes <= 16 and 8192 <= self.kib <= 4194304,
                 where + ": Argon2id costs outside of their limits")
        else:
            want(self.passes == self.kib == 0,
                 where + ": costs of a kind that has none")
        if self.kind != f.X25519:
            want_zero(self.recipient + self.sealed, where + ": its end")

    def open(self, key):
        """The master key, or None if key is not the one or it is faulty."""
        if key[0] != self.kind:
            return None
        try:
            self.check()
        except Fault:
            return None
        secret = key[1]
        if self.kind == f.PASSPHRASE:
            secret = f.argon2id(secret, self.salt, self.passes, self.kib)
        elif self.kind == f.X25519:
            if f.public_of(secret) != self.recipient:
                return None
            secret = f.box_open(self.sealed, secret)
        if secret is None:
            return None
        wrapping, committing = f.slot_keys(secret, self.kind, self.vault_id,
                                           self.salt)
        if f.slot_commitment(committing, self.data,
                             self.vault_id) != self.commitment:
            return None
        master = f.decrypt(wrapping, bytes(24), f.slot_wrap_ad(
            self.data, self.vault_id), self.wrapped)
        want(master is not None, f"slot {self.number} fits and does not open")
        return master

    def shown(self):
        shown = {"number": self.number, "kind": SLOT_KINDS[self.kind],
                 "passes": self.passes, "kib": self.kib, "time": self.made}
        if self.kind == f.X25519:
            shown["recipient"] = self.recipient.hex()
        return shown


# --- Index ------------------------------------------------------------------

def read_page(data, header, geometry, i, keys):
    """The index entries of page i: hash, offset, length, kind, tag."""
    at, where = f.HEADER + f.PAGE * i, f"page {i}"
    sealed, bond = data[at:at + f.PAGE - 16], data[at + f.PAGE - 16:at + f.PAGE]
    want(f.page_bond(keys[1], header.id, header.generation, i,
                     sealed) == bond, where + " is of another generation")
    plain = f.unseal(keys[0], f.page_ad(header.id, i), sealed)
    want(plain is not None, where + ": its seal does not fit")
    count, zero = struct.unpack_from("<II", plain)
    want(zero == 0 and count <= f.PAGE_ENTRIES, where + ": its head")
    end = 8 + count * f.ENTRY
    want_zero(plain[end:], where + ": its end")
    refs = list(struct.iter_unpack("<16sQII16s", plain[8:end]))
    order = [ref[:2] for ref in refs]
    want(order == sorted(order), where + " is not sorted")
    want(len(set(refs)) == len(refs), where + " has an entry twice")
    for digest, offset, length, kind, _ in refs:
        want(f.page_of(digest, geometry["pages"]) == i,
             where + " has an entry of another page")
        want(kind in INDEX_KINDS, f"{where}: kind {kind:#x}")
        want(offset >= geometry["records_at"] and
             offset + length <= geometry["size"],
             where + ": an entry points outside of the records")
        want(length in (256, 512, 1024, 2048) or
             length and length % 4096 == 0 and length <= 131072,
             f"{where}: a record of {length} bytes")
    return refs


def read_index(data, header, geometry, master):
    want(geometry["records_at"] <= len(data), "pages behind the end")
    keys = f.derive(master, "index"), f.derive(master, "bind")
    refs = [ref for i in range(geometry["pages"])
            for ref in read_page(data, header, geometry, i, keys)]
    want(len(refs) == geometry["entries"], "the number of index entries")
    return refs


# --- Records ----------------------------------------------------------------

def text(data, what):
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Fault("damaged", what + " is not UTF-8") from None


def read_name(data):
    name = text(data, "a name")
    want(1 <= len(data) <= 255 and not CONTROL.search(name) and
         name[0] != "-" and not {"", ".", ".."} & set(name.split("/")),
         "a name that is none")
    return name


def read_attribute(data):
    length = data[0] if data else 0
    key, value = data[1:1 + length], data[1 + length:]
    want(len(key) == length and ATTRIBUTE.match(key), "an attribute's key")
    want(len(value) <= 8192 and b"\0" not in value and
         (key == b"notes" or not set(b"\r\n") & set(value)),
         "an attribute's value")
    return [key.decode(), text(value, "an attribute's value")]


def read_secret(data, head, what):
    """Numbers as head, a struct format, says; then the secret."""
    start = struct.calcsize(head)
    want(start <= len(data) <= start + 4096, what + ": its length")
    return struct.unpack_from(head, data) + (data[start:].hex(),)


def read_rotation(data):
    names = ("state", "tried", "exposures", "outstanding",
             "outstanding_pending", "reply", "since", "rotated", "attempted")
    want(48 <= len(data), "rotation: its length")
    r = dict(zip(names, struct.unpack_from("<6I3Q", data)))
    want(any(data), "a rotation that is all 0")
    want(r["state"] < 4 and r["tried"] < 3 and r["reply"] < 3,
         "rotation: a number without a meaning")
    r["state"] = STATES[r["state"]]
    r["note"] = text(data[48:], "a note")
    want(len(data) <= 48 + 1024 and not CONTROL.search(r["note"]),
         "a note that is none")
    return r


def split_fields(plain):
    """The fields as (type, bytes), in order."""
    end, = struct.unpack_from("<I", plain)
    want(end <= len(plain) - 4, "fields longer than their record")
    want(f.bucket(end) == len(plain) + f.RECORD_SEALED,
         "a record of another size than its fields need")
    want_zero(plain[4 + end:], "the end of a record")
    fields, at, end = [], 4, 4 + end
    while at < end:
        want(end - at >= 6, "half a field")
        kind, length = struct.unpack_from("<HI", plain, at)
        at += 6
        want(length <= end - at, "a field longer than its record")
        fields.append((kind, plain[at:at + length]))
        at += length
    return fields


def read_entry(plain):
    fields = split_fields(plain)
    kinds = [kind for kind, _ in fields]
    want(kinds == sorted(kinds), "fields out of order")
    want(all(1 <= k <= 8 for k in kinds), "a field of unknown type")
    want(all(kinds.count(k) == 1 for k in (1, 2, 3)) and
         all(kinds.count(k) <= 1 for k in (5, 6, 7)),
         "a field too many or too few")
    want(kinds.count(4) <= 64 and kinds.count(8) <= 16,
         "more attributes or history than there may be")
    one = dict(fields)
    want(len(one[2]) == 8 and len(one[3]) == 8, "the length of a time")
    entry = {"name": read_name(one[1]),
             "created": struct.unpack("<Q", one[2])[0],
             "changed": struct.unpack("<Q", one[3])[0],
             "attributes": [read_attribute(v) for k, v in fields if k == 4]}
    for kind, name in ((5, "current"), (6, "pending")):
        entry[name] = None
        if kind in one:
            since, secret = read_secret(one[kind], "<Q", name)
            entry[name] = {"since": since, "secret": secret}
    entry["rotation"] = read_rotation(one[7]) if 7 in one else None
    entry["history"] = [dict(zip(
        ("kind", "since", "until", "secret"),
        read_secret(v, "<IQQ", "history"))) for k, v in fields if k == 8]
    want(all(h["kind"] < 2 for h in entry["history"]),
         "history of an unknown kind")
    return entry


def read_record(data, header, key):
    """The entry of a whole record."""
    entry_id, version = data[:16], struct.unpack_from("<Q", data, 16)[0]
    want(entry_id != bytes(16) and version > 0, "no entry id or version")
    plain = f.unseal(key, b"pawl record 1" + header.id + data[:24], data[24:])
    want(plain is not None, "a record's seal does not fit")
    return {"id": entry_id.hex(), "version": version, **read_entry(plain)}


def want_keys(refs, entry, hash_key):
    """That the entry is in the index under its keys and no others."""
    busy = entry["rotation"] and entry["rotation"]["state"] != "idle"
    keys = f.keys_of(entry["name"].encode(), [
        (k.encode(), v.encode()) for k, v in entry["attributes"]])
    wanted = sorted((f.key_hash(hash_key, kind, key),
                     f.NAME | f.BUSY if kind == f.NAME and busy else kind)
                    for kind, key in keys)
    want(sorted(refs) == wanted, "a record is not found by its keys")


def read_records(data, header, geometry, refs, master):
    """All entries, by name; every byte behind the pages belongs to one."""
    key, hash_key = f.derive(master, "record"), f.derive(master, "hash")
    places = {}
    for digest, offset, length, kind, tag in refs:
        places.setdefault((offset, length, tag), []).append((digest, kind))
    entries, at = [], geometry["records_at"]
    for offset, length, tag in sorted(places):
        want(offset == at, "records overlap, or nobody's bytes are between")
        at = offset + length
        record = data[offset:at]
        want(record[-16:] == tag, "a record has not the tag in the index")
        entry = read_record(record, header, key)
        want_keys(places[offset, length, tag], entry, hash_key)
        entries.append(entry)
    want(at == geometry["size"], "bytes that no index entry points to")
    want(len(entries) == geometry["records"], "the number of records")
    for what in ("id", "name"):
        want(len({e[what] for e in entries}) == len(entries),
             f"two entries with one {what}")
    return sorted(entries, key=lambda entry: entry["name"].encode())


# --- All of it --------------------------------------------------------------

def read_vault(data, key):
    """Everything in the vault; key is a slot's kind and its key."""
    header = Header(data)
    master = None
    for slot in header.slots:
        master = master or slot.open(key)
    want(master is not None, "no slot opens with this key", "auth")
    header.authentic(master)
    geometry = header.geometry(master, len(data))
    refs = read_index(data, header, geometry, master)
    entries = read_records(data, header, geometry, refs, master)
    busy = sum(bool(e["rotation"]) and e["rotation"]["state"] != "idle"
               for e in entries)
    want(header.busy == busy, f"{busy} busy entries and not {header.busy}")
    return {"header": header.shown(), "geometry": geometry,
            "slots": [s.shown() for s in header.slots if s.kind],
            "entries": entries}


def canonical(vault):
    return json.dumps(vault, sort_keys=True, separators=(",", ":")) + "\n"


def read_key(path, kind):
    """What read_vault() takes, from a file."""
    with open(path, "rb") as file:
        data = file.read()
    if kind == f.PASSPHRASE:
        return kind, data[:-1] if data.endswith(b"\n") else data
    line = KEY_LINE.match(data)
    if kind == f.X25519 and len(data.strip()) == 64:
        return kind, bytes.fromhex(data.decode())
    if line:
        return kind, bytes.fromhex(line[1].decode())
    if len(data) != 32:
        sys.exit(path + ": not a key")
    return kind, data


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("vault")
    keys = parser.add_mutually_exclusive_group(required=True)
    keys.add_argument("--key-file")
    keys.add_argument("--passphrase-file")
    keys.add_argument("--identity-file")
    args = parser.parse_args()
    if args.key_file:
        key = read_key(args.key_file, f.RAW)
    elif args.passphrase_file:
        key = read_key(args.passphrase_file, f.PASSPHRASE)
    else:
        key = read_key(args.identity_file, f.X25519)
    with open(args.vault, "rb") as file:
        data = file.read()
    try:
        sys.stdout.write(canonical(read_vault(data, key)))
    except Fault as fault:
        print(f"FAULT: {fault.kind}: {fault}")
        sys.exit(1)


if __name__ == "__main__":
    main()
