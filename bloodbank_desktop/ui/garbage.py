"""Python collects its cyclic garbage on the main thread only, for among it are widgets.

Left to itself the collector runs on whatever thread happens to allocate the next object. When that is the database lane,
it destroys timers and widgets of a closed dialog there, and Qt answers with warnings, then with a crash that no report
explains.
"""

from __future__ import annotations

import gc
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Slot

_EVERY_MS = 500
#: How many looks the older generations give way to a person who works: a minute at most.
_PATIENCE = 120


class MainThreadGarbage(QObject):
    """Takes the automatic collector's place, by its own thresholds, until `stop`.

    While it is `busy()` between two looks, somebody works and would notice the pause: the generations that take long give
    way.
    """

    def __init__(self, parent: QObject | None = None, *, busy: Callable[[], bool] = lambda: False) -> None:
        super().__init__(parent)
        self._busy = busy
        self._waited = 0
        self._was_on = gc.isenabled()
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self.collect)
        self._timer.start()

    @Slot()
    def collect(self) -> None:
        """Collect the generations that are due."""
        due = [count > most for count, most in zip(gc.get_count(), gc.get_threshold(), strict=True)]
        if not due[0]:
            return
        generation = 2 if due[1] and due[2] else 1 if due[1] else 0
        if self._busy() and generation and self._waited < _PATIENCE:
            self._waited += 1
            generation = 0
        elif generation:
            self._waited = 0
        gc.collect(generation)

    def spare(self) -> None:
        """Look no more at what there is now: modules and tables stay, and going through them takes a tenth of a second.

        A scanner does not wait that long.
        """
        gc.freeze()

    def stop(self) -> None:
        """Give the collector back as it was."""
        self._timer.stop()
        gc.unfreeze()
        if self._was_on:
            gc.enable()
