#!/usr/bin/python3
"""Reads every vector, and vaults that pawl-vault makes, twice: by read.py and
by pawl-vault of the build directory B.  Both must say what the vector expects,
and show the same.  TAP on standard output.

    check.py [VECTOR...]
"""

import glob
import json
import os
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
import format as f      # noqa: E402
import read             # noqa: E402
import state            # noqa: E402
import vector           # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.join(os.path.abspath(os.environ["B"]), "pawl-vault")
# Argon2id of what must be refused takes minutes; all else, a blink.
TOO_LONG = 20
FIELD = "state since attempted rotated exposures outstanding note".split()


class Wrong(Exception):
    """What the two do not agree in."""


class Home:
    """pawl-vault with a home of its own."""

    def __init__(self, top):
        self.top = top
        self.vault, self.keys = top + "/vault", []
        self.env = {"PATH": os.environ["PATH"], "HOME": top,
                    "XDG_CONFIG_HOME": top + "/config",
                    "XDG_DATA_HOME": top + "/data",
                    "XDG_STATE_HOME": top + "/state",
                    "PAWL_CONFIG": top + "/pawl.conf"}

    def write(self, name, data):
        path = os.path.join(self.top, name)
        with open(path, "wb") as file:
            file.write(data)
        os.chmod(path, 0o600)
        return path

    def use(self, key):
        """Opens the vault with this key from now on."""
        kind, secret = key
        if kind == f.PASSPHRASE:
            path = self.write("passphrase", secret + b"\n")
            self.keys = ["--passphrase-fd", path]
        else:
            line = b"pawl-key-1:" + secret.hex().encode() + b"\n"
            self.keys = ["-k", self.write("key", line)]

    def run(self, *args, given=b"", new=None):
        """The finished process.  new: a file that descriptor 3 reads."""
        words, fd = list(self.keys), None
        path = words[1] if words[:1] == ["--passphrase-fd"] else new
        if path:
            fd = os.open(path, os.O_RDONLY)
            words[1:] = words[1:] if new else [str(fd)]
        args = [str(fd) if a is None else a for a in args]
        try:
            return subprocess.run(
                [PROGRAM, "-f", self.vault, *words, *args], input=given,
                env=self.env, timeout=TOO_LONG, start_new_session=True,
                pass_fds=[fd] if path else [], capture_output=True,
                check=False)
        finally:
            if path:
                os.close(fd)

    def output(self, *args, **more):
        """What it prints; it must not fail."""
        done = self.run(*args, **more)
        if done.returncode != 0:
            raise Wrong(f"{args}: {done.returncode}: {done.stderr.decode()}")
        return done.stdout


# --- Comparing --------------------------------------------------------------

def same(ours, theirs, what):
    if ours != theirs:
        raise Wrong(f"{what}: read.py {ours!r}, pawl-vault {theirs!r}")


def shown_entry(entry):
    """What "show --json" should print of an entry that read.py read."""
    attributes = {}
    for key, value in entry["attributes"]:
        attributes.setdefault(key, []).append(value)
    rotation = {"state": "idle", "since": 0, "attempted": 0, "rotated": 0,
                "exposures": 0, "outstanding": 0, "note": "",
                **(entry["rotation"] or {})}
    current = entry["current"]
    return {"name": entry["name"], "attributes": attributes,
            "created": entry["created"] or None,
            "modified": entry["changed"] or None,
            "version": entry["version"], "secret": current is not None,
            "secret_since": current["since"] or None if current else None,
            "pending": entry["pending"] is not None,
            "history": len(entry["history"]),
            "rotation": {k: rotation[k] or None if k in FIELD[1:4] else
                         rotation[k] for k in FIELD}}


def compare_entry(home, entry):
    """show and get of one entry."""
    name = entry["name"]
    shown = json.loads(home.output("show", "--json", name))
    same(shown_entry(entry), shown, name)
    if entry["current"] is None:
        same(1, home.run("get", name).returncode, "get " + name)
        return
    got = home.output("get", "-n", name)
    same(entry["current"]["secret"], got.hex(), "the secret of " + name)


