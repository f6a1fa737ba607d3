"""What this hospital decided for itself: switches, append-only; the newest row of a switch is in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from bloodbank_desktop.storage.tables import site_switches


@dataclass(frozen=True)
class Switched:
    """One decision about a switch."""

    key: str
    value: str
    reason: str
    at: datetime
    actor: str


_ALL = select(site_switches).order_by(site_switches.c.seq)


def switches(tx: Connection) -> dict[str, str]:
    """Return the switches that somebody ever set, with the value in force."""
    return {row.key: row.value for row in tx.execute(_ALL)}


def history(tx: Connection) -> list[Switched]:
    """Return every decision, oldest first."""
    return [Switched(row.key, row.value, row.reason, row.at, row.actor) for row in tx.execute(_ALL)]


def switch(tx: Connection, one: Switched) -> None:
    """Append a decision."""
    tx.execute(
        insert(site_switches),
        {"key": one.key, "value": one.value, "reason": one.reason, "at": one.at, "actor": one.actor},
    )
