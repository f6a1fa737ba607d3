"""Scans go to the handler from anywhere, typing passes unharmed, and Enter of a scanner presses nothing."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QElapsedTimer, QEvent, Qt
from PySide6.QtGui import QInputMethodEvent, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDialog,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from bloodbank_desktop.forms.burst import Habits
from bloodbank_desktop.forms.wedge import Wedge
from tests.waiting import turn_events, wait_until

CODE = "=+04000=A99992600000100=%6200=<E6170V00&>0263562359"
assert len(CODE + CODE) >= 60


class Desk(QDialog):
    """A dialog with everything that a stray scan could hit."""

    def __init__(self, habits: Habits | None = None) -> None:
        super().__init__()
        self.scans: list[str] = []
        self.composed = 0
        self.clicks = 0
        self.shortcuts = 0
        self.line = QLineEdit(self)
        self.other = QLineEdit(self)
        self.combo = QComboBox(self)
        self.combo.addItems(["A型", "B型", "6号"])
        self.button = QPushButton("登记", self)
        self.button.setDefault(True)
        self.button.clicked.connect(self._clicked)
        column = QVBoxLayout(self)
        for widget in (self.line, self.other, self.combo, self.button):
            column.addWidget(widget)
        for keys in ("Return", "="):
            QShortcut(QKeySequence(keys), self).activated.connect(self._shortcut)
        self.wedge = Wedge(self, self.scans.append, self._composed, habits)

    def _clicked(self) -> None:
        self.clicks += 1

    def _shortcut(self) -> None:
        self.shortcuts += 1

    def _composed(self) -> None:
        self.composed += 1


@pytest.fixture
def desk(qapp: QApplication) -> Iterator[Desk]:
    yield from _opened(Desk())


@pytest.fixture
def patient_desk(qapp: QApplication) -> Iterator[Desk]:
    """A desk that waits long between two keys, for tests in which speed is not the question."""
    yield from _opened(Desk(Habits(gap_ms=2000)))


def _opened(desk: Desk) -> Iterator[Desk]:
    desk.show()
    desk.activateWindow()
    wait_until(desk.isActiveWindow)
    desk.line.setFocus()
    desk.wedge.start()
    yield desk
    desk.wedge.stop()
    desk.close()
    desk.deleteLater()
    turn_events()


def click(target: QWidget, character: str, delay: int = 0) -> None:
    """Press and release the key of a character on the window of a widget, `delay` ms after the key before."""
    window = target.window().windowHandle()
    if character.isascii():
        # The stubs know only keys here; Qt takes a character and makes its text.
        QTest.keyClick(window, character, Qt.KeyboardModifier.NoModifier, delay)  # type: ignore[call-overload]
        return
    if delay:
        QTest.qWait(delay)
    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        event = QKeyEvent(kind, Qt.Key.Key_unknown, Qt.KeyboardModifier.NoModifier, character)
        QApplication.sendEvent(window, event)


def send(target: QWidget, text: str, delay: int, end: Qt.Key | None = Qt.Key.Key_Return) -> None:
    """Press keys on the window of a widget, as the window system does."""
    for character in text:
        click(target, character, delay)
    if end is not None:
        QTest.keyClick(target.window().windowHandle(), end, Qt.KeyboardModifier.NoModifier, delay)


@pytest.mark.parametrize("delay", [0, 1, 5, 20])
def test_a_burst_is_a_scan_and_touches_no_field(desk: Desk, delay: int) -> None:
    """At every speed of a scanner the whole code arrives, no field changes, and the focus stays."""
    send(desk, CODE, delay)
    assert desk.scans == [CODE]
    assert (desk.line.text(), desk.other.text()) == ("", "")
    assert QApplication.focusWidget() is desk.line


def test_a_hundred_characters_at_once_arrive_whole(desk: Desk) -> None:
    """A long compound code without any pause loses nothing."""
    send(desk, CODE + CODE, 0)
    assert desk.scans == [CODE + CODE]


@pytest.mark.parametrize("end", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab])
def test_the_terminator_presses_nothing_and_moves_nothing(patient_desk: Desk, end: Qt.Key) -> None:
    """Neither the default button nor a shortcut nor the order of fields hears the end of a scan."""
    desk = patient_desk
    for focus in (desk.line, desk.button, desk.combo):
        focus.setFocus()
        send(desk, CODE, 0, end)
        assert QApplication.focusWidget() is focus
    assert len(desk.scans) == 3
    assert (desk.clicks, desk.shortcuts, desk.combo.currentIndex()) == (0, 0, 0)


def test_carriage_return_and_line_feed_are_one_end(desk: Desk) -> None:
    """The second terminator of a scanner is swallowed as well."""
    send(desk, CODE, 0)
    send(desk, "", 0)
    assert (desk.scans, desk.clicks, desk.shortcuts) == ([CODE], 0, 0)


def test_a_scanner_without_terminator_is_understood(qapp: QApplication) -> None:
    """Where the setting says so, silence ends a code."""
    for desk in _opened(Desk(Habits(terminated=False))):
        send(desk, "6200", 0, None)
        wait_until(lambda: desk.scans)  # noqa: B023
        assert desk.scans == ["6200"]
        assert desk.line.text() == ""


def test_scans_one_after_the_other_stay_in_order(desk: Desk) -> None:
    """Nothing of one scan leaks into the next."""
    for number in range(20):
        send(desk, f"=<E617{number:04d}", 0)
    assert desk.scans == [f"=<E617{number:04d}" for number in range(20)]


def test_a_person_types_unharmed(desk: Desk) -> None:
    """Keys at the speed of a hand appear in the field, each once, in order, with upper case and corrections."""
    for key in "Zy9":
        click(desk, key, 120)
    QTest.keyClick(desk.windowHandle(), Qt.Key.Key_Backspace, Qt.KeyboardModifier.NoModifier, 120)
    click(desk, "；", 120)
    wait_until(lambda: desk.line.text() == "Zy；")
    assert desk.scans == []


def test_a_key_is_held_no_longer_than_the_gap(desk: Desk) -> None:
    """A single key appears after the gap, so that typing never feels sticky."""
    clock = QElapsedTimer()
    clock.start()
    click(desk, "a")
    assert desk.line.text() == ""
    wait_until(lambda: desk.line.text() == "a")
    assert 40 <= clock.elapsed() <= 150


def test_two_rolled_over_keys_and_enter_are_a_persons(desk: Desk) -> None:
    """A fast hand that types two keys and Enter gets its keys first and its Enter after them."""
    QShortcut(QKeySequence("Return"), desk).setEnabled(False)
    heard: list[str] = []
    desk.line.returnPressed.connect(lambda: heard.append(desk.line.text()))
    for key in "ab":
        click(desk, key)
    QTest.keyPress(desk.line, Qt.Key.Key_Return)
    assert heard == ["ab"] or desk.shortcuts == 1
    assert desk.line.text() == "ab"


def test_a_command_passes_at_once_behind_what_is_held(desk: Desk) -> None:
    """Arrows and Ctrl keys are never held, and never overtake a held key."""
    click(desk, "a")
    QTest.keyClick(desk.windowHandle(), Qt.Key.Key_Left)
    click(desk, "b")
    wait_until(lambda: len(desk.line.text()) == 2)
    assert desk.line.text() == "ba"


def test_a_held_down_key_is_no_scanner(desk: Desk) -> None:
    """Auto-repeat is as fast as a scanner and passes as typing."""
    window = desk.windowHandle()
    click(desk, "x")
    wait_until(lambda: desk.line.text() == "x")
    for _ in range(12):
        again = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_X, Qt.KeyboardModifier.NoModifier, "x", True)
        QApplication.sendEvent(window, again)
    assert desk.line.text() == "x" * 13
    assert desk.scans == []


def test_a_scan_into_an_open_list_of_a_choice_changes_nothing(desk: Desk) -> None:
    """Even a combo popup, which listens to letters, never sees a scan."""
    desk.combo.setFocus()
    desk.combo.showPopup()
    turn_events()
    popup = QApplication.activePopupWidget()
    assert popup is not None
    send(popup, "6200BBBB", 0)
    assert desk.scans == ["6200BBBB"]
    assert desk.combo.currentIndex() == 0
    desk.combo.hidePopup()


def test_a_scan_into_a_question_answers_nothing(desk: Desk) -> None:
    """A message box that belongs to the dialog stays open, and the scan goes to the handler."""
    box = QMessageBox(desk)
    box.setText("？")
    box.addButton("好", QMessageBox.ButtonRole.AcceptRole)
    box.open()
    turn_events()
    send(box, CODE, 0)
    assert desk.scans == [CODE]
    assert box.isVisible()
    box.close()
    box.deleteLater()


def test_another_window_in_front_keeps_its_keys(desk: Desk) -> None:
    """A modal window that does not belong to the dialog is none of the filter's business."""
    other = QDialog()
    other.setModal(True)
    line = QLineEdit(other)
    other.show()
    wait_until(other.isActiveWindow)
    line.setFocus()
    send(other, "6200620", 0, None)
    assert (line.text(), desk.scans) == ("6200620", [])
    other.close()
    other.deleteLater()


