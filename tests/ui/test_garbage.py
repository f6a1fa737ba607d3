"""Old garbage is looked for when nobody waits, and in the end even then."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from bloodbank_desktop.ui import garbage
from bloodbank_desktop.ui.garbage import MainThreadGarbage


@pytest.fixture
def generations() -> Iterator[list[int]]:
    """What is collected from now on; everything is due at every look."""
    seen: list[int] = []

    def hear(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            seen.append(info["generation"])

    thresholds = gc.get_threshold()
    gc.callbacks.append(hear)
    gc.set_threshold(1, 0, 0)
    yield seen
    gc.callbacks.remove(hear)
    gc.set_threshold(*thresholds)


def _look(collector: MainThreadGarbage) -> None:
    # Young containers, so that generation 0 is due; Python keeps no spare sets as it keeps spare lists.
    kept = [set[int]() for _ in range(10)]
    collector.collect()
    assert len(kept) == 10


@pytest.mark.usefixtures("qapp")
def test_old_generations_give_way_to_a_person(generations: list[int]) -> None:
    """While somebody waits only the young generation is collected; the first quiet look collects the old ones."""
    waiting = [True]
    collector = MainThreadGarbage(busy=lambda: waiting[0])
    try:
        _look(collector)
        for _ in range(5):
            _look(collector)
        assert generations and set(generations) == {0}
        waiting[0] = False
        for _ in range(3):
            _look(collector)
        assert max(generations) >= 1
    finally:
        collector.stop()


@pytest.mark.usefixtures("qapp")
def test_old_generations_do_not_wait_for_ever(generations: list[int]) -> None:
    """Where somebody always works, the old generations are collected after a minute of looks all the same."""
    collector = MainThreadGarbage(busy=lambda: True)
    try:
        for _ in range(garbage._PATIENCE + 3):
            _look(collector)
        assert max(generations) >= 1
    finally:
        collector.stop()
