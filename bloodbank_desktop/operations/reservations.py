"""A reservation ends by itself: what nobody fetched within its hours is free for the next patient, and the ledger says so.

Blood that is kept for a request that was long forgotten expires in the refrigerator. The release is an event like any
other, in the name of the program (limit `reservation_hours`; NHSBT: 24 hours save stock and waste).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bloodbank_desktop.clock import Clock, utc_text
from bloodbank_desktop.operations import effects
from bloodbank_desktop.records.bag import BagKey
from bloodbank_desktop.records.ids import new_id
from bloodbank_desktop.rules import bag_life
from bloodbank_desktop.rules.decisions import limit
from bloodbank_desktop.storage import audit, ledger, stock_rows
from bloodbank_desktop.storage.ledger import Cause
from bloodbank_desktop.storage.store import Store

#: In whose name the program itself acts.
PROGRAM = "程序"
_KIND, _RELEASE = "stock", "release"


def held_until(now: datetime) -> str:
    """Return until when a bag that is reserved now is kept, as the ledger holds it."""
    return utc_text(now + timedelta(hours=float(limit("reservation_hours"))))


def release_overdue(store: Store, clock: Clock) -> list[BagKey]:
    """Free every bag whose reservation has run out; return them. Raises KnownProblem for what the environment refuses."""
    now = clock.now()
    with store.read() as tx:
        if not stock_rows.overdue(tx, now):
            return []
    with store.write() as tx:
        found = stock_rows.overdue(tx, now)
        moves = [
            effects.moved(tx, row.key, _RELEASE, 0, reason="预留到期", holder="", request=row.holder) for row in found
        ]
        ledger.move(tx, moves, Cause(_KIND, new_id(), bag_life.EVENTS.word(_RELEASE), PROGRAM, now))
        for row in found:
            audit.note(
                tx,
                store.audit_key,
                at=now,
                actor=PROGRAM,
                action=_RELEASE,
                object_=f"{_KIND}/{'/'.join(row.key)}",
                detail={"reason": "预留到期", "holder": row.holder},
            )
    return [row.key for row in found]