def test_full_width_characters_are_handed_on_raw(desk: Desk) -> None:
    """The parser names and repairs full-width characters; the filter changes nothing."""
    send(desk, "＝％６２００", 0)
    assert desk.scans == ["＝％６２００"]


@pytest.mark.parametrize("end", [Qt.Key.Key_Return, None])
def test_a_scan_swallowed_by_an_input_method_is_refused_and_changes_nothing(desk: Desk, end: Qt.Key | None) -> None:
    """Composition at the speed of a scanner is reset and named; no character reaches a field."""
    for size in range(1, 8):
        QApplication.sendEvent(desk.line, QInputMethodEvent("a9999999"[:size], []))
    commit = QInputMethodEvent("", [])
    commit.setCommitString("＝啊")
    QApplication.sendEvent(desk.line, commit)
    if end is not None:
        send(desk, "00", 0, end)
    wait_until(lambda: desk.composed == 1)
    assert (desk.line.text(), desk.scans, desk.clicks) == ("", [], 0)


def test_a_word_from_the_input_method_arrives(desk: Desk) -> None:
    """Chinese typed by a person passes through the filter."""
    QApplication.sendEvent(desk.line, QInputMethodEvent("xj", []))
    commit = QInputMethodEvent("", [])
    commit.setCommitString("血浆")
    QApplication.sendEvent(desk.line, commit)
    wait_until(lambda: desk.line.text() == "血浆")
    assert desk.composed == 0


