"""The dialog of an issue: request, offered bags, patient in the largest type, and a last look before blood leaves."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from bloodbank_desktop.forms.choose_request import ChooseRequest
from bloodbank_desktop.forms.issue_confirm import ConfirmIssue
from bloodbank_desktop.forms.issue_scanning import IssueScanning
from bloodbank_desktop.operations.selection import Offer
from bloodbank_desktop.records.bag import bag_key
from tests import samples
from tests.forms.bags import label_scans
from tests.forms.conftest import MakeDialog
from tests.forms.fakes import FakeBack
from tests.forms.test_held_router import stock_row
from tests.samples import bag_values
from tests.waiting import turn_events

NUMBER = samples.values("clinical_issue", 0)["request_no"]


@pytest.fixture
def asked(back: FakeBack) -> FakeBack:
    """A desk with a request for which bags 0 and 1 may be given."""
    values = samples.values("clinical_issue", 0)
    back.requested = {NUMBER: {k: v for k, v in values.items() if k not in ("bags", "collector", "issue_no")}}
    back.offered = [offer(index) for index in (0, 1)]
    back.stock = {bag_key(bag_values(index)): stock_row(index) for index in range(2)}
    return back


def offer(index: int) -> Offer:
    bag = bag_values(index)
    amount = f"{Decimal(bag['amount']).normalize():f}"
    return Offer(bag_key(bag), bag["component"], bag["abo"], bag["rhd"], amount, bag["expires_at"], "1号", ())


def choose(dialog: Any) -> IssueScanning:
    """Choose the request with F4 and Enter."""
    QTest.keyClick(dialog.windowHandle(), Qt.Key.Key_F4)
    asking = dialog.findChild(ChooseRequest)
    assert asking is not None
    QTest.keyClick(asking, Qt.Key.Key_Return)
    turn_events()
    behaviour = dialog.behaviour
    assert isinstance(behaviour, IssueScanning)
    return behaviour


def test_choosing_a_request_fills_patient_and_offers_bags(make: MakeDialog, asked: FakeBack) -> None:
    """F4 and Enter take the patient over, show place and group in the largest type, and list what may be given."""
    dialog = make("clinical_issue")
    behaviour = choose(dialog)
    values = asked.requested[NUMBER]
    assert dialog.form.values()["patient_name"] == values["patient_name"]
    head = behaviour.head
    assert values["ward"] in head.place.text() and values["bed"] in head.place.text()
    sizes = [label.font().pointSizeF() for label in dialog.findChildren(QLabel)]
    assert head.place.font().pointSizeF() == head.group.font().pointSizeF() == max(sizes)
    assert head.offered.rowCount() == 2 and "可发 2 袋" in head.note.text()


def test_only_scanning_takes_a_bag(make: MakeDialog, asked: FakeBack) -> None:
    """An offered bag is not in the record before it is scanned; then its row is ticked."""
    dialog = make("clinical_issue")
    behaviour = choose(dialog)
    assert not dialog.blocks["bags"].model.rows
    assert behaviour.head.offered.focusPolicy() is Qt.FocusPolicy.NoFocus
    donation, _, product, _ = label_scans(1)
    for code in (donation, product):
        dialog.behaviour.scanned(code)
    ticks = [behaviour.head.offered.item(row, 0) for row in range(2)]
    assert [tick.text() for tick in ticks if tick is not None] == ["", "✔"]
    assert len(dialog.blocks["bags"].model.rows) == 1


def test_what_a_person_typed_is_not_overwritten(make: MakeDialog, asked: FakeBack) -> None:
    """Choosing a request fills what is empty; what differs is for the rules to stop, not for the program to correct."""
    dialog = make("clinical_issue")
    dialog.form.editors["patient_name"].show_text("另一人")
    choose(dialog)
    assert dialog.form.values()["patient_name"] == "另一人"


def last_look(dialog: Any, asked: FakeBack) -> ConfirmIssue:
    values = {**asked.requested[NUMBER], "bags": (bag_values(0),), "issuer": "训练甲", "collector": "训练丙"}
    dialog.behaviour.before_saving(values, dialog.passing.passage(), lambda: asked.calls.append("gone"), lambda: None)
    turn_events()
    asking = dialog.findChild(ConfirmIssue)
    assert isinstance(asking, ConfirmIssue)
    return asking


def test_the_last_look_shows_place_and_patient_and_enter_does_nothing(make: MakeDialog, asked: FakeBack) -> None:
    """Nothing leaves before the last look is confirmed, and a scanner's Enter does not confirm it (R13)."""
    asked.check = lambda *given: given[-2]([])  # type: ignore[method-assign]
    dialog = make("clinical_issue")
    asking = last_look(dialog, asked)
    assert asked.requested[NUMBER]["bed"] in asking.place.text()
    sizes = [label.font().pointSizeF() for label in asking.findChildren(QLabel)]
    assert asking.place.font().pointSizeF() == max(sizes)
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
        QTest.keyClick(asking, key)
    assert asking.isVisible() and "gone" not in asked.calls
    QTest.keyClick(asking, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert asked.calls.count("gone") == 1


def test_what_a_rule_stops_needs_no_last_look(make: MakeDialog, asked: FakeBack) -> None:
    """An issue that is stopped goes to the operation, which says why, and nobody is asked to confirm it."""
    dialog = make("clinical_issue")
    values = {**asked.requested[NUMBER], "bags": ()}
    dialog.behaviour.before_saving(values, dialog.passing.passage(), lambda: asked.calls.append("gone"), lambda: None)
    turn_events()
    assert dialog.findChild(ConfirmIssue) is None and asked.calls.count("gone") == 1
