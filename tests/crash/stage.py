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


class Connection(ftps.Connection):
    """Tells whoever wants to know of each point that it comes to."""

    def __init__(self, server, sock, number):
        super().__init__(server, sock, number)
        self.tell = server.tell

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
        self.write({})
        super().__init__(argparse.Namespace(
            cert=os.path.join(certificates, "good.pem"),
            key=os.path.join(certificates, "good.key"), client_ca=None,
            control=self.control, state=None, address="127.0.0.1", port=0))
        self.port = str(self.listener.getsockname()[1])
        with contextlib.redirect_stdout(io.StringIO()) as said:
            threading.Thread(target=self.run, daemon=True).start()
            while "\n" not in said.getvalue():
                time.sleep(0.001)

    def write(self, scenario):
        """The scenario, for all connections to come."""
        temporary = self.control + ".new"
        with open(temporary, "w", encoding="utf-8") as out:
            json.dump(scenario, out)
        os.replace(temporary, self.control)

    def begin(self, scenario):
        """A new account, and new faults; connections count from 1."""
        scenario = dict(scenario)
        account = dict({"password": kill.OLD}, **scenario.pop("account", {}))
        self.tell = lambda number, point: None
        self.write(dict(scenario, accounts={"SITE1": account}))
        self.script = ftps_script.Script(self.control)
        self.accounts = Accounts(self.control + ".state",
                                 self.script.accounts, self.script.revoke)

    def behave(self):
        """No fault from now on, and the day of MINCHANGE is over."""
        self.write({"server": self.script.server})
        self.account().changes_left = None

    def account(self):
        """What is true of the account."""
        return self.accounts.accounts["SITE1"]


class Machine(kill.Home):
    """A vault with an entry for the server."""

    def __init__(self, top, server):
        os.mkdir(top)
        super().__init__(top)
        self.run(["pawl-vault", "set", "site1", "user=site1",
                  "host=localhost", "rotate.port=" + server.port,
                  "rotate.ca-file=" + server.ca, "rotate.drain=0s",
                  "rotate.timeout=2s", "rotate.method=zos-pass"],
                 kill.OLD + "\n")
        self.key = read.read_key(self.home + "/c/pawl/key", read.f.RAW)
        self.keep()

    def become(self, other):
        """A copy of another machine."""
        shutil.rmtree(self.home)
        shutil.copytree(other.home, self.home)
        self.key = other.key

    def start(self, *words):
        """pawl-rotate, running."""
        # pylint: disable-next=consider-using-with
        return subprocess.Popen(
            ("pawl-rotate", "--quiet") + words, env=self.env, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE)

    def rotate(self, *words, later=0):
        """pawl-rotate, finished; that many seconds later."""
        env = self.env
        if later:
            self.env = dict(env, LD_PRELOAD=CLOCK, PAWL_T_CLOCK=str(later))
        try:
            return self.run(["pawl-rotate", "--quiet", *words], check=False)
        finally:
            self.env = env

    def entry(self):
        """The entry as pawl-vault(5) has it."""
        with open(self.vault, "rb") as vault:
            entry = read.read_vault(vault.read(), self.key)["entries"][0]
        rotation = entry["rotation"] or {"state": "idle"}
        kept = [entry["current"], entry["pending"], *entry["history"]]
        return rotation["state"], [bytes.fromhex(k["secret"]).decode()
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
