"""What the tests of the network lane share: a clock that stands still, batches, a platform by script, real parts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from bloodbank_desktop.clock import SystemClock, utc_text
from bloodbank_desktop.operations.dispatch import Batch, Identity, Outcome
from bloodbank_desktop.operations.opening import Profile, open_profile
from bloodbank_desktop.records.wire import canonical
from bloodbank_desktop.storage.outbox import OutboxRow
from bloodbank_desktop.sync.engine import SyncEngine
from bloodbank_desktop.sync.http_platform import HttpPlatform
from bloodbank_desktop.sync.platform import FileAbsent, Hello, Page, Parcel, SendReply, Snapshot, SnapshotPage
from bloodbank_desktop.sync.status import Pace
from bloodbank_desktop.sync.transport import Limits
from tests.support import seat

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
EPOCH = "11111111-2222-4333-8444-555555555555"
IDENTITY = Identity("dev-1", "inc-1")
#: Short enough that a test of a time-out is quick, long enough for a busy machine.
QUICK = Limits(connect=1.0, read=1.0, total=2.0, most_bytes=4 * 1024 * 1024)
#: Everything that is a wait in life is next to nothing here.
FAST = Pace(pull_every=0.05, offline_cap=0.02, cap=0.05, stalled_cap=0.02, stopped_retry=0.05, database_retry=0.05,
            manual_gap=0.01, least_pause=0.002, behind=0.02, lone_waits=(0.01,), patience=40)  # fmt: skip


@dataclass
class StillClock:
    """A clock that moves only when told."""

    at: datetime = NOW
    elapsed: float = 1000.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.elapsed

    def tick(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.elapsed += seconds


def row(dseq: int, payload: bytes | None = None, **changes: Any) -> OutboxRow:
    """Return an operation as the outbox hands it out."""
    payload = canonical({"n": dseq, "text": "血袋"}) if payload is None else payload
    values: dict[str, Any] = {
        "dseq": dseq, "key": f"inc-1:{dseq}", "chain": f"r{dseq}", "record_id": str(UUID(int=dseq)), "kind": "stock_in",
        "name": f"RK{dseq}", "op": "register", "base_version": None, "needs": (), "payload": payload,
        "sha256": hashlib.sha256(payload).hexdigest(), "actor": "训练甲", "occurred_at": NOW, "state": "sending",
        "attempts": 1, "item_attempts": 0, "next_at": None, "batch_id": None, "last_error": "", "problem": None,
        "server_version": None, "settled_at": None,
    }  # fmt: skip
    return OutboxRow(**values | changes)


def batch_of(count: int) -> Batch:
    """Return a batch of that many operations; the same number makes the same batch."""
    return Batch(str(UUID(int=count)), tuple(row(n) for n in range(1, count + 1)), count)


def reply_to(batch: Batch, **changes: Any) -> dict[str, Any]:
    """Return a valid reply document: everything applied."""
    results = [
        {"key": one.key, "status": "applied", "version": 1, "etag": '"1"', "problem": None, "current": None}
        for one in batch.rows
    ]
    whole = {"batch_id": batch.id, "epoch": EPOCH, "server_time": utc_text(NOW), "acked_through": 0, "results": results}
    return whole | changes


def as_json(value: Any) -> bytes:
    """Return a document as bytes."""
    return json.dumps(value, ensure_ascii=False).encode()


Reaction = Callable[[Batch], SendReply]


@dataclass
class ScriptedPlatform:
    """A platform whose every call does the next thing of its script: raise an exception or answer well.

    `poison` are device numbers at which `send` raises `poison_with`; `on_send` sees each batch first.
    """

    clock: Any
    hellos: list[Exception | None] = field(default_factory=list)
    sends: list[Exception | None] = field(default_factory=list)
    pages: list[Exception | Page | None] = field(default_factory=list)
    outcomes: list[Exception | Outcome | None] = field(default_factory=list)
    files: list[Exception | None] = field(default_factory=list)
    poison: frozenset[int] = frozenset()
    poison_with: Exception | None = None
    status: str = "applied"
    offset_ms: int = 0
    on_send: Callable[[Batch], None] = lambda batch: None
    calls: list[tuple[str, Any]] = field(default_factory=list)
    aborted: int = 0

    def _next(self, script: list[Any]) -> Any:
        step = script.pop(0) if script else None
        if isinstance(step, Exception):
            raise step
        return step

    def hello(self) -> Hello:
        self.calls.append(("hello", None))
        self._next(self.hellos)
        return Hello(EPOCH, self.clock.now(), 1, 1, "0", "test", self.offset_ms)

    def pack(self, batch: Batch, *, epoch_seen: str | None, clock_offset_ms: int) -> Parcel:
        return Parcel(batch, b"", {})

    def send(self, parcel: Parcel) -> SendReply:
        batch = parcel.batch
        numbers = [one.dseq for one in batch.rows]
        self.calls.append(("send", numbers))
        self.on_send(batch)
        self._next(self.sends)
        if self.poison & set(numbers) and self.poison_with is not None:
            raise self.poison_with
        outcomes = tuple(Outcome(one.key, self.status, 1, None, None, self.clock.now()) for one in batch.rows)
        return SendReply(EPOCH, self.clock.now(), 0, outcomes, self.offset_ms)

    def put_file(self, sha256: str, media_type: str, content: bytes) -> None:
        self.calls.append(("put_file", sha256))
        self._next(self.files)

    def get_file(self, sha256: str, size: int) -> bytes:
        self.calls.append(("get_file", sha256))
        self._next(self.files)
        raise FileAbsent

    def outcome(self, key: str) -> Outcome | None:
        self.calls.append(("outcome", key))
        step = self._next(self.outcomes)
        assert step is None or isinstance(step, Outcome)
        return step

    def changes(self, feed: str, cursor: str | None, limit: int) -> Page:
        self.calls.append(("changes", (cursor, limit)))
        step = self._next(self.pages)
        assert step is None or isinstance(step, Page)
        return step or Page(EPOCH, (), cursor or "c0", False, self.clock.now())

    def open_snapshot(self, module: str) -> Snapshot:
        raise NotImplementedError

    def snapshot_page(self, snapshot: Snapshot, after: str | None, limit: int) -> SnapshotPage:
        raise NotImplementedError

    def abort(self) -> None:
        self.aborted += 1

    def count(self, what: str) -> int:
        """How often a method was called."""
        return sum(name == what for name, _ in self.calls)


@contextmanager
def profile(folder: Path, clock: Any = None) -> Iterator[Profile]:
    """A real data file, open, with an operator."""
    folder.mkdir(parents=True, exist_ok=True)
    opened = open_profile(folder, training=True, clock=clock or SystemClock())
    seat(opened, "训练甲")
    try:
        yield opened
    finally:
        opened.close()


def engine_of(opened: Profile, platform: Any, *, clock: Any = None, seed: int = 1, **keywords: Any) -> SyncEngine:
    """The engine of a profile, quick and repeatable."""
    keywords.setdefault("pace", FAST)
    return SyncEngine(opened.dispatch, opened.arrivals, clock or SystemClock(), platform, rng=Random(seed), **keywords)


def http_platform(opened: Profile, url: str, limits: Limits = QUICK) -> HttpPlatform:
    """The real client of a profile."""
    return HttpPlatform(url, "training", opened.dispatch.identity, SystemClock(), limits=limits)


def states(opened: Profile) -> dict[str, int]:
    """How many operations are in each state."""
    counted: dict[str, int] = {}
    for one in opened.desk.queue.rows(open_only=False, limit=100_000):
        counted[one.state] = counted.get(one.state, 0) + 1
    return counted
