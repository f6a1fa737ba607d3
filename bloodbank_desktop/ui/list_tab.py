"""The tab of one module: what its declaration allows, its search and filters, its list, and what was left unfinished.

The tab asks and shows; it opens no dialog and changes nothing. What the person wants goes out as a signal, so that the
window decides about the operator, the dialog and what to read anew.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QSettings, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QVBoxLayout, QWidget

from bloodbank_desktop.clock import Clock
from bloodbank_desktop.records.declare import RecordType, Verb
from bloodbank_desktop.records.followups import followups
from bloodbank_desktop.ui import actions, theme
from bloodbank_desktop.ui.columns import ColumnMemory
from bloodbank_desktop.ui.drafts_bar import DraftsBar
from bloodbank_desktop.ui.flow import FlowLayout
from bloodbank_desktop.ui.list_model import Keep, PagedModel, Query, Row, Source
from bloodbank_desktop.ui.list_view import ListView
from bloodbank_desktop.ui.narrowing import Narrowing
from bloodbank_desktop.ui.record_source import RecordSource, list_query
from bloodbank_desktop.ui.tasks import Tasks

if TYPE_CHECKING:
    from bloodbank_desktop.operations.desk import Desk
    from bloodbank_desktop.storage.draft_rows import Draft

#: Each verb with the action that does it, in the order of the buttons.
VERB_ACTIONS = {
    Verb.REGISTER: "register",
    Verb.VIEW: "view",
    Verb.AMEND: "amend",
    Verb.DELETE: "delete",
    Verb.ACTIVATE: "activate",
    Verb.IMPORT: "import",
    Verb.EXPORT: "export",
}
_NEEDS_ROW = (Verb.VIEW, Verb.AMEND, Verb.DELETE, Verb.ACTIVATE)
#: Further actions of some modules on the selected row.
_MORE = ("follow", "reverse", "trace")


class ListTab(QWidget):
    """`asked(mode, record id | None, draft | None)`, `delete_asked(Row)`, `discard_asked(Draft)`, `failed(problem)`.

    `more_asked(what, Row)` wants "activate", "reverse", "trace" or "follow.<key>" done with a row;
    `exchange_asked("import" | "export", ListQuery)` wants records from or in an Excel file.
    """

    asked = Signal(str, object, object)
    delete_asked = Signal(object)
    discard_asked = Signal(object)
    more_asked = Signal(str, object)
    exchange_asked = Signal(str, object)
    failed = Signal(object)

    def __init__(
        self, declared: RecordType, tasks: Tasks, clock: Clock, preferences: QSettings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.declared = declared
        self._tasks = tasks
        self._clock = clock
        self._desk: Desk | None = None
        self._person = ""
        self.setObjectName(f"tab.{declared.key}")
        self.setAccessibleName(declared.label)
        self.model: PagedModel | None = None
        self.view = ListView(f"list.{declared.key}", f"{declared.label}列表", self)
        self.view.empty_text = "正在打开数据库…"
        self.actions_by_name: dict[str, QAction] = {}
        self.narrowing = Narrowing(declared, self)
        self.search, self.filters = self.narrowing.search, self.narrowing.boxes
        self._make_actions()
        self.count = QLabel(self)
        self.count.setObjectName("count")
        self.drafts = DraftsBar(declared, self.actions_by_name["resume"], self.actions_by_name["discard"], self)
        self.columns = ColumnMemory(self.view, preferences, lambda: self._desk.operator if self._desk else self._person)
        self._lay_out()
        self._connect()
        self._enable()

    # what the window calls

    def preview(self, source: Source, person: str) -> None:
        """Show rows before there is a desk, in the columns of a person."""
        self._person = person
        self._show(source)

    def attach(self, desk: Desk) -> None:
        """Read from this desk from now on."""
        self._desk = desk
        source = RecordSource(self.declared, desk)
        if self.model is None:
            self.view.empty_text = "正在读取…"
            self._show(source)
        else:
            self.model.follow(source)
            if desk.operator != self._person:
                self.columns.apply()
            self.model.refresh(self.view.keep)
            self._enable()
        self._read_drafts()

    def _show(self, source: Source) -> None:
        self.model = PagedModel(source, self._tasks, self)
        self.view.show_model(self.model)
        self.columns.apply()
        self.model.opened.connect(self._opened)
        self.model.stale.connect(self.refresh)
        self.model.failed.connect(self._not_read)
        selection = self.view.selectionModel()
        selection.currentRowChanged.connect(self._enable)
        self.model.show(self._query())

    def refresh(self) -> None:
        """Read again, leaving the selection and the rows on the screen where they are."""
        if self.model is not None:
            self.model.refresh(self.view.keep)
            self._read_drafts()

    def select_new(self, record_id: str) -> None:
        """Read again and stand on a record that has just been registered, if it is among the first."""
        if self.model is not None:
            self.model.refresh(lambda: Keep(id=record_id, row=0, bottom=1), instead=True)
            self._read_drafts()

    def operator_changed(self) -> None:
        """Show the columns of another person."""
        self.columns.flush()
        self.columns.apply()

    def close_down(self) -> None:
        """Write what is waiting to be written."""
        self.columns.flush()

    def focus_list(self) -> None:
        """Put the keyboard into the list."""
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    # building

    def _make_actions(self) -> None:
        """Only what the declaration allows exists; a disabled button for what never works would be noise."""
        in_list = Qt.ShortcutContext.WidgetShortcut
        for verb, name in VERB_ACTIONS.items():
            if verb in self.declared.verbs:
                # Enter and Del belong to whatever has the keyboard; in the search box they mean something else.
                owner, context = (self.view, in_list) if verb in (Verb.VIEW, Verb.DELETE) else (self, _WINDOW)
                self._action(name, owner, getattr(self, f"_{name}"), context)
        for name in _more_of(self.declared):
            self._action(name, self, getattr(self, f"_{name}"))
        if len(followups(self.declared.key)) == 1:
            self.actions_by_name["follow"].setText(followups(self.declared.key)[0].label)
            self.actions_by_name["follow"].setIconText(f"{followups(self.declared.key)[0].label} Ctrl+R")
        self._action("resume", self, self._resume)
        self._action("discard", self, self._discard)
        self._action("search", self, self.narrowing.go_to_search)
        self._action("clear", self, self.clear, Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self._action("columns", self, self._ask_columns)
        self._action("copy_cell", self.view, self.view.copy_cell, in_list)
        self._action("copy_row", self.view, self.view.copy_row, in_list)
        self._action("sort_up", self.view, lambda: self._sort_here(Qt.SortOrder.AscendingOrder), in_list)
        self._action("sort_down", self.view, lambda: self._sort_here(Qt.SortOrder.DescendingOrder), in_list)
        self._action("sort_newest", self.view, self._sort_newest, in_list)

    def _action(
        self, name: str, owner: QWidget, slot: object, context: Qt.ShortcutContext = Qt.ShortcutContext.WindowShortcut
    ) -> None:
        assert callable(slot)
        self.actions_by_name[name] = actions.make(name, owner, slot, context=context)

    def _lay_out(self) -> None:
        gap = theme.em(self, 0.5)
        verbs = FlowLayout(gap=gap // 2)
        for verb, name in VERB_ACTIONS.items():
            if verb in self.declared.verbs:
                verbs.addWidget(actions.button(self.actions_by_name[name], self))
        for name in _more_of(self.declared):
            verbs.addWidget(actions.button(self.actions_by_name[name], self))
        verbs.addWidget(actions.button(self.actions_by_name["columns"], self))
        narrowing = FlowLayout(gap=gap // 2)
        for box in self.filters.values():
            narrowing.addWidget(box)
        self.clear_button = actions.button(self.actions_by_name["clear"], self)
        narrowing.addWidget(self.clear_button)
        self.search.setMaximumWidth(theme.em(self, 26))
        second = QHBoxLayout()
        second.setSpacing(gap)
        second.addWidget(self.search, 2)
        second.addLayout(narrowing, 3)
        second.addWidget(self.count)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(gap, gap, gap, gap)
        whole.setSpacing(gap)
        whole.addLayout(verbs)
        whole.addLayout(second)
        whole.addWidget(self.drafts)
        whole.addWidget(self.view, 1)
        self.setFocusProxy(self.view)

    def _connect(self) -> None:
        self.narrowing.changed.connect(self._ask)
        self.search.returnPressed.connect(self._search_now)
        self.view.typed.connect(self.narrowing.type_into_search)
        self.view.painted.connect(self.narrowing.finish, Qt.ConnectionType.QueuedConnection)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._context_menu)
        heads = self.view.horizontalHeader()
        heads.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        heads.customContextMenuRequested.connect(lambda at: self.columns.ask(heads.mapToGlobal(at)))
        heads.sortIndicatorChanged.connect(self._heading_clicked)
        if "view" in self.actions_by_name:
            self.view.doubleClicked.connect(lambda _index: self._view())

    # asking

    def _query(self) -> Query:
        before = self.model.query if self.model is not None else Query()
        return replace(before, search=self.narrowing.text, filters=self.narrowing.chosen)

    def _ask(self) -> None:
        self.narrowing.settle()
        if self.model is not None and self._query() != self.model.query:
            self.model.show(self._query())

    def clear(self) -> None:
        """Show everything again, and give the keyboard back to the list."""
        self.narrowing.clear()
        self._ask()
        self.focus_list()

    def _search_now(self) -> None:
        self._ask()
        self.focus_list()

    def _heading_clicked(self, column: int, order: Qt.SortOrder) -> None:
        if self.model is None:
            return
        self.model.sort(column, order)
        self._show_sorting()

    def _sort_here(self, order: Qt.SortOrder) -> None:
        self._heading_clicked(self.view.currentIndex().column(), order)

    def _sort_newest(self) -> None:
        self._heading_clicked(-1, Qt.SortOrder.DescendingOrder)

    def _show_sorting(self) -> None:
        """The heading shows what is true, also after a click on a column that cannot be sorted by."""
        assert self.model is not None
        keys = [column.key for column in self.model.columns]
        sort = self.model.query.sort
        order = Qt.SortOrder.DescendingOrder if self.model.query.descending else Qt.SortOrder.AscendingOrder
        heads = self.view.horizontalHeader()
        heads.blockSignals(True)
        heads.setSortIndicator(keys.index(sort) if sort in keys else -1, order)
        heads.blockSignals(False)
        heads.viewport().update()

    # answers

    def _opened(self, _keep: Keep | None, _row: int) -> None:
        assert self.model is not None
        total, narrowed = self.model.rowCount(), self.model.query.narrowed
        self.count.setText(f"符合条件 {total:,} 条" if narrowed else f"共 {total:,} 条")
        self.clear_button.setVisible(narrowed)
        if self._desk is None and not total:
            self.count.clear()
        elif narrowed:
            self.view.empty_text = "没有符合条件的记录。按 Esc 清除条件。"
        elif Verb.REGISTER in self.declared.verbs:
            self.view.empty_text = f"还没有{self.declared.label}记录。按 Ctrl+N 登记第一条。"
        else:
            self.view.empty_text = f"还没有{self.declared.label}记录。"
        self._enable()

    def _not_read(self, problem: Exception) -> None:
        if self.model is not None and not self.model.ready:
            self.view.empty_text = "没有读到数据。按 F5 再试。"
            self.view.viewport().update()
        self.failed.emit(problem)

    def _read_drafts(self) -> None:
        desk = self._desk
        if desk is not None:
            self._tasks.database(
                lambda: desk.drafts.all(self.declared.key),
                lambda drafts: self._show_drafts(drafts),
                self.failed.emit,
                owner=self,
            )

    def _show_drafts(self, drafts: list[Draft]) -> None:
        self.drafts.show_drafts(drafts, self._clock.now())
        for name in ("resume", "discard"):
            self.actions_by_name[name].setEnabled(bool(drafts))

    def _enable(self, *_: object) -> None:
        on_row = self.view.currentIndex().isValid()
        for verb, name in VERB_ACTIONS.items():
            if verb in self.declared.verbs:
                self.actions_by_name[name].setEnabled(self.model is not None and (on_row or verb not in _NEEDS_ROW))
        for name in _more_of(self.declared):
            self.actions_by_name[name].setEnabled(self.model is not None and on_row)
        if self.model is None:
            self.clear_button.hide()
            for name in ("resume", "discard"):
                self.actions_by_name[name].setEnabled(False)

    # what the person does

    def _register(self) -> None:
        self.asked.emit("register", None, None)

    def _view(self) -> None:
        self._ask_for_row("view")

    def _amend(self) -> None:
        self._ask_for_row("amend")

    def _ask_for_row(self, mode: str) -> None:
        row = self.view.current_row()
        if row is not None:
            self.asked.emit(mode, row.id, None)

    def _delete(self) -> None:
        row: Row | None = self.view.current_row()
        if row is not None:
            self.delete_asked.emit(row)

    def _import(self) -> None:
        self.exchange_asked.emit("import", list_query(self.declared, Query()))

    def _export(self) -> None:
        self._ask()  # what was typed a moment ago counts, too
        assert self.model is not None
        self.exchange_asked.emit("export", list_query(self.declared, self.model.query))

    def _activate(self) -> None:
        self._ask_more("activate")

    def _reverse(self) -> None:
        self._ask_more("reverse")

    def _trace(self) -> None:
        self._ask_more("trace")

    def _follow(self) -> None:
        known = followups(self.declared.key)
        if len(known) == 1:
            self._ask_more(f"follow.{known[0].key}")
            return
        menu = QMenu(self)
        menu.setObjectName("follow.menu")
        menu.setAccessibleName("由选中的记录开始")
        for one in known:
            entry = menu.addAction(one.label)
            entry.setObjectName(f"action.follow.{one.key}")
            entry.triggered.connect(lambda _checked=False, key=one.key: self._ask_more(f"follow.{key}"))
        menu.popup(self.view.viewport().mapToGlobal(self.view.visualRect(self.view.currentIndex()).bottomLeft()))

    def _ask_more(self, what: str) -> None:
        row: Row | None = self.view.current_row()
        if row is not None:
            self.more_asked.emit(what, row)

    def _resume(self) -> None:
        self.drafts.choose(lambda draft: self.asked.emit("register", None, draft), self._clock.now())

    def _discard(self) -> None:
        self.drafts.choose(self.discard_asked.emit, self._clock.now())

    def _ask_columns(self) -> None:
        heads = self.view.horizontalHeader()
        self.columns.ask(heads.mapToGlobal(QPoint(theme.em(self), heads.height())))

    def _context_menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAccessibleName("对这一行的操作")
        names = [*VERB_ACTIONS.values(), *_MORE, "", "copy_cell", "copy_row", "", "sort_up", "sort_down", "sort_newest"]
        for name in names:
            if not name:
                menu.addSeparator()
            elif name in self.actions_by_name:
                menu.addAction(self.actions_by_name[name])
        menu.popup(self.view.viewport().mapToGlobal(at))


def _more_of(declared: RecordType) -> tuple[str, ...]:
    """Return the further actions of a module."""
    here = {"follow": bool(followups(declared.key)), "reverse": declared.key == "stock_in", "trace": True}
    return tuple(name for name in _MORE if here[name])


_WINDOW = Qt.ShortcutContext.WindowShortcut
