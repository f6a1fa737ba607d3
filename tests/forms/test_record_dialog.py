"""One dialog for every module: it keeps, asks, refuses at the field, saves once, and loses nothing."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox, QPushButton, QTableView, QWidget

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.forms.contract import Existing, amended
from bloodbank_desktop.forms.opening import make_dialog
from bloodbank_desktop.forms.record_dialog import RecordDialog
from bloodbank_desktop.forms.row_dialog import RowDialog
from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.records.problems import Problem
from tests import samples
from tests.forms.conftest import MakeDialog
from tests.forms.fakes import FakeBack
from tests.samples import request_values
from tests.waiting import turn_events, wait_until

every_module = pytest.mark.parametrize("kind", list(all_records()))
VALUES: dict[str, dict[str, Any]] = {kind: samples.values(kind, 4) for kind in all_records()}
REQUEST = "transfusion_request"


def message_at(dialog: RecordDialog, key: str) -> str:
    """Return what stands under a field."""
    label = dialog.findChild(QLabel, f"problem.{key}")
    assert isinstance(label, QLabel)
    return label.text() if label.isVisibleTo(dialog) else ""


def fill(dialog: RecordDialog, values: dict[str, Any]) -> None:
    """Put values into the fields as a person does, by their text."""
    for key, editor in dialog.form.editors.items():
        if values.get(key) is not None:
            editor.show_text(editor.kind.format(values[key]))
            editor.settle()


def add_lines(dialog: RecordDialog, key: str, lines: Any) -> None:
    """Add lines through the row editor."""
    for line in lines:
        dialog.lines._add(key)
        window = dialog.findChild(RowDialog)
        assert window is not None
        for name, editor in window.form.editors.items():
            if line.get(name) is not None:
                editor.show_text(editor.kind.format(line[name]))
        window.finish()
        turn_events()


def fill_request(dialog: RecordDialog, number: int) -> dict[str, Any]:
    """Fill a request in whole, its lines and approvals included; return what was filled in."""
    values = request_values(number)
    fill(dialog, values)
    for key in ("components", "approvals"):
        add_lines(dialog, key, values[key])
    return values


@every_module
def test_a_dialog_is_built_from_every_declaration(make: MakeDialog, kind: str) -> None:
    """Every field that a person fills is in its dialog, under its name; no button reacts to Enter."""
    dialog = make(kind)
    declared = all_records()[kind]
    assert dialog.objectName() == f"dialog.{kind}"
    for field in declared.plain:
        found = dialog.findChild(QWidget, field.key)
        assert (found is None) == field.hidden, field.key
    for field, _ in declared.groups:
        assert isinstance(dialog.findChild(QTableView, field.key), QTableView)
    for button in dialog.findChildren(QPushButton):
        assert not button.autoDefault(), button.text()
        assert not button.isDefault()


@every_module
def test_what_is_viewed_is_what_is_stored(make: MakeDialog, kind: str) -> None:
    """A dialog that shows a record gives back exactly its values and changes nothing."""
    values = VALUES[kind]
    dialog = make(kind, "view", existing=Existing("1", values, 1, facts=(("平台回执", "已收到"),)))
    for key, value in dialog.judge.whole().items():
        assert value == values.get(key) or (value in (None, ()) and not values.get(key)), key
    assert any(label.text() == "已收到" for label in dialog.findChildren(QLabel))
    QTest.keyClick(dialog, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert dialog.back.calls == []  # type: ignore[attr-defined]


@every_module
def test_an_empty_record_is_refused_at_its_fields(make: MakeDialog, kind: str, back: FakeBack) -> None:
    """Every missing field says so at itself and in the list; nothing reaches the desk."""
    dialog = make(kind)
    dialog.save()
    needed = [f.key for f in dialog.declared.plain if f.is_required({}) and f.serial is None and f.fresh is None]
    for key in needed:
        assert "请填写" in message_at(dialog, key), key
    assert {p.field for p in dialog.parts.problems.problems} >= set(needed)
    assert "register" not in back.calls
    assert "没有保存" in dialog.parts.state.text()


@every_module
def test_a_field_is_shown_exactly_under_its_condition(make: MakeDialog, kind: str) -> None:
    """Conditional fields follow the values in both directions, and required marks with them."""
    dialog = make(kind)
    fill(dialog, VALUES[kind])
    for _ in range(2):
        values = dialog.form.values()
        for field in dialog.declared.plain:
            if not field.hidden:
                assert dialog.form.shown(field.key) == field.is_shown(values), field.key
                wanted = field.is_required(values) and field.serial is None
                assert dialog.form.editors[field.key].required == wanted, field.key
        for key in ("consent", "surgery", "urgency", "id_type", "sex"):
            if key in dialog.form.editors:
                dialog.form.editors[key].show_text("")


def test_a_hidden_field_is_not_stated_but_its_text_waits(make: MakeDialog) -> None:
    """Switching a condition off and on again loses no text and sends none in between."""
    dialog = make(REQUEST)
    fill(dialog, request_values(4))
    dialog.form.editors["surgery"].show_text("是")
    dialog.form.editors["surgery_name"].show_text("胆囊切除术")
    dialog.form.editors["surgery"].show_text("否")
    assert "surgery_name" not in dialog.form.values()
    dialog.form.editors["surgery"].show_text("是")
    assert dialog.form.values()["surgery_name"] == "胆囊切除术"


def test_a_record_is_registered_once(make: MakeDialog, back: FakeBack) -> None:
    """Filled and saved with Ctrl+S, the desk gets the values, the draft ends, and a second Ctrl+S does nothing."""
    dialog = make(REQUEST)
    values = fill_request(dialog, 4)
    answers: list[Any] = []
    dialog.saved.connect(answers.append)
    back.hold = True
    dialog.form.editors["ward"].show_text("9病区")
    dialog.activateWindow()
    turn_events()
    QTest.keyClick(dialog, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert "正在保存" in dialog.parts.state.text()
    dialog.save()
    back.answer_all()
    # The pause after the last key ends while, or after, the record is saved.
    dialog.keeper.flush()
    back.answer_all()
    assert back.calls.count("register") == 1
    assert back.records[dialog.draft_id]["patient_name"] == values["patient_name"]
    assert back.records[dialog.draft_id]["components"][0]["component"] == "RBC-SLR"
    assert [a.record_id for a in answers] == [dialog.draft_id]
    assert back.drafts == {}
    assert not dialog.isVisible()


def test_typing_is_kept_within_a_pause(make: MakeDialog, back: FakeBack) -> None:
    """What is typed, readable or not, is on the disk a moment later, and the dialog says so in words."""
    dialog = make(REQUEST)
    dialog.form.editors["indication"].show_text("贫血")
    dialog.form.editors["planned_at"].show_text("明天上午")
    assert "未暂存" in dialog.parts.state.text()
    wait_until(lambda: "已暂存 09:00:00" in dialog.parts.state.text())
    kept = back.drafts[dialog.draft_id]
    assert kept.head["indication"] == "贫血"
    assert kept.texts == {"planned_at": "明天上午"}


def test_a_form_that_is_being_saved_takes_nothing_and_is_seen_to(make: MakeDialog, back: FakeBack) -> None:
    """While it is saved a form is closed to keys at once, is painted so when that takes long, and opens after a refusal."""
    dialog = make(REQUEST)
    fill_request(dialog, 1)
    back.hold = True
    dialog.save()
    assert not dialog.form.isEnabled() and not dialog.form.updatesEnabled()
    wait_until(dialog.form.updatesEnabled)
    assert not dialog.form.isEnabled()
    back.fail = KnownProblem("磁盘已满", code="disk-full")
    back.answer_all()
    assert dialog.isVisible()
    assert dialog.form.isEnabled() and dialog.form.updatesEnabled()


def test_leaving_a_field_keeps_it_at_once_and_judges_it(make: MakeDialog, back: FakeBack) -> None:
    """Moving on keeps the draft without waiting, and a wrong value is named at its field."""
    dialog = make(REQUEST)
    editor = dialog.form.editors["haemoglobin"]
    editor.focus()
    editor.show_text("5")
    dialog.form.editors["platelets"].focus()
    turn_events()
    assert "不能小于 10" in message_at(dialog, "haemoglobin")
    assert back.calls[-1] == "keep_draft"


def test_a_draft_comes_back_as_it_was(make: MakeDialog, back: FakeBack) -> None:
    """A reopened draft shows values, unreadable texts and lines, and saves under the same id."""
    dialog = make(REQUEST)
    fill(dialog, {"indication": "贫血", "surgery": True})
    dialog.form.editors["planned_at"].show_text("明天上午")
    add_lines(dialog, "components", request_values(4)["components"])
    dialog.keep_and_close()
    assert not dialog.isVisible()
    again = make(REQUEST, draft=back.draft(dialog.draft_id))
    assert again.draft_id == dialog.draft_id
    assert again.form.editors["indication"].text() == "贫血"
    assert again.form.editors["planned_at"].text() == "明天上午"
    assert again.form.values()["surgery"] is True
    assert [row.values["component"] for row in again.blocks["components"].model.rows] == ["RBC-SLR"]


def test_a_full_disk_loses_nothing_and_is_said(make: MakeDialog, back: FakeBack) -> None:
    """When a draft cannot be kept the dialog says so, stays open, and keeps it later."""
    dialog = make(REQUEST)
    dialog.form.editors["indication"].show_text("贫血")
    back.fail = KnownProblem("磁盘已满，请清理", code="disk-full")
    dialog.keep_and_close()
    assert dialog.isVisible()
    assert "没有暂存：磁盘已满" in dialog.parts.state.text()
    dialog.keep_and_close()
    assert back.drafts[dialog.draft_id].head["indication"] == "贫血"
    assert not dialog.isVisible()


def test_a_failed_save_keeps_everything(make: MakeDialog, back: FakeBack) -> None:
    """A refusal or a full disk while saving leaves the dialog as it was, with the reason in the list."""
    dialog = make(REQUEST)
    fill_request(dialog, 4)
    back.fail = KnownProblem("磁盘已满，请清理", code="disk-full")
    dialog.save()
    assert dialog.isVisible()
    assert "磁盘已满" in dialog.parts.problems.problems[0].message
    back.refuse = [Problem("sample_no", "used", "标本号已用过，请核对")]
    dialog.save()
    assert "标本号已用过" in message_at(dialog, "sample_no")
    back.refuse = []
    dialog.save()
    assert not dialog.isVisible()


def ask_to_leave(dialog: RecordDialog) -> QMessageBox:
    """Press Esc and return the question."""
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    turn_events()
    box = dialog.findChild(QMessageBox)
    assert isinstance(box, QMessageBox)
    return box


@pytest.mark.parametrize(("words", "open_", "kept"), [("暂存并关闭", 0, 1), ("放弃", 0, 0), ("继续填写", 1, 1)])
def test_leaving_asks_and_does_what_was_said(
    make: MakeDialog, back: FakeBack, words: str, open_: int, kept: int
) -> None:
    """Esc with something typed asks; the three answers keep, throw away or go on."""
    dialog = make(REQUEST)
    dialog.form.editors["indication"].show_text("贫血")
    dialog.keeper.flush()
    box = ask_to_leave(dialog)
    next(button for button in box.buttons() if button.text() == words).click()
    turn_events()
    assert (dialog.isVisible(), len(back.drafts)) == (bool(open_), kept)


def test_values_that_come_by_themselves_make_no_draft(make: MakeDialog, back: FakeBack) -> None:
    """First values that arrive when the dialog is open are shown, and nothing is kept nor asked about for them."""
    back.hold = True
    dialog = make(REQUEST)
    back.answer_all()
    assert dialog.form.editors["requested_at"].text()
    assert not dialog.keeper.unsaved


def test_what_is_typed_while_the_disk_works_is_kept_too(make: MakeDialog, back: FakeBack) -> None:
    """A flush that is asked for while another one is under way is not forgotten: what was typed since is kept."""
    dialog = make(REQUEST)
    back.hold = True
    dialog.form.editors["ward"].show_text("3 病区")
    dialog.keeper.flush()
    dialog.form.editors["bed"].show_text("12")
    dialog.keeper.flush()
    back.answer_all()
    back.hold = False
    wait_until(lambda: not dialog.keeper.unsaved, 10)
    (kept,) = back.drafts.values()
    assert (kept.head["ward"], kept.head["bed"]) == ("3 病区", "12")


def test_an_untouched_dialog_closes_without_a_question(make: MakeDialog, back: FakeBack) -> None:
    """What the program filled in by itself is nothing to lose."""
    dialog = make(REQUEST)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert back.drafts == {}


def test_the_window_close_button_asks_too(make: MakeDialog) -> None:
    """Closing the window is the same as Esc."""
    dialog = make(REQUEST)
    dialog.form.editors["indication"].show_text("贫血")
    assert not dialog.close()
    box = dialog.findChild(QMessageBox)
    assert isinstance(box, QMessageBox)
    box.reject()
    assert dialog.isVisible()


def test_enter_moves_on_and_presses_nothing(make: MakeDialog, back: FakeBack) -> None:
    """A person's Enter goes to the next field; it neither saves nor closes."""
    dialog = make(REQUEST)
    dialog.form.editors["request_no"].focus()
    QTest.keyClick(dialog.form.editors["request_no"].widget, Qt.Key.Key_Return)
    assert dialog.form.owner_of(QApplication.focusWidget()) is dialog.form.editors["requested_at"]
    assert "register" not in back.calls


