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
        self._widths: dict[str, int] = {}
        #: What a tab adds to its words in width, and its height.
        self._edges = QSize()
        self.setObjectName("tabs.bar")
        self.setAccessibleName("模块")
        self.setDrawBase(False)

    def tabSizeHint(self, index: int) -> QSize:
        widest = max((self._width(self.tabText(place)) for place in range(self.count())), default=0)
        if self._edges.isEmpty():
            self._edges = QSize(theme.em(self, 2), self.fontMetrics().height() + theme.em(self, 0.9))
        return QSize(widest + self._edges.width(), self._edges.height())

    def changeEvent(self, event: QEvent) -> None:
        # Before Qt measures anew in another font.
        self._widths.clear()
        self._edges = QSize()
        super().changeEvent(event)

    def _width(self, words: str) -> int:
        # Qt asks for the size of every tab at every layout, and each answer needs the words of all.
        if words not in self._widths:
            self._widths[words] = self.fontMetrics().horizontalAdvance(words)
        return self._widths[words]

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
