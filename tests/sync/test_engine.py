"""The lane acts by itself, tells how it stands, never spins and never dies."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bloodbank_desktop.clock import SystemClock
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.operations.results import Changes
from bloodbank_desktop.sync import platform as seam
from bloodbank_desktop.sync.engine import SyncEngine
from bloodbank_desktop.sync.status import BUG_WORDS, Nudge, Pace, Phase, SyncStatus
from tests import samples
from tests.faults.until import until
from tests.sync.kit import FAST, NOW, ScriptedPlatform, StillClock, profile, states


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def desk(tmp_path: Path, clock: StillClock) -> Iterator[Profile]:
    with profile(tmp_path / "p", clock) as opened:
        yield opened


def lane(desk: Profile, clock: Any, platform: ScriptedPlatform | None, **keywords: Any) -> SyncEngine:
    """An engine at the pace of life, with repeatable chance."""
    return SyncEngine(desk.dispatch, desk.arrivals, clock, platform, rng=Random(4), **keywords)


def save(desk: Profile, seed: int = 0) -> None:
    """Save one delivery."""
    desk.desk.register("stock_in", samples.stock_in_values(1, seed))


def live(engine: SyncEngine, clock: StillClock, seconds: float) -> int:
    """Let the lane live for some time, as its thread would; return how many turns it took."""
    ends = clock.elapsed + seconds
    turns = 0
    while clock.elapsed < ends:
        wait = engine.turn()
        turns += 1
        assert wait is not None
        assert turns < 10_000, "spins"
        clock.tick(max(wait, 0.0))
    return turns


def test_without_an_address_nothing_fails(desk: Profile, clock: StillClock) -> None:
    """No address: the sentence says so, nothing is asked, saves stay pending, a run reports it."""
    save(desk)
    engine = lane(desk, clock, None)
    assert engine.turn() is None
    assert engine.status == SyncStatus(None, Phase.UNSET, "未设置平台地址，记录都保存在本机")
    engine.nudge(Nudge.MANUAL)
    assert engine.turn() is None
    assert states(desk) == {"pending": 1}
    report = engine.run_once()
    assert (report.success, report.code) == (False, "no-platform")


def test_a_save_is_sent_at_once_when_online(desk: Profile, clock: StillClock) -> None:
    """Online, a save goes out with the nudge, not with the next poll."""
    platform = ScriptedPlatform(clock)
    engine = lane(desk, clock, platform)
    engine.turn()
    save(desk)
    engine.nudge()
    engine.turn()
    assert states(desk) == {"done": 1}
    assert platform.count("hello") == 1
    assert engine.status.phase is Phase.IDLE
    assert engine.status.sentence == "已连接平台"
    assert engine.status.last_success == NOW


def test_push_goes_before_pull_and_neither_starves(desk: Profile, clock: StillClock) -> None:
    """What was saved is sent before anything is read, and a long queue lets the feed through after some batches."""
    for seed in range(12):
        save(desk, seed)
    platform = ScriptedPlatform(clock)
    engine = lane(desk, clock, platform, pace=Pace(passes=2))
    # Two operations a batch, so that twelve are six batches.
    engine._uploader._isolation._full = engine._uploader._isolation._ceiling = 2
    while states(desk).get("done", 0) < 12:
        engine.turn()
    names = [name for name, _ in platform.calls]
    assert names[:4] == ["hello", "send", "send", "changes"]
    assert names.count("send") == 6


def test_the_feed_is_polled_and_the_lane_does_not_spin(desk: Profile, clock: StillClock) -> None:
    """An hour without work is one question each 30 s and no more turns than that."""
    platform = ScriptedPlatform(clock)
    engine = lane(desk, clock, platform)
    turns = live(engine, clock, 3600)
    assert 118 <= platform.count("changes") <= 122
    assert turns <= 125
    assert platform.count("hello") == 1


def test_offline_it_asks_hello_often_enough_and_not_too_often(desk: Profile, clock: StillClock) -> None:
    """While there is no way to the platform only hello is asked, never more than 20 s apart, and never in a rush."""
    save(desk)
    platform = ScriptedPlatform(clock, hellos=[seam.Unreachable()] * 10_000)
    engine = lane(desk, clock, platform)
    times: list[float] = []
    ask = platform.hello
    platform.hello = lambda: times.append(clock.elapsed) or ask()  # type: ignore[method-assign, func-returns-value]
    live(engine, clock, 8 * 3600)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert max(gaps) <= 20.0
    assert 8 * 3600 / 12 <= len(gaps) <= 8 * 3600 / 8
    assert platform.count("send") == 0
    assert desk.desk.queue.rows()[0].attempts == 0
    assert engine.status.online is False
    assert engine.status.phase is Phase.WAITING
    assert engine.status.next_try is not None


def test_it_starts_by_itself_when_the_network_is_back(desk: Profile, clock: StillClock) -> None:
    """After hours offline everything is on its way within 20 s of the network's return, without a nudge."""
    save(desk)
    platform = ScriptedPlatform(clock, hellos=[seam.Unreachable()] * 10_000)
    engine = lane(desk, clock, platform)
    live(engine, clock, 4 * 3600)
    platform.hellos.clear()
    live(engine, clock, 20)
    assert states(desk) == {"done": 1}
    assert engine.status.online is True
    assert engine.status.code == ""


