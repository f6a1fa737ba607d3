"""A small table to read, some hundred rows that are all there at once; long lists are `ui.list_view`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QTableWidget, QTableWidgetItem, QWidget

from bloodbank_desktop.ui import theme

_KEY = Qt.ItemDataRole.UserRole


class Grid(QTableWidget):
    """A small table to read, one row at a time; `opened` when Enter is pressed or a row clicked twice."""

    opened = Signal()

    def __init__(self, name: str, label: str, parent: QWidget) -> None:
        super().__init__(0, 0, parent)
        self.setObjectName(name)
        self.setAccessibleName(label)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setStretchLastSection(True)
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self._gap, self._most = theme.em(self, 0.4), theme.em(self, 26)
        self.doubleClicked.connect(lambda _index: self.opened.emit())

    def show_rows(self, heads: Sequence[str], rows: Sequence[tuple[Any, Sequence[str]]]) -> None:
        """Show rows, each with what it stands for; the row that stood for the same stays the current one."""
        before = self.current()
        self.blockSignals(True)
        self.clear()
        self.setColumnCount(len(heads))
        self.setHorizontalHeaderLabels(list(heads))
        self.setRowCount(len(rows))
        for place, (what, cells) in enumerate(rows):
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                item.setData(_KEY, what)
                self.setItem(place, column, item)
        # Each as wide as what stands in it: where that is too much for the window, it is scrolled and not cut.
        self.resizeColumnsToContents()
        for column in range(len(heads) - 1):
            self.setColumnWidth(column, min(self.columnWidth(column) + self._gap, self._most))
        self.blockSignals(False)
        self.go_to(before)

    def current(self) -> Any:
        """Return what the current row stands for, None without one."""
        item = self.item(self.currentRow(), 0)
        return None if item is None else item.data(_KEY)

    def go_to(self, what: Any) -> None:
        """Make the row that stands for this the current one, else the first."""
        places = [row for row in range(self.rowCount()) if (item := self.item(row, 0)) and item.data(_KEY) == what]
        if self.rowCount():
            self.selectRow(places[0] if places else 0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if (
            event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        ):
            self.opened.emit()
            return
        super().keyPressEvent(event)
