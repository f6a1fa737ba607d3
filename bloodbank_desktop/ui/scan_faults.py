"""Scans that dialogs refused, gathered while a person scans and written down when the scanner rests.

Each on its own would stand in the database lane in front of the next bag and make its confirmation wait for the disk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.ui.tasks import Tasks

if TYPE_CHECKING:
    from bloodbank_desktop.operations.alerts import ScanFault
    from bloodbank_desktop.operations.desk import Desk

#: Longer than the pause between two bags of a trained person.
_REST_MS = 1500


class ScanFaults(QObject):
    """What was refused and is not on the disk yet; it outlives the dialog whose scans it keeps."""

    def __init__(self, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._waiting: list[tuple[Desk, ScanFault]] = []
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self.flush)

    def note(self, desk: Desk, fault: ScanFault) -> None:
        """Keep in mind that a scan was refused."""
        self._waiting.append((desk, fault))
        self.stir()

    def stir(self) -> None:
        """Somebody is still scanning: wait a little longer."""
        if self._waiting:
            self._rest.start()

    def flush(self) -> None:
        """Write down everything that waits, in one transaction."""
        from bloodbank_desktop.operations.alerts import note_scans

        self._rest.stop()
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        desk, faults = waiting[0][0], [fault for _, fault in waiting]

        def failed(problem: Exception) -> None:
            # On a full disk a person has other worries than what is counted; what stopped her she has read.
            if not isinstance(problem, KnownProblem):
                self._tasks.bug.emit(problem)

        self._tasks.database(lambda: note_scans(desk, faults), None, failed)
