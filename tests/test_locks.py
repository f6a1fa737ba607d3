"""A lock has one holder among all processes and objects, and a killed holder does not keep it."""

from __future__ import annotations

import errno
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bloodbank_desktop.locks import FileLock
from tests.faults.words import ROOT, environment

HOLDER = (
    "import sys, pathlib; from bloodbank_desktop.locks import FileLock; "
    "lock = FileLock(pathlib.Path(sys.argv[1])); print(lock.acquire(), flush=True); sys.stdin.read()"
)


def _holder(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment(),
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "True\n"
    return process


def test_one_holder_among_objects(tmp_path: Path) -> None:
    """A second object does not get a held lock, the holder keeps it however often it asks, and release frees it."""
    one, other = FileLock(tmp_path / "锁"), FileLock(tmp_path / "锁")
    assert one.acquire() and one.acquire()
    assert not other.acquire()
    one.release()
    one.release()
    assert other.acquire()
    assert not one.acquire()
    other.release()
    assert (tmp_path / "锁").read_bytes() == b""


@pytest.mark.parametrize("end", ["kill", "end"])
def test_lock_ends_with_its_process(end: str, tmp_path: Path) -> None:
    """A lock held by another process is not got, and is free as soon as that process is gone, killed or not."""
    process = _holder(tmp_path / "lock")
    mine = FileLock(tmp_path / "lock")
    assert not mine.acquire()
    if end == "kill":
        process.kill()
    process.communicate(timeout=30)
    assert mine.acquire()
    mine.release()


def test_waiting_for_a_lock(tmp_path: Path) -> None:
    """Who may wait gets the lock when it is given back, and gives up when it is not."""
    one, other = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert one.acquire()
    assert not other.acquire(0.05)
    timer = threading.Timer(0.1, one.release)
    timer.start()
    with other:
        assert other.acquire(30)
        timer.join()
        assert not one.acquire()
    assert one.acquire()
    one.release()


def test_disk_that_cannot_lock_is_no_holder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is not there, or a disk without locks, is an error and not "somebody else has it"."""
    with pytest.raises(FileNotFoundError):
        FileLock(tmp_path / "none" / "lock").acquire()
    if sys.platform != "win32":
        import fcntl

        def refuse(*_: object) -> None:
            raise OSError(errno.ENOLCK, "No locks available")

        monkeypatch.setattr(fcntl, "flock", refuse)
        with pytest.raises(OSError, match="No locks"):
            FileLock(tmp_path / "lock").acquire()