@pytest.mark.parametrize(
    "problem", [seam.Cut(), seam.NotThePlatform(), seam.TimedOut(), seam.NotTrusted()], ids=lambda p: p.code
)
def test_five_failures_in_a_row_leave_only_hello(
    desk: Profile, clock: StillClock, problem: seam.PlatformProblem
) -> None:
    """After five transport failures of batches only hello is asked until it is answered."""
    save(desk)
    platform = ScriptedPlatform(clock, sends=[problem] * 5, hellos=[None, problem, problem], outcomes=[problem] * 9)
    engine = lane(desk, clock, platform)
    live(engine, clock, 1200)
    names = [name for name, _ in platform.calls if name in ("hello", "send")]
    assert names[:10] == ["hello", *["send"] * 5, "hello", "hello", "hello", "send"]
    assert states(desk) == {"done": 1}


def test_a_small_question_that_comes_through_does_not_make_it_rush(desk: Profile, clock: StillClock) -> None:
    """When hello is answered but every batch is cut, the pauses grow all the same."""
    save(desk)
    platform = ScriptedPlatform(clock, poison=frozenset({1}), poison_with=seam.Cut(), outcomes=[seam.Cut()] * 9999)
    engine = lane(desk, clock, platform)
    live(engine, clock, 1800)
    assert platform.count("send") + platform.count("hello") < 1800 / 4


@pytest.mark.parametrize(
    "problem", [seam.NotSignedIn(), seam.DeviceRefused(), seam.ClientTooOld(), seam.ProtocolFault(), seam.Rewound()],
    ids=lambda p: p.code,
)  # fmt: skip
def test_what_needs_a_person_stops_and_says_so(desk: Profile, clock: StillClock, problem: seam.PlatformProblem) -> None:
    """The lane stops with a sentence, burns no attempts, tries again rarely, and at once when the person asks."""
    save(desk)
    platform = ScriptedPlatform(clock, poison=frozenset({1}), poison_with=problem)
    engine = lane(desk, clock, platform)
    live(engine, clock, 3600)
    assert engine.status.phase is Phase.STOPPED
    assert engine.status.online is True
    assert engine.status.sentence == problem.message
    assert engine.status.code == problem.code
    assert 11 <= platform.count("send") <= 13
    assert desk.desk.queue.rows()[0].item_attempts == 0
    platform.poison = frozenset()
    engine.nudge(Nudge.MANUAL)
    engine.turn()
    assert states(desk) == {"done": 1}
    assert engine.status.code == ""


