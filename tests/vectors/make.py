#!/usr/bin/python3
"""Writes the test vectors: make.py [DIRECTORY]

Without one they go beside this file.  The same cases give the same bytes every
time, so that a change of the format shows in what changes here.
"""

import glob
import os
import sys

sys.dont_write_bytecode = True
# The cases register themselves.
# pylint: disable=wrong-import-position,unused-import
import broken           # noqa: E402,F401
import fields           # noqa: E402,F401
import forged           # noqa: E402,F401
import good             # noqa: E402,F401
import vector           # noqa: E402


def main():
    directory = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(
        os.path.abspath(__file__))
    names = {one.name for one in vector.CASES}
    if len(names) != len(vector.CASES):
        sys.exit("two cases have one name")
    for path in glob.glob(os.path.join(directory, "*.vector")):
        os.unlink(path)
    for one in vector.CASES:
        vector.save(directory, one)
    print(f"{len(names)} vectors")


if __name__ == "__main__":
    main()
