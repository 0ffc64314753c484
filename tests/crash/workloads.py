"""The commands of pawl-vault, each with what it needs, for faults.py."""

import os
import re
import shutil
import stat
import subprocess
from typing import NamedTuple

BUILD = os.environ["B"]
# Made up, and nothing that a program would have in its memory otherwise.
SECRET = "q7Vw2LrXk9TzPd4u"
EARLIER = "hN3cYb8JmS5fWg1e"
OTHER = "Zt6RvKx0aQj2DpE7"
FRESH = "uB4nGy9HsC1wLo5M"
PHRASE = "Xe8fTi3Vk7Rz-Oc2qWd6"
PHRASE2 = "Mp5hJa0Ub9Ls-Gy4nKt1"
CANARIES = [SECRET, EARLIER, OTHER, FRESH, PHRASE, PHRASE2]
RECIPIENT = "age1lzd99uklcjnc0e7d860axevet2cz99ce9pq6tzuzd05l5nr28ams36nvun"
CHEAP = ["--kdf-ops", "1", "--kdf-kib", "8192"]
BIG = 500
FILES = {
    "csv": f"name,secret,user\nnew1,{FRESH},u1\nnew2,{OTHER},u2\n",
    "jsonl": f'{{"name":"new1","secret":"{FRESH}","user":"u1"}}\n'
             f'{{"name":"new2","secret":"{OTHER}"}}\n',
    "netrc": f"machine a.example.com login u1 password {FRESH}\n",
    "keepass": '"Group","Title","Username","Password","URL","Notes"\n'
               f'"g","new1","u1","{FRESH}","https://a.example.com/",""\n',
    "sshpass": FRESH + "\n",
    "dataset": FRESH.ljust(72) + "00010000",
    "pds/NEW1": FRESH.ljust(80),
    "pds/NEW2": OTHER.ljust(80),
}
EDIT = ("#!/bin/sh\nsed 's/^user: .*/user: edited/; s/^secret: .*/secret: "
        + FRESH + "/' \"$1\" >\"$1.new\" && mv \"$1.new\" \"$1\"\n")


class Work(NamedTuple):
    """A command; "@" in its words is the directory of the test."""

    name: str
    words: str
    given: str = ""
    changes: bool = True
    # "", "fresh" (before init) or "big" (a vault of some 100 KB).
    start: str = ""
    # What else tells whether it was done.
    look: tuple = ()
    # The options that open the vault; standard input is then as given.
    key: str = ""


def reads(name, words, given=""):
    """A command that changes nothing."""
    return Work(name, words, given, changes=False)


