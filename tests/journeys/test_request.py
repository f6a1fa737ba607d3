"""The life of a transfusion request, without a mouse: registered, found, looked at, changed, deleted, and answered."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QTableView, QWidget
from shiboken6 import isValid

from bloodbank_desktop.clock import SystemClock
from bloodbank_desktop.forms.field_form import FieldForm
from bloodbank_desktop.forms.record_dialog import RecordDialog
from bloodbank_desktop.forms.row_dialog import RowDialog
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.storage.verify import problems
from bloodbank_desktop.training.server import TrainingServer
from bloodbank_desktop.ui.questions import WordsQuestion
from tests.faults.checker import server_changes
from tests.faults.proxy import FaultProxy
from tests.journeys.conftest import CTRL, PATIENCE, Workstation
from tests.samples import request_values
from tests.waiting import turn_events, wait_until

KIND = "transfusion_request"
KEY = Qt.Key


@pytest.fixture
def hands(station: Workstation) -> Workstation:
    """A workstation where keys that come one by one are a person's, however fast the test is."""
    settings = station.folder / "settings.json"
    settings.write_text(json.dumps({"sounds": False, "scan_gap_ms": 15}), encoding="utf-8")
    return station


def write(text: str, dialog: RecordDialog | None = None) -> None:
    """Write into what has the focus: Latin by single keys, Chinese by an input method, a whole phrase at a time."""
    piece = ""
    for character in [*text, None]:
        latin = character is not None and (character.isascii() or unicodedata.category(character) == "Zs")
        if piece and (latin or character is None):
            _compose(piece, dialog)
            piece = ""
        if character is None:
            return
        if latin:
            top = QApplication.activeModalWidget() or QApplication.activeWindow()
            assert top is not None
            QTest.keyClick(top.windowHandle(), character)
            _calm(dialog)
        else:
            piece += character


def _compose(text: str, dialog: RecordDialog | None) -> None:
    target = QApplication.focusWidget()
    assert target is not None
    for event in (QInputMethodEvent("pin yin", []), QInputMethodEvent("", [])):
        if not event.preeditString():
            event.setCommitString(text)
        QApplication.sendEvent(target, event)
        _calm(dialog)


def _calm(dialog: RecordDialog | None) -> None:
    """Wait until the filter for scans has let go of what it held."""
    if dialog is not None:
        wait_until(lambda: not dialog.wedge._burst.open, PATIENCE)
    turn_events()


def fill(station: Workstation, dialog: RecordDialog, form: FieldForm, values: Mapping[str, Any]) -> None:
    """Go through a form with Tab and write what is to stand there, replacing what stands there."""
    left = {key: form.of.fields[key].kind.format(values[key]) for key in values if key in form.editors}
    # Twice round: a field of many boxes has a stop for each.
    for _ in range(8 * len(form.editors)):
        owner = form.owner_of(QApplication.focusWidget())
        if owner is not None and owner.field.key in left:
            text = left.pop(owner.field.key)
            if owner.text() != text:
                station.press(KEY.Key_A, CTRL)
                write(text, dialog)
                wait_until(lambda owner=owner: owner.text(), PATIENCE)  # type: ignore[misc]
        if not left:
            break
        station.press(KEY.Key_Tab)
        # The list of a choice closes when its box loses the focus.
        wait_until(lambda: QApplication.activePopupWidget() is None, PATIENCE)
        turn_events()
    assert not left, f"Tab never came to {sorted(left)}"


def add_lines(station: Workstation, dialog: RecordDialog, key: str, lines: tuple[Mapping[str, Any], ...]) -> None:
    """Go to the table of a lines field with Tab and add lines with Ins."""
    for line in lines:
        for _ in range(100):
            focused = QApplication.focusWidget()
            if isinstance(focused, QTableView) and focused.objectName() == key:
                break
            station.press(KEY.Key_Tab)
        station.press(KEY.Key_Insert)
        wait_until(lambda: isinstance(QApplication.activeModalWidget(), RowDialog), PATIENCE)
        window = QApplication.activeModalWidget()
        assert isinstance(window, RowDialog)
        wait_until(window.isActiveWindow, PATIENCE)
        fill(station, dialog, window.form, line)
        station.press(KEY.Key_S, CTRL)
        wait_until(partial(_decided, window), PATIENCE)
        assert not isValid(window) or not window.list.problems, window.list.problems
        dialog.activateWindow()
        wait_until(dialog.isActiveWindow, PATIENCE)


def _decided(window: RowDialog) -> bool:
    """Whether the row was taken, its dialog being closed and perhaps gone, or refused."""
    return not isValid(window) or not window.isVisible() or bool(window.list.problems)


def _facts(dialog: RecordDialog) -> str:
    box = dialog.findChild(QWidget, "facts")
    assert box is not None
    return "\n".join(label.text() for label in box.findChildren(QLabel))


