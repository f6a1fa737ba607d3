"""The window in which an act of the tour is played: keys go in as a person's do, what is on the screen comes out.

Nothing is pressed before the window that is meant has the keyboard, and nothing waits for a time, only for a state.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QPoint, Qt, QTimer
from PySide6.QtGui import QColor, QGuiApplication, QKeyEvent, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QTableView,
    QWidget,
)

from bloodbank_desktop.app import Program, make_application
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.paths import profile_dir

if TYPE_CHECKING:
    from bloodbank_desktop.operations.desk import Desk

_PATIENCE = 30.0
#: How many tabs have a number to be reached by.
_NUMBERED = 9
_AGAIN = 3.0
#: What is shown only after a pause waits no longer than this; longer pauses keep something and show nothing.
_PAUSE_MS = 300
#: Of the qualities 0 to 100 of a picture without loss: how little is done to make it small.
_SMALL = 10
_CTRL, _NONE = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.NoModifier
W = TypeVar("W", bound=QWidget)


class Failed(KnownProblem):
    """A step of the tour did not come true."""

    def __init__(self, what: str) -> None:
        super().__init__(f"演示没有走完：{what}", code="tour")


def until(condition: Callable[[], object], what: str, *, patience: float = _PATIENCE) -> None:
    """Let the window work until `condition` holds. Raises Failed when it does not within `patience` seconds."""
    ends = time.monotonic() + patience
    loop = QEventLoop()
    tick = QTimer(loop)
    tick.timeout.connect(loop.quit)
    tick.start(10)
    while not condition():
        if time.monotonic() > ends:
            raise Failed(what)
        loop.exec()


def _still_to_come(widget: QWidget) -> bool:
    """Whether something is held back for a pause of typing and shown only then."""
    pauses = (one for one in widget.findChildren(QTimer) if one.isSingleShot() and one.interval() <= _PAUSE_MS)
    return any(one.isActive() for one in pauses)


def login_of(name: str) -> str:
    """Return the login of a person of the training mode."""
    from bloodbank_desktop.operations import training_persons

    return next(login for login, (word, _) in training_persons.known().items() if word == name)


class Stage:
    """The window in which one act is played; events and pictures go line by line to `say`."""

    def __init__(self, folder: Path, say: Callable[[dict[str, Any]], None]) -> None:
        self.folder = folder
        self.data = profile_dir(folder / "data", training=True)
        self.program: Program | None = None
        self._say = say
        #: How often a key had to be pressed once more.
        self.again = 0
        self._pressed_at = 0
        self._pictures = len(list(folder.glob("[0-9]*-*.png")))

    # -- writing down -------------------------------------------------------------------------------------------------

    def note(self, what: str, **facts: Any) -> None:
        """Write down what happened."""
        self._say({"what": what, **facts})

    def picture(self, name: str, widget: QWidget | None = None, *, over: QWidget | None = None) -> None:
        """Take a numbered picture of a widget, the window by default; with `over` of a dialog in front of that one."""
        shown = widget or self.window
        until(lambda: not _still_to_come(shown), f"{name} 没有显示完")
        # What it asked is answered; the caret blinks, and once round the loop everything that was asked for is painted.
        self.settled()
        grabbed = (over or widget or self.window).grab()
        if over is not None and widget is not None:
            front, ratio = widget.grab(), grabbed.devicePixelRatio()
            painter = QPainter(grabbed)
            painter.fillRect(over.rect(), QColor(0, 0, 0, 70))
            at = QPoint((over.width() - widget.width()) // 2, (over.height() - widget.height()) // 2)
            painter.fillRect(widget.rect().translated(at).adjusted(-1, -1, 1, 1), QColor(0, 0, 0, 130))
            painter.drawPixmap(at, front)
            painter.end()
            assert ratio == front.devicePixelRatio()
        self._pictures += 1
        file = f"{self._pictures:03d}-{name}.png"
        if not grabbed.save(str(self.folder / file), "PNG", _SMALL):
            raise Failed(f"图片 {file} 没有写成，请检查文件夹 {self.folder} 的权限和磁盘空间")
        self._say({"picture": file})

    @property
    def pictures_taken(self) -> int:
        """How many pictures there are."""
        return self._pictures

    # -- the window ---------------------------------------------------------------------------------------------------

    @property
    def window(self) -> QWidget:
        assert self.program is not None
        return self.program.window

    def start(self, platform_url: str) -> None:
        """Start the program as a person does, its network going to `platform_url`."""
        app = make_application()
        self.program = program = Program(app, self.data, training=True, platform_url=platform_url)
        room = self.window.screen().availableGeometry()
        self.window.setGeometry(room.x(), room.y(), min(1440, room.width()), min(900, room.height()))
        until(lambda: program.lane is not None, "程序没有启动")
        self.front(self.window)
        self.settled()

    def front(self, window: QWidget) -> None:
        """Wait until a window has the keyboard, as a person looks before typing."""
        asked = 0.0

        def has_the_keyboard() -> bool:
            nonlocal asked
            if QApplication.activeWindow() is window and QGuiApplication.focusWindow() is window.windowHandle():
                return True
            # Asked again now and then: a window manager may have given the keyboard to another window meanwhile.
            if time.monotonic() - asked > 0.5 and QApplication.activeModalWidget() in (None, window):
                asked = time.monotonic()
                window.activateWindow()
            return False

        until(has_the_keyboard, f"窗口“{window.windowTitle()}”没有得到焦点")

    def settled(self) -> None:
        """Wait until every question that the window asked the data file is answered and shown."""
        assert self.program is not None
        answered: list[bool] = []
        # One lane, first come first served: what is asked last is answered last.
        self.program.tasks.database(lambda: None, lambda _none: answered.append(True))
        until(lambda: answered, "资料库没有回答")
        QApplication.processEvents()

    def stop(self) -> None:
        """Close the program as a person does."""
        if self.program is not None:
            self.program.window.close()
            self.program.close()
            self.program = None

    # -- what a person does -------------------------------------------------------------------------------------------

    def press(
        self, window: QWidget, key: Qt.Key, held: Qt.KeyboardModifier, come: Callable[[], object], what: str
    ) -> None:
        """Press a key in a window until it has its effect, as a person does; without a desktop focus may still move.

        Every key that is pressed like this does nothing when it comes twice.
        """
        ends = time.monotonic() + _PATIENCE
        while True:
            self.front(window)
            QTest.keyClick(window.windowHandle(), key, held)
            try:
                until(come, what, patience=min(_AGAIN, ends - time.monotonic()))
                return
            except Failed:
                self.again += 1
                if time.monotonic() > ends:
                    raise

    def tab(self, key: str) -> None:
        """Go to the tab of a module, of the stock or of the queue: by its number if it has one."""
        assert self.program is not None
        tabs = self.program.window.tabs
        place = tabs.keys.index(key) + 1
        number = 0 if key == tabs.keys[-1] else place
        if number <= _NUMBERED:
            digit = Qt.Key(Qt.Key.Key_0 + number)
            self.press(self.window, digit, _CTRL, lambda: tabs.currentIndex() == place - 1, f"没有到第 {place} 页")
        else:
            bar = tabs.tabBar()
            QTest.mouseClick(bar, Qt.MouseButton.LeftButton, _NONE, bar.tabRect(place - 1).center())
            until(lambda: tabs.currentIndex() == place - 1, f"没有到第 {place} 页")
        self.settled()
        self.settled()

    def dialog(
        self, name: str, key: Qt.Key, held: Qt.KeyboardModifier = _NONE, *, on: QWidget | None = None
    ) -> QDialog:
        """Press a key, on the main window by default, and return the dialog that it opens, ready to be typed into."""
        self.press(on or self.window, key, held, lambda: shown(name), f"窗口 {name} 没有打开")
        opened = shown(name)
        assert opened is not None
        self.front(opened)
        self.settled()
        return opened

    def leave(self, dialog: QDialog, key: Qt.Key, held: Qt.KeyboardModifier, what: str) -> None:
        """Press the key that closes a dialog and wait until the keyboard is back where it came from."""
        name, owner = dialog.objectName(), dialog.parentWidget()
        assert owner is not None
        try:
            self.press(dialog, key, held, lambda: shown(name) is None, what)
        except Failed:
            stays = shown(name)
            state = stays.findChild(QLabel, "state") if stays is not None else None
            listed = stays.findChild(QListWidget, "problems") if stays is not None else None
            found = [listed.item(row).text() for row in range(listed.count())] if listed is not None else []
            raise Failed(f"{what}（{'；'.join([state.text(), *found])}）" if state is not None else what) from None
        self.front(owner.window())
        self.settled()

    def fill(self, dialog: QDialog, texts: dict[str, str]) -> None:
        """Type texts into the fields of these keys; a word of a choice is taken when the field is left."""
        for key, text in texts.items():
            widget = dialog.findChild(QWidget, key)
            if not isinstance(widget, QLineEdit | QComboBox) or not widget.isVisibleTo(dialog):
                raise Failed(f"窗口上没有可填的栏 {key}")
            widget.setFocus()
            # Not key by key: no keyboard has these characters, and a list of suggestions would open over each choice.
            if isinstance(widget, QComboBox):
                widget.setEditText(text)
            else:
                widget.setText(text)
        dialog.setFocus()
        QApplication.processEvents()

    def sign(self, dialog: QDialog, key: str, name: str) -> None:
        """Let a colleague sign in a field, with login and password."""
        from bloodbank_desktop.forms.record_dialog import RecordDialog
        from bloodbank_desktop.operations import training_persons

        assert isinstance(dialog, RecordDialog)
        editor = dialog.form.editors[key]
        editor.focus()
        question = self.dialog("dialog.countersign", Qt.Key.Key_Space, on=dialog)
        self.fill(question, {"login": login_of(name), "password": training_persons.password()})
        self.leave(question, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier, f"{name}没有签上名")
        until(lambda: editor.text() == name, f"{name}没有签上名")

    def scan(self, dialog: QDialog, code: str, label: str = "scan.verdict") -> str:
        """Send a code as a scanner does and return what the window answered in that label."""
        verdict = part(dialog, QLabel, label)
        before = verdict.text()
        self.front(dialog)
        keys = [(_key_of(character), character) for character in code] + [(Qt.Key.Key_Return.value, "\r")]
        self._pressed_at = max(self._pressed_at, round(time.monotonic() * 1000))
        for key, text in keys:
            for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                event = QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, text)
                # As the window system does it: when the key was pressed, however late a busy machine hands it on.
                self._pressed_at += 1
                event.setTimestamp(self._pressed_at)
                QCoreApplication.sendEvent(dialog.windowHandle(), event)
        until(lambda: verdict.text() != before, f"扫描 {code} 没有回应")
        return verdict.text()

    def link(self, words: str) -> str:
        """Wait until the status area says these words about the platform and return the whole sentence."""
        link = part(self.window, QLabel, "status.link")
        until(lambda: words in link.text(), f"状态栏没有显示“{words}”")
        return link.text()

    def rows(self, key: str) -> int:
        """Return how many rows the list of a tab shows."""
        model = part(self.window, QTableView, f"list.{key}").model()
        return model.rowCount() if model is not None else -1

    @property
    def desk(self) -> Desk:
        """The data file that the window works on."""
        assert self.program is not None and self.program.profile is not None
        return self.program.profile.desk

    def queue(self) -> list[dict[str, Any]]:
        """Return every operation of the outbox as the data file has it."""
        rows = self.desk.queue.rows(open_only=False)
        return [{"number": one.dseq, "kind": one.kind, "name": one.name, "state": one.state} for one in rows]


def _key_of(character: str) -> int:
    """Return Qt's number of the key of an ASCII character."""
    return ord(character.upper())


def shown(name: str) -> QDialog | None:
    """Return the dialog of this name if it is on the screen."""
    found = (one for one in QApplication.topLevelWidgets() if isinstance(one, QDialog) and one.objectName() == name)
    return next((one for one in found if one.isVisible()), None)


def part(parent: QWidget, kind: type[W], name: str) -> W:
    """Return the part of a window by its kind and name. Raises Failed."""
    found = parent.findChild(kind, name)
    if found is None:
        raise Failed(f"窗口上找不到 {name}")
    return found


def kept(dialog: QDialog) -> int:
    """Return how many bags the table of the window says are kept."""
    model = part(dialog, QTableView, "bags").model()
    return sum("已暂存" in str(model.index(row, 0).data()) for row in range(model.rowCount()))
