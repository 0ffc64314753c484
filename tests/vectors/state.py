"""The state file of pawl-vault(5)."""

import struct

from read import want, want_zero

MARKS, MARK, HEADER = 512, 64, 64


def read_mark(data, slot):
    """A mark, or None if it is free."""
    (pid, event, prompt, zero, real, boot, entry, zero_2) = struct.unpack(
        "<III4sQQ16s16s", data)
    if pid == 0:
        return None
    want(slot // 8 == pid % 64, f"mark {slot} is of process {pid}")
    want(event in (1, 2), f"mark {slot}: event {event}")
    want_zero(zero + zero_2, f"mark {slot}: reserved space")
    return {"pid": pid, "event": event, "prompt": prompt, "real": real,
            "boot": boot, "entry": entry.hex()}


def read_state(data):
    """Generation, MAC, what is drained, and marks."""
    want(len(data) == HEADER + MARKS * MARK, f"state of {len(data)} bytes")
    magic, generation, mac, drained, zero = struct.unpack_from(
        "<8sQ32sQ8s", data)
    want(magic == b"PAWLSTA1", "no magic of a state file", "format")
    want_zero(zero, "reserved space of the state file")
    marks = [read_mark(data[at:at + MARK], i) for i, at in enumerate(
        range(HEADER, len(data), MARK))]
    return {"generation": generation, "mac": mac.hex(), "drained": drained,
            "marks": [mark for mark in marks if mark]}
