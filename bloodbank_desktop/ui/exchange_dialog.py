"""导入: choose a file, see what is wrong in it and where, then import all of it, only what is right, or nothing.

Looking saves nothing. The table of problems can be saved for the ward that wrote the file, and the file can be mended
and looked at again without closing the dialog.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.records.declare import RecordType
from bloodbank_desktop.ui import theme
from bloodbank_desktop.ui.tasks import Tasks
from bloodbank_desktop.ui.theme import Tone

if TYPE_CHECKING:
    from bloodbank_desktop.exchange.importing import Found
    from bloodbank_desktop.exchange.reading import CellProblem
    from bloodbank_desktop.operations.desk import Desk

_FILES = "Excel 工作簿 (*.xlsx)"
_HEADS = ("工作表", "行", "列", "原因")
_Index = QModelIndex | QPersistentModelIndex


def ask_open(parent: QWidget, title: str) -> Path | None:
    """Ask for a file to read; None when the person thinks better of it."""
    chosen, _ = QFileDialog.getOpenFileName(parent, title, "", _FILES)
    return Path(chosen) if chosen else None


def ask_save(parent: QWidget, title: str, name: str) -> Path | None:
    """Ask for a file to write; None when the person thinks better of it."""
    chosen, _ = QFileDialog.getSaveFileName(parent, title, name, _FILES)
    return Path(chosen).with_suffix(".xlsx") if chosen else None


class ProblemTable(QAbstractTableModel):
    """The problems of a file, one a row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.problems: Sequence[CellProblem] = ()

    def show(self, problems: Sequence[CellProblem]) -> None:
        """Show these instead."""
        self.beginResetModel()
        self.problems = problems
        self.endResetModel()

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.problems)

    def columnCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(_HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _HEADS[section]
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        one = self.problems[index.row()]
        return (one.sheet, "" if one.row is None else str(one.row), one.column, one.message)[index.column()]


class ExchangeDialog(QDialog):
    """`imported(Batch)` follows an import, `bug(exception)` what nobody can mend; the dialog closes by itself then."""

    imported = Signal(object)
    bug = Signal(object)

    def __init__(self, declared: RecordType, desk: Desk, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._declared = declared
        self._desk = desk
        self._tasks = tasks
        self._saving = False
        self.found: Found | None = None
        self.ask_open: Callable[[QWidget, str], Path | None] = ask_open
        self.ask_save: Callable[[QWidget, str, str], Path | None] = ask_save
        title = f"导入{declared.label}"
        self.setObjectName("dialog.import")
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.file = QLineEdit(self)
        self.file.setObjectName("file")
        self.file.setAccessibleName("要导入的文件")
        self.file.setPlaceholderText("尚未选择文件")
        self.file.setReadOnly(True)
        self.choose = self._button("choose", "选择文件（Ctrl+O）", "Ctrl+O", self._choose)
        self.again = self._button("check_again", "重新检查（F5）", "F5", self._check_again)
        self.template = self._button("template", "空白模板（Ctrl+T）", "Ctrl+T", self._template)
        self.said = QLabel(self)
        self.said.setObjectName("said")
        self.said.setWordWrap(True)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.table = ProblemTable(self)
        self.view = QTableView(self)
        self._prepare_view()
        self.buttons = QDialogButtonBox(self)
        self.save_problems = self._button("save_problems", "问题另存（Ctrl+E）", "Ctrl+E", self._save_problems)
        self.all = self._button("import_all", "导入全部（Ctrl+S）", "Ctrl+S", lambda: self._import(False))
        self.good = self._button("import_good", "只导入无误的（Ctrl+G）", "Ctrl+G", lambda: self._import(True))
        for button in (self.save_problems, self.all, self.good):
            self.buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        self.cancel = self.buttons.addButton("取消（Esc）", QDialogButtonBox.ButtonRole.RejectRole)
        self.cancel.setObjectName("action.cancel")
        self.cancel.setAccessibleName("取消")
        self.cancel.setAutoDefault(False)
        self.buttons.rejected.connect(self.reject)
        self._lay_out()
        self._say("选择按模板填写的 .xlsx 文件；先检查每一行，检查时不会保存任何内容。")
        self._enable()
        self.choose.setFocus()

    # building

    def _button(self, name: str, text: str, key: str, slot: Callable[[], Any]) -> QPushButton:
        made = QPushButton(text, self)
        made.setObjectName(f"action.{name}")
        made.setAccessibleName(text.partition("（")[0])
        made.setShortcut(key)
        made.setAutoDefault(False)
        made.clicked.connect(lambda _checked=False: slot())
        return made

    def _prepare_view(self) -> None:
        view = self.view
        view.setObjectName("list.problems")
        view.setAccessibleName("文件中的问题")
        view.setModel(self.table)
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        view.setTabKeyNavigation(False)
        view.setAlternatingRowColors(True)
        view.verticalHeader().hide()
        view.horizontalHeader().setStretchLastSection(True)
        for column, width in enumerate((8, 4, 13)):
            view.setColumnWidth(column, theme.em(self, width))

    def _lay_out(self) -> None:
        first = QHBoxLayout()
        first.addWidget(self.file, 1)
        for button in (self.choose, self.again, self.template):
            first.addWidget(button)
        box = QVBoxLayout(self)
        box.addLayout(first)
        box.addWidget(self.said)
        box.addWidget(self.view, 1)
        box.addWidget(self.buttons)
        self.resize(theme.em(self, 64), theme.em(self, 32))

    # what is true now

    def _say(self, text: str, tone: Tone = Tone.PLAIN) -> None:
        self.said.setText(text)
        self.said.setAccessibleName(text)
        theme.paint_text(self.said, tone)

    def _enable(self, *, busy: bool = False) -> None:
        found = self.found
        whole = found is not None and found.good > 0 and not found.problems
        part = found is not None and found.good > 0 and bool(found.problems)
        self.all.setEnabled(whole and not busy)
        self.good.setEnabled(part and not busy)
        self.save_problems.setEnabled(found is not None and bool(found.problems) and not busy)
        self.again.setEnabled(bool(self.file.text()) and not busy)
        self.choose.setEnabled(not busy)
        count = found.good if found is not None else 0
        self.all.setText(f"导入全部 {count:,} 条（Ctrl+S）" if whole else "导入全部（Ctrl+S）")
        self.good.setText(f"只导入无误的 {count:,} 条（Ctrl+G）" if part else "只导入无误的（Ctrl+G）")
        # A new text takes the key away from a button.
        self.all.setShortcut("Ctrl+S")
        self.good.setShortcut("Ctrl+G")

    # what the person does

    def _choose(self) -> None:
        path = self.ask_open(self, "选择要导入的文件")
        if path is not None:
            self.check(path)

    def _check_again(self) -> None:
        self.check(Path(self.file.text()))

    def check(self, path: Path) -> None:
        """Look at a file and show what is wrong with it."""
        desk, kind = self._desk, self._declared.key

        def look() -> Found:
            from bloodbank_desktop.exchange.importing import examine

            return examine(desk, kind, path)

        self.file.setText(str(path))
        self.found = None
        self.table.show(())
        self._enable(busy=True)
        self._say("正在检查每一行，请稍候…")
        self._tasks.database(look, self._show, self._not_done, owner=self)

    def _show(self, found: Found) -> None:
        self.found = found
        self.table.show(found.problems)
        self._enable()
        if not found.problems:
            self._say(f"✓ 共 {found.rows:,} 条，全部无误，可以导入。", Tone.GOOD)
            self.all.setFocus()
            return
        words = f"× 共 {found.rows:,} 条，无误 {found.good:,} 条，有 {len(found.problems):,} 处问题。"
        hint = "请改正文件后重新检查" + ("，或只导入无误的。" if found.good else "。")
        self._say(words + hint, Tone.BAD)
        self.view.selectRow(0)
        self.view.setFocus()

    def _not_done(self, problem: Exception) -> None:
        self._saving = False
        self._enable()
        if isinstance(problem, KnownProblem):
            self._say(f"× {problem.message}", Tone.BAD)
            self.choose.setFocus()
        else:
            self.bug.emit(problem)
            self.reject()

    def _import(self, good_only: bool) -> None:
        desk, found = self._desk, self.found
        if found is None or self._saving:
            return

        def save() -> Any:
            from bloodbank_desktop.exchange import importing

            return importing.save(desk, found, good_only=good_only)

        self._saving = True
        self._enable(busy=True)
        self._say("正在导入，请稍候…全部存好才算完成。")
        self._tasks.database(save, self._imported, self._not_done, owner=self)

    def _imported(self, batch: Any) -> None:
        self._saving = False
        self.imported.emit(batch)
        self.accept()

    def reject(self) -> None:
        """Close; not while records are being saved, since nobody could say then whether they were."""
        if not self._saving:
            super().reject()

    def _template(self) -> None:
        path = self.ask_save(self, "空白模板另存为", f"{self._declared.label}导入模板.xlsx")
        declared = self._declared
        if path is None:
            return

        def write() -> None:
            from bloodbank_desktop.exchange.template import write_template

            write_template(declared, path)

        self._tasks.database(write, lambda _none: self._say(f"✓ 模板已存为 {path}"), self._not_done, owner=self)

    def _save_problems(self) -> None:
        found = self.found
        if found is None:
            return
        path = self.ask_save(self, "问题另存为", f"{found.path.stem}_问题.xlsx")
        if path is None:
            return

        def write() -> None:
            from bloodbank_desktop.exchange.writing import write_problems

            write_problems(path, found.problems)

        self._tasks.database(write, lambda _none: self._say(f"✓ 问题已存为 {path}"), self._not_done, owner=self)
