"""The vault format of pawl-vault(5): its primitives, and how to write one.

Written from the manual page alone, not from the C sources.  Everything that is
random in a real vault is given by the caller or drawn from Draw, so that the
same input gives the same bytes.
"""

import ctypes
import ctypes.util
import hashlib
import struct

MAGIC = b"\x89PAWL\r\n\x1a"
HEADER, PAGE, ENTRY = 8192, 4096, 48
SLOTS_AT, SLOTS, SLOT, MAC_AT = 480, 32, 240, 8160
GEOMETRY_AT, GEOMETRY = 64, 88
PAGE_ENTRIES = 84
RECORD_SEALED = 24 + 40         # id, version, nonce and tag
RAW, PASSPHRASE, X25519 = 1, 2, 3
NAME, LOGIN, DATASET, PATH, BUSY = 1, 2, 3, 4, 0x100
CONTEXTS = {"header": b"pawlhead", "geometry": b"pawlgeom",
            "index": b"pawlindx", "bind": b"pawlbind",
            "hash": b"pawlhash", "record": b"pawlrecd"}


# --- libsodium --------------------------------------------------------------

SODIUM = ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")
if SODIUM.sodium_init() < 0:
    raise SystemExit("libsodium does not start")
ARGON2ID13 = 2


def size(n):
    return ctypes.c_ulonglong(n)


def call(name, length, *args):
    """The length bytes that the function writes first, or None if it fails."""
    out = ctypes.create_string_buffer(max(length, 1))
    if getattr(SODIUM, name)(out, *args) != 0:
        return None
    return out.raw[:length]


def H(n, key, message):
    return hashlib.blake2b(message, digest_size=n, key=key).digest()


def derive(master, name):
    length = 64 if name == "hash" else 32
    return call("crypto_kdf_derive_from_key", length, ctypes.c_size_t(length),
                ctypes.c_uint64(1), CONTEXTS[name], master)


def encrypt(key, nonce, ad, plain):
    return call("crypto_aead_xchacha20poly1305_ietf_encrypt",
                len(plain) + 16, None, plain, size(len(plain)), ad,
                size(len(ad)), None, nonce, key)


def decrypt(key, nonce, ad, sealed):
    """The plaintext, or None if the tag does not fit."""
    if len(sealed) < 16:
        return None
    return call("crypto_aead_xchacha20poly1305_ietf_decrypt",
                len(sealed) - 16, None, None, sealed, size(len(sealed)), ad,
                size(len(ad)), nonce, key)


def seal(key, ad, plain, nonce):
    return nonce + encrypt(key, nonce, ad, plain)


def unseal(key, ad, sealed):
    return decrypt(key, sealed[:24], ad, sealed[24:])


def argon2id(passphrase, salt, passes, kib):
    return call("crypto_pwhash", 32, size(32), passphrase,
                size(len(passphrase)), salt, size(passes),
                ctypes.c_size_t(kib * 1024), ctypes.c_int(ARGON2ID13))


def public_of(identity):
    return call("crypto_scalarmult_base", 32, identity)


def box_seal(message, recipient, ephemeral):
    """crypto_box_seal(3) with an ephemeral key that is given."""
    public = public_of(ephemeral)
    nonce = hashlib.blake2b(public + recipient, digest_size=24).digest()
    return public + call("crypto_box_easy", len(message) + 16, message,
                         size(len(message)), nonce, recipient, ephemeral)


def box_open(sealed, identity):
    return call("crypto_box_seal_open", len(sealed) - 48, sealed,
                size(len(sealed)), public_of(identity), identity)


class Draw:
    """Bytes that look random and are the same every time."""

    def __init__(self, seed):
        self.seed, self.n = seed.encode(), 0

    def __call__(self, n):
        self.n += 1
        return hashlib.shake_256(self.seed + struct.pack("<Q", self.n)
                                 ).digest(n)


# --- Key slots --------------------------------------------------------------

def slot_keys(secret, kind, vault_id, salt):
    """The wrapping key and the commitment key."""
    k = H(64, secret, b"pawl slot 1" + struct.pack("<I", kind) + vault_id +
          salt)
    return k[:32], k[32:]


def slot_commitment(key, slot, vault_id):
    return H(32, key, slot[:96] + slot[128:] + vault_id)


def slot_wrap_ad(slot, vault_id):
    return slot[:48] + slot[128:] + vault_id


