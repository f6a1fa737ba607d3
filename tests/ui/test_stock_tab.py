"""The stock page: groups above, bags below, and only what may be done with the selected bags can be asked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QItemSelectionModel, QSettings, Qt
from PySide6.QtTest import QTest

from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.operations.stock_desk import StockDesk
from bloodbank_desktop.records.bag import bag_key
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.ui.stock_source import group_row
from bloodbank_desktop.ui.stock_tab import DEEDS, StockTab
from bloodbank_desktop.ui.tasks import Tasks
from tests.samples import NOW
from tests.ui.stocked import BAGS, stocked
from tests.waiting import wait_until

KEY = Qt.Key
KEYS = [bag_key(bag) for bag in BAGS]


@pytest.fixture
def profile(tmp_path: Path) -> Iterator[Profile]:
    with stocked(tmp_path) as opened:
        yield opened


@pytest.fixture
def page(tasks: Tasks, profile: Profile, tmp_path: Path) -> Iterator[StockTab]:
    """The page over four bags, read."""
    preferences = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    made = StockTab(tasks, profile.desk.clock, preferences)
    made.resize(1200, 800)
    made.show()
    # Keys that are shortcuts reach the active window only.
    made.activateWindow()
    wait_until(made.isActiveWindow)
    made.attach(profile.desk)
    settle(made, tasks, 4)
    yield made
    made.close_down()
    tasks.wait_idle()
    made.hide()
    made.deleteLater()


def settle(page: StockTab, tasks: Tasks, bags: int) -> None:
    """Wait until so many bags are listed and read."""

    def read() -> bool:
        model = page.model
        return model is not None and model.rowCount() == bags and all(model.row(n) is not None for n in range(bags))

    wait_until(read)
    assert tasks.wait_idle()


def listed(page: StockTab) -> list[Any]:
    assert page.model is not None
    rows = [page.model.row(number) for number in range(page.model.rowCount())]
    return [row.item.key for row in rows if row is not None]


def select(page: StockTab, *keys: Any) -> None:
    """Select bags below."""
    assert page.model is not None
    selection = page.view.selectionModel()
    selection.clearSelection()
    flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
    for key in keys:
        selection.select(page.model.index(listed(page).index(key), 0), flags)


def enabled(page: StockTab) -> set[str]:
    return {name for name, action in page.deeds.items() if action.isEnabled()}


def test_what_is_here_stands_by_group_and_by_bag(page: StockTab) -> None:
    """The bag that expires first stands first; groups count; what expires within its band says so in words."""
    assert page.count.text() == "在库 4 袋"
    assert listed(page)[0] == KEYS[3]
    assert page.groups is not None and page.groups.rowCount() == 4
    words = [text for number in range(4) for text in page.groups.row(number).texts]  # type: ignore[union-attr]
    assert any("临近失效 1 袋" in text for text in words)
    assert any("20 小时" in text for text in page.model.row(0).texts)  # type: ignore[union-attr]


def test_a_group_narrows_the_bags_and_esc_shows_all(page: StockTab, tasks: Tasks) -> None:
    """Standing on a group shows its bags only; Esc clears group, search and filters."""
    plasma = next(n for n in range(4) if page.groups.row(n).item.component == "FFP")  # type: ignore[union-attr]
    page.group_view.setCurrentIndex(page.groups.index(plasma, 0))  # type: ignore[union-attr]
    settle(page, tasks, 1)
    assert listed(page) == [KEYS[2]] and page.count.text() == "符合条件 1 袋"
    page.view.setFocus()
    QTest.keyClick(page.view, KEY.Key_Escape)
    settle(page, tasks, 4)
    assert page.group() is None


def test_the_search_finds_by_number_and_place(page: StockTab, tasks: Tasks) -> None:
    """A part of the donation number or the place is enough."""
    page.search.setText("2号冰")
    settle(page, tasks, 1)
    assert listed(page) == [KEYS[3]]
    page.search.setText(KEYS[1][0][-4:])
    wait_until(lambda: listed(page) == [KEYS[1]])


def test_near_expiry_is_a_filter(page: StockTab, tasks: Tasks) -> None:
    """What runs out soon is found with one choice."""
    page.filters["attention"].setCurrentIndex(1)
    settle(page, tasks, 1)
    assert listed(page) == [KEYS[3]]


def test_only_what_all_selected_bags_allow_can_be_asked(page: StockTab, profile: Profile, tasks: Tasks) -> None:
    """The deeds of a selection are those that every bag of it allows; nothing selected, nothing to do."""
    page.view.selectionModel().clearSelection()
    assert enabled(page) == set() and not page.trace_action.isEnabled()
    stock = StockDesk(profile.desk)
    select(page, KEYS[0])
    assert enabled(page) == set(stock.deeds("available")) and page.trace_action.isEnabled()
    stock.do("quarantine", [KEYS[1]], reason="外观可疑")
    page.refresh()
    wait_until(lambda: _state(page, KEYS[1]) == "quarantined")
    assert tasks.wait_idle()
    select(page, KEYS[0], KEYS[1])
    assert enabled(page) == set(stock.deeds("available")) & set(stock.deeds("quarantined"))
    assert not page.trace_action.isEnabled()


def _state(page: StockTab, key: Any) -> str:
    assert page.model is not None
    rows = [page.model.row(number) for number in range(page.model.rowCount())]
    return next((row.item.state for row in rows if row is not None and row.item.key == key), "")


def test_deeds_carry_the_selected_bags(page: StockTab) -> None:
    """A key asks for the deed with exactly the selected bags."""
    asked: list[tuple[str, list[Any]]] = []
    traced: list[Any] = []
    page.deed_asked.connect(lambda name, keys: asked.append((name, list(keys))))
    page.trace_asked.connect(traced.append)
    select(page, KEYS[0], KEYS[2])
    page.deeds["quarantine"].trigger()
    ((name, keys),) = asked
    assert name == "quarantine" and sorted(keys) == sorted([KEYS[0], KEYS[2]])
    select(page, KEYS[2])
    page.trace_action.trigger()
    assert traced == [KEYS[2]]


def test_a_level_is_asked_for_the_group_one_stands_on(page: StockTab) -> None:
    """Without a group there is nothing to set."""
    asked: list[Any] = []
    page.level_asked.connect(asked.append)
    assert not page.level_action.isEnabled()
    page.group_view.setCurrentIndex(page.groups.index(0, 0))  # type: ignore[union-attr]
    wait_until(page.level_action.isEnabled)
    page.level_action.trigger()
    assert [one.component for one in asked] == [page.groups.row(0).item.component]  # type: ignore[union-attr]


def test_too_few_bags_and_expired_ones_are_told_in_words(page: StockTab, profile: Profile) -> None:
    """A group below its level says how many lack; expired bags are counted apart and not as usable."""
    stock = StockDesk(profile.desk)
    group = next(one for one in stock.groups() if one.component == BAGS[3]["component"] and one.near_expiry)
    stock.set_level((group.component, group.abo, group.rhd), 5)
    profile.desk.clock.at = NOW + timedelta(days=1)  # type: ignore[attr-defined]
    row = group_row(next(one for one in stock.groups() if (one.component, one.abo) == (group.component, group.abo)))
    told = "　".join(row.texts)
    assert "过期 1 袋待处理" in told and "低于安全库存 5 袋（缺 5）" in told


def test_every_deed_has_a_word_and_a_key(page: StockTab) -> None:
    """Everything that can be done with a bag can be done with the keyboard."""
    for name in DEEDS:
        assert table("bag_event").word(name)
        assert page.deeds[name].shortcuts()
