"""What the server of cuts.py does: a table.  ftps_script.py has the words."""

from typing import NamedTuple

CHECK, CHANGE, PROOF = 1, 2, 3
NAMES = {CHECK: "check", CHANGE: "change", PROOF: "proof"}
# Before and after each of TCP, TLS, USER, PASS, its reply, and QUIT.
POINTS = ("accept", "greeting-sent", "auth-received", "tls", "tls-done",
          "user-received", "user-reply", "user-sent", "pass-received",
          "pass-reply", "pass-sent", "quit-received", "quit-reply",
          "quit-sent")
# "cut" is TLS closed without notice, "close" with it.
ENDS = ("cut", "close", "rst", "421", "garbage", "half")
# Where a server that says nothing more is told from one that goes; each
# takes as long as the client waits.
SILENT = {CHECK: ("pass-received",), CHANGE: ("tls", "pass-received",
                                              "pass-reply"),
          PROOF: ("accept", "pass-reply")}
YES = ["230-Password was changed.", "230 SITE1 is logged on."]
NO = "530 PASS command failed"
GONE = {"point": "pass-reply", "do": "cut"}
SHORT = ("rotate.timeout=1s",)


class Row(NamedTuple):
    """A server that does something; its scenario, and what of the entry is
    not as usual."""

    name: str
    scenario: dict
    attributes: tuple = ()
    # The line of the table in which it is counted.
    group: str = "nothing"
    # The most bad logins of a run; 2 for what pawl-rotate(1) has in CAVEATS.
    bad: int = 1
    # The same page says that this is not noticed before the next login.
    unseen: bool = False
    # Whether it is also tried with a person, a second machine and a backup.
    strangers: bool = False
    # What the server makes of what it stores, and the word for it that the
    # message must have.
    stores: tuple = ()
    # The connection that is refused, and those that follow in the same run.
    refuses: int = 0


def cut(connection, point, do, **more):
    """A row with one fault, at a point of a connection."""
    fault = dict(point=point, connection=connection, do=do)
    if do == "delay":
        fault["ms"] = more.pop("ms")
    return Row(f"{NAMES[connection]}: {do} at {point}", {"faults": [fault]},
               group=f"the line, {NAMES[connection]}",
               strangers=do == "cut", **more)


def change(name, *faults, account=None, **more):
    """A row with faults of the request itself."""
    faults = [dict(fault, change=True) for fault in faults]
    return Row(name, {"faults": faults, "account": account or {}}, **more)


def proof(name, *faults, **more):
    """A row with faults of the request and of the login that follows it."""
    faults = [dict({"connection": PROOF}, **fault) for fault in faults]
    return Row(name, {"faults": faults}, **more)


def instead(point, text, **more):
    """A fault: that answer, before or after what is asked is done."""
    return dict(point=point, do="reply", text=text, **more)


def effect(do, **trigger):
    """A fault: what becomes of the change, until or from the trigger."""
    return dict(point="change", do=do, **trigger)


def lines():
    """Every point where the line may end, and every way."""
    rows = []
    for connection in (CHANGE, CHECK, PROOF):
        rows.append(Row(f"{NAMES[connection]}: refused", {},
                        group=f"the line, {NAMES[connection]}",
                        refuses=connection, strangers=True))
        rows += [cut(connection, point, do)
                 for point in POINTS for do in ENDS]
        rows += [cut(connection, point, "hang", attributes=SHORT)
                 for point in SILENT[connection]]
    return rows + [
        change("cut when found good", {"point": "change", "do": "cut"},
               group="the line, change", strangers=True),
        change("cut in the midst of the yes",
               {"point": "pass-reply-first-line", "do": "cut"},
               group="the line, change", strangers=True)]


