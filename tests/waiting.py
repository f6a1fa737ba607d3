"""Tests wait for a condition, never for luck: the event loop turns until the condition holds, and no longer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QDialog

if TYPE_CHECKING:
    from bloodbank_desktop.ui.main_window import MainWindow


D = TypeVar("D", bound=QDialog)


def wait_until(condition: Callable[[], object], timeout: float = 5.0) -> None:
    """Turn the event loop until `condition()` is true; raise AssertionError naming it after `timeout` seconds."""
    if condition():
        return
    ends = time.monotonic() + timeout
    loop = QEventLoop()
    # Events alone do not wake the loop when another thread makes the condition true, hence the tick.
    ticks = QTimer(loop)
    ticks.timeout.connect(loop.quit)
    ticks.start(5)
    while not condition():
        if time.monotonic() > ends:
            where = condition.__code__ if hasattr(condition, "__code__") else condition
            raise AssertionError(f"not true within {timeout} s: {where}")
        loop.exec()


def dialog_of(window: MainWindow, kind: type[D], timeout: float = 5.0) -> D:
    """Wait for a dialog of this kind on top of a window and return it once it has the keyboard.

    Before that its shortcuts do not work, and what is pressed goes to the widget instead.
    """

    def there() -> bool:
        open_ = window.deeds.dialogs
        return bool(open_) and isinstance(open_[-1], kind) and open_[-1].isActiveWindow()

    wait_until(there, timeout)
    found = window.deeds.dialogs[-1]
    assert isinstance(found, kind)
    return found


def turn_events() -> None:
    """Deliver the events that are waiting now, including deletions."""
    from PySide6.QtCore import QCoreApplication, QEvent

    QCoreApplication.processEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
