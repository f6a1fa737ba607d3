"""A fresh encrypted profile for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bloodbank_desktop.operations.opening import Profile
from tests.support import FakeClock, open_store


@pytest.fixture
def clock() -> FakeClock:
    """The clock of the profile."""
    return FakeClock()


@pytest.fixture
def profile(tmp_path: Path, clock: FakeClock) -> Iterator[Profile]:
    """An open training profile."""
    made = open_store(tmp_path, clock)
    yield made
    made.close()
