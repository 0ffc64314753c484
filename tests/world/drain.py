#!/usr/bin/python3
"""Jobs that log in all through rotations of the password they log in with.

    world.sh DIR drain.py ROTATIONS

ssh and sftp log in with pawl-askpass, each again as soon as it has ended, while
pawl-rotate changes the password over FTPS again and again.  In every other
rotation sshd holds one login back after it has got the password, until
pawl-rotate says that it waits for a job, or ends.

What counts is the servers' own logs: no bad login, one good one for each job,
and one change for each rotation.  Ends with "rotations N, logins N, refused N".
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

BUILD = os.environ["B"]
WORLD = os.environ["PAWL_T_DIR"]
PORT = os.environ["PAWL_T_SSH_PORT"]
# Each waits as one that has not logged in, of which sshd takes ten.
SSH_JOBS, SFTP_JOBS = 4, 2
# Seconds after which a rotation has got stuck, and this is ended.
PATIENCE = 60
WAITS = "wait for a job that holds the password"
PAM = "/etc/pam.d/sshd"
# Whoever finds the token is held back, says so, and goes on when told.
HOLD = """#!/bin/sh
mv '{0}/token' '{0}/taken' 2>/dev/null || exit 0
echo held >'{0}/held'
read -r go <'{0}/go'
"""
OPTIONS = ["-F", "none", "-o", "StrictHostKeyChecking=yes",
           "-o", "UserKnownHostsFile=" + os.environ["PAWL_T_KNOWN_HOSTS"],
           "-o", "PreferredAuthentications=password",
           "-o", "NumberOfPasswordPrompts=1"]


def lines_with(log, *beginnings):
    """How many lines of a server's own log begin so."""
    try:
        with open(f"{WORLD}/log/{log}", encoding="utf-8") as text:
            return sum(line.startswith(beginnings) for line in text)
    except FileNotFoundError:
        return 0


def server_counts():
    """Good and bad logins of ssh, changes and bad logins of FTP."""
    return {"good": lines_with("sshd.log", "Accepted password for site1 "),
            "bad": lines_with("sshd.log", "Failed "),
            "changes": lines_with("ftp-logins", "changed "),
            "ftp bad": lines_with("ftp-logins", "bad ")}


class Jobs:
    """Those who log in, and what became of them."""

    def __init__(self, top):
        self.top = top
        self.env = {
            "PATH": BUILD + ":" + os.environ["PATH"], "HOME": top,
            "XDG_CONFIG_HOME": top + "/c", "XDG_DATA_HOME": top + "/d",
            "XDG_STATE_HOME": top + "/s", "PAWL_CONFIG": top + "/pawl.conf",
            "SSH_ASKPASS": BUILD + "/pawl-askpass",
            "SSH_ASKPASS_REQUIRE": "force", "PAWL_ENTRY": "site1"}
        # Nobody rotates without a pause: a job may miss the moments between.
        with open(top + "/pawl.conf", "w", encoding="ascii") as conf:
            conf.write("wait = 60s\n")
        self.running = True
        self.ended = []
        self.lock = threading.Lock()

    def pawl(self, *command, given=""):
        """Runs a command that must not fail."""
        subprocess.run(command, input=given, env=self.env, text=True,
                       check=True, stdout=subprocess.DEVNULL)

    def repeat(self, command):
        """One job after the other, until it is over."""
        while self.running:
            began = time.monotonic()
            done = subprocess.run(command, env=self.env, text=True,
                                  stdin=subprocess.DEVNULL,
                                  capture_output=True, check=False,
                                  start_new_session=True)
            with self.lock:
                self.ended.append((began, time.monotonic(), done.returncode,
                                   done.stderr.strip()))

    def failed(self):
        """What those said that ended with anything but 0."""
        return [f"{status}: {said}" for _, _, status, said in self.ended
                if status != 0]

    def beside(self, began, ended):
        """How many of them ran at some time between these."""
        with self.lock:
            return sum(a < ended and b > began for a, b, _, _ in self.ended)


