"""The real program in this process: real file, real queue, real HTTP to a real platform behind a network that can be cut."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit

from bloodbank_desktop.app import Program
from bloodbank_desktop.clock import Clock, SystemClock
from bloodbank_desktop.forms.record_dialog import RecordDialog
from bloodbank_desktop.operations import training_persons
from bloodbank_desktop.operations.desk import Desk
from bloodbank_desktop.paths import profile_dir
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.training.server import TrainingServer
from bloodbank_desktop.ui.list_tab import ListTab
from bloodbank_desktop.ui.status_area import StatusArea
from tests.faults.proxy import FaultProxy
from tests.journeys.window import burst
from tests.support import FOLDER, StandIn
from tests.waiting import turn_events, wait_until

CTRL = Qt.KeyboardModifier.ControlModifier
#: Seconds; generous, for on a busy machine a journey is slow and still right.
PATIENCE = 60.0


class Workstation:
    """One program after the other over one folder, and what a person does and sees there."""

    def __init__(self, app: QApplication, data: Path, url: str) -> None:
        self._app = app
        self.folder = profile_dir(data, training=True)
        # Keys from a test come late when the machine is busy; a scanner has a clock of its own.
        settings = {"sounds": False, "scan_gap_ms": 500}
        (self.folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
        self._url = url
        #: What the program asks for the time; a journey that must not wait puts its own here before the start.
        self.clock: Clock = SystemClock()
        self._program: Program | None = None
        self.bugs: list[object] = []

    def start(self, *, url: str | None = None, attached: bool = True) -> Program:
        """Start the program, its network going to `url`; wait until the file is open and its lists are read."""
        address = self._url if url is None else url
        program = Program(
            self._app, self.folder, training=True, operator="训练甲", platform_url=address, clock=self.clock
        )
        self._program = program
        program.tasks.bug.connect(self.bugs.append)
        program.window.bug.connect(self.bugs.append)
        if attached:
            wait_until(lambda: program.profile is not None, PATIENCE)
            self.settle()
            program.window.activateWindow()
            wait_until(program.window.isActiveWindow, PATIENCE)
        return program

    @property
    def program(self) -> Program:
        """The program that runs now."""
        assert self._program is not None
        return self._program

    @property
    def desk(self) -> Desk:
        """The desk behind the window, for looking at what is on the disk."""
        assert self.program.profile is not None
        return self.program.profile.desk

    @property
    def status(self) -> StatusArea:
        """The lower edge of the window."""
        return self.program.window.status

    def page(self, kind: str) -> ListTab:
        """The list of a module, once it was shown."""
        page = self.program.window.tabs.page(kind)
        assert isinstance(page, ListTab)
        return page

    def settle(self) -> None:
        """Wait until everything asked of the disk so far is answered."""
        settled: list[bool] = []
        self.program.tasks.database(lambda: None, lambda _none: settled.append(True))
        wait_until(lambda: settled, PATIENCE)

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key in the window that has the focus."""
        top = self._app.activeModalWidget() or self.program.window
        wait_until(top.isActiveWindow, PATIENCE)
        handle = top.windowHandle()
        assert handle is not None, "a key for a window that is gone"
        QTest.keyClick(handle, key, modifier)
        turn_events()

    def dialog(self) -> RecordDialog:
        """Wait for the dialog of a record and return it."""

        def found() -> list[RecordDialog]:
            return [one for one in self.program.window.deeds.dialogs if isinstance(one, RecordDialog)]

        wait_until(lambda: found() and found()[-1].isActiveWindow(), PATIENCE)
        return found()[-1]

    def closed(self) -> None:
        """Wait until no dialog is open, and the window has the keyboard again."""
        wait_until(lambda: not self.program.window.deeds.dialogs, PATIENCE)
        self.settle()
        # A desktop gives the focus back by itself, a screen without a window manager does not.
        self.program.window.activateWindow()
        wait_until(self.program.window.isActiveWindow, PATIENCE)

    def put(self, kind: str, values: Values) -> str:
        """Have a record there that is not what the journey is about; return its id."""
        desk = self.desk
        # Whoever it names stands beside for this one record; in the dialogs everybody signs for himself.
        desk.__class__ = StandIn
        try:
            return str(desk.register(kind, values).record_id)
        finally:
            desk.__class__ = Desk

    def sit_down(self, login: str) -> None:
        """Let another training person sign in: Ctrl+U, login, Tab, password, Enter."""
        window = self.program.window
        self.press(Qt.Key.Key_U, CTRL)
        wait_until(lambda: window.deeds.dialogs and window.deeds.dialogs[-1].isActiveWindow(), PATIENCE)
        dialog = window.deeds.dialogs[-1]
        assert dialog.objectName() == "dialog.sign_in"
        # Whoever signed in last is offered, and the password is asked for.
        line = dialog.findChild(QLineEdit, "login")
        assert isinstance(line, QLineEdit)
        line.setFocus()
        line.selectAll()
        for text in (login, training_persons.password()):
            for character in text:
                QTest.keyClick(dialog.windowHandle(), character)  # type: ignore[call-overload]
            self.press(Qt.Key.Key_Tab)
        self.press(Qt.Key.Key_Return)
        self.closed()
        name = training_persons.known()[login][0]
        assert (self.desk.operator, self.status.operator.text()) == (name, f"操作员：{name}")

    def scan(self, dialog: RecordDialog, *codes: str) -> str:
        """Scan codes one after the other; return the last verdict."""
        verdict = dialog.findChild(QLabel, "scan.verdict")
        assert isinstance(verdict, QLabel)
        for code in codes:
            dialog.sounds.requested.clear()
            burst(dialog, code)
            wait_until(lambda: dialog.sounds.requested, PATIENCE)
        return verdict.text()

    def stop(self) -> None:
        """Close the program as a person does."""
        program, self._program = self._program, None
        if program is not None:
            for dialog in program.window.deeds.dialogs:
                dialog.done(0)
            program.window.close()
            program.close()
            program.deleteLater()
            turn_events()


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[TrainingServer]:
    """The platform behind the network."""
    with TrainingServer(tmp_path / "platform.db") as running:
        yield running


@pytest.fixture
def network(platform: TrainingServer) -> Iterator[FaultProxy]:
    """The network, up; `down()` and `up()` cut and mend it."""
    with FaultProxy(platform.port) as proxy:
        yield proxy


@pytest.fixture
def station(qapp: QApplication, network: FaultProxy, tmp_path: Path) -> Iterator[Workstation]:
    """A workstation on that network, not yet started."""
    made = Workstation(qapp, tmp_path / FOLDER, network.url)
    yield made
    made.stop()
    assert not made.bugs, f"a bug nobody took: {made.bugs[0]!r}"
