"""What a person has to know and can mend stands in a bar over the list, not in a box that has to be clicked away."""

from __future__ import annotations

from collections import deque

from PySide6.QtCore import QEvent, Qt, Slot
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.ui import theme
from bloodbank_desktop.ui.theme import Tone

_MOST = 20


class MessageBar(QFrame):
    """Shows the newest message; closing it shows the one before. The same message is not said twice."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._messages: deque[tuple[str, Tone]] = deque(maxlen=_MOST)
        self.setObjectName("messages")
        self.setAccessibleName("消息")
        self.setAutoFillBackground(True)
        self.words = QLabel(self)
        self.words.setObjectName("messages.words")
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.close_button = QToolButton(self)
        self.close_button.setObjectName("action.close_message")
        self.close_button.setText("知道了 Alt+Z")
        self.close_button.setShortcut(QKeySequence("Alt+Z"))
        self.close_button.setToolTip("收起这条消息（Alt+Z）")
        self.close_button.setAccessibleName("知道了")
        self.close_button.clicked.connect(self.dismiss)
        row = QHBoxLayout(self)
        gap = theme.em(self, 0.5)
        row.setContentsMargins(gap, gap // 2, gap, gap // 2)
        row.addWidget(self.words, 1)
        row.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    @property
    def text(self) -> str:
        """What is shown now, "" when nothing is."""
        return self._messages[-1][0] if self._messages else ""

    @Slot(object)
    def show_problem(self, problem: object) -> None:
        """Show a problem that the person can mend."""
        self.say(problem.message if isinstance(problem, KnownProblem) else str(problem), Tone.BAD)

    def say(self, text: str, tone: Tone = Tone.PLAIN) -> None:
        """Show a sentence until it is dismissed."""
        kept = [entry for entry in self._messages if entry[0] != text]
        self._messages = deque([*kept, (text, tone)], maxlen=_MOST)
        self._show()

    @Slot()
    def dismiss(self) -> None:
        """Put the newest message away."""
        if self._messages:
            self._messages.pop()
        self._show()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._show()

    def _show(self) -> None:
        self.setHidden(not self._messages)
        if not self._messages:
            return
        text, tone = self._messages[-1]
        rest = f"（还有 {len(self._messages) - 1} 条消息）" if len(self._messages) > 1 else ""
        self.words.setText(f"{'×' if tone is Tone.BAD else '·'} {text}{rest}")
        self.words.setAccessibleName(self.words.text())
        theme.paint_ground(self, theme.colours().bar)
        theme.paint_text(self.words, tone)
