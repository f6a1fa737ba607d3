"""Drafts: what a person has typed or scanned and not yet registered, durable in the same encrypted file.

A draft may be wrong in every field; it is kept as it stands, including text that is not a value, and never guessed at.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select
from sqlalchemy.dialects.sqlite import insert

from bloodbank_desktop.records import kinds
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.declare import LineType, Values
from bloodbank_desktop.records.kinds import Unreadable
from bloodbank_desktop.storage import rows
from bloodbank_desktop.storage.tables import draft_lines, drafts


@dataclass(frozen=True)
class Draft:
    """An unfinished record; `texts` holds what was typed into a field and is not (yet) a value.

    `amends` tells that a record with this id exists, so that this is a change of it and not a new one.
    """

    id: str
    kind: str
    values: dict[str, Any]
    texts: dict[str, str]
    line_ids: dict[str, tuple[str, ...]]
    opened_at: datetime
    updated_at: datetime
    actor: str
    amends: bool


def _dump(declared: LineType, values: Values) -> str:
    whole = {f.key: f.kind.to_wire(values[f.key]) for f in declared.plain if values.get(f.key) is not None}
    return json.dumps(whole, ensure_ascii=False)


def _load(declared: LineType, text: str) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for key, wire in json.loads(text).items():
        f = declared.fields.get(key)
        if f is None or isinstance(f.kind, kinds.Lines):
            continue
        try:
            whole[key] = f.kind.from_wire(wire)
        except Unreadable:
            # A value that became invalid since (a table changed) is shown as it was, for a person to decide.
            whole[key] = wire
    return whole


_DRAFT = insert(drafts)
_LINE = insert(draft_lines)
#: One statement each, built once: a line is kept between two scans.
_KEEP_HEAD = _DRAFT.on_conflict_do_update(
    index_elements=["id"], set_={name: _DRAFT.excluded[name] for name in ("head", "texts", "updated_at", "actor")}
)
_TOUCH = _DRAFT.on_conflict_do_update(
    index_elements=["id"], set_={name: _DRAFT.excluded[name] for name in ("updated_at", "actor")}
)
_AT_THE_END = select(func.coalesce(func.max(draft_lines.c.position), 0) + 1).where(
    draft_lines.c.draft_id == bindparam("of_draft")
)
_KEEP_LINE = _LINE.values(position=_AT_THE_END.scalar_subquery()).on_conflict_do_update(
    index_elements=["id"],
    set_={"body": _LINE.excluded.body},
    where=draft_lines.c.draft_id == _LINE.excluded.draft_id,
)


def keep_head(
    tx: Connection, kind: str, draft_id: str, head: Values, texts: Mapping[str, str], *, at: datetime, actor: str
) -> None:
    """Keep the header of a draft, new or known."""
    row = _new(kind, draft_id, at, actor)
    row |= {"head": _dump(record_type(kind), head), "texts": json.dumps(dict(texts), ensure_ascii=False)}
    tx.execute(_KEEP_HEAD, row)


def touch(tx: Connection, kind: str, draft_id: str, *, at: datetime, actor: str) -> None:
    """Make sure that a draft exists, without changing what its header says."""
    tx.execute(_TOUCH, _new(kind, draft_id, at, actor))


def _new(kind: str, draft_id: str, at: datetime, actor: str) -> dict[str, Any]:
    empty = {"head": "{}", "texts": "{}"}
    return {**empty, "id": draft_id, "kind": kind, "opened_at": at, "updated_at": at, "actor": actor}


def type_of_lines(kind: str, lines_key: str) -> LineType:
    """Return the type of the lines of one lines field of a module."""
    return next(of for f, of in record_type(kind).groups if f.key == lines_key)


def keep_line(tx: Connection, kind: str, draft_id: str, lines_key: str, line_id: str, values: Values) -> None:
    """Keep one line of a draft, new (at the end) or known (in its place)."""
    of = type_of_lines(kind, lines_key)
    row = {"id": line_id, "draft_id": draft_id, "lines_key": lines_key, "body": _dump(of, values), "of_draft": draft_id}
    if not tx.execute(_KEEP_LINE, row).rowcount:
        raise ValueError(f"line {line_id} belongs to another draft")


def drop_line(tx: Connection, draft_id: str, line_id: str) -> None:
    """Remove one line of a draft."""
    tx.execute(delete(draft_lines).where(draft_lines.c.id == line_id, draft_lines.c.draft_id == draft_id))


_DROP = delete(drafts).where(drafts.c.id == bindparam("draft_id"))


def drop(tx: Connection, draft_id: str) -> None:
    """Remove a draft; its lines go with it (ON DELETE CASCADE)."""
    tx.execute(_DROP, {"draft_id": draft_id})


def kind_of(tx: Connection, draft_id: str) -> str | None:
    """Return the module of a draft, None if there is no such draft."""
    return tx.execute(select(drafts.c.kind).where(drafts.c.id == draft_id)).scalar()


def load(tx: Connection, kind: str | None = None, draft_id: str | None = None) -> list[Draft]:
    """Return drafts, the newest first; of one module, or the one with this id, or all."""
    statement = select(drafts).order_by(drafts.c.updated_at.desc())
    if kind is not None:
        statement = statement.where(drafts.c.kind == kind)
    if draft_id is not None:
        statement = statement.where(drafts.c.id == draft_id)
    return [_whole(tx, found) for found in tx.execute(statement).all()]


def _whole(tx: Connection, found: Any) -> Draft:
    declared = record_type(found.kind)
    amends = rows.find(tx, found.kind, found.id) is not None
    groups = {f.key: of for f, of in declared.groups}
    values = _load(declared, found.head)
    line_ids: dict[str, tuple[str, ...]] = {key: () for key in groups}
    values.update({key: () for key in groups})
    statement = select(draft_lines).where(draft_lines.c.draft_id == found.id).order_by(draft_lines.c.position)
    for row in tx.execute(statement).all():
        values[row.lines_key] += (_load(groups[row.lines_key], row.body),)
        line_ids[row.lines_key] += (row.id,)
    return Draft(
        found.id,
        found.kind,
        values,
        json.loads(found.texts),
        line_ids,
        found.opened_at,
        found.updated_at,
        found.actor,
        amends,
    )
