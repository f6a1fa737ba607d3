"""A platform over a fresh file for each test, direct and behind HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bloodbank_desktop.training.platform import Platform
from bloodbank_desktop.training.server import TrainingServer
from tests.training.kit import Device, StillClock


@pytest.fixture
def still() -> StillClock:
    """The clock of the platform under test."""
    return StillClock()


@pytest.fixture
def platform(tmp_path: Path, still: StillClock) -> Iterator[Platform]:
    """A platform without HTTP."""
    made = Platform(tmp_path / "platform.db", still)
    yield made
    made.close()


@pytest.fixture
def device(platform: Platform) -> Device:
    """A device that sends to `platform`."""
    return Device(platform)


@pytest.fixture
def server(tmp_path: Path, still: StillClock) -> Iterator[TrainingServer]:
    """A platform behind HTTP on loopback."""
    with TrainingServer(tmp_path / "served.db", clock=still) as running:
        yield running
