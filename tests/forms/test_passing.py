"""How a person gets past the rules in a dialog: reads warnings, signs together, takes the responsibility – once each."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit, QListWidget, QPlainTextEdit

from bloodbank_desktop.forms.credentials import CredentialsDialog
from bloodbank_desktop.forms.override_dialog import OverrideDialog
from bloodbank_desktop.forms.record_dialog import RecordDialog
from bloodbank_desktop.forms.signature_editor import SignatureEditor
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.rules import everything as _everything  # noqa: F401  fills the catalogue
from bloodbank_desktop.rules.catalogue import Finding, Level
from bloodbank_desktop.rules.persons import HOLDS, Person
from tests import samples
from tests.forms.conftest import MakeDialog
from tests.forms.fakes import FakeBack
from tests.forms.test_record_dialog import add_lines, fill
from tests.waiting import turn_events, wait_until

REQUEST = "transfusion_request"
RULE = "issue-expired"


def finding(level: Level, message: str = "血红蛋白较高，请核对指征") -> Finding:
    return Finding("haemoglobin", "high", message, None, RULE, level, "来源")


@pytest.fixture
def dialog(make: MakeDialog, back: FakeBack) -> RecordDialog:
    """The dialog of a request in which nothing is missing."""
    dialog = make(REQUEST)
    values = samples.request_values()
    fill(dialog, values)
    for key in ("components", "approvals"):
        add_lines(dialog, key, values[key])
    activate(dialog)
    return dialog


def activate(dialog: RecordDialog) -> None:
    """Make the dialog active: without a window manager a window that closes leaves nobody so, and keys go astray."""
    dialog.activateWindow()
    wait_until(dialog.isActiveWindow)


def words(dialog: RecordDialog) -> list[str]:
    shown = dialog.findChild(QListWidget, "problems")
    assert shown is not None
    return [shown.item(row).text() for row in range(shown.count())]


def test_a_warning_is_read_once_and_then_saved(dialog: RecordDialog, back: FakeBack) -> None:
    """A warning stops the first attempt, says in words that it warns, and is handed over as read with the second."""
    back.refuse = [finding(Level.WARN)]
    dialog.save()
    assert words(dialog) == ["▲ 警告：血红蛋白较高，请核对指征"]
    assert back.passages[0].seen == frozenset() and "再按一次" in dialog.parts.state.text()
    back.refuse = []
    dialog.save()
    assert back.passages[1].seen == frozenset({"血红蛋白较高，请核对指征"}) and back.records


def test_a_block_offers_no_override(dialog: RecordDialog, back: FakeBack) -> None:
    """What nobody may pass shows no way to pass it, not even beside something that may be overridden."""
    back.refuse = [finding(Level.BLOCK), finding(Level.OVERRIDE, "另一处")]
    dialog.save()
    assert not dialog.parts.override.isVisible()
    QTest.keyClick(dialog.windowHandle(), Qt.Key.Key_F10)
    assert dialog.findChild(OverrideDialog) is None


def give(dialog: RecordDialog, reason: str, comment: str) -> OverrideDialog:
    """Open the overrides and fill in the first."""
    activate(dialog)
    QTest.keyClick(dialog.windowHandle(), Qt.Key.Key_F10)
    (asking,) = [one for one in dialog.findChildren(OverrideDialog) if one.isVisible()]
    box = asking.findChild(QComboBox, "reason.1")
    text = asking.findChild(QPlainTextEdit, "comment.1")
    assert box is not None and text is not None
    assert (box.currentData(), text.toPlainText()) == ("", "")
    box.setCurrentIndex(box.findData(reason))
    text.setPlainText(comment)
    asking.give()
    return asking


def test_an_override_is_given_for_this_record_only(dialog: RecordDialog, back: FakeBack) -> None:
    """Reason and comment go with one attempt; the next time the dialog of overrides is empty (d11)."""
    back.refuse = [finding(Level.OVERRIDE)]
    dialog.save()
    assert words(dialog)[0].startswith("◆ 须授权：")
    give(dialog, "life_threatening", "抢救，主任电话同意")
    (override,) = back.passages[1].overrides
    assert (override.rule, override.line, override.reason) == (RULE, None, "life_threatening")
    assert override.comment == "抢救，主任电话同意"
    # Still refused: the next override begins empty (asserted in `give`), and an ordinary attempt carries none.
    dialog.save()
    assert back.passages[2].overrides == ()
    give(dialog, "other", "再次说明理由如下")


@pytest.mark.parametrize(
    ("reason", "comment"), [("", "写了六个字以上"), ("other", ""), ("other", " 短 话 "), ("other", "五个字不够")]
)
def test_an_override_without_reason_or_words_is_not_given(
    reason: str, comment: str, dialog: RecordDialog, back: FakeBack
) -> None:
    """No coded reason, or fewer than six characters of comment, and nothing is handed over."""
    back.refuse = [finding(Level.OVERRIDE)]
    dialog.save()
    asking = give(dialog, reason, comment)
    assert asking.isVisible() and asking.problem.text() and len(back.passages) == 1


def test_what_was_typed_withdraws_the_offer_of_an_override(dialog: RecordDialog, back: FakeBack) -> None:
    """After a change nobody knows whether the finding still holds: F10 offers nothing until the next attempt."""
    back.refuse = [finding(Level.OVERRIDE)]
    dialog.save()
    assert dialog.parts.override.isVisible()
    dialog.form.editors["diagnosis"].show_text("改过的诊断")
    assert not dialog.parts.override.isVisible()


# -- signatures --------------------------------------------------------------------------------------------------------


def sign(dialog: RecordDialog, key: str, login: str) -> SignatureEditor:
    """Let the second person sign with the key of the dialog."""
    editor = dialog.form.editors[key]
    assert isinstance(editor, SignatureEditor)
    editor.sign()
    asking = dialog.findChild(CredentialsDialog)
    assert asking is not None
    for name, text in (("login", login), ("password", "x")):
        edit = asking.findChild(QLineEdit, name)
        assert edit is not None
        edit.setText(text)
    asking.yes.click()
    turn_events()
    return editor


def test_a_signature_fills_the_name_and_goes_with_the_record(make: MakeDialog, back: FakeBack) -> None:
    """The checker of a delivery is whoever signs in for it, and the signature is handed over."""
    back.signers["bing"] = Person("3", "bing", "训练丙", frozenset({"director"}))
    dialog = make("stock_in")
    editor = sign(dialog, "checker", "bing")
    assert editor.text() == "训练丙"
    signature = dialog.passing.second()
    assert signature is not None and (signature.person.login, signature.purpose) == ("bing", "receipt")


def test_an_old_signature_is_none(make: MakeDialog, back: FakeBack) -> None:
    """When its time is over a signature is no longer handed over."""
    back.signers["bing"] = Person("3", "bing", "训练丙", frozenset({"director"}))
    dialog = make("stock_in")
    sign(dialog, "checker", "bing")
    back.moment += HOLDS
    assert dialog.passing.second() is None


def test_nobody_types_a_signed_name(make: MakeDialog, back: FakeBack) -> None:
    """Receiver and checker of a delivery cannot be written: one is whoever is signed in, the other signs."""
    dialog = make("stock_in")
    for key in ("receiver", "checker"):
        edits: list[Any] = [w for w in dialog.form.editors[key].focus_widgets() if isinstance(w, QLineEdit)]
        assert edits and all(edit.isReadOnly() for edit in edits)
    assert dialog.form.editors["receiver"].text() == back.operator


def test_a_change_of_shift_changes_the_operator_of_an_open_dialog(make: MakeDialog, back: FakeBack) -> None:
    """Who saves is who is signed in then, not who opened the dialog."""
    dialog = make("stock_in")
    back.operator = "训练乙"
    dialog.save()
    assert dialog.form.editors["receiver"].text() == "训练乙"


def test_a_problem_without_level_stops(dialog: RecordDialog, back: FakeBack) -> None:
    """What is wrong with a field by itself looks and works as a block."""
    back.refuse = [Problem("diagnosis", "x", "请核对")]
    dialog.save()
    assert words(dialog) == ["✖ 请核对"] and not dialog.parts.override.isVisible()
