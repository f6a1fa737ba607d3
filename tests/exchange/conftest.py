"""A fresh encrypted profile for each test, and workbooks of made-up requests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bloodbank_desktop.operations.opening import Profile
from tests.support import FakeClock, open_store, seat


@pytest.fixture
def profile(tmp_path: Path) -> Iterator[Profile]:
    """An open training profile with somebody at work."""
    (tmp_path / "profile").mkdir()
    made = open_store(tmp_path / "profile", FakeClock())
    seat(made, "训练甲")
    yield made
    made.close()
