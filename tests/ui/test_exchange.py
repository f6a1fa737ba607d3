"""Import and export in the real window: look, see every problem, import, and undo from the notice; over a real file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QWidget

from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.storage.lists import ListQuery
from bloodbank_desktop.ui.exchange_dialog import ExchangeDialog
from bloodbank_desktop.ui.list_tab import ListTab
from bloodbank_desktop.ui.main_window import MainWindow
from bloodbank_desktop.ui.questions import SureQuestion
from bloodbank_desktop.ui.tasks import Tasks
from tests import samples
from tests.exchange.books import KIND, Changed, column, requests, write
from tests.support import FakeClock, open_store, seat
from tests.waiting import dialog_of, turn_events, wait_until


def _never(kind: str, mode: str, shown: object, draft: object, parent: QWidget) -> QDialog:
    raise AssertionError("no record is opened here")


@pytest.fixture
def profile(tmp_path: Path) -> Iterator[Profile]:
    """An open training profile with somebody at work."""
    (tmp_path / "profile").mkdir()
    made = open_store(tmp_path / "profile", FakeClock())
    seat(made, "训练甲")
    yield made
    made.close()


@pytest.fixture
def window(profile: Profile, tasks: Tasks, tmp_path: Path) -> Iterator[MainWindow]:
    """The window on the list of requests."""
    made = MainWindow(tasks, profile.desk.clock, _never, tmp_path)
    made.resize(1200, 700)
    made.show()
    made.attach(profile.desk)
    made.tabs.go_to(KIND)
    assert tasks.wait_idle()
    made.activateWindow()
    wait_until(made.isActiveWindow)
    yield made
    tasks.wait_idle()
    made.close()
    tasks.wait_idle()
    profile.store.change_mark()
    made.deleteLater()
    turn_events()


def _press(widget: QWidget, key: Qt.Key, *, shift: bool = False) -> None:
    held = Qt.KeyboardModifier.ControlModifier
    QTest.keyClick(widget, key, held | Qt.KeyboardModifier.ShiftModifier if shift else held)


def _dialog(window: MainWindow) -> ExchangeDialog:
    _press(window, Qt.Key.Key_I, shift=True)
    return dialog_of(window, ExchangeDialog)


def _total(profile: Profile) -> int:
    return profile.desk.open_list(ListQuery(KIND)).total


def test_good_file_comes_in_and_goes_out_again(
    window: MainWindow, profile: Profile, tasks: Tasks, tmp_path: Path
) -> None:
    """With keys only: choose, import all, undo from the notice; the question's safe answer is to leave things."""
    path = write(tmp_path / "in.xlsx", requests(3))
    dialog = _dialog(window)
    dialog.ask_open = lambda *_: path
    assert not dialog.all.isEnabled()
    _press(dialog, Qt.Key.Key_O)
    wait_until(dialog.all.isEnabled, 20)
    assert "3" in dialog.all.text()
    assert not dialog.good.isEnabled()
    assert _total(profile) == 0
    _press(dialog, Qt.Key.Key_S)
    wait_until(lambda: not window.deeds.dialogs, 20)
    assert _total(profile) == 3
    assert "导入输血申请单 3 条" in window.messages.text
    assert window.messages.offer_button.accessibleName() == "撤销本次导入"
    assert tasks.wait_idle()
    window.messages.offer_button.click()
    question = dialog_of(window, SureQuestion)
    assert question.no.isDefault()
    question.yes.click()
    wait_until(lambda: _total(profile) == 0, 20)
    assert tasks.wait_idle()
    assert "已撤销" in window.messages.text
    assert not window.messages.offer_button.isVisible()


def test_problems_are_shown_and_saved(window: MainWindow, profile: Profile, tasks: Tasks, tmp_path: Path) -> None:
    """Every problem stands in the table with sheet, row, column and reason; only the good rows come in, if asked for."""
    path = write(tmp_path / "in.xlsx", requests(3))
    with Changed(path) as book:
        book.worksheets[0].cell(3, column("病案号")).value = 123
    dialog = _dialog(window)
    dialog.check(path)
    wait_until(dialog.good.isEnabled, 20)
    assert not dialog.all.isEnabled()
    shown = [dialog.table.index(0, place).data() for place in range(4)]
    assert shown[:2] == ["输血申请单", "3"]
    assert shown[2].startswith("病案号")
    assert "文本" in shown[3]
    dialog.ask_save = lambda *_: tmp_path / "problems.xlsx"
    _press(dialog, Qt.Key.Key_E)
    wait_until((tmp_path / "problems.xlsx").exists, 20)
    assert tasks.wait_idle()
    _press(dialog, Qt.Key.Key_G)
    wait_until(lambda: not window.deeds.dialogs, 20)
    assert _total(profile) == 2
    assert tasks.wait_idle()


def test_bad_file_is_said_in_the_dialog(window: MainWindow, profile: Profile, tasks: Tasks, tmp_path: Path) -> None:
    """A file that is no workbook is refused in words, nothing can be imported, and Esc leaves everything as it was."""
    (tmp_path / "in.xlsx").write_text("病案号", encoding="utf-8")
    dialog = _dialog(window)
    dialog.check(tmp_path / "in.xlsx")
    wait_until(lambda: "另存为 .xlsx" in dialog.said.text(), 20)
    assert not dialog.all.isEnabled()
    assert not dialog.good.isEnabled()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    wait_until(lambda: not window.deeds.dialogs)
    assert _total(profile) == 0
    assert tasks.wait_idle()


def test_export_writes_what_the_list_shows(window: MainWindow, profile: Profile, tasks: Tasks, tmp_path: Path) -> None:
    """Export writes the records that the search shows, and says where."""
    for seed in range(3):
        profile.desk.register(KIND, samples.request_values(seed))
    window.refresh()
    assert tasks.wait_idle()
    page = window.findChild(ListTab, f"tab.{KIND}")
    assert page is not None
    page.search.setText("SQS00000001")
    window.exchange.ask_save = lambda *_: tmp_path / "out.xlsx"
    _press(window, Qt.Key.Key_E, shift=True)
    wait_until((tmp_path / "out.xlsx").exists, 20)
    assert tasks.wait_idle()
    assert "导出输血申请单 1 条" in window.messages.text


def test_everything_in_the_dialog_has_a_name(window: MainWindow) -> None:
    """Every button, field and table of the dialog has an objectName and a Chinese accessible name."""
    dialog = _dialog(window)
    used = [dialog.file, dialog.view, dialog.choose, dialog.again, dialog.template, dialog.save_problems]
    for widget in [dialog, *used, dialog.all, dialog.good, dialog.cancel]:
        assert widget.objectName()
        assert any(character >= "\u4e00" for character in widget.accessibleName()), widget.objectName()
    dialog.reject()
