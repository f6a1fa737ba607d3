"""代码表: an administrator finds a table, changes what is the hospital's own with keys only, and sees what was changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QWidget

from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.operations.table_desk import TableDesk
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.ui.entry_dialog import EntryDialog
from bloodbank_desktop.ui.list_tab import ListTab
from bloodbank_desktop.ui.main_window import MainWindow
from bloodbank_desktop.ui.questions import WordsQuestion
from bloodbank_desktop.ui.tables_dialog import TablesDialog
from bloodbank_desktop.ui.tasks import Tasks
from tests.samples import request_values
from tests.support import open_store, seat
from tests.ui.fakes import Dialogs
from tests.waiting import dialog_of, turn_events, wait_until

KEY = Qt.Key
CTRL, SHIFT, NONE = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.NoModifier,
)
WHY = "输血管理委员会决定"


@pytest.fixture
def profile(tmp_path: Path) -> Iterator[Profile]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def window(tasks: Tasks, profile: Profile, tmp_path: Path) -> Iterator[MainWindow]:
    """The window over a real file."""
    made = MainWindow(tasks, profile.desk.clock, Dialogs(), tmp_path)
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


@pytest.fixture
def page(window: MainWindow, tasks: Tasks) -> TablesDialog:
    """The page of code tables, opened by its key."""
    QTest.keyClick(window, KEY.Key_T, CTRL | SHIFT)
    dialog = dialog_of(window, TablesDialog)
    settle(tasks)
    return dialog


def settle(tasks: Tasks) -> None:
    """Wait until everything asked of the file is answered and shown; an answer may ask once more."""
    for _ in range(3):
        tasks.wait_idle()
        turn_events()


def press(widget: QWidget, key: Qt.Key, modifier: Qt.KeyboardModifier = NONE) -> None:
    """Press a key in the window of a widget; a display of tests has nobody who gives a window the keyboard back."""
    widget.window().activateWindow()
    wait_until(widget.window().isActiveWindow)
    QTest.keyClick(widget.window().windowHandle(), key, modifier)
    turn_events()


def find(page: TablesDialog, tasks: Tasks, words: str) -> None:
    """Type the name of a table and go to its entries, with keys only."""
    page.search.setFocus()
    page.search.clear()
    QTest.keyClicks(page.search, words) if words.isascii() else page.search.setText(words)
    press(page, KEY.Key_Return)
    settle(tasks)
    assert page.tables.hasFocus()
    press(page, KEY.Key_Return)
    assert page.entries.hasFocus()


def entry_dialog() -> EntryDialog:
    """Return the dialog of an entry when it is there."""
    wait_until(lambda: isinstance(QApplication.activeModalWidget(), EntryDialog))
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, EntryDialog)
    wait_until(dialog.isActiveWindow)
    return dialog


def fill(dialog: EntryDialog, tasks: Tasks, **texts: str) -> None:
    """Fill lines and boxes of the dialog and save by Ctrl+S."""
    for name, text in texts.items():
        widget = dialog.findChild(QWidget, name)
        line = widget.lineEdit() if isinstance(widget, QComboBox) else widget
        assert isinstance(line, QLineEdit), name
        line.setText(text)
    press(dialog, KEY.Key_S, CTRL)
    settle(tasks)


def column(page: TablesDialog, grid: str, number: int) -> list[str]:
    """Return the texts of a column."""
    shown = getattr(page, grid)
    return [shown.item(row, number).text() for row in range(shown.rowCount())]


def test_every_table_is_there_with_its_source(page: TablesDialog, tasks: Tasks) -> None:
    """All tables are listed, those of the hospital first; where a standard rules it is said and no button is alive."""
    words = column(page, "tables", 1)
    assert len(words) > 60 and words == sorted(words, key=("可增改", "改名称", "不可改").index)
    find(page, tasks, "abo_patient")
    assert "CV04.50.005" in page.source.text() and page.head.text().endswith("不可更改")
    assert column(page, "entries", 2)[0] == "A型"
    assert not any(b.isEnabled() for b in (page.amend, page.add, page.retire, page.revert))
    press(page, KEY.Key_Return)
    assert QApplication.activeModalWidget() is page
    find(page, tasks, "crossmatch_result")
    assert (page.amend.isEnabled(), page.add.isEnabled(), page.retire.isEnabled()) == (True, False, False)
    page.search.setText("没有这样的表")
    settle(tasks)
    assert page.head.text() == "没有这个名称的代码表" and page.entries.rowCount() == 0


def test_an_entry_is_added_and_changed_with_keys(page: TablesDialog, tasks: Tasks, window: MainWindow) -> None:
    """Ctrl+N adds, F2 or Enter changes; the entry is chosen afterwards, and the change stands below with its reason."""
    find(page, tasks, "purpose")
    press(page, KEY.Key_N, CTRL)
    fill(entry_dialog(), tasks, key="trial", word="临床试验", place="2", reason=WHY)
    wait_until(lambda: QApplication.activeModalWidget() is page)
    settle(tasks)
    assert column(page, "entries", 1)[1] == "trial" and page.entries.current() == "trial"
    press(page, KEY.Key_F2)
    dialog = entry_dialog()
    assert (dialog.key.text(), dialog.key.isReadOnly(), dialog.place.text()) == ("trial", True, "2")
    fill(dialog, tasks, word="新药临床试验", reason=WHY)
    wait_until(lambda: QApplication.activeModalWidget() is page)
    settle(tasks)
    assert table("purpose").word("trial") == "新药临床试验"
    assert column(page, "changes", 3) == ["名称“新药临床试验”", "名称“临床试验”，次序 2"]
    assert column(page, "changes", 4) == [WHY, WHY]
    assert "已修改" in page.said.text()
    press(page, KEY.Key_Escape)
    wait_until(lambda: not window.deeds.dialogs)


def test_a_refusal_stands_in_the_dialog(page: TablesDialog, tasks: Tasks) -> None:
    """What is refused is said in the dialog, with everything as it was typed; then it can be put right."""
    find(page, tasks, "purpose")
    press(page, KEY.Key_N, CTRL)
    dialog = entry_dialog()
    fill(dialog, tasks, key="trial", word="抢救", reason=WHY)
    wait_until(lambda: "抢救" in dialog.said.text())
    assert dialog.isVisible() and dialog.reason.text() == WHY
    fill(dialog, tasks, word="临床试验", place="一")
    wait_until(lambda: "整数" in dialog.said.text())
    fill(dialog, tasks, place="", reason="")
    wait_until(lambda: "为什么" in dialog.said.text())
    fill(dialog, tasks, reason=WHY)
    wait_until(lambda: QApplication.activeModalWidget() is page)
    assert "trial" in table("purpose")


def test_a_product_is_added_with_its_facets(page: TablesDialog, tasks: Tasks) -> None:
    """Component by pinyin or name, amount in the unit of that component, shelf life: the dictionary of products grows."""
    find(page, tasks, "product")
    press(page, KEY.Key_N, CTRL)
    dialog = entry_dialog()
    fill(dialog, tasks, key="P7777", word="新血浆 100ml", component="新鲜冰冻血浆", amount="100", reason=WHY)
    wait_until(lambda: QApplication.activeModalWidget() is page)
    settle(tasks)
    assert (table("product").facet("P7777", "component"), table("product").facet("P7777", "amount")) == ("FFP", "100")
    assert column(page, "entries", 4)[-1] == "新鲜冰冻血浆"
    press(page, KEY.Key_F2)
    dialog = entry_dialog()
    labels = [dialog._form.labelForField(widget) for widget in dialog.facets.values()]
    assert [one.text() for one in labels if isinstance(one, QLabel)] == ["血液品种", "每袋的量（ml）", "保存期（小时）"]
    dialog.reject()
    turn_events()


def test_retiring_and_taking_back(page: TablesDialog, tasks: Tasks, profile: Profile) -> None:
    """Del asks why and retires; Ctrl+Z takes the chosen change back, and says why it cannot."""
    find(page, tasks, "purpose")
    page.entries.go_to("other")
    for act, state in ((KEY.Key_Delete, "停用"), (KEY.Key_Z, "")):
        press(page, act, CTRL if act == KEY.Key_Z else NONE)
        wait_until(lambda: isinstance(QApplication.activeModalWidget(), WordsQuestion))
        question = QApplication.activeModalWidget()
        assert isinstance(question, WordsQuestion) and not question.yes.isEnabled()
        question.edit.setText(WHY)
        question.yes.click()
        settle(tasks)
        assert column(page, "entries", 3)[column(page, "entries", 1).index("other")] == state
    assert column(page, "changes", 1) == ["撤销", "停用（已撤销）"]
    assert not page.revert.isEnabled()
    page.changes.go_to(1)
    assert not page.revert.isEnabled()
    desk = TableDesk(profile.desk)
    desk.add("purpose", "trial", word="临床试验", reason=WHY)
    profile.desk.register("transfusion_request", request_values(purpose="trial"))
    page.read()
    settle(tasks)
    page.changes.go_to(3)
    wait_until(page.revert.isEnabled)
    press(page, KEY.Key_Z, CTRL)
    wait_until(lambda: isinstance(QApplication.activeModalWidget(), WordsQuestion))
    question = QApplication.activeModalWidget()
    assert isinstance(question, WordsQuestion)
    question.edit.setText(WHY)
    question.yes.click()
    settle(tasks)
    wait_until(lambda: "已经用在记录中" in page.said.text())


def test_lists_follow(window: MainWindow, tasks: Tasks, profile: Profile) -> None:
    """Rows and filters show the new word at once; what was chosen in a filter stays; also when another process did it."""
    profile.desk.register("transfusion_request", request_values())
    window.tabs.go_to("transfusion_request")
    settle(tasks)
    tab = window.tabs.page("transfusion_request")
    assert isinstance(tab, ListTab) and tab.model is not None
    box = tab.filters["urgency"]
    box.setCurrentIndex(box.findData("routine"))
    settle(tasks)
    place = [f.key for f in tab.declared.columns].index("urgency")
    assert tab.model.index(0, place).data() == "常规"
    TableDesk(profile.desk).set("urgency", "routine", word="择期", reason=WHY)
    window.following._watch.look()
    wait_until(lambda: box.currentText() == "择期")
    wait_until(lambda: tab.model is not None and tab.model.index(0, place).data() == "择期")
    assert (box.currentData(), tab.model.rowCount()) == ("routine", 1)


def test_who_may_not_change_is_told_so(page: TablesDialog, tasks: Tasks, profile: Profile) -> None:
    """A technician sees every table; what she changes is refused in the dialog, with who may do it."""
    seat(profile, "训练乙", "technician")
    find(page, tasks, "purpose")
    press(page, KEY.Key_N, CTRL)
    dialog = entry_dialog()
    fill(dialog, tasks, key="trial", word="临床试验", reason=WHY)
    wait_until(lambda: "管理" in dialog.said.text())
    assert "trial" not in table("purpose")
    dialog.reject()
    turn_events()
