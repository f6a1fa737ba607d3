"""What this workstation already knows of the patient, shown as soon as the number is there.

It informs and decides nothing; what must not pass is refused by operations. A patient with two groups on record is the
one thing that is shown as a refusal, for one of the two belongs to somebody else.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QLabel, QWidget

from bloodbank_desktop.clock import china_text
from bloodbank_desktop.forms import marks
from bloodbank_desktop.forms.contract import Back, PatientHistory
from bloodbank_desktop.forms.field_form import FieldForm
from bloodbank_desktop.forms.roles import SHAPES, Role

NUMBER = "medical_record_no"
_PAUSE_MS = 300


class PatientHint(QObject):
    """Watches the medical record number of a form; `label` says what is known, and is hidden while nothing is."""

    def __init__(self, form: FieldForm, back: Back, parent: QWidget) -> None:
        super().__init__(parent)
        self._form = form
        self._back = back
        self._asked = ""
        self.label = QLabel(parent)
        self.label.setObjectName("patient.hint")
        self.label.setAccessibleName("患者既往情况")
        self.label.setWordWrap(True)
        self.label.setContentsMargins(10, 4, 10, 2)
        self.label.hide()
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self.ask)
        form.editors[NUMBER].changed.connect(self._pause.start)
        self._pause.start()

    def ask(self) -> None:
        """Ask for what is known of the patient with the number in the form."""
        number = str(self._form.values().get(NUMBER) or "").strip()
        if number == self._asked:
            return
        self._asked = number
        if not number:
            self.label.hide()
            return
        # What cannot be looked up is only a help that is missing.
        self._back.patient(number, lambda known: self._show(number, known), lambda _problem: self.label.hide())

    def _show(self, number: str, known: PatientHistory) -> None:
        if number != self._asked:
            return
        words, role = hint_words(known)
        self.label.setVisible(bool(words))
        self.label.setText(f"{SHAPES[role]} {words}")
        colours = self.label.palette()
        colours.setColor(self.label.foregroundRole(), marks.ink(role, colours))
        self.label.setPalette(colours)


def hint_words(known: PatientHistory) -> tuple[str, Role]:
    """Return what to say of a patient and in which role; "" when nothing is known."""
    if not known.records:
        return "", Role.INFO
    parts = [
        f"本机有此患者 {len(known.records)} 条记录，最近 {china_text(known.records[0].at)} {known.records[0].what}"
    ]
    groups = dict.fromkeys(one.what for one in known.groups)
    role = Role.INFO
    if known.contradictory:
        role = Role.REFUSED
        parts.append(f"既往血型不一致：{'、'.join(groups)}，请先核对患者身份和标本")
    elif groups:
        parts.append(f"既往血型 {next(iter(groups))}")
    for label, found in (("抗体", known.antibodies), ("输血反应", known.reactions)):
        if found:
            role = Role.ATTENTION if role is Role.INFO else role
            parts.append(f"{label}：{'、'.join(dict.fromkeys(one.what for one in found))}")
    if len(known.numbers) > 1:
        parts.append(f"又用病案号 {'、'.join(number for number in known.numbers)}")
    return "；".join(parts), role