def test_the_list_of_problems_leads_to_the_field(make: MakeDialog) -> None:
    """Enter or a click on a problem, or F8, puts the focus into its field, in the order of the page."""
    dialog = make(REQUEST)
    dialog.save()
    problems = dialog.parts.problems
    assert dialog.form.owner_of(QApplication.focusWidget()) is dialog.form.editors["planned_at"]
    QTest.keyClick(dialog, Qt.Key.Key_F8)
    assert dialog.form.owner_of(QApplication.focusWidget()) is dialog.form.editors["purpose"]
    row = next(i for i, p in enumerate(problems.problems) if p.field == "diagnosis")
    problems.setCurrentRow(row)
    QTest.keyClick(problems, Qt.Key.Key_Return)
    assert dialog.form.owner_of(QApplication.focusWidget()) is dialog.form.editors["diagnosis"]


def test_problems_follow_the_typing_after_an_attempt(make: MakeDialog) -> None:
    """After a refused attempt a mended field is no longer accused."""
    dialog = make(REQUEST)
    dialog.save()
    before = len(dialog.parts.problems.problems)
    dialog.form.editors["indication"].show_text("贫血")
    assert message_at(dialog, "indication") == ""
    assert len(dialog.parts.problems.problems) == before - 1


def test_lines_are_added_opened_and_removed_by_key(make: MakeDialog, back: FakeBack) -> None:
    """Ins adds, Enter opens, Ctrl+Del removes; each change is kept by itself."""
    dialog = make(REQUEST)
    table = dialog.blocks["components"].table
    table.setFocus()
    QTest.keyClick(table, Qt.Key.Key_Insert)
    window = dialog.findChild(RowDialog)
    assert window is not None
    window.finish()
    assert "请填写" in window.list.problems[0].message
    for key, text in (("component", "2"), ("abo", "A"), ("rhd", "阳性"), ("amount", "2")):
        window.form.editors[key].show_text(text)
        window.form.editors[key].settle()
    window.finish()
    turn_events()
    assert back.calls[-2:] == ["keep_draft", "keep_line"]
    assert dialog.blocks["components"].model.rows[0].status == "已暂存"
    # Without a window manager nobody gives the focus back.
    dialog.activateWindow()
    turn_events()
    QTest.keyClick(table, Qt.Key.Key_Return)
    opened = dialog.findChild(RowDialog)
    assert opened is not None
    opened.form.editors["amount"].show_text("4")
    opened.finish()
    turn_events()
    dialog.activateWindow()
    turn_events()
    assert [str(line["amount"]) for _, line in back.drafts[dialog.draft_id].lines.values()] == ["4"]
    QTest.keyClick(table, Qt.Key.Key_Delete, Qt.KeyboardModifier.ControlModifier)
    assert back.drafts[dialog.draft_id].lines == {}
    assert dialog.blocks["components"].model.rows == []


