"""SQLAlchemy on the connections of storage.connection: a pool of them, and every transaction begun explicitly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlcipher3.dbapi2 as driver
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.pool import QueuePool

from bloodbank_desktop.storage.connection import connect_raw as connect_raw
from bloodbank_desktop.storage.connection import refuse_wal_reset_bug as refuse_wal_reset_bug


def open_engine(path: Path, key: bytes) -> Engine:
    """Return an engine on the file; its transactions are begun with `begun`."""
    return create_engine(
        "sqlite://",
        creator=lambda: connect_raw(path, key),
        module=driver,
        poolclass=QueuePool,
        # The connection used last has the pages of the list in its cache.
        pool_use_lifo=True,
        pool_size=6,
        max_overflow=10,
        pool_reset_on_return=None,
        # The text of an error must not bear what was to be written: a patient, or what proves a password.
        hide_parameters=True,
    )


@contextmanager
def begun(connection: Connection, *, write: bool) -> Iterator[Connection]:
    """Give the connection inside a transaction; commit at the end, roll back on any exception.

    A transaction that reads first and writes later fails at once with BUSY_SNAPSHOT whatever the timeout, hence `write`.
    """
    with connection.begin():
        # Not in an event of the engine: a single listener makes every statement look for listeners.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
        yield connection