def hold_back(top):
    """sshd asks whether to go on, when it has the password."""
    for name in ("held", "go"):
        os.mkfifo(f"{top}/{name}")
    with open(top + "/hold", "w", encoding="ascii") as script:
        script.write(HOLD.format(top))
    os.chmod(top + "/hold", 0o700)
    with open(PAM, encoding="ascii") as pam:
        first = pam.read()
    with open(PAM, "w", encoding="ascii") as pam:
        pam.write(f"auth optional pam_exec.so quiet {top}/hold\n" + first)
    return first


def rotate(jobs, slow):
    """One rotation, maybe with a login that sshd holds back: when it began and
    ended, and what it said if something went wrong."""
    signal.alarm(PATIENCE)
    if slow:
        with open(jobs.top + "/token", "wb"):
            pass
        with open(jobs.top + "/held", encoding="ascii") as held:
            held.read()
    began = time.monotonic()
    said = ""
    with subprocess.Popen(["pawl-rotate", "--force", "site1"], env=jobs.env,
                          text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as run:
        for line in run.stdout:
            said += line
            if slow and WAITS in line:
                slow = False
                with open(jobs.top + "/go", "w", encoding="ascii") as go:
                    go.write("go\n")
    if slow:
        said += "it did not wait for the login that sshd held back\n"
        with open(jobs.top + "/go", "w", encoding="ascii") as go:
            go.write("go\n")
    return began, time.monotonic(), "" if run.returncode == 0 and not slow \
        else said


def campaign(jobs, rotations):
    """All of it: how many rotations had jobs beside them, and what failed."""
    commands = [["ssh"] + OPTIONS + ["-p", PORT, "site1@127.0.0.1", "true"]]
    commands *= SSH_JOBS
    with open(jobs.top + "/batch", "w", encoding="ascii") as batch:
        batch.write("pwd\n")
    commands += [["sftp", "-o", "BatchMode=no", "-b", jobs.top + "/batch"]
                 + OPTIONS + ["-P", PORT, "site1@127.0.0.1"]] * SFTP_JOBS
    threads = [threading.Thread(target=jobs.repeat, args=(command,))
               for command in commands]
    for thread in threads:
        thread.start()
    done = [rotate(jobs, i % 2 == 0) for i in range(rotations)]
    signal.alarm(PATIENCE)
    jobs.running = False
    for thread in threads:
        thread.join()
    beside = sum(jobs.beside(a, b) > 0 for a, b, _ in done)
    return beside, [said for _, _, said in done if said]


def main():
    """Sets up, runs, and compares with what the servers saw."""
    rotations = int(sys.argv[1])
    with tempfile.TemporaryDirectory() as top:
        jobs = Jobs(top)
        jobs.pawl("pawl-vault", "init")
        jobs.pawl("pawl-vault", "set", "site1", "user=site1", "host=127.0.0.1",
                  "rotate.method=zos-pass",
                  "rotate.port=" + os.environ["PAWL_T_FTP_PORT"],
                  "rotate.ca-file=" + os.environ["PAWL_T_CA"],
                  given="OLDPASS1\n")
        before = server_counts()
        pam = hold_back(top)
        try:
            beside, problems = campaign(jobs, rotations)
        finally:
            with open(PAM, "w", encoding="ascii") as out:
                out.write(pam)
    seen = {key: n - before[key] for key, n in server_counts().items()}
    problems += jobs.failed()
    good = len(jobs.ended) - len(jobs.failed())
    if seen["good"] != good:
        problems.append(f"{good} jobs logged in, says sshd {seen['good']}")
    if seen["changes"] != rotations or beside != rotations:
        problems.append(f"{seen['changes']} changes, and {beside} rotations "
                        "with jobs beside them")
    refused = seen["bad"] + seen["ftp bad"]
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"rotations {seen['changes']}, logins {seen['good']},"
          f" refused {refused}")
    return 1 if problems or refused else 0


sys.exit(main())