def compare(home, ours):
    """All of a vault; ours is what read.py printed."""
    ours = json.loads(ours)
    head, geometry = ours["header"], ours["geometry"]
    report = json.loads(home.output("verify", "--json"))
    same({"generation": head["generation"], "time": head["time"],
          "bytes": geometry["size"], "pages": geometry["pages"],
          "index_entries": geometry["entries"],
          "entries": geometry["records"], "slots": len(ours["slots"]),
          "rotating": head["busy"]}, report, "verify")
    listed = [e["name"] for e in json.loads(home.output("list", "--json"))]
    same([e["name"] for e in ours["entries"]], listed, "list")
    slots = json.loads(home.output("slot", "list", "--json"))
    same([(s["number"], s["time"]) for s in ours["slots"]],
         [(s["slot"], s["created"]) for s in slots], "slot list")
    step = max(1, len(ours["entries"]) // 20)
    for entry in ours["entries"][::step]:
        compare_entry(home, entry)


def check_vector(path, home):
    head, keys, data = vector.load(path)
    home.write("vault", data)
    known = vector.read_keys(keys)
    started = time.monotonic()
    judged = [vector.judge(data, key) for key in known]
    if time.monotonic() - started > TOO_LONG:
        raise Wrong("read.py took too long")
    for expect, shown in judged:
        same(head["expect"], expect, shown[:300])
    home.use(known[0])
    done = home.run("verify")
    if done.returncode != vector.STATUS[head["expect"]]:
        raise Wrong(f"pawl-vault verify: {done.returncode}, expected "
                    f"{head['expect']}; read.py: {judged[0][1][:200]}; "
                    f"{done.stderr.decode().strip()}")
    if head["expect"] != "ok":
        return
    for _, shown in judged:
        same(head["json-sha256"], vector.digest(shown), "json-sha256")
    compare(home, judged[0][1])


# --- Vaults that pawl-vault makes -------------------------------------------

def contents(path):
    with open(path, "rb") as file:
        return file.read()


def agree(home):
    """Reads the vault as it is now with every key it should have."""
    data = contents(home.vault)
    for key in home.known:
        expect, shown = vector.judge(data, read.read_key(*key))
        same("ok", expect, shown[:300])
    compare(home, shown)
    return json.loads(shown)


def written_init(home):
    vault = agree(home)
    same((1, []), (vault["header"]["generation"], vault["entries"]), "init")


def written_prev(home):
    """The generation before is whole."""
    for i in range(3):
        home.output("set", "a", given=b"SECRET%d\n" % i)
    key = read.read_key(*home.known[0])
    now, before = (read.read_vault(contents(home.vault + end), key)
                   for end in ("", ".prev"))
    same((4, 3), (now["header"]["generation"],
                  before["header"]["generation"]), "generations")
    same(before["entries"][0]["current"]["secret"],
         now["entries"][0]["history"][0]["secret"], "history")


def written_state(home):
    home.output("set", "a", given=b"SECRET\n")
    vault = agree(home)
    path, = glob.glob(home.top + "/state/pawl/*.state")
    same(vault["header"]["id"] + ".state", os.path.basename(path), "state")
    seen = state.read_state(contents(path))
    mac = contents(home.vault)[f.MAC_AT:f.HEADER].hex()
    same((2, mac, 0), (seen["generation"], seen["mac"], seen["drained"]),
         "seen")
    mark, = seen["marks"]
    same((os.getpid(), 1, 0, vault["entries"][0]["id"]),
         (mark["pid"], mark["event"], mark["prompt"], mark["entry"]), "mark")


def written_key_files(home):
    """Which key files are ones."""
    home.write("vault", vector.writer().data())
    digits = vector.KEY.hex().encode()
    good = [vector.KEY, b"pawl-key-1:" + digits,
            b"pawl-key-1:" + digits.upper() + b"\n"]
    bad = [vector.KEY + b"\n", digits, b"pawl-key-2:" + digits,
           b" pawl-key-1:" + digits, b"pawl-key-1:" + digits + b"\r\n",
           b"pawl-key-1:" + digits + b"\n\n", b"pawl-key-1:" + digits[1:]]
    for data in good + bad:
        path = home.write("key", data)
        try:
            same(vector.KEY, read.read_key(path, f.RAW)[1], "the key")
            ours = 0
        except SystemExit:
            ours = 78
        same(ours, 0 if data in good else 78, f"key file {data!r}")
        home.keys = ["-k", path]
        same(ours, home.run("verify").returncode, f"key file {data!r}")


def written_largest(home):
    """A record of 131072 bytes, and what it looks like when it grows."""
    attrs = [(b"notes", b"v" * 8192)] * 15
    rest = sum(6 + len(v) for _, v in vector.entry(attrs=attrs).fields)
    last = 131072 - f.RECORD_SEALED - 4 - rest - 6 - 1 - len("notes")
    w = vector.writer(vector.entry(attrs=attrs + [(b"notes", b"v" * last)]))
    same(131072, len(w.records[0]), "the largest record")
    home.write("vault", w.data())
    home.use((f.RAW, vector.KEY))
    home.known = [(home.keys[1], f.RAW)]
    agree(home)
    same(64, home.run("set", "site1", "x-a=1").returncode, "a larger record")
    agree(home)
    w = vector.writer(vector.entry(attrs=attrs + [(b"notes", b"v" * last),
                                                  (b"x-a", b"1")]))
    home.write("vault", w.data())
    same("damaged", vector.judge(w.data(), (f.RAW, vector.KEY))[0], "larger")
    same(65, home.run("verify").returncode, "larger")


def written_set(home):
    home.output("set", "a", "user=U", "host=H.Example", "host=h.example",
                "x-a=1", "dataset=//'hlq.pw(m)'", given=b"ONE\n")
    home.output("set", "a", given=b"TWO\n")
    home.output("set", "b/é", "notes=" + "n" * 8000, "service=key",
                given=b"s" * 4096 + b"\n")
    home.output("set", "c", "user=a@B", "host=D", given=b"x\n")
    home.output("set", "d", "user=U", "host=h.example", given=b"x\n")
    agree(home)
    home.output("remove", "-y", "d")
    agree(home)


def written_history(home):
    for i in range(20):
        home.output("set", "a", given=b"SECRET%d\n" % i)
    agree(home)


def written_generate(home):
    home.output("generate", "--policy", "racf", "a/b")
    home.output("generate", "a/c")
    agree(home)


def written_import(home):
    card = home.write("card", b"PASSWD1".ljust(80))
    home.output("import", "dataset", "--dataset", "'HLQ.PASSWD(SITE2)'", card,
                "user=U", "host=h")
    agree(home)


def written_slots(home):
    phrase = home.write("phrase", vector.PHRASE + b"\n")
    home.output("slot", "add", "--passphrase-fd", None, new=phrase)
    second = home.top + "/second"
    home.output("slot", "add", "--key-file", second)
    home.output("set", "a", given=b"ONE\n")
    home.known += [(phrase, f.PASSPHRASE), (second, f.RAW)]
    agree(home)


def written_pages(home):
    """300 entries, of read.py's own making, and one more by pawl-vault."""
    w = vector.writer(*vector.many(300))
    home.write("vault", w.data())
    home.use((f.RAW, vector.KEY))
    home.known = [(home.keys[1], f.RAW)]
    agree(home)
    home.output("set", "one/more", "user=U", "host=h", given=b"x\n")
    agree(home)


WRITTEN = [written_init, written_set, written_history, written_prev,
           written_generate, written_import, written_slots, written_pages,
           written_largest, written_key_files, written_state]


def check_written(function, home):
    key = home.top + "/key"
    home.output("init", "--key-file", key, "--kdf-ops", "1", "--kdf-kib",
                "8192")
    home.keys, home.known = ["-k", key], [(key, f.RAW)]
    function(home)


def check(number, name, function, *args):
    """One line of TAP."""
    with tempfile.TemporaryDirectory() as top:
        os.chmod(top, 0o700)
        try:
            function(*args, Home(top))
        except (Wrong, read.Fault, subprocess.TimeoutExpired) as wrong:
            print(f"not ok {number} - {name}")
            print("# " + str(wrong).replace("\n", "\n# "))
            return False
    print(f"ok {number} - {name}", flush=True)
    return True


def main():
    os.umask(0o077)
    paths = sys.argv[1:] or sorted(glob.glob(HERE + "/*.vector"))
    plan = [(os.path.basename(p), check_vector, p) for p in paths]
    if not sys.argv[1:]:
        plan += [(one.__name__.replace("_", " "), check_written, one)
                 for one in WRITTEN]
    print(f"1..{len(plan)}")
    good = [check(i + 1, *one) for i, one in enumerate(plan)]
    print(f"# count: {len(paths)} vectors")
    sys.exit(0 if all(good) and paths else 1)


if __name__ == "__main__":
    main()
