"""The one door to the data file: `write()` is one durable transaction, `read()` a consistent look.

When `write()` ends without an exception the rows are on the disk. What goes wrong outside the program – full disk,
read-only folder, another program holding the file – comes out as a sentence that says what to do; nothing is half done.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from bloodbank_desktop.clock import Clock
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.storage.connection import FILE_NAME as FILE_NAME
from bloodbank_desktop.storage.engine import begun, open_engine

#: What `write` and `read` give; operations hand it on and never look inside.
Transaction = Connection

_SENTENCES = (
    ("database or disk is full", "磁盘已满，没有保存；请清理磁盘空间后再按一次保存，已填内容还在", "disk-full"),
    ("disk i/o error", "磁盘写入失败，没有保存；请检查磁盘空间和硬盘状态后再试，已填内容还在", "disk-error"),
    ("readonly database", "资料文件是只读的，没有保存；请信息科检查文件夹权限", "read-only"),
    ("unable to open database", "打不开资料文件，没有保存；请检查资料文件夹是否还在、能否写入", "cannot-open"),
    ("database is locked", "资料文件被另一个程序占用，没有保存；请稍候再试，若反复出现请检查杀毒或备份软件", "locked"),
    ("malformed", "资料文件已损坏，程序已停止写入；请不要删除任何文件，联系信息科用备份恢复", "damaged"),
    (
        "not a database",
        "资料文件无法用本机密钥打开（密钥不符或文件已损坏）；请不要删除任何文件，联系信息科",
        "not-ours",
    ),
)


def as_known(problem: DBAPIError | Exception) -> KnownProblem | None:
    """Return the sentence for an error of the environment, None when it is a bug of ours."""
    words = str(getattr(problem, "orig", None) or problem).lower()
    for part, sentence, code in _SENTENCES:
        if part in words:
            return KnownProblem(sentence, code=code)
    return None


class Store:
    """An open data file. Safe for several threads; each `with` takes a connection of its own."""

    def __init__(self, path: Path, key: bytes, clock: Clock) -> None:
        self.path = path
        self.clock = clock
        self.engine = open_engine(path, key)
        self._watch: Connection | None = None
        # Derived, so that the audit chain and the file cannot be rewritten by the holder of only one of the two.
        self.audit_key = hmac.new(key, b"bloodbank-desktop audit chain", hashlib.sha256).digest()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection inside BEGIN IMMEDIATE; commit at the end, roll back on any exception.

        Raises KnownProblem for what the environment refuses.
        """
        with self._known(), self.engine.connect() as connection, begun(connection, write=True):
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the file. Raises KnownProblem."""
        with self._known(), self.engine.connect() as connection, begun(connection, write=False):
            yield connection

    def change_mark(self) -> int:
        """Return a number that differs after any commit, of this or another process; for one thread only."""
        with self._known():
            if self._watch is None:
                self._watch = self.engine.connect()
            mark = int(self._watch.exec_driver_sql("PRAGMA data_version").scalar_one())
            # A look that stays open sees the same state for ever, and the log could never be folded in.
            self._watch.rollback()
        return mark

    @contextmanager
    def _known(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as problem:
            known = as_known(problem)
            if known is None:
                raise
            raise known from problem

    def close(self) -> None:
        """Close every connection; the write-ahead log is folded into the file by SQLite itself."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        self.engine.dispose()
