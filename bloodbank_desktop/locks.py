"""One holder at a time: a lock file that the operating system releases even when its holder is killed.

A lock that is only a file that exists outlives a crash and then keeps everybody out; this one cannot.
"""

from __future__ import annotations

import errno
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import IO

#: What the systems say of a lock that somebody else holds; anything else is a disk that cannot lock.
_HELD = {errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK}


class FileLock:
    """An exclusive lock on `path`; `acquire` answers whether it was got. The file itself stays, empty."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] | None = None

    def acquire(self, seconds: float = 0.0) -> bool:
        """Return True if the lock is now ours, False if another process or object still holds it after `seconds`.

        Raises OSError when the file cannot be made or the disk cannot lock.
        """
        ends = time.monotonic() + seconds
        while not self._got():
            if time.monotonic() >= ends:
                return False
            time.sleep(0.02)
        return True

    def _got(self) -> bool:
        if self._file is not None:
            return True
        handle = self.path.open("a+b")
        try:
            if sys.platform == "win32":
                import msvcrt

                handle.seek(0)
                msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(handle.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            handle.close()
            if problem.errno in _HELD:
                return False
            raise
        self._file = handle
        return True

    def release(self) -> None:
        """Give the lock back; without effect when it is not held."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> FileLock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
