"""Numbers for people: prefix, day, workstation, running number; allotted inside the transaction that uses it."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import insert

from bloodbank_desktop.storage import facts
from bloodbank_desktop.storage.tables import serials

_NEXT = (
    insert(serials)
    .on_conflict_do_update(index_elements=["prefix", "day"], set_={"last": serials.c.last + 1})
    .returning(serials.c.last, facts.asked(facts.WORKSTATION))
)


def allot(tx: Connection, prefix: str, day: date) -> str:
    """Return the next number of a prefix and day, like `RK20261123-01-0001`."""
    last, workstation = tx.execute(_NEXT, {"prefix": prefix, "day": day.isoformat(), "last": 1}).one()
    return f"{prefix}{day:%Y%m%d}-{workstation or '01'}-{last:04d}"
