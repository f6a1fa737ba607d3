"""One holder at a time: a lock file that the operating system releases even when its holder is killed.

A lock that is only a file that exists outlives a crash and then keeps everybody out; this one cannot.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType
from typing import IO


class FileLock:
    """An exclusive lock on `path`; `acquire` answers at once whether it was got. The file itself stays, empty."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] | None = None

    def acquire(self) -> bool:
        """Return True if the lock is now ours, False if another process or object holds it. Raises OSError."""
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
        except OSError:
            handle.close()
            return False
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
