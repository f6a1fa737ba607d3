"""Tabs down the left side with their words written across, for more modules than fit above a list.

Qt turns the words of tabs at a side by ninety degrees, which nobody reads at night; here only the place is at the side.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QTabBar, QWidget

from bloodbank_desktop.ui import theme

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class SideTabs(QTabBar):
    """The tab bar of the window."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        #: The size of each tab, which is that of the widest, and the words that it was measured for.
        self._size = QSize()
        self._measured: str | None = None
        self.setObjectName("tabs.bar")
        self.setAccessibleName("模块")
        self.setDrawBase(False)

    def tabSizeHint(self, index: int) -> QSize:
        # Qt asks for the size of every tab at every layout, and each answer needs the words of all.
        words = "\n".join(map(self.tabText, range(self.count())))
        if words != self._measured:
            metrics = self.fontMetrics()
            self._size = QSize(
                metrics.size(0, words).width() + theme.em(self, 2), metrics.height() + theme.em(self, 0.9)
            )
            self._measured = words
        return QSize(self._size)

    def changeEvent(self, event: QEvent) -> None:
        # Before Qt measures anew in another font.
        self._measured = None
        super().changeEvent(event)

    def minimumTabSizeHint(self, index: int) -> QSize:
        return self.tabSizeHint(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Qt walks along tabs with Left and Right only, also where they stand below each other.
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        elif 0 <= self.currentIndex() + step < self.count():
            self.setCurrentIndex(self.currentIndex() + step)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colours = theme.colours()
        gap = theme.em(self, 0.9)
        for index in range(self.count()):
            area = self.tabRect(index)
            current = index == self.currentIndex()
            if current:
                theme.fill(painter, area, colours.base)
                bar = QRect(area.topLeft(), QSize(max(3, gap // 4), area.height()))
                theme.fill(painter, bar, colours.accent)
            painter.setPen(self.palette().windowText().color() if current else QColor(colours.muted))
            font = self.font()
            font.setBold(current)
            painter.setFont(font)
            words = area.adjusted(gap, 0, -gap // 2, 0)
            painter.drawText(words, int(_LEFT), self.tabText(index))
            if current and self.hasFocus():
                # By hand: Qt's own frame would bring along the hundreds of constants of a style, 7 ms of every start.
                painter.setPen(QPen(QColor(colours.tab), 1, Qt.PenStyle.DotLine))
                painter.drawRect(area.adjusted(2, 2, -3, -3))
