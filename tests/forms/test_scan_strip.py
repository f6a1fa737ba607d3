"""The strip names keys whole or not at all, however narrow the dialog and large the type."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from bloodbank_desktop.forms.scan_strip import ScanStrip
from tests.waiting import turn_events

KEYS = "F4 选择申请单　F3 手工录入　Ctrl+Del 删除一袋　Ctrl+S 发出"


@pytest.fixture
def strip(qapp: QApplication) -> Iterator[ScanStrip]:
    """A strip on the screen after the first bag."""
    made = ScanStrip(KEYS)
    made.resize(1600, 160)
    made.show()
    made.set_count(1, "A9999 26 000001 8")
    turn_events()
    yield made
    made.hide()
    made.deleteLater()


def test_a_wide_strip_shows_everything(strip: ScanStrip) -> None:
    """With room for all, every key and the latest bag are named."""
    assert strip.keys.text() == KEYS
    assert strip.latest.isVisible()
    strip.offer_near_miss(True)
    assert strip.keys.text() == f"F12 记为险兆　{KEYS}"


@pytest.mark.parametrize("width", [700, 520, 400, 300])
def test_a_narrow_strip_cuts_no_word(strip: ScanStrip, width: int) -> None:
    """What does not fit is left out whole from the end; the first key stays, the latest bag gives way first."""
    strip.offer_near_miss(True)
    strip.resize(width, 160)
    turn_events()
    whole = f"F12 记为险兆　{KEYS}".split("　")
    shown = strip.keys.text().split("　")
    assert shown == whole[: len(shown)]
    assert len(shown) == 1 or strip.keys.sizeHint().width() <= strip.keys.width() + 1
    assert not strip.latest.isVisible() or shown == whole
    assert strip.keys.toolTip().split("　") == whole
