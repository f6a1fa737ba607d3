"""Training mode cannot be overlooked: an orange frame around everything, and words that say what it means."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from bloodbank_desktop.ui import theme


class TrainingFrame(QWidget):
    """Holds the content of the window in its frame."""

    def __init__(self, inner: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("training")
        self.setAccessibleName("训练模式")
        self.words = QLabel("▲ 训练模式：这里没有真实患者和血袋，数据只送到本机的训练平台", self)
        self.words.setObjectName("training.words")
        self.words.setAccessibleName(self.words.text())
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        edge = max(theme.em(self, 0.3), 3)
        box = QVBoxLayout(self)
        box.setContentsMargins(edge, edge // 2, edge, edge)
        box.setSpacing(edge // 2)
        box.addWidget(self.words)
        box.addWidget(inner, 1)
        self._dress()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()

    def paintEvent(self, _event: QPaintEvent) -> None:
        # Painted, for a palette of its own would be inherited by everything inside.
        painter = QPainter(self)
        theme.fill(painter, self.rect(), theme.colours().training)
        painter.end()

    def _dress(self) -> None:
        words = QPalette()
        words.setColor(QPalette.ColorRole.WindowText, QColor(theme.colours().on_training))
        self.words.setPalette(words)
        font = self.words.font()
        font.setBold(True)
        self.words.setFont(font)
