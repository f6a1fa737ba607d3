"""What the site changed in code tables, row by row; the history only grows, which the file itself enforces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, Text, func, insert, literal, select, type_coerce

from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.records.kinds import Choice, Choices
from bloodbank_desktop.records.overlay import Change, Overlay
from bloodbank_desktop.records.wire import canonical
from bloodbank_desktop.storage.table_rows import ALL, change_of, overlay
from bloodbank_desktop.storage.tables import (
    draft_lines,
    drafts,
    lines_table,
    platform_copies,
    record_table,
    revisions,
    stock,
    table_changes,
)

# Built once: every save asks for it.
_MARK = select(func.coalesce(func.max(table_changes.c.seq), 0))


@dataclass(frozen=True)
class Noted:
    """A change with who made it, when and why."""

    change: Change
    at: datetime
    actor: str
    reason: str


def mark(tx: Connection) -> int:
    """Return the number of the last change, 0 before the first."""
    return int(tx.execute(_MARK).scalar_one())


def load(tx: Connection) -> Overlay:
    """Return everything that the site changed."""
    return overlay(tx.exec_driver_sql(ALL))


def history(tx: Connection, table: str | None = None) -> list[Noted]:
    """Return the changes of one table, or of all, oldest first."""
    found = select(table_changes).order_by(table_changes.c.seq)
    if table is not None:
        found = found.where(table_changes.c.table_name == table)
    return [
        Noted(
            change_of(row.seq, row.table_name, row.key, row.act, row.body, row.reverts), row.at, row.actor, row.reason
        )
        for row in tx.execute(found)
    ]


def add(tx: Connection, change: Change, *, at: datetime, actor: str, reason: str) -> None:
    """Append a change under the next number, which `change.seq` must be."""
    body = {"word": change.word, "place": change.place, "facets": dict(change.facets)}
    row = {
        "seq": change.seq,
        "table_name": change.table,
        "key": change.key,
        "act": str(change.act),
        "body": canonical({name: value for name, value in body.items() if value}).decode(),
        "reverts": change.reverts,
        "reason": reason,
        "at": at,
        "actor": actor,
    }
    tx.execute(insert(table_changes), row)


#: The dictionary of products is not chosen from: a bag states a product code, which begins with a key of it.
PRODUCTS, _PRODUCT_CODE = "product", "product_code"
_JSON = ((revisions, "body"), (drafts, "head"), (draft_lines, "body"), (platform_copies, "body"))


def used(tx: Connection, table: str, key: str) -> bool:
    """Return whether any record, former state, draft or copy of the platform holds this key of a table.

    It looks through whole tables, which nobody waits for but the administrator who changes one.
    """
    return any(
        tx.execute(select(literal(1)).select_from(held).where(condition).limit(1)).first() is not None
        for held, condition in _places(table, key)
    )


def _places(table: str, key: str) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    """Yield each table of the file that may hold the key, with what is true of a row that does."""
    for declared in all_records().values():
        parts = (
            (declared, record_table(declared.key)),
            *((of, lines_table(declared.key, f)) for f, of in declared.groups),
        )
        for of, held in parts:
            for f in of.plain:
                column = held.c[f.key]
                if isinstance(f.kind, Choice) and f.kind.table.name == table:
                    yield held, column == key
                elif isinstance(f.kind, Choices) and f.kind.table.name == table:
                    yield held, func.instr(type_coerce(column, Text), f'"{key}"') > 0
                elif table == PRODUCTS and f.key == _PRODUCT_CODE:
                    yield held, column.startswith(key, autoescape=True)
    if table == PRODUCTS:
        yield stock, stock.c.product_code.startswith(key, autoescape=True)
    for held, name in _JSON:
        # A product code has more characters behind the key.
        yield held, func.instr(held.c[name], f'"{key}' if table == PRODUCTS else f'"{key}"') > 0
