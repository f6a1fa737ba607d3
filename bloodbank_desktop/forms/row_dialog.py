"""One line of a record in a small dialog of its own; it goes into the table only when it holds by itself."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QFrame,
    QHBoxLayout,
    QMessageBox,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from bloodbank_desktop.forms.editors import Now
from bloodbank_desktop.forms.field_form import FieldForm
from bloodbank_desktop.forms.problem_list import ProblemList
from bloodbank_desktop.records.declare import LineType, Values
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.records.validate import problems


class RowDialog(QDialog):
    """Editor of one line. `accepted_line` carries the stored values; `editable` names the fields that may be changed.

    With `editable` empty the line is only shown.
    """

    accepted_line = Signal(object)

    def __init__(
        self,
        of: LineType,
        title: str,
        values: Values,
        now: Now,
        *,
        name: str,
        editable: Iterable[str] | None = None,
        found: Iterable[Problem] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setWindowTitle(title)
        self.setModal(True)
        self.form = FieldForm(of, now, None, self)
        self.form.show_values(values)
        changeable = set(self.form.editors if editable is None else editable)
        self.form.set_read_only(True, [key for key in self.form.editors if key not in changeable])
        self._partial = editable is not None
        self.list = ProblemList(self)
        self.list.chosen.connect(self._go_to)
        self.ok = self._button("确定（Ctrl+S）", "ok")
        self.ok.setProperty("primary", True)
        self.ok.clicked.connect(self.finish)
        self.ok.setVisible(bool(changeable))
        leave = self._button("取消（Esc）" if changeable else "关闭（Esc）", "cancel")
        leave.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.ok)
        buttons.addWidget(leave)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(self.form)
        whole = QVBoxLayout(self)
        whole.addWidget(area, 1)
        whole.addWidget(self.list)
        whole.addLayout(buttons)
        for keys in ("Ctrl+S", "Ctrl+Return"):
            QShortcut(QKeySequence(keys), self).activated.connect(self.finish)
        QShortcut(QKeySequence("F8"), self).activated.connect(self.list.go_to_next)
        self._area = area
        self._size()
        # Fields that come because of what was typed make the dialog higher instead of standing below its edge.
        self.form.changed.connect(lambda _key: QTimer.singleShot(0, self, self._grow))
        self.form.show_problems(found)
        first = next((editor for key, editor in self.form.editors.items() if key in changeable), None)
        if first is not None:
            first.focus()

    def _size(self) -> None:
        """Open as large as the fields want and the screen allows, so that nothing is cut."""
        inner = self.fontMetrics().horizontalAdvance("0") * 100
        self.form.resize(inner, self.form.height())
        self.form.refresh()
        self.resize(min(inner, self.screen().availableGeometry().width() - 20), 0)
        self._grow()

    def _grow(self) -> None:
        room = self.screen().availableGeometry().size()
        layout = self.layout()
        assert layout is not None
        edges = layout.contentsMargins()
        sides = edges.left() + edges.right() + self._area.verticalScrollBar().sizeHint().width()
        around = 4 * self.fontMetrics().height() + edges.top() + edges.bottom()
        least = self.form.minimumSizeHint()
        # On the screen the page itself says how much of it is cut.
        cut = self.form.width() - self._area.viewport().width() if self.isVisible() else 0
        wide = min(max(least.width() + sides, self.width() + cut), room.width() - 20)
        high = min(max(self.form.sizeHint().height(), least.height()) + around, room.height() - 60)
        if wide > self.width() or high > self.height():
            self.resize(max(wide, self.width()), max(high, self.height()))

    def _button(self, words: str, name: str) -> QPushButton:
        button = QPushButton(words, self)
        button.setObjectName(name)
        button.setAutoDefault(False)
        return button

    def finish(self) -> None:
        """Hand the line over if it holds, else say what is wrong with it."""
        if not self.ok.isVisibleTo(self):
            return
        owner = self.form.owner_of(QApplication.focusWidget())
        if owner is not None:
            owner.settle()
        values = self.form.values()
        found = self.form.problems()
        unread = {problem.field for problem in found}
        # What may not be changed here is judged where it came from.
        if not self._partial:
            found += [problem for problem in problems(self.form.of, values) if problem.field not in unread]
        self.form.show_problems(found)
        self.list.set_problems(found)
        if found:
            self.list.go_to_next()
            return
        self.accepted_line.emit(values)
        self.accept()

    def reject(self) -> None:
        if not self.form.touched() or not self.ok.isVisibleTo(self):
            super().reject()
            return
        box = QMessageBox(self)
        box.setObjectName("row.leave")
        box.setIcon(QMessageBox.Icon.Question)
        box.setText("这一行还没有放入表格。")
        stay = box.addButton("继续填写", QMessageBox.ButtonRole.RejectRole)
        go = box.addButton("放弃这一行", QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(stay)
        box.setEscapeButton(stay)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.buttonClicked.connect(lambda button: QDialog.reject(self) if button is go else None)
        box.open()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.focusNextChild()
            return
        super().keyPressEvent(event)

    def _go_to(self, problem: Problem) -> None:
        editor = self.form.editors.get(problem.field)
        if editor is not None:
            editor.focus()
