"""The last look before blood leaves: where it goes and to whom in the largest type, then every bag, then who signed.

It comes after the rules have passed and before anything is written; Enter does nothing, because the last key of a scanner
must never hand over blood (临床输血技术规范第二十六条: 取血与发血双方共同查对).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from bloodbank_desktop.clock import china_text
from bloodbank_desktop.forms import marks
from bloodbank_desktop.forms.issue_head import group_of, patient_of, place_of
from bloodbank_desktop.forms.roles import SHAPES, Role
from bloodbank_desktop.records.bag import bag_key, bag_name
from bloodbank_desktop.records.tables import table

_LARGEST, _LARGE = 3.0, 2.0


class ConfirmIssue(QDialog):
    """Shows an issue once more; `go` is called when the person confirms."""

    def __init__(self, values: dict[str, Any], go: Callable[[], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dialog.confirm_issue")
        self.setWindowTitle("核对后发出")
        self.setAccessibleName("核对后发出")
        self.setModal(True)
        self._go = go
        whole = QVBoxLayout(self)
        whole.setContentsMargins(24, 18, 24, 14)
        whole.setSpacing(8)
        self.place = _line(place_of(values), _LARGEST, "confirm.place", self)
        self.patient = _line(patient_of(values), _LARGE, "confirm.patient", self)
        group = group_of(values.get("patient_abo"), values.get("patient_rhd"))
        self.group = _line(f"患者血型 {group}", _LARGE, "confirm.group", self)
        for label in (self.place, self.patient, self.group):
            whole.addWidget(label)
        rule = QFrame(self)
        rule.setFrameShape(QFrame.Shape.HLine)
        whole.addWidget(rule)
        bags = values.get("bags") or ()
        words = "\n".join(f"{number}. {_bag(bag)}" for number, bag in enumerate(bags, start=1))
        self.bags = _line(words, 1.25, "confirm.bags", self)
        self.bags.setAlignment(Qt.AlignmentFlag.AlignTop)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(self.bags)
        whole.addWidget(area, 1)
        signed = f"发血 {values.get('issuer') or '—'}　取血 {values.get('collector') or '—'}　共 {len(bags)} 袋"
        whole.addWidget(_line(signed, 1.25, "confirm.signed", self))
        question = "请与取血者一起逐项核对姓名、性别、病案号、病区床号、血型、有效期、配血结果和血袋外观。"
        asked = QLabel(question, self)
        asked.setWordWrap(True)
        whole.addWidget(asked)
        self.problem = QLabel(self)
        self.problem.setObjectName("problem")
        self.problem.setWordWrap(True)
        self.problem.hide()
        whole.addWidget(self.problem)
        self.yes = QPushButton("核对无误，发出（Ctrl+S）", self)
        self.yes.setObjectName("action.hand_over")
        self.yes.setAccessibleName("核对无误，发出")
        self.yes.setProperty("primary", True)
        self.no = QPushButton("返回（Esc）", self)
        self.no.setObjectName("action.back")
        self.no.setAccessibleName("返回")
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        for button in (self.no, self.yes):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        self.yes.clicked.connect(self.hand_over)
        self.no.clicked.connect(self.reject)
        whole.addLayout(buttons)
        QShortcut(QKeySequence("Ctrl+S"), self).activated.connect(self.hand_over)
        wide = self.fontMetrics().horizontalAdvance("血")
        room = self.screen().availableGeometry().size()
        high = wide * min(28 + 4 * len(bags), 60)
        self.resize(min(wide * 68, room.width() - 20), min(high, room.height() - 60))

    def say(self, words: str) -> None:
        """Say why something that was done here had no effect."""
        self.problem.setText(f"{SHAPES[Role.REFUSED]} {words}")
        colours = self.problem.palette()
        colours.setColor(self.problem.foregroundRole(), marks.ink(Role.REFUSED, colours))
        self.problem.setPalette(colours)
        self.problem.show()

    def hand_over(self) -> None:
        """Take the confirmation, once."""
        if self.isVisible():
            self.accept()
            self._go()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()
            return
        super().keyPressEvent(event)


def _bag(bag: dict[str, Any]) -> str:
    component = table("component")
    group = f"{table('abo').word(bag['abo'])} {table('rhd').word(bag['rhd'])}"
    crossmatch = table("crossmatch_result").word(str(bag.get("crossmatch_result") or ""))
    amount = f"{bag['amount'].normalize():f} {component.facet(bag['component'], 'unit') or ''}"
    what = f"{bag_name(bag_key(bag))}　{component.word(bag['component'])} {amount}"
    # On two lines: a sentence that breaks where it must tears a date or a result apart.
    return f"{what}\n　　{group}　失效 {china_text(bag['expires_at'])}　配血：{crossmatch}"


def _line(text: str, factor: float, name: str, parent: QWidget) -> QLabel:
    label = QLabel(text, parent)
    label.setObjectName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    font = label.font()
    font.setPointSizeF(font.pointSizeF() * factor)
    font.setBold(factor >= _LARGE)
    label.setFont(font)
    return label
