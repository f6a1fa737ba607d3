"""A file that one workstation added can be looked at on the other: whole and checked, or it says why it is not there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from bloodbank_desktop.clock import SystemClock, china_day
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.fetching import Fetching
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.records.files import COMING
from bloodbank_desktop.storage import verify
from bloodbank_desktop.sync import platform as seam
from bloodbank_desktop.sync.engine import SyncEngine
from bloodbank_desktop.sync.fetcher import Fetcher
from bloodbank_desktop.sync.status import Phase
from bloodbank_desktop.training.faults import Fault as ServerFault
from bloodbank_desktop.training.ledger import FILE
from bloodbank_desktop.training.server import TrainingServer
from tests import papers, samples
from tests.faults.proxy import FaultProxy
from tests.faults.until import until
from tests.sync.kit import ScriptedPlatform, engine_of, http_platform, profile, states

REVIEW = "entitlement_review"
Trouble = Callable[["World"], None]
OLD = datetime.now(UTC) - timedelta(days=40)


@dataclass
class World:
    """Two workstations and one platform; `net` lies between the second one and the platform."""

    one: Profile
    two: Profile
    server: TrainingServer
    net: FaultProxy

    def save(self, *files: int, seed: int = 0, applied_at: datetime | None = None, **changes: object) -> str:
        """Register an application with these files at the first workstation, send it, and return its id."""
        named = [self.one.desk.add_file(papers.content(number), f"{number}.pdf") for number in files]
        applied = applied_at or datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
        noticed = china_day(applied) - timedelta(days=1)
        whole = papers.review(seed, *named, **{"applied_at": applied, "notice_on": noticed, **changes})
        record_id = self.one.desk.register(REVIEW, whole).record_id
        assert engine_of(self.one, http_platform(self.one, self.server.url)).run_once(lambda _: None).success
        return record_id

    def engine(self) -> SyncEngine:
        """The network lane of the second workstation."""
        return engine_of(self.two, http_platform(self.two, self.net.url))

    def receive(self) -> int:
        """Let the second workstation send and read once to the end; return how many files came."""
        report = self.engine().run_once(lambda _: None)
        assert report.success, report
        return report.fetched

    def refusal(self, number: int, *, ask: bool = True) -> str:
        """What the second workstation says instead of showing a file: its code."""
        with pytest.raises(KnownProblem) as caught:
            self.two.desk.read_file(name(number), ask=ask)
        assert "请" in caught.value.message or caught.value.code == COMING
        return caught.value.code

    def kept(self) -> int:
        """How many files the second workstation has."""
        with self.two.store.read() as tx:
            return int(tx.execute(text("SELECT count(*) FROM file_contents")).scalar_one())

    def counted(self) -> Callable[[], int]:
        """Count from now on how often files are asked for or sent."""
        self.server.faults.set(ServerFault("delay", path="/v1/files"))
        return lambda: int(self.server.faults.shown()[0]["struck"])

    def time_passes(self) -> None:
        """No pause of a file is left at the second workstation."""
        with self.two.store.write() as tx:
            tx.execute(text("UPDATE file_wanted SET next_at = NULL"))


def name(number: int) -> str:
    """The SHA-256 of a file."""
    return str(papers.entry(number)["sha256"])


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with (
        profile(tmp_path / "a") as one,
        profile(tmp_path / "b") as two,
        TrainingServer(tmp_path / "server.db") as server,
        FaultProxy(server.port) as network,
    ):
        yield World(one, two, server, network)


def test_files_of_a_new_record_come_by_themselves_and_stay(world: World) -> None:
    """What the other workstation attached is here after one run, byte for byte, also without the network."""
    world.save(1, 2)
    assert world.receive() == 2
    world.net.down()
    for number in (1, 2):
        assert world.two.desk.read_file(name(number)) == papers.content(number)
    assert verify.problems(world.two.store) == []


def test_a_fetched_file_is_not_sent_again(world: World) -> None:
    """An amendment here of what was attached there carries no file up."""
    record_id = world.save(1)
    world.receive()
    whole = world.two.desk.view(REVIEW, record_id).values
    world.two.desk.amend(REVIEW, record_id, {**whole, "remark": "已核对"})
    asked = world.counted()
    assert world.receive() == 0
    assert (asked(), states(world.two)) == (0, {"done": 1})


def test_files_of_old_records_come_when_somebody_wants_to_see_them(world: World) -> None:
    """A first reading of years does not bring years of papers; opening one brings that one."""
    world.save(1, 2, applied_at=OLD)
    assert world.receive() == 0
    assert world.refusal(2) == COMING
    assert world.receive() == 1
    assert world.two.desk.read_file(name(2)) == papers.content(2)
    assert world.refusal(1, ask=False) == COMING
    assert (world.receive(), world.kept()) == (0, 1)


def test_the_running_lane_brings_what_is_asked_for(world: World) -> None:
    """With the lane running an old file is here soon after it was opened."""
    world.save(1, applied_at=OLD)
    engine = world.engine()
    engine.start()
    try:
        until(lambda: engine.status.phase is Phase.IDLE, "all read")
        assert world.refusal(1) == COMING
        until(lambda: world.kept() == 1, "the file is here")
    finally:
        assert engine.stop()
    assert world.two.desk.read_file(name(1)) == papers.content(1)


def _other_content(world: World) -> None:
    with world.server.platform.ledger.write() as connection:
        connection.execute(FILE.update().values(content=papers.content(9)))


def _longer(world: World) -> None:
    with world.server.platform.ledger.write() as connection:
        connection.execute(FILE.update().values(content=papers.content(1) + b"." * 200_000))


def _gone(world: World) -> None:
    with world.server.platform.ledger.write() as connection:
        connection.execute(FILE.delete())


def _fault(kind: str, *, length: int = 0, status: int = 503) -> Trouble:
    return lambda world: world.server.faults.set(ServerFault(kind, path="/v1/files", bytes=length, status=status))


TROUBLES: dict[str, Trouble] = {
    "another content": _other_content,
    "longer": _longer,
    "not there": _gone,
    "cut": _fault("truncate", length=20),
    "garbage": _fault("garbage"),
    "a portal": _fault("html"),
    "no reply": _fault("drop-reply"),
    "a failing platform": _fault("status", status=500),
    "an older platform": _fault("status", status=405),
}
WORDS = {
    "another content": "指纹",
    "longer": "指纹",
    "garbage": "指纹",
    "not there": "还没有这个文件",
    "an older platform": "不提供",
}


@pytest.mark.parametrize("case", TROUBLES)
def test_what_does_not_come_whole_is_not_kept_and_holds_nothing_up(world: World, case: str) -> None:
    """Nothing is kept but the very file; why it did not come is said; records travel on; and a later try brings it."""
    with world.server.platform.ledger.read() as connection:
        assert connection.execute(FILE.select()).all() == []
    world.save(1)
    with world.server.platform.ledger.read() as connection:
        rows = [dict(row._mapping) for row in connection.execute(FILE.select())]
    TROUBLES[case](world)
    world.two.desk.register("transfusion_request", samples.request_values(1))
    assert world.receive() == 0
    assert (world.kept(), states(world.two)) == (0, {"done": 1})
    with pytest.raises(KnownProblem, match=WORDS.get(case, "没有取到")) as caught:
        world.two.desk.read_file(name(1), ask=False)
    assert caught.value.code == "file-not-now"
    assert world.refusal(1) == COMING, "whoever opens it has it tried at once"
    world.server.faults.set()
    with world.server.platform.ledger.write() as connection:
        connection.execute(FILE.delete())
        connection.execute(FILE.insert(), rows)
    assert (world.receive(), world.kept()) == (1, 1)
    assert world.two.desk.read_file(name(1)) == papers.content(1)
    assert verify.problems(world.two.store) == []


def test_one_bad_file_does_not_keep_the_good_ones_away(world: World) -> None:
    """The others are fetched in the same run, and the bad one has its pause."""
    world.save(1, 2, 3)
    with world.server.platform.ledger.write() as connection:
        connection.execute(FILE.delete().where(FILE.c.sha256 == name(2)))
    assert world.receive() == 2
    asked = world.counted()
    assert (world.receive(), asked()) == (0, 0)
    world.time_passes()
    assert (world.receive(), asked(), world.kept()) == (0, 1, 2)


def test_offline_it_says_so_and_comes_when_the_network_is_back(world: World) -> None:
    """While nothing travels the sentence says why; the wish stays, and the network's return fulfils it."""
    world.save(1, applied_at=OLD)
    world.receive()
    world.net.down()
    world.two.dispatch.note_trouble("连不上平台")
    with pytest.raises(KnownProblem, match="连不上平台") as caught:
        world.two.desk.read_file(name(1))
    assert caught.value.code == "file-not-now"
    engine = world.engine()
    engine.start()
    try:
        until(lambda: engine.status.online is False, "the outage is noticed")
        world.net.up()
        until(lambda: world.kept() == 1, "the file is here")
    finally:
        assert engine.stop()


