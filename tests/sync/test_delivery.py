"""Real data file, real client, real training platform, and a network that fails in between: once, and only once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bloodbank_desktop.clock import SystemClock
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.sync.http_platform import HttpPlatform
from bloodbank_desktop.sync.platform import PlatformProblem
from bloodbank_desktop.sync.status import Nudge, Phase
from bloodbank_desktop.sync.transport import Limits
from bloodbank_desktop.sync.uploader import Uploader
from bloodbank_desktop.training.faults import Fault as ServerFault
from bloodbank_desktop.training.server import TrainingServer
from tests import samples
from tests.faults import proxy as net
from tests.faults.checker import Saved, frozen_body, judge, queue_of, server_changes
from tests.faults.proxy import Fault, FaultProxy
from tests.faults.until import until
from tests.sync.kit import engine_of, http_platform, profile, states

BRIEF = Limits(connect=1.0, read=1.0, total=0.3)


@dataclass
class World:
    """One workstation, one platform, and the network between them."""

    desk: Profile
    server: TrainingServer
    net: FaultProxy
    history: list[Saved] = field(default_factory=list)

    def save(self, count: int = 1) -> None:
        """Save that many deliveries."""
        for _ in range(count):
            seed = len(self.history)
            saved = self.desk.desk.register("stock_in", samples.stock_in_values(2, seed))
            key = f"{self.desk.dispatch.identity.incarnation}:{saved.dseq}"
            self.history.append(Saved(key, saved.record_id, "register", frozen_body(self.desk, key)))

    def client(self, limits: Limits | None = None) -> HttpPlatform:
        """The real client through the network."""
        return (
            http_platform(self.desk, self.net.url) if limits is None else http_platform(self.desk, self.net.url, limits)
        )

    def wrong(self) -> list[str]:
        """What the checker says."""
        return judge(self.history, server_changes(self.server.platform), [queue_of(self.desk)])


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with (
        profile(tmp_path / "p") as desk,
        TrainingServer(tmp_path / "server.db") as server,
        FaultProxy(server.port) as network,
    ):
        yield World(desk, server, network)


def no_pause(_: float) -> None:
    """Tests do not wait for the backoff."""


def test_the_checker_sees_what_is_wrong(world: World) -> None:
    """The judge itself finds a loss, a doubling, a stranger, a wrong order, changed content and an open queue."""
    world.save(2)
    assert engine_of(world.desk, world.client()).run_once(no_pause).success
    assert world.wrong() == []
    changes = server_changes(world.server.platform)
    first, second = changes
    queue = queue_of(world.desk)
    assert [w.split(":")[0] for w in judge(world.history, [first], [queue])] == ["lost"]
    assert "twice" in judge(world.history, [*changes, second], [queue])[0]
    assert "from nowhere" in judge(world.history[:1], changes, [queue])[0]
    assert "content" in judge(world.history, [{**first, "body": {}}, second], [queue])[0]
    assert "versions" in judge(world.history, [{**first, "version": 2}, second], [queue])[0]
    assert "pending" in judge(world.history, changes, [queue | {"x:1": "pending"}])[0]


def test_without_faults_all_arrives_and_the_answer_comes_back(world: World) -> None:
    """A run sends all, reads all, and the receipt number of the platform stands on the record."""
    world.save(5)
    report = engine_of(world.desk, world.client()).run_once(no_pause)
    assert (report.sent, report.accepted, report.pulled, report.success) == (5, 5, 5, True)
    assert world.wrong() == []
    shown = world.desk.desk.view("stock_in", world.history[0].record_id)
    assert shown.upload == "done"
    assert shown.answer["receiptNo"]


def test_a_request_cut_at_any_byte_arrives_once(world: World) -> None:
    """Cut before the request is there: nothing is settled, the next try brings it, wherever the cut was."""
    uploader = Uploader(world.desk.dispatch, SystemClock())
    world.save()
    uploader.push_once(world.client())
    whole = world.net.seen[0].request
    assert whole > 500
    # Counted from the end, for a later request may be shorter than the first, and every one is to be cut.
    for n in [0, *range(-whole, 0, 61), -2, -1]:
        world.save()
        world.net.script.append(Fault(net.CUT_REQUEST, n))
        with pytest.raises(PlatformProblem):
            uploader.push_once(world.client())
        assert states(world.desk)["pending"] == 1
        assert uploader.push_once(world.client()).statuses == {"applied": 1}
    assert world.wrong() == []


def test_a_reply_cut_at_any_byte_is_asked_again_and_nothing_is_doubled(world: World) -> None:
    """Cut after the platform committed: nothing is settled, the next try is told "duplicate", wherever the cut was."""
    uploader = Uploader(world.desk.dispatch, SystemClock())
    world.save()
    uploader.push_once(world.client())
    whole = world.net.seen[0].reply
    assert whole > 300
    for n in [*range(0, whole, 13), whole - 2, whole - 1]:
        world.save()
        world.net.script.append(Fault(net.CUT_REPLY, n))
        with pytest.raises(PlatformProblem):
            uploader.push_once(world.client())
        assert states(world.desk)["pending"] == 1
        assert uploader.push_once(world.client()).statuses == {"duplicate": 1}
    assert world.wrong() == []


NETWORK_FAULTS = [
    Fault(net.REFUSE),
    Fault(net.CUT_REQUEST, 0),
    Fault(net.CUT_REQUEST, 300),
    Fault(net.CUT_REPLY, 0),
    Fault(net.CUT_REPLY, 250),
    Fault(net.DRIP, seconds=0.02),
    Fault(net.SILENT, seconds=0.6),
    Fault(net.REPLAY),
    Fault(net.HTML),
]


@pytest.mark.parametrize("fault", NETWORK_FAULTS, ids=lambda fault: f"{fault.kind}-{fault.n}")
def test_each_fault_of_the_network(world: World, fault: Fault) -> None:
    """Whatever the network does to two batches and two pages, in the end all is there once and the queue is empty."""
    world.save(7)
    world.net.script.extend([Fault(), fault, fault, Fault(), fault, fault])
    report = engine_of(world.desk, world.client(BRIEF)).run_once(no_pause)
    assert report.success, report
    assert world.wrong() == []
    assert fault in [seen.fault for seen in world.net.seen]


SERVER_FAULTS = [
    ServerFault("html", times=2, path="/v1/ops"),
    ServerFault("redirect", times=2, path="/v1/ops"),
    ServerFault("status", times=2, path="/v1/ops", status=500),
    ServerFault("status", times=2, path="/v1/ops", status=502),
    ServerFault("status", times=2, path="/v1/ops", status=503),
    ServerFault("status", times=2, path="/v1/ops", status=503, retry_after="1"),
    ServerFault("status", times=2, path="/v1/ops", status=429, retry_after="0"),
    ServerFault("drop-reply", times=2, path="/v1/ops"),
    ServerFault("truncate", times=2, path="/v1/ops", bytes=120),
    ServerFault("drip", times=2, path="/v1/ops", seconds=0.02),
    ServerFault("wrong-batch", times=2, path="/v1/ops"),
    ServerFault("missing-key", times=2, path="/v1/ops"),
    ServerFault("extra-key", times=2, path="/v1/ops"),
    ServerFault("duplicate-key", times=2, path="/v1/ops"),
    ServerFault("garbage", times=2, path="/v1/ops"),
    ServerFault("delay", times=2, path="/v1/ops", seconds=0.5),
]


@pytest.mark.parametrize("fault", SERVER_FAULTS, ids=lambda fault: f"{fault.kind}-{fault.status}-{fault.retry_after}")
def test_each_fault_of_the_server(world: World, fault: ServerFault) -> None:
    """Whatever the platform answers to two batches, in the end all is there once and the queue is empty."""
    world.save(7)
    world.server.faults.set(fault)
    report = engine_of(world.desk, world.client(BRIEF)).run_once(no_pause)
    assert report.success, report
    assert world.wrong() == []


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "not-signed-in"), (403, "device-refused"), (426, "client-too-old"), (404, "protocol-fault")],
)
def test_faults_that_need_a_person_keep_the_queue(world: World, status: int, code: str) -> None:
    """The run stops with the sentence, nothing is lost or blamed, and afterwards all flows."""
    world.save(3)
    world.server.faults.set(ServerFault("status", path="/v1/ops", status=status))
    report = engine_of(world.desk, world.client()).run_once(no_pause)
    assert (report.success, report.code) == (False, code)
    assert states(world.desk) == {"pending": 3}
    world.server.faults.set()
    assert engine_of(world.desk, world.client()).run_once(no_pause).success
    assert world.wrong() == []


def test_a_wrong_token_is_not_signed_in(world: World) -> None:
    """The real 401 of the platform is told as such."""
    world.save()
    client = HttpPlatform(world.net.url, "wrong", world.desk.dispatch.identity, SystemClock())
    assert engine_of(world.desk, client).run_once(no_pause).code == "not-signed-in"
    assert states(world.desk) == {"pending": 1}


def test_one_poisoned_record_among_many(world: World) -> None:
    """The platform fails whenever one record is in the batch: that one is put aside, all others arrive."""
    world.save(60)
    poisoned = world.history.pop(33)
    world.server.faults.set(ServerFault("item-error", match=poisoned.record_id))
    engine = engine_of(world.desk, world.client())
    engine.start()
    try:
        until(lambda: states(world.desk) == {"done": 59, "quarantined": 1}, "59 arrived, one put aside", 30)
    finally:
        assert engine.stop()
    (row,) = world.desk.desk.queue.rows()
    assert (row.record_id, row.state, row.item_attempts) == (poisoned.record_id, "quarantined", 5)
    world.server.faults.set()
    world.desk.desk.queue.retry(row.dseq)
    world.history.insert(33, poisoned)
    assert engine_of(world.desk, world.client()).run_once(no_pause).success
    assert world.wrong() == []


def test_the_lane_goes_on_by_itself_when_the_network_is_back(world: World) -> None:
    """Network away, saves, network back: all arrives without a nudge, and the status tells each step."""
    engine = engine_of(world.desk, world.client())
    engine.start()
    try:
        until(lambda: engine.status.phase is Phase.IDLE, "first contact")
        for round_ in range(3):
            world.net.down()
            world.save(2)
            engine.nudge()
            until(lambda: engine.status.code == "unreachable", "the outage is noticed")
            assert engine.status.online is False
            world.net.up()
            until(lambda: states(world.desk) == {"done": 2 * round_ + 2}, "all arrived")  # noqa: B023
        engine.nudge(Nudge.MANUAL)
        until(lambda: engine.status.phase is Phase.IDLE, "quiet again")
    finally:
        assert engine.stop()
    assert world.wrong() == []


def test_a_process_that_dies_while_sending_sends_again(tmp_path: Path) -> None:
    """Dead between the platform's commit and the reply's: the next process finds the batch and nothing is doubled."""
    with TrainingServer(tmp_path / "server.db") as server:
        with profile(tmp_path / "p") as desk:
            saved = desk.desk.register("stock_in", samples.stock_in_values(2, 1))
            batch = desk.dispatch.next_batch()
            assert batch is not None
            platform = http_platform(desk, server.url)
            platform.send(platform.pack(batch, epoch_seen=None, clock_offset_ms=0))
            assert states(desk) == {"sending": 1}
        with profile(tmp_path / "p") as desk:
            report = engine_of(desk, http_platform(desk, server.url)).run_once(no_pause)
            assert (report.success, report.accepted) == (True, 1)
            key = f"{desk.dispatch.identity.incarnation}:{saved.dseq}"
            history = [Saved(key, saved.record_id, "register", frozen_body(desk, key))]
            assert judge(history, server_changes(server.platform), [queue_of(desk)]) == []


def test_a_new_epoch_is_read_anew_without_doubling(world: World) -> None:
    """After a failover of the platform the feed is read from the beginning, and sending goes on."""
    world.save(3)
    assert engine_of(world.desk, world.client()).run_once(no_pause).success
    epoch = world.server.platform.change_epoch()
    world.save(2)
    assert engine_of(world.desk, world.client()).run_once(no_pause).success
    assert world.wrong() == []
    assert world.desk.arrivals.cursor("main").epoch == epoch
    assert world.desk.dispatch.epoch() == epoch


def test_two_workstations_see_each_others_records(tmp_path: Path) -> None:
    """What one saved the other reads, with the platform's answer, and both queues are empty."""
    with TrainingServer(tmp_path / "server.db") as server, profile(tmp_path / "a") as a, profile(tmp_path / "b") as b:
        first = a.desk.register("stock_in", samples.stock_in_values(2, 1))
        second = b.desk.register("transfusion_request", samples.request_values(2))
        for _ in range(2):
            for one in (a, b):
                assert engine_of(one, http_platform(one, server.url)).run_once(no_pause).success
        assert b.desk.view("stock_in", first.record_id).answer["receiptNo"]
        assert a.desk.view("transfusion_request", second.record_id).values["request_no"] == "SQS00000002"
        assert states(a) == states(b) == {"done": 1}
