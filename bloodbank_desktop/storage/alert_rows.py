"""Every alert that a rule gave: refused, overridden or only said; append-only, and signed day by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from bloodbank_desktop.clock import china_day
from bloodbank_desktop.storage.schema import alert_reviews, alerts


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One alert; `outcome` is refused, overridden or warned, `bag` as a person reads it, "" for the whole record."""

    at: datetime
    actor: str
    moment: str
    rule: str
    level: str
    outcome: str
    kind: str
    record_id: str
    bag: str
    message: str
    reason: str = ""
    comment: str = ""
    second: str = ""
    seq: int = 0


_NAMES = tuple(f.name for f in fields(Alert) if f.name != "seq")
_COLUMNS = tuple(alerts.c[name] for name in ("seq", *_NAMES))
_ADD = insert(alerts)


def add(tx: Connection, found: Sequence[Alert]) -> None:
    """Append alerts."""
    if found:
        tx.execute(_ADD, [{name: asdict(one)[name] for name in _NAMES} | {"day": day_of(one.at)} for one in found])


def day_of(at: datetime) -> str:
    """Return the China day to which an alert belongs, as YYYY-MM-DD."""
    return china_day(at).isoformat()


def exceptions(tx: Connection, *, unsigned_only: bool, limit: int = 1000) -> list[Alert]:
    """Return overridden findings, the oldest first; `unsigned_only` leaves out those that a supervisor has signed."""
    query = select(*_COLUMNS).where(alerts.c.outcome == "overridden").order_by(alerts.c.seq).limit(limit)
    if unsigned_only:
        query = query.where(alerts.c.seq > signed_up_to(tx))
    return [Alert(**dict(row)) for row in tx.execute(query).mappings()]


def signed_up_to(tx: Connection) -> int:
    """Return the number of the last alert that a review covers, 0 before the first."""
    return int(tx.execute(select(func.max(alert_reviews.c.up_to))).scalar() or 0)


def sign(tx: Connection, *, up_to: int, at: datetime, actor: str, comment: str) -> None:
    """Append the review of all exceptions up to an alert."""
    tx.execute(insert(alert_reviews), {"up_to": up_to, "at": at, "actor": actor, "comment": comment})


def counts(tx: Connection, since: str = "") -> dict[tuple[str, str], int]:
    """Return how often each rule alerted with each outcome since a day (YYYY-MM-DD), "" = ever."""
    query = select(alerts.c.rule, alerts.c.outcome, func.count()).group_by(alerts.c.rule, alerts.c.outcome)
    if since:
        query = query.where(alerts.c.day >= since)
    return {(rule, outcome): number for rule, outcome, number in tx.execute(query)}


def find(tx: Connection, seq: int) -> Alert | None:
    """Return one alert."""
    row = tx.execute(select(*_COLUMNS).where(alerts.c.seq == seq)).mappings().first()
    return None if row is None else Alert(**dict(row))
