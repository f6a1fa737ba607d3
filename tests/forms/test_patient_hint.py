"""What is known of a patient is told when the number is there; two groups on record are a warning nobody overlooks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from PySide6.QtWidgets import QLabel

from bloodbank_desktop.forms.patient_hint import hint_words
from bloodbank_desktop.forms.record_dialog import RecordDialog
from bloodbank_desktop.forms.roles import Role
from tests.forms.conftest import MakeDialog
from tests.forms.fakes import FakeBack, FakeHistory
from tests.samples import NOW
from tests.waiting import turn_events, wait_until

REQUEST = "transfusion_request"


@dataclass(frozen=True)
class Known:
    what: str
    at: datetime = NOW


RECORDS = (Known("输血申请单", NOW), Known("临床用血出库", NOW - timedelta(days=3)))
A, B = Known("A型 RhD 阳性"), Known("B型 RhD 阳性")


def history(**more: Any) -> FakeHistory:
    return FakeHistory(**{"numbers": ("ZY1",), "records": RECORDS, **more})


def label(dialog: RecordDialog) -> QLabel:
    found = dialog.findChild(QLabel, "patient.hint")
    assert isinstance(found, QLabel)
    return found


def state(dialog: RecordDialog, number: str) -> None:
    dialog.form.editors["medical_record_no"].show_text(number)


def test_nothing_known_says_nothing() -> None:
    """A new patient is no message."""
    assert hint_words(FakeHistory()) == ("", Role.INFO)


def test_the_group_on_record_is_told() -> None:
    """Number of records, the newest of them, and the group."""
    words, role = hint_words(history(groups=(A, A)))
    assert "2 条记录" in words and "输血申请单" in words and "既往血型 A型 RhD 阳性" in words
    assert role is Role.INFO


def test_two_groups_are_a_refusal_in_words() -> None:
    """Contradicting groups are named both, with what to do."""
    words, role = hint_words(history(groups=(A, B), contradictory=True, antibodies=(Known("抗-E"),)))
    assert role is Role.REFUSED
    assert "既往血型不一致：A型 RhD 阳性、B型 RhD 阳性，请先核对患者身份和标本" in words


def test_antibodies_and_reactions_ask_for_attention() -> None:
    """What decides about the next bag is told once each."""
    words, role = hint_words(history(antibodies=(Known("抗-E"), Known("抗-E")), reactions=(Known("发热反应"),)))
    assert role is Role.ATTENTION
    assert words.count("抗-E") == 1 and "输血反应：发热反应" in words


def test_other_numbers_of_the_patient_are_told() -> None:
    """After a merge the other number is known, too."""
    assert "又用病案号 ZY1、JZ9" in hint_words(history(numbers=("ZY1", "JZ9")))[0]


def test_the_dialog_tells_while_one_types(make: MakeDialog, back: FakeBack) -> None:
    """Shortly after the number is written the dialog tells what is known, and takes it back with the number."""
    back.patients["ZY1"] = history(groups=(A,))
    dialog = make(REQUEST)
    assert not label(dialog).isVisible()
    state(dialog, "ZY1")
    wait_until(lambda: label(dialog).isVisible())
    assert "既往血型 A型" in label(dialog).text()
    state(dialog, "ZY2")
    wait_until(lambda: not label(dialog).isVisible())


def test_a_late_answer_is_not_told_of_another_patient(make: MakeDialog, back: FakeBack) -> None:
    """The answer for a number that no longer stands there is dropped: it would be another patient's history."""
    back.patients["ZY1"] = history(groups=(A,))
    dialog = make(REQUEST)
    back.hold = True
    state(dialog, "ZY1")
    wait_until(lambda: back.calls[-1] == "patient")
    state(dialog, "ZY2")
    wait_until(lambda: back.calls.count("patient") == 2)
    back.held.reverse()
    back.answer_all()
    turn_events()
    assert not label(dialog).isVisible()


def test_a_delivery_has_no_patient(make: MakeDialog, back: FakeBack) -> None:
    """A module without patients has no such line."""
    assert make("stock_in").findChild(QLabel, "patient.hint") is None
