"""Duties that an act leaves open – check a solo receipt, complete an emergency order – until somebody has done them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from bloodbank_desktop.storage.tables import duties


@dataclass(frozen=True, kw_only=True)
class Duty:
    """Something that must still be done about a record; `what` is a key of the table `duty`."""

    id: str
    what: str
    kind: str
    record_id: str
    name: str
    opened_at: datetime
    opened_by: str
    due_at: datetime | None = None
    closed_at: datetime | None = None
    closed_by: str = ""
    comment: str = ""


def open_(tx: Connection, duty: Duty) -> None:
    """Open a duty."""
    tx.execute(insert(duties), {name: getattr(duty, name) for name in Duty.__dataclass_fields__})


def pending(tx: Connection, *, record_id: str = "", what: str = "") -> list[Duty]:
    """Return open duties, those due first; of one record, or of one kind, when named."""
    query = select(duties).where(duties.c.closed_at.is_(None)).order_by(duties.c.due_at, duties.c.opened_at)
    if record_id:
        query = query.where(duties.c.record_id == record_id)
    if what:
        query = query.where(duties.c.what == what)
    return [Duty(**dict(row)) for row in tx.execute(query).mappings()]


def counted(tx: Connection, now: datetime) -> tuple[int, int]:
    """Return how many duties are open, and how many of them are overdue."""
    late = func.coalesce(func.sum(func.iif(duties.c.due_at < now, 1, 0)), 0)
    total, overdue = tx.execute(select(func.count(), late).where(duties.c.closed_at.is_(None))).one()
    return int(total), int(overdue)


def find(tx: Connection, duty_id: str) -> Duty | None:
    """Return a duty, open or closed."""
    row = tx.execute(select(duties).where(duties.c.id == duty_id)).mappings().first()
    return None if row is None else Duty(**dict(row))


def close(tx: Connection, duty_id: str, *, at: datetime, actor: str, comment: str) -> bool:
    """Close a duty; return whether it was open."""
    done = update(duties).where(duties.c.id == duty_id, duties.c.closed_at.is_(None))
    return tx.execute(done.values(closed_at=at, closed_by=actor, comment=comment)).rowcount == 1
