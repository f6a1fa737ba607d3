"""Find the one operation at which the platform fails, without holding up or blaming the others.

A batch that fails twice is sent again in halves until the culprit is alone. The danger is a queue that one strange
record stops for ever, and its opposite: innocent records put aside because the whole platform was down for an hour.
So halving is cheap and done for every kind of failure, but only the caller may blame, and only an operation that
failed alone; `storm` tells that too many failed alone in a row to believe that any of them is the reason.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum

FULL = 100
STORM = 3


class Step(Enum):
    """What to do after a failure."""

    AGAIN = "send the same again after the usual wait"
    HALVE = "send the first half at once"
    ALONE = "this operation failed alone"


class Isolation:
    """Remembers which operations (by device number) stand under suspicion and how many may be sent together."""

    def __init__(self, full: int = FULL) -> None:
        self._full = full
        self._ceiling = full
        self._suspects: frozenset[int] = frozenset()
        self._seen_failing: frozenset[int] = frozenset()
        self._alone_in_a_row: set[int] = set()

    @property
    def limit(self) -> int:
        """How many operations the next batch may hold."""
        if self._suspects:
            return max(1, (len(self._suspects) + 1) // 2)
        return self._ceiling

    @property
    def untroubled(self) -> bool:
        """Whether the next batch may be a full one and stays so when this one is answered."""
        return not self._suspects and self._ceiling == self._full

    def storm(self, number: int) -> bool:
        """Whether so many others failed alone since the last success that the platform is at fault, not `number`."""
        return len(self._alone_in_a_row - {number}) >= STORM

    def failed(self, numbers: Collection[int], *, shrink: bool = False) -> Step:
        """Note that a batch failed and say what to do. `shrink`: also send fewer together for some time (slow line)."""
        batch = frozenset(numbers)
        if shrink:
            self._ceiling = max(1, len(batch) // 2)
        narrowing = bool(self._suspects & batch)
        if not narrowing and not (self._seen_failing & batch):
            self._seen_failing = batch
            return Step.AGAIN
        if len(batch) > 1:
            return self.halve(batch)
        self._suspects = frozenset()
        self._seen_failing = frozenset()
        self._alone_in_a_row |= batch
        return Step.ALONE

    def halve(self, numbers: Collection[int]) -> Step:
        """Suspect these and send half of them next."""
        self._suspects = frozenset(numbers)
        return Step.HALVE

    def succeeded(self, numbers: Collection[int]) -> None:
        """Note that a batch was answered: its operations are free of suspicion."""
        batch = frozenset(numbers)
        self._alone_in_a_row.clear()
        # A person may have withdrawn the suspects meanwhile; what never comes back must not keep batches small.
        self._suspects = self._suspects - batch if self._suspects & batch else frozenset()
        self._seen_failing -= batch
        if not self._suspects:
            self._ceiling = min(self._full, self._ceiling * 2)