WORKS = [
    Work("init", "init", start="fresh"),
    Work("init passphrase", "init --passphrase-fd 0 "
         + " ".join(CHEAP), PHRASE + "\n", start="fresh",
         key="--passphrase-fd 0 "),
    Work("init both", "init --key-file @/c/pawl/key --passphrase-fd 0 "
         + " ".join(CHEAP), PHRASE + "\n", start="fresh",
         look=("--passphrase-fd 0 list",)),
    Work("set new", "set new1 user=u1 x-a=1", FRESH + "\n"),
    Work("set secret", "set -s site1", FRESH + "\n"),
    Work("set attribute", "set site1 host=b.example.com"),
    Work("set big", "set site1 host=b.example.com", start="big"),
    reads("get", "get site1"),
    reads("get -n", "get -n site1"),
    reads("get field", "get --field host site1"),
    reads("get stdin key", "-k - get site1", "@/c/pawl/key"),
    reads("get passphrase", "--passphrase-fd 0 get site1", PHRASE + "\n"),
    reads("show", "show site1"),
    reads("show json", "show --json site1"),
    reads("list", "list"),
    reads("list logins", "list -l s*"),
    Work("list big", "list -l", changes=False, start="big"),
    reads("list json", "ls --json"),
    reads("find", "find *example*"),
    reads("find json", "find --json * user=SITE*"),
    Work("edit", "edit site1"),
    Work("edit reveal", "edit --reveal site1"),
    Work("rename", "rename site1 site9"),
    Work("copy", "copy site1 site9"),
    Work("copy replace", "cp --replace site1 site2"),
    Work("remove", "rm -y site2"),
    Work("generate", "generate site1"),
    Work("generate print", "generate --print --length 20 new1"),
    reads("history", "history site1"),
    reads("history reveal", "history --reveal site1"),
    reads("history json", "history --json site1"),
    Work("history restore", "history --restore 1 site1"),
    Work("import dataset", "import dataset @/in/dataset --name new1"),
    Work("import library", "import dataset @/in/pds --dataset HLQ.PW"),
    Work("import sshpass", "import sshpass --name new1 @/in/sshpass"),
    Work("import netrc", "import netrc @/in/netrc"),
    Work("import csv", "import csv @/in/csv x-from=csv"),
    Work("import keepass", "import csv @/in/keepass"),
    Work("import jsonl", "import jsonl -", FILES["jsonl"]),
    reads("import dry", "import jsonl --dry-run @/in/jsonl"),
    reads("export jsonl", "export jsonl --reveal"),
    reads("export csv", "export csv --reveal"),
    reads("slot list", "slot list"),
    reads("slot list json", "slot list --json"),
    Work("slot add file", "slot add --key-file @/c/pawl/key2",
         look=("-k @/c/pawl/key2 list",)),
    Work("slot add phrase", "slot add --passphrase-fd 0", PHRASE2 + "\n"),
    Work("slot add recipient", "slot add --recipient " + RECIPIENT),
    Work("slot add recovery", "slot add --recovery"),
    Work("slot remove", "slot remove -y 1"),
    Work("passwd", "passwd --slot 1 --passphrase-fd 0", PHRASE2 + "\n",
         look=("--passphrase-fd 0 list",)),
    Work("rekey", "rekey"),
    Work("rekey file", "rekey --key-file @/c/pawl/key2",
         look=("-k @/c/pawl/key2 list",)),
    Work("rekey big", "rekey", start="big"),
    reads("unlock", "unlock --timeout 1m"),
    reads("lock", "lock"),
    reads("verify", "verify"),
    reads("verify json", "verify --json"),
    reads("status", "status"),
    reads("status json", "status --json"),
    Work("backup", "backup @/copy", look=("-f @/copy --accept-older list",)),
    Work("restore", "restore @/kept"),
    reads("accept older", "--accept-older list"),
    reads("run", "run site1 -- /bin/true"),
    reads("help", "help"),
]


