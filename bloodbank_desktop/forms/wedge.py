"""A scanner that plays keyboard: its bursts go to the scan handler, wherever the focus is; what a person types passes.

Enter and Tab of a scanner press no button and move no focus. What an input method made of a scan is refused by name and
changes nothing, for half a code in Chinese characters looks like data. The filter sees every key of the program while
it runs, so it runs only while its dialog is open.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QInputMethodEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from bloodbank_desktop.forms.burst import Burst, Ended, Habits, Outcome

# A replayed key bears this time, by which it is known again on its way through window and widget.
_REPLAYED: Final = 0x7B10_0DBA_6000_0001

_MODIFIER_KEYS = frozenset(
    {
        Qt.Key.Key_Shift,
        Qt.Key.Key_Control,
        Qt.Key.Key_Alt,
        Qt.Key.Key_AltGr,
        Qt.Key.Key_Meta,
        Qt.Key.Key_CapsLock,
        Qt.Key.Key_NumLock,
        Qt.Key.Key_ScrollLock,
    }
)
#: A dialog with this property keeps its keys even above one that listens to a scanner: a badge is no bag.
OWN_KEYS: Final = "ownKeys"
_TERMINATORS = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab})
_COMMANDS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
_ALT_GR = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
_WATCHED = frozenset(
    {QEvent.Type.KeyPress, QEvent.Type.KeyRelease, QEvent.Type.ShortcutOverride, QEvent.Type.InputMethod}
)


class Wedge(QObject):
    """Watches the keys of the program on behalf of one dialog, or, `alone`, of a window while nothing is open over it.

    `on_scan` gets the text of a scan as it came, without prefix and terminator; `on_input_method` is told that an input
    method swallowed a scan. Both are called from the event loop, never twice for one scan.
    """

    def __init__(
        self,
        dialog: QWidget,
        on_scan: Callable[[str], None],
        on_input_method: Callable[[], None],
        habits: Habits | None = None,
        *,
        alone: bool = False,
    ) -> None:
        super().__init__(dialog)
        self._alone = alone
        self.habits = habits or Habits()
        self._dialog = dialog
        self._on_scan = on_scan
        self._on_input_method = on_input_method
        self._burst = Burst(self.habits)
        self._dropped: set[int] = set()
        self._passing = False
        self._discarding = False
        self._running = False
        self._stamp, self._arrival, self._clock = 0, 0.0, 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._gap_passed)
        self._certain = QTimer(self)
        self._certain.setSingleShot(True)
        self._certain.setInterval(0)
        self._certain.timeout.connect(self._quiet)

    def start(self) -> None:
        """Begin to watch."""
        application = QCoreApplication.instance()
        if not self._running and application is not None:
            self._running = True
            application.installEventFilter(self)

    def stop(self) -> None:
        """Stop watching; what is held is given back first."""
        application = QCoreApplication.instance()
        if self._running and application is not None:
            self._quiet()
            self._running = False
            application.removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind not in _WATCHED or self._passing:
            return False
        if isinstance(event, QInputMethodEvent):
            return self._discarding or (self._ours() and self._composed(watched, event))
        if not isinstance(event, QKeyEvent) or event.timestamp() == _REPLAYED or not self._ours():
            return False
        if kind == QEvent.Type.ShortcutOverride:
            return self._override(event)
        if kind == QEvent.Type.KeyRelease:
            return self._released(watched, event)
        return self._pressed(watched, event)

    # -- keys -----------------------------------------------------------------------------------------------------

    def _pressed(self, watched: QObject, event: QKeyEvent) -> bool:
        key = event.key()
        if key in _MODIFIER_KEYS:
            return False
        at = self._moment(event.timestamp())
        if self._burst.too_late(at):
            self._quiet()
        if event.isAutoRepeat() and not self._burst.open:
            # A key held down repeats at the speed of a scanner, but not before a pause. Within a burst the mark is
            # wrong: X11 takes the second of two equal characters of a fast scanner for a repetition.
            return False
        if self._ends(event):
            return self._terminated(event, at)
        if not self._material(event):
            self._quiet()
            return False
        self._burst.character(event.text(), at, (watched, event.clone()))
        self._wait()
        return True

    def _terminated(self, event: QKeyEvent, at: float) -> bool:
        if not self._burst.open:
            if self._burst.trailing(at):
                self._dropped.add(_identity(event))
                return True
            return False
        self._rest()
        ended = self._burst.terminator(at)
        if ended.outcome is Outcome.TYPED:
            self._give_back(ended)
            return False
        self._dropped.add(_identity(event))
        self._finish(ended)
        return True

    def _released(self, watched: QObject, event: QKeyEvent) -> bool:
        identity = _identity(event)
        if identity in self._dropped:
            if not event.isAutoRepeat():
                self._dropped.discard(identity)
            return True
        if self._burst.open and event.key() not in _MODIFIER_KEYS:
            self._burst.along((watched, event.clone()))
            return True
        return False

    def _override(self, event: QKeyEvent) -> bool:
        """No character is a shortcut, for it may begin a scan; neither are the terminators of one."""
        inside = self._material(event) or (self._burst.open and self._ends(event))
        if inside or (event.key() in _TERMINATORS and self._burst.trailing(self._moment(event.timestamp()))):
            event.accept()
            return True
        return False

    def _ends(self, event: QKeyEvent) -> bool:
        return event.key() in _TERMINATORS or (self._burst.open and event.text() in ("\r", "\n"))

    def _material(self, event: QKeyEvent) -> bool:
        """Whether the key writes a character, as opposed to a command."""
        text = event.text()
        if not text:
            return False
        held = event.modifiers() & _COMMANDS
        if held and held != _ALT_GR:
            # Separators inside a two-dimensional code come as Ctrl+], but only in the middle of a burst.
            return self._burst.open and not text.isprintable() and text >= "\x1c"
        return text.isprintable()

    # -- input method ---------------------------------------------------------------------------------------------

    def _composed(self, watched: QObject, event: QInputMethodEvent) -> bool:
        if not (event.preeditString() or event.commitString() or self._burst.open):
            return False
        at = self._moment(0)
        if self._burst.too_late(at):
            self._quiet()
        self._burst.character(event.commitString(), at, (watched, event.clone()), composed=True)
        self._wait()
        return True

    def _refuse_composed(self) -> None:
        # Resetting makes the input method commit or clear what it has; neither may reach a field.
        self._discarding = True
        try:
            QGuiApplication.inputMethod().reset()
        finally:
            self._discarding = False
        self._on_input_method()

    # -- the end of a run -----------------------------------------------------------------------------------------

    def _wait(self) -> None:
        self._certain.stop()
        self._timer.start(self._burst.wait_ms)

    def _rest(self) -> None:
        self._timer.stop()
        self._certain.stop()

    def _gap_passed(self) -> None:
        # Keys may have arrived while the program was busy; let the event loop deliver them before judging.
        self._certain.start()

    def _quiet(self) -> None:
        self._rest()
        if not self._burst.open:
            return
        ended = self._burst.quiet()
        if ended.outcome is Outcome.TYPED:
            self._give_back(ended)
        else:
            self._finish(ended)

    def _finish(self, ended: Ended) -> None:
        self._remember(ended)
        if ended.outcome is Outcome.SCAN:
            self._on_scan(ended.text)
        else:
            self._refuse_composed()

    def _remember(self, ended: Ended) -> None:
        """Keys pressed within a scan whose release is still to come: the release is dropped as well."""
        for _, event in ended.held:
            if isinstance(event, QKeyEvent):
                change = self._dropped.add if event.type() == QEvent.Type.KeyPress else self._dropped.discard
                change(_identity(event))

    def _give_back(self, ended: Ended) -> None:
        for receiver, event in ended.held:
            if not isValid(receiver):
                continue
            if isinstance(event, QKeyEvent):
                event.setTimestamp(_REPLAYED)
                QCoreApplication.sendEvent(receiver, event)
            else:
                self._passing = True
                try:
                    QCoreApplication.sendEvent(receiver, event)
                finally:
                    self._passing = False

    # -- where and when -------------------------------------------------------------------------------------------

    def _moment(self, stamp: int) -> float:
        """Return the time of an event in milliseconds of a clock of our own.

        The window system's stamp is right even if this program was busy; where one is missing (0: an input method, a
        test) the time of arrival must do. Only differences count, for the two have different beginnings.
        """
        arrival = time.monotonic() * 1000
        passed = stamp - self._stamp if stamp and self._stamp else arrival - self._arrival
        self._clock += max(0.0, passed)
        self._stamp, self._arrival = stamp, arrival
        return self._clock

    def _ours(self) -> bool:
        """Whether the dialog, or something it opened, is what the person works in."""
        modal = QApplication.activeModalWidget()
        if modal is not None and modal.property(OWN_KEYS):
            return False
        if self._alone:
            return modal is None and QApplication.activeWindow() is self._dialog
        if modal is None:
            return self._dialog.isVisible()
        widget: QWidget | None = modal
        while widget is not None:
            if widget is self._dialog:
                return True
            widget = widget.parentWidget()
        return False


def _identity(event: QKeyEvent) -> int:
    # Shift may be up again when the key is released, and then the same key has another name.
    return event.nativeScanCode() or event.key()
