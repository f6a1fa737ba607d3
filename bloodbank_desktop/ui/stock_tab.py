"""库存管理: what is here by group above, bag by bag below, and what a person does with the selected bags.

The page asks and shows; what may be done with which bag is said by the bag's state, and refused below the screen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QSettings, Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from bloodbank_desktop.clock import Clock
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.ui import actions, theme
from bloodbank_desktop.ui.columns import ColumnMemory
from bloodbank_desktop.ui.filter_box import FilterBox, Words
from bloodbank_desktop.ui.flow import FlowLayout
from bloodbank_desktop.ui.list_model import PagedModel, Query, Row
from bloodbank_desktop.ui.list_view import ListView
from bloodbank_desktop.ui.stock_source import BagSource, GroupSource
from bloodbank_desktop.ui.tasks import Tasks

if TYPE_CHECKING:
    from bloodbank_desktop.operations.desk import Desk
    from bloodbank_desktop.operations.stock_desk import StockDesk
    from bloodbank_desktop.storage.ledger import StockRow
    from bloodbank_desktop.storage.stock_rows import StockGroup

DEEDS = ("accept", "quarantine", "reserve", "release", "take_back", "relocate")
#: Expiry comes nearer although nothing happens.
_AGE_MS = 60_000
_DEBOUNCE_MS = 150


class StockTab(QWidget):
    """`deed_asked(deed, [bag keys])`, `trace_asked(bag key)`, `level_asked(StockGroup)`, `take_asked()`, `failed(problem)`."""

    deed_asked = Signal(str, object)
    trace_asked = Signal(object)
    level_asked = Signal(object)
    take_asked = Signal()
    failed = Signal(object)

    def __init__(self, tasks: Tasks, clock: Clock, preferences: QSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._clock = clock
        self._desk: Desk | None = None
        self._stock: StockDesk | None = None
        self.setObjectName("tab.stock")
        self.setAccessibleName("库存管理")
        self.groups: PagedModel | None = None
        self.model: PagedModel | None = None
        self.group_view = ListView("list.stock_groups", "按品种和血型汇总", self)
        self.group_view.begins_at_first = False
        self.group_view.type_changed.connect(self._show_group_widths)
        self.view = ListView("list.stock", "在库血袋", self)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        for view in (self.group_view, self.view):
            view.empty_text = "正在打开数据库…"
        self.deeds: dict[str, QAction] = {name: actions.make(name, self, self._asker(name)) for name in DEEDS}
        self.trace_action = actions.make("trace", self, self._trace)
        self.take_action = actions.make("stock_take", self, self.take_asked.emit)
        self.level_action = actions.make("stock_level", self, self._level)
        self.search = QLineEdit(self)
        self.search.setObjectName("search")
        self.search.setAccessibleName("搜索血袋")
        self.search.setPlaceholderText("搜索献血码、产品码、预留单号、储存位置（Ctrl+F）")
        self.search.setClearButtonEnabled(True)
        self.search_action = actions.make("search", self, self.search.setFocus)
        self.clear_action = actions.make(
            "clear", self, self.clear, context=Qt.ShortcutContext.WidgetWithChildrenShortcut
        )
        self.filters = {
            "state": self._filter("state", "状态", lambda: [(k, table("bag_state").word(k)) for k in _IN_STOCK]),
            "attention": self._filter(
                "attention", "提示", lambda: [("near_expiry", "临近失效"), ("expired", "已过期")]
            ),
        }
        self.count = QLabel(self)
        self.count.setObjectName("count")
        self.columns = ColumnMemory(self.view, preferences, lambda: self._desk.operator if self._desk else "")
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_DEBOUNCE_MS)
        self._pause.timeout.connect(self._ask)
        self._ageing = QTimer(self)
        self._ageing.setInterval(_AGE_MS)
        self._ageing.timeout.connect(lambda: self.refresh() if self.isVisible() else None)
        self._lay_out()
        self._enable()

    def attach(self, desk: Desk) -> None:
        """Read from this desk from now on."""
        from bloodbank_desktop.operations.stock_desk import StockDesk

        self._desk = desk
        self._stock = StockDesk(desk)
        self.groups = PagedModel(GroupSource(self._stock), self._tasks, self)
        self.model = PagedModel(BagSource(self._stock, self._clock), self._tasks, self)
        for view, model in ((self.group_view, self.groups), (self.view, self.model)):
            view.empty_text = "正在读取…"
            view.show_model(model)
            view.horizontalHeader().setSortIndicatorShown(False)
            model.failed.connect(self.failed)
            model.stale.connect(self.refresh)
        self.columns.apply()
        self._show_group_widths()
        self.groups.opened.connect(lambda *_: self._groups_opened())
        self.model.opened.connect(lambda *_: self._bags_opened())
        self.group_view.selectionModel().currentRowChanged.connect(lambda *_: self._ask())
        self.view.selectionModel().selectionChanged.connect(lambda *_: self._enable())
        self._ageing.start()
        self.groups.show(Query())
        self.model.show(Query())

    def refresh(self) -> None:
        """Read again, leaving the selection where it is."""
        if self.groups is not None and self.model is not None:
            self.groups.refresh(self.group_view.keep)
            self.model.refresh(self.view.keep)

    def operator_changed(self) -> None:
        """Show the columns of another person."""
        self.columns.flush()
        self.columns.apply()

    def close_down(self) -> None:
        """Write what is waiting to be written."""
        self.columns.flush()

    def clear(self) -> None:
        """Show every bag again."""
        for box in self.filters.values():
            box.setCurrentIndex(0)
        self.search.clear()
        self.group_view.clearSelection()
        self.group_view.setCurrentIndex(self.group_view.rootIndex())
        self._ask()
        self.view.setFocus()

    # building

    def _filter(self, key: str, label: str, words: Words) -> FilterBox:
        box = FilterBox(key, label, words, self)
        box.currentIndexChanged.connect(lambda _index: self._ask())
        return box

    def _lay_out(self) -> None:
        gap = theme.em(self, 0.5)
        first = FlowLayout(gap=gap // 2)
        for action in (self.take_action, self.level_action):
            first.addWidget(actions.button(action, self))
        second = FlowLayout(gap=gap // 2)
        for action in (*self.deeds.values(), self.trace_action):
            second.addWidget(actions.button(action, self))
        third = QHBoxLayout()
        third.setSpacing(gap // 2)
        third.addWidget(self.search, 1)
        for box in self.filters.values():
            third.addWidget(box)
        third.addWidget(actions.button(self.clear_action, self))
        third.addWidget(self.count)
        above, below = QWidget(self), QWidget(self)
        for holder, parts in ((above, (first, self.group_view)), (below, (second, third, self.view))):
            column = QVBoxLayout(holder)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(gap)
            for part in parts:
                if isinstance(part, QWidget):
                    column.addWidget(part, 1)
                else:
                    column.addLayout(part)
        self.splitter = QSplitter(Qt.Orientation.Vertical, self)
        self.splitter.setObjectName("stock.splitter")
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(above)
        self.splitter.addWidget(below)
        self.splitter.setStretchFactor(0, 2)
        self.splitter.setStretchFactor(1, 3)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(gap, gap, gap, gap)
        whole.addWidget(self.splitter)
        self.setFocusProxy(self.view)
        self.search.textChanged.connect(lambda _text: self._pause.start())
        self.search.returnPressed.connect(self.view.setFocus)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._context_menu)
        self.view.doubleClicked.connect(lambda _index: self._trace())

    # asking and showing

    def _ask(self) -> None:
        self._pause.stop()
        if self.model is None:
            return
        chosen = {key: str(box.currentData()) for key, box in self.filters.items() if box.currentData()}
        group = self.group()
        if group is not None:
            chosen |= {"component": group.component, "abo": group.abo, "rhd": group.rhd}
        query = replace(self.model.query, search=self.search.text().strip(), filters=chosen)
        if query != self.model.query:
            self.model.show(query)

    def _groups_opened(self) -> None:
        self.group_view.empty_text = "库中没有血袋。"
        self._enable()

    def _bags_opened(self) -> None:
        assert self.model is not None
        total, narrowed = self.model.rowCount(), self.model.query.narrowed
        self.count.setText(f"符合条件 {total:,} 袋" if narrowed else f"在库 {total:,} 袋")
        self.view.empty_text = "没有符合条件的血袋。按 Esc 清除条件。" if narrowed else "库中没有血袋。"
        self._enable()

    def _show_group_widths(self) -> None:
        heads = self.group_view.horizontalHeader()
        for column in range(heads.count()):
            heads.resizeSection(column, self.group_view.natural_width(column))

    def group(self) -> StockGroup | None:
        """Return the group that is selected above."""
        row = self.group_view.current_row()
        one: StockGroup | None = row.item if row is not None else None
        return one

    def chosen(self) -> list[StockRow]:
        """Return the bags that are selected below and have been read."""
        selection, model = self.view.selectionModel(), self.model
        if model is None or selection is None:
            return []
        rows: list[Row | None] = [model.row(index.row()) for index in selection.selectedRows()]
        return [row.item for row in rows if row is not None]

    def _enable(self) -> None:
        bags = self.chosen()
        stock = self._stock
        allowed = set.intersection(*(set(stock.deeds(bag.state)) for bag in bags)) if stock and bags else set()
        for name, action in self.deeds.items():
            action.setEnabled(name in allowed)
        self.trace_action.setEnabled(len(bags) == 1)
        self.take_action.setEnabled(stock is not None)
        self.level_action.setEnabled(self.group() is not None)

    # what the person does

    def _asker(self, name: str) -> Callable[[], None]:
        return lambda: self.deed_asked.emit(name, [bag.key for bag in self.chosen()])

    def _trace(self) -> None:
        bags = self.chosen()
        if len(bags) == 1:
            self.trace_asked.emit(bags[0].key)

    def _level(self) -> None:
        group = self.group()
        if group is not None:
            self.level_asked.emit(group)

    def _context_menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAccessibleName("对选中血袋的操作")
        menu.addActions([*self.deeds.values(), self.trace_action])
        menu.popup(self.view.viewport().mapToGlobal(at))


_IN_STOCK = tuple(key for key in table("bag_state") if table("bag_state").facet(key, "in_stock"))
