"""Nothing is settled by silence, nothing is blamed for others, and one poisoned operation stops nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bloodbank_desktop.operations.dispatch import Outcome
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.sync import platform as seam
from bloodbank_desktop.sync.uploader import Uploader
from tests import samples
from tests.sync.kit import ScriptedPlatform, StillClock, profile, states

TRANSPORT = [
    seam.Unreachable(),
    seam.Cut(),
    seam.TimedOut(),
    seam.NotThePlatform(),
    seam.ReplyTooLarge(),
    seam.NotTrusted(),
]
STOPS = [seam.NotSignedIn(), seam.DeviceRefused(), seam.ClientTooOld(), seam.ProtocolFault(), seam.Rewound()]


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def desk(tmp_path: Path, clock: StillClock) -> Iterator[Profile]:
    with profile(tmp_path / "p", clock) as opened:
        yield opened


def save(opened: Profile, count: int, begin: int = 0) -> None:
    """Save that many deliveries."""
    for seed in range(begin, begin + count):
        opened.desk.register("stock_in", samples.stock_in_values(1, seed))


def push_all(uploader: Uploader, platform: ScriptedPlatform, clock: StillClock, minutes: int, step: float) -> None:
    """Push as the engine would: at once while it goes on, `step` seconds later after a failure, for some minutes."""
    ends = clock.elapsed + minutes * 60
    while clock.elapsed < ends:
        try:
            if uploader.push_once(platform).idle:
                clock.tick(step)
        except seam.PlatformProblem:
            clock.tick(step)


def test_what_was_answered_is_done(desk: Profile, clock: StillClock) -> None:
    """A whole reply settles every operation, and then nothing is due."""
    save(desk, 3)
    platform = ScriptedPlatform(clock)
    uploader = Uploader(desk.dispatch, clock)
    pushed = uploader.push_once(platform)
    assert pushed.statuses == {"applied": 3}
    assert pushed.changes is not None
    assert states(desk) == {"done": 3}
    assert uploader.push_once(platform).idle
    assert platform.count("send") == 1


def test_the_batch_is_marked_before_it_is_sent(desk: Profile, clock: StillClock) -> None:
    """While the call runs the operations are "sending" on the disk, so that a crash finds them."""
    save(desk, 2)
    seen: list[dict[str, int]] = []
    platform = ScriptedPlatform(clock, on_send=lambda batch: seen.append(states(desk)))
    Uploader(desk.dispatch, clock).push_once(platform)
    assert seen == [{"sending": 2}]


@pytest.mark.parametrize("problem", [*TRANSPORT, *STOPS, seam.Busy(), seam.ServerFault()], ids=lambda p: p.code)
def test_no_answer_moves_nothing(desk: Profile, clock: StillClock, problem: seam.PlatformProblem) -> None:
    """Whatever comes in place of a reply, all is pending again under the same keys, with a sentence and no blame."""
    save(desk, 2)
    keys = [row.key for row in desk.desk.queue.rows()]
    with pytest.raises(type(problem)):
        Uploader(desk.dispatch, clock).push_once(ScriptedPlatform(clock, sends=[problem]))
    rows = desk.desk.queue.rows()
    assert [row.key for row in rows] == keys
    assert {row.state for row in rows} == {"pending"}
    assert {row.item_attempts for row in rows} == {0}
    assert {row.last_error for row in rows} == {problem.message}
    # And the next pass sends them at once: the pause is the engine's.
    assert Uploader(desk.dispatch, clock).push_once(ScriptedPlatform(clock)).statuses == {"applied": 2}


@pytest.mark.parametrize("problem", [*TRANSPORT, *STOPS, seam.Busy()], ids=lambda p: p.code)
def test_no_amount_of_silence_is_held_against_a_record(
    desk: Profile, clock: StillClock, problem: seam.PlatformProblem
) -> None:
    """A lone record that meets no answer a hundred times, with no sign of life in between, is never put aside."""
    save(desk, 1)
    uploader = Uploader(desk.dispatch, clock)
    platform = ScriptedPlatform(clock, sends=[problem] * 100, outcomes=[problem] * 100)
    for _ in range(100):
        with pytest.raises(seam.PlatformProblem):
            uploader.push_once(platform)
    assert states(desk) == {"pending": 1}
    assert desk.desk.queue.rows()[0].item_attempts == 0


def test_cut_connections_are_never_held_against_a_record(desk: Profile, clock: StillClock) -> None:
    """A lone record whose connection is cut each time stays pending for ever, though the platform lives."""
    save(desk, 1)
    platform = ScriptedPlatform(clock, poison=frozenset({1}), poison_with=seam.Cut())
    push_all(Uploader(desk.dispatch, clock), platform, clock, 120, 60)
    assert states(desk) == {"pending": 1}


@pytest.mark.parametrize(
    "problem", [seam.ServerFault(), seam.Unprocessable(), seam.TimedOut(), seam.TooLarge()], ids=lambda p: p.code
)
@pytest.mark.parametrize("culprit", [1, 57, 120])
def test_one_poisoned_operation_stops_nobody(
    desk: Profile, clock: StillClock, culprit: int, problem: seam.PlatformProblem
) -> None:
    """The one operation at which the platform fails is put aside after five failures alone; all others arrive."""
    save(desk, 120)
    platform = ScriptedPlatform(clock, poison=frozenset({culprit}), poison_with=problem)
    push_all(Uploader(desk.dispatch, clock), platform, clock, 30, 5)
    assert states(desk) == {"done": 119, "quarantined": 1}
    row = next(row for row in desk.desk.queue.rows() if row.state == "quarantined")
    assert (row.dseq, row.item_attempts) == (culprit, 5)
    assert row.last_error
    assert platform.count("outcome") == 5


def test_the_rest_waits_less_than_two_batches_for_poison(desk: Profile, clock: StillClock) -> None:
    """All others are through within seconds; only the culprit takes its minutes."""
    save(desk, 200)
    platform = ScriptedPlatform(clock, poison=frozenset({50}), poison_with=seam.ServerFault())
    uploader = Uploader(desk.dispatch, clock)
    for _ in range(20):
        try:
            uploader.push_once(platform)
        except seam.PlatformProblem:
            clock.tick(2)
    assert states(desk) == {"done": 199, "pending": 1}
    assert clock.elapsed == 1002.0


def test_an_hour_of_failures_of_the_whole_platform_blames_few(desk: Profile, clock: StillClock) -> None:
    """While every batch fails, though the platform answers questions, at most three operations are blamed at all."""
    save(desk, 40)
    platform = ScriptedPlatform(clock, poison=frozenset(range(1, 41)), poison_with=seam.ServerFault())
    uploader = Uploader(desk.dispatch, clock)
    push_all(uploader, platform, clock, 60, 20)
    assert sum(row.item_attempts > 0 for row in desk.desk.queue.rows()) <= 3
    platform.poison = frozenset()
    push_all(uploader, platform, clock, 15, 20)
    assert states(desk).get("done", 0) >= 37


def test_a_record_that_arrived_all_the_same_is_not_blamed(desk: Profile, clock: StillClock) -> None:
    """Before a lone operation is blamed the platform is asked; if it has the outcome, that settles it."""
    save(desk, 1)
    key = desk.desk.queue.rows()[0].key
    uploader = Uploader(desk.dispatch, clock)
    assert uploader.push_once(ScriptedPlatform(clock, status="applied")).statuses == {"applied": 1}
    save(desk, 1, begin=1)
    key = key.rpartition(":")[0] + ":2"
    platform = ScriptedPlatform(clock, sends=[seam.TimedOut(), seam.TimedOut()], outcomes=[Outcome(key, "applied", 1)])
    with pytest.raises(seam.TimedOut):
        uploader.push_once(platform)
    assert uploader.push_once(platform).statuses == {"applied": 1}
    assert states(desk) == {"done": 2}


def test_too_large_a_batch_is_halved_at_once(desk: Profile, clock: StillClock) -> None:
    """413 makes the batches smaller without a pause and without blame until they go through."""
    save(desk, 40)

    def at_most_seven(batch: object) -> None:
        if len(batch.rows) > 7:  # type: ignore[attr-defined]
            raise seam.TooLarge

    platform = ScriptedPlatform(clock, on_send=at_most_seven)
    uploader = Uploader(desk.dispatch, clock)
    for _ in range(40):
        uploader.push_once(platform)
    assert states(desk) == {"done": 40}
    assert platform.count("send") < 20


@pytest.mark.parametrize(("status", "state"), [("waiting", "waiting"), ("retry", "pending")])
def test_an_answer_that_moves_nothing_is_told(desk: Profile, clock: StillClock, status: str, state: str) -> None:
    """When no operation came further the engine is told, so that it does not ask again at once."""
    save(desk, 2)
    pushed = Uploader(desk.dispatch, clock).push_once(ScriptedPlatform(clock, status=status))
    assert pushed.stalled
    assert states(desk) == {state: 2}


def test_a_bug_in_the_middle_leaves_nothing_under_way(desk: Profile, clock: StillClock) -> None:
    """Also an exception that nobody foresaw puts the batch back before it goes on."""
    save(desk, 2)
    with pytest.raises(ZeroDivisionError):
        Uploader(desk.dispatch, clock).push_once(ScriptedPlatform(clock, sends=[ZeroDivisionError()]))
    assert states(desk) == {"pending": 2}
