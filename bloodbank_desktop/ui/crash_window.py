"""Whatever is no `KnownProblem` opens one window with the exact report, to be copied and sent; nothing fails silently.

An error inside painting must not open a window inside painting, and a thousand errors must not open a thousand
windows: everything goes through one queued signal to one window, which counts.
"""

from __future__ import annotations

import logging
import sys
import threading
from types import TracebackType
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from bloodbank_desktop.clock import Clock
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.ui import report, theme

_log = logging.getLogger(__name__)


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
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
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


class CrashReporter(QObject):
    """Leads everything that nobody caught into the window. `known` carries a `KnownProblem` for the message bar."""

    known = Signal(object)
    _caught = Signal(str)

    def __init__(self, clock: Clock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._window: CrashWindow | None = None
        self._before: tuple[Any, Any, Any] | None = None
        self._caught.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """Take over sys.excepthook, threading.excepthook and sys.unraisablehook."""
        self._before = (sys.excepthook, threading.excepthook, sys.unraisablehook)
        sys.excepthook = self._hook
        threading.excepthook = self._thread_hook
        sys.unraisablehook = self._unraisable_hook

    def restore(self) -> None:
        """Give the hooks back."""
        if self._before is not None:
            sys.excepthook, threading.excepthook, sys.unraisablehook = self._before
            self._before = None

    @Slot(object)
    def report(self, problem: BaseException, thread: str = "") -> None:
        """Show an exception, from any thread."""
        if isinstance(problem, KnownProblem):
            self.known.emit(problem)
            return
        text = report.make(problem, self._clock.now(), thread=thread)
        _log.error("bug\n%s", text)
        self._caught.emit(text)

    @property
    def window(self) -> CrashWindow | None:
        """The open window."""
        return self._window

    def _hook(self, kind: type[BaseException], problem: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, problem, trace)
            return
        self._safely(problem.with_traceback(trace))

    def _thread_hook(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            self._safely(args.exc_value, args.thread.name if args.thread else "")

    def _unraisable_hook(self, args: sys.UnraisableHookArgs) -> None:
        if args.exc_value is not None:
            self._safely(args.exc_value)

    def _safely(self, problem: BaseException, thread: str = "") -> None:
        try:
            self.report(problem, thread)
        except Exception:
            # The last net: at the end of the program even this object may be half gone.
            sys.__excepthook__(type(problem), problem, problem.__traceback__)

    @Slot(str)
    def _show(self, text: str) -> None:
        if self._window is not None:
            self._window.add()
            return
        # Without a parent: the window that failed may be the one that is going away.
        window = CrashWindow(text)
        window.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        window.finished.connect(self._forget)
        self._window = window
        window.setWindowModality(Qt.WindowModality.ApplicationModal)
        window.show()
        window.raise_()
        window.activateWindow()

    @Slot()
    def _forget(self) -> None:
        self._window = None
