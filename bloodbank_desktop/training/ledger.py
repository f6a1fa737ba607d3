"""The file of the platform: outcomes by key, records, bags and the change feed, written together or not at all.

Sequence numbers of the feed are allotted inside the one writing transaction, so their order is the order of commits: a
reader that saw number n can never be shown a smaller one later. The file is plain SQLite: it holds training data only.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlcipher3 import dbapi2

from bloodbank_desktop.errors import KnownProblem

META = sa.MetaData()
#: Names and texts: "epoch"; "horizon", the feed number before which cursors have expired.
SETTING = sa.Table("setting", META, sa.Column("name", sa.Text, primary_key=True), sa.Column("value", sa.Text))
OUTCOME = sa.Table(
    "outcome",
    META,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("incarnation", sa.Text, nullable=False),
    sa.Column("dseq", sa.Integer, nullable=False),
    sa.Column("device", sa.Text, nullable=False),
    sa.Column("module", sa.Text, nullable=False),
    sa.Column("op", sa.Text, nullable=False),
    sa.Column("record_id", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("occurred_at", sa.Text, nullable=False),
    sa.Column("clock_offset_ms", sa.Integer, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("version", sa.Integer),
    sa.Column("problem", sa.Text),
    sa.Column("at", sa.Text, nullable=False),
    sa.Index("outcome_dseq", "incarnation", "dseq", unique=True),
    sqlite_with_rowid=False,
)
#: The newest state of a record; body and answer lie in the change `seq`.
RECORD = sa.Table(
    "record",
    META,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("module", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("deleted", sa.Boolean, nullable=False),
    sa.Column("writer", sa.Text, nullable=False),
    sa.Column("bucket", sa.Text, nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("answer_no", sa.Integer, nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Index("record_module", "module", "id"),
    sqlite_with_rowid=False,
)
BAG = sa.Table(
    "bag",
    META,
    sa.Column("bag", sa.Text, primary_key=True),
    sa.Column("record_id", sa.Text, nullable=False),
    sa.Column("gone_by", sa.Text),
    sqlite_with_rowid=False,
)
CHANGE = sa.Table(
    "change",
    META,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("module", sa.Text, nullable=False),
    sa.Column("id", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("deleted", sa.Boolean, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("answer_no", sa.Integer, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
)
#: Photos and scanned papers, which bodies name by their SHA-256.
FILE = sa.Table(
    "file",
    META,
    sa.Column("sha256", sa.Text, primary_key=True),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
)
SNAPSHOT = sa.Table(
    "snapshot",
    META,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("module", sa.Text, nullable=False),
    sa.Column("epoch", sa.Text, nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
)
DEVICE = sa.Table(
    "device",
    META,
    sa.Column("incarnation", sa.Text, primary_key=True),
    sa.Column("device", sa.Text, nullable=False),
    sa.Column("acked", sa.Integer, nullable=False),
    sa.Column("hwm", sa.Integer, nullable=False),
    sa.Column("heard_at", sa.Text, nullable=False),
)
COUNTER = sa.Table(
    "counter", META, sa.Column("name", sa.Text, primary_key=True), sa.Column("value", sa.Integer, nullable=False)
)

Row = Mapping[str, Any]


def _among(column: sa.Column[Any]) -> sa.ColumnElement[bool]:
    """One statement for any number of keys: they travel as one JSON parameter."""
    values = sa.func.json_each(sa.bindparam("keys")).table_valued("value")
    return column.in_(sa.select(values.c.value))


_KEYS = {OUTCOME.name: OUTCOME.c.key, RECORD.name: RECORD.c.id, BAG.name: BAG.c.bag}
_FIND = {name: sa.select(key.table).where(_among(key)) for name, key in _KEYS.items()}


class Ledger:
    """One open file, made if need be. Methods may be called from any thread; writers wait for each other.

    Raises KnownProblem "training-file" for a file that is something else.
    """

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self.file = file
        self._writing = threading.Lock()
        # The SQLite that comes with Python may still lose commits in WAL mode (WAL-reset bug, SQLite before 3.51.3);
        # the one inside this driver does not, and without a key its files are plain.
        self.engine = sa.create_engine(
            sa.URL.create("sqlite", database=str(file)), module=dbapi2, connect_args={"timeout": 30}, pool_size=16
        )
        sa.event.listen(self.engine, "connect", _connected)
        sa.event.listen(self.engine, "begin", _begun)
        try:
            with self.write() as connection:
                META.create_all(connection)
                connection.execute(
                    upsert(SETTING).on_conflict_do_nothing(),
                    [{"name": "epoch", "value": str(uuid.uuid4())}, {"name": "horizon", "value": "0"}],
                )
        except sa.exc.DatabaseError as problem:
            self.close()
            raise KnownProblem(
                f"{file} 不能用作训练平台的资料文件，程序没有改动它；请换一个文件名（--db）", code="training-file"
            ) from problem

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Give the one writing transaction; it commits at the end of the block and rolls back at an exception."""
        with self._writing, self.engine.execution_options(write=True).begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Give a transaction that sees one moment of the file."""
        with self.engine.begin() as connection:
            yield connection

    def copy_to(self, file: Path) -> None:
        """Write a whole copy of the present state, as a backup would. Raises OperationalError if the file exists."""
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM INTO ?", (str(file),))

    def restore_from(self, file: Path) -> None:
        """Return to the state of a copy, in one transaction, under a new epoch: what came after it is lost."""
        with self._writing, self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ATTACH ? AS copy", (str(file),))
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                for table in META.sorted_tables:
                    connection.exec_driver_sql(f"DELETE FROM main.{table.name}")
                    connection.exec_driver_sql(f"INSERT INTO main.{table.name} SELECT * FROM copy.{table.name}")
                set_setting(connection, "epoch", str(uuid.uuid4()))
                connection.exec_driver_sql("COMMIT")
            finally:
                connection.exec_driver_sql("DETACH copy")


def _connected(connection: Any, _: Any) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


def _begun(connection: sa.Connection) -> None:
    options = connection.get_execution_options()
    if options.get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("write") else "BEGIN")


def setting(connection: sa.Connection, name: str) -> str:
    """Return one of the settings of the file."""
    return str(connection.scalar(sa.select(SETTING.c.value).where(SETTING.c.name == name)))


def set_setting(connection: sa.Connection, name: str, value: str) -> None:
    """Change one of the settings of the file."""
    connection.execute(sa.update(SETTING).where(SETTING.c.name == name).values(value=value))


def find(connection: sa.Connection, table: sa.Table, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the rows of OUTCOME, RECORD or BAG with those primary keys, by key."""
    wanted = list(keys)
    if not wanted:
        return {}
    rows = connection.execute(_FIND[table.name], {"keys": json.dumps(wanted)}).mappings()
    return {row[_KEYS[table.name]]: dict(row) for row in rows}


