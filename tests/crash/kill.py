#!/usr/bin/python3
"""SIGKILL at every system call, of the programs as they are installed.

    kill.py commit          pawl-vault set
    kill.py rotate [STEP]   pawl-rotate, against ftps.py; every STEPth call

strace counts the calls of one run first; then each run dies at one of them
(the call itself is not made).  After each the next run must find the vault
whole, the old or the new value in it, and clean up.  After a rotation that
died, "pawl-rotate recover" must find the password that the server takes, with
at most one bad login; where a change may still come, once that is long ago
(which tests/cli/rotating.c makes it).  TAP on standard output.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

BUILD = os.environ["B"]
TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SERVERS = os.path.join(TESTS, "servers")
# Before main() nothing of ours has run; these come in any program's start.
STRACE = ["strace", "-qq", "-o"]
OLD, NEW = "OLDPASS1", "NEWPASS1"


class Home:
    """A vault in a directory of its own, which can be put back."""

    def __init__(self, top):
        self.home = os.path.join(top, "home")
        self.kept = os.path.join(top, "kept")
        self.vault = os.path.join(self.home, "d/pawl/vault")
        os.mkdir(self.home)
        self.env = {
            "PATH": BUILD + ":" + os.environ["PATH"], "HOME": self.home,
            "XDG_CONFIG_HOME": self.home + "/c",
            "XDG_DATA_HOME": self.home + "/d",
            "XDG_STATE_HOME": self.home + "/s",
            "PAWL_CONFIG": self.home + "/pawl.conf"}
        self.run(["pawl-vault", "init"])
        self.rotating = os.path.join(top, "rotating")
        self.run(["cc", "-std=c11", "-D_GNU_SOURCE",
                  "-I" + os.path.join(os.path.dirname(TESTS), "include"),
                  "-o", self.rotating, os.path.join(TESTS, "cli/rotating.c"),
                  os.path.join(BUILD, "libvault.a"), "-lsodium"])

    def run(self, command, given="", check=True):
        """The finished process."""
        return subprocess.run(command, input=given, env=self.env, text=True,
                              capture_output=True, check=check, timeout=60)

    def keep(self):
        """What put_back() restores."""
        shutil.copytree(self.home, self.kept, symlinks=True)

    def put_back(self):
        """The state when keep() was called."""
        shutil.rmtree(self.home)
        shutil.copytree(self.kept, self.home, symlinks=True)

    def get(self):
        """The current secret of site1."""
        return self.run(["pawl-vault", "get", "site1"]).stdout.strip()

    def litter(self):
        """Files beside the vault that should not be there."""
        known = {"vault", "vault.prev", "vault.lock"}
        return set(os.listdir(os.path.dirname(self.vault))) - known


class Server:
    """ftps.py with one account."""

    def __init__(self, top):
        self.control = os.path.join(top, "scenario")
        certificates = os.path.join(top, "ca")
        subprocess.run([os.path.join(SERVERS, "ca.sh"), certificates],
                       check=True, capture_output=True)
        self.ca = os.path.join(certificates, "ca.pem")
        self.command = [
            os.path.join(SERVERS, "ftps.py"), "--stdin-lives",
            "--cert", os.path.join(certificates, "good.pem"),
            "--key", os.path.join(certificates, "good.key"),
            "--control", self.control, "--port"]
        self.port = "0"
        self.process = None

    def start(self):
        """A server that knows OLD, on the port it had before."""
        with open(self.control, "w", encoding="utf-8") as out:
            json.dump({"accounts": {"SITE1": {"password": OLD}}}, out)
        self.process = subprocess.Popen(
            self.command + [self.port], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        self.port = self.process.stdout.readline().split()[1]

    def stop(self):
        """Gone."""
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def account(self):
        """What is true of the account."""
        with open(self.control + ".state", encoding="utf-8") as state:
            return json.load(state)["accounts"]["SITE1"]


def trace(home, command, given, check=True):
    """Each (name, number, line) of the system calls that the command makes."""
    log = os.path.join(home.home, "trace")
    home.run(STRACE + [log] + command, given, check)
    counts = {}
    found = []
    with open(log, encoding="latin-1") as lines:
        for line in lines:
            match = re.match(r"(?:\d+ +)?(\w+)\(", line)
            if match is None or match[1] in ("execve", "exit_group"):
                continue
            counts[match[1]] = counts.get(match[1], 0) + 1
            found.append((match[1], counts[match[1]], line))
    return found


def calls(home, command, given):
    """Each (name, number) of them."""
    return [call[:2] for call in trace(home, command, given)]


def run_killed(home, command, given, call):
    """Whether the command died at the call."""
    inject = f"inject={call[0]}:signal=SIGKILL:when={call[1]}"
    done = home.run(["strace", "-qq", "-o", "/dev/null", "-e", inject]
                    + command, given, check=False)
    return done.returncode in (-9, 137)


def report(number, name, cases, problems):
    """One TAP line for all the cases."""
    for problem in problems:
        print("#", problem)
    print("ok" if cases and not problems else "not ok", number, "-", name)
    sys.stdout.flush()


def commit(top):
    """Old or new, and the next run is clean."""
    home = Home(top)
    command = ["pawl-vault", "set", "site1", "--secret"]
    home.run(["pawl-vault", "set", "site1", "user=site1"], OLD + "\n")
    home.keep()
    problems, killed, seen = [], 0, set()
    for call in calls(home, command, NEW + "\n"):
        home.put_back()
        killed += run_killed(home, command, NEW + "\n", call)
        try:
            value = home.get()
            home.run(["pawl-vault", "verify"])
            home.run(command, "THIRD123\n")
            if home.get() != "THIRD123" or home.litter():
                problems.append(f"{call}: next run: {home.litter()}")
        except subprocess.CalledProcessError as failed:
            problems.append(f"{call}: {failed.cmd}: {failed.stderr}")
            continue
        seen.add(value)
        if value not in (OLD, NEW):
            problems.append(f"{call}: neither old nor new")
    if seen != {OLD, NEW}:
        problems.append("no run died before, or none after the commit")
    print("1..1")
    print(f"# count: pawl-vault set killed at {killed} system calls,"
          f" {len(problems)} problems")
    report(1, "killed at every system call of a commit: old or new",
           killed, problems)
    return not problems


def recovered(home, server, call):
    """What went wrong with one rotation that was killed, or None."""
    before = server.account()["total_bad"]
    recover = ["pawl-rotate", "--quiet", "recover"]
    for _ in range(2):
        done = home.run(recover, check=False)
        if done.returncode == 0:
            break
    if done.returncode == 75 and "may still come" in done.stderr:
        home.run([home.rotating, home.vault, home.home + "/c/pawl/key",
                  "site1", "old"])
        done = home.run(recover, check=False)
    account = server.account()
    if done.returncode != 0:
        return f"{call}: recover: {done.returncode}: {done.stderr}"
    if home.get() != account["password"]:
        return f"{call}: the vault has not the server's password"
    if account["locked"] or account["total_bad"] > before + 1:
        return f"{call}: bad logins: {account['total_bad']}"
    home.run(["pawl-rotate", "--quiet", "--force", "site1"])
    if home.get() != server.account()["password"]:
        return f"{call}: the next rotation went wrong"
    return None


def rotate(top, step):
    """Never lost, never locked."""
    home = Home(top)
    server = Server(top)
    command = ["pawl-rotate", "--quiet", "site1"]
    server.start()
    home.run(["pawl-vault", "set", "site1", "user=site1", "host=localhost",
              "rotate.method=zos-pass", "rotate.port=" + server.port,
              "rotate.ca-file=" + server.ca, "rotate.drain=0s",
              "rotate.settle=0s"], OLD + "\n")
    home.keep()
    found = calls(home, command, "")
    server.stop()
    problems, killed, changed, bad = [], 0, 0, 0
    for call in found[::step]:
        home.put_back()
        server.start()
        killed += run_killed(home, command, "", call)
        changed += server.account()["changes"]
        try:
            problem = recovered(home, server, call)
        except subprocess.CalledProcessError as failed:
            problem = f"{call}: {failed.cmd}: {failed.stderr}"
        if problem is not None:
            problems.append(problem)
        bad += server.account()["total_bad"]
        server.stop()
    print("1..1")
    print(f"# count: pawl-rotate killed at {killed} of {len(found)} system"
          f" calls, {changed} after the change; passwords lost or accounts"
          f" locked: {len(problems)}; bad logins: {bad}")
    report(1, "a killed rotation is recovered", killed and changed, problems)
    return not problems


def main():
    """The campaign that the command line names."""
    with tempfile.TemporaryDirectory(prefix="pawl-kill.") as top:
        if sys.argv[1:2] == ["commit"]:
            good = commit(top)
        elif sys.argv[1:2] == ["rotate"]:
            good = rotate(top, int((sys.argv + ["1"])[2]))
        else:
            sys.exit(__doc__)
    sys.exit(not good)


if __name__ == "__main__":
    main()
