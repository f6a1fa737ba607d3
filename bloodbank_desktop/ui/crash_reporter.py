"""Whatever is no `KnownProblem` opens one window with the exact report, to be copied and sent; nothing fails silently.

An error inside painting must not open a window inside painting, and a thousand errors must not open a thousand
windows: everything goes through one queued signal to one window, which counts.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

from bloodbank_desktop.clock import Clock
from bloodbank_desktop.errors import KnownProblem

if TYPE_CHECKING:
    from bloodbank_desktop.ui.crash_window import CrashWindow

_log = logging.getLogger(__name__)


class CrashReporter(QObject):
    """Leads everything that nobody caught into the window. `known` carries a `KnownProblem` for the message bar."""

    known = Signal(object)
    _caught = Signal(str)

    def __init__(self, clock: Clock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._window: CrashWindow | None = None
        self._before: tuple[Any, Any, Any] | None = None
        self._make: Callable[[str], CrashWindow] | None = None
        self._caught.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """Take over sys.excepthook, threading.excepthook and sys.unraisablehook."""
        self._before = (sys.excepthook, threading.excepthook, sys.unraisablehook)
        sys.excepthook = self._hook
        threading.excepthook = self._thread_hook
        sys.unraisablehook = self._unraisable_hook

    def prepare(self) -> None:
        """Load the window, which must not have to be loaded when everything goes wrong; on the main thread."""
        from bloodbank_desktop.ui.crash_window import CrashWindow

        self._make = CrashWindow

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
        from bloodbank_desktop.ui import report

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
        if self._make is None:
            self.prepare()
        assert self._make is not None
        window = self._make(text)
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