def add_file(connection: sa.Connection, sha256: str, media_type: str, content: bytes, at: str) -> None:
    """Keep a file; one that is here already stays as it is."""
    row = {"sha256": sha256, "media_type": media_type, "size": len(content), "content": content, "at": at}
    connection.execute(upsert(FILE).on_conflict_do_nothing(), row)


def file(connection: sa.Connection, sha256: str) -> tuple[str, bytes] | None:
    """Return type and content of a file, None if it is not here."""
    found = connection.execute(sa.select(FILE.c.media_type, FILE.c.content).where(FILE.c.sha256 == sha256)).first()
    return None if found is None else (found.media_type, bytes(found.content))


def lacking(connection: sa.Connection, names: Iterable[str]) -> set[str]:
    """Return those of these files that are not here."""
    wanted = set(names)
    if not wanted:
        return set()
    here = sa.select(FILE.c.sha256).where(_among(FILE.c.sha256))
    return wanted - set(connection.execute(here, {"keys": json.dumps(sorted(wanted))}).scalars())


def last_seq(connection: sa.Connection) -> int:
    """Return the number of the newest change, 0 if there is none."""
    return int(connection.scalar(sa.select(sa.func.coalesce(sa.func.max(CHANGE.c.seq), 0))) or 0)


def counter(connection: sa.Connection, name: str) -> int:
    """Return the last number of a counter, 0 if it was never used."""
    return int(connection.scalar(sa.select(COUNTER.c.value).where(COUNTER.c.name == name)) or 0)


def put(connection: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Insert rows, or replace those with the same primary key, by one statement."""
    _insert(connection, table, "INSERT OR REPLACE", rows)


def add(connection: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Insert rows by one statement. Raises IntegrityError where a primary key is taken."""
    _insert(connection, table, "INSERT", rows)


def _insert(connection: sa.Connection, table: sa.Table, verb: str, rows: Sequence[Row]) -> None:
    if rows:
        names = table.columns.keys()
        marks = ", ".join("?" * len(names))
        # Handed to the driver as they are: hundreds of rows a call, with nothing in them to convert.
        connection.exec_driver_sql(
            f"{verb} INTO {table.name} ({', '.join(names)}) VALUES ({marks})",
            [tuple(row[name] for name in names) for row in rows],
        )


def acknowledge(connection: sa.Connection, incarnation: str, device: str, hwm: int, at: str) -> int:
    """Note that a device was heard of; return up to which dseq its final outcomes have no gap."""
    row = connection.execute(
        sa.select(DEVICE.c.acked, DEVICE.c.hwm).where(DEVICE.c.incarnation == incarnation)
    ).one_or_none()
    acked = start = row.acked if row else 0
    numbers = sa.select(OUTCOME.c.dseq).where(OUTCOME.c.incarnation == incarnation).order_by(OUTCOME.c.dseq)
    while True:
        page = connection.scalars(numbers.where(OUTCOME.c.dseq > acked).limit(1000)).all()
        for dseq in page:
            if dseq != acked + 1:
                break
            acked = dseq
        if acked == start or len(page) < 1000 or page[-1] != acked:
            break
        start = acked
    heard = {"incarnation": incarnation, "device": device, "acked": acked, "heard_at": at}
    put(connection, DEVICE, [{**heard, "hwm": max(hwm, row.hwm if row else 0)}])
    return acked
