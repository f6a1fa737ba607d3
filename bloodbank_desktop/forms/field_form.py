"""The fields of a record or a line as a dense grid: labels, editors, problems, and only what has a meaning right now.

One grid for all sections, so that every editor of the page stands in line; it takes as many columns as fit. A field
whose condition no longer holds disappears and counts as not stated, but its text waits in case the condition returns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QPalette, QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from bloodbank_desktop.forms import marks
from bloodbank_desktop.forms.contract import FileDoor
from bloodbank_desktop.forms.editor_of import editor_for
from bloodbank_desktop.forms.editors import Editor, Now
from bloodbank_desktop.forms.levels import role_at_field
from bloodbank_desktop.forms.roles import SHAPES, Role
from bloodbank_desktop.records import kinds
from bloodbank_desktop.records.declare import Field, LineType, Values
from bloodbank_desktop.records.kinds import Unreadable
from bloodbank_desktop.records.problems import Problem

_MOST_COLUMNS = 4
#: Width of one label with its editor, in average characters.
_COLUMN = 42


class Cell(QObject):
    """Label, editor and problem of one field."""

    def __init__(self, editor: Editor, holder: QWidget, parent: QWidget) -> None:
        """`holder` is the parent of the editor's widget."""
        super().__init__(parent)
        self.editor = editor
        self.label = QLabel(parent)
        self.label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        self.label.setTextFormat(Qt.TextFormat.RichText)
        self.label.setBuddy(editor.widget)
        self.label.setContentsMargins(0, 4, 0, 0)
        self.holder = holder
        column = QVBoxLayout(self.holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(1)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(editor.widget, 1)
        if editor.note:
            row.addWidget(QLabel(editor.note, self.holder))
        column.addLayout(row)
        self.problem = QLabel(self.holder)
        self.problem.setObjectName(f"problem.{editor.field.key}")
        self.problem.setWordWrap(True)
        self.problem.hide()
        column.addWidget(self.problem)
        editor.marked.connect(self.mark)
        self.mark()

    def mark(self) -> None:
        """Show whether the field is required and what is wrong with it, in the colours of the palette."""
        palette = self.label.palette()
        red = marks.ink(Role.REFUSED, palette).name()
        star = f' <span style="color:{red}">*</span>' if self.editor.required else ""
        self.label.setText(self.editor.field.label + star)
        message, role = self.editor.message, self.editor.role
        # Red is what stops; a warning that has to be read looks as it does in the list of problems.
        wrong = message is not None and role is Role.REFUSED
        if bool(self.editor.widget.property("problem")) != wrong:
            self.editor.widget.setProperty("problem", wrong)
            marks.dress_again(self.editor.widget)
        self.problem.setVisible(message is not None)
        if message is not None:
            colours = self.problem.palette()
            colours.setColor(QPalette.ColorRole.WindowText, marks.ink(role, palette))
            self.problem.setPalette(colours)
            self.problem.setText(f"{SHAPES[role]} {message}")

    def set_visible(self, on: bool) -> None:
        """Show or hide the whole cell."""
        self.label.setVisible(on)
        self.holder.setVisible(on)


class FieldForm(QWidget):
    """All visible fields of a record or line. `blocks` are the widgets of its lines fields, by key.

    `changed` carries the key of the field whose text changed.
    """

    changed = Signal(str)

    def __init__(
        self, of: LineType, now: Now, blocks: Mapping[str, QWidget] | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.of = of
        self._blocks = dict(blocks or {})
        self._carried: dict[str, Any] = {}
        self._forced: set[str] = set()
        self._columns = 0
        self._tall: list[int] = []
        self._judging = True
        self._arranged: tuple[str, ...] = ()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(4)
        self.editors: dict[str, Editor] = {}
        self._cells: dict[str, Cell] = {}
        for field in of.plain:
            if not field.hidden:
                self._add(field, now)
        self._heads = [self._head(title) for title, _ in of.sections]
        for block in self._blocks.values():
            block.setParent(self)
        self.refresh()

    def _add(self, field: Field, now: Now) -> None:
        # Where it stays: a widget that moves to another parent is dressed by the style sheet once more.
        holder = QWidget(self)
        editor = editor_for(field, holder, now)
        self.editors[field.key] = editor
        self._cells[field.key] = Cell(editor, holder, self)
        editor.changed.connect(lambda: self._text_changed(field.key))

    def _head(self, title: str) -> QWidget:
        head = QWidget(self)
        row = QHBoxLayout(head)
        row.setContentsMargins(0, 6, 0, 0)
        text = QLabel(title, head)
        text.setObjectName("section")
        font = text.font()
        font.setBold(True)
        text.setFont(font)
        rule = QFrame(head)
        rule.setObjectName("rule")
        row.addWidget(text)
        row.addWidget(rule, 1)
        return head

    def attach(self, door: FileDoor) -> None:
        """Give the editors what stands behind the dialog."""
        for editor in self.editors.values():
            editor.attach(door)

    # -- values ---------------------------------------------------------------------------------------------------

    def show_values(self, values: Values) -> None:
        """Show stored values in all editors; a field that has one is shown even where its condition does not hold."""
        for key, editor in self.editors.items():
            editor.show(values.get(key))
        self._carried = {f.key: values.get(f.key) for f in self.of.plain if f.hidden}
        self._forced = {f.key for f in self.of.plain if values.get(f.key) is not None and not f.is_shown(values)}
        self.refresh()

    def fill_empty(self, values: Values) -> None:
        """Show values in the editors that nobody has filled yet."""
        for key, value in values.items():
            editor = self.editors.get(key)
            if editor is not None and not editor.text():
                editor.show(value)
        self.refresh()

    def show_texts(self, texts: Mapping[str, str]) -> None:
        """Show raw texts of a draft."""
        for key, text in texts.items():
            if key in self.editors:
                self.editors[key].show_text(text)
        self.refresh()

    def values(self) -> dict[str, Any]:
        """Return what is stated and readable, by field key; hidden fields as they came."""
        return {**self._carried, **self._stated()[0]}

    def unreadable(self) -> dict[str, str]:
        """Return the texts that are no values, by field key."""
        return self._stated()[1]

    def problems(self) -> list[Problem]:
        """Return a problem for every text that is not a value."""
        found = []
        for key in self.unreadable():
            editor = self.editors[key]
            try:
                editor.value()
            except Unreadable as problem:
                found.append(Problem(key, problem.code, f"{editor.field.label}：{problem.message}"))
        return found

    def _stated(self) -> tuple[dict[str, Any], dict[str, str]]:
        values: dict[str, Any] = {}
        texts: dict[str, str] = {}
        for key, editor in self.editors.items():
            try:
                values[key] = editor.value()
            except Unreadable:
                texts[key] = editor.text()
        while True:
            gone = [k for k in (*values, *texts) if k not in self._forced and not self.of.fields[k].is_shown(values)]
            if not gone:
                return {key: value for key, value in values.items() if value is not None}, texts
            for key in gone:
                values.pop(key, None)
                texts.pop(key, None)

    def touched(self) -> bool:
        """Return whether any editor differs from what was shown."""
        return any(editor.touched() for editor in self.editors.values())

    # -- looks ----------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Ask all conditions again."""
        values, _ = self._stated()
        self._forced = {key for key in self._forced if self.editors[key].text()}
        for key, editor in self.editors.items():
            field = self.of.fields[key]
            # A number that is allotted may be left empty, and where nothing can be typed nothing is missing.
            editor.set_required(self._judging and field.serial is None and field.is_required(values))
        self._arrange(values)

    def shown(self, key: str) -> bool:
        """Return whether a field is on the page."""
        return key in self._arranged

    def set_read_only(self, on: bool, keys: Iterable[str] | None = None) -> None:
        """Let these fields, or all, be read only."""
        self._judging = not (on and keys is None)
        for key in self.editors if keys is None else keys:
            self.editors[key].set_read_only(on)
            for widget in self.editors[key].focus_widgets():
                marks.dress_again(widget)
        self.refresh()

    def show_problems(self, problems: Iterable[Problem]) -> None:
        """Show at each field the first problem it has that stops, else the first."""
        first: dict[str, tuple[str, Role]] = {}
        for problem in problems:
            role = role_at_field(problem)
            if problem.field not in first or (role is Role.REFUSED and first[problem.field][1] is not role):
                words = problem.message.removeprefix(f"{self._label(problem.field)}：")
                first[problem.field] = (words, role)
        for key, editor in self.editors.items():
            editor.problem(*first.get(key, (None, Role.REFUSED)))

    def _label(self, key: str) -> str:
        field = self.of.fields.get(key)
        return field.label if field else ""

    def owner_of(self, widget: QWidget | None) -> Editor | None:
        """Return the editor that this widget is a part of."""
        while widget is not None and widget is not self:
            for editor in self.editors.values():
                if editor.widget is widget:
                    return editor
            widget = widget.parentWidget()
        return None

    def _text_changed(self, key: str) -> None:
        self.refresh()
        self.changed.emit(key)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.refresh()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            for cell in self._cells.values():
                cell.mark()

    def _fitting_columns(self) -> int:
        width = self.fontMetrics().horizontalAdvance("0") * _COLUMN
        return max(1, min(_MOST_COLUMNS, self.width() // max(1, width)))

    def _arrange(self, values: Values) -> None:
        columns = self._fitting_columns()
        fields = [f for f in self.of.fields.values() if not f.hidden]
        visible = tuple(f.key for f in fields if f.key in self._forced or f.is_shown(values))
        if (columns, visible) == (self._columns, self._arranged):
            return
        self._columns, self._arranged = columns, visible
        while self._grid.count():
            self._grid.takeAt(0)
        self._tall = []
        row = 0
        previous: QWidget | None = None
        for head, (title, keys) in zip(self._heads, self.of.sections, strict=True):
            here = [key for key in keys if key in visible]
            head.setVisible(bool(title and here))
            if title and here:
                self._grid.addWidget(head, row, 0, 1, 2 * columns)
                row += 1
            row = self._place(here, row, columns)
            for key in here:
                previous = self._next_in_tab_order(previous, key)
        for key, cell in self._cells.items():
            cell.set_visible(key in visible)
        for key, block in self._blocks.items():
            block.setVisible(key in visible)
        for column in range(2 * _MOST_COLUMNS):
            self._grid.setColumnStretch(column, int(column % 2 == 1 and column < 2 * columns))
        for other in range(self._grid.rowCount()):
            self._grid.setRowStretch(other, int(other in self._tall))
        if not self._tall:
            self._grid.setRowStretch(row, 1)

    def _place(self, keys: list[str], row: int, columns: int) -> int:
        column = 0
        for key in keys:
            if key in self._blocks:
                row += column > 0
                self._grid.addWidget(self._blocks[key], row, 0, 1, 2 * columns)
                if self._blocks[key].sizePolicy().verticalPolicy() == QSizePolicy.Policy.Expanding:
                    self._tall.append(row)
                row, column = row + 1, 0
                continue
            cell = self._cells[key]
            span = min(2 if cell.editor.wide and not isinstance(cell.editor.kind, kinds.Choices) else 1, columns)
            span = columns if isinstance(cell.editor.kind, kinds.Choices) else span
            if column + span > columns:
                row, column = row + 1, 0
            self._grid.addWidget(cell.label, row, 2 * column)
            self._grid.addWidget(cell.holder, row, 2 * column + 1, 1, 2 * span - 1, Qt.AlignmentFlag.AlignTop)
            column += span
        return row + (column > 0)

    def _next_in_tab_order(self, previous: QWidget | None, key: str) -> QWidget | None:
        editor = self._cells[key].editor if key in self._cells else None
        if editor is None:
            return self._blocks.get(key, previous)
        # One after the other: what is left out of a row of boxes would stay where it stood in the chain.
        for widget in editor.focus_widgets():
            if previous is not None:
                QWidget.setTabOrder(previous, widget)
            previous = widget
        return previous
