"""A refrigerator is counted bag by bag: each scan says what it counted, and the end says what does not agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from bloodbank_desktop.forms.burst import Habits
from bloodbank_desktop.operations.stock_desk import StockTake
from bloodbank_desktop.records.bag import BagKey, bag_key, bag_name
from bloodbank_desktop.ui.stock_take import ScannedBags, StockTakeWindow, result_html
from tests.forms.bags import label_scans
from tests.samples import PRODUCTS, bag_values
from tests.waiting import turn_events, wait_until

NUMBER, PRODUCT = 0, 2
BAG = bag_key(bag_values(0))
SISTER = (BAG[0], PRODUCTS[2], "")
CLEAN = StockTake((), (), (), (), ())


def counted(*known: BagKey) -> ScannedBags:
    return ScannedBags(lambda donation: [key for key in known if key[0] == donation])


def code(index: int, which: int = NUMBER) -> str:
    return label_scans(index)[which]


def test_the_number_alone_is_enough_for_the_only_bag_of_a_donation() -> None:
    """Where one bag of the donation was ever here, its number says which it is."""
    bags = counted(BAG)
    assert bags.take(code(0)) == f"✓ 第 1 袋：{bag_name(BAG)}"
    assert list(bags.keys) == [BAG]


def test_of_several_bags_of_a_donation_the_product_is_wanted() -> None:
    """Two components of one donation are two bags; the one scanned is counted and not its sister."""
    bags = counted(BAG, SISTER)
    assert bags.take(code(0)) == "◇ 请再扫这一袋的产品码"
    assert bags.keys == {}
    assert bags.take(f"=<{SISTER[1]}") == f"✓ 第 1 袋：{bag_name(SISTER)}"
    assert list(bags.keys) == [SISTER]


def test_product_before_number_is_as_good() -> None:
    """Two scans in any order make a bag."""
    bags = counted(BAG, SISTER)
    assert bags.take(code(0, PRODUCT)) == "◇ 请扫这一袋的献血码"
    assert bags.take(code(0)).startswith("✓ 第 1 袋")


def test_number_and_product_of_every_bag_may_be_scanned() -> None:
    """The product code behind a number that was enough belongs to that bag, and never to the next."""
    keys = [bag_key(bag_values(index)) for index in range(3)]
    bags = counted(*keys)
    for index in range(3):
        bags.take(code(index))
        assert bags.take(code(index, PRODUCT)) == f"○ 已经计过：{bag_name(keys[index])}"
    assert list(bags.keys) == keys


def test_a_product_that_contradicts_the_stock_is_not_counted() -> None:
    """The bag in the hand is not the one that the stock knows: it is not counted for it, and is scanned again whole."""
    bags = counted(BAG)
    bags.take(code(0))
    assert bags.take(f"=<{SISTER[1]}").startswith("✕ 产品码与库存不符")
    assert bags.keys == {}
    # Known by its number alone again, until its product says what it is.
    bags.take(f"=<{SISTER[1]}")
    bags.take(code(0))
    assert list(bags.keys) == [SISTER]


def test_a_bag_counts_once() -> None:
    """A bag scanned twice is told and counted once."""
    bags = counted(BAG)
    bags.take(code(0))
    assert bags.take(code(0)) == f"○ 已经计过：{bag_name(BAG)}"
    assert len(bags.keys) == 1


def test_a_bag_that_never_came_is_counted_as_it_is() -> None:
    """An unknown bag needs both codes, and is counted so that the result can name it."""
    bags = counted()
    assert bags.take(code(0)) == "◇ 请再扫这一袋的产品码"
    assert bags.take(code(0, PRODUCT)).startswith("✓ 第 1 袋")
    assert list(bags.keys) == [BAG]


@pytest.mark.parametrize("text", ["", "SQ20261123-0001", "=%6200", "今天"])
def test_what_is_no_number_and_no_product_is_refused(text: str) -> None:
    """Any other code is refused in words and counts nothing."""
    bags = counted(BAG)
    assert bags.take(text).startswith("✕ 没有计入：")
    assert bags.keys == {}


Open = Callable[..., StockTakeWindow]


@pytest.fixture
def open_window(qapp: QApplication) -> Iterator[Open]:
    """Open the window over bags that are known; `finished` gets what is compared."""
    made: list[StockTakeWindow] = []

    def open_one(*known: BagKey, result: StockTake = CLEAN, finished: list[Any] | None = None) -> StockTakeWindow:
        def finish(keys: list[BagKey], place: str, show: Callable[[StockTake], None]) -> None:
            if finished is not None:
                finished.append((keys, place))
            show(result)

        window = StockTakeWindow(["1号冰箱"], lambda donation: [k for k in known if k[0] == donation], finish)
        made.append(window)
        window.open()
        window.activateWindow()
        wait_until(window.isActiveWindow)
        return window

    yield open_one
    for window in made:
        window.done(0)
        window.deleteLater()
    turn_events()


def test_the_scanner_counts_and_ctrl_s_compares(open_window: Open) -> None:
    """Bursts of keys count bags, Ctrl+S asks for the comparison of that place, and the result is told."""
    finished: list[Any] = []
    window = open_window(BAG, finished=finished)
    window.wedge._burst.habits = Habits(gap_ms=500)
    for character in code(0):
        QTest.keyClick(window.windowHandle(), character)  # type: ignore[call-overload]
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Return)
    wait_until(lambda: window.list.count() == 1)
    window.place.setCurrentIndex(1)
    QTest.keyClick(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    wait_until(lambda: finished)
    assert finished == [([BAG], "1号冰箱")]
    assert window.said.text() == "✓ 账实相符" and window.report.isVisible()


def test_what_does_not_agree_is_listed(open_window: Open) -> None:
    """A difference is never called agreement."""
    window = open_window(result=StockTake((), (), (), (BAG,), ()))
    window.compare.click()
    assert window.said.text().startswith("▲ 有不符之处")
    assert bag_name(BAG) in window.report.toPlainText() and "从未入库" in window.report.toPlainText()


def test_the_result_names_each_kind_of_difference() -> None:
    """Missing, elsewhere, unknown and expired bags each stand under their own heading, with their number."""

    class _Row:
        key, location = BAG, "<1号>冰箱"

    row: Any = _Row()
    html = result_html(StockTake((row,), (row,), (row,), (BAG,), (row,)))
    for words in ("账实相符 1 袋", "没有扫到（1 袋）", "账上不在这里（1 袋）", "从未入库（1 袋）", "已过期（1 袋）"):
        assert words in html
    assert "<1号>" not in html
