"""The window: tabs, state, messages; it opens dialogs, tells the lists what changed, and never waits for a disk.

It can be shown before the data file is open and gets its desk later (`attach`). Whatever arrives from the network lane
comes through the two signals `sync_status` and `changes`, which any thread may emit.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QSettings, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from bloodbank_desktop.clock import Clock
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.ui import actions, theme, window_menu
from bloodbank_desktop.ui.deeds import Deeds, OpenDialog
from bloodbank_desktop.ui.exchange_deeds import ExchangeDeeds
from bloodbank_desktop.ui.following import Following
from bloodbank_desktop.ui.further_deeds import FurtherDeeds
from bloodbank_desktop.ui.idle import IdleWatch
from bloodbank_desktop.ui.list_tab import ListTab
from bloodbank_desktop.ui.message_bar import MessageBar
from bloodbank_desktop.ui.safety_deeds import SafetyDeeds
from bloodbank_desktop.ui.sitting import Sitting
from bloodbank_desktop.ui.status_area import StatusArea
from bloodbank_desktop.ui.table_deeds import TableDeeds
from bloodbank_desktop.ui.tabs import QUEUE, SAFETY, Tabs
from bloodbank_desktop.ui.tasks import Tasks
from bloodbank_desktop.ui.theme import Appearance
from bloodbank_desktop.ui.training_frame import TrainingFrame

if TYPE_CHECKING:
    from bloodbank_desktop.forms.burst import Habits
    from bloodbank_desktop.forms.wedge import Wedge
    from bloodbank_desktop.operations.desk import Desk
    from bloodbank_desktop.operations.results import Saved
    from bloodbank_desktop.rules.persons import Person
    from bloodbank_desktop.sync.status import SyncStatus
    from bloodbank_desktop.ui.tabs import Page

PREFERENCES = "window.ini"


class MainWindow(QMainWindow):
    """Signals: `sync_status(SyncStatus)` and `changes(Changes)` are for any thread; the others say what was done."""

    sync_status = Signal(object)
    changes = Signal(object)
    theme_chosen = Signal(str)
    refresh_asked = Signal()
    saved = Signal(object)
    bug = Signal(object)

    def __init__(
        self,
        tasks: Tasks,
        clock: Clock,
        open_dialog: OpenDialog,
        folder: Path,
        *,
        training: bool = False,
        hospital: str = "",
        appearance: Appearance | None = None,
        habits: Habits | None = None,
        lock_minutes: int = 0,
    ) -> None:
        """`lock_minutes` without a key or a click lock the window, 0: never."""
        super().__init__()
        self._habits = habits
        self.wedge: Wedge | None = None
        self._tasks = tasks
        self._clock = clock
        self._appearance = appearance
        self._desk: Desk | None = None
        self._reads = self._closing = False
        self._new: tuple[str, str] | None = None
        # A file of the profile, never the registry: two profiles on one machine must not share a window.
        self._preferences = QSettings(str(folder / PREFERENCES), QSettings.Format.IniFormat)
        if appearance is not None and str(scale := self._preferences.value("window/scale", "")).isdigit():
            appearance.set(scale=int(str(scale)))
        self.setObjectName("window")
        name = "输血科工作站" + (f" · {hospital}" if hospital else "")
        self.setWindowTitle(f"【训练模式】{name}" if training else name)
        self.setAccessibleName("输血科工作站")

        self.messages = MessageBar(self)
        self.tabs = Tabs(tasks, clock, self._preferences, self)
        self.status = StatusArea(clock, training=training, parent=self)
        self.deeds = Deeds(self, tasks, clock, open_dialog)
        self.sitting = Sitting(self, self.deeds, tasks, training=training)
        self.idle = IdleWatch(clock, lock_minutes, self) if lock_minutes else None
        self.further = FurtherDeeds(self, self.deeds, tasks, clock, hospital)
        self.exchange = ExchangeDeeds(self, self.deeds, tasks, clock, self.messages)
        self.code_tables = TableDeeds(self, self.deeds, tasks, self.tabs)
        self.safety = SafetyDeeds(self, self.deeds, tasks)
        self._lay_out(training)
        self._make_actions()
        self._make_menu()

        self.following = Following(self, tasks, self.tabs, self.status, self.safety)
        self.following.failed.connect(self.show_problem)
        self.following.elsewhere.connect(self.code_tables.follow)

        self.sync_status.connect(self._show_status, Qt.ConnectionType.QueuedConnection)
        self.changes.connect(self.following.gather, Qt.ConnectionType.QueuedConnection)
        tasks.problem.connect(self.show_problem)
        self.status.queue_asked.connect(lambda: self.tabs.go_to(QUEUE))
        self.status.operator_asked.connect(lambda: self.sitting.sign_in())
        self._listen_to_persons()
        self.deeds.busy.connect(self._busy)
        self.deeds.saved.connect(self._saved)
        self.deeds.drafts_changed.connect(lambda kind: self.tabs.touch([kind], queue=False))
        self.deeds.failed.connect(self.show_problem)
        self.further.done.connect(self._done)
        self.safety.done.connect(lambda words: self._done(words, ()))
        self.safety.counted.connect(self.status.show_waiting)
        self.status.safety_asked.connect(self._go_to_safety)
        self.exchange.done.connect(self._done)
        self.tabs.built.connect(self._listen_to)
        self.tabs.start()
        self._restore()

    # what the program calls

    def attach(self, desk: Desk) -> None:
        """The data file is open: read from this desk as soon as somebody has signed in."""
        self._desk = desk
        self.sitting.attach(desk)

    @Slot(object)
    def show_problem(self, problem: Exception) -> None:
        """Say in the bar what a person can mend; anything else is a bug."""
        if isinstance(problem, KnownProblem):
            self.messages.show_problem(problem)
        else:
            self.bug.emit(problem)

    @property
    def preferences(self) -> QSettings:
        """The window's own memory, window.ini in the folder of the profile."""
        return self._preferences

    # building

    def _lay_out(self, training: bool) -> None:
        inner = QWidget(self)
        inner.setAutoFillBackground(True)
        box = QVBoxLayout(inner)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.messages)
        box.addWidget(self.tabs, 1)
        self._bottom = QHBoxLayout()
        self._bottom.addWidget(self.status, 1)
        box.addLayout(self._bottom)
        self.setCentralWidget(TrainingFrame(inner, self) if training else inner)

    def _make_actions(self) -> None:
        make = actions.make
        self._help = make("help", self, self.show_shortcuts)
        self._refresh = make("refresh", self, self.refresh)
        self._operator = make("operator", self, lambda: self.sitting.sign_in())
        self._persons = [
            make("lock", self, lambda: self.sitting.lock()),
            make("password", self, lambda: self.sitting.change_password()),
            make("persons", self, lambda: self.sitting.administer()),
            make("switches", self, self._open_switches),
        ]
        self._merge = make("merge", self, self.further.merge)
        self._selfcheck = make("selfcheck", self, self.further.selfcheck)
        self._tables = make("code_tables", self, self.code_tables.open)
        self._queue = make("queue", self, lambda: self.tabs.go_to(QUEUE))
        self._safety = make("safety", self, lambda: self.tabs.go_to(SAFETY))
        self._quit = make("quit", self, self.close)
        make("next_tab", self, lambda: self.tabs.step(1))
        make("previous_tab", self, lambda: self.tabs.step(-1))
        self._tab_specs = [
            actions.tab_spec(place, label) for place, label in enumerate(list(self.tabs.labels.values())[:9], start=1)
        ]
        for place, spec in enumerate(self._tab_specs):
            make(spec, self, partial(self.tabs.setCurrentIndex, place))

    def _open_switches(self) -> None:
        from bloodbank_desktop.ui.switches_window import open_switches

        open_switches(self._desk, self.deeds, self._tasks, self)

    def _make_menu(self) -> None:
        above = [self._refresh, self._safety, self._queue, self._merge, self._selfcheck, self._operator]
        above += [*self._persons, self._tables]
        menu = window_menu.make(self, above, [self._help, self._quit])
        if self._appearance is not None:
            scales = {str(scale): f"{scale} %" for scale in theme.SCALES}
            window_menu.choose(menu, "theme", "外观", theme.CHOICES, self._appearance.choice, self._choose_theme)
            window_menu.choose(menu, "scale", "字体大小", scales, str(self._appearance.scale), self._choose_scale)
        # Qt shows no corner widget beside tabs at a side.
        self._bottom.addWidget(window_menu.button(self, menu))

    @Slot(object)
    def _listen_to(self, page: Page) -> None:
        page.failed.connect(self.show_problem)
        if isinstance(page, ListTab):
            key = page.declared.key
            page.asked.connect(lambda mode, record_id, draft: self.deeds.open(key, mode, record_id, draft))
            page.delete_asked.connect(lambda row: self.deeds.delete(key, row))
            page.discard_asked.connect(self.deeds.discard)
            page.more_asked.connect(lambda what, row: self.further.do(key, what, row))
            page.exchange_asked.connect(self.exchange.do)
            return
        from bloodbank_desktop.ui.safety_tab import SafetyTab
        from bloodbank_desktop.ui.stock_tab import StockTab

        if isinstance(page, StockTab):
            page.deed_asked.connect(self.further.stock_deed)
            page.trace_asked.connect(self.further.trace_bag)
            page.level_asked.connect(self.further.set_level)
            page.take_asked.connect(self.further.stock_take)
        elif isinstance(page, SafetyTab):
            self.safety.listen(page)
        else:
            page.asked.connect(lambda mode, kind, record_id: self.deeds.open(kind, mode, record_id))
            page.changed.connect(lambda: self.following.changed(None))
            page.settle_asked.connect(self.further.settle)

    # a scanner

    def _listen_for_scans(self) -> None:
        """From now on a scan into the window, wherever the keyboard is, shows the life of that bag."""
        from bloodbank_desktop.forms.wedge import Wedge

        if self.wedge is None:
            self.wedge = Wedge(self, self.further.scanned, self._composed, self._habits, alone=True)
        self._listen(busy=bool(self.deeds.dialogs))

    def _listen(self, *, busy: bool) -> None:
        """A scan is the window's own where no dialog listens for itself, and nobody's while the window is locked."""
        if self.wedge is not None:
            (self.wedge.stop if busy or self.sitting.is_locked else self.wedge.start)()

    def _composed(self) -> None:
        words = "输入法打开着，这次扫描没有被接受。请切换到英文输入后重扫"
        self.show_problem(KnownProblem(words, code="input-method"))

    # dialogs

    def _busy(self, on: bool) -> None:
        self._listen(busy=on)
        if on:
            self.tabs.hold(True)
            return
        if self._closing:
            # The last form is kept that was open when the locked window was closed.
            QTimer.singleShot(0, self, self.close)
        if self._new is not None:
            self._select_new()
        else:
            # Drafts came or went even if nothing was saved.
            self.tabs.touch([self.tabs.current_key], queue=False)
        self.tabs.hold(False)

    def _done(self, words: str, kinds: Sequence[str]) -> None:
        self.status.confirm(words)
        self.following.changed(list(kinds))

    def _saved(self, saved: Saved, mode: str) -> None:
        self.status.confirm(f"✓ 已{'删除' if mode == 'delete' else '保存'} {saved.name}")
        self.following.changed([saved.kind])
        if mode == "register":
            self._new = (saved.kind, saved.record_id)
            if not self.deeds.dialogs:
                self._select_new()
        self.saved.emit(saved)

    def _select_new(self) -> None:
        new, self._new = self._new, None
        if new is not None and new[0] == self.tabs.current_key:
            self.tabs.select_new(*new)

    # who works here

    def _listen_to_persons(self) -> None:
        self.sitting.failed.connect(self.show_problem)
        # The columns of the person before are written under that person's name.
        self.sitting.leaving.connect(lambda: self.tabs.each(lambda page: page.close_down()))
        self.sitting.seated.connect(self._seated)
        self.sitting.locked.connect(self._locked)
        self.deeds.sign_in_asked.connect(self.sitting.sign_in)
        if self.idle is not None:
            self.idle.over.connect(lambda: self.sitting.lock("time-out"))
            self.idle.lock_asked.connect(self.sitting.lock)
            self.idle.soon.connect(self.status.show_lock_in)

    @Slot(object)
    def _seated(self, person: Person) -> None:
        desk = self._desk
        if desk is None:
            return
        self.status.show_operator(person.name)
        if self.idle is not None:
            self.idle.start()
        if self._reads:
            self.tabs.each(lambda page: page.operator_changed())
            self.following.changed(None)
            return
        self._reads = True
        self.deeds.attach(desk)
        self.further.attach(desk)
        self.safety.attach(desk)
        self.exchange.attach(desk)
        self.code_tables.attach(desk)
        self.tabs.attach(desk)
        self.following.start(desk)
        self._listen_for_scans()

    def _locked(self, on: bool) -> None:
        self._closing = False
        self._listen(busy=bool(self.deeds.dialogs))
        if self.idle is not None:
            (self.idle.stop if on else self.idle.start)()

    def show_shortcuts(self) -> None:
        """Show every key."""
        from bloodbank_desktop.ui.shortcuts import ShortcutsWindow

        self.deeds.show(ShortcutsWindow([*actions.SPECS.values(), *self._tab_specs], self))

    # what changed

    def refresh(self) -> None:
        """Read the current tab anew and let the network lane try at once."""
        self.tabs.touch([self.tabs.current_key])
        self.following.count()
        self.refresh_asked.emit()

    @Slot(object)
    def _show_status(self, status: SyncStatus) -> None:
        self.status.show_status(status)

    def _go_to_safety(self, which: str) -> None:
        from bloodbank_desktop.ui.safety_tab import SafetyTab

        self.tabs.go_to(SAFETY)
        page = self.tabs.page(SAFETY)
        if isinstance(page, SafetyTab):
            page.show_list(which)

    # appearance and end

    def _choose_theme(self, choice: str) -> None:
        if self._appearance is not None:
            self._appearance.set(choice=choice)
            self.theme_chosen.emit(choice)

    def _choose_scale(self, scale: str) -> None:
        if self._appearance is not None:
            self._appearance.set(scale=int(scale))
            self._preferences.setValue("window/scale", scale)

    def _restore(self) -> None:
        geometry = self._preferences.value("window/geometry")
        if not (isinstance(geometry, QByteArray) and self.restoreGeometry(geometry)):
            room = self.screen().availableGeometry().size()
            self.resize(min(theme.em(self, 92), room.width()), min(theme.em(self, 56), room.height()))

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.sitting.is_locked:
            # Nobody is there to be asked: what is open is kept, and the window closes behind the last of it.
            self.sitting.put_away()
            self._closing = bool(self.deeds.dialogs)
            if self._closing:
                event.ignore()
                return
        # A dialog with unsaved content asks or keeps its draft; if it stays, so does the window.
        if not self.deeds.close_all():
            event.ignore()
            return
        if self.wedge is not None:
            self.wedge.stop()
        if self.idle is not None:
            self.idle.stop()
        self.following.stop()
        self.tabs.each(lambda page: page.close_down())
        self.tabs.close_down()
        self._preferences.setValue("window/geometry", self.saveGeometry())
        self._preferences.sync()
        event.accept()
