"""Start a program that may do less: `python -m tests.faults.handicap WHAT COMMAND…`, on Linux.

WHAT is "obedient" – permissions of files hold even for the superuser that tests often run as – or "disk=N", under which
no file can grow beyond N bytes, as on a full disk.
"""

from __future__ import annotations

import ctypes
import os
import sys

_DROP_FROM_BOUNDING_SET, _DAC_OVERRIDE = 24, 1


def main(what: str, *command: str) -> None:
    """Become the command."""
    if what == "obedient":
        if os.geteuid() == 0 and ctypes.CDLL(None).prctl(_DROP_FROM_BOUNDING_SET, _DAC_OVERRIDE, 0, 0, 0):
            sys.exit("cannot give up the right to write everywhere")
    else:
        import resource

        size = int(what.removeprefix("disk="))
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
