#!/usr/bin/python3
"""A person at a terminal.

    typed.py [PROMPT ANSWER] ... -- COMMAND [ARGUMENT ...]

COMMAND runs on a terminal of its own, and what that shows goes to standard
output.  At each PROMPT, in this order, ANSWER and a newline are typed; an
ANSWER that begins with @ is done instead: @^C and the like are single keys,
@TERM and the like are signals to COMMAND, and @hangup takes the terminal away.

The exit status is COMMAND's, or 128 and the signal that ended it.
"""

import os
import select
import signal
import sys

PATIENCE = 30


def answer(terminal, pid, text):
    """Do what the person does; False if the terminal is gone by that."""
    if not text.startswith("@"):
        os.write(terminal, text.encode() + b"\n")
    elif text.startswith("@^"):
        os.write(terminal, bytes([ord(text[2]) & 0x1f]))
    elif text == "@hangup":
        os.close(terminal)
        return False
    else:
        os.kill(pid, signal.Signals["SIG" + text[1:]])
    return True


def converse(terminal, pid, talk):
    """Until the command ends; returns what it has shown."""
    seen = since = b""
    while True:
        if not select.select([terminal], [], [], PATIENCE)[0]:
            os.kill(pid, signal.SIGKILL)
            sys.exit(f"no prompt {talk[:1]} in {seen}")
        try:
            data = os.read(terminal, 4096)
        except OSError:
            return seen
        if not data:
            return seen
        seen += data
        since += data
        if talk and talk[0][0].encode() in since:
            since = b""
            if not answer(terminal, pid, talk.pop(0)[1]):
                return seen


def main():
    """Run the command."""
    args = sys.argv[1:]
    dashes = args.index("--")
    talk = list(zip(args[0:dashes:2], args[1:dashes:2]))
    pid, terminal = os.forkpty()
    if pid == 0:
        os.execvp(args[dashes + 1], args[dashes + 1:])
    sys.stdout.write(converse(terminal, pid, talk).decode(errors="replace"))
    sys.stdout.flush()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    sys.exit(status if status >= 0 else 128 - status)


if __name__ == "__main__":
    main()
