"""The trace on one page: read, closed with Esc, kept as PDF; it needs nobody's data twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from bloodbank_desktop.exchange.trace_page import trace_page
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.operations.trace import trace
from bloodbank_desktop.records.bag import bag_key, bag_name
from bloodbank_desktop.ui.trace_window import TraceWindow
from tests.forms.bags import label_scans
from tests.samples import NOW
from tests.ui.stocked import BAGS, stocked
from tests.waiting import turn_events


@pytest.fixture
def profile(tmp_path: Path) -> Iterator[Profile]:
    with stocked(tmp_path) as opened:
        yield opened


@pytest.fixture
def window(qapp: QApplication, profile: Profile) -> Iterator[TraceWindow]:
    """The life of the first bag, from a scan of its number."""
    chain = trace(profile.desk, label_scans(0)[0])
    made = TraceWindow(chain.asked, trace_page(chain, NOW, "训练甲"))
    made.open()
    turn_events()
    yield made
    made.done(0)
    made.deleteLater()


def test_the_page_tells_the_life_of_the_bag(window: TraceWindow) -> None:
    """The bag, how it came and who asks stand on the page; the other bags of the delivery do not."""
    text = window.page.toPlainText()
    assert bag_name(bag_key(BAGS[0])) in text
    assert "RKS00000001" in text and "训练甲" in text
    assert bag_name(bag_key(BAGS[1])) not in text
    assert window.isModal() and "血液追溯" in window.windowTitle()


def test_it_is_kept_as_pdf(window: TraceWindow, tmp_path: Path) -> None:
    """One A4 file that any reader opens."""
    file = tmp_path / "追溯.pdf"
    window.save_pdf(file)
    written = file.read_bytes()
    assert written.startswith(b"%PDF-") and b"%%EOF" in written[-32:]
    assert len(written) > 2000


def test_esc_closes_it(window: TraceWindow) -> None:
    """It asks nothing and changes nothing."""
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert not window.isVisible()


def test_every_button_is_named(window: TraceWindow) -> None:
    """Print, PDF and close have names, for a screen reader and for the tour."""
    names = {button.objectName() for button in window.findChildren(QPushButton)}
    assert {"action.print", "action.pdf", "action.close"} <= names
    assert all(button.accessibleName() for button in window.findChildren(QPushButton))


def test_a_name_with_anything_in_it_becomes_a_file_name(qapp: QApplication) -> None:
    """What was scanned may hold characters that no file name may."""
    made = TraceWindow("=A9999/26:0*?\\", "<p>页</p>")
    assert not set(made._name) & set('<>:"/\\|?*')
    made.deleteLater()
