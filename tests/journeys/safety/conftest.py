"""A person at the issue desk of a workstation that has just been started."""

from __future__ import annotations

import pytest

from bloodbank_desktop.training.server import TrainingServer
from tests.journeys.conftest import Workstation
from tests.journeys.modules.kit import sit_down
from tests.journeys.safety.kit import IssueDesk


@pytest.fixture
def desk(station: Workstation, platform: TrainingServer) -> IssueDesk:
    """The issue desk, 训练甲 (a technician) in front of it."""
    return IssueDesk(sit_down(station, platform))