def slot(kind, secret, master, vault_id, draw, passes=0, kib=0, made=0):
    """A slot for a raw key, a passphrase, or the owner of a public key."""
    salt = draw(16)
    head = struct.pack("<IIIIQQ", kind, passes, kib, 0, made, 0) + salt
    rest = bytes(112)
    if kind == PASSPHRASE:
        secret = argon2id(secret, salt, passes, kib)
    elif kind == X25519:
        recipient, secret = secret, draw(32)
        rest = recipient + box_seal(secret, recipient, draw(32))
    wrapping, committing = slot_keys(secret, kind, vault_id, salt)
    wrapped = encrypt(wrapping, bytes(24), head + rest + vault_id, master)
    whole = head + wrapped + bytes(32) + rest
    return (head + wrapped + slot_commitment(committing, whole, vault_id) +
            rest)


# --- Pages ------------------------------------------------------------------

def page_ad(vault_id, number):
    return b"pawl page 1" + vault_id + struct.pack("<Q", number)


def page_bond(key, vault_id, generation, number, sealed):
    """What binds a sealed page to one generation."""
    return H(16, key, b"pawl bind 1" + vault_id +
             struct.pack("<QQ", generation, number) + sealed[:24] +
             sealed[-16:])


# --- Entries ----------------------------------------------------------------

def login_key(user, host):
    """user@host in the form that is hashed."""
    front, at, behind = (user + b"@" + host).rpartition(b"@")
    return front + at + behind.lower()


def dataset_key(name):
    for c in (b" ", b"\t", b"'", b'"'):
        name = name.replace(c, b"")
    return (name[2:] if name.startswith(b"//") else name).upper()


def keys_of(name, attrs):
    """All (kind, text) by which an entry is found."""
    def values(key):
        return [v for k, v in attrs if k == key]
    keys = [(NAME, name)]
    keys += [(LOGIN, login_key(u, h)) for u in values(b"user")
             for h in values(b"host") if u and h]
    keys += [(DATASET, dataset_key(d)) for d in values(b"dataset")
             if dataset_key(d)]
    keys += [(PATH, p) for p in values(b"path") if p]
    return list(dict.fromkeys(keys))


def key_hash(key, kind, text):
    """Every kind has 16 bytes of the key to itself."""
    return call("crypto_shorthash_siphashx24", 16, text, size(len(text)),
                key[16 * kind - 16:16 * kind])


def page_of(digest, pages):
    return int.from_bytes(digest[:8], "big") * pages >> 64


