"""Opened copies of files do not outlive the program: not its end, and not its death beyond the next start."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bloodbank_desktop.forms import viewing
from bloodbank_desktop.locks import FileLock

_LIFE = """
from bloodbank_desktop.forms import viewing
(viewing.folder() / "copy.pdf").write_bytes(b"%PDF-1.7")
print(viewing.folder(), flush=True)
input()
"""


@contextmanager
def viewer(place: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Give a process that has opened a copy, and its folder; it ends when it is sent a line."""
    environment = {**os.environ, "TMPDIR": str(place), "TEMP": str(place), "TMP": str(place), "PYTHONUTF8": "1"}
    command = [sys.executable, "-c", _LIFE]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8", env=environment
    ) as process:
        try:
            assert process.stdout is not None
            yield process, Path(process.stdout.readline().strip())
        finally:
            process.kill()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files."""
    found = tmp_path / "临时 文件"
    found.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(found))
    return found


def test_copies_go_when_the_program_ends(place: Path) -> None:
    """A program that ends as it should leaves nothing."""
    with viewer(place) as (process, folder):
        assert (folder / "copy.pdf").is_file() and folder.parent == place
        process.communicate("\n", timeout=30)
    assert process.returncode == 0 and list(place.iterdir()) == []


def test_copies_of_a_killed_program_go_with_the_next_start(place: Path) -> None:
    """After a kill the copies lie there until a program starts; those of a program that runs are left alone."""
    with viewer(place) as (killed, left):
        killed.kill()
        killed.wait()
    assert (left / "copy.pdf").is_file()
    with viewer(place) as (_, used):
        assert viewing.sweep() == 1
        assert not left.exists() and (used / "copy.pdf").is_file()
        assert viewing.sweep() == 0


def test_what_is_not_ours_stays(place: Path) -> None:
    """A folder without our lock, a file of that name and other folders are not touched."""
    (place / f"{viewing.PREFIX}strange").mkdir()
    (place / f"{viewing.PREFIX}strange" / "letter.pdf").write_bytes(b"1")
    (place / f"{viewing.PREFIX}file").write_bytes(b"2")
    (place / "other").mkdir()
    held = place / f"{viewing.PREFIX}held"
    held.mkdir()
    with FileLock(held / "in-use") as lock:
        assert lock.acquire() and viewing.sweep() == 0
    assert len(list(place.iterdir())) == 4 and (place / f"{viewing.PREFIX}strange" / "letter.pdf").is_file()
