"""While a reaction is written, the dialog says which classes fit, what is missing, and whom to call first."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtWidgets import QLabel

from bloodbank_desktop.forms.reaction_classes_panel import class_words
from bloodbank_desktop.forms.record_dialog import RecordDialog
from bloodbank_desktop.forms.roles import Role
from tests.forms.conftest import MakeDialog
from tests.waiting import wait_until


def words(dialog: RecordDialog) -> str:
    """Return what the panel says."""
    label = dialog.findChild(QLabel, "reaction.classes")
    assert isinstance(label, QLabel)
    return label.text()


def put(dialog: RecordDialog, key: str, text: str) -> None:
    """Write into a field and leave it."""
    editor = dialog.form.editors[key]
    editor.show_text(text)
    editor.settle()


def test_classes_follow_what_is_written(make: MakeDialog) -> None:
    """Nothing known says nothing; each symptom and value is weighed at once, the class that was chosen included."""
    dialog = make("adverse_reaction")
    assert "提示符合诊断条件" in words(dialog)
    put(dialog, "symptoms", "皮疹/荨麻疹")
    wait_until(lambda: "符合诊断条件：过敏反应（皮疹/荨麻疹）" in words(dialog))
    put(dialog, "reaction_type", "非溶血性发热反应")
    wait_until(lambda: "所选“非溶血性发热反应”（缺：" in words(dialog))
    put(dialog, "temperature_before", "37.0")
    put(dialog, "temperature", "38.0")
    wait_until(lambda: "所选" not in words(dialog) and "非溶血性发热反应" in words(dialog))


def test_severe_ones_urge_the_call(make: MakeDialog) -> None:
    """Before anything else a severe reaction says whom to call, until the time of the call is there."""
    dialog = make("adverse_reaction")
    put(dialog, "severity", "危及生命")
    wait_until(lambda: words(dialog).startswith("✖ 请先打电话"))
    assert "供血机构值班" in words(dialog)
    put(dialog, "called_at", "2026-11-23 08:30")
    wait_until(lambda: "请先打电话" not in words(dialog))


def test_the_role_says_how_grave_it_is() -> None:
    """Information, a class that fits, a class that does not, and a call that is missing look different."""
    assert class_words({})[1] is Role.INFO
    fits = {"symptoms": ("itch",)}
    assert class_words(fits)[1] is Role.GOOD
    assert class_words({**fits, "reaction_type": "febrile"})[1] is Role.ATTENTION
    said, role = class_words({**fits, "severity": "severe", "temperature": Decimal("36")})
    assert role is Role.REFUSED and said.startswith("请先打电话")


def test_it_serves_an_amendment_too(make: MakeDialog) -> None:
    """Findings come in later: the panel is there when a report is changed, and not when it is only looked at."""
    dialog = make("adverse_reaction")
    assert dialog.behaviour.amends
