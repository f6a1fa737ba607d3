"""The outbox as the network lane sees it: take a batch, and say what became of it; each step durable when it returns.

A batch is marked as sending before any socket is opened, because a process that dies in between must find the
operation and send it again under the same key. An answer moves only the rows that it names.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bloodbank_desktop.clock import Clock, utc_text
from bloodbank_desktop.operations.giving_way import give_way
from bloodbank_desktop.operations.results import Changes
from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.records.files import named
from bloodbank_desktop.records.ids import new_id
from bloodbank_desktop.records.wire import from_body
from bloodbank_desktop.storage import facts, files, platform_rows, sending
from bloodbank_desktop.storage.files import Kept
from bloodbank_desktop.storage.outbox import ATTENTION, OutboxRow
from bloodbank_desktop.storage.store import Store, Transaction

LONE_FAILURES_TO_QUARANTINE = 5
WAITING_PAUSE = timedelta(seconds=60)
#: What ends the type of the problem that an operation names a file which the platform does not have.
FILE_UNKNOWN = ":file-unknown"


@dataclass(frozen=True)
class Identity:
    """Who this data file is to the platform; an incarnation numbers its operations 1, 2, 3 … without a gap."""

    device_id: str
    incarnation: str


@dataclass(frozen=True)
class Batch:
    """Operations in flight, or about to be.

    `device_hwm` is the highest number allotted when they were chosen; `full` when more could have gone with them.
    """

    id: str
    rows: tuple[OutboxRow, ...]
    device_hwm: int
    full: bool = False


@dataclass(frozen=True)
class Outcome:
    """What the platform says of one operation: applied, duplicate, conflict, rejected, waiting or retry."""

    key: str
    status: str
    version: int | None = None
    problem: dict[str, Any] | None = None
    current: dict[str, Any] | None = None
    server_time: datetime | None = None


class Dispatch:
    """The outbox of one store."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock
        with store.read() as tx:
            self.identity = Identity(facts.get(tx, facts.DEVICE) or "", facts.get(tx, facts.INCARNATION) or "")

    def recover(self) -> int:
        """Put back what was in flight when the last process ended; it is sent again under the same keys."""
        with self.store.write() as tx:
            return sending.put_back(tx)

    def next_batch(self, limit: int = 100, most_bytes: int = 512 * 1024) -> Batch | None:
        """Return the next operations that may go, marked as sending; None when nothing is due."""
        with self.store.write() as tx:
            return self._take(tx, self.clock.now(), limit, most_bytes)

    def look_ahead(self, limit: int = 100, most_bytes: int = 512 * 1024) -> Batch | None:
        """Return the batch that can follow the one in flight whatever is answered to that, without taking it.

        None unless it is full: what the answer frees would be missing in it. Changes nothing; for any thread.
        """
        with self.store.read() as tx:
            choice = sending.choose(tx, now=self.clock.now(), limit=limit, most_bytes=most_bytes)
            return _batch(tx, choice) if choice.full else None

    def release(self, batch: Batch) -> None:
        """Put back a batch that was taken and never left."""
        with self.store.write() as tx:
            sending.release(tx, batch.id)

    def unsent_files(self, batch: Batch) -> list[Kept]:
        """Return the files that the operations of a batch name and the platform is not known to have.

        A file that another workstation picked is not here, and the platform has it.
        """
        wanted = {sha256 for row in batch.rows for sha256 in _files_of(row)}
        if not wanted:
            return []
        with self.store.read() as tx:
            return files.unsent(tx, wanted)

    def file_content(self, sha256: str) -> bytes:
        """Return the content of a file. Raises KeyError for one that is not here."""
        with self.store.read() as tx:
            content = files.content(tx, sha256)
        if content is None:
            raise KeyError(sha256)
        return content

    def file_arrived(self, sha256: str) -> None:
        """Write down that the platform has a file."""
        with self.store.write() as tx:
            files.note_sent(tx, sha256, at=self.clock.now())

    def settle(self, batch: Batch, epoch: str, outcomes: Sequence[Outcome]) -> Changes:
        """Write down what the platform answered, each answer at its own operation only."""
        with self.store.write() as tx:
            self._write_down(tx, batch, epoch, outcomes, self.clock.now())
        return _changes(batch)

    def settle_and_take(
        self,
        batch: Batch,
        epoch: str,
        outcomes: Sequence[Outcome],
        ahead: Batch | None,
        *,
        limit: int = 100,
        most_bytes: int = 512 * 1024,
    ) -> tuple[Changes, Batch | None]:
        """Write down what the platform answered and take the next batch, durable together: `ahead` if it may still go.

        The batch that is returned is in flight from now on: send it, or `release` it.
        """
        now = self.clock.now()
        with self.store.write() as tx:
            self._write_down(tx, batch, epoch, outcomes, now)
            numbers = [row.dseq for row in ahead.rows] if ahead is not None else []
            if ahead is not None and sending.still_due(tx, numbers, now=now):
                sending.mark(tx, numbers, ahead.id)
                return _changes(batch), ahead
            return _changes(batch), self._take(tx, now, limit, most_bytes)

    def _take(self, tx: Transaction, now: datetime, limit: int, most_bytes: int) -> Batch | None:
        choice = sending.choose(tx, now=now, limit=limit, most_bytes=most_bytes)
        if not choice.numbers:
            return None
        batch = _batch(tx, choice)
        sending.mark(tx, choice.numbers, batch.id)
        return batch

    def _write_down(
        self, tx: Transaction, batch: Batch, epoch: str, outcomes: Sequence[Outcome], now: datetime
    ) -> None:
        by_key = {row.key: row for row in batch.rows}
        plain: dict[int, int | None] = {}
        changed: list[dict[str, Any]] = []
        conflicts: list[dict[str, Any]] = []
        done: list[OutboxRow] = []
        stuck: list[OutboxRow] = []
        waiting = sending.in_flight(tx, batch.id, [row.dseq for row in batch.rows])
        for outcome in outcomes:
            row = by_key.get(outcome.key)
            if row is None or row.dseq not in waiting:
                continue  # answered or taken back meanwhile
            if _lacks_files(outcome):
                files.forget_sent(tx, _files_of(row))
            state, next_at = self._state(outcome, now)
            if state == "done" and outcome.problem is None:
                plain[row.dseq] = outcome.version
            else:
                changed.append(
                    {
                        "key": row.key,
                        "state": state,
                        "next_at": next_at,
                        "last_error": _sentence(outcome),
                        "problem": json.dumps(outcome.problem, ensure_ascii=False) if outcome.problem else None,
                        "server_version": outcome.version,
                        "settled_at": now if state == "done" else None,
                    }
                )
            if state == "done":
                done.append(row)
            elif state in ATTENTION:
                stuck.append(row)
                if outcome.current is not None:
                    conflicts.append(_copy(row, outcome.current, now))
        sending.settle_done(tx, batch.id, plain, at=now)
        sending.settle(tx, batch.id, changed)
        platform_rows.keep_versions(tx, [row.dseq for row in done], at=now)
        platform_rows.keep(tx, conflicts)
        for row in stuck:
            sending.block_behind(tx, row)
            if row.op == "activate":
                # The feed may have shown who was first before this answer came, and shows it once.
                give_way(tx, self.store.audit_key, row.kind, row.record_id, now)
        if done:
            sending.free_behind(tx, [row.chain for row in done])
            facts.put(tx, facts.LAST_SUCCESS, utc_text(now))
        if facts.get(tx, facts.EPOCH) != epoch:
            facts.put(tx, facts.EPOCH, epoch)

    def unknown(self, batch: Batch, reason: str, *, retry_at: datetime, server_fault: bool) -> None:
        """Write down that nobody knows what became of a batch: it goes back to pending under the same keys.

        Only an operation that is alone and met a fault of the server counts a failure of its own; after five of them it
        is set aside, and everything else flows on.
        """
        with self.store.write() as tx:
            lone = server_fault and len(batch.rows) == 1 and bool(sending.in_flight(tx, batch.id, [batch.rows[0].dseq]))
            sending.give_back(tx, batch.id, reason=reason, retry_at=retry_at)
            if lone:
                sending.count_lone_failure(tx, batch.rows[0], quarantine_at=LONE_FAILURES_TO_QUARANTINE)

    def note_trouble(self, sentence: str) -> None:
        """Note why nothing could be sent at all, "" when nothing hinders; no row of the outbox can bear this reason."""
        with self.store.write() as tx:
            facts.put(tx, facts.TROUBLE, f"{utc_text(self.clock.now())} {sentence}")

    def next_due(self) -> datetime | None:
        """Return when the next operation becomes due (a moment that may have passed), None when nothing waits."""
        with self.store.read() as tx:
            return sending.next_due(tx)

    def epoch(self) -> str | None:
        """Return the platform's epoch as last seen."""
        with self.store.read() as tx:
            return facts.get(tx, facts.EPOCH)

    def _state(self, outcome: Outcome, now: datetime) -> tuple[str, datetime | None]:
        if outcome.status in ("applied", "duplicate"):
            return "done", None
        if outcome.status in ("conflict", "rejected"):
            return outcome.status, None
        if outcome.status == "waiting":
            return "waiting", now + WAITING_PAUSE
        if outcome.status == "retry":
            return "pending", now + WAITING_PAUSE
        raise ValueError(f"unknown status {outcome.status!r}")


