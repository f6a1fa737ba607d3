"""What a person does from the window beyond its lists: scan a bag, join two numbers, and what the stock page asks for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from sqlalchemy import text

from bloodbank_desktop.forms.burst import Habits
from bloodbank_desktop.forms.credentials import CredentialsDialog
from bloodbank_desktop.operations import patients, training_persons
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.operations.stock_desk import StockDesk
from bloodbank_desktop.records.bag import bag_key, bag_name
from bloodbank_desktop.storage.lists import ListQuery
from bloodbank_desktop.ui.list_tab import ListTab
from bloodbank_desktop.ui.main_window import MainWindow
from bloodbank_desktop.ui.questions import MergeQuestion, WordsQuestion
from bloodbank_desktop.ui.reversal import ReversalQuestion
from bloodbank_desktop.ui.stock_take import StockTakeWindow
from bloodbank_desktop.ui.tasks import Tasks
from bloodbank_desktop.ui.trace_window import TraceWindow
from tests import samples
from tests.forms.bags import label_scans
from tests.support import nobody
from tests.ui.fakes import Dialogs
from tests.ui.stocked import BAGS, stocked
from tests.waiting import dialog_of, turn_events, wait_until

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
KEY = Qt.Key
KEYS = [bag_key(bag) for bag in BAGS]
#: Wide apart, so that a busy machine takes no scan for typing and no typing for a scan.
GAP_MS = 300


@pytest.fixture
def profile(tmp_path: Path) -> Iterator[Profile]:
    with stocked(tmp_path) as opened:
        yield opened


@pytest.fixture
def window(tasks: Tasks, profile: Profile, tmp_path: Path) -> Iterator[MainWindow]:
    """The window over a real desk with four bags, listening for a scanner."""
    made = MainWindow(tasks, profile.desk.clock, Dialogs(), tmp_path, habits=Habits(gap_ms=GAP_MS))
    made.show()
    made.attach(profile.desk)
    made.activateWindow()
    wait_until(made.isActiveWindow)
    assert tasks.wait_idle()
    yield made
    for dialog in list(made.deeds.dialogs):
        dialog.done(0)
    tasks.wait_idle()
    made.close()
    made.deleteLater()
    turn_events()


def scan(window: MainWindow, code: str) -> None:
    """Send a code as a scanner does, with Enter behind it."""
    for character in code:
        QTest.keyClick(window.windowHandle(), character)  # type: ignore[call-overload]
    QTest.keyClick(window.windowHandle(), KEY.Key_Return)


def answer(window: MainWindow, words: str) -> None:
    """Answer the one-line question that is open."""
    question = dialog_of(window, WordsQuestion)
    question.edit.setText(words)
    question.accept()
    wait_until(lambda: not window.deeds.dialogs)


def audited(profile: Profile, action: str) -> list[str]:
    """Return the details of the audit rows of an action."""
    with profile.store.read() as tx:
        return [str(row) for row in tx.execute(text("SELECT * FROM audit")).all() if action in str(row)]


# -- the scanner -------------------------------------------------------------------------------------------------------


def test_a_scan_anywhere_opens_the_life_of_that_bag(window: MainWindow) -> None:
    """Number and Enter into the list show the bag; nothing of it is typed into the search box, no row is opened."""
    page = window.tabs.page("stock_in")
    assert isinstance(page, ListTab)
    page.view.setFocus()
    scan(window, label_scans(0)[0])
    shown = dialog_of(window, TraceWindow)
    assert bag_name(KEYS[0]) in shown.page.toPlainText()
    assert page.search.text() == ""


def test_a_scan_into_the_search_box_opens_it_too(window: MainWindow) -> None:
    """Wherever the keyboard is: the search box stays as it was."""
    page = window.tabs.page("stock_in")
    assert isinstance(page, ListTab)
    page.search.setFocus()
    page.search.setText("RK")
    scan(window, label_scans(1)[0])
    assert bag_name(KEYS[1]) in dialog_of(window, TraceWindow).page.toPlainText()
    assert page.search.text() == "RK"


def test_a_code_that_is_no_bag_is_searched_for_where_one_writes(window: MainWindow) -> None:
    """The barcode of a form, scanned into the search box, is what is searched for."""
    page = window.tabs.page("stock_in")
    assert isinstance(page, ListTab)
    page.search.setFocus()
    scan(window, "RKS00000001")
    wait_until(lambda: page.search.text() == "RKS00000001")
    assert not window.deeds.dialogs


def test_an_unknown_bag_is_told(window: MainWindow) -> None:
    """A bag that was never here opens nothing; the bar says so and what to do."""
    scan(window, label_scans(77)[0])
    wait_until(lambda: "请核对号码" in window.messages.text)
    assert not window.deeds.dialogs


def test_slow_fingers_are_no_scanner(window: MainWindow) -> None:
    """What a person types into the search box arrives there, every letter, in order, and opens nothing."""
    page = window.tabs.page("stock_in")
    assert isinstance(page, ListTab) and window.wedge is not None
    window.wedge._burst.habits = Habits(gap_ms=5)
    page.search.setFocus()
    for character in "RKS0000":
        QTest.keyClick(window.windowHandle(), character)  # type: ignore[call-overload]
        wait_until(lambda: not window.wedge._burst.open)  # type: ignore[union-attr]
    assert page.search.text() == "RKS0000"
    QTest.keyClick(window.windowHandle(), KEY.Key_Return)
    wait_until(lambda: page.count.text() == "符合条件 2 条")
    assert not window.deeds.dialogs


def test_typing_in_a_list_still_begins_a_search(window: MainWindow) -> None:
    """A letter typed in the list goes to the search box, as it did without a scanner."""
    page = window.tabs.page("stock_in")
    assert isinstance(page, ListTab)
    page.view.setFocus()
    QTest.keyClick(window.windowHandle(), "7")  # type: ignore[call-overload]
    wait_until(lambda: page.search.text() == "7")


def test_while_a_dialog_is_open_the_window_does_not_listen(window: MainWindow) -> None:
    """A scan into a dialog is the dialog's; afterwards the window listens again."""
    assert window.wedge is not None and window.wedge._running
    window.sitting.sign_in()
    question = dialog_of(window, CredentialsDialog)
    assert not window.wedge._running
    scan_into = question.windowHandle()
    for character in "=A9999":
        QTest.keyClick(scan_into, character)
    assert "=A9999" in question.edits["login"].text()
    question.reject()
    wait_until(lambda: not window.deeds.dialogs)
    assert window.wedge._running


