"""The newest rows of a list by bare statements: what the window shows while the other storage rooms are still loading.

The same rows as `storage.lists` gives for a list that nobody searched, filtered or sorted; a test holds the two
together for every module.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from bloodbank_desktop.clock import from_utc_text
from bloodbank_desktop.records import kinds
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.kinds import Kind
from bloodbank_desktop.storage.listing import ListRow
from bloodbank_desktop.storage.names import DELETED, ID, REVISION, SEQ, count_column
from bloodbank_desktop.storage.upload_states import settled, worst

_AMONG = "record_id IN (SELECT value FROM json_each(?))"


def _stored(kind: Kind) -> Callable[[Any], Any]:
    """Return how a value lies in a column, read back; the columns of the schema do the same."""
    if isinstance(kind, kinds.Number):
        return lambda value: Decimal(value).scaleb(-kind.places)
    ways: dict[str, Callable[[Any], Any]] = {
        "text": str,
        "day": date.fromisoformat,
        "moment": from_utc_text,
        "flag": bool,
        "json": lambda value: tuple(json.loads(value)),
    }
    return ways[kind.column]


def first_rows(connection: Any, kind: str, limit: int = 100) -> tuple[int, list[ListRow]]:
    """Return how many records a module has and the newest of them. Raises driver.Error."""
    declared = record_type(kind)
    ways = {f.key: _stored(f.kind) for f in declared.columns}
    counts = {f.key: count_column(f.key) for f, _ in declared.groups}
    # Quoted, because a field may bear the name of a word of SQL.
    names = ", ".join(f'"{name}"' for name in (ID, REVISION, *ways, *counts.values()))
    # One look at one state of the file.
    connection.execute("BEGIN")
    try:
        (total,) = connection.execute(
            f"SELECT coalesce(max({SEQ}), 0) - (SELECT count(*) FROM {kind} WHERE {DELETED} IS NOT NULL) FROM {kind}"
        ).fetchone()
        found = connection.execute(
            f"SELECT {names} FROM {kind} WHERE {DELETED} IS NULL ORDER BY {SEQ} DESC LIMIT ?", (limit,)
        ).fetchall()
        ids = json.dumps([row[0] for row in found])
        states = worst(connection.execute(f"SELECT record_id, state FROM outbox WHERE {_AMONG}", (ids,)))
        said = {}
        if declared.answer is not None and "state" in declared.answer.fields:
            query = f"SELECT record_id, json_extract(answer, '$.state') FROM platform_copies WHERE {_AMONG}"
            said = {
                record_id: state for record_id, state in connection.execute(query, (ids,)) if isinstance(state, str)
            }
    finally:
        connection.execute("COMMIT")
    rows, none = [], settled(declared.travels)
    for record_id, revision, *rest in found:
        values = {key: None if raw is None else way(raw) for (key, way), raw in zip(ways.items(), rest, strict=False)}
        lines = dict(zip(counts, rest[len(ways) :], strict=True))
        state = states.get(record_id, none)
        rows.append(ListRow(record_id, revision, values, state, lines, said.get(record_id, "")))
    return int(total), rows
