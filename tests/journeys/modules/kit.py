"""What a person does in every module, derived from its declaration: go there, type, find, look, change, delete, wait."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QMenu, QPlainTextEdit, QTableView, QWidget
from shiboken6 import isValid

from bloodbank_desktop.clock import SystemClock
from bloodbank_desktop.forms.burst import Habits
from bloodbank_desktop.forms.editors import Editor
from bloodbank_desktop.forms.field_form import FieldForm
from bloodbank_desktop.forms.record_dialog import RecordDialog
from bloodbank_desktop.forms.row_dialog import RowDialog
from bloodbank_desktop.forms.signature_editor import OperatorEditor, SignatureEditor
from bloodbank_desktop.forms.wedge import Wedge
from bloodbank_desktop.operations import training_persons
from bloodbank_desktop.records import kinds
from bloodbank_desktop.records.bag import bag_key
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.declare import LineType, Values
from bloodbank_desktop.storage.lists import ListQuery
from bloodbank_desktop.storage.store import Store
from bloodbank_desktop.sync.status import Nudge
from bloodbank_desktop.training import labels
from bloodbank_desktop.training.acts import perform
from bloodbank_desktop.training.server import TrainingServer
from bloodbank_desktop.ui.list_tab import ListTab
from tests.faults.checker import server_changes
from tests.faults.proxy import FaultProxy
from tests.journeys.conftest import CTRL, PATIENCE, Workstation
from tests.journeys.test_request import write
from tests.journeys.window import burst
from tests.support import FOLDER
from tests.waiting import turn_events, wait_until

KEY, SHIFT = Qt.Key, Qt.KeyboardModifier.ShiftModifier
#: Gap that separates fingers from a scanner where a test types, and where it scans on a busy machine.
HANDS_MS, SCANNER_MS = 8, 500
#: What the department finds anew in the sample that came with a request, before blood leaves for it.
RETESTED = ("forward_group", "reverse_group", "sample_rhd", "second_abo", "second_rhd", "antibody_screen")
#: Not required by themselves, but instead of something that is.
_ALSO = ("birth_date", "id_type")


def this_minute() -> datetime:
    """Return now as a person writes it."""
    return SystemClock().now().replace(second=0, microsecond=0)


def to_type(of: LineType, values: Values) -> dict[str, Any]:
    """Return what a person has to write: every required field of the sample that the program does not fill by itself."""
    wanted = [f for f in of.plain if not f.hidden and f.serial is None]
    return {
        f.key: values[f.key]
        for f in wanted
        if values.get(f.key) is not None and f.is_shown(values) and (f.is_required(values) or f.key in _ALSO)
    }


def quick_hands(station: Workstation) -> None:
    """Let keys that come one by one be a person's, however fast the test is."""
    settings = {"sounds": False, "scan_gap_ms": HANDS_MS}
    (station.folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")


@contextmanager
def scanner(wedge: Wedge) -> Iterator[None]:
    """Let keys that follow each other within half a second be a scanner's."""
    before, wedge._burst.habits = wedge._burst.habits, Habits(gap_ms=SCANNER_MS)
    try:
        yield
    finally:
        wedge._burst.habits = before
        # The next key comes from a hand that was at the scanner, not within eight milliseconds.
        wedge._burst._ended_at = None


def sit_down(station: Workstation, platform: TrainingServer) -> Person:
    """Start a workstation and return the person in front of it, whose keys that come one by one are a person's."""
    quick_hands(station)
    station.start()
    return Person(station, platform)


@contextmanager
def another(app: QApplication, folder: Path, url: str, platform: TrainingServer) -> Iterator[Person]:
    """Give a person at one more workstation of the hospital, with a data file of its own below `folder`."""
    (folder / FOLDER).mkdir(parents=True)
    station = Workstation(app, folder / FOLDER, url)
    try:
        yield sit_down(station, platform)
    finally:
        station.stop()
    assert not station.bugs


class Person:
    """Somebody who works with the keyboard and the scanner."""

    def __init__(self, station: Workstation, platform: TrainingServer) -> None:
        self.station = station
        self.platform = platform
        self.press = station.press
        wait_until(lambda: station.program.lane is not None, PATIENCE)
        assert station.program.lane is not None
        engine = station.program.lane.engine
        # Nobody waits ten seconds for the second F5.
        engine._pace = replace(engine._pace, manual_gap=0.05)

    @property
    def window(self) -> Any:
        """The window of the program."""
        return self.station.program.window

    # -- lists -----------------------------------------------------------------------------------------------------

    def come(self) -> None:
        """Sit down in front of this window, where there are two."""
        self.window.activateWindow()
        wait_until(self.window.isActiveWindow, PATIENCE)

    def go_to(self, key: str) -> Any:
        """Go to a tab by its number, or by the last number and from there on; return its page."""
        tabs = self.window.tabs
        place = tabs.keys.index(key)
        self.press(KEY(KEY.Key_1 + min(place, 8)), CTRL)
        while tabs.current_key != key:
            self.press(KEY.Key_PageDown, CTRL)
        self.station.settle()
        page = tabs.page(key)
        page.view.setFocus()
        return page

    def arrives(self, kind: str, count: int = 1) -> None:
        """Go to a list, ask for news, and stand on the first of so many records."""
        page = self.go_to(kind)
        self.press(KEY.Key_F5)
        wait_until(lambda: page.count.text() == f"共 {count} 条", PATIENCE)
        self.press(KEY.Key_Home, CTRL)
        wait_until(lambda: page.view.currentIndex().isValid() and page.view.current_row() is not None, PATIENCE)

    def find(self, kind: str, text: str) -> ListTab:
        """Search, and stand on the one row that is found."""
        page = self.station.page(kind)
        self.press(KEY.Key_F, CTRL)
        write(text, self.window)
        wait_until(lambda: page.count.text() == "符合条件 1 条", PATIENCE)
        self.press(KEY.Key_Return)
        wait_until(lambda: page.view.hasFocus() and page.view.currentIndex().isValid(), PATIENCE)
        self.station.settle()
        return page

    def row(self, kind: str) -> tuple[str, ...]:
        """Return the words of the row on which the person stands."""
        row = self.station.page(kind).view.current_row()
        return () if row is None else row.texts

    def follow(self, kind: str, key: str = "") -> RecordDialog:
        """Begin the next record from the row with Ctrl+R, where there are several by their menu."""
        self.station.page(kind).view.setFocus()
        self.press(KEY.Key_R, CTRL)
        if key:
            wait_until(lambda: QApplication.activePopupWidget() is not None, PATIENCE)
            menu = QApplication.activePopupWidget()
            assert isinstance(menu, QMenu)
            names = [one.objectName() for one in menu.actions()]
            menu.setActiveAction(menu.actions()[names.index(f"action.follow.{key}")])
            self.press(KEY.Key_Return)
        return self._calm_dialog()

    # -- dialogs ---------------------------------------------------------------------------------------------------

    def begin(self) -> RecordDialog:
        """Ctrl+N, and wait until the dialog has what it shows at once."""
        self.press(KEY.Key_N, CTRL)
        return self._calm_dialog()

    def amend(self) -> RecordDialog:
        """F2 on the row."""
        self.press(KEY.Key_F2)
        return self._calm_dialog()

    def _calm_dialog(self) -> RecordDialog:
        dialog = self.station.dialog()
        self.station.settle()
        return dialog

    def facts(self, kind: str) -> str:
        """Look at the row's record with Enter, close it again, and return what was told of it under its fields."""
        self.station.page(kind).view.setFocus()
        self.press(KEY.Key_Return)
        dialog = self.station.dialog()
        box = dialog.findChild(QWidget, "facts")
        assert box is not None
        told = "\n".join(label.text() for label in box.findChildren(QLabel))
        self.press(KEY.Key_Escape)
        self.station.closed()
        self.station.page(kind).view.setFocus()
        return told

    def _tick(self, owner: Editor, wanted: Iterable[str]) -> None:
        """Go through a row of boxes with the arrow keys and tick those of these keys."""
        for _ in owner.focus_widgets():
            box = QApplication.focusWidget()
            entry = box.objectName().rpartition(".")[2] if box is not None else ""
            if entry in wanted and entry not in (owner.value() or ()):
                self.press(KEY.Key_Space)
            self.press(KEY.Key_Right)
        assert set(wanted) <= set(owner.value() or ())

    def fill(self, dialog: RecordDialog, values: Mapping[str, Any], form: FieldForm | None = None) -> None:
        """Go through a form with Tab and write, choose or tick what is to stand there."""
        form = form or dialog.form
        left = dict(values)
        for _ in range(6 * len(form.editors) + 40):
            owner = form.owner_of(QApplication.focusWidget())
            if owner is not None and owner.field.key in left:
                value = left[owner.field.key]
                if isinstance(owner, OperatorEditor):
                    # It says who is signed in, whatever a sample says.
                    del left[owner.field.key]
                elif isinstance(owner, SignatureEditor):
                    del left[owner.field.key]
                    self.sign(dialog, owner, str(value))
                elif isinstance(owner.kind, kinds.Choices):
                    self._tick(owner, value)
                    del left[owner.field.key]
                else:
                    del left[owner.field.key]
                    text = owner.kind.format(value)
                    if owner.text() != text:
                        self._close_suggestions()
                        self.press(KEY.Key_A, CTRL)
                        write(text, dialog)
            if not left:
                return
            self.press(KEY.Key_Tab)
            wait_until(lambda: QApplication.activePopupWidget() is None, PATIENCE)
            turn_events()
        raise AssertionError(f"Tab never came to {sorted(left)}")

    def sign(self, dialog: RecordDialog, editor: SignatureEditor, name: str) -> None:
        """Let a colleague sign: Space on its button, login and password, Enter."""
        login = next(key for key, (word, _) in training_persons.known().items() if word == name)
        self.press(KEY.Key_Space)
        wait_until(lambda: self.asked() == "dialog.countersign", PATIENCE)
        for place, text in enumerate((login, training_persons.password())):
            if place:
                self.press(KEY.Key_Tab)
            write(text)
        self.press(KEY.Key_Return)
        wait_until(lambda: editor.text() == name, PATIENCE)
        dialog.activateWindow()
        wait_until(dialog.isActiveWindow, PATIENCE)

    def _close_suggestions(self) -> None:
        """Esc for a list of suggestions that a busy machine still shows: it would take what is typed next."""
        turn_events()
        popup = QApplication.activePopupWidget()
        if popup is not None:
            QTest.keyClick(popup, KEY.Key_Escape)
            wait_until(lambda: QApplication.activePopupWidget() is None, PATIENCE)

    def to_table(self, key: str) -> None:
        """Go with Tab to the table of a lines field."""
        for _ in range(150):
            focused = QApplication.focusWidget()
            if isinstance(focused, QTableView) and focused.objectName() == key:
                return
            self.press(KEY.Key_Tab)
        raise AssertionError(f"Tab never came to the table {key}")

    def add_lines(self, dialog: RecordDialog, key: str, lines: Iterable[Values]) -> None:
        """Add lines with Ins."""
        for line in lines:
            self.to_table(key)
            self.press(KEY.Key_Insert)
            self._line(dialog, to_type(dialog.blocks[key].of, line))

    def change_line(self, dialog: RecordDialog, key: str, index: int, values: Values) -> None:
        """Open a line of a table with Enter and write into it."""
        self.to_table(key)
        dialog.blocks[key].select(index)
        self.press(KEY.Key_Return)
        self._line(dialog, values)

    def _line(self, dialog: RecordDialog, values: Values) -> None:
        wait_until(lambda: isinstance(QApplication.activeModalWidget(), RowDialog), 10)
        window = QApplication.activeModalWidget()
        assert isinstance(window, RowDialog)
        wait_until(window.isActiveWindow, PATIENCE)
        self.fill(dialog, values, window.form)
        self.press(KEY.Key_S, CTRL)
        wait_until(lambda: not isValid(window) or not window.isVisible() or window.list.problems, PATIENCE)
        assert not isValid(window) or not window.list.problems, window.list.problems
        dialog.activateWindow()
        wait_until(dialog.isActiveWindow, PATIENCE)

    def scan(self, dialog: RecordDialog, *codes: str) -> str:
        """Scan codes into a dialog; return the last verdict."""
        with scanner(dialog.wedge):
            return self.station.scan(dialog, *codes)

    def label(self, bag: Values) -> list[str]:
        """Return the four codes on the label of a bag that the other side sent."""
        return labels.scans(bag, "00")

    def ticked(self, dialog: RecordDialog) -> str:
        """Return what the strip says of the delivery note."""
        label = dialog.findChild(QLabel, "scan.note")
        assert isinstance(label, QLabel)
        return label.text()

    def no_dialog(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> bool:
        """Press a key in the list; return whether, when all is done, nothing has opened."""
        self.press(key, modifier)
        self.station.settle()
        turn_events()
        return not self.window.deeds.dialogs and QApplication.activeModalWidget() is None

    def scan_window(self, *codes: str) -> None:
        """Scan codes while no dialog is open."""
        with scanner(self.window.wedge):
            for code in codes:
                burst(self.window, code)

    def save(self, dialog: RecordDialog) -> None:
        """Ctrl+S, and wait until the dialog is gone. Fails with what was refused."""
        if refused := self.refused(dialog):
            raise AssertionError(f"refused: {refused}")

    def refused(self, dialog: RecordDialog) -> list[str]:
        """Ctrl+S; return why it was refused, [] when it was saved."""

        def done() -> object:
            return dialog not in self.window.deeds.dialogs or dialog.parts.problems.problems

        self.station.settle()
        self.press(KEY.Key_S, CTRL)
        wait_until(lambda: done() or self.asked() == "dialog.confirm_issue", PATIENCE)
        if self.asked() == "dialog.confirm_issue":
            # Both look at patient and bags once more before the blood leaves.
            self.press(KEY.Key_S, CTRL)
            wait_until(done, PATIENCE)
        if dialog in self.window.deeds.dialogs:
            return [problem.message for problem in dialog.parts.problems.problems]
        self.station.closed()
        return []

    def answer_for(self, dialog: RecordDialog, comment: str) -> None:
        """Ctrl+S, and F10 for the one finding that only a person with the role lets pass: reason, own words, Ctrl+S."""
        self.refused(dialog)
        wait_until(dialog.parts.override.isVisible, PATIENCE)
        self.press(KEY.Key_F10)
        wait_until(lambda: self.asked() == "dialog.override", PATIENCE)
        # The last reason of the table.
        self.press(KEY.Key_End)
        self.press(KEY.Key_Tab)
        words = QApplication.focusWidget()
        assert isinstance(words, QPlainTextEdit)
        write(comment)
        wait_until(lambda: words.toPlainText() == comment, PATIENCE)
        self.press(KEY.Key_S, CTRL)
        wait_until(lambda: dialog not in self.window.deeds.dialogs, PATIENCE)
        self.station.closed()

    def leave(self, dialog: RecordDialog) -> None:
        """Esc, throwing away what was not saved."""
        self.press(KEY.Key_Escape)
        wait_until(lambda: QApplication.activeModalWidget() is not dialog, PATIENCE)
        box = QApplication.activeModalWidget()
        if box is not None:
            drop = next(one for one in box.buttons() if one.text() == "放弃")  # type: ignore[attr-defined]
            drop.setFocus()
            self.press(KEY.Key_Space)
        self.station.closed()

    def answer(self, name: str, *texts: str) -> None:
        """Write into the lines of a small question, one after the other, and say yes with Enter."""
        wait_until(lambda: self.asked() == f"dialog.{name}", PATIENCE)
        for place, text in enumerate(texts):
            if place:
                self.press(KEY.Key_Tab)
            write(text, self.window)
        self.station.settle()
        self.press(KEY.Key_Return)
        self.station.closed()

    def asked(self) -> str:
        """Return the name of the question or dialog that is open, "" for none."""
        top = QApplication.activeModalWidget()
        return top.objectName() if top is not None else ""

    def delete(self, kind: str, reason: str) -> None:
        """Del on the row, with a reason, by somebody who may."""
        if not self.station.desk.person.may(f"delete:{kind}"):  # type: ignore[union-attr]
            self.station.sit_down("yi")
        self.station.page(kind).view.setFocus()
        self.press(KEY.Key_Delete)
        wait_until(lambda: self.asked() == "dialog.delete", PATIENCE)
        assert isinstance(QApplication.focusWidget(), QLineEdit)
        write(reason, self.window)
        self.press(KEY.Key_Return)
        self.station.closed()

    # -- the other side --------------------------------------------------------------------------------------------

    def sent(self) -> None:
        """Wait until everything has gone to the platform, and the window says so."""
        self.station.program.lane.engine.nudge(Nudge.SAVED)  # type: ignore[union-attr]
        wait_until(lambda: not self.station.desk.queue.summary().waiting, PATIENCE)
        wait_until(lambda: self.station.status.waiting.text() == "✓ 全部已报送", PATIENCE)

    def acknowledged(self, kind: str, record_id: str) -> None:
        """Wait until everything has gone, and until the platform's receipt has come with the feed."""
        self.sent()
        self.press(KEY.Key_F5)
        wait_until(lambda: self.station.desk.view(kind, record_id).answer, PATIENCE)
        self.station.settle()

    def act(self, what: str, **options: Any) -> dict[str, Any]:
        """Let the other side do something, and ask for news with F5."""
        done = perform(self.platform.platform, what, options)
        self.press(KEY.Key_F5)
        return done

    def changes(self, record_id: str) -> list[dict[str, Any]]:
        """Return what the platform holds of a record, version by version."""
        return [one for one in server_changes(self.platform.platform) if one["id"] == record_id]

    def heard(self, kind: str, word: str) -> None:
        """Wait until the row on which the person stands shows a word."""
        try:
            wait_until(lambda: word in self.row(kind), PATIENCE)
        except AssertionError:
            raise AssertionError(f"{word} is not in {self.row(kind)}") from None

    # -- what is on the disk ---------------------------------------------------------------------------------------

    @property
    def store(self) -> Store:
        """The data file."""
        assert self.station.program.profile is not None
        return self.station.program.profile.store

    def records(self, kind: str) -> list[Any]:
        """Return the records of a module as the desk shows them, newest first."""
        desk = self.station.desk
        return [desk.view(kind, row.record_id) for row in desk.page(desk.open_list(ListQuery(kind)), 0)]

    def newest(self, kind: str) -> Any:
        """Return the newest record of a module."""
        return self.records(kind)[0]

    def put(self, kind: str, values: Values) -> str:
        """Have a record there that is not what the journey is about."""
        return self.station.put(kind, values)

    def bag_state(self, bag: Values) -> str:
        """Return the state of a bag in the stock."""
        row = self.station.desk.bag_in_stock(bag_key(bag))
        return "" if row is None else row.state


def activated_in_two_windows(one: Person, other: Person, network: FaultProxy) -> None:
    """Let both activate the plan on which they stand while the network is down, and the platform decide when it is up."""
    people = (one, other)
    plan = one.newest("donor_plan").record_id
    network.down()
    for person in people:
        person.come()
        person.station.page("donor_plan").view.setFocus()
        person.press(KEY.Key_Return, CTRL)
        person.answer("activate", "")
        wait_until(lambda person=person: person.newest("donor_plan").values.get("activated_at"), PATIENCE)  # type: ignore[misc]
    network.up()

    def word(person: Person) -> str:
        return person.row("donor_plan")[-1]

    for person in people:
        person.come()
        person.press(KEY.Key_F5)
        wait_until(lambda person=person: word(person) not in ("○ 待报送", "× 平台退回"), PATIENCE)  # type: ignore[misc]
    # Whoever came second sees that it is activated, and that it was not this workstation.
    for person in people:
        person.come()
        person.press(KEY.Key_F5)
        person.heard("donor_plan", "已激活")
    wait_until(lambda: sorted(map(word, people)) == ["✓ 已报送", "－ 已撤回"], PATIENCE)
    assert len([found for found in one.changes(plan) if found["body"].get("activatedAt")]) == 1
    first, second = (person.newest("donor_plan").values["activated_at"] for person in people)
    assert first == second


def same(kind: str, stored: Values, typed: Values) -> None:
    """Assert that what was typed is what is kept."""
    declared = record_type(kind)
    for key, value in to_type(declared, typed).items():
        assert stored[key] == value, key
