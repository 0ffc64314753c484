"""The scenario of ftps.py: a JSON file, read and checked here.

    {"server": "zos", "tls": "explicit", "revoke": 3,
     "accounts": {"SITE1": {"password": "OLDPASS1"}},
     "faults": [{"point": "pass-reply", "change": true, "do": "cut"}]}

    server    whose commands and words: "zos" (PASS old/new/new), "servu"
              (SITE PSWD), "wsftp" (CPWD, SITE CPWD, PASS old new) or "axway"
              (SITE CHPWD)
    tls       "explicit", "implicit", "zos-implicit" (greeting in clear, then
              TLS) or "none"
    accounts, revoke    see ftps_accounts.py
    client    "early" (TLS fails without a certificate) or "late" (USER does),
              for --client-ca
    tells     true: z/OS says that a password has expired (ACCESSERRORMSGS)

Each fault of the list happens wherever its conditions hold, several at one
point in their order.  "point" is where:

    accept                    a connection was accepted, nothing sent
    greeting                  before the greeting
    tls                       before the TLS handshake
    tls-done                  after it
    greeting-sent             the greeting has been sent
    VERB-received             a command was read, nothing done
    change                    a change was found good, nothing changed
    VERB-reply                all is done, before the reply
    VERB-reply-first-line     the first line of several has been sent
    VERB-sent                 the reply has been sent

with VERB a command in lower case, as in pass-received and quit-reply.  The
conditions, all optional:

    connection    its number, from 1
    nth           the nth time that the rest of the conditions held
    change        true: the command asks for a new password; false: it does not

"do" is what happens:

    close      end TLS in order, then FIN
    cut        FIN without a word
    rst        reset the connection
    hang       say nothing more until the client goes, or "seconds" (60) pass
    delay      wait "ms"
    reply      send "text", a line or a list of lines, in place of what is due;
               at a point before the reply, also leave undone what is due,
               and after it besides
    421        send 421, and close
    stray      send "text" as a further line after what is due
    garbage    send bytes that are no reply in place of what is due
    half       send half a line, then cut

or, only at "change", an effect of ftps_accounts.py with its trigger.  A word
that is not known ends the server: a typing error must not make a test pass.
The list of faults may be changed while the server runs, by renaming another
file over the scenario; the next connection sees it, and counts anew.
"""

import json
import re
import threading

from ftps_accounts import EFFECTS, LASTING, TRIGGERS

VERBS = ("auth", "user", "pass", "pbsz", "prot", "pwd", "syst", "feat", "type",
         "noop", "site", "cpwd", "quit")
POINT = re.compile("accept|greeting|greeting-sent|tls|tls-done|change|(%s)-"
                   "(received|reply|reply-first-line|sent)" % "|".join(VERBS))
ACTIONS = ("close", "cut", "rst", "hang", "delay", "reply", "421", "stray",
           "garbage", "half")
NEEDS = {"delay": ("ms",), "reply": ("text",), "stray": ("text",),
         **{effect: TRIGGERS for effect in LASTING}}
ALLOWS = {"hang": ("seconds",)}
CONDITIONS = {"connection", "nth", "change"}
SERVERS = ("zos", "servu", "wsftp", "axway")
TLS = ("explicit", "implicit", "zos-implicit", "none")


def check_fault(fault):
    """Raise ValueError unless every word of the fault is known."""
    do = fault.get("do")
    point = fault.get("point", "")
    known = ACTIONS + EFFECTS if point == "change" else ACTIONS
    if not POINT.fullmatch(point) or do not in known:
        raise ValueError(f"fault: {fault}")
    further = set(fault) - CONDITIONS - {"point", "do"}
    needs = NEEDS.get(do, ())
    if further - set(needs) - set(ALLOWS.get(do, ())):
        raise ValueError(f"fault: {fault}")
    if needs and len(further) != 1:
        raise ValueError(f"fault: {fault}: needs one of {needs}")


def check_scenario(scenario):
    """Raise ValueError unless every word of the scenario is known."""
    unknown = set(scenario) - {"server", "tls", "revoke", "accounts", "faults",
                               "client", "tells"}
    if (unknown or scenario.get("server", "zos") not in SERVERS
            or scenario.get("tls", "explicit") not in TLS
            or scenario.get("client", "early") not in ("early", "late")):
        raise ValueError(f"scenario: {unknown or scenario}")
    for fault in scenario.get("faults", []):
        check_fault(fault)


class Script:
    """The scenario, and how often each of its faults has happened."""

    def __init__(self, path):
        self.lock = threading.Lock()
        self.path = path
        self.text = None
        self.load()

    def load(self):
        """Read the file, again if it has changed."""
        with open(self.path, encoding="utf-8") as file:
            text = file.read()
        if text == self.text:
            return
        scenario = json.loads(text)
        check_scenario(scenario)
        with self.lock:
            self.text = text
            self.server = scenario.get("server", "zos")
            self.tls = scenario.get("tls", "explicit")
            self.client = scenario.get("client", "early")
            self.tells = scenario.get("tells", False)
            self.revoke = scenario.get("revoke", 3)
            self.accounts = scenario.get("accounts", {})
            self.faults = scenario.get("faults", [])
            self.seen = [0] * len(self.faults)
            self.fired = [0] * len(self.faults)

    def due(self, point, connection, is_change):
        """The faults that happen now, in their order."""
        with self.lock:
            return [fault for index, fault in enumerate(self.faults)
                    if fault["point"] == point
                    and fault.get("connection", connection) == connection
                    and fault.get("change", is_change) == is_change
                    and self.is_turn(index, fault)]

    def is_turn(self, index, fault):
        """Count that a fault's conditions held; whether it happens."""
        self.seen[index] += 1
        if fault.get("nth", self.seen[index]) != self.seen[index]:
            return False
        self.fired[index] += 1
        return True
