"""What a record leaves to be done, opened in its own transaction: complete an emergency request, check a solo receipt.

A promise to do it later that nothing keeps is forgotten by the next shift. A duty that the record itself fulfils closes
when the record is amended so; nobody can wave it away.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations import effects
from bloodbank_desktop.operations.seat import Seat
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.ids import new_id
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules.overriding import LEAST_COMMENT
from bloodbank_desktop.storage import duty_rows
from bloodbank_desktop.storage.duty_rows import Duty
from bloodbank_desktop.storage.store import Transaction

DUTIES = table("duty")


def keep(
    tx: Transaction,
    seat: Seat,
    kind: str,
    record_id: str,
    name: str,
    values: Values,
    now: datetime,
    *,
    new: bool = False,
) -> None:
    """Open what the record newly leaves to be done and close what it has done itself; a `new` record has none open."""
    effect = effects.EFFECTS.get(kind)
    if effect is None:
        return
    wanted = effect.duties(values)
    if not wanted and effect.duties is effects.no_duties:
        return
    pending = {} if new else {duty.what: duty for duty in duty_rows.pending(tx, record_id=record_id)}
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


def waiting(seat: Seat) -> list[Duty]:
    """Return the open duties, those due first. Raises KnownProblem."""
    seat.need("list:duties")
    with seat.store.read() as tx:
        return duty_rows.pending(tx)


def answer(seat: Seat, duty_id: str, comment: str) -> Duty:
    """Close a duty that is done outside the program, saying what was done. Raises KnownProblem."""
    seat.need("amend:duties")
    now = seat.clock.now()
    with seat.store.write() as tx:
        duty = duty_rows.find(tx, duty_id)
        if duty is None:
            raise KnownProblem("没有这项待办，可能编号有误", code="no-such-duty")
        if duty.closed_at is not None:
            raise KnownProblem(f"这项待办已由 {duty.closed_by} 了结", code="closed-already")
        way = DUTIES.facet(duty.what, "closes")
        if way != "comment":
            raise KnownProblem(f"{DUTIES.word(duty.what)}：{_WAYS[way]}", code="closes-by-itself")
        if len("".join(comment.split())) < LEAST_COMMENT:
            raise KnownProblem(f"请写明怎样办理的，至少 {LEAST_COMMENT} 个字", code="comment-required")
        close(tx, seat, duty, comment.strip(), now)
        found = duty_rows.find(tx, duty_id)
    assert found is not None
    return found


#: What ends a duty that no words end.
_WAYS = {
    "record": "不能写明即了结。请打开这条记录修改补全，补全保存后自动了结",
    "bags": "不能写明即了结。请另一人逐袋核对，全部核对后自动了结",
}


def done(tx: Transaction, seat: Seat, record_id: str, what: str, comment: str, now: datetime) -> None:
    """Close the open duty of this kind that a record left, if there is one."""
    for duty in duty_rows.pending(tx, record_id=record_id, what=what):
        close(tx, seat, duty, comment, now)


def _new(what: str, kind: str, record_id: str, name: str, now: datetime, actor: str) -> Duty:
    due = now + timedelta(hours=int(DUTIES.facet(what, "hours")))
    return Duty(
        id=new_id(), what=what, kind=kind, record_id=record_id, name=name, opened_at=now, opened_by=actor, due_at=due
    )
