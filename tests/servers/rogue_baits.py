"""What the rogue ssh server of rogue.py tries, a row of BAITS each.

A row is Bait(name, outcome, steps...).  Every message of the client's that is
about authentication (after the first, which asks what there is) takes the
next step: the functions here make one out of what the server sends, and a
tuple is several at once.  After the last step the server refuses and begins
again with the first, so that whoever asks again is baited again.

The outcome says what may come of it: how often pawl-askpass gives the secret
of the job's own user@host, how often it refuses, and how often that secret
reaches the server.  No row gives another secret, and none two attempts.
"""

from collections import namedtuple

Outcome = namedtuple("Outcome", "given refused drawn")
# ssh asks nothing.
SILENT = Outcome(0, 0, 0)
# One question, refused.
NOTHING = Outcome(0, 1, 0)
# Its own secret, and then it is let in or ends.
ONCE = Outcome(1, 0, 1)
# Its own secret, and a second question, refused.
AGAIN = Outcome(1, 1, 1)
# One of several questions is answered; ssh ends before it sends anything.
UNSENT = Outcome(1, 1, 0)

# What a step does, instead of sending.
FAIL, PARTIAL, SUCCESS, STALL, CLOSE = "fail", "partial", "success", "stall", \
    "close"

OWN_USER, OWN_HOST = "site1", "127.0.0.1"
OWN = OWN_USER + "@" + OWN_HOST
OWN_PROMPT = OWN + "'s password: "
BANK = "root@bank.example.com"
BANK_PROMPT = BANK + "'s password: "

# Messages of RFC 4252, 4253 and 4256.
DISCONNECT, DEBUG, BANNER, ASK, CHANGE = 1, 4, 53, 60, 60


def ask(*prompts, echo=False, name="", instruction="", claim=None):
    """A request of keyboard-interactive; claim is a wrong count of prompts."""
    count = len(prompts) if claim is None else claim
    fields = [ASK, name, instruction, "", count]
    for prompt in prompts:
        fields += [prompt, echo]
    return tuple(fields)


def change(text):
    """The server wants the password changed, says text and asks for it."""
    return CHANGE, text, ""


def banner(text):
    """A text for the user, at any time before the login."""
    return BANNER, text, ""


class Bait:
    """One row.

    by is what the server offers; options are further ones of ssh's; hello is
    sent before the ssh protocol begins, ident in its first line, after when
    the login has succeeded and a command is to run; first answers the first
    message.  key is the host's: known, unknown or changed.  run is a command
    that runs ssh; with gone, ssh's program is removed when it has connected.
    unheard marks what no askpass can be asked, own_words what ssh also asks
    for itself, and where an askpass that fails is a no.
    """

    def __init__(self, name, outcome, *steps, by="keyboard-interactive",
                 options=(), hello=b"", ident="", after=(), key="known",
                 first=(), run=(), gone=False, unheard=False,
                 own_words=False):
        self.name, self.outcome, self.steps = name, outcome, steps
        self.by, self.options, self.hello = by, options, hello
        self.ident, self.after, self.key, self.first = ident, after, key, first
        self.run, self.gone, self.unheard = run, gone, unheard
        self.own_words = own_words


def one(name, prompt, outcome=NOTHING, **more):
    """The row of a single prompt."""
    return Bait(name, outcome, ask(prompt), **more)


