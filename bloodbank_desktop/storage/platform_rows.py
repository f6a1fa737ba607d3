"""What the platform last said of a record – version, answer, its own copy – beside our record, never over it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, text
from sqlalchemy.dialects.sqlite import insert

from bloodbank_desktop.storage.columns import Moment
from bloodbank_desktop.storage.tables import cursors, platform_copies


@dataclass(frozen=True)
class PlatformCopy:
    """The platform's state of one record; `body` is its wire body where it differs from ours or was pulled."""

    record_id: str
    kind: str
    version: int
    deleted: bool
    body: dict[str, Any] | None
    answer: dict[str, Any]
    at: datetime
    answer_no: int = 0


@dataclass(frozen=True)
class Cursor:
    """How far a feed has been read; all None before the first page."""

    epoch: str | None
    cursor: str | None
    as_of: datetime | None


_FIND = select(platform_copies).where(platform_copies.c.record_id == bindparam("record_id"))


def find(tx: Connection, record_id: str) -> PlatformCopy | None:
    """Return what the platform last said of a record, None if nothing yet."""
    found = tx.execute(_FIND, {"record_id": record_id}).first()
    if found is None:
        return None
    body = json.loads(found.body) if found.body else None
    return PlatformCopy(
        found.record_id,
        found.kind,
        found.version,
        bool(found.deleted),
        body,
        json.loads(found.answer),
        found.at,
        found.answer_no,
    )


_STATED = select(platform_copies.c.record_id, func.json_extract(platform_copies.c.answer, "$.state")).where(
    platform_copies.c.record_id.in_(text("SELECT value FROM json_each(:ids)"))
)


def stated(tx: Connection, record_ids: Iterable[str]) -> dict[str, str]:
    """Return the state that the platform's answer states, by record, where it states one."""
    found = tx.execute(_STATED, {"ids": json.dumps(list(record_ids))})
    return {record_id: state for record_id, state in found if isinstance(state, str)}


_UPSERT = insert(platform_copies)
_SAID = ("version", "deleted", "body", "answer", "answer_no", "at")
_KEEP_NEWER = _UPSERT.on_conflict_do_update(
    index_elements=["record_id"],
    set_={name: _UPSERT.excluded[name] for name in _SAID},
    where=_UPSERT.excluded.version > platform_copies.c.version,
)
#: The body of an earlier version is not that of this one; the feed will bring it. In the order of numbers, because one
#: answer may bring several versions of a record.
_VERSIONS = text(
    "INSERT INTO platform_copies (record_id, kind, version, deleted, body, answer, answer_no, at)"
    " SELECT record_id, kind, server_version, op = 'delete', NULL, '{}', 0, :now FROM outbox"
    " WHERE dseq IN (SELECT value FROM json_each(:numbers)) AND server_version IS NOT NULL ORDER BY dseq"
    " ON CONFLICT (record_id) DO UPDATE SET version = excluded.version, deleted = excluded.deleted, body = NULL,"
    " at = excluded.at WHERE excluded.version > platform_copies.version"
).bindparams(bindparam("now", type_=Moment))


def row(
    kind: str,
    record_id: str,
    version: int,
    *,
    at: datetime,
    deleted: bool = False,
    body: Any = None,
    answer: Mapping[str, Any] | None = None,
    answer_no: int = 0,
) -> dict[str, Any]:
    """Return one row for `keep`."""
    return {
        "record_id": record_id,
        "kind": kind,
        "version": version,
        "deleted": int(deleted),
        "body": None if body is None else json.dumps(body, ensure_ascii=False),
        "answer": json.dumps(dict(answer or {}), ensure_ascii=False),
        "answer_no": answer_no,
        "at": at,
    }


def keep(tx: Connection, rows: list[dict[str, Any]]) -> None:
    """Keep what the platform said, unless something newer is known."""
    if rows:
        tx.execute(_KEEP_NEWER, rows)


def replace(tx: Connection, one: dict[str, Any]) -> None:
    """Keep what the feed said of a record; the caller has seen that nothing newer is known."""
    tx.execute(
        _UPSERT.on_conflict_do_update(index_elements=["record_id"], set_={k: _UPSERT.excluded[k] for k in _SAID}), one
    )


def keep_versions(tx: Connection, numbers: Sequence[int], *, at: datetime) -> None:
    """Keep the versions that operations brought back, leaving body and answer for the feed to bring."""
    if numbers:
        tx.execute(_VERSIONS, {"numbers": json.dumps(numbers), "now": at})


def cursor(tx: Connection, feed: str) -> Cursor:
    """Return how far a feed has been read."""
    found = tx.execute(select(cursors).where(cursors.c.feed == feed)).first()
    return Cursor(found.epoch, found.cursor, found.as_of) if found else Cursor(None, None, None)


def keep_cursor(tx: Connection, feed: str, now: Cursor) -> None:
    """Keep how far a feed has been read, in the transaction of the page that it covers."""
    statement = insert(cursors).values(feed=feed, epoch=now.epoch, cursor=now.cursor, as_of=now.as_of)
    values = {"epoch": now.epoch, "cursor": now.cursor, "as_of": now.as_of}
    tx.execute(statement.on_conflict_do_update(index_elements=["feed"], set_=values))


def forget_cursor(tx: Connection, feed: str) -> None:
    """Forget how far a feed was read."""
    tx.execute(delete(cursors).where(cursors.c.feed == feed))
