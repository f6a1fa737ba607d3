"""What has to travel: one row per act, frozen with the act in one transaction, numbered without a gap, never removed.

The number proves that nothing is missing, the permanent key that nothing arrives twice. A later edit is a new row;
no answer ever touches another row than its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, NotRequired, TypedDict, Unpack

from sqlalchemy import Connection, Select, case, func, insert, select, text, update

from bloodbank_desktop.clock import from_utc_text
from bloodbank_desktop.storage import facts
from bloodbank_desktop.storage.tables import OPEN_ROWS, outbox
from bloodbank_desktop.storage.upload_states import ATTENTION as ATTENTION
from bloodbank_desktop.storage.upload_states import CLOSED as CLOSED
from bloodbank_desktop.storage.upload_states import OPEN as OPEN
from bloodbank_desktop.storage.upload_states import STATE_WORDS as STATE_WORDS
from bloodbank_desktop.storage.upload_states import STATES as STATES
from bloodbank_desktop.storage.upload_states import worst


@dataclass(frozen=True)
class OutboxRow:
    """One operation on its way; `payload` is the canonical JSON of the wire body, `sha256` its digest in hex."""

    dseq: int
    key: str
    chain: str
    record_id: str
    kind: str
    name: str
    op: str
    base_version: int | None
    needs: tuple[str, ...]
    payload: bytes
    sha256: str
    actor: str
    occurred_at: datetime
    state: str
    attempts: int
    item_attempts: int
    next_at: datetime | None
    batch_id: str | None
    last_error: str
    problem: dict[str, Any] | None
    server_version: int | None
    settled_at: datetime | None


@dataclass(frozen=True)
class QueueSummary:
    """The queue in one line of the status area; `trouble` is why nothing travels since then, "" for nothing known."""

    waiting: int
    oldest: datetime | None
    attention: int
    by_state: dict[str, int]
    last_success: datetime | None
    trouble: str = ""


_NEXT = select(func.coalesce(func.max(outbox.c.dseq), 0) + 1, facts.asked(facts.INCARNATION))
_PUT = insert(outbox)


class Operation(TypedDict):
    """What an act says of itself when it is frozen; `payload` is the canonical JSON of the wire body."""

    record_id: str
    kind: str
    name: str
    op: str
    base_version: int | None
    payload: bytes
    actor: str
    at: datetime
    needs: NotRequired[Sequence[str]]


def put(tx: Connection, **operation: Unpack[Operation]) -> int:
    """Append one operation in the caller's transaction and return its device number."""
    dseq, incarnation = next_of(tx)
    tx.execute(_PUT, new_row(dseq, incarnation, **operation))
    return dseq


def next_of(tx: Connection) -> tuple[int, str]:
    """Return the next device number, and the incarnation of the file that its key begins with."""
    dseq, incarnation = tx.execute(_NEXT).one()
    return dseq, incarnation or ""


def new_row(dseq: int, incarnation: str, **operation: Unpack[Operation]) -> dict[str, Any]:
    """Return the row of an operation that waits, as number `dseq` of this device."""
    return {
        "dseq": dseq,
        "key": f"{incarnation}:{dseq}",
        "chain": operation["record_id"],
        "record_id": operation["record_id"],
        "kind": operation["kind"],
        "name": operation["name"],
        "op": operation["op"],
        "base_version": operation["base_version"],
        "needs": json.dumps(list(operation.get("needs", ()))),
        "payload": operation["payload"],
        "sha256": hashlib.sha256(operation["payload"]).hexdigest(),
        "actor": operation["actor"],
        "occurred_at": operation["at"],
        "state": "pending",
        "attempts": 0,
        "item_attempts": 0,
        "next_at": None,
        "batch_id": None,
        "last_error": "",
        "problem": None,
        "server_version": None,
        "settled_at": None,
    }


_NAMES = tuple(f.name for f in fields(OutboxRow))
_NEEDS, _PROBLEM = _NAMES.index("needs"), _NAMES.index("problem")
#: The columns as OutboxRow has them: by place, because a batch of a hundred is read while the network waits.
WHOLE = tuple(outbox.c[name] for name in _NAMES)


