"""Files go before the records that name them, each once; whatever happens on the way, the records wait and arrive once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text

from bloodbank_desktop.clock import SystemClock
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.sync import platform as seam
from bloodbank_desktop.sync.http_platform import HttpPlatform
from bloodbank_desktop.sync.uploader import Uploader
from bloodbank_desktop.training.faults import Fault as ServerFault
from bloodbank_desktop.training.ledger import FILE
from bloodbank_desktop.training.server import TrainingServer
from tests import papers, samples
from tests.derived.examples import arrive
from tests.faults import proxy as net
from tests.faults.proxy import Fault, FaultProxy
from tests.sync.kit import ScriptedPlatform, StillClock, http_platform, profile, states

REVIEW = "entitlement_review"


@dataclass
class World:
    """One workstation, one platform, and the network between them."""

    desk: Profile
    server: TrainingServer
    net: FaultProxy
    uploader: Uploader

    def save(self, seed: int = 0, *files: int) -> str:
        """Register an application with these files and return its id."""
        named = [self.desk.desk.add_file(papers.content(number), f"{number}.pdf") for number in files]
        return self.desk.desk.register(REVIEW, papers.review(seed, *named)).record_id

    def client(self) -> HttpPlatform:
        """The real client through the network."""
        return http_platform(self.desk, self.net.url)

    def kept(self) -> int:
        """How many files the platform has."""
        with self.server.platform.ledger.read() as connection:
            return len(connection.execute(FILE.select()).all())

    def noted(self) -> int:
        """How many files are noted as sent."""
        with self.desk.store.read() as tx:
            return int(tx.execute(text("SELECT count(*) FROM file_sent")).scalar_one())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with (
        profile(tmp_path / "p") as desk,
        TrainingServer(tmp_path / "server.db") as server,
        FaultProxy(server.port) as network,
    ):
        yield World(desk, server, network, Uploader(desk.dispatch, SystemClock()))


def test_files_go_before_the_record_and_once(world: World) -> None:
    """One request for each file, then the batch; a second record with the same paper sends no file again."""
    world.save(0, 1, 2)
    assert dict(world.uploader.push_once(world.client()).statuses) == {"applied": 1}
    assert (world.kept(), world.noted(), len(world.net.seen)) == (2, 2, 3)
    world.save(1, 1)
    assert dict(world.uploader.push_once(world.client()).statuses) == {"applied": 1}
    assert len(world.net.seen) == 4
    assert states(world.desk) == {"done": 2}


@pytest.mark.parametrize("cut", ["request", "reply"])
def test_a_lost_request_or_reply_leaves_all_waiting_and_the_next_try_brings_it_once(world: World, cut: str) -> None:
    """Cut in the file or in the answer to it: the record is pending; then the file is kept once and the record is done."""
    world.save(0, 1)
    world.net.script.append(Fault(net.CUT_REQUEST if cut == "request" else net.CUT_REPLY, 40))
    with pytest.raises(seam.Transport):
        world.uploader.push_once(world.client())
    assert states(world.desk) == {"pending": 1}
    assert (world.noted(), world.kept()) == (0, int(cut == "reply"))
    assert dict(world.uploader.push_once(world.client()).statuses) == {"applied": 1}
    assert (world.noted(), world.kept(), states(world.desk)) == (1, 1, {"done": 1})


def test_what_arrived_before_the_line_broke_is_not_sent_again(world: World) -> None:
    """Of three files the third is lost on the way; the next try sends the third only."""
    world.save(0, 1, 2, 3)
    world.net.script += [Fault(), Fault(), Fault(net.CUT_REPLY, 0)]
    with pytest.raises(seam.Transport):
        world.uploader.push_once(world.client())
    assert world.noted() == 2
    before = len(world.net.seen)
    world.uploader.push_once(world.client())
    assert len(world.net.seen) - before == 2
    assert (world.kept(), states(world.desk)) == (3, {"done": 1})


@pytest.mark.parametrize("kind", ["garbage", "html", "drop-reply", "status"])
def test_a_doubtful_answer_to_a_file_settles_nothing(world: World, kind: str) -> None:
    """A portal page, rubbish or an error is no receipt for a file."""
    world.save(0, 1)
    world.server.faults.set(ServerFault(kind, times=1, path="/v1/files"))
    with pytest.raises(seam.PlatformProblem):
        world.uploader.push_once(world.client())
    assert (world.noted(), states(world.desk)) == (0, {"pending": 1})
    world.uploader.push_once(world.client())
    assert states(world.desk) == {"done": 1}


def test_a_platform_that_lost_the_file_gets_it_again(world: World) -> None:
    """After `waiting` with file-unknown the note is taken back, and the next try of the record brings the file again."""
    world.save(0, 1)
    world.uploader.push_once(world.client())
    with world.server.platform.ledger.write() as connection:
        connection.execute(FILE.delete())
    record_id = world.save(1, 1)
    assert dict(world.uploader.push_once(world.client()).statuses) == {"waiting": 1}
    assert (states(world.desk), world.noted()) == ({"done": 1, "waiting": 1}, 0)
    row = next(one for one in world.desk.desk.queue.rows() if one.record_id == record_id)
    assert "文件" in row.last_error
    world.desk.desk.queue.retry(row.dseq)
    assert dict(world.uploader.push_once(world.client()).statuses) == {"applied": 1}
    assert (world.kept(), states(world.desk)) == (1, {"done": 2})


def test_a_file_that_is_never_taken_holds_only_its_own_record(tmp_path: Path) -> None:
    """A file that the platform refuses is found by narrowing down; its record is set aside and all others arrive."""
    clock = StillClock()
    with profile(tmp_path / "p", clock) as desk:
        named = desk.desk.add_file(papers.content(1), "坏.pdf")
        for seed in range(3):
            desk.desk.register("transfusion_request", samples.request_values(seed))
        desk.desk.register(REVIEW, papers.review(0, named))
        for seed in range(3, 6):
            desk.desk.register("transfusion_request", samples.request_values(seed))
        platform = ScriptedPlatform(clock, files=[seam.FileRefused() for _ in range(100)])
        uploader = Uploader(desk.dispatch, clock)
        for _ in range(60):
            with contextlib.suppress(seam.PlatformProblem):
                uploader.push_once(platform)
            clock.tick(700)
        assert states(desk) == {"done": 6, "quarantined": 1}
        assert "文件" in desk.desk.queue.rows()[0].last_error


def test_a_wrong_hash_is_a_refused_file(world: World) -> None:
    """The client hears 422 for a content that is not what its name says, as a file that is refused."""
    with pytest.raises(seam.FileRefused):
        world.client().put_file("0" * 64, "application/pdf", papers.content())


def test_a_file_of_another_workstation_is_not_looked_for_here(world: World) -> None:
    """A row may name what is not here: the platform has it, or says that it does not."""
    foreign = papers.entry(9)
    world.server.platform.put_file(foreign["sha256"], "application/pdf", papers.CONTENTS[foreign["sha256"]])
    record_id = arrive(world.desk, record_type(REVIEW), papers.review(0, foreign))
    world.desk.desk.amend(REVIEW, record_id, papers.review(0, foreign, remark="已核对"))
    batch = world.desk.dispatch.next_batch()
    assert batch is not None
    assert world.desk.dispatch.unsent_files(batch) == []
