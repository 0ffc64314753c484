"""What a scenario of cuts.py is played on: the scripted server, run here so
that something can be done at any point of a conversation, and a machine with
a vault, whose passwords are read without the programs under test."""

import argparse
import contextlib
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import kill

TESTS = kill.TESTS
sys.path[:0] = [kill.SERVERS, os.path.join(TESTS, "vectors")]
# pylint: disable=wrong-import-position
import ftps           # noqa: E402
import ftps_accounts  # noqa: E402
import ftps_script    # noqa: E402
import read           # noqa: E402

CLOCK = os.path.join(kill.BUILD, "tests/clock.so")
# Longer than TX_QUARANTINE of rotate/transaction.h.
LATER = 1000
# What a person sets on the server.
PERSON = "HUMANPW1"


class Connection(ftps.Connection):
    """Tells whoever wants to know of each point that it comes to."""

    def __init__(self, server, sock, number):
        super().__init__(server, sock, number)
        self.tell = server.tell
        self.under_way = server.under_way
        self.under_way.add(self)

    def run(self):
        super().run()
        self.under_way.discard(self)

    def at(self, point, lines=None):
        self.tell(self.number, point)
        return super().at(point, lines)


ftps.Connection = Connection


class Accounts(ftps_accounts.Accounts):
    """Remembers the most bad logins in a row."""

    worst = 0

    def judge(self, account, password, is_change):
        verdict = super().judge(account, password, is_change)
        self.worst = max(self.worst, account.consecutive_bad)
        return verdict

    def come_true(self):
        """Do all that still waits to happen; whether there was anything."""
        with self.lock:
            waiting, self.waiting = self.waiting, []
            for _, _, action in waiting:
                action()
            return bool(waiting)


class Server(ftps.Server):
    """The server, with one account that begins anew with each scenario."""

    def __init__(self, top):
        certificates = os.path.join(top, "ca")
        subprocess.run([os.path.join(kill.SERVERS, "ca.sh"), certificates],
                       check=True, capture_output=True)
        self.ca = os.path.join(certificates, "ca.pem")
        self.control = os.path.join(top, "scenario")
        self.tell = lambda number, point: None
        self.under_way = set()
        self.listens = threading.Event()
        self.listens.set()
        self.refuses = 0
        self.write({})
        super().__init__(argparse.Namespace(
            cert=os.path.join(certificates, "good.pem"),
            key=os.path.join(certificates, "good.key"), client_ca=None,
            later_cert=None,
            control=self.control, state=None, address="127.0.0.1", port=0))
        self.port = str(self.listener.getsockname()[1])
        with contextlib.redirect_stdout(io.StringIO()) as said:
            threading.Thread(target=self.run, daemon=True).start()
            while "\n" not in said.getvalue():
                time.sleep(0.001)

    def run(self):
        """Accept, for as long as it listens."""
        print("ready")
        while True:
            self.listens.wait()
            try:
                sock = self.listener.accept()[0]
            except OSError:
                continue  # It listens no more.
            if self.accounts.counters["connections"] + 2 == self.refuses:
                self.close()
            self.begin_connection(sock)

    def close(self):
        """Connections are refused."""
        self.listens.clear()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", int(self.port)))

    def open(self):
        """They are accepted again."""
        self.refuses = 0
        if not self.listens.is_set():
            self.listener.listen()
            self.listens.set()

    def be_quiet(self):
        """Wait for the end of each connection, whose client is gone."""
        while self.under_way:
            time.sleep(0.001)

    def write(self, scenario):
        """The scenario, for all connections to come."""
        temporary = self.control + ".new"
        with open(temporary, "w", encoding="utf-8") as out:
            json.dump(scenario, out)
        os.replace(temporary, self.control)

    def begin(self, scenario, refuses=0):
        """A new account, and new faults; connections count from 1."""
        self.open()
        self.be_quiet()
        scenario = dict(scenario)
        account = dict({"password": kill.OLD}, **scenario.pop("account", {}))
        self.tell = lambda number, point: None
        self.write(dict(scenario, accounts={"SITE1": account}))
        self.script = ftps_script.Script(self.control)
        self.accounts = Accounts(self.control + ".state",
                                 self.script.accounts, self.script.revoke)
        self.refuses = refuses
        if refuses == 1:
            self.close()

    def behave(self):
        """No fault from now on, what one began has ended, and the day of
        MINCHANGE is over."""
        self.write({"server": self.script.server})
        self.accounts.come_true()
        self.account().changes_left = None

    def account(self):
        """What is true of the account."""
        return self.accounts.accounts["SITE1"]


class Machine(kill.Home):
    """A vault with an entry for the server."""

    def __init__(self, top, server):
        # All that its programs have printed.
        self.printed = []
        os.mkdir(top)
        super().__init__(top)
        self.run(["pawl-vault", "set", "site1", "user=site1",
                  "host=localhost", "rotate.port=" + server.port,
                  "rotate.ca-file=" + server.ca, "rotate.drain=0s",
                  "rotate.settle=0s", "rotate.timeout=2s",
                  "rotate.method=zos-pass"],
                 kill.OLD + "\n")
        self.key = read.read_key(self.home + "/c/pawl/key", read.f.RAW)
        self.keep()

    def run(self, command, given="", check=True):
        done = super().run(command, given, check)
        self.printed.append(done.stdout + done.stderr)
        return done

    def become(self, other):
        """A copy of another machine."""
        shutil.rmtree(self.home)
        # What a commit is writing is no part of the vault.
        shutil.copytree(other.home, self.home,
                        ignore=shutil.ignore_patterns("*.new", "trace"))
        self.key = other.key

    def start(self, *words):
        """pawl-rotate, running."""
        # pylint: disable-next=consider-using-with
        return subprocess.Popen(
            ("pawl-rotate", "--quiet") + words, env=self.env, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)

    def rotate(self, *words, later=0):
        """pawl-rotate, finished, that many seconds later: its status, and
        what it said."""
        env = self.env
        if later:
            self.env = dict(env, LD_PRELOAD=CLOCK, PAWL_T_CLOCK=str(later))
        try:
            done = self.run(["pawl-rotate", "--quiet", *words], check=False)
        finally:
            self.env = env
        return done.returncode, done.stdout + done.stderr

    def entry(self):
        """Its state and its passwords as pawl-vault(5) has them, the current
        one first."""
        with open(self.vault, "rb") as vault:
            entry = read.read_vault(vault.read(), self.key)["entries"][0]
        rotation = entry["rotation"] or {"state": "idle", "outstanding": 0}
        state = rotation["state"]
        if state == "idle" and rotation["outstanding"]:
            state = "unsettled"
        kept = [entry["current"], entry["pending"], *entry["history"]]
        return state, [bytes.fromhex(k["secret"]).decode()
                                   for k in kept if k is not None]


def kill_halves(process, whom):
    """SIGKILL pawl-rotate ("rotate"), its network half ("net") or "both"."""
    pid = process.pid
    path = f"/proc/{pid}/task/{pid}/children"
    with open(path, encoding="ascii") as children:
        halves = [int(child) for child in children.read().split()]
    if whom != "net":
        os.kill(pid, signal.SIGKILL)
    if whom != "rotate":
        for half in halves:
            os.kill(half, signal.SIGKILL)
