#!/usr/bin/python3
"""A git server over https with passwords.

    githttps.py REPOSITORIES CERTIFICATE KEY LOG PORTFILE USER PASSWORDFILE

Serves the repositories below a directory, on 127.0.0.1 and a free port, which
goes to PORTFILE, a file or FIFO, once it listens.  LOG gets a line for each
request: "none", "ok USER" or "bad USER".  Runs until it is killed.
"""

import base64
import http.server
import os
import ssl
import subprocess
import sys


def expected(user, password_file):
    with open(password_file, encoding="utf-8") as file:
        pair = user + ":" + file.readline().rstrip("\n")
    return "Basic " + base64.b64encode(pair.encode()).decode()


class Handler(http.server.BaseHTTPRequestHandler):
    """One request, handed to git http-backend if the password is right."""

    def log_message(self, format, *args):   # noqa: A002 pylint: disable=redefined-builtin
        pass

    def note(self, line):
        with open(self.server.log, "a", encoding="utf-8") as file:
            file.write(line + "\n")

    def allowed(self):
        given = self.headers.get("Authorization")
        if given is None:
            self.note("none")
            return False
        good = given == self.server.wanted
        user = base64.b64decode(given.split()[1]).decode().split(":")[0]
        self.note(("ok " if good else "bad ") + user)
        return good

    def refuse(self):
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="pawl test"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def serve(self):
        if not self.allowed():
            self.refuse()
            return
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        env = {"PATH": os.environ["PATH"], "GIT_HTTP_EXPORT_ALL": "1",
               "GIT_PROJECT_ROOT": self.server.root, "PATH_INFO": path,
               "QUERY_STRING": query, "REQUEST_METHOD": self.command,
               "HOME": self.server.root, "REMOTE_USER": "git",
               "CONTENT_TYPE": self.headers.get("Content-Type", ""),
               "CONTENT_LENGTH": str(len(body)),
               "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
               "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory",
               "GIT_CONFIG_VALUE_0": "*"}
        answer = subprocess.run(["git", "http-backend"], env=env, input=body,
                                stdout=subprocess.PIPE, check=False).stdout
        head, _, content = answer.partition(b"\r\n\r\n")
        fields = [line.split(": ", 1)
                  for line in head.decode().split("\r\n") if ": " in line]
        status = [v for k, v in fields if k == "Status"] or ["200 OK"]
        self.send_response(int(status[0].split()[0]))
        for key, value in fields:
            if key != "Status":
                self.send_header(key, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = serve


def main():
    root, certificate, key, log, port_file, user, password_file = sys.argv[1:]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.root, server.log = os.path.abspath(root), log
    server.wanted = expected(user, password_file)
    with open(port_file, "w", encoding="ascii") as file:
        file.write(f"{server.server_port}\n")
    server.serve_forever()


if __name__ == "__main__":
    main()
