"""The window that shows a report of an error: to be read, copied and sent."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from bloodbank_desktop.ui import theme


class CrashWindow(QDialog):
    """Shows the first report of a series; `add` counts the following ones."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dialog.crash")
        self.setWindowTitle("程序出错")
        self.setAccessibleName("程序出错")
        self._count = 1
        self.words = QLabel(
            "× 程序出错了。显示过“已保存”的记录都在本机，不受影响。\n"
            "请复制下面的报告交给信息科，然后继续工作；如反复出现，请重新启动程序。",
            self,
        )
        self.words.setObjectName("crash.words")
        self.words.setWordWrap(True)
        self.text = QPlainTextEdit(text, self)
        self.text.setObjectName("crash.report")
        self.text.setAccessibleName("错误报告")
        self.text.setReadOnly(True)
        fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        fixed.setPointSizeF(self.font().pointSizeF())
        self.text.setFont(fixed)
        note = QLabel("报告只含程序的位置和版本，不含任何患者或血袋的内容。", self)
        note.setWordWrap(True)
        theme.paint_text(note, theme.Tone.MUTED)
        self.copy = QPushButton("复制报告(&C)", self)
        self.copy.setObjectName("action.copy_report")
        self.copy.setAccessibleName("复制报告")
        self.copy.clicked.connect(self._copy)
        self.close_button = QPushButton("继续工作", self)
        self.close_button.setObjectName("action.close_report")
        self.close_button.setAccessibleName("继续工作")
        self.close_button.clicked.connect(self.accept)
        self.close_button.setDefault(True)
        buttons = QHBoxLayout()
        buttons.addWidget(note, 1)
        buttons.addWidget(self.copy)
        buttons.addWidget(self.close_button)
        whole = QVBoxLayout(self)
        whole.addWidget(self.words)
        whole.addWidget(self.text, 1)
        whole.addLayout(buttons)
        self.resize(theme.em(self, 46), theme.em(self, 28))

    def add(self) -> None:
        """Count one more error of the same series."""
        self._count += 1
        self.setWindowTitle(f"程序出错（{self._count} 次）")

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText())
        self.copy.setText("✓ 已复制")