def test_an_input_method_that_swallows_a_scan_is_named(window: MainWindow) -> None:
    """Half a code in Chinese characters is no bag; the person is told to switch and scan again."""
    window._composed()
    assert "输入法" in window.messages.text and "重扫" in window.messages.text


# -- two numbers, one patient ------------------------------------------------------------------------------------------


@pytest.fixture
def two(profile: Profile) -> tuple[str, str]:
    """The numbers of two patients of whom there is a request each."""
    profile.desk.register("transfusion_request", samples.request_values(2))
    profile.desk.register("transfusion_request", samples.request_values(4))
    return "ZY00000002", "ZY00000004"


def merge(window: MainWindow) -> MergeQuestion:
    QTest.keyClick(window, KEY.Key_M, CTRL | SHIFT)
    question = dialog_of(window, MergeQuestion)
    assert isinstance(question, MergeQuestion)
    return question


def test_two_numbers_are_joined_with_a_reason(
    window: MainWindow, profile: Profile, two: tuple[str, str], tasks: Tasks
) -> None:
    """Who bears each number is told; joined, both are found by either, and the reason stands in the audit."""
    one, other = two
    question = merge(window)
    for place, number in enumerate(two):
        question.edits[place].setText(number)
        question.edits[place].editingFinished.emit()
    wait_until(lambda: all(label.text() for label in question.told))
    assert samples.person_values(2)["patient_name"] in question.told[0].text()
    assert not question.yes.isEnabled()
    question.edits[2].setText("家属到场核实")
    assert question.yes.isEnabled()
    question.accept()
    wait_until(lambda: set(patients.history(profile.desk, one).numbers) == {one, other})
    assert tasks.wait_idle()
    assert len(patients.history(profile.desk, other).records) == 2
    assert any("家属到场核实" in row for row in audited(profile, "merge-patients"))


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [("", "B", "x"), ("A", "", "x"), ("A", "A", "x"), ("A", " A ", "x"), ("A", "B", " ")],
)
def test_what_is_not_stated_cannot_be_joined(qapp: QApplication, one: str, other: str, reason: str) -> None:
    """Two different numbers and a reason, or nothing happens."""
    question = MergeQuestion()
    for edit, words in zip(question.edits, (one, other, reason), strict=True):
        edit.setText(words)
    assert not question.yes.isEnabled()
    question.deleteLater()


