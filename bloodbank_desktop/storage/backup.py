"""A backup is a file that has been opened and read again; until then it is a hope.

`VACUUM INTO` copies a consistent state, still encrypted with the same key; copying a live file with its log does not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.storage.connection import connect_raw

KEEP = 7


def folder_of(path: Path) -> Path:
    """Return the folder of the backups of a data file."""
    return path.parent / "backups"


def make(connection: Any, path: Path, key: bytes, *, label: str) -> Path:
    """Write and verify a backup named after `label`; return its path. Raises KnownProblem; never overwrites one."""
    folder = folder_of(path)
    try:
        folder.mkdir(exist_ok=True)
        number = 1
        while (target := folder / f"{path.stem}-{label}-{number:03d}.db").exists():
            number += 1
        fresh = target.with_suffix(".part")
        fresh.unlink(missing_ok=True)
        try:
            connection.execute("VACUUM INTO ?", (str(fresh),))
            _verify(fresh, key)
        except Exception:
            fresh.unlink(missing_ok=True)
            raise
        fresh.rename(target)
    except Exception as problem:
        raise KnownProblem(
            f"备份没有做成（{folder}），所以没有继续；请检查磁盘空间和权限后重新启动", code="backup-failed"
        ) from problem
    return target


def _verify(path: Path, key: bytes) -> None:
    copy = connect_raw(path, key)
    try:
        if (
            copy.execute("PRAGMA cipher_integrity_check").fetchall()
            or copy.execute("PRAGMA quick_check").fetchone()[0] != "ok"
        ):
            raise ValueError("the copy does not read back")
        # Leaves one file behind instead of three.
        copy.execute("PRAGMA journal_mode = DELETE")
    finally:
        copy.close()


def thin_out(path: Path, *, label: str, keep: int = KEEP) -> None:
    """Remove the oldest backups of a label beyond the newest `keep`."""
    for old in sorted(folder_of(path).glob(f"{path.stem}-{label}-*.db"))[:-keep]:
        old.unlink(missing_ok=True)
