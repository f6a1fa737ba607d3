"""Every alert that a rule gave: refused, overridden or only said; append-only, and each exception signed once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, insert, select

from bloodbank_desktop.clock import CHINA, china_day
from bloodbank_desktop.storage.names import DELETED
from bloodbank_desktop.storage.tables import alert_reviews, alerts, record_table


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


@dataclass(frozen=True)
class Review:
    """Who signed an exception, when and with which words."""

    at: datetime
    actor: str
    comment: str


@dataclass(frozen=True)
class Excepted:
    """An override and its review, None while it waits."""

    alert: Alert
    review: Review | None


_NAMES = tuple(f.name for f in fields(Alert) if f.name != "seq")
_COLUMNS = tuple(alerts.c[name] for name in ("seq", *_NAMES))
_ADD = insert(alerts)
_SIGN = insert(alert_reviews)
_REVIEWED = select(alert_reviews.c.alert)
#: As the partial index says it, or SQLite reads every alert that there ever was.
_OVERRIDDEN = alerts.c.outcome == "overridden"


def add(tx: Connection, found: Sequence[Alert]) -> None:
    """Append alerts."""
    if found:
        tx.execute(_ADD, [{name: asdict(one)[name] for name in _NAMES} | {"day": day_of(one.at)} for one in found])


def day_of(at: datetime) -> str:
    """Return the China day to which an alert belongs, as YYYY-MM-DD."""
    return china_day(at).isoformat()


def _unsigned(before: str = "") -> list[ColumnElement[bool]]:
    wanted = [_OVERRIDDEN, alerts.c.seq.not_in(_REVIEWED)]
    return [*wanted, alerts.c.day < before] if before else wanted


def exceptions(
    tx: Connection, *, unsigned_only: bool, before: str = "", offset: int = 0, limit: int = 1000
) -> list[Excepted]:
    """Return overridden findings, those that wait first and the oldest first among them, then the newest signed.

    `before` is a China day: only those that wait since earlier days.
    """
    of = [alert_reviews.c[name].label(f"review_{name}") for name in ("at", "actor", "comment")]
    joined = alerts.outerjoin(alert_reviews, alert_reviews.c.alert == alerts.c.seq)
    query: Select[Any] = select(*_COLUMNS, *of).select_from(joined)
    query = query.where(*(_unsigned(before) if unsigned_only else [_OVERRIDDEN]))
    signed = alert_reviews.c.seq.is_not(None)
    query = query.order_by(signed, func.iif(signed, -alerts.c.seq, alerts.c.seq)).offset(offset).limit(limit)
    found = []
    for row in tx.execute(query).mappings():
        signed_at = row["review_at"]
        review = Review(signed_at, row["review_actor"], row["review_comment"]) if signed_at is not None else None
        found.append(Excepted(Alert(**{name: row[name] for name in ("seq", *_NAMES)}), review))
    return found


def exceptions_total(tx: Connection, *, unsigned_only: bool, before: str = "") -> int:
    """Return how many there are of `exceptions`."""
    wanted = _unsigned(before) if unsigned_only else [_OVERRIDDEN]
    return int(tx.execute(select(func.count()).select_from(alerts).where(*wanted)).scalar_one())


def sign(tx: Connection, seqs: Sequence[int], *, at: datetime, actor: str, comment: str) -> None:
    """Append the review of exceptions."""
    if seqs:
        tx.execute(_SIGN, [{"alert": seq, "at": at, "actor": actor, "comment": comment} for seq in seqs])


def counts(tx: Connection, since: date, until: date) -> dict[tuple[str, str], int]:
    """Return how often each rule alerted with each outcome from one China day to another, both included."""
    query = select(alerts.c.rule, alerts.c.outcome, func.count()).where(*_within(since, until))
    return {(rule, outcome): n for rule, outcome, n in tx.execute(query.group_by(alerts.c.rule, alerts.c.outcome))}


def of_rule(tx: Connection, rule: str, since: date, until: date, *, offset: int, limit: int) -> tuple[int, list[Alert]]:
    """Return how many alerts a rule gave from one China day to another, and some of them, the newest first."""
    wanted = [*_within(since, until), alerts.c.rule == rule]
    total = int(tx.execute(select(func.count()).select_from(alerts).where(*wanted)).scalar_one())
    query = select(*_COLUMNS).where(*wanted).order_by(alerts.c.seq.desc()).offset(offset).limit(limit)
    return total, [Alert(**dict(row)) for row in tx.execute(query).mappings()]


def issues(tx: Connection, since: date, until: date) -> int:
    """Return how many issues left the department from one China day to another, both included."""
    head = record_table("clinical_issue")
    first, end = (datetime.combine(day, time(), CHINA) for day in (since, until + timedelta(days=1)))
    wanted = (head.c.issued_at >= first, head.c.issued_at < end, head.c[DELETED].is_(None))
    return int(tx.execute(select(func.count()).select_from(head).where(*wanted)).scalar_one())


def find(tx: Connection, seq: int) -> Alert | None:
    """Return one alert."""
    row = tx.execute(select(*_COLUMNS).where(alerts.c.seq == seq)).mappings().first()
    return None if row is None else Alert(**dict(row))


def _within(since: date, until: date) -> tuple[ColumnElement[bool], ...]:
    return alerts.c.day >= since.isoformat(), alerts.c.day <= until.isoformat()
