"""The accounts of ftps.py: who may log in, and what a change of password does.

A scenario's "accounts" maps each user to these, all but the first optional:

    password      what is valid at the start
    expired       a plain login is refused, a change is not (false)
    policy        regular expression a new password must match in full
                  ("[A-Z0-9#@$]{1,8}")
    history       how many passwords back a new one must differ from (0)
    changes_left  refuse changes after that many, like MINCHANGE (no limit)
    fold          compare and store in upper case (false)
    truncate      compare and store that many characters (all)

and the scenario's "revoke" (3) is the number of consecutive bad logins that
lock an account.  An effect, named by a fault at the point "change", decides
what becomes of a change that was accepted:

    ignore        nothing: the old password stays
    late          the old one is valid until the trigger, then the new one
    lose          the new one is valid until the trigger, then the old one
    both          the new one is valid, and until the trigger the old one too
    odd, even     until the trigger every odd, or even, login that follows is
                  judged by the old one, as by a replica that is behind
    truncate      eight characters are stored
    fold          upper case is stored

A trigger is one of "ms" (after the reply), "connections" (when the Nth
following one is accepted) and "logins" (when N following ones were judged).

The state is kept in memory and mirrored, before anybody is told of it, to a
JSON file that is always whole.  For each of its "accounts" it has the valid
"password", whether it is "expired" or "locked", and counts: "attempts" (PASS
commands judged), "logins" (that were good), "requests" (commands that asked
for a change), "changes" (that came true), "consecutive_bad", "total_bad".
"""

import json
import os
import re
import threading

OK = "ok"
BAD = "bad"
LOCKED = "locked"
EXPIRED = "expired"
REFUSED = "refused"

POLICY = "[A-Z0-9#@$]{1,8}"
TRIGGERS = ("ms", "connections", "logins")
LASTING = ("late", "lose", "both", "odd", "even")
EFFECTS = ("ignore", "truncate", "fold") + LASTING
SETTINGS = {"password", "expired", "policy", "history", "changes_left",
            "fold", "truncate"}


class Account:
    """One user: what is valid now, and what has happened."""

    def __init__(self, spec):
        unknown = set(spec) - SETTINGS
        if unknown or "password" not in spec:
            raise ValueError(f"account: {spec}")
        self.folds = spec.get("fold", False)
        self.truncates = spec.get("truncate")
        self.policy = re.compile(spec.get("policy", POLICY))
        self.history = spec.get("history", 0)
        self.changes_left = spec.get("changes_left")
        self.password = self.normal(spec["password"])
        self.expired = spec.get("expired", False)
        self.also = None
        self.behind = None
        self.turn = False
        self.previous = []
        self.locked = False
        self.consecutive_bad = 0
        self.total_bad = 0
        self.attempts = 0
        self.logins = 0
        self.requests = 0
        self.changes = 0

    def normal(self, password):
        """The password as this server compares and stores it."""
        if self.folds:
            password = password.upper()
        return password[:self.truncates]

    def is_right(self, password):
        """Whether the password is valid now."""
        return self.normal(password) in (self.password, self.also)

    def judges_right(self, password):
        """The same of one login, which a replica may judge."""
        if self.behind is None:
            return self.is_right(password)
        self.turn = not self.turn
        valid = self.behind if self.turn else self.password
        return self.normal(password) == valid

    def accepts(self, new):
        """Whether the rules allow the change."""
        recent = [self.password] + self.previous
        return (self.policy.fullmatch(new) is not None
                and self.normal(new) not in recent[:self.history]
                and self.changes_left != 0)

    def set(self, password):
        """Make the password the valid one."""
        self.previous.insert(0, self.password)
        self.password = password

    def as_json(self):
        """What the state file says of it."""
        return {name: getattr(self, name) for name in (
            "password", "expired", "locked", "consecutive_bad", "total_bad",
            "attempts", "logins", "requests", "changes")}


