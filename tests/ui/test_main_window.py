"""The window: tabs by keyboard, dialogs, what changed, and an end that loses nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.forms.credentials import CredentialsDialog
from bloodbank_desktop.operations.results import Changes
from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.sync.status import Phase, SyncStatus
from bloodbank_desktop.ui import actions, theme
from bloodbank_desktop.ui.list_tab import ListTab
from bloodbank_desktop.ui.main_window import PREFERENCES, MainWindow
from bloodbank_desktop.ui.questions import DiscardQuestion, WordsQuestion
from bloodbank_desktop.ui.shortcuts import ShortcutsWindow
from bloodbank_desktop.ui.tasks import Tasks
from tests.ui.fakes import Dialogs, FakeDesk, draft, make_window, operation
from tests.waiting import dialog_of, turn_events, wait_until

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
NONE = Qt.KeyboardModifier.NoModifier
KEY = Qt.Key

Make = Callable[..., MainWindow]


@pytest.fixture
def make(tasks: Tasks, tmp_path: Path) -> Iterator[Make]:
    """Open a window over a fake desk; at the end it is closed."""
    made: list[MainWindow] = []

    def window_of(desk: FakeDesk | None = None, **more: object) -> MainWindow:
        window = make_window(tasks, tmp_path, desk, **more)  # type: ignore[arg-type]
        made.append(window)
        window.activateWindow()
        # Where nobody sits the sign-in comes at once and is what has the keyboard.
        wait_until(lambda: window.isActiveWindow() or bool(window.deeds.dialogs))
        return window

    yield window_of
    tasks.wait_idle()
    for window in made:
        for dialog in window.deeds.dialogs:
            if hasattr(dialog, "stubborn"):
                dialog.stubborn = False
        window.close()
        window.deleteLater()
    turn_events()
    tasks.wait_idle()


def tab(window: MainWindow, kind: str = "stock_in") -> ListTab:
    page = window.tabs.page(kind)
    assert isinstance(page, ListTab)
    return page


def press(window: QWidget, key: Qt.Key, modifier: Qt.KeyboardModifier = NONE) -> None:
    QTest.keyClick(window.focusWidget() or window, key, modifier)


def go_to_requests(window: MainWindow) -> None:
    press(window, KEY(KEY.Key_1 + window.tabs.keys.index("transfusion_request")), CTRL)


def test_a_tab_for_every_module_and_the_queue(make: Make) -> None:
    """The tabs are the modules of the catalogue, the stock behind deliveries, and the queue; only one is built."""
    window = make()
    assert [key for key in window.tabs.keys if key != "stock"] == [*all_records(), "safety", "queue"]
    assert window.tabs.keys.index("stock") == window.tabs.keys.index("stock_in") + 1
    assert [key for key in window.tabs.keys if window.tabs.page(key) is not None] == ["stock_in"]


def test_the_window_opens_where_it_was_left(make: Make, tasks: Tasks) -> None:
    """The tab that was shown last is shown first the next time."""
    window = make()
    window.tabs.go_to("transfusion_request")
    assert tasks.wait_idle()
    window.close()
    assert make().tabs.current_key == "transfusion_request"


def test_tabs_by_keyboard(make: Make) -> None:
    """Ctrl+digit, Ctrl+Tab and Ctrl+0 go to tabs and put the keyboard into their lists."""
    window = make()
    keys = window.tabs.keys
    go_to_requests(window)
    assert window.tabs.current_key == "transfusion_request" and tab(window, "transfusion_request").view.hasFocus()
    press(window, KEY.Key_0, CTRL)
    assert window.tabs.current_key == "queue"
    press(window, KEY.Key_Tab, CTRL)
    assert window.tabs.current_key == keys[0]
    press(window, KEY.Key_Backtab, CTRL | SHIFT)
    assert window.tabs.current_key == "queue"
    press(window, KEY.Key_1, CTRL)
    assert window.tabs.current_key == keys[0]


def test_the_window_is_there_before_the_data(tasks: Tasks, tmp_path: Path, qapp: QApplication, make: Make) -> None:
    """Shown before the file is open, the window says so and has no live button that would need it."""
    from tests.ui.fakes import FixedClock

    window = MainWindow(tasks, FixedClock(), Dialogs(), tmp_path)
    window.show()
    page = tab(window)
    assert page.view.empty_text == "正在打开数据库…"
    assert not page.actions_by_name["register"].isEnabled()
    window.deeds.open("stock_in", "register", None)
    assert window.deeds.dialogs == []
    window.attach(FakeDesk(3).as_desk())
    assert tasks.wait_idle()
    assert page.count.text() == "共 3 条" and page.actions_by_name["register"].isEnabled()
    window.close()
    window.deleteLater()


def test_registering_stands_on_the_new_record(make: Make, tasks: Tasks) -> None:
    """Ctrl+N opens the dialog; after saving, the list is read again and the cursor stands on the new record."""
    desk, dialogs = FakeDesk(250), Dialogs()
    window = make(desk, dialogs=dialogs)
    press(window, KEY.Key_Down)
    press(window, KEY.Key_Down)
    press(window, KEY.Key_N, CTRL)
    dialog = dialogs.opened[0]
    assert (dialog.kind, dialog.mode, dialog.record_id) == ("stock_in", "register", None)
    dialog.save()
    dialog.accept()
    assert tasks.wait_idle()
    assert window.status.said.text() == "✓ 已保存 RK20261123-0001"
    assert tab(window).view.currentIndex().row() == 0
    assert len(desk.asked) == 2


def test_a_record_is_read_before_its_dialog_opens(make: Make, tasks: Tasks) -> None:
    """Enter reads the record off the main thread and then opens it; a record that is gone is said in the bar."""
    desk, dialogs = FakeDesk(), Dialogs()
    window = make(desk, dialogs=dialogs)
    press(window, KEY.Key_Return)
    press(window, KEY.Key_Return)
    assert tasks.wait_idle()
    assert [(one.mode, one.record_id) for one in dialogs.opened] == [("view", "00000000")]
    dialogs.opened[0].reject()
    assert tasks.wait_idle()
    desk.problem = KnownProblem("没有这条血袋入库记录，可能编号有误")
    press(window, KEY.Key_Return)
    wait_until(lambda: bool(window.messages.text))
    assert "可能编号有误" in window.messages.text and len(dialogs.opened) == 1


def test_nothing_is_read_under_an_open_dialog(make: Make, tasks: Tasks) -> None:
    """Changes that arrive while a dialog is open wait for its end; then the list is read once."""
    desk, dialogs = FakeDesk(), Dialogs()
    window = make(desk, dialogs=dialogs)
    press(window, KEY.Key_N, CTRL)
    window.changes.emit(Changes(frozenset({"stock_in"}), frozenset()))
    wait_until(lambda: not window.following._gather.isActive() and not window.following._kinds)
    assert tasks.wait_idle()
    assert len(desk.asked) == 1
    dialogs.opened[0].reject()
    assert tasks.wait_idle()
    assert len(desk.asked) == 2


def test_only_touched_lists_are_read(make: Make, tasks: Tasks) -> None:
    """A change of one module reads that list if it is on the screen, otherwise when it is shown."""
    desk = FakeDesk()
    window = make(desk)
    window.tabs.go_to("transfusion_request")
    window.tabs.go_to("stock_in")
    assert tasks.wait_idle()
    assert [query.kind for query in desk.asked] == ["stock_in", "transfusion_request"]
    window.changes.emit(Changes(frozenset({"transfusion_request"}), frozenset()))
    wait_until(lambda: window.following._gather.isActive())
    wait_until(lambda: not window.following._gather.isActive())
    assert tasks.wait_idle()
    assert len(desk.asked) == 2
    window.tabs.go_to("transfusion_request")
    assert tasks.wait_idle()
    assert [query.kind for query in desk.asked[2:]] == ["transfusion_request"]


def test_commits_of_other_processes_are_seen(make: Make, tasks: Tasks) -> None:
    """When the change mark of the file differs, the list on the screen is read again; when not, nothing is."""
    desk = FakeDesk()
    window = make(desk)
    window.following._watch.look()
    assert tasks.wait_idle()
    assert len(desk.asked) == 1
    desk.mark += 1
    window.following._watch.look()
    assert tasks.wait_idle()
    assert len(desk.asked) == 2


def test_a_lasting_trouble_of_the_watch_is_said_once(make: Make, tasks: Tasks) -> None:
    """A file that cannot be read every two seconds gives one message, and the watch goes on."""
    desk = FakeDesk()
    window = make(desk)
    desk.problem = KnownProblem("资料打不开")
    for _ in range(3):
        window.following._watch.look()
        assert tasks.wait_idle()
    window.messages.dismiss()
    window.following._watch.look()
    assert tasks.wait_idle()
    assert window.messages.text == ""
    desk.problem = None
    desk.mark += 1
    window.following._watch.look()
    assert tasks.wait_idle()
    assert len(desk.asked) == 2


def test_status_and_changes_may_come_from_any_thread(make: Make, tasks: Tasks) -> None:
    """The network lane emits from its own thread; the window shows it on the main thread."""
    window = make()
    threads: list[str] = []
    window.status.link.installEventFilter(window)

    def lane() -> None:
        threads.append(threading.current_thread().name)
        window.sync_status.emit(SyncStatus(False, Phase.WAITING, "网络不通"))
        window.changes.emit(Changes(frozenset({"stock_in"}), frozenset()))

    thread = threading.Thread(target=lane)
    thread.start()
    thread.join()
    assert "离线" not in window.status.link.text()
    wait_until(lambda: "离线" in window.status.link.text())
    wait_until(lambda: not window.following._gather.isActive() and not window.following._kinds)


def test_the_queue_is_counted_on_its_tab(make: Make) -> None:
    """The tab of the queue says how many wait and how many need a person."""
    desk = FakeDesk()
    desk.outbox = [operation(1, "pending"), operation(2, "rejected"), operation(3, "done")]
    window = make(desk)
    assert window.tabs.tabText(window.tabs.count() - 1) == "上传队列（2，需处理 1）"


def test_who_changes_something_says_who_he_is(make: Make, tasks: Tasks) -> None:
    """Where nobody sits, a sign-in is asked for at once and nothing is read; a wrong password seats nobody."""
    desk, dialogs = FakeDesk(operator=""), Dialogs()
    window = make(desk, dialogs=dialogs)
    wait_until(lambda: bool(window.deeds.dialogs))
    window.deeds.dialogs[-1].activateWindow()
    asked = dialog_of(window, CredentialsDialog)
    assert desk.asked == []
    press(asked, KEY.Key_Escape)
    wait_until(lambda: window.deeds.dialogs == [])
    window.activateWindow()
    wait_until(window.isActiveWindow)
    press(window, KEY.Key_N, CTRL)
    assert dialogs.opened == [] and desk.asked == [] and window.status.operator.text() == "！请登录"
    press(window, KEY.Key_U, CTRL)
    asked = dialog_of(window, CredentialsDialog)
    asked.edits["login"].setText("训练丙")
    asked.edits["password"].setText("wrong")
    asked.yes.click()
    wait_until(lambda: "不对" in asked.problem.text() and asked.yes.isEnabled())
    assert asked.edits["password"].text() == "" and desk.person is None
    asked.edits["password"].setText("right")
    asked.yes.click()
    wait_until(lambda: desk.operator == "训练丙" and "训练丙" in window.status.operator.text() and bool(desk.asked))
    window.activateWindow()
    wait_until(lambda: window.isActiveWindow() and not window.deeds.dialogs)
    press(window, KEY.Key_N, CTRL)
    wait_until(lambda: bool(dialogs.opened))


def test_deleting_needs_a_reason(make: Make, tasks: Tasks) -> None:
    """Del asks why, with the name of the record; without a reason nothing can be deleted, Esc deletes nothing."""
    desk = FakeDesk()
    window = make(desk)
    go_to_requests(window)
    assert tasks.wait_idle()
    press(window, KEY.Key_Delete)
    first = dialog_of(window, WordsQuestion)
    press(first, KEY.Key_Escape)
    wait_until(lambda: window.deeds.dialogs == [])
    window.activateWindow()  # Windows does that by itself, a screen without a window manager does not
    wait_until(window.isActiveWindow)
    press(window, KEY.Key_Delete)
    asked = dialog_of(window, WordsQuestion)
    assert "SQ20261123-9999" in asked.words.text()
    press(asked, KEY.Key_Return)
    assert window.deeds.dialogs and desk.deleted == []
    asked.edit.insert("  重复登记 ")  # QTest has no keys for Chinese
    press(asked, KEY.Key_Return)
    assert tasks.wait_idle()
    assert desk.deleted == [("transfusion_request", "00000000", "重复登记")]


def test_throwing_a_draft_away_is_asked_and_cancelled_by_enter(make: Make, tasks: Tasks) -> None:
    """The question before a draft is thrown away has 取消 as its default."""
    desk = FakeDesk()
    desk.kept_drafts = [draft()]
    window = make(desk)
    page = tab(window)
    page.actions_by_name["discard"].trigger()
    press(dialog_of(window, DiscardQuestion), KEY.Key_Return)
    wait_until(lambda: window.deeds.dialogs == [])
    assert len(desk.kept_drafts) == 1
    page.actions_by_name["discard"].trigger()
    asked = dialog_of(window, DiscardQuestion)
    assert isinstance(asked, DiscardQuestion)
    asked.yes.click()
    assert tasks.wait_idle()
    assert desk.kept_drafts == [] and not page.drafts.isVisible()


@pytest.mark.parametrize("noted", [True, False])
def test_the_draft_of_a_change_is_never_registered(make: Make, tasks: Tasks, noted: bool) -> None:
    """Continuing the draft of an amendment opens the amendment of its record, or the record would be there twice."""
    desk, dialogs = FakeDesk(), Dialogs()
    texts: Any = {"@record": "r-1"} if noted else {}
    kept = draft(kind="transfusion_request", draft_id="r-1", **texts)
    if not noted:
        kept = draft(kind="transfusion_request", draft_id="r-1", amends=True)
    desk.kept_drafts = [kept]
    window = make(desk, dialogs=dialogs)
    go_to_requests(window)
    assert tasks.wait_idle()
    assert "未完成的输血申请单修改" in tab(window, "transfusion_request").drafts.words.text()
    press(window, KEY.Key_O, CTRL)
    assert tasks.wait_idle()
    assert [(one.mode, one.record_id, one.draft) for one in dialogs.opened] == [("amend", "r-1", kept)]


def test_changing_a_record_continues_what_was_left_unfinished(make: Make, tasks: Tasks) -> None:
    """F2 on a record with an unfinished change opens that change and does not overwrite it."""
    desk, dialogs = FakeDesk(), Dialogs()
    desk.kept_drafts = [draft(kind="transfusion_request", draft_id="00000000", amends=True)]
    window = make(desk, dialogs=dialogs)
    go_to_requests(window)
    assert tasks.wait_idle()
    press(window, KEY.Key_F2)
    assert tasks.wait_idle()
    assert dialogs.opened[0].draft is desk.kept_drafts[0]


def test_a_dialog_that_stays_keeps_the_window(make: Make) -> None:
    """Closing the window asks open dialogs; one that refuses keeps the window open, with everything in it."""
    dialogs = Dialogs()
    window = make(dialogs=dialogs)
    press(window, KEY.Key_N, CTRL)
    dialogs.opened[0].stubborn = True
    assert not window.close()
    assert window.isVisible() and dialogs.opened[0].isVisible()
    dialogs.opened[0].stubborn = False
    assert window.close()
    assert not window.isVisible()


def test_known_problems_stand_in_the_bar(make: Make, tasks: Tasks) -> None:
    """A problem is said in the bar, once however often it comes, the newest first; Alt+Z puts it away."""
    window = make()
    for text in ("磁盘已满", "网络不通", "磁盘已满"):
        tasks.problem.emit(KnownProblem(text))
    assert window.messages.words.text() == "× 磁盘已满（还有 1 条消息）"
    press(window, KEY.Key_Z, Qt.KeyboardModifier.AltModifier)
    wait_until(lambda: window.messages.text == "网络不通")
    assert window.messages.isVisible()
    press(window, KEY.Key_Z, Qt.KeyboardModifier.AltModifier)
    wait_until(lambda: not window.messages.isVisible())


def test_a_bug_is_not_shown_as_a_problem(make: Make, tasks: Tasks) -> None:
    """An exception that is no KnownProblem goes to `bug` and not into the bar."""
    desk = FakeDesk()
    window = make(desk)
    bugs: list[object] = []
    window.bug.connect(bugs.append)
    desk.problem = ZeroDivisionError()
    press(window, KEY.Key_F5)
    assert tasks.wait_idle()
    assert bugs and window.messages.text == ""


def test_training_mode_cannot_be_overlooked(make: Make) -> None:
    """In training mode the frame, the title, the head and the state say so; otherwise nothing does."""
    window = make(training=True)
    assert window.findChild(QWidget, "training") is not None
    words = window.findChild(QLabel, "training.words")
    assert isinstance(words, QLabel) and "训练模式" in words.text()
    assert window.windowTitle().startswith("【训练模式】") and window.status.training.isVisible()
    window.close()
    other = make()
    assert other.findChild(QWidget, "training") is None and "训练" not in other.windowTitle()


def test_the_place_of_the_window_is_kept_in_its_folder(make: Make, tmp_path: Path) -> None:
    """Size and place come back from window.ini of the profile folder."""
    window = make()
    window.resize(781, 622)
    turn_events()
    window.close()
    assert (tmp_path / PREFERENCES).exists()
    again = make()
    assert (again.width(), again.height()) == (781, 622)


def test_f1_lists_every_key(make: Make) -> None:
    """The list of keys names every action that has one."""
    window = make()
    press(window, KEY.Key_F1)
    shown = dialog_of(window, ShortcutsWindow)
    keys = {label.text() for label in shown.findChildren(QLabel)}
    assert {spec.key_text for spec in actions.SPECS.values() if spec.keys} <= keys
    assert "Ctrl+2" in keys


def _action(window: MainWindow, name: str) -> QAction:
    found = window.findChild(QAction, name)
    assert isinstance(found, QAction), name
    return found


def test_every_declared_key_is_one_that_qt_knows() -> None:
    """No key of an action is misspelt."""
    for spec in actions.SPECS.values():
        for key in spec.keys:
            # A misspelt key becomes Key_unknown, which Qt writes as an unprintable or empty name.
            sequence = QKeySequence(key)
            assert not sequence.isEmpty() and sequence.toString().isprintable() and sequence.toString(), spec.name


def test_the_theme_changes_while_the_window_is_open(make: Make, qapp: QApplication, tasks: Tasks) -> None:
    """Choosing the dark palette re-dresses bar, state and list at once, and larger type widens the columns."""
    appearance = theme.Appearance(qapp, "light", 100)
    window = make(appearance=appearance)
    chosen: list[str] = []
    window.theme_chosen.connect(chosen.append)
    window.messages.show_problem(KnownProblem("x"))
    width = tab(window).view.horizontalHeader().sectionSize(0)
    try:
        _action(window, "action.theme.dark").trigger()
        _action(window, "action.scale.200").trigger()
        turn_events()
        ground = window.messages.palette().window().color().name()
        words = window.status.success.palette().windowText().color().name()
        assert (ground, words) == (theme.DARK.bar, theme.DARK.muted)
        assert tab(window).view.horizontalHeader().sectionSize(0) > width * 1.6
        assert chosen == ["dark"]
        window.close()
        appearance.set(scale=100)
        make(appearance=appearance)
        assert appearance.scale == 200
    finally:
        appearance.set("light", 100)
        appearance.deleteLater()


@pytest.mark.parametrize("scale", [100, 150, 200])
@pytest.mark.parametrize("kind", ["stock_in", "transfusion_request", "queue"])
def test_no_word_is_cut(make: Make, qapp: QApplication, tasks: Tasks, scale: int, kind: str) -> None:
    """On a screen of 1366 × 768 every button and every label has room for its text, at every scale."""
    desk = FakeDesk(1_000_000)
    desk.kept_drafts = [draft()]
    desk.outbox = [
        operation(n, "rejected", occurred_at=operation(1, "done").occurred_at - timedelta(hours=40)) for n in (1, 2)
    ]
    appearance = theme.Appearance(qapp, "light", scale)
    try:
        window = make(desk, appearance=appearance, training=True)
        window.tabs.go_to(kind)
        window.resize(1366, 768)
        assert tasks.wait_idle()
        turn_events()
        QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)
        from PySide6.QtWidgets import QComboBox, QToolButton

        assert window.width() <= 1366
        for widget in [
            *window.findChildren(QToolButton),
            *window.findChildren(QLabel),
            *window.findChildren(QComboBox),
        ]:
            if not widget.isVisible() or widget.objectName().startswith(("qt_", "Scroll")) or not widget.objectName():
                continue
            if isinstance(widget, QLabel) and widget.wordWrap():
                assert widget.height() >= widget.heightForWidth(widget.width()), widget.objectName()
            else:
                assert widget.width() >= widget.sizeHint().width(), widget.objectName()
                assert widget.height() >= widget.minimumSizeHint().height(), widget.objectName()
    finally:
        theme.apply(qapp, "light", 100)
        appearance.deleteLater()
