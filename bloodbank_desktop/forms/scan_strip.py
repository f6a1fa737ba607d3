"""What a person with a scanner sees from an arm's length: what to scan next, how the last scan went, how many bags.

The verdict is word, shape and colour at once, and stands until the next scan.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QPalette, QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QWidget

from bloodbank_desktop.forms import marks
from bloodbank_desktop.forms.roles import SHAPES, Role, Tone

_EDGE = 10


class ScanStrip(QFrame):
    """The strip at the top of a scanning dialog."""

    def __init__(self, keys: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("scan_strip")
        self.expected = _label("scan.expected", 1.5, bold=True)
        self.counter = _label("scan.counter", 1.5, bold=True)
        self.note = _label("scan.note", 1.0, bold=True)
        self.note.hide()
        self.latest = _label("scan.latest", 1.0)
        self.keys = _label("scan.keys", 1.0)
        self._keys = keys
        self._near_miss = False
        # One key more must not make the dialog wider than a small screen; what is named first is what is needed now.
        self.keys.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.verdict = _label("scan.verdict", 1.35, bold=True)
        self.verdict.setAccessibleName("上一次扫描的结果")
        self.verdict.setAutoFillBackground(True)
        self.verdict.setWordWrap(True)
        self.verdict.setContentsMargins(10, 4, 10, 4)
        # Room for two lines at all times: a strip that grows would push the table away under the eyes.
        self.verdict.setMinimumHeight(2 * self.verdict.fontMetrics().lineSpacing() + 14)
        self.verdict.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.latest.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.counter.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        grid = QGridLayout(self)
        grid.setContentsMargins(_EDGE, 6, _EDGE, 2)
        grid.setVerticalSpacing(3)
        grid.addWidget(self.expected, 0, 0)
        grid.addWidget(self.counter, 0, 1)
        grid.addWidget(self.verdict, 1, 0, 1, 2)
        grid.addWidget(self.note, 2, 0, 1, 2)
        # A line of its own: the counter above is no measure for the keys.
        below = QHBoxLayout()
        below.addWidget(self.keys, 1)
        below.addWidget(self.latest)
        grid.addLayout(below, 3, 0, 1, 2)
        grid.setColumnStretch(0, 1)
        self._role = self._note_role = Role.INFO
        self._tone: Tone | None = None
        self._colour()

    def set_expected(self, bag: int, codes: tuple[str, ...]) -> None:
        """Say which bag is on and which codes it lacks."""
        self.expected.setText(f"第 {bag} 袋，请扫：{'、'.join(codes)}")

    def set_count(self, bags: int, latest: str) -> None:
        """Say how many whole bags there are and which was the last."""
        self.counter.setText(f"本单 {bags} 袋")
        self.latest.setText(f"最近一袋 {latest}" if latest else "")
        self._fit()

    def set_note(self, text: str, role: Role = Role.INFO) -> None:
        """Say how far the delivery note has been received, and how good that is; "" where there is none."""
        self._note_role = role
        self.note.setText(f"{SHAPES[role]} {text}" if text else "")
        self.note.setVisible(bool(text))
        self._colour()

    def set_verdict(self, text: str, role: Role, tone: Tone | None = None) -> None:
        """Say what became of the last scan; a refusal is coloured by what is wrong, which its tone says."""
        self._role, self._tone = role, tone
        self.verdict.setText(f"{SHAPES[role]} {text}")
        self._colour()

    def offer_near_miss(self, on: bool) -> None:
        """Name the key that keeps the refused scan as a near miss, while it stands here."""
        self._near_miss = on
        self._fit()

    def _fit(self) -> None:
        """Name as many keys as there is room for, each whole; the latest bag gives way, for the list shows it too."""
        named = f"F12 记为险兆　{self._keys}" if self._near_miss else self._keys
        self.keys.setToolTip(named)
        metrics = self.keys.fontMetrics()
        room = self.contentsRect().width() - 2 * _EDGE
        beside = self.latest.sizeHint().width() + 2 * _EDGE if self.latest.text() else 0
        self.latest.setVisible(bool(beside) and metrics.horizontalAdvance(named) + beside <= room)
        parts = named.split("　")
        while len(parts) > 1 and metrics.horizontalAdvance("　".join(parts)) > room:
            parts.pop()
        self.keys.setText("　".join(parts))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_role"):
            self._colour()

    def _colour(self) -> None:
        colours = self.verdict.palette()
        ink, ground = marks.verdict(self._role, self._tone, self.palette())
        colours.setColor(QPalette.ColorRole.Window, ground)
        colours.setColor(QPalette.ColorRole.WindowText, ink)
        self.verdict.setPalette(colours)
        colours = self.note.palette()
        colours.setColor(QPalette.ColorRole.WindowText, marks.ink(self._note_role, self.palette()))
        self.note.setPalette(colours)


def _label(name: str, factor: float, *, bold: bool = False) -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    font = label.font()
    font.setPointSizeF(font.pointSizeF() * factor)
    font.setBold(bold)
    label.setFont(font)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label
