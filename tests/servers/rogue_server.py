"""The rogue ssh server of rogue.py: one connection, as a bait's steps say."""

import queue
import sys
import threading

import paramiko
from paramiko.auth_handler import AuthHandler
from paramiko.common import (
    MSG_SERVICE_REQUEST, MSG_USERAUTH_INFO_RESPONSE, MSG_USERAUTH_REQUEST)

sys.dont_write_bytecode = True
from rogue_baits import CLOSE, FAIL, PARTIAL, STALL, SUCCESS  # noqa: E402

# Nothing here takes a second; this is for a machine that does much else.
PATIENCE = 60
# Messages about authentication in one login; an ssh that sends more loops.
MOST_ROUNDS = 300

FAILURE, SUCCEEDED = 51, 52


class Tries(AuthHandler):
    """Authentication as a bait's steps say; the number of the step is kept."""

    def __init__(self, transport, bait):
        super().__init__(transport)
        self.bait = bait
        self.at = 0
        self.asked = False
        self.rounds = 0
        # What the client gave as a password or an answer.
        self.answers = []
        # The messages with such a thing in them.
        self.attempts = 0

    def send(self, fields):
        """One message of a type and its fields."""
        message = paramiko.Message()
        message.add_byte(bytes([fields[0]]))
        for field in fields[1:]:
            if isinstance(field, bool):
                message.add_boolean(field)
            elif isinstance(field, int):
                message.add_int(field)
            else:
                message.add_string(field)
        self.transport._send_message(message)

    def act(self, step):
        """One step: what is sent, or one of the words for what is done."""
        if step in (FAIL, PARTIAL):
            self.send((FAILURE, self.bait.by, step == PARTIAL))
        elif step == SUCCESS:
            self.authenticated = True
            self.send((SUCCEEDED,))
        elif step == STALL:
            self.transport.events.put("silent")
        elif step == CLOSE:
            self.transport.close()
        elif isinstance(step[0], int):
            self.send(step)
        else:
            for part in step:
                self.act(part)

    def advance(self):
        """The next step; behind the last is a refusal."""
        self.rounds += 1
        if self.rounds > MOST_ROUNDS:
            self.transport.close()
            return
        steps = self.bait.steps + (FAIL,)
        self.act(steps[self.at])
        self.at = (self.at + 1) % len(steps)

    def _parse_userauth_request(self, m):
        m.get_string(), m.get_string()
        method = m.get_string()
        if method == b"password":
            changes = m.get_boolean()
            self.answers.append(m.get_string())
            if changes:
                self.answers.append(m.get_string())
            self.attempts += 1
        if self.asked:
            self.advance()
            return
        self.asked = True
        for step in self.bait.first:
            self.act(step)
        self.act(FAIL)

    def _parse_userauth_info_response(self, m):
        count = m.get_int()
        self.answers += [m.get_string() for _ in range(count)]
        self.attempts += count > 0
        self.advance()

    _server_handler_table = {
        MSG_SERVICE_REQUEST: AuthHandler._parse_service_request,
        MSG_USERAUTH_REQUEST: _parse_userauth_request,
        MSG_USERAUTH_INFO_RESPONSE: _parse_userauth_info_response,
    }


class Command(paramiko.ServerInterface):
    """Takes the command of a client that is in."""

    def __init__(self, events):
        self.events = events

    def check_channel_request(self, kind, chanid):
        return paramiko.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel, command):
        self.events.put(channel)
        return True


class Rogue(paramiko.Transport):
    """One connection.

    events gets a channel when a command is to run, "silent" when the server
    has said its last word, and "ended".  heard is all that was decrypted.
    """

    def __init__(self, sock, bait, key):
        super().__init__(sock)
        self.events = queue.Queue()
        self.heard = []
        self.auth_handler = Tries(self, bait)
        self.local_version = bait.ident or self.local_version
        self.add_server_key(key)
        # All connections are at work at a time; the first line may be late.
        self.banner_timeout = self.handshake_timeout = PATIENCE
        read = self.packetizer.read_message

        def listen():
            kind, message = read()
            self.heard.append(message.asbytes())
            return kind, message

        self.packetizer.read_message = listen

    def run(self):
        try:
            super().run()
        finally:
            self.events.put("ended")


def serve(sock, bait, key):
    """The connection, when the bait was tried as far as it goes."""
    sock.sendall(bait.hello)
    rogue = Rogue(sock, bait, key)
    rogue.start_server(event=threading.Event(),
                       server=Command(rogue.events))
    happened = rogue.events.get(timeout=PATIENCE)
    if isinstance(happened, paramiko.Channel):
        for part in bait.after:
            if isinstance(part, str):
                happened.sendall(part)
            else:
                rogue.auth_handler.send(part)
        happened.send_exit_status(0)
        happened.close()
        happened = rogue.events.get(timeout=PATIENCE)
    return rogue, happened