def test_an_amendment_knows_its_record_and_changes_only_what_was_changed(make: MakeDialog, back: FakeBack) -> None:
    """An amended record keeps values that nobody touched to the second, and sends the revision that was seen."""
    values = request_values(4)
    values["requested_at"] = values["requested_at"].replace(second=17)
    dialog = make(REQUEST, "amend", existing=Existing("r1", values, 3))
    dialog.form.editors["bed"].show_text("99")
    dialog.parts.reason.setText("床号填错")
    dialog.save()
    sent = back.records["r1"]
    assert (sent["bed"], sent["requested_at"], sent["@revision"], sent["@reason"]) == (
        "99",
        values["requested_at"],
        3,
        "床号填错",
    )
    assert back.calls.count("amend") == 1


def test_the_draft_of_an_amendment_cannot_become_a_new_record(make: MakeDialog, back: FakeBack) -> None:
    """The draft says which record it amends, holds all its lines, and is refused as a registration."""
    values = request_values(4)
    existing = Existing("r1", values, 3)
    dialog = make(REQUEST, "amend", existing=existing)
    dialog.form.editors["bed"].show_text("99")
    dialog.keep_and_close()
    draft = back.draft("r1")
    assert amended(draft) == ("r1", 3)
    assert len(draft.values["approvals"]) == 2
    with pytest.raises(ValueError, match="amends"):
        make_dialog(REQUEST, back, draft=draft)
    again = make(REQUEST, "amend", existing=existing, draft=draft)
    assert again.form.values()["bed"] == "99"
    assert again.form.values()["requested_at"] == values["requested_at"]
    assert len(again.blocks["approvals"].model.rows) == 2


