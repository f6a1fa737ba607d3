"""A real desk with real bags behind a page or a window of a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from bloodbank_desktop.operations.opening import Profile
from tests import samples
from tests.samples import NOW
from tests.support import FakeClock, open_store

BAGS = [samples.bag_values(index) for index in range(4)]
"""0 and 1 are red cells, 2 is plasma, 3 is red cells of the next group; all were received checked and are available."""


@contextmanager
def stocked(folder: Path) -> Iterator[Profile]:
    """Give an open profile in which the four bags have been received, the last of them nearly expired."""
    clock = FakeClock(NOW)
    profile = open_store(folder, clock)
    try:
        last = {**BAGS[3], "expires_at": NOW + timedelta(hours=20), "location": "2号冰箱"}
        profile.desk.register("stock_in", samples.delivery_of(BAGS[:3], 1))
        profile.desk.register(
            "stock_in", samples.stock_in_values(1, 2, bags=({**last, "label_message": None},), checker=samples.STAFF[2])
        )
        yield profile
    finally:
        profile.close()
