"""安全: what is left to be done, what was passed by an override and waits for a signature, and which rule shouts how often.

One list is shown at a time, chosen by a word and a key; what waits stands in the words, so that none waits unseen.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings, Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from bloodbank_desktop.clock import Clock
from bloodbank_desktop.ui import actions, theme
from bloodbank_desktop.ui.columns import ColumnMemory
from bloodbank_desktop.ui.flow import FlowLayout
from bloodbank_desktop.ui.list_model import PagedModel, Query, Source
from bloodbank_desktop.ui.list_view import ListView
from bloodbank_desktop.ui.safety_source import AlertSource, CountSource, DutySource, ExceptionSource
from bloodbank_desktop.ui.tasks import Tasks

if TYPE_CHECKING:
    from bloodbank_desktop.operations.desk import Desk
    from bloodbank_desktop.operations.results import Waiting

DUTIES, EXCEPTIONS, COUNTS, ALERTS = "duties", "exceptions", "counts", "alerts"
_LABELS = {DUTIES: "待办", EXCEPTIONS: "例外", COUNTS: "警报统计", ALERTS: "逐条警报"}
_PERIODS = {1: "今天", 7: "近 7 天", 30: "近 30 天", 90: "近 90 天", 365: "近一年"}
_EMPTY = {
    DUTIES: "✓ 没有待办。",
    EXCEPTIONS: "✓ 没有例外。授权通过的记录会列在这里，次日由另一人签阅。",
    COUNTS: "这段时间没有警报。",
    ALERTS: "这段时间没有这条规则的警报。",
}
#: A limit comes nearer although nothing happens.
_AGE_MS = 60_000


class SafetyTab(QWidget):
    """`asked(mode, kind, record id)` wants a dialog; `failed(exception)`.

    `duty_asked(Duty)` wants a duty closed, `sign_asked()` exceptions signed, `near_miss_asked(number)` an alert kept.
    """

    asked = Signal(str, str, str)
    duty_asked = Signal(object)
    sign_asked = Signal()
    near_miss_asked = Signal(int)
    failed = Signal(object)

    def __init__(self, tasks: Tasks, clock: Clock, preferences: QSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._clock = clock
        self._preferences = preferences
        self._desk: Desk | None = None
        self.setObjectName("tab.safety")
        self.setAccessibleName("安全")
        self.models: dict[str, PagedModel] = {}
        self._counts: CountSource | None = None
        self._alerts: AlertSource | None = None
        self.stack = QStackedWidget(self)
        self.views = {key: ListView(f"list.{key}", label, self.stack) for key, label in _LABELS.items()}
        self.columns = {
            key: ColumnMemory(view, preferences, lambda: self._desk.operator if self._desk else "")
            for key, view in self.views.items()
        }
        for view in self.views.values():
            view.empty_text = "正在打开数据库…"
            self.stack.addWidget(view)
        self.choices = {
            key: actions.make(f"safety_{key}", self, partial(self.show_list, key))
            for key in (DUTIES, EXCEPTIONS, COUNTS)
        }
        self.open_action = actions.make("view", self, self._open, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self.close_action = actions.make("close_duty", self, self._close_duty)
        self.sign_action = actions.make("sign_exceptions", self, self.sign_asked.emit)
        self.near_miss_action = actions.make("near_miss", self, self._near_miss)
        self.back_action = actions.make(
            "back", self, self._go_back, context=Qt.ShortcutContext.WidgetWithChildrenShortcut
        )
        self.period = QComboBox(self)
        self.period.setObjectName("filter.period")
        self.period.setAccessibleName("统计时段")
        for days, word in _PERIODS.items():
            self.period.addItem(word, days)
        self.period.setCurrentIndex(list(_PERIODS).index(30))
        self.count = QLabel(self)
        self.count.setObjectName("count")
        self._ageing = QTimer(self)
        self._ageing.setInterval(_AGE_MS)
        self._ageing.timeout.connect(lambda: self.refresh() if self.isVisible() else None)
        self._lay_out()
        self._say(DUTIES)

    @property
    def view(self) -> ListView:
        """The list that is shown."""
        return self.views[self.current]

    @property
    def current(self) -> str:
        """The key of the list that is shown."""
        return list(self.views)[self.stack.currentIndex()]

    @property
    def model(self) -> PagedModel | None:
        """The rows of the list that is shown."""
        return self.models.get(self.current)

    def attach(self, desk: Desk) -> None:
        """Read from this desk from now on."""
        self._desk = desk
        self._counts, self._alerts = CountSource(desk), AlertSource(desk)
        sources: dict[str, Source] = {
            DUTIES: DutySource(desk, self._clock),
            EXCEPTIONS: ExceptionSource(desk),
            COUNTS: self._counts,
            ALERTS: self._alerts,
        }
        for key, source in sources.items():
            view = self.views[key]
            view.empty_text = "正在读取…"
            model = self.models[key] = PagedModel(source, self._tasks, self)
            view.show_model(model)
            heads = view.horizontalHeader()
            heads.setSortIndicatorShown(False)
            heads.setSectionsClickable(False)
            self.columns[key].apply()
            model.opened.connect(partial(self._opened, key))
            model.failed.connect(self.failed)
            model.stale.connect(self.refresh)
            view.selectionModel().currentRowChanged.connect(lambda *_: self._enable())
        self._ageing.start()
        self.models[self.current].show(Query())

    def refresh(self) -> None:
        """Read the list that is shown again, leaving the selection where it is."""
        if self.model is not None:
            self.model.refresh(self.view.keep)

    def show_list(self, key: str) -> None:
        """Show one of the lists and read it."""
        self.stack.setCurrentIndex(list(self.views).index(key))
        self._say(key)
        if self.model is not None:
            self.model.show(Query())
        self.view.setFocus()

    def show_waiting(self, waiting: Waiting) -> None:
        """Say on the words that choose a list how much waits in it."""
        late = f"（逾期 {waiting.overdue:,}）" if waiting.overdue else ""
        words = {
            DUTIES: f"待办 {waiting.duties:,}{late}" if waiting.duties else "待办",
            EXCEPTIONS: f"例外 待签 {waiting.exceptions:,}" if waiting.exceptions else "例外",
        }
        for key, text in words.items():
            self.choices[key].setIconText(f"{text} {actions.SPECS[f'safety_{key}'].key_text}")

    def operator_changed(self) -> None:
        """Show the columns of another person."""
        for memory in self.columns.values():
            memory.flush()
            memory.apply()

    def close_down(self) -> None:
        """Write what is waiting to be written."""
        for memory in self.columns.values():
            memory.flush()

    # building

    def _lay_out(self) -> None:
        gap = theme.em(self, 0.5)
        first = FlowLayout(gap=gap // 2)
        for action in self.choices.values():
            action.setCheckable(True)
            first.addWidget(actions.button(action, self))
        second = QHBoxLayout()
        second.setSpacing(gap)
        deeds = FlowLayout(gap=gap // 2)
        self._buttons = {}
        for action in (self.back_action, self.open_action, self.close_action, self.sign_action, self.near_miss_action):
            self._buttons[action] = actions.button(action, self)
            deeds.addWidget(self._buttons[action])
        deeds.addWidget(self.period)
        second.addLayout(deeds, 1)
        second.addWidget(self.count)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(gap, gap, gap, gap)
        whole.setSpacing(gap)
        whole.addLayout(first)
        whole.addLayout(second)
        whole.addWidget(self.stack, 1)
        self.setFocusProxy(self.stack)
        self.period.currentIndexChanged.connect(lambda _index: self._period_chosen())
        for view in self.views.values():
            view.doubleClicked.connect(lambda _index: self._open())

    # showing

    def _say(self, key: str) -> None:
        chosen = COUNTS if key == ALERTS else key
        for name, action in self.choices.items():
            action.setChecked(name == chosen)
        here: dict[str, tuple[QAction, ...]] = {
            DUTIES: (self.open_action, self.close_action),
            EXCEPTIONS: (self.open_action, self.sign_action, self.near_miss_action),
            COUNTS: (self.open_action,),
            ALERTS: (self.back_action, self.near_miss_action),
        }
        for action, button in self._buttons.items():
            button.setVisible(action in here[key])
        self.period.setVisible(key in (COUNTS, ALERTS))
        self.count.clear()
        self._enable()

    def _opened(self, key: str, *_: object) -> None:
        if key != self.current:
            return
        model = self.models[key]
        total = model.rowCount()
        words = {DUTIES: f"待办 {total:,} 项", EXCEPTIONS: f"例外 {total:,} 项", ALERTS: f"警报 {total:,} 次"}
        if key == COUNTS and self._counts is not None:
            words[COUNTS] = f"{total:,} 条规则；同期发血 {self._counts.issues:,} 次"
        self.count.setText(words[key])
        self.views[key].empty_text = _EMPTY[key]
        self._enable()

    def _enable(self) -> None:
        row, here = self.view.current_row(), self.current
        item = row.item if row is not None else None
        self.open_action.setEnabled(item is not None and here != ALERTS)
        self.close_action.setEnabled(item is not None and here == DUTIES)
        self.sign_action.setEnabled(here == EXCEPTIONS and self.model is not None and self.model.rowCount() > 0)
        self.near_miss_action.setEnabled(item is not None and here in (EXCEPTIONS, ALERTS))
        self.back_action.setEnabled(here == ALERTS)

    # what the person does

    def _open(self) -> None:
        """Open the record of a duty or of an exception, or the alerts of a rule."""
        row = self.view.current_row()
        if row is None or self._alerts is None:
            return
        if self.current == DUTIES:
            self.asked.emit("view", row.item.kind, row.item.record_id)
        elif self.current == EXCEPTIONS:
            self.asked.emit("view", row.item.alert.kind, row.item.alert.record_id)
        elif self.current == COUNTS:
            self._alerts.rule = row.id
            self.show_list(ALERTS)

    def _close_duty(self) -> None:
        row = self.view.current_row()
        if self.current == DUTIES and row is not None:
            self.duty_asked.emit(row.item)

    def _near_miss(self) -> None:
        row = self.view.current_row()
        if self.current in (EXCEPTIONS, ALERTS) and row is not None:
            self.near_miss_asked.emit(int(row.id))

    def _go_back(self) -> None:
        if self.current == ALERTS:
            self.show_list(COUNTS)

    def _period_chosen(self) -> None:
        if self._counts is None or self._alerts is None:
            return
        self._counts.days = self._alerts.days = int(self.period.currentData())
        self.show_list(self.current)
