"""Send what is due, one batch at a time, and put back under its own key whatever the platform did not answer.

The batch is marked as under way in the database before a socket is opened, so that after a crash it is sent again
with the same keys; the platform knows the keys and does nothing twice. The danger is to take silence for failure:
a reply lost on the way back means "unknown", which neither counts against a record nor settles it.

In a long queue the answer to one batch and the taking of the next are one durable step, and the next batch is chosen
and packed while the platform works on this one. There is still never more than one batch under way.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from bloodbank_desktop.clock import Clock
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.dispatch import Batch, Dispatch, Outcome
from bloodbank_desktop.operations.results import Changes
from bloodbank_desktop.sync.ahead import Ahead
from bloodbank_desktop.sync.isolation import FULL, Isolation, Step
from bloodbank_desktop.sync.platform import (
    FINAL,
    Cut,
    Parcel,
    Platform,
    PlatformProblem,
    SendReply,
    ServerFault,
    TimedOut,
    TooLarge,
)

log = logging.getLogger(__name__)

MOST_BYTES = 512 * 1024
LEAST_BYTES = 4 * 1024
LONE_WAITS = (5.0, 30.0, 120.0, 600.0)
"""Seconds before an operation at which the platform failed alone is tried again, after the first, second … failure."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What one pass did. `idle`: nothing was due. `stalled`: the platform answered, and no operation came further."""

    idle: bool = False
    stalled: bool = False
    statuses: Counter[str] = field(default_factory=Counter)
    changes: Changes | None = None
    offset_ms: int | None = None
    epoch: str | None = None


@dataclass(frozen=True, slots=True)
class _Ready:
    """A batch with its request, which was packed for this epoch."""

    batch: Batch
    parcel: Parcel
    epoch: str | None