class Home:
    """The directory of a test, which can be put back as it was."""

    def __init__(self, top, library):
        self.top = top
        self.library = library
        self.log = top + ".log"
        self.canary = top + ".canary"
        with open(self.canary, "wb") as out:
            out.write(bytes(c ^ 0xa5 for c in "\n".join(CANARIES).encode()))
        self.env = {
            "PATH": BUILD + ":" + os.environ["PATH"], "HOME": top,
            "XDG_CONFIG_HOME": top + "/c", "XDG_DATA_HOME": top + "/d",
            "XDG_STATE_HOME": top + "/s", "XDG_RUNTIME_DIR": top + "/run",
            "PAWL_CONFIG": top + "/pawl.conf",
            "EDITOR": top + "/in/editor"}
        self.kept = {}

    def words(self, text):
        """The command's own words."""
        return ["pawl-vault"] + [word.replace("@", self.top, 1)
                                 if word[0] == "@" else word
                                 for word in text.split()]

    def stdin(self, given):
        """What a command is given: a text, or "@..." for a file."""
        if not given.startswith("@"):
            return given.encode()
        with open(self.top + given[1:], "rb") as file:
            return file.read()

    def run(self, words, given="", output=None, **settings):
        """The finished process; with settings, under the library."""
        env = self.env
        if settings:
            env = dict(env, LD_PRELOAD=self.library,
                       FAULT_PROGRAM="pawl-vault", FAULT_LOG=self.log,
                       FAULT_CANARY=self.canary)
            env.update((f"FAULT_{key.upper()}", value)
                       for key, value in settings.items())
            with open(self.log, "w", encoding="ascii"):
                pass
        return subprocess.run(
            self.words(words), input=self.stdin(given), env=env,
            stdout=output or subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True, check=False, timeout=60)

    def next(self, work):
        """A change of the vault that works after any other."""
        return self.run(work.key + "set next x-n=1",
                        (work.given if work.key else "") + "a secret\n")

    def good(self, words, given=""):
        """Nothing less than success."""
        done = self.run(words, given)
        if done.returncode != 0:
            raise RuntimeError(f"{words}: {done.stderr}")

    def lines(self):
        """What the library has logged."""
        with open(self.log, encoding="ascii") as log:
            return log.read().splitlines()

    def start(self, kind):
        """The vault that a command begins with, from nothing."""
        shutil.rmtree(self.top, ignore_errors=True)
        for name in ("", "/in", "/in/pds", "/run"):
            os.mkdir(self.top + name, 0o700)
        for name, text in FILES.items():
            self.put("in/" + name, text.encode())
        self.put("in/editor", EDIT.encode(), 0o700)
        if kind == "fresh":
            self.kept = self.snapshot()
            return
        self.good("init --key-file @/c/pawl/key --passphrase-fd 0 "
                  + " ".join(CHEAP), PHRASE + "\n")
        if kind == "big":
            self.good("import jsonl -", "".join(
                f'{{"name":"b{i}","secret":"{OTHER}{i}","user":"u{i}"}}\n'
                for i in range(BIG)))
        self.good("set site1 user=SITE1 host=a.example.com", EARLIER + "\n")
        self.good("backup @/kept")
        self.good("set -s site1", SECRET + "\n")
        self.good("set site2 user=SITE2", OTHER + "\n")
        self.kept = self.snapshot()

    def put(self, name, data, mode=0o600):
        """A file, which is made anew."""
        path = os.path.join(self.top, name)
        if os.path.lexists(path):
            os.unlink(path)
        os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode),
                  "wb") as out:
            out.write(data)

    def snapshot(self):
        """All files, and None for each directory."""
        found = {}
        for where, dirs, files in os.walk(self.top):
            for name in dirs:
                found[os.path.relpath(os.path.join(where, name),
                                      self.top)] = None
            for name in files:
                path = os.path.join(where, name)
                with open(path, "rb") as file:
                    found[os.path.relpath(path, self.top)] = file.read()
        return found

    def put_back(self, wanted=None):
        """The state that was kept, or this one."""
        wanted = self.kept if wanted is None else wanted
        now = self.snapshot()
        for name in sorted(set(now) - set(wanted), reverse=True):
            path = os.path.join(self.top, name)
            if now[name] is None:
                os.rmdir(path)
            else:
                os.unlink(path)
        for name, data in sorted(wanted.items()):
            path = os.path.join(self.top, name)
            if data is None and name not in now:
                os.mkdir(path, 0o700)
            elif data is not None and now.get(name) != data:
                mode = stat.S_IMODE(os.stat(path).st_mode) if (
                    name in now) else 0o600
                self.put(name, data, mode)

    def observe(self, work, options=""):
        """What a user would see of the vault: old, new or something else."""
        seen = []
        for words in ("verify --json", "export jsonl --reveal",
                      "slot list --json") + work.look:
            words = options + work.key + words
            done = self.run(words, work.given if "fd 0" in words else "")
            text = plain(done.stdout.decode())
            if done.returncode != 0:
                text += done.stderr.decode()
            seen.append((done.returncode, text))
        return seen


def is_state(name):
    """What is not the vault's own: it may change at any time."""
    return name.endswith((".state", ".lock")) or name in ("c", "c/pawl", "d",
                                                          "d/pawl", "s",
                                                          "s/pawl")


def plain(text):
    """The text without what differs between two runs."""
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:]+Z", "TIME", text)
    text = re.sub(r"\b1[789]\d{8}\b", "TIME", text)
    text = re.sub(r"\b\d+ s\b", "AGE", text)
    text = re.sub(r'"(\w*age\w*|id|\w*seconds\w*)": ?"?[\w.]+"?', "", text)
    # How many pages an index needs depends on the key.
    text = re.sub(r'"bytes": ?\d+', "", text)
    text = re.sub(r"\b[0-9a-f]{32}\b", "ID", text)
    text = re.sub(r"[A-Z0-9]{4,}(-[A-Z0-9]{4,})+", "CODE", text)

    def mask(match):
        return match[0] if any(c in match[0] for c in CANARIES) else "RANDOM"
    text = re.sub(r'"secret": ?"[^"]*"', mask, text)
    return re.sub(r"^\w{20}$", "RANDOM", text, flags=re.M)
