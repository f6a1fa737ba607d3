"""Tell window and log how the network lane stands, once for each difference; no listener can harm the lane."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime
from statistics import median
from typing import TypeVar

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.results import Changes
from bloodbank_desktop.sync.status import WORDS, Phase, SyncStatus

log = logging.getLogger(__name__)

T = TypeVar("T")
StatusListener = Callable[[SyncStatus], None]
ChangesListener = Callable[[Changes], None]


class Teller:
    """Holds the newest status and the estimate of the platform's clock; used by one thread, `status` read by any."""

    def __init__(
        self, status: SyncStatus, on_status: StatusListener | None, on_changes: ChangesListener | None
    ) -> None:
        self.status = status
        self.last_success: datetime | None = None
        self._told: SyncStatus | None = None
        self._on_status = on_status
        self._on_changes = on_changes
        self._offsets: deque[int] = deque(maxlen=5)

    @property
    def offset_ms(self) -> int:
        """The platform's clock minus ours: the median of the last five replies, so that one slow reply does no harm."""
        return round(median(self._offsets)) if self._offsets else 0

    def note_offset(self, offset_ms: int | None) -> None:
        """Take in the estimate of one reply."""
        if offset_ms is not None:
            self._offsets.append(offset_ms)

    def forget_offsets(self) -> None:
        """Another platform has another clock."""
        self._offsets.clear()

    def publish(
        self, phase: Phase, online: bool | None, problem: KnownProblem | None = None, next_try: datetime | None = None
    ) -> None:
        """Make this the status and tell it if it differs from what was told last."""
        self.status = SyncStatus(
            online=online,
            phase=phase,
            sentence=WORDS[phase] if problem is None else problem.message,
            code="" if problem is None else problem.code,
            last_success=self.last_success,
            next_try=next_try,
            clock_offset_ms=self.offset_ms,
        )
        if self.status != self._told:
            self._told = self.status
            _call(self._on_status, self.status)

    def tell(self, changes: Changes | None) -> None:
        """Tell which records and whether the queue changed."""
        if changes is not None:
            _call(self._on_changes, changes)


def _call(listener: Callable[[T], None] | None, news: T) -> None:
    if listener is None:
        return
    try:
        listener(news)
    except Exception:
        # A window that fails to show something must not end the sending.
        log.exception("a listener of the network lane failed")
