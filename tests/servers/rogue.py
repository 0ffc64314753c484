#!/usr/bin/python3
"""A rogue ssh server, and what the real ssh with pawl-askpass gives it.

    rogue.py [PATTERN]

Every bait of rogue_baits.py (those whose name holds PATTERN) is tried against
ssh twice: with the entry pinned by PAWL_ENTRY, and looked up by ssh's command
line.  The vault has an entry for the job's own user@host, and many others.
B is the build directory.  TAP on standard output.

What counts is what the server got.  It keeps every message that it could
decrypt, and looks in all of them for every secret of the vault; it counts
attempts, that is passwords and answers, and the empty ones among them.  From
askpass's own audit comes how often it was asked, so that a bait that was
never heard does not pass for one that was refused.
"""

import collections
import concurrent.futures
import logging
import os
import queue
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile

import paramiko

sys.dont_write_bytecode = True
from rogue_baits import ASK, BAITS, OWN_HOST, OWN_USER  # noqa: E402
from rogue_server import MOST_ROUNDS, PATIENCE, serve  # noqa: E402

BUILD = os.environ["B"]
AT_ONCE = 4

# The others whose secrets are to stay: name, attributes.
OTHERS = (
    ("root", "user=root", "host=127.0.0.1"),
    ("bank", "user=root", "host=bank.example.com"),
    ("bank-site1", "user=site1", "host=bank.example.com"),
    ("nobody", "host=127.0.0.1"),
    ("everywhere", "user=site1"),
    ("git", "service=git", "user=git", "host=github.com"),
    ("sudo", "service=sudo", "user=site1", "host=" + socket.gethostname()),
    ("key", "service=key", "path=/root/.ssh/id_ed25519"),
    ("token", "service=pin", "path=token"),
    ("data", "dataset=HLQ.PASSWD(SITE1)"),
) + tuple((f"user{i}", f"user=user{i}", "host=bank.example.com")
          for i in range(10))


# --- The job ----------------------------------------------------------------

class Job:
    """The vault of the job, and the environment that it runs in."""

    def __init__(self, top):
        self.top = top
        self.key = paramiko.ECDSAKey.generate()
        self.changed = paramiko.ECDSAKey.generate()
        self.env = {
            "PATH": BUILD + ":" + os.environ["PATH"], "HOME": top,
            "LC_ALL": "C.UTF-8", "XDG_CONFIG_HOME": top + "/c",
            "XDG_DATA_HOME": top + "/d", "XDG_STATE_HOME": top + "/s",
            "PAWL_CONFIG": top + "/pawl.conf",
            "SSH_ASKPASS": BUILD + "/pawl-askpass",
            "SSH_ASKPASS_REQUIRE": "force"}
        # What ssh before 8.4 needs.
        self.env["DISPLAY"] = "none"
        self.secrets = {}
        subprocess.run(("pawl-vault", "init"), env=self.env, check=True,
                       stdout=subprocess.DEVNULL)
        self.add("own", "user=" + OWN_USER, "host=" + OWN_HOST)
        for other in OTHERS:
            self.add(*other)
        for name, key in (("known", self.key), ("changed", self.changed),
                          ("unknown", None)):
            with open(f"{top}/{name}", "w", encoding="ascii") as out:
                if key is not None:
                    out.write(f"[{OWN_HOST}]:*,bank.* {key.get_name()}"
                              f" {key.get_base64()}\n")

    def add(self, name, *attributes):
        """An entry with a secret of its own."""
        secret = secrets.token_hex(10)
        self.secrets[name] = secret.encode()
        subprocess.run(("pawl-vault", "set", name) + attributes, check=True,
                       env=self.env, input=secret + "\n", text=True,
                       stdout=subprocess.DEVNULL)

    def environment(self, pinned, here):
        """What ssh gets; here is where askpass writes its audit."""
        with open(here + "/pawl.conf", "w", encoding="ascii") as out:
            out.write(f"audit-file = {here}/audit\n")
        env = dict(self.env, PAWL_CONFIG=here + "/pawl.conf")
        if pinned:
            env["PAWL_ENTRY"] = "own"
        return env

    def start_old(self, release, prompt, pinned, here):
        """The stand-in for an old ssh: two tries of a bare prompt."""
        with open(here + "/script", "w", encoding="utf-8") as out:
            out.write(f"raw {prompt}\n" * 2)
        return subprocess.run(
            (BUILD + "/tests/old/ssh", "-o",
             f"pawl={release}:{here}/script:{here}/sent",
             f"{OWN_USER}@{OWN_HOST}"), env=self.environment(pinned, here),
            start_new_session=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
            timeout=PATIENCE).stdout

    def start(self, bait, port, pinned, here):
        """ssh, without a terminal, as a batch job has it."""
        options = bait.options + (
            f"UserKnownHostsFile={self.top}/{bait.key}",
            "GlobalKnownHostsFile=none", "StrictHostKeyChecking=yes",
            "PubkeyAuthentication=no", "UpdateHostKeys=no")
        program = shutil.which("ssh")
        if bait.gone:
            program = shutil.copy(program, here)
        command = list(bait.run) + [program, "-F", "none", "-p", str(port)]
        for option in options:
            command += ["-o", option]
        return subprocess.Popen(
            command + [f"{OWN_USER}@{OWN_HOST}", "true"],
            env=self.environment(pinned, here), start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)


