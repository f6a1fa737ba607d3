"""All problems of a dialog in one list under the form; Enter or a click leads to the field.

At the field a problem is read, in the list it is found: a page may be longer than the screen.
"""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from bloodbank_desktop.forms import marks
from bloodbank_desktop.forms.levels import ROLES, level_of, words_of
from bloodbank_desktop.records.problems import Problem

_MOST_ROWS = 4


class ProblemList(QListWidget):
    """The list; it hides itself when there is nothing to say. `chosen` carries the problem to go to."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("problems")
        self.setAccessibleName("需要处理的问题")
        self.setWordWrap(True)
        self.problems: tuple[Problem, ...] = ()
        self._next = 0
        self.itemClicked.connect(self._choose)
        self.hide()

    def set_problems(self, problems: Iterable[Problem]) -> None:
        """Show these problems, or nothing."""
        self.problems = tuple(problems)
        self._next = 0
        self.clear()
        for problem in self.problems:
            item = QListWidgetItem(words_of(problem), self)
            item.setForeground(marks.ink(ROLES[level_of(problem)], self.palette()))
        height = self.sizeHintForRow(0) if self.problems else 0
        self.setFixedHeight(min(len(self.problems), _MOST_ROWS) * height + 2 * self.frameWidth() + 2)
        self.setVisible(bool(self.problems))

    def go_to_next(self) -> None:
        """Choose the problem after the one chosen last."""
        if self.problems:
            self.setCurrentRow(self._next % len(self.problems))
            self._next = self.currentRow() + 1
            self.chosen.emit(self.problems[self.currentRow()])

    def _choose(self, item: QListWidgetItem) -> None:
        self._next = self.row(item) + 1
        self.chosen.emit(self.problems[self.row(item)])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentItem() is not None:
            self._choose(self.currentItem())
            return
        super().keyPressEvent(event)
