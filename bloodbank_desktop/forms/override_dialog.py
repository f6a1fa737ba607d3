"""Where a person with the role takes the responsibility for what a rule stopped: one reason and own words for each.

It begins empty each time. An override that was given for one record is never offered for the next, because a comment that
is one key away becomes the comment of every night (FDA warning letter 2013).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from bloodbank_desktop.forms import marks
from bloodbank_desktop.forms.countersign import SecondPerson, SigningDoor
from bloodbank_desktop.forms.levels import words_of
from bloodbank_desktop.forms.roles import SHAPES, Role
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules.catalogue import RULES, Finding
from bloodbank_desktop.rules.overriding import LEAST_COMMENT, Override, purpose
from bloodbank_desktop.rules.persons import holders

_ROWS = 2


@dataclass(frozen=True)
class _Row:
    finding: Finding
    reason: QComboBox
    comment: QPlainTextEdit
    second: SecondPerson | None


class OverrideDialog(QDialog):
    """Asks for the override of each finding. `given` carries a tuple of Override; the dialog closes itself before."""

    given = Signal(object)

    def __init__(
        self, found: Sequence[Finding], door: SigningDoor, operator: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("dialog.override")
        self.setWindowTitle("授权")
        self.setAccessibleName("授权")
        self.setModal(True)
        self._door = door
        self._rows: list[_Row] = []
        head = QLabel(
            f"{operator}，以下各项需要您承担责任后才能保存。请逐项选择原因并写明理由；授权只对这一条记录有效。", self
        )
        head.setWordWrap(True)
        inner = QWidget(self)
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        for number, finding in enumerate(found, start=1):
            column.addWidget(self._row(finding, number, inner))
        column.addStretch(1)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(inner)
        self.problem = QLabel(self)
        self.problem.setObjectName("problem")
        self.problem.setWordWrap(True)
        self.problem.hide()
        self.yes = QPushButton("授权并保存（Ctrl+S）", self)
        self.yes.setObjectName("action.override")
        self.yes.setAccessibleName("授权并保存")
        self.yes.setProperty("primary", True)
        self.yes.setAutoDefault(False)
        self.yes.clicked.connect(self.give)
        self.no = QPushButton("返回修改（Esc）", self)
        self.no.setObjectName("action.back")
        self.no.setAccessibleName("返回修改")
        self.no.setAutoDefault(False)
        self.no.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.no)
        buttons.addWidget(self.yes)
        whole = QVBoxLayout(self)
        whole.addWidget(head)
        whole.addWidget(area, 1)
        whole.addWidget(self.problem)
        whole.addLayout(buttons)
        QShortcut(QKeySequence("Ctrl+S"), self).activated.connect(self.give)
        wide = self.fontMetrics().horizontalAdvance("血")
        self.resize(wide * 48, wide * min(14 + 15 * len(found), 44))
        if self._rows:
            self._rows[0].reason.setFocus(Qt.FocusReason.OtherFocusReason)

    def _row(self, finding: Finding, number: int, parent: QWidget) -> QWidget:
        rule = RULES[finding.rule]
        frame = QFrame(parent)
        frame.setObjectName(f"override.{number}")
        frame.setFrameShape(QFrame.Shape.StyledPanel)
        grid = QGridLayout(frame)
        grid.setColumnStretch(1, 1)
        words = QLabel(words_of(finding), frame)
        words.setWordWrap(True)
        colours = words.palette()
        colours.setColor(words.foregroundRole(), marks.ink(Role.ATTENTION, colours))
        words.setPalette(colours)
        who = "、".join(holders(f"override:{rule.least}"))
        source = QLabel(f"依据：{finding.source}　可授权：{who}{'，并须第二人签名' if rule.second else ''}", frame)
        source.setWordWrap(True)
        reason = QComboBox(frame)
        reason.setObjectName(f"reason.{number}")
        reason.setAccessibleName(f"第 {number} 项授权原因")
        reason.addItem("（请选择原因）", "")
        reasons = table("override_reason")
        for key in reasons:
            reason.addItem(reasons.word(key), key)
        comment = QPlainTextEdit(frame)
        comment.setObjectName(f"comment.{number}")
        comment.setAccessibleName(f"第 {number} 项授权理由")
        comment.setPlaceholderText(f"写明理由，至少 {LEAST_COMMENT} 个字：谁决定、为什么")
        comment.setTabChangesFocus(True)
        comment.setFixedHeight(comment.fontMetrics().lineSpacing() * _ROWS + 16)
        grid.addWidget(words, 0, 0, 1, 2)
        grid.addWidget(source, 1, 0, 1, 2)
        grid.addWidget(QLabel("原因", frame), 2, 0)
        grid.addWidget(reason, 2, 1)
        grid.addWidget(QLabel("理由", frame), 3, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(comment, 3, 1)
        second = None
        if rule.second:
            second = SecondPerson(self._door, purpose(finding.rule, finding.line), lambda: finding.message, frame)
            grid.addWidget(second, 4, 0, 1, 2)
        self._rows.append(_Row(finding, reason, comment, second))
        return frame

    def give(self) -> None:
        """Hand the overrides over, or say what is missing."""
        for number, row in enumerate(self._rows, start=1):
            if not row.reason.currentData():
                self._refuse(f"第 {number} 项：请选择授权原因", row.reason)
                return
            if len("".join(row.comment.toPlainText().split())) < LEAST_COMMENT:
                self._refuse(f"第 {number} 项：请写明理由，至少 {LEAST_COMMENT} 个字", row.comment)
                return
            if row.second is not None and row.second.signature is None:
                self._refuse(f"第 {number} 项：须第二人签名", row.second.button)
                return
        overrides = tuple(
            Override(
                row.finding.rule,
                row.finding.line,
                str(row.reason.currentData()),
                row.comment.toPlainText().strip(),
                row.second.signature if row.second is not None else None,
            )
            for row in self._rows
        )
        self.accept()
        self.given.emit(overrides)

    def _refuse(self, words: str, widget: QWidget) -> None:
        self.problem.setText(f"{SHAPES[Role.REFUSED]} {words}")
        colours = self.problem.palette()
        colours.setColor(self.problem.foregroundRole(), marks.ink(Role.REFUSED, colours))
        self.problem.setPalette(colours)
        self.problem.show()
        widget.setFocus(Qt.FocusReason.OtherFocusReason)