def test_a_number_that_nobody_bears_is_told_and_refused(
    window: MainWindow, profile: Profile, two: tuple[str, str]
) -> None:
    """An unknown number is told at once; joining it all the same is refused in the bar and changes nothing."""
    question = merge(window)
    for edit, words in zip(question.edits, (two[0], "ZY99999999", "核实"), strict=True):
        edit.setText(words)
    question.edits[1].editingFinished.emit()
    wait_until(lambda: "没有这个病案号" in question.told[1].text())
    question.accept()
    wait_until(lambda: "没有病案号 ZY99999999 的记录" in window.messages.text)
    assert patients.history(profile.desk, two[0]).numbers == (two[0],)


def test_a_late_answer_does_not_name_another_number(qapp: QApplication) -> None:
    """Who bears a number is told only while that number stands there."""
    question = MergeQuestion()
    question.edits[0].setText("B")
    question.tell(0, "A", "○ 别人")
    assert question.told[0].text() == ""
    question.deleteLater()


# -- the stock page and reversal ---------------------------------------------------------------------------------------


def state(profile: Profile, place: int) -> str:
    row = profile.desk.bag_in_stock(KEYS[place])
    return "" if row is None else row.state


def test_quarantine_asks_why_and_does_it(window: MainWindow, profile: Profile) -> None:
    """The reason is asked for; both bags are set aside and the reason stands in their lives."""
    window.further.stock_deed("quarantine", KEYS[:2])
    answer(window, "冰箱报警")
    wait_until(lambda: state(profile, 0) == state(profile, 1) == "quarantined")
    assert any("冰箱报警" in str(entry) for entry in StockDesk(profile.desk).life(KEYS[0]))


def test_reserving_is_for_a_request_and_releasing_asks_nothing(window: MainWindow, profile: Profile) -> None:
    """A reserved bag bears the request's number; released it is free."""
    window.further.stock_deed("reserve", [KEYS[0]])
    answer(window, "SQ1")
    wait_until(lambda: state(profile, 0) == "reserved")
    assert profile.desk.bag_in_stock(KEYS[0]).holder == "SQ1"  # type: ignore[union-attr]
    window.further.stock_deed("release", [KEYS[0]])
    wait_until(lambda: state(profile, 0) == "available")
    assert not window.deeds.dialogs


def test_what_the_bags_state_forbids_is_told(window: MainWindow, profile: Profile) -> None:
    """A deed that came too late is refused in the bar; no bag of the selection is changed."""
    StockDesk(profile.desk).do("quarantine", [KEYS[1]], reason="外观可疑")
    window.further.stock_deed("reserve", KEYS[:2])
    answer(window, "SQ1")
    wait_until(lambda: bag_name(KEYS[1]) in window.messages.text)
    assert (state(profile, 0), state(profile, 1)) == ("available", "quarantined")


@pytest.mark.parametrize("words", ["很多", "-1", "1.5", "２"])
def test_a_level_is_a_number(window: MainWindow, profile: Profile, words: str) -> None:
    """What is no whole number is refused with an example, and nothing is set."""
    group = StockDesk(profile.desk).groups()[0]
    window.further.set_level(group)
    answer(window, words)
    wait_until(lambda: "例如 20" in window.messages.text)
    assert StockDesk(profile.desk).groups()[0].least == group.least


def test_without_an_operator_it_is_asked_first(window: MainWindow, profile: Profile) -> None:
    """Nobody moves bags without a name; the deed goes on when the name is known."""
    nobody(profile)
    window.further.stock_deed("quarantine", [KEYS[0]])
    question = dialog_of(window, CredentialsDialog)
    question.edits["login"].setText("yi")
    question.edits["password"].setText(training_persons.password())
    question.yes.click()
    wait_until(lambda: profile.desk.operator == "训练乙", 10)
    answer(window, "外观可疑")
    wait_until(lambda: state(profile, 0) == "quarantined")
    assert any("训练乙" in str(entry) for entry in StockDesk(profile.desk).life(KEYS[0]))