@pytest.mark.parametrize("problem", [seam.ProtocolFault(), seam.Rewound(), seam.ServerFault()], ids=lambda p: p.code)
def test_a_fault_of_the_push_lane_does_not_stop_reading(
    desk: Profile, clock: StillClock, problem: seam.PlatformProblem
) -> None:
    """What only concerns sending lets the feed, with its recalls, come in as always."""
    save(desk)
    platform = ScriptedPlatform(clock, poison=frozenset({1}), poison_with=problem, outcomes=[problem] * 9999)
    engine = lane(desk, clock, platform)
    live(engine, clock, 600)
    assert 18 <= platform.count("changes") <= 22
    assert engine.status.code == problem.code


def test_busy_is_obeyed(desk: Profile, clock: StillClock) -> None:
    """The whole lane is silent for as long as the platform asked; a save changes nothing about it."""
    save(desk)
    platform = ScriptedPlatform(clock, sends=[seam.Busy(retry_after=600.0)])
    engine = lane(desk, clock, platform)
    engine.turn()
    asked = len(platform.calls)
    for _ in range(59):
        engine.nudge()
        engine.turn()
        clock.tick(10)
    assert len(platform.calls) == asked
    live(engine, clock, 80)
    assert states(desk) == {"done": 1}


def test_a_storm_of_faults_makes_no_storm_of_requests(desk: Profile, clock: StillClock) -> None:
    """An hour in which the platform fails at every batch costs it less than ten requests a minute."""
    for seed in range(30):
        save(desk, seed)
    platform = ScriptedPlatform(clock, poison=frozenset(range(99)), poison_with=seam.ServerFault())
    engine = lane(desk, clock, platform)
    live(engine, clock, 3600)
    assert len(platform.calls) < 600
    assert "quarantined" not in states(desk) or states(desk)["quarantined"] <= 3


def test_manual_nudges_are_at_most_one_probe_in_ten_seconds(desk: Profile, clock: StillClock) -> None:
    """However often the button is pressed, the platform is asked at once and then each ten seconds; no wish is lost."""
    platform = ScriptedPlatform(clock, hellos=[seam.NotSignedIn()] * 10_000)
    engine = lane(desk, clock, platform)
    engine.turn()
    before = platform.count("hello")
    for _ in range(100):
        engine.nudge(Nudge.NETWORK)
        engine.nudge(Nudge.MANUAL)
        engine.turn()
        clock.tick(0.5)
    assert 5 <= platform.count("hello") - before <= 6
    engine.nudge(Nudge.MANUAL)
    engine.turn()
    engine.nudge(Nudge.MANUAL)
    wait = engine.turn()
    assert wait is not None
    assert wait <= 10.0
    clock.tick(wait)
    asked = platform.count("hello")
    engine.turn()
    assert platform.count("hello") == asked + 1


def test_a_stalled_answer_is_not_asked_again_at_once(desk: Profile, clock: StillClock) -> None:
    """Operations that the platform sends back as "retry" do not make the lane turn in a circle."""
    save(desk)
    platform = ScriptedPlatform(clock, status="retry")
    engine = lane(desk, clock, platform)
    live(engine, clock, 600)
    assert platform.count("send") <= 12
    assert engine.status.last_success is not None


def test_the_clock_offset_is_the_median_of_five(desk: Profile, clock: StillClock) -> None:
    """One slow reply does not move the estimate; it is sent along and shown."""
    platform = ScriptedPlatform(clock, offset_ms=1000)
    engine = lane(desk, clock, platform)
    for seed in range(6):
        platform.offset_ms = 99_000 if seed == 4 else 1000 + seed
        save(desk, seed)
        engine.nudge()
        engine.turn()
    assert engine.status.clock_offset_ms == 1003