def test_a_refusal_of_the_platform_is_shown_at_its_field(make: MakeDialog) -> None:
    """What the platform refused stands where it can be mended."""
    existing = Existing("r1", request_values(4), 3, refusals=(Problem("bed", "unknown", "平台：没有这张床"),))
    dialog = make(REQUEST, "amend", existing=existing)
    assert "没有这张床" in message_at(dialog, "bed")


def test_training_is_written_over_the_dialog(make: MakeDialog) -> None:
    """Nobody takes a training record for a real one."""
    dialog = make(REQUEST, back=FakeBack(training=True))
    assert "训练" in dialog.windowTitle()
    band = dialog.findChild(QLabel, "training")
    assert isinstance(band, QLabel)
    assert band.isVisible()


def test_a_scan_goes_into_the_code_field_in_hand_only(make: MakeDialog) -> None:
    """In a dialog without scanning of its own a scan fills the number field with the focus, and nothing else."""
    dialog = make(REQUEST)
    dialog.form.editors["sample_no"].focus()
    dialog.behaviour.scanned("BB2026112300001")
    assert dialog.form.editors["sample_no"].text() == "BB2026112300001"
    dialog.form.editors["patient_name"].focus()
    dialog.behaviour.scanned("BB2026112300002")
    assert dialog.form.editors["patient_name"].text() == ""
    assert "这里不能扫码" in dialog.parts.message.text()