def test_a_request_from_the_first_key_to_the_answer(
    hands: Workstation, network: FaultProxy, platform: TrainingServer
) -> None:
    """Registered offline by keys alone, found by two characters, answered, changed, deleted with a reason, all sent once."""
    station = hands
    network.down()
    station.start()
    values = request_values(5, now=SystemClock().now().replace(second=0, microsecond=0))
    values |= {"request_no": None, "indication": "血红蛋白低于七十，活动后胸闷气促", "remark": "请尽快"}
    name = values["patient_name"]
    station.press(KEY(KEY.Key_1 + station.program.window.tabs.keys.index(KIND)), CTRL)
    station.settle()

    # Register.
    station.press(KEY.Key_N, CTRL)
    dialog = station.dialog()
    station.settle()
    plain = {key: value for key, value in values.items() if value is not None and not isinstance(value, tuple)}
    fill(station, dialog, dialog.form, plain)
    for key in ("components", "approvals"):
        add_lines(station, dialog, key, values[key])
    station.press(KEY.Key_S, CTRL)
    wait_until(lambda: not station.program.window.deeds.dialogs or dialog.parts.problems.problems, PATIENCE)
    assert not station.program.window.deeds.dialogs, dialog.parts.problems.problems
    station.closed()
    (first,) = station.desk.page(station.desk.open_list(_query()), 0)
    stored = station.desk.view(KIND, first.record_id).values
    declared = record_type(KIND)
    for key, value in values.items():
        if value is not None and not isinstance(value, tuple):
            assert stored[key] == value, key
    for field, of in declared.groups:
        wanted = [{k: line.get(k) for k in of.fields} for line in values[field.key]]
        assert [{k: line.get(k) for k in of.fields} for line in stored[field.key]] == wanted
    station.desk.register(KIND, request_values(25, now=SystemClock().now()))

    # The network returns, and with it the answer.
    network.up()
    wait_until(lambda: station.status.waiting.text() == "✓ 全部已报送", PATIENCE)

    # Find by two characters.
    page = station.page(KIND)
    station.press(KEY.Key_F, CTRL)
    write(name[-2:])
    wait_until(lambda: page.count.text() == "符合条件 1 条", PATIENCE)
    station.press(KEY.Key_Return)
    wait_until(page.view.hasFocus, PATIENCE)
    station.settle()

    # Look at it.
    wait_until(lambda: page.view.currentIndex().isValid(), PATIENCE)
    station.press(KEY.Key_Return)
    dialog = station.dialog()
    assert dialog.form.editors["patient_name"].text() == name
    assert "平台回执号" in _facts(dialog) and "已报送" in _facts(dialog)
    station.press(KEY.Key_Escape)
    station.closed()

    # Change it.
    page.view.setFocus()
    station.press(KEY.Key_F2)
    dialog = station.dialog()
    fill(station, dialog, dialog.form, {"bed": "99"})
    station.press(KEY.Key_S, CTRL)
    station.closed()
    assert station.desk.view(KIND, first.record_id).values["bed"] == "99"
    wait_until(lambda: station.status.waiting.text() == "✓ 全部已报送", PATIENCE)

    # Delete it: not by everybody, and not without a reason.
    page.view.setFocus()
    station.press(KEY.Key_Delete)
    wait_until(lambda: "须由审核或主任进行" in station.program.window.messages.text, PATIENCE)
    station.sit_down("yi")
    page.view.setFocus()
    station.press(KEY.Key_Delete)
    wait_until(lambda: isinstance(QApplication.activeModalWidget(), WordsQuestion), PATIENCE)
    station.press(KEY.Key_Return)
    assert isinstance(QApplication.activeModalWidget(), WordsQuestion)
    write("重复登记")
    station.press(KEY.Key_Return)
    station.closed()
    wait_until(lambda: page.count.text() == "符合条件 0 条", PATIENCE)
    station.press(KEY.Key_Escape)
    wait_until(lambda: page.count.text() == "共 1 条", PATIENCE)
    wait_until(lambda: station.status.waiting.text() == "✓ 全部已报送", PATIENCE)

    mine = [one for one in server_changes(platform.platform) if one["id"] == first.record_id]
    assert [(one["version"], one["deleted"]) for one in mine] == [(1, False), (2, False), (3, True)]
    assert (mine[0]["body"]["bed"], mine[1]["body"]["bed"]) == (values["bed"], "99")
    assert mine[0]["body"]["patientName"] == name
    history = station.desk.view(KIND, first.record_id).history
    assert [one.reason for one in history][-1] == "重复登记"
    assert problems(station.program.profile.store) == []  # type: ignore[union-attr]


def _query() -> Any:
    from bloodbank_desktop.storage.lists import ListQuery

    return ListQuery(KIND)
