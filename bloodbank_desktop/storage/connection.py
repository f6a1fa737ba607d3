"""A connection to the data file so that a commit that returned is on the disk; every file that cannot promise it is refused.

SQLCipher with a raw 256-bit key, WAL, synchronous=FULL. A wrong key and a damaged file look the same to SQLite; neither
is ever answered with a new, empty file over the old one. Nothing here needs SQLAlchemy, which takes longer to load than
the whole window.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as driver

from bloodbank_desktop.errors import KnownProblem

FILE_NAME = "bloodbank.db"
Version = tuple[int, int, int]

#: https://sqlite.org/wal.html#walresetbug – with two connections, committed writes can be lost.
_BUG_FIRST: Version = (3, 7, 0)
_BUG_FIXED: Version = (3, 51, 3)
_BACKPORTED: tuple[tuple[Version, Version], ...] = (((3, 44, 6), (3, 45, 0)), ((3, 50, 7), (3, 51, 0)))

_PRAGMAS = (
    "PRAGMA cipher_log_level = NONE",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 5000",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA cache_size = -65536",
)


def refuse_wal_reset_bug(version: Version) -> None:
    """Raise KnownProblem if this SQLite can lose committed writes in WAL mode."""
    mended = any(first <= version < end for first, end in _BACKPORTED)
    if _BUG_FIRST <= version < _BUG_FIXED and not mended:
        raise KnownProblem(
            f"本机的数据库组件 SQLite {'.'.join(map(str, version))} 有已知缺陷，可能丢失已保存的记录，"
            "程序不会用它打开资料；请安装本程序的完整安装包",
            code="sqlite-too-old",
        )


def connect_raw(path: Path, key: bytes) -> Any:
    """Return a bare driver connection to an existing or new file, keyed and set up. Raises driver.Error."""
    refuse_wal_reset_bug(driver.sqlite_version_info)
    connection = driver.connect(str(path), timeout=5.0, isolation_level=None, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        for pragma in _PRAGMAS:
            connection.execute(pragma).fetchall()
        mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    except BaseException:
        connection.close()
        raise
    if mode != "wal":
        connection.close()
        raise KnownProblem(
            f"资料目录 {path.parent} 不支持安全写入（可能是网络盘或只读目录），请放到本机硬盘上", code="no-wal"
        )
    return connection


def version_untouched(path: Path, key: bytes) -> int:
    """Return the step number of a file, 0 for none, before anything of it is changed, be it the journal mode.

    Raises driver.Error, OSError.
    """
    # SQLite takes an empty file for a new database and would write into it.
    if path.stat().st_size < 4096:
        return 0
    refuse_wal_reset_bug(driver.sqlite_version_info)
    connection = driver.connect(str(path), timeout=5.0, isolation_level=None)
    try:
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        connection.execute("PRAGMA cipher_log_level = NONE").fetchall()
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
    finally:
        connection.close()
