"""The real program with a person in front of it: `python -m tests.journeys.window DIR` obeys stdin and tells what it shows.

It is `python -m bloodbank_desktop --training --data-dir DIR` to the last line, with real key events at the speed of a
scanner in its window. Each line on stdin is a JSON list, one thing that the person does: ["open"] continue the delivery
that stands unfinished, else begin one · ["scan", CODE] · ["write", FIELD, TEXT] by single keys, until it is kept ·
["register"] press Ctrl+S and wait until the dialog is gone.
Each line on stdout is a JSON object, written the moment the window shows it and not later, so that whatever could be
seen before a SIGKILL has been said: "born" the process, "attached" the data file is open, "shows" the rows of a delivery
just opened, with its "fields" and the words of its strip, "row" a row of the table that has changed, "heard" the verdict
on a scan, "kept" the state after writing, "saved" the confirmation of a record, "link" and "waiting" the words of the
status area. A row is [status, donation number, further columns…].
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, Qt, QTimer, Signal
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from bloodbank_desktop.app import Program, run
from bloodbank_desktop.forms.record_dialog import RecordDialog
from bloodbank_desktop.ui.list_tab import ListTab
from tests.support import allow_solo_duty
from tests.waiting import wait_until

#: Seconds; a machine that needs longer for anything here is not slow, it stands.
PATIENCE = 60.0
CTRL = Qt.KeyboardModifier.ControlModifier


def say(**told: Any) -> None:
    """Write one line at once and whole."""
    os.write(1, (json.dumps(told, ensure_ascii=False) + "\n").encode())


class Person(QObject):
    """Does what stdin says, one thing after the other."""

    _wished = Signal()

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._program = program
        self._wishes: queue.SimpleQueue[list[str]] = queue.SimpleQueue()
        self._doing = False
        self._told: dict[str, str] = {}
        self._wished.connect(self._next, Qt.ConnectionType.QueuedConnection)
        program.opened.connect(self._attached)
        program.window.saved.connect(self._saved)
        # The words themselves, however they came there.
        self._glance = QTimer(self)
        self._glance.timeout.connect(self._look)
        self._glance.start(20)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in sys.stdin:
            self._wishes.put(json.loads(line))
            self._wished.emit()

    # -- what is seen ---------------------------------------------------------------------------------------------

    def _attached(self) -> None:
        # Nobody stands beside the process to sign: it is alone on duty.
        assert self._program.profile is not None
        allow_solo_duty(self._program.profile)
        # Behind everything that the window asked of the disk when the file was opened: its drafts are shown by then.
        self._program.tasks.database(lambda: None, lambda _none: self._ready())

    def _ready(self) -> None:
        say(attached=len(self._page().drafts.drafts))
        self._next()

    def _look(self) -> None:
        status = self._program.window.status
        for name, label in (("link", status.link), ("waiting", status.waiting)):
            if label.text() != self._told.get(name):
                self._told[name] = label.text()
                say(**{name: label.text()})

    def _saved(self, saved: Any) -> None:
        # After the window has confirmed it, and only what it really shows.
        said = self._program.window.status.said
        if said.isVisible() and said.text() == f"✓ 已保存 {saved.name}":
            say(saved=saved.name, id=saved.record_id)

    def _page(self) -> ListTab:
        page = self._program.window.tabs.page("stock_in")
        assert isinstance(page, ListTab)
        return page

    # -- what is done ---------------------------------------------------------------------------------------------

    def _next(self) -> None:
        if self._doing or self._program.profile is None:
            return
        self._doing = True
        try:
            while not self._wishes.empty():
                what, *more = self._wishes.get()
                assert what in ("open", "scan", "write", "register")
                getattr(self, what)(*more)
        finally:
            self._doing = False

    def open(self) -> None:
        """Continue the unfinished delivery by Ctrl+O, or begin one by Ctrl+N."""
        window, page = self._program.window, self._page()
        window.activateWindow()
        wait_until(window.isActiveWindow, PATIENCE)
        QTest.keyClick(window, Qt.Key.Key_O if page.drafts.drafts else Qt.Key.Key_N, CTRL)
        wait_until(lambda: self._dialog() is not None and self._dialog().isVisible(), PATIENCE)
        dialog = self._dialog()
        wait_until(dialog.isActiveWindow, PATIENCE)
        model = dialog.blocks["bags"].model
        model.rowsInserted.connect(lambda _parent, first, last: self._rows(dialog, first, last))
        model.dataChanged.connect(lambda first, last: self._rows(dialog, first.row(), last.row()))
        words = {
            name: dialog.findChild(QLabel, f"scan.{name}").text()  # type: ignore[union-attr]
            for name in ("expected", "counter", "verdict")
        }
        fields = {key: editor.text() for key, editor in dialog.form.editors.items()}
        rows = [self._texts(dialog, row) for row in range(model.rowCount())]
        say(shows=rows, draft=dialog.draft_id, selected=dialog.blocks["bags"].current(), fields=fields, **words)

    def _rows(self, dialog: RecordDialog, first: int, last: int) -> None:
        for row in range(first, last + 1):
            say(row=self._texts(dialog, row), draft=dialog.draft_id)

    def _texts(self, dialog: RecordDialog, row: int) -> list[str]:
        model = dialog.blocks["bags"].model
        return [str(model.index(row, column).data() or "") for column in range(model.columnCount())]

    def _dialog(self) -> RecordDialog:
        found = [one for one in self._program.window.deeds.dialogs if isinstance(one, RecordDialog)]
        return found[-1] if found else None  # type: ignore[return-value]

    def scan(self, code: str) -> None:
        """Pull the trigger; once more if nothing was heard, as everybody does."""
        dialog = self._dialog()
        heard = dialog.sounds.requested
        heard.clear()
        for _ in range(5):
            burst(dialog, code)
            ends = QTimer(self)
            ends.setSingleShot(True)
            ends.start(3_000)
            wait_until(lambda ends=ends: heard or not ends.isActive(), PATIENCE)  # type: ignore[misc]
            if heard:
                break
        verdict = dialog.findChild(QLabel, "scan.verdict")
        assert isinstance(verdict, QLabel) and heard, code
        say(heard=verdict.text(), tone=heard[-1])

    def write(self, field: str, text: str) -> None:
        """Write into a field as a person does, each key by itself, until the dialog says that it is kept."""
        dialog = self._dialog()
        dialog.form.editors[field].focus()
        for character in text:
            QTest.keyClick(dialog.windowHandle(), character)  # type: ignore[call-overload]
            wait_until(lambda: not dialog.wedge._burst.open, PATIENCE)
        wait_until(lambda: not dialog.keeper.unsaved, PATIENCE)
        say(kept=dialog.parts.state.text(), text=dialog.form.editors[field].text())

    def register(self) -> None:
        """Ctrl+S, until the dialog is gone."""
        dialog = self._dialog()
        dialog.form.editors["solo_duty"].show_text("是")
        QTest.keyClick(dialog, Qt.Key.Key_S, CTRL)
        wait_until(lambda: self._dialog() is None or dialog.parts.problems.problems, PATIENCE)
        if self._dialog() is not None:
            say(refused=[problem.message for problem in dialog.parts.problems.problems])
            return
        # The list takes its drafts from the disk behind the save.
        settled: list[bool] = []
        self._program.tasks.database(lambda: None, lambda _none: settled.append(True))
        wait_until(lambda: settled, PATIENCE)


def burst(dialog: QWidget, code: str, end: Qt.Key = Qt.Key.Key_Return) -> None:
    """Send a code through the window as a fast scanner does, a key about every two milliseconds."""
    window = dialog.windowHandle()
    modal = QApplication.activeModalWidget()
    if modal is not None:
        window = modal.windowHandle()
    key: Callable[..., None] = QTest.keyClick
    for character in code:
        key(window, character, Qt.KeyboardModifier.NoModifier, 1)
    key(window, end, Qt.KeyboardModifier.NoModifier, 1)


def main() -> int:
    """Run the program until the window is closed or the process is killed."""
    people: list[Person] = []

    def started(program: Program) -> None:
        say(born=os.getpid())
        people.append(Person(program))

    # Let the last words out and nothing else: a delayed deletion at exit is none of a person's business.
    code = run(Path(sys.argv[1]), training=True, operator="训练甲", started=started)
    QCoreApplication.processEvents()
    return code


if __name__ == "__main__":
    sys.exit(main())
