"""Copies of files that were opened to be looked at: they lie unencrypted in a temporary folder and must not stay there.

The folder goes when the program ends. A program that was killed leaves it behind, and the next start removes it; whether
its owner still runs is told by a lock that the operating system releases, because another profile may be open beside.
"""

from __future__ import annotations

import atexit
import contextlib
import shutil
import tempfile
from functools import cache
from pathlib import Path

from bloodbank_desktop.locks import FileLock

PREFIX = "bloodbank-view-"
_LOCK = "in-use"


@cache
def folder() -> Path:
    """Return the folder of this process, made with the first call and removed at its end. Raises OSError."""
    while True:
        made = Path(tempfile.mkdtemp(prefix=PREFIX))
        lock = FileLock(made / _LOCK)
        # A program that starts at this very moment may have taken it for one that was left behind.
        if lock.acquire():
            atexit.register(_remove, lock)
            return made


def sweep() -> int:
    """Remove what programs that no longer run have left behind; return how many folders are gone."""
    gone = 0
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        lock = FileLock(left / _LOCK)
        # A folder of somebody else, or one that disappears meanwhile, is none of our business.
        with contextlib.suppress(OSError):
            if lock.path.is_file() and not left.is_symlink() and lock.acquire():
                _remove(lock)
                gone += not left.exists()
    return gone


def _remove(lock: FileLock) -> None:
    """Remove the folder of a lock that is ours; where a copy is still open elsewhere, the lock stays for the next start."""
    place = lock.path.parent
    for path in place.iterdir():
        if path != lock.path:
            with contextlib.suppress(OSError):
                path.unlink()
    # An open file cannot be removed everywhere, and the lock is one.
    lock.release()
    if [path.name for path in place.iterdir()] == [_LOCK]:
        shutil.rmtree(place, ignore_errors=True)
