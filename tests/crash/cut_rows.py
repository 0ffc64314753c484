"""What the server of cuts.py does: a table.  ftps_script.py has the words."""

from typing import NamedTuple

CHECK, CHANGE, PROOF = 1, 2, 3
NAMES = {CHECK: "check", CHANGE: "change", PROOF: "proof"}
POINTS = ("accept", "greeting", "tls", "auth-received", "user-received",
          "user-reply", "pass-received", "pass-reply", "quit-received",
          "quit-reply")
ENDS = ("close", "rst", "421", "garbage", "half", "hang")
YES = ["230-Password was changed.", "230 SITE1 is logged on."]
NO = "530 PASS command failed"


class Row(NamedTuple):
    """A server that does something; its scenario, and what of the entry is
    not as usual."""

    name: str
    scenario: dict
    attributes: tuple = ()
    # The most bad logins of a run; 2 for what pawl-rotate(1) has in CAVEATS.
    bad: int = 1
    # The same page says that this is not noticed before the next login.
    unseen: bool = False
    # Whether it is also tried with a person, a second machine and a backup:
    # these have budgets of their own, which a server that lies uses up.
    strangers: bool = False
    # What the server makes of what it stores, and the word for it that the
    # message must have.
    stores: tuple = ()


def cut(connection, point, do, **more):
    """A row with one fault, at a point of a connection."""
    fault = dict(point=point, connection=connection, do=do, **more)
    return Row(f"{NAMES[connection]}: {do} at {point}", {"faults": [fault]},
               strangers=True)


def change(name, *faults, account=None, **more):
    """A row with faults of the request itself."""
    faults = [dict(fault, change=True) for fault in faults]
    return Row(name, {"faults": faults, "account": account or {}}, **more)


def instead(point, text):
    """A fault: that answer, before or after the change is made."""
    return {"point": point, "do": "reply", "text": text}


def late(**trigger):
    """A fault: the change comes true later."""
    return dict(point="change", do="late", **trigger)


def lines():
    """Every point where the line may end, and every way at the usual ones."""
    rows = [cut(connection, point, "cut")
            for connection in (CHANGE, CHECK, PROOF) for point in POINTS]
    rows += [cut(CHANGE, point, do)
             for point in ("greeting", "user-reply", "pass-received",
                           "pass-reply")
             for do in ENDS if do != "hang" or point.startswith("pass")]
    rows += [cut(PROOF, "pass-reply", do) for do in ENDS]
    rows += [cut(CHANGE, point, "delay", ms=300)
             for point in ("pass-received", "pass-reply")]
    return rows + [
        change("cut when found good", {"point": "change", "do": "cut"}),
        change("cut in the midst of the yes",
               {"point": "pass-reply-first-line", "do": "cut"})]


def words():
    """A server that does not do what it says, or does it later."""
    gone = {"point": "pass-reply", "do": "cut"}
    refusal = instead("pass-reply", NO)
    return [
        change("says yes and does nothing", instead("pass-received", YES)),
        change("says no and does it", refusal),
        change("says 202 and does it", instead("pass-reply", "202 no need")),
        change("says 331 again", instead("pass-received", "331 again")),
        change("a yes that does not last",
               dict(point="change", do="lose", connections=1)),
        change("a lost change comes true at once", late(connections=1), gone),
        change("a lost change comes true after a proof", late(logins=1), gone,
               bad=2),
        change("a lost change comes true in recovery", late(logins=2), gone,
               bad=2),
        change("a lost change comes true far in recovery", late(logins=3),
               gone, bad=2),
        change("a refused change comes true", late(logins=1), refusal,
               bad=2, unseen=True),
        change("a yes comes true at once", late(connections=1)),
        change("a yes comes true between the proofs", late(logins=1),
               bad=2),
        change("a yes comes true after the proofs", late(logins=2),
               bad=2, unseen=True),
        change("both are valid for a while",
               dict(point="change", do="both", logins=2)),
        change("both are valid for a while, and no answer",
               dict(point="change", do="both", logins=2), gone)]


def rules():
    """RACF's rules, and other servers."""
    phrase = {"password": "an.old-phrase.of.mine", "policy": ".*"}
    mixed = {"policy": "[A-Za-z0-9]{8}"}
    tight = ("rotate.revoke-after=2",)
    servu = ("rotate.method=site-pswd",)
    rows = [
        change("MINCHANGE", account={"changes_left": 0}),
        change("HISTORY", account={"history": 32}),
        change("a rule of the site's", account={"policy": "[0-9]{8}"}),
        change("cut to 8 characters", {"point": "change", "do": "truncate"},
               account=phrase, attributes=("rotate.policy=racf-phrase",),
               bad=2, stores=(lambda p: p[:8], "8 characters")),
        change("folded to upper case", {"point": "change", "do": "fold"},
               account=mixed, attributes=("rotate.policy=racf-mixed",),
               bad=2, stores=(str.upper, "upper case"))]
    for row in (cut(CHANGE, "pass-received", "cut"),
                cut(CHANGE, "pass-reply", "cut"), words()[0], words()[1]):
        rows.append(row._replace(
            name="REVOKE(1): " + row.name, attributes=tight, strangers=False,
            scenario=dict(row.scenario, revoke=2)))
    for point in ("site-received", "site-reply"):
        for do in ("cut", "421", "garbage"):
            fault = dict(point=point, do=do)
            rows.append(Row(f"SITE PSWD: {do} at {point}",
                            {"server": "servu", "faults": [fault]}, servu))
    return rows


ROWS = [Row("nothing", {}, strangers=True)] + lines() + words() + rules()