def test_what_is_held_when_the_filter_stops_is_given_back(desk: Desk) -> None:
    """Closing the dialog in the middle of a key loses no key."""
    click(desk, "q")
    desk.wedge.stop()
    assert desk.line.text() == "q"


@pytest.mark.window
@pytest.mark.parametrize("delay", [0, 1, 5, 20])
def test_real_keys_of_the_window_system(desk: Desk, delay: int) -> None:
    """Keys that went through the real window system arrive as one scan, at every speed."""
    tool = shutil.which("xdotool")
    if QApplication.platformName() != "xcb" or tool is None:
        pytest.skip("needs an X display and xdotool")
    window = str(int(desk.winId()))
    subprocess.run([tool, "windowfocus", "--sync", window], check=True, timeout=10)
    wait_until(lambda: QApplication.focusWidget() is desk.line)
    with subprocess.Popen([tool, "type", "--delay", str(delay), CODE + "\n"]) as typing:
        wait_until(lambda: desk.scans, 15)
        typing.wait(10)
    turn_events()
    assert desk.scans == [CODE]
    assert (desk.line.text(), desk.clicks, desk.shortcuts) == ("", 0, 0)


@pytest.mark.window
def test_real_typing_of_the_window_system(desk: Desk) -> None:
    """Real keys at the speed of a hand reach the field."""
    tool = shutil.which("xdotool")
    if QApplication.platformName() != "xcb" or tool is None:
        pytest.skip("needs an X display and xdotool")
    subprocess.run([tool, "windowfocus", "--sync", str(int(desk.winId()))], check=True, timeout=10)
    wait_until(lambda: QApplication.focusWidget() is desk.line)
    with subprocess.Popen([tool, "type", "--delay", "120", "ZY=09a"]) as typing:
        wait_until(lambda: desk.line.text() == "ZY=09a", 15)
        typing.wait(10)
    assert desk.scans == []
