"""What a locked window shows: nothing of what is under it, not even as a tool tip; what is under it stays as it is."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget
from shiboken6 import isValid


class Cover(QWidget):
    """Covers one window whole, whatever its size becomes; `lift` takes it away."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("cover")
        self.setAccessibleName("已锁定")
        self.setAutoFillBackground(True)
        # The style sheet gives the window its ground; a widget of its own has to ask for it.
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._window = window
        #: A title may name a patient, and stands in the task bar as well.
        self._title = window.windowTitle()
        window.setWindowTitle("输血科工作站（已锁定）")
        words = QLabel("已锁定\n未完成的内容都还在，数据照常报送", self)
        large = QFont(words.font())
        large.setPointSizeF(1.5 * large.pointSizeF())
        words.setFont(large)
        words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        box = QVBoxLayout(self)
        box.addWidget(words)
        self._focus = window.focusWidget()
        window.installEventFilter(self)
        self.setGeometry(window.rect())
        self.show()
        self.raise_()

    def lift(self) -> None:
        """Show what is under it again, with the keyboard where it was."""
        if not isValid(self):
            return
        self._window.removeEventFilter(self)
        self._window.setWindowTitle(self._title)
        self.hide()
        if self._focus is not None and isValid(self._focus):
            self._focus.setFocus()
        self.deleteLater()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.setGeometry(self._window.rect())
        return False