def _batch(tx: Transaction, choice: sending.Choice) -> Batch:
    batch_id = new_id()
    return Batch(batch_id, sending.look(tx, choice.numbers, batch_id), sending.highest(tx), choice.full)


def _changes(batch: Batch) -> Changes:
    return Changes(frozenset(row.kind for row in batch.rows), frozenset(row.record_id for row in batch.rows))


def _files_of(row: OutboxRow) -> set[str]:
    declared = all_records().get(row.kind)
    if declared is None or not declared.names_files or row.op == "delete":
        return set()
    values, _ = from_body(declared, json.loads(row.payload))
    return {one.entry["sha256"] for one in named(declared, values)}


def _lacks_files(outcome: Outcome) -> bool:
    """Whether the platform says that it does not have a file which the operation names: it was restored, perhaps."""
    return outcome.status == "waiting" and str((outcome.problem or {}).get("type", "")).endswith(FILE_UNKNOWN)


def _sentence(outcome: Outcome) -> str:
    if outcome.problem is None:
        return ""
    errors = outcome.problem.get("errors") or []
    details = [str(error.get("detail", "")) for error in errors if isinstance(error, dict)]
    return "；".join(detail for detail in details if detail) or str(
        outcome.problem.get("detail") or outcome.problem.get("title") or ""
    )


def _copy(row: OutboxRow, current: dict[str, Any], now: datetime) -> dict[str, Any]:
    return platform_rows.row(
        row.kind,
        row.record_id,
        int(current.get("version") or 0),
        at=now,
        deleted=bool(current.get("deleted")),
        body=current.get("body"),
        answer=current.get("answer"),
        answer_no=int(current.get("answer_no") or 0),
    )
