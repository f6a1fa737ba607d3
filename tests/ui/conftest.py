"""Every test of the window gets lanes that fail the test for a bug nobody took, and ends with nothing running."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from bloodbank_desktop.ui.tasks import Tasks


@pytest.fixture
def tasks(qapp: QApplication) -> Iterator[Tasks]:
    """The two lanes."""
    bugs: list[BaseException] = []
    lanes = Tasks()
    lanes.bug.connect(bugs.append)
    yield lanes
    lanes.wait_idle()
    assert lanes.shutdown(5)
    assert not bugs, f"a bug nobody took: {bugs[0]!r}"