BAITS = (
    # Not baits, but what they are to be told from.
    Bait("none: an honest server, by password", ONCE, SUCCESS, by="password"),
    Bait("none: an honest server, by keyboard-interactive", ONCE,
         ask("Password: "), SUCCESS),

    # Others' secrets, by name.
    one("another user's prompt, raw", BANK_PROMPT),
    one("another user's prompt, prefixed", f"({BANK}) Password: "),
    one("another user's prompt, prefixed twice",
        f"({BANK}) ({BANK}) {BANK_PROMPT}"),
    one("another user of this host", f"root@{OWN_HOST}'s password: "),
    one("this user on another host",
        f"{OWN_USER}@bank.example.com's password: "),
    one("this user in capitals", f"SITE1@{OWN_HOST}'s password: "),
    one("two names in one prompt", f"{BANK}@{OWN}'s password: "),
    one("another user's prompt, OpenPAM's words", f"Password for {BANK}:"),
    one("the own prompt, prefixed twice",
        f"({OWN}) Password: "),
    one("the own prompt, raw: one answer", OWN_PROMPT, AGAIN),
    one("the own prompt, OpenPAM's words: one answer",
        f"Password for {OWN}:", AGAIN),

    # Lines, control characters and look-alikes.
    one("a newline and another user's prompt", "\n" + BANK_PROMPT),
    one("another user's prompt and a newline", BANK_PROMPT + "\nPassword: "),
    one("the own prompt on a second line", "Hello\nPassword: "),
    one("a carriage return that hides the prefix", "\r" + BANK_PROMPT),
    one("a carriage return behind the prompt", "Password: \r"),
    one("a tab", "Password:\t"),
    one("terminal escapes that clear the line", "\x1b[2K\r" + BANK_PROMPT),
    one("a terminal escape behind the prompt", "Password: \x1b[8m"),
    one("backspaces over the prefix", "\b" * 40 + BANK_PROMPT),
    one("a bell and a delete", "Password: \a\x7f"),
    one("C1 controls", "Password: \u009b2K"),
    Bait("a NUL in the prompt", SILENT, ask("Password: \0" + BANK_PROMPT)),
    one("a NUL at its end, which ssh cuts off: one answer", "Password: \0",
        AGAIN),
    one("a Cyrillic letter", "P\u0430ssword: "),
    one("a Cyrillic letter in the own name",
        f"s\u0456te1@{OWN_HOST}'s password: "),
    one("a zero-width space", "Password\u200b: "),
    one("a zero-width joiner in the own name",
        f"site\u200d1@{OWN_HOST}'s password: "),
    one("a right-to-left override", "\u202e :drowssaP"),
    one("a right-to-left override before the own prompt",
        "\u202e" + OWN_PROMPT),
    one("a full-width colon", "Password\uff1a "),
    one("a no-break space", "Password:\u00a0"),
    one("a byte order mark", "\ufeffPassword: "),
    one("bytes that are no UTF-8", b"Password: \xff\xc0\xaf"),
    one("an overlong form of a letter", b"\xc1\x90assword: "),
    one("100 kB before a prompt", "x" * 102400 + BANK_PROMPT),
    one("100 kB of blanks behind the own prompt", OWN_PROMPT + " " * 102400),
    one("8 kB of lines before the own prompt", "\n" * 8192 + "Password: "),
    one("no prompt at all", ""),
    one("a blank", " "),
    one("a format string", "%s%n%1000000d Password: "),

    # What other programs, and ssh itself, ask for.
    one("a key's passphrase",
        "Enter passphrase for key '/root/.ssh/id_ed25519': ",
        own_words=True),
    one("a passphrase again",
        "Bad passphrase, try again for /root/.ssh/id_ed25519: ",
        own_words=True),
    one("a PIN", "Enter PIN for 'token': ",
        own_words=True),
    one("a security key's PIN", "Enter PIN for ECDSA-SK key /root/.ssh/sk: ",
        own_words=True),
    one("git's user name", "Username for 'https://github.com': "),
    one("git's password", "Password for 'https://git@github.com': "),
    one("sudo's password", "[sudo] password for site1: "),
    one("sudo-rs's password", "[sudo: authenticate] Password: "),
    one("ssh's host key question",
        "The authenticity of host 'bank.example.com (10.0.0.1)' can't be "
        "established.\nED25519 key fingerprint is SHA256:abc.\nAre you sure "
        "you want to continue connecting (yes/no/[fingerprint])? ",
        own_words=True),
    one("ssh's second host key question",
        "Please type 'yes', 'no' or the fingerprint: "),
    one("an agent's confirmation",
        "Allow use of key root@bank?\nKey fingerprint SHA256:abc.",
        own_words=True),
    one("a lock's password", "Enter lock password: "),
    one("a one-time code", "Verification code: "),
    one("a one-time password",
        "One-time password (OATH) for `root@bank.example.com': "),
    one("a PASSCODE", "Enter PASSCODE: "),
    one("PAM's current password", "Current password: "),
    one("PAM's new password", "New password: "),
    one("a path and a shell's characters", "$(pawl-vault get bank) `id`; "),
    one("an entry's name", "bank"),

    # How keyboard-interactive is spoken.
    Bait("the same prompt again after a right answer", AGAIN,
         *[ask("Password: ")] * 5),
    Bait("another user's prompt after a right answer", AGAIN,
         ask("Password: "), ask(BANK_PROMPT)),
    Bait("a one-time code after a right answer", AGAIN,
         ask("Password: "), ask("Verification code: ")),
    Bait("a new password after a right answer", AGAIN,
         ask("Password: "), ask("New password: ", "Retype new password: ")),
    Bait("2 prompts at once, the own first", UNSENT,
         ask("Password: ", BANK_PROMPT)),
    Bait("2 prompts at once, the own last", NOTHING,
         ask(BANK_PROMPT, "Password: ")),
    Bait("10 prompts at once", UNSENT, ask(*["Password: "] * 10)),
    Bait("100 prompts at once, all of others", NOTHING,
         ask(*[f"user{i}@bank.example.com's password: "
               for i in range(100)])),
    Bait("4,294,967,295 prompts, of which two follow", UNSENT,
         ask("Password: ", "Password: ", claim=0xffffffff)),
    Bait("two requests at once", AGAIN,
         (ask("Password: "), ask("Password: "))),
    Bait("echo on", NOTHING, ask(BANK_PROMPT, echo=True)),
    Bait("echo on for the own prompt: one answer", AGAIN,
         ask("Password: ", echo=True)),
    Bait("bait as name and instruction", NOTHING,
         ask("> ", name=BANK_PROMPT,
             instruction=f"Enter the password of {BANK}\n{OWN_PROMPT}")),
    Bait("instructions that go with the own prompt: one answer", AGAIN,
         ask("Password: ", name=BANK,
             instruction=f"({BANK}) {BANK_PROMPT}\x1b[2J\n")),
    Bait("100 requests without a prompt", SILENT,
         *[ask(name=BANK, instruction=BANK_PROMPT)] * 100, CLOSE),
    Bait("100 requests without a prompt, then the own", AGAIN,
         *[ask()] * 100, ask("Password: ")),
    Bait("a request before there is a method", SILENT, ask("Password: "),
         first=(ask(BANK_PROMPT),)),
    Bait("a change request where a prompt belongs", SILENT,
         change(BANK_PROMPT), CLOSE),

    # By password.
    Bait("refused for ever, by password", AGAIN, by="password"),
    Bait("refused for ever, by keyboard-interactive", AGAIN,
         ask("Password: ")),
    Bait("refused for ever, by both", AGAIN, ask("Password: "),
         by="keyboard-interactive,password"),
    Bait("keyboard-interactive asks nothing, and then password", AGAIN, FAIL,
         by="keyboard-interactive,password"),
    Bait("success in part, then the password again", AGAIN, PARTIAL,
         by="password"),
    Bait("success in part, then by the other way", AGAIN, PARTIAL,
         ask("Password: "), by="password,keyboard-interactive",
         options=("PreferredAuthentications=password,keyboard-interactive",)),
    Bait("the password is to be changed", AGAIN, change("expired"),
         by="password"),
    Bait("the password is to be changed, again and again", AGAIN,
         *[change("expired")] * 50, by="password"),
    Bait("a prompt as the reason for a change", AGAIN, change(BANK_PROMPT),
         by="password"),
    Bait("a prompt where a change belongs", AGAIN, ask(BANK_PROMPT),
         by="password"),

    # Around it.
    Bait("a banner: one answer", AGAIN, (banner(BANK_PROMPT), FAIL),
         by="password"),
    Bait("100 banners that look like prompts", AGAIN,
         ((banner("\x1b[2J" + BANK_PROMPT),) * 100 + (ask("Password: "),))),
    Bait("a banner, and a prompt of another", NOTHING,
         (banner("Now enter the password of the bank."), ask(BANK_PROMPT))),
    Bait("a prompt before the protocol begins", AGAIN, by="password",
         hello=BANK_PROMPT.encode() + b"\r\n" + OWN_PROMPT.encode() + b"\r\n"),
    Bait("a prompt as the name of the server's version", AGAIN, by="password",
         ident="SSH-2.0-" + BANK_PROMPT),
    Bait("a debug message to show", AGAIN,
         ((DEBUG, True, BANK_PROMPT, ""), FAIL), by="password"),
    Bait("a prompt as the reason to disconnect", SILENT,
         (DISCONNECT, 2, BANK_PROMPT, "")),
    Bait("the end in the middle of a request", ONCE, ask("Password: "), CLOSE),
    Bait("the end instead of a request", SILENT, CLOSE),
    Bait("a server that is silent when it has the answer", ONCE,
         ask("Password: "), STALL),
    Bait("a server that is silent when it has the password", ONCE, STALL,
         by="password"),
    Bait("a server that is silent from the beginning", SILENT, hello=None,
         options=("ConnectTimeout=1",)),
    Bait("a request after success", ONCE, SUCCESS, by="password",
         after=(ask(BANK_PROMPT), ask("Password: "))),
    Bait("a change request after success", ONCE, SUCCESS, by="password",
         after=(change(BANK_PROMPT), banner(OWN_PROMPT))),
    Bait("prompts as the output of the command", ONCE, SUCCESS, by="password",
         after=(BANK_PROMPT, OWN_PROMPT, "Password: ")),

    # The host's key.
    Bait("a host key that nobody knows", NOTHING, by="password",
         key="unknown", options=("StrictHostKeyChecking=ask",)),
    Bait("a host key that has changed", SILENT, by="password",
         key="changed", options=("StrictHostKeyChecking=no",)),
    Bait("a host key that has changed, and a prompt", SILENT,
         ask("Password: "), key="changed",
         options=("StrictHostKeyChecking=no",)),

    # An ssh on its way to another host or user, as it says itself.
    Bait("ssh is told that this is another host, by password", NOTHING,
         by="password", options=("HostKeyAlias=bank.example.com",)),
    Bait("ssh is told that this is another host, and the own prompt", NOTHING,
         ask(OWN_PROMPT), options=("HostKeyAlias=bank.example.com",)),
    Bait("ssh is told that this is another host, and a bare prompt", NOTHING,
         ask("Password: "), options=("HostKeyAlias=bank.example.com",)),
    Bait("ssh is told a user who is not the entry's", NOTHING, by="password",
         options=("User=site2",)),

    # An ssh that is not ended as others are.
    Bait("another's prompt, and SIGTERM is ignored", NOTHING, ask(BANK_PROMPT),
         run=("env", "--ignore-signal=TERM")),
    Bait("refused for ever, and SIGTERM is held back", AGAIN, by="password",
         run=("env", "--block-signal=TERM")),
    Bait("another's prompt, and ssh was replaced while it runs", NOTHING,
         ask(BANK_PROMPT), gone=True),
    Bait("refused for ever, and ssh was replaced while it runs", AGAIN,
         by="password", gone=True),

    # Longer than an argument may be: execve(2) fails and ssh answers nothing.
    Bait("200 kB", SILENT, ask("x" * 204800 + BANK_PROMPT), unheard=True),
    Bait("50 kB of escapes, which ssh writes as 200", SILENT,
         ask("\x1b" * 51200 + BANK_PROMPT), unheard=True),
    Bait("200 kB, and ssh is told to do without", SILENT,
         ask("x" * 204800 + BANK_PROMPT),
         options=("KbdInteractiveAuthentication=no",)),
)
