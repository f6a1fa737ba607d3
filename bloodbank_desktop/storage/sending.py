"""How rows of the outbox move while they are sent; each function is one step inside the caller's transaction.

No step touches a row that it was not given, and none ever changes what was frozen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Text, and_, bindparam, exists, func, literal, or_, select, text, update

from bloodbank_desktop.storage.columns import Moment
from bloodbank_desktop.storage.outbox import WHOLE, OutboxRow, row_of
from bloodbank_desktop.storage.tables import OPEN_ROWS, outbox

_DUE = and_(
    outbox.c.state.in_(("pending", "waiting")), or_(outbox.c.next_at.is_(None), outbox.c.next_at <= bindparam("now"))
)
_OPEN = (
    select(
        outbox.c.dseq,
        outbox.c.key,
        outbox.c.chain,
        outbox.c.needs,
        func.length(outbox.c.payload).label("size"),
        _DUE.label("due"),
    )
    .where(OPEN_ROWS)
    .order_by(outbox.c.dseq)
)

_SETTLED = ("state", "next_at", "last_error", "problem", "server_version", "settled_at")
_SETTLE = (
    update(outbox)
    .where(
        outbox.c.key == bindparam("b_key"),
        outbox.c.batch_id == bindparam("b_batch"),
        outbox.c.state == "sending",
    )
    .values({name: bindparam(name) for name in _SETTLED})
)

#: Whole lists as one parameter, a JSON list: the statements are compiled once and not for every length.
_MINE = outbox.c.dseq.in_(text("SELECT value FROM json_each(:numbers)"))
_MARK = (
    update(outbox).where(_MINE).values(state="sending", batch_id=bindparam("b_batch"), attempts=outbox.c.attempts + 1)
)
_STILL_DUE = select(func.count()).select_from(outbox).where(_MINE, _DUE)
_IN_FLIGHT = select(outbox.c.dseq).where(_MINE, outbox.c.batch_id == bindparam("b_batch"), outbox.c.state == "sending")
#: The answer that nearly every operation gets, for a whole batch at once: {number: version}.
_DONE = text(
    "UPDATE outbox SET state = 'done', next_at = NULL, last_error = '', problem = NULL,"
    " server_version = answer.value, settled_at = :now FROM json_each(:answers) AS answer"
    " WHERE outbox.dseq = CAST(answer.key AS INTEGER) AND outbox.batch_id = :batch AND outbox.state = 'sending'"
).bindparams(bindparam("now", type_=Moment))
#: Rows as they will be when they are marked.
_MARKED = {
    "state": literal("sending"),
    "batch_id": bindparam("b_batch", type_=Text),
    "attempts": outbox.c.attempts + 1,
}
_TAKEN = select(*(_MARKED.get(c.name, c) for c in WHOLE)).where(_MINE).order_by(outbox.c.dseq)
_EARLIER = outbox.alias()
_STUCK = exists().where(
    _EARLIER.c.chain == outbox.c.chain,
    _EARLIER.c.dseq < outbox.c.dseq,
    _EARLIER.c.state.in_(("rejected", "conflict", "quarantined")),
)
_FREE = (
    update(outbox)
    .where(
        OPEN_ROWS,
        outbox.c.state == "blocked",
        outbox.c.chain.in_(text("SELECT value FROM json_each(:chains)")),
        ~_STUCK,
    )
    .values(state="pending", last_error="")
)


def put_back(tx: Connection) -> int:
    """Put every row in flight back to pending; return how many there were."""
    back = update(outbox).where(OPEN_ROWS, outbox.c.state == "sending").values(state="pending", batch_id=None)
    return int(tx.execute(back).rowcount)


@dataclass(frozen=True)
class Choice:
    """Numbers of rows that may go together; `full` when more of them would not have gone into the batch."""

    numbers: tuple[int, ...]
    full: bool


def choose(tx: Connection, *, now: datetime, limit: int, most_bytes: int) -> Choice:
    """Return the next rows that may go; the first goes whatever its size."""
    chosen: list[int] = []
    full = False
    size = 0
    held_chains: set[str] = set()
    held: set[str] = set()
    # In the order of numbers: what cannot go holds its chain and everything that needs it, and those hold theirs.
    with tx.execute(_OPEN, {"now": now}) as found:
        for row in found:
            if not row.due or row.chain in held_chains or not held.isdisjoint(_needs(row.needs)):
                held_chains.add(row.chain)
                held.add(row.key)
                continue
            size += row.size
            full = bool(chosen) and size > most_bytes
            if full:
                break
            chosen.append(row.dseq)
            full = len(chosen) == limit
            if full:
                break
    return Choice(tuple(chosen), full)


def look(tx: Connection, numbers: Sequence[int], batch_id: str) -> tuple[OutboxRow, ...]:
    """Return rows as they will be when they are marked as sending with this batch."""
    found = tx.execute(_TAKEN, {"numbers": json.dumps(numbers), "b_batch": batch_id})
    return tuple(row_of(one) for one in found.all())


def still_due(tx: Connection, numbers: Sequence[int], *, now: datetime) -> bool:
    """Return whether all rows that were chosen earlier may still go.

    Then they are still next in their chains: what was closed does not open again, and what was between them is one of
    them.
    """
    found = tx.execute(_STILL_DUE, {"numbers": json.dumps(numbers), "now": now}).scalar_one()
    return int(found) == len(numbers)


def mark(tx: Connection, numbers: Sequence[int], batch_id: str) -> None:
    """Mark rows as sending with this batch."""
    tx.execute(_MARK, {"numbers": json.dumps(numbers), "b_batch": batch_id})


def release(tx: Connection, batch_id: str) -> None:
    """Put rows back that were marked and never left: as if they had not been taken."""
    mine = update(outbox).where(OPEN_ROWS, outbox.c.batch_id == batch_id, outbox.c.state == "sending")
    tx.execute(mine.values(state="pending", batch_id=None, attempts=outbox.c.attempts - 1))


def _needs(kept: str) -> list[str]:
    # Most operations need nothing, and a queue may be ten thousand long.
    found: list[str] = [] if kept == "[]" else json.loads(kept)
    return found


def highest(tx: Connection) -> int:
    """Return the highest number ever allotted, 0 before the first."""
    return int(tx.execute(select(func.coalesce(func.max(outbox.c.dseq), 0))).scalar_one())


def in_flight(tx: Connection, batch_id: str, numbers: Sequence[int]) -> set[int]:
    """Return which of these numbers still wait for the answer to this batch; a late answer finds none."""
    return set(tx.execute(_IN_FLIGHT, {"numbers": json.dumps(numbers), "b_batch": batch_id}).scalars())


def settle_done(tx: Connection, batch_id: str, versions: Mapping[int, int | None], *, at: datetime) -> None:
    """Write down that the platform took rows of this batch, and as which version; only rows in flight."""
    if versions:
        tx.execute(_DONE, {"answers": json.dumps(versions), "batch": batch_id, "now": at})


def settle(tx: Connection, batch_id: str, answers: Sequence[dict[str, Any]]) -> None:
    """Write answers at their rows: dicts of "key" and the columns of `_SETTLED`; only rows of this batch in flight."""
    if answers:
        tx.execute(
            _SETTLE, [{"b_key": one["key"], "b_batch": batch_id} | {n: one[n] for n in _SETTLED} for one in answers]
        )


def give_back(tx: Connection, batch_id: str, *, reason: str, retry_at: datetime) -> None:
    """Put the rows of a batch back to pending until `retry_at`."""
    mine = update(outbox).where(OPEN_ROWS, outbox.c.batch_id == batch_id, outbox.c.state == "sending")
    tx.execute(mine.values(state="pending", next_at=retry_at, last_error=reason))


def count_lone_failure(tx: Connection, row: OutboxRow, *, quarantine_at: int) -> None:
    """Count a failure of this row alone and set it aside, with what stands behind it, at the given number."""
    failures = row.item_attempts + 1
    tx.execute(update(outbox).where(outbox.c.dseq == row.dseq).values(item_attempts=failures))
    if failures >= quarantine_at:
        tx.execute(update(outbox).where(outbox.c.dseq == row.dseq).values(state="quarantined", next_at=None))
        block_behind(tx, row)


def block_behind(tx: Connection, row: OutboxRow) -> None:
    """Hold what follows in the chain of a row that waits for a person."""
    behind = update(outbox).where(OPEN_ROWS, outbox.c.chain == row.chain, outbox.c.dseq > row.dseq)
    sentence = f"同一记录的前一条操作（第 {row.dseq} 条）没有被平台接受，处理后会自动继续"
    waiting = outbox.c.state.in_(("pending", "waiting"))
    tx.execute(behind.where(waiting).values(state="blocked", last_error=sentence))


def free_behind(tx: Connection, chains: Sequence[str]) -> None:
    """Let what was held in these chains go on, up to the next row that waits for a person."""
    tx.execute(_FREE, {"chains": json.dumps(list(chains))})


def next_due(tx: Connection) -> datetime | None:
    """Return the earliest moment at which a row may go, None when none waits for time."""
    wanted = select(func.coalesce(outbox.c.next_at, outbox.c.occurred_at).label("due"))
    ready = wanted.where(OPEN_ROWS, outbox.c.state.in_(("pending", "waiting")))
    return tx.execute(ready.order_by(text("due")).limit(1)).scalar()
