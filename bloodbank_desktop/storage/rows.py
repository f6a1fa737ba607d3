"""Records into rows and back, for every module from its declaration; nobody else knows the tables of records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, Select, TextClause, bindparam, insert, select, text, update

from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.declare import LineType, RecordType, Values
from bloodbank_desktop.storage.names import DELETED, ID, REVISION, SEQ, count_column, search_table
from bloodbank_desktop.storage.search import fold, grams
from bloodbank_desktop.storage.tables import lines_table, record_table


@dataclass(frozen=True)
class Row:
    """A record as it lies in the file: its values and what the program notes beside them."""

    seq: int
    record_id: str
    revision: int
    created_at: datetime
    created_by: str
    changed_at: datetime
    changed_by: str
    deleted_at: datetime | None
    values: dict[str, Any]


def searched(declared: RecordType, values: Values) -> list[str]:
    """Return the texts of a record that the search box looks into."""
    texts = [str(values[f.key]) for f in declared.searched if values.get(f.key) is not None]
    for f, of in declared.groups:
        for member in values.get(f.key) or ():
            texts += [str(member[g.key]) for g in of.searched if member.get(g.key) is not None]
    return texts


@cache
def inserts(kind: str) -> tuple[Insert, dict[str, Insert]]:
    """Return the statements for the head and for each group of lines of a module."""
    declared = record_type(kind)
    return insert(record_table(kind)), {f.key: insert(lines_table(kind, f)) for f, _ in declared.groups}


@cache
def index_statement(kind: str) -> TextClause:
    """Return the statement that enters the grams of a head row (`seq`, `grams`) into the search of a module."""
    return text(f"INSERT INTO {search_table(kind)} (rowid, grams) VALUES (:seq, :grams)")


def _content(declared: RecordType, values: Values, texts: Sequence[str]) -> dict[str, Any]:
    head = {f.key: values.get(f.key) for f in declared.plain}
    head["_search"] = "\n".join(fold(part) for part in texts)
    return head | {count_column(f.key): len(values.get(f.key) or ()) for f, _ in declared.groups}


def new_head(
    declared: RecordType, record_id: str, values: Values, texts: Sequence[str], *, at: datetime, actor: str
) -> dict[str, Any]:
    """Return the head row of a new record; `texts` are what `searched` gave."""
    noted = {
        ID: record_id,
        REVISION: 1,
        "_created_at": at,
        "_created_by": actor,
        "_changed_at": at,
        "_changed_by": actor,
        DELETED: None,
    }
    return _content(declared, values, texts) | noted


def line_rows(of: LineType, seq: int, members: Sequence[Values]) -> list[dict[str, Any]]:
    """Return the rows of the lines of one group."""
    keys = [g.key for g in of.plain]
    return [
        {"_head": seq, "_position": index} | {key: member.get(key) for key in keys}
        for index, member in enumerate(members, start=1)
    ]


def add(tx: Connection, kind: str, record_id: str, values: Values, *, at: datetime, actor: str) -> int:
    """Insert a new record with its lines and search grams; return its row number."""
    declared = record_type(kind)
    texts = searched(declared, values)
    head_insert, _ = inserts(kind)
    head = new_head(declared, record_id, values, texts, at=at, actor=actor)
    made = tx.execute(head_insert, head).inserted_primary_key
    assert made is not None
    seq = int(made[0])
    _add_rest(tx, declared, seq, values, texts)
    return seq


def _add_rest(tx: Connection, declared: RecordType, seq: int, values: Values, texts: Sequence[str]) -> None:
    _, line_inserts = inserts(declared.key)
    for f, of in declared.groups:
        if members := values.get(f.key):
            tx.execute(line_inserts[f.key], line_rows(of, seq, members))
    tx.execute(index_statement(declared.key), {"seq": seq, "grams": grams(texts)})


def change(tx: Connection, kind: str, row: Row, values: Values, *, at: datetime, actor: str) -> int:
    """Put new values in place of a record's; return the new revision number."""
    declared = record_type(kind)
    head = record_table(kind)
    texts = searched(declared, values)
    changed = _content(declared, values, texts)
    changed |= {REVISION: row.revision + 1, "_changed_at": at, "_changed_by": actor, DELETED: None}
    tx.execute(update(head).where(head.c[SEQ] == row.seq).values(changed))
    for f, _ in declared.groups:
        members = lines_table(kind, f)
        tx.execute(members.delete().where(members.c["_head"] == row.seq))
    tx.execute(text(f"DELETE FROM {search_table(kind)} WHERE rowid = :seq"), {"seq": row.seq})
    _add_rest(tx, declared, row.seq, values, texts)
    return row.revision + 1


def remove(tx: Connection, kind: str, row: Row, *, at: datetime, actor: str) -> int:
    """Mark a record as deleted: it leaves lists and search, and stays in the file (临床输血技术规范第二十条)."""
    head = record_table(kind)
    tx.execute(
        update(head)
        .where(head.c[SEQ] == row.seq)
        .values({DELETED: at, REVISION: row.revision + 1, "_changed_at": at, "_changed_by": actor})
    )
    tx.execute(text(f"DELETE FROM {search_table(kind)} WHERE rowid = :seq"), {"seq": row.seq})
    return row.revision + 1


@cache
def _by_id(kind: str) -> tuple[Select[Any], dict[str, Select[Any]]]:
    head = record_table(kind)
    members = {}
    for f, _ in record_type(kind).groups:
        of = lines_table(kind, f)
        members[f.key] = select(of).where(of.c["_head"] == bindparam("seq")).order_by(of.c["_position"])
    return select(head).where(head.c[ID] == bindparam("id")), members


def find(tx: Connection, kind: str, record_id: str) -> Row | None:
    """Return the record with this id, deleted or not; None when there is none."""
    one, members = _by_id(kind)
    found = tx.execute(one, {"id": record_id}).mappings().first()
    if found is None:
        return None
    declared = record_type(kind)
    values: dict[str, Any] = {f.key: found[f.key] for f in declared.plain}
    for f, of in declared.groups:
        keys = [g.key for g in of.plain]
        rows = tx.execute(members[f.key], {"seq": found[SEQ]}).mappings()
        values[f.key] = tuple({key: row[key] for key in keys} for row in rows)
    return row_of(found, values)


def row_of(found: Mapping[Any, Any], values: dict[str, Any]) -> Row:
    """Return the Row of a head row and the values read from it."""
    return Row(
        found[SEQ],
        found[ID],
        found[REVISION],
        found["_created_at"],
        found["_created_by"],
        found["_changed_at"],
        found["_changed_by"],
        found[DELETED],
        values,
    )
