"""Finding the one operation at which the platform fails."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bloodbank_desktop.sync.isolation import STORM, Isolation, Step


def drain(total: int, poison: set[int]) -> tuple[list[int], list[int], int]:
    """Play queue and platform; return what was found alone, what went through, and the number of batches."""
    isolation = Isolation()
    queue = list(range(total))
    alone: list[int] = []
    done: list[int] = []
    batches = 0
    while queue:
        batches += 1
        assert batches < 10_000, "never ends"
        batch = queue[: isolation.limit]
        if poison & set(batch):
            if isolation.failed(batch) is Step.ALONE:
                alone.extend(batch)
                queue = queue[1:]
        else:
            isolation.succeeded(batch)
            done.extend(batch)
            queue = queue[len(batch) :]
    return alone, done, batches


@given(st.integers(1, 350), st.sets(st.integers(0, 349), max_size=8))
def test_exactly_the_culprits_are_found(total: int, poison: set[int]) -> None:
    """Every operation that makes its batch fail is found alone, and no other one ever is."""
    poison &= set(range(total))
    alone, done, _ = drain(total, poison)
    assert alone == sorted(poison)
    assert done == sorted(set(range(total)) - poison)


@given(st.integers(0, 999))
def test_one_in_a_thousand_costs_little(culprit: int) -> None:
    """One culprit among a thousand costs at most sixteen batches more than the ten without it."""
    _, done, batches = drain(1000, {culprit})
    assert len(done) == 999
    assert batches <= 26


def test_one_failure_alone_proves_nothing() -> None:
    """The first failure of a batch is answered by the same batch again."""
    isolation = Isolation()
    assert isolation.failed([1, 2, 3]) is Step.AGAIN
    assert isolation.limit == 100
    assert isolation.failed([1, 2, 3]) is Step.HALVE
    assert isolation.limit == 2
    assert Isolation().failed([7]) is Step.AGAIN


def test_suspects_that_vanish_do_not_slow_the_rest() -> None:
    """When the suspects were withdrawn meanwhile, the next success brings back full batches."""
    isolation = Isolation()
    isolation.failed([1, 2])
    isolation.failed([1, 2])
    assert isolation.limit == 1
    isolation.succeeded([3])
    assert isolation.limit == 100


def test_a_slow_line_gets_smaller_batches_for_some_time() -> None:
    """After a time-out batches shrink and grow again with each success."""
    isolation = Isolation()
    isolation.failed(range(100), shrink=True)
    assert isolation.limit == 50
    isolation.succeeded(range(50))
    assert isolation.limit == 100


def test_many_alone_in_a_row_are_a_storm() -> None:
    """When several operations failed alone without one success between, the platform is at fault, not they."""
    isolation = Isolation()
    for number in range(STORM):
        assert not isolation.storm(number)
        isolation.failed([number])
        assert isolation.failed([number]) is Step.ALONE
    assert isolation.storm(STORM)
    isolation.succeeded([99])
    assert not isolation.storm(STORM)
