"""What a record leaves to be done, opened in its own transaction: complete an emergency request, check a solo receipt.

A promise to do it later that nothing keeps is forgotten by the next shift. A duty that the record itself fulfils closes
when the record is amended so; nobody can wave it away (safety.md T31: cannot be closed without the missing paper).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bloodbank_desktop.operations import effects
from bloodbank_desktop.operations.seat import Seat
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.ids import new_id
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.storage import duty_rows
from bloodbank_desktop.storage.duty_rows import Duty
from bloodbank_desktop.storage.store import Transaction

DUTIES = table("duty")


def keep(tx: Transaction, seat: Seat, kind: str, record_id: str, name: str, values: Values, now: datetime) -> None:
    """Open what the record newly leaves to be done and close what it has done itself."""
    effect = effects.EFFECTS.get(kind)
    if effect is None:
        return
    wanted = effect.duties(values)
    pending = {duty.what: duty for duty in duty_rows.pending(tx, record_id=record_id)}
    for what in wanted:
        if what not in pending:
            duty_rows.open_(tx, _new(what, kind, record_id, name, now, seat.operator))
            seat.note(tx, "duty-open", kind, record_id, {"what": what})
    for what, duty in pending.items():
        if what not in wanted and DUTIES.facet(what, "closes") == "record":
            close(tx, seat, duty, "记录已补全", now)


def close(tx: Transaction, seat: Seat, duty: Duty, comment: str, now: datetime) -> None:
    """Close an open duty, with its audit row."""
    if duty_rows.close(tx, duty.id, at=now, actor=seat.operator, comment=comment):
        seat.note(tx, "duty-close", duty.kind, duty.record_id, {"what": duty.what, "comment": comment})


def done(tx: Transaction, seat: Seat, record_id: str, what: str, comment: str, now: datetime) -> None:
    """Close the open duty of this kind that a record left, if there is one."""
    for duty in duty_rows.pending(tx, record_id=record_id, what=what):
        close(tx, seat, duty, comment, now)


def _new(what: str, kind: str, record_id: str, name: str, now: datetime, actor: str) -> Duty:
    due = now + timedelta(hours=int(DUTIES.facet(what, "hours")))
    return Duty(
        id=new_id(), what=what, kind=kind, record_id=record_id, name=name, opened_at=now, opened_by=actor, due_at=due
    )
