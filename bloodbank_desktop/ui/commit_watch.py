"""Another process may save as well – the command line, a second window – and the lists must follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from bloodbank_desktop.ui.tasks import Tasks

if TYPE_CHECKING:
    from bloodbank_desktop.operations.desk import Desk

_EVERY_MS = 2_000


class CommitWatch(QObject):
    """Asks the desk for its change mark every two seconds; `committed` when it differs, `failed` once per trouble."""

    committed = Signal()
    failed = Signal(object)

    def __init__(self, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._desk: Desk | None = None
        self._mark: int | None = None
        self._asking = False
        self._in_trouble = False
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self.look)

    def start(self, desk: Desk) -> None:
        """Watch the file of this desk."""
        self._desk, self._mark = desk, None
        self._timer.start()
        self.look()

    def stop(self) -> None:
        """Watch no longer."""
        self._timer.stop()

    def look(self) -> None:
        """Ask now, unless the last answer is still to come."""
        if self._desk is not None and not self._asking:
            self._asking = True
            self._tasks.database(self._desk.change_mark, self._seen, self._not_seen, owner=self)

    def _seen(self, mark: int) -> None:
        self._asking = self._in_trouble = False
        before, self._mark = self._mark, mark
        if before is not None and before != mark:
            self.committed.emit()

    def _not_seen(self, problem: Exception) -> None:
        self._asking = False
        if not self._in_trouble:
            self._in_trouble = True
            self.failed.emit(problem)