def words():
    """A server that does not do what it says."""
    refusal = instead("pass-reply", NO)
    rows = [
        change("says yes and does nothing", instead("pass-received", YES)),
        change("says no and does it", refusal),
        change("says 202 and does it", instead("pass-reply", "202 no need")),
        change("says 331 again", instead("pass-received", "331 again")),
        change("a yes that does not last", effect("lose", connections=1)),
        Row("check: says no to the right one",
            {"faults": [instead("pass-reply", NO, connection=CHECK)]}),
        proof("proof: says no to the right one", refusal),
        proof("proof: says yes to a wrong one", effect("ignore", connection=2),
              instead("pass-received", YES), unseen=True)]
    return [row._replace(group="wrong replies", strangers=True)
            for row in rows]


def later():
    """A server that does it, or says it, later."""
    refusal = instead("pass-reply", NO)
    rows = [cut(CHANGE, point, "delay", ms=ms, attributes=SHORT)
            for point in ("pass-received", "change", "pass-reply")
            for ms in (300, 1200)] + [
        change("a lost change comes true at once",
               effect("late", connections=1), GONE),
        change("a lost change comes true after a proof",
               effect("late", logins=1), GONE, bad=2),
        change("a lost change comes true in recovery",
               effect("late", logins=2), GONE, bad=2),
        change("a lost change comes true far in recovery",
               effect("late", logins=3), GONE, bad=2),
        change("a refused change comes true", effect("late", logins=1),
               refusal, bad=2, unseen=True),
        change("a yes comes true at once", effect("late", connections=1)),
        change("a yes comes true between the proofs",
               effect("late", logins=1), bad=2),
        change("a yes comes true after the proofs", effect("late", logins=2),
               bad=2, unseen=True)]
    return [row._replace(group="late", strangers=True) for row in rows]


def replicas():
    """A server of several, which hear of a change one after the other."""
    rows = []
    for said, faults in (("", ()), (", and no answer", (GONE,))):
        rows.append(change("both are valid for a while" + said,
                           effect("both", logins=2), *faults))
        rows += [change(f"every {do} login is behind, of {logins}{said}",
                        effect(do, logins=logins), *faults, bad=2,
                        unseen=True)
                 for do in ("odd", "even") for logins in (1, 2, 4)]
    return [row._replace(group="replicated late", strangers=True)
            for row in rows]


def rules():
    """RACF's rules, and what some make of a password."""
    phrase = {"password": "an.old-phrase.of.mine", "policy": ".*"}
    mixed = {"policy": "[A-Za-z0-9]{8}"}
    rows = [
        change("MINCHANGE", account={"changes_left": 0}),
        change("HISTORY", account={"history": 32}),
        change("a rule of the site's", account={"policy": "[0-9]{8}"}),
        change("cut to 8 characters", effect("truncate"),
               account=phrase, attributes=("rotate.policy=racf-phrase",),
               bad=2, stores=(lambda p: p[:8], "8 characters")),
        change("folded to upper case", effect("fold"),
               account=mixed, attributes=("rotate.policy=racf-mixed",),
               bad=2, stores=(str.upper, "upper case"))]
    return [row._replace(group="rules of RACF", strangers=True)
            for row in rows]


def others():
    """A budget of one, and a server with a command of its own."""
    tight = ("rotate.revoke-after=2",)
    servu = ("rotate.method=site-pswd",)
    rows = [row._replace(
        name="REVOKE(1): " + row.name, attributes=tight, strangers=False,
        scenario=dict(row.scenario, revoke=2), group="REVOKE(1)")
            for row in (cut(CHANGE, "pass-received", "cut"),
                        cut(CHANGE, "pass-reply", "cut"),
                        cut(PROOF, "pass-reply", "cut"), *words()[:2])]
    for point in ("site-received", "change", "site-reply", "site-sent"):
        for do in ENDS:
            fault = dict(point=point, do=do)
            rows.append(Row(f"SITE PSWD: {do} at {point}",
                            {"server": "servu", "faults": [fault]}, servu,
                            group="SITE PSWD", strangers=do == "cut"))
    return rows


ROWS = ([Row("nothing", {}, strangers=True)] + lines() + words() + later() +
        replicas() + rules() + others())
