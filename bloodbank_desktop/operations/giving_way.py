"""Giving way to the platform: by itself for an activation that came second, otherwise because a person says so.

Without this a refused operation that nobody can mend – the order is accepted, the plan is used, the bag is another's –
would wait in the queue for ever, and this workstation would show what no other shows. What was meant stays in history,
audit and queue; nothing is lost, it is only no longer offered to the platform.
"""

from __future__ import annotations

from datetime import datetime

from bloodbank_desktop.operations.seat import Seat
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.validate import problems, tidy
from bloodbank_desktop.records.wire import fingerprint, from_body
from bloodbank_desktop.storage import audit, history, outbox, platform_rows, rows
from bloodbank_desktop.storage.outbox import OutboxRow
from bloodbank_desktop.storage.store import Transaction

ACTOR = "平台"
_SLUG = ":activated-already"


def _lost(operation: OutboxRow) -> bool:
    told = str((operation.problem or {}).get("type", ""))
    return operation.op == "activate" and operation.state == "rejected" and told.endswith(_SLUG)


def give_way(tx: Transaction, audit_key: bytes, kind: str, record_id: str, now: datetime) -> bool:
    """Take the platform's activation in place of ours that it refused; False while there is nothing to take."""
    waiting = [one for one in outbox.of_record(tx, record_id) if one.state not in outbox.CLOSED]
    copy, row, declared = platform_rows.find(tx, record_id), rows.find(tx, kind, record_id), record_type(kind)
    if not waiting or not all(_lost(one) for one in waiting) or copy is None or copy.body is None or row is None:
        return False
    values, unread = from_body(declared, copy.body)
    whole = tidy(declared, values)
    activated = any(whole[key] is not None for key in declared.activation)
    if not activated or unread or problems(declared, whole):
        return False
    outbox.close(tx, record_id, "withdrawn", at=now)
    history.keep(tx, kind, row, at=now, actor=ACTOR, reason="平台上已由他处先激活")
    rows.change(tx, kind, row, whole, at=now, actor=ACTOR)
    object_ = f"{kind}/{record_id}"
    detail = {"sha256": fingerprint(declared, whole)}
    audit.note(tx, audit_key, at=now, actor=ACTOR, action="activated-elsewhere", object_=object_, detail=detail)
    return True


def settle(tx: Transaction, seat: Seat, record_id: str, *, reason: str) -> str:
    """End what the platform refused of a record, taking the platform's state where it has one.

    Returns the kind of the record, "" when nothing of it waits for a person.
    """
    waiting = [one for one in outbox.of_record(tx, record_id) if one.state in outbox.ATTENTION]
    if not waiting:
        return ""
    kind = waiting[0].kind
    copy, row, declared = platform_rows.find(tx, record_id), rows.find(tx, kind, record_id), record_type(kind)
    at, actor = seat.clock.now(), seat.operator
    outbox.close(tx, record_id, "withdrawn", at=at)
    if copy is None or row is None or declared.append_only or copy.body is None:
        return kind
    if copy.deleted:
        if row.deleted_at is None:
            history.keep(tx, kind, row, at=at, actor=actor, reason=reason)
            rows.remove(tx, kind, row, at=at, actor=actor)
        return kind
    values, unread = from_body(declared, copy.body)
    whole = tidy(declared, values)
    if unread or problems(declared, whole):
        return kind
    if row.deleted_at is not None or whole != row.values:
        history.keep(tx, kind, row, at=at, actor=actor, reason=reason)
        rows.change(tx, kind, row, whole, at=at, actor=actor)
        seat.note(tx, "platform-taken", kind, record_id, {"sha256": fingerprint(declared, whole)})
    return kind
