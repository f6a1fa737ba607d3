"""A bag that expires on the desk, an override by somebody who may not, and one person who would be two."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from PySide6.QtWidgets import QApplication

from bloodbank_desktop.clock import SystemClock, china_text
from bloodbank_desktop.forms.credentials import CredentialsDialog
from bloodbank_desktop.forms.override_dialog import OverrideDialog
from bloodbank_desktop.forms.record_dialog import RecordDialog
from bloodbank_desktop.forms.roles import Tone
from bloodbank_desktop.forms.signature_editor import SignatureEditor
from bloodbank_desktop.operations.training_persons import password
from bloodbank_desktop.records.problems import Refused
from bloodbank_desktop.rules.overriding import Passage
from bloodbank_desktop.rules.persons import Signature
from bloodbank_desktop.training.server import TrainingServer
from tests.journeys.conftest import CTRL, PATIENCE, Workstation
from tests.journeys.modules.kit import KEY, sit_down
from tests.journeys.safety.kit import ISSUE, IssueDesk, name
from tests.journeys.test_request import write
from tests.waiting import wait_until

A_PATIENT, D_NEGATIVE = 6, 5
WHY = "患者大出血，本院无阴性血，医务处同意"


class LateClock(SystemClock):
    """The clock of the machine, put forward by as much as a test wants."""

    def __init__(self) -> None:
        self.late = timedelta()

    def now(self) -> datetime:
        return super().now() + self.late


def test_a_bag_that_expires_while_the_dialog_is_open(station: Workstation, platform: TrainingServer) -> None:
    """In date when it is scanned and at the last look, expired before the last key: it does not leave."""
    clock = LateClock()
    station.clock = clock
    desk = IssueDesk(sit_down(station, platform))
    soon = desk.now + timedelta(minutes=6)
    old, fresh = desk.bag(1, "A", expires_at=soon), desk.bag(2, "A")
    desk.stocked(old, fresh)
    wanted = desk.asked_for(A_PATIENT, fresh, planned_at=desk.now + timedelta(minutes=2))
    dialog = desk.begin(wanted)
    assert desk.offered(dialog) == {name(old), name(fresh)}
    desk.take(dialog, old)
    desk.fill(dialog, wanted)
    assert desk.attempt(dialog) == []
    desk.last_look(dialog, wanted)
    # The signature of whoever fetches the blood still holds; only the bag is over.
    clock.late = timedelta(minutes=7)
    dialog.sounds.requested.clear()
    desk.person.press(KEY.Key_S, CTRL)
    wait_until(lambda: Tone.REFUSED in dialog.sounds.requested, PATIENCE)
    (said,) = [one.message for one in dialog.parts.problems.problems]
    assert said == f"第 1 袋：{name(old)} 已于 {china_text(soon)} 过期，不得发出，请改走报废"
    desk.nothing_left(old, fresh)
    # Once more there is not even a last look.
    assert desk.attempt(dialog) == [said]
    assert not dialog.parts.override.isVisible()
    desk.put_back(dialog)
    desk.take(dialog, fresh)
    assert desk.attempt(dialog) == []
    desk.hand_over(dialog, wanted, fresh)


def _answer(desk: IssueDesk, dialog: RecordDialog, asking: OverrideDialog, second: str = "") -> None:
    """Choose a reason, write why, let a second person sign if there is one, and Ctrl+S."""
    person = desk.person
    assert asking.findChild(type(asking._rows[0].reason), "reason.1") is QApplication.focusWidget()
    person.press(KEY.Key_Down)
    person.press(KEY.Key_Tab)
    write(WHY, dialog)
    if second:
        person.press(KEY.Key_F9)
        wait_until(lambda: person.asked() == "dialog.countersign", PATIENCE)
        write(second, dialog)
        person.press(KEY.Key_Tab)
        write(password(), dialog)
        person.press(KEY.Key_Return)
        wait_until(lambda: person.asked() == "dialog.override", PATIENCE)
        asking.activateWindow()
        wait_until(asking.isActiveWindow, PATIENCE)
    person.press(KEY.Key_S, CTRL)


def test_an_override_needs_the_role_and_carries_nothing_over(desk: IssueDesk) -> None:
    """A technician learns who may; the director with a second signature may; it waits unsigned and serves one record."""
    person = desk.person
    first, other, negative = desk.bag(1, "O"), desk.bag(2, "O"), desk.bag(3, "O", "negative")
    desk.stocked(first, other)
    wanted = desk.asked_for(D_NEGATIVE, negative)
    dialog = desk.begin(wanted)
    assert desk.offered(dialog) == set(), "what needs an override is not offered"
    desk.take(dialog, first)
    desk.fill(dialog, wanted)
    (said,) = [one for one in desk.attempt(dialog) if "须科主任批准" in one]
    asking = desk.override(dialog)
    shown = " ".join(label.text() for label in asking.findChildren(type(asking.problem)))
    assert "可授权：主任，并须第二人签名" in shown and said in shown
    _answer(desk, dialog, asking, "yi")
    wait_until(lambda: person.asked() == "dialog.confirm_issue", PATIENCE)
    desk.last_look(dialog, wanted)
    dialog.sounds.requested.clear()
    person.press(KEY.Key_S, CTRL)
    wait_until(lambda: person.asked() == dialog.objectName() and Tone.REFUSED in dialog.sounds.requested, PATIENCE)
    refused = [one.message for one in dialog.parts.problems.problems]
    assert any("您的角色不能授权，请由主任授权" in one for one in refused), refused
    desk.nothing_left(first, other)
    assert desk.exceptions() == []
    desk.back_to(dialog)
    # The shift changes over the kept draft: nothing of the attempt stands in it.
    person.press(KEY.Key_Escape)
    wait_until(lambda: person.asked() == "leave", PATIENCE)
    person.press(KEY.Key_Return)
    person.station.closed()
    person.station.sit_down("bing")
    person.go_to(ISSUE)
    person.press(KEY.Key_O, CTRL)
    dialog = person.station.dialog()
    person.station.settle()
    desk.fill(dialog, wanted, "collector")
    assert said in desk.attempt(dialog)
    asking = desk.override(dialog)
    assert [row.comment.toPlainText() for row in asking._rows] == [""]
    _answer(desk, dialog, asking, "yi")
    wait_until(lambda: person.asked() == "dialog.confirm_issue" or dialog.parts.problems.problems, PATIENCE)
    if person.asked() != "dialog.confirm_issue":
        raise AssertionError([one.message for one in dialog.parts.problems.problems])
    desk.hand_over(dialog, wanted, first)
    (exception,) = desk.exceptions()
    assert (exception.rule, exception.outcome, exception.actor) == ("issue-rhd", "overridden", "训练丙（bing）")
    assert exception.comment == WHY and exception.second == "训练乙（yi）" and exception.bag == name(first)
    # The next one begins from nothing, on the screen and below it.
    dialog = desk.begin(wanted)
    desk.take(dialog, other)
    desk.fill(dialog, wanted)
    assert any(f"{name(other)} 是 RhD 阳性" in one for one in desk.attempt(dialog))
    asking = desk.override(dialog)
    (row,) = asking._rows
    assert (row.reason.currentData(), row.comment.toPlainText()) == ("", "")
    assert row.second is not None and row.second.signature is None
    person.press(KEY.Key_Escape)
    wait_until(lambda: person.asked() == dialog.objectName(), PATIENCE)
    assert desk.state(other) == "available" and len(desk.exceptions()) == 1


def test_one_person_is_not_two_at_the_hand_over(desk: IssueDesk) -> None:
    """Who issues cannot sign for the blood as well: not at the screen, and not with a signature handed in below it."""
    person = desk.person
    bag = desk.bag(1, "A")
    desk.stocked(bag)
    wanted = desk.asked_for(A_PATIENT, bag)
    dialog = desk.begin(wanted)
    desk.take(dialog, bag)
    desk.fill(dialog, wanted, *(key for key in wanted if key in ("forward_group", "reverse_group", "sample_rhd")))
    editor = dialog.form.editors["collector"]
    assert isinstance(editor, SignatureEditor)
    editor.focus()
    person.press(KEY.Key_F7)
    wait_until(lambda: person.asked() == "dialog.countersign", PATIENCE)
    asking = QApplication.activeModalWidget()
    assert isinstance(asking, CredentialsDialog)
    write("jia")
    person.press(KEY.Key_Tab)
    write(password())
    person.press(KEY.Key_Return)
    wait_until(lambda: "不能" in asking.problem.text(), PATIENCE)
    assert "第二人不能是" in asking.problem.text()
    assert editor.signature is None and editor.text() == ""
    person.press(KEY.Key_Escape)
    wait_until(lambda: person.asked() == dialog.objectName(), PATIENCE)
    assert any("请填写取血者" in one for one in desk.attempt(dialog))
    desk.nothing_left(bag)

    operations = person.station.desk
    assert operations.person is not None
    own = Signature(operations.person, "handover", operations.clock.now())
    values = {**wanted, "issuer": operations.person.name, "collector": operations.person.name}
    with pytest.raises(Refused) as refused:
        operations.register(ISSUE, values, passage=Passage(second=own))
    assert "same-person" in [one.code for one in refused.value.problems]
    desk.nothing_left(bag)

    desk.back_to(dialog)
    dialog.form.editors["forward_group"].focus()
    desk.fill(dialog, wanted)
    assert desk.attempt(dialog) == []
    desk.hand_over(dialog, wanted, bag)