def test_a_database_that_cannot_be_written_is_a_pause_and_a_sentence(
    desk: Profile, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk while an answer is written: the sentence is shown, and later the batch goes again by itself."""
    save(desk)
    platform = ScriptedPlatform(clock)
    engine = lane(desk, clock, platform)

    def full(*_: object) -> Changes:
        raise KnownProblem("磁盘已满", code="disk-full")

    with monkeypatch.context() as patch:
        patch.setattr(desk.dispatch, "_write_down", full)
        engine.turn()
    assert engine.status.sentence == "磁盘已满"
    assert states(desk) == {"sending": 1}
    live(engine, clock, 31)
    assert states(desk) == {"done": 1}
    assert platform.count("send") == 2


def test_a_bug_is_a_pause_and_a_sentence(desk: Profile, clock: StillClock, caplog: pytest.LogCaptureFixture) -> None:
    """An exception that nobody foresaw is logged, told, and survived, wherever it comes from."""
    save(desk)
    platform = ScriptedPlatform(clock, sends=[ZeroDivisionError()], pages=[RuntimeError()])
    engine = lane(desk, clock, platform)
    engine.turn()
    assert engine.status.sentence == BUG_WORDS
    assert "ZeroDivisionError" in caplog.text
    live(engine, clock, 300)
    assert states(desk) == {"done": 1}
    assert engine.status.phase is Phase.IDLE


def test_listeners_hear_every_change_and_cannot_harm(
    desk: Profile, clock: StillClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Each status is told once when it differs; what changed is told; a listener that fails ends nothing."""
    heard: list[SyncStatus] = []
    changed: list[Changes] = []

    def broken(status: SyncStatus) -> None:
        heard.append(status)
        raise RuntimeError("window gone")

    save(desk)
    engine = lane(desk, clock, ScriptedPlatform(clock), on_status=broken, on_changes=changed.append)
    engine.turn()
    engine.turn()
    assert [status.phase for status in heard] == [Phase.CONNECTING, Phase.SENDING, Phase.IDLE]
    assert changed[0].kinds == {"stock_in"}
    assert "window gone" in caplog.text
    assert states(desk) == {"done": 1}


def test_another_address_begins_anew(desk: Profile, clock: StillClock) -> None:
    """After the address changed old trouble is forgotten and the new platform is asked at once."""
    save(desk)
    engine = lane(desk, clock, ScriptedPlatform(clock, hellos=[seam.NotSignedIn()] * 99))
    live(engine, clock, 100)
    engine.configure(ScriptedPlatform(clock))
    engine.turn()
    assert states(desk) == {"done": 1}
    engine.configure(None)
    engine.turn()
    assert engine.status.phase is Phase.UNSET


# --- one run ---------------------------------------------------------------------------------------------------------


def test_one_run_drains_and_counts(desk: Profile, clock: StillClock) -> None:
    """A run sends and reads all there is and counts what this run did; the next one counts nothing."""
    for seed in range(250):
        save(desk, seed)
    engine = lane(desk, clock, ScriptedPlatform(clock))
    report = engine.run_once()
    assert (report.sent, report.accepted, report.success) == (250, 250, True)
    again = engine.run_once()
    assert (again.sent, again.success) == (0, True)


@pytest.mark.parametrize(
    "problem", [seam.Unreachable(), seam.NotThePlatform(), seam.NotSignedIn(), seam.TimedOut()], ids=lambda p: p.code
)
def test_one_run_that_cannot_begin_says_so_at_once(
    desk: Profile, clock: StillClock, problem: seam.PlatformProblem
) -> None:
    """Without a first answer a run fails without waiting, with the sentence, and nothing is marked."""
    save(desk)
    pauses: list[float] = []
    report = lane(desk, clock, ScriptedPlatform(clock, hellos=[problem])).run_once(pauses.append)
    assert (report.success, report.error, report.code) == (False, problem.message, problem.code)
    assert pauses == []
    assert states(desk) == {"pending": 1}


def test_one_run_bears_failures_that_pass(desk: Profile, clock: StillClock) -> None:
    """Cuts, time-outs and faults in between are tried again; the run still finishes."""
    save(desk)
    pauses: list[float] = []
    platform = ScriptedPlatform(
        clock, sends=[seam.Cut(), seam.Busy(retry_after=3)], pages=[seam.TimedOut(), seam.ServerFault()]
    )
    assert lane(desk, clock, platform).run_once(pauses.append).success
    assert len(pauses) == 4


@pytest.mark.parametrize("problem", [seam.Cut(), seam.ServerFault(), seam.Busy()], ids=lambda p: p.code)
def test_one_run_gives_up_when_nothing_gets_better(
    desk: Profile, clock: StillClock, problem: seam.PlatformProblem
) -> None:
    """After some failures in a row the run ends without success, though an earlier one had some."""
    save(desk)
    engine = lane(desk, clock, ScriptedPlatform(clock))
    assert engine.run_once().success
    engine.configure(ScriptedPlatform(clock, pages=[problem] * 99))
    pauses: list[float] = []
    report = engine.run_once(pauses.append)
    assert not report.success
    assert report.error == problem.message
    assert len(pauses) <= 5


@pytest.mark.parametrize(
    "problem", [seam.NotSignedIn(), seam.Rewound(), seam.Busy(retry_after=900)], ids=lambda p: p.code
)
def test_one_run_stops_at_once_where_waiting_does_not_help(
    desk: Profile, clock: StillClock, problem: seam.PlatformProblem
) -> None:
    """A fault that needs a person, or a wait of many minutes, ends the run."""
    save(desk)
    pauses: list[float] = []
    report = lane(desk, clock, ScriptedPlatform(clock, sends=[problem])).run_once(pauses.append)
    assert (report.code, report.success, pauses) == (problem.code, False, [])


def test_one_run_ends_though_operations_wait(desk: Profile, clock: StillClock) -> None:
    """Operations that the platform lets wait are counted, and do not keep the run for ever."""
    save(desk)
    report = lane(desk, clock, ScriptedPlatform(clock, status="waiting")).run_once()
    assert (report.success, report.waiting, report.accepted) == (True, 1, 0)


# --- the thread ------------------------------------------------------------------------------------------------------


def test_the_thread_sends_what_is_saved_and_ends_promptly(tmp_path: Path) -> None:
    """Started, the lane sends a save by itself; stopped, its thread is gone; started again, it goes on."""
    with profile(tmp_path / "p") as desk:
        engine = lane(desk, SystemClock(), ScriptedPlatform(SystemClock()), pace=FAST)
        for seed in range(2):
            engine.start()
            with pytest.raises(RuntimeError):
                engine.start()
            save(desk, seed)
            engine.nudge()
            until(lambda: states(desk) == {"done": seed + 1}, "the save arrived")  # noqa: B023
            assert engine.stop()
            assert "sync" not in {thread.name for thread in threading.enumerate()}
        assert engine.stop()


def test_the_thread_survives_what_fails_in_its_own_bookkeeping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Also when the question "what is due?" itself fails, the thread lives and goes on afterwards."""
    with profile(tmp_path / "p") as desk:
        failures: list[int] = []
        ask = desk.dispatch.next_due

        def failing() -> Any:
            if len(failures) < 5:
                failures.append(1)
                raise ZeroDivisionError
            return ask()

        monkeypatch.setattr(desk.dispatch, "next_due", failing)
        engine = lane(desk, SystemClock(), ScriptedPlatform(SystemClock()), pace=FAST)
        engine.start()
        save(desk)
        try:
            until(lambda: states(desk) == {"done": 1}, "the save arrived")
        finally:
            assert engine.stop()


def test_the_thread_ends_in_the_middle_of_a_call(tmp_path: Path) -> None:
    """Stopping does not wait for an answer that does not come."""
    with profile(tmp_path / "p") as desk:
        calling, ended = threading.Event(), threading.Event()

        class Hanging(ScriptedPlatform):
            def hello(self) -> seam.Hello:
                calling.set()
                ended.wait(30)
                raise seam.Cut

            def abort(self) -> None:
                ended.set()

        engine = lane(desk, SystemClock(), Hanging(SystemClock()))
        engine.start()
        assert calling.wait(10)
        assert engine.stop(10)
        assert engine.status.phase is Phase.CONNECTING
