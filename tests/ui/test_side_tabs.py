"""Tabs at the side: their words stand upright and whole, and the keyboard walks along them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTabWidget, QWidget

from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.ui.side_tabs import SideTabs
from tests.waiting import turn_events


@pytest.fixture
def tabs(qapp: QApplication) -> Iterator[QTabWidget]:
    """All modules as tabs at the left."""
    made = QTabWidget()
    made.setTabBar(SideTabs(made))
    made.setTabPosition(QTabWidget.TabPosition.West)
    for declared in all_records().values():
        made.addTab(QWidget(made), declared.label)
    made.resize(900, 700)
    made.show()
    turn_events()
    yield made
    made.hide()
    made.deleteLater()


def test_words_stand_upright_and_fit(tabs: QTabWidget) -> None:
    """Every tab is wider than high and as wide as its words in bold."""
    bar = tabs.tabBar()
    font = bar.font()
    font.setBold(True)
    metrics = QFontMetrics(font)
    for place in range(bar.count()):
        area = bar.tabRect(place)
        assert area.width() > area.height()
        assert metrics.horizontalAdvance(bar.tabText(place)) < area.width(), bar.tabText(place)


def test_all_have_one_width_and_stand_below_each_other(tabs: QTabWidget) -> None:
    """A column, not a staircase."""
    areas = [tabs.tabBar().tabRect(place) for place in range(tabs.count())]
    assert len({area.width() for area in areas}) == 1
    assert all(below.top() >= above.bottom() for above, below in pairwise(areas))


def test_a_longer_word_widens_the_column(tabs: QTabWidget) -> None:
    """The number of waiting records at the end of a word is never cut."""
    before = tabs.tabBar().tabRect(0).width()
    tabs.setTabText(3, tabs.tabText(3) + "（12,345，需处理 1,234）")
    turn_events()
    assert tabs.tabBar().tabRect(0).width() > before


def test_arrow_keys_walk_along(tabs: QTabWidget) -> None:
    """Down goes to the next tab, Up back."""
    bar = tabs.tabBar()
    bar.setFocus()
    QTest.keyClick(bar, Qt.Key.Key_Down)
    assert tabs.currentIndex() == 1
    QTest.keyClick(bar, Qt.Key.Key_Up)
    assert tabs.currentIndex() == 0
    QTest.keyClick(bar, Qt.Key.Key_Up)
    assert tabs.currentIndex() == 0


def test_the_current_tab_is_seen(tabs: QTabWidget) -> None:
    """The current tab bears a bar in the colour of a selection, the others do not."""
    bar = tabs.tabBar()
    tabs.setCurrentIndex(2)
    turn_events()
    picture = bar.grab().toImage()
    colour = bar.palette().highlight().color()

    def at_the_edge(place: int) -> QColor:
        area = bar.tabRect(place)
        return picture.pixelColor(area.left() + 1, area.center().y())

    assert at_the_edge(2).rgb() == colour.rgb()
    assert at_the_edge(1).rgb() != colour.rgb()
