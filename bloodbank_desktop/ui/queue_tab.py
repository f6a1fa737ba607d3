"""上传队列: everything that is on its way, why it is not there yet, and exactly what travels.

Nothing waits unseen: what needs a person stands first, with the reason the platform gave, at the field it meant.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QSettings, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSplitter, QTextBrowser, QToolButton, QVBoxLayout, QWidget

from bloodbank_desktop.clock import Clock
from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.records.declare import Verb
from bloodbank_desktop.ui import actions, queue_source, states, theme
from bloodbank_desktop.ui.columns import ColumnMemory
from bloodbank_desktop.ui.flow import FlowLayout
from bloodbank_desktop.ui.list_model import Keep, PagedModel
from bloodbank_desktop.ui.list_view import ListView
from bloodbank_desktop.ui.queue_source import FINISHED, RETRIED, SETTLED, QueueSource
from bloodbank_desktop.ui.tasks import Tasks

if TYPE_CHECKING:
    from bloodbank_desktop.operations.desk import Desk
    from bloodbank_desktop.storage.outbox import OutboxRow

_AGE_MS = 30_000


class QueueTab(QWidget):
    """`asked(mode, kind, record id)` wants a dialog; `changed()` follows a retry; `failed(exception)`.

    `settle_asked(OutboxRow)` wants an operation ended in the platform's favour.
    """

    asked = Signal(str, str, str)
    changed = Signal()
    settle_asked = Signal(object)
    failed = Signal(object)

    def __init__(self, tasks: Tasks, clock: Clock, preferences: QSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._clock = clock
        self._desk: Desk | None = None
        self.setObjectName("tab.queue")
        self.setAccessibleName("上传队列")
        self.model: PagedModel | None = None
        self.view = ListView("list.queue", "上传队列", self)
        self.view.empty_text = "正在打开数据库…"
        in_list = Qt.ShortcutContext.WidgetShortcut
        self.view_action = actions.make("view", self.view, lambda: self._ask("view"), context=in_list)
        self.amend_action = actions.make("amend", self, lambda: self._ask("amend"))
        self.retry_action = actions.make("retry", self, self._retry)
        self.settle_action = actions.make("settle", self, self._settle)
        self.copy_action = actions.make("copy_row", self.view, self._copy_row, context=in_list)
        self.finished_action = actions.make("finished", self, self._reopen)
        self.finished_action.setCheckable(True)
        self.count = QLabel(self)
        self.count.setObjectName("count")
        self.detail = QTextBrowser(self)
        self.detail.setObjectName("queue.detail")
        self.detail.setAccessibleName("所选操作的详情")
        self.detail.setOpenLinks(False)
        self.detail.setPlaceholderText("选中一行，这里显示平台的说明和报送的内容。")
        self.columns = ColumnMemory(self.view, preferences, lambda: self._desk.operator if self._desk else "")
        # Ages grow although nothing happens.
        self._ageing = QTimer(self)
        self._ageing.setInterval(_AGE_MS)
        self._ageing.timeout.connect(self._grow_older)
        self._lay_out()
        self._enable()

    def attach(self, desk: Desk) -> None:
        """Read from this desk from now on."""
        self._desk = desk
        self.view.empty_text = "正在读取…"
        self.model = PagedModel(QueueSource(desk, self._clock), self._tasks, self)
        self.view.show_model(self.model)
        self.view.horizontalHeader().setSortIndicatorShown(False)
        self.columns.apply()
        self.model.opened.connect(self._opened)
        self.model.stale.connect(self.refresh)
        self.model.failed.connect(self.failed)
        self.model.dataChanged.connect(lambda *_: self._show_detail())
        self.view.selectionModel().currentRowChanged.connect(lambda *_: self._show_detail())
        self._ageing.start()
        self._reopen()

    def refresh(self) -> None:
        """Read again, leaving the selection where it is."""
        if self.model is not None:
            self.model.refresh(self.view.keep)

    def operator_changed(self) -> None:
        """Show the columns of another person."""
        self.columns.flush()
        self.columns.apply()

    def close_down(self) -> None:
        """Write what is waiting to be written."""
        self.columns.flush()

    def _lay_out(self) -> None:
        gap = theme.em(self, 0.5)
        row = QHBoxLayout()
        buttons = FlowLayout(gap=gap // 2)
        for action in (
            self.view_action,
            self.amend_action,
            self.retry_action,
            self.settle_action,
            self.finished_action,
        ):
            made: QToolButton = actions.button(action, self)
            buttons.addWidget(made)
        row.addLayout(buttons, 1)
        row.addWidget(self.count)
        self.splitter = QSplitter(Qt.Orientation.Vertical, self)
        self.splitter.setObjectName("queue.splitter")
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.view)
        self.splitter.addWidget(self.detail)
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 2)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(gap, gap, gap, gap)
        whole.setSpacing(gap)
        whole.addLayout(row)
        whole.addWidget(self.splitter, 1)
        self.setFocusProxy(self.view)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._context_menu)
        self.view.doubleClicked.connect(lambda _index: self._ask("view"))
        heads = self.view.horizontalHeader()
        heads.setSectionsClickable(False)
        heads.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        heads.customContextMenuRequested.connect(lambda at: self.columns.ask(heads.mapToGlobal(at)))

    def _reopen(self) -> None:
        if self.model is not None:
            filters = {FINISHED: "yes"} if self.finished_action.isChecked() else {}
            self.model.show(replace(self.model.query, filters=filters))

    def _opened(self, _keep: Keep | None, _row: int) -> None:
        assert self.model is not None
        finished = self.finished_action.isChecked()
        total = self.model.rowCount()
        self.count.setText(f"共 {total:,} 项" if finished else f"未完成 {total:,} 项")
        self.view.empty_text = "还没有报送过任何记录。" if finished else "✓ 全部已报送，没有等待的操作。"
        self._show_detail()

    def _grow_older(self) -> None:
        if self.isVisible():
            self.refresh()

    # the selected operation

    def current(self) -> OutboxRow | None:
        """Return the selected operation."""
        row = self.view.current_row()
        one: OutboxRow | None = row.item if row is not None else None
        return one

    def _show_detail(self) -> None:
        one = self.current()
        html = "" if one is None else detail_html(one, theme.colours())
        if html != self.detail.property("shown"):
            place = self.detail.verticalScrollBar().value()
            self.detail.setProperty("shown", html)
            self.detail.setHtml(html)
            # Read anew every half minute: whoever reads at the bottom must not be thrown to the top.
            self.detail.verticalScrollBar().setValue(place)
        self._enable()

    def _enable(self) -> None:
        one = self.current()
        declared = all_records().get(one.kind) if one is not None else None
        verbs = declared.verbs if declared is not None else frozenset()
        self.view_action.setEnabled(Verb.VIEW in verbs)
        self.amend_action.setEnabled(Verb.AMEND in verbs and one is not None and one.op != "delete")
        self.retry_action.setEnabled(one is not None and one.state in RETRIED)
        self.settle_action.setEnabled(one is not None and one.state in SETTLED)

    def _ask(self, mode: str) -> None:
        one = self.current()
        if one is not None:
            self.asked.emit(mode, one.kind, one.record_id)

    def _retry(self) -> None:
        one, desk = self.current(), self._desk
        if one is not None and desk is not None and one.state in RETRIED:
            dseq = one.dseq
            self._tasks.database(
                lambda: desk.queue.retry(dseq), lambda _none: self.changed.emit(), self.failed.emit, owner=self
            )

    def _settle(self) -> None:
        one = self.current()
        if one is not None and one.state in SETTLED:
            self.settle_asked.emit(one)

    def _copy_row(self) -> None:
        row = self.view.current_row()
        if row is not None:
            QGuiApplication.clipboard().setText("\t".join(row.texts))

    def _context_menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAccessibleName("对这一项的操作")
        chosen: Iterable[QAction] = (
            self.view_action,
            self.amend_action,
            self.retry_action,
            self.settle_action,
            self.copy_action,
        )
        menu.addActions(list(chosen))
        menu.popup(self.view.viewport().mapToGlobal(at))


def detail_html(one: OutboxRow, colours: theme.Colours) -> str:
    """Return one operation for the detail pane: the platform's words first, then what was sent."""
    look = states.look(one.state)
    left = []
    objections = queue_source.said(one)
    if objections:
        # The tone of the state: what was objected to and then settled is no alarm any more.
        colour = colours.tone(look.tone)
        left.append(f'<p style="color:{colour}"><b>{escape(look.shape)} 平台的说明</b></p>')
        left.append(_table([(objection.where, objection.what) for objection in objections], colours))
    left += ["<p><b>这一项操作</b></p>", _table(queue_source.facts(one), colours)]
    right = ["<p><b>报送的内容</b>（保存时已固定）</p>"]
    for block in queue_source.payload_words(one):
        if block.heading:
            right.append(f"<p><b>{escape(block.heading)}</b></p>")
        right.append(_table(block.entries, colours))
    return (
        f'<p><b>{escape(one.name)}</b></p><table width="100%" cellspacing="0" cellpadding="0"><tr>'
        f'<td width="45%">{"".join(left)}</td><td width="55%">{"".join(right)}</td></tr></table>'
    )


def _table(entries: Iterable[tuple[str, str]], colours: theme.Colours) -> str:
    rows = "".join(
        f'<tr><td style="color:{colours.muted}; padding-right:12px; white-space:nowrap">{escape(label)}</td>'
        f"<td>{escape(text).replace(chr(10), '<br>')}</td></tr>"
        for label, text in entries
    )
    return f'<table cellspacing="0" cellpadding="1">{rows}</table>'
