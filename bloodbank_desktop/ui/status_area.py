"""The lower edge of the window says at any time: who works here, is the platform there, what waits, since when.

The unsent count without an age is what people learn to ignore; a queue that stands for six hours must look different
from one that stood for six seconds.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QTimer, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLabel, QToolButton, QWidget

from bloodbank_desktop.clock import Clock
from bloodbank_desktop.ui import theme
from bloodbank_desktop.ui.drafts_bar import clock_words
from bloodbank_desktop.ui.flow import FlowLayout
from bloodbank_desktop.ui.theme import Tone

if TYPE_CHECKING:
    from bloodbank_desktop.operations.results import Waiting
    from bloodbank_desktop.storage.outbox import QueueSummary
    from bloodbank_desktop.sync.status import SyncStatus

_TICK_MS = 15_000
_SAID_MS = 8_000
#: From this age on the oldest waiting operation is no longer just "on its way".
_LATE = timedelta(minutes=30)
_MINUTE = timedelta(minutes=1)


class StatusArea(QWidget):
    """The permanent state. `queue_asked`, `operator_asked` and `safety_asked(list)` when the person wants more."""

    queue_asked = Signal()
    operator_asked = Signal()
    safety_asked = Signal(str)

    def __init__(self, clock: Clock, *, training: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._status: SyncStatus | None = None
        self._summary: QueueSummary | None = None
        self._tones: dict[QWidget, tuple[Tone, bool]] = {}
        self.setObjectName("status")
        self.setAccessibleName("状态栏")
        gap = theme.em(self, 0.6)
        row = FlowLayout(self, gap)
        row.setContentsMargins(gap, gap // 3, gap, gap // 3)
        self.link = self._label("status.link", row)
        self.waiting = self._button("status.waiting", "到上传队列（Ctrl+0）", row)
        self.attention = self._button("status.attention", "到上传队列（Ctrl+0）", row)
        self.exceptions = self._button("status.exceptions", "到安全页签阅例外（Ctrl+D）", row)
        self.duties = self._button("status.duties", "到安全页查看待办（Ctrl+D）", row)
        self.exceptions.hide()
        self.duties.hide()
        self.success = self._label("status.success", row)
        self.operator = self._button("status.operator", "换人登录（Ctrl+U）", row)
        self.training = self._label("status.training", row)
        self.training.setText("▲ 训练模式")
        self.training.setVisible(training)
        self._tone(self.training, Tone.WARN, bold=True)
        self.lock = self._label("status.lock", row)
        self.lock.hide()
        self.said = self._label("status.said", row)
        self.said.hide()
        self._silence = QTimer(self)
        self._silence.setSingleShot(True)
        self._silence.setInterval(_SAID_MS)
        self._silence.timeout.connect(self.said.hide)
        self.waiting.clicked.connect(self.queue_asked)
        self.attention.clicked.connect(self.queue_asked)
        self.exceptions.clicked.connect(lambda: self.safety_asked.emit("exceptions"))
        self.duties.clicked.connect(lambda: self.safety_asked.emit("duties"))
        self.operator.clicked.connect(self.operator_asked)
        self._ticks = QTimer(self)
        self._ticks.setInterval(_TICK_MS)
        self._ticks.timeout.connect(self.say)
        self._ticks.start()
        self.show_operator("")
        self.say()

    def show_status(self, status: SyncStatus) -> None:
        """Show a new state of the network lane."""
        self._status = status
        self.say()

    def show_summary(self, summary: QueueSummary) -> None:
        """Show the queue counted anew."""
        self._summary = summary
        self.say()

    def show_waiting(self, waiting: Waiting) -> None:
        """Say what waits on the safety page; nothing is said where nothing waits."""
        self.exceptions.setText(f"◆ 例外待签 {waiting.exceptions:,}")
        self._tone(self.exceptions, Tone.WARN, bold=True)
        self.exceptions.setVisible(waiting.exceptions > 0)
        late = f"（逾期 {waiting.overdue:,}）" if waiting.overdue else ""
        self.duties.setText(f"▲ 待办 {waiting.duties:,}{late}")
        self._tone(self.duties, Tone.BAD if waiting.overdue else Tone.WARN, bold=bool(waiting.overdue))
        self.duties.setVisible(waiting.duties > 0)

    def show_operator(self, name: str) -> None:
        """Show who works here; "" = nobody has signed in."""
        self.operator.setText(f"操作员：{name}" if name else "！请登录")
        self._tone(self.operator, Tone.PLAIN if name else Tone.WARN, bold=not name)

    def show_lock_in(self, seconds: int) -> None:
        """Say that the window locks in so many seconds, 0 = no longer."""
        self.lock.setVisible(seconds > 0)
        self.lock.setText(f"◆ {seconds} 秒后自动锁定")
        self._tone(self.lock, Tone.WARN, bold=True)

    def confirm(self, text: str) -> None:
        """Say for a few seconds what was done, at once: the dialog goes and the list is read only afterwards."""
        self.said.setText(text)
        self._tone(self.said, Tone.GOOD, bold=True)
        self.said.show()
        layout = self.layout()
        if self.isVisible() and layout is not None:
            layout.activate()
            self.said.repaint()
        self._silence.start()

    @Slot()
    def say(self) -> None:
        """Say everything anew, as of now."""
        self._say_link()
        self._say_queue()

    def _say_link(self) -> None:
        status = self._status
        if status is None or status.online is None:
            words, tone = f"◇ {status.sentence if status else '尚未连接平台'}", Tone.MUTED
        elif status.online:
            trouble = bool(status.code)
            words, tone = (f"● 在线，{status.sentence}" if trouble else "● 在线"), Tone.WARN if trouble else Tone.GOOD
        else:
            words, tone = "○ 离线，照常工作", Tone.WARN
        self.link.setText(words)
        self.link.setToolTip(status.sentence if status else "")
        self._tone(self.link, tone)

    def _say_queue(self) -> None:
        summary, now = self._summary, self._clock.now()
        self.attention.setVisible(summary is not None and summary.attention > 0)
        last = _latest(summary.last_success if summary else None, self._status.last_success if self._status else None)
        self.success.setText(f"上次报送成功 {clock_words(last, now)}" if last else "")
        self.success.setVisible(last is not None)
        self._tone(self.success, Tone.MUTED)
        if summary is None:
            self.waiting.setText("待报送 …")
            self._tone(self.waiting, Tone.MUTED)
            return
        if summary.waiting == 0:
            self.waiting.setText("✓ 全部已报送")
            self._tone(self.waiting, Tone.GOOD)
        else:
            age = now - summary.oldest if summary.oldest else timedelta()
            from bloodbank_desktop.ui.queue_source import age_words

            self.waiting.setText(f"○ 待报送 {summary.waiting:,} 项，最久{'' if age < _MINUTE else ' '}{age_words(age)}")
            self._tone(self.waiting, Tone.WARN if age >= _LATE else Tone.BUSY)
        if summary.attention:
            self.attention.setText(f"× 需处理 {summary.attention:,} 项")
            self._tone(self.attention, Tone.BAD, bold=True)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        # What was dressed before it had its place in the window lost its colour when the style sheet found it there.
        self._dress()

    def _dress(self) -> None:
        for widget, (tone, bold) in self._tones.items():
            theme.paint_text(widget, tone, bold=bold)

    def _tone(self, widget: QWidget, tone: Tone, *, bold: bool = False) -> None:
        self._tones[widget] = (tone, bold)
        theme.paint_text(widget, tone, bold=bold)
        # What is read aloud is what is shown.
        text = widget.text() if isinstance(widget, QLabel | QToolButton) else ""
        widget.setAccessibleName(text)

    def _label(self, name: str, row: FlowLayout) -> QLabel:
        made = QLabel(self)
        made.setObjectName(name)
        row.addWidget(made)
        return made

    def _button(self, name: str, tip: str, row: FlowLayout) -> QToolButton:
        made = QToolButton(self)
        made.setObjectName(name)
        made.setAutoRaise(True)
        made.setToolTip(tip)
        made.setStatusTip(tip)
        row.addWidget(made)
        return made


def _latest(*moments: datetime | None) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)