def row_of(found: Any) -> OutboxRow:
    """Return the OutboxRow of a row of the columns `WHOLE`."""
    values = list(found)
    values[_NEEDS] = () if values[_NEEDS] == "[]" else tuple(json.loads(values[_NEEDS]))
    values[_PROBLEM] = json.loads(values[_PROBLEM]) if values[_PROBLEM] else None
    return OutboxRow(*values)


def rows(tx: Connection, *, open_only: bool, offset: int, limit: int) -> list[OutboxRow]:
    """Return queue rows, the worst states first and the oldest first within a state."""
    rank = case({state: index for index, state in enumerate(STATES)}, value=outbox.c.state)
    statement = (
        select(*WHOLE).order_by(rank, outbox.c.dseq) if open_only else select(*WHOLE).order_by(outbox.c.dseq.desc())
    )
    if open_only:
        statement = statement.where(OPEN_ROWS)
    return [row_of(found) for found in tx.execute(statement.offset(offset).limit(limit))]


def of_record(tx: Connection, record_id: str) -> list[OutboxRow]:
    """Return all operations of a record, oldest first."""
    found = tx.execute(select(*WHOLE).where(outbox.c.record_id == record_id).order_by(outbox.c.dseq))
    return [row_of(one) for one in found]


def record_of(tx: Connection, dseq: int) -> str | None:
    """Return the record of an operation, None for a number that was never allotted."""
    return tx.execute(select(outbox.c.record_id).where(outbox.c.dseq == dseq)).scalar()


def open_keys(tx: Connection, record_id: str) -> list[str]:
    """Return the keys of the operations of a record that the platform has not taken yet, oldest first."""
    mine = select(outbox.c.key).where(OPEN_ROWS, outbox.c.record_id == record_id).order_by(outbox.c.dseq)
    return list(tx.execute(mine).scalars())


def summary(tx: Connection) -> QueueSummary:
    """Return the queue counted."""
    open_rows = select(outbox.c.state, func.count(), func.min(outbox.c.occurred_at)).where(OPEN_ROWS)
    by_state: dict[str, int] = {}
    oldest: datetime | None = None
    for state, count, first in tx.execute(open_rows.group_by(outbox.c.state)):
        by_state[state] = count
        oldest = first if oldest is None or first < oldest else oldest
    last = facts.get(tx, facts.LAST_SUCCESS)
    attention = sum(by_state.get(state, 0) for state in ATTENTION)
    total = sum(by_state.values())
    last_success = from_utc_text(last) if last else None
    return QueueSummary(total, oldest, attention, by_state, last_success, facts.trouble(tx))


_STATES_OF = select(outbox.c.record_id, outbox.c.state).where(
    outbox.c.record_id.in_(text("SELECT value FROM json_each(:ids)"))
)


def record_states(tx: Connection, record_ids: Iterable[str]) -> dict[str, str]:
    """Return the worst open state of each record that has one, "done" for those that arrived."""
    found = tx.execute(_STATES_OF, {"ids": json.dumps(list(record_ids))})
    return worst((record_id, state) for record_id, state in found)


def under_way(states: Sequence[str]) -> Select[tuple[str]]:
    """Return the query for the ids of records that have an operation in one of these open states."""
    return select(outbox.c.record_id).where(OPEN_ROWS, outbox.c.state.in_(states))


def close(tx: Connection, record_id: str, state: str, *, at: datetime) -> None:
    """Close the operations of a record that wait for a person, because the person has now decided."""
    wanted = (outbox.c.record_id == record_id, outbox.c.state.in_(ATTENTION))
    tx.execute(update(outbox).where(*wanted).values(state=state, settled_at=at))


def try_again(tx: Connection, dseq: int) -> bool:
    """Put an operation that waits for a person back to pending, with what it blocked; False if it was not waiting."""
    found = tx.execute(
        select(outbox.c.chain).where(outbox.c.dseq == dseq, outbox.c.state.in_((*ATTENTION, "waiting")))
    ).first()
    if found is None:
        return False
    again = {"state": "pending", "item_attempts": 0, "next_at": None}
    tx.execute(update(outbox).where(outbox.c.dseq == dseq).values(again))
    tx.execute(update(outbox).where(outbox.c.chain == found.chain, outbox.c.state == "blocked").values(again))
    return True
