"""What changed, here or elsewhere, is read anew where it is on the screen, and counted where it is only a number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from bloodbank_desktop.ui.commit_watch import CommitWatch
from bloodbank_desktop.ui.safety_deeds import SafetyDeeds
from bloodbank_desktop.ui.status_area import StatusArea
from bloodbank_desktop.ui.tabs import Tabs
from bloodbank_desktop.ui.tasks import Tasks

if TYPE_CHECKING:
    from bloodbank_desktop.operations.desk import Desk
    from bloodbank_desktop.operations.results import Changes
    from bloodbank_desktop.storage.outbox import QueueSummary

#: A download brings many pages in a row; the lists follow a few times a second at most.
_GATHER_MS = 250


class Following(QObject):
    """Keeps tabs and counters in step with the file.

    `elsewhere` follows a commit of another process, `failed(exception)` a count that could not be taken.
    """

    elsewhere = Signal()
    failed = Signal(object)

    def __init__(self, parent: QObject, tasks: Tasks, tabs: Tabs, status: StatusArea, safety: SafetyDeeds) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._tabs = tabs
        self._status = status
        self._safety = safety
        self._desk: Desk | None = None
        self._kinds: set[str] = set()
        self._queue = False
        self._watch = CommitWatch(tasks, self)
        self._watch.committed.connect(self._committed)
        self._watch.failed.connect(self.failed)
        self._gather = QTimer(self)
        self._gather.setSingleShot(True)
        self._gather.setInterval(_GATHER_MS)
        self._gather.timeout.connect(self._spread)

    def start(self, desk: Desk) -> None:
        """Follow this desk from now on."""
        self._desk = desk
        self.count()
        self._watch.start(desk)

    def stop(self) -> None:
        """Follow no more."""
        self._watch.stop()

    def changed(self, kinds: Sequence[str] | None) -> None:
        """These modules changed, None = perhaps all."""
        self._tabs.touch(kinds)
        self.count()

    def count(self) -> None:
        """Count anew what waits: in the upload queue, and for somebody to sign or to do."""
        desk = self._desk
        if desk is not None:
            self._tasks.database(desk.queue.summary, self._show, self.failed.emit, owner=self)
            self._safety.count()

    @Slot(object)
    def gather(self, changes: Changes) -> None:
        """The network lane changed something; what follows in a moment is shown with it."""
        self._kinds |= changes.kinds
        self._queue = self._queue or changes.queue
        if not self._gather.isActive():
            self._gather.start()

    def _spread(self) -> None:
        kinds, self._kinds = self._kinds, set()
        queue, self._queue = self._queue, False
        self._tabs.touch(kinds, queue=queue)
        if queue:
            self.count()

    def _committed(self) -> None:
        self.changed(None)
        self.elsewhere.emit()

    def _show(self, summary: QueueSummary) -> None:
        self._status.show_summary(summary)
        self._tabs.show_summary(summary)