def test_a_delivery_is_reversed_from_its_row(window: MainWindow, profile: Profile, tasks: Tasks) -> None:
    """Ctrl+Shift+R on a delivery, with a reason: its bags leave the stock and a second record says why."""
    page = window.tabs.page("stock_in")
    assert isinstance(page, ListTab) and page.model is not None
    wait_until(lambda: page.model.row(1) is not None)  # type: ignore[union-attr]
    place = next(n for n in range(2) if "RKS00000001" in page.model.row(n).texts)  # type: ignore[union-attr]
    page.view.setCurrentIndex(page.model.index(place, 0))
    page.view.setFocus()
    QTest.keyClick(window, KEY.Key_R, CTRL | SHIFT)
    dialog_of(window, ReversalQuestion)
    answer(window, "登记错了机构")
    wait_until(lambda: state(profile, 0) == "reversed")
    assert [state(profile, place) for place in range(4)] == ["reversed"] * 3 + ["available"]
    assert tasks.wait_idle()
    assert profile.desk.open_list(ListQuery("stock_in")).total == 3


def ask_to_reverse(window: MainWindow) -> ReversalQuestion:
    """Stand on the delivery of three bags, press Ctrl+Shift+R and return the question."""
    page = window.tabs.page("stock_in")
    assert isinstance(page, ListTab) and page.model is not None
    wait_until(lambda: page.model.row(1) is not None)  # type: ignore[union-attr]
    place = next(n for n in range(2) if "RKS00000001" in page.model.row(n).texts)  # type: ignore[union-attr]
    page.view.setCurrentIndex(page.model.index(place, 0))
    page.view.setFocus()
    QTest.keyClick(window, KEY.Key_R, CTRL | SHIFT)
    question: ReversalQuestion = dialog_of(window, ReversalQuestion)
    return question


def test_some_bags_are_reversed_with_the_keyboard(window: MainWindow, profile: Profile, tasks: Tasks) -> None:
    """Space takes a bag out of the choice, Ctrl+A all or none; only what is chosen leaves, and nothing without a choice."""
    question = ask_to_reverse(window)
    assert question.keys == [KEYS[0], KEYS[1], KEYS[2]] and not question.yes.isEnabled()
    question.edit.setText("多扫一袋")
    assert question.yes.isEnabled()
    question.list.setFocus()
    QTest.keyClick(question.list, KEY.Key_A, CTRL)
    assert question.keys == [] and not question.yes.isEnabled()
    QTest.keyClick(question.list, KEY.Key_Down)
    QTest.keyClick(question.list, KEY.Key_Space)
    assert question.keys == [KEYS[1]] and "选中 1 袋，本单共 3 袋" in question.chosen.text()
    QTest.keyClick(question, KEY.Key_Return)
    wait_until(lambda: state(profile, 1) == "reversed")
    assert [state(profile, place) for place in range(4)] == ["available", "reversed", "available", "available"]
    assert tasks.wait_idle()
    assert "中的 1 袋" in window.status.said.text()


def test_what_cannot_be_reversed_says_why_and_cannot_be_chosen(window: MainWindow, profile: Profile) -> None:
    """A bag that was reversed before is shown with the reason, and neither Space nor Ctrl+A chooses it."""
    StockDesk(profile.desk).do("quarantine", [KEYS[2]], reason="待查")
    StockDesk(profile.desk).reverse(stock_in_id(profile), reason="错", bags=[KEYS[0]])
    question = ask_to_reverse(window)
    assert question.keys == [KEYS[1], KEYS[2]]
    first = question.list.item(0)
    assert "已冲红" in first.text() and "1 袋不能冲红" in question.chosen.text()
    question.list.setFocus()
    QTest.keyClick(question.list, KEY.Key_Space)
    QTest.keyClick(question.list, KEY.Key_A, CTRL)
    assert question.keys == []
    QTest.keyClick(question.list, KEY.Key_A, CTRL)
    assert question.keys == [KEYS[1], KEYS[2]]
    question.reject()
    assert state(profile, 1) == "available"


def stock_in_id(profile: Profile) -> str:
    """Return the id of the delivery of three bags."""
    desk = profile.desk
    rows = desk.page(desk.open_list(ListQuery("stock_in", search="RKS00000001")), 0)
    return rows[-1].record_id


def test_a_stock_take_names_what_was_not_scanned(window: MainWindow) -> None:
    """Three of four bags scanned: the fourth is missing, by name."""
    window.further.stock_take()
    count = dialog_of(window, StockTakeWindow)
    for place in range(3):
        for which in (0, 2):
            count.scanned(label_scans(place)[which])
    count.compare.click()
    wait_until(lambda: count.report.isVisible())
    told = count.report.toPlainText()
    assert "账实相符 3 袋" in told and bag_name(KEYS[3]) in told
