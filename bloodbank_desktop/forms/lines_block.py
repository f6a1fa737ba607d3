"""The lines of a record as a table with its own keys: Ins adds, Enter or F2 opens, Ctrl+Del removes.

Rows are inserted and repainted one by one; with 400 bags in a delivery a rebuilt table would come later than the next
scan.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QEvent, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QKeySequence, QPainter, QPaintEvent, QPalette, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSizePolicy,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from bloodbank_desktop.forms import marks
from bloodbank_desktop.forms.levels import role_at_field
from bloodbank_desktop.forms.roles import SHAPES, Role
from bloodbank_desktop.records import kinds
from bloodbank_desktop.records.declare import Field, LineType
from bloodbank_desktop.records.problems import Problem

Index = QModelIndex | QPersistentModelIndex
_STATUS = "状态"
#: A lines field that may have more lines than this gets the rest of the page while lines are added.
_MANY = 100
#: A table that does not take the rest of the page grows with its lines, from the first number to the second.
_FEW, _FULL = 2, 10
#: Width of the status in average characters; it becomes wider for a sentence that would be cut.
_STATUS_WIDTH, _STATUS_MOST = 20, 34


@dataclass(eq=False)
class Row:
    """One line: its id for life, its stored values, a word about it, and what is wrong by field key."""

    id: str
    values: dict[str, Any]
    status: str = ""
    role: Role = Role.INFO
    problems: dict[str, str] = field(default_factory=dict)
    #: How the gravest of its problems looks.
    worst: Role = Role.REFUSED


class LinesModel(QAbstractTableModel):
    """Lines in the order in which they came; the first column says where each stands."""

    def __init__(self, of: LineType, palette: QPalette, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields: tuple[Field, ...] = tuple(f for f in of.plain if not f.hidden)
        self.rows: list[Row] = []
        self.set_palette(palette)

    def set_palette(self, palette: QPalette) -> None:
        """Use the colours of another palette."""
        self._inks = {role: marks.ink(role, palette) for role in Role}

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - the signature is Qt's
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.fields) + 1

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Vertical:
            return str(section + 1) if role == Qt.ItemDataRole.DisplayRole else None
        if role == Qt.ItemDataRole.TextAlignmentRole and section and self.fields[section - 1].kind.align_right:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return self.fields[section - 1].label if section else _STATUS

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.rows[index.row()]
        if index.column() == 0:
            return self._status(row, role)
        shown = self.fields[index.column() - 1]
        problem = row.problems.get(shown.key)
        if role == Qt.ItemDataRole.DisplayRole:
            text = shown.kind.format(row.values.get(shown.key)) + self._unit(shown, row)
            return f"{SHAPES[row.worst]} {text}" if problem else text
        if role == Qt.ItemDataRole.ToolTipRole:
            return problem
        if role == Qt.ItemDataRole.ForegroundRole and problem:
            return self._inks[row.worst]
        if role == Qt.ItemDataRole.TextAlignmentRole and shown.kind.align_right:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def _unit(self, shown: Field, row: Row) -> str:
        """Return the unit of an amount of blood: 2 means two units of red cells, and of plasma it would be two ml."""
        if not isinstance(shown.kind, kinds.Number) or shown.kind.unit or row.values.get(shown.key) is None:
            return ""
        for other in self.fields:
            value = row.values.get(other.key)
            if isinstance(other.kind, kinds.Choice) and isinstance(value, str):
                unit = other.kind.table.facet(value, "unit")
                if unit:
                    return f" {unit}"
        return ""

    def _status(self, row: Row, role: int) -> Any:
        worst = row.worst if row.problems else row.role
        # What concerns the line as a whole is told in its status already, and in the list of problems.
        text = next((message for key, message in row.problems.items() if key), row.status)
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{SHAPES[worst]} {text}" if text else ""
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(row.problems.values()) or row.status or None
        return self._inks[worst] if role == Qt.ItemDataRole.ForegroundRole else None

    def set_rows(self, rows: Iterable[Row]) -> None:
        """Show other lines altogether."""
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()

    def put(self, index: int, row: Row) -> None:
        """Show a line at its place: in place of what is there, or as a new last one."""
        if index == len(self.rows):
            self.beginInsertRows(QModelIndex(), index, index)
            self.rows.append(row)
            self.endInsertRows()
        else:
            self.rows[index] = row
            self.repaint_row(index)

    def index_of(self, line_id: str) -> int | None:
        """Return where the line with this id stands now, None if it is gone."""
        return next((index for index, row in enumerate(self.rows) if row.id == line_id), None)

    def take(self, index: int) -> Row:
        """Remove a line."""
        self.beginRemoveRows(QModelIndex(), index, index)
        row = self.rows.pop(index)
        self.endRemoveRows()
        return row

    def repaint_row(self, index: int) -> None:
        """Paint one line again."""
        self.dataChanged.emit(self.index(index, 0), self.index(index, len(self.fields)))

    def show_problems(self, problems: Iterable[Problem], key: str) -> None:
        """Show at each line what is wrong with it."""
        found: dict[int, dict[str, str]] = {}
        roles: dict[int, Role] = {}
        for problem in problems:
            if problem.line is not None and problem.field.split(".")[0] == key:
                found.setdefault(problem.line - 1, {}).setdefault(problem.field.partition(".")[2], problem.message)
                role = role_at_field(problem)
                if roles.get(problem.line - 1) is not Role.REFUSED:
                    roles[problem.line - 1] = role
        for index, row in enumerate(self.rows):
            now = (found.get(index, {}), roles.get(index, Role.REFUSED))
            if (row.problems, row.worst) != now:
                row.problems, row.worst = now
                self.repaint_row(index)


class _Headings(QHeaderView):
    """Headings whose line goes on to the edge of the table where the columns end before it."""

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.length() < self.width() and self.count() > self.hiddenSectionCount():
            painter = QPainter(self.viewport())
            painter.setPen(self.palette().color(QPalette.ColorRole.Mid))
            painter.drawLine(self.length(), self.height() - 1, self.width(), self.height() - 1)
            painter.end()


class LinesBlock(QWidget):
    """Table, buttons and count of one lines field. It asks with its signals and changes nothing itself."""

    add_wanted = Signal()
    open_wanted = Signal(int)
    remove_wanted = Signal(int)

    def __init__(self, declared: Field, of: LineType, parent: QWidget | None = None, *, viewing: bool = False) -> None:
        """With `viewing` the lines are all there: the table is as high as they are."""
        super().__init__(parent)
        assert isinstance(declared.kind, kinds.Lines)
        self.field = declared
        self.of = of
        self.least, self.most = declared.kind.least, declared.kind.most
        #: Whether the table takes the rest of the page.
        self._viewing = viewing
        self.fills = self.most > _MANY and not viewing
        self.model = LinesModel(of, self.palette(), self)
        self.table = QTableView(self)
        self.table.setObjectName(declared.key)
        self.table.setAccessibleName(declared.label)
        self.table.setHorizontalHeader(_Headings(Qt.Orientation.Horizontal, self.table))
        self.table.setModel(self.model)
        self.setFocusProxy(self.table)
        policy = QSizePolicy.Policy.Expanding if self.fills else QSizePolicy.Policy.Fixed
        self.setSizePolicy(QSizePolicy.Policy.Expanding, policy)
        self._dress()
        self.add = self._button(f"添加{declared.label}", "Ins", "add")
        self.open = self._button("打开", "Enter", "open")
        self.remove = self._button("删除", "Ctrl+Del", "remove")
        self.count = QLabel(self)
        bar = QHBoxLayout()
        bar.setContentsMargins(0, 0, 0, 0)
        for widget in (self.add, self.open, self.remove):
            bar.addWidget(widget)
        bar.addStretch(1)
        bar.addWidget(self.count)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 2, 0, 2)
        whole.setSpacing(4)
        whole.addLayout(bar)
        whole.addWidget(self.table)
        self._wire()

    def _dress(self) -> None:
        table = self.table
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setTabKeyNavigation(False)
        table.setAlternatingRowColors(True)
        table.setShowGrid(False)
        table.setWordWrap(False)
        metrics = table.fontMetrics()
        table.verticalHeader().setDefaultSectionSize(metrics.height() + 8)
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        table.verticalHeader().setHighlightSections(False)
        table.verticalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        table.setColumnWidth(0, _STATUS_WIDTH * metrics.horizontalAdvance("0"))
        for column, shown in enumerate(self.model.fields, start=1):
            wide = max(metrics.horizontalAdvance(shown.label), _characters(shown) * metrics.horizontalAdvance("0"))
            table.setColumnWidth(column, wide + metrics.horizontalAdvance("00"))

    def _button(self, words: str, key: str, name: str) -> QPushButton:
        button = QPushButton(f"{words}（{key}）", self)
        button.setObjectName(f"{self.field.key}.{name}")
        button.setAutoDefault(False)
        return button

    def _wire(self) -> None:
        self.add.clicked.connect(lambda: self.add_wanted.emit())
        self.open.clicked.connect(self._open)
        self.remove.clicked.connect(self._remove)
        self.table.doubleClicked.connect(lambda index: self.open_wanted.emit(index.row()))
        scope = Qt.ShortcutContext.WidgetWithChildrenShortcut
        for keys, slot in (
            ("Ins", self.add_wanted.emit),
            ("Return", self._open),
            ("Enter", self._open),
            ("F2", self._open),
            ("Ctrl+Del", self._remove),
        ):
            shortcut = QShortcut(QKeySequence(keys), self, context=scope)
            shortcut.activated.connect(slot)
        for signal in (self.model.rowsInserted, self.model.rowsRemoved, self.model.modelReset):
            signal.connect(self._counted)
        self.model.dataChanged.connect(lambda first, last: self._show_columns(first.row()))
        self.model.dataChanged.connect(lambda first, last: self._show_status(first.row(), last.row()))
        self.model.rowsInserted.connect(lambda parent, first, last: self._show_columns(first))
        self.model.rowsInserted.connect(lambda parent, first, last: self._show_status(first, last))
        for signal in (self.model.rowsRemoved, self.model.modelReset):
            signal.connect(lambda *_: self._show_columns())
        self._show_columns()
        self._counted()

    def _counted(self) -> None:
        self.count.setText(f"共 {len(self.model.rows)} 行")
        table = self.table
        header = table.horizontalHeader().sizeHint().height()
        bar = table.horizontalScrollBar().sizeHint().height()
        line = table.verticalHeader().defaultSectionSize()
        if self.fills:
            table.setMinimumHeight(header + 6 * line + bar)
        else:
            lines = max(1 if self._viewing else _FEW, min(len(self.model.rows), _FULL))
            wide = table.horizontalHeader().length() + table.verticalHeader().width() > table.width()
            table.setFixedHeight(header + lines * line + (bar if wide else 0) + 4)

    def _show_columns(self, index: int | None = None) -> None:
        """Columns that may be empty are shown once a line fills them; labels differ, the screen is narrow.

        With `index` only that line is asked, and columns only appear.
        """
        rows = self.model.rows if index is None else [self.model.rows[index]]
        for column, shown in enumerate(self.model.fields, start=1):
            if shown.required is True:
                continue
            filled = any(row.values.get(shown.key) is not None for row in rows)
            if self.table.isColumnHidden(column) == filled and (filled or index is None):
                self.table.setColumnHidden(column, not filled)
        # Words at the end may take what is left; a number at the far edge would stand alone.
        last = [column for column in range(len(self.model.fields) + 1) if not self.table.isColumnHidden(column)][-1]
        stretch = last == 0 or not self.model.fields[last - 1].kind.align_right
        self.table.horizontalHeader().setStretchLastSection(stretch)

    def _show_status(self, first: int, last: int) -> None:
        """Make the status wide enough for what it says; it never becomes narrower under the eyes."""
        metrics, table = self.table.fontMetrics(), self.table
        texts = (str(self.model.index(row, 0).data()) for row in range(first, last + 1))
        wide = max((metrics.horizontalAdvance(text) for text in texts), default=0) + metrics.horizontalAdvance("00")
        most = _STATUS_MOST * metrics.horizontalAdvance("0")
        if table.columnWidth(0) < min(wide, most):
            table.setColumnWidth(0, min(wide, most))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._counted()
        # The table has its new size by now; the line on which the person works stays in sight.
        self.table.scrollTo(self.table.currentIndex())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "model"):
            self.model.set_palette(self.palette())

    def current(self) -> int:
        """Return the selected line, -1 for none."""
        return self.table.currentIndex().row()

    def select(self, index: int) -> None:
        """Select a line and bring it into view."""
        if 0 <= index < len(self.model.rows):
            at = self.model.index(index, 0)
            self.table.setCurrentIndex(at)
            self.table.scrollTo(at)

    def values(self) -> tuple[dict[str, Any], ...]:
        """Return the stored values of all lines."""
        return tuple(row.values for row in self.model.rows)

    def set_read_only(self, on: bool) -> None:
        """Let the lines be looked at and not changed."""
        self.add.setVisible(not on)
        self.remove.setVisible(not on)
        self.table.setColumnHidden(0, on)

    def _open(self) -> None:
        if self.current() >= 0:
            self.open_wanted.emit(self.current())

    def _remove(self) -> None:
        if self.current() >= 0 and self.remove.isVisibleTo(self):
            self.remove_wanted.emit(self.current())


def _characters(shown: Field) -> int:
    """Return how wide the values of a field are, in average characters; a Chinese one is about two."""
    kind = shown.kind
    if isinstance(kind, kinds.Choice):
        longest = max((len(kind.table.word(key)) for key in kind.table), default=4)
        return min(2 * longest, 22)
    if isinstance(kind, kinds.Moment):
        return 17
    if isinstance(kind, kinds.Day):
        return 11
    if isinstance(kind, kinds.Number):
        return 10
    if isinstance(kind, kinds.Code):
        return 19 if shown.key == "donation_number" else 11
    return 12
