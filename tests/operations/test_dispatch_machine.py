"""The outbox as a state machine: whatever happens in whatever order, the file does what a model says.

The model is a list in memory; the file is a real one. After every step all rows are compared, so that a step that
touches a row it has no business with is found at once.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.dispatch import Batch, Outcome
from bloodbank_desktop.storage import facts, outbox
from tests.support import FakeClock, open_store

STUCK = ("rejected", "conflict", "quarantined")
CLOSED = ("done", "superseded", "withdrawn")
CHAINS = ("袋甲", "袋乙", "申请丙")
STATUSES = ("applied", "duplicate", "conflict", "rejected", "waiting", "retry")
PAUSE = timedelta(seconds=60)


@dataclass
class Row:
    """What the model knows of one operation."""

    dseq: int
    chain: str
    needs: tuple[int, ...]
    payload: bytes
    state: str = "pending"
    next_at: datetime | None = None
    failures: int = 0
    batch: str | None = None


@dataclass
class Platform:
    """A platform in memory: it takes a key once and remembers what it answered."""

    taken: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    order: dict[str, list[int]] = field(default_factory=dict)

    def take(self, key: str, chain: str, dseq: int, payload: bytes) -> str:
        """Apply an operation; return the status of the answer."""
        if key in self.taken:
            assert self.taken[key][0] == payload, "another payload under the same key"
            return "duplicate"
        self.order.setdefault(chain, []).append(dseq)
        self.taken[key] = (payload, len(self.taken) + 1)
        return "applied"


class Outbox(RuleBasedStateMachine):
    """One device, one platform, one person."""

    @initialize()
    def start(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="输血科 ")
        self.clock = FakeClock()
        self.profile = open_store(Path(self.folder.name), self.clock)
        self.dispatch = self.profile.dispatch
        self.rows: list[Row] = []
        self.flying: list[Batch] = []
        self.landed: list[Batch] = []
        self.ahead: Batch | None = None
        self.platform = Platform()

    def teardown(self) -> None:
        if hasattr(self, "profile"):
            self.profile.close()
            self.folder.cleanup()

    # -- the model ------------------------------------------------------------------------------------------------

    def _due(self, row: Row) -> bool:
        return row.state in ("pending", "waiting") and (row.next_at is None or row.next_at <= self.clock.at)

    def _pick(self, limit: int) -> list[int]:
        """The first due rows in the order of numbers, none before what stands in front of it or what it needs."""
        held_chains: set[str] = set()
        held: set[int] = set()
        chosen: list[int] = []
        for row in self.rows:
            if row.state in CLOSED:
                continue
            if self._due(row) and row.chain not in held_chains and not held.intersection(row.needs):
                chosen.append(row.dseq)
            else:
                held_chains.add(row.chain)
                held.add(row.dseq)
        return chosen[:limit]

    def _block_behind(self, row: Row) -> None:
        for other in self.rows:
            if other.chain == row.chain and other.dseq > row.dseq and other.state in ("pending", "waiting"):
                other.state = "blocked"

    def _free_behind(self, chain: str) -> None:
        stuck = False
        for other in self.rows:
            if other.chain == chain:
                stuck = stuck or other.state in STUCK
                if other.state == "blocked" and not stuck:
                    other.state = "pending"

    def _row(self, key: str) -> Row:
        return self.rows[int(key.rpartition(":")[2]) - 1]

    # -- what a person does ---------------------------------------------------------------------------------------

    @rule(chain=st.sampled_from(CHAINS), data=st.data())
    def act(self, chain: str, data: st.DataObject) -> None:
        """A person saves something, which may need earlier operations of other chains."""
        others = [row.dseq for row in self.rows if row.chain != chain]
        needs = data.draw(st.lists(st.sampled_from(others), max_size=2, unique=True)) if others else []
        self._put(chain, tuple(needs))

    def _put(self, chain: str, needs: tuple[int, ...]) -> None:
        payload = f'{{"chain":"{chain}","n":{len(self.rows) + 1}}}'.encode()
        incarnation = self.dispatch.identity.incarnation
        with self.profile.store.write() as tx:
            assert facts.get(tx, facts.INCARNATION) == incarnation
            dseq = outbox.put(
                tx,
                record_id=chain,
                kind="stock_in",
                name=chain,
                op="register",
                base_version=None,
                payload=payload,
                actor="训练甲",
                at=self.clock.at,
                needs=[f"{incarnation}:{number}" for number in needs],
            )
        self.rows.append(Row(dseq, chain, needs, payload))
        assert dseq == len(self.rows)

    @rule(chain=st.sampled_from(CHAINS))
    def correct(self, chain: str) -> None:
        """A person corrects a record: what waited for the person is closed, a new operation follows."""
        with self.profile.store.write() as tx:
            outbox.close(tx, chain, "superseded", at=self.clock.at)
        for row in self.rows:
            if row.chain == chain and row.state in (*STUCK, "blocked"):
                row.state = "superseded"
        self._put(chain, ())

    @precondition(lambda self: self.rows)
    @rule(data=st.data())
    def try_again(self, data: st.DataObject) -> None:
        """A person asks for one operation to be tried again, which is refused when it does not wait for a person."""
        row = data.draw(st.sampled_from(self.rows))
        if row.state not in (*STUCK, "blocked", "waiting"):
            try:
                self.profile.desk.queue.retry(row.dseq)
            except KnownProblem as problem:
                assert problem.code == "nothing-to-retry"
                return
            raise AssertionError("retried what did not wait")
        self.profile.desk.queue.retry(row.dseq)
        for other in self.rows:
            if other is row or (other.chain == row.chain and other.state == "blocked"):
                other.state, other.next_at, other.failures = "pending", None, 0

    @rule(seconds=st.sampled_from((1, 59, 61, 600)))
    def time_passes(self, seconds: int) -> None:
        """Pauses run out."""
        self.clock.advance(seconds=seconds)

    # -- what the network does ------------------------------------------------------------------------------------

    @rule(limit=st.sampled_from((1, 2, 3, 100)))
    def send(self, limit: int) -> None:
        """The next batch is what the model would take, in order, marked before it leaves, with its frozen payloads."""
        expected = self._pick(limit)
        batch = self.dispatch.next_batch(limit=limit)
        assert [row.dseq for row in batch.rows] == expected if batch else expected == []
        if batch is not None:
            assert batch.device_hwm == len(self.rows)
            self._flies(batch)

    def _flies(self, batch: Batch) -> None:
        for sent in batch.rows:
            row = self._row(sent.key)
            assert (sent.payload, sent.state, sent.batch_id) == (row.payload, "sending", batch.id)
            row.state, row.batch = "sending", batch.id
        self.flying.append(batch)

    @precondition(lambda self: self.rows)
    @rule(limit=st.sampled_from((1, 2)))
    def look_ahead(self, limit: int) -> None:
        """What may follow is chosen only when it fills a batch, and nothing is changed by it."""
        expected = self._pick(limit)
        self.ahead = self.dispatch.look_ahead(limit=limit)
        found = [row.dseq for row in self.ahead.rows] if self.ahead else []
        assert found == (expected if len(expected) == limit else [])

    @precondition(lambda self: self.flying)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        """A batch that never left waits again as if it had not been taken."""
        batch = self._take(data)
        self.dispatch.release(batch)
        self.landed.append(batch)
        for sent in batch.rows:
            self._row(sent.key).state = "pending"

    def _take(self, data: st.DataObject) -> Batch:
        return self.flying.pop(data.draw(st.integers(0, len(self.flying) - 1)))

    @precondition(lambda self: self.flying)
    @rule(data=st.data(), honest=st.booleans(), go_on=st.sampled_from((None, 1, 2, 100)))
    def answer(self, data: st.DataObject, honest: bool, go_on: int | None) -> None:
        """An answer moves exactly the rows that it names; taken with it is what was chosen ahead, if all may still go.

        What was chosen may be old: much happened since. Else the next is taken as the model would after the answer.
        """
        batch = self._take(data)
        statuses = ("applied",) if honest else STATUSES
        outcomes = []
        held: set[str] = set()
        for sent in batch.rows:
            status = data.draw(st.sampled_from(statuses))
            if sent.chain in held and sent.key not in self.platform.taken:
                status = "waiting"  # what the platform did not take holds what follows it
            elif status == "applied":
                status = self.platform.take(sent.key, sent.chain, sent.dseq, sent.payload)
            elif status == "duplicate" and sent.key not in self.platform.taken:
                status = "retry"
            elif status in ("conflict", "rejected", "waiting") and sent.key in self.platform.taken:
                status = "duplicate"
            if status not in ("applied", "duplicate"):
                held.add(sent.chain)
            outcomes.append(Outcome(sent.key, status, None, {"title": "x"} if status == "rejected" else None))
        ahead, taken = None, None
        if go_on is None:
            self.dispatch.settle(batch, "epoch-1", outcomes)
        else:
            ahead, self.ahead = self.ahead, None
            _, taken = self.dispatch.settle_and_take(batch, "epoch-1", outcomes, ahead, limit=go_on)
        self.landed.append(batch)
        for outcome in outcomes:
            row = self._row(outcome.key)
            row.next_at = self.clock.at + PAUSE if outcome.status in ("waiting", "retry") else None
            row.state = {"applied": "done", "duplicate": "done", "retry": "pending"}.get(outcome.status, outcome.status)
        for outcome in outcomes:
            if outcome.status in STUCK:
                self._block_behind(self._row(outcome.key))
        for outcome in outcomes:
            if outcome.status in ("applied", "duplicate"):
                self._free_behind(self._row(outcome.key).chain)
        if go_on is not None:
            expected = self._pick(go_on)
            if ahead is not None and all(self._due(self._row(row.key)) for row in ahead.rows):
                assert taken is ahead
            else:
                assert [row.dseq for row in taken.rows] == expected if taken else expected == []
            if taken is not None:
                self._flies(taken)

    @precondition(lambda self: self.flying)
    @rule(data=st.data(), fault=st.booleans(), arrived=st.booleans(), pause=st.sampled_from((0, 30)))
    def no_answer(self, data: st.DataObject, fault: bool, arrived: bool, pause: int) -> None:
        """Without an answer a batch goes back under its keys, whether the platform had it or not; five lone faults end it."""
        batch = self._take(data)
        for sent in batch.rows if arrived else ():
            self.platform.take(sent.key, sent.chain, sent.dseq, sent.payload)
        retry_at = self.clock.at + timedelta(seconds=pause)
        self.dispatch.unknown(batch, "连接中断", retry_at=retry_at, server_fault=fault)
        self.landed.append(batch)
        for sent in batch.rows:
            row = self._row(sent.key)
            row.state, row.next_at = "pending", retry_at
        if fault and len(batch.rows) == 1:
            row = self._row(batch.rows[0].key)
            row.failures += 1
            if row.failures >= 5:
                row.state, row.next_at = "quarantined", None
                self._block_behind(row)

    @precondition(lambda self: self.landed)
    @rule(data=st.data(), status=st.sampled_from(STATUSES))
    def late_answer(self, data: st.DataObject, status: str) -> None:
        """An answer to a batch that is no longer in flight, or the report of its failure, moves nothing."""
        batch = data.draw(st.sampled_from(self.landed))
        self.dispatch.settle(batch, "epoch-1", [Outcome(sent.key, status) for sent in batch.rows])
        self.dispatch.unknown(batch, "连接中断", retry_at=self.clock.at, server_fault=True)

    @rule()
    def crash(self) -> None:
        """After a crash what was in flight waits again, under the same keys, and its answers come too late."""
        flying = sum(row.state == "sending" for row in self.rows)
        assert self.dispatch.recover() == flying
        for row in self.rows:
            if row.state == "sending":
                row.state = "pending"
        self.landed += self.flying
        self.flying.clear()

    # -- always ---------------------------------------------------------------------------------------------------

    @invariant()
    def file_is_as_the_model_says(self) -> None:
        """Every row has the state, pause, count, key and payload of the model."""
        if not hasattr(self, "profile"):
            return
        kept = sorted(self.profile.desk.queue.rows(open_only=False, limit=1000), key=lambda row: row.dseq)
        incarnation = self.dispatch.identity.incarnation
        assert [(row.key, row.payload) for row in kept] == [
            (f"{incarnation}:{row.dseq}", row.payload) for row in self.rows
        ]
        assert [(row.dseq, row.state, row.item_attempts) for row in kept] == [
            (row.dseq, row.state, row.failures) for row in self.rows
        ]
        waiting = ("pending", "waiting")
        assert [row.next_at for row in kept if row.state in waiting] == [
            row.next_at for row in self.rows if row.state in waiting
        ]

    @invariant()
    def queue_shows_everything_open(self) -> None:
        """Nothing that is not closed is missing in the queue or its summary."""
        if not hasattr(self, "profile"):
            return
        is_open = {row.dseq for row in self.rows if row.state not in CLOSED}
        assert {row.dseq for row in self.profile.desk.queue.rows(limit=1000)} == is_open
        summary = self.profile.desk.queue.summary()
        assert summary.waiting == len(is_open)
        assert summary.attention == sum(row.state in (*STUCK, "blocked") for row in self.rows)

    @invariant()
    def chains_arrive_in_order(self) -> None:
        """The platform has received the operations of each chain in the order of their numbers, each once."""
        if hasattr(self, "platform"):
            for received in self.platform.order.values():
                assert received == sorted(set(received))


TestOutbox = Outbox.TestCase
TestOutbox.settings = settings(
    max_examples=30,
    stateful_step_count=40,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
