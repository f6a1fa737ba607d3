"""The answer to one batch and the taking of the next are one step, and what was chosen ahead goes only if it still may."""

from __future__ import annotations

from collections import Counter

import pytest

from bloodbank_desktop.operations.dispatch import Batch, Dispatch, Outcome
from bloodbank_desktop.operations.opening import Profile
from tests import samples
from tests.support import FakeClock


def save(profile: Profile, count: int) -> None:
    """Save that many deliveries."""
    for seed in range(count):
        profile.desk.register("stock_in", samples.stock_in_values(1, seed))


def taken(dispatch: Dispatch, limit: int) -> Batch:
    """Take the next batch."""
    batch = dispatch.next_batch(limit=limit)
    assert batch is not None
    return batch


def applied(batch: Batch) -> list[Outcome]:
    """The platform took everything."""
    return [Outcome(row.key, "applied", 1) for row in batch.rows]


def numbers(batch: Batch | None) -> list[int]:
    """The numbers of a batch."""
    return [row.dseq for row in batch.rows] if batch else []


def states(profile: Profile) -> Counter[str]:
    """How many operations are in each state."""
    return Counter(row.state for row in profile.desk.queue.rows(open_only=False))


def test_answer_and_next_batch_are_one_transaction(profile: Profile) -> None:
    """Between the answer and the next batch there is no state on the disk in which neither or only one is written."""
    save(profile, 4)
    first = taken(profile.dispatch, 2)
    ahead = profile.dispatch.look_ahead(limit=2)
    before = profile.desk.change_mark()
    assert states(profile) == {"sending": 2, "pending": 2}
    marks: list[int] = []
    _, following = profile.dispatch.settle_and_take(first, "e", applied(first), ahead, limit=2)
    marks.append(profile.desk.change_mark())
    assert following is ahead and numbers(ahead) == [3, 4]
    assert states(profile) == {"done": 2, "sending": 2}
    assert marks == [before + 1]


@pytest.mark.parametrize("gone", ["taken", "answered"])
def test_nothing_is_sent_twice_that_another_took_in_between(profile: Profile, gone: str) -> None:
    """One operation chosen ahead is under way elsewhere, or done: all of the choice is dropped and made anew."""
    save(profile, 5)
    first = taken(profile.dispatch, 1)
    ahead = profile.dispatch.look_ahead(limit=2)
    other = taken(profile.dispatch, 1)
    if gone == "answered":
        profile.dispatch.settle(other, "e", applied(other))
    assert (numbers(ahead), numbers(other)) == ([2, 3], [2])
    _, following = profile.dispatch.settle_and_take(first, "e", applied(first), ahead, limit=2)
    assert numbers(following) == [3, 4]
    assert all(row.batch_id != (ahead.id if ahead else "") for row in profile.desk.queue.rows(open_only=False))


def test_a_pause_that_began_in_between_is_kept(profile: Profile, clock: FakeClock) -> None:
    """One operation chosen ahead waits for a time by now: it does not go before."""
    save(profile, 3)
    first = taken(profile.dispatch, 1)
    ahead = profile.dispatch.look_ahead(limit=1)
    other = taken(profile.dispatch, 1)
    profile.dispatch.unknown(other, "中断", retry_at=clock.now().replace(year=2030), server_fault=False)
    assert numbers(ahead) == numbers(other) == [2]
    _, following = profile.dispatch.settle_and_take(first, "e", applied(first), ahead)
    assert numbers(following) == [3]


def test_what_is_not_a_full_batch_is_not_chosen_ahead(profile: Profile) -> None:
    """The answer may free more than was seen, so that a batch which is not full is chosen after it."""
    save(profile, 2)
    saved = profile.desk.register("transfusion_request", samples.request_values(1))
    profile.desk.amend("transfusion_request", saved.record_id, samples.request_values(2), reason="更正")
    first = taken(profile.dispatch, 3)
    assert profile.dispatch.look_ahead(limit=2) is None
    _, following = profile.dispatch.settle_and_take(first, "e", applied(first), None, limit=2)
    assert numbers(following) == [4]


def test_looking_ahead_changes_nothing(profile: Profile) -> None:
    """The choice is made in a transaction that reads."""
    save(profile, 3)
    before = profile.desk.change_mark(), states(profile)
    assert numbers(profile.dispatch.look_ahead(limit=2)) == [1, 2]
    assert (profile.desk.change_mark(), states(profile)) == before
