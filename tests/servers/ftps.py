#!/usr/bin/python3
"""A scripted FTPS server, for what real daemons do not do on command.

    ftps.py --cert PEM --key PEM --control FILE [--state FILE] [--port PORT]
            [--address ADDRESS] [--client-ca PEM] [--stdin-lives]
            [--later-cert PEM --later-key PEM]

It listens on 127.0.0.1, or the ADDRESS, and prints "ready PORT" when it does.  FILE is the
scenario, see ftps_script.py: how it behaves and where it misbehaves.  The
state file (FILE.state unless named) always says what is true of each account,
see ftps_accounts.py, and besides:

    connections      how many were accepted
    tls_failed       how many TLS handshakes failed
    tls_resumed      how many of the others went on from an earlier one
    pass_in_clear    how many PASS commands came without TLS
    pass_at_once     the most PASS commands that were being answered at a time
    fired            how often each fault of the scenario has happened

With --client-ca a certificate that this CA issued is asked of the client, and
TLS fails without one; where the scenario's "client" is "late", TLS goes on
and USER is answered 531.  With --later-cert that is what the server shows from
the second connection on, as somebody would who has got in between.

The server ends on SIGTERM, and with --stdin-lives when its standard input
ends, so that it cannot outlive the test that holds the other end.
"""

import argparse
import base64
import binascii
import os
import re
import signal
import socket
import ssl
import struct
import sys
import threading
import time

sys.dont_write_bytecode = True
from ftps_accounts import Accounts, EFFECTS, EXPIRED, OK  # noqa: E402
from ftps_script import Script, VERBS  # noqa: E402

LONGEST_LINE = 4096
# No connection keeps its thread longer than this without a word.
PATIENCE = 120

GREETING = [
    "220-TCPIPFTP IBM FTP CS V2R5 at localhost.",
    "220 Connection will close if idle for more than 5 minutes."]
DENIED = ["530 PASS command failed"]
EXPIRED_ZOS = ["530-EDC5168I Password has expired.",
               "530 PASS command failed"]
GARBAGE = b"\x00\xff\xf4\x80\x1b[2J no reply \xe2\x82\r\r\n\n999\r\n"

# What says that a change was made, or not, where it is not the reply to PASS.
CHANGE_WORDS = {
    "servu": ("230 Password changed okay.", "501 Cannot change password."),
    "wsftp": ("200 Password changed.", "550 Password not changed."),
    "axway": ("200 CHPWD command successful.", "550 CHPWD command failed."),
}


class Gone(Exception):
    """The connection is over."""


def change_in(server, verb, argument):
    """The change that a command asks for: (old, new), else None.

    old is None where the command does not name it.  A malformed request is a
    change to None.
    """
    if verb == "PASS" and server == "zos":
        parts = argument.split(":")[0].split("/")
        if len(parts) == 1:
            return None
        good = len(parts) == 3 and parts[1] == parts[2]
        return parts[0], parts[1] if good else None
    if verb == "PASS" and server == "wsftp" and " " in argument:
        return tuple(argument.split(" ", 1))
    if verb == "SITE" and server == "servu":
        match = re.fullmatch('(?i:PSWD) "([^"]*)" "([^"]*)"', argument)
        return match and match.groups()
    if verb == "SITE" and server == "wsftp":
        verb, _, argument = argument.partition(" ")
    if verb.upper() == "CPWD" and server == "wsftp":
        return None, argument
    if verb == "SITE" and server == "axway":
        match = re.fullmatch(r"(?i:CHPWD) \S+ (\S+) (\S+)", argument)
        return match and tuple(map(decode64, match.groups()))
    return None


def decode64(text):
    """The bytes that base64 stands for, as text; None if it is not that."""
    try:
        return base64.b64decode(text, validate=True).decode("latin-1")
    except binascii.Error:
        return None