class Uploader:
    """The push lane. One thread at a time."""

    def __init__(
        self, dispatch: Dispatch, clock: Clock, *, full: int = FULL, lone_waits: tuple[float, ...] = LONE_WAITS
    ) -> None:
        self._dispatch = dispatch
        self._clock = clock
        self._isolation = Isolation(full)
        self._lone_waits = lone_waits
        self._most_bytes = MOST_BYTES
        self._taken: Batch | None = None
        self._ready: _Ready | None = None

    @property
    def holds(self) -> bool:
        """Whether a batch is taken that the next pass sends."""
        return self._taken is not None

    def push_once(self, platform: Platform, clock_offset_ms: int = 0, *, go_on: bool = False) -> Pushed:
        """Send one batch.

        `go_on`: take the next one together with the answer, for the next pass; who ends before that calls `release`.
        Returns what became of it; a pass that only narrowed down the reason of a failure has no statuses. Raises
        PlatformProblem when the lane should wait, KnownProblem when the database could not be written; the
        operations are then due again, or come back through `Dispatch.recover`.
        """
        batch, self._taken = self._taken, None
        ready, self._ready = self._ready, None
        if batch is None:
            batch = self._dispatch.next_batch(self._isolation.limit, self._most_bytes)
        if batch is None:
            return Pushed(idle=True)
        ahead: Ahead[_Ready | None] | None = None
        try:
            self._send_files(platform, batch)
            if ready is None or ready.batch is not batch:
                ready = self._pack(platform, batch, clock_offset_ms)
            if go_on and batch.full and self._isolation.untroubled:
                ahead = Ahead(partial(self._look_ahead, platform, clock_offset_ms))
            reply = platform.send(ready.parcel)
        except PlatformProblem as problem:
            log.info("batch %s of %d not settled: %s", batch.id, len(batch.rows), problem)
            return self._failed(platform, batch, problem)
        except Exception:
            self._put_back(batch, "程序错误，稍后自动重试", seconds=60.0)
            raise
        finally:
            self._ready = None if ahead is None else ahead.result()
        return self._settle(batch, reply, go_on)

    def release(self) -> None:
        """Put back the batch that was taken for a next pass which does not come. Raises KnownProblem."""
        batch, self._taken = self._taken, None
        if batch is not None:
            self._dispatch.release(batch)

    def _pack(self, platform: Platform, batch: Batch, clock_offset_ms: int) -> _Ready:
        epoch = self._dispatch.epoch()
        return _Ready(batch, platform.pack(batch, epoch_seen=epoch, clock_offset_ms=clock_offset_ms), epoch)

    def _look_ahead(self, platform: Platform, clock_offset_ms: int) -> _Ready | None:
        batch = self._dispatch.look_ahead(self._isolation.limit, self._most_bytes)
        return None if batch is None else self._pack(platform, batch, clock_offset_ms)

    def _send_files(self, platform: Platform, batch: Batch) -> None:
        """Send what the operations name, each file by itself and noted by itself, so that no way is gone twice."""
        for kept in self._dispatch.unsent_files(batch):
            platform.put_file(kept.sha256, kept.media_type, self._dispatch.file_content(kept.sha256))
            self._dispatch.file_arrived(kept.sha256)

    def _settle(self, batch: Batch, reply: SendReply, go_on: bool) -> Pushed:
        self._isolation.succeeded(_numbers(batch))
        statuses = Counter(outcome.status for outcome in reply.outcomes)
        stalled = not any(status in FINAL for status in statuses)
        if go_on and not stalled:
            # Made for another epoch, the request would say something that is no longer so.
            ahead = self._ready.batch if self._ready is not None and self._ready.epoch == reply.epoch else None
            changes, self._taken = self._dispatch.settle_and_take(
                batch,
                reply.epoch,
                reply.outcomes,
                ahead,
                limit=self._isolation.limit,
                most_bytes=self._most_bytes,
            )
        else:
            changes = self._dispatch.settle(batch, reply.epoch, reply.outcomes)
        return Pushed(
            stalled=stalled,
            statuses=statuses,
            changes=changes,
            offset_ms=reply.offset_ms,
            epoch=reply.epoch,
        )

    def _failed(self, platform: Platform, batch: Batch, problem: PlatformProblem) -> Pushed:
        if isinstance(problem, TooLarge) and len(batch.rows) > 1:
            # Nothing was done and waiting changes nothing: smaller at once, and from now on.
            size = sum(len(row.payload) for row in batch.rows)
            self._most_bytes = max(LEAST_BYTES, size // 2)
            step = self._isolation.halve(_numbers(batch))
        elif isinstance(problem, TooLarge):
            step = Step.ALONE
        elif isinstance(problem, ServerFault):
            step = self._isolation.failed(_numbers(batch))
        elif isinstance(problem, TimedOut | Cut):
            # Perhaps one operation brings the platform down, perhaps the line is too slow: smaller helps both.
            step = self._isolation.failed(_numbers(batch), shrink=True)
        else:
            step = Step.AGAIN
        if step is Step.ALONE:
            return self._alone(platform, batch, problem)
        self._put_back(batch, problem.message)
        if step is Step.HALVE and not isinstance(problem, TimedOut | Cut):
            return Pushed()
        raise problem

    def _alone(self, platform: Platform, batch: Batch, problem: PlatformProblem) -> Pushed:
        """One operation failed by itself: ask what the platform knows of it before blaming it."""
        row = batch.rows[0]
        try:
            known = platform.outcome(row.key)
        except PlatformProblem as silence:
            log.info("and no answer about it either: %s", silence)
            self._put_back(batch, problem.message)
            raise problem from silence
        except Exception:
            self._put_back(batch, "程序错误，稍后自动重试", seconds=60.0)
            raise
        epoch = self._dispatch.epoch()
        if known is not None and epoch is not None:
            return self._settle_alone(batch, epoch, known)
        storm = self._isolation.storm(row.dseq)
        blame = not storm and not isinstance(problem, Cut)
        wait = self._lone_waits[min(row.item_attempts, len(self._lone_waits) - 1)]
        self._put_back(batch, problem.message, seconds=wait, blame=blame)
        if storm or isinstance(problem, Cut | TimedOut):
            raise problem
        return Pushed()

    def _settle_alone(self, batch: Batch, epoch: str, known: Outcome) -> Pushed:
        changes = self._dispatch.settle(batch, epoch, (known,))
        self._isolation.succeeded(_numbers(batch))
        return Pushed(statuses=Counter((known.status,)), changes=changes)

    def _put_back(self, batch: Batch, reason: str, *, seconds: float = 0.0, blame: bool = False) -> None:
        """Make the operations due again. The wait of the whole lane is the engine's, in memory: after a new start of
        the program, or when the network is back, nothing needs to lie here because of a time noted in the past."""
        retry_at = self._clock.now() + timedelta(seconds=seconds)
        try:
            self._dispatch.unknown(batch, reason, retry_at=retry_at, server_fault=blame)
        except KnownProblem as full:
            log.warning("batch %s stays under way until the database can be written: %s", batch.id, full.code)
            raise


def _numbers(batch: Batch) -> frozenset[int]:
    return frozenset(row.dseq for row in batch.rows)