class Accounts:
    """All users of a server, its counters, and what is still to happen."""

    def __init__(self, path, specs, revoke):
        self.lock = threading.RLock()
        self.path = path
        self.revoke = revoke
        self.accounts = {name.upper(): Account(spec)
                         for name, spec in specs.items()}
        self.counters = {"connections": 0, "tls_failed": 0,
                         "tls_resumed": 0, "pass_in_clear": 0,
                         "pass_at_once": 0}
        self.judging = 0
        self.fired = []
        self.waiting = []
        self.save()

    def save(self):
        """Replace the state file."""
        state = dict(self.counters, fired=self.fired, accounts={
            name: account.as_json()
            for name, account in self.accounts.items()})
        temporary = f"{self.path}.new"
        with open(temporary, "w", encoding="ascii") as out:
            json.dump(state, out, indent=1)
        os.replace(temporary, self.path)

    def count(self, counter):
        """Add one to a counter; returns the new value."""
        with self.lock:
            self.counters[counter] += 1
            self.save()
            return self.counters[counter]

    def begin_pass(self):
        """A PASS command has come; remember how many there were at once."""
        with self.lock:
            self.judging += 1
            if self.judging > self.counters["pass_at_once"]:
                self.counters["pass_at_once"] = self.judging
                self.save()

    def end_pass(self):
        """Its answer is ready to be sent."""
        with self.lock:
            self.judging -= 1

    def note_fired(self, fired):
        """Remember how often each fault of the script has happened."""
        with self.lock:
            self.fired = fired
            self.save()

    def connect(self):
        """Count a connection; returns its number, from 1."""
        with self.lock:
            self.tick("connections")
            return self.count("connections")

    def note_request(self, user):
        """Count a request for a change, whatever becomes of it."""
        with self.lock:
            if user in self.accounts:
                self.accounts[user].requests += 1
                self.save()

    def check(self, user, password, is_change):
        """Judge the password of a PASS command, in a change the old one."""
        with self.lock:
            account = self.accounts.get(user)
            if account is None:
                return BAD
            verdict = self.judge(account, password, is_change)
            self.tick("logins")
            self.save()
            return verdict

    def judge(self, account, password, is_change):
        """check() for an account that exists, and its counters."""
        account.attempts += 1
        right = account.judges_right(password)
        if not right:
            account.total_bad += 1
            account.consecutive_bad += 1
            if account.consecutive_bad >= self.revoke:
                account.locked = True
        if account.locked:
            return LOCKED
        if not right:
            return BAD
        if account.expired and not is_change:
            return EXPIRED
        account.consecutive_bad = 0
        return OK

    def log_in(self, user):
        """Count a login."""
        with self.lock:
            self.accounts[user].logins += 1
            self.save()

    def change(self, user, new, effect):
        """Change a password after check() said OK.

        effect is a fault of the script, or None.  Returns OK or REFUSED, and
        a function to be called once the reply has been sent, or None.
        """
        with self.lock:
            account = self.accounts.get(user)
            if account is None or not account.accepts(new):
                return REFUSED, None
            if account.changes_left is not None:
                account.changes_left -= 1
            after = self.apply(account, account.normal(new), effect or {})
            self.save()
            return OK, after

    def apply(self, account, new, effect):
        """Let a change have its effect; returns what change() does."""
        do = effect.get("do")
        old = account.password
        if do == "ignore":
            return None
        if do == "late":
            return self.later(effect, lambda: self.store(account, new))
        if do == "truncate":
            new = new[:8]
        elif do == "fold":
            new = new.upper()
        self.store(account, new)
        if do == "lose":
            return self.later(effect, lambda: account.set(old))
        if do == "both":
            account.also = old
            return self.later(effect, lambda: setattr(account, "also", None))
        if do in ("odd", "even"):
            account.behind, account.turn = old, do == "even"
            return self.later(effect, lambda: setattr(account, "behind", None))
        return None

    @staticmethod
    def store(account, new):
        """A change becomes true."""
        account.set(new)
        account.expired = False
        account.changes += 1

    def later(self, effect, action):
        """Have the action done when the effect's trigger says so."""
        if "ms" in effect:
            timer = threading.Timer(effect["ms"] / 1000, self.run, [action])
            timer.daemon = True
            return timer.start
        event = "logins" if "logins" in effect else "connections"
        self.waiting.append([event, effect[event], action])
        return None

    def run(self, action):
        """Do something whose time has come."""
        with self.lock:
            action()
            self.save()

    def tick(self, event):
        """One more login or connection: do what waited for it."""
        for entry in [e for e in self.waiting if e[0] == event]:
            entry[1] -= 1
            if entry[1] == 0:
                self.waiting.remove(entry)
                entry[2]()