class Connection:
    """One client, from its greeting to its end."""

    def __init__(self, server, sock, number):
        self.accounts = server.accounts
        self.script = server.script
        self.context = server.context
        self.sock = sock
        self.number = number
        self.received = b""
        self.user = None
        self.password = None
        self.logged_in = False
        self.request = None
        self.effect = None
        self.after = None

    def run(self):
        """Serve the client until it or the script has had enough."""
        try:
            self.sock.settimeout(PATIENCE)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.serve()
        except (Gone, OSError):
            pass
        finally:
            self.sock.close()

    def serve(self):
        """Greet, then answer one command after the other."""
        opening = self.at("accept")
        if opening is not None:
            self.send(opening)
        if self.script.tls == "implicit":
            self.start_tls()
        self.reply("greeting", GREETING)
        if self.script.tls == "zos-implicit":
            self.start_tls()
        while True:
            verb, argument = self.read_command()
            self.request = change_in(self.script.server, verb, argument)
            if self.request is not None:
                self.accounts.note_request(self.user)
            try:
                self.answer(verb, argument)
            finally:
                if self.after is not None:
                    self.after()
                self.after = None

    def answer(self, verb, argument):
        """Do a command, reply, and do what follows the reply."""
        name = verb.lower()
        if name not in VERBS:
            self.send(["500 unknown command"])
            return
        if verb == "PASS":
            self.accounts.begin_pass()
        try:
            lines = self.at(name + "-received")
            if lines is None:
                lines = getattr(self, "do_" + name)(argument)
        finally:
            if verb == "PASS":
                self.accounts.end_pass()
        sent = self.reply(name + "-reply", lines)
        code = sent[0][:3] if sent else ""
        if verb == "AUTH" and code == "234":
            self.start_tls()
        elif verb in ("USER", "PASS"):
            self.logged_in = code in ("230", "232")
        elif verb == "QUIT":
            self.close()

    # The commands; each returns the lines of its reply.

    def do_auth(self, argument):
        """AUTH TLS, where the scenario has it."""
        if self.script.tls != "explicit" or argument.upper() != "TLS":
            return ["504 AUTH mechanism not supported"]
        return ["234 Security environment established - ready for negotiation"]

    def do_user(self, argument):
        """USER; in clear only where there is no TLS to be had."""
        if self.script.tls != "none" and not self.is_secure():
            return ["530 AUTH command required first."]
        if self.script.client == "late" and not self.sock.getpeercert():
            return ["531 Server requires client certificate for login "
                    "processing"]
        self.user = argument.upper()
        return ["331 Send password please."]

    def do_pass(self, argument):
        """PASS, with or without a change."""
        if not self.is_secure():
            self.accounts.count("pass_in_clear")
        if self.user is None:
            return ["503 USER command required first."]
        if self.script.server == "zos":
            argument = argument.split(":")[0]
        old, new = self.request or (argument, None)
        is_change = self.request is not None
        verdict = self.accounts.check(self.user, old, is_change)
        if verdict == EXPIRED and self.script.server == "wsftp":
            return ["560 Password expired, use 'pass oldpassword newpassword'"]
        if verdict == EXPIRED and self.script.tells:
            return EXPIRED_ZOS
        if verdict != OK:
            return DENIED
        self.password = old
        if not is_change:
            return self.log_in([])
        lines = self.at("change")
        if lines is not None:
            return lines
        if not self.change(new):
            return DENIED
        return self.log_in(["230-Password was changed."])

    def do_site(self, _argument):
        """The other servers' ways to change a password, by SITE."""
        if self.request is None:
            return ["500 unknown SITE command"]
        if not self.logged_in:
            return ["530 You must first login with USER and PASS."]
        old, new = self.request
        good, bad = CHANGE_WORDS[self.script.server]
        lines = self.at("change")
        if lines is not None:
            return lines
        if old is not None and old != self.password:
            return [bad]
        return [good if self.change(new) else bad]

    do_cpwd = do_site

    def do_pbsz(self, _argument):
        """PBSZ, always 0."""
        return ["200 Protection buffer size accepted"]

    def do_prot(self, _argument):
        """PROT; there is no data connection to protect."""
        return ["200 Data connection protection set"]

    def do_pwd(self, _argument):
        """PWD, for those who are logged in."""
        if not self.logged_in:
            return ["530 You must first login with USER and PASS."]
        return [f"257 \"'{self.user}.'\" is the working directory."]

    def do_syst(self, _argument):
        """SYST."""
        return ["215 MVS is the operating system of this server."]

    def do_feat(self, _argument):
        """FEAT."""
        auth = [" AUTH TLS"] if self.script.tls == "explicit" else []
        return ["211-Extensions supported", *auth, " PBSZ", " PROT", "211 End"]

    def do_type(self, argument):
        """TYPE; there is nothing to transfer."""
        return ["200 Representation type is " + argument]

    def do_noop(self, _argument):
        """NOOP."""
        return ["200 OK"]

    def do_quit(self, _argument):
        """QUIT; the connection ends after the reply."""
        return ["221 Quit command received. Goodbye."]

    def log_in(self, first):
        """The reply to a good PASS."""
        self.accounts.log_in(self.user)
        return [*first, f"230 {self.user} is logged on.  Working directory is "
                f'"{self.user}.".']

    def change(self, new):
        """Make the change, or what the script makes of it."""
        effect, self.effect = self.effect, None
        if new is None:
            return False
        verdict, self.after = self.accounts.change(self.user, new, effect)
        if verdict == OK:
            self.password = new
        return verdict == OK

    # The script.

    def at(self, point, lines=None):
        """Let the faults at a point happen; returns the lines to send.

        At a point before a reply is due, lines in return for None mean that
        they are sent and what would follow is left undone.
        """
        for fault in self.script.due(point, self.number,
                                     self.request is not None):
            self.accounts.note_fired(self.script.fired)
            lines = self.act(fault, lines)
        return lines

    def act(self, fault, lines):
        """Let one fault happen; returns the lines to send."""
        do = fault["do"]
        text = fault.get("text", [])
        text = [text] if isinstance(text, str) else text
        if do in EFFECTS:
            self.effect = fault
        elif do == "delay":
            time.sleep(fault["ms"] / 1000)
        elif do == "reply":
            return text
        elif do == "stray" and lines is not None:
            return lines + text
        elif do == "stray":
            self.send(text)
        elif do == "421":
            self.send(["421 Service not available, closing connection."])
            self.close()
        elif do == "garbage":
            self.sock.sendall(GARBAGE)
            return []
        elif do == "half":
            line = (lines or GREETING)[0]
            self.sock.sendall(line[:len(line) // 2].encode("latin-1"))
            self.cut()
        elif do == "hang":
            self.hang(fault.get("seconds", 60))
        else:
            {"close": self.close, "cut": self.cut, "rst": self.reset}[do]()
        return lines

    # The line.

    def is_secure(self):
        """Whether there is TLS."""
        return isinstance(self.sock, ssl.SSLSocket)

    def start_tls(self):
        """The handshake.  What came in clear before it is forgotten."""
        lines = self.at("tls")
        if lines is not None:
            self.send(lines)
            self.close()
        self.received = b""
        try:
            self.sock = self.context.wrap_socket(self.sock, server_side=True)
        except OSError:
            self.accounts.count("tls_failed")
            raise Gone from None
        if self.sock.session_reused:
            self.accounts.count("tls_resumed")
        self.send(self.at("tls-done") or [])

    def read_command(self):
        """The next command: its verb in upper case, and the rest."""
        while b"\n" not in self.received:
            data = self.sock.recv(LONGEST_LINE)
            self.received += data
            if not data or len(self.received) > LONGEST_LINE:
                raise Gone
        line, _, self.received = self.received.partition(b"\n")
        verb, _, argument = line.rstrip(b"\r").partition(b" ")
        return verb.upper().decode("latin-1"), argument.decode("latin-1")

    def reply(self, point, lines):
        """Reply, unless the script has something better; returns what."""
        lines = self.at(point, lines)
        self.send(lines[:1])
        if len(lines) > 1:
            self.send(self.at(point + "-first-line", lines[1:]))
        more = self.at(point.replace("-reply", "") + "-sent")
        self.send(more or [])
        return lines

    def send(self, lines):
        """Send lines."""
        data = "".join(line + "\r\n" for line in lines)
        self.sock.sendall(data.encode("latin-1"))

    def close(self):
        """End TLS as it should be ended, then the connection."""
        if self.is_secure():
            self.sock.settimeout(0)
            try:
                self.sock.unwrap()
            except OSError:
                pass  # It was sent; the client's own is not waited for.
        self.cut()

    def cut(self):
        """End the connection; what TLS thinks of it does not matter."""
        self.sock.settimeout(PATIENCE)
        self.sock.shutdown(socket.SHUT_WR)
        # Closing with something unread would send RST in place of FIN.
        while self.sock.recv(LONGEST_LINE):
            pass
        raise Gone

    def reset(self):
        """End the connection with RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
        raise Gone

    def hang(self, seconds):
        """Say nothing, until the client goes or the time is up."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.sock.settimeout(left)
            if not self.sock.recv(LONGEST_LINE):
                break
        raise Gone


class Server:
    """What all connections share, and the loop that accepts them."""

    def __init__(self, options):
        self.script = Script(options.control)
        self.accounts = Accounts(options.state or options.control + ".state",
                                 self.script.accounts, self.script.revoke)
        self.accounts.note_fired(self.script.fired)
        self.context = self.later = self.shown(options, options.cert,
                                               options.key)
        if options.later_cert:
            self.later = self.shown(options, options.later_cert,
                                    options.later_key)
        family = socket.AF_INET6 if ":" in options.address else socket.AF_INET
        self.listener = socket.create_server((options.address, options.port),
                                             family=family)

    def shown(self, options, cert, key):
        """The server's side of TLS with that certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        if options.client_ca:
            context.load_verify_locations(options.client_ca)
            context.verify_mode = (
                ssl.CERT_OPTIONAL if self.script.client == "late"
                else ssl.CERT_REQUIRED)
        return context

    def run(self):
        """Say where, and accept for ever."""
        print("ready", self.listener.getsockname()[1], flush=True)
        self.serve()

    def serve(self):
        """Accept until the listener is closed."""
        while True:
            self.begin_connection(self.listener.accept()[0])

    def begin_connection(self, sock):
        """Serve a client, in a thread of its own."""
        self.script.load()
        self.accounts.note_fired(self.script.fired)
        connection = Connection(self, sock, self.accounts.connect())
        self.context = self.later
        threading.Thread(target=connection.run, daemon=True).start()


def end_with_stdin():
    """Wait for the end of standard input, then end the server."""
    while os.read(0, LONGEST_LINE):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def read_options(args=None):
    """What the options say, of the command line unless there are others."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for name in ("--cert", "--key", "--control"):
        parser.add_argument(name, required=True)
    parser.add_argument("--state")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--address", default="127.0.0.1")
    for name in ("--client-ca", "--later-cert", "--later-key"):
        parser.add_argument(name)
    parser.add_argument("--stdin-lives", action="store_true")
    return parser.parse_args(args)


def main():
    """Read the options, and serve."""
    options = read_options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = Server(options)
    if options.stdin_lives:
        threading.Thread(target=end_with_stdin, daemon=True).start()
    server.run()


if __name__ == "__main__":
    main()
