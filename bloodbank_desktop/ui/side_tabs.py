"""Tabs down the left side with their words written across, for more modules than fit above a list.

Qt turns the words of tabs at a side by ninety degrees, which nobody reads at night; here only the place is at the side.
"""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPaintEvent
from PySide6.QtWidgets import QStyle, QStyleOptionTab, QStylePainter, QTabBar, QWidget

from bloodbank_desktop.ui import theme

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class SideTabs(QTabBar):
    """The tab bar of the window."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("tabs.bar")
        self.setAccessibleName("模块")
        self.setDrawBase(False)

    def tabSizeHint(self, index: int) -> QSize:
        metrics = self.fontMetrics()
        widest = max((metrics.horizontalAdvance(self.tabText(place)) for place in range(self.count())), default=0)
        return QSize(widest + theme.em(self, 2), metrics.height() + theme.em(self, 0.9))

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
        painter = QStylePainter(self)
        colours = theme.colours()
        gap = theme.em(self, 0.9)
        for index in range(self.count()):
            option = QStyleOptionTab()
            self.initStyleOption(option, index)
            area = self.tabRect(index)
            current = index == self.currentIndex()
            if current:
                painter.fillRect(area, self.palette().base())
                bar = QRect(area.topLeft(), QSize(max(3, gap // 4), area.height()))
                painter.fillRect(bar, self.palette().highlight())
            painter.setPen(self.palette().windowText().color() if current else QColor(colours.muted))
            font = self.font()
            font.setBold(current)
            painter.setFont(font)
            words = area.adjusted(gap, 0, -gap // 2, 0)
            painter.drawText(words, int(_LEFT), self.tabText(index))
            if current and self.hasFocus():
                option.rect = QRect(area.topLeft() + QPoint(2, 2), area.size() - QSize(4, 4))
                painter.drawPrimitive(QStyle.PrimitiveElement.PE_FrameFocusRect, option)
