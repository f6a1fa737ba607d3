"""SQLAlchemy on the connections of storage.connection: a pool of them, and every transaction begun explicitly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as driver
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from bloodbank_desktop.storage.connection import connect_raw as connect_raw
from bloodbank_desktop.storage.connection import refuse_wal_reset_bug as refuse_wal_reset_bug


def open_engine(path: Path, key: bytes) -> Engine:
    """Return an engine on the file; `write` in the execution options of a connection begins IMMEDIATE."""
    engine = create_engine(
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

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        # A transaction that reads first and writes later fails at once with BUSY_SNAPSHOT whatever the timeout.
        immediate = connection.get_execution_options().get("write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine
