"""本院开关: what the law leaves to the hospital, how it stands here, and who decided so when and why.

Nothing is decided here: whether a person may switch, and what is missing, say the operations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from bloodbank_desktop.clock import china_text
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.ui import theme
from bloodbank_desktop.ui.deeds import Deeds
from bloodbank_desktop.ui.tasks import Tasks

if TYPE_CHECKING:
    from bloodbank_desktop.operations.desk import Desk
    from bloodbank_desktop.operations.switching import SwitchState


class SwitchesWindow(QDialog):
    """Every switch with its choice and its reason. `failed(exception)` carries what is no problem of a person."""

    failed = Signal(object)

    def __init__(self, desk: Desk, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._tasks = tasks
        self.setObjectName("dialog.switches")
        self.setWindowTitle("本院开关")
        self.setAccessibleName("本院开关")
        self.setWindowModality(Qt.WindowModality.WindowModal)
        head = QLabel("只有法规留有余地之处可以由本院决定；每次更改须写明理由，并留痕。更改后请重新自检。", self)
        head.setWordWrap(True)
        self._inner = QWidget(self)
        self._column = QVBoxLayout(self._inner)
        self._column.setContentsMargins(0, 0, 0, 0)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(self._inner)
        self.said = QLabel(self)
        self.said.setObjectName("said")
        self.said.setWordWrap(True)
        close = QPushButton("关闭（Esc）", self)
        close.setObjectName("action.close")
        close.setAccessibleName("关闭")
        close.setAutoDefault(False)
        close.clicked.connect(self.reject)
        row = QHBoxLayout()
        row.addWidget(self.said, 1)
        row.addWidget(close)
        whole = QVBoxLayout(self)
        whole.addWidget(head)
        whole.addWidget(area, 1)
        whole.addLayout(row)
        self.resize(theme.em(self, 44), theme.em(self, 34))
        self.read()

    def read(self) -> None:
        """Read how every switch stands."""
        from bloodbank_desktop.operations.switching import states

        self._tasks.database(lambda: states(self._desk), self._show, self._not_done, owner=self)

    def _show(self, found: list[SwitchState]) -> None:
        while (item := self._column.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for one in found:
            self._column.addWidget(self._frame(one))
        self._column.addStretch(1)

    def _frame(self, one: SwitchState) -> QWidget:
        frame = QFrame(self._inner)
        frame.setObjectName(f"switch.{one.key}")
        frame.setFrameShape(QFrame.Shape.StyledPanel)
        title = QLabel(one.word, frame)
        font = title.font()
        font.setBold(True)
        title.setFont(font)
        stands = (
            f"◆ 本院：{one.values[one.value]}（默认：{one.values[one.default]}）"
            if one.differs
            else f"○ 默认：{one.values[one.default]}"
        )
        state = QLabel(stands, frame)
        state.setObjectName(f"state.{one.key}")
        room = QLabel(f"依据：{one.room}", frame)
        room.setWordWrap(True)
        box = QComboBox(frame)
        box.setObjectName(f"value.{one.key}")
        box.setAccessibleName(one.word)
        for key, word in one.values.items():
            box.addItem(word, key)
        box.setCurrentIndex(box.findData(one.value))
        reason = QLineEdit(frame)
        reason.setObjectName(f"reason.{one.key}")
        reason.setAccessibleName(f"{one.word}更改理由")
        reason.setPlaceholderText("更改的理由（必填，留痕）")
        change = QPushButton("更改", frame)
        change.setObjectName(f"action.switch.{one.key}")
        change.setAccessibleName(f"更改{one.word}")
        change.setAutoDefault(False)
        change.clicked.connect(lambda: self._switch(one.key, str(box.currentData()), reason.text()))
        line = QHBoxLayout()
        line.addWidget(reason, 1)
        line.addWidget(change)
        form = QFormLayout()
        form.addRow("设为", box)
        form.addRow("理由", line)
        column = QVBoxLayout(frame)
        for widget in (title, state, room):
            column.addWidget(widget)
        column.addLayout(form)
        for past in reversed(one.history):
            words = f"{china_text(past.at)} {past.actor} 设为“{one.values.get(past.value, past.value)}”：{past.reason}"
            label = QLabel(words, frame)
            label.setWordWrap(True)
            column.addWidget(label)
        return frame

    def _switch(self, key: str, value: str, reason: str) -> None:
        from bloodbank_desktop.operations.switching import switch

        def done(one: SwitchState) -> None:
            self.said.setText(f"✔ “{one.word}”已设为“{one.values[one.value]}”")
            self.read()

        self._tasks.database(lambda: switch(self._desk, key, value, reason=reason), done, self._not_done, owner=self)

    def _not_done(self, problem: Exception) -> None:
        if isinstance(problem, KnownProblem):
            self.said.setText(f"✖ {problem.message}")
        else:
            self.failed.emit(problem)


def open_switches(desk: Desk | None, deeds: Deeds, tasks: Tasks, parent: QWidget) -> None:
    """Open the switches; everybody may look, operations say who may switch."""
    if desk is None or not desk.operator or deeds.dialogs:
        return
    window = SwitchesWindow(desk, tasks, parent)
    window.failed.connect(deeds.failed)
    deeds.show(window)
