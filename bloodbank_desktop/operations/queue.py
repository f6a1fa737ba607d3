"""The upload queue as a person sees it: what waits, what was refused, and the two ways to end a refusal here.

Sending itself is `dispatch`; nothing here touches the payload or the key of an operation.
"""

from __future__ import annotations

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations import giving_way
from bloodbank_desktop.operations.seat import Seat
from bloodbank_desktop.storage import outbox
from bloodbank_desktop.storage.outbox import OutboxRow, QueueSummary


class Queue:
    """The upload queue of one seat."""

    def __init__(self, seat: Seat) -> None:
        self._seat = seat

    def rows(self, *, open_only: bool = True, offset: int = 0, limit: int = 200) -> list[OutboxRow]:
        """Return rows of the upload queue, those that need a person first. Raises KnownProblem."""
        self._seat.need("list:queue")
        with self._seat.store.read() as tx:
            return outbox.rows(tx, open_only=open_only, offset=offset, limit=limit)

    def summary(self) -> QueueSummary:
        """Return the queue counted; no more than numbers, which stand in the window when nobody has signed in, too."""
        with self._seat.store.read() as tx:
            return outbox.summary(tx)

    def retry(self, dseq: int) -> None:
        """Let an operation that waits for a person try again, unchanged. Raises KnownProblem."""
        self._seat.need("queue")
        with self._seat.store.write() as tx:
            if not outbox.try_again(tx, dseq):
                raise KnownProblem("这一条不需要重试", code="nothing-to-retry")
            self._seat.note(tx, "retry", "outbox", str(dseq), None)

    def settle(self, dseq: int, *, reason: str) -> None:
        """End a refused operation in the platform's favour; what was meant stays readable. Raises KnownProblem."""
        self._seat.need("settle")
        if not reason.strip():
            raise KnownProblem("请写明为什么以平台为准", code="reason-required")
        seat = self._seat
        with seat.store.write() as tx:
            record_id = outbox.record_of(tx, dseq)
            why = reason.strip()
            if record_id is None or not giving_way.settle(tx, seat, record_id, reason=why):
                raise KnownProblem("这一条没有等待人工处理", code="nothing-to-settle")
            seat.note(tx, "settle", "outbox", str(dseq), {"reason": why})
