"""安全: duties, exceptions and counts over the real file; what waits is said below and one key away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QDialog

from bloodbank_desktop.operations import duties as duty_operations
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.operations.results import Waiting
from bloodbank_desktop.storage import alert_rows
from bloodbank_desktop.ui import safety_source
from bloodbank_desktop.ui.main_window import MainWindow
from bloodbank_desktop.ui.questions import WordsQuestion
from bloodbank_desktop.ui.record_dialogs import RecordDialogs
from bloodbank_desktop.ui.safety_tab import ALERTS, COUNTS, DUTIES, EXCEPTIONS, SafetyTab
from bloodbank_desktop.ui.status_area import StatusArea
from bloodbank_desktop.ui.tasks import Tasks
from bloodbank_desktop.ui.theme import Tone
from tests import samples
from tests.operations.test_alerts import ALERT
from tests.samples import NOW
from tests.support import FakeClock, open_store
from tests.waiting import dialog_of, wait_until


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def profile(tmp_path: Path, clock: FakeClock) -> Iterator[Profile]:
    """A file with two overrides of yesterday, a rule that refused three times, and a duty."""
    opened = open_store(tmp_path, clock)
    refused = replace(ALERT, rule="scan-expired", outcome="refused", moment="scan", message="已过期")
    with opened.store.write() as tx:
        alert_rows.add(tx, [replace(ALERT, actor="别人（bie）")] * 2 + [refused] * 3)
    opened.desk.register("near_miss", samples.values("near_miss", 1, harm="harm"))
    yield opened
    opened.close()


@pytest.fixture
def tab(tasks: Tasks, tmp_path: Path, profile: Profile, clock: FakeClock) -> Iterator[SafetyTab]:
    """The page on the screen, with the keyboard in its list."""
    made = SafetyTab(tasks, clock, QSettings(str(tmp_path / "w.ini"), QSettings.Format.IniFormat))
    made.resize(1200, 700)
    made.show()
    made.attach(profile.desk)
    assert tasks.wait_idle()
    made.activateWindow()
    made.view.setFocus()
    wait_until(made.view.hasFocus)
    yield made
    tasks.wait_idle()
    made.close_down()
    made.hide()
    made.deleteLater()


def cells(tab: SafetyTab, row: int = 0) -> dict[str, str]:
    """Return a row of the list that is shown."""
    assert tab.model is not None
    found = tab.model.row(row)
    assert found is not None
    return {column.key: text for column, text in zip(tab.model.columns, found.texts, strict=True)}


def press(
    tab: SafetyTab, tasks: Tasks, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    """Press a key in the list and let it be answered."""
    QTest.keyClick(tab.view, key, modifier)
    assert tasks.wait_idle()


def test_a_duty_says_what_until_when_and_opens_its_record(tab: SafetyTab, tasks: Tasks) -> None:
    """Duties stand first; a row says what is left to be done and how long, and Enter asks for the record."""
    row = cells(tab)
    assert (tab.current, row["left"], row["kind"]) == (DUTIES, "○ 剩 24 小时 0 分", "险兆事件")
    asked: list[tuple[str, str, str]] = []
    tab.asked.connect(lambda *what: asked.append(what))
    press(tab, tasks, Qt.Key.Key_Return)
    (what,) = asked
    assert what[:2] == ("view", "near_miss")


@pytest.mark.parametrize(
    ("left", "words", "tone"),
    [
        (timedelta(seconds=-1), "✕ 逾期", Tone.BAD),
        (timedelta(0), "▲ 剩", Tone.WARN),
        (timedelta(hours=4) - timedelta(seconds=1), "▲ 剩", Tone.WARN),
        (timedelta(hours=4), "○ 剩", Tone.PLAIN),
    ],
)
def test_a_limit_is_told_by_shape_word_and_colour(left: timedelta, words: str, tone: Tone) -> None:
    """Overdue, soon and later differ in shape, word and tone, at the exact second."""
    told, how = safety_source.left_words(NOW + left, NOW)
    assert told.startswith(words) and how is tone


def test_exceptions_that_wait_come_first(tab: SafetyTab, tasks: Tasks) -> None:
    """Each exception says who passed what with which reason and words; Alt+2 shows them, Ctrl+G asks to sign them."""
    press(tab, tasks, Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    row = cells(tab)
    assert tab.current == EXCEPTIONS and tab.count.text() == "例外 2 项"
    assert (row["state"], row["by"], row["comment"]) == ("◆ 待签", "别人（bie）", ALERT.comment)
    asked: list[str] = []
    tab.sign_asked.connect(lambda: asked.append("sign"))
    press(tab, tasks, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    assert asked == ["sign"]


def test_the_loudest_rule_stands_first_and_opens_its_alerts(tab: SafetyTab, tasks: Tasks) -> None:
    """Alt+3 counts per rule; Enter lists its alerts, F12 wants a near miss of one, Esc leads back."""
    press(tab, tasks, Qt.Key.Key_3, Qt.KeyboardModifier.AltModifier)
    row = cells(tab)
    assert (tab.current, row["title"], row["total"], row["refused"], row["share"]) == (
        COUNTS,
        "已过期",
        "3",
        "3",
        "无发血",
    )
    press(tab, tasks, Qt.Key.Key_Return)
    assert tab.current == ALERTS and tab.count.text() == "警报 3 次"
    tester = QAbstractItemModelTester(tab.models[ALERTS], QAbstractItemModelTester.FailureReportingMode.Fatal)
    row = cells(tab)
    assert (row["outcome"], row["moment"], row["message"]) == ("✕ 拦下", "扫描", "已过期")
    asked: list[int] = []
    tab.near_miss_asked.connect(asked.append)
    press(tab, tasks, Qt.Key.Key_F12)
    assert asked == [int(row["seq"])] and tester.model() is tab.models[ALERTS]
    press(tab, tasks, Qt.Key.Key_Escape)
    assert tab.current == COUNTS


def test_a_shorter_period_counts_less(tab: SafetyTab, tasks: Tasks) -> None:
    """The alerts are of yesterday: today alone has none, and the empty list says so."""
    tab.show_list(COUNTS)
    tab.period.setCurrentIndex(0)
    assert tasks.wait_idle()
    assert tab.model is not None and tab.model.rowCount() == 0
    assert tab.view.empty_text == "这段时间没有警报。"


@pytest.mark.parametrize("key", [DUTIES, EXCEPTIONS, COUNTS, ALERTS])
def test_only_what_can_be_done_is_offered(tab: SafetyTab, tasks: Tasks, key: str) -> None:
    """Each list shows the buttons of its own deeds and no other."""
    tab.show_list(key)
    assert tasks.wait_idle()
    shown = {action.objectName() for action, button in tab._buttons.items() if button.isVisible()}
    assert (
        shown
        == {
            DUTIES: {"action.view", "action.close_duty"},
            EXCEPTIONS: {"action.view", "action.sign_exceptions", "action.near_miss"},
            COUNTS: {"action.view"},
            ALERTS: {"action.back", "action.near_miss"},
        }[key]
    )


# -- in the window -------------------------------------------------------------------------------------------------


@pytest.fixture
def window(tasks: Tasks, tmp_path: Path, profile: Profile, clock: FakeClock) -> Iterator[MainWindow]:
    """The real window over the real file."""
    dialogs = RecordDialogs(tasks, clock, training=True)
    dialogs.attach(profile.desk)
    made = MainWindow(tasks, clock, dialogs, tmp_path, training=True)
    made.show()
    made.attach(profile.desk)
    assert tasks.wait_idle()
    made.activateWindow()
    wait_until(made.isActiveWindow)
    yield made
    tasks.wait_idle()
    for dialog in list(made.deeds.dialogs):
        dialog.done(0)
    assert tasks.wait_idle()
    made.close()
    made.deleteLater()


def answered(window: MainWindow, tasks: Tasks, words: str) -> None:
    """Write into the question and press Enter."""
    question = dialog_of(window, WordsQuestion)
    assert isinstance(question, WordsQuestion)
    question.edit.setText(words)
    question.yes.click()
    assert tasks.wait_idle()


def test_what_waits_is_said_below_and_leads_there(window: MainWindow, tasks: Tasks) -> None:
    """The status area counts exceptions and duties; the button shows that list, and signing makes it go."""
    status = window.status
    assert (status.exceptions.text(), status.duties.text()) == ("◆ 例外待签 2", "▲ 待办 1")
    status.exceptions.click()
    assert tasks.wait_idle()
    page = window.tabs.page("safety")
    assert isinstance(page, SafetyTab)
    assert (window.tabs.current_key, page.current) == ("safety", EXCEPTIONS)
    page.sign_action.trigger()
    answered(window, tasks, "已逐项核对病历")
    assert status.said.text() == "✓ 已签阅 2 项例外" and status.exceptions.isHidden()
    assert cells(page)["state"] == "✓ 已签"


def test_a_duty_is_closed_with_words(window: MainWindow, tasks: Tasks, profile: Profile) -> None:
    """Ctrl+J on a duty asks for words; it leaves the list and the status area."""
    window.status.duties.click()
    assert tasks.wait_idle()
    page = window.tabs.page("safety")
    assert isinstance(page, SafetyTab)
    page.close_action.trigger()
    answered(window, tasks, "已电话告知经治医师")
    assert duty_operations.waiting(profile.desk) == []
    assert window.status.duties.isHidden() and page.model is not None and page.model.rowCount() == 0


def test_a_near_miss_is_begun_from_an_alert(window: MainWindow, tasks: Tasks) -> None:
    """F12 on an alert opens the near miss with what is known of it."""
    window.tabs.go_to("safety")
    page = window.tabs.page("safety")
    assert isinstance(page, SafetyTab)
    page.show_list(EXCEPTIONS)
    assert tasks.wait_idle()
    page.near_miss_action.trigger()
    assert tasks.wait_idle()
    dialog = dialog_of(window, QDialog)
    assert dialog.objectName() == "dialog.near_miss"
    assert dialog.form.values()["bag"] == ALERT.bag  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("waiting", "exceptions", "duties"),
    [
        (Waiting(0, 0, 0), None, None),
        (Waiting(3, 0, 0), "◆ 例外待签 3", None),
        (Waiting(0, 2, 0), None, "▲ 待办 2"),
        (Waiting(1234, 5, 2), "◆ 例外待签 1,234", "▲ 待办 5（逾期 2）"),
    ],
)
def test_only_what_waits_is_said(
    qapp: QApplication, clock: FakeClock, waiting: Waiting, exceptions: str | None, duties: str | None
) -> None:
    """Buttons stand in the status area only while something waits, and say how much and how much of it is late."""
    area = StatusArea(clock, training=False)
    area.show()
    area.show_waiting(waiting)
    said: list[Callable[[], str]] = [button.text for button in (area.exceptions, area.duties) if not button.isHidden()]
    assert [one() for one in said] == [words for words in (exceptions, duties) if words]
    area.hide()
    area.deleteLater()
