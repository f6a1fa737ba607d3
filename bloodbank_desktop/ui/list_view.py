"""The table of every list: rows of one height, keys as in any list, and words where there are no rows.

QTableView asks the model for every row in more places than one would think – typing a letter, sizing to contents,
selecting all. Each of these is answered here without looking at the rows.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QFontMetrics, QGuiApplication, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from bloodbank_desktop.ui import theme
from bloodbank_desktop.ui.list_model import Keep, PagedModel, Row

#: How long a jump waits for its rows before it shows their places.
_PATIENCE_MS = 60


class ListView(QTableView):
    """The table.

    `typed` carries what is typed or scanned into the list; `type_changed` follows another font; `painted` is emitted
    once, when the rows of a model are on the screen for the first time.
    """

    typed = Signal(str)
    type_changed = Signal()
    painted = Signal()

    def __init__(self, name: str, label: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(label)
        self.empty_text = ""
        #: Whether the first row is the current one when rows are shown; not where a row narrows another list.
        self.begins_at_first = True
        self._was_painted = False
        self._leap: int | None = None
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_PATIENCE_MS)
        self._patience.timeout.connect(self._land)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        heads = self.horizontalHeader()
        heads.setSectionsMovable(True)
        heads.setSectionsClickable(True)
        heads.setHighlightSections(False)
        heads.setSortIndicatorClearable(True)
        heads.setSortIndicator(-1, Qt.SortOrder.DescendingOrder)
        heads.setSortIndicatorShown(True)
        heads.setStretchLastSection(True)
        heads.setTextElideMode(Qt.TextElideMode.ElideRight)
        heads.setObjectName(f"{name}.headings")
        heads.setAccessibleName(f"{label}的标题行")
        self._measure()

    def show_model(self, model: PagedModel) -> None:
        """Show the rows of a model and follow it when it is read anew."""
        model.set_colours(theme.colours())
        self.setModel(model)
        model.opened.connect(self._opened)

    @property
    def paged(self) -> PagedModel | None:
        """The model shown, if any."""
        model = self.model()
        return model if isinstance(model, PagedModel) else None

    def current_row(self) -> Row | None:
        """Return the selected row if it is read."""
        model = self.paged
        return model.row(self.currentIndex().row()) if model is not None and self.currentIndex().isValid() else None

    def keep(self) -> Keep:
        """Return what a refresh must leave where it is."""
        top, bottom = self.rowAt(0), self.rowAt(max(self.viewport().height() - 1, 0))
        row = self.current_row()
        if bottom < 0:
            bottom = top + self._rows_on_screen()
        return Keep(max(top, 0), max(bottom, 0), self.currentIndex().row(), row.id if row else "")

    def natural_width(self, column: int) -> int:
        """Return the width that shows the heading and the longest usual text of a column."""
        model = self.paged
        if model is None:
            return 0
        metrics = QFontMetrics(self.font())
        spec = model.columns[column]
        heading = metrics.horizontalAdvance(spec.label) + round(metrics.height() * 1.6)
        texts = max((metrics.horizontalAdvance(text) for text in spec.samples), default=0)
        return max(heading, texts + round(metrics.height() * 1.2))

    # Qt's own hooks

    def keyboardSearch(self, search: str) -> None:
        # Qt would compare the text of a million rows, one by one, on this thread.
        if search.strip():
            self.typed.emit(search)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # What was pressed next starts from where the key before leads.
        self._land()
        model = self.model()
        last = model.rowCount() - 1 if model is not None else -1
        if event.modifiers() == Qt.KeyboardModifier.NoModifier and last >= 0:
            # A person in a list means the first and last record; Qt means the first and last cell of the row.
            place = {Qt.Key.Key_Home: 0, Qt.Key.Key_End: last}.get(Qt.Key(event.key()))
            if place is not None:
                self.leap(place)
                return
        super().keyPressEvent(event)

    def go_to(self, row: int) -> None:
        """Make a row the current one, in the column where the cursor is, and show it."""
        model = self.model()
        if model is None or not 0 <= row < model.rowCount():
            return
        column = max(self.currentIndex().column(), 0)
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        self.selectionModel().setCurrentIndex(model.index(row, column), flags)

    def leap(self, row: int) -> None:
        """Go to a row far away when the rows around it are read, so that the screen is painted once and not twice.

        Whatever keeps the disk busy, the person does not wait longer than a moment: then the rows come later.
        """
        model, around = self.paged, self._rows_on_screen()
        if model is None:
            self.go_to(row)
            return
        self._leap = row
        self._patience.start()
        model.when_read(row - around, row + around, self._land)

    def selectAll(self) -> None:
        """One record is selected at a time."""

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.paged is not None:
            self.paged.set_colours(theme.colours())
        elif event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._measure()
            self.type_changed.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        model = self.model()
        if self.empty_text and (model is None or model.rowCount() == 0):
            painter = QPainter(self.viewport())
            painter.setPen(QColor(theme.colours().muted))
            margin = theme.em(self, 2)
            area = self.viewport().rect().adjusted(margin, margin, -margin, -margin)
            painter.drawText(area, Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap, self.empty_text)
            painter.end()
        if not self._was_painted and isinstance(model, PagedModel) and model.ready:
            self._was_painted = True
            self.painted.emit()

    # within

    @Slot()
    def _land(self) -> None:
        row, self._leap = self._leap, None
        self._patience.stop()
        if row is not None:
            self.go_to(row)

    def _measure(self) -> None:
        height = QFontMetrics(self.font()).height()
        rows = self.verticalHeader()
        rows.setMinimumSectionSize(height)
        rows.setDefaultSectionSize(round(height * 1.45))
        self.horizontalHeader().setMinimumSectionSize(height * 2)

    def copy_cell(self) -> None:
        """Put the text of the current cell on the clipboard."""
        row = self.current_row()
        if row is not None:
            QGuiApplication.clipboard().setText(row.texts[self.currentIndex().column()])

    def copy_row(self) -> None:
        """Put the visible columns of the current row on the clipboard, in their order, separated by tabs."""
        row = self.current_row()
        if row is not None:
            heads = self.horizontalHeader()
            shown = [heads.logicalIndex(place) for place in range(heads.count())]
            texts = [row.texts[index] for index in shown if not heads.isSectionHidden(index)]
            QGuiApplication.clipboard().setText("\t".join(texts))

    def _rows_on_screen(self) -> int:
        return self.viewport().height() // max(self.verticalHeader().defaultSectionSize(), 1) + 1

    def _opened(self, keep: Keep | None, row: int) -> None:
        model = self.paged
        self._leap = None
        if model is None:
            return
        if keep is None:
            self.clearSelection()
            self.setCurrentIndex(QModelIndex())
            self.scrollToTop()
            if model.rowCount() and self.begins_at_first:
                self.go_to(0)
        else:
            if keep.id and row >= 0:
                self.go_to(row)
            elif keep.id:
                self.setCurrentIndex(QModelIndex())
                self.clearSelection()
            elif self.begins_at_first and model.rowCount() and not self.currentIndex().isValid():
                self.go_to(0)
            shift = row - keep.row if keep.id and row >= 0 else 0
            self.verticalScrollBar().setValue(keep.top + shift)
        if not model.rowCount():
            # Rows repaint by themselves; the words in their place do not. Asked for in this case only: the first look
            # at a viewport makes Python objects of every class of widgets there is, 10 ms of a start.
            self.viewport().update()