Result = collections.namedtuple(
    "Result", "given refused own others empty attempts shown problems")


def decisions(path, word):
    """How many lines of askpass's audit are of this event."""
    try:
        with open(path, encoding="utf-8") as lines:
            return len(re.findall(rf"\bevent={word}\b", lines.read()))
    except FileNotFoundError:
        return 0


def judge(job, rogue, output, audit, problems):
    """Counts what came of one login."""
    heard = b"\n".join(rogue.heard) if rogue else b""
    tries = rogue.auth_handler if rogue else None
    if tries and tries.rounds > MOST_ROUNDS:
        problems.append("loops")
    others = [name for name, secret in job.secrets.items()
              if name != "own" and secret in heard]
    shown = [name for name, secret in job.secrets.items() if secret in output]
    if others:
        problems.append("drew " + ", ".join(others))
    if shown:
        problems.append("shows " + ", ".join(shown))
    return Result(
        decisions(audit, "answer"), decisions(audit, "refuse"),
        heard.count(job.secrets["own"]), len(others),
        tries.answers.count(b"") if tries else 0,
        tries.attempts if tries else 0, len(shown), problems)


def login(job, bait, pinned):
    """One ssh and one bait: the result."""
    problems, rogue, sock = [], None, None
    with tempfile.TemporaryDirectory(dir=job.top) as here, \
            socket.create_server((OWN_HOST, 0)) as listener:
        listener.settimeout(PATIENCE)
        ssh = job.start(bait, listener.getsockname()[1], pinned, here)
        try:
            sock = listener.accept()[0]
            if bait.gone:
                os.unlink(here + "/ssh")
            if bait.hello is not None:
                rogue, happened = serve(sock, bait, job.key)
                if happened == "silent":
                    ssh.terminate()
            output = ssh.communicate(timeout=PATIENCE)[0]
        except (queue.Empty, subprocess.TimeoutExpired, TimeoutError):
            problems.append("hangs")
            ssh.kill()
            output = ssh.communicate()[0]
        finally:
            if rogue:
                rogue.close()
            if sock:
                sock.close()
        if rogue:
            rogue.join(PATIENCE)
        return judge(job, rogue, output, here + "/audit", problems), output


def old_prompt(bait):
    """The prompt of a bait that the stand-in for old ssh can ask, or None."""
    if len(bait.steps) != 1 or bait.options or bait.run or bait.gone or \
            bait.unheard or bait.steps[0][0] != ASK or \
            len(bait.steps[0]) != 7:
        return None
    prompt = bait.steps[0][5]
    # A line of its script, which it reads as C strings of less than 4 KiB.
    if isinstance(prompt, bytes) or len(prompt) > 2000 or \
            set(prompt) & set("\n\0"):
        return None
    return prompt


def old_login(job, release, bait, pinned):
    """One old ssh and one bait: the result.

    Which prompt is its own such an ssh does not say.  Where its own would take
    a failed askpass for a no, it is not ended, and gives an empty answer.
    """
    with tempfile.TemporaryDirectory(dir=job.top) as here:
        output = job.start_old(release, old_prompt(bait), pinned, here)
        with open(here + "/sent", "rb") as lines:
            sent = [line[6:-2] for line in lines]
        empty = sent.count(b"")
        drawn = [name for name, secret in job.secrets.items()
                 if secret in sent or secret in output]
        given = decisions(here + "/audit", "answer")
        asked = given + decisions(here + "/audit", "refuse")
    others = [name for name in drawn if name != "own"]
    wrong = ["drew " + name for name in others]
    if empty and not bait.own_words:
        wrong.append(f"empty attempts: {empty}")
    if asked == 0:
        wrong.append("nothing was asked")
    answers = len(sent) - sent.count(b"")
    if max(answers, given) > 1:
        wrong.append(f"answers: {given}")
    return Result(given, asked - given, drawn.count("own"), len(others), empty,
                  answers, 0, wrong), output