def bucket(length):
    """How long a whole record with length bytes of fields is."""
    need = RECORD_SEALED + 4 + length
    for whole in (256, 512, 1024, 2048):
        if need <= whole:
            return whole
    return -(-need // 4096) * 4096


def rotation(state=0, tried=0, exposures=0, outstanding=0, sends=0, reply=0,
             since=0, rotated=0, attempted=0, note=b""):
    return (7, struct.pack("<6I3Q", state, tried, exposures, outstanding,
                           sends, reply, since, rotated, attempted) + note)


def fields_of(name, attrs=(), current=None, pending=None, rotating=None,
              history=(), made=1700000000, changed=1700000001):
    """The fields of an entry, as pairs of type and bytes."""
    fields = [(1, name), (2, struct.pack("<Q", made)),
              (3, struct.pack("<Q", changed))]
    fields += [(4, bytes([len(k)]) + k + v) for k, v in attrs]
    if current is not None:
        fields.append((5, struct.pack("<Q", changed) + current))
    if pending is not None:
        fields.append((6, struct.pack("<Q", changed) + pending))
    if rotating is not None:
        fields.append(rotating)
    return fields + [(8, struct.pack("<IQQ", kind, since, until) + secret)
                     for kind, since, until, secret in history]


def plaintext(fields, whole=None, fill=0):
    data = b"".join(struct.pack("<HI", t, len(v)) + v for t, v in fields)
    room = (whole or bucket(len(data))) - RECORD_SEALED - 4 - len(data)
    return struct.pack("<I", len(data)) + data + bytes([fill]) * room


class Entry:
    """An entry to be written: its fields, and the keys that lead to it."""

    def __init__(self, entry_id, name, attrs=(), version=1, **more):
        self.id, self.version, self.name = entry_id, version, name
        self.attrs = list(attrs)
        self.fields = fields_of(name, attrs, **more)
        self.plain = plaintext(self.fields)
        state = dict(self.fields).get(7, bytes(4))[:4]
        self.busy = state != bytes(4)
        self.keys = keys_of(name, self.attrs)

    def refill(self, fields, **more):
        """Other fields than a writer would make."""
        self.fields, self.plain = fields, plaintext(fields, **more)
        return self


# --- The file ---------------------------------------------------------------

class Writer:
    """A vault in the making.

    The constructor lays everything out; what it left in records, pages,
    geometry, header and slots may be changed before data() seals it.
    """

    def __init__(self, draw, master, entries=(), generation=2, pages=None,
                 slots=(), time=1700000002, passes=1, kib=8192, vault_id=None):
        self.draw, self.master = draw, master
        self.id = vault_id or draw(16)
        self.generation, self.time = generation, time
        self.version, self.flags = 1, 0
        self.passes, self.kib = passes, kib
        self.busy = sum(e.busy for e in entries)
        self.entries, self.slots = list(entries), list(slots)
        self.zero_52, self.zero_152 = bytes(4), bytes(328)
        self.records = [self.record(e) for e in entries]
        self.lay_out(pages)

    def key(self, name):
        return derive(self.master, name)

    def add_slot(self, kind, secret, **more):
        self.slots.append(slot(kind, secret, self.master, self.id, self.draw,
                               **more))

    def record(self, entry):
        ad = (b"pawl record 1" + self.id + entry.id +
              struct.pack("<Q", entry.version))
        return entry.id + struct.pack("<Q", entry.version) + seal(
            self.key("record"), ad, entry.plain, self.draw(24))

    def lay_out(self, pages=None):
        """The index and the geometry for the records."""
        refs, at = [], 0
        for entry, record in zip(self.entries, self.records):
            for kind, text in entry.keys:
                flag = BUSY if kind == NAME and entry.busy else 0
                refs.append([key_hash(self.key("hash"), kind, text), at,
                             len(record), kind | flag, record[-16:]])
            at += len(record)
        pages = pages or self.pages_for(refs)
        start = HEADER + PAGE * pages
        for ref in refs:
            ref[1] += start
        refs.sort(key=lambda ref: (ref[0], ref[1]))
        self.pages = [[r for r in refs if page_of(r[0], pages) == i]
                      for i in range(pages)]
        self.geometry = [pages, len(refs), len(self.records), start,
                         start + at, 0]
        self.page_heads = [[len(p), 0] for p in self.pages]
        self.page_generations = [self.generation] * pages
        self.page_numbers = list(range(pages))
        self.page_tail = bytes(0)

    @staticmethod
    def pages_for(refs):
        pages = 1
        while True:
            count = [0] * pages
            for ref in refs:
                count[page_of(ref[0], pages)] += 1
            if max(count) <= PAGE_ENTRIES:
                return pages
            pages += 1

    def page(self, i):
        plain = struct.pack("<II", *self.page_heads[i]) + b"".join(
            struct.pack("<16sQII16s", *ref) for ref in self.pages[i])
        plain = plain.ljust(PAGE - 56 - len(self.page_tail), b"\0")
        sealed = seal(self.key("index"), page_ad(self.id, self.page_numbers[i]),
                      plain + self.page_tail, self.draw(24))
        return sealed + page_bond(self.key("bind"), self.id,
                                  self.page_generations[i], i, sealed)

    def header(self):
        geometry = seal(
            self.key("geometry"),
            b"pawl geometry 1" + self.id + struct.pack("<Q", self.generation),
            struct.pack("<6Q", *self.geometry), self.draw(24))
        head = (MAGIC + struct.pack("<II", self.version, self.flags) + self.id +
                struct.pack("<QQI", self.generation, self.time, self.busy) +
                self.zero_52 + struct.pack("<II", self.passes, self.kib) +
                geometry + self.zero_152 +
                b"".join(self.slots).ljust(SLOTS * SLOT, b"\0"))
        return head + H(32, self.key("header"), head)

    def data(self):
        return (self.header() +
                b"".join(self.page(i) for i in range(len(self.pages))) +
                b"".join(self.records))


def remac(data, master):
    """Puts the right MAC under a header that was changed."""
    return (data[:MAC_AT] + H(32, derive(master, "header"), data[:MAC_AT]) +
            data[HEADER:])
