"""A workstation for hands: keys that come one by one are a person's, however fast the test is."""

from __future__ import annotations

import json

import pytest

from bloodbank_desktop.training.server import TrainingServer
from tests.journeys.conftest import Workstation
from tests.journeys.modules.kit import HANDS_MS, Person


@pytest.fixture
def person(station: Workstation, platform: TrainingServer) -> Person:
    """A person in front of a workstation that has just been started, the platform behind it."""
    settings = station.folder / "settings.json"
    settings.write_text(json.dumps({"sounds": False, "scan_gap_ms": HANDS_MS}), encoding="utf-8")
    station.start()
    return Person(station, platform)
