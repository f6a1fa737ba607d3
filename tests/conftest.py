"""What every Qt test gets: one application, a screen, and no tolerance for warnings of Qt or for lost exceptions."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING

import pytest

from tests import displays

# dev.py starts a virtual display and says so; a single test started by hand must not open windows on somebody's screen.
if not os.environ.get("QT_QPA_PLATFORM"):
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ.pop("QT_SCALE_FACTOR", None)
if os.environ.get("PYTEST_XDIST_WORKER"):
    displays.take_own()

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

#: Said by the platform plug-ins about the machine, not by our code about itself.
_NOT_OURS = (
    "This plugin does not support",  # offscreen: raise(), grabbing the mouse, masks
    "QStandardPaths: ",  # a machine without XDG_RUNTIME_DIR
    "propagateSizeHints",
    "qt.qpa.",
)


class QtMessages:
    """The warnings Qt gave during one test; `expect` names, by a part of the text, one that the test provokes."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._expected: list[str] = []

    def expect(self, part: str) -> None:
        """Do not fail for messages that contain `part`."""
        self._expected.append(part)

    def add(self, level: str, text: str, category: str) -> None:
        if not any(part in text or part in category for part in _NOT_OURS):
            self.found.append(f"{level}: {text}")

    def unexpected(self) -> list[str]:
        return [line for line in self.found if not any(part in line for part in self._expected)]


_current: QtMessages | None = None
_homeless: list[str] = []


@pytest.fixture(scope="session")
def _application() -> Iterator[QApplication]:
    from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
    from PySide6.QtWidgets import QApplication

    from bloodbank_desktop.ui import chinese, theme

    levels = {QtMsgType.QtWarningMsg: "warning", QtMsgType.QtCriticalMsg: "critical", QtMsgType.QtFatalMsg: "fatal"}

    def handle(kind: QtMsgType, context: QMessageLogContext, text: str | None) -> None:
        level = levels.get(kind)
        if level is None:
            return
        if level == "fatal":
            # Qt ends the process when this returns; nothing else would say why.
            print(f"Qt: {text}", file=sys.__stderr__, flush=True)
        if _current is not None:
            _current.add(level, text or "", context.category or "")
        else:
            _homeless.append(f"{level}: {text}")

    qInstallMessageHandler(handle)
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(["bloodbank-tests"])
    app.setQuitOnLastWindowClosed(False)
    chinese.install(app)
    theme.apply(app, "light")
    # What is imported stays; looking at it again after each test would cost more than the tests.
    gc.collect()
    gc.freeze()
    yield app
    qInstallMessageHandler(None)


@pytest.fixture
def qt_messages() -> Iterator[QtMessages]:
    """What Qt warned about during this test."""
    global _current
    _current = QtMessages()
    _current.found.extend(_homeless)
    _homeless.clear()
    yield _current
    _current = None


@pytest.fixture
def qapp(_application: QApplication, qt_messages: QtMessages) -> Iterator[QApplication]:
    """The one application. Fails the test for warnings of Qt, exceptions in slots, and windows left open."""
    # Cyclic garbage with widgets in it must die on this thread. A worker of pytest-xdist has a second one that talks to
    # its master, and a collection that happened to start there would destroy the dialogs of the test before.
    gc.disable()
    lost: list[BaseException] = []
    hook: Callable[[type[BaseException], BaseException, TracebackType | None], object] = sys.excepthook

    def catch(kind: type[BaseException], problem: BaseException, trace: TracebackType | None) -> None:
        lost.append(problem)
        hook(kind, problem, trace)

    sys.excepthook = catch
    try:
        yield _application
    finally:
        sys.excepthook = hook
    from tests.waiting import turn_events

    left = [w for w in _application.topLevelWidgets() if w.isVisible()]
    names = [f"{type(w).__name__} {w.objectName()}" for w in left]
    for widget in left:
        widget.hide()
        widget.deleteLater()
    turn_events()
    gc.collect()
    # What survived a test is looked through never again: with thousands of tests that would take longer than they do.
    gc.freeze()
    gc.enable()
    if lost:
        pytest.fail(f"an exception was raised in a slot: {lost[0]!r}")
    if qt_messages.unexpected():
        pytest.fail("Qt warned:\n" + "\n".join(qt_messages.unexpected()))
    if names:
        pytest.fail(f"windows left open: {names}")
