"""A workstation for hands: keys that come one by one are a person's, however fast the test is."""

from __future__ import annotations

import pytest

from bloodbank_desktop.training.server import TrainingServer
from tests.journeys.conftest import Workstation
from tests.journeys.modules.kit import Person, sit_down


@pytest.fixture
def person(station: Workstation, platform: TrainingServer) -> Person:
    """A person in front of a workstation that has just been started, the platform behind it."""
    return sit_down(station, platform)
