"""How rows of the outbox move while they are sent; each function is one step inside the caller's transaction.

No step touches a row that it was not given, and none ever changes what was frozen.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, exists, func, or_, select, text, update

from bloodbank_desktop.storage.outbox import OutboxRow, row_of
from bloodbank_desktop.storage.schema import OPEN_ROWS, outbox

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
_TAKEN = select(outbox).where(_MINE).order_by(outbox.c.dseq)
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


def take(tx: Connection, batch_id: str, *, now: datetime, limit: int, most_bytes: int) -> tuple[OutboxRow, ...]:
    """Mark the next rows that may go as sending and return them; the first goes whatever its size."""
    chosen: list[int] = []
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
            if chosen and size > most_bytes:
                break
            chosen.append(row.dseq)
            if len(chosen) == limit:
                break
    if not chosen:
        return ()
    numbers = json.dumps(chosen)
    tx.execute(_MARK, {"numbers": numbers, "b_batch": batch_id})
    return tuple(row_of(found) for found in tx.execute(_TAKEN, {"numbers": numbers}))


def _needs(kept: str) -> list[str]:
    # Most operations need nothing, and a queue may be ten thousand long.
    found: list[str] = [] if kept == "[]" else json.loads(kept)
    return found


def highest(tx: Connection) -> int:
    """Return the highest number ever allotted, 0 before the first."""
    return int(tx.execute(select(func.coalesce(func.max(outbox.c.dseq), 0))).scalar_one())


def in_flight(tx: Connection, batch_id: str) -> set[str]:
    """Return the keys of this batch that still wait for its answer; a late answer finds none."""
    mine = select(outbox.c.key).where(OPEN_ROWS, outbox.c.batch_id == batch_id, outbox.c.state == "sending")
    return set(tx.execute(mine).scalars())


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
