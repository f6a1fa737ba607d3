"""What a person has to know and can mend stands in a bar over the list, not in a box that has to be clicked away."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, Slot
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.ui import theme
from bloodbank_desktop.ui.theme import Tone

_MOST = 20
Offer = tuple[str, Callable[[], object]]
"""What a message offers to do: the words of its button, and what happens."""


class MessageBar(QFrame):
    """Shows the newest message; closing it shows the one before. The same message is not said twice."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._messages: deque[tuple[str, Tone, Offer | None]] = deque(maxlen=_MOST)
        self.setObjectName("messages")
        self.setAccessibleName("消息")
        self.setAutoFillBackground(True)
        self.words = QLabel(self)
        self.words.setObjectName("messages.words")
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.offer_button = QToolButton(self)
        self.offer_button.setObjectName("action.offer")
        self.offer_button.clicked.connect(self._take_offer)
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
        row.addWidget(self.offer_button, 0, Qt.AlignmentFlag.AlignTop)
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

    def say(self, text: str, tone: Tone = Tone.PLAIN, *, offer: Offer | None = None) -> None:
        """Show a sentence until it is dismissed; `offer` puts a button beside it."""
        kept = [entry for entry in self._messages if entry[0] != text]
        self._messages = deque([*kept, (text, tone, offer)], maxlen=_MOST)
        self._show()

    def withdraw(self, text: str) -> None:
        """Put this message away, because what it says is true no longer."""
        self._messages = deque([entry for entry in self._messages if entry[0] != text], maxlen=_MOST)
        self._show()

    @Slot()
    def _take_offer(self) -> None:
        offer = self._messages[-1][2] if self._messages else None
        if offer is not None:
            offer[1]()

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
        text, tone, offer = self._messages[-1]
        self.offer_button.setVisible(offer is not None)
        if offer is not None:
            self.offer_button.setText(f"{offer[0]} Alt+X")
            self.offer_button.setToolTip(f"{offer[0]}（Alt+X）")
            self.offer_button.setAccessibleName(offer[0])
            self.offer_button.setShortcut(QKeySequence("Alt+X"))
        rest = f"（还有 {len(self._messages) - 1} 条消息）" if len(self._messages) > 1 else ""
        self.words.setText(f"{'×' if tone is Tone.BAD else '·'} {text}{rest}")
        self.words.setAccessibleName(self.words.text())
        theme.paint_ground(self, theme.colours().bar)
        theme.paint_text(self.words, tone)