@pytest.mark.parametrize(
    "problem",
    [seam.Unreachable(), seam.NotTrusted(), seam.NotSignedIn(), seam.DeviceRefused(), seam.ClientTooOld(), seam.Busy()],
    ids=lambda one: one.code,
)
def test_what_concerns_every_call_is_not_held_against_a_file(world: World, problem: seam.PlatformProblem) -> None:
    """The lane hears of it and waits; the file has no pause and no reason of its own, and is tried with the next run."""
    world.save(1, applied_at=OLD)
    world.receive()
    assert world.refusal(1) == COMING
    fetcher = Fetcher(Fetching(world.two.store, SystemClock()))
    with pytest.raises(type(problem)):
        fetcher.fetch_once(ScriptedPlatform(SystemClock(), files=[problem]))
    assert world.refusal(1, ask=False) == COMING
    assert (world.receive(), world.kept()) == (1, 1)


def test_what_is_named_again_after_it_was_fetched_is_not_wanted(world: World) -> None:
    """A second record with the same paper asks for nothing."""
    world.save(1)
    assert world.receive() == 1
    world.save(1, seed=1)
    assert world.receive() == 0


def test_what_somebody_adds_here_need_not_be_fetched(world: World) -> None:
    """The same paper picked at this workstation takes the note back."""
    world.save(1, applied_at=OLD)
    world.receive()
    named = world.two.desk.add_file(papers.content(1), "同一份.pdf")
    world.two.desk.register(REVIEW, papers.review(3, named))
    with world.two.store.read() as tx:
        assert tx.execute(text("SELECT count(*) FROM file_wanted")).scalar_one() == 0


def test_the_seam_names_what_is_wrong(world: World) -> None:
    """404 is FileAbsent; another content, a shorter and a longer one are WrongFile."""
    world.save(1)
    client = http_platform(world.two, world.server.url)
    size = len(papers.content(1))
    assert client.get_file(name(1), size) == papers.content(1)
    with pytest.raises(seam.FileAbsent):
        client.get_file("0" * 64, 10)
    with pytest.raises(seam.WrongFile):
        client.get_file(name(1), size + 1)
    _longer(world)
    with pytest.raises(seam.WrongFile):
        client.get_file(name(1), size)
