"""本院开关 in a real window: how each switch stands, a change with its reason, a refusal in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPushButton, QWidget

from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.ui.switches_window import SwitchesWindow
from bloodbank_desktop.ui.tasks import Tasks
from tests.support import open_store, seat
from tests.waiting import wait_until

W = TypeVar("W", bound=QWidget)


@pytest.fixture
def profile(tmp_path: Path) -> Iterator[Profile]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


def part(window: SwitchesWindow, kind: type[W], name: str) -> W:
    """Return the newest widget of that name; those read before may still wait for their end."""
    return window.findChildren(kind, name)[-1]


def change(window: SwitchesWindow, reason: str) -> None:
    box = part(window, QComboBox, "value.solo_duty")
    box.setCurrentIndex(box.findData("allowed"))
    part(window, QLineEdit, "reason.solo_duty").setText(reason)
    part(window, QPushButton, "action.switch.solo_duty").click()


def test_a_switch_is_changed_with_its_reason(profile: Profile, tasks: Tasks) -> None:
    """The default is shown as such; after a change the window says what stands here and why."""
    window = SwitchesWindow(profile.desk, tasks)
    window.show()
    wait_until(lambda: window.findChildren(QComboBox, "value.solo_duty") != [])
    assert part(window, QLabel, "state.solo_duty").text().startswith("○ 默认：")
    change(window, "短")
    wait_until(lambda: "理由" in window.said.text())
    change(window, "夜班只有一名技师在岗")
    wait_until(lambda: window.said.text().startswith("✔"))
    assert tasks.wait_idle()
    assert part(window, QLabel, "state.solo_duty").text().startswith("◆ 本院：允许")
    window.close()


def test_who_may_not_switch_is_told_who_may(profile: Profile, tasks: Tasks) -> None:
    """A technician reads the switches and is told, in words, who may change them."""
    seat(profile, "技师", "technician")
    window = SwitchesWindow(profile.desk, tasks)
    wait_until(lambda: window.findChildren(QComboBox, "value.solo_duty") != [])
    change(window, "夜班只有一名技师在岗")
    wait_until(lambda: window.said.text().startswith("✖"))
    assert "管理" in window.said.text()
    window.close()
