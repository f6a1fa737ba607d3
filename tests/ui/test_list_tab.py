"""The tab of a module: only what is declared, all of it by keyboard."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QToolButton, QWidget

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.ui import actions
from bloodbank_desktop.ui.list_tab import VERB_ACTIONS, ListTab
from bloodbank_desktop.ui.tasks import Tasks
from tests.ui.fakes import FakeDesk, FixedClock, draft, fake_person
from tests.waiting import wait_until

CTRL, SHIFT, NONE = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.NoModifier,
)
KEY = Qt.Key
KINDS = sorted(all_records())

MakeTab = Callable[..., ListTab]


@pytest.fixture
def make(tasks: Tasks, tmp_path: Path) -> Iterator[MakeTab]:
    """Open the tab of a module over a fake desk, with the keyboard in its list."""
    made: list[ListTab] = []

    def tab_of(kind: str = "stock_in", desk: FakeDesk | None = None) -> ListTab:
        preferences = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
        tab = ListTab(all_records()[kind], tasks, FixedClock(), preferences)
        made.append(tab)
        tab.resize(1100, 600)
        tab.show()
        tab.attach((desk or FakeDesk()).as_desk())
        assert tasks.wait_idle()
        tab.activateWindow()
        tab.focus_list()
        wait_until(tab.view.hasFocus)
        return tab

    yield tab_of
    tasks.wait_idle()
    for tab in made:
        tab.close_down()
        tab.hide()
        tab.deleteLater()


def press(widget: QWidget, key: Qt.Key, modifier: Qt.KeyboardModifier = NONE) -> None:
    QTest.keyClick(widget, key, modifier)


@pytest.mark.parametrize("kind", KINDS)
def test_only_declared_verbs_have_buttons(make: MakeTab, kind: str) -> None:
    """A verb that the declaration does not name has neither button nor key."""
    tab = make(kind)
    declared = all_records()[kind]
    names = {button.objectName() for button in tab.findChildren(QToolButton)}
    for verb, name in VERB_ACTIONS.items():
        assert (f"button.{name}" in names) == (verb in declared.verbs)
        assert (name in tab.actions_by_name) == (verb in declared.verbs)


@pytest.mark.parametrize("kind", KINDS)
def test_everything_a_person_uses_has_a_name(make: MakeTab, kind: str) -> None:
    """Every button, box, list and field has an objectName and a Chinese accessible name."""
    tab = make(kind)
    used = [*tab.findChildren(QToolButton), *tab.findChildren(QComboBox), tab.search, tab.view]
    for widget in used:
        if widget.objectName().startswith("qt_") or widget.parent() is tab.search:
            continue
        assert widget.objectName(), widget
        assert any(character >= "\u4e00" for character in widget.accessibleName()), widget.objectName()
    assert tab.view.objectName() == f"list.{kind}"


def test_the_keys_of_the_list(make: MakeTab) -> None:
    """Ctrl+N, Enter, F2 and Del ask for a dialog, for the row that is selected."""
    tab = make("transfusion_request")
    asked: list[tuple[str, object]] = []
    tab.asked.connect(lambda mode, record_id, _draft: asked.append((mode, record_id)))
    tab.delete_asked.connect(lambda row: asked.append(("delete", row.id)))
    press(tab.view, KEY.Key_Down)
    for key, modifier in ((KEY.Key_N, CTRL), (KEY.Key_Return, NONE), (KEY.Key_F2, NONE), (KEY.Key_Delete, NONE)):
        press(tab.view, key, modifier)
    assert asked == [("register", None), ("view", "00000001"), ("amend", "00000001"), ("delete", "00000001")]


def test_del_in_the_search_box_deletes_a_letter_and_no_record(make: MakeTab) -> None:
    """Enter and Del belong to whatever has the keyboard."""
    tab = make("transfusion_request")
    asked: list[object] = []
    tab.asked.connect(lambda *args: asked.append(args))
    tab.delete_asked.connect(asked.append)
    press(tab.view, KEY.Key_F, CTRL)
    assert tab.search.hasFocus()
    QTest.keyClicks(tab.search, "AB")
    press(tab.search, KEY.Key_Home)
    press(tab.search, KEY.Key_Delete)
    assert tab.search.text() == "B" and asked == []


def test_searching_by_keyboard(make: MakeTab, tasks: Tasks) -> None:
    """Ctrl+F, typing and a short rest ask once; Enter goes into the list; Esc shows everything again."""
    desk = FakeDesk(250)
    tab = make("stock_in", desk)
    press(tab.view, KEY.Key_F, CTRL)
    QTest.keyClicks(tab.search, "RK2")
    wait_until(lambda: len(desk.asked) == 2)
    assert tasks.wait_idle()
    assert desk.asked[-1].search == "RK2"
    assert tab.count.text() == "符合条件 25 条"
    press(tab.search, KEY.Key_Return)
    assert tab.view.hasFocus() and tab.view.currentIndex().row() == 0
    press(tab.view, KEY.Key_Escape)
    assert tasks.wait_idle()
    assert desk.asked[-1].search == "" and tab.search.text() == ""
    assert tab.count.text() == "共 250 条" and len(desk.asked) == 3


def test_typing_into_the_list_searches(make: MakeTab) -> None:
    """A letter typed into the list, or a scanned code, goes into the search box; Qt does not walk through the rows."""
    desk = FakeDesk(1_000_000)
    tab = make("stock_in", desk)
    QTest.keyClicks(tab.view, "R")
    assert tab.search.hasFocus() and tab.search.text() == "R"
    QTest.keyClicks(tab.search, "K")
    assert tab.search.text() == "RK"
    assert len(desk.pages) <= 2


def test_filters_narrow_and_clear(make: MakeTab, tasks: Tasks) -> None:
    """A drop-down per choice column and one for the upload state narrow the list; Esc clears them all with one question."""
    desk = FakeDesk()
    tab = make("stock_in", desk)
    assert set(tab.filters) == {"intake_type", "supplier", "upload"}
    box = tab.filters["intake_type"]
    assert box.itemText(0) == "入库类型：全部"
    box.setFocus()
    press(box, KEY.Key_Down)
    assert tasks.wait_idle()
    assert desk.asked[-1].filters == {"intake_type": (box.currentData(),)}
    tab.filters["upload"].setCurrentIndex(tab.filters["upload"].findText("需处理"))
    assert tasks.wait_idle()
    assert "rejected" in desk.asked[-1].filters["upload"]
    before = len(desk.asked)
    assert tab.clear_button.isVisible()
    press(box, KEY.Key_Escape)
    assert tasks.wait_idle()
    assert len(desk.asked) == before + 1 and desk.asked[-1].filters == {}
    assert not tab.clear_button.isVisible()


def test_sorting_by_keyboard_and_heading(make: MakeTab, tasks: Tasks) -> None:
    """Ctrl+Shift+↑ sorts by the column of the cursor and the heading shows it; the upload heading never claims to sort."""
    desk = FakeDesk()
    tab = make("stock_in", desk)
    press(tab.view, KEY.Key_Right)
    press(tab.view, KEY.Key_Up, CTRL | SHIFT)
    assert tasks.wait_idle()
    heads = tab.view.horizontalHeader()
    assert (desk.asked[-1].sort, desk.asked[-1].descending) == ("intake_type", False)
    assert heads.sortIndicatorSection() == 1
    last = heads.count() - 1
    QTest.mouseClick(heads.viewport(), Qt.MouseButton.LeftButton, NONE, _middle(tab, last))
    assert tasks.wait_idle()
    assert heads.sortIndicatorSection() == 1
    QTest.mouseClick(heads.viewport(), Qt.MouseButton.LeftButton, NONE, _middle(tab, 0))
    assert tasks.wait_idle()
    assert desk.asked[-1].sort == "intake_no"
    tab.focus_list()
    press(tab.view, KEY.Key_Home, CTRL | SHIFT)
    assert tasks.wait_idle()
    assert desk.asked[-1].sort is None and heads.sortIndicatorSection() == -1


def _middle(tab: ListTab, column: int) -> QPoint:
    heads = tab.view.horizontalHeader()
    return QPoint(heads.sectionViewportPosition(column) + heads.sectionSize(column) // 2, heads.height() // 2)


def test_home_and_end_are_the_first_and_last_record(make: MakeTab, tasks: Tasks) -> None:
    """End goes to the last of a million rows and Home back, reading only what is on the screen."""
    desk = FakeDesk(1_000_000)
    tab = make("stock_in", desk)
    press(tab.view, KEY.Key_End)
    wait_until(lambda: tab.view.currentIndex().row() == 999_999)
    assert tab.view.current_row() is not None, "the jump waited for its rows"
    press(tab.view, KEY.Key_Home)
    assert tab.view.currentIndex().row() == 0
    assert len(desk.pages) <= 4


def test_a_key_after_end_starts_from_the_end(make: MakeTab) -> None:
    """Whoever presses Up right after End stands on the last record but one, even before its rows are read."""
    tab = make("stock_in", FakeDesk(1_000_000))
    press(tab.view, KEY.Key_End)
    press(tab.view, KEY.Key_Up)
    assert tab.view.currentIndex().row() == 999_998


def test_a_busy_disk_does_not_hold_up_a_jump(make: MakeTab, tasks: Tasks) -> None:
    """End shows the end of the list after a moment though its rows cannot be read yet."""
    tab = make("stock_in", FakeDesk(1_000_000))
    free = threading.Event()
    tasks.database(free.wait)
    try:
        press(tab.view, KEY.Key_End)
        wait_until(lambda: tab.view.currentIndex().row() == 999_999)
        assert tab.view.current_row() is None
    finally:
        free.set()
    wait_until(lambda: tab.view.current_row() is not None)


def test_copying_a_cell_and_a_row(make: MakeTab) -> None:
    """Ctrl+C copies the cell of the cursor, Ctrl+Shift+C the row as it is arranged, without hidden columns."""
    tab = make()
    press(tab.view, KEY.Key_C, CTRL)
    assert QGuiApplication.clipboard().text() == "RK20261123-9999"
    heads = tab.view.horizontalHeader()
    heads.setSectionHidden(2, True)
    heads.moveSection(heads.visualIndex(4), 0)
    press(tab.view, KEY.Key_C, CTRL | SHIFT)
    assert QGuiApplication.clipboard().text().split("\t") == [
        "2026-11-23 09:05",
        "RK20261123-9999",
        "血站发血",
        "ST000000",
        "赵样一",
        "赵样一",
        "✓ 已报送",
    ]


def test_columns_are_remembered_for_each_person(make: MakeTab) -> None:
    """Order, width and hidden columns come back for the person who chose them and for nobody else."""
    desk = FakeDesk()
    tab = make("stock_in", desk)
    heads = tab.view.horizontalHeader()
    natural = heads.sectionSize(0)
    heads.moveSection(0, 2)
    heads.resizeSection(1, 200)
    menu = tab.columns.menu()
    next(one for one in menu.actions() if one.objectName() == "action.column.checker").trigger()
    tab.columns.flush()
    desk.person = fake_person("训练乙")
    tab.operator_changed()
    assert heads.visualIndex(0) == 0 and not heads.isSectionHidden(6)
    desk.person = fake_person("训练甲")
    again = make("stock_in", desk).view.horizontalHeader()
    assert again.visualIndex(0) == 2 and again.isSectionHidden(6) and abs(again.sectionSize(1) - 200) < 10
    assert again.sectionSize(0) == natural


def test_the_last_column_cannot_be_hidden(make: MakeTab) -> None:
    """A list always shows at least one column."""
    tab = make()
    heads = tab.view.horizontalHeader()
    for index in range(1, heads.count()):
        heads.setSectionHidden(index, True)
    entries = [one for one in tab.columns.menu().actions() if one.isChecked()]
    assert len(entries) == 1 and not entries[0].isEnabled()


def test_an_unfinished_delivery_announces_itself(make: MakeTab, tasks: Tasks) -> None:
    """The bar says how many, what and since when; Ctrl+O continues it; without drafts there is neither bar nor key."""
    desk = FakeDesk()
    tab = make("stock_in", desk)
    assert not tab.drafts.isVisible() and not tab.actions_by_name["resume"].isEnabled()
    desk.kept_drafts = [draft(12)]
    tab.refresh()
    assert tasks.wait_idle()
    assert tab.drafts.isVisible()
    assert tab.drafts.words.text() == "！有 1 份未完成的血袋入库：血袋 12 行，09:05 暂存，训练甲"
    asked: list[object] = []
    tab.asked.connect(lambda mode, record_id, kept: asked.append((mode, record_id, kept)))
    press(tab.view, KEY.Key_O, CTRL)
    assert asked == [("register", None, desk.kept_drafts[0])]


def test_an_empty_list_says_what_to_do(make: MakeTab, tasks: Tasks) -> None:
    """No records, nothing found, and nothing readable are three different sentences."""
    desk = FakeDesk(0)
    tab = make("stock_in", desk)
    assert "Ctrl+N" in tab.view.empty_text
    tab.search.setText("没有")
    tab.search.returnPressed.emit()
    assert tasks.wait_idle()
    assert "Esc" in tab.view.empty_text
    problems: list[object] = []
    desk.problem = KnownProblem("资料打不开")
    other = make("transfusion_request", desk)
    other.failed.connect(problems.append)
    assert "F5" in other.view.empty_text


def test_a_refresh_moves_neither_selection_nor_screen(make: MakeTab, tasks: Tasks) -> None:
    """Reading again while the person stands on row 120 leaves that record selected and the same rows on the screen."""
    desk = FakeDesk(250)
    tab = make("stock_in", desk)
    for _ in range(120):
        press(tab.view, KEY.Key_Down)
    wait_until(lambda: tab.view.current_row() is not None)
    row = tab.view.current_row()
    top = tab.view.rowAt(0)
    assert row is not None and top > 0
    tab.refresh()
    assert tasks.wait_idle()
    again = tab.view.current_row()
    assert again is not None and again.id == row.id and tab.view.rowAt(0) == top
    desk.total = 240
    tab.refresh()
    assert tasks.wait_idle()
    again = tab.view.current_row()
    assert again is not None and again.id == row.id and abs(tab.view.rowAt(0) - top) <= 1


def test_no_key_is_given_away_twice() -> None:
    """No two actions of one place have the same key."""
    places = {"列表": {"列表", "窗口"}, "上传队列": {"上传队列", "窗口"}, "安全": {"安全", "窗口"}}
    for groups in places.values():
        keys = [key for spec in actions.SPECS.values() if spec.group in groups for key in spec.keys]
        keys += [key for place in range(1, 10) for key in actions.tab_spec(place, "x").keys]
        assert len(keys) == len(set(keys))


def test_the_count_has_thousands(make: MakeTab) -> None:
    """A large list is counted in readable groups of digits."""
    count = make("stock_in", FakeDesk(1_234_567)).findChild(QLabel, "count")
    assert isinstance(count, QLabel)
    assert count.text() == "共 1,234,567 条"
