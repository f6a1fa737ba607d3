"""Nothing is settled by silence, nothing is blamed for others, and one poisoned operation stops nobody else."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.dispatch import Batch, Outcome
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.sync import platform as seam
from bloodbank_desktop.sync.uploader import Uploader
from tests import samples
from tests.sync.kit import EPOCH, ScriptedPlatform, StillClock, profile, states

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


def batches_under_way(opened: Profile) -> Counter[str | None]:
    """How many operations each batch under way has."""
    rows = opened.desk.queue.rows(open_only=False, limit=1000)
    return Counter(row.batch_id for row in rows if row.state == "sending")


def sent(platform: ScriptedPlatform) -> list[list[int]]:
    """The numbers of each batch that was sent."""
    return [numbers for name, numbers in platform.calls if name == "send"]


def test_a_long_queue_goes_in_order_with_one_batch_under_way(desk: Profile, clock: StillClock) -> None:
    """Each answer is written down together with the taking of the next batch, and never are two under way at once."""
    save(desk, 25)
    seen: list[Counter[str | None]] = []
    platform = ScriptedPlatform(clock, on_send=lambda batch: seen.append(batches_under_way(desk)))
    uploader = Uploader(desk.dispatch, clock, full=10)
    for left in (15, 5, 0):
        assert not uploader.push_once(platform, go_on=True).idle
        assert uploader.holds == (left > 0)
        assert states(desk) == Counter(done=25 - left, sending=min(left, 10), pending=max(left - 10, 0)) - Counter()
    assert uploader.push_once(platform, go_on=True).idle
    assert sent(platform) == [list(range(1, 11)), list(range(11, 21)), list(range(21, 26))]
    assert [list(one.values()) for one in seen] == [[10], [10], [5]]
    assert {row.attempts for row in desk.desk.queue.rows(open_only=False)} == {1}


def test_what_is_taken_and_not_sent_goes_back_untouched(desk: Profile, clock: StillClock) -> None:
    """Who ends with a batch in hand gives it back: pending, no attempt counted, and the next pass sends it."""
    save(desk, 3)
    platform = ScriptedPlatform(clock)
    uploader = Uploader(desk.dispatch, clock, full=2)
    uploader.push_once(platform, go_on=True)
    assert states(desk) == {"done": 2, "sending": 1}
    uploader.release()
    uploader.release()
    (row,) = desk.desk.queue.rows()
    assert (row.state, row.attempts, row.batch_id, row.last_error) == ("pending", 0, None, "")
    assert not uploader.holds
    uploader.push_once(platform)
    assert sent(platform) == [[1, 2], [3]]


def test_no_chain_is_overtaken_by_what_was_chosen_ahead(desk: Profile, clock: StillClock) -> None:
    """Amendments of what is under way are not chosen ahead; a refusal of the first holds them as ever."""
    saved = [desk.desk.register("transfusion_request", samples.request_values(seed)) for seed in range(2)]
    for seed, one in enumerate(saved):
        desk.desk.amend("transfusion_request", one.record_id, samples.request_values(seed + 10), reason="更正")
    save(desk, 2)
    platform = ScriptedPlatform(clock, status="rejected")
    uploader = Uploader(desk.dispatch, clock, full=2)
    uploader.push_once(platform, go_on=True)
    assert states(desk) == {"rejected": 2, "blocked": 2, "sending": 2}
    platform.status = "applied"
    uploader.push_once(platform, go_on=True)
    assert uploader.push_once(platform, go_on=True).idle
    assert sent(platform) == [[1, 2], [5, 6]]


def test_what_was_chosen_ahead_is_chosen_anew_when_it_may_no_longer_go(desk: Profile, clock: StillClock) -> None:
    """Another command took an operation in between: it is not sent twice, and its followers do not overtake it."""
    save(desk, 6)
    theirs: list[int] = []

    def another(batch: object) -> None:
        if not theirs:
            # Chosen ahead by now or in a moment; either way the answer finds one of them gone.
            taken = desk.dispatch.next_batch(limit=1)
            assert taken is not None
            theirs.extend(row.dseq for row in taken.rows)

    platform = ScriptedPlatform(clock, on_send=another)
    uploader = Uploader(desk.dispatch, clock, full=2)
    while not uploader.push_once(platform, go_on=True).idle:
        pass
    assert theirs == [3]
    assert sorted(number for numbers in sent(platform) for number in numbers) == [1, 2, 4, 5, 6]
    assert states(desk) == {"done": 5, "sending": 1}


def test_a_request_made_for_another_epoch_is_made_anew(desk: Profile, clock: StillClock) -> None:
    """What the reply says of the epoch stands in the next request, also when that was packed before the reply came."""
    packed: list[tuple[str | None, list[int]]] = []

    class Noting(ScriptedPlatform):
        def pack(self, batch: Batch, *, epoch_seen: str | None, clock_offset_ms: int) -> seam.Parcel:
            packed.append((epoch_seen, [row.dseq for row in batch.rows]))
            return super().pack(batch, epoch_seen=epoch_seen, clock_offset_ms=clock_offset_ms)

    save(desk, 3)
    platform = Noting(clock)
    uploader = Uploader(desk.dispatch, clock, full=1)
    for _ in range(3):
        uploader.push_once(platform, go_on=True)
    assert packed == [(None, [1]), (None, [2]), (EPOCH, [2]), (EPOCH, [3])]


def test_a_failure_of_the_preparation_holds_nothing_up(
    desk: Profile, clock: StillClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A full disk while choosing ahead: the next batch is taken in the usual way."""

    def full(*_: object) -> None:
        raise KnownProblem("磁盘已满", code="disk-full")

    save(desk, 3)
    monkeypatch.setattr(desk.dispatch, "look_ahead", full)
    platform = ScriptedPlatform(clock)
    uploader = Uploader(desk.dispatch, clock, full=1)
    with caplog.at_level(logging.INFO, "bloodbank_desktop.sync.ahead"):
        while not uploader.push_once(platform, go_on=True).idle:
            pass
    assert states(desk) == {"done": 3}
    assert "disk-full" in caplog.text


def test_a_process_that_dies_with_a_batch_taken_ahead_sends_it_later(desk: Profile, clock: StillClock) -> None:
    """Dead between the answer to one batch and the sending of the next: that one waits under the same keys."""
    save(desk, 4)
    keys = [row.key for row in desk.desk.queue.rows()]
    Uploader(desk.dispatch, clock, full=2).push_once(ScriptedPlatform(clock), go_on=True)
    assert states(desk) == {"done": 2, "sending": 2}
    assert desk.dispatch.recover() == 2
    rows = desk.desk.queue.rows()
    assert [row.key for row in rows] == keys[2:]
    assert {row.state for row in rows} == {"pending"}
    assert Uploader(desk.dispatch, clock).push_once(ScriptedPlatform(clock)).statuses == {"applied": 2}
