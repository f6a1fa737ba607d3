"""When nobody touches the program for some minutes it locks itself, and says so a minute before.

Only what arrives at a window of the program is looked at, not every event inside it; a window is watched from the moment
when it first has the keyboard.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QWindow

from bloodbank_desktop.clock import Clock

_TICK_MS = 1000
_WARNING_SECONDS = 60
_WATCHED = "watchedForIdleness"
LEAST_MINUTES, MOST_MINUTES = 1, 30
_TOUCHES = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseMove,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.TabletPress,
    }
)


class IdleWatch(QObject):
    """`over` when nobody did anything for `minutes`; `soon(seconds)` in the last minute before, 0 when somebody did.

    `lock_asked` for Ctrl+L in any window of the program, dialogs included.
    """

    over = Signal()
    soon = Signal(int)
    lock_asked = Signal()

    def __init__(self, clock: Clock, minutes: int, parent: QObject) -> None:
        super().__init__(parent)
        self._clock = clock
        self._seconds = 60 * min(max(minutes, LEAST_MINUTES), MOST_MINUTES)
        self._last = clock.monotonic()
        self._said = 0
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self.look)

    def start(self) -> None:
        """Begin to watch; who has just signed in has just been here."""
        self.touch()
        if not self._timer.isActive():
            self._timer.start()
            application = QGuiApplication.instance()
            assert isinstance(application, QGuiApplication)
            application.focusWindowChanged.connect(self._watch)
            self._watch(QGuiApplication.focusWindow())

    def stop(self) -> None:
        """Watch no more."""
        if self._timer.isActive():
            self._timer.stop()
            application = QGuiApplication.instance()
            assert isinstance(application, QGuiApplication)
            application.focusWindowChanged.disconnect(self._watch)

    def touch(self) -> None:
        """Somebody is here."""
        self._last = self._clock.monotonic()
        if self._said:
            self._said = 0
            self.soon.emit(0)

    def look(self) -> None:
        """Look how long nobody did anything."""
        left = self._seconds - (self._clock.monotonic() - self._last)
        if left <= 0:
            self.touch()
            self.over.emit()
        elif left <= _WARNING_SECONDS:
            self._said = max(1, round(left))
            self.soon.emit(self._said)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _TOUCHES:
            self.touch()
            if isinstance(event, QKeyEvent) and _asks_for_lock(event):
                self.lock_asked.emit()
                return True
        return False

    def _watch(self, window: QWindow | None) -> None:
        if window is not None and not window.property(_WATCHED):
            window.setProperty(_WATCHED, True)
            window.installEventFilter(self)


def _asks_for_lock(event: QKeyEvent) -> bool:
    return event.key() == Qt.Key.Key_L and event.modifiers() == Qt.KeyboardModifier.ControlModifier