def try_old(job, baits, pool, number):
    """The bare prompts of the baits, as ssh shows them before 8.5."""
    plan = [(release, bait, pinned) for bait in baits if old_prompt(bait)
            for release in ("6.4", "8.4") for pinned in (True, False)]
    running = [pool.submit(old_login, job, *one) for one in plan]
    failed, results = 0, []
    for i, (release, bait, pinned) in enumerate(plan):
        result, output = running[i].result()
        results.append((bait, result))
        failed += tell(number + i, f"ssh {release}: {bait.name}", pinned,
                       result.problems, output)
    count(f"{len(plan)} logins by an ssh that shows no prefix",
          [result for bait, result in results if not bait.own_words],
          [result for _, result in results])
    own = sum(result.empty for bait, result in results if bait.own_words)
    print(f"# count: rogue server: {own} empty answers of such an ssh where a"
          " server asks what ssh asks for itself")
    print(f"1..{number + len(plan) - 1}")
    return failed


def verdict(bait, result):
    """What is wrong with a result, a line each."""
    wrong = list(result.problems)
    expected = bait.outcome
    for what, have, want in (
            ("answers given", result.given, expected.given),
            ("refusals", result.refused, expected.refused),
            ("own secret drawn", result.own, expected.drawn)):
        if have != want:
            wrong.append(f"{what}: {have}, not {want}")
    if not bait.unheard and result.empty > 0:
        wrong.append(f"empty attempts: {result.empty}")
    if not bait.unheard and result.attempts > 1:
        wrong.append(f"attempts: {result.attempts}")
    return wrong


def count(what, results, every):
    """A line for make test: secrets of every login, tries of results."""
    print(f"# count: rogue server: {what}, secrets drawn"
          f" {sum(r.others for r in every)}, empty attempts"
          f" {sum(r.empty for r in results)}, most answers of one ssh"
          f" {max((r.attempts for r in results), default=0)}")


def summary(done):
    """What make test shows; done has a bait and its result each."""
    heard = [result for bait, result in done if not bait.unheard]
    unheard = [result for bait, result in done if bait.unheard]
    kinds = {bait.name for bait, _ in done
             if not bait.unheard and not bait.name.startswith("none:")}
    count(f"{len(kinds)} kinds of bait tried in {len(heard)} logins", heard,
          [result for _, result in done])
    if unheard:
        print(f"# count: rogue server: {len(unheard)} logins with a prompt too"
              " long to run any askpass with, empty attempts of ssh's own"
              f" {sum(r.empty for r in unheard)}")


def tell(number, name, pinned, wrong, output):
    """A line of TAP, and what is wrong; whether anything is."""
    print(f"{'not ' if wrong else ''}ok {number} - {name}"
          f" ({'pinned' if pinned else 'looked up'})", flush=True)
    for line in wrong:
        print("#   " + line)
    if wrong:
        print("#   ssh: " + ascii(output[-400:].decode(errors="replace")))
    return bool(wrong)


def main():
    """Every bait, twice; then by old clients."""
    logging.getLogger("paramiko").setLevel(logging.CRITICAL + 1)
    pattern = sys.argv[1] if len(sys.argv) > 1 else ""
    baits = [bait for bait in BAITS if pattern in bait.name]
    plan = [(bait, pinned) for bait in baits for pinned in (True, False)]
    done, failed = [], 0
    with tempfile.TemporaryDirectory(prefix="pawl-rogue.") as top, \
            concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        job = Job(top)
        running = [pool.submit(login, job, *one) for one in plan]
        for i, (bait, pinned) in enumerate(plan):
            result, output = running[i].result()
            done.append((bait, result))
            failed += tell(i + 1, bait.name, pinned, verdict(bait, result),
                           output)
        summary(done)
        failed += try_old(job, baits, pool, len(plan) + 1)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
