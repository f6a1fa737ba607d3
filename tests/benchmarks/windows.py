"""Waiting for what a person waits for: not for an answer, but for the pixels that show it."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QObject, QTimer
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QWidget

from bloodbank_desktop.ui import chinese, theme

_QUIET_MS = 25


def application() -> QApplication:
    """Return the one application, looking as the program does."""
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(["bloodbank-benchmarks"])
    chinese.install(app)
    theme.apply(app, "light")
    return app


def wait_for(ready: Callable[[], object], seconds: float = 60.0) -> None:
    """Turn the event loop, woken by nothing but events, until `ready()`. Raises TimeoutError."""
    ends = time.monotonic() + seconds
    alarm = QTimer()
    alarm.setSingleShot(True)
    alarm.start(int(seconds * 1000) + 1)
    while not ready():
        if time.monotonic() > ends:
            raise TimeoutError(f"not ready within {seconds} s")
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)


def show(window: QWidget) -> None:
    """Show a window and wait until it is on the screen."""
    window.show()
    wait_for(lambda: (handle := window.windowHandle()) is not None and handle.isExposed())


def _let_pass(milliseconds: int) -> None:
    pause = QTimer()
    pause.setSingleShot(True)
    pause.start(milliseconds)
    wait_for(lambda: not pause.isActive())


class Painting(QObject):
    """Knows when a widget is painted while a condition holds."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._holds: Callable[[], bool] = lambda: False
        self._painted = False
        self._count = 0
        self._ended = 0.0
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() == QEvent.Type.Paint:
            self._count += 1
            if not self._painted and self._holds():
                self._painted = True
                if not isinstance(watched.parent(), QAbstractScrollArea):
                    # Painted here, to know when that is done; what the action left to do besides is not waited for.
                    watched.event(event)
                    self._ended = time.perf_counter()
                    return True
        return False

    def settle(self) -> None:
        """Wait until the widget has not been painted for a moment: what was done before is over."""
        before = -1
        while before != self._count:
            before = self._count
            _let_pass(_QUIET_MS)

    def timed(self, action: Callable[[], object], holds: Callable[[], bool], into: list[float]) -> None:
        """Do something in a quiet window and note the milliseconds until what it brings has been painted."""
        self._holds = lambda: False
        self.settle()
        self._holds, self._painted, self._ended = holds, False, 0.0
        began = time.perf_counter()
        action()
        # A viewport is painted by its parent: the event loop comes back to us when that is done.
        wait_for(lambda: self._painted)
        into.append(((self._ended or time.perf_counter()) - began) * 1000)
