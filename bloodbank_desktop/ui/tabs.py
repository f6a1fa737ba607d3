"""One tab per module and one for the queue; each is built when first shown and read when something in it changed.

A list that nobody looks at is not read: it remembers that it is stale and reads when it is shown. While a dialog is
open over a list nothing is read at all, so that the selection under the dialog stays what it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings, Signal
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from bloodbank_desktop.clock import Clock
from bloodbank_desktop.records.catalogue import LABELS, all_records
from bloodbank_desktop.records.declare import RecordType
from bloodbank_desktop.ui.list_model import Source
from bloodbank_desktop.ui.list_tab import ListTab
from bloodbank_desktop.ui.side_tabs import SideTabs
from bloodbank_desktop.ui.tasks import Tasks

if TYPE_CHECKING:
    from bloodbank_desktop.operations.desk import Desk
    from bloodbank_desktop.storage.outbox import QueueSummary
    from bloodbank_desktop.ui.queue_tab import QueueTab
    from bloodbank_desktop.ui.safety_tab import SafetyTab
    from bloodbank_desktop.ui.stock_tab import StockTab

    Page = ListTab | QueueTab | SafetyTab | StockTab

QUEUE, SAFETY, STOCK = "queue", "safety", "stock"
#: Tabs that have a key of their own.
_KEYS = {QUEUE: "Ctrl+0", SAFETY: "Ctrl+D"}
#: The stock stands behind what fills it.
_BEFORE_STOCK = "stock_in"

#: A new hospital begins with the bags that it has.
FIRST = "stock_in"
_LAST = "window/tab"
#: Modules whose records move bags.
MOVES_STOCK = frozenset({"stock_in", "clinical_issue", "other_stock_out", "recall_notice"})


class Tabs(QTabWidget):
    """The tabs. `built` is emitted with every tab when it comes into being, for the window to listen to it."""

    built = Signal(object)

    def __init__(self, tasks: Tasks, clock: Clock, preferences: QSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._clock = clock
        self._preferences = preferences
        self._desk: Desk | None = None
        self._pages: dict[str, Page] = {}
        self._stale: set[str] = set()
        self._held = False
        self.setObjectName("tabs")
        self.setAccessibleName("模块")
        self.setTabBar(SideTabs(self))
        self.setTabPosition(QTabWidget.TabPosition.West)
        self.setDocumentMode(True)
        self.setUsesScrollButtons(True)
        self.labels: dict[str, str] = {}
        for key, label in LABELS.items():
            self.labels[key] = label
            if key == _BEFORE_STOCK:
                self.labels[STOCK] = "库存管理"
        self.labels[SAFETY] = "安全"
        self.labels[QUEUE] = "上传队列"
        self.keys = tuple(self.labels)
        for place, (key, label) in enumerate(self.labels.items(), start=1):
            page = QWidget(self)
            page.setObjectName(f"page.{key}")
            box = QVBoxLayout(page)
            box.setContentsMargins(0, 0, 0, 0)
            self.addTab(page, self._title(place, label))
            known = (f"Ctrl+{place}" if place <= 9 else "", _KEYS.get(key, ""))
            self.setTabToolTip(place - 1, "、".join(tip for tip in known if tip))

    def start(self) -> None:
        """Build the tab that was shown last, at first that of deliveries, and every other when it is shown."""
        last = str(self._preferences.value(_LAST, FIRST))
        self.setCurrentIndex(self.keys.index(last if last in self.keys else FIRST))
        self.currentChanged.connect(self._shown)
        self._shown(self.currentIndex())

    def preview(self, source_of: Callable[[RecordType], Source], person: str) -> ListTab | None:
        """Show rows in the list on the screen before there is a desk; return its tab, None if it is no list."""
        page = self._pages.get(self.current_key)
        if not isinstance(page, ListTab):
            return None
        page.preview(source_of(page.declared), person)
        return page

    def attach(self, desk: Desk) -> None:
        """Read from this desk from now on."""
        self._desk = desk
        for page in self._pages.values():
            page.attach(desk)

    def page(self, key: str) -> Page | None:
        """Return a tab that has been built."""
        return self._pages.get(key)

    @property
    def current_key(self) -> str:
        """The key of the tab on the screen."""
        return self.keys[self.currentIndex()]

    def go_to(self, key: str) -> None:
        """Show a tab."""
        self.setCurrentIndex(self.keys.index(key))

    def step(self, by: int) -> None:
        """Show the tab so many places further, round the corner."""
        self.setCurrentIndex((self.currentIndex() + by) % self.count())

    # reading anew

    def hold(self, on: bool) -> None:
        """While held nothing is read; afterwards the tab on the screen is, if it is stale."""
        self._held = on
        if not on:
            self._read_if_stale(self.current_key)

    def touch(self, kinds: Iterable[str] | None, *, queue: bool = True) -> None:
        """These modules changed, None = perhaps all; read what is on the screen and remember the rest."""
        touched = set(all_records()) if kinds is None else set(kinds)
        if kinds is None or not touched.isdisjoint(MOVES_STOCK):
            touched.add(STOCK)
        # Whatever changed may have left a duty or an alert.
        touched.add(SAFETY)
        if queue:
            touched.add(QUEUE)
        self._stale |= touched & set(self._pages)
        if not self._held:
            self._read_if_stale(self.current_key)

    def select_new(self, kind: str, record_id: str) -> None:
        """Read the list of a module and stand on a record that has just been registered."""
        page = self._pages.get(kind)
        if isinstance(page, ListTab):
            self._stale.discard(kind)
            page.select_new(record_id)

    def show_summary(self, summary: QueueSummary) -> None:
        """Say on the tab of the queue how many wait there, and whether a person is needed."""
        place = self.keys.index(QUEUE)
        waiting, attention = f"{summary.waiting:,}", f"，需处理 {summary.attention:,}" if summary.attention else ""
        number = f"（{waiting}{attention}）" if summary.waiting else ""
        self.setTabText(place, self._title(place + 1, self.labels[QUEUE]) + number)

    def each(self, do: Callable[[Page], None]) -> None:
        """Do something with every tab that has been built."""
        for page in self._pages.values():
            do(page)

    def _read_if_stale(self, key: str) -> None:
        page = self._pages.get(key)
        if page is not None and key in self._stale:
            self._stale.discard(key)
            page.refresh()

    def _shown(self, place: int) -> None:
        key = self.keys[place]
        page = self._pages.get(key)
        if page is None:
            page = self._build(key)
        elif not self._held:
            self._read_if_stale(key)
        # Whoever walks along the tabs with the arrow keys is not thrown into the list.
        if not self.tabBar().hasFocus():
            page.view.setFocus()

    def close_down(self) -> None:
        """Write down which tab is shown."""
        self._preferences.setValue(_LAST, self.current_key)

    def _build(self, key: str) -> Page:
        page: Page
        holder = self.widget(self.keys.index(key))
        if key == QUEUE:
            from bloodbank_desktop.ui.queue_tab import QueueTab

            page = QueueTab(self._tasks, self._clock, self._preferences, holder)
        elif key == SAFETY:
            from bloodbank_desktop.ui.safety_tab import SafetyTab

            page = SafetyTab(self._tasks, self._clock, self._preferences, holder)
        elif key == STOCK:
            from bloodbank_desktop.ui.stock_tab import StockTab

            page = StockTab(self._tasks, self._clock, self._preferences, holder)
        else:
            page = ListTab(all_records()[key], self._tasks, self._clock, self._preferences, holder)
        assert holder is not None
        box = holder.layout()
        assert box is not None
        box.addWidget(page)
        self._pages[key] = page
        self.built.emit(page)
        if self._desk is not None:
            page.attach(self._desk)
        return page

    @staticmethod
    def _title(place: int, label: str) -> str:
        return f"{place} {label}" if place <= 9 else label
