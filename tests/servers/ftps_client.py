#!/usr/bin/python3
"""An FTPS client that shows all it is told, to test ftps.py with.

    ftps_client.py PORT CA explicit|implicit|zos-implicit|none <COMMANDS

It sends each line of its standard input and prints the reply, and at last how
the connection ended: "end: mine" after all replies, "end: close" (the server
ended TLS in order), "end: cut" (FIN without that), "end: reset", "end: no TLS"
or "end: no reply" (bytes that are none).
"""

import re
import socket
import ssl
import sys


class Cut(Exception):
    """FIN where TLS had not ended."""


class NoReply(Exception):
    """Bytes that are no reply."""


class NoTLS(Exception):
    """The server does not want TLS."""


class Client:
    """A connection; TLS apart from the socket, to tell FIN from RST."""

    def __init__(self, port, ca_file):
        self.sock = socket.create_connection(("127.0.0.1", port), 10)
        self.context = ssl.create_default_context(cafile=ca_file)
        self.incoming = ssl.MemoryBIO()
        self.outgoing = ssl.MemoryBIO()
        self.tls = None

    def through_tls(self, action):
        """Do something with TLS, and carry its bytes."""
        while True:
            try:
                return action()
            except ssl.SSLWantReadError:
                self.sock.sendall(self.outgoing.read())
                data = self.sock.recv(4096)
                if not data:
                    raise Cut from None
                self.incoming.write(data)
            finally:
                self.sock.sendall(self.outgoing.read())

    def secure(self):
        """The handshake."""
        self.tls = self.context.wrap_bio(self.incoming, self.outgoing,
                                         server_hostname="localhost")
        self.through_tls(self.tls.do_handshake)

    def send(self, command):
        """Send a command."""
        data = command.encode() + b"\r\n"
        if self.tls:
            self.through_tls(lambda: self.tls.write(data))
        else:
            self.sock.sendall(data)

    def receive(self):
        """One byte."""
        if self.tls:
            byte = self.through_tls(lambda: self.tls.read(1))
        else:
            byte = self.sock.recv(1)
        if not byte:
            raise EOFError
        return byte

    def line(self):
        """The next line; half a line is printed if there is no more."""
        text = b""
        try:
            while not text.endswith(b"\n"):
                text += self.receive()
        except (Cut, EOFError):
            if text:
                print(text.decode("latin-1"))
            raise
        return text.decode("latin-1").rstrip("\r\n")

    def reply(self):
        """Read a whole reply and print it; returns its code."""
        text = self.line()
        end = text[:3] + " "
        if not re.match(r"\d{3}[- ]", text):
            raise NoReply
        while not text.startswith(end):
            print(text)
            text = self.line()
        print(text)
        return text[:3]

    def talk(self, tls, commands):
        """All of it."""
        if tls == "implicit":
            self.secure()
        self.reply()
        if tls == "explicit":
            self.send("AUTH TLS")
            if self.reply() != "234":
                raise NoTLS
        if tls in ("explicit", "zos-implicit"):
            self.secure()
        for command in commands:
            self.send(command.rstrip("\n"))
            self.reply()
        self.sock.close()


def main():
    """Talk, and say how it ended."""
    port, ca_file, tls = sys.argv[1:]
    try:
        Client(int(port), ca_file).talk(tls, sys.stdin)
        end = "mine"
    except Cut:
        end = "cut"
    except EOFError:
        end = "close"
    except NoReply:
        end = "no reply"
    except (NoTLS, ssl.SSLError):
        end = "no TLS"
    except ConnectionError:
        end = "reset"
    print("end:", end)


if __name__ == "__main__":
    main()
